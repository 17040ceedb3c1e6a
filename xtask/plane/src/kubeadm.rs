//! A cluster as kubeadm makes it, in real objects: nodes, mirror pods, kube-proxies, kubeadm's own ConfigMap.
//!
//! # Forces
//!
//! The plane has an API server and no kubelets. What kubelets report is written to the API as they would write it; what
//! only they themselves answer (`configz`, through the API server's proxy, which refuses loopback addresses) comes from
//! [`Front`], a way in front of the API server that passes everything else on and lets nobody write.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::relay::{Relay, Reply, Request};
use crate::{Api, Env, Result};

const SYSTEM_PODS: &str = "/api/v1/namespaces/kube-system/pods";
const CONFIG: &str = "/api/v1/namespaces/kube-system/configmaps/kubeadm-config";

/// What kubeadm writes for its API server by itself.
const API_SERVER: [&str; 8] = [
    "--advertise-address=192.0.2.10",
    "--allow-privileged=true",
    "--authorization-mode=Node,RBAC",
    "--client-ca-file=/etc/kubernetes/pki/ca.crt",
    "--enable-admission-plugins=NodeRestriction",
    "--enable-bootstrap-token-auth=true",
    "--etcd-servers=https://127.0.0.1:2379",
    "--service-cluster-ip-range=10.96.0.0/12",
];

/// A cluster of one control plane node, `cp-1`, and one worker, `worker-1`.
#[derive(Debug, Clone)]
pub struct Kubeadm {
    api: Api,
    version: String,
}

impl Kubeadm {
    /// Makes its objects; every component is of that version, such as `1.36.3`. Once per plane: nodes are the whole
    /// cluster's.
    pub fn make(env: &Env, version: &str) -> Result<Self> {
        let cluster = Self { api: Api::admin(env)?, version: version.to_owned() };
        // Pods need the service account that the controller manager makes.
        cluster.api.until("/api/v1/namespaces/kube-system/serviceaccounts/default", |account| !account.is_null())?;
        let image = format!("registry.example.net/kube-proxy:v{version}");
        let labels = json!({"k8s-app": "kube-proxy"});
        let spec = json!({
            "automountServiceAccountToken": false, "tolerations": [{"operator": "Exists"}],
            "containers": [{"name": "kube-proxy", "image": image}],
        });
        let proxies = json!({
            "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "kube-proxy", "namespace": "kube-system"},
            "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}},
        });
        // A real one: pods whose owner is not there are collected.
        let path = "/apis/apps/v1/namespaces/kube-system/daemonsets";
        let proxies = cluster.api.create(path, &proxies)?.expect("kube-proxy", &[201])?;
        for node in ["cp-1", "worker-1"] {
            cluster.node(node)?;
            let mut pod = json!({
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": format!("kube-proxy-{node}"), "labels": labels, "ownerReferences": [{
                    "apiVersion": "apps/v1", "kind": "DaemonSet", "name": "kube-proxy", "controller": true,
                    "uid": proxies["metadata"]["uid"],
                }]},
                "spec": spec,
            });
            pod["spec"]["nodeName"] = json!(node);
            cluster.api.create(SYSTEM_PODS, &pod)?.expect("kube-proxy", &[201])?;
        }
        cluster.api_server(&[])?;
        let tag = format!("v{version}");
        cluster.component("kube-controller-manager", &tag, &["--bind-address=127.0.0.1", "--leader-elect=true"])?;
        cluster.component("kube-scheduler", &tag, &["--bind-address=127.0.0.1", "--leader-elect=true"])?;
        cluster.component("etcd", "3.6.11-0", &["--name=cp-1", "--data-dir=/var/lib/etcd"])?;
        cluster.configuration("")?;
        let dns = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "coredns", "namespace": "kube-system"},
            "spec": {"replicas": 2, "selector": {"matchLabels": {"k8s-app": "kube-dns"}}, "template": {
                "metadata": {"labels": {"k8s-app": "kube-dns"}},
                "spec": {"containers": [{"name": "coredns", "image": "registry.example.net/coredns:v1.12.1"}]}}},
        });
        cluster.api.create("/apis/apps/v1/namespaces/kube-system/deployments", &dns)?.expect("coredns", &[201])?;
        Ok(cluster)
    }

    /// The API, as its administrator.
    pub fn api(&self) -> &Api {
        &self.api
    }

    fn node(&self, name: &str) -> Result<()> {
        let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}});
        self.api.create("/api/v1/nodes", &node)?.expect("node", &[201])?;
        self.node_status(name, &json!({"nodeInfo": {
            "kubeletVersion": format!("v{}", self.version), "kubeProxyVersion": "", "architecture": "amd64", "bootID": "1",
            "containerRuntimeVersion": "containerd://2.3.1", "kernelVersion": "6.12.48+deb13-amd64", "machineID": "1",
            "operatingSystem": "linux", "osImage": "Debian", "systemUUID": "1",
        }}))?;
        self.ready(name, "True")
    }

    /// Changes the status of a node, as its kubelet would.
    pub fn node_status(&self, name: &str, status: &Value) -> Result<()> {
        let path = format!("/api/v1/nodes/{name}/status");
        self.api.merge(&path, &json!({ "status": status }))?.expect("node status", &[200]).map(drop)
    }

    /// Says since long ago that a node is ready (`True`), or not (`False`, `Unknown`).
    pub fn ready(&self, name: &str, status: &str) -> Result<()> {
        self.node_status(name, &json!({"conditions": [
            {"type": "Ready", "status": status, "reason": "Told", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}))
    }

    /// The API server's static pod, with what kubeadm writes by itself and those arguments besides.
    pub fn api_server(&self, more: &[&str]) -> Result<()> {
        let arguments: Vec<&str> = API_SERVER.iter().chain(more).copied().collect();
        self.component("kube-apiserver", &format!("v{}", self.version), &arguments)
    }

    /// The mirror pod of a component, in place of the one that is there.
    pub fn component(&self, name: &str, tag: &str, arguments: &[&str]) -> Result<()> {
        let path = format!("{SYSTEM_PODS}/{name}-cp-1");
        // As a kubelet does: a mirror pod is never changed.
        self.api.delete(&path)?.expect("the mirror pod before", &[200, 404])?;
        self.api.until_gone(&path)?;
        let command: Vec<&str> = [name].into_iter().chain(arguments.iter().copied()).collect();
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": format!("{name}-cp-1"), "labels": {"component": name, "tier": "control-plane"},
                "annotations": {
                    "kubernetes.io/config.mirror": "0", "kubernetes.io/config.source": "file",
                    "kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint": "192.0.2.10:6443",
                },
            },
            "spec": {"nodeName": "cp-1", "hostNetwork": true, "terminationGracePeriodSeconds": 0, "tolerations": [{"operator": "Exists"}],
                "containers": [{"name": name, "image": format!("registry.example.net/{name}:{tag}"), "command": command}]},
        });
        self.api.create(SYSTEM_PODS, &pod)?.expect("mirror pod", &[201]).map(drop)
    }

    /// kubeadm's configuration of the cluster, with those lines of YAML besides (`apiServer: …`).
    pub fn configuration(&self, more: &str) -> Result<()> {
        let text = format!(
            "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: v{}\nnetworking:\n  \
             serviceSubnet: 10.96.0.0/12\n{more}",
            self.version
        );
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kubeadm-config"},
            "data": {"ClusterConfiguration": text}});
        self.api.apply(CONFIG, "kubeadm", true, &map)?.expect("kubeadm-config", &[200, 201]).map(drop)
    }

    /// kubeadm's configuration as it is written.
    pub fn written(&self) -> Result<String> {
        let map = self.api.get(CONFIG)?.expect("kubeadm-config", &[200])?;
        Ok(map["data"]["ClusterConfiguration"].as_str().unwrap_or_default().to_owned())
    }

    /// The arguments of the API server's static pod.
    pub fn running(&self) -> Result<Vec<String>> {
        let pod = self.api.get(&format!("{SYSTEM_PODS}/kube-apiserver-cp-1"))?.expect("mirror pod", &[200])?;
        let command = pod["spec"]["containers"][0]["command"].as_array().cloned().unwrap_or_default();
        Ok(command.iter().skip(1).filter_map(Value::as_str).map(str::to_owned).collect())
    }
}

