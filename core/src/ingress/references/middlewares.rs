//! Who names a middleware, and where.
//!
//! A Middleware is named in places that have nothing in common: in a list within an annotation of an Ingress, as an object
//! with a name and perhaps a namespace in an `IngressRoute`, as a member of another Middleware of type chain, as a filter of a
//! route of the Gateway API. A sweep that knows only one of them misses the others, and every router that still names a
//! removed middleware is dropped. So all places are read here, by the rules by which Traefik joins namespace and name.
//!
//! What no object says cannot be seen here: middlewares of an entry point stand in Traefik's own arguments, and its file
//! provider reads files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::super::MIDDLEWARES_ANNOTATION;

/// What follows the joined name of a Middleware object in a list of middlewares.
pub const PROVIDER: &str = "@kubernetescrd";

/// Traefik's two kinds of middlewares: they have names of their own, so that a TCP route never names an HTTP middleware.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
pub enum MiddlewareKind {
    /// For HTTP: `Middleware`.
    Middleware,
    /// For TCP: `MiddlewareTCP`.
    #[serde(rename = "MiddlewareTCP")]
    Tcp,
}

impl fmt::Display for MiddlewareKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Middleware => "Middleware",
            Self::Tcp => "MiddlewareTCP",
        })
    }
}

/// The name by which Traefik knows a Middleware object: namespace and name joined by a dash, and everything but letters
/// and digits made a dash.
pub fn joined(namespace: &str, name: &str) -> String {
    let text = format!("{namespace}-{name}");
    let parts = text.split(|character: char| !character.is_alphanumeric()).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-")
}

/// One place in an object that names a middleware of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mention {
    /// Which kind is meant.
    pub kind: MiddlewareKind,
    /// Its joined name.
    pub joined: String,
    /// Where: `metadata.annotations["…"]`, `spec.routes[0].middlewares[1]`.
    pub place: String,
}

/// Every place in `object` that names a middleware of the cluster, in order. Those of other providers (`x@file`) are not
/// objects and are left out.
pub fn mentions(object: &Value) -> Vec<Mention> {
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    let group = text("apiVersion").split('/').next().unwrap_or_default();
    match (group, text("kind")) {
        ("networking.k8s.io", "Ingress") => annotated(object),
        ("traefik.io", "IngressRoute") => routes(object, MiddlewareKind::Middleware),
        ("traefik.io", "IngressRouteTCP") => routes(object, MiddlewareKind::Tcp),
        ("traefik.io", "Middleware") => listed(
            object,
            object.pointer("/spec/chain/middlewares"),
            "spec.chain.middlewares",
            MiddlewareKind::Middleware,
        ),
        ("gateway.networking.k8s.io", "HTTPRoute" | "GRPCRoute") => filters(object),
        _ => Vec::new(),
    }
}

/// The annotation is found whatever its case, as Traefik finds it.
fn annotated(object: &Value) -> Vec<Mention> {
    let annotations = object.pointer("/metadata/annotations").and_then(Value::as_object);
    let lists = annotations.into_iter().flatten().filter(|(name, _)| name.eq_ignore_ascii_case(MIDDLEWARES_ANNOTATION));
    lists
        .flat_map(|(name, list)| {
            let members = list.as_str().unwrap_or_default().split(',').map(str::trim);
            members.filter_map(|member| member.strip_suffix(PROVIDER)).map(move |joined| Mention {
                kind: MiddlewareKind::Middleware,
                joined: joined.to_owned(),
                place: format!("metadata.annotations[{name:?}]"),
            })
        })
        .collect()
}

fn routes(object: &Value, kind: MiddlewareKind) -> Vec<Mention> {
    let routes = object.pointer("/spec/routes").and_then(Value::as_array);
    let lists = routes.into_iter().flatten().enumerate();
    lists
        .flat_map(|(index, route)| {
            listed(object, route.get("middlewares"), &format!("spec.routes[{index}].middlewares"), kind)
        })
        .collect()
}

/// A list of `{name, namespace}`; a name with an `@` says all by itself.
fn listed(object: &Value, list: Option<&Value>, place: &str, kind: MiddlewareKind) -> Vec<Mention> {
    let home = object.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or_default();
    let members = list.and_then(Value::as_array).into_iter().flatten().enumerate();
    members
        .filter_map(|(index, member)| {
            let text = |name: &str| member.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
            let name = text("name")?;
            let joined = if name.contains('@') {
                name.strip_suffix(PROVIDER)?.to_owned()
            } else {
                joined(text("namespace").unwrap_or(home), name)
            };
            Some(Mention { kind, joined, place: format!("{place}[{index}]") })
        })
        .collect()
}

