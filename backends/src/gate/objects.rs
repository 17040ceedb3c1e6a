//! Evidence out of plain objects: pods, nodes, budgets, definitions, webhooks, the kill switch.
//!
//! Each of these is one list, looked at only where a check asks for it: a hundred thousand pods are not read on each plan
//! for nothing.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use homelab_core::gate::{
    AggregatedApi, Budget, CheckName, CustomResource, Evidence, Measured, NodeState, ServiceState, Webhook, Weights,
    Workload,
};
use homelab_schema::upgrade_gate::Weight;
use serde_json::Value;

use super::{failed, failed_again, lists, pods, text};
use crate::kube::Kube;

/// The ConfigMap that switches upgrades off by being there.
const KILL_SWITCH: &str = "/api/v1/namespaces/k8s-upgrade/configmaps/k8s-upgrade-killswitch";

/// Adds to evidence what those checks need beyond the lists that every capture has.
pub(super) async fn add(cluster: &Kube, weights: &Weights, evidence: &mut Evidence) {
    let on = |checks: &[CheckName]| checks.iter().any(|check| weights.of(*check) != Weight::Off);
    if on(&[CheckName::Addons, CheckName::Drain]) {
        evidence.pods = list(cluster, "/api/v1/pods", pods::pod).await;
    }
    if on(&[CheckName::Nodes, CheckName::Runtime, CheckName::Drain]) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        evidence.node_states = list(cluster, "/api/v1/nodes", |node| Some(node_state(node, now))).await;
    }
    if on(&[CheckName::Drain]) {
        evidence.workloads = workloads(cluster).await;
        evidence.budgets = list(cluster, "/apis/policy/v1/poddisruptionbudgets", |item| Some(budget(item))).await;
    }
    if on(&[CheckName::Crds, CheckName::Webhooks]) {
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        let ready = if on(&[CheckName::Webhooks]) { ready(cluster).await } else { Measured::default() };
        evidence.custom_resources = list(cluster, path, |item| Some(custom_resource(item, &ready))).await;
        if on(&[CheckName::Webhooks]) {
            evidence.webhooks = webhooks(cluster, &ready).await;
            let path = "/apis/apiregistration.k8s.io/v1/apiservices";
            evidence.aggregated_apis = list(cluster, path, aggregated_api).await;
        }
    }
    if on(&[CheckName::KillSwitch]) {
        evidence.kill_switch = match cluster.get_json(KILL_SWITCH).await {
            Ok(switch) => Measured::Seen(switch.map(|switch| text(&switch["data"]["reason"]))),
            Err(error) => failed(&error),
        };
    }
}

async fn list<T>(cluster: &Kube, path: &str, item: impl Fn(&Value) -> Option<T>) -> Measured<Vec<T>> {
    match cluster.list_path(path).await {
        Ok(Some(items)) => Measured::Seen(items.iter().filter_map(item).collect()),
        Ok(None) => Measured::Absent(format!("the server serves no {path}")),
        Err(error) => failed(&error),
    }
}

/// Two lists as one: what either could not see is missing in both.
fn both<T>(left: Measured<Vec<T>>, right: Measured<Vec<T>>) -> Measured<Vec<T>> {
    match (left, right) {
        (Measured::Seen(mut left), Measured::Seen(right)) => {
            left.extend(right);
            Measured::Seen(left)
        }
        (Measured::Seen(_), other) | (other, _) => other,
    }
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn words(value: &Value) -> Vec<String> {
    items(value).map(text).collect()
}

fn number(value: &Value) -> u32 {
    value.as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or_default()
}

fn strings(value: &Value) -> BTreeMap<String, String> {
    value.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), text(value))).collect()
}

fn node_state(node: &Value, now: u64) -> NodeState {
    let conditions: Vec<&Value> = items(&node["status"]["conditions"]).collect();
    let ready = conditions.iter().find(|condition| condition["type"] == "Ready");
    let since = ready.and_then(|ready| ready["lastTransitionTime"].as_str()).and_then(lists::seconds_of);
    let is_pressure = |condition: &&&Value| condition["type"] != "Ready" && condition["status"] == "True";
    let info = &node["status"]["nodeInfo"];
    let cordon = "node.kubernetes.io/unschedulable";
    NodeState {
        name: text(&node["metadata"]["name"]),
        ready: ready.and_then(|ready| ready["status"].as_str()).map(str::to_owned),
        pressures: conditions.iter().filter(is_pressure).map(|condition| text(&condition["type"])).collect(),
        ready_for_seconds: since.map(|since| now.saturating_sub(since)),
        cordoned: node["spec"]["unschedulable"] == true,
        runtime: text(&info["containerRuntimeVersion"]),
        kernel: text(&info["kernelVersion"]),
        labels: strings(&node["metadata"]["labels"]),
        taints: items(&node["spec"]["taints"]).filter(|taint| taint["key"] != cordon).map(pods::taint).collect(),
    }
}

