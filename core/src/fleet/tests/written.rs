//! Who wrote what, in which version, and who will be refused.

use serde_json::json;

use super::*;
use crate::fleet::{conflicts, versions};

fn entry(manager: &str, operation: &str, version: &str, spec: &Value) -> Value {
    json!({"manager": manager, "operation": operation, "apiVersion": format!("external-secrets.io/{version}"),
        "fieldsV1": {"f:spec": spec}})
}

/// The operator's own entries: its finalizer with the fields of `spec`, and the status.
fn operator(version: &str, spec: &Value) -> [Value; 2] {
    let mut own = entry("external-secrets", "Update", version, spec);
    own["fieldsV1"]["f:metadata"] =
        json!({"f:finalizers": {".": {}, "v:\"externalsecrets.external-secrets.io/externalsecret-cleanup\"": {}}});
    let mut status = entry("external-secrets", "Update", version, &json!(null));
    status["subresource"] = json!("status");
    [own, status]
}

fn written(interval: &str, entries: Vec<Value>) -> Value {
    let mut object = secret("a", "photos");
    object["spec"]["refreshInterval"] = json!(interval);
    object["metadata"]["managedFields"] = Value::Array(entries);
    object
}

#[test]
fn old_versions_are_told_by_writer_and_by_what_kubectl_remembers() {
    let spec = json!({"f:data": {}});
    let by = |entries: Vec<Value>, newest: &str| {
        let uses = versions::old_uses(&written("1h0m0s", entries), newest);
        uses.into_iter().map(|old| format!("{} {}", old.version, old.by)).collect::<Vec<_>>()
    };
    let terraform = || entry("Terraform", "Apply", "v1beta1", &spec);
    assert_eq!(by(vec![terraform()], "v1"), ["v1beta1 field manager \"Terraform\""]);
    assert_eq!(by(vec![terraform()], "v1beta1"), [] as [&str; 0], "where v1 is not served, it is the newest");
    assert_eq!(by(vec![entry("Terraform", "Apply", "v1", &spec)], "v1"), [] as [&str; 0]);
    // The operator does not declare.
    assert_eq!(by(operator("v1beta1", &spec).into(), "v1"), [] as [&str; 0]);
    // Whoever has written the new version since has an old entry only because nobody took its fields over.
    let moved = vec![entry("helm", "Update", "v1beta1", &spec), entry("helm", "Update", "v1", &json!({}))];
    assert_eq!(by(moved, "v1"), [] as [&str; 0]);
    let mut remembered = written("1h0m0s", vec![entry("kubectl-client-side-apply", "Update", "v1", &spec)]);
    remembered["metadata"]["annotations"] = json!({
        "kubectl.kubernetes.io/last-applied-configuration": "{\"apiVersion\":\"external-secrets.io/v1alpha1\"}",
    });
    let uses = versions::old_uses(&remembered, "v1");
    assert_eq!((uses[0].version.as_str(), uses.len()), ("v1alpha1", 1));
    remembered["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] = json!("no json");
    assert_eq!(versions::old_uses(&remembered, "v1"), []);
}

#[test]
fn definitions_and_objects_in_an_old_version_are_findings() {
    let old = written(
        "1h0m0s",
        vec![entry("Terraform", "Apply", "v1beta1", &json!({"f:data": {}, "f:refreshInterval": {}}))],
    );
    let mut evidence = cluster(vec![old], &[deployment("app", json!({}), json!({"volumeMounts": []}))]);
    evidence.readers.push(Seen::unseen("Pod", "forbidden"));
    evidence.definitions.items = vec![definition(&["v1", "v1beta1"], &["v1beta1", "v1"])];
    let found_now = report(&evidence);
    assert_eq!(
        found(&found_now),
        [
            ("HL2504", "CustomResourceDefinition externalsecrets.external-secrets.io"),
            ("HL2505", "ExternalSecret apps/a"),
        ]
    );
    // Before 0.16 there is nothing newer to write.
    evidence.definitions.items = vec![definition(&["v1beta1"], &["v1beta1"])];
    assert_eq!(found(&report(&evidence)), []);
    // A definition says what it says.
    let object = json!({"metadata": {"name": "x"}, "spec": {"versions": [{"name": "v1", "served": true}, {"name": "v1beta1",
        "served": false}]}, "status": {"storedVersions": ["v1beta1", "v1"]}});
    let definition = Definition::of(&object);
    assert_eq!((definition.served.as_slice(), definition.old_stored()), (&["v1".to_owned()][..], vec!["v1beta1"]));
}

#[test]
fn a_conflict_is_seen_before_it_bites() {
    let (with, without) = (json!({"f:refreshInterval": {}, "f:data": {}}), json!({"f:data": {}}));
    let interval = json!({"f:refreshInterval": {}});
    let taken = |manager: &str, operation: &str, interval_now: &str| {
        let [own, status] = operator("v1", &interval);
        written(interval_now, vec![entry(manager, operation, "v1", &without), own, status])
    };
    let cases: [(&str, Value, Option<&str>); 7] = [
        ("taken over", taken("Terraform", "Apply", "15m0s"), Some("HL2506")),
        ("it may be the default", taken("Terraform", "Apply", "1h0m0s"), Some("HL2507")),
        ("ours settles it", taken("homelab", "Apply", "15m0s"), None),
        ("an update never conflicts", taken("kubectl-edit", "Update", "15m0s"), None),
        ("not taken over yet", written("15m", vec![entry("Terraform", "Apply", "v1", &with)]), Some("HL2506")),
        ("in the operator's spelling", written("15m0s", vec![entry("Terraform", "Apply", "v1", &with)]), None),
        ("no duration", written("soon", vec![entry("Terraform", "Apply", "v1", &with)]), None),
    ];
    for (name, object, expected) in cases {
        let reader = deployment("app", json!({}), json!({}));
        let mut evidence = cluster(vec![object], &[reader]);
        evidence.readers.push(Seen::unseen("Pod", "forbidden"));
        let report = report(&evidence);
        assert_eq!(report.findings.first().map(|finding| finding.code.id), expected, "{name}: {:#?}", report.findings);
        if let Some("HL2506") = expected {
            assert!(only(&report).clears.contains("\"15m0s\""), "{}", only(&report).clears);
        }
    }
    let conflict = conflicts::to_come(&taken("Terraform", "Apply", "15m0s"), OURS).unwrap();
    assert_eq!((conflict.manager.as_str(), conflict.taken_by.as_deref()), ("Terraform", Some("external-secrets")));
}
