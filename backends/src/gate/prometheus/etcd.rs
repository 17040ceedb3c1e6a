//! etcd as Prometheus has seen it: its members now, and how fast it was over the last day.

use std::collections::{BTreeMap, BTreeSet};

use homelab_core::gate::{Etcd, EtcdMember, Measured};

use super::answer::{Labels, Sample};
use super::link::Link;
use super::{Found, failed, find, host};

/// What tells of a member.
const MEMBERS: &str = "etcd_server_has_leader|etcd_server_version|etcd_server_quota_backend_bytes|\
                       etcd_mvcc_db_total_size_in_bytes";
const APPLY: &str = "etcd_server_apply_duration_seconds";
const FSYNC: &str = "etcd_disk_wal_fsync_duration_seconds";
/// What has been collected for less time is no picture of a day.
const LEAST_SECONDS: f64 = 3600.0;
const SNAPSHOT: &str = "only the hosts tell, and no host evidence is declared";

/// What Prometheus tells of etcd.
pub(super) async fn etcd(link: &Link, now: f64) -> Measured<Etcd> {
    let members = match find(link, &format!("{{__name__=~\"{MEMBERS}\"}}")).await {
        Err(cause) => return failed(link, &cause),
        Ok(None) => {
            let why = "Prometheus has no series of etcd_server_has_leader: it does not collect etcd, which kubeadm \
                       has listen on 127.0.0.1 alone (--listen-metrics-urls)";
            return Measured::Absent(why.to_owned());
        }
        Ok(Some(found)) => members(&found),
    };
    let members = match link.instant("last_over_time(etcd_server_has_leader[1h])").await {
        Err(cause) => return failed(link, &cause),
        Ok(before) => with_vanished(members, &before.what),
    };
    let (apply_p99_ms, fsync_p99_ms) = tokio::join!(p99(link, APPLY, now), p99(link, FSYNC, now));
    Measured::Seen(Etcd { members, apply_p99_ms, fsync_p99_ms, snapshot: Measured::Omitted(SNAPSHOT.to_owned()) })
}

/// The slowest member's 99th percentile over the last day, in milliseconds.
async fn p99(link: &Link, metric: &str, now: f64) -> Measured<u64> {
    let slowest = format!("max(histogram_quantile(0.99, sum by (instance, le) (rate({metric}_bucket[1d]))))");
    // The age of the oldest sample of the day: the first of those times.
    let oldest = format!("min(min_over_time(timestamp({metric}_count)[1d:10m]))");
    let current = format!("count({metric}_count)");
    let (slowest, oldest, current) =
        match tokio::try_join!(link.instant(&slowest), link.instant(&oldest), link.instant(&current)) {
            Ok(answers) => answers,
            Err(cause) => return failed(link, &cause),
        };
    let warning = slowest.warning.or(oldest.warning).or(current.warning);
    let one = |samples: &[Sample]| samples.first().map(|sample| sample.value);
    let Some(oldest) = one(&oldest.what) else {
        return Measured::Absent(format!("Prometheus has no series of {metric}_count"));
    };
    let Some(seen) = one(&slowest.what).and_then(milliseconds) else {
        return Measured::Absent(format!("{metric} counted nothing over the last day"));
    };
    if one(&current.what).is_none() {
        return Measured::Stale { seen, why: format!("{metric} is not collected any more") };
    }
    if now - oldest < LEAST_SECONDS {
        return Measured::Restarted { seen, why: format!("{metric} has been collected for less than an hour") };
    }
    super::whole(seen, warning)
}

/// Rounded up: what is more than nothing is not nothing. Not a number is what Prometheus has for no observation.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast saturates, which is what is meant")]
fn milliseconds(seconds: f64) -> Option<u64> {
    (!seconds.is_nan()).then(|| (seconds * 1000.0).ceil() as u64)
}

/// A member by the series that tell of it: where it is collected, and its name as the cluster has it.
fn name(labels: &Labels) -> String {
    let label = |name: &str| labels.get(name).filter(|value| !value.is_empty()).map(String::as_str);
    let pod = label("pod").map(|pod| pod.strip_prefix("etcd-").unwrap_or(pod));
    label("node").or(pod).unwrap_or_else(|| host(label("instance").unwrap_or_default())).to_owned()
}

fn members(found: &Found) -> Vec<EtcdMember> {
    let mut by_name: BTreeMap<String, BTreeMap<&str, &Sample>> = BTreeMap::new();
    for sample in &found.samples {
        by_name.entry(name(&sample.labels)).or_default().insert(sample.metric(), sample);
    }
    by_name.into_iter().map(|(name, of)| member(name, &of, found)).collect()
}

