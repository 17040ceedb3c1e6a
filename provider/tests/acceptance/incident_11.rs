//! Incident 11: the chain asked kubeadm what to upgrade to without naming a version. A kubeadm of the running release
//! falls back to the newest of its own line when it is not told, so that every minor upgrade was aborted, and patches passed.

use std::process::Command;

use crate::gate_control::{Cluster, write};

/// The older detector: what it wants, what a tool of the running line proposes by itself, and what comes of that.
const PLAIN: &str = r#"
wanted=1.37.0
proposed=$(printf '%s\n' 1.35.9 1.36.3 1.36.7 1.37.0 | grep "^${running%.*}\." | sort -V | tail -n 1)
if [ "$proposed" = "$wanted" ]; then echo "go to $wanted"; else echo "abort: $proposed is proposed"; fi
"#;

#[test]
fn incident_11_a_target_is_named_and_judged_as_it_is() {
    let cluster = Cluster::take();
    for work in cluster.folders() {
        let node = cluster.kubeadm.api().get("/api/v1/nodes/cp-1").unwrap().body;
        let running = node["status"]["nodeInfo"]["kubeletVersion"].as_str().unwrap().trim_start_matches('v').to_owned();
        let plain = Command::new("sh").args(["-c", PLAIN]).env("running", &running).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&plain.stdout), "abort: 1.36.7 is proposed\n", "{running}");

        let gate = |target: &str| {
            format!(
                "resource \"homelab_upgrade_gate\" \"next\" {{\n{target}  deprecated_api_window = \"0s\"\n  on_blocked = \
                 \"record\"\n  on_held = \"record\"\n  on_unknown = \"record\"\nFACTS}}\n"
            )
        };
        // There is no default to fall back to, and no half of a version to be completed by somebody.
        write(&work, &gate(""));
        let refused = work.run(["validate"]).fails_with("Missing required argument");
        assert!(refused.says("target_version"), "{refused}");
        write(&work, &gate("  target_version = \"1.37\"\n"));
        let _ = work.run(["validate"]).fails_with("Not a Kubernetes version");

        let judged = |target: &str| {
            write(&work, &gate(&format!("  target_version = \"{target}\"\n")));
            work.ok(["apply", "-auto-approve"]);
            work.state()["values"]["root_module"]["resources"][0]["values"].clone()
        };
        let minor = judged("1.37.0");
        assert_eq!(minor["verdict"], "no_known_blockers", "{minor:#}");
        assert_eq!(minor["hops"], serde_json::json!(["1.37"]));
        assert!(minor["plan"].to_string().contains("Upgrade Kubernetes to 1.37.0."), "{minor:#}");
        // A patch of the running line is another question, and gets an answer of its own.
        let patch = judged("1.36.7");
        assert_eq!(
            (&patch["verdict"], &patch["hops"]),
            (&"no_known_blockers".into(), &serde_json::json!([])),
            "{patch:#}"
        );
        // And two minors are two hops, which are named, not shortened to the one that a tool happens to know.
        let far = judged("1.38.0");
        assert_eq!(far["hops"], serde_json::json!(["1.37", "1.38"]), "{far:#}");
        assert!(far["findings"].to_string().contains("HL4002"), "{far:#}");
        work.ok(["destroy", "-auto-approve"]);
    }
}
