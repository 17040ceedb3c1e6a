//! "Seen on Traefik" of the product page for ingresses, line by line, against the model and the real one.

use homelab_core::route::{Guard, Guards, Outcome, winner};
use serde_json::{Value, json};

use super::sent;
use super::stage::Stage;
use super::wire::{SIGN_IN, sign_in};
use super::world::staged;

const HOST: &str = "g.example.net";

fn ingress(name: &str, host: &str, kind: &str, path: &str, origin: u16, middleware: Option<&str>) -> Value {
    let mut annotations = json!({"kubernetes.io/ingress.class": "CLASS"});
    if let Some(middleware) = middleware {
        annotations["traefik.ingress.kubernetes.io/router.middlewares"] =
            json!(format!("NS0-{middleware}@kubernetescrd"));
    }
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"namespace": "NS0", "name": name, "annotations": annotations},
        "spec": {"rules": [{"host": host, "http": {"paths": [{
            "path": path, "pathType": kind, "backend": {"service": {"name": "origins", "port": {"number": origin}}},
        }]}}]},
    })
}

/// The objects of the page: a gated root, an open prefix, an open exact path, a gated path whose gate does not exist.
fn objects() -> Vec<Value> {
    vec![
        json!({
            "apiVersion": "traefik.io/v1alpha1", "kind": "Middleware", "metadata": {"namespace": "NS0", "name": "gate"},
            "spec": {"forwardAuth": {"address": sign_in()}},
        }),
        ingress("root", HOST, "Prefix", "/", 1, Some("gate")),
        ingress("public", HOST, "Prefix", "/public", 2, None),
        ingress("px", HOST, "Exact", "/px", 3, None),
        ingress("secret", HOST, "Prefix", "/public/secret", 4, Some("missing")),
        ingress("alone", "alone.example.net", "Prefix", "/", 5, Some("missing")),
    ]
}

#[test]
fn what_was_seen_on_traefik_is_seen_again_and_foretold() {
    let Some(mut stage) = Stage::open("seen", 1, 5) else { return };
    let objects = stage.replace_all(&staged(&stage, &objects()));
    assert_eq!(objects.len(), 6, "the cluster refused some: {objects:#?}");
    let (routers, guards) = (stage.model(&objects), Guards::of(&objects));
    stage.until_taken(&routers).unwrap();
    let by_length: Vec<i64> = routers.iter().map(|router| router.priority.value).collect();
    assert_eq!(by_length[..3], [40, 46, 36], "root, /public and /px");
    for (host, target, expected, name) in [
        (HOST, "/public", 200, "public"),
        (HOST, "/publicadmin", 200, "public"),
        (HOST, "//public", 200, "public"),
        (HOST, "/px", 302, "root"),
        (HOST, "/public/secret", 200, "public"),
        ("alone.example.net", "/", 404, ""),
        (HOST, "/PUBLIC", 302, "root"),
        (HOST, "/public/../x", 302, "root"),
    ] {
        let request = sent(host, target);
        let answer = stage.send_until(&request, &[expected]);
        assert_eq!(answer.status, expected, "Traefik on {target}: {answer:?}");
        assert_eq!(answer.location.as_deref(), (expected == 302).then_some(SIGN_IN), "{target}");
        let foretold = match winner(&routers, &request) {
            Outcome::One(one) => {
                assert_eq!(routers[one].source.name, name, "{target}");
                if matches!(guards.of_router(&routers[one]), Guard::Gate(_)) { 302 } else { 200 }
            }
            Outcome::None => 404,
            other => panic!("{target}: {other:?}"),
        };
        assert_eq!(foretold, expected, "the model on {target}");
    }
}
