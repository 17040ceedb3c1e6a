//! What the resource keeps, and what it takes for accepted, under the real Terraform.

use serde_json::Value;

use super::photos_with_probe;
use crate::origin::Origin;
use crate::support::folders;

#[test]
fn a_refresh_that_is_left_out_sees_nothing_and_a_repair_needs_no_apply() {
    for work in folders() {
        let origin = Origin::serve();
        photos_with_probe(&work, &origin.address());
        work.ok(["apply", "-auto-approve"]);
        origin.wall_off(true);
        assert_eq!(work.run(["plan", "-refresh=false", "-detailed-exitcode"]).code, 0);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 2);
        // A look that stores what it saw accepts nothing.
        work.ok(["apply", "-refresh-only", "-auto-approve"]);
        assert_eq!(work.run(["plan", "-refresh=false", "-detailed-exitcode"]).code, 2);
        origin.wall_off(false);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

#[test]
fn what_was_recorded_is_not_let_pass_by_a_stricter_configuration() {
    for work in folders() {
        let origin = Origin::serve();
        photos_with_probe(&work, &origin.address());
        let probe = work.read("probe.tf");
        let lenient = probe.replace("settle", "on_walled = \"record\"\n  settle");
        work.write("probe.tf", &lenient);
        origin.wall_off(true);
        work.ok(["apply", "-auto-approve"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
        work.write("probe.tf", &probe);
        for _ in 0..2 {
            let _ = work.run(["apply", "-auto-approve"]).fails_with("HL3002");
            assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 2);
        }
        work.write("probe.tf", &lenient);
        work.ok(["apply", "-auto-approve"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

#[test]
fn a_state_of_an_older_version_is_taken_over_without_an_apply() {
    for work in folders() {
        let origin = Origin::serve();
        photos_with_probe(&work, &origin.address());
        work.ok(["apply", "-auto-approve"]);
        let mut state: Value = serde_json::from_str(&work.read("terraform.tfstate")).unwrap();
        let mut forgotten = 0;
        for resource in state["resources"].as_array_mut().unwrap() {
            let instance = &mut resource["instances"][0];
            for (list, members) in [
                ("results", &["evidence"][..]),
                ("targets", &["headers", "websocket", "cors_origin", "guest_client_id"]),
                ("probe_targets", &["headers", "websocket", "cors_origin", "guest_client_id"]),
            ] {
                for one in instance["attributes"][list].as_array_mut().into_iter().flatten() {
                    for member in members {
                        assert!(one.as_object_mut().unwrap().remove(*member).is_some(), "{member}");
                        forgotten += 1;
                    }
                }
            }
            instance["schema_version"] = 0.into();
        }
        assert!(forgotten > 20);
        work.write("terraform.tfstate", &state.to_string());
        let plan = work.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 0, "{plan}");
        work.ok(["apply", "-auto-approve"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

#[test]
fn a_probe_cannot_be_imported_and_says_what_to_do() {
    for work in folders() {
        let origin = Origin::serve();
        photos_with_probe(&work, &origin.address());
        let refused = work.run(["import", "homelab_carveout_probe.photos", "photos"]).fails_with("cannot be imported");
        assert!(refused.says("Create it: that only looks and records"), "{refused}");
    }
}

#[test]
fn what_is_wrong_with_an_argument_is_said_at_its_line_with_the_fix() {
    for work in folders() {
        work.write(
            "main.tf",
            r#"
            resource "homelab_carveout_probe" "wrong" {
              timeout    = "soon"
              on_exposed = "shout"
            }
            "#,
        );
        let refused = work.run(["validate"]).fails_with("on_exposed");
        assert!(refused.says("error, warn, record"), "{refused}");
        work.write(
            "main.tf",
            r#"
            resource "homelab_carveout_probe" "wrong" {
              timeout = "soon"
              wall {
                issuer_host = "https://auth.example.net"
              }
              target "share" {
                url         = "https://photos.example.net/share"
                expect      = "gated"
                cors_origin = "https://app.example.net"
              }
            }
            "#,
        );
        let refused = work.run(["validate"]).fails_with("HL3102");
        for words in [
            "Write a duration such as `10s`",
            "Write the host alone",
            "issuer_host = \"https://auth.example.net\"",
            "set `expect = \"public\"`",
        ] {
            assert!(refused.says(words), "{words}: {refused}");
        }
    }
}

#[test]
fn a_target_that_never_answers_is_unknown_when_its_time_is_over_and_never_a_pass() {
    for work in folders() {
        // It takes connections and says nothing. One for each command line: no more than some can wait to be taken.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        photos_with_probe(&work, &silent.local_addr().unwrap().to_string());
        let probe = work.read("probe.tf").replace("settle", "timeout = \"200ms\"\n  settle");
        work.write("probe.tf", &probe);
        let refused = work.run(["apply", "-auto-approve"]).fails_with("HL3004");
        assert!(refused.says("no answer within 200ms"), "{refused}");
        assert!(!work.ok(["state", "list"]).says("homelab_carveout_probe"));

        work.write("probe.tf", &probe.replace("settle", "on_unknown = \"record\"\n  settle"));
        work.ok(["apply", "-auto-approve"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
        let state = work.state();
        let resources = state["values"]["root_module"]["resources"].as_array().unwrap();
        let doors = &resources.iter().find(|one| one["type"] == "homelab_carveout_probe").unwrap()["values"];
        assert_eq!((&doors["verdict"], &doors["checked"]), (&"unknown".into(), &0.into()), "{doors:#}");
    }
}
