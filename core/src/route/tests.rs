//! What objects become, by tables; that Traefik agrees is the matter of the differential test of the provider.

use serde_json::{Value, json};

use super::*;
use crate::ingress::references::Middlewares;

fn ingress(annotations: &Value, spec: &Value) -> Value {
    json!({
        "kind": "Ingress", "metadata": {"namespace": "n", "name": "app", "annotations": annotations}, "spec": spec,
    })
}

fn path(kind: Option<&str>, path: &str) -> Value {
    let mut made = json!({"path": path, "backend": {"service": {"name": "app", "port": {"name": "http"}}}});
    if let Some(kind) = kind {
        made["pathType"] = json!(kind);
    }
    made
}

fn rules(host: &str, paths: &[Value]) -> Value {
    let mut rule = json!({"http": {"paths": paths}});
    if !host.is_empty() {
        rule["host"] = json!(host);
    }
    json!({ "rules": [rule] })
}

fn texts(object: &Value, settings: &Settings) -> Vec<(String, i64)> {
    routers_of(object, settings).into_iter().map(|router| (router.rule_text, router.priority.value)).collect()
}

#[test]
fn each_path_of_an_ingress_is_a_router() {
    let annotation = |name: &str, text: &str| json!({format!("traefik.ingress.kubernetes.io/router.{name}"): text});
    let none = json!({});
    for (annotations, host, kind, value, expected) in [
        (&none, "h", Some("Prefix"), "/a", "Host(`h`) && PathPrefix(`/a`)"),
        (&none, "h", Some("Exact"), "/a", "Host(`h`) && Path(`/a`)"),
        (&none, "h", Some("ImplementationSpecific"), "/a", "Host(`h`) && PathPrefix(`/a`)"),
        (&none, "h", None, "/a", "Host(`h`) && PathPrefix(`/a`)"),
        (&none, "", Some("Prefix"), "/a", "PathPrefix(`/a`)"),
        (&none, "h", None, "", "Host(`h`)"),
        (&none, "*.b-c.net", Some("Prefix"), "/", "HostRegexp(`^[a-zA-Z0-9-]+\\.b-c\\.net$`) && PathPrefix(`/`)"),
        (&annotation("pathmatcher", "PathRegexp"), "h", None, "^/a", "Host(`h`) && PathRegexp(`^/a`)"),
        (&annotation("pathMatcher", "Path"), "h", Some("ImplementationSpecific"), "/a", "Host(`h`) && Path(`/a`)"),
        (&annotation("pathmatcher", "Path"), "h", Some("Prefix"), "/a", "Host(`h`) && PathPrefix(`/a`)"),
        (
            &annotation("rulesyntax", "v2"),
            "*.b.net",
            Some("Prefix"),
            "/",
            "HostRegexp(`{subdomain:[a-zA-Z0-9-]+}.b.net`) && PathPrefix(`/`)",
        ),
    ] {
        let object = ingress(annotations, &rules(host, &[path(kind, value)]));
        let length = i64::try_from(expected.len()).unwrap();
        assert_eq!(texts(&object, &Settings::default()), [(expected.to_owned(), length)], "{object}");
    }
    let strict = Settings { strict_prefix: true, ..Settings::default() };
    let object = ingress(&none, &rules("h", &[path(Some("Prefix"), "/a/"), path(Some("Prefix"), "/")]));
    let seen: Vec<String> = texts(&object, &strict).into_iter().map(|(text, _)| text).collect();
    assert_eq!(seen, ["Host(`h`) && (Path(`/a`) || PathPrefix(`/a/`))", "Host(`h`) && PathPrefix(`/`)"]);
}

#[test]
fn annotations_are_of_all_routers_and_a_broken_one_takes_them_all() {
    let spec = rules("h", &[path(Some("Prefix"), "/"), path(Some("Exact"), "/x")]);
    let annotations = json!({
        "traefik.ingress.kubernetes.io/router.priority": "77",
        "traefik.ingress.kubernetes.io/router.entrypoints": "websecure",
        "traefik.ingress.kubernetes.io/router.middlewares": "t-gate@kubernetescrd, own",
        "traefik.ingress.kubernetes.io/router.tls": "true",
    });
    let routers = routers_of(&ingress(&annotations, &spec), &Settings::default());
    assert_eq!(routers.len(), 2);
    for router in &routers {
        assert_eq!(router.priority, Priority { value: 77, explicit: true });
        assert_eq!(router.entrypoints, ["websecure"]);
        assert_eq!(router.middlewares, ["t-gate@kubernetescrd", "own@kubernetes"]);
        assert_eq!((router.tls, router.services.as_slice()), (true, &["app:http".to_owned()][..]));
    }
    let broken = json!({"traefik.ingress.kubernetes.io/router.priority": "high"});
    assert!(routers_of(&ingress(&broken, &spec), &Settings::default()).is_empty());
}

