//! Requests of deprecated APIs over a window, by what Prometheus has collected of every API server.
//!
//! # Forces
//!
//! - The metric of an API server begins empty with its process. What Prometheus has collected of the process before shows
//!   what that one was asked for, so that silence counts for as long as the chain of processes has no hole.
//! - A hole is harmless where the same process stood before and after it: its metric forgets nothing.
//! - Whether a metric is collected at all is proved by its being there: a gate that looks at the API server makes one
//!   deprecated request on purpose (see [`super::super::requests`]), and where not even that one arrives here, the metric is
//!   dropped on the way.
//! - Several servers are one only where each of them can be told from the others, so their number has to be what the cluster
//!   itself says.

use std::collections::{BTreeMap, BTreeSet};

use homelab_core::gate::{ApiRequest, Measured, Metric};

use super::answer::{Sample, Series};
use super::link::Link;
use crate::objects::Cause;

/// Jobs that collect API servers: `apiserver`, `kube-apiserver`, `kubernetes-apiservers`.
const JOB: &str = r#"{job=~".*api-?servers?"}"#;
const METRIC: &str = "apiserver_requested_deprecated_apis";
/// What is older than that was not collected a moment ago.
const FRESH_SECONDS: f64 = 300.0;
/// A range has no more points than Prometheus answers for one, so that a window ends there.
const LONGEST: u64 = 30 * 86_400;

/// What Prometheus tells of the requests.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct History {
    requests: Vec<ApiRequest>,
    /// For how many seconds silence would have been broken, on every server.
    covered: u64,
    /// How many servers are collected now.
    servers: usize,
    /// Why its silence proves nothing, as a fragment.
    doubt: Option<String>,
}

/// Asks for the requests of the last `window` seconds.
pub(super) async fn history(link: &Link, now: f64, window: u64) -> Result<History, Cause> {
    let window = window.clamp(3600, LONGEST);
    let step = (window / 1000).clamp(60, 300);
    let labels = "instance, group, version, resource, removed_release";
    let asked = format!("max by ({labels}) (max_over_time({METRIC}[{window}s]))");
    let processes = format!("process_start_time_seconds{JOB}");
    let (asked, processes) = tokio::try_join!(link.instant(&asked), link.range(&processes, now, window, step))?;
    let warning = asked.warning.or(processes.warning);
    let mut history = told(&asked.what, &processes.what, now, step);
    history.doubt = history.doubt.or(warning.map(|words| format!("Prometheus says: {words}")));
    Ok(history)
}

fn told(asked: &[Sample], processes: &[Series], now: f64, step: u64) -> History {
    let asked: Vec<&Sample> = asked.iter().filter(|sample| sample.value > 0.0).collect();
    let requests: BTreeSet<ApiRequest> = asked.iter().map(|sample| request(sample)).collect();
    let collected: BTreeSet<&str> = asked.iter().map(|sample| sample.label("instance")).collect();
    // A server that is replaced has its series under a name that is no longer collected; it is none of today's.
    let mut covered: BTreeMap<&str, u64> = BTreeMap::new();
    for series in processes {
        let instance = series.labels.get("instance").map(String::as_str).unwrap_or_default();
        if let Some(seconds) = chain(&series.points, now, step) {
            // Two jobs may collect one server: what either saw was seen.
            let known = covered.entry(instance).or_default();
            *known = seconds.max(*known);
        }
    }
    let dropped = covered.keys().find(|instance| !collected.contains(**instance));
    let doubt = if covered.is_empty() {
        Some("Prometheus collects no process_start_time_seconds of a job whose name ends in apiserver".to_owned())
    } else {
        dropped.map(|instance| format!("Prometheus has no series of {METRIC} from {instance}: its scrape drops it"))
    };
    History {
        requests: requests.into_iter().collect(),
        covered: covered.values().copied().min().unwrap_or_default(),
        servers: covered.len(),
        doubt,
    }
}

fn request(sample: &Sample) -> ApiRequest {
    let label = |name: &str| sample.label(name).to_owned();
    ApiRequest {
        group: label("group"),
        version: label("version"),
        resource: label("resource"),
        removed_release: label("removed_release"),
    }
}

