//! A running Apache with one site of a test's own.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;

use crate::debian::{Debian, Found};
use crate::process::{Launch, Process};
use crate::wider::{listening, on_free_ports, private_dir};
use crate::{Error, Result};

/// What a proxy with `mod_auth_openidc` in front needs, by name and file.
const MODULES: [(&str, &str); 8] = [
    ("mpm_event", "mod_mpm_event.so"),
    ("authn_core", "mod_authn_core.so"),
    ("authz_core", "mod_authz_core.so"),
    ("authz_user", "mod_authz_user.so"),
    ("headers", "mod_headers.so"),
    ("proxy", "mod_proxy.so"),
    ("proxy_http", "mod_proxy_http.so"),
    ("auth_openidc", "mod_auth_openidc.so"),
];

/// A running Apache. Dropping it ends it.
#[derive(Debug)]
pub struct Apache {
    process: Process,
    port: u16,
    // Removes its folder after it, also when this process is killed.
    _sweeper: Process,
}

impl Apache {
    /// Starts one with the directives of `site`. Modules for a proxy and for `OpenID` Connect are loaded.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] if it is not there; [`Error::Died`] with Apache's words about the configuration.
    pub fn start(site: &str) -> Result<Self> {
        let found = Debian::APACHE.ready()?;
        on_free_ports(1, |ports| Self::start_on(&found, ports[0], site))
    }

    fn start_on(found: &Found, port: u16, site: &str) -> Result<Self> {
        let dir = private_dir()?;
        let sweeper = Process::sweeper(&dir)?;
        // It refuses to answer as root, and then wants to be told as whom.
        let mut configuration = format!(
            "ServerRoot \"{0}\"\nPidFile \"{0}/pid\"\nListen 127.0.0.1:{port}\nServerName localhost\nErrorLog /dev/stderr\n\
             LogLevel warn\nUser #65534\nGroup #65534\n",
            dir.display()
        );
        for (name, file) in MODULES {
            let file = found.file(&format!("usr/lib/apache2/modules/{file}"));
            let _ = writeln!(configuration, "LoadModule {name}_module \"{}\"", file.display());
        }
        configuration.push_str(site);
        let file = dir.join("apache.conf");
        fs::write(&file, configuration).map_err(Error::file(&file))?;
        let mut process = Process::start(
            &Launch {
                name: "apache".into(),
                program: vec![found.program().as_os_str().to_owned()],
                // One process: a parent that is killed would leave its children.
                args: vec![OsString::from("-X"), "-f".into(), file.into_os_string()],
                env: found.env(),
                follows: false,
            },
            &dir,
        )?;
        listening("Apache", &mut process, &dir.join("pid"), port)?;
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
