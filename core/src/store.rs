//! Stores of secrets: from declaration to SecretStore or ClusterSecretStore and back, and whether the controller takes them.
//!
//! # Forces
//!
//! - The shape of a store is deep and regular: what the operator calls `appRole.secretRef` is `app_role.secret_ref` here. So
//!   it is not written down field by field, once to render and once to read: [`wire`] goes by the declared model itself, and a
//!   field that is added there is rendered and read.
//! - Stores have neither an observed generation nor a mark of what was looked at, and their conditions say "unable to create
//!   client". The words of whoever refused are in Events: see [`ready`].
//! - What names a store is broken by its removal, and looks healthy until it is synced again: see [`references`].

pub mod checks;
pub mod mount;
pub mod moved;
pub mod outputs;
pub mod read_back;
pub mod ready;
pub mod references;
pub mod render;
#[cfg(test)]
mod tests;
mod wire;

use homelab_schema::Attr;
use homelab_schema::external_secret::StoreKind;
use homelab_schema::secret_store::SecretStore;

/// Group of the operator's objects.
pub use crate::secret::GROUP;

/// The kind of a declaration; left out it is SecretStore. `None` while it is unknown.
pub fn kind_of(model: &SecretStore) -> Option<StoreKind> {
    match &model.kind {
        Attr::Known(kind) => Some(*kind),
        Attr::Null => Some(StoreKind::SecretStore),
        Attr::Unknown => None,
    }
}

/// How messages name the store: `SecretStore photos/vault-kv`, `ClusterSecretStore vault-kv`.
pub fn subject(model: &SecretStore) -> String {
    let text = |attribute: &Attr<String>| attribute.known().cloned().unwrap_or_else(|| "?".to_owned());
    match kind_of(model) {
        Some(StoreKind::ClusterSecretStore) => format!("ClusterSecretStore {}", text(&model.name)),
        Some(StoreKind::SecretStore) => format!("SecretStore {}/{}", text(&model.namespace), text(&model.name)),
        None => format!("store {}", text(&model.name)),
    }
}
