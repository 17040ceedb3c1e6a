//! The gate on a cluster that stands as kubeadm leaves it, in real objects, with nothing asked for but a target.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use homelab_core::gate::Day;
use homelab_plane::kubeadm::{Front, Kubeadm};
use homelab_plane::plane::Options;
use homelab_plane::terraform::Workspace;
use homelab_plane::{Api, Env, Plane};
use serde_json::{Value, json};

use crate::support::folders;

/// A cluster of our own: nodes are the whole cluster's, and whoever changes them waits for the others.
pub(crate) struct Cluster {
    plane: Plane,
    pub(crate) kubeadm: Kubeadm,
    pub(crate) front: Front,
}

impl Cluster {
    /// The one that all tests here share, for one test at a time.
    pub(crate) fn take() -> MutexGuard<'static, Self> {
        static CLUSTER: OnceLock<Mutex<Cluster>> = OnceLock::new();
        let start = || {
            let plane = Plane::start(&Options { without_vault: true, ..Options::default() }).unwrap();
            let kubeadm = Kubeadm::make(plane.env(), "1.36.3").unwrap();
            until_leased(kubeadm.api());
            let front = Front::start(plane.env()).unwrap();
            Mutex::new(Self { plane, kubeadm, front })
        };
        CLUSTER.get_or_init(start).lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn env(&self) -> &Env {
        self.plane.env()
    }

    /// A folder for each command line, which leads here.
    pub(crate) fn folders(&self) -> impl Iterator<Item = Workspace> {
        folders().inspect(|_| ()).map(|mut work| {
            for (name, value) in self.front.variables(&self.env().admin_token) {
                work.env(name, value);
            }
            work
        })
    }

    pub(crate) fn delete(&self, path: &str) {
        self.kubeadm.api().delete(path).unwrap().expect(path, &[200]).unwrap();
        self.kubeadm.api().until_gone(path).unwrap();
    }

    pub(crate) fn create(&self, path: &str, body: &Value) {
        self.kubeadm.api().create(path, body).unwrap().expect(path, &[201]).unwrap();
    }
}

/// Waits until the API server has its lease, which it takes a moment after it is ready: by these the gate counts them.
pub(crate) fn until_leased(api: &Api) {
    let leases = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases\
                  ?labelSelector=apiserver.kubernetes.io%2Fidentity%3Dkube-apiserver";
    api.until(leases, |seen| seen["items"].as_array().is_some_and(|all| !all.is_empty())).unwrap();
}

/// The day on which the facts of a test were read: facts age, and tests do not.
pub(crate) fn today() -> Day {
    let today = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 86_400;
    Day::of_unix(today.try_into().unwrap())
}

/// What is known about the runtime and the kernel of these nodes, as of today.
pub(crate) fn facts() -> String {
    let today = today();
    let fact = |subject: &str, floor: &str, kind: &str, max: &str| {
        format!(
            "  fact {{\n    subject = {subject:?}\n    floor = {floor:?}\n    kind = {kind:?}\n    {max}\n    source = \
             \"a test\"\n    checked_on = \"{today}\"\n  }}\n"
        )
    };
    fact("containerd", "2.0", "refuses", "")
        + &fact("containerd", "2.3", "untested", "kubernetes_max = \"1.37\"")
        + &fact("kernel", "6.0", "untested", "")
}

/// Its API server has just started, which is another test's subject.
const NEXT: &str = r#"
resource "homelab_upgrade_gate" "next" {
  target_version        = "1.36.4"
  deprecated_api_window = "0s"
FACTS
}
"#;

/// The gate as a data source, which says what it sees at each plan.
const NOW: &str = r#"
data "homelab_upgrade_gate" "now" {
  target_version        = "1.37.0"
  deprecated_api_window = "0s"
FACTS
}
output "verdict" {
  value = data.homelab_upgrade_gate.now.verdict
}
output "findings" {
  value = [for one in data.homelab_upgrade_gate.now.findings : "${one.code} ${one.object}: ${one.observed}"]
}
output "coverage" {
  value = { for one in data.homelab_upgrade_gate.now.coverage : one.check => "${one.state}: ${one.detail}" }
}
"#;

/// Writes a configuration with the facts in their place.
pub(crate) fn write(work: &Workspace, text: &str) {
    work.write("main.tf", &text.replace("FACTS", &facts()));
}

fn now(work: &Workspace) -> Value {
    work.ok(["apply", "-auto-approve"]);
    let outputs = work.json(["output", "-json"]);
    json!({
        "verdict": outputs["verdict"]["value"],
        "findings": outputs["findings"]["value"],
        "coverage": outputs["coverage"]["value"],
    })
}