type Settings = Arc<Mutex<BTreeMap<String, Value>>>;

/// A way in front of the API server that answers for kubelets. Dropping it ends it.
#[derive(Debug)]
pub struct Front {
    relay: Relay,
    authority: String,
    settings: Settings,
}

impl Front {
    /// In front of that plane, with ordinary kubelets on both nodes of [`Kubeadm`].
    pub fn start(env: &Env) -> Result<Self> {
        let settings: Settings = Arc::default();
        let (asked, env) = (Arc::clone(&settings), env.clone());
        let (relay, authority) = Relay::over_tls("127.0.0.1:0", move |request| answer(&env, &asked, request))?;
        let front = Self { relay, authority, settings };
        for node in ["cp-1", "worker-1"] {
            front.kubelet(node, json!({"maxPods": 110, "featureGates": {"KubeletPSI": true}}));
        }
        Ok(front)
    }

    /// From here on the kubelet of that node runs with these settings.
    pub fn kubelet(&self, node: &str, settings: Value) {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner).insert(node.to_owned(), settings);
    }

    /// From here on the kubelet of that node does not answer.
    pub fn silence(&self, node: &str) {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner).remove(node);
    }

    /// Its address, `https://127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        self.relay.address()
    }

    /// The authority of its certificate, as PEM.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// What the provider and the command line need in their environment to go through here as that user.
    pub fn variables(&self, token: &str) -> [(&'static str, String); 3] {
        [
            ("KUBE_HOST", self.address()),
            ("KUBE_CLUSTER_CA_CERT_DATA", self.authority.clone()),
            ("KUBE_TOKEN", token.to_owned()),
        ]
    }
}

fn answer(env: &Env, settings: &Mutex<BTreeMap<String, Value>>, request: &Request) -> Reply {
    let failed = |status: u16, words: &str| Reply::json(status, &json!({"kind": "Status", "message": words}));
    let node = request.path.strip_prefix("/api/v1/nodes/").and_then(|rest| rest.strip_suffix("/proxy/configz"));
    let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if let Some(node) = node.filter(|_| token == env.admin_token) {
        let settings = settings.lock().unwrap_or_else(PoisonError::into_inner);
        return match settings.get(node) {
            Some(settings) => Reply::json(200, &json!({ "kubeletconfig": settings })),
            None => failed(503, "error trying to reach service: dial tcp 192.0.2.10:10250: connect: no route to host"),
        };
    }
    if request.method != "GET" {
        return failed(405, "a gate only looks");
    }
    match Api::with_token(env, token).and_then(|api| api.get(&request.path)) {
        Ok(answer) => {
            let body = match answer.body {
                Value::String(text) => text,
                Value::Null => String::new(),
                other => other.to_string(),
            };
            Reply::Answer { status: answer.status, headers: Vec::new(), body }
        }
        Err(error) => failed(502, &error.to_string()),
    }
}
