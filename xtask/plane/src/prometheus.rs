//! A running Prometheus with a past: series that are recorded before it starts, rules, and targets that it scrapes.
//!
//! # Forces
//!
//! - What the gate asks about goes back a day or more, and no test runs that long: the past is written into its storage by
//!   `promtool`, as a migration from elsewhere would be.
//! - The past ends just before it starts. Samples from the future would make it refuse what it scrapes and evaluates.
//! - A test has to be over before the past is old, which it is after five minutes; [`Past::lookback`] gives it longer.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::debian::{Debian, Found};
use crate::http::Client;
use crate::process::{Launch, Process, wait_for};
use crate::wider::{on_free_ports, private_dir};
use crate::{Error, Result};

/// How long it may take to answer, and to evaluate its rules once.
const READY: Duration = Duration::from_mins(3);
/// The distance of recorded samples, in seconds.
const STEP: u64 = 60;

/// What it starts with.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// Recorded series, one a line: `name{label="value"} FROM TO`, a value that runs evenly from the one to the other; with
    /// one value alone it stays; `now-S` is a time so many seconds ago. `@H1..H2` at the end has it recorded from so many hours ago to so many hours ago, else from
    /// 25 hours ago to now. Lines that begin with `#` are for people.
    pub series: String,
    /// Groups of rules, in its own form as JSON.
    pub rules: Option<Value>,
    /// What it scrapes, in its own form as JSON: a list of `scrape_configs`.
    pub scrapes: Option<Value>,
    /// For how long a sample stands for now; five minutes when left out.
    pub lookback: Option<&'static str>,
}

/// A running Prometheus. Dropping it ends it.
#[derive(Debug)]
pub struct Prometheus {
    process: Process,
    port: u16,
    client: Client,
    // Removes its folder after it, also when this process is killed.
    _sweeper: Process,
}

impl Prometheus {
    /// Records the past and starts one with it. It has evaluated each of its rules once when this returns.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] if it is not there; [`Error::Died`] with its words about the rules or the configuration;
    /// [`Error::Internal`] with those of `promtool` about the past.
    pub fn start(past: &Past) -> Result<Self> {
        let (server, tool) = (Debian::PROMETHEUS.ready()?, Debian::PROMTOOL.ready()?);
        on_free_ports(1, |ports| Self::start_on(&server, &tool, ports[0], past))
    }