#[test]
fn names_are_traefiks_and_of_equal_ones_the_last_is_there() {
    let spec =
        rules("h.example.net", &[path(Some("Prefix"), "/a"), path(Some("Prefix"), "/b"), path(Some("Exact"), "/b")]);
    let names: Vec<String> =
        routers_of(&ingress(&json!({}), &spec), &Settings::default()).into_iter().map(|router| router.name).collect();
    assert_eq!(names[0], "n-app-h-example-net-a@kubernetes");
    assert!(names[1].starts_with("n-app-h-example-net-b-") && names[1] != names[2], "{names:?}");

    let mut twice = ingress(&json!({}), &rules("h", &[path(Some("Prefix"), "/a"), path(Some("Prefix"), "/a")]));
    twice["spec"]["rules"][0]["http"]["paths"][1]["backend"]["service"]["name"] = json!("second");
    let routers = routers_of(&twice, &Settings::default());
    assert_eq!(routers.len(), 1);
    assert_eq!(routers[0].services, ["second:http"]);
}

#[test]
fn a_default_backend_counts_only_where_there_are_no_rules() {
    let backend = json!({"service": {"name": "app", "port": {"number": 80}}});
    let priority = json!({"traefik.ingress.kubernetes.io/router.priority": "9"});
    let alone = routers_of(&ingress(&priority, &json!({ "defaultBackend": backend })), &Settings::default());
    assert_eq!(alone.len(), 1);
    assert_eq!((alone[0].rule_text.as_str(), alone[0].priority.value), ("PathPrefix(`/`)", i64::from(i32::MIN)));
    let mut spec = rules("h", &[path(Some("Prefix"), "/")]);
    spec["defaultBackend"] = backend;
    assert_eq!(texts(&ingress(&json!({}), &spec), &Settings::default()).len(), 1);
    let elsewhere = json!({"defaultBackend": {"resource": {"kind": "Bucket", "name": "b"}}});
    assert!(routers_of(&ingress(&json!({}), &elsewhere), &Settings::default()).is_empty());
}

#[test]
fn classes_decide_whose_an_object_is() {
    let classes = |known: &[&str]| Some(known.iter().map(|name| (*name).to_owned()).collect());
    let plain = Settings::default();
    let own = Settings { class: "inner".to_owned(), ..Settings::default() };
    let known = Settings { classes: classes(&["traefik"]), ..Settings::default() };
    let both = Settings { class: "inner".to_owned(), classes: classes(&["inner", "outer"]), ..Settings::default() };
    for (annotation, name, expected) in [
        (None, None, [true, false, true, false]),
        (Some("traefik"), None, [true, false, true, false]),
        (Some("inner"), None, [false, true, false, true]),
        (Some("nginx"), None, [false, false, false, false]),
        (None, Some("traefik"), [true, false, true, false]),
        (None, Some("inner"), [true, true, false, true]),
        (None, Some("outer"), [true, false, false, false]),
    ] {
        let mut object = ingress(&json!({}), &rules("h", &[path(None, "/")]));
        if let Some(annotation) = annotation {
            object["metadata"]["annotations"]["kubernetes.io/ingress.class"] = json!(annotation);
        }
        if let Some(name) = name {
            object["spec"]["ingressClassName"] = json!(name);
        }
        let seen = [&plain, &own, &known, &both].map(|settings| !routers_of(&object, settings).is_empty());
        assert_eq!(seen, expected, "annotation {annotation:?}, class {name:?}");
    }
}

#[test]
fn each_route_of_an_ingress_route_is_a_router() {
    let object = json!({
        "kind": "IngressRoute", "metadata": {"namespace": "n", "name": "app"},
        "spec": {
            "entryPoints": ["websecure"], "tls": {},
            "routes": [
                {"kind": "Rule", "match": "Host(`h`)", "priority": 5,
                 "middlewares": [{"name": "own"}, {"name": "gate", "namespace": "t"}, {"name": "x@file", "namespace": "y"}],
                 "services": [{"name": "app", "port": 80}, {"name": "other", "namespace": "m", "port": "http"},
                              {"name": "weighted", "kind": "TraefikService"}]},
                {"kind": "Rule", "match": "Host(`g`)", "syntax": "v2"},
                {"kind": "Rule", "match": ""},
                {"kind": "Route", "match": "Host(`f`)"},
                {"match": "Host(`g`)"},
            ],
        },
    });
    let routers = routers_of(&object, &Settings::default());
    let fields: Vec<&str> = routers.iter().map(|router| router.source.field.as_str()).collect();
    assert_eq!(fields, [".spec.routes[0]", ".spec.routes[4]"], "of two with one rule the last is there");
    assert_eq!(routers[0].middlewares, ["n-own@kubernetescrd", "t-gate@kubernetescrd", "x@file"]);
    assert_eq!(routers[0].services, ["app:80", "m/other:http", "TraefikService weighted"]);
    assert_eq!((routers[0].priority, routers[0].tls), (Priority { value: 5, explicit: true }, true));
    assert_eq!(routers[1].priority, Priority { value: 9, explicit: false });
    assert!(routers[0].name.starts_with("n-app-") && routers[0].name.ends_with("@kubernetescrd"));
}

