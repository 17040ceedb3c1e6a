//! A real Prometheus as a witness of the gate, with a past of 25 hours: what only it can show, and that its silence is none.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use homelab_plane::process::wait_for;
use homelab_plane::prometheus::{Past, Prometheus};
use homelab_plane::skip;
use serde_json::{Value, json};

use crate::gate_control::until_leased;
use crate::probe::server::{Server, hold, response};
use crate::support::{Case, SITE, cases};

/// Series out of `testdata/prometheus`.
fn series(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/prometheus").join(format!("{name}.series"));
    std::fs::read_to_string(file).unwrap()
}

/// A Prometheus, unless this machine has none.
fn prometheus(test: &str, past: &Past) -> Option<Prometheus> {
    match Prometheus::start(past) {
        Err(error) if error.is_missing() => {
            skip(test, &error.to_string());
            None
        }
        started => Some(started.unwrap()),
    }
}

fn rule(name: &str, expression: &str) -> Value {
    json!({"alert": name, "expr": expression, "labels": {"severity": "critical"}})
}

fn group(rules: &[Value]) -> Value {
    json!([{"name": "cluster", "rules": rules}])
}

/// A gate that makes one check, with the Prometheus at that address.
fn gate(check: &str, target: &str, url: &str) -> String {
    let off = |name: &str| format!("{name} = \"{}\"\n", if name == check { "error" } else { "off" });
    let checks: String = [
        "path",
        "skew",
        "removed_apis",
        "manifests",
        "crds",
        "addons",
        "nodes",
        "runtime",
        "hosts",
        "control_plane",
        "certificates",
        "survival",
        "etcd",
        "drain",
        "webhooks",
        "alerts",
        "kill_switch",
    ]
    .into_iter()
    .map(off)
    .collect();
    format!(
        r#"
        resource "homelab_upgrade_gate" "next" {{
          target_version = "{target}"
          prometheus {{
            url     = "{url}"
            timeout = "30s"
          }}
          checks {{
            {checks}
          }}
        }}
        "#
    )
}

/// The gate of the state.
fn values(case: &Case) -> Value {
    case.state()["values"]["root_module"]["resources"][0]["values"].clone()
}

/// An exporter whose one metric says whether a disk is broken.
fn exporter(broken: &Arc<AtomicBool>) -> (Server, Value) {
    let broken = Arc::clone(broken);
    let server = Server::new(move |_| {
        let page = format!("disk_broken{{node=\"cp\"}} {}\n", u8::from(broken.load(Ordering::SeqCst)));
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\nConnection: \
             close\r\n\r\n{page}",
            page.len()
        )
    });
    let scrapes = json!([{"job_name": "disks", "static_configs": [{"targets": [server.address()]}]}]);
    (server, scrapes)
}

/// Waits until the alert fires, or does not.
fn until(prometheus: &Prometheus, firing: bool) {
    wait_for("the alert", Duration::from_mins(1), || {
        let alerts = prometheus.api("/api/v1/alerts")?["alerts"].clone();
        let fires = alerts.as_array().is_some_and(|alerts| alerts.iter().any(|alert| alert["state"] == "firing"));
        Ok(if fires == firing { Ok(()) } else { Err(alerts.to_string()) })
    })
    .unwrap();
}

#[test]
fn a_critical_alert_stops_the_upgrade_and_a_killed_prometheus_is_unknown_and_never_quiet() {
    for case in cases("alerts") {
        let broken = Arc::new(AtomicBool::new(false));
        let (_exporter, scrapes) = exporter(&broken);
        let past = Past {
            // By what was seen last: a scrape that takes longer than its second would end the alert for that time.
            rules: Some(group(&[rule("DiskBroken", "last_over_time(disk_broken[5m]) == 1")])),
            scrapes: Some(scrapes),
            ..Past::default()
        };
        let Some(prometheus) = prometheus("a_critical_alert_stops_the_upgrade", &past) else { return };
        wait_for("the first scrape", Duration::from_mins(1), || {
            let seen = prometheus.query("disk_broken")?;
            Ok(if seen.as_array().is_some_and(|seen| !seen.is_empty()) { Ok(()) } else { Err(seen.to_string()) })
        })
        .unwrap();
        case.write("main.tf", &gate("alerts", "1.36.4", &prometheus.url()));
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(values(&case)["verdict"], "no_known_blockers", "{:#}", values(&case));
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);

        broken.store(true, Ordering::SeqCst);
        until(&prometheus, true);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 2, "nobody has accepted that verdict");
        let refused = case.run(["apply", "-auto-approve"]).fails_with("HL4701");
        assert!(refused.says("alert DiskBroken"), "{refused}");

        broken.store(false, Ordering::SeqCst);
        until(&prometheus, false);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);

        let address = format!("127.0.0.1:{}", prometheus.port());
        drop(prometheus);
        let _held = hold(&address);
        let plan = case.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 2, "{plan}");
        let refused = case.run(["apply", "-auto-approve"]).fails_with("HL4901");
        assert!(
            refused.says("could not be judged completely") && refused.says("no connection to http://127.0.0.1"),
            "{refused}"
        );
    }
}

