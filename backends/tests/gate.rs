//! Capturing evidence from a real API server, and judging it.

use std::sync::OnceLock;

use homelab_backends::gate::capture_for;
use homelab_backends::kube::{Kube, Settings};
use homelab_core::gate::{CheckName, ComponentKind, Evidence, Measured, Report, Request, Verdict, Weights, judge};
use homelab_plane::kubeadm::{Front, Kubeadm};
use homelab_plane::plane::Options;
use homelab_plane::{Api, Env, Plane};
use homelab_schema::upgrade_gate::Weight;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// A plane of our own: nodes and pods are cluster-wide facts, and the old API has to be switched on.
fn plane() -> Plane {
    let old_api = "--runtime-config=networking.k8s.io/v1beta1=true".to_owned();
    let plane =
        Plane::start(&Options { without_vault: true, apiserver_args: vec![old_api], ..Options::default() }).unwrap();
    // It works a moment before it has a lease, for which it tries more and more slowly until its namespace is there.
    let leases = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";
    let has_one = |seen: &Value| seen["items"].as_array().is_some_and(|items| !items.is_empty());
    Api::admin(plane.env()).unwrap().until(leases, has_one).unwrap();
    plane
}

fn cluster(env: &Env, token: &str) -> Kube {
    Kube::new(Settings {
        host: Some(env.api_server.clone()),
        cluster_ca_certificate: Some(env.ca_pem.clone()),
        token: Some(SecretString::from(token)),
        ..Settings::default()
    })
}

fn evidence(kube: &Kube) -> Evidence {
    // One for all: a client's connections live in the runtime of its first request.
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().unwrap()).block_on(capture_for(kube, &Weights::all(Weight::Error)))
}

/// The checks that these clusters are made for.
const CHECKS: [CheckName; 3] = [CheckName::Path, CheckName::Skew, CheckName::RemovedApis];

/// The verdict without the window, since a process that a test starts is always young.
fn verdict(evidence: &Evidence, target: &str) -> Report {
    let mut request = Request::new(target.parse().unwrap());
    request.window_seconds = 0;
    request.weights = Weights::only(&CHECKS);
    judge(evidence, &request)
}

fn node(api: &Api, name: &str, kubelet: &str) {
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}});
    api.create("/api/v1/nodes", &node).unwrap().expect("node", &[201]).unwrap();
    let status = json!({"status": {"nodeInfo": {
        "kubeletVersion": kubelet, "kubeProxyVersion": "", "architecture": "amd64", "bootID": "1",
        "containerRuntimeVersion": "containerd://2.2.0", "kernelVersion": "6.1.0", "machineID": "1",
        "operatingSystem": "linux", "osImage": "Debian", "systemUUID": "1",
    }}});
    api.merge(&format!("/api/v1/nodes/{name}/status"), &status).unwrap().expect("node status", &[200]).unwrap();
}

fn pod(api: &Api, name: &str, label: (&str, &str), node: &str, container: &str, image: &str) {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "labels": {label.0: label.1}},
        "spec": {
            "nodeName": node, "containers": [{"name": container, "image": image}],
            "tolerations": [{"operator": "Exists"}], "automountServiceAccountToken": false,
        },
    });
    api.create("/api/v1/namespaces/kube-system/pods", &pod).unwrap().expect("pod", &[201]).unwrap();
}

/// What kubeadm shows of a control plane at `version`.
fn control_plane(api: &Api, on: &str, version: &str) {
    for component in ["kube-apiserver", "kube-controller-manager", "kube-scheduler"] {
        let image = format!("registry.example.net/{component}:v{version}");
        pod(api, &format!("{component}-{on}"), ("component", component), on, component, &image);
    }
}

/// Namespaces of a fresh cluster get their service account from the controller manager; pods need it.
fn until_pods_are_accepted(api: &Api) {
    let account = "/api/v1/namespaces/kube-system/serviceaccounts/default";
    api.until(account, |account| !account.is_null()).unwrap();
}