/// For how many seconds the processes of one server have been watched without a hole; `None` where nobody watches it now. The
/// points are the times at which each process had started.
fn chain(points: &[(f64, f64)], now: f64, step: u64) -> Option<u64> {
    #[expect(clippy::cast_precision_loss, reason = "a step is a few minutes")]
    let hole = (2.0 * step as f64).max(FRESH_SECONDS);
    let newest = points.last().filter(|newest| now - newest.0 <= hole)?;
    let mut start = newest.1;
    for pair in points.windows(2).rev() {
        let ((before, earlier), (after, later)) = (pair[0], pair[1]);
        // What a process was asked for after its last sample is lost with it: as much as lies between two samples.
        if (earlier - later).abs() > 1.0 && after - before > hole {
            break;
        }
        start = start.min(earlier);
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast saturates, which is what is meant"
    )]
    Some((now - start) as u64)
}

/// What the answering API server and Prometheus show together. `servers` is how many there are, where the cluster says so.
pub(super) fn union(own: Measured<Metric>, told: Result<History, Cause>, servers: Option<usize>) -> Measured<Metric> {
    let history = match told {
        Ok(history) => history,
        Err(cause) => return with_reason(own, &format!("Prometheus could not be asked either: {cause}")),
    };
    let doubt = history.doubt.clone().or_else(|| match servers {
        Some(count) if count == history.servers => None,
        Some(count) => Some(format!("there are {count} API servers, and Prometheus collects {}", history.servers)),
        None => Some("how many API servers there are is not known".to_owned()),
    });
    let merged = |mut metric: Metric| {
        metric.requests.extend(history.requests.iter().cloned());
        metric.requests.sort();
        metric.requests.dedup();
        if doubt.is_none() {
            // Where only one of several was asked, its age says nothing of the others.
            let own = if metric.all_servers { metric.youngest_process_seconds } else { 0 };
            metric.youngest_process_seconds = own.max(history.covered);
            metric.all_servers = true;
        }
        metric
    };
    match own {
        Measured::Seen(metric) => Measured::Seen(merged(metric)),
        Measured::Partial { seen, why } => Measured::Partial { seen: merged(seen), why },
        Measured::Stale { seen, why } => Measured::Stale { seen: merged(seen), why },
        Measured::Restarted { seen, why } => Measured::Restarted { seen: merged(seen), why },
        blind => {
            let gap = blind.gap().unwrap_or_default();
            let none = Metric { youngest_process_seconds: 0, all_servers: false, requests: Vec::new() };
            match &doubt {
                None => Measured::Seen(merged(none)),
                Some(doubt) if history.requests.is_empty() => with_reason(blind, doubt),
                Some(doubt) => {
                    // What it shows is proof; the rest is said once, as what is missing.
                    let seen = Metric { youngest_process_seconds: u64::MAX, all_servers: true, ..merged(none) };
                    Measured::Partial { seen, why: format!("{gap}; {doubt}") }
                }
            }
        }
    }
}