#[test]
fn a_deprecated_api_that_only_history_knows_blocks_and_silence_outlives_a_restart() {
    for case in cases("requests") {
        until_leased(&case.api);
        let quiet = Past { series: series("healthy"), ..Past::default() };
        let asked = Past { series: series("healthy") + &series("old-request"), ..Past::default() };
        let test = "a_deprecated_api_that_only_history_knows_blocks";
        let (Some(quiet), Some(asked)) = (prometheus(test, &quiet), prometheus(test, &asked)) else { return };

        // The API server of the plane has just started: by itself its silence proves nothing yet.
        let alone = gate("removed_apis", "1.37.0", "").replace("url     = \"\"", "");
        case.write("main.tf", &alone);
        let refused = case.run(["apply", "-auto-approve"]).fails_with("HL4901");
        assert!(refused.says("younger than the window"), "{refused}");

        case.write("main.tf", &gate("removed_apis", "1.37.0", &quiet.url()));
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(values(&case)["verdict"], "no_known_blockers", "{:#}", values(&case));

        // A request that the process before this one got, by the series that it left behind.
        case.write("main.tf", &gate("removed_apis", "1.37.0", &asked.url()));
        let refused = case.run(["apply", "-auto-approve"]).fails_with("HL4004");
        assert!(refused.says("servicecidrs of networking.k8s.io/v1beta1"), "{refused}");
        // Of the last two hours nobody asked for it, and that is less than the processes were watched for.
        case.write(
            "main.tf",
            &gate("removed_apis", "1.37.0", &asked.url())
                .replace("prometheus {", "deprecated_api_window = \"2h\"\nprometheus {"),
        );
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(values(&case)["verdict"], "no_known_blockers", "{:#}", values(&case));
    }
}

#[test]
fn a_slow_etcd_is_seen_where_only_its_metrics_tell() {
    for case in cases("etcd") {
        let test = "a_slow_etcd_is_seen";
        let fast = Past { series: series("healthy"), ..Past::default() };
        let slow = Past { series: series("etcd-slow"), ..Past::default() };
        let (Some(fast), Some(slow)) = (prometheus(test, &fast), prometheus(test, &slow)) else { return };
        let findings = |url: &str| {
            let declared = gate("etcd", "1.36.4", url);
            let record = "on_blocked = \"record\"\non_unknown = \"record\"\nprometheus {";
            case.write("main.tf", &declared.replace("prometheus {", record));
            case.ok(["apply", "-auto-approve"]);
            assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0, "latencies are in no state");
            values(&case)["findings"].to_string()
        };
        assert_eq!(findings(&fast.url()), "[]");
        let seen = findings(&slow.url());
        assert!(seen.contains("HL4402") && seen.contains("writing its log to disk"), "{seen}");
    }
}

