//! The wider tier: controllers that run against a plane, for tests that need them.
//!
//! They start only for who asks, and only if they are built: a test that finds one missing says so by
//! [`crate::skip`]. Their resource definitions come from the module that they are built from.

use std::ffi::OsString;
use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::http::{Answer, Client};
use crate::plane::free_ports;
use crate::process::{Launch, Process, wait_for};
use crate::programs::Program;
use crate::{Api, Env, Error, Result};

/// How long a controller may take to answer.
const READY: Duration = Duration::from_mins(3);

/// A running External Secrets controller, for the whole plane: one at a time.
#[derive(Debug)]
pub struct Eso {
    process: Process,
    manager: String,
    // Removes its folder after it, also when this process is killed or keeps it to its end in a static.
    _sweeper: Process,
}

impl Eso {
    /// Defines its kinds and starts it, if it is built.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] if it is not.
    pub fn start(env: &Env) -> Result<Self> {
        Self::start_of(Program::ESO, env)
    }

    /// As [`Eso::start`], with another line of it: [`Program::ESO_0_19`].
    pub fn start_of(line: Program, env: &Env) -> Result<Self> {
        built(line)?;
        Self::define(line, env)?;
        Self::run(line, env)
    }

    /// Defines its kinds and no more, as they are in its own release: `v1` is served, `v1beta1` is known.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] where there is no `go` that could say where they are.
    pub fn define(line: Program, env: &Env) -> Result<()> {
        let definitions = line.module_dir("github.com/external-secrets/external-secrets")?.join("config/crds/bases");
        let api = Api::admin(env)?;
        for plural in ["externalsecrets", "secretstores", "clustersecretstores"] {
            define(&api, &definitions, "external-secrets.io", plural)?;
        }
        Ok(())
    }

    /// Starts it, if it is built, in a cluster that has its kinds.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] if it is not.
    pub fn run(line: Program, env: &Env) -> Result<Self> {
        let program = built(line)?;
        let manager = Path::new(&program).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let dir = private_dir()?;
        let sweeper = Process::sweeper(&dir)?;
        let process = Process::start(
            &Launch {
                name: "eso".into(),
                program: vec![program],
                args: Vec::new(),
                env: vec![("KUBECONFIG".into(), env.kubeconfig.clone().into_os_string())],
                follows: true,
            },
            &dir,
        )?;
        Ok(Self { process, manager, _sweeper: sweeper })
    }

    /// Its field manager on ExternalSecrets: the name of its program.
    pub fn manager(&self) -> &str {
        &self.manager
    }

    /// An error with the end of its log, if it is not running any more.
    pub fn alive(&mut self) -> Result<()> {
        self.process.alive()
    }
}

/// A running Traefik that takes its routes from the plane's Ingresses and from its own kinds.
#[derive(Debug)]
pub struct Traefik {
    process: Process,
    web: String,
    api: Client,
    // Removes its folder after it, also when this process is killed or keeps it to its end in a static.
    _sweeper: Process,
}

impl Traefik {
    /// Defines its kinds and starts it, if it is built. `args` are further flags.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] if it is not.
    pub fn start(env: &Env, args: &[&str]) -> Result<Self> {
        let program = built(Program::TRAEFIK)?;
        let definitions = Program::TRAEFIK
            .module_dir("github.com/traefik/traefik/v3")?
            .join("docs/content/reference/dynamic-configuration");
        let api = Api::admin(env)?;
        for plural in [
            "ingressroutes",
            "ingressroutetcps",
            "ingressrouteudps",
            "middlewares",
            "middlewaretcps",
            "serverstransports",
            "serverstransporttcps",
            "tlsoptions",
            "tlsstores",
            "traefikservices",
        ] {
            define(&api, &definitions, "traefik.io", plural)?;
        }
        let from_kubernetes = [
            "--providers.kubernetesingress=true",
            // Endpoints may not be loopback: an origin of a test is an ExternalName service.
            "--providers.kubernetesingress.allowexternalnameservices=true",
            "--providers.kubernetescrd=true",
            "--providers.kubernetescrd.allowexternalnameservices=true",
            "--providers.kubernetescrd.allowcrossnamespace=true",
        ];
        let flags: Vec<OsString> = from_kubernetes.iter().chain(args).map(OsString::from).collect();
        let kubeconfig = ("KUBECONFIG".into(), env.kubeconfig.clone().into_os_string());
        on_free_ports(2, |ports| {
            let dir = private_dir()?;
            Self::start_on(&program, ports, &dir, flags.clone(), vec![kubeconfig.clone()])
        })
    }

