//! Evidence for the upgrade gate from a Prometheus.
//!
//! # Forces
//!
//! - It fills gaps, and takes nothing away: what the cluster's own API or a host has shown stays, and a Prometheus that does
//!   not answer makes blind what only it can see (alerts, latencies), never what was seen elsewhere.
//! - An empty answer of it has many meanings: nothing is wrong; the target is not collected; the series is dropped on the way;
//!   the rule has never been evaluated. Each part here asks for the proof that it would have been heard, and is
//!   [`Measured::Absent`], [`Measured::Stale`], [`Measured::Restarted`] or [`Measured::Partial`] where there is none.
//! - Names of jobs and labels are each house's own. Where a metric has one source in the world its name is enough; API servers
//!   are found by the usual names of their job, and nodes by whatever label holds the name of one.
//! - Ages go by the server's clock, which wrote the samples.
//! - One Prometheus for one cluster: where several share one, their series are not told apart, and the number of API servers
//!   does not fit, so that silence about them proves nothing.

mod alerts;
mod answer;
mod etcd;
mod expression;
mod history;
mod hosts;
mod link;
mod settings;

use std::time::{SystemTime, UNIX_EPOCH};

use homelab_core::gate::{CheckName, ComponentKind, Evidence, Measured, Weights};
use homelab_schema::upgrade_gate::Weight;

use self::answer::{Sample, Told};
use self::link::Link;
pub use self::settings::{Settings, Token};
use crate::kube::Kube;
use crate::objects::Cause;

/// A Prometheus, as one identity. Connects to nothing before it is asked.
pub struct Prometheus {
    link: Link,
}

/// Adds to evidence what those checks can have from the Prometheus of those settings, or why there is none to ask.
pub async fn add(
    settings: Result<Option<Settings>, Cause>,
    cluster: Option<&Kube>,
    weights: &Weights,
    window_seconds: u64,
    evidence: &mut Evidence,
) {
    match settings {
        Ok(Some(settings)) => Prometheus::new(settings).add(cluster, weights, window_seconds, evidence).await,
        Ok(None) if weights.of(CheckName::Alerts) == Weight::Off => {}
        Ok(None) => {
            let why = "no Prometheus is configured: name one in a prometheus block, with --prometheus, or in \
                       HOMELAB_PROMETHEUS_URL";
            evidence.alerts = Measured::NotMeasured(why.to_owned());
        }
        Err(cause) => {
            let why = || format!("failed to ask Prometheus: {cause}");
            evidence.alerts = Measured::NotMeasured(why());
            evidence.etcd = etcd::joined(std::mem::take(&mut evidence.etcd), Measured::NotMeasured(why()));
        }
    }
}

impl Prometheus {
    /// The one of those settings.
    pub fn new(settings: Settings) -> Self {
        Self { link: Link::new(settings) }
    }

    /// Its address, for messages.
    pub fn address(&self) -> &str {
        &self.link.settings.address
    }

    /// Whether it answers a query, as this identity.
    pub async fn answers(&self) -> Result<(), Cause> {
        self.link.time().await.map(drop)
    }

    /// Its version, such as `2.42.0`.
    pub async fn version(&self) -> Result<String, Cause> {
        let told = self.link.data("/api/v1/status/buildinfo").await?;
        Ok(super::text(&told.what["version"]))
    }

    /// How many alerting rules it has loaded.
    pub async fn rules(&self) -> Result<u32, Cause> {
        alerts::rules(&self.link).await
    }

    /// Adds to evidence what those checks can have from it. `window_seconds` is the time over which requests of deprecated
    /// APIs are asked for. Never fails: what could not be seen is in the evidence.
    pub async fn add(&self, cluster: Option<&Kube>, weights: &Weights, window_seconds: u64, evidence: &mut Evidence) {
        let on = |check: CheckName| weights.of(check) != Weight::Off;
        let now = match self.link.time().await {
            Ok(now) => now,
            // One that does not answer is asked once.
            Err(cause) => return self.blind(&cause, on, evidence),
        };
        let nodes: Vec<String> = evidence.nodes.seen().into_iter().flatten().map(|node| node.name.clone()).collect();
        let (alerts, etcd, hosts, history) = tokio::join!(
            async { if on(CheckName::Alerts) { Some(alerts::alerts(&self.link, now).await) } else { None } },
            async { if on(CheckName::Etcd) { Some(etcd::etcd(&self.link, now).await) } else { None } },
            async { if on(CheckName::Hosts) { Some(hosts::hosts(&self.link, &nodes).await) } else { None } },
            async {
                if on(CheckName::RemovedApis) {
                    Some(history::history(&self.link, now, window_seconds).await)
                } else {
                    None
                }
            },
        );
        if let Some(alerts) = alerts {
            evidence.alerts = alerts;
        }
        if let Some(etcd) = etcd {
            evidence.etcd = etcd::joined(std::mem::take(&mut evidence.etcd), etcd);
        }
        if let Some(hosts) = hosts {
            evidence.hosts = hosts::joined(std::mem::take(&mut evidence.hosts), hosts);
        }
        if let Some(history) = history {
            let servers = servers(cluster, evidence).await;
            let own = std::mem::take(&mut evidence.deprecated_requests);
            evidence.deprecated_requests = history::union(own, history, servers);
        }
    }