/// Adds members that were collected within the last hour and are not any more: one that is down is silent, not gone.
fn with_vanished(mut members: Vec<EtcdMember>, before: &[Sample]) -> Vec<EtcdMember> {
    for sample in before {
        let name = name(&sample.labels);
        if members.iter().any(|member| member.name == name) {
            continue;
        }
        let why = || "it is not collected any more".to_owned();
        members.push(EtcdMember {
            name,
            version: Measured::Absent(why()),
            healthy: Measured::Stale { seen: sample.value > 0.0, why: why() },
            used_percent: Measured::Absent(why()),
        });
    }
    members
}

fn member(name: String, of: &BTreeMap<&str, &Sample>, found: &Found) -> EtcdMember {
    let absent = |metric: &str| format!("Prometheus has no series of {metric} for it");
    let get = |metric: &'static str| of.get(metric).copied().ok_or_else(|| absent(metric));
    let version = get("etcd_server_version").map(|sample| sample.label("server_version").to_owned());
    let used = get("etcd_mvcc_db_total_size_in_bytes").and_then(|size| {
        let quota = get("etcd_server_quota_backend_bytes")?;
        percent(size.value, quota.value).ok_or_else(|| "its quota is none".to_owned())
    });
    EtcdMember {
        version: found.measured(
            version.and_then(|text| if text.is_empty() { Err(absent("etcd_server_version")) } else { Ok(text) }),
        ),
        healthy: found.measured(get("etcd_server_has_leader").map(|sample| sample.value > 0.0)),
        used_percent: found.measured(used),
        name,
    }
}

/// How much of it is in use, in percent.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped just before")]
pub(super) fn percent(used: f64, of: f64) -> Option<u8> {
    let share = 100.0 * used / of;
    (share.is_finite() && of > 0.0).then(|| share.clamp(0.0, 255.0).round() as u8)
}

/// What the cluster's own API showed, with what Prometheus tells in its gaps.
pub(super) fn joined(own: Measured<Etcd>, told: Measured<Etcd>) -> Measured<Etcd> {
    if own.seen().is_none() {
        // A cluster that has none of its own has no gap, unless somebody collects one all the same.
        return if own.omitted().is_some() { or_else(told, || own) } else { told };
    }
    let both = |mut own: Etcd| {
        if let Some(told) = told.seen() {
            return join(own, told);
        }
        let gap = || told.gap().unwrap_or_default();
        own.apply_p99_ms = or_else(own.apply_p99_ms, || again(&told, gap()));
        own.fsync_p99_ms = or_else(own.fsync_p99_ms, || again(&told, gap()));
        own
    };
    own.map(both)
}

/// The same way of being blind, of something else.
fn again<T>(told: &Measured<Etcd>, why: String) -> Measured<T> {
    match told {
        Measured::Forbidden(why) => Measured::Forbidden(why.clone()),
        Measured::Unreachable(why) => Measured::Unreachable(why.clone()),
        Measured::Absent(why) => Measured::Absent(why.clone()),
        _ => Measured::NotMeasured(why),
    }
}

/// The first, where anything at all was seen.
pub(super) fn or_else<T>(first: Measured<T>, second: impl FnOnce() -> Measured<T>) -> Measured<T> {
    if first.seen().is_some() { first } else { second() }
}

