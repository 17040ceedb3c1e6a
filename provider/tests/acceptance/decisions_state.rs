//! `decisions.md`, "State and failure": lines 1 to 5, on the real Terraform.

use crate::gate_control::until_leased;
use crate::ingress::{PHOTOS, uid, with_references};
use crate::origin::Origin;
use crate::probe::photos_with_probe;
use crate::secret::{PHOTOS_DB, operator_with_password};
use crate::support::{Case, cases};

/// A failed create leaves no state that would be tainted; the next create adopts what the failed one made.
#[test]
fn decision_01_a_failed_create_leaves_no_state_and_the_next_one_adopts() {
    for case in cases("decision01") {
        with_references(&case);
        case.write("main.tf", PHOTOS);
        // The dry run passes, and the second object is refused when it is written.
        let second = "object.metadata.name != 'photos-share' || (has(request.dryRun) && request.dryRun)";
        case.admit_only(second, "no share links on Sundays");
        case.ok(["plan", "-out=p"]);
        let failed = case.run(["apply", "p"]).fails_with("no share links on Sundays");
        assert!(failed.says("Written before that, and kept: Ingress photos"), "{failed}");
        let made = case.live("ingresses/photos");
        assert!(!made.is_null());
        assert!(case.state()["values"].is_null(), "{:#}", case.state());

        case.admit_all();
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("1 to add, 0 to change, 0 to destroy"), "{plan}");
        case.ok(["apply", "p"]);
        assert_eq!(uid(&case.live("ingresses/photos")), uid(&made));
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

/// `-replace`, `taint` and `create_before_destroy` go through the same object, and it survives them.
#[test]
fn decision_02_a_replacement_in_place_does_not_delete_the_adopted_object() {
    for case in cases("decision02") {
        with_references(&case);
        if !operator_with_password(&case) {
            continue;
        }
        case.write("main.tf", PHOTOS);
        case.write("secret.tf", PHOTOS_DB);
        case.ok(["apply", "-auto-approve"]);
        let ids = |case: &Case| {
            ["ingresses/photos", "ingresses/photos-share", "externalsecrets/photos-db"]
                .map(|object| uid(&case.live(object)).to_owned())
        };
        let before = ids(&case);

        case.ok([
            "apply",
            "-auto-approve",
            "-replace=homelab_ingress.photos",
            "-replace=homelab_external_secret.photos_db",
        ]);
        assert_eq!(ids(&case), before);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);

        case.ok(["taint", "homelab_ingress.photos"]);
        case.ok(["taint", "homelab_external_secret.photos_db"]);
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(ids(&case), before);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);

        let first = "  lifecycle {\n    create_before_destroy = true\n  }\n  namespace";
        case.write("main.tf", &PHOTOS.replace("  namespace", first));
        case.write("secret.tf", &PHOTOS_DB.replace("  namespace", first));
        case.ok([
            "apply",
            "-auto-approve",
            "-replace=homelab_ingress.photos",
            "-replace=homelab_external_secret.photos_db",
        ]);
        assert_eq!(ids(&case), before);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        // And a real destroy is one.
        case.ok(["destroy", "-auto-approve"]);
        assert!(case.live("ingresses/photos").is_null() && case.live("ingresses/photos-share").is_null());
    }
}

/// Reading what did not change changes nothing, not even notes.
#[test]
fn decision_03_refresh_only_of_unchanged_resources_exits_0() {
    for case in cases("decision03") {
        until_leased(&case.api);
        let origin = Origin::serve();
        with_references(&case);
        if !operator_with_password(&case) {
            continue;
        }
        case.write("main.tf", PHOTOS);
        case.write("secret.tf", PHOTOS_DB);
        case.write(
            "others.tf",
            &r#"
            resource "homelab_upgrade_gate" "next" {
              target_version = "1.36.3"
              on_unknown     = "record"
            }
            resource "homelab_carveout_probe" "share" {
              connect_to    = "ORIGIN"
              allow_private = true
              samples       = 1
              target "share" {
                url    = "http://photos.example.net/share"
                expect = "public"
              }
            }
            "#
            .replace("ORIGIN", &origin.address()),
        );
        case.ok(["apply", "-auto-approve"]);
        let refreshed = case.run(["plan", "-refresh-only", "-detailed-exitcode"]);
        assert_eq!(refreshed.code, 0, "{refreshed}");
        let before = case.read("terraform.tfstate");
        case.ok(["apply", "-refresh-only", "-auto-approve"]);
        assert_eq!(case.read("terraform.tfstate"), before);
    }
}

/// An outage never looks like "no drift"; what is only to be created is planned all the same.
#[test]
fn decision_04_without_a_cluster_existing_objects_are_an_error_and_creates_are_planned() {
    for mut case in cases("decision04") {
        with_references(&case);
        if !operator_with_password(&case) {
            continue;
        }
        case.write("main.tf", PHOTOS);
        case.write("secret.tf", PHOTOS_DB);
        let kubeconfig = case.env.kubeconfig_for("admin", &case.env.admin_token);
        case.write("gone.kubeconfig", &kubeconfig.replace(&case.env.api_server, "https://127.0.0.1:9"));

        // Nothing in state: the plan is complete, and says what it did not check.
        case.env("KUBECONFIG", "gone.kubeconfig");
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("2 to add") && plan.says("Not checked") && plan.says("127.0.0.1:9"), "{plan}");

        let back = case.env.kubeconfig.clone();
        case.env("KUBECONFIG", back);
        case.ok(["apply", "p"]);
        let before = case.read("terraform.tfstate");

        case.env("KUBECONFIG", "gone.kubeconfig");
        let refused = case.run(["plan", "-detailed-exitcode"]);
        assert_eq!(refused.code, 1, "{refused}");
        assert!(refused.says("No connection") && refused.says("https://127.0.0.1:9"), "{refused}");
        assert!(
            refused.says("homelab_ingress.photos") && refused.says("homelab_external_secret.photos_db"),
            "{refused}"
        );
        let _ = case.run(["destroy", "-auto-approve"]).fails_with("No connection");
        assert_eq!(case.read("terraform.tfstate"), before);
    }
}

/// Findings on what does not change are warnings: an error would block the plan that repairs it.
#[test]
fn decision_05_findings_on_unchanged_resources_are_warnings() {
    for case in cases("decision05") {
        let origin = Origin::serve();
        with_references(&case);
        case.write("main.tf", PHOTOS);
        case.ok(["apply", "-auto-approve"]);
        case.api.delete(&case.at("services/photos")).unwrap().expect("delete", &[200]).unwrap();
        let plan = case.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 0, "{plan}");
        assert!(plan.says("Warning: HL1102"), "{plan}");
        // A change of the same resource is refused.
        case.write("main.tf", &PHOTOS.replace("[\"/share\"]", "[\"/share\", \"/s\"]"));
        let _ = case.run(["plan"]).fails_with("Error: HL1102");

        // The probe's finding is a warning in the plan too, and red where it is applied.
        photos_with_probe(&case, &origin.address());
        case.ok(["apply", "-auto-approve"]);
        origin.wall_off(true);
        let plan = case.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 2, "{plan}");
        assert!(plan.says("Warning: HL3002"), "{plan}");
    }
}
