//! Incident 11: the chain asked kubeadm what to upgrade to without naming a version. A kubeadm of the running release
//! falls back to the newest of its own line when it is not told, so that every minor upgrade was aborted, and patches passed.

use std::path::Path;
use std::process::Command;

use crate::support::folders;

/// The older detector: what it wants, what a tool of the running line proposes by itself, and what comes of that.
const PLAIN: &str = r#"
running=1.35.4
wanted=1.36.2
proposed=$(printf '%s\n' 1.34.9 1.35.4 1.35.7 1.36.0 1.36.2 | grep "^${running%.*}\." | sort -V | tail -n 1)
if [ "$proposed" = "$wanted" ]; then echo "go to $wanted"; else echo "abort: $proposed is proposed"; fi
"#;

#[test]
fn incident_11_a_target_is_named_and_judged_as_it_is() {
    for work in folders() {
        let plain = Command::new("sh").args(["-c", PLAIN]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&plain.stdout), "abort: 1.35.7 is proposed\n");

        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/evidence/scenarios/healthy.json");
        work.write("evidence.json", &std::fs::read_to_string(file).unwrap());
        let gate = |target: &str| {
            format!(
                "resource \"homelab_upgrade_gate\" \"next\" {{\n{target}  evidence = \"evidence.json\"\n  on_blocked = \
                 \"record\"\n  on_held = \"record\"\n  on_unknown = \"record\"\n}}\n"
            )
        };
        // There is no default to fall back to, and no half of a version to be completed by somebody.
        work.write("main.tf", &gate(""));
        let refused = work.run(["validate"]).fails_with("Missing required argument");
        assert!(refused.says("target_version"), "{refused}");
        work.write("main.tf", &gate("  target_version = \"1.36\"\n"));
        let _ = work.run(["validate"]).fails_with("Not a Kubernetes version");

        let judged = |target: &str| {
            work.write("main.tf", &gate(&format!("  target_version = \"{target}\"\n")));
            work.ok(["apply", "-auto-approve"]);
            work.state()["values"]["root_module"]["resources"][0]["values"].clone()
        };
        let minor = judged("1.36.2");
        assert_eq!(minor["verdict"], "no_known_blockers", "{minor:#}");
        assert_eq!(minor["hops"], serde_json::json!(["1.36"]));
        assert!(minor["plan"].to_string().contains("Upgrade Kubernetes to 1.36.2."), "{minor:#}");
        // A patch of the running line is another question, and gets an answer of its own.
        let patch = judged("1.35.7");
        assert_eq!((&patch["verdict"], &patch["hops"]), (&"no_known_blockers".into(), &serde_json::json!([])));
        // And two minors are two hops, which are named, not shortened to the one that a tool happens to know.
        let far = judged("1.37.0");
        assert_eq!(far["hops"], serde_json::json!(["1.36", "1.37"]), "{far:#}");
        assert!(far["findings"].to_string().contains("HL4002"), "{far:#}");
    }
}
