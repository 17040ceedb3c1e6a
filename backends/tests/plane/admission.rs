//! What stands between a valid object and the store.

use std::time::Duration;

use homelab_backends::objects::{Cause, Objects as _};
use homelab_plane::process::wait_for;
use serde_json::{Value, json};

use crate::support::{admin, ingress, kube, namespace, path, whole};

const ADMISSION: &str = "/apis/admissionregistration.k8s.io/v1";

fn make(collection: &str, body: &Value) {
    admin().create(collection, body).expect("create").expect("create", &[201]).expect("created");
}

fn rules(version: &str) -> Value {
    json!([{
        "apiGroups": ["networking.k8s.io"], "apiVersions": [version], "resources": ["ingresses"],
        "operations": ["CREATE", "UPDATE"],
    }])
}

fn selector(namespace: &str) -> Value {
    json!({"matchLabels": {"kubernetes.io/metadata.name": namespace}})
}

#[tokio::test]
async fn a_denial_by_policy_is_found_at_plan_in_the_words_of_the_policy() {
    let (kube, namespace) = (kube(), namespace("policy"));
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": namespace},
        "spec": {
            "matchConstraints": {"namespaceSelector": selector(&namespace), "resourceRules": rules("v1")},
            "validations": [{"expression": "false", "message": "no doors on a Saturday"}],
        },
    });
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": namespace}, "spec": {"policyName": namespace, "validationActions": ["Deny"]},
    });
    make(&format!("{ADMISSION}/validatingadmissionpolicies"), &policy);
    make(&format!("{ADMISSION}/validatingadmissionpolicybindings"), &binding);
    let request = ingress(&namespace, "photos.example.net");
    // A policy is in force a moment after it was made.
    let probe = format!("{}?fieldManager=probe&dryRun=All&force=true", path(&request.id));
    wait_for("the policy", Duration::from_mins(1), || {
        let answer = admin().apply(&format!("{probe}&x="), "probe", false, &whole(&request))?;
        Ok(if answer.is_ok() { Err("not in force".to_owned()) } else { Ok(()) })
    })
    .expect("the policy");

    for error in [
        kube.check(&request).await.map(|_| ()).expect_err("denied"),
        kube.apply(&request).await.map(|_| ()).expect_err("denied"),
    ] {
        let Cause::Admission { words } = &error.cause else { panic!("{error:?}") };
        assert!(words.contains("no doors on a Saturday") && words.contains(&namespace), "{words}");
        assert!(!error.is_blind());
    }
    assert_eq!(kube.get(&request.id).await, Ok(None));
}
