//! `homelab_carveout_probe` against an origin that really redirects; behind the real Traefik in [`end_to_end`].

mod end_to_end;
mod examples;
mod guests;
mod guide;
mod incident_05;
mod life;
pub(crate) mod server;
pub(crate) mod world;

use homelab_plane::terraform::Workspace;

use crate::ingress::PHOTOS;
use crate::origin::Origin;
use crate::support::folders;

/// An ingress in a folder, and a probe of its doors at `origin`.
pub(crate) fn photos_with_probe(work: &Workspace, origin: &str) {
    work.write(
        "provider.tf",
        &r#"
        provider "homelab" {
          kubernetes {
            gitops_dir = "manifests"
          }
          site {
            root_domain = "example.net"
            entrypoint  = "web"
            middlewares {
              gate = "traefik-gate"
            }
            wall {
              system      = "authentik"
              issuer_host = "auth.example.net"
            }
          }
          probe {
            connect_to    = "ORIGIN"
            allow_private = true
            samples       = 1
            timeout       = "30s"
          }
        }
        "#
        .replace("ORIGIN", origin),
    );
    work.write("main.tf", PHOTOS);
    work.write(
        "probe.tf",
        "resource \"homelab_carveout_probe\" \"photos\" {\n  \
           targets = homelab_ingress.photos.probe_targets\n  settle = \"0s\"\n}\n",
    );
}

#[test]
fn doors_as_declared_are_ok_and_a_second_plan_is_empty() {
    for work in folders() {
        let origin = Origin::serve();
        photos_with_probe(&work, &origin.address());
        work.ok(["plan", "-out=p"]);
        work.ok(["apply", "p"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
        let state = work.state();
        let resources = state["values"]["root_module"]["resources"].as_array().unwrap();
        let probe = &resources.iter().find(|one| one["type"] == "homelab_carveout_probe").unwrap()["values"];
        assert_eq!(probe["verdict"], "ok", "{probe:#}");
        work.ok(["destroy", "-auto-approve"]);
    }
}

#[test]
fn a_door_that_is_walled_off_shows_in_the_plan_and_fails_the_apply_until_it_is_open() {
    for work in folders() {
        let origin = Origin::serve();
        photos_with_probe(&work, &origin.address());
        work.ok(["apply", "-auto-approve"]);

        origin.wall_off(true);
        let plan = work.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 2, "{plan}");
        assert!(plan.says("HL3002") && plan.says("photos.example.net/share"), "{plan}");
        let refused = work.run(["apply", "-auto-approve"]).fails_with("HL3002");
        assert!(refused.says("authentik"), "{refused}");
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 2);

        origin.wall_off(false);
        work.ok(["apply", "-auto-approve"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);

        // Nothing answers: that is no pass and no wall.
        let address = origin.address();
        drop(origin);
        let _held = server::hold(&address);
        let plan = work.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 2, "{plan}");
        let _ = work.run(["apply", "-auto-approve"]).fails_with("HL3004");
    }
}

#[test]
fn an_open_gate_is_exposed_and_a_failed_create_leaves_no_state() {
    for work in folders() {
        let origin = Origin::serve();
        photos_with_probe(&work, &origin.address());
        // Declared as gated, served in the open.
        work.write(
            "probe.tf",
            r#"
            resource "homelab_carveout_probe" "photos" {
              settle = "0s"
              target "share" {
                url    = "http://photos.example.net/share"
                expect = "gated"
              }
            }
            "#,
        );
        let refused = work.run(["apply", "-auto-approve"]).fails_with("HL3001");
        assert!(refused.says("photos.example.net/share"), "{refused}");
        assert!(!work.ok(["state", "list"]).says("homelab_carveout_probe"));
    }
}

#[test]
fn a_probe_follows_its_ingress_and_is_unknown_while_that_is() {
    for work in folders() {
        let origin = Origin::serve();
        photos_with_probe(&work, &origin.address());
        work.ok(["apply", "-auto-approve"]);
        // A door more: both change in one apply, the ingress first.
        let api = "  carve_out \"api\" {\n    paths = [\"/api\"]\n    auth = \"app\"\n    reason = \"signs in by itself\"\n  }\n";
        let two = PHOTOS.replacen("  carve_out \"share\"", &format!("{api}  carve_out \"share\""), 1);
        work.write("main.tf", &two);
        let plan = work.ok(["plan", "-out=p"]);
        assert!(plan.says("0 to add, 2 to change, 0 to destroy"), "{plan}");
        work.ok(["apply", "p"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);

        // Its paths come from a resource of the same run: nothing is probed before they are known.
        let later = "resource \"terraform_data\" \"paths\" {\n  input = [\"/api\", \"/api/v2\"]\n}\n";
        work.write("main.tf", &(two.replace("[\"/api\"]", "terraform_data.paths.output") + later));
        let plan = work.ok(["plan", "-out=p"]);
        assert!(plan.says("verdict") && plan.says("(known after apply)"), "{plan}");
        work.ok(["apply", "p"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

#[test]
fn what_is_recorded_is_quiet_and_an_open_gate_never_is() {
    for work in folders() {
        let origin = Origin::serve();
        photos_with_probe(&work, &origin.address());
        let probe = |expect: &str, path: &str| {
            format!(
                "resource \"homelab_carveout_probe\" \"photos\" {{\n  settle = \"0s\"\n  on_walled = \"record\"\n  on_exposed = \
                 \"record\"\n  target \"door\" {{\n    url = \"http://photos.example.net{path}\"\n    expect = \"{expect}\"\n  }}\n}}\n"
            )
        };
        work.write("probe.tf", &probe("public", "/private"));
        work.ok(["apply", "-auto-approve"]);
        let plan = work.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 0, "{plan}");
        assert!(!plan.says("HL3002"), "{plan}");

        work.write("probe.tf", &probe("gated", "/share"));
        work.ok(["apply", "-auto-approve"]);
        let plan = work.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 0, "{plan}");
        assert!(plan.says("Warning: HL3001"), "{plan}");
    }
}
