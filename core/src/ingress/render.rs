//! Writes the objects.

use std::collections::{BTreeMap, BTreeSet};

use homelab_schema::ingress::{PathType, Scheme};
use serde_json::{Map, Value, json};

use super::{
    AUTH_ANNOTATION, CARVE_OUT_ANNOTATION, CARVE_OUTS_ANNOTATION, Door, ENTRYPOINTS_ANNOTATION, MIDDLEWARES_ANNOTATION,
    PRIORITY_ANNOTATION, REASON_ANNOTATION, SCHEME_ANNOTATION, Spec, WORDS_ANNOTATION, own,
};

/// A kind of object that a declaration becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RenderedKind {
    /// A Middleware of Traefik.
    Middleware,
    /// A Service that is ours.
    Service,
    /// One annotation of a Service that is somebody else's: applied without a mark, and released instead of deleted.
    ServiceField,
    /// An Ingress.
    Ingress,
}

impl RenderedKind {
    /// All kinds, in the order of writing.
    pub const ALL: [Self; 4] = [Self::Middleware, Self::Service, Self::ServiceField, Self::Ingress];

    /// The name of the kind; `ServiceField` is a name of ours, for keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Middleware => "Middleware",
            Self::Service => "Service",
            Self::ServiceField => "ServiceField",
            Self::Ingress => "Ingress",
        }
    }

    /// The kind of that name.
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// An object as it is to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// What it is.
    pub kind: RenderedKind,
    /// Its name, in the namespace of the declaration. Unique only within its kind.
    pub name: String,
    /// The fields that we declare: annotations, labels and spec. Version, kind, name and namespace are the backend's matter.
    pub body: Value,
    /// Whether it opens a door: such ones are written last and removed first.
    pub is_open: bool,
    /// The door that it belongs to, by its position in [`Spec::doors`]; `None` for what all doors share.
    pub door: Option<usize>,
}

impl Rendered {
    /// `<kind>/<name>`, which is unique within a declaration.
    pub fn key(&self) -> String {
        format!("{}/{}", self.kind.as_str(), self.name)
    }
}

/// All objects of a declaration, in the order in which they are to be written: what is referred to first, then gated
/// Ingresses, then open ones.
pub fn render_all(spec: &Spec) -> Vec<Rendered> {
    let mut all: Vec<Rendered> = spec
        .own
        .iter()
        .map(|own| Rendered {
            kind: RenderedKind::Middleware,
            name: own.name.clone(),
            body: json!({"metadata": metadata(spec, Map::new()), "spec": own::spec(&own.does)}),
            is_open: false,
            door: own.door,
        })
        .collect();
    all.extend(services(spec));
    all.extend(spec.doors_in_order().into_iter().map(|door| Rendered {
        kind: RenderedKind::Ingress,
        name: door.object.clone(),
        body: render(spec, door),
        is_open: door.auth.is_open(),
        door: spec.doors.iter().position(|other| other.object == door.object),
    }));
    all
}

/// The fields of a door's Ingress that we declare: annotations, labels and spec. Version, kind, name and namespace are
/// the backend's matter.
pub fn render(spec: &Spec, door: &Door) -> Value {
    let mut body = Map::new();
    if let Some(class) = &spec.class {
        body.insert("ingressClassName".to_owned(), json!(class));
    }
    let hosts: Vec<&String> = spec.hosts().collect();
    if let Some(secret) = &spec.tls {
        body.insert("tls".to_owned(), json!([{"hosts": hosts, "secretName": secret}]));
    }
    let paths = paths(door);
    let rules: Vec<Value> = hosts.iter().map(|host| json!({"host": host, "http": {"paths": paths}})).collect();
    body.insert("rules".to_owned(), Value::Array(rules));
    json!({"metadata": metadata(spec, annotations(spec, door)), "spec": body})
}

fn metadata(spec: &Spec, annotations: Map<String, Value>) -> Map<String, Value> {
    let mut metadata = Map::new();
    if !annotations.is_empty() {
        metadata.insert("annotations".to_owned(), Value::Object(annotations));
    }
    if !spec.labels.is_empty() {
        metadata.insert("labels".to_owned(), json!(spec.labels));
    }
    metadata
}

/// The Service that leads outside, and the one field of each Service of somebody else that a door says something of.
fn services(spec: &Spec) -> Vec<Rendered> {
    let mut all = Vec::new();
    let mut schemes: BTreeMap<&str, (usize, Scheme)> = BTreeMap::new();
    for (index, door) in spec.doors.iter().enumerate() {
        if let Some(scheme) = door.scheme {
            schemes.entry(&door.service).or_insert((index, scheme));
        }
    }
    let annotated = |scheme: Scheme| Map::from_iter([(SCHEME_ANNOTATION.to_owned(), json!(scheme.as_str()))]);
    if let (Some(target), Some(root)) = (&spec.external_name, spec.doors.first()) {
        let annotations = schemes.remove(root.service.as_str()).map(|(_, scheme)| annotated(scheme));
        let body = json!({"type": "ExternalName", "externalName": target, "ports": ports(spec, &root.service)});
        all.push(Rendered {
            kind: RenderedKind::Service,
            name: root.service.clone(),
            body: json!({"metadata": metadata(spec, annotations.unwrap_or_default()), "spec": body}),
            is_open: false,
            door: None,
        });
    }
    all.extend(schemes.into_iter().map(|(name, (index, scheme))| Rendered {
        kind: RenderedKind::ServiceField,
        name: name.to_owned(),
        body: json!({"metadata": {"annotations": annotated(scheme)}}),
        is_open: false,
        door: Some(index),
    }));
    all
}

/// The ports of our Service that doors name. Several need names of their own.
fn ports(spec: &Spec, service: &str) -> Vec<Value> {
    let doors = spec.doors.iter().filter(|door| door.service == service);
    let numbers: BTreeSet<u16> = doors.filter_map(|door| door.port.parse().ok()).collect();
    let one = |number: &u16| json!({"port": number, "protocol": "TCP"});
    let named = |number: &u16| json!({"name": format!("port-{number}"), "port": number, "protocol": "TCP"});
    if numbers.len() > 1 { numbers.iter().map(named).collect() } else { numbers.iter().map(one).collect() }
}

fn annotations(spec: &Spec, door: &Door) -> Map<String, Value> {
    let mut all: Map<String, Value> = spec.annotations.iter().map(|(name, text)| (name.clone(), json!(text))).collect();
    if door.label.is_none() {
        all.extend(spec.announced.iter().map(|(name, text)| (name.clone(), json!(text))));
    }
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
    if let Some(words) = door.words.text() {
        put(WORDS_ANNOTATION, words);
    }
    if let Some(label) = &door.label {
        put(CARVE_OUT_ANNOTATION, label.clone());
    } else if spec.doors.len() > 1 {
        let labels: Vec<&str> = spec.doors.iter().filter_map(|door| door.label.as_deref()).collect();
        put(CARVE_OUTS_ANNOTATION, labels.join(","));
    }
    all.sort_keys();
    all
}

fn paths(door: &Door) -> Vec<Value> {
    let backend = json!({"service": {"name": door.service, "port": port(&door.port)}});
    let path = |path: &str, path_type: &str| json!({"path": path, "pathType": path_type, "backend": backend});
    if door.parity {
        return door.paths.iter().map(|declared| path(declared, door.path_type.as_str())).collect();
    }
    door.routes().iter().map(|route| path(&route.path, path_type(route.exact, door.path_type))).collect()
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