fn join(mut own: Etcd, told: &Etcd) -> Etcd {
    own.apply_p99_ms = or_else(own.apply_p99_ms, || told.apply_p99_ms.clone());
    own.fsync_p99_ms = or_else(own.fsync_p99_ms, || told.fsync_p99_ms.clone());
    let only = own.members.len() == 1 && told.members.len() == 1;
    let mut known = BTreeSet::new();
    for member in &mut own.members {
        // A single one is the same one, whatever either calls it.
        let Some(same) = told.members.iter().find(|told| only || told.name == member.name) else { continue };
        known.insert(same.name.clone());
        let EtcdMember { version, healthy, used_percent, .. } = member.clone();
        member.version = or_else(version, || same.version.clone());
        member.healthy = or_else(healthy, || same.healthy.clone());
        member.used_percent = or_else(used_percent, || same.used_percent.clone());
    }
    own.members.extend(told.members.iter().filter(|member| !known.contains(&member.name)).cloned());
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(metric: &str, labels: &[(&str, &str)], value: f64) -> Sample {
        let all = labels.iter().copied().chain([("__name__", metric)]);
        Sample { labels: all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(), value }
    }

    fn found(samples: Vec<Sample>) -> Found {
        Found { samples, gap: None }
    }

    #[test]
    fn a_member_is_what_its_series_say() {
        let on = [("instance", "192.0.2.10:2381"), ("pod", "etcd-cp-1")];
        let of = found(vec![
            sample("etcd_server_has_leader", &on, 1.0),
            sample("etcd_server_version", &[on[0], on[1], ("server_version", "3.6.8")], 1.0),
            sample("etcd_mvcc_db_total_size_in_bytes", &on, 1.1e9),
            sample("etcd_server_quota_backend_bytes", &on, 2.0e9),
            sample("etcd_server_has_leader", &[("instance", "192.0.2.11:2381")], 0.0),
        ]);
        let members = members(&of);
        let second = &members[0];
        assert_eq!((second.name.as_str(), second.healthy.seen()), ("192.0.2.11", Some(&false)));
        assert!(matches!(&second.version, Measured::Absent(why) if why.contains("etcd_server_version")));
        let first = &members[1];
        assert_eq!(
            (first.name.as_str(), first.healthy.seen(), first.used_percent.seen()),
            ("cp-1", Some(&true), Some(&55))
        );
        assert_eq!(first.version.seen().map(String::as_str), Some("3.6.8"));
    }

    #[test]
    fn what_is_old_stays_old() {
        let old = Found { gap: Some("an hour".to_owned()), ..found(vec![sample("etcd_server_has_leader", &[], 1.0)]) };
        assert!(matches!(members(&old)[0].healthy, Measured::Stale { seen: true, .. }));
    }

    #[test]
    fn a_member_that_is_not_collected_any_more_is_not_gone() {
        let leader = |instance: &str| sample("etcd_server_has_leader", &[("instance", instance)], 1.0);
        let now = members(&found(vec![leader("a:2381")]));
        let both = with_vanished(now, &[leader("a:2381"), leader("b:2381")]);
        assert_eq!(both.iter().map(|member| member.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert!(matches!(both[1].healthy, Measured::Stale { seen: true, .. }), "{both:?}");
    }

    #[test]
    fn numbers_that_are_none_are_not_taken_for_one() {
        assert_eq!((milliseconds(0.0001), milliseconds(0.1), milliseconds(f64::NAN)), (Some(1), Some(100), None));
        assert_eq!((percent(1.0, 0.0), percent(f64::NAN, 1.0), percent(3.0, 4.0)), (None, None, Some(75)));
    }

    fn member_of(name: &str, version: Measured<String>, healthy: Measured<bool>) -> EtcdMember {
        EtcdMember { name: name.to_owned(), version, healthy, used_percent: Measured::default() }
    }

    fn etcd_of(members: Vec<EtcdMember>, apply: Measured<u64>) -> Etcd {
        Etcd { members, apply_p99_ms: apply, fsync_p99_ms: Measured::default(), snapshot: Measured::default() }
    }

    #[test]
    fn each_side_fills_the_gaps_of_the_other() {
        let version = || Measured::Seen("3.6.8".to_owned());
        let own = etcd_of(vec![member_of("cp-1", version(), Measured::default())], Measured::default());
        let told = etcd_of(vec![member_of("192.0.2.10", Measured::default(), Measured::Seen(true))], Measured::Seen(7));
        let both = joined(Measured::Seen(own.clone()), Measured::Seen(told.clone()));
        let both = both.seen().unwrap();
        assert_eq!(both.members, [member_of("cp-1", version(), Measured::Seen(true))]);
        assert_eq!(both.apply_p99_ms, Measured::Seen(7));
        // Of several, those that neither knows by the other's name stand side by side.
        let three = etcd_of(
            vec![own.members[0].clone(), member_of("cp-2", version(), Measured::default())],
            Measured::default(),
        );
        assert_eq!(joined(Measured::Seen(three), Measured::Seen(told.clone())).seen().unwrap().members.len(), 3);
        let dead = joined(Measured::Seen(own), Measured::Unreachable("refused".to_owned()));
        assert_eq!(dead.seen().unwrap().apply_p99_ms, Measured::Unreachable("refused".to_owned()));
        let none = Measured::Omitted("k3s".to_owned());
        assert_eq!(joined(none.clone(), Measured::Absent("none".to_owned())), none);
        assert_eq!(joined(none, Measured::Seen(told.clone())), Measured::Seen(told.clone()));
        assert_eq!(joined(Measured::Absent("none".to_owned()), Measured::Seen(told.clone())), Measured::Seen(told));
    }
}