#[test]
fn a_healthy_cluster_of_kubeadm_has_no_known_blockers_and_a_second_plan_is_empty() {
    let cluster = Cluster::take();
    for work in cluster.folders() {
        write(&work, NEXT);
        work.ok(["apply", "-auto-approve"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
        let values = &work.state()["values"]["root_module"]["resources"][0]["values"];
        assert_eq!(values["verdict"], "no_known_blockers", "{values:#}");
        assert_eq!(values["findings"], json!([]), "{values:#}");
        let coverage = values["coverage"].as_array().unwrap();
        let state = |check: &str| coverage.iter().find(|one| one["check"] == check).unwrap();
        for check in ["crds", "addons", "nodes", "runtime", "control_plane", "etcd", "drain", "webhooks", "kill_switch"]
        {
            assert_eq!(state(check)["state"], "measured", "{:#}", state(check));
        }
        // What nobody declared a source for is said, and is no gap.
        assert!(
            state("control_plane")["detail"].as_str().unwrap().contains("the folders of static pods: only the hosts")
        );
        assert!(state("etcd")["detail"].as_str().unwrap().contains("the snapshot of etcd: only the hosts"));
        for check in ["manifests", "hosts", "certificates", "survival", "alerts"] {
            assert_eq!(state(check)["state"], "off", "{:#}", state(check));
        }
        work.ok(["destroy", "-auto-approve"]);
    }
}

#[test]
fn what_stands_in_the_way_of_an_upgrade_is_found_in_real_objects() {
    let cluster = Cluster::take();
    let (kubeadm, front) = (&cluster.kubeadm, &cluster.front);
    let hooks = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
    let budgets = "/apis/policy/v1/namespaces/kube-system/poddisruptionbudgets";
    let work = cluster.folders().next().unwrap();
    write(&work, NOW);
    let healthy = now(&work);
    assert_eq!(healthy["verdict"], "no_known_blockers", "{healthy:#}");
    let shows = |verdict: &str, said: &str| {
        let seen = now(&work);
        assert_eq!(seen["verdict"], verdict, "{said}: {seen:#}");
        assert!(
            seen["findings"].to_string().contains(said) || seen["coverage"].to_string().contains(said),
            "{said}: {seen:#}"
        );
    };

    // A feature gate that 1.37 does not know, in a static pod and in a kubelet.
    kubeadm.api_server(&["--feature-gates=SidecarContainers=true"]).unwrap();
    kubeadm
        .configuration("apiServer:\n  extraArgs:\n  - name: feature-gates\n    value: SidecarContainers=true\n")
        .unwrap();
    shows("blocked", "kube-apiserver on cp-1: It sets the feature gate SidecarContainers.");
    kubeadm.api_server(&[]).unwrap();
    shows("blocked", "ConfigMap kube-system/kubeadm-config, kube-apiserver: It sets the feature gate");
    kubeadm.configuration("").unwrap();
    front.kubelet("worker-1", json!({"maxPods": 200, "featureGates": {"SidecarContainers": true}}));
    shows("blocked", "kubelet on worker-1: It sets the feature gate SidecarContainers.");
    // A kubelet that does not answer may run with anything.
    front.silence("worker-1");
    shows("unknown", "1 of 2 kubelets did not tell their settings: worker-1");
    front.kubelet("worker-1", json!({"maxPods": 110}));

    // etcd that 1.37 does not go on from.
    kubeadm.component("etcd", "3.5.9-0", &["--name=cp-1"]).unwrap();
    shows("blocked", "etcd member cp-1: It runs 3.5.9.");
    kubeadm.component("etcd", "3.6.11-0", &["--name=cp-1"]).unwrap();

    // A node that is away.
    kubeadm.ready("worker-1", "Unknown").unwrap();
    shows("blocked", "node worker-1: Its Ready condition is Unknown.");
    kubeadm.ready("worker-1", "True").unwrap();

    // A webhook that fails closed, with nobody behind it, for objects that nobody writes here.
    let hook = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "dead"},
        "webhooks": [{"name": "dead.example.net", "admissionReviewVersions": ["v1"], "sideEffects": "None", "failurePolicy": "Fail",
            "rules": [{"apiGroups": ["example.net"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["things"]}],
            "clientConfig": {"service": {"namespace": "kube-system", "name": "nobody"}}}],
    });
    cluster.create(hooks, &hook);
    shows("blocked", "Service kube-system/nobody has no ready endpoint.");
    cluster.delete(&format!("{hooks}/dead"));

    // Objects that may be stored in a version that is gone.
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "things.example.net"},
        "spec": {"group": "example.net", "scope": "Cluster", "names": {"kind": "Thing", "plural": "things"}, "versions": [
            {"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}}},
            {"name": "v1beta1", "served": true, "storage": false, "schema": {"openAPIV3Schema": {"type": "object"}}}]},
    });
    kubeadm.api().define(&definition).unwrap();
    kubeadm.api().serve_versions("things.example.net", &["v1", "v1beta1"], "v1beta1").unwrap();
    kubeadm.api().serve_versions("things.example.net", &["v1beta1"], "v1beta1").unwrap();
    shows("blocked", "CustomResourceDefinition things.example.net: Objects may be stored as v1.");
    cluster.delete("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.example.net");

    // A budget without room is listed, and decides nothing by itself.
    let budget = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "dns"},
        "spec": {"minAvailable": 2, "selector": {"matchLabels": {"k8s-app": "kube-dns"}}}});
    cluster.create(budgets, &budget);
    let status = json!({"status": {"observedGeneration": 1, "expectedPods": 2, "currentHealthy": 2, "desiredHealthy": 2,
        "disruptionsAllowed": 0}});
    kubeadm.api().merge(&format!("{budgets}/dns/status"), &status).unwrap().expect("status", &[200]).unwrap();
    shows("no_known_blockers", "PodDisruptionBudget kube-system/dns: It lets none of its pods go now.");
    cluster.delete(&format!("{budgets}/dns"));

    // Somebody says no.
    cluster.create(
        "/api/v1/namespaces",
        &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "k8s-upgrade"}}),
    );
    let switch = "/api/v1/namespaces/k8s-upgrade/configmaps";
    cluster.create(
        switch,
        &json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "k8s-upgrade-killswitch"}, "data": {"reason": "holidays"}}),
    );
    shows("held", "It is on: holidays");
    cluster.delete(&format!("{switch}/k8s-upgrade-killswitch"));
    let again = now(&work);
    assert_eq!(again, healthy, "all of it is cleared");
}

