//! `homelab_ingress`, the real Traefik and `homelab_carveout_probe` together: what was declared is what strangers meet, and
//! whatever breaks that shows in the next plan.

use serde_json::json;

use super::server::{STATE, Server, hold, outpost};
use super::world::{GATE, HOUSE, House, PROBE, at_once, houses};
use crate::proxy::{traefik_object, until_status};

/// How often `output` names a code.
fn times(output: &homelab_plane::terraform::Output, code: &str) -> usize {
    output.flowed().matches(code).count()
}

#[test]
fn a_house_as_declared_is_ok_in_the_apply_that_makes_it_and_quiet_after() {
    for house in houses("probe-declared") {
        let plan = house.case.ok(["plan", "-out=p"]);
        assert!(plan.says("3 to add, 0 to change, 0 to destroy"), "{plan}");
        // The routes are seconds old when they are probed.
        house.case.ok(["apply", "p"]);
        let doors = house.probe("doors");
        assert_eq!(doors["verdict"], "ok", "{doors:#}");
        let results = doors["results"].as_array().unwrap();
        assert_eq!(doors["checked"], json!(results.len()));
        let is = |url: &str, with: &str, observed: &str| {
            let url = format!("http://{url}");
            results.iter().any(|one| one["url"] == url && one["with"] == with && one["observed"] == observed)
        };
        let (photos, notes) = (house.host("photos"), house.host("notes"));
        for (url, with, observed) in [
            (format!("{photos}/"), "", "gated"),
            (format!("{photos}/share"), "", "public"),
            (format!("{photos}/share/"), "", "public"),
            (format!("{photos}/sharex"), "", "gated"),
            (format!("{photos}/SHARE"), "", "gated"),
            (format!("{photos}/share/../"), "", "gated"),
            (format!("{photos}/api"), "accept json", "public"),
            (format!("{photos}/"), "spoof x-forwarded-uri", "gated"),
            (format!("{notes}/"), "spoof session-shaped cookies", "gated"),
        ] {
            assert!(is(&url, with, observed), "{url} {with} {observed}: {results:#?}");
        }
        assert!(!house.case.read("terraform.tfstate").contains(STATE), "the redirect is in the state");

        for _ in 0..2 {
            house.quiet();
        }
        assert_eq!(house.case.run(["plan", "-refresh-only", "-detailed-exitcode"]).code, 0);
        house.case.ok(["destroy", "-auto-approve"]);
    }
}

#[test]
fn a_gate_that_is_down_is_one_finding_and_no_pass() {
    for mut house in houses("probe-gate-down") {
        house.case.ok(["apply", "-auto-approve"]);
        let address = house.gate.take().map(|gate| gate.address()).unwrap();
        let _held = hold(&address);
        until_status(house.traefik, &house.host("notes"), "/", 500);
        house.case.write("probe.tf", &at_once(PROBE));

        // Both hosts are concerned, and a dozen requests to each.
        let plan = house.seen(&["HL3007", "photos", "notes"]);
        assert_eq!(times(&plan, "Warning: HL3007"), 1, "{plan}");
        let refused = house.case.run(["apply", "-auto-approve"]).fails_with("HL3007");
        assert_eq!(times(&refused, "Error: HL3007"), 1, "{refused}");
        let doors = house.probe("doors");
        assert_eq!(doors["verdict"], "unknown", "{doors:#}");
        // The doors beside the gate are as they should be, and are said to be.
        let results = doors["results"].as_array().unwrap();
        assert!(results.iter().all(|one| one["expect"] != "public" || one["verdict"] == "ok"), "{results:#?}");

        house.guard_by(Server::new(outpost(GATE)));
        until_status(house.traefik, &house.host("notes"), "/", 302);
        house.case.ok(["apply", "-auto-approve"]);
        house.quiet();
    }
}

