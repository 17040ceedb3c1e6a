//! `homelab gate` with a real Prometheus as a further witness of a cluster as kubeadm makes it.

use std::sync::OnceLock;

use homelab_plane::kubeadm::{Front, Kubeadm};
use homelab_plane::plane::Options;
use homelab_plane::prometheus::{Past, Prometheus};
use homelab_plane::{Plane, skip};
use serde_json::{Value, json};

use crate::support::{Homelab, homelab, repository};

/// A cluster of our own: nodes and pods are the whole cluster's.
struct Cluster {
    plane: Plane,
    front: Front,
}

fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let plane = Plane::start(&Options { without_vault: true, ..Options::default() }).unwrap();
        Kubeadm::make(plane.env(), "1.36.3").unwrap();
        let front = Front::start(plane.env()).unwrap();
        Cluster { plane, front }
    })
}

fn on_the_plane(arguments: &str) -> Homelab {
    let cluster = cluster();
    let variables = cluster.front.variables(&cluster.plane.env().admin_token);
    variables.into_iter().fold(homelab(arguments), |run, (name, value)| run.env(name, value))
}

fn check(url: &str) -> Homelab {
    on_the_plane("gate check --target 1.36.4").arg("--prometheus").arg(url)
}

fn json(run: Homelab, code: i32) -> Value {
    run.arg("--output").arg("json").run().code(code).document("gate check")
}

