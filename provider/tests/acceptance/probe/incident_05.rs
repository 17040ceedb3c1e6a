//! Incident 5, the part of the probe: clients met the wall, and nothing that Terraform knows of had changed.

use serde_json::json;

use super::world::{PROBE, at_once, houses};
use crate::proxy::{status, traefik_object, until_status};

#[test]
fn incident_05_clients_that_meet_the_wall_turn_the_plan_red() {
    for house in houses("incident05-probe") {
        house.case.write("probe.tf", "");
        house.case.ok(["apply", "-auto-approve"]);
        let photos = house.host("photos");
        until_status(house.traefik, &photos, "/share", 200);

        // Plainly: somebody else's route takes the door, with the gate in front. The front page is as it was, every object
        // of ours is as declared, and the plan is empty.
        let rule = format!("Host(`{photos}`) && PathPrefix(`/share`)");
        let route = json!({"entryPoints": ["web"], "routes": [{
            "kind": "Rule", "match": rule, "priority": 9000,
            "services": [{"name": "photos", "port": "http"}], "middlewares": [{"name": "gate"}],
        }]});
        traefik_object(&house.case, "ingressroutes", "IngressRoute", "portal", &route);
        until_status(house.traefik, &photos, "/share", 302);
        assert_eq!(status(house.traefik, &photos, "/"), 302);
        assert_eq!(house.case.run(["plan", "-detailed-exitcode"]).code, 0);

        // Ours: a probe of the declared doors is not made, or, where it was made before, is a change in every plan.
        house.case.write("probe.tf", &at_once(PROBE));
        let refused = house.case.run(["apply", "-auto-approve"]).fails_with("HL3002");
        assert!(refused.says("/share") && refused.says("authentik"), "{refused}");
        let portal = format!("/apis/traefik.io/v1alpha1/namespaces/{}/ingressroutes/portal", house.case.namespace);
        house.delete(&portal);
        until_status(house.traefik, &photos, "/share", 200);
        house.case.ok(["apply", "-auto-approve"]);
        house.quiet();
        traefik_object(&house.case, "ingressroutes", "IngressRoute", "portal", &route);
        until_status(house.traefik, &photos, "/share", 302);
        house.seen(&["HL3002", "`share`"]);
        let _ = house.case.run(["apply", "-auto-approve"]).fails_with("HL3002");
        house.delete(&portal);
        until_status(house.traefik, &photos, "/share", 200);
        house.quiet();
    }
}
