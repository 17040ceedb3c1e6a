//! Incident 25: a gate was registered and healthy, and nobody had ever looked whether it turns anybody away.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use homelab_plane::process::wait_for;
use std::time::Duration;

use crate::probe::server::{Server, outpost, response};
use crate::probe::world::{GATE, PROBE, at_once, houses};
use crate::proxy::{status, until_status};

#[test]
fn incident_25_a_gate_that_enforces_nothing_is_seen() {
    for mut house in houses("incident25") {
        // The gate's handler is never reached: everything is passed on, and the cookie is set all the same.
        let enforces = Arc::new(AtomicBool::new(false));
        let now = Arc::clone(&enforces);
        let turned_away = outpost(GATE);
        house.guard_by(Server::new(move |asked| {
            if now.load(Ordering::SeqCst) {
                turned_away(asked)
            } else {
                response(200, &[("Set-Cookie", "authentik_proxy_5f0b8a8c=dW5zaWduZWQ; Path=/")], "")
            }
        }));

        // Plainly: the middleware is loaded, the routes name it, and it answers; every check of that is green.
        house.case.write("probe.tf", "");
        house.case.ok(["apply", "-auto-approve"]);
        let notes = house.host("notes");
        until_status(house.traefik, &notes, "/", 200);
        let name = format!("{}-gate@kubernetescrd", house.case.namespace);
        wait_for("the middleware", Duration::from_mins(1), || {
            let all = house.traefik.api("/api/http/middlewares?per_page=10000")?.body;
            let gate = all.as_array().into_iter().flatten().find(|one| one["name"] == *name).cloned();
            let used = gate.as_ref().and_then(|one| one["usedBy"].as_array()).map_or(0, Vec::len);
            let enabled = gate.is_some_and(|one| one["status"] == "enabled");
            Ok(if enabled && used >= 2 { Ok(()) } else { Err(format!("enabled: {enabled}, used by {used}")) })
        })
        .unwrap();
        assert_eq!(house.case.run(["plan", "-detailed-exitcode"]).code, 0, "objects are as declared");

        // Ours: whoever is not signed in gets in, so the probe is not even created.
        house.case.write("probe.tf", &at_once(PROBE));
        let refused = house.case.run(["apply", "-auto-approve"]).fails_with("HL3001");
        assert!(refused.says(&notes) && refused.says(&house.host("photos")), "{refused}");
        assert!(!house.case.ok(["state", "list"]).says("homelab_carveout_probe"));

        enforces.store(true, Ordering::SeqCst);
        house.case.ok(["apply", "-auto-approve"]);
        assert_eq!(status(house.traefik, &notes, "/"), 302);
        house.quiet();
        // And when it stops again, the first look says so.
        enforces.store(false, Ordering::SeqCst);
        house.seen(&["HL3001", &notes]);

        // A probe that looks at nothing is not green either: it says that it has seen nothing.
        house.case.write("probe.tf", "resource \"homelab_carveout_probe\" \"doors\" {\n  targets = []\n}\n");
        let _ = house.case.run(["apply", "-auto-approve"]).fails_with("HL3004");
    }
}
