//! `homelab ingress routes` and `lint`: on manifests, and on a real API server with what it refuses.

use std::sync::OnceLock;

use homelab_plane::{Api, Plane, plane::Options};
use serde_json::{Value, json};

use crate::support::{Homelab, homelab};

/// A gated root, and an object of somebody else with a short exact path and an open prefix.
const MANIFESTS: &str = r#"
apiVersion: v1
kind: List
items:
- apiVersion: networking.k8s.io/v1
  kind: Ingress
  metadata:
    name: app
    namespace: photos
    annotations:
      traefik.ingress.kubernetes.io/router.middlewares: traefik-gate@kubernetescrd
  spec:
    rules:
    - host: g.example.net
      http:
        paths:
        - {path: /, pathType: Prefix, backend: {service: {name: app, port: {number: 80}}}}
- apiVersion: networking.k8s.io/v1
  kind: Ingress
  metadata:
    name: px
    namespace: photos
    annotations: {meta.helm.sh/release-name: px}
  spec:
    rules:
    - host: g.example.net
      http:
        paths:
        - {path: /px, pathType: Exact, backend: {service: {name: app, port: {name: http}}}}
        - {path: /public, pathType: Prefix, backend: {service: {name: app, port: {name: http}}}}
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: gate, namespace: traefik}
spec: {forwardAuth: {address: "http://127.0.0.1:9"}}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: catch-all, namespace: traefik}
spec:
  routes:
  - {match: "HostRegexp(`.+`)", kind: Rule, priority: 1, services: [{name: pages, port: 80}]}
  - {match: "Host(`other.example.net`)", kind: Rule, services: [{name: pages, port: 80}]}
"#;

fn on_manifests(arguments: &str) -> Homelab {
    homelab(arguments).file("routes.yaml", MANIFESTS).arg("--manifests").arg(".")
}

fn json(run: Homelab, code: i32, verb: &str) -> Value {
    run.arg("--output").arg("json").run().code(code).document(verb)
}

fn codes(document: &Value) -> Vec<&str> {
    let findings = document["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

#[test]
fn the_routers_of_a_host_come_in_the_order_in_which_they_are_asked() {
    let document = json(on_manifests("ingress routes G.example.net"), 0, "ingress routes");
    assert_eq!(document["host"], "g.example.net");
    let seen: Vec<(i64, &str, &str)> = document["routers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|route| {
            let text = |name: &str| route[name].as_str().unwrap();
            (route["priority"].as_i64().unwrap(), text("rule"), text("guard"))
        })
        .collect();
    assert_eq!(
        seen,
        [
            (46, "Host(`g.example.net`) && PathPrefix(`/public`)", "open"),
            (40, "Host(`g.example.net`) && PathPrefix(`/`)", "gate"),
            (36, "Host(`g.example.net`) && Path(`/px`)", "open"),
            (1, "HostRegexp(`.+`)", "open"),
        ]
    );
    let root = &document["routers"][1];
    assert_eq!(root["guard_middleware"], "traefik-gate@kubernetescrd");
    assert_eq!(root["name"], "photos-app-g-example-net@kubernetes");
    assert_eq!((&root["owner"], &document["routers"][0]["owner"]), (&Value::Null, &json!("Helm release px")));
    assert_eq!(document["routers"][3]["explicit_priority"], true);

    let text = on_manifests("ingress routes g.example.net").run().code(0).out;
    for line in [
        "g.example.net: 4 routers, in the order in which Traefik asks them\n",
        "\n46 (by length)  Host(`g.example.net`) && PathPrefix(`/public`)\n  open: Ingress photos/px, of Helm release px\n",
        "\n  gated by traefik-gate@kubernetescrd: Ingress photos/app\n  to app:80\n",
        "\n1 (set)  HostRegexp(`.+`)\n",
        "looked at: 2 Ingress, 1 IngressRoute.traefik.io, 1 Middleware.traefik.io",
    ] {
        assert!(text.contains(line), "{line:?} is not in:\n{text}");
    }
    let nobody = json(on_manifests("ingress routes other.example.net"), 0, "ingress routes");
    assert_eq!(nobody["routers"].as_array().unwrap().len(), 2, "the host's own, and the one for any host");
}

#[test]
fn what_goes_elsewhere_than_meant_is_found_and_exits_with_two() {
    let document = json(on_manifests("ingress lint"), 2, "ingress lint");
    assert_eq!(codes(&document), ["HL1203", "HL1205"]);
    assert_eq!(document["routers"], 5);
    let text = on_manifests("ingress lint").run().code(2).out;
    for line in [
        "error HL1203: a router of Ingress photos/px never gets a request (Ingress photos/px)\n",
        "they are sent to the sign-in.\n",
        "error HL1205: the open prefix /public also opens /publicadmin (Ingress photos/px)\n",
    ] {
        assert!(text.contains(line), "{line:?} is not in:\n{text}");
    }
    let sound = MANIFESTS
        .replace("path: /px, pathType: Exact", "path: /px/, pathType: Prefix")
        .replace("/public,", "/public/,");
    let clean = homelab("ingress lint --manifests .").file("routes.yaml", &sound).run().code(0).out;
    assert!(clean.starts_with("ok: 5 routers, nothing found\n"), "{clean}");
}

#[test]
fn a_class_that_is_not_traefiks_is_left_alone() {
    let document = json(on_manifests("ingress lint --class internal"), 0, "ingress lint");
    assert_eq!(document["routers"], 0);
}

#[test]
fn what_cannot_be_read_says_what_to_do() {
    let error = homelab("ingress routes https://g.example.net/ --manifests .").run().error(true);
    assert!(error.contains("no host name") && error.contains("no scheme"), "{error}");
    let error = homelab("ingress lint --manifests missing").run().error(true);
    assert!(error.contains("failed to read the folder missing"), "{error}");
    let error = homelab("ingress lint --manifests .").file("a.yaml", "kind: [").run().error(true);
    assert!(error.contains("a.yaml") && error.contains("rendered first"), "{error}");
    let error = homelab("ingress lint").run().error(true);
    assert!(error.contains("no cluster is configured"), "{error}");
    // Files that hold no objects are no error, and nothing is found in them.
    let text = homelab("ingress lint --manifests .").file("values.yaml", "replicas: 3\n").run().code(0).out;
    assert!(text.starts_with("ok: 0 routers"), "{text}");
}

/// A plane of its own: everything in it is looked at. With an app, its open copy, and a gate that is missing.
fn plane() -> &'static Plane {
    static PLANE: OnceLock<Plane> = OnceLock::new();
    PLANE.get_or_init(|| {
        let plane = Plane::start(&Options::default()).unwrap();
        let api = Api::admin(plane.env()).unwrap();
        let namespace = "photos";
        let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        api.create("/api/v1/namespaces", &body).unwrap().expect("namespace", &[201]).unwrap();
        let service = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "app"},
            "spec": {"ports": [{"name": "http", "port": 80}]},
        });
        let path = format!("/api/v1/namespaces/{namespace}/services");
        api.create(&path, &service).unwrap().expect("service", &[201]).unwrap();
        for (name, path, service, middleware) in
            [("app", "/", "app", ""), ("admin", "/admin", "app", "photos-gate@kubernetescrd"), ("gone", "/gone", "gone", "")]
        {
            let ingress = json!({
                "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
                "metadata": {"name": name, "annotations": {"traefik.ingress.kubernetes.io/router.middlewares": middleware}},
                "spec": {"tls": [{"secretName": "missing"}], "rules": [{"host": "app.example.net", "http": {"paths": [{
                    "path": path, "pathType": "Prefix", "backend": {"service": {"name": service, "port": {"number": 80}}},
                }]}}]},
            });
            let path = format!("/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses");
            api.create(&path, &ingress).unwrap().expect("ingress", &[201]).unwrap();
        }
        plane
    })
}