    fn start_on(server: &Found, tool: &Found, port: u16, past: &Past) -> Result<Self> {
        let dir = private_dir()?;
        let sweeper = Process::sweeper(&dir)?;
        let data = dir.join("data");
        fs::create_dir(&data).map_err(Error::file(&data))?;
        record(tool, &dir, &data, &past.series)?;
        let configuration = configure(&dir, past)?;
        let mut args: Vec<OsString> = vec![
            "--config.file".into(),
            configuration.into_os_string(),
            "--storage.tsdb.path".into(),
            data.into_os_string(),
            format!("--web.listen-address=127.0.0.1:{port}").into(),
            "--log.level=warn".into(),
        ];
        args.extend(past.lookback.map(|lookback| format!("--query.lookback-delta={lookback}").into()));
        let mut process = Process::start(
            &Launch {
                name: "prometheus".into(),
                program: vec![server.program().as_os_str().to_owned()],
                args,
                env: server.env(),
                follows: false,
            },
            &dir,
        )?;
        let client = Client::new(&format!("http://127.0.0.1:{port}"), None)?;
        wait_for("Prometheus' readiness", READY, || {
            process.alive()?;
            Ok(match client.send("GET", "/-/ready", "", None) {
                Ok(answer) if answer.status == 200 => Ok(()),
                Ok(answer) => Err(format!("it answered {}", answer.status)),
                Err(error) => Err(error.to_string()),
            })
        })?;
        let prometheus = Self { process, port, client, _sweeper: sweeper };
        wait_for("the first evaluation of the rules", READY, || {
            let groups = prometheus.api("/api/v1/rules")?;
            let rules = groups["groups"].as_array().into_iter().flatten().filter_map(|group| group["rules"].as_array());
            let waiting = rules.flatten().find(|rule| rule["health"] == "unknown");
            Ok(waiting.map_or(Ok(()), |rule| Err(rule.to_string())))
        })?;
        Ok(prometheus)
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The `data` of what a GET of its API answers, such as `/api/v1/alerts`.
    ///
    /// # Errors
    ///
    /// [`Error::Answer`] for any status but 200.
    pub fn api(&self, path: &str) -> Result<Value> {
        let answer = self.client.send("GET", path, "", None)?;
        if answer.status != 200 {
            let what = format!("GET {path}");
            return Err(Error::Answer { what, status: answer.status, body: answer.body.to_string() });
        }
        Ok(answer.body["data"].clone())
    }

    /// The result of an instant query now.
    ///
    /// # Errors
    ///
    /// [`Error::Answer`] where it does not understand it.
    pub fn query(&self, query: &str) -> Result<Value> {
        Ok(self.api(&format!("/api/v1/query?query={}", crate::http::encoded(query)))?["result"].clone())
    }

    /// An error with the end of its log, if it is not running any more.
    pub fn alive(&mut self) -> Result<()> {
        self.process.alive()
    }
}

/// Writes the configuration and the rules.
fn configure(dir: &Path, past: &Past) -> Result<std::path::PathBuf> {
    let write = |name: &str, content: &Value| {
        let file = dir.join(name);
        // JSON is YAML.
        fs::write(&file, content.to_string()).map_err(Error::file(&file)).map(|()| file)
    };
    let mut configuration = json!({"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}});
    if let Some(groups) = &past.rules {
        configuration["rule_files"] = json!([write("rules.yml", &json!({ "groups": groups }))?]);
    }
    if let Some(scrapes) = &past.scrapes {
        configuration["scrape_configs"] = scrapes.clone();
    }
    write("prometheus.yml", &configuration)
}

/// Has `promtool` write the series into the storage.
fn record(tool: &Found, dir: &Path, data: &Path, series: &str) -> Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let text = open_metrics(series, now)?;
    if text.is_empty() {
        return Ok(());
    }
    let file = dir.join("past.om");
    fs::write(&file, text + "# EOF\n").map_err(Error::file(&file))?;
    let made = Command::new(tool.program())
        .args(["tsdb", "create-blocks-from", "openmetrics", "-q"])
        .args([&file, data])
        .envs(tool.env())
        .output()
        .map_err(Error::io("promtool"))?;
    if made.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&made.stderr).trim().to_owned();
    Err(Error::Internal(format!("promtool refuses the recorded series: {said}")))
}

/// The series with their samples up to `now`.
fn open_metrics(series: &str, now: u64) -> Result<String> {
    let mut text = String::new();
    for line in series.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let wrong = || Error::Internal(format!("{line:?} is not of the form NAME{{LABELS}} FROM TO @HOURS..HOURS"));
        // Labels may hold spaces.
        let end = line.rfind('}').map_or_else(|| line.find(' '), |brace| Some(brace + 1)).ok_or_else(wrong)?;
        let (name, rest) = line.split_at(end);
        let (values, hours) = rest.split_once('@').unwrap_or((rest, "25..0"));
        let (first, last) = hours.split_once("..").ok_or_else(wrong)?;
        let ago = |hours: &str| Some(now.saturating_sub(seconds(hours.trim().parse().ok()?)));
        let (from, to) = (ago(first).ok_or_else(wrong)?, ago(last).ok_or_else(wrong)?);
        let value = |text: &str| match text.strip_prefix("now-") {
            Some(ago) => ago.parse::<u32>().ok().map(|ago| since_1970(now) - f64::from(ago)),
            None => text.parse().ok(),
        };
        let values: Vec<f64> = values.split_whitespace().map(value).collect::<Option<_>>().ok_or_else(wrong)?;
        let (begin, end) = match values[..] {
            [value] => (value, value),
            [begin, end] => (begin, end),
            _ => return Err(wrong()),
        };
        let steps = to.saturating_sub(from) / STEP;
        for step in 0..=steps {
            #[expect(clippy::cast_precision_loss, reason = "steps are a few thousand at most")]
            let share = if steps == 0 { 0.0 } else { step as f64 / steps as f64 };
            let value = begin + (end - begin) * share;
            let _ = writeln!(text, "{name} {value} {}", to - (steps - step) * STEP);
        }
    }
    Ok(text)
}

#[expect(clippy::cast_precision_loss, reason = "seconds since 1970")]
fn since_1970(now: u64) -> f64 {
    now as f64
}

/// Hours as seconds; below zero and beyond what a test records there is nothing.
fn seconds(hours: f64) -> u64 {
    Duration::try_from_secs_f64(hours * 3600.0).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_becomes_samples_up_to_now() {
        let text =
            open_metrics("# for people\nup{job=\"a b\"} 1\nage 60 0 @0.05..0\nold 7 @2..1.98\n", 90_000).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "up{job=\"a b\"} 1 0");
        assert_eq!(lines[1500], "up{job=\"a b\"} 1 90000");
        assert_eq!(lines[1501..1505], ["age 60 89820", "age 40 89880", "age 20 89940", "age 0 90000"]);
        assert_eq!(lines[1505..], ["old 7 82812", "old 7 82872"]);
        assert!(open_metrics("start now-90000 @0..0", 90_000).unwrap().starts_with("start 0 90000"));
        for wrong in ["up", "up{} x", "up now-x", "up 1 2 3", "up 1 @5"] {
            assert!(open_metrics(wrong, 90_000).is_err(), "{wrong}");
        }
    }
}
