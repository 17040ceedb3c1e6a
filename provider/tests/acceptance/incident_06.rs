//! Incident 6: a middleware was removed that routes still named. A sweep over the annotations of Ingresses had found nothing.

use homelab_plane::terraform::Output;
use serde_json::{Value, json};

use crate::origin::Origin;
use crate::proxy::{SITE, proxy, service_to, status, traefik_object, until_status};
use crate::support::{Case, cases};

/// An app with a rate limit of its own, which is a Middleware of its own.
const LIMITED: &str = r#"
resource "homelab_ingress" "photos" {
  name      = "photos"
  namespace = var.namespace
  auth      = "app"
  reason    = "the app signs in by itself"
  service {
    port = "http"
  }
  rate_limit {
    average = 100
    burst   = 200
  }
}
"#;

/// Somebody else's route, which makes use of a middleware that is lying there.
fn legacy(case: &Case, host: &str, middleware: &str) {
    let spec = json!({
        "entryPoints": ["web"],
        "routes": [{
            "kind": "Rule", "match": format!("Host(`{host}`)"),
            "services": [{"name": "photos", "port": "http"}],
            "middlewares": [{"name": middleware}],
        }],
    });
    traefik_object(case, "ingressroutes", "IngressRoute", "legacy", &spec);
}

/// What a sweep sees that looks at annotations alone.
fn annotated(case: &Case, middleware: &str) -> usize {
    let all = case.api.list("/apis/networking.k8s.io/v1/ingresses").unwrap();
    all.iter().filter(|one| one["metadata"]["annotations"].to_string().contains(middleware)).count()
}

#[test]
fn incident_06_a_middleware_that_others_name_is_not_removed() {
    for case in cases("incident06") {
        let Some(traefik) = proxy(&case, "incident_06") else { return };
        let app = Origin::serve();
        service_to(&case, "photos", &app.address());
        let host = format!("legacy.{}.example.net", case.namespace);
        let limit = json!({"rateLimit": {"average": 100, "burst": 200}});

        // Plainly: nobody seems to name it, so it goes, and the route of somebody else is dropped.
        traefik_object(&case, "middlewares", "Middleware", "house-limit", &limit);
        legacy(&case, &host, "house-limit");
        until_status(traefik, &host, "/share", 200);
        assert_eq!(annotated(&case, &format!("{}-house-limit", case.namespace)), 0, "the sweep finds nothing");
        case.api.delete(&case.at("middlewares/house-limit")).unwrap().expect("delete", &[200]).unwrap();
        until_status(traefik, &host, "/share", 404);
        let routes = format!("/apis/traefik.io/v1alpha1/namespaces/{}/ingressroutes/legacy", case.namespace);
        case.api.delete(&routes).unwrap().expect("delete", &[200]).unwrap();

        // Ours: the same, with a middleware that a resource made.
        case.write("provider.tf", SITE);
        case.write("main.tf", LIMITED);
        case.ok(["apply", "-auto-approve"]);
        assert!(!case.live("middlewares/rate-limit-photos").is_null());
        legacy(&case, &host, "rate-limit-photos");
        until_status(traefik, &host, "/share", 200);
        let names_it = |output: &Output| {
            assert!(output.says("HL1301"), "{output}");
            assert!(output.says(&format!("IngressRoute {}/legacy", case.namespace)), "{output}");
            assert!(output.says("spec.routes[0].middlewares[0]"), "{output}");
            assert!(!case.live("middlewares/rate-limit-photos").is_null(), "nothing is deleted");
            assert!(!case.live("ingresses/photos").is_null(), "nothing is deleted");
        };
        let (before, after) = LIMITED.split_once("  rate_limit").unwrap();
        case.write("main.tf", &format!("{before}{}", after.split_once("  }\n").unwrap().1));
        names_it(&case.run(["plan"]).fails_with("Error: HL1301"));
        names_it(&case.run(["apply", "-auto-approve"]).fails_with("Error: HL1301"));
        names_it(&case.run(["destroy", "-auto-approve"]).fails_with("Error: HL1301"));
        assert_eq!(status(traefik, &host, "/share"), 200, "and the route of somebody else still works");

        // First the reference goes, then the middleware may.
        case.api.delete(&routes).unwrap().expect("delete", &[200]).unwrap();
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(case.live("middlewares/rate-limit-photos"), Value::Null);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        case.ok(["destroy", "-auto-approve"]);
    }
}
