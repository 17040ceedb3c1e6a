//! Capturing evidence for the upgrade gate from a live cluster.
//!
//! # Forces
//!
//! - Capture only looks; it never judges. Whatever could not be read becomes [`Measured::NotMeasured`] with the server's
//!   own words, so that the judge can say so.
//! - Evidence serves for any target: a file that is captured today may be judged for another version tomorrow.
//! - Only reads are sent, and none of them in an API version that is about to be removed: the gate must not mark the very
//!   metric that it reads.
//! - Silence is proof only where a sound would be heard: see [`requests`].

mod certificates;
mod control;
mod etcd;
mod images;
mod kubeadm;
mod kubelets;
mod lists;
mod manifests;
mod metrics;
mod objects;
mod pods;
pub mod prometheus;
mod redact;
mod requests;
mod static_pods;
mod stored;

pub use manifests::add_manifests;

use std::time::{SystemTime, UNIX_EPOCH};

use homelab_core::gate::{Day, Evidence, KubeVersion, Measured, Node, REVIEWED_THROUGH, Weights};
use serde_json::Value;

use crate::kube::Kube;
use crate::objects::{Cause, ObjectError};

/// Captures what those checks need, for whatever target. Never fails: what could not be seen is in the evidence.
///
/// What only a declared source tells is added by whoever has it: [`add_manifests`] for manifests.
pub async fn capture_for(cluster: &Kube, weights: &Weights) -> Evidence {
    let mut evidence = capture(cluster).await;
    // A cluster that does not answer has been said once.
    if evidence.captured_on.is_some() {
        objects::add(cluster, weights, &mut evidence).await;
        control::add(cluster, weights, &mut evidence).await;
    }
    evidence
}

/// Captures what the first checks need: path, skew and removed APIs.
pub async fn capture(cluster: &Kube) -> Evidence {
    // A cluster that does not answer at all is said once and in its own words, not once for each path that was asked.
    if let Err(error) = cluster.get_path("/version").await {
        return Evidence::blind(&format!("failed to {error}"));
    }
    // The metric first: what we ask for afterwards must not be in it.
    let deprecated_requests = requests::requests(cluster).await;
    let (control_plane, nodes, proxies) =
        tokio::join!(lists::control_plane(cluster), nodes(cluster), lists::proxies(cluster));
    let stored_uses = measured(stored::uses(cluster).await);
    Evidence {
        captured_on: today(),
        control_plane,
        nodes,
        proxies,
        deprecated_requests,
        stored_uses,
        searched_through: REVIEWED_THROUGH,
        ..Evidence::blind("the evidence was captured without it")
    }
}

/// The day on this machine, also for evidence that does not say on which it was captured. `None` where its clock is before 1970.
pub fn today() -> Option<Day> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    u32::try_from(since.as_secs() / 86_400).ok().map(Day::of_unix)
}

/// A result as a measurement; the error is a fragment that says why nothing was seen.
fn measured<T>(result: Result<T, String>) -> Measured<T> {
    result.map_or_else(Measured::NotMeasured, Measured::Seen)
}

/// What a failed look is. Ways that a person does something else about are told apart.
fn failed<T>(error: &ObjectError) -> Measured<T> {
    let why = format!("failed to {error}");
    match error.cause {
        Cause::Forbidden { .. } => Measured::Forbidden(why),
        Cause::Unreachable { .. } | Cause::TimedOut { .. } => Measured::Unreachable(why),
        _ => Measured::NotMeasured(why),
    }
}

/// The same failure of another type.
fn failed_again<T, U>(measured: &Measured<T>) -> Measured<U> {
    match measured {
        Measured::Forbidden(why) => Measured::Forbidden(why.clone()),
        Measured::Unreachable(why) => Measured::Unreachable(why.clone()),
        Measured::Absent(why) => Measured::Absent(why.clone()),
        Measured::Omitted(why) => Measured::Omitted(why.clone()),
        other => Measured::NotMeasured(other.gap().unwrap_or_default()),
    }
}

/// Why no static pod is no gap: only where the nodes say what they run.
fn without_static_pods(evidence: &Evidence) -> Option<String> {
    let versions = evidence.nodes.seen().into_iter().flatten().filter_map(|node| node.kubelet.seen());
    let mut suffixes = versions.filter_map(|version| version.suffix.as_deref());
    suffixes.any(lists::is_k3s).then(|| "k3s runs its control plane in one process of its own".to_owned())
}

/// Every item of a list. A server without the list is no Kubernetes API, and has shown nothing.
async fn list(cluster: &Kube, path: &str) -> Result<Vec<Value>, String> {
    match cluster.list_path(path).await {
        Ok(Some(items)) => Ok(items),
        Ok(None) => Err(format!("the server serves no {path}")),
        Err(error) => Err(format!("failed to {error}")),
    }
}

async fn nodes(cluster: &Kube) -> Measured<Vec<Node>> {
    let node = |item: &Value| {
        let reported = item["status"]["nodeInfo"]["kubeletVersion"].as_str().unwrap_or_default();
        let kubelet = reported.parse::<KubeVersion>().map_or_else(
            |error| Measured::NotMeasured(format!("the node reports no kubelet version ({error})")),
            Measured::Seen,
        );
        Node { name: text(&item["metadata"]["name"]), kubelet }
    };
    measured(list(cluster, "/api/v1/nodes").await.map(|items| {
        let mut nodes: Vec<Node> = items.iter().map(node).collect();
        nodes.sort_by(|left, right| left.name.cmp(&right.name));
        nodes
    }))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
