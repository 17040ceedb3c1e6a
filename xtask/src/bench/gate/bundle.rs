//! Evidence of a cluster of any size.

use serde_json::{Value, json};

/// The day on which it was captured.
pub(super) const DAY: &str = "2026-11-21";
/// The version that is asked about.
pub(super) const TARGET: &str = "1.36.2";
const RUNS: &str = "1.35.4";

/// Evidence of so many nodes and objects.
pub(super) fn of(nodes: usize, objects: usize) -> Value {
    let pods = objects * 8 / 10;
    let workloads = objects * 15 / 100;
    let budgets = objects - pods - workloads;
    let every =
        |number: usize, each: &dyn Fn(usize) -> Value| json!({"seen": (0..number).map(each).collect::<Vec<_>>()});
    let component = |kind: &str, on: String| json!({"kind": kind, "on": on, "version": {"seen": RUNS}});
    let control_plane: Vec<Value> = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"]
        .into_iter()
        .flat_map(|kind| (0..3).map(move |server| (kind, server)))
        .map(|(kind, server)| component(kind, node(server)))
        .collect();
    let static_pods: Vec<Value> = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"]
        .into_iter()
        .flat_map(|kind| (0..3).map(move |server| (kind, server)))
        .map(|(kind, server)| json!({"node": node(server), "component": kind, "flags": {"v": "2"}}))
        .collect();
    let folder = |server: usize| {
        let files = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"];
        let files: serde_json::Map<String, Value> =
            files.into_iter().map(|name| (format!("{name}.yaml"), json!(name))).collect();
        json!({"node": node(server), "files": files})
    };
    json!({
        "form": "homelab/evidence/v1",
        "captured_on": DAY,
        "control_plane": {"seen": control_plane},
        "nodes": every(nodes, &|number| json!({"name": node(number), "kubelet": {"seen": RUNS}})),
        "proxies": every(nodes, &|number| component("kube-proxy", node(number))),
        "deprecated_requests": {"seen": {
            "youngest_process_seconds": 2_592_000, "all_servers": true,
            "requests": [{"group": "", "version": "v1", "resource": "componentstatuses", "removed_release": ""}],
        }},
        "stored_uses": {"seen": []},
        "searched_through": "1.37",
        "helm_uses": {"seen": []},
        "folder_uses": {"seen": []},
        "custom_resources": every(200, &|number| json!({
            "name": format!("things{number}.example.net"), "stored": ["v1"], "served": ["v1"],
        })),
        "pods": every(pods, &|number| pod(number, nodes)),
        "workloads": every(workloads, &|number| json!({
            "kind": "Deployment", "namespace": team(number), "name": format!("app-{number}"),
            "replicas": if number.is_multiple_of(10) { 1 } else { 3 },
        })),
        "budgets": every(budgets, &|number| json!({
            "namespace": team(number), "name": format!("app-{number}"), "pods": 3,
            "allowed": u8::from(!number.is_multiple_of(100)), "up_to_date": true,
        })),
        "node_states": every(nodes, &|number| json!({
            "name": node(number), "ready": "True", "ready_for_seconds": 864_000,
            "runtime": if number.is_multiple_of(50) { "containerd://2.1.5" } else { "containerd://2.3.1" },
            "kernel": "6.12.48+deb13-amd64",
            "labels": {"topology.kubernetes.io/zone": format!("z{}", number % 3)},
        })),
        "hosts": every(nodes, &|number| json!({
            "node": node(number), "cgroup": {"seen": 2}, "disk_used_percent": {"seen": 40},
            "reboot_pending": {"seen": false},
        })),
        "static_pods": {"seen": static_pods},
        "manifest_folders": every(3, &folder),
        "kubelets": every(nodes, &|number| json!({
            "node": node(number), "settings": {"maxPods": "110", "cgroupDriver": "systemd"},
            "flags": {"seen": ["config", "kubeconfig"]},
        })),
        "kubeadm": {"seen": {"api_version": "kubeadm.k8s.io/v1beta4", "extra_args": {}}},
        "certificates": every(nodes, &|number| json!({"name": format!("kubelet on {}", node(number)), "ends": "2027-05-01"})),
        "etcd": {"seen": {
            "members": [{
                "name": node(0), "version": {"seen": "3.6.8"}, "healthy": {"seen": true}, "used_percent": {"seen": 40},
            }],
            "apply_p99_ms": {"seen": 18}, "fsync_p99_ms": {"seen": 7},
            "snapshot": {"seen": {"age_seconds": 3600, "bytes": 524_288_000}},
        }},
        "webhooks": {"seen": []},
        "aggregated_apis": {"seen": []},
        "alerts": {"seen": {"rules": 800, "evaluated_seconds_ago": 12, "firing": []}},
        "kill_switch": {"seen": null},
        "settings_before": {"seen": {format!("kubelet on {}", node(0)): {"maxPods": "110"}}},
    })
}

fn node(number: usize) -> String {
    format!("node-{number}")
}

fn team(number: usize) -> String {
    format!("team-{}", number % 200)
}

fn pod(number: usize, nodes: usize) -> Value {
    let app = number % 900;
    let image = match number {
        0 => "registry.example.net/external-secrets/external-secrets:v2.8.1".to_owned(),
        1 => "registry.example.net/calico/node:v3.32.1".to_owned(),
        _ => format!("registry.example.net/team/app-{app}:v1.{}.0", number % 9),
    };
    let mut pod = json!({
        "namespace": team(number), "name": format!("app-{app}-5d4f-{number}"), "node": node(number % nodes),
        "owner": {"kind": "ReplicaSet", "name": format!("app-{app}-5d4f")},
        "images": {"app": image},
        "placement": {"selector": {"topology.kubernetes.io/zone": format!("z{}", number % nodes % 3)}},
    });
    if number % 100 == 50 {
        pod["owner"] = Value::Null;
    }
    if number.is_multiple_of(20) {
        pod["local_volumes"] = json!([format!("emptyDir cache-{}", number % 40)]);
    }
    pod
}
