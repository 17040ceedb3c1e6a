//! Names in a KV engine.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use reqwest::Method;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::error::{VaultCause, VaultError};
use super::link::Answer;
use super::{Vault, parse};

/// What is at a path of a KV engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KvKeys {
    /// A document with these keys.
    Keys(BTreeSet<String>),
    /// Nothing, for certain.
    Absent,
    /// A document whose newest version was deleted; its older ones may be restored.
    Deleted,
}

/// The keys of a JSON object: the only part of a document that is looked at.
struct Names(BTreeSet<String>);

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

pub(super) async fn keys(vault: &Vault, mount: &str, path: &str) -> Result<KvKeys, VaultError> {
    let failed = |cause| VaultError::new(format!("read the keys of {mount}/{path} from {}", vault.address()), cause);
    let versioned = is_versioned(vault, mount).await.map_err(failed)?;
    let full = if versioned { format!("{mount}/data/{path}") } else { format!("{mount}/{path}") };
    let answer = vault.call(Method::GET, &encoded(&full), None).await.map_err(failed)?;
    if answer.status == 404 {
        return missing(&answer, mount).map_err(failed);
    }
    let names = if versioned { versioned_names(&answer) } else { plain_names(&answer) };
    names.map(|names| KvKeys::Keys(names.0)).map_err(failed)
}

fn versioned_names(answer: &Answer) -> Result<Names, VaultCause> {
    #[derive(Deserialize)]
    struct Outer {
        data: Inner,
    }
    #[derive(Deserialize)]
    struct Inner {
        data: Option<Names>,
    }
    parse::<Outer>(answer).map(|outer| outer.data.data.unwrap_or(Names(BTreeSet::new())))
}

fn plain_names(answer: &Answer) -> Result<Names, VaultCause> {
    #[derive(Deserialize)]
    struct Outer {
        data: Names,
    }
    parse::<Outer>(answer).map(|outer| outer.data)
}

/// A 404 is an absent document, a deleted one (then it has metadata), or a path that nothing handles.
fn missing(answer: &Answer, mount: &str) -> Result<KvKeys, VaultCause> {
    #[derive(Deserialize)]
    struct Outer {
        data: Option<Inner>,
    }
    #[derive(Deserialize)]
    struct Inner {
        metadata: Option<IgnoredAny>,
    }
    let words = answer.words();
    if words.contains("no handler") {
        return Err(VaultCause::NoMount { mount: mount.to_owned(), words });
    }
    let outer: Option<Outer> = serde_json::from_slice(&answer.body).ok();
    match outer {
        Some(Outer { data: Some(Inner { metadata: Some(_) }) }) => Ok(KvKeys::Deleted),
        Some(_) => Ok(KvKeys::Absent),
        None => Err(super::not_vault(404)),
    }
}

/// Whether the engine at `mount` keeps versions. Any identity that may read something below a mount may ask that.
async fn is_versioned(vault: &Vault, mount: &str) -> Result<bool, VaultCause> {
    #[derive(Deserialize)]
    struct Outer {
        data: Mount,
    }
    #[derive(Deserialize)]
    struct Mount {
        options: Option<BTreeMap<String, String>>,
    }
    let path = format!("sys/internal/ui/mounts/{}", encoded(mount));
    match vault.call(Method::GET, &path, None).await {
        Ok(answer) if answer.status == 404 => Ok(true),
        Ok(answer) => {
            let options = parse::<Outer>(&answer)?.data.options.unwrap_or_default();
            Ok(options.get("version").is_some_and(|version| version == "2"))
        }
        // Also the answer for a mount that does not exist. The read that follows has the better words.
        Err(VaultCause::Forbidden { .. }) => Ok(true),
        Err(cause) => Err(cause),
    }
}

/// Each segment of a path, encoded; slashes stay.
fn encoded(path: &str) -> String {
    path.split('/').map(crate::kube::segment).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn not_found(body: &'static str) -> Result<KvKeys, VaultCause> {
        missing(&Answer { status: 404, body: Bytes::from_static(body.as_bytes()) }, "secret")
    }

    #[test]
    fn a_404_is_absent_deleted_or_a_wrong_mount() {
        assert_eq!(not_found(r#"{"errors":[]}"#), Ok(KvKeys::Absent));
        let deleted = r#"{"data":{"data":null,"metadata":{"deletion_time":"2026-01-01T00:00:00Z","version":3}}}"#;
        assert_eq!(not_found(deleted), Ok(KvKeys::Deleted));
        let wrong = r#"{"errors":["no handler for route \"nope/data/x\". route entry not found."]}"#;
        assert!(matches!(not_found(wrong), Err(VaultCause::NoMount { .. })));
        assert!(not_found("<html>").is_err());
    }

    #[test]
    fn only_names_are_kept_of_a_document() {
        let body = Bytes::from_static(br#"{"data":{"data":{"b":"hunter2","a":{"x":1}},"metadata":{}}}"#);
        let names = versioned_names(&Answer { status: 200, body }).expect("names");
        assert_eq!(names.0.into_iter().collect::<Vec<_>>(), ["a", "b"]);
    }
}
