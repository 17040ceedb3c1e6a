//! Takes over the state of other providers' manifests of kind ExternalSecret.

use homelab_schema::Attr;
use homelab_schema::external_secret::ExternalSecret;
use serde_json::Value;

use super::read_back::read_back;
use super::{GROUP, OWN_PREFIX};
use crate::manifest::{self, MoveError};

/// The resource types that can be taken over.
pub const SOURCES: [&str; 2] = ["kubernetes_manifest", "kubectl_manifest"];

/// The declaration that a state of `type_name` stands for, in whatever version of the API; `None` where that type is none of
/// [`SOURCES`].
///
/// Fails where the state is not that of an ExternalSecret.
pub fn from_state(type_name: &str, state: &Value) -> Result<Option<ExternalSecret>, MoveError> {
    if !SOURCES.contains(&type_name) {
        return Ok(None);
    }
    let object = manifest::of_state(type_name, state)?;
    manifest::expect_kind(&object, &[GROUP], "ExternalSecret")?;
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let name = text("/metadata/name").ok_or_else(|| MoveError::new("its manifest has no metadata.name"))?;
    // An argument of kubectl_manifest that wins over its YAML.
    let overridden = state.get("override_namespace").and_then(Value::as_str).filter(|text| !text.is_empty());
    let namespace = overridden.or_else(|| text("/metadata/namespace")).unwrap_or("default");
    let mut model = read_back(namespace, name, None, &object, Some(&object));
    if let Attr::Known(annotations) = &mut model.annotations {
        annotations.retain(|name, _| !name.starts_with(OWN_PREFIX));
    }
    Ok(Some(model))
}
