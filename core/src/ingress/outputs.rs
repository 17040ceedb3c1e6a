//! What follows from a declaration for others: addresses, objects, targets of the probe.
//!
//! Each output is computed from its own inputs alone, so that one unknown value does not hide the rest from the plan.

use std::collections::BTreeMap;

use homelab_schema::Attr;
use homelab_schema::identity::ObjectName;
use homelab_schema::ingress::{Auth, DnsMode, Expect, Ingress, PathType, ProbeTarget, RateLimit};
use homelab_schema::provider::Site;
use serde_json::json;

use super::fill::{full_host, hosts};
use super::own::{self, Wish};
use super::render::{self, RenderedKind};
use super::spec::Spec;
use super::{Door, carve_out_object};
use crate::hash::hash;

/// Fills the computed attributes that are not part of a route.
pub(super) fn fill(planned: &mut Ingress, site: &Site) {
    let base = base(planned, site);
    planned.url = base.clone();
    planned.hosts = hosts(planned, site);
    planned.objects = objects(planned);
    planned.carve_out_urls = carve_out_urls(planned, &base);
    planned.dns_records = match planned.dns {
        Attr::Null | Attr::Known(DnsMode::None) => Attr::Known(Vec::new()),
        _ => Attr::Unknown,
    };
    let spec = Spec::of(planned, site);
    planned.probe_targets = match (&spec, &base) {
        (Some(spec), Attr::Known(base)) => probe_targets(spec, base, site),
        _ => Attr::Unknown,
    };
    planned.rendered_hash = spec.map_or(Attr::Unknown, |spec| Attr::Known(rendered_hash(&spec)));
}

/// Hash of all objects of a declaration.
pub fn rendered_hash(spec: &Spec) -> String {
    let objects: Vec<_> = render::render_all(spec).into_iter().map(|object| (object.key(), object.body)).collect();
    hash_of_objects(&objects)
}

/// Hash of objects by [`render::Rendered::key`], in whatever order.
pub fn hash_of_objects(objects: &[(String, serde_json::Value)]) -> String {
    let by_name: serde_json::Map<String, serde_json::Value> = objects.iter().cloned().collect();
    hash(&serde_json::Value::Object(by_name))
}

/// Traefik's entry point without TLS, by the name that its own configuration has for it.
const PLAIN: &str = "web";

/// The scheme of a door at this entry point.
pub(super) fn scheme(entrypoint: Option<&str>, has_certificate: bool) -> &'static str {
    if entrypoint == Some(PLAIN) && !has_certificate { "http" } else { "https" }
}

/// `https://<host>`; `http` where the entry point is Traefik's plain `web` and no certificate is named.
fn base(planned: &Ingress, site: &Site) -> Attr<String> {
    let plain = planned.entrypoint.known().is_some_and(|entrypoint| entrypoint == PLAIN);
    let scheme = match (&planned.entrypoint, &planned.tls_secret_name) {
        (Attr::Unknown, _) => return Attr::Unknown,
        (_, Attr::Unknown) if plain => return Attr::Unknown,
        (entrypoint, certificate) => scheme(entrypoint.known().map(String::as_str), !certificate.is_null()),
    };
    full_host(&planned.host, site).map(|host| format!("{scheme}://{host}"))
}

/// The objects that are ours, by their names. A Service of which we only set a field is not.
fn objects(planned: &Ingress) -> Attr<Vec<ObjectName>> {
    names(planned).map_or(Attr::Unknown, Attr::Known)
}

fn names(planned: &Ingress) -> Option<Vec<ObjectName>> {
    let (name, namespace) = (planned.name.known()?, planned.namespace.known()?);
    let carve_outs = planned.carve_out.known()?;
    let mut all = Vec::new();
    let mut add = |kind: RenderedKind, name: String| {
        all.push(ObjectName { kind: kind.as_str().to_owned(), namespace: namespace.clone(), name });
    };
    let has_limit = |block: &Attr<RateLimit>| match own::wish(block) {
        Attr::Unknown => None,
        Attr::Null => Some(false),
        Attr::Known(wish) => Some(matches!(wish, Wish::Own(..))),
    };
    let is_given = |text: &Attr<String>| (!text.is_unknown()).then(|| !text.is_null());
    if has_limit(&planned.rate_limit)? {
        add(RenderedKind::Middleware, own::rate_limit(name));
    }
    for (label, carve_out) in carve_outs {
        if has_limit(&carve_out.rate_limit)? {
            add(RenderedKind::Middleware, own::rate_limit(&carve_out_object(name, label)));
        }
    }
    if is_given(&planned.content_security_policy)? {
        add(RenderedKind::Middleware, own::policy(name));
    }
    if is_given(&planned.max_body_size)? {
        add(RenderedKind::Middleware, own::body(name));
    }
    if is_given(&planned.external_name)? {
        let service = match &planned.service {
            Attr::Null => name,
            Attr::Unknown => return None,
            Attr::Known(service) => service.name.known()?,
        };
        add(RenderedKind::Service, service.clone());
    }
    add(RenderedKind::Ingress, name.clone());
    for label in carve_outs.keys() {
        add(RenderedKind::Ingress, carve_out_object(name, label));
    }
    Some(all)
}

