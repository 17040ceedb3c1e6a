//! What is mounted where.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use reqwest::Method;
use serde::Deserialize;

use super::error::VaultCause;
use super::{Vault, encoded, parse};

/// What an engine is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MountKind {
    /// Keys and values, without versions.
    KvV1,
    /// Keys and values, with versions.
    KvV2,
    /// Credentials of databases.
    Database,
    /// Anything else, by its type.
    Other(String),
}

/// The engines that were found, by the paths that were asked for: a hundred secrets are of two or three of them. What is not
/// there is not kept, since it may be mounted by the same run.
#[derive(Default)]
pub(super) struct Mounts(Mutex<HashMap<String, Found>>);

/// What the store said of one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// This engine is what answers for the path.
    Engine {
        /// Where it is mounted, without slashes at the ends.
        at: String,
        kind: MountKind,
    },
    /// Nothing does, for certain.
    Nothing,
    /// The identity may not know.
    Hidden,
}

#[derive(Deserialize)]
struct Outer {
    data: Mount,
}

#[derive(Deserialize)]
struct Mount {
    /// With a slash at the end. Absent in what `sys/mounts` says.
    path: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    options: Option<BTreeMap<String, String>>,
}

impl Mount {
    fn found(self, asked: &str) -> Found {
        let version = self.options.as_ref().and_then(|options| options.get("version")).map(String::as_str);
        let kind = match (self.kind.as_str(), version) {
            // `generic` is what it was called once.
            ("kv" | "generic", Some("2")) => MountKind::KvV2,
            ("kv" | "generic", _) => MountKind::KvV1,
            ("database", _) => MountKind::Database,
            _ => MountKind::Other(self.kind),
        };
        let at = self.path.as_deref().unwrap_or(asked).trim_matches('/').to_owned();
        Found::Engine { at, kind }
    }
}

/// The engine that answers for `path`, which may go on below its mount.
pub(super) async fn behind(vault: &Vault, path: &str) -> Result<Found, VaultCause> {
    let known = |mounts: &Mounts| mounts.0.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
    if let Some(found) = known(&vault.mounts) {
        return Ok(found);
    }
    let found = ask(vault, path).await?;
    if !matches!(found, Found::Engine { .. }) {
        return Ok(found);
    }
    vault.mounts.0.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), found.clone());
    Ok(found)
}

async fn ask(vault: &Vault, path: &str) -> Result<Found, VaultCause> {
    // Whoever may do anything below a mount may ask this.
    let answer = vault.call(Method::GET, &format!("sys/internal/ui/mounts/{}", encoded(path)), None).await;
    match answer {
        // A store from before that path was there. What it is then shows in the read.
        Ok(answer) if answer.status == 404 => return Ok(Found::Hidden),
        Ok(answer) => return parse::<Outer>(&answer).map(|outer| outer.data.found(path)),
        // So it answers also where there is nothing, so that nobody finds mounts by guessing.
        Err(VaultCause::Forbidden { .. }) => {}
        Err(cause) => return Err(cause),
    }
    match vault.call(Method::GET, &format!("sys/mounts/{}", encoded(path)), None).await {
        Ok(answer) if answer.is_success() => parse::<Outer>(&answer).map(|outer| outer.data.found(path)),
        Ok(answer) if answer.words().to_lowercase().contains("no secret engine mount") => Ok(Found::Nothing),
        Ok(_) | Err(VaultCause::Forbidden { .. }) => Ok(Found::Hidden),
        Err(cause) => Err(cause),
    }
}

/// Whether documents at exactly `mount` have versions; an engine that may not be looked at is taken for one with versions, as
/// nearly all are, and the read that follows has the better words.
pub(super) async fn is_versioned(vault: &Vault, mount: &str) -> Result<bool, VaultCause> {
    let nothing =
        || VaultCause::NoMount { mount: mount.to_owned(), words: "no engine is mounted at that path".to_owned() };
    match behind(vault, mount).await? {
        Found::Engine { at, .. } if at != mount => Err(nothing()),
        Found::Engine { kind: MountKind::KvV2, .. } | Found::Hidden => Ok(true),
        Found::Engine { kind: MountKind::KvV1, .. } => Ok(false),
        Found::Engine { kind: MountKind::Database, .. } => {
            Err(VaultCause::NotKv { mount: mount.to_owned(), kind: "database".to_owned() })
        }
        Found::Engine { kind: MountKind::Other(kind), .. } => Err(VaultCause::NotKv { mount: mount.to_owned(), kind }),
        Found::Nothing => Err(nothing()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_are_known_by_type_and_version() {
        let of = |json: &str| serde_json::from_str::<Mount>(json).expect("a mount").found("asked");
        let engine = |at: &str, kind| Found::Engine { at: at.to_owned(), kind };
        assert_eq!(of(r#"{"path":"kv/a/","type":"kv","options":{"version":"2"}}"#), engine("kv/a", MountKind::KvV2));
        assert_eq!(of(r#"{"path":"kv1/","type":"kv","options":{"version":"1"}}"#), engine("kv1", MountKind::KvV1));
        assert_eq!(of(r#"{"type":"kv","options":null}"#), engine("asked", MountKind::KvV1));
        assert_eq!(of(r#"{"path":"db/","type":"database","options":{}}"#), engine("db", MountKind::Database));
        assert_eq!(of(r#"{"path":"pki/","type":"pki"}"#), engine("pki", MountKind::Other("pki".to_owned())));
    }
}
