//! Incident 8: every night the gate reported a block that nobody could clear: the next release of an add-on was not out. The
//! alert that cried each night was muted, and with it the next one that somebody could have cleared.

use std::process::Command;

use serde_json::{Value, json};

use crate::gate_control::{Cluster, today, write};

const PODS: &str = "/api/v1/namespaces/kyverno/pods";

/// What the older check said each night, in the same words: one ceiling against one target.
const PLAIN: &str = r#"
version=$(sed -n 's|.*kyverno/kyverno:v\([0-9]*\.[0-9]*\).*|\1|p' images)
case "$version" in 1.18) highest=35 ;; *) exit 3 ;; esac
for night in 1 2 3; do
  if [ "$highest" -lt 37 ]; then echo "k8s_upgrade_blocked 1"; else echo "k8s_upgrade_blocked 0"; fi
done
"#;

const GATE: &str = r#"
resource "homelab_upgrade_gate" "next" {
  target_version        = "1.37.0"
  deprecated_api_window = "0s"
  on_held               = "record"
FACTS
}
"#;

/// What is known of it, and the day on which upstream moves, as everybody may write it down before the compiled-in facts do.
fn known(floor: &str, highest: &str) -> String {
    let today = today();
    format!(
        "  fact {{\n    subject = \"kyverno\"\n    floor = \"{floor}\"\n    kubernetes_min = \"1.31\"\n    kubernetes_max = \
         \"{highest}\"\n    source = \"its compatibility matrix\"\n    checked_on = \"{today}\"\n  }}\n"
    )
}

/// Runs Kyverno as of a release that was tested with nothing newer than 1.35.
fn kyverno(cluster: &Cluster) {
    let api = cluster.kubeadm.api();
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kyverno"}});
    cluster.create("/api/v1/namespaces", &namespace);
    api.until("/api/v1/namespaces/kyverno/serviceaccounts/default", |account| !account.is_null()).unwrap();
    let labels = json!({"app": "kyverno"});
    let containers = json!([{"name": "kyverno", "image": "registry.example.net/kyverno/kyverno:v1.18.1"}]);
    let set = json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "kyverno"},
        "spec": {"selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}}},
    });
    let path = "/apis/apps/v1/namespaces/kyverno/daemonsets";
    let set = api.create(path, &set).unwrap().expect(path, &[201]).unwrap();
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "kyverno-1", "labels": labels, "ownerReferences": [{
            "apiVersion": "apps/v1", "kind": "DaemonSet", "name": "kyverno", "uid": set["metadata"]["uid"], "controller": true,
        }]},
        "spec": {"nodeName": "worker-1", "terminationGracePeriodSeconds": 0, "automountServiceAccountToken": false,
            "tolerations": [{"operator": "Exists"}], "containers": containers},
    });
    cluster.create(PODS, &pod);
}

#[test]
fn incident_08_what_only_upstream_can_clear_is_quiet() {
    let cluster = Cluster::take();
    kyverno(&cluster);
    let held = known("1.18", "1.35");
    for work in cluster.folders() {
        // Plainly: whoever only compares cries each night.
        let pods = cluster.kubeadm.api().list(PODS).unwrap();
        let images: Vec<&str> = pods.iter().filter_map(|pod| pod["spec"]["containers"][0]["image"].as_str()).collect();
        work.write("images", &images.join("\n"));
        let nights = Command::new("sh").args(["-c", PLAIN]).current_dir(work.path()).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&nights.stdout), "k8s_upgrade_blocked 1\n".repeat(3), "{nights:?}");

        // Held is accepted once, and then no plan has anything to say, night after night.
        write(&work, &GATE.replace("FACTS", &format!("FACTS{held}")));
        let applied = work.ok(["apply", "-auto-approve"]);
        assert!(!applied.says("HL4101"), "nobody can act on it: {applied}");
        for _ in 0..3 {
            assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
        }
        let values = &work.state()["values"]["root_module"]["resources"][0]["values"];
        let verdict = (values["verdict"].as_str(), values["allowed"].as_bool());
        assert_eq!(verdict, (Some("held"), Some(false)), "{values:#}");
        let waited_for = |one: &Value| one["class"] == "WAITING" && one["object"] == "add-on kyverno in kyverno";
        let findings = values["findings"].as_array().unwrap();
        assert!(findings.iter().any(waited_for), "it is told who is waited for: {values:#}");

        // The night in which somebody can do something is not quiet.
        let released = known("1.20", "1.37");
        write(&work, &GATE.replace("FACTS", &format!("FACTS{held}{released}")));
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 2);
        let refused = work.run(["apply", "-auto-approve"]).fails_with("HL4101");
        assert!(refused.says("1.20"), "{refused}");
        work.ok(["destroy", "-auto-approve"]);
    }
    cluster.delete("/apis/apps/v1/namespaces/kyverno/daemonsets/kyverno");
    cluster.kubeadm.api().until_gone(&format!("{PODS}/kyverno-1")).unwrap();
}
