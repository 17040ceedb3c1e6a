//! Stores, and which of their keys change by themselves.

use std::collections::BTreeMap;

use serde_json::Value;

use super::declared::{Declared, StoreRef};
use super::evidence::Evidence;
use crate::secret::preflight::{self, KvVersion, Store, StoreName, VaultStore};

/// Beginnings of keys of Vault's database engine: credentials of a static role, which Vault rotates, and of a role that makes
/// new ones for each who asks.
const DATABASE: [&str; 2] = ["static-creds/", "creds/"];

/// Why a value changes without that anybody changes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rotation {
    /// The database engine behind the store changes it: the key.
    Database(String),
    /// A generator makes a new one at each refresh.
    Generator,
}

impl std::fmt::Display for Rotation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Database(key) => write!(f, "the database engine rotates {key}"),
            Self::Generator => f.write_str("a generator makes a new value at each refresh"),
        }
    }
}

/// The stores of a cluster.
pub struct Stores<'a> {
    by_name: BTreeMap<(&'static str, String, String), &'a Value>,
    missing: bool,
}

const SECRET_STORE: &str = "SecretStore";
const CLUSTER_SECRET_STORE: &str = "ClusterSecretStore";

impl<'a> Stores<'a> {
    /// Those that were seen.
    pub fn of(evidence: &'a Evidence) -> Self {
        let named = |kind, store: &'a Value| {
            let text = |member: &str| store["metadata"][member].as_str().unwrap_or_default().to_owned();
            ((kind, text("namespace"), text("name")), store)
        };
        let local = evidence.stores.items.iter().map(|store| named(SECRET_STORE, store));
        let global = evidence.cluster_stores.items.iter().map(|store| named(CLUSTER_SECRET_STORE, store));
        let missing = !evidence.stores.is_complete() || !evidence.cluster_stores.is_complete();
        Self { by_name: local.chain(global).collect(), missing }
    }

    /// The store that an ExternalSecret of `namespace` means.
    pub fn get(&self, namespace: &str, store: &StoreRef) -> Option<&'a Value> {
        let key = match store.kind.as_str() {
            CLUSTER_SECRET_STORE => (CLUSTER_SECRET_STORE, String::new(), store.name.clone()),
            _ => (SECRET_STORE, namespace.to_owned(), store.name.clone()),
        };
        self.by_name.get(&key).copied()
    }

    /// Whether a store that is not among them may be there all the same.
    pub fn may_have_missed(&self) -> bool {
        self.missing
    }

    /// Why values of an ExternalSecret change by themselves; empty where nothing is known to.
    pub fn rotations(&self, object: &Value) -> Vec<Rotation> {
        let declared = Declared::new(object);
        let (namespace, _) = declared.place();
        let store_of = |name: &StoreName| {
            let name = StoreRef { kind: name.kind.to_owned(), name: name.name.clone() };
            match self.get(&namespace, &name) {
                Some(store) => Some(Store::of(store)),
                // One that could not be seen may well be a store of credentials.
                None => Some(Store::Vault(VaultStore {
                    server: String::new(),
                    namespace: None,
                    mount: Some(String::new()),
                    version: KvVersion::V1,
                })),
            }
        };
        let wanted = preflight::wanted(&object["spec"], store_of).into_iter().map(|wanted| wanted.document);
        let rotated = wanted.filter(|document| {
            document.engine == KvVersion::V1 && DATABASE.iter().any(|beginning| document.key.starts_with(beginning))
        });
        let generated = declared.entries().into_iter().any(|entry| entry.store.is_none());
        let mut found: Vec<Rotation> = rotated
            .map(|document| Rotation::Database(document.key))
            .chain(generated.then_some(Rotation::Generator))
            .collect();
        found.sort();
        found.dedup();
        found
    }
}