#[test]
fn a_cluster_is_seen_as_it_is() {
    let plane = plane();
    let env = plane.env();
    let api = Api::admin(env).unwrap();
    until_pods_are_accepted(&api);
    node(&api, "cp", "v1.36.3");
    node(&api, "worker", "v1.33.1");
    control_plane(&api, "cp", "1.36.3");
    pod(
        &api,
        "kube-proxy-x",
        ("k8s-app", "kube-proxy"),
        "worker",
        "kube-proxy",
        "registry.example.net:5000/kube-proxy:v1.36.3@sha256:0000000000000000000000000000000000000000000000000000000000000000",
    );

    let kube = cluster(env, &env.admin_token);
    let seen = evidence(&kube);
    let components = seen.control_plane.seen().expect("the control plane").clone();
    let kinds: Vec<ComponentKind> = components.iter().map(|component| component.kind).collect();
    assert_eq!(
        kinds,
        [ComponentKind::KubeApiserver, ComponentKind::KubeControllerManager, ComponentKind::KubeScheduler]
    );
    assert_eq!(seen.nodes.seen().expect("nodes").len(), 2);
    assert_eq!(seen.proxies.seen().expect("proxies")[0].on, "worker");
    let metric = seen.deprecated_requests.seen().expect("the metric");
    assert!(metric.youngest_process_seconds < 600, "the process has just started: {metric:?}");
    assert!(metric.all_servers, "one API server renews one lease");
    assert_eq!(seen.stored_uses, Measured::Seen(Vec::new()));
    // What only some checks ask for.
    assert_eq!(seen.pods.seen().expect("pods").len(), 4);
    let worker = &seen.node_states.seen().expect("the state of the nodes")[1];
    assert_eq!((worker.name.as_str(), worker.runtime.as_str()), ("worker", "containerd://2.2.0"));
    assert_eq!(worker.ready, None, "nobody reported one");
    assert!(seen.workloads.gap().is_none() && seen.budgets.gap().is_none() && seen.webhooks.gap().is_none());
    assert!(seen.custom_resources.gap().is_none() && seen.aggregated_apis.gap().is_none());
    assert_eq!(seen.kill_switch, Measured::Seen(None), "there is no such ConfigMap");
    let Measured::Partial { seen: certificates, .. } = &seen.certificates else { panic!("{:?}", seen.certificates) };
    assert_eq!(certificates[0].name, format!("kube-apiserver at {}", env.api_server));
    // Nothing here is a mirror pod, and nobody answers for a kubelet: said, and not taken for nothing.
    assert_eq!(seen.static_pods, Measured::Seen(Vec::new()));
    assert!(reason(&seen.etcd).contains("no pod of etcd is visible"), "{:?}", seen.etcd);
    assert!(reason(&seen.kubeadm).contains("no ConfigMap kube-system/kubeadm-config"), "{:?}", seen.kubeadm);
    assert!(reason(&seen.kubelets).contains("2 of 2 kubelets did not tell their settings"), "{:?}", seen.kubelets);

    // The worker's kubelet would be four minors behind.
    let report = verdict(&seen, "1.37.0");
    assert_eq!(report.verdict, Verdict::Blocked, "{report:#?}");
    let objects: Vec<&str> = report.findings.iter().map(|finding| finding.finding.object.as_str()).collect();
    assert_eq!(objects, ["kubelet on worker"]);
    // And with the window a silent young process is no proof.
    let mut with_window = Request::new("1.36.4".parse().unwrap());
    with_window.weights = Weights::only(&CHECKS);
    let with_window = judge(&seen, &with_window);
    assert_eq!(with_window.verdict, Verdict::Unknown);
    assert_eq!(verdict(&seen, "1.36.4").verdict, Verdict::NoKnownBlockers);
}

