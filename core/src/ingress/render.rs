//! Writes the objects.

use homelab_schema::ingress::PathType;
use serde_json::{Map, Value, json};

use super::{
    AUTH_ANNOTATION, CARVE_OUT_ANNOTATION, CARVE_OUTS_ANNOTATION, Door, ENTRYPOINTS_ANNOTATION, MIDDLEWARES_ANNOTATION,
    PRIORITY_ANNOTATION, REASON_ANNOTATION, Spec, routes,
};

/// The fields of a door's Ingress that we declare: annotations, labels and spec. Version, kind, name and namespace are
/// the backend's matter.
pub fn render(spec: &Spec, door: &Door) -> Value {
    let mut metadata = Map::new();
    metadata.insert("annotations".to_owned(), annotations(spec, door));
    if !spec.labels.is_empty() {
        metadata.insert("labels".to_owned(), json!(spec.labels));
    }
    let mut body = Map::new();
    if let Some(class) = &spec.class {
        body.insert("ingressClassName".to_owned(), json!(class));
    }
    if let Some(secret) = &spec.tls {
        body.insert("tls".to_owned(), json!([{"hosts": [spec.host], "secretName": secret}]));
    }
    body.insert("rules".to_owned(), json!([{"host": spec.host, "http": {"paths": paths(door)}}]));
    json!({"metadata": metadata, "spec": body})
}

/// All objects of a declaration, with their names; the app's first.
pub fn render_all(spec: &Spec) -> Vec<(String, Value)> {
    spec.doors.iter().map(|door| (door.object.clone(), render(spec, door))).collect()
}

fn annotations(spec: &Spec, door: &Door) -> Value {
    let mut all: Map<String, Value> = spec.annotations.iter().map(|(name, text)| (name.clone(), json!(text))).collect();
    let mut put = |name: &str, text: String| all.insert(name.to_owned(), Value::String(text));
    if let Some(entrypoint) = &spec.entrypoint {
        put(ENTRYPOINTS_ANNOTATION, entrypoint.clone());
    }
    if !door.chain.is_empty() {
        put(MIDDLEWARES_ANNOTATION, door.chain.join(","));
    }
    if let Some(priority) = door.priority {
        put(PRIORITY_ANNOTATION, priority.to_string());
    }
    put(AUTH_ANNOTATION, door.auth.as_str().to_owned());
    if let Some(reason) = &door.reason {
        put(REASON_ANNOTATION, reason.clone());
    }
    if let Some(label) = &door.label {
        put(CARVE_OUT_ANNOTATION, label.clone());
    } else if spec.doors.len() > 1 {
        let labels: Vec<&str> = spec.doors.iter().filter_map(|door| door.label.as_deref()).collect();
        put(CARVE_OUTS_ANNOTATION, labels.join(","));
    }
    all.sort_keys();
    Value::Object(all)
}

fn paths(door: &Door) -> Vec<Value> {
    let backend = json!({"service": {"name": door.service, "port": port(&door.port)}});
    routes::expand(&door.paths, door.path_type)
        .into_iter()
        .map(
            |route| json!({"path": route.path, "pathType": path_type(route.exact, door.path_type), "backend": backend}),
        )
        .collect()
}

fn path_type(exact: bool, declared: PathType) -> &'static str {
    match (exact, declared) {
        (true, _) => PathType::Exact.as_str(),
        (false, PathType::ImplementationSpecific) => PathType::ImplementationSpecific.as_str(),
        (false, _) => PathType::Prefix.as_str(),
    }
}

/// A port as Kubernetes wants it: digits are a number, all else is a name.
fn port(text: &str) -> Value {
    text.parse::<u16>().map_or_else(|_| json!({"name": text}), |number| json!({"number": number}))
}
