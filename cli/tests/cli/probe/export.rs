//! `homelab probe export`: documents, what they say of themselves, and what the programs that they are for say of them.

use std::path::Path;
use std::process::Command;

use homelab_plane::blackbox::Blackbox;
use homelab_plane::debian::Debian;
use serde_json::Value;

use super::origin::Origin;
use crate::support::homelab;

const DOORS: &str = "--public https://photos.example.net/share --gated https://photos.example.net/ --wall authentik \
                     --issuer auth.example.net";

fn exported(format: &str, doors: &str) -> String {
    homelab(&format!("probe export --format {format} {doors}")).run().code(0).out
}

#[test]
fn what_a_program_cannot_see_is_said_in_the_first_lines() {
    for (format, said) in [
        ("blackbox", "follow_redirects: false"),
        ("prometheus-targets", "https://photos.example.net/share"),
        ("prometheus-rules", "HomelabGatedPathExposed"),
        ("gatus", "ignore-redirect: true"),
    ] {
        let text = exported(format, DOORS);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "# Made by homelab probe export.");
        assert!(lines[1].starts_with("# It sees ") && lines[2].starts_with("# It sees "), "{text}");
        assert!(text.contains(said), "{text}");
        let json = homelab(&format!("probe export --output json --format {format} {DOORS}")).run().code(0);
        let document = json.document("probe export");
        // Whoever reads YAML reads the same as whoever reads JSON, numbers too.
        let yaml: Value = serde_norway::from_str(&text).unwrap();
        assert_eq!(yaml, document["document"], "{format}");
        assert!(document["notes"].as_array().unwrap().len() >= 2, "{document:#}");
    }
}

#[test]
fn a_query_is_in_no_document() {
    let doors = format!("{DOORS} --public https://photos.example.net/t?token=s3cret");
    for format in ["blackbox", "prometheus-targets", "prometheus-rules", "gatus"] {
        let text = exported(format, &doors);
        assert!(!text.contains("s3cret"), "{text}");
        assert!(
            text.contains("# Left out, since a query may be a credential: https://photos.example.net/t?….\n"),
            "{text}"
        );
    }
}

#[test]
fn what_cannot_be_exported_is_refused() {
    let none = homelab("probe export --format gatus").run().error(true);
    assert!(none.contains("there is nothing to probe"), "{none}");
    let main = r#"
resource "homelab_carveout_probe" "inside" {
  connect_to = "192.0.2.1"
  target "a" {
    url    = "https://a.example.net/"
    expect = "gated"
  }
}
resource "homelab_carveout_probe" "outside" {
  target "b" {
    url    = "https://b.example.net/"
    expect = "gated"
  }
}
"#;
    let run =
        |flags: &str| homelab(&format!("probe export --format gatus --dir . {flags}")).file("main.tf", main).run();
    let message = run("").error(true);
    assert!(
        message
            .contains("homelab_carveout_probe.inside and homelab_carveout_probe.outside do not look in the same way"),
        "{message}"
    );
    assert!(run("--connect-to 192.0.2.1").code(0).out.contains("b.example.net/"));
}

#[track_caller]
fn accepts(command: &mut Command) {
    let output = command.output().unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}:\n{}{}", said(&output.stdout), said(&output.stderr));
}

fn written(dir: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let file = dir.join(name);
    std::fs::write(&file, text).unwrap();
    file
}

/// The exporter with the modules of those doors; `None` where the machine has none.
fn blackbox(test: &str, doors: &str) -> Option<Blackbox> {
    let json = homelab(&format!("probe export --output json --format blackbox {doors}")).run().code(0);
    match Blackbox::start(&json.document("probe export")["document"]) {
        Ok(started) => Some(started),
        Err(missing @ homelab_plane::Error::Missing { .. }) => {
            homelab_plane::skip(test, &missing.to_string());
            None
        }
        Err(error) => panic!("{doors}: {error}"),
    }
}

#[test]
fn the_blackbox_exporter_takes_the_modules_of_every_wall() {
    for wall in ["authentik", "oauth2_proxy", "authelia", "pomerium", "cloudflare_access", "keycloak", "basic"] {
        let test = "the_blackbox_exporter_takes_the_modules_of_every_wall";
        let doors = "--public https://photos.example.net/share --gated https://photos.example.net/ --client-id gate";
        let Some(mut exporter) = blackbox(test, &format!("{doors} --wall {wall}")) else { return };
        exporter.alive().unwrap();
    }
}

#[test]
fn the_blackbox_exporter_sees_with_them_what_it_can_see() {
    let test = "the_blackbox_exporter_sees_with_them_what_it_can_see";
    let Some(exporter) = blackbox(test, DOORS) else { return };
    let origin = Origin::start(&["/share"]);
    let measured =
        |module: &str, path: &str| exporter.probe(module, &format!("http://{}{path}", origin.address)).unwrap();
    assert!(measured("homelab_public", "/share").succeeded());
    assert!(measured("homelab_gated", "/").succeeded());
    let walled = measured("homelab_public", "/");
    assert!(!walled.succeeded());
    assert_eq!(walled.get("probe_failed_due_to_regex"), Some(1.0), "what the alert looks at");
    let exposed = measured("homelab_gated", "/share");
    assert!(!exposed.succeeded());
    assert_eq!(exposed.get("probe_http_status_code"), Some(200.0), "what the alert looks at");
}

