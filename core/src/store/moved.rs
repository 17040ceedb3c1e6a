//! Takes over the state of other providers' manifests of stores.

use homelab_schema::external_secret::StoreKind;
use homelab_schema::secret_store::SecretStore;
use serde_json::Value;

use super::GROUP;
use super::read_back::{Name, read_back};
use crate::manifest::{self, MoveError};
use crate::secret::moved::SOURCES;

/// The declaration that a state of `type_name` stands for, in whatever version of the API; `None` where that type is none of
/// [`SOURCES`].
///
/// Fails where the state is not that of a store of Vault.
pub fn from_state(type_name: &str, state: &Value) -> Result<Option<SecretStore>, MoveError> {
    if !SOURCES.contains(&type_name) {
        return Ok(None);
    }
    let object = manifest::of_state(type_name, state)?;
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let kind = match text("/kind") {
        Some("ClusterSecretStore") => StoreKind::ClusterSecretStore,
        _ => StoreKind::SecretStore,
    };
    manifest::expect_kind(&object, &[GROUP], kind.as_str())?;
    let name = text("/metadata/name").ok_or_else(|| MoveError::new("its manifest has no metadata.name"))?;
    let namespace = match kind {
        StoreKind::SecretStore => Some(text("/metadata/namespace").unwrap_or("default")),
        StoreKind::ClusterSecretStore => None,
    };
    let model = read_back(Name { kind, namespace, name }, None, &object, Some(&object));
    model.map(Some).map_err(|other| MoveError::new(other.to_string()))
}
