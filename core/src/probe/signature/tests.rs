//! Every rule against a fixture, and every fixture against every rule.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{SIGNATURES, recognise, system_name};
use crate::probe::{Answer, Body, Url};

/// A recorded answer and the forms that it must be recognised as.
struct Fixture {
    name: String,
    asked: Url,
    forms: BTreeSet<String>,
    answer: Answer,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/probe")
}

fn fixtures() -> Vec<Fixture> {
    let mut found = Vec::new();
    for system in std::fs::read_dir(root()).unwrap() {
        for file in std::fs::read_dir(system.unwrap().path()).unwrap() {
            found.push(fixture(&file.unwrap().path()));
        }
    }
    found
}

fn fixture(file: &Path) -> Fixture {
    let name = file.strip_prefix(root()).unwrap().display().to_string();
    let text = std::fs::read_to_string(file).unwrap();
    let note = |key: &str| -> Vec<String> {
        text.lines().filter_map(|line| line.strip_prefix(&format!("# {key}: "))).map(str::to_owned).collect()
    };
    assert_eq!(note("source").len(), 1, "{name} names its source");
    let (_, answer) = text.split_once("\n\n").unwrap();
    let (head, body) = answer.split_once("\n\n").unwrap_or((answer, ""));
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers =
        lines.map(|line| line.split_once(": ").unwrap()).map(|(k, v)| (k.to_lowercase(), v.to_owned())).collect();
    Fixture {
        asked: Url::parse(&note("asked").concat()).unwrap(),
        forms: note("form").into_iter().collect(),
        answer: Answer { status, headers, body: body.as_bytes().to_vec(), complete: Body::Whole },
        name,
    }
}

#[test]
fn fixtures_are_recognised_as_what_they_are() {
    for fixture in fixtures() {
        let seen: BTreeSet<String> = recognise(&fixture.answer, &fixture.asked)
            .iter()
            .map(|found| format!("{}: {}", found.system.map(system_name).unwrap_or_default(), found.form))
            .collect();
        assert_eq!(seen, fixture.forms, "{}", fixture.name);
    }
}

#[test]
fn every_rule_has_a_fixture() {
    let covered: BTreeSet<String> = fixtures().into_iter().flat_map(|fixture| fixture.forms).collect();
    for signature in SIGNATURES {
        assert!(signature.revision > 0 && !signature.source.is_empty());
        for rule in signature.rules {
            let form = format!("{}: {}", system_name(signature.system), rule.name);
            assert!(covered.contains(&form), "no fixture for {form}");
        }
    }
}

#[test]
fn issuer_and_client_are_read_off_the_redirect() {
    let fixture = fixture(&root().join("authentik/redirect.http"));
    for found in recognise(&fixture.answer, &fixture.asked) {
        assert_eq!(found.issuer.as_deref(), Some("auth.example.net"), "{}", found.form);
        assert_eq!(found.client_id.as_deref(), Some("gate-client"), "{}", found.form);
    }
}

#[test]
fn system_names_are_those_of_configurations() {
    use homelab_cty::Leaf;
    for signature in SIGNATURES {
        assert_eq!(signature.system.to_value().as_str(), Some(system_name(signature.system)));
    }
}
