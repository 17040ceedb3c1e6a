//! Tables over small clusters.

mod hops;
mod judged;
mod reading;
mod written;

use serde_json::{Value, json};

use super::readers::Reader;
use super::versions::Definition;
use super::{Evidence, Keys, Report, Seen, judge};
use crate::finding::Finding;

/// 2026-11-21T12:00:00Z.
const NOW: i64 = 1_795_262_400;
const OURS: &str = "homelab";

/// An ExternalSecret `apps/<name>` that is ready, fetches `key` from ClusterSecretStore `vault` and was just refreshed.
fn secret(name: &str, key: &str) -> Value {
    json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
        "metadata": {"namespace": "apps", "name": name, "uid": format!("uid-{name}"), "generation": 1, "creationTimestamp": "2026-11-01T00:00:00Z"},
        "spec": {
            "refreshInterval": "15m0s",
            "secretStoreRef": {"kind": "ClusterSecretStore", "name": "vault"},
            "data": [{"secretKey": "a", "remoteRef": {"key": key, "property": "a"}}],
        },
        "status": {
            "refreshTime": "2026-11-21T11:50:00Z", "syncedResourceVersion": "1-abc",
            "conditions": [{"type": "Ready", "status": "True", "reason": "SecretSynced", "message": "secret synced",
                "lastTransitionTime": "2026-11-01T00:00:01Z"}],
        },
    })
}

/// The store that [`secret`] names; `version` is that of Vault's engine behind it.
fn store(name: &str, version: &str) -> Value {
    json!({
        "kind": "ClusterSecretStore", "metadata": {"name": name},
        "spec": {"provider": {"vault": {"path": "x", "version": version}}},
        "status": {"conditions": [{"type": "Ready", "status": "True", "reason": "Valid"}]},
    })
}

/// A Deployment `apps/<name>` whose one container has this in it.
#[expect(clippy::needless_pass_by_value, reason = "it is made up where it is asked for")]
fn deployment(name: &str, annotations: Value, mut container: Value) -> Value {
    container["name"] = json!("app");
    json!({
        "kind": "Deployment", "metadata": {"namespace": "apps", "name": name, "annotations": annotations},
        "spec": {"template": {"spec": {"containers": [container]}}},
    })
}

fn env_from(secret: &str) -> Value {
    json!({"envFrom": [{"secretRef": {"name": secret}}]})
}

fn definition(served: &[&str], stored: &[&str]) -> Definition {
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    Definition { name: "externalsecrets.external-secrets.io".to_owned(), served: texts(served), stored: texts(stored) }
}

/// A cluster of which everything was seen.
fn cluster(secrets: Vec<Value>, workloads: &[Value]) -> Evidence {
    Evidence {
        secrets: Seen::all("ExternalSecret", secrets),
        stores: Seen::all("SecretStore", Vec::new()),
        cluster_stores: Seen::all("ClusterSecretStore", vec![store("vault", "v2"), store("database", "v1")]),
        events: Seen::all("Event", Vec::new()),
        definitions: Seen::all("CustomResourceDefinition", vec![definition(&["v1"], &["v1"])]),
        readers: vec![Seen::all("Deployment", workloads.iter().filter_map(Reader::of).collect())],
        keys: Keys::default(),
        is_partial: false,
    }
}

fn report(evidence: &Evidence) -> Report {
    judge(evidence, NOW, OURS)
}

/// Codes and objects of what was found.
fn found(report: &Report) -> Vec<(&str, &str)> {
    report.findings.iter().map(|finding| (finding.code.id, finding.object.as_str())).collect()
}

#[track_caller]
fn only(report: &Report) -> &Finding {
    assert_eq!(report.findings.len(), 1, "{:#?}", report.findings);
    &report.findings[0]
}
