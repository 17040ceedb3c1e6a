//! Pods as evidence: what they run, who makes them again, where else they may run.

use std::collections::BTreeMap;

use homelab_core::gate::{Condition, Owner, Placement, Pod};
use serde_json::Value;

use super::text;

/// A pod; nothing for one that has ended.
pub(super) fn pod(pod: &Value) -> Option<Pod> {
    if matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed")) {
        return None;
    }
    let (metadata, spec) = (&pod["metadata"], &pod["spec"]);
    let owner = items(&metadata["ownerReferences"]).find(|owner| owner["controller"] == true);
    let containers = items(&spec["initContainers"]).chain(items(&spec["containers"]));
    Some(Pod {
        namespace: text(&metadata["namespace"]),
        name: text(&metadata["name"]),
        node: text(&spec["nodeName"]),
        owner: owner.map(|owner| Owner { kind: text(&owner["kind"]), name: text(&owner["name"]) }),
        images: containers.map(|container| (text(&container["name"]), text(&container["image"]))).collect(),
        from_file: metadata["annotations"]["kubernetes.io/config.mirror"].is_string(),
        local_volumes: items(&spec["volumes"]).filter_map(local_volume).collect(),
        placement: placement(spec),
    })
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// What a drain asks about. What is only in memory is lost with the pod in any case.
fn local_volume(volume: &Value) -> Option<String> {
    let in_memory = volume["emptyDir"]["medium"] == "Memory";
    (volume["emptyDir"].is_object() && !in_memory).then(|| format!("emptyDir {}", text(&volume["name"])))
}

fn placement(spec: &Value) -> Placement {
    let selector: BTreeMap<String, String> =
        spec["nodeSelector"].as_object().into_iter().flatten().map(|(key, value)| (key.clone(), text(value))).collect();
    let required = &spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    let any_of = items(&required["nodeSelectorTerms"])
        .map(|term| items(&term["matchExpressions"]).chain(items(&term["matchFields"])).map(condition).collect())
        .collect();
    let mut tolerates: Vec<String> = items(&spec["tolerations"]).map(toleration).collect();
    tolerates.sort();
    tolerates.dedup();
    Placement { selector, any_of, tolerates }
}

fn condition(condition: &Value) -> Condition {
    Condition {
        key: text(&condition["key"]),
        operator: text(&condition["operator"]),
        values: items(&condition["values"]).map(text).collect(),
    }
}

/// `key=value:effect`; without a key it is for every taint.
fn toleration(toleration: &Value) -> String {
    let key = toleration["key"].as_str().filter(|key| !key.is_empty()).unwrap_or("*");
    let any_value = toleration["operator"] == "Exists" || toleration["value"].as_str().is_none_or(str::is_empty);
    let value = if any_value { String::new() } else { format!("={}", text(&toleration["value"])) };
    match toleration["effect"].as_str() {
        Some(effect) if !effect.is_empty() => format!("{key}{value}:{effect}"),
        _ => format!("{key}{value}"),
    }
}

/// `key=value:effect`.
pub(super) fn taint(taint: &Value) -> String {
    format!("{}={}:{}", text(&taint["key"]), text(&taint["value"]), text(&taint["effect"]))
}