    /// Starts one without a cluster, if it is built: it takes its routes from `configuration`, Traefik's own dynamic
    /// configuration as JSON, and has taken them when this returns. `args` are further flags.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] if it is not built.
    pub fn of_file(configuration: &Value, args: &[&str]) -> Result<Self> {
        let program = built(Program::TRAEFIK)?;
        let traefik = on_free_ports(2, |ports| {
            let dir = private_dir()?;
            // JSON is YAML.
            let file = dir.join("routes.yml");
            fs::write(&file, configuration.to_string()).map_err(Error::file(&file))?;
            let mut flag = OsString::from("--providers.file.filename=");
            flag.push(&file);
            let flags = std::iter::once(flag).chain(args.iter().map(OsString::from)).collect();
            Self::start_on(&program, ports, &dir, flags, Vec::new())
        })?;
        let routers = configuration["http"]["routers"].as_object();
        let names: Vec<String> = routers.into_iter().flatten().map(|(name, _)| format!("{name}@file")).collect();
        wait_for("Traefik's routers", READY, || {
            let seen = traefik.api("/api/http/routers?per_page=1000")?.body;
            let known = |name: &String| seen.as_array().into_iter().flatten().any(|router| router["name"] == **name);
            Ok(if names.iter().all(known) { Ok(()) } else { Err(format!("it knows {seen}")) })
        })?;
        Ok(traefik)
    }

    fn start_on(
        program: &OsString,
        ports: &[u16],
        dir: &Path,
        flags: Vec<OsString>,
        env: Vec<(OsString, OsString)>,
    ) -> Result<Self> {
        let [web, dashboard] = ports[..] else {
            return Err(Error::Internal("two ports were asked for".into()));
        };
        let sweeper = Process::sweeper(dir)?;
        let common = [
            format!("--entrypoints.web.address=127.0.0.1:{web}"),
            // Its API listens where this entry point is, by its name.
            format!("--entrypoints.traefik.address=127.0.0.1:{dashboard}"),
            "--api.insecure=true".into(),
            "--ping=true".into(),
            "--global.checknewversion=false".into(),
            "--global.sendanonymoususage=false".into(),
        ];
        let mut process = Process::start(
            &Launch {
                name: "traefik".into(),
                program: vec![program.clone()],
                args: common.into_iter().map(OsString::from).chain(flags).collect(),
                env,
                follows: false,
            },
            dir,
        )?;
        let client = Client::new(&format!("http://127.0.0.1:{dashboard}"), None)?;
        wait_for("Traefik's readiness", READY, || {
            process.alive()?;
            Ok(match client.send("GET", "/ping", "", None) {
                Ok(answer) if answer.status == 200 => Ok(()),
                Ok(answer) => Err(format!("it answered {}", answer.status)),
                Err(error) => Err(error.to_string()),
            })
        })?;
        Ok(Self { process, web: format!("http://127.0.0.1:{web}"), api: client, _sweeper: sweeper })
    }

    /// Where it takes requests, `http://127.0.0.1:PORT`. Routes are picked by the `Host` header.
    pub fn web(&self) -> &str {
        &self.web
    }

    /// GET of its API, as `/api/http/routers`.
    pub fn api(&self, path: &str) -> Result<Answer> {
        self.api.send("GET", path, "", None)
    }

    /// An error with the end of its log, if it is not running any more.
    pub fn alive(&mut self) -> Result<()> {
        self.process.alive()
    }
}

/// The program, or why it is not there.
fn built(program: Program) -> Result<OsString> {
    match program.locate_only()? {
        Some(path) => Ok(path.into_os_string()),
        None => Err(Error::Missing { program: program.name().into(), reason: program.skip_reason() }),
    }
}

/// Applies `<group>_<plural>.yaml`, the name that controller-gen gives a definition.
fn define(api: &Api, folder: &Path, group: &str, plural: &str) -> Result<()> {
    let file = folder.join(format!("{group}_{plural}.yaml"));
    let text = fs::read_to_string(&file).map_err(Error::file(&file))?;
    api.define_yaml(&format!("{plural}.{group}"), &text)
}

/// A folder for one server, which its sweeper removes.
pub(crate) fn private_dir() -> Result<PathBuf> {
    let dir = tempfile::Builder::new().prefix("homelab-plane-").tempdir().map_err(Error::io("a temporary folder"))?;
    Ok(dir.keep())
}

/// What `start` starts on that many free ports of loopback. A free port is picked before its server binds it, and another
/// process may be faster; then it is tried on others.
pub(crate) fn on_free_ports<T>(count: usize, start: impl Fn(&[u16]) -> Result<T>) -> Result<T> {
    for _ in 0..2 {
        match start(&free_ports(count)?) {
            Err(Error::Died { log, .. }) if log.to_ascii_lowercase().contains("address already in use") => {}
            result => return result,
        }
    }
    start(&free_ports(count)?)
}

/// Waits until a server has bound its port, after which it writes its process id, and takes connections there.
pub(crate) fn listening(name: &str, process: &mut Process, pid: &Path, port: u16) -> Result<()> {
    wait_for(&format!("{name}'s readiness"), READY, || {
        process.alive()?;
        if !pid.exists() {
            return Ok(Err(process.log_tail(5)));
        }
        Ok(TcpStream::connect(("127.0.0.1", port)).map(drop).map_err(|error| error.to_string()))
    })
}
