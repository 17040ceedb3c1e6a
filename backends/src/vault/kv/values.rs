//! Values of a document, and what there is below a path.

use std::collections::BTreeMap;

use homelab_core::kv::document::Document;
use homelab_schema::Sensitive;
use reqwest::Method;
use serde::Deserialize;

use super::found::{Found, read};
use crate::vault::error::VaultCause;
use crate::vault::mounts::is_versioned;
use crate::vault::{Vault, encoded, parse};

/// What is at a path of a KV engine.
#[derive(Clone, Debug, PartialEq)]
pub enum KvValues {
    /// This document.
    Document(KvDocument),
    /// No such document, or no such version of it, for certain.
    Absent,
    /// That version was deleted, and may be restored.
    Deleted {
        /// Its number.
        version: u64,
    },
    /// Nothing is left of that version.
    Destroyed {
        /// Its number.
        version: u64,
    },
}

/// A document with its values, which `Debug` does not show.
#[derive(Clone, Debug, PartialEq)]
pub struct KvDocument {
    /// Number of its version; `None` where the engine keeps none.
    pub version: Option<u64>,
    pub(super) document: Document,
}

impl KvDocument {
    /// Names of its keys, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.document.keys()
    }

    /// The value of a key: a text as it is, anything else as JSON.
    pub fn text(&self, key: &str) -> Option<Sensitive<String>> {
        self.document.text(key)
    }

    /// All keys with their values, as [`KvDocument::text`] gives each.
    pub fn texts(&self) -> Sensitive<BTreeMap<String, String>> {
        self.document.texts()
    }

    /// Whether the key has this very text.
    pub fn holds(&self, key: &str, text: &Sensitive<String>) -> bool {
        self.document.holds(key, text)
    }

    /// The whole as a JSON object.
    pub fn json(&self) -> Sensitive<String> {
        self.document.json()
    }
}

pub(in crate::vault) async fn values(
    vault: &Vault,
    mount: &str,
    path: &str,
    version: Option<u64>,
) -> Result<KvValues, VaultCause> {
    Ok(match read::<Document>(vault, mount, path, version).await? {
        Found::Document(document, version) => KvValues::Document(KvDocument { version, document }),
        Found::Absent => KvValues::Absent,
        Found::Deleted(version) => KvValues::Deleted { version },
        Found::Destroyed(version) => KvValues::Destroyed { version },
    })
}

/// The names below a path; `None` where there is nothing.
pub(in crate::vault) async fn list(vault: &Vault, mount: &str, path: &str) -> Result<Option<Vec<String>>, VaultCause> {
    #[derive(Deserialize)]
    struct Outer {
        data: Keys,
    }
    #[derive(Deserialize)]
    struct Keys {
        keys: Vec<String>,
    }
    let folder = if is_versioned(vault, mount).await? { format!("{mount}/metadata") } else { mount.to_owned() };
    // The store adds the slash that a folder has at its end.
    let full = if path.is_empty() { folder } else { format!("{folder}/{path}") };
    let answer = vault.call(Method::GET, &format!("{}?list=true", encoded(&full)), None).await?;
    if answer.status == 404 {
        let words = answer.words();
        if words.contains("no handler") || words.contains("unsupported path") {
            return Err(VaultCause::NoMount { mount: mount.to_owned(), words });
        }
        return if words.is_empty() { Ok(None) } else { Err(VaultCause::Server { status: 404, words }) };
    }
    parse::<Outer>(&answer).map(|outer| Some(outer.data.keys))
}
