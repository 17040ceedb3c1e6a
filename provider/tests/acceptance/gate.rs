//! `homelab_upgrade_gate`, the resource and the data source, with recorded evidence and against the live plane.

use std::path::Path;

use homelab_plane::terraform::Workspace;

use crate::support::{cases, folders};

fn evidence(work: &Workspace, name: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/evidence").join(name);
    work.write("evidence.json", &std::fs::read_to_string(file).unwrap());
}

const NEXT: &str = r#"
resource "homelab_upgrade_gate" "next" {
  target_version = "1.36.2"
  evidence       = "evidence.json"
}
"#;

#[test]
fn a_gate_lives_from_plan_to_destroy() {
    for work in folders() {
        evidence(&work, "ready.json");
        work.write("main.tf", NEXT);
        work.ok(["plan", "-out=p"]);
        work.ok(["apply", "p"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
        let values = &work.state()["values"]["root_module"]["resources"][0]["values"];
        assert_eq!(values["verdict"], "no_known_blockers", "{values:#}");
        assert_eq!(values["allowed"], true);
        assert_eq!(values["hops"][0], "1.36");

        work.write("main.tf", &NEXT.replace("1.36.2", "1.35.9"));
        let plan = work.ok(["plan", "-out=p"]);
        assert!(plan.says("updated in-place"), "{plan}");
        work.ok(["apply", "p"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);

        work.ok(["state", "rm", "homelab_upgrade_gate.next"]);
        work.ok(["import", "homelab_upgrade_gate.next", "1.35.9"]);
        work.ok(["apply", "-auto-approve"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
        work.ok(["destroy", "-auto-approve"]);
    }
}

#[test]
fn a_verdict_that_turns_shows_in_the_plan_and_stops_the_apply_until_it_is_right() {
    for work in folders() {
        evidence(&work, "ready.json");
        work.write("main.tf", NEXT);
        work.ok(["apply", "-auto-approve"]);

        evidence(&work, "old-kubelet.json");
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 2);
        let refused = work.run(["apply", "-auto-approve"]).fails_with("HL4003");
        assert!(refused.says("worker-1"), "{refused}");
        // The refusal did not make the verdict an accepted one.
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 2);

        evidence(&work, "ready.json");
        work.ok(["apply", "-auto-approve"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

#[test]
fn what_could_not_be_measured_is_unknown_and_no_pass() {
    for work in folders() {
        evidence(&work, "blind-nodes.json");
        work.write("main.tf", NEXT);
        let refused = work.run(["apply", "-auto-approve"]).fails_with("nodes is forbidden");
        assert!(refused.says("HL4901"), "{refused}");
        // A failed create leaves nothing behind that the next plan would have to destroy.
        assert!(work.state()["values"].is_null(), "{:#}", work.state());

        work.write(
            "main.tf",
            r#"
            resource "homelab_upgrade_gate" "next" {
              target_version = "1.36.2"
              evidence       = "evidence.json"
              on_unknown     = "record"
            }
            resource "terraform_data" "upgrade" {
              count = data.homelab_upgrade_gate.now.allowed ? 1 : 0
            }
            data "homelab_upgrade_gate" "now" {
              target_version = "1.36.2"
              evidence       = "evidence.json"
            }
            output "verdicts" {
              value = [homelab_upgrade_gate.next.verdict, data.homelab_upgrade_gate.now.verdict]
            }
            "#,
        );
        work.ok(["apply", "-auto-approve"]);
        let verdicts = &work.json(["output", "-json"])["verdicts"]["value"];
        assert_eq!(verdicts, &serde_json::json!(["unknown", "unknown"]));
        assert!(!work.ok(["state", "list"]).says("terraform_data.upgrade"));
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

#[test]
fn the_live_plane_is_judged_and_a_second_plan_is_empty() {
    for case in cases("gate") {
        case.write(
            "main.tf",
            r#"
            resource "homelab_upgrade_gate" "same" {
              target_version = "1.36.3"
              on_unknown     = "record"
            }
            resource "homelab_upgrade_gate" "back" {
              target_version = "1.35.9"
              on_blocked     = "record"
              on_unknown     = "record"
            }
            "#,
        );
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        let state = case.state();
        let resources = state["values"]["root_module"]["resources"].as_array().unwrap();
        let of = |name: &str| &resources.iter().find(|one| one["name"] == name).unwrap()["values"];
        assert!(of("back")["findings"].to_string().contains("HL4001"), "{:#}", of("back"));
        assert_eq!(of("back")["allowed"], false);
        // The plane has no nodes and a young API server: what is not seen is not passed.
        assert_eq!(of("same")["verdict"], "unknown", "{:#}", of("same"));
    }
}

#[test]
fn a_version_without_a_patch_is_refused_at_the_attribute() {
    for work in folders() {
        work.write("main.tf", "resource \"homelab_upgrade_gate\" \"next\" {\n  target_version = \"1.36\"\n}\n");
        let refused = work.run(["validate"]).fails_with("Not a Kubernetes version");
        assert!(refused.says("target_version = \"1.36\"") && refused.says("1.36.0"), "{refused}");
    }
}

#[test]
fn an_upgrade_waits_behind_a_precondition() {
    for work in folders() {
        evidence(&work, "old-kubelet.json");
        work.write(
            "main.tf",
            &(NEXT.replace("evidence       =", "on_blocked     = \"record\"\n  evidence       =")
                + r#"
                resource "terraform_data" "upgrade" {
                  input = homelab_upgrade_gate.next.target_version
                  lifecycle {
                    precondition {
                      condition     = homelab_upgrade_gate.next.allowed
                      error_message = "not now: ${homelab_upgrade_gate.next.verdict}"
                    }
                  }
                }
                "#),
        );
        // While the verdict is only known after apply, so is the precondition.
        work.ok(["plan"]);
        let _ = work.run(["apply", "-auto-approve"]).fails_with("not now: blocked");
        assert!(!work.ok(["state", "list"]).says("terraform_data.upgrade"));
        evidence(&work, "ready.json");
        work.ok(["apply", "-auto-approve"]);
        assert!(work.ok(["state", "list"]).says("terraform_data.upgrade"));
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}
