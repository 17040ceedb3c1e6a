//! A running Pushgateway, to see what was pushed.

use std::time::Duration;

use crate::debian::{Debian, Found};
use crate::http::Client;
use crate::process::{Launch, Process, wait_for};
use crate::wider::{on_free_ports, private_dir};
use crate::{Error, Result};

/// How long it may take to answer.
const READY: Duration = Duration::from_mins(3);

/// A running Pushgateway. Dropping it ends it.
#[derive(Debug)]
pub struct Pushgateway {
    process: Process,
    port: u16,
    client: Client,
    // Removes its folder after it, also when this process is killed.
    _sweeper: Process,
}

impl Pushgateway {
    /// Starts one that holds nothing yet, and keeps it in memory alone.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] if it is not there.
    pub fn start() -> Result<Self> {
        let found = Debian::PUSHGATEWAY.ready()?;
        on_free_ports(1, |ports| Self::start_on(&found, ports[0]))
    }

    fn start_on(found: &Found, port: u16) -> Result<Self> {
        let dir = private_dir()?;
        let sweeper = Process::sweeper(&dir)?;
        let mut process = Process::start(
            &Launch {
                name: "pushgateway".into(),
                program: vec![found.program().as_os_str().to_owned()],
                args: vec![format!("--web.listen-address=127.0.0.1:{port}").into(), "--log.level=warn".into()],
                env: found.env(),
                follows: false,
            },
            &dir,
        )?;
        let client = Client::new(&format!("http://127.0.0.1:{port}"), None)?;
        wait_for("the Pushgateway's readiness", READY, || {
            process.alive()?;
            Ok(match client.send("GET", "/-/ready", "", None) {
                Ok(answer) if answer.status == 200 => Ok(()),
                Ok(answer) => Err(format!("it answered {}", answer.status)),
                Err(error) => Err(error.to_string()),
            })
        })?;
        Ok(Self { process, port, client, _sweeper: sweeper })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it holds, in the text form in which Prometheus reads it; its own metrics of itself too.
    ///
    /// # Errors
    ///
    /// [`Error::Answer`] for any status but 200.
    pub fn metrics(&self) -> Result<String> {
        let answer = self.client.send("GET", "/metrics", "", None)?;
        let text = answer.body.as_str().unwrap_or_default().to_owned();
        if answer.status != 200 {
            return Err(Error::Answer { what: "GET /metrics".into(), status: answer.status, body: text });
        }
        Ok(text)
    }

    /// The lines of [`Pushgateway::metrics`] about that metric: labels and value as they stand there.
    pub fn samples(&self, metric: &str) -> Result<Vec<String>> {
        let of_metric =
            |line: &&str| line.strip_prefix(metric).is_some_and(|rest| rest.starts_with('{') || rest.starts_with(' '));
        Ok(self.metrics()?.lines().filter(of_metric).map(str::to_owned).collect())
    }

    /// An error with the end of its log, if it is not running any more.
    pub fn alive(&mut self) -> Result<()> {
        self.process.alive()
    }
}