    /// What only it could have shown is not seen, and why.
    fn blind(&self, cause: &Cause, on: impl Fn(CheckName) -> bool, evidence: &mut Evidence) {
        if on(CheckName::Alerts) {
            evidence.alerts = failed(&self.link, cause);
        }
        if on(CheckName::Etcd) {
            evidence.etcd = etcd::joined(std::mem::take(&mut evidence.etcd), failed(&self.link, cause));
        }
        if on(CheckName::Hosts) {
            evidence.hosts = hosts::joined(std::mem::take(&mut evidence.hosts), failed(&self.link, cause));
        }
        if on(CheckName::RemovedApis) {
            let own = std::mem::take(&mut evidence.deprecated_requests);
            evidence.deprecated_requests = history::union(own, Err(cause.clone()), None);
        }
    }
}

/// How many API servers there are: by their leases, else by what was seen of them, where each of those has a version.
async fn servers(cluster: Option<&Kube>, evidence: &Evidence) -> Option<usize> {
    if let Some(cluster) = cluster
        && let Ok(Some(count)) = super::lists::server_count(cluster, seconds_now()).await
    {
        return Some(count);
    }
    let Measured::Seen(components) = &evidence.control_plane else { return None };
    let servers = || components.iter().filter(|component| component.kind == ComponentKind::KubeApiserver);
    // One without a version stands for those that nobody could see.
    let all = servers().all(|server| server.version.seen().is_some());
    Some(servers().count()).filter(|count| all && *count > 0)
}

fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// What a failed look is. Ways that a person does something else about are told apart.
fn failed<T>(link: &Link, cause: &Cause) -> Measured<T> {
    let why = format!("failed to ask Prometheus at {}: {cause}", link.settings.address);
    match cause {
        Cause::Forbidden { .. } | Cause::Unauthorized { .. } => Measured::Forbidden(why),
        Cause::Unreachable { .. } | Cause::TimedOut { .. } | Cause::Throttled { .. } => Measured::Unreachable(why),
        _ => Measured::NotMeasured(why),
    }
}

/// What was seen, unless the server itself says that a part is missing.
fn whole<T>(seen: T, warning: Option<String>) -> Measured<T> {
    match warning {
        None => Measured::Seen(seen),
        Some(words) => Measured::Partial { seen, why: format!("Prometheus says: {words}") },
    }
}

/// Series that were found, and what is missing in them.
#[derive(Clone, Debug)]
struct Found {
    samples: Vec<Sample>,
    /// Why they are not those of now.
    gap: Option<String>,
}

impl Found {
    /// Something that was read in them, or why it is not there.
    fn measured<T>(&self, read: Result<T, String>) -> Measured<T> {
        match (read, &self.gap) {
            (Ok(seen), None) => Measured::Seen(seen),
            (Ok(seen), Some(why)) => Measured::Stale { seen, why: why.clone() },
            (Err(why), _) => Measured::Absent(why),
        }
    }
}

/// The series of a selector as they are now, else as they were at last within a day; `None` where there are none.
async fn find(link: &Link, selector: &str) -> Result<Option<Found>, Cause> {
    let Told { what, warning } = link.instant(selector).await?;
    if !what.is_empty() {
        return Ok(Some(Found { samples: what, gap: warning.map(|words| format!("Prometheus says: {words}")) }));
    }
    let before = link.instant(&format!("last_over_time({selector}[1d])")).await?.what;
    let gap = Some("Prometheus has not collected it for some minutes".to_owned());
    Ok((!before.is_empty()).then_some(Found { samples: before, gap }))
}

/// An address without its port.
fn host(instance: &str) -> &str {
    match instance.rsplit_once(':') {
        Some((host, port)) if port.chars().all(|char| char.is_ascii_digit()) => host,
        _ => instance,
    }
}
