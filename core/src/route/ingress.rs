//! What Traefik makes of an Ingress.
//!
//! Each path of each rule is a router of its own; a default backend counts only where there are no rules. `spec.tls` brings
//! certificates and says nothing about routers.

use std::collections::BTreeMap;

use serde_json::Value;

use super::annotations::{RouterOptions, router_options};
use super::router::{Kind, Priority, Router, Source};
use super::rule::{Rule, Syntax};
use super::{Settings, normalized, rule_hash};

/// Priority of the router for a default backend: below all others.
const LOWEST: i64 = -2_147_483_648;

/// The routers of an Ingress; none where it is left to another controller, or where Traefik cannot read its annotations.
pub(super) fn routers(object: &Value, settings: &Settings) -> Vec<Router> {
    if !is_ours(object, settings) {
        return Vec::new();
    }
    let Ok(options) = router_options(object) else { return Vec::new() };
    let rules = object.pointer("/spec/rules").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if rules.is_empty() {
        return default_backend(object, &options).into_iter().collect();
    }
    let mut routers = Vec::new();
    for (rule_index, rule) in rules.iter().enumerate() {
        let host = rule.get("host").and_then(Value::as_str).unwrap_or_default();
        let paths = rule.pointer("/http/paths").and_then(Value::as_array);
        for (path_index, path) in paths.into_iter().flatten().enumerate() {
            let field = format!(".spec.rules[{rule_index}].http.paths[{path_index}]");
            if let Some(service) = service_of(path.get("backend")) {
                let text = rule_text(host, path, &options, settings);
                let key = format!("{host}{}", text_of(path, "path"));
                routers.push((key, made(object, field, text, service, &options)));
            }
        }
    }
    named(object, routers)
}

/// Whether it is Traefik's to read: by its class, else by the annotation of old.
fn is_ours(object: &Value, settings: &Settings) -> bool {
    if let Some(class) = object.pointer("/spec/ingressClassName").and_then(Value::as_str) {
        let wanted = settings.class.is_empty() || settings.class == class;
        return wanted && settings.classes.as_ref().is_none_or(|classes| classes.contains(class));
    }
    settings.takes(object)
}

fn text_of<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// `name:port` of a backend; `None` where it is no Service, of which Traefik makes no router.
fn service_of(backend: Option<&Value>) -> Option<String> {
    let backend = backend?;
    if backend.get("resource").is_some_and(|resource| !resource.is_null()) {
        return None;
    }
    let service = backend.get("service").filter(|service| !service.is_null())?;
    let port = service.get("port").map(|port| match port.get("name").and_then(Value::as_str) {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => port.get("number").map(ToString::to_string).unwrap_or_default(),
    });
    Some(format!("{}:{}", text_of(service, "name"), port.unwrap_or_default()))
}

fn rule_text(host: &str, path: &Value, options: &RouterOptions, settings: &Settings) -> String {
    let mut parts = Vec::new();
    if !host.is_empty() {
        parts.push(host_rule(host, Syntax::of(&options.syntax)));
    }
    let (text, kind) = (text_of(path, "path"), text_of(path, "pathType"));
    if !text.is_empty() {
        let matcher = match kind {
            "" | "ImplementationSpecific" if !options.path_matcher.is_empty() => options.path_matcher.as_str(),
            "Exact" => "Path",
            _ => "PathPrefix",
        };
        parts.push(if settings.strict_prefix && matcher == "PathPrefix" && text != "/" {
            let stem = text.strip_suffix('/').unwrap_or(text);
            format!("(Path(`{stem}`) || PathPrefix(`{stem}/`))")
        } else {
            format!("{matcher}(`{text}`)")
        });
    }
    parts.join(" && ")
}

/// The condition on the host. Only a star at its start is one; the name after it is taken literally.
fn host_rule(host: &str, syntax: Syntax) -> String {
    match (host.strip_prefix("*."), syntax) {
        (None, _) => format!("Host(`{host}`)"),
        (Some(rest), Syntax::V2) => format!("HostRegexp(`{{subdomain:[a-zA-Z0-9-]+}}.{rest}`)"),
        (Some(rest), Syntax::V3) => {
            format!("HostRegexp(`^[a-zA-Z0-9-]+\\.{}$`)", regex::escape(rest).replace("\\-", "-"))
        }
    }
}

fn made(object: &Value, field: String, text: String, service: String, options: &RouterOptions) -> Router {
    let metadata = |name: &str| object.pointer(&format!("/metadata/{name}")).and_then(Value::as_str);
    Router {
        name: String::new(),
        source: Source {
            kind: Kind::Ingress,
            namespace: metadata("namespace").unwrap_or_default().to_owned(),
            name: metadata("name").unwrap_or_default().to_owned(),
            field,
        },
        rule: Rule::new(&text, Syntax::of(&options.syntax)),
        priority: Priority::of(options.priority, &text),
        rule_text: text,
        entrypoints: options.entrypoints.clone(),
        middlewares: options.middlewares.iter().map(|name| qualified(name)).collect(),
        tls: options.tls,
        services: vec![service],
        faults: Vec::new(),
    }
}

fn qualified(name: &str) -> String {
    if name.contains('@') { name.to_owned() } else { format!("{name}@kubernetes") }
}

/// Gives the names. Routers of one object that would have the same are told apart by a hash of their rules; of those with
/// the same rule too, only the last is there.
fn named(object: &Value, routers: Vec<(String, Router)>) -> Vec<Router> {
    let metadata =
        |name: &str| object.pointer(&format!("/metadata/{name}")).and_then(Value::as_str).unwrap_or_default();
    let start = format!("{}-{}", metadata("namespace"), metadata("name"));
    let keyed: Vec<(String, Router)> =
        routers.into_iter().map(|(key, router)| (normalized(&format!("{start}-{key}")), router)).collect();
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    for (key, _) in &keyed {
        *uses.entry(key.clone()).or_default() += 1;
    }
    let mut named: Vec<Router> = Vec::new();
    for (key, mut router) in keyed {
        let name = match uses.get(&key) {
            Some(1) => key,
            _ => format!("{key}-{}", rule_hash(&router.rule_text)),
        };
        router.name = format!("{name}@{}", Kind::Ingress.provider());
        named.retain(|known| known.name != router.name);
        named.push(router);
    }
    named
}

fn default_backend(object: &Value, options: &RouterOptions) -> Option<Router> {
    let service = service_of(object.pointer("/spec/defaultBackend"))?;
    let text = "PathPrefix(`/`)".to_owned();
    // Neither priority nor syntax of the annotations count here.
    let options = RouterOptions { priority: LOWEST, syntax: String::new(), ..options.clone() };
    let mut router = made(object, ".spec.defaultBackend".to_owned(), text, service, &options);
    router.name = format!("default-router@{}", Kind::Ingress.provider());
    Some(router)
}
