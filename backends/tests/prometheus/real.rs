//! A real Prometheus with a recorded past: what it shows, and what it shows when a part of that past is missing.

use std::path::Path;

use homelab_core::gate::{Evidence, Measured};
use homelab_plane::prometheus::{Past, Prometheus};
use homelab_plane::skip;

use crate::{asked, settings};

/// Series out of `testdata/prometheus`; `with` may change each line.
fn series(name: &str, with: impl Fn(&str) -> Option<String>) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/prometheus").join(format!("{name}.series"));
    let text = std::fs::read_to_string(file).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.filter_map(with).map(|line| line + "\n").collect()
}

/// What is seen of a Prometheus with that past, unless this machine has none.
fn seen(test: &str, series: String) -> Option<Evidence> {
    match Prometheus::start(&Past { series, ..Past::default() }) {
        Err(error) if error.is_missing() => {
            skip(test, &error.to_string());
            None
        }
        started => {
            let prometheus = started.unwrap();
            Some(asked(settings(&prometheus.url())))
        }
    }
}

fn as_it_is() -> impl Fn(&str) -> Option<String> {
    |line| Some(line.to_owned())
}

#[test]
fn a_healthy_cluster_is_seen_in_all_its_parts() {
    let Some(evidence) = seen("a_healthy_cluster_is_seen", series("healthy", as_it_is())) else { return };
    let requests = evidence.deprecated_requests.seen().unwrap();
    // Restarted three hours ago, and watched through that: the one before it began 23 days ago.
    assert!(requests.all_servers && requests.youngest_process_seconds >= 2_000_000, "{requests:?}");
    assert_eq!(requests.requests.len(), 1, "{requests:?}");

    let etcd = evidence.etcd.seen().unwrap();
    let member = &etcd.members[0];
    assert_eq!((etcd.members.len(), member.name.as_str()), (1, "cp-1"), "{etcd:?}");
    assert_eq!(member.version, Measured::Seen("3.6.8".to_owned()));
    assert_eq!((&member.healthy, &member.used_percent), (&Measured::Seen(true), &Measured::Seen(11)));
    for time in [&etcd.apply_p99_ms, &etcd.fsync_p99_ms] {
        assert!(matches!(time, Measured::Seen(9..=16)), "{etcd:?}");
    }

    let hosts = evidence.hosts.seen().unwrap();
    let told: Vec<_> = hosts
        .iter()
        .map(|host| (host.node.as_str(), &host.cgroup, &host.disk_used_percent, &host.reboot_pending))
        .collect();
    let (two, no) = (Measured::Seen(2), Measured::Seen(false));
    assert_eq!(told, [("cp-1", &two, &Measured::Seen(41), &no), ("worker-1", &two, &Measured::Seen(59), &no)]);
    assert_eq!(evidence.alerts.seen().map(|alerts| alerts.rules), Some(0), "no rule, which the check makes unknown");
}

#[test]
fn a_slow_disk_is_seen_in_numbers() {
    let Some(evidence) = seen("a_slow_disk_is_seen", series("etcd-slow", as_it_is())) else { return };
    let etcd = evidence.etcd.seen().unwrap();
    assert!(matches!(etcd.fsync_p99_ms, Measured::Seen(513..=1024)), "{etcd:?}");
}

#[test]
fn what_is_not_collected_any_more_is_old_and_says_nothing_about_now() {
    let ended = |line: &str| Some(line.split(" @").next().unwrap_or_default().to_owned() + " @25..1");
    let Some(evidence) = seen("what_is_not_collected_any_more", series("healthy", ended)) else { return };
    let etcd = evidence.etcd.seen().unwrap();
    assert!(matches!(etcd.members[0].healthy, Measured::Stale { seen: true, .. }), "{etcd:?}");
    assert!(matches!(etcd.fsync_p99_ms, Measured::Stale { seen: 9..=16, .. }), "{etcd:?}");
    let hosts = evidence.hosts.seen().unwrap();
    assert!(matches!(hosts[1].disk_used_percent, Measured::Stale { seen: 59, .. }), "{hosts:?}");
    // Of the API servers' metric the cluster's own look stands alone again.
    assert_eq!(evidence.deprecated_requests.seen().map(|seen| seen.youngest_process_seconds), Some(3600));
}

