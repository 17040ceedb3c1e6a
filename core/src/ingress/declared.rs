//! What Ingresses say of their own doors: a cluster alone tells what was declared, with no configuration at hand.
//!
//! What counts is what an object was declared with, which is written onto it, and not what its chain amounts to: a chain
//! that lost its gate is exactly what somebody who asks these doors is to find.

use std::collections::BTreeMap;

use homelab_schema::ingress::{Auth, Expect, PathType, ProbeTarget};
use serde_json::Value;

use super::words::{ProbeWords, Words};
use super::{
    AUTH_ANNOTATION, CARVE_OUT_ANNOTATION, ENTRYPOINTS_ANNOTATION, carve_out_object, labels_on, outputs, read_back,
};

#[cfg(test)]
mod tests;

/// One `homelab_ingress`, as its objects have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its doors, host by host: those of the app itself first, then those of its carve-outs by label.
    pub doors: Vec<DeclaredDoor>,
    /// Names of Ingresses that it has by what the others say, and that are not among the objects: nobody can tell their
    /// paths.
    pub gone: Vec<String>,
}

/// One path of one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredDoor {
    /// As in `probe_targets`: the path, the label of a carve-out, or both, and the host where it is an alias.
    pub label: String,
    /// Where it is.
    pub url: String,
    /// What it is declared to be; public also where a guest is to get a session.
    pub expect: Expect,
    /// Whether a guest is to get a session there.
    pub is_guest: bool,
    /// How the path matches in truth.
    pub path_type: PathType,
    /// The Ingress that serves it.
    pub object: String,
    /// The place of its host among those of the app: 0 is the app's own, others are aliases.
    host: usize,
    /// How it is to be asked.
    pub words: ProbeWords,
}

impl DeclaredDoor {
    /// What a probe takes of it, unless its declaration leaves it out. `guests` is the client for which the gate opens their
    /// sessions, which stands on no object; empty where it is not known. `routing_hash` is empty: who asks now needs no
    /// notice of a change.
    pub fn target(&self, namespace: &str, guests: &str) -> Option<ProbeTarget> {
        if self.words.skip {
            return None;
        }
        Some(ProbeTarget {
            label: self.label.clone(),
            url: self.url.clone(),
            expect: self.expect,
            path_type: self.path_type,
            ingress: format!("{namespace}/{}", self.object),
            routing_hash: String::new(),
            methods: self.words.methods.clone().unwrap_or_default(),
            statuses: self.words.statuses.clone().unwrap_or_default(),
            content_type: self.words.content_type.clone(),
            body_contains: self.words.body_contains.clone(),
            headers: self.words.headers.clone(),
            websocket: self.words.websocket,
            cors_origin: self.words.cors_origin.clone(),
            guest_client_id: self.is_guest.then(|| guests.to_owned()),
        })
    }
}

/// The declarations that these objects are of, by namespace and name. Whatever is no Ingress of ours is left out.
pub fn declared<'a>(objects: impl IntoIterator<Item = &'a Value>) -> Vec<Declared> {
    let mut by_name: BTreeMap<(String, String), BTreeMap<Option<String>, &Value>> = BTreeMap::new();
    for object in objects {
        if text(object, "/kind") != "Ingress" || annotation(object, AUTH_ANNOTATION).is_none() {
            continue;
        }
        let (namespace, object_name) = (text(object, "/metadata/namespace"), text(object, "/metadata/name"));
        let label = annotation(object, CARVE_OUT_ANNOTATION);
        // The name decides, as for whoever reads objects back: an annotation can be edited.
        let name = label.and_then(|label| object_name.strip_suffix(label)?.strip_suffix('-'));
        let label = label.filter(|_| name.is_some()).map(str::to_owned);
        let key = (namespace.to_owned(), name.unwrap_or(object_name).to_owned());
        by_name.entry(key).or_default().insert(label, object);
    }
    by_name.into_iter().map(|((namespace, name), parts)| one(namespace, name, &parts)).collect()
}

fn one(namespace: String, name: String, parts: &BTreeMap<Option<String>, &Value>) -> Declared {
    let named = parts.get(&None).map(|root| labels_on(root)).unwrap_or_default();
    let gone = named.iter().filter(|label| !parts.contains_key(&Some((*label).clone())));
    let mut gone: Vec<String> = gone.map(|label| carve_out_object(&name, label)).collect();
    if !parts.contains_key(&None) {
        gone.insert(0, name.clone());
    }
    let mut doors: Vec<DeclaredDoor> =
        parts.iter().flat_map(|(label, object)| doors(label.as_deref(), object)).collect();
    doors.sort_by_key(|door| door.host);
    Declared { namespace, name, doors, gone }
}

/// The doors of one object.
fn doors(label: Option<&str>, object: &Value) -> Vec<DeclaredDoor> {
    let hosts: Vec<&str> = object
        .pointer("/spec/rules")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|rule| rule.get("host")?.as_str())
        .collect();
    let has_certificate = object.pointer("/spec/tls/0/secretName").is_some();
    let scheme = outputs::scheme(annotation(object, ENTRYPOINTS_ANNOTATION), has_certificate);
    let auth = annotation(object, AUTH_ANNOTATION).and_then(|text| text.parse().ok());
    let expect = match auth {
        Some(Auth::App | Auth::None | Auth::Public) => Expect::Public,
        // A word that is none of ours opens nothing.
        Some(Auth::Required) | None => Expect::Gated,
    };
    let paths = read_back::paths_of(object);
    let words = words(object).probe.unwrap_or_default();
    let mut found = Vec::new();
    for (index, host) in hosts.iter().enumerate() {
        for (path, path_type) in &paths {
            let label = outputs::target_label(label, paths.len(), path);
            found.push(DeclaredDoor {
                label: if index == 0 { label } else { format!("{label}@{host}") },
                url: format!("{scheme}://{host}{path}"),
                expect,
                is_guest: auth == Some(Auth::Public),
                path_type: *path_type,
                object: text(object, "/metadata/name").to_owned(),
                host: index,
                words: words.clone(),
            });
        }
    }
    found
}

fn words(object: &Value) -> Words {
    let annotations = object.pointer("/metadata/annotations").and_then(Value::as_object);
    let texts = annotations.into_iter().flatten();
    Words::on(&texts.filter_map(|(name, text)| Some((name.clone(), text.as_str()?.to_owned()))).collect())
}

fn annotation<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get("metadata")?.get("annotations")?.get(name)?.as_str()
}

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
