//! `homelab gate report` on recorded evidence.

use serde_json::{Value, json};

use crate::support::{Homelab, homelab, repository};

const NIGHT: &str = "--as-of 2026-11-21";

/// Evidence of a night in which nothing is wrong, or one thing.
pub(crate) fn night(what: &str) -> String {
    let healthy = std::fs::read_to_string(repository("testdata/evidence/scenarios/healthy.json")).unwrap();
    let (from, to) = match what {
        "healthy" => return healthy,
        "blocked" => ("containerd://2.3.1", "containerd://2.1.5"),
        // No released Kyverno was tested with the target.
        "held" => ("photos:2.4.1", "kyverno/kyverno:v1.18.1"),
        "unknown" => ("\"rules\": 212", "\"rules\": 0"),
        "upgraded" => ("1.35.4", "1.36.2"),
        other => panic!("{other}"),
    };
    assert!(healthy.contains(from), "{from}");
    healthy.replace(from, to)
}

fn report(what: &str) -> Homelab {
    homelab(&format!("gate report --target 1.36.2 {NIGHT} --evidence night.json")).file("night.json", &night(what))
}

/// `docs/gate-reports.md` shows the reports of three recorded clusters, with what is typed for them: what it shows is what
/// is printed.
#[test]
fn the_reports_of_the_recorded_clusters_are_as_documented() {
    let page = std::fs::read_to_string(repository("docs/gate-reports.md")).unwrap();
    let mut shown = Vec::new();
    for block in page.split("```console\n$ homelab ").skip(1) {
        let (typed, rest) = block.split_once('\n').unwrap();
        let (printed, rest) = rest.split_once("```\n").unwrap();
        let code: i32 = rest.split("exit code ").nth(1).unwrap().split('.').next().unwrap().parse().unwrap();
        let mut run = homelab("");
        for word in typed.split(' ') {
            let is_file = word.starts_with("testdata/");
            run = if is_file { run.arg(repository(word)) } else { run.arg(word) };
        }
        let out = run.run().code(code).out;
        assert_eq!(printed, out, "of `homelab {typed}`");
        shown.push(typed.to_owned());
    }
    for cluster in ["kubeadm-healthy", "kubeadm-held", "k3s"] {
        assert!(shown.iter().any(|typed| typed.contains(cluster)), "{cluster} is not shown: {shown:?}");
    }
}

#[test]
fn every_form_is_of_one_report() {
    let held = || report("held");
    let document = held().args("--output json").run().code(4).document("gate report");
    assert_eq!(document["night"]["state"], "held");
    let headline = document["night"]["headline"].as_str().unwrap().to_owned();
    assert_eq!(headline, "HELD: 1.35.4 to 1.36.2");

    assert!(held().run().code(4).out.starts_with(&format!("{headline}\n")));
    let slack: Value = serde_json::from_str(&held().args("--format slack").run().code(4).out).unwrap();
    assert_eq!(slack["text"], headline);
    let page = held().args("--format html").run().code(4).out;
    assert!(page.contains(&format!("<h1 class=\"held\">{headline}</h1>")), "{page}");
    let sarif: Value = serde_json::from_str(&held().args("--format sarif").run().code(4).out).unwrap();
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "HL4005");
    let junit = held().args("--format junit").run().code(4).out;
    assert!(junit.contains("failures=\"0\" errors=\"0\" skipped=\"1\""), "{junit}");

    let message = held().args("--format html --output json").run().error(true);
    assert!(message.contains("two forms of one report"), "{message}");
}

#[test]
fn a_report_is_written_as_a_whole_or_not_at_all() {
    let run = report("healthy").args("--format html --write page.html").file("page.html", "before");
    let (ran, files) = run.run_and_list();
    let ran = ran.code(0);
    assert_eq!(ran.out, "", "the report is in the file");
    assert!(ran.err.contains("No known blockers: 1.35.4 to 1.36.2\nwrote page.html"), "{}", ran.err);
    assert_eq!(files.keys().collect::<Vec<_>>(), ["night.json", "page.html"]);
    assert!(files["page.html"].starts_with("<!doctype html>"));

    let (ran, files) = report("healthy").args("--write no/page.txt").run_and_list();
    let message = ran.error(true);
    assert!(message.contains("failed to write no/page.txt"), "{message}");
    assert_eq!(files.len(), 1);

    let (ran, files) = report("healthy").args("--output json --write report.json").run_and_list();
    assert_eq!(ran.code(0).out, "");
    let document: Value = serde_json::from_str(&files["report.json"]).unwrap();
    assert_eq!(document["night"]["state"], "no_known_blockers");
}

#[test]
fn old_evidence_and_what_was_before_are_told() {
    let stale = homelab("gate report --target 1.36.2 --as-of 2026-11-25 --evidence night.json")
        .file("night.json", &night("healthy"));
    let out = stale.run().code(3).out;
    assert!(out.starts_with("STALE: the evidence is of 2026-11-21, and nothing is known of the time since\n"), "{out}");

    let run = || report("upgraded");
    assert!(run().run().code(0).out.starts_with("No upgrade needed: 1.36.2 runs everywhere\n"));
    let upgraded = run().file("before.json", &night("healthy")).args("--before before.json").run().code(0).out;
    assert!(upgraded.starts_with("UPGRADED: 1.35.4 to 1.36.2\n"), "{upgraded}");
    let message = run().args("--before absent.json").run().error(true);
    assert!(message.contains("failed to read the evidence file absent.json"), "{message}");
}

#[test]
fn a_day_is_a_day_and_a_target_is_named() {
    let ran = homelab("gate report --target 1.36.2 --as-of yesterday --evidence x.json").run().code(1);
    assert!(ran.err.contains("\"yesterday\" is no day; one looks like 2026-11-21"), "{}", ran.err);
    let ran = homelab("gate report --evidence x.json").run().code(1);
    assert!(ran.err.contains("--target"), "{}", ran.err);
    assert_eq!(json!(ran.out), "");
}
