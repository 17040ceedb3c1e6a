//! Names of keys: what a preflight needs, and nothing else is kept of a document.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::found::{Found, read};
use crate::vault::Vault;
use crate::vault::error::VaultCause;

/// What is at a path of a KV engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KvKeys {
    /// A document with these keys.
    Keys(BTreeSet<String>),
    /// No such document, or no such version of it, for certain.
    Absent,
    /// A document whose newest version (or the one that was asked for) was deleted; it may be restored.
    Deleted,
    /// A document of whose newest version (or the one that was asked for) nothing is left.
    Destroyed,
}

/// The keys of a JSON object: the only part of a document that is looked at.
#[derive(Debug, PartialEq)]
pub(in crate::vault) struct Names(pub(in crate::vault) BTreeSet<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                let mut names = BTreeSet::new();
                while let Some((name, IgnoredAny)) = map.next_entry()? {
                    names.insert(name);
                }
                Ok(Names(names))
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

pub(in crate::vault) async fn keys(
    vault: &Vault,
    mount: &str,
    path: &str,
    version: Option<u64>,
) -> Result<KvKeys, VaultCause> {
    Ok(match read::<Names>(vault, mount, path, version).await? {
        Found::Document(names, _) => KvKeys::Keys(names.0),
        Found::Absent => KvKeys::Absent,
        Found::Deleted(_) => KvKeys::Deleted,
        Found::Destroyed(_) => KvKeys::Destroyed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_are_kept_of_a_document() {
        let names: Names = serde_json::from_str(r#"{"b":"hunter2","a":{"x":1}}"#).expect("names");
        assert_eq!(names.0.into_iter().collect::<Vec<_>>(), ["a", "b"]);
    }
}
