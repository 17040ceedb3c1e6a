//! Real objects in the plane, to be captured.

use homelab_plane::{Api, Env};
use serde_json::json;

use crate::steps::Done;

/// So many pods run on each node.
const PODS_OF_A_NODE: usize = 20;

/// So many requests are sent at a time: the API server waits for the disk of etcd.
const AT_ONCE: usize = 8;

/// Makes nodes, and pods on them, `objects` of both together; answers how many nodes.
pub(super) fn populate(env: &Env, objects: usize) -> Done<usize> {
    let api = Api::admin(env)?;
    // Pods need the service account that the controller manager makes.
    api.until("/api/v1/namespaces/default/serviceaccounts/default", |account| !account.is_null())?;
    let nodes = (objects / (PODS_OF_A_NODE + 1)).max(1);
    each(nodes, |number| node(&api, number))?;
    each(objects.saturating_sub(nodes), |number| pod(&api, number, nodes))?;
    Ok(nodes)
}

/// Does something for every number below `many`, several at a time.
fn each(many: usize, what: impl Fn(usize) -> Done + Sync) -> Done {
    let what = &what;
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|first| {
                scope
                    .spawn(move || (first..many).step_by(AT_ONCE).try_for_each(what).map_err(|error| error.to_string()))
            })
            .collect();
        for worker in workers {
            worker
                .join()
                .map_err(|_| "a worker panicked".to_owned())
                .and_then(|done| done)
                .map_err(crate::steps::Failure)?;
        }
        Ok(())
    })
}

fn node(api: &Api, number: usize) -> Done {
    let name = format!("node-{number}");
    let node = json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": {"topology.kubernetes.io/zone": format!("z{}", number % 3)}},
    });
    api.create("/api/v1/nodes", &node)?.expect("a node", &[201])?;
    let status = json!({"status": {
        "conditions": [{
            "type": "Ready", "status": "True", "reason": "KubeletReady", "message": "",
            "lastHeartbeatTime": "2026-11-01T00:00:00Z", "lastTransitionTime": "2026-11-01T00:00:00Z",
        }],
        "nodeInfo": {
            "kubeletVersion": "v1.36.3", "kubeProxyVersion": "", "architecture": "amd64", "bootID": name,
            "containerRuntimeVersion": "containerd://2.3.1", "kernelVersion": "6.12.48", "machineID": name,
            "operatingSystem": "linux", "osImage": "Debian", "systemUUID": name,
        },
    }});
    api.merge(&format!("/api/v1/nodes/{name}/status"), &status)?.expect("the status of a node", &[200])?;
    Ok(())
}

fn pod(api: &Api, number: usize, nodes: usize) -> Done {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("app-{number}"), "labels": {"app": format!("app-{}", number % 100)}},
        "spec": {
            "nodeName": format!("node-{}", number % nodes),
            "containers": [{"name": "app", "image": format!("registry.example.net/team/app-{}:v1.2.3", number % 100)}],
            // Nobody runs these nodes, and nobody is to evict from them.
            "tolerations": [{"operator": "Exists"}], "automountServiceAccountToken": false,
        },
    });
    api.create("/api/v1/namespaces/default/pods", &pod)?.expect("a pod", &[201])?;
    Ok(())
}
