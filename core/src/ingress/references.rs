//! What the objects refer to: it must be there before they are written.
//!
//! Traefik drops a router that names a missing middleware. Below a public root that is an open door, so a missing
//! reference is never only a matter of taste. What has to be looked up is listed here, what was found is judged here; who
//! looks is the provider.

mod middlewares;

use homelab_cty::Path;
use serde_json::Value;

pub use self::middlewares::{
    Mention, MiddlewareKind, Middlewares, Missing, PROVIDER, Referrer, joined, mentions, named_in,
};
use super::Spec;
use super::certificate::Certificate;
use super::render::{RenderedKind, render_all};
use crate::finding::{Finding, ingress as codes};

/// What a missing middleware does.
const DROPPED: &str = "Traefik drops a router that names a missing middleware: the path would not be served, or be served by \
                       a wider router without the gate.";

/// Something that an object refers to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A Middleware object, by the joined name that Traefik uses: which dash parts namespace and name is not written in it.
    Middleware {
        /// `<namespace>-<name>`.
        joined: String,
    },
    /// A Service and a port of it.
    Service {
        /// Name of the Service.
        name: String,
        /// Number or name of the port.
        port: String,
    },
    /// A Secret with a certificate.
    TlsSecret {
        /// Name of the Secret.
        name: String,
    },
}

/// A reference and the attribute that makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// What is referred to.
    pub target: Target,
    /// The attribute to blame when it is missing; for a service its block.
    pub path: Path,
}

/// What a declaration refers to in the cluster and does not make itself, each target once.
pub fn of(spec: &Spec) -> Vec<Reference> {
    let rendered = render_all(spec);
    let is_made = |target: &Target| {
        rendered.iter().any(|made| match (made.kind, target) {
            (RenderedKind::Middleware, Target::Middleware { joined }) => {
                *joined == self::joined(&spec.namespace, &made.name)
            }
            (RenderedKind::Service, Target::Service { name, .. }) => *name == made.name,
            _ => false,
        })
    };
    let mut found: Vec<Reference> = Vec::new();
    let mut add = |target: Target, path: Path| {
        if !is_made(&target) && !found.iter().any(|known| known.target == target) {
            found.push(Reference { target, path });
        }
    };
    for door in &spec.doors {
        for (member, origin) in door.chain.iter().zip(&door.origins) {
            // Middlewares of files and plugins are not objects: there is nothing to look up.
            if let Some(joined) = member.strip_suffix(PROVIDER) {
                add(Target::Middleware { joined: joined.to_owned() }, origin.clone());
            }
        }
        let service = match &door.label {
            None => Path::attr("service"),
            Some(label) => Path::attr("carve_out").then_key(label).then_attr("service"),
        };
        add(Target::Service { name: door.service.clone(), port: door.port.clone() }, service);
    }
    if let Some(name) = &spec.tls {
        add(Target::TlsSecret { name: name.clone() }, Path::attr("tls_secret_name"));
    }
    found
}

/// The namespaces and names that a joined name may stand for, shortest namespace first.
pub fn candidates(joined: &str) -> Vec<(String, String)> {
    joined
        .match_indices('-')
        .map(|(at, _)| (joined[..at].to_owned(), joined[at + 1..].to_owned()))
        .filter(|(namespace, name)| crate::names::is_label(namespace) && crate::names::is_object(name))
        .collect()
}

