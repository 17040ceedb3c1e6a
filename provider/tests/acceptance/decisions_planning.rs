//! `decisions.md`, "Planning": lines 6 to 11, on the real Terraform.

use homelab_plane::terraform::Workspace;
use serde_json::Value;

use crate::ingress::{PHOTOS, uid, with_references};
use crate::secret::{PHOTOS_DB, operator_with_password};
use crate::support::{cases, folders, manifests};

/// What a plan wants to become of `homelab_ingress.photos`: known values, and which are not.
fn planned(work: &Workspace, resource: &str) -> (Value, Value) {
    work.ok(["plan", "-out=p"]);
    let plan = work.json(["show", "-json", "p"]);
    let changes = plan["resource_changes"].as_array().unwrap();
    let change = &changes.iter().find(|change| change["address"] == resource).unwrap()["change"];
    (change["after"].clone(), change["after_unknown"].clone())
}

/// The planned value of an argument that was removed is its default, never what it was before.
#[test]
fn decision_06_removing_an_argument_gives_a_plan() {
    for work in manifests() {
        let open = PHOTOS.replacen("  service {", "  auth = \"none\"\n  reason = \"public gallery\"\n  service {", 1);
        work.write("main.tf", &open);
        work.ok(["apply", "-auto-approve"]);
        work.write("main.tf", PHOTOS);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 2);
        let (after, _) = planned(&work, "homelab_ingress.photos");
        assert_eq!((&after["auth"], &after["reason"]), (&"required".into(), &Value::Null));
        assert_eq!(after["middlewares"][0], "traefik-gate@kubernetescrd");
        work.ok(["apply", "p"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);

        // The same for what comes from the house: a class of its own, then the house's again.
        work.write("main.tf", &PHOTOS.replacen("  service {", "  ingress_class = \"nginx\"\n  service {", 1));
        work.ok(["apply", "-auto-approve"]);
        work.write("main.tf", PHOTOS);
        assert_eq!(planned(&work, "homelab_ingress.photos").0["ingress_class"], "traefik");
    }
}

/// The cluster gives diagnostics to a plan, and no values.
#[test]
fn decision_07_planned_values_do_not_depend_on_the_cluster() {
    for mut case in cases("decision07") {
        with_references(&case);
        if !operator_with_password(&case) {
            continue;
        }
        case.write("main.tf", PHOTOS);
        case.write("secret.tf", PHOTOS_DB);
        let kubeconfig = case.env.kubeconfig_for("admin", &case.env.admin_token);
        case.write("gone.kubeconfig", &kubeconfig.replace(&case.env.api_server, "https://127.0.0.1:9"));
        let resources = ["homelab_ingress.photos", "homelab_external_secret.photos_db"];
        let with_cluster = resources.map(|resource| planned(&case, resource));
        case.env("KUBECONFIG", "gone.kubeconfig");
        let without = resources.map(|resource| planned(&case, resource));
        assert_eq!(with_cluster, without);
        // Applied where the cluster is there again: Terraform compares the two plans value by value.
        let back = case.env.kubeconfig.clone();
        case.env("KUBECONFIG", back);
        case.ok(["apply", "p"]);
    }
}

