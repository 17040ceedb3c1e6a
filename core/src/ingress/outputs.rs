//! What follows from a declaration for others: addresses, objects, targets of the probe.
//!
//! Each output is computed from its own inputs alone, so that one unknown value does not hide the rest from the plan.

use std::collections::BTreeMap;

use homelab_schema::Attr;
use homelab_schema::identity::ObjectName;
use homelab_schema::ingress::{Auth, Expect, Ingress, PathType, ProbeTarget};
use homelab_schema::provider::Site;
use serde_json::json;

use super::fill::full_host;
use super::{Door, Spec, carve_out_object, render};
use crate::hash::hash;

/// Fills the computed attributes that are not part of a route.
pub(super) fn fill(planned: &mut Ingress, site: &Site) {
    let base = base(planned, site);
    planned.url = base.clone();
    planned.hosts = full_host(&planned.host, site).map(|host| vec![host]);
    planned.objects = objects(planned);
    planned.carve_out_urls = carve_out_urls(planned, &base);
    let spec = Spec::of(planned, site);
    planned.probe_targets = match (&spec, &base) {
        (Some(spec), Attr::Known(base)) => Attr::Known(probe_targets(spec, base)),
        _ => Attr::Unknown,
    };
    planned.rendered_hash = spec.map_or(Attr::Unknown, |spec| Attr::Known(rendered_hash(&spec)));
}

/// Hash of all objects of a declaration.
pub fn rendered_hash(spec: &Spec) -> String {
    hash_of_objects(&render::render_all(spec))
}

/// Hash of objects with their names, in whatever order.
pub fn hash_of_objects(objects: &[(String, serde_json::Value)]) -> String {
    let by_name: serde_json::Map<String, serde_json::Value> = objects.iter().cloned().collect();
    hash(&serde_json::Value::Object(by_name))
}

/// `https://<host>`; `http` where the entry point is Traefik's plain `web` and no certificate is named.
fn base(planned: &Ingress, site: &Site) -> Attr<String> {
    let plain = site.entrypoint.known().is_some_and(|entrypoint| entrypoint == "web");
    let scheme = match (&site.entrypoint, &planned.tls_secret_name) {
        (Attr::Unknown, _) => return Attr::Unknown,
        (_, Attr::Unknown) if plain => return Attr::Unknown,
        (_, Attr::Null) if plain => "http",
        _ => "https",
    };
    full_host(&planned.host, site).map(|host| format!("{scheme}://{host}"))
}

fn objects(planned: &Ingress) -> Attr<Vec<ObjectName>> {
    match (&planned.name, &planned.namespace, &planned.carve_out) {
        (Attr::Known(name), Attr::Known(namespace), Attr::Known(carve_outs)) => {
            let object = |name: String| ObjectName { kind: "Ingress".to_owned(), namespace: namespace.clone(), name };
            let carved = carve_outs.keys().map(|label| object(carve_out_object(name, label)));
            Attr::Known(std::iter::once(object(name.clone())).chain(carved).collect())
        }
        _ => Attr::Unknown,
    }
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

fn probe_targets(spec: &Spec, base: &str) -> Vec<ProbeTarget> {
    let routing_hash = routing_hash(spec);
    let mut targets = Vec::new();
    for door in &spec.doors {
        let expect = match door.auth {
            Auth::Required => Expect::Gated,
            Auth::App | Auth::None => Expect::Public,
            Auth::Public => continue,
        };
        for path in &door.paths {
            targets.push(ProbeTarget {
                label: target_label(door, path),
                url: format!("{base}{path}"),
                expect,
                path_type: door.path_type,
                ingress: format!("{}/{}", spec.namespace, door.object),
                routing_hash: routing_hash.clone(),
            });
        }
    }
    targets
}

/// A path starts with a slash and a label never does, so the two kinds of labels cannot meet.
fn target_label(door: &Door, path: &str) -> String {
    match &door.label {
        None => path.to_owned(),
        Some(label) if door.paths.len() == 1 => label.clone(),
        Some(label) => format!("{label}:{path}"),
    }
}

/// Everything that decides where a request goes; not the user's annotations, labels and reasons.
fn routing_hash(spec: &Spec) -> String {
    let path_type = |path_type: PathType| path_type.as_str();
    let doors: Vec<_> = spec
        .doors
        .iter()
        .map(|door| {
            json!([
                door.object,
                door.paths,
                path_type(door.path_type),
                door.service,
                door.port,
                door.priority,
                door.chain
            ])
        })
        .collect();
    hash(&json!([spec.namespace, spec.host, spec.class, spec.entrypoint, spec.tls, doors]))
}