fn routes(rules: &[(&str, i64)]) -> Vec<Router> {
    let route = |(text, priority): &(&str, i64)| json!({"match": text, "priority": priority});
    let object = json!({
        "kind": "IngressRoute", "metadata": {"namespace": "n", "name": "app"},
        "spec": {"routes": rules.iter().map(route).collect::<Vec<_>>()},
    });
    let mut routers = routers_of(&object, &Settings::default());
    settle(&mut routers, Some(&Middlewares::default()), &Settings::default());
    routers
}

#[test]
fn the_highest_that_matches_wins_and_doubt_is_kept() {
    let request = Request::get("h", "/x");
    for (rules, expected) in [
        (&[("Host(`h`)", 1), ("PathPrefix(`/`)", 2)][..], Outcome::One(1)),
        (&[("Host(`h`)", 2), ("PathPrefix(`/`)", 2)], Outcome::Tie(vec![0, 1])),
        (&[("Host(`g`)", 3), ("Path(`/x/`)", 2)], Outcome::None),
        (&[("PathRegexp(`\\pL`)", 3), ("Host(`h`)", 2)], Outcome::CannotTell(vec![0, 1])),
        (&[("PathRegexp(`\\pL`)", 1), ("Host(`h`)", 2)], Outcome::One(1)),
        (&[("PathRegexp(`\\pL`)", 2), ("Host(`h`)", 2)], Outcome::CannotTell(vec![0, 1])),
        (&[("PathRegexp(`\\pL`)", 2)], Outcome::CannotTell(vec![0])),
        (&[("Host(`h`) & Path(`/x`)", 9), ("Host(`h`)", i64::MAX), ("PathPrefix(`/x`)", -1)], Outcome::One(2)),
    ] {
        assert_eq!(winner(&routes(rules), &request), expected, "{rules:?}");
    }
    assert_eq!(winner(&routes(&[("PathPrefix(`/`)", 1)]), &Request::get("h", "/%zz")), Outcome::Refused);
}

#[test]
fn entry_points_and_tls_keep_routers_apart() {
    let mut routers = routes(&[("Host(`h`)", 1)]);
    routers[0].entrypoints = vec!["websecure".to_owned()];
    let mut request = Request::get("h", "/");
    assert_eq!(winner(&routers, &request), Outcome::One(0));
    "web".clone_into(&mut request.entrypoint);
    assert_eq!(winner(&routers, &request), Outcome::None);
    "websecure".clone_into(&mut request.entrypoint);
    request.tls = Some(true);
    assert_eq!(winner(&routers, &request), Outcome::None);
    routers[0].tls = true;
    assert_eq!(winner(&routers, &request), Outcome::One(0));
    let known = Settings { entrypoints: Some(["web".to_owned()].into()), ..Settings::default() };
    settle(&mut routers, None, &known);
    assert_eq!(routers[0].faults, [Fault::EntryPoint]);
}

#[test]
fn a_missing_service_or_port_takes_the_router() {
    let service = json!({"kind": "Service", "metadata": {"namespace": "n", "name": "app"}, "spec": {"ports": [{"name": "http", "port": 80}]}});
    let services = Services::of([&service]);
    for (name, port, expected) in [
        ("app", json!({"number": 80}), None),
        ("app", json!({"name": "http"}), None),
        ("app", json!({"number": 81}), Some(Fault::Port { service: "n/app".to_owned(), port: "81".to_owned() })),
        ("gone", json!({"number": 80}), Some(Fault::Service("n/gone".to_owned()))),
    ] {
        let mut object = ingress(&json!({}), &rules("h", &[path(None, "/")]));
        object["spec"]["rules"][0]["http"]["paths"][0]["backend"] = json!({"service": {"name": name, "port": port}});
        let mut routers = routers_of(&object, &Settings::default());
        services.settle(&mut routers);
        assert_eq!(routers[0].faults, Vec::from_iter(expected));
    }
}