/// What follows from the configuration is known at plan, for others to use.
#[test]
fn decision_08_outputs_that_follow_from_the_configuration_are_known_at_plan() {
    for work in manifests() {
        work.write("main.tf", PHOTOS);
        let (after, unknown) = planned(&work, "homelab_ingress.photos");
        for output in ["url", "hosts", "middlewares", "objects", "carve_out_urls", "probe_targets", "rendered_hash"] {
            assert!(!after[output].is_null(), "{output} of {after:#}");
            assert_ne!(unknown[output], true, "{output} of {unknown:#}");
        }
        assert_eq!(after["url"], "https://photos.example.net");
        assert_eq!(after["carve_out_urls"]["share"][0], "https://photos.example.net/share");
        assert_eq!(after["objects"].as_array().unwrap().len(), 2);
        let text = after.to_string();
        assert!(!text.contains("uid") && !text.contains("resourceVersion"), "{text}");

        // Unknown only where an input is: the paths of a door say nothing about the address of the app.
        work.write(
            "main.tf",
            &(PHOTOS.replace("[\"/share\"]", "[terraform_data.path.output]")
                + "resource \"terraform_data\" \"path\" {\n  input = \"/share\"\n}\n"),
        );
        let (after, unknown) = planned(&work, "homelab_ingress.photos");
        assert_eq!(after["url"], "https://photos.example.net");
        assert_eq!(after["objects"].as_array().unwrap().len(), 2);
        assert_eq!(unknown["probe_targets"], true, "{unknown:#}");
        work.ok(["apply", "p"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

/// Blocks that name an object are maps by label: order is no change, and a new name is made before the old one goes.
#[test]
fn decision_09_order_is_no_change_and_a_renamed_label_changes_in_place() {
    const API: &str = r#"
  carve_out "api" {
    paths  = ["/api"]
    auth   = "app"
    reason = "the mobile app signs in by itself"
  }
"#;
    for case in cases("decision09") {
        with_references(&case);
        let before_share = PHOTOS.replacen("  carve_out \"share\"", &format!("{API}  carve_out \"share\""), 1);
        let after_share = format!("{}{API}}}\n", PHOTOS.trim_end().trim_end_matches('}'));
        case.write("main.tf", &before_share);
        case.ok(["apply", "-auto-approve"]);
        case.write("main.tf", &after_share);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);

        let root = case.live("ingresses/photos");
        case.write("main.tf", &after_share.replace("carve_out \"share\"", "carve_out \"links\""));
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("0 to add, 1 to change, 0 to destroy"), "{plan}");
        case.ok(["apply", "p"]);
        assert!(case.live("ingresses/photos-share").is_null() && !case.live("ingresses/photos-links").is_null());
        assert_eq!(uid(&case.live("ingresses/photos")), uid(&root));
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

/// Another spelling of the same duration is no change, neither in the configuration nor in the cluster.
#[test]
fn decision_10_meaning_over_spelling() {
    for case in cases("decision10") {
        if !operator_with_password(&case) {
            continue;
        }
        let with = |interval: &str| PHOTOS_DB.replace("\"15m\"", interval);
        case.write("main.tf", &with("\"1h\""));
        case.ok(["apply", "-auto-approve"]);
        let before = case.live("externalsecrets/photos-db")["metadata"]["generation"].clone();
        for interval in ["\"1h0m0s\"", "\"60m\"", "\"1h\""] {
            case.write("main.tf", &with(interval));
            let plan = case.run(["plan", "-detailed-exitcode"]);
            assert_eq!(plan.code, 0, "{plan}");
        }
        case.write("main.tf", &with("\"61m\""));
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 2);
        assert_eq!(case.live("externalsecrets/photos-db")["metadata"]["generation"], before);
    }
}

/// A data source in a `check` block makes every plan exit 2, so none of our pages shows one.
#[test]
fn decision_11_no_page_and_no_example_has_a_check_block() {
    for work in folders() {
        work.write(
            "main.tf",
            r#"
            check "upgrade" {
              data "homelab_upgrade_gate" "now" {
                target_version = "1.36.2"
              }
              assert {
                condition     = data.homelab_upgrade_gate.now.verdict != ""
                error_message = "there is no verdict"
              }
            }
            "#,
        );
        work.ok(["apply", "-auto-approve"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 2);
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut seen = 0;
    let mut left = vec![root.join("docs"), root.join("examples")];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            seen += 1;
            let block = text.lines().find(|line| line.trim_start().starts_with("check \""));
            assert_eq!(block, None, "{}", path.display());
        }
    }
    assert!(seen > 10, "{seen} files");
}