/// The same, with another reason for what could not be seen.
fn with_reason(own: Measured<Metric>, reason: &str) -> Measured<Metric> {
    let and = |why: String| format!("{why}; {reason}");
    match own {
        Measured::Forbidden(why) => Measured::Forbidden(and(why)),
        Measured::Unreachable(why) => Measured::Unreachable(and(why)),
        Measured::Absent(why) => Measured::Absent(and(why)),
        Measured::NotMeasured(why) => Measured::NotMeasured(and(why)),
        seen => seen,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: f64 = 1_795_219_200.0;
    const DAY: u64 = 86_400;

    fn asked(instance: &str, resource: &str) -> Sample {
        let labels = [("instance", instance), ("version", "v1beta1"), ("resource", resource)];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Sample { labels, value: 1.0 }
    }

    /// Points at every minute between two ages in seconds, of a process that is that old.
    fn watched(from: u32, to: u32, age: u32) -> Vec<(f64, f64)> {
        let ages = (to..=from).rev().step_by(60);
        ages.map(|ago| (NOW - f64::from(ago), NOW - f64::from(age))).collect()
    }

    fn server(instance: &str, points: Vec<(f64, f64)>) -> Series {
        Series { labels: [("instance".to_owned(), instance.to_owned())].into(), points }
    }

    #[test]
    fn silence_counts_for_as_long_as_the_chain_of_processes_has_no_hole() {
        let chain = |points: &[(f64, f64)]| chain(points, NOW, 60);
        assert_eq!(
            chain(&watched(86_400, 0, 200_000)),
            Some(200_000),
            "a process remembers what was before the window"
        );
        let restarted = [watched(86_400, 660, 200_000), watched(600, 0, 600)].concat();
        assert_eq!(chain(&restarted), Some(200_000), "the one before it was watched to its end");
        let hole = [watched(86_400, 7200, 200_000), watched(600, 0, 600)].concat();
        assert_eq!(chain(&hole), Some(600), "what the one before it was asked for at last is lost");
        let same = [watched(86_400, 7200, 200_000), watched(600, 0, 200_000)].concat();
        assert_eq!(chain(&same), Some(200_000), "the same process forgets nothing meanwhile");
        assert_eq!(chain(&watched(86_400, 3600, 200_000)), None, "nobody watches it now");
        assert_eq!(chain(&[]), None);
    }

    #[test]
    fn every_server_has_to_be_heard() {
        let both = [server("a:6443", watched(86_400, 0, 200_000)), server("b:6443", watched(86_400, 0, 90_000))];
        let heard = told(&[asked("a:6443", "x"), asked("b:6443", "x")], &both, NOW, 60);
        assert_eq!((heard.servers, heard.covered, heard.doubt.clone()), (2, 90_000, None));
        assert_eq!(heard.requests.len(), 1, "one API, whoever was asked for it");
        let deaf = told(&[asked("a:6443", "x")], &both, NOW, 60);
        assert!(deaf.doubt.unwrap().contains("no series of apiserver_requested_deprecated_apis from b:6443"));
        let gone = [both[0].clone(), server("old:6443", watched(86_400, 7200, 90_000))];
        assert_eq!(
            told(&[asked("a:6443", "x")], &gone, NOW, 60).servers,
            1,
            "one that was replaced is none of today's"
        );
        assert!(told(&[asked("a:6443", "x")], &[], NOW, 60).doubt.is_some());
    }

    fn metric(age: u64, all_servers: bool) -> Metric {
        Metric { youngest_process_seconds: age, all_servers, requests: Vec::new() }
    }

    fn history(covered: u64, servers: usize) -> History {
        History { requests: vec![request(&asked("a", "servicecidrs"))], covered, servers, doubt: None }
    }

    #[test]
    fn the_two_witnesses_are_one() {
        let union = |own, told, servers| union(own, Ok(told), servers);
        // A process that was just started: what was before it is known.
        let seen = union(Measured::Seen(metric(60, true)), history(2 * DAY, 1), Some(1));
        assert_eq!(seen.seen().map(|one| (one.youngest_process_seconds, one.requests.len())), Some((2 * DAY, 1)));
        // One of three was asked, all three are collected.
        let seen = union(Measured::Seen(metric(9 * DAY, false)), history(2 * DAY, 3), Some(3));
        assert_eq!(seen.seen().map(|one| (one.youngest_process_seconds, one.all_servers)), Some((2 * DAY, true)));
        // One of them is not: what is shown is proof, silence is none.
        for servers in [Some(3), None] {
            let seen = union(Measured::Seen(metric(9 * DAY, false)), history(2 * DAY, 2), servers);
            assert_eq!(seen.seen().map(|one| (one.all_servers, one.requests.len())), Some((false, 1)));
        }
        // We may not look, Prometheus may.
        let seen = union(Measured::Forbidden("no".to_owned()), history(2 * DAY, 1), Some(1));
        assert_eq!(seen.gap(), None);
        let seen = union(Measured::Forbidden("no".to_owned()), history(2 * DAY, 1), Some(2));
        assert!(seen.seen().is_some() && seen.gap().is_some_and(|gap| gap.contains("no; there are 2")), "{seen:?}");
    }

    #[test]
    fn a_prometheus_that_does_not_answer_takes_nothing_away_and_adds_nothing() {
        let dead = || Err(Cause::Unreachable { address: "http://192.0.2.1".to_owned(), words: "refused".to_owned() });
        let own = Measured::Seen(metric(2 * DAY, true));
        assert_eq!(union(own.clone(), dead(), Some(1)), own);
        let blind = union(Measured::Absent("none".to_owned()), dead(), Some(1));
        assert!(blind.gap().is_some_and(|gap| gap.contains("none; Prometheus could not be asked")), "{blind:?}");
        let silent = History { requests: Vec::new(), doubt: Some("deaf".to_owned()), ..history(2 * DAY, 1) };
        let blind = union(Measured::Absent("none".to_owned()), Ok(silent), Some(1));
        assert!(blind.seen().is_none() && blind.gap().is_some_and(|gap| gap.contains("none; deaf")), "{blind:?}");
    }
}
