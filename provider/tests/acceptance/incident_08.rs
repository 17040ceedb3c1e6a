//! Incident 8: every night the gate reported a block that nobody could clear: the next release of an add-on was not out. The
//! alert that cried each night was muted, and with it the next one that somebody could have cleared.

use std::path::Path;
use std::process::Command;

use homelab_plane::terraform::Workspace;

use crate::support::folders;

/// A cluster in which nothing is wrong but that no released Kyverno was tested with the next Kubernetes.
fn evidence(work: &Workspace) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/evidence/scenarios/healthy.json");
    let healthy = std::fs::read_to_string(file).unwrap();
    work.write("evidence.json", &healthy.replace("photos:2.4.1", "kyverno/kyverno:v1.18.1"));
}

/// What the older check said each night, in the same words: one ceiling against one target.
const PLAIN: &str = r#"
version=$(sed -n 's|.*kyverno/kyverno:v\([0-9]*\.[0-9]*\).*|\1|p' evidence.json)
case "$version" in 1.18) highest=35 ;; *) exit 3 ;; esac
for night in 1 2 3; do
  if [ "$highest" -lt 36 ]; then echo "k8s_upgrade_blocked 1"; else echo "k8s_upgrade_blocked 0"; fi
done
"#;

const GATE: &str = r#"
resource "homelab_upgrade_gate" "next" {
  target_version = "1.36.2"
  evidence       = "evidence.json"
  on_held        = "record"
  checks {
    addons = "error"
  }
}
"#;

/// The day on which upstream moves, as everybody may write it down before the compiled-in facts do.
const RELEASED: &str = r#"
  fact {
    subject        = "kyverno"
    floor          = "1.20"
    kubernetes_min = "1.34"
    kubernetes_max = "1.37"
    source         = "its compatibility matrix"
    checked_on     = "2026-11-20"
  }
"#;

#[test]
fn incident_08_what_only_upstream_can_clear_is_quiet() {
    for work in folders() {
        evidence(&work);
        let nights = Command::new("sh").args(["-c", PLAIN]).current_dir(work.path()).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&nights.stdout), "k8s_upgrade_blocked 1\n".repeat(3), "{nights:?}");

        // Held is accepted once, and then no plan has anything to say, night after night.
        work.write("main.tf", GATE);
        let applied = work.ok(["apply", "-auto-approve"]);
        assert!(!applied.says("HL4101"), "nobody can act on it: {applied}");
        for _ in 0..3 {
            assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
        }
        let values = &work.state()["values"]["root_module"]["resources"][0]["values"];
        assert_eq!(
            (values["verdict"].as_str(), values["allowed"].as_bool()),
            (Some("held"), Some(false)),
            "{values:#}"
        );
        assert!(values["findings"].to_string().contains("kyverno"), "it is told who is waited for: {values:#}");

        // The night in which somebody can do something is not quiet.
        work.write("main.tf", &GATE.replace("  checks {", &format!("{RELEASED}  checks {{")));
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 2);
        let refused = work.run(["apply", "-auto-approve"]).fails_with("HL4101");
        assert!(refused.says("1.20"), "{refused}");
    }
}
