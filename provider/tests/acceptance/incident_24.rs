//! Incident 24: a health check of `/` stayed green while pairing was broken for everybody.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::probe::server::{Server, forward_auth, outpost, response};
use crate::probe::world::{GATE, SITE};
use crate::proxy::{proxy, service_to, status, traefik_object, until_status};
use crate::support::cases;

/// An app with a door by which new devices pair, and what a device needs to read there.
const PAIRING: &str = r#"
resource "homelab_ingress" "term" {
  name      = "term"
  namespace = var.namespace
  auth      = "app"
  reason    = "devices are paired with the app itself"
  service {
    port = "http"
  }
  carve_out "pair" {
    paths  = ["/api/auth/bootstrap"]
    auth   = "none"
    reason = "a device that is not paired yet has nothing to sign in with"
    probe {
      statuses     = [200]
      content_type = "application/json"
    }
  }
}

resource "homelab_carveout_probe" "term" {
  targets = homelab_ingress.term.probe_targets
  settle  = "90s"
}
"#;

#[test]
fn incident_24_a_green_front_page_says_nothing_of_the_door_that_is_broken() {
    for case in cases("incident24") {
        let Some(traefik) = proxy(&case, "incident_24") else { return };
        // A new release moves the door elsewhere; what is not found is answered with the app's page, under 200.
        let moved = Arc::new(AtomicBool::new(false));
        let now = Arc::clone(&moved);
        let app = Server::new(move |asked| {
            if asked.target.starts_with("/api/auth/bootstrap") && !now.load(Ordering::SeqCst) {
                response(200, &[("Content-Type", "application/json")], "{\"paired\":false}")
            } else {
                response(200, &[("Content-Type", "text/html")], "<!DOCTYPE html><title>term</title>")
            }
        });
        let gate = Server::new(outpost(GATE));
        service_to(&case, "term", &app.address());
        traefik_object(&case, "middlewares", "Middleware", "gate", &forward_auth(&gate.address()));
        case.write("provider.tf", &SITE.replace("ORIGIN", traefik.web().trim_start_matches("http://")));
        case.write("main.tf", PAIRING);
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);

        // Plainly: the release goes out, and the health check is green; so is one of the door, which looks at the status.
        moved.store(true, Ordering::SeqCst);
        let host = format!("term.{}.example.net", case.namespace);
        until_status(traefik, &host, "/", 200);
        assert_eq!(status(traefik, &host, "/api/auth/bootstrap"), 200);

        // Ours: what a device needs was declared, so the next plan names the door, and no apply is green before it is back.
        let plan = case.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 2, "{plan}");
        assert!(plan.says("HL3006") && plan.says("`pair`") && plan.says("/api/auth/bootstrap"), "{plan}");
        case.write("main.tf", &PAIRING.replace("\"90s\"", "\"0s\""));
        let refused = case.run(["apply", "-auto-approve"]).fails_with("HL3006");
        assert!(refused.says("text/html where application/json was declared"), "{refused}");
        moved.store(false, Ordering::SeqCst);
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}