#[test]
fn a_middleware_that_was_deleted_behind_terraforms_back_is_seen_at_every_door_that_needed_it() {
    for house in houses("probe-middleware") {
        // A part of a public app that is gated, and a door that has a limit of its own.
        let more = r#"
        resource "homelab_ingress" "wiki" {
          name      = "wiki"
          namespace = var.namespace
          auth      = "none"
          reason    = "everybody may read"
          service {
            name = "photos"
            port = "http"
          }
          carve_out "admin" {
            paths = ["/admin"]
            auth  = "required"
          }
        }

        resource "homelab_carveout_probe" "wiki" {
          targets = homelab_ingress.wiki.probe_targets
          settle  = "90s"
        }
        "#;
        house.case.write("wiki.tf", more);
        house.case.write(
            "main.tf",
            &HOUSE.replacen(
                "auth   = \"none\"",
                "auth   = \"none\"\n    rate_limit {\n      average = 1000\n      burst   = 2000\n    }",
                1,
            ),
        );
        house.case.ok(["apply", "-auto-approve"]);
        house.quiet();

        // The door's own limit: Traefik drops its router, and the wider one, which is gated, serves the path.
        house.delete(&house.case.at("middlewares/rate-limit-photos-share"));
        until_status(house.traefik, &house.host("photos"), "/share", 302);
        house.seen(&["HL3002", "`share`"]);
        // Terraform puts the middleware back, and the probe waits until Traefik serves by it.
        house.case.ok(["apply", "-auto-approve"]);
        house.quiet();

        // The gate: a gated host answers 404, which is neither public nor the gate, and a gated part of a public host is open.
        let gate = house.case.live("middlewares/gate");
        house.delete(&house.case.at("middlewares/gate"));
        until_status(house.traefik, &house.host("notes"), "/", 404);
        until_status(house.traefik, &house.host("wiki"), "/admin", 200);
        let plan = house.seen(&["HL3001", "`admin`", "HL3007"]);
        assert!(!plan.says("HL3002"), "{plan}");
        assert_eq!(house.probe("wiki")["verdict"], "ok", "a plan stores nothing");

        traefik_object(&house.case, "middlewares", "Middleware", "gate", &gate["spec"]);
        until_status(house.traefik, &house.host("wiki"), "/admin", 302);
        house.quiet();
    }
}

#[test]
fn a_stronger_route_of_another_namespace_that_opens_a_host_is_exposed() {
    for house in houses("probe-stolen") {
        house.case.ok(["apply", "-auto-approve"]);
        house.quiet();
        let thief = Thief::steal(&house, "PathPrefix(`/`)", &[]);
        until_status(house.traefik, &house.host("photos"), "/", 200);
        let plan = house.seen(&["HL3001", &format!("{}/", house.host("photos"))]);
        let other = format!("a gated path is open: http://{}", house.host("notes"));
        assert!(!plan.says(&other), "only one of the hosts is open: {plan}");
        house.case.write("probe.tf", &at_once(PROBE));
        let refused = house.case.run(["apply", "-auto-approve"]).fails_with("HL3001");
        assert!(refused.says("Put the gate back"), "{refused}");
        thief.give_back(&house);
        until_status(house.traefik, &house.host("photos"), "/", 302);
        house.case.ok(["apply", "-auto-approve"]);
        house.quiet();
    }
}

#[test]
fn a_door_that_got_walled_after_a_good_apply_is_named_by_the_plan_until_it_is_right() {
    for house in houses("probe-walled") {
        house.case.ok(["apply", "-auto-approve"]);
        house.quiet();
        let thief = Thief::steal(&house, "PathPrefix(`/share`)", &["gate"]);
        until_status(house.traefik, &house.host("photos"), "/share", 302);
        let share = format!("http://{}/share", house.host("photos"));
        let plan = house.seen(&["HL3002", "`share`", &share, "homelab_carveout_probe.doors"]);
        assert!(!plan.says("`api`"), "the other door is open: {plan}");
        // What a refresh has stored is not accepted by that.
        house.case.ok(["apply", "-refresh-only", "-auto-approve"]);
        assert_eq!(house.probe("doors")["verdict"], "walled");
        house.seen(&["HL3002"]);
        assert_eq!(house.case.run(["plan", "-refresh=false", "-detailed-exitcode"]).code, 2, "it is in the state");

        thief.give_back(&house);
        until_status(house.traefik, &house.host("photos"), "/share", 200);
        house.quiet();
    }
}

/// A route in another namespace for the host `photos`.
struct Thief {
    namespace: String,
}

impl Thief {
    fn steal(house: &House, rule: &str, middlewares: &[&str]) -> Self {
        let case = &house.case;
        let namespace = case.api.namespace("thief").unwrap();
        let origin = case.live("services/photos");
        let service = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "copy"},
            "spec": {"type": "ExternalName", "externalName": "127.0.0.1", "ports": origin["spec"]["ports"]},
        });
        case.api
            .create(&format!("/api/v1/namespaces/{namespace}/services"), &service)
            .unwrap()
            .expect("copy", &[201])
            .unwrap();
        let middlewares: Vec<_> =
            middlewares.iter().map(|name| json!({"name": name, "namespace": case.namespace})).collect();
        let route = json!({
            "apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": {"name": "portal"},
            "spec": {"entryPoints": ["web"], "routes": [{
                "kind": "Rule", "match": format!("Host(`{}`) && {rule}", house.host("photos")), "priority": 9000,
                "services": [{"name": "copy", "port": "http"}], "middlewares": middlewares,
            }]},
        });
        let path = format!("/apis/traefik.io/v1alpha1/namespaces/{namespace}/ingressroutes");
        case.api.create(&path, &route).unwrap().expect("route", &[201]).unwrap();
        Self { namespace }
    }

    fn give_back(self, house: &House) {
        house.delete(&format!("/apis/traefik.io/v1alpha1/namespaces/{}/ingressroutes/portal", self.namespace));
    }
}
