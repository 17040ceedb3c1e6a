//! Static roles of the database engine.

use std::collections::BTreeSet;

use reqwest::Method;
use serde::Deserialize;

use super::error::VaultCause;
use super::kv::Names;
use super::mounts::{Found, MountKind, behind};
use super::{Vault, encoded, parse};

/// What there is of a static role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StaticRole {
    /// Its credentials, by name: `username`, `password` and what the engine adds.
    Found(BTreeSet<String>),
    /// The role is there; its credentials may not be read as this identity.
    Known,
    /// There is no such role.
    Absent,
    /// There is, and its connection does not allow it, so that nobody gets its credentials.
    NotAllowed(
        /// The store's words.
        String,
    ),
}

#[derive(Deserialize)]
struct Outer {
    data: Names,
}

/// What whoever wants the credentials would get: so they are asked for, and only their names are kept.
pub(super) async fn static_role(vault: &Vault, mount: &str, name: &str) -> Result<StaticRole, VaultCause> {
    let nothing = |words: &str| VaultCause::NoMount { mount: mount.to_owned(), words: words.to_owned() };
    match behind(vault, mount).await? {
        Found::Hidden | Found::Engine { kind: MountKind::Database, .. } => {}
        Found::Nothing => return Err(nothing("no engine is mounted at that path")),
        Found::Engine { .. } => return Err(nothing("the engine that is mounted there is none of databases")),
    }
    let answer = vault.call(Method::GET, &encoded(&format!("{mount}/static-creds/{name}")), None).await;
    let answer = match answer {
        Err(VaultCause::Forbidden { path }) => {
            return of_role(vault, mount, name).await?.ok_or(VaultCause::Forbidden { path });
        }
        Err(VaultCause::Server { words, .. }) if words.contains("is not an allowed role") => {
            return Ok(StaticRole::NotAllowed(words));
        }
        other => other?,
    };
    let words = answer.words();
    match answer.status {
        400 if words.contains("unknown role") => Ok(StaticRole::Absent),
        404 if words.contains("no handler") || words.contains("unsupported path") => Err(nothing(&words)),
        404 => Ok(StaticRole::Absent),
        _ => parse::<Outer>(&answer).map(|outer| StaticRole::Found(outer.data.0)),
    }
}

/// The role itself, which holds no secret; `None` where that may not be read either.
async fn of_role(vault: &Vault, mount: &str, name: &str) -> Result<Option<StaticRole>, VaultCause> {
    match vault.call(Method::GET, &encoded(&format!("{mount}/static-roles/{name}")), None).await {
        Ok(answer) if answer.status == 404 => Ok(Some(StaticRole::Absent)),
        Ok(answer) => parse::<Outer>(&answer).map(|_| Some(StaticRole::Known)),
        Err(VaultCause::Forbidden { .. }) => Ok(None),
        Err(cause) => Err(cause),
    }
}
