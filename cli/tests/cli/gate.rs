//! `homelab gate` on recorded evidence and on a real API server.

use std::sync::OnceLock;

use homelab_plane::kubeadm::{Front, Kubeadm};
use homelab_plane::plane::Options;
use homelab_plane::{Env, Plane};
use serde_json::Value;

use crate::support::{Homelab, Ran, homelab, repository};

fn check(target: &str, evidence: &str) -> Homelab {
    homelab(&format!("gate check --target {target} --evidence"))
        .arg(repository(&format!("testdata/evidence/{evidence}.json")))
}

fn json(run: Homelab, code: i32) -> Value {
    run.arg("--output").arg("json").run().code(code).document("gate check")
}

fn codes(document: &Value) -> Vec<&str> {
    let findings = document["report"]["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

#[test]
fn each_verdict_has_its_exit_code() {
    for (evidence, target, code, verdict, findings) in [
        ("gate-no-known-blockers", "1.37.0", 0, "no_known_blockers", vec![]),
        ("gate-no-known-blockers", "1.36.4", 0, "no_known_blockers", vec![]),
        ("gate-no-known-blockers", "1.36.1", 2, "blocked", vec!["HL4001"]),
        ("gate-blocked", "1.36.4", 0, "no_known_blockers", vec![]),
        ("gate-blocked", "1.37.0", 2, "blocked", vec!["HL4003", "HL4003", "HL4004", "HL4004"]),
        ("gate-unknown", "1.37.0", 3, "unknown", vec!["HL4901", "HL4901", "HL4901"]),
        // Something that was not measured is never quiet, and hides nothing.
        ("gate-unknown-and-blocked", "1.37.0", 3, "unknown", vec!["HL4901", "HL4003", "HL4003"]),
        (
            "gate-no-known-blockers",
            "1.38.0",
            3,
            "unknown",
            vec!["HL4901", "HL4901", "HL4901", "HL4002", "HL4005", "HL4005"],
        ),
    ] {
        let document = json(check(target, evidence), code);
        assert_eq!(document["report"]["verdict"], verdict, "{evidence} to {target}");
        assert_eq!(codes(&document), findings, "{evidence} to {target}");
    }
}

#[test]
fn people_read_what_was_seen_and_what_clears_it() {
    let text = check("1.37.0", "gate-blocked").run().code(2).out;
    assert!(text.starts_with("blocked for 1.37.0 from 1.36.3\n"), "{text}");
    for line in [
        "[ACTIONABLE] HL4003: a component is too old for the target",
        "  kube-proxy on worker-1, kubelet on worker-1: It runs 1.33.1; the API server would run 1.37.0.",
        "  Bring it to 1.34 or newer before the API servers go to 1.37.0.",
        "  servicecidrs extra: \"old-operator\" wrote it as networking.k8s.io/v1beta1.",
        "  source: Kubernetes version skew policy",
        "  removed_apis   measured      everything that it judges was seen",
    ] {
        assert!(text.contains(line), "{line:?} is not in:\n{text}");
    }
    let text = check("1.37.0", "gate-unknown").run().code(3).out;
    assert!(text.contains("User \"ci\" cannot list resource \"nodes\""), "the server's own words: {text}");
}

#[test]
fn the_window_is_the_callers_to_choose() {
    let run = |window: &str| check("1.36.4", "gate-unknown").arg("--window").arg(window);
    assert_eq!(codes(&json(run("24h"), 3)).len(), 3);
    assert_eq!(codes(&json(run("5m"), 3)).len(), 2, "the process is older than that, the rest stays unknown");
}

#[test]
fn what_is_no_evidence_is_refused() {
    for (text, said) in [
        ("{}", "is no evidence file"),
        ("[]", "is no evidence file"),
        ("{\"form\": \"homelab/evidence/v9\"}", "is of the form \"homelab/evidence/v9\""),
    ] {
        let run = homelab("gate check --target 1.36.2 --evidence evidence.json").file("evidence.json", text);
        let message = run.run().error(true);
        assert!(message.contains(said), "{message}");
    }
}

/// A cluster of our own, as kubeadm leaves it: nodes and pods are cluster-wide facts.
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

fn plane() -> &'static Env {
    cluster().plane.env()
}

fn on_the_plane(arguments: &str, token: &str) -> Homelab {
    let variables = cluster().front.variables(token);
    variables.into_iter().fold(homelab(arguments), |run, (name, value)| run.env(name, &value))
}

/// Facts age, and tests do not: what the day of the run alone adds is none of theirs.
fn without_age(document: &Value) -> Vec<&str> {
    codes(document).into_iter().filter(|code| *code != "HL4902").collect()
}

#[test]
fn a_real_cluster_is_judged_and_its_evidence_says_the_same_elsewhere() {
    let token = &plane().admin_token;
    let verdict = |run: Homelab| {
        let document = run.arg("--output").arg("json").run().document("gate check");
        let codes: Vec<String> = without_age(&document).into_iter().map(str::to_owned).collect();
        (document, codes)
    };
    let (live, found) = verdict(on_the_plane("gate check --target 1.36.4 --window 0s", token));
    assert_eq!((&live["report"]["current"], found), (&Value::from("1.36.3"), Vec::new()), "{live:#}");
    // The process has just started: its silence proves nothing yet.
    assert_eq!(verdict(on_the_plane("gate check --target 1.36.4", token)).1, ["HL4901"]);
    let back = json(on_the_plane("gate check --target 1.35.9 --window 0s", token), 2);
    assert_eq!(codes(&back)[0], "HL4001", "and everything would be newer than its API server: {back:#}");

    let Ran { out: evidence, err, .. } = on_the_plane("gate capture", token).run().code(0);
    assert_eq!(err, "");
    let again =
        homelab("gate check --target 1.36.4 --window 0s --evidence evidence.json").file("evidence.json", &evidence);
    assert_eq!(verdict(again).0["report"], live["report"]);
}

#[test]
fn a_folder_of_manifests_is_looked_through_where_it_is_named() {
    const RANGE: &str = "apiVersion: networking.k8s.io/v1beta1\nkind: ServiceCIDR\nmetadata: {name: mine}\n";
    let ask = |text: &str| {
        let run =
            on_the_plane("gate check --target 1.37.0 --window 0s --manifests . --output json", &plane().admin_token);
        run.file("range.yaml", text).run().document("gate check")
    };
    let document = ask(RANGE);
    assert!(codes(&document).contains(&"HL4004"), "{document:#}");
    let document = ask(&RANGE.replace("v1beta1", "v1"));
    assert!(!codes(&document).contains(&"HL4004"), "{document:#}");
    let recorded = homelab("gate check --target 1.37.0 --manifests . --evidence evidence.json").run().error(false);
    assert!(recorded.contains("cannot be used with"), "{recorded}");
}

#[test]
fn evidence_fits_its_schema_also_where_little_was_seen() {
    let seen = on_the_plane("gate capture", &plane().admin_token).run().code(0);
    assert_eq!(seen.document("gate capture")["nodes"]["seen"][0]["name"], "cp-1");
    let blind = on_the_plane("gate capture", &plane().nobody_token).run().code(3);
    assert!(blind.document("gate capture")["nodes"]["not_measured"].as_str().unwrap().contains("forbidden"));
    assert!(blind.err.contains("not measured: nodes: failed to read /api/v1/nodes"), "{}", blind.err);
}

#[test]
fn a_cluster_that_cannot_be_seen_is_unknown_with_the_words_of_whoever_refused() {
    for (run, said) in [
        (on_the_plane("gate check --target 1.36.4", &plane().nobody_token), "User \\\"nobody\\\" cannot list resource"),
        (on_the_plane("gate check --target 1.36.4", "wrong"), "failed to read /version at https://127.0.0.1"),
        (on_the_plane("gate check --target 1.36.4", "wrong"), "Unauthorized"),
        (
            homelab("gate check --target 1.36.4").env("KUBE_HOST", "https://127.0.0.1:1"),
            "no connection to https://127.0.0.1:1",
        ),
    ] {
        let ran = run.arg("--output").arg("json").run().code(3);
        assert_eq!(ran.document("gate check")["report"]["verdict"], "unknown");
        assert!(ran.out.contains(said), "{}", ran.out);
        assert!(!ran.out.contains(&plane().nobody_token), "a token in the output");
    }
}

#[test]
fn a_cluster_that_does_not_answer_is_told_about_once() {
    let run = homelab("gate check --target 1.36.4").env("KUBECONFIG", "/no/such/file").run().code(3);
    let reason = "failed to read /version at /no/such/file: kubernetes.config_path: /no/such/file cannot be read";
    let told = run.out.lines().filter(|line| line.starts_with("  ") && line.contains(reason) && line.contains("seen"));
    assert_eq!(told.count(), 2, "once for what decides, and once for what only warns: {}", run.out);
    assert!(run.out.contains("the control plane, the kube-proxies, the kubelets, "), "{}", run.out);
}