#[test]
fn an_identity_that_may_not_look_passes_nothing() {
    let cluster = Cluster::take();
    let mut work = cluster.folders().next().unwrap();
    work.env("KUBE_TOKEN", &cluster.env().nobody_token);
    write(&work, NEXT);
    let refused = work.run(["apply", "-auto-approve"]).fails_with("HL4901");
    assert!(refused.says("cannot list resource \"nodes\"") || refused.says("is forbidden"), "{refused}");
}

#[test]
fn manifests_of_helm_and_of_a_folder_are_looked_through() {
    const WITH: &str = r#"
    data "homelab_upgrade_gate" "now" {
      target_version        = "1.37.0"
      deprecated_api_window = "0s"
      FACTS
      manifests {
        helm   = true
        folder = "k8s"
      }
    }
    output "verdict" {
      value = data.homelab_upgrade_gate.now.verdict
    }
    output "findings" {
      value = [for one in data.homelab_upgrade_gate.now.findings : "${one.code} ${one.object}"]
    }
    output "coverage" {
      value = { for one in data.homelab_upgrade_gate.now.coverage : one.check => one.detail }
    }
    "#;
    let cluster = Cluster::take();
    let secrets = "/api/v1/namespaces/kube-system/secrets";
    // As Helm stored releases before it packed them, which it reads to this day.
    let release = |revision: u32, status: &str, version: &str| {
        let manifest =
            format!("apiVersion: networking.k8s.io/{version}\nkind: ServiceCIDR\nmetadata:\n  name: extra\n");
        let release = json!({"name": "ranges", "manifest": manifest, "config": {"password": "hunter2-of-helm"}});
        let body = json!({
            "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
            "metadata": {"name": format!("sh.helm.release.v1.ranges.v{revision}"),
                "labels": {"owner": "helm", "name": "ranges", "status": status, "version": revision.to_string()}},
            "stringData": {"release": base64(release.to_string().as_bytes())},
        });
        cluster.create(secrets, &body);
    };
    let used = "HL4004 ServiceCIDR extra in Helm release kube-system/ranges";
    for work in cluster.folders() {
        write(&work, WITH);
        work.write("k8s/apps/photos.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: photos}\n");
        release(1, "superseded", "v1beta1");
        release(2, "deployed", "v1");
        let seen = now(&work);
        assert_eq!((&seen["verdict"], &seen["findings"]), (&json!("no_known_blockers"), &json!([])), "{seen:#}");

        release(3, "deployed", "v1beta1");
        work.write(
            "k8s/range.yaml",
            "apiVersion: networking.k8s.io/v1beta1\nkind: ServiceCIDR\nmetadata: {name: mine}\n",
        );
        let seen = now(&work);
        assert_eq!(seen["verdict"], "blocked", "{seen:#}");
        assert_eq!(seen["findings"], json!([used, "HL4004 ServiceCIDR mine in range.yaml"]));

        // A template that is not rendered says nothing, and is not taken for nothing.
        work.write("k8s/range.yaml", "{{ if .Values.range }}\napiVersion: networking.k8s.io/v1beta1\n{{ end }}\n");
        let seen = now(&work);
        assert_eq!(seen["verdict"], "unknown", "{seen:#}");
        assert!(seen["coverage"]["manifests"].as_str().unwrap().contains("range.yaml: it cannot be read as YAML"));
        let state = work.read("terraform.tfstate");
        assert!(!state.contains("hunter2-of-helm"), "a value of a release left the memory");
        for revision in 1..=3 {
            cluster.delete(&format!("{secrets}/sh.helm.release.v1.ranges.v{revision}"));
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
