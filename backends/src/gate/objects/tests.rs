use serde_json::json;

use super::*;

#[test]
fn a_node_tells_its_state() {
    let node = json!({
        "metadata": {"name": "worker-1", "labels": {"zone": "a"}},
        "spec": {"unschedulable": true, "taints": [
            {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"},
            {"key": "gpu", "value": "yes", "effect": "NoSchedule"},
        ]},
        "status": {
            "conditions": [
                {"type": "DiskPressure", "status": "True"},
                {"type": "MemoryPressure", "status": "False"},
                {"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-21T00:00:00Z"},
            ],
            "nodeInfo": {"containerRuntimeVersion": "containerd://2.3.1", "kernelVersion": "6.12.48"},
        },
    });
    let state = node_state(&node, 1_795_219_260);
    assert_eq!((state.ready.as_deref(), state.ready_for_seconds), (Some("True"), Some(60)));
    assert_eq!(state.pressures, ["DiskPressure"]);
    assert_eq!((state.cordoned, state.taints.as_slice()), (true, &["gpu=yes:NoSchedule".to_owned()][..]));
    assert_eq!((state.runtime.as_str(), state.kernel.as_str()), ("containerd://2.3.1", "6.12.48"));
    let bare = node_state(&json!({"metadata": {"name": "new"}}), 0);
    assert_eq!((bare.ready, bare.ready_for_seconds), (None, None), "what it does not say is not seen");
}

#[test]
fn a_budget_speaks_for_its_current_form_alone() {
    let of = |observed: Value| {
        budget(&json!({
            "metadata": {"namespace": "media", "name": "photos", "generation": 3},
            "status": {"observedGeneration": observed, "expectedPods": 2, "disruptionsAllowed": 1},
        }))
    };
    assert!(of(json!(3)).up_to_date && of(json!(3)).allowed == 1);
    assert!(!of(json!(2)).up_to_date && !of(Value::Null).up_to_date);
}

#[test]
fn services_are_held_against_their_endpoints() {
    let slice = |service: &str, endpoints: Value| json!({"metadata": {"namespace": "policies", "labels": {"kubernetes.io/service-name": service}}, "endpoints": endpoints});
    let ready = ready_of(&[
        slice("webhook", json!([{"conditions": {"ready": true}}, {"conditions": {"ready": false}}])),
        slice("webhook", json!([{"conditions": {}}])),
        slice("dead", json!(null)),
    ]);
    let ready = Measured::Seen(ready);
    let configuration = json!({"metadata": {"name": "policies"}, "webhooks": [
        {"name": "a", "clientConfig": {"service": {"namespace": "policies", "name": "webhook"}}},
        {"name": "b", "failurePolicy": "Ignore", "clientConfig": {"url": "https://hooks.example.net"}},
        {"name": "c", "failurePolicy": "Fail", "clientConfig": {"service": {"namespace": "policies", "name": "gone"}}},
    ]});
    let found = webhooks_of("ValidatingWebhookConfiguration", &configuration, &ready);
    let shown: Vec<_> = found
        .iter()
        .map(|hook| (hook.fails_closed, hook.service.as_ref().and_then(|service| service.ready.seen().copied())))
        .collect();
    assert_eq!(shown, [(true, Some(2)), (false, None), (true, Some(0))]);
    assert_eq!(found[0].configuration, "ValidatingWebhookConfiguration policies");
    let blind =
        service(&configuration["webhooks"][0]["clientConfig"]["service"], &Measured::Forbidden("no".to_owned()));
    assert_eq!(blind.unwrap().ready, Measured::NotMeasured("forbidden: no".to_owned()));
}

#[test]
fn definitions_and_apis_of_others() {
    let definition = json!({
        "metadata": {"name": "things.example.net"},
        "spec": {"versions": [{"name": "v1", "served": true}, {"name": "v1beta1", "served": false}]},
        "status": {"storedVersions": ["v1beta1", "v1"]},
    });
    let resource = custom_resource(&definition, &Measured::default());
    assert_eq!((resource.stored.len(), resource.served), (2, vec!["v1".to_owned()]));
    assert_eq!(aggregated_api(&json!({"metadata": {"name": "v1."}, "spec": {}})), None, "the API server's own");
    let api = |status: Value| {
        aggregated_api(
            &json!({"metadata": {"name": "v1beta1.metrics.k8s.io"}, "spec": {"service": {"name": "metrics"}},
            "status": {"conditions": [{"type": "Available", "status": status}]}}),
        )
        .unwrap()
    };
    assert_eq!(api(json!("True")).available, Measured::Seen(true));
    assert_eq!(api(json!("False")).available, Measured::Seen(false));
    assert!(api(json!("Unknown")).available.seen().is_none());
}

#[test]
fn a_pod_tells_what_it_runs_and_where_else_it_may() {
    let pod = json!({
        "metadata": {"namespace": "media", "name": "photos-5d-x", "ownerReferences": [
            {"kind": "ReplicaSet", "name": "photos-5d", "controller": true}]},
        "spec": {
            "nodeName": "worker-1",
            "initContainers": [{"name": "init", "image": "init:v1.0.0"}],
            "containers": [{"name": "app", "image": "photos:v2.0.0"}],
            "volumes": [{"name": "cache", "emptyDir": {}}, {"name": "shm", "emptyDir": {"medium": "Memory"}},
                {"name": "conf", "configMap": {"name": "photos"}}],
            "nodeSelector": {"disk": "fast"},
            "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
                {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}]}}},
            "tolerations": [{"operator": "Exists"}, {"key": "gpu", "operator": "Equal", "value": "yes", "effect": "NoSchedule"},
                {"key": "gpu", "operator": "Exists"}],
        },
        "status": {"phase": "Running"},
    });
    let seen = pods::pod(&pod).unwrap();
    assert_eq!(seen.images.len(), 2);
    assert_eq!(seen.owner.unwrap().name, "photos-5d");
    assert_eq!(seen.local_volumes, ["emptyDir cache"]);
    assert_eq!(seen.placement.tolerates, ["*", "gpu", "gpu=yes:NoSchedule"]);
    assert_eq!(seen.placement.any_of[0][0].values, ["a"]);
    let mut ended = pod.clone();
    ended["status"]["phase"] = json!("Succeeded");
    assert_eq!(pods::pod(&ended), None);
}

#[test]
fn two_lists_are_seen_together_or_not_at_all() {
    assert_eq!(both(Measured::Seen(vec![1]), Measured::Seen(vec![2])), Measured::Seen(vec![1, 2]));
    let no = || Measured::<Vec<i32>>::Forbidden("no".to_owned());
    assert_eq!(both(Measured::Seen(vec![1]), no()), no());
    assert_eq!(both(no(), Measured::Seen(vec![1])), no());
}