/// What the alerts say after a while of each kind of door; the summaries follow from the labels.
const RULES_TEST: &str = r#"
rule_files: [rules.yml]
evaluation_interval: 1m
tests:
- interval: 1m
  input_series:
  - {series: 'probe_success{homelab_expect="public", homelab_url="https://ok/"}', values: '1x60'}
  - {series: 'probe_http_status_code{homelab_expect="public", homelab_url="https://ok/"}', values: '200x60'}
  - {series: 'probe_success{homelab_expect="gated", homelab_url="https://open/"}', values: '0x60'}
  - {series: 'probe_http_status_code{homelab_expect="gated", homelab_url="https://open/"}', values: '200x60'}
  - {series: 'probe_success{homelab_expect="public", homelab_url="https://walled/"}', values: '0x60'}
  - {series: 'probe_failed_due_to_regex{homelab_expect="public", homelab_url="https://walled/"}', values: '1x60'}
  - {series: 'probe_success{homelab_expect="gated", homelab_url="https://down/"}', values: '0x60'}
  - {series: 'probe_http_status_code{homelab_expect="gated", homelab_url="https://down/"}', values: '502x60'}
  alert_rule_test:
  - {eval_time: 1m, alertname: HomelabGatedPathExposed, exp_alerts: [{exp_labels: {severity: critical, homelab_expect: gated, homelab_url: 'https://open/'}, exp_annotations: {summary: 'https://open/ is declared as gated and open'}}]}
  - {eval_time: 5m, alertname: HomelabPublicPathWalled, exp_alerts: []}
  - {eval_time: 30m, alertname: HomelabPublicPathWalled, exp_alerts: [{exp_labels: {severity: warning, homelab_expect: public, homelab_url: 'https://walled/'}, exp_annotations: {summary: 'https://walled/ is declared as public, and is walled off or does not answer as declared'}}]}
  - {eval_time: 30m, alertname: HomelabPathUnknown, exp_alerts: [{exp_labels: {severity: warning, homelab_expect: gated, homelab_url: 'https://down/'}, exp_annotations: {summary: 'https://down/ cannot be judged'}}]}
  - {eval_time: 30m, alertname: HomelabGatedProbesAbsent, exp_alerts: []}
- interval: 1m
  input_series:
  - {series: 'probe_success{homelab_expect="public", homelab_url="https://ok/"}', values: '1x60'}
  alert_rule_test:
  - {eval_time: 30m, alertname: HomelabPublicProbesAbsent, exp_alerts: []}
  - {eval_time: 30m, alertname: HomelabGatedProbesAbsent, exp_alerts: [{exp_labels: {severity: warning, homelab_expect: gated}, exp_annotations: {summary: no gated path is looked at any more}}]}
"#;

/// As the guide has it: the exporter is asked, and told whom to ask.
const SCRAPE: &str = "
scrape_configs:
- job_name: doors
  metrics_path: /probe
  file_sd_configs:
  - files: ['TARGETS']
  relabel_configs:
  - {source_labels: [__address__], target_label: __param_target}
  - {source_labels: [__param_target], target_label: instance}
  - {target_label: __address__, replacement: '127.0.0.1:9115'}
";

#[test]
fn prometheus_takes_its_rules_and_they_fire_for_what_they_are_for() {
    let found = match Debian::PROMTOOL.ready() {
        Ok(found) => found,
        Err(missing) => {
            let test = "prometheus_takes_its_rules_and_they_fire_for_what_they_are_for";
            return homelab_plane::skip(test, &missing.to_string());
        }
    };
    let promtool = |arguments: &[&str], file: &Path| {
        accepts(Command::new(found.program()).envs(found.env()).args(arguments).arg(file));
    };
    let dir = tempfile::tempdir().unwrap();
    let rules = written(dir.path(), "rules.yml", &exported("prometheus-rules", DOORS));
    promtool(&["check", "rules"], &rules);
    let test = written(dir.path(), "test.yml", RULES_TEST);
    promtool(&["test", "rules"], &test);
    let targets = written(dir.path(), "targets.yml", &exported("prometheus-targets", DOORS));
    let config = SCRAPE.replace("TARGETS", &targets.display().to_string());
    let config = written(dir.path(), "prometheus.yml", &config);
    promtool(&["check", "config"], &config);
}

#[test]
fn gatus_gets_what_its_documentation_asks_for() {
    let text = exported("gatus", DOORS);
    let document: Value = serde_norway::from_str(&text).unwrap();
    let endpoints = document["endpoints"].as_array().unwrap();
    assert_eq!(endpoints.len(), 2);
    let mut names = std::collections::BTreeSet::new();
    for endpoint in endpoints {
        let members: Vec<&String> = endpoint.as_object().unwrap().keys().collect();
        assert_eq!(members, ["name", "group", "url", "interval", "headers", "client", "conditions"]);
        assert!(names.insert((endpoint["group"].to_string(), endpoint["name"].to_string())), "a key twice: {text}");
        let client: Vec<&String> = endpoint["client"].as_object().unwrap().keys().collect();
        assert_eq!(client, ["ignore-redirect", "timeout"]);
        let condition = endpoint["conditions"][0].as_str().unwrap();
        let any = condition.strip_prefix("[STATUS] == any(").and_then(|rest| rest.strip_suffix(')')).unwrap();
        assert!(any.split(", ").all(|status| status.parse::<u16>().is_ok()), "{condition}");
    }
}
