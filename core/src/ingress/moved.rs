//! Takes over the state of other providers' Ingress resources.
//!
//! A move sees the old state and nothing else: no cluster, no conventions. So it takes what names the object and the
//! user's own annotations and labels (the old state is the only place that tells them from those of controllers); the
//! rest is read from the live object, which is at hand in the refresh that follows.

use std::collections::BTreeMap;

use homelab_schema::Attr;
use homelab_schema::ingress::Ingress;
use serde_json::Value;

use super::{ENTRYPOINTS_ANNOTATION, MIDDLEWARES_ANNOTATION, PRIORITY_ANNOTATION};
use crate::manifest::{self, MoveError};

/// The resource types that can be taken over.
pub const SOURCES: [&str; 4] =
    ["kubernetes_ingress_v1", "kubernetes_ingress", "kubernetes_manifest", "kubectl_manifest"];

/// The declaration that a state of `type_name` stands for; `None` where that type is none of [`SOURCES`].
///
/// Fails where the state is not that of an Ingress.
pub fn from_state(type_name: &str, state: &Value) -> Result<Option<Ingress>, MoveError> {
    let metadata = match type_name {
        "kubernetes_ingress_v1" | "kubernetes_ingress" => {
            let block = state.pointer("/metadata/0").cloned();
            block.ok_or_else(|| MoveError::new("its state has no metadata block"))?
        }
        "kubernetes_manifest" | "kubectl_manifest" => {
            let object = manifest::of_state(type_name, state)?;
            manifest::expect_kind(&object, &["networking.k8s.io", "extensions"], "Ingress")?;
            object.get("metadata").cloned().unwrap_or_default()
        }
        _ => return Ok(None),
    };
    let name = metadata.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| MoveError::new("its state has no metadata.name"))?;
    let namespace = metadata.get("namespace").and_then(Value::as_str).filter(|namespace| !namespace.is_empty());
    let mut annotations = manifest::texts(&metadata, "annotations");
    annotations.retain(|name, _| {
        ![MIDDLEWARES_ANNOTATION, PRIORITY_ANNOTATION, ENTRYPOINTS_ANNOTATION].contains(&name.as_str())
    });
    Ok(Some(Ingress {
        name: Attr::Known(name.to_owned()),
        namespace: Attr::Known(namespace.unwrap_or("default").to_owned()),
        annotations: unless_empty(annotations),
        labels: unless_empty(manifest::texts(&metadata, "labels")),
        carve_out: Attr::Known(BTreeMap::new()),
        ..Ingress::default()
    }))
}

fn unless_empty(texts: BTreeMap<String, String>) -> Attr<BTreeMap<String, String>> {
    if texts.is_empty() { Attr::Null } else { Attr::Known(texts) }
}
