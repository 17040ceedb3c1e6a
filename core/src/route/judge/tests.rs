use serde_json::{Value, json};

use super::*;
use crate::ingress::references::Middlewares;
use crate::route::{Settings, routers_of, settle};

fn middlewares() -> Vec<Value> {
    let made = |name: &str, spec: Value| json!({"kind": "Middleware", "metadata": {"namespace": "t", "name": name}, "spec": spec});
    vec![
        made("gate", json!({"forwardAuth": {"address": "http://127.0.0.1:9"}})),
        made("https", json!({"redirectScheme": {"scheme": "https"}})),
    ]
}

fn ingress(name: &str, middleware: &str, priority: i64, paths: &[(&str, &str)]) -> Value {
    let paths: Vec<Value> = paths
        .iter()
        .map(|(kind, path)| json!({"path": path, "pathType": kind, "backend": {"service": {"name": name, "port": {"number": 80}}}}))
        .collect();
    let mut annotations = json!({});
    if !middleware.is_empty() {
        annotations["traefik.ingress.kubernetes.io/router.middlewares"] =
            json!(format!("t-{middleware}@kubernetescrd"));
    }
    if priority != 0 {
        annotations["traefik.ingress.kubernetes.io/router.priority"] = json!(priority.to_string());
    }
    json!({
        "kind": "Ingress", "metadata": {"namespace": "n", "name": name, "annotations": annotations},
        "spec": {"rules": [{"host": "g.example.net", "http": {"paths": paths}}]},
    })
}

fn route(name: &str, rule: &str, middleware: &str) -> Value {
    let middlewares = if middleware.is_empty() { json!([]) } else { json!([{"name": middleware, "namespace": "t"}]) };
    json!({
        "kind": "IngressRoute", "metadata": {"namespace": "m", "name": name},
        "spec": {"routes": [{"match": rule, "middlewares": middlewares, "services": [{"name": name, "port": 80}]}]},
    })
}

fn routers(objects: &[Value]) -> Vec<Router> {
    let settings = Settings::default();
    let mut routers: Vec<Router> = objects.iter().flat_map(|object| routers_of(object, &settings)).collect();
    settle(&mut routers, Some(&Middlewares::of(&middlewares())), &settings);
    routers
}

fn found(objects: &[Value]) -> Vec<(String, String)> {
    let middlewares = middlewares();
    let findings = judge_all(&routers(objects), &Guards::of(&middlewares));
    findings.into_iter().map(|finding| (finding.code.to_string(), finding.object)).collect()
}

fn one(code: &str, object: &str) -> Vec<(String, String)> {
    vec![(code.to_owned(), object.to_owned())]
}

#[test]
fn a_gated_app_with_a_sound_carve_out_is_clean() {
    let root = ingress("app", "gate", 0, &[("Prefix", "/")]);
    let share = ingress("app-share", "", 60, &[("Exact", "/share"), ("Prefix", "/share/")]);
    let https = route("https", "PathPrefix(`/`)", "https");
    assert_eq!(found(&[root, share, https]), []);
}

#[test]
fn incident_07_a_short_exact_path_loses_to_the_root_and_one_of_seven_characters_ties() {
    let root = ingress("app", "gate", 0, &[("Prefix", "/")]);
    for (path, expected) in [
        ("/px", one("HL1203", "Ingress n/short")),
        ("/abcde", one("HL1203", "Ingress n/short")),
        ("/abcdef", one("HL1201", "Ingress n/app")),
        ("/abcdefg", Vec::new()),
    ] {
        assert_eq!(found(&[root.clone(), ingress("short", "", 0, &[("Exact", path)])]), expected, "{path}");
    }
}

#[test]
fn an_open_prefix_leaks_into_what_a_gate_would_have_got() {
    let root = ingress("app", "gate", 0, &[("Prefix", "/")]);
    let public = ingress("public", "", 0, &[("Prefix", "/public")]);
    assert_eq!(found(&[root.clone(), public.clone()]), one("HL1205", "Ingress n/public"));
    // Where nothing is gated, nothing leaks; and a slash ends a prefix.
    assert_eq!(found(&[ingress("app", "", 0, &[("Prefix", "/")]), public]), []);
    assert_eq!(found(&[root, ingress("public", "", 0, &[("Prefix", "/public/")])]), []);
}

#[test]
fn the_same_requests_without_a_gate_are_found_whoever_wins() {
    let gated = ingress("app", "gate", 0, &[("Prefix", "/")]);
    for rule in ["Host(`g.example.net`)", "PathPrefix(`/`) && Host(`G.example.net`)"] {
        assert_eq!(found(&[gated.clone(), route("copy", rule, "")]), one("HL1204", "IngressRoute m/copy"), "{rule}");
    }
    // A redirect serves nothing, and another gate is a gate.
    let https = route("https", "Host(`g.example.net`)", "https");
    assert_eq!(found(&[gated.clone(), https]), one("HL1203", "IngressRoute m/https"));
    let theirs = route("copy", "Host(`g.example.net`) && Method(`GET`)", "gate");
    assert!(!found(&[gated, theirs]).iter().any(|(code, _)| code == "HL1204"));
}

#[test]
fn a_dropped_router_names_who_serves_instead() {
    let public = ingress("public", "", 0, &[("Prefix", "/public/")]);
    let secret = ingress("secret", "gone", 0, &[("Prefix", "/public/secret")]);
    let routers = routers(&[public, secret, route("broken", "Host(`h`) & Path(`/`)", "")]);
    let findings = judge_all(&routers, &Guards::of(&middlewares()));
    let codes: Vec<&str> = findings.iter().map(|finding| finding.code.id).collect();
    assert_eq!(codes, ["HL1101", "HL1206"]);
    assert!(
        findings[0].observed.ends_with("g.example.net/public/secret is answered by Ingress n/public (open)."),
        "{}",
        findings[0].observed
    );
}

#[test]
fn two_objects_whose_names_join_to_one_are_found() {
    let mut objects = [ingress("a-b", "", 0, &[("Prefix", "/")]), ingress("a", "", 0, &[("Prefix", "/b/x")])];
    // n-a-b + "" + /x and n-a + b + /x.
    objects[0]["spec"]["rules"][0] = json!({"http": objects[0]["spec"]["rules"][0]["http"]});
    objects[0]["spec"]["rules"][0]["http"]["paths"][0]["path"] = json!("/x");
    objects[1]["spec"]["rules"][0] = json!({"http": objects[1]["spec"]["rules"][0]["http"]});
    let names: Vec<String> = routers(&objects).into_iter().map(|router| router.name).collect();
    assert_eq!(names, ["n-a-b-x@kubernetes", "n-a-b-x@kubernetes"]);
    assert_eq!(found(&objects), one("HL1202", "Ingress n/a-b"));
}

#[test]
fn what_cannot_be_told_is_a_warning() {
    let one = route("one", "PathRegexp(`\\pL`) && Host(`g.example.net`) ", "");
    let other = route("two", "Host(`g.example.net`) && PathPrefix(`/x11`)", "");
    let routers = routers(&[one, other]);
    assert_eq!(routers[0].priority.value, routers[1].priority.value);
    let findings = judge(&routers[..1], &routers[1..], &Guards::default());
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].code, findings[0].severity), (codes::AMBIGUOUS, Severity::Warning));
}