/// The findings that decide, as code and object.
fn deciding(document: &Value) -> Vec<String> {
    let findings = document["report"]["findings"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let deciding = findings.iter().filter(|finding| finding["decides"] == true);
    deciding.map(|finding| format!("{} {}", text(&finding["code"]), text(&finding["object"]))).collect()
}

fn state(document: &Value, check: &str) -> String {
    let coverage = document["report"]["coverage"].as_array().unwrap();
    let row = coverage.iter().find(|row| row["check"] == check).unwrap();
    format!("{}: {}", row["state"].as_str().unwrap(), row["detail"].as_str().unwrap())
}

/// A Prometheus with the past of a healthy cluster, with other lines in place of those that begin as one of them.
fn prometheus(instead: &[(&str, &str)]) -> Option<Prometheus> {
    let healthy = std::fs::read_to_string(repository("testdata/prometheus/healthy.series")).unwrap();
    let mut series: String = healthy
        .lines()
        .filter(|line| !instead.iter().any(|(before, _)| !before.is_empty() && line.starts_with(before)))
        .flat_map(|line| [line, "\n"])
        .collect();
    series.extend(instead.iter().flat_map(|(_, after)| [*after, "\n"]));
    let rule = json!({"alert": "DiskBroken", "expr": "disk_broken == 1", "labels": {"severity": "critical"}});
    let rules = Some(json!([{"name": "disks", "rules": [rule]}]));
    match Prometheus::start(&Past { series, rules, ..Past::default() }) {
        Err(error) if error.is_missing() => {
            skip("gate_prometheus", &error.to_string());
            None
        }
        started => Some(started.unwrap()),
    }
}

const SOUND: (&str, &str) = ("", "disk_broken{node=\"cp-1\"} 0");
const BROKEN: (&str, &str) = ("", "disk_broken{node=\"cp-1\"} 1");

#[test]
fn a_healthy_cluster_passes_with_a_day_of_silence_that_its_api_server_does_not_have() {
    let Some(prometheus) = prometheus(&[SOUND]) else { return };
    // Alone: the API server of the plane has just started.
    let alone = json(on_the_plane("gate check --target 1.36.4"), 3);
    assert_eq!(deciding(&alone), ["HL4901 requests of deprecated APIs"]);
    assert!(state(&alone, "alerts").starts_with("off"), "{alone:#}");

    let seen = json(check(&prometheus.url()), 0);
    assert_eq!(seen["report"]["verdict"], "no_known_blockers", "{seen:#}");
    for check in ["alerts", "etcd", "removed_apis"] {
        assert!(state(&seen, check).starts_with("measured"), "{check}: {}", state(&seen, check));
    }
    // The same by the environment, and with a folder that has the block.
    let by_environment = on_the_plane("gate check --target 1.36.4").env("HOMELAB_PROMETHEUS_URL", prometheus.url());
    assert_eq!(json(by_environment, 0)["report"], seen["report"]);
    let block = format!("provider \"homelab\" {{\n  prometheus {{\n    url = {:?}\n  }}\n}}\n", prometheus.url());
    let by_folder = on_the_plane("gate check --target 1.36.4 --dir .").file("main.tf", &block);
    assert_eq!(json(by_folder, 0)["report"], seen["report"]);

    // What was captured with it says the same elsewhere, without it.
    let captured = on_the_plane("gate capture").arg("--prometheus").arg(prometheus.url()).run();
    assert!(!captured.err.contains("alerts"), "{}", captured.err);
    drop(prometheus);
    let again = homelab("gate check --target 1.36.4 --evidence evidence.json").file("evidence.json", &captured.out);
    assert_eq!(json(again, 0)["report"]["verdict"], "no_known_blockers");
}

#[test]
fn doctor_says_how_it_is() {
    let doctor = |url: &str, code| {
        let run = homelab("doctor --output json").env("HOMELAB_PROMETHEUS_URL", url).run().code(code);
        run.document("doctor")["services"][3].clone()
    };
    let Some(prometheus) = prometheus(&[SOUND]) else { return };
    let seen = doctor(&prometheus.url(), 0);
    assert_eq!((&seen["name"], &seen["state"]), (&json!("prometheus"), &json!("ok")), "{seen:#}");
    assert!(seen["version"].as_str().is_some_and(|version| version.starts_with("2.")), "{seen:#}");
    let gone = doctor(&format!("http://{}", homelab_plane::NOBODY), 3);
    assert_eq!(gone["state"], "unusable", "{gone:#}");
    assert!(gone["detail"].as_str().is_some_and(|detail| detail.contains("no connection")), "{gone:#}");
}

#[test]
fn what_fires_blocks_and_a_killed_prometheus_is_unknown() {
    let Some(firing) = prometheus(&[BROKEN]) else { return };
    let url = firing.url();
    assert_eq!(deciding(&json(check(&url), 2)), ["HL4701 alert DiskBroken"]);
    drop(firing);
    let killed = json(check(&url), 3);
    assert_eq!(killed["report"]["verdict"], "unknown");
    assert!(state(&killed, "alerts").starts_with("not_measured"), "{}", state(&killed, "alerts"));
    assert!(state(&killed, "alerts").contains(&format!("no connection to {url}")), "{}", state(&killed, "alerts"));
    // Of etcd only the latencies are missing now, and the API server's own silence is too young again.
    assert!(state(&killed, "etcd").contains("nobody answered"), "{}", state(&killed, "etcd"));
    assert!(state(&killed, "removed_apis").starts_with("not_measured"), "{}", state(&killed, "removed_apis"));
    // Captured evidence of it is incomplete, and says so.
    let captured = on_the_plane("gate capture").arg("--prometheus").arg(&url).run().code(3);
    assert!(captured.err.contains("not measured: alerts: nobody answered"), "{}", captured.err);
}

#[test]
fn hosts_are_judged_by_what_their_exporters_tell() {
    let full = "node_filesystem_avail_bytes{job=\"node-exporter\",instance=\"192.0.2.11:9100\"";
    let line = format!("{full},device=\"/dev/sda1\",fstype=\"ext4\",mountpoint=\"/\"}} 4000000000");
    let reboot = "kured_reboot_required{job=\"kured\",instance=\"10.0.0.0:8080\"";
    let wanted = format!("{reboot},node=\"cp-1\"}} 1");
    let Some(prometheus) = prometheus(&[SOUND, (full, &line), (reboot, &wanted)]) else { return };
    let seen = json(check(&prometheus.url()).args("--check hosts"), 2);
    assert_eq!(deciding(&seen), ["HL4221 host worker-1", "HL4222 host cp-1"], "{seen:#}");
}

#[test]
fn an_address_that_cannot_be_asked_is_wrong_usage() {
    for (url, said) in [
        ("prometheus:9090", "--prometheus: it must begin with https:// or http://"),
        ("https://ops:secret@prometheus.example.net", "--prometheus: it must hold no credentials"),
    ] {
        let message = on_the_plane("gate check --target 1.36.4").arg("--prometheus").arg(url).run().error(true);
        assert!(message.contains(said) && !message.contains("secret"), "{message}");
    }
}
