//! A running `blackbox_exporter`, to be asked what it thinks of a target.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use serde_json::Value;

use crate::debian::{Debian, Found};
use crate::http::{Client, encoded};
use crate::process::{Launch, Process, wait_for};
use crate::wider::{on_free_ports, private_dir};
use crate::{Error, Result};

/// How long it may take to answer.
const READY: Duration = Duration::from_mins(3);

/// A running exporter. Dropping it ends it.
#[derive(Debug)]
pub struct Blackbox {
    process: Process,
    port: u16,
    client: Client,
    // Removes its folder after it, also when this process is killed.
    _sweeper: Process,
}

/// What it measured of one target, by the name of the metric; those that have labels are left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured(BTreeMap<String, f64>);

impl Blackbox {
    /// Starts one with this configuration: `{"modules": {…}}`, its own format as JSON.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] if it is not there; [`Error::Died`] with its words about the configuration.
    pub fn start(configuration: &Value) -> Result<Self> {
        let found = Debian::BLACKBOX.ready()?;
        on_free_ports(1, |ports| Self::start_on(&found, ports[0], configuration))
    }

    fn start_on(found: &Found, port: u16, configuration: &Value) -> Result<Self> {
        let dir = private_dir()?;
        let sweeper = Process::sweeper(&dir)?;
        // JSON is YAML.
        let file = dir.join("blackbox.yml");
        fs::write(&file, configuration.to_string()).map_err(Error::file(&file))?;
        let mut process = Process::start(
            &Launch {
                name: "blackbox".into(),
                program: vec![found.program().as_os_str().to_owned()],
                args: vec![
                    "--config.file".into(),
                    file.into_os_string(),
                    "--web.listen-address".into(),
                    format!("127.0.0.1:{port}").into(),
                ],
                env: found.env(),
                follows: false,
            },
            &dir,
        )?;
        let client = Client::new(&format!("http://127.0.0.1:{port}"), None)?;
        wait_for("blackbox_exporter's readiness", READY, || {
            process.alive()?;
            Ok(match client.send("GET", "/-/healthy", "", None) {
                Ok(answer) if answer.status == 200 => Ok(()),
                Ok(answer) => Err(format!("it answered {}", answer.status)),
                Err(error) => Err(error.to_string()),
            })
        })?;
        Ok(Self { process, port, client, _sweeper: sweeper })
    }

    /// What it measures of the URL `target` with one of its modules.
    ///
    /// # Errors
    ///
    /// [`Error::Answer`] for an unknown module. A target that does not answer is none: it is measured as such.
    pub fn probe(&self, module: &str, target: &str) -> Result<Measured> {
        let path = format!("/probe?module={}&target={}", encoded(module), encoded(target));
        let answer = self.client.send("GET", &path, "", None)?;
        let text = answer.body.as_str().unwrap_or_default().to_owned();
        if answer.status != 200 {
            return Err(Error::Answer { what: format!("GET {path}"), status: answer.status, body: text });
        }
        Ok(Measured::read(&text))
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id, of the shell that guards it; for who measures it.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// An error with the end of its log, if it is not running any more.
    pub fn alive(&mut self) -> Result<()> {
        self.process.alive()
    }
}

impl Measured {
    fn read(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.contains('{'));
        let pairs = lines.filter_map(|line| line.split_once(' '));
        Self(pairs.filter_map(|(name, value)| Some((name.to_owned(), value.trim().parse().ok()?))).collect())
    }

    /// A metric, as `probe_http_status_code`.
    pub fn get(&self, metric: &str) -> Option<f64> {
        self.0.get(metric).copied()
    }

    /// `probe_success`.
    pub fn succeeded(&self) -> bool {
        self.get("probe_success") == Some(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_read_by_name() {
        let measured = Measured::read(
            "# HELP probe_success x\n# TYPE probe_success gauge\nprobe_success 1\n\
             probe_http_duration_seconds{phase=\"connect\"} 0.1\nprobe_ip_addr_hash 3.668918509e+09\n",
        );
        assert!(measured.succeeded());
        assert_eq!(measured.get("probe_ip_addr_hash"), Some(3_668_918_509.0));
        assert_eq!(measured.get("probe_http_duration_seconds"), None);
        assert!(!Measured::read("probe_success 0\n").succeeded());
    }

    #[test]
    fn a_target_survives_the_query() {
        assert_eq!(encoded("http://h:1/a?b=c&d"), "http%3A%2F%2Fh%3A1%2Fa%3Fb%3Dc%26d");
    }
}