#[test]
fn a_writer_of_a_removed_version_is_found_without_marking_the_metric() {
    let plane = plane();
    let env = plane.env();
    let api = Api::admin(env).unwrap();
    let range = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR",
        "metadata": {"name": "extra"}, "spec": {"cidrs": ["198.51.100.0/24"]},
    });
    let path = "/apis/networking.k8s.io/v1/servicecidrs/extra";
    api.apply(path, "new-operator", false, &range).unwrap().expect("the range", &[201]).unwrap();

    let kube = cluster(env, &env.admin_token);
    let before = evidence(&kube);
    assert_eq!(before.stored_uses, Measured::Seen(Vec::new()), "a writer of the new version is none");
    // What we asked for is not in the metric, so a second look is as clean as the first.
    let again = evidence(&kube);
    assert!(removed(&again).is_empty(), "our own look marked the metric: {again:?}");

    let old = "/apis/networking.k8s.io/v1beta1/servicecidrs/extra";
    let label = json!({
        "apiVersion": "networking.k8s.io/v1beta1", "kind": "ServiceCIDR",
        "metadata": {"name": "extra", "labels": {"example.net/owner": "old"}},
    });
    api.apply(old, "old-operator", false, &label).unwrap().expect("the label", &[200]).unwrap();
    let after = evidence(&kube);
    let uses = after.stored_uses.seen().expect("stored uses");
    assert_eq!(uses.iter().map(|used| used.manager.as_str()).collect::<Vec<_>>(), ["old-operator"]);
    assert_eq!(removed(&after), ["servicecidrs"], "the request itself is in the metric");
    let codes: Vec<Value> = verdict(&after, "1.37.0")
        .findings
        .iter()
        .filter(|finding| finding.finding.code.id == "HL4004")
        .map(|finding| json!(finding.finding.object))
        .collect();
    assert_eq!(codes, [json!("servicecidrs extra"), json!("servicecidrs of networking.k8s.io/v1beta1")]);
}

fn removed(evidence: &Evidence) -> Vec<String> {
    assert!(evidence.deprecated_requests.seen().is_some(), "{:?}", evidence.deprecated_requests);
    let metric = evidence.deprecated_requests.seen().expect("the metric");
    let of_ours = metric.requests.iter().filter(|request| request.removed_release == "1.37");
    of_ours.map(|request| request.resource.clone()).collect()
}

#[test]
fn a_metric_that_is_switched_off_proves_nothing_and_a_lonely_old_version_is_not_asked_for() {
    let flags = [
        "--disabled-metrics=apiserver_requested_deprecated_apis",
        "--runtime-config=storagemigration.k8s.io/v1beta1=true",
        "--feature-gates=StorageVersionMigrator=true",
    ];
    let plane = Plane::start(&Options {
        without_vault: true,
        apiserver_args: flags.map(str::to_owned).to_vec(),
        ..Options::default()
    })
    .unwrap();
    let env = plane.env();
    let seen = evidence(&cluster(env, &env.admin_token));
    assert!(reason(&seen.deprecated_requests).contains("does not publish the metric"), "{seen:?}");
    assert_eq!(verdict(&seen, "1.36.4").verdict, Verdict::Unknown);
    let served = Api::admin(env).unwrap().get("/apis/storagemigration.k8s.io/v1beta1").unwrap();
    assert_eq!(served.status, 200, "the old version is served, and no other");
    assert_eq!(seen.stored_uses, Measured::Seen(Vec::new()), "the server's own count says that there are none");
}

#[test]
fn an_identity_that_may_not_look_measures_nothing_and_passes_nothing() {
    let plane = plane();
    let env = plane.env();
    let seen = evidence(&cluster(env, &env.nobody_token));
    for reason in
        [reason(&seen.control_plane), reason(&seen.nodes), reason(&seen.proxies), reason(&seen.deprecated_requests)]
    {
        assert!(reason.contains("forbidden"), "{reason}");
    }
    let control = [reason(&seen.static_pods), reason(&seen.kubeadm), reason(&seen.etcd)];
    let objects = [reason(&seen.pods), reason(&seen.budgets), reason(&seen.webhooks), reason(&seen.kill_switch)];
    for reason in objects.into_iter().chain(control) {
        assert!(reason.starts_with("forbidden: failed to "), "{reason}");
    }
    assert_eq!(verdict(&seen, "1.36.4").verdict, Verdict::Unknown);

    let nowhere = Kube::new(Settings { host: Some("https://127.0.0.1:1".to_owned()), ..Settings::default() });
    let seen = evidence(&nowhere);
    assert!(reason(&seen.nodes).contains("127.0.0.1:1"), "{}", reason(&seen.nodes));
    assert_eq!(verdict(&seen, "1.36.4").verdict, Verdict::Unknown);
}

fn reason<T>(measured: &Measured<T>) -> String {
    assert!(measured.seen().is_none(), "something was seen");
    measured.gap().expect("a reason")
}

