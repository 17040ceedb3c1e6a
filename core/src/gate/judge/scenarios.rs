//! Every finding and every way to be blind, each as recorded evidence under `testdata/evidence/scenarios`.
//!
//! `scenarios.json` beside that folder says of each bundle which check it is for and what the judge must answer. A code
//! without a scenario fails the test here, so that none is added without a bundle that shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use homelab_schema::upgrade_gate::Weight;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{
    CheckName, Class, Compat, CoverageState, Day, Evidence, Fact, Pin, Report, Request, Waiver, Weights, judge,
};
use crate::finding;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    name: String,
    about: String,
    check: String,
    target: String,
    verdict: String,
    codes: Vec<String>,
    says: Option<String>,
    first_blocked_hop: Option<String>,
    plan: Option<Vec<String>>,
    #[serde(default)]
    pins: Vec<BTreeMap<String, String>>,
    #[serde(default)]
    waivers: Vec<BTreeMap<String, String>>,
    #[serde(default)]
    facts: Vec<Fact>,
    matrix: Option<Value>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/evidence")
}

fn scenarios() -> Vec<Scenario> {
    serde_json::from_str(&std::fs::read_to_string(folder().join("scenarios.json")).unwrap()).unwrap()
}

fn bundle(name: &str) -> String {
    std::fs::read_to_string(folder().join("scenarios").join(format!("{name}.json"))).unwrap()
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

impl Scenario {
    fn request(&self) -> Request {
        let mut request = Request::new(self.target.parse().unwrap());
        request.weights = match CheckName::by_name(&self.check) {
            Some(check) => only(check),
            None => Weights::all(Weight::Error),
        };
        request.pins = self
            .pins
            .iter()
            .map(|pin| Pin {
                addon: pin["addon"].clone(),
                reason: pin["reason"].clone(),
                expires: Some(day(&pin["expires"])),
            })
            .collect();
        request.waivers = self
            .waivers
            .iter()
            .map(|waiver| Waiver {
                code: waiver["code"].clone(),
                object: waiver["object"].clone(),
                owner: waiver["owner"].clone(),
                reason: waiver["reason"].clone(),
                expires: day(&waiver["expires"]),
            })
            .collect();
        request.facts = request.facts.with(self.facts.clone()).unwrap();
        match &self.matrix {
            Some(matrix) => Compat::from_json(&matrix.to_string()).unwrap().apply(request),
            None => request,
        }
    }

    fn report(&self) -> Report {
        let evidence =
            Evidence::from_json(&bundle(&self.name)).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        judge(&evidence, &self.request())
    }
}

fn only(check: CheckName) -> Weights {
    let mut weights = Weights::all(Weight::Off);
    weights.set(check, Weight::Error);
    weights
}

#[test]
fn every_scenario_is_judged_as_it_says() {
    let mut wrong = Vec::new();
    for scenario in scenarios() {
        let report = scenario.report();
        let mut codes: Vec<&str> = report.findings.iter().map(|found| found.finding.code.id).collect();
        let mut expected: Vec<&str> = scenario.codes.iter().map(String::as_str).collect();
        codes.sort_unstable();
        expected.sort_unstable();
        let text = super::super::render::text(&report);
        let hop = report.first_blocked_hop.map(|hop| hop.to_string());
        let plan: Vec<String> =
            report.plan.iter().map(|step| format!("{}: {}", step.phase.name(), step.what)).collect();
        let fits = codes == expected
            && report.verdict.name() == scenario.verdict
            && scenario.says.as_ref().is_none_or(|says| text.contains(says))
            && scenario.first_blocked_hop.as_ref().is_none_or(|expected| hop.as_ref() == Some(expected))
            && scenario.plan.as_ref().is_none_or(|expected| *expected == plan)
            && !scenario.about.is_empty();
        if !fits {
            wrong.push(format!("{} wants {expected:?}, {}:\n{text}", scenario.name, scenario.verdict));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n----\n"));
}

#[test]
fn every_code_has_a_scenario_and_every_bundle_is_used() {
    let scenarios = scenarios();
    let shown: BTreeSet<&str> = scenarios.iter().flat_map(|one| &one.codes).map(String::as_str).collect();
    let missing: Vec<&str> =
        finding::all().map(|code| code.id).filter(|id| id.starts_with("HL4") && !shown.contains(id)).collect();
    assert!(missing.is_empty(), "no scenario shows {missing:?}");
    let named: BTreeSet<String> = scenarios.iter().map(|one| format!("{}.json", one.name)).collect();
    let files = std::fs::read_dir(folder().join("scenarios")).unwrap();
    let files: BTreeSet<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files, named);
    assert_eq!(named.len(), scenarios.len(), "a name is there twice");
}

/// Every measurement that a check rests on.
const SOURCES: &[(CheckName, &[&str])] = &[
    (CheckName::Path, &["control_plane"]),
    (CheckName::Skew, &["control_plane", "nodes", "proxies"]),
    (CheckName::RemovedApis, &["deprecated_requests", "stored_uses"]),
    (CheckName::Manifests, &["helm_uses", "folder_uses"]),
    (CheckName::Crds, &["custom_resources"]),
    (CheckName::Addons, &["pods"]),
    (CheckName::Nodes, &["node_states"]),
    (CheckName::Runtime, &["node_states"]),
    (CheckName::Hosts, &["hosts", "nodes"]),
    (CheckName::ControlPlane, &["static_pods", "manifest_folders", "kubelets", "kubeadm"]),
    (CheckName::Certificates, &["certificates"]),
    (CheckName::Survival, &["settings_before", "kubelets", "static_pods", "kubeadm"]),
    (CheckName::Etcd, &["etcd"]),
    (CheckName::Drain, &["pods", "workloads", "budgets", "node_states"]),
    (CheckName::Webhooks, &["webhooks", "custom_resources", "aggregated_apis"]),
    (CheckName::Alerts, &["alerts"]),
    (CheckName::KillSwitch, &["kill_switch"]),
];

/// Lists that no working cluster has empty.
const NEVER_EMPTY: [&str; 8] =
    ["control_plane", "nodes", "pods", "node_states", "hosts", "static_pods", "manifest_folders", "certificates"];

/// The ways in which a measurement can fail to be the whole truth of now.
fn ways(seen: &Value) -> Vec<(&'static str, Option<Value>)> {
    let why = "in a test";
    let with = |seen: &Value| json!({"seen": seen, "why": why});
    vec![
        ("partial", Some(json!({"partial": with(seen)}))),
        ("stale", Some(json!({"stale": with(seen)}))),
        ("restarted", Some(json!({"restarted": with(seen)}))),
        ("forbidden", Some(json!({"forbidden": why}))),
        ("unreachable", Some(json!({"unreachable": why}))),
        ("absent", Some(json!({"absent": why}))),
        ("not measured", Some(json!({"not_measured": why}))),
        ("left out", None),
        ("empty", Some(json!({"seen": []}))),
    ]
}

#[test]
fn every_source_of_every_check_may_go_blind_in_every_way_and_is_unknown_then() {
    let healthy: Value = serde_json::from_str(&bundle("healthy")).unwrap();
    let mut cases = 0;
    for check in CheckName::ALL {
        let sources = SOURCES.iter().find(|(name, _)| *name == check).map(|(_, sources)| *sources).unwrap();
        let mut request = Request::new("1.36.2".parse().unwrap());
        request.weights = only(check);
        for source in sources {
            for (way, measured) in ways(&healthy[source]["seen"]) {
                // Without a single static pod nothing that was recorded can have got lost there.
                let may_be_empty = !NEVER_EMPTY.contains(source) || check == CheckName::Survival;
                if way == "empty" && may_be_empty {
                    continue;
                }
                let mut blind = healthy.clone();
                let evidence = blind.as_object_mut().unwrap();
                match measured {
                    Some(measured) => evidence.insert((*source).to_owned(), measured),
                    None => evidence.remove(*source),
                };
                let evidence = Evidence::from_json(&blind.to_string()).unwrap();
                let report = judge(&evidence, &request);
                assert_eq!(report.verdict.name(), "unknown", "{check}: {source} {way}: {report:#?}");
                assert!(report.findings.iter().any(|found| found.class == Class::Unknown), "{check}: {source} {way}");
                let coverage = report.coverage.iter().find(|seen| seen.check == check.name()).unwrap();
                assert_eq!(coverage.state, CoverageState::NotMeasured, "{check}: {source} {way}");
                cases += 1;
            }
        }
    }
    assert!(cases > 200, "{cases}");
}

#[test]
fn what_was_seen_in_part_still_proves_what_it_shows() {
    for scenario in scenarios().into_iter().filter(|one| one.verdict == "blocked" && one.check != "path") {
        let mut bundle: Value = serde_json::from_str(&bundle(&scenario.name)).unwrap();
        let evidence = bundle.as_object_mut().unwrap();
        for (source, measured) in evidence.iter_mut() {
            if let (Some(seen), true) = (measured.get("seen").cloned(), source != "control_plane") {
                *measured = json!({"partial": {"seen": seen, "why": "in a test"}});
            }
        }
        let evidence = Evidence::from_json(&bundle.to_string()).unwrap();
        let report = judge(&evidence, &scenario.request());
        let codes: BTreeSet<&str> = report.findings.iter().map(|found| found.finding.code.id).collect();
        assert_eq!(report.verdict.name(), "unknown", "{}", scenario.name);
        for code in &scenario.codes {
            assert!(codes.contains(code.as_str()), "{}: {code} is hidden", scenario.name);
        }
    }
}

#[test]
fn no_finding_holds_what_changes_from_look_to_look() {
    // Ages, latencies and shares of the bundles: none of them may reach the state of a resource.
    for scenario in scenarios() {
        let report = serde_json::to_string(&scenario.report().findings).unwrap();
        for counter in ["4300", "200000", "864000", "52428800", "2592000", "7200", "91 %", "88 %"] {
            assert!(!report.contains(counter), "{}: {counter} in {report}", scenario.name);
        }
    }
}

#[test]
fn the_order_of_every_list_says_nothing() {
    for scenario in scenarios() {
        let mut bundle: Value = serde_json::from_str(&bundle(&scenario.name)).unwrap();
        for measured in bundle.as_object_mut().unwrap().values_mut() {
            if let Some(list) = measured.get_mut("seen").and_then(Value::as_array_mut) {
                list.reverse();
            }
        }
        let reversed = Evidence::from_json(&bundle.to_string()).unwrap();
        assert_eq!(judge(&reversed, &scenario.request()), scenario.report(), "{}", scenario.name);
    }
}

#[test]
fn evidence_survives_being_written() {
    for scenario in scenarios() {
        let evidence = Evidence::from_json(&bundle(&scenario.name)).unwrap();
        let written = serde_json::to_string(&evidence).unwrap();
        assert_eq!(Evidence::from_json(&written).unwrap(), evidence, "{}", scenario.name);
    }
}
