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

mod images;
mod lists;
mod metrics;
mod objects;
mod pods;
mod requests;
mod stored;

use std::time::{SystemTime, UNIX_EPOCH};

use homelab_core::gate::{Day, Evidence, KubeVersion, Measured, Node, REVIEWED_THROUGH, Weights};
use serde_json::Value;

use crate::kube::Kube;

/// Captures what those checks need, for whatever target. Never fails: what could not be seen is in the evidence.
///
/// Manifests, hosts, the control plane's own configuration, certificates, etcd and alerts are not looked at yet: a check of
/// them finds that they were not collected, and is `unknown`.
pub async fn capture_for(cluster: &Kube, weights: &Weights) -> Evidence {
    let mut evidence = capture(cluster).await;
    // A cluster that does not answer has been said once.
    if evidence.captured_on.is_some() {
        objects::add(cluster, weights, &mut evidence).await;
    }
    evidence
}

/// Captures what the checks need that are on by themselves: path, skew and removed APIs.
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

/// The day on this machine.
fn today() -> Option<Day> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    u32::try_from(since.as_secs() / 86_400).ok().map(Day::of_unix)
}

/// A result as a measurement; the error is a fragment that says why nothing was seen.
fn measured<T>(result: Result<T, String>) -> Measured<T> {
    result.map_or_else(Measured::NotMeasured, Measured::Seen)
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
