//! `homelab gate` on recorded evidence and on a real API server.

use std::sync::OnceLock;

use homelab_plane::plane::Options;
use homelab_plane::{Api, Env, Plane};
use serde_json::{Value, json};

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
        ("gate-no-known-blockers", "1.38.0", 3, "unknown", vec!["HL4901", "HL4901", "HL4002"]),
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

/// A plane of our own: nodes and pods are cluster-wide facts.
fn plane() -> &'static Env {
    static PLANE: OnceLock<Plane> = OnceLock::new();
    PLANE
        .get_or_init(|| {
            let plane = Plane::start(&Options { without_vault: true, ..Options::default() }).unwrap();
            populate(plane.env());
            plane
        })
        .env()
}

/// One control plane node at 1.36.3, as kubeadm shows it.
fn populate(env: &Env) {
    let api = Api::admin(env).unwrap();
    // Pods need the service account that the controller manager makes.
    api.until("/api/v1/namespaces/kube-system/serviceaccounts/default", |account| !account.is_null()).unwrap();
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "cp"}});
    api.create("/api/v1/nodes", &node).unwrap().expect("node", &[201]).unwrap();
    let status = json!({"status": {"nodeInfo": {
        "kubeletVersion": "v1.36.3", "kubeProxyVersion": "", "architecture": "amd64", "bootID": "1",
        "containerRuntimeVersion": "containerd://2.2.0", "kernelVersion": "6.1.0", "machineID": "1",
        "operatingSystem": "linux", "osImage": "Debian", "systemUUID": "1",
    }}});
    api.merge("/api/v1/nodes/cp/status", &status).unwrap().expect("status", &[200]).unwrap();
    for component in ["kube-apiserver", "kube-controller-manager", "kube-scheduler"] {
        let image = format!("registry.example.net/{component}:v1.36.3");
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": format!("{component}-cp"), "labels": {"component": component}},
            "spec": {
                "nodeName": "cp", "containers": [{"name": component, "image": image}],
                "tolerations": [{"operator": "Exists"}], "automountServiceAccountToken": false,
            },
        });
        api.create("/api/v1/namespaces/kube-system/pods", &pod).unwrap().expect("pod", &[201]).unwrap();
    }
}

fn on_the_plane(arguments: &str, token: &str) -> Homelab {
    let env = plane();
    homelab(arguments)
        .env("KUBE_HOST", &env.api_server)
        .env("KUBE_CLUSTER_CA_CERT_DATA", &env.ca_pem)
        .env("KUBE_TOKEN", token)
}

#[test]
fn a_real_cluster_is_judged_and_its_evidence_says_the_same_elsewhere() {
    let token = &plane().admin_token;
    let live = json(on_the_plane("gate check --target 1.36.4 --window 0s", token), 0);
    assert_eq!(live["report"]["current"], "1.36.3");
    // The process has just started: its silence proves nothing yet.
    assert_eq!(codes(&json(on_the_plane("gate check --target 1.36.4", token), 3)), ["HL4901"]);
    let back = json(on_the_plane("gate check --target 1.35.9 --window 0s", token), 2);
    assert_eq!(codes(&back)[0], "HL4001", "and everything would be newer than its API server: {back:#}");

    let Ran { out: evidence, err, .. } = on_the_plane("gate capture", token).run().code(0);
    assert_eq!(err, "");
    let again =
        homelab("gate check --target 1.36.4 --window 0s --evidence evidence.json").file("evidence.json", &evidence);
    assert_eq!(json(again, 0)["report"], live["report"]);
}

#[test]
fn evidence_fits_its_schema_also_where_little_was_seen() {
    let seen = on_the_plane("gate capture", &plane().admin_token).run().code(0);
    assert_eq!(seen.document("gate capture")["nodes"]["seen"][0]["name"], "cp");
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
    assert_eq!(told.count(), 1, "{}", run.out);
    assert!(run.out.contains("the control plane, the kube-proxies, the kubelets, "), "{}", run.out);
}
