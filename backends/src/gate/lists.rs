//! Components of the control plane and of nodes, out of pods and leases.

use std::time::{SystemTime, UNIX_EPOCH};

use homelab_core::gate::{Component, ComponentKind, KubeVersion, Measured};
use serde_json::Value;

use super::{images, text};
use crate::kube::Kube;
use crate::objects::ObjectError;

const PODS: &str = "/api/v1/namespaces/kube-system/pods";
const SERVER_LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases\
                             ?labelSelector=apiserver.kubernetes.io%2Fidentity%3Dkube-apiserver";
/// An API server renews its lease every 10 s; one that has not for six times as long is gone.
const LEASE_SECONDS: u64 = 60;

/// API servers, controller managers and schedulers.
///
/// kubeadm runs them as pods with a `component` label. Where there are none for the API server, the one that answers us
/// stands for itself. An API server that renews a lease and shows no pod is there all the same: it is in the list, without
/// a version.
pub(super) async fn control_plane(cluster: &Kube) -> Measured<Vec<Component>> {
    super::measured(visible_control_plane(cluster).await)
}

async fn visible_control_plane(cluster: &Kube) -> Result<Vec<Component>, String> {
    let kinds = [ComponentKind::KubeApiserver, ComponentKind::KubeControllerManager, ComponentKind::KubeScheduler];
    let mut components = Vec::new();
    for kind in kinds {
        components.extend(pods(cluster, kind, &format!("component%3D{}", kind.name())).await?);
    }
    let mut servers = components.iter().filter(|component| component.kind == ComponentKind::KubeApiserver).count();
    if components.is_empty() {
        components = k3s_servers(cluster).await?;
        servers = components.len() / kinds.len();
    }
    let server = |on: &str, version| Component { kind: ComponentKind::KubeApiserver, on: on.to_owned(), version };
    if servers == 0 {
        components.push(server("the API server that answers", answering_version(cluster).await));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let unseen = match server_count(cluster, now).await {
        Ok(Some(alive)) if alive > servers.max(1) => {
            Some(format!("{alive} API servers renew a lease, and {} can be seen", servers.max(1)))
        }
        Ok(Some(_)) => None,
        // The pods of kubeadm are the whole list; without them only the leases tell of others.
        _ if servers > 0 => None,
        Ok(None) => Some("no lease tells how many there are".to_owned()),
        Err(error) => Some(format!("how many there are is not known: failed to {error}")),
    };
    components.extend(unseen.map(|why| server("other API servers", Measured::NotMeasured(why))));
    Ok(components)
}

/// Whether the suffix of a version is one of k3s, which runs everything in one process per node.
pub(super) fn is_k3s(suffix: &str) -> bool {
    suffix.starts_with("k3s")
}

/// Nodes of k3s with the version that the one process on each of them has.
async fn k3s_nodes(cluster: &Kube, selector: &str) -> Result<Vec<(String, KubeVersion)>, String> {
    let nodes = super::list(cluster, &format!("/api/v1/nodes{selector}")).await?;
    let version = |node: &Value| node["status"]["nodeInfo"]["kubeletVersion"].as_str()?.parse::<KubeVersion>().ok();
    let named = nodes.iter().filter_map(|node| Some((text(&node["metadata"]["name"]), version(node)?)));
    let mut found: Vec<_> = named.filter(|(_, version)| version.suffix.as_deref().is_some_and(is_k3s)).collect();
    found.sort();
    Ok(found)
}

/// The control plane of k3s: a server is API server, controller manager, scheduler and kubelet in one process.
async fn k3s_servers(cluster: &Kube) -> Result<Vec<Component>, String> {
    let servers = k3s_nodes(cluster, "?labelSelector=node-role.kubernetes.io%2Fcontrol-plane").await?;
    let kinds = [ComponentKind::KubeApiserver, ComponentKind::KubeControllerManager, ComponentKind::KubeScheduler];
    let of = |(on, version): (String, KubeVersion)| {
        kinds.map(|kind| Component { kind, on: on.clone(), version: Measured::Seen(version.clone()) })
    };
    Ok(servers.into_iter().flat_map(of).collect())
}

async fn answering_version(cluster: &Kube) -> Measured<KubeVersion> {
    match cluster.get_json("/version").await {
        Ok(Some(version)) => match version["gitVersion"].as_str().unwrap_or_default().parse() {
            Ok(version) => Measured::Seen(version),
            Err(error) => Measured::NotMeasured(format!("/version: {error}")),
        },
        Ok(None) => Measured::NotMeasured("the API server serves no /version".to_owned()),
        Err(error) => Measured::NotMeasured(format!("failed to {error}")),
    }
}

/// kube-proxies, one per node; none where the network plugin does their work.
pub(super) async fn proxies(cluster: &Kube) -> Measured<Vec<Component>> {
    super::measured(visible_proxies(cluster).await)
}

async fn visible_proxies(cluster: &Kube) -> Result<Vec<Component>, String> {
    let found = pods(cluster, ComponentKind::KubeProxy, "k8s-app%3Dkube-proxy").await?;
    if !found.is_empty() {
        return Ok(found);
    }
    // In the process of k3s there is one, of the same version; elsewhere the network plugin does the work.
    let kind = ComponentKind::KubeProxy;
    let of = |(on, version)| Component { kind, on, version: Measured::Seen(version) };
    Ok(k3s_nodes(cluster, "").await?.into_iter().map(of).collect())
}

async fn pods(cluster: &Kube, kind: ComponentKind, selector: &str) -> Result<Vec<Component>, String> {
    let items = super::list(cluster, &format!("{PODS}?labelSelector={selector}")).await?;
    let mut components: Vec<Component> = items
        .iter()
        .filter(|pod| runs(pod))
        .map(|pod| Component {
            kind,
            on: text(&pod["spec"]["nodeName"]),
            version: images::version(&image(pod, kind.name())),
        })
        .collect();
    components.sort_by(|left, right| left.on.cmp(&right.on));
    Ok(components)
}

/// What has ended, or has no place yet, runs no version.
fn runs(pod: &Value) -> bool {
    let ended = matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    !ended && pod["spec"]["nodeName"].as_str().is_some_and(|node| !node.is_empty())
}

/// The image of the container of that name, else of the only container.
fn image(pod: &Value, name: &str) -> String {
    let containers = pod["spec"]["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let named = containers.iter().find(|container| container["name"] == name);
    let only = if containers.len() == 1 { containers.first() } else { None };
    named.or(only).map(|container| text(&container["image"])).unwrap_or_default()
}

/// How many API servers there are, by the leases that they renew; `None` where no lease tells.
pub(super) async fn server_count(cluster: &Kube, now: u64) -> Result<Option<usize>, ObjectError> {
    let Some(leases) = cluster.list_path(SERVER_LEASES).await? else { return Ok(None) };
    let alive = leases.iter().filter(|lease| {
        let renewed = lease["spec"]["renewTime"].as_str().and_then(seconds_of);
        renewed.is_some_and(|renewed| now.saturating_sub(renewed) <= LEASE_SECONDS)
    });
    Ok(Some(alive.count()).filter(|count| *count > 0))
}

/// Seconds since 1970 of an RFC 3339 time.
pub(super) fn seconds_of(time: &str) -> Option<u64> {
    let time: jiff::Timestamp = time.parse().ok()?;
    u64::try_from(time.as_second()).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_container_is_chosen_by_name() {
        let pod = json!({"spec": {"containers": [
            {"name": "sidecar", "image": "sidecar:v9.9.9"},
            {"name": "kube-apiserver", "image": "kube-apiserver:v1.36.2"},
        ]}});
        assert_eq!(image(&pod, "kube-apiserver"), "kube-apiserver:v1.36.2");
        assert_eq!(image(&pod, "kube-scheduler"), "", "of several containers none is guessed");
        assert!(!runs(&json!({"spec": {}, "status": {"phase": "Pending"}})), "it has no place yet");
        assert!(!runs(&json!({"spec": {"nodeName": "a"}, "status": {"phase": "Failed"}})));
        assert!(runs(&json!({"spec": {"nodeName": "a"}, "status": {"phase": "Running"}})));
        assert_eq!(seconds_of("2026-11-21T00:00:00.000000Z"), Some(1_795_219_200));
        assert_eq!(seconds_of("yesterday"), None);
    }
}