#[test]
fn a_past_of_ten_minutes_is_no_day() {
    let short = |line: &str| {
        let now = !line.contains('@') || line.ends_with("..0");
        now.then(|| line.split(" @").next().unwrap_or_default().to_owned() + " @0.17..0")
    };
    let Some(evidence) = seen("a_past_of_ten_minutes", series("healthy", short)) else { return };
    let etcd = evidence.etcd.seen().unwrap();
    assert!(matches!(etcd.members[0].healthy, Measured::Seen(true)), "{etcd:?}");
    assert!(matches!(etcd.fsync_p99_ms, Measured::Restarted { .. }), "{etcd:?}");
    // It has seen this process alone, which began three hours ago.
    let requests = evidence.deprecated_requests.seen().unwrap();
    assert!((10_800..11_400).contains(&requests.youngest_process_seconds), "{requests:?}");
}

#[test]
fn a_series_that_is_dropped_on_the_way_is_absent_and_never_quiet() {
    let keep = |dropped: &'static str| move |line: &str| (!line.starts_with(dropped)).then(|| line.to_owned());
    let Some(evidence) = seen("a_series_that_is_dropped", series("healthy", keep("apiserver_requested"))) else {
        return;
    };
    // Not even the request that is made on purpose arrives: what it would show of others is not known.
    assert_eq!(evidence.deprecated_requests.seen().map(|seen| seen.youngest_process_seconds), Some(3600));
    let evidence = seen("a_series_that_is_dropped", series("healthy", keep("etcd_disk"))).unwrap();
    let etcd = evidence.etcd.seen().unwrap();
    assert!(matches!(&etcd.fsync_p99_ms, Measured::Absent(why) if why.contains("etcd_disk_wal_fsync")), "{etcd:?}");
    assert!(matches!(etcd.apply_p99_ms, Measured::Seen(_)), "{etcd:?}");
    let evidence = seen("a_series_that_is_dropped", series("healthy", keep("kured"))).unwrap();
    let hosts = evidence.hosts.seen().unwrap();
    assert!(
        matches!(&hosts[0].reboot_pending, Measured::Absent(why) if why.contains("kured_reboot_required")),
        "{hosts:?}"
    );
    let evidence = seen("a_series_that_is_dropped", series("healthy", keep("etcd_"))).unwrap();
    assert!(matches!(evidence.etcd, Measured::Absent(_)), "{:?}", evidence.etcd);
}

#[test]
fn requests_of_a_process_that_is_gone_are_still_known() {
    let both = series("healthy", as_it_is()) + &series("old-request", as_it_is());
    let Some(evidence) = seen("requests_of_a_process_that_is_gone", both) else { return };
    let requests = &evidence.deprecated_requests.seen().unwrap().requests;
    assert!(requests.iter().any(|one| one.resource == "servicecidrs" && one.removed_release == "1.37"), "{requests:?}");
}

#[test]
fn servers_of_another_cluster_are_not_taken_for_those_of_this_one() {
    // A Prometheus that collects a second API server, of which this cluster knows nothing.
    let another = |line: &str| {
        let of_api_server = line.contains("job=\"apiserver\"");
        of_api_server.then(|| line.replace("192.0.2.10:6443", "198.51.100.10:6443"))
    };
    let both = series("healthy", as_it_is()) + &series("healthy", another);
    let Some(evidence) = seen("servers_of_another_cluster", both) else { return };
    let requests = evidence.deprecated_requests.seen().unwrap();
    assert_eq!(requests.youngest_process_seconds, 3600, "whose silence it is cannot be told: {requests:?}");
}