fn budget(budget: &Value) -> Budget {
    let (metadata, status) = (&budget["metadata"], &budget["status"]);
    Budget {
        namespace: text(&metadata["namespace"]),
        name: text(&metadata["name"]),
        pods: number(&status["expectedPods"]),
        allowed: number(&status["disruptionsAllowed"]),
        up_to_date: status["observedGeneration"].is_u64() && status["observedGeneration"] == metadata["generation"],
    }
}

async fn workloads(cluster: &Kube) -> Measured<Vec<Workload>> {
    let of = |kind: &'static str| {
        move |item: &Value| {
            let replicas = item["spec"]["replicas"].as_u64().map_or(1, |_| number(&item["spec"]["replicas"]));
            let (namespace, name) = (text(&item["metadata"]["namespace"]), text(&item["metadata"]["name"]));
            Some(Workload { kind: kind.to_owned(), namespace, name, replicas })
        }
    };
    let deployments = list(cluster, "/apis/apps/v1/deployments", of("Deployment")).await;
    both(deployments, list(cluster, "/apis/apps/v1/statefulsets", of("StatefulSet")).await)
}

/// Ready endpoints by `namespace/service`.
type Ready = Measured<BTreeMap<String, u32>>;

async fn ready(cluster: &Kube) -> Ready {
    match cluster.list_path("/apis/discovery.k8s.io/v1/endpointslices").await {
        Ok(Some(slices)) => Measured::Seen(ready_of(&slices)),
        Ok(None) => Measured::Absent("the server serves no EndpointSlices".to_owned()),
        Err(error) => failed(&error),
    }
}

fn ready_of(slices: &[Value]) -> BTreeMap<String, u32> {
    let mut ready: BTreeMap<String, u32> = BTreeMap::new();
    for slice in slices {
        let metadata = &slice["metadata"];
        let service = text(&metadata["labels"]["kubernetes.io/service-name"]);
        let key = format!("{}/{service}", text(&metadata["namespace"]));
        // Left out means ready, by the API's own words.
        let answers = items(&slice["endpoints"]).filter(|endpoint| endpoint["conditions"]["ready"] != false).count();
        *ready.entry(key).or_default() += u32::try_from(answers).unwrap_or(u32::MAX);
    }
    ready
}

fn service(service: &Value, ready: &Ready) -> Option<ServiceState> {
    let name = format!("{}/{}", service["namespace"].as_str()?, service["name"].as_str()?);
    let ready = match ready {
        Measured::Seen(ready) => Measured::Seen(ready.get(&name).copied().unwrap_or_default()),
        other => Measured::NotMeasured(other.gap().unwrap_or_default()),
    };
    Some(ServiceState { service: name, ready })
}

fn custom_resource(definition: &Value, ready: &Ready) -> CustomResource {
    let versions = items(&definition["spec"]["versions"]).filter(|version| version["served"] == true);
    CustomResource {
        name: text(&definition["metadata"]["name"]),
        stored: words(&definition["status"]["storedVersions"]),
        served: versions.map(|version| text(&version["name"])).collect(),
        converter: service(&definition["spec"]["conversion"]["webhook"]["clientConfig"]["service"], ready),
    }
}

async fn webhooks(cluster: &Kube, ready: &Ready) -> Measured<Vec<Webhook>> {
    let of = |kind: &'static str| async move {
        let path = format!("/apis/admissionregistration.k8s.io/v1/{}s", kind.to_ascii_lowercase());
        list(cluster, &path, |configuration| Some(webhooks_of(kind, configuration, ready))).await
    };
    let all = both(of("ValidatingWebhookConfiguration").await, of("MutatingWebhookConfiguration").await);
    match all {
        Measured::Seen(all) => Measured::Seen(all.into_iter().flatten().collect()),
        other => failed_again(&other),
    }
}

fn webhooks_of(kind: &str, configuration: &Value, ready: &Ready) -> Vec<Webhook> {
    let name = format!("{kind} {}", text(&configuration["metadata"]["name"]));
    let webhook = |webhook: &Value| Webhook {
        configuration: name.clone(),
        name: text(&webhook["name"]),
        // Left out means `Fail`.
        fails_closed: webhook["failurePolicy"] != "Ignore",
        service: service(&webhook["clientConfig"]["service"], ready),
    };
    items(&configuration["webhooks"]).map(webhook).collect()
}

/// APIs that somebody else serves; the API server's own have no service.
fn aggregated_api(api: &Value) -> Option<AggregatedApi> {
    api["spec"]["service"].as_object()?;
    let available = items(&api["status"]["conditions"]).find(|condition| condition["type"] == "Available");
    let available = match available.and_then(|condition| condition["status"].as_str()) {
        Some("True") => Measured::Seen(true),
        Some("False") => Measured::Seen(false),
        _ => Measured::NotMeasured("it reports no Available condition".to_owned()),
    };
    Some(AggregatedApi { name: text(&api["metadata"]["name"]), available })
}

#[cfg(test)]
mod tests;
