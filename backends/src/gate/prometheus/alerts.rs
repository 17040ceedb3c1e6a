//! Alerts, and the rules that have to be there, to be evaluated and to be about something before quiet means anything.

use std::collections::BTreeSet;

use homelab_core::gate::{Alert, Alerts, BlindRule, Measured};
use serde::Deserialize;

use super::answer::Told;
use super::expression;
use super::link::Link;
use super::{failed, whole};
use crate::kube::failure::shorten;
use crate::objects::Cause;

/// What was published within that time is published now, as far as the blocks of the storage tell: they are two hours long.
const NOW_SECONDS: f64 = 3600.0;

#[derive(Deserialize)]
struct Rules {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    interval: f64,
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    query: String,
    #[serde(default)]
    labels: super::answer::Labels,
    #[serde(default)]
    health: String,
    #[serde(default, rename = "lastError")]
    error: String,
    #[serde(default, rename = "lastEvaluation")]
    evaluated: String,
}

#[derive(Deserialize)]
struct Active {
    alerts: Vec<ActiveAlert>,
}

#[derive(Deserialize)]
struct ActiveAlert {
    labels: super::answer::Labels,
    state: String,
}

/// How many alerting rules are loaded.
pub(super) async fn rules(link: &Link) -> Result<u32, Cause> {
    let told = link.data("/api/v1/rules").await?;
    Ok(count(&serde_json::from_value::<Rules>(told.what).map_err(|_| foreign())?.groups))
}

fn count(groups: &[Group]) -> u32 {
    let rules = groups.iter().flat_map(|group| &group.rules).filter(|rule| rule.kind == "alerting");
    u32::try_from(rules.count()).unwrap_or(u32::MAX)
}

fn foreign() -> Cause {
    let words = "the answer is not what Prometheus answers; is the address right?".to_owned();
    Cause::Server { status: 200, words }
}

/// The alerts as of `now`, by the server's clock.
pub(super) async fn alerts(link: &Link, now: f64) -> Measured<Alerts> {
    let (rules, active) = match tokio::try_join!(link.data("/api/v1/rules"), link.data("/api/v1/alerts")) {
        Ok(both) => both,
        Err(cause) => return failed(link, &cause),
    };
    let (Ok(groups), Ok(listed)) = (serde_json::from_value::<Rules>(rules.what), serde_json::from_value(active.what))
    else {
        return failed(link, &foreign());
    };
    let warning = rules.warning.or(active.warning);
    match published(link, now).await {
        Ok(published) => whole(seen(&groups.groups, listed, now, Some(&published)), warning),
        Err(cause) => Measured::Partial {
            seen: seen(&groups.groups, listed, now, None),
            why: format!("whether the metrics exist that rules are about could not be seen ({cause})"),
        },
    }
}

/// Names of metrics.
struct Published {
    /// Of all that is stored.
    ever: BTreeSet<String>,
    /// Of what is still published.
    now: BTreeSet<String>,
}

async fn published(link: &Link, now: f64) -> Result<Published, Cause> {
    let names = |told: Told<serde_json::Value>| {
        serde_json::from_value::<BTreeSet<String>>(told.what).map_err(|_| Cause::Server {
            status: 200,
            words: "the list of metrics is not what Prometheus answers".to_owned(),
        })
    };
    let path = "/api/v1/label/__name__/values";
    let recent = format!("{path}?start={:.3}&end={now:.3}", now - NOW_SECONDS);
    let (ever, recent) = tokio::try_join!(link.data(path), link.data(&recent))?;
    Ok(Published { ever: names(ever)?, now: names(recent)? })
}

fn seen(groups: &[Group], active: Active, now: f64, published: Option<&Published>) -> Alerts {
    let of_alerts = |group: &&Group| group.rules.iter().any(|rule| rule.kind == "alerting");
    let overdue = groups.iter().filter(of_alerts).map(|group| overdue(group, now)).max();
    let rules = || groups.iter().flat_map(|group| &group.rules).filter(|rule| rule.kind == "alerting");
    let mut blind: Vec<BlindRule> = rules().filter_map(|rule| blindness(rule, published)).collect();
    blind.sort();
    blind.dedup();
    let firing = active.alerts.into_iter().filter(|alert| alert.state == "firing").map(|mut alert| Alert {
        name: alert.labels.remove("alertname").unwrap_or_default(),
        severity: alert.labels.remove("severity").unwrap_or_default(),
    });
    // One for each rule, not for each of its series.
    let firing: BTreeSet<Alert> = firing.collect();
    Alerts {
        rules: count(groups),
        evaluated_seconds_ago: overdue.unwrap_or_default(),
        firing: firing.into_iter().collect(),
        blind,
    }
}

