//! `auth = "public"`: everybody gets a session for guests, and the probe tells that from the gate by the client.

use super::server::{Server, forward_auth, outpost};
use super::world::{GATE, House, SITE, at_once, houses};
use crate::proxy::{traefik_object, until_status};

/// An app for guests, with a gated part.
const GUESTS: &str = r#"
resource "homelab_ingress" "fair" {
  name      = "fair"
  namespace = var.namespace
  auth      = "public"
  service {
    name = "photos"
    port = "http"
  }
  carve_out "staff" {
    paths = ["/staff"]
    auth  = "required"
  }
}
"#;

#[test]
fn a_session_for_guests_is_told_from_the_gate_by_its_client() {
    for house in houses("probe-guests") {
        let guests = Server::new(outpost("guests"));
        traefik_object(&house.case, "middlewares", "Middleware", "guests", &forward_auth(&guests.address()));
        house.case.write("main.tf", GUESTS);
        house.case.write(
            "probe.tf",
            "resource \"homelab_carveout_probe\" \"doors\" {\n  targets = homelab_ingress.fair.probe_targets\n  \
             settle  = \"90s\"\n}\n",
        );
        house.case.ok(["apply", "-auto-approve"]);
        let doors = house.probe("doors");
        let seen: Vec<_> = doors["results"].as_array().unwrap().iter().filter(|one| one["with"] == "").collect();
        let of = |label: &str| seen.iter().find(|one| one["label"] == label).unwrap()["observed"].clone();
        assert_eq!((of("/"), of("staff"), &doors["verdict"]), ("public".into(), "gated".into(), &"ok".into()));
        house.quiet();

        // The gate's own form takes the place of the guests': nobody gets in any more who has no account.
        let path = house.case.at("middlewares/guests");
        let gate = house.case.live("middlewares/gate");
        let now = |spec: &serde_json::Value| {
            let body = serde_json::json!({"spec": spec});
            house.case.api.merge(&path, &body).unwrap().expect("guests", &[200]).unwrap();
        };
        now(&gate["spec"]);
        until_walled(&house);
        house.seen(&["HL3002", "`/`"]);
        now(&forward_auth(&guests.address()));
        until_quiet(&house);

        // Whoever has not named the guests' client is told by the gate's, and without that nothing can be told.
        let place = house.traefik.web().trim_start_matches("http://");
        let unnamed = SITE.replace("ORIGIN", place).replace("guest_client_id = \"guests\"", "");
        house.case.write("provider.tf", &unnamed);
        house.case.ok(["apply", "-auto-approve"]);
        house.quiet();
        house.case.write("provider.tf", &unnamed.replace(&format!("client_ids      = [\"{GATE}\"]"), ""));
        house.seen(&["HL3004", "`/`"]);
        let settle = at_once(&house.case.read("probe.tf"));
        house.case.write("probe.tf", &settle);
        let _ = house.case.run(["apply", "-auto-approve"]).fails_with("guest_client_id");
        until_status(house.traefik, &house.host("fair"), "/", 302);
    }
}

/// Both forms answer with the same status, so that only a probe can tell which is in force.
fn until_walled(house: &House) {
    until(house, 2);
}

fn until_quiet(house: &House) {
    until(house, 0);
}

fn until(house: &House, code: i32) {
    homelab_plane::process::wait_for("the middleware", std::time::Duration::from_mins(1), || {
        let seen = house.case.run(["plan", "-detailed-exitcode"]).code;
        Ok(if seen == code { Ok(()) } else { Err(format!("the plan answered {seen}")) })
    })
    .unwrap();
}
