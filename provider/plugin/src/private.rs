//! What a resource keeps beside its state, unseen by users.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

/// A resource's private notes: small JSON values by name, kept in the state file but never shown. No secrets.
///
/// It is encoded with its keys in order, so that equal notes are equal bytes: Terraform reports a change of the bytes
/// as a change made outside of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Private(Map<String, Json>);

impl Private {
    /// No notes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the bytes that [`Private::to_bytes`] wrote; anything else (another provider's, an empty slice) has none.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(serde_json::from_slice(bytes).unwrap_or_default())
    }

    /// The bytes; empty where there are no notes.
    pub fn to_bytes(&self) -> Vec<u8> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let sorted: std::collections::BTreeMap<_, _> = self.0.iter().collect();
        serde_json::to_vec(&sorted).unwrap_or_default()
    }

    /// The note `key`, where it is there and of that form.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.0.get(key).and_then(|note| serde_json::from_value(note.clone()).ok())
    }

    /// Sets the note `key`.
    pub fn set<T: Serialize>(&mut self, key: &str, note: &T) {
        if let Ok(note) = serde_json::to_value(note) {
            self.0.insert(key.to_owned(), note);
        }
    }

    /// Removes the note `key`.
    pub fn remove(&mut self, key: &str) {
        self.0.remove(key);
    }
}