#[test]
fn the_control_plane_of_kubeadm_is_seen_with_what_it_runs_with() {
    let plane = plane();
    let env = plane.env();
    let kubeadm = Kubeadm::make(env, "1.36.3").unwrap();
    let front = Front::start(env).unwrap();
    let through = |token: &str| {
        Kube::new(Settings {
            host: Some(front.address()),
            cluster_ca_certificate: Some(front.authority().to_owned()),
            token: Some(SecretString::from(token)),
            ..Settings::default()
        })
    };
    kubeadm.api_server(&["--oidc-issuer-url=https://sso.example.net", "--auth-token=hunter2"]).unwrap();
    kubeadm.configuration("apiServer:\n  extraArgs:\n  - name: auth-token\n    value: hunter2\n").unwrap();
    front.kubelet("worker-1", json!({"staticPodURLHeader": {"Authorization": ["hunter2"]}, "maxPods": 200}));
    let kube = through(&env.admin_token);
    let seen = evidence(&kube);
    let pods = seen.static_pods.seen().expect("static pods");
    let names: Vec<&str> = pods.iter().map(|pod| pod.component.as_str()).collect();
    assert_eq!(names, ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"]);
    assert_eq!(pods[1].flags["oidc-issuer-url"], "https://sso.example.net");
    assert_eq!(seen.kubeadm.seen().expect("kubeadm").api_version, "kubeadm.k8s.io/v1beta4");
    let kubelets = seen.kubelets.seen().expect("kubelets");
    assert_eq!((kubelets.len(), kubelets[1].settings["maxPods"].as_str()), (2, "200"));
    let etcd = seen.etcd.seen().expect("etcd");
    assert_eq!((etcd.members.len(), &etcd.members[0].version), (1, &Measured::Seen("3.6.11".to_owned())));
    assert_eq!(etcd.members[0].healthy, Measured::Seen(true), "the API server says so");
    assert!(etcd.members[0].used_percent.seen().is_some(), "{etcd:?}");
    assert!(!serde_json::to_string(&seen).unwrap().contains("hunter2"), "a secret is in the evidence");

    // One that is away is named, and the others still count.
    front.silence("cp-1");
    let Measured::Partial { seen: told, why } = evidence(&kube).kubelets else { panic!("one is away") };
    assert_eq!(told.len(), 1);
    assert!(why.contains("1 of 2") && why.contains("cp-1") && why.contains("no route to host"), "{why}");

    // Who may list nodes and not ask kubelets hears it once, in the server's words.
    let rbac = "/apis/rbac.authorization.k8s.io/v1";
    let name = json!({"name": "nodes"});
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": name,
        "rules": [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["list"]}]});
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": name,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "nodes"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "viewer"}]});
    for (plural, body) in [("clusterroles", role), ("clusterrolebindings", binding)] {
        kubeadm.api().create(&format!("{rbac}/{plural}"), &body).unwrap().expect(plural, &[201]).unwrap();
    }
    Api::viewer(env).unwrap().until("/api/v1/nodes", |nodes| nodes["items"].is_array()).unwrap();
    let viewer = evidence(&through(&env.viewer_token));
    let told = reason(&viewer.kubelets);
    assert!(matches!(viewer.kubelets, Measured::Forbidden(_)), "{told}");
    assert!(told.contains("cannot get resource \"nodes/proxy\"") && told.contains("cp-1"), "{told}");
    assert!(viewer.static_pods.seen().is_some(), "which takes nothing else away");
}

#[test]
fn a_cluster_of_k3s_has_no_static_pods_and_no_gap() {
    let plane = plane();
    let env = plane.env();
    let api = Api::admin(env).unwrap();
    node(&api, "server", "v1.36.3+k3s1");
    node(&api, "agent", "v1.36.3+k3s1");
    let label = json!({"metadata": {"labels": {"node-role.kubernetes.io/control-plane": "true"}}});
    api.merge("/api/v1/nodes/server", &label).unwrap().expect("label", &[200]).unwrap();
    let seen = evidence(&cluster(env, &env.admin_token));
    let components = seen.control_plane.seen().expect("the control plane");
    let shown: Vec<_> = components.iter().map(|one| (one.kind.name(), one.on.as_str())).collect();
    let server = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"].map(|kind| (kind, "server"));
    assert_eq!(shown, server, "one process is all of them");
    assert_eq!(seen.proxies.seen().expect("proxies").len(), 2);
    for why in [seen.static_pods.omitted(), seen.kubeadm.omitted(), seen.etcd.omitted()] {
        assert_eq!(why, Some("k3s runs its control plane in one process of its own"));
    }
    assert_eq!(verdict(&seen, "1.36.4+k3s1").verdict, Verdict::NoKnownBlockers);
}