/// What is wrong with a reference, given the object that was found; `None` where it is as it should be.
///
/// `found` is the object, for a middleware any of the candidates.
pub fn judge(namespace: &str, reference: &Reference, found: Option<&Value>) -> Option<Finding> {
    let finding = match (&reference.target, found) {
        (Target::Middleware { .. }, Some(_)) => return None,
        (Target::Middleware { joined }, None) => no_middleware(joined),
        (Target::Service { name, .. }, None) => {
            let finding = Finding::new(codes::DANGLING_SERVICE, service(namespace, name), "It is not there.")
                .summary(format!("service {namespace}/{name} does not exist"));
            return Some(finding.at(reference.path.then_attr("name")));
        }
        (Target::Service { name, port }, Some(object)) => {
            let ports = ports(object);
            // An ExternalName service may come without ports: then any number is passed on.
            let passes = is_external(object) && ports.is_empty() && port.parse::<u16>().is_ok();
            if passes || ports.iter().any(|(number, named)| number == port || named.as_deref() == Some(port)) {
                return None;
            }
            let observed = format!("It has {}.", list(&ports));
            let finding = Finding::new(codes::DANGLING_PORT, service(namespace, name), observed)
                .summary(format!("service {namespace}/{name} has no port {port}"));
            return Some(finding.at(reference.path.then_attr("port")));
        }
        (Target::TlsSecret { name }, None) => {
            Finding::new(codes::DANGLING_TLS, format!("Secret {namespace}/{name}"), "It is not there.")
                .summary(format!("TLS secret {namespace}/{name} does not exist"))
                .expected("Traefik would serve its own default certificate.")
        }
        (Target::TlsSecret { name }, Some(object)) => {
            let kind = object.get("type").and_then(Value::as_str).unwrap_or("Opaque");
            if kind == "kubernetes.io/tls" {
                return None;
            }
            Finding::new(codes::DANGLING_TLS, format!("Secret {namespace}/{name}"), format!("It is of type {kind}."))
                .summary(format!("secret {namespace}/{name} is no TLS secret"))
                .expected("It must be of type kubernetes.io/tls.")
        }
    };
    Some(finding.at(reference.path.clone()))
}

/// A middleware that is not there, or is a chain that names one that is not.
pub fn judge_missing(reference: &Reference, missing: &Missing) -> Finding {
    let Missing { joined, through } = missing;
    if through.is_empty() {
        return no_middleware(joined).at(reference.path.clone());
    }
    let chain = through.join(", which names ");
    Finding::new(
        codes::BROKEN_CHAIN,
        format!("Middleware {joined}"),
        format!("The chain names {chain}, which names {joined}: no Middleware is there of that namespace and name."),
    )
    .summary(format!("middleware {joined}, which is part of a chain, does not exist"))
    .expected(DROPPED)
    .at(reference.path.clone())
}

fn no_middleware(joined: &str) -> Finding {
    Finding::new(
        codes::DANGLING_MIDDLEWARE,
        format!("Middleware {joined}"),
        format!("No Middleware is there whose namespace and name, joined by a dash, are {joined}."),
    )
    .summary(format!("middleware {joined}{PROVIDER} does not exist"))
    .expected(DROPPED)
}

/// What is wrong with the certificate in the Secret that `reference` names, for these hosts, at the Unix time `now`.
pub fn judge_certificate(
    namespace: &str,
    reference: &Reference,
    secret: &Value,
    hosts: &[String],
    now: i64,
) -> Vec<Finding> {
    let Target::TlsSecret { name } = &reference.target else { return Vec::new() };
    let object = format!("Secret {namespace}/{name}");
    let findings = match Certificate::of_secret(secret) {
        Ok(certificate) => certificate.judge(&object, hosts, now),
        Err(why) => {
            let summary = format!("there is no usable certificate in secret {namespace}/{name}");
            let finding = Finding::new(codes::DANGLING_TLS, object, why).summary(summary);
            vec![
                finding
                    .expected("Traefik would serve its own default certificate.")
                    .clears("Renew the certificate in it."),
            ]
        }
    };
    findings.into_iter().map(|finding| finding.at(reference.path.clone())).collect()
}

fn service(namespace: &str, name: &str) -> String {
    format!("Service {namespace}/{name}")
}

fn is_external(object: &Value) -> bool {
    object.pointer("/spec/type").and_then(Value::as_str) == Some("ExternalName")
}

/// Number and name of each port.
fn ports(object: &Value) -> Vec<(String, Option<String>)> {
    let all = object.pointer("/spec/ports").and_then(Value::as_array);
    all.into_iter()
        .flatten()
        .filter_map(|port| {
            let name = port.get("name").and_then(Value::as_str).map(str::to_owned);
            Some((port.get("port")?.as_u64()?.to_string(), name))
        })
        .collect()
}

fn list(ports: &[(String, Option<String>)]) -> String {
    let one = |(number, name): &(String, Option<String>)| match name {
        Some(name) => format!("{number} ({name})"),
        None => number.clone(),
    };
    match ports {
        [] => "no ports".to_owned(),
        [only] => format!("port {}", one(only)),
        several => format!("ports {}", several.iter().map(one).collect::<Vec<_>>().join(", ")),
    }
}
