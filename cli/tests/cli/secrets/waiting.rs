//! Waiting for the operator, and asking it.

use serde_json::{Value, json};

use super::stage::{Stage, external_secret, with_operator};
use crate::support::homelab;

fn make(stage: &Stage, namespace: &str, body: &Value) {
    stage.make("apis/external-secrets.io/v1", namespace, "externalsecrets", body);
}

#[test]
fn what_is_declared_is_waited_for_and_a_failure_is_told_in_the_operators_words() {
    let Some(stage) = with_operator() else { return };
    stage.namespace("waiting");
    stage.vault().put("waiting/doc", &json!({"a": "s3cret"})).unwrap();
    make(stage, "waiting", &external_secret("good", "vault-kv", "waiting/doc", "a"));
    make(stage, "waiting", &external_secret("dead", "vault-kv", "waiting/doc", "b"));
    assert_eq!(stage.run("secrets wait waiting/good").run().code(0).out, "synced  waiting/good\n");
    stage.failed("waiting", "dead");
    let ran = stage.run("secrets wait waiting/dead waiting/good waiting/none --timeout 2s").run().code(2);
    assert!(ran.out.starts_with("failed  waiting/dead\n"), "{}", ran.out);
    assert!(ran.out.contains("cannot find secret data for key: \"b\""), "the store's own words: {}", ran.out);
    assert!(ran.out.contains("\nsynced  waiting/good\nabsent  waiting/none\n"), "{}", ran.out);
    let document =
        stage.run("secrets wait --namespace waiting --fail-fast --output json").run().code(2).document("secrets wait");
    let states: Vec<&Value> = document["secrets"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["failed", "synced"]);
    // Who may not look has seen nothing.
    let blind = stage.run_as("secrets wait waiting/good", &stage.env().nobody_token).run().code(3);
    assert!(blind.out.starts_with("unseen  waiting/good\n") && blind.out.contains("forbidden"), "{}", blind.out);
    let blind = stage.run_as("secrets wait --all", &stage.env().nobody_token).run().code(3);
    assert!(blind.out.is_empty() && blind.err.contains("failed to list all ExternalSecret"), "{blind:?}");
    let none = stage.run("secrets wait --namespace nowhere").run().code(0);
    assert_eq!(none.out, "there is no ExternalSecret\n");
}

#[test]
fn the_operator_fetches_when_it_is_asked_and_only_an_annotation_changes() {
    let Some(stage) = with_operator() else { return };
    stage.namespace("asked");
    let (api, vault) = (stage.api(), stage.vault());
    vault.put("asked/doc", &json!({"a": "old"})).unwrap();
    make(stage, "asked", &external_secret("doc", "vault-kv", "asked/doc", "a"));
    let path = Stage::path("asked", "doc");
    let before = stage.ready(&path, "True");
    vault.put("asked/doc", &json!({"a": "new"})).unwrap();
    assert_eq!(stage.run("secrets sync asked/doc").run().code(0).out, "synced  asked/doc\n");
    let secret = api.get("/api/v1/namespaces/asked/secrets/doc").unwrap().body;
    assert_eq!(secret["data"]["value"], "bmV3", "it is there when the verb ends");
    let after = api.get(&path).unwrap().body;
    assert_eq!(
        (&after["spec"], &after["metadata"]["generation"]),
        (&before["spec"], &before["metadata"]["generation"])
    );
    assert!(after["metadata"]["annotations"]["force-sync"].is_string());
    // Whoever has written that annotation by hand is not overruled.
    let by_hand = json!({"metadata": {"annotations": {"force-sync": "by-hand"}}});
    api.merge(&format!("{path}?fieldManager=kubectl-annotate"), &by_hand).unwrap().expect("annotate", &[200]).unwrap();
    vault.put("asked/doc", &json!({"a": "newer"})).unwrap();
    stage.run("secrets sync asked/doc").run().code(0);
    let annotations = api.get(&path).unwrap().body["metadata"]["annotations"].clone();
    assert_eq!(annotations["force-sync"], "by-hand");
    let secret = api.get("/api/v1/namespaces/asked/secrets/doc").unwrap().body;
    assert_eq!(secret["data"]["value"], "bmV3ZXI=");
    // What fails after it was asked is a failure, also where it had failed before.
    vault.put("asked/doc", &json!({"b": "x"})).unwrap();
    for _ in 0..2 {
        let failed = stage.run("secrets sync asked/doc --timeout 1m").run().code(2).out;
        assert!(failed.starts_with("failed  asked/doc\n") && failed.contains("cannot find secret data"), "{failed}");
    }
    vault.put("asked/doc", &json!({"a": "back"})).unwrap();
    let document = stage.run("secrets sync --namespace asked --output json").run().code(0).document("secrets sync");
    assert_eq!(document["secrets"][0]["state"], "synced");
}

#[test]
fn what_is_fetched_once_is_not_asked_for_again() {
    let Some(stage) = with_operator() else { return };
    stage.namespace("once");
    stage.vault().put("once/doc", &json!({"a": "x"})).unwrap();
    let mut once = external_secret("doc", "vault-kv", "once/doc", "a");
    once["spec"]["refreshInterval"] = json!("0s");
    make(stage, "once", &once);
    stage.ready(&Stage::path("once", "doc"), "True");
    let ran = stage.run("secrets sync once/doc").run().code(2).out;
    assert!(ran.starts_with("frozen  once/doc\n") && ran.contains("It is fetched once"), "{ran}");
    let live = stage.api().get(&Stage::path("once", "doc")).unwrap().body;
    assert!(live["metadata"]["annotations"]["force-sync"].is_null(), "nothing was written");
    let absent = stage.run("secrets sync once/none").run().code(2).out;
    assert!(absent.starts_with("absent  once/none\n"), "{absent}");
    let refused = stage.run_as("secrets sync once/doc", &stage.env().nobody_token).run().code(3).out;
    assert!(refused.starts_with("unseen  once/doc\n"), "{refused}");
}

#[test]
fn what_is_meant_has_to_be_said_and_for_how_long() {
    for (arguments, said) in [
        ("secrets wait", "required arguments"),
        ("secrets wait --all --namespace x", "cannot be used with"),
        ("secrets sync a/b --all", "cannot be used with"),
        ("secrets sync --fail-fast --all", "unexpected argument"),
    ] {
        let ran = homelab(arguments).run().code(1);
        assert!(ran.err.contains(said), "{arguments}: {}", ran.err);
    }
    for (arguments, said) in [
        ("secrets wait --all --timeout 2h", "too short or too long"),
        ("secrets wait --all --timeout soon", "--timeout: "),
        ("secrets wait --all", "no cluster is configured"),
    ] {
        let message = homelab(arguments).run().error(true);
        assert!(message.contains(said), "{arguments}: {message}");
    }
}
