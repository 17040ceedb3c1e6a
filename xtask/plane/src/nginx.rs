//! A running nginx with one server of a test's own.

use std::ffi::OsString;
use std::fs;

use crate::debian::{Debian, Found};
use crate::process::{Launch, Process};
use crate::wider::{listening, on_free_ports, private_dir};
use crate::{Error, Result};

/// A running nginx. Dropping it ends it.
#[derive(Debug)]
pub struct Nginx {
    process: Process,
    port: u16,
    // Removes its folder after it, also when this process is killed.
    _sweeper: Process,
}

impl Nginx {
    /// Starts one whose only server is `server`, without `listen`: what stands between the braces. `files` are names and
    /// contents of what it refers to by a name without a folder, such as `auth_basic_user_file users`.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] if it is not there; [`Error::Died`] with nginx's words about the configuration.
    pub fn start(server: &str, files: &[(&str, &str)]) -> Result<Self> {
        let found = Debian::NGINX.ready()?;
        on_free_ports(1, |ports| Self::start_on(&found, ports[0], server, files))
    }

    fn start_on(found: &Found, port: u16, server: &str, files: &[(&str, &str)]) -> Result<Self> {
        let dir = private_dir()?;
        let sweeper = Process::sweeper(&dir)?;
        // One process: a master that is killed would leave its workers.
        let configuration = format!(
            "daemon off;\nmaster_process off;\npid pid;\nerror_log stderr warn;\n\
             events {{ worker_connections 256; }}\n\
             http {{\n\
             access_log off;\n\
             client_body_temp_path body;\nproxy_temp_path proxy;\nfastcgi_temp_path fastcgi;\nuwsgi_temp_path uwsgi;\n\
             scgi_temp_path scgi;\n\
             server {{\nlisten 127.0.0.1:{port};\n{server}\n}}\n\
             }}\n"
        );
        for (name, content) in files.iter().copied().chain([("nginx.conf", configuration.as_str())]) {
            let file = dir.join(name);
            fs::write(&file, content).map_err(Error::file(&file))?;
        }
        let folder = dir.clone().into_os_string();
        let mut process = Process::start(
            &Launch {
                name: "nginx".into(),
                program: vec![found.program().as_os_str().to_owned()],
                args: ["-p".into(), folder, "-c".into(), "nginx.conf".into(), "-e".into(), "stderr".into()]
                    .map(|word: OsString| word)
                    .to_vec(),
                env: found.env(),
                follows: false,
            },
            &dir,
        )?;
        listening("nginx", &mut process, &dir.join("pid"), port)?;
        Ok(Self { process, port, _sweeper: sweeper })
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// An error with the end of its log, if it is not running any more.
    pub fn alive(&mut self) -> Result<()> {
        self.process.alive()
    }
}
