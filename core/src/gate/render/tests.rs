use std::path::Path;

use homelab_schema::upgrade_gate::Weight;
use serde_json::Value;

use super::*;
use crate::gate::{CheckName, Evidence, Pin, Report, Request, Waiver, Weights, judge};

mod forms;
mod states;

/// Recorded evidence of a cluster at 1.35.4 in which nothing is wrong.
fn healthy() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/evidence/scenarios/healthy.json");
    std::fs::read_to_string(file).unwrap()
}

fn changed(changes: &[(&str, &str)]) -> Evidence {
    let mut text = healthy();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    Evidence::from_json(&text).unwrap()
}

fn request() -> Request {
    let mut request = Request::new("1.36.2".parse().unwrap());
    request.weights = Weights::all(Weight::Error);
    request.today = Some("2026-11-21".parse().unwrap());
    request
}

fn judged(evidence: &Evidence, request: &Request) -> Nightly {
    Nightly::new(judge(evidence, request), evidence, request, None, true)
}

/// A report with something under every heading, and names that are no friends of HTML and Slack.
fn nightly() -> Nightly {
    let evidence = changed(&[
        ("external-secrets:v2.8.1", "external-secrets:v2.6.0"),
        ("photos:2.4.1", "kyverno/kyverno:v1.18.1"),
        ("calico/node:v3.32.1", "calico/node:v3.31.2"),
        ("containerd://2.3.1", "containerd://2.1.5"),
        ("\"RecentNodeReboot\"", "\"<!here> & \\\"others\\\"\""),
        ("\"rules\": 212", "\"rules\": 0"),
    ]);
    let mut request = request();
    let expires = Some("2027-01-31".parse().unwrap());
    request.pins = vec![Pin { addon: "calico".to_owned(), reason: "not now".to_owned(), expires }];
    request.waivers = vec![Waiver {
        code: "HL4212".to_owned(),
        object: "containerd on *".to_owned(),
        owner: "ops".to_owned(),
        reason: "green in the lab".to_owned(),
        expires: "2026-12-31".parse().unwrap(),
    }];
    judged(&evidence, &request)
}

/// The same with five hundred findings that differ in their object, and as many that differ in what was seen.
fn crowded() -> Nightly {
    let mut nightly = nightly();
    let one = nightly.report.findings[0].clone();
    nightly.report.findings.extend((0..500).map(|number| {
        let mut found = one.clone();
        found.finding.object = format!("nöde {number}");
        found
    }));
    nightly.report.findings.extend((0..500).map(|number| {
        let mut found = one.clone();
        found.finding.observed = format!("It was seen to be {number} ».");
        found
    }));
    nightly
}

#[test]
fn what_differs_in_its_object_alone_is_one_thing() {
    let Report { findings, .. } = crowded().report;
    let groups = grouped(&findings);
    assert_eq!(groups.iter().map(|(_, objects)| objects.len()).sum::<usize>(), findings.len());
    assert!(groups.iter().any(|(_, objects)| objects.len() > 500));
    assert!(groups.len() > 500 && groups.len() < 520, "{}", groups.len());
}

#[test]
fn a_few_of_many_are_named_and_the_rest_is_counted() {
    let some = ["a", "b", "c", "d"];
    assert_eq!(few(&some, 2), "a, b and 2 others");
    assert_eq!(few(&some, 3), "a, b, c, d", "naming the last is as short as counting it");
    assert_eq!(few(&some, 9), "a, b, c, d");
    assert_eq!(few(&[], 3), "");
}

fn as_text(value: &Value) -> String {
    serde_json::to_string(value).unwrap()
}
