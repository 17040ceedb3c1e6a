//! What Traefik makes of an `IngressRoute`.

use serde_json::Value;

use super::router::{Kind, Priority, Router, Source};
use super::rule::{Rule, Syntax};
use super::{Settings, normalized, rule_hash};

/// The routers of an `IngressRoute`; none where it is left to another controller.
pub(super) fn routers(object: &Value, settings: &Settings) -> Vec<Router> {
    if !settings.takes(object) {
        return Vec::new();
    }
    let declared = object.pointer("/spec/routes").and_then(Value::as_array);
    let mut made: Vec<Router> = Vec::new();
    for (index, route) in declared.into_iter().flatten().enumerate() {
        let Some(router) = router(object, index, route) else { continue };
        // Two routes with one rule have one name: the last of them is there.
        made.retain(|known| known.name != router.name);
        made.push(router);
    }
    made
}

fn text_of<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn router(object: &Value, index: usize, route: &Value) -> Option<Router> {
    let text = text_of(route, "match").to_owned();
    if !matches!(text_of(route, "kind"), "" | "Rule") || text.is_empty() {
        return None;
    }
    let metadata = object.get("metadata")?;
    let (namespace, name) = (text_of(metadata, "namespace"), text_of(metadata, "name"));
    let entrypoints = object.pointer("/spec/entryPoints").and_then(Value::as_array);
    let key = normalized(&format!("{namespace}-{name}-{}", rule_hash(&text)));
    Some(Router {
        name: format!("{key}@{}", Kind::IngressRoute.provider()),
        source: Source {
            kind: Kind::IngressRoute,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            field: format!(".spec.routes[{index}]"),
        },
        rule: Rule::new(&text, Syntax::of(text_of(route, "syntax"))),
        priority: Priority::of(route.get("priority").and_then(Value::as_i64).unwrap_or_default(), &text),
        rule_text: text,
        entrypoints: entrypoints.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
        middlewares: members(route, "middlewares").map(|member| middleware(member, namespace)).collect(),
        tls: object.pointer("/spec/tls").is_some_and(|tls| !tls.is_null()),
        services: members(route, "services").map(service).collect(),
        faults: Vec::new(),
    })
}

fn members<'a>(route: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    route.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// The full name of a middleware: of another provider where it says so, else by namespace and name.
fn middleware(member: &Value, home: &str) -> String {
    let (name, namespace) = (text_of(member, "name"), text_of(member, "namespace"));
    if name.contains('@') {
        return name.to_owned();
    }
    let namespace = if namespace.is_empty() { home } else { namespace };
    format!("{}@{}", normalized(&format!("{namespace}-{name}")), Kind::IngressRoute.provider())
}

fn service(member: &Value) -> String {
    let name = match (text_of(member, "namespace"), text_of(member, "name")) {
        ("", name) => name.to_owned(),
        (namespace, name) => format!("{namespace}/{name}"),
    };
    if text_of(member, "kind") == "TraefikService" {
        return format!("TraefikService {name}");
    }
    match member.get("port") {
        Some(Value::String(port)) => format!("{name}:{port}"),
        Some(Value::Number(port)) => format!("{name}:{port}"),
        _ => name,
    }
}