fn on_plane(arguments: &str, token: &str) -> Homelab {
    let env = plane().env();
    homelab(arguments)
        .env("KUBE_HOST", &env.api_server)
        .env("KUBE_CLUSTER_CA_CERT_DATA", &env.ca_pem)
        .env("KUBE_TOKEN", token)
}

#[test]
fn a_cluster_without_traefiks_kinds_has_no_middlewares_and_its_gates_are_missing() {
    let admin = plane().env().admin_token.clone();
    let document = json(on_plane("ingress lint", &admin), 2, "ingress lint");
    assert_eq!(codes(&document), ["HL1101", "HL1102", "HL1104"], "the Secret is named three times and said once");
    let observed = document["findings"][0]["observed"].as_str().unwrap();
    assert!(observed.ends_with("app.example.net/admin is answered by Ingress photos/app (open)."), "{observed}");
    assert_eq!(document["seen"][2], json!({"kind": "Middleware.traefik.io", "objects": null}));

    let routes = json(on_plane("ingress routes app.example.net", &admin), 0, "ingress routes");
    let served: Vec<(&str, bool)> = routes["routers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|route| (route["object"].as_str().unwrap(), route["served"].as_bool().unwrap()))
        .collect();
    assert_eq!(served, [("app", true), ("admin", false), ("gone", false)], "what is not served comes last");
}

#[test]
fn certificates_that_may_not_be_read_are_not_taken_for_good_ones() {
    let viewer = plane().env().viewer_token.clone();
    let document = json(on_plane("ingress lint", &viewer), 2, "ingress lint");
    assert!(!codes(&document).contains(&"HL1104"), "{document:#}");
    assert!(document["unseen"].as_array().unwrap().iter().any(|one| one["kind"] == "Secret"), "{document:#}");
}

#[test]
fn what_may_not_be_listed_is_said_and_exits_with_three() {
    let nobody = plane().env().nobody_token.clone();
    let document = json(on_plane("ingress lint", &nobody), 3, "ingress lint");
    assert_eq!(codes(&document), [] as [&str; 0]);
    let unseen: Vec<&str> =
        document["unseen"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert!(unseen.contains(&"Ingress") && unseen.contains(&"Service"), "{unseen:?}");
    let text = on_plane("ingress lint", &nobody).run().code(3).out;
    assert!(text.starts_with("unknown: 0 routers, nothing found, and not everything could be looked at\n"), "{text}");
    assert!(text.contains("not looked at: Ingress: ") && text.contains("cannot list resource \"ingresses\""), "{text}");
    on_plane("ingress routes app.example.net", &nobody).run().code(3);
}
