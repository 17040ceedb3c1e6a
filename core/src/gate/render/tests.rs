use std::path::Path;

use homelab_schema::upgrade_gate::Weight;

use super::*;
use crate::gate::{CheckName, Evidence, Pin, Request, Waiver, Weights, judge};

/// A report with something under every heading, and names that are no friends of HTML and Slack.
fn report() -> Report {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/evidence/scenarios/healthy.json");
    let mut text = std::fs::read_to_string(file).unwrap();
    for (from, to) in [
        ("external-secrets:v2.8.1", "external-secrets:v2.6.0"),
        ("photos:2.4.1", "kyverno/kyverno:v1.18.1"),
        ("calico/node:v3.32.1", "calico/node:v3.31.2"),
        ("containerd://2.3.1", "containerd://2.1.5"),
        ("\"RecentNodeReboot\"", "\"<!here> & \\\"others\\\"\""),
        ("\"rules\": 212", "\"rules\": 0"),
    ] {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let mut request = Request::new("1.36.2".parse().unwrap());
    request.weights = Weights::all(Weight::Error);
    let expires = Some("2027-01-31".parse().unwrap());
    request.pins = vec![Pin { addon: "calico".to_owned(), reason: "not now".to_owned(), expires }];
    request.waivers = vec![Waiver {
        code: "HL4212".to_owned(),
        object: "containerd on *".to_owned(),
        owner: "ops".to_owned(),
        reason: "green in the lab".to_owned(),
        expires: "2026-12-31".parse().unwrap(),
    }];
    judge(&Evidence::from_json(&text).unwrap(), &request)
}

#[test]
fn everything_is_in_every_form() {
    let report = report();
    let slack = slack(&report);
    let slack_text = serde_json::to_string(&slack).unwrap();
    let (text, html) = (text(&report), html(&report));
    for heading in SECTIONS {
        assert!(html.contains(&format!("<h2>{heading}</h2>")), "{heading}: {html}");
        assert!(slack_text.contains(&format!("*{heading}*")), "{heading}: {slack_text}");
    }
    for found in &report.findings {
        let id = found.finding.code.id;
        assert!(html.contains(id) && slack_text.contains(id) && text.contains(id), "{id}");
    }
    for check in CheckName::ALL {
        assert!(
            text.contains(&format!("\n  {} ", check.name())) && html.contains(&format!("<dt>{}</dt>", check.name()))
        );
    }
    assert!(text.contains("waived by ops until 2026-12-31: green in the lab"), "{text}");
    assert!(text.contains("plan:\n  1. "), "{text}");
    assert!(html.contains("As of 2026-11-21."));
}

#[test]
fn names_from_the_cluster_are_no_markup() {
    let report = report();
    let html = html(&report);
    assert!(html.contains("alert &lt;!here&gt; &amp; &quot;others&quot;"), "{html}");
    assert!(!html.contains("<!here>"));
    let slack = serde_json::to_string(&slack(&report)).unwrap();
    assert!(slack.contains("alert &lt;!here&gt; &amp;") && !slack.contains("<!here>"), "{slack}");
}

#[test]
fn the_page_stands_alone() {
    let html = html(&report());
    assert!(html.starts_with("<!doctype html>") && html.ends_with("</html>\n"));
    assert!(html.contains("name=\"viewport\" content=\"width=device-width, initial-scale=1\""));
    for outside in ["http://", "https://", "<script", "<link", "@import", "url(", "<img", "<iframe"] {
        assert!(!html.contains(outside), "{outside}");
    }
    // Every element that is opened is closed, in order.
    let mut open = Vec::new();
    for tag in html.split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
        let name = tag.split([' ', '\n']).next().unwrap();
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "</{name}>"),
            None if ["!doctype", "meta"].contains(&name) => {}
            None => open.push(name),
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}

#[test]
fn slack_takes_the_message() {
    let mut report = report();
    let one = report.findings[0].clone();
    report.findings.extend((0..500).map(|number| {
        let mut found = one.clone();
        found.finding.object = format!("nöde {number}");
        found
    }));
    let slack = slack(&report);
    let blocks = slack["blocks"].as_array().unwrap();
    assert!(blocks.len() <= 50);
    for block in blocks {
        let text = block["text"]["text"].as_str().or_else(|| block["elements"][0]["text"].as_str()).unwrap();
        let longest = if block["type"] == "header" { 150 } else { 3000 };
        assert!(text.chars().count() <= longest, "{text}");
    }
    assert_eq!(cut_of("äöü", 2), "ä…");
}

fn cut_of(text: &str, longest: usize) -> String {
    super::slack::cut(text, longest)
}

#[test]
fn gauges_are_definite() {
    let mut report = report();
    for (verdict, blocked, held) in
        [(Verdict::NoKnownBlockers, 0, 0), (Verdict::Blocked, 1, 0), (Verdict::Held, 0, 1), (Verdict::Unknown, 1, 0)]
    {
        report.verdict = verdict;
        let page = gauges(&report);
        assert!(page.contains(&format!("\nk8s_upgrade_blocked {blocked}\n")), "{page}");
        assert!(page.ends_with(&format!("\nk8s_upgrade_held {held}\n")), "{page}");
    }
}

#[test]
fn headlines_say_what_to_do() {
    let mut report = report();
    report.current = Some("1.36.2".to_owned());
    for (verdict, said) in [
        (Verdict::NoKnownBlockers, "No upgrade needed: 1.36.2 runs"),
        (Verdict::Blocked, "BLOCKED (action needed): 1.36.2 to 1.36.2"),
        (Verdict::Held, "HELD: "),
        (Verdict::Unknown, "UNKNOWN (not everything could be measured)"),
    ] {
        report.verdict = verdict;
        assert!(headline(&report).starts_with(said), "{}", headline(&report));
    }
}
