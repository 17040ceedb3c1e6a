//! What the store of values says about one document, in the words of the preflight.

use homelab_core::secret::preflight::{Answer, Document, KvVersion};

use crate::vault::{KvKeys, MountKind, StaticRole, Vault, VaultCause, VaultError};

/// Asks for the names in a document, or with `search` for the names below it. Values are not kept. Never fails: what could
/// not be asked is an answer too.
pub async fn answer(vault: &Vault, document: &Document, search: bool) -> Answer {
    match asked(vault, document, search).await {
        Ok(answer) => answer,
        Err(VaultError { cause: VaultCause::Forbidden { .. }, .. }) => Answer::Forbidden,
        Err(VaultError { cause: VaultCause::NoMount { .. }, .. }) => Answer::NoMount,
        Err(VaultError { cause: VaultCause::NotKv { kind, .. }, .. }) => Answer::OtherEngine(engine(&kind)),
        Err(error) => Answer::NotAsked(format!("failed to {error}")),
    }
}

async fn asked(vault: &Vault, document: &Document, search: bool) -> Result<Answer, VaultError> {
    let Document { mount, key, version, engine: taken_for } = document;
    let kind = match vault.mount(mount).await {
        Ok(None) => return Ok(Answer::NoMount),
        Ok(kind) => kind,
        // Which engine it is may not be known to us; the read then tells what there is.
        Err(VaultError { cause: VaultCause::Forbidden { .. }, .. }) => None,
        Err(error) => return Err(error),
    };
    match (&kind, taken_for) {
        (Some(MountKind::KvV1), KvVersion::V2) => {
            return Ok(Answer::OtherEngine("a KV engine of version 1".to_owned()));
        }
        (Some(MountKind::KvV2), KvVersion::V1) => {
            return Ok(Answer::OtherEngine("a KV engine of version 2".to_owned()));
        }
        (Some(MountKind::Database), KvVersion::V2) => return Ok(Answer::OtherEngine(engine("database"))),
        (Some(MountKind::Other(kind)), KvVersion::V2) => return Ok(Answer::OtherEngine(engine(kind))),
        (Some(MountKind::Other(kind)), KvVersion::V1) => {
            return Ok(Answer::NotAsked(format!("what {} holds cannot be told without using it", engine(kind))));
        }
        (Some(MountKind::Database), KvVersion::V1) if document.static_role().is_none() => {
            return Ok(Answer::NotAsked("asking the database engine for it would make new credentials".to_owned()));
        }
        _ => {}
    }
    // A document of an engine of keys and values may be called like a role.
    let is_role = !matches!(kind, Some(MountKind::KvV1 | MountKind::KvV2));
    if let Some(role) = document.static_role().filter(|_| is_role) {
        return Ok(match vault.static_role(mount, role).await? {
            StaticRole::Found(_) | StaticRole::Known => Answer::Role,
            StaticRole::Absent => Answer::Absent,
            StaticRole::NotAllowed(words) => Answer::Closed(words),
        });
    }
    if search {
        let below = vault.list_kv(mount, key).await?;
        return Ok(below.map_or(Answer::Absent, |names| Answer::Keys(names.into_iter().collect())));
    }
    Ok(match vault.read_kv_keys_at(mount, key, *version).await? {
        KvKeys::Keys(keys) => Answer::Keys(keys),
        KvKeys::Absent => Answer::Absent,
        KvKeys::Deleted => Answer::Deleted,
        KvKeys::Destroyed => Answer::Destroyed,
    })
}

fn engine(kind: &str) -> String {
    format!("an engine of type {kind}")
}