fn carve_out_urls(planned: &Ingress, base: &Attr<String>) -> Attr<BTreeMap<String, Vec<String>>> {
    let (Attr::Known(base), Attr::Known(carve_outs)) = (base, &planned.carve_out) else { return Attr::Unknown };
    let mut urls = BTreeMap::new();
    for (label, carve_out) in carve_outs {
        let Attr::Known(paths) = &carve_out.paths else { return Attr::Unknown };
        urls.insert(label.clone(), paths.iter().map(|path| format!("{base}{path}")).collect());
    }
    Attr::Known(urls)
}

/// Every declared path on every host; unknown where a session for guests has to be told by what is not known yet.
fn probe_targets(spec: &Spec, base: &str, site: &Site) -> Attr<Vec<ProbeTarget>> {
    let guests = match &site.wall {
        Attr::Unknown => Attr::Unknown,
        Attr::Null => Attr::Null,
        Attr::Known(wall) => wall.guest_client_id.clone(),
    };
    let scheme = base.split_once("://").map_or("https", |(scheme, _)| scheme);
    let routing_hash = routing_hash(spec);
    let mut targets = Vec::new();
    for (number, host) in spec.hosts().enumerate() {
        for door in &spec.doors {
            let hints = door.words.probe.clone().unwrap_or_default();
            if hints.skip {
                continue;
            }
            let (expect, guest_client_id) = match (door.auth, &guests) {
                (Auth::Required, _) => (Expect::Gated, None),
                (Auth::App | Auth::None, _) => (Expect::Public, None),
                (Auth::Public, Attr::Unknown) => return Attr::Unknown,
                (Auth::Public, guests) => (Expect::Public, Some(guests.known().cloned().unwrap_or_default())),
            };
            for path in &door.paths {
                let label = target_label(door.label.as_deref(), door.paths.len(), path);
                targets.push(ProbeTarget {
                    label: if number == 0 { label } else { format!("{label}@{host}") },
                    url: format!("{scheme}://{host}{path}"),
                    expect,
                    path_type: matching_type(door),
                    ingress: format!("{}/{}", spec.namespace, door.object),
                    routing_hash: routing_hash.clone(),
                    methods: hints.methods.clone().unwrap_or_default(),
                    statuses: hints.statuses.clone().unwrap_or_default(),
                    content_type: hints.content_type.clone(),
                    body_contains: hints.body_contains.clone(),
                    headers: hints.headers.clone(),
                    websocket: hints.websocket,
                    cors_origin: hints.cors_origin.clone(),
                    guest_client_id: guest_client_id.clone(),
                });
            }
        }
    }
    Attr::Known(targets)
}

/// A path starts with a slash and a label never does, so the two kinds of labels cannot meet.
pub(super) fn target_label(label: Option<&str>, paths: usize, path: &str) -> String {
    match label {
        None => path.to_owned(),
        Some(label) if paths == 1 => label.to_owned(),
        Some(label) => format!("{label}:{path}"),
    }
}

/// How the paths of a door match in truth: a prefix by characters has no boundary to probe.
fn matching_type(door: &Door) -> PathType {
    match door.path_type {
        PathType::Prefix if door.parity => PathType::ImplementationSpecific,
        declared => declared,
    }
}

/// Everything that decides where a request goes; not the user's annotations, labels and reasons.
fn routing_hash(spec: &Spec) -> String {
    let doors: Vec<_> = spec
        .doors
        .iter()
        .map(|door| {
            json!([
                door.object,
                door.paths,
                matching_type(door).as_str(),
                door.service,
                door.port,
                door.scheme.map(|scheme| scheme.as_str()),
                door.priority,
                door.chain
            ])
        })
        .collect();
    let hosts: Vec<&String> = spec.hosts().collect();
    let own: Vec<_> = spec.own.iter().map(|own| json!([own.name, own::spec(&own.does)])).collect();
    hash(&json!([spec.namespace, hosts, spec.class, spec.entrypoint, spec.tls, spec.external_name, own, doors]))
}
