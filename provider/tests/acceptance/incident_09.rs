//! Incident 9: an upgrade that succeeded took sign-in away. Somebody had given the API server structured authentication by
//! hand, in its static pod; kubeadm wrote that anew from its own ConfigMap, which still had the older `--oidc-*` flags.

use homelab_plane::kubeadm::Kubeadm;

use crate::gate_control::{Cluster, write};

const STRUCTURED: &str = "--authentication-config=/etc/kubernetes/auth/config.yaml";
const OIDC: &str = "--oidc-issuer-url=https://sso.example.net/application/o/kubernetes/";

/// The ConfigMap as it was forgotten.
const FORGOTTEN: &str = "apiServer:\n  extraArgs:\n  - name: oidc-issuer-url\n    value: \
                         https://sso.example.net/application/o/kubernetes/\n";
/// The same, told what runs.
const RECONCILED: &str =
    "apiServer:\n  extraArgs:\n  - name: authentication-config\n    value: /etc/kubernetes/auth/config.yaml\n";

/// What `kubeadm upgrade apply` does to the static pod: it is written anew, from the ConfigMap alone.
fn regenerate(kubeadm: &Kubeadm) {
    let written = kubeadm.written().unwrap();
    let values = |key: &'static str| written.lines().filter_map(move |line| line.trim_start().strip_prefix(key));
    let arguments = values("- name: ").zip(values("value: ")).map(|(name, value)| format!("--{name}={value}"));
    let arguments: Vec<String> = arguments.collect();
    kubeadm.api_server(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
}

fn runs(kubeadm: &Kubeadm, argument: &str) -> bool {
    kubeadm.running().unwrap().iter().any(|one| one == argument)
}

const GATE: &str = r#"
resource "homelab_upgrade_gate" "next" {
  target_version        = "1.36.4"
  deprecated_api_window = "0s"
FACTS
}

resource "terraform_data" "upgrade" {
  input      = "kubeadm upgrade apply ${homelab_upgrade_gate.next.target_version}"
  depends_on = [homelab_upgrade_gate.next]
}
"#;

#[test]
fn incident_09_what_kubeadm_would_write_away_is_named_before_the_upgrade() {
    let cluster = Cluster::take();
    let kubeadm = &cluster.kubeadm;
    for work in cluster.folders() {
        // Plainly: all that a script looks at says that the cluster is well, before the upgrade and after it.
        kubeadm.configuration(FORGOTTEN).unwrap();
        kubeadm.api_server(&[STRUCTURED]).unwrap();
        let well = || {
            let nodes = kubeadm.api().list("/api/v1/nodes").unwrap();
            let ready = nodes.iter().all(|node| {
                let conditions = node["status"]["conditions"].as_array().unwrap();
                conditions.iter().any(|one| one["type"] == "Ready" && one["status"] == "True")
            });
            ready && kubeadm.api().get("/readyz").unwrap().status == 200
        };
        assert!(well() && runs(kubeadm, STRUCTURED));
        regenerate(kubeadm);
        assert!(well(), "the upgrade succeeded");
        assert!(!runs(kubeadm, STRUCTURED) && runs(kubeadm, OIDC), "and nobody of the second issuer can sign in");

        // With the gate in front of it the upgrade does not begin.
        kubeadm.api_server(&[STRUCTURED]).unwrap();
        write(&work, GATE);
        let refused = work.run(["apply", "-auto-approve"]).fails_with("HL4303");
        for said in ["--authentication-config", "--oidc-issuer-url", "sign-in breaks", "kube-apiserver on cp-1"] {
            assert!(refused.says(said), "{said}: {refused}");
        }
        assert!(work.state()["values"].is_null(), "the upgrade has not run");

        // Told what runs, kubeadm writes what runs.
        kubeadm.configuration(RECONCILED).unwrap();
        work.ok(["apply", "-auto-approve"]);
        assert!(work.ok(["state", "list"]).says("terraform_data.upgrade"));
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
        regenerate(kubeadm);
        assert!(runs(kubeadm, STRUCTURED) && !runs(kubeadm, OIDC));
        work.ok(["destroy", "-auto-approve"]);
        kubeadm.api_server(&[]).unwrap();
        kubeadm.configuration("").unwrap();
    }
}