/// For how many seconds the group has not been evaluated, beyond the interval at which it is. What cannot be read has not
/// been evaluated at all.
fn overdue(group: &Group, now: f64) -> u64 {
    let age = |rule: &Rule| -> Option<f64> {
        let at: jiff::Timestamp = rule.evaluated.parse().ok()?;
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970")]
        Some(now - at.as_second() as f64 - group.interval)
    };
    let ages = group.rules.iter().filter(|rule| rule.kind == "alerting").map(age);
    ages.map(|age| age.map_or(u64::MAX, seconds)).max().unwrap_or_default()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast saturates, which is what is meant")]
fn seconds(seconds: f64) -> u64 {
    seconds as u64
}

/// Why that rule cannot fire, where it cannot.
fn blindness(rule: &Rule, published: Option<&Published>) -> Option<BlindRule> {
    let severity = rule.labels.get("severity").cloned().unwrap_or_default();
    let of = |why: String, never| Some(BlindRule { name: rule.name.clone(), severity: severity.clone(), why, never });
    match rule.health.as_str() {
        "ok" => {}
        "err" => return of(format!("it cannot be evaluated: {}", shorten(&rule.error)), false),
        _ => return of("it has not been evaluated yet".to_owned(), false),
    }
    let (metrics, published) = (expression::metrics(&rule.query), published?);
    let missing = metrics.missing(&published.now);
    if missing.is_empty() {
        return None;
    }
    let vanished: Vec<&str> = missing.iter().copied().filter(|name| published.ever.contains(*name)).collect();
    if vanished.is_empty() {
        return of(format!("nobody publishes {}", missing.join(", ")), true);
    }
    of(format!("nobody publishes {} any more", vanished.join(", ")), false)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW: f64 = 1_795_219_200.0;

    fn judged(rules: &Value, active: &Value) -> Alerts {
        let groups: Rules = serde_json::from_value(json!({"groups": [{"interval": 60, "rules": rules}]})).unwrap();
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let published = Published { ever: names(&["up", "lost"]), now: names(&["up"]) };
        let active = serde_json::from_value(json!({ "alerts": active })).unwrap();
        seen(&groups.groups, active, NOW, Some(&published))
    }

    fn rule(name: &str, query: &str) -> Value {
        json!({
            "name": name, "type": "alerting", "query": query, "labels": {"severity": "critical"}, "health": "ok",
            "lastEvaluation": "2026-11-20T23:59:30.5Z", "alerts": [], "state": "inactive", "duration": 0,
        })
    }

    #[test]
    fn what_fires_is_told_once_and_what_is_pending_is_not() {
        let alert =
            |name: &str, state: &str| json!({"labels": {"alertname": name, "severity": "critical"}, "state": state});
        let active = json!([alert("Down", "firing"), alert("Down", "firing"), alert("Soon", "pending"),
            {"labels": {"alertname": "Quiet"}, "state": "firing"}]);
        let alerts = judged(&json!([rule("Down", "up == 0")]), &active);
        let firing: Vec<_> = alerts.firing.iter().map(|one| (one.name.as_str(), one.severity.as_str())).collect();
        assert_eq!(firing, [("Down", "critical"), ("Quiet", "")]);
        assert_eq!((alerts.rules, alerts.evaluated_seconds_ago, alerts.blind), (1, 0, vec![]));
    }

    #[test]
    fn recorded_series_are_no_alerts_and_none_at_all_is_none() {
        let recording = json!({"name": "a:b", "type": "recording", "query": "sum(up)", "health": "ok"});
        let alerts = judged(&json!([recording]), &json!([]));
        assert_eq!((alerts.rules, alerts.evaluated_seconds_ago), (0, 0));
    }

    #[test]
    fn a_rule_is_late_beyond_its_own_interval() {
        let at = |evaluated: &str| {
            let mut late = rule("Down", "up == 0");
            late["lastEvaluation"] = json!(evaluated);
            judged(&json!([rule("Up", "up == 1"), late]), &json!([])).evaluated_seconds_ago
        };
        assert_eq!(at("2026-11-20T23:59:00Z"), 0);
        assert_eq!(at("2026-11-20T22:59:00Z"), 3600);
        assert!(at("0001-01-01T00:00:00Z") > 60_000_000_000, "that is how Prometheus writes never");
        assert_eq!(at("soon"), u64::MAX);
    }

    #[test]
    fn a_rule_that_cannot_fire_is_named_with_the_reason() {
        let mut broken = rule("Broken", "up == 0");
        broken["health"] = json!("err");
        broken["lastError"] = json!("many-to-many matching not allowed");
        let mut new = rule("New", "up == 0");
        new["health"] = json!("unknown");
        let rules = json!([broken, new, rule("Lost", "up * lost"), rule("Never", "never > 1"), rule("Fine", "up")]);
        let blind = judged(&rules, &json!([])).blind;
        let told: Vec<_> = blind.iter().map(|one| (one.name.as_str(), one.never, one.why.as_str())).collect();
        assert_eq!(
            told,
            [
                ("Broken", false, "it cannot be evaluated: many-to-many matching not allowed"),
                ("Lost", false, "nobody publishes lost any more"),
                ("Never", true, "nobody publishes never"),
                ("New", false, "it has not been evaluated yet"),
            ]
        );
    }
}