#[test]
fn incident_25_an_alert_that_can_never_fire_is_no_quiet() {
    for case in cases("incident25gate") {
        // The exporter went away four hours ago, and nobody has ever looked whether the alert would fire.
        let gone = "backup_last_success{job=\"backup\"} now-3600 @25..4\n";
        let rules = Some(group(&[rule("BackupOld", "time() - backup_last_success > 86400")]));
        let past = Past { series: gone.to_owned(), rules: rules.clone(), ..Past::default() };
        let Some(blind) = prometheus("incident_25_an_alert_that_can_never_fire", &past) else { return };

        // Plainly: the rule is loaded, evaluated and healthy, and nothing fires. Every check of that is green.
        let told = blind.api("/api/v1/rules").unwrap()["groups"][0]["rules"][0].clone();
        assert_eq!((&told["health"], &told["state"]), (&json!("ok"), &json!("inactive")), "{told:#}");
        assert_eq!(blind.api("/api/v1/alerts").unwrap()["alerts"], json!([]));

        // Ours: what cannot make a sound is not quiet.
        case.write("main.tf", &gate("alerts", "1.36.4", &blind.url()));
        let refused = case.run(["apply", "-auto-approve"]).fails_with("HL4901");
        assert!(
            refused.says("alert BackupOld") && refused.says("nobody publishes backup_last_success any more"),
            "{refused}"
        );
        assert!(case.state()["values"].is_null(), "{:#}", case.state());

        // A Prometheus without a single rule is not quiet either.
        let empty = prometheus("incident_25_no_rule", &Past::default()).unwrap();
        case.write("main.tf", &gate("alerts", "1.36.4", &empty.url()));
        let refused = case.run(["apply", "-auto-approve"]).fails_with("HL4901");
        assert!(refused.says("no alerting rule is loaded"), "{refused}");

        // The exporter is back: the same rule, the same silence, and now it is one.
        let back = "backup_last_success{job=\"backup\"} now-3600\n".to_owned();
        let seeing = prometheus("incident_25_repaired", &Past { series: back, rules, ..Past::default() }).unwrap();
        case.write("main.tf", &gate("alerts", "1.36.4", &seeing.url()));
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(values(&case)["verdict"], "no_known_blockers", "{:#}", values(&case));
    }
}

#[test]
fn the_prometheus_of_the_provider_is_asked_with_a_token_that_is_kept_nowhere() {
    const TOKEN: &str = "canary-fedcba9876543210";
    for mut case in cases("token") {
        let server = Server::new(|asked| {
            let allowed = asked.header("authorization") == Some(&format!("Bearer {TOKEN}"));
            let data = match asked.target.split('?').next().unwrap_or_default() {
                _ if !allowed => return response(401, &[], "who are you"),
                "/api/v1/query" => json!({"resultType": "scalar", "result": [1_795_219_200, "1795219200"]}),
                "/api/v1/rules" => json!({"groups": [{"name": "g", "interval": 60, "rules": [{
                    "name": "Down", "type": "alerting", "query": "up == 0", "health": "ok",
                    "lastEvaluation": "2026-11-21T00:00:00Z", "labels": {"severity": "critical"}}]}]}),
                "/api/v1/alerts" => json!({"alerts": []}),
                _ => json!(["up"]),
            };
            response(200, &[], &json!({"status": "success", "data": data}).to_string())
        });
        let block =
            format!("provider \"homelab\" {{\n  prometheus {{\n    url = \"http://{}\"\n  }}\n", server.address());
        case.write("provider.tf", &SITE.replace("provider \"homelab\" {", &block));
        // The gate says nothing of a Prometheus: that the provider has one turns its alerts on.
        let silent = gate("alerts", "1.36.4", "").replace("alerts = \"error\"", "");
        let (before, after) = silent.split_once("prometheus {").unwrap();
        case.write("main.tf", &format!("{before}{}", after.split_once('}').unwrap().1));
        let refused = case.run(["apply", "-auto-approve"]).fails_with("HL4901");
        assert!(refused.says("not authenticated: who are you"), "{refused}");

        case.env("HOMELAB_PROMETHEUS_TOKEN", TOKEN);
        let applied = case.ok(["apply", "-auto-approve"]);
        assert_eq!(values(&case)["verdict"], "no_known_blockers", "{:#}", values(&case));
        let plan = case.run(["plan", "-detailed-exitcode", "-out=p"]);
        assert_eq!(plan.code, 0, "{plan}");
        let shown = case.json(["show", "-json", "p"]).to_string() + &case.state().to_string();
        assert!(!shown.contains(TOKEN) && !applied.says(TOKEN) && !plan.says(TOKEN), "the token is kept");
    }
}

#[test]
fn an_address_that_is_none_is_refused_at_the_attribute() {
    for case in cases("address") {
        for (url, said) in [
            ("prometheus:9090", "must begin with https:// or http://"),
            ("https://ops:secret@prometheus.example.net", "must hold no credentials"),
        ] {
            case.write("main.tf", &gate("alerts", "1.36.4", url));
            let refused = case.run(["validate"]).fails_with("Not an address of Prometheus");
            assert!(refused.says(said), "{refused}");
        }
    }
}
