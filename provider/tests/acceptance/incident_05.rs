//! Incident 5, the part of the plan: a carve-out was clobbered, and clients that cannot sign in met the wall.

use serde_json::json;

use crate::origin::Origin;
use crate::proxy::{SITE, proxy, service_to, status, traefik_object, until_status};
use crate::support::{Case, cases};

/// A gated app with a door for share links.
const SHARED: &str = r#"
resource "homelab_ingress" "photos" {
  name      = "photos"
  namespace = var.namespace
  service {
    port = "http"
  }
  carve_out "share" {
    paths  = ["/share"]
    auth   = "none"
    reason = "share links carry their own token"
  }
}
"#;

const CHAIN: &str = "traefik.ingress.kubernetes.io/router.middlewares";

/// The same with a change that has nothing to do with it.
fn labelled() -> String {
    SHARED.replace("  carve_out", "  labels = { team = \"media\" }\n  carve_out")
}

/// A plan that finds the wall, and an apply that takes it down.
#[track_caller]
fn seen_and_repaired(case: &Case, shown: &str) {
    let plan = case.run(["plan", "-detailed-exitcode"]);
    assert_eq!(plan.code, 2, "{plan}");
    assert!(plan.says(shown), "{plan}");
    case.ok(["apply", "-auto-approve"]);
}

#[test]
fn incident_05_a_door_that_somebody_walled_off_is_seen_by_the_next_plan() {
    for case in cases("incident05") {
        let Some(traefik) = proxy(&case, "incident_05") else { return };
        let (app, wall) = (Origin::serve(), Origin::serve());
        service_to(&case, "photos", &app.address());
        let gate = json!({"forwardAuth": {"address": format!("http://{}/", wall.address())}});
        traefik_object(&case, "middlewares", "Middleware", "gate", &gate);
        case.write("provider.tf", SITE);
        case.write("main.tf", SHARED);
        case.ok(["apply", "-auto-approve"]);
        let host = format!("photos.{}.example.net", case.namespace);
        until_status(traefik, &host, "/share", 200);
        until_status(traefik, &host, "/", 302);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);

        // Plainly: another tool writes the gate into the door, and whoever has a link is sent to sign in.
        let gate = format!("{}-gate@kubernetescrd", case.namespace);
        let walled = json!({"metadata": {"annotations": {CHAIN: gate}}});
        let door = case.at("ingresses/photos-share");
        case.api.merge(&door, &walled).unwrap().expect("merge", &[200]).unwrap();
        until_status(traefik, &host, "/share/abc", 302);
        assert_eq!(status(traefik, &host, "/"), 302, "and the front page looks as always");
        // The field is the other tool's, so nothing is forced; but no plan is silent about it, and no change goes on.
        let plan = case.run(["plan", "-detailed-exitcode"]);
        assert!(plan.says("Warning: HL1302") && plan.says("homelab-plane") && plan.says(&gate), "{plan}");
        case.write("main.tf", &labelled());
        let refused = case.run(["plan"]).fails_with("Error: HL1302");
        assert!(refused.says("Ingress") && refused.says("photos-share") && refused.says(CHAIN), "{refused}");
        case.write("main.tf", SHARED);
        let given_up = json!({"metadata": {"annotations": {CHAIN: null}}});
        case.api.merge(&door, &given_up).unwrap().expect("merge", &[200]).unwrap();
        until_status(traefik, &host, "/share/abc", 200);

        // Plainly: the door is gone, so the wider route serves its path.
        case.api.delete(&door).unwrap().expect("delete", &[200]).unwrap();
        until_status(traefik, &host, "/share/abc", 302);
        seen_and_repaired(&case, "carve_out");
        until_status(traefik, &host, "/share/abc", 200);

        // Plainly: a new route of somebody else takes the path, with a gate.
        let rule = format!("Host(`{host}`) && PathPrefix(`/share`)");
        let route = json!({"entryPoints": ["web"], "routes": [{
            "kind": "Rule", "match": rule, "priority": 9000,
            "services": [{"name": "photos", "port": "http"}], "middlewares": [{"name": "gate"}],
        }]});
        traefik_object(&case, "ingressroutes", "IngressRoute", "portal", &route);
        until_status(traefik, &host, "/share/abc", 302);
        // It is no drift of ours, so nothing can be repaired here; but no plan is silent about it, and no change goes on.
        let plan = case.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 0, "{plan}");
        let named = format!("IngressRoute {}/portal", case.namespace);
        assert!(plan.says("Warning: HL1203") && plan.says(&named), "{plan}");
        case.write("main.tf", &labelled());
        let refused = case.run(["plan"]).fails_with("Error: HL1203");
        assert!(refused.says(&named), "{refused}");
        let path = format!("/apis/traefik.io/v1alpha1/namespaces/{}/ingressroutes/portal", case.namespace);
        case.api.delete(&path).unwrap().expect("delete", &[200]).unwrap();
        until_status(traefik, &host, "/share/abc", 200);
        case.ok(["apply", "-auto-approve"]);
    }
}