/// Filters of rules and of their backends that extend the Gateway API by a Middleware of the same namespace.
fn filters(object: &Value) -> Vec<Mention> {
    let home = object.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or_default();
    let mut found = Vec::new();
    let mut read = |holder: &Value, place: &str| {
        for (index, filter) in holder.get("filters").and_then(Value::as_array).into_iter().flatten().enumerate() {
            let text = |name: &str| filter.pointer(&format!("/extensionRef/{name}")).and_then(Value::as_str);
            if let (Some("traefik.io"), Some("Middleware"), Some(name)) = (text("group"), text("kind"), text("name")) {
                let place = format!("{place}.filters[{index}]");
                found.push(Mention { kind: MiddlewareKind::Middleware, joined: joined(home, name), place });
            }
        }
    };
    let rules = object.pointer("/spec/rules").and_then(Value::as_array);
    for (index, rule) in rules.into_iter().flatten().enumerate() {
        let place = format!("spec.rules[{index}]");
        read(rule, &place);
        let backends = rule.get("backendRefs").and_then(Value::as_array);
        for (backend, reference) in backends.into_iter().flatten().enumerate() {
            read(reference, &format!("{place}.backendRefs[{backend}]"));
        }
    }
    found
}

/// An object that names a middleware.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Referrer {
    /// Kind of the object: `Ingress`, `IngressRoute`, `IngressRouteTCP`, `Middleware` (of type chain), `HTTPRoute`, `GRPCRoute`.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Where it names the middleware.
    pub place: String,
    /// The kind of middleware that it means.
    pub means: MiddlewareKind,
    /// Who looks after it, where it says so: a resource of this provider, a Helm release, Argo CD, Flux, another object.
    pub owner: Option<String>,
}

impl fmt::Display for Referrer {
    /// `IngressRoute apps/catch-all (spec.routes[0].middlewares[1]), which belongs to Helm release apps/web`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{} ({})", self.kind, self.namespace, self.name, self.place)?;
        self.owner.iter().try_for_each(|owner| write!(f, ", which belongs to {owner}"))
    }
}

/// Every middleware that `object` names, by its joined name, and where; who owns the object is not looked at here.
pub fn named_in(object: &Value) -> Vec<(String, Referrer)> {
    let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    let of = |mention: Mention| {
        let Mention { kind: means, joined, place } = mention;
        let (kind, namespace, name) = (text("/kind"), text("/metadata/namespace"), text("/metadata/name"));
        (joined, Referrer { kind, namespace, name, place, means, owner: None })
    };
    mentions(object).into_iter().map(of).collect()
}

/// The Middleware objects of a cluster by the name that Traefik knows them by, and what those of type chain name in turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Middlewares(BTreeMap<String, Vec<String>>);

/// A middleware that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Its joined name.
    pub joined: String,
    /// The chains that lead to it, outermost first; empty where it is named directly.
    pub through: Vec<String>,
}

impl Middlewares {
    /// Those objects; whatever is no Middleware among them is left out.
    pub fn of<'a>(objects: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut all = Self::default();
        for object in objects {
            all.add(object);
        }
        all
    }

    /// Adds one more.
    pub fn add(&mut self, object: &Value) {
        let text = |path: &str| object.pointer(path).and_then(Value::as_str);
        if let (Some("Middleware"), Some(namespace), Some(name)) =
            (text("/kind"), text("/metadata/namespace"), text("/metadata/name"))
        {
            self.add_as(&joined(namespace, name), object);
        }
    }

    /// Adds one that answers to `joined`, whatever the object itself says its name is.
    pub fn add_as(&mut self, joined: &str, object: &Value) {
        let members = mentions(object).into_iter().map(|mention| mention.joined).collect();
        self.0.insert(joined.to_owned(), members);
    }

    /// Whether one of that joined name is there.
    pub fn contains(&self, joined: &str) -> bool {
        self.0.contains_key(joined)
    }

    /// What is missing for a router that names `joined`: that one itself, or the first that a chain names. `None` where
    /// everything is there.
    pub fn missing(&self, joined: &str) -> Option<Missing> {
        let mut seen = BTreeSet::new();
        let mut todo = vec![(joined.to_owned(), Vec::new())];
        while let Some((joined, through)) = todo.pop() {
            // A chain that contains itself is Traefik's to refuse; nothing is missing in it.
            if !seen.insert(joined.clone()) {
                continue;
            }
            let Some(members) = self.0.get(&joined) else { return Some(Missing { joined, through }) };
            let through: Vec<String> = through.into_iter().chain([joined]).collect();
            todo.extend(members.iter().rev().map(|member| (member.clone(), through.clone())));
        }
        None
    }
}

#[cfg(test)]
mod tests;
