//! Whether the engine behind a store is the one that it is declared for.
//!
//! What a wrong version leads to is not said by the controller, which only logs in: each ExternalSecret fails with a path that
//! nobody wrote. But the Vault that the provider reaches may be another one than the store's, so this never refuses.

use homelab_cty::Path;
use homelab_schema::secret_store::{KvVersion, SecretStore};

use super::subject;
use crate::finding::{Finding, Severity, secret as codes};

/// What is mounted somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Keys and values, without versions.
    KvV1,
    /// Keys and values, with versions.
    KvV2,
    /// Credentials of databases.
    Database,
    /// Another, by its type.
    Other(String),
}

/// The mount to ask for: none where the store names none, or is of another namespace of Vault than `namespace`, the one that
/// would be asked.
pub fn asked<'a>(model: &'a SecretStore, namespace: Option<&str>) -> Option<&'a str> {
    let vault = model.vault.known()?;
    let theirs = match &vault.namespace {
        homelab_schema::Attr::Unknown => return None,
        given => given.known().map(String::as_str),
    };
    let same = theirs.unwrap_or_default() == namespace.unwrap_or_default();
    let path = vault.path.known().filter(|_| same)?;
    // The operator takes the API's own form too.
    Some(path.strip_suffix("/data").unwrap_or(path))
}

/// What is wrong with the declared mount and version, `found` being what the Vault at `place` has there; `None` where nothing
/// is, as far as is known.
pub fn judge(model: &SecretStore, found: Option<&Engine>, place: &str) -> Option<Finding> {
    let vault = model.vault.known()?;
    let path = vault.path.known()?;
    let at = Path::attr("vault");
    let finding = |observed: String, attribute: &str, clears: &str| {
        let finding = Finding::new(codes::WRONG_MOUNT, subject(model), observed).severity(Severity::Warning);
        Some(finding.clears(clears).at(at.then_attr(attribute)))
    };
    let is_v2 = vault.version.known()? == &KvVersion::V2;
    match found {
        None => finding(
            format!("Nothing is mounted at {path} in {place}."),
            "path",
            "Correct `path`, or leave it where the store is another Vault. `vault secrets list` shows the mounts.",
        ),
        Some(Engine::KvV2) if !is_v2 => finding(
            format!("The engine at {path} in {place} keeps versions, and the store reads it as one without."),
            "version",
            "Let `version` be v2.",
        ),
        Some(Engine::KvV1) if is_v2 => finding(
            format!("The engine at {path} in {place} keeps no versions, and the store reads it as one with."),
            "version",
            "Let `version` be v1.",
        ),
        Some(Engine::Database) if is_v2 => finding(
            format!("At {path} in {place} is the database engine, which is read as KV version 1."),
            "version",
            "Let `version` be v1, and keys be `static-creds/<role>`.",
        ),
        Some(Engine::Other(kind)) if is_v2 => finding(
            format!("At {path} in {place} is an engine of type {kind}, which is no KV."),
            "path",
            "Correct `path`.",
        ),
        // Whatever else can be read by a GET is read as KV version 1.
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use homelab_schema::Attr;
    use homelab_schema::secret_store::VaultStore;

    use super::*;

    fn store(path: &str, version: KvVersion) -> SecretStore {
        let vault =
            VaultStore { path: Attr::Known(path.to_owned()), version: Attr::Known(version), ..VaultStore::default() };
        SecretStore { vault: Attr::Known(vault), ..SecretStore::default() }
    }

    #[test]
    fn a_version_that_is_not_the_engines_is_named() {
        use Engine::{Database, KvV1, KvV2, Other};
        let pki = Other("pki".to_owned());
        for (version, found, blamed) in [
            (KvVersion::V2, Some(&KvV2), None),
            (KvVersion::V1, Some(&KvV1), None),
            (KvVersion::V1, Some(&Database), None),
            (KvVersion::V1, Some(&pki), None),
            (KvVersion::V1, Some(&KvV2), Some("vault.version")),
            (KvVersion::V2, Some(&KvV1), Some("vault.version")),
            (KvVersion::V2, Some(&Database), Some("vault.version")),
            (KvVersion::V2, Some(&pki), Some("vault.path")),
            (KvVersion::V2, None, Some("vault.path")),
        ] {
            let finding = judge(&store("secret", version), found, "https://vault.example.net");
            assert_eq!(finding.as_ref().map(|one| one.path.to_string()).as_deref(), blamed, "{version:?} {found:?}");
            assert!(finding.is_none_or(|one| one.severity == Severity::Warning));
        }
    }

    #[test]
    fn only_the_same_namespace_of_vault_is_asked() {
        let mut model = store("secret/data", KvVersion::V2);
        assert_eq!(asked(&model, None), Some("secret"));
        assert_eq!(asked(&model, Some("")), Some("secret"));
        assert_eq!(asked(&model, Some("team")), None);
        if let Attr::Known(vault) = &mut model.vault {
            vault.namespace = Attr::Known("team".to_owned());
        }
        assert_eq!((asked(&model, None), asked(&model, Some("team"))), (None, Some("secret")));
        assert_eq!(asked(&SecretStore::default(), None), None);
    }
}
