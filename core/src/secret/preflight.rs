//! What an ExternalSecret will ask of Vault, and what is wrong where that is not there.
//!
//! # Forces
//!
//! - "cannot find secret data" is said by the operator minutes after an apply, in an Event that nobody reads. Everything
//!   that it needs for it is known while planning: the store's mount, the key, the property.
//! - The operator's own rules make a path of a store and a key; they are repeated here, or a plan would refuse what
//!   works.
//! - Names are compared, never values. Our identity is another than the operator's: what we may not see is not checked, and
//!   counts neither as found nor as missing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use homelab_cty::Path;
use homelab_schema::external_secret::StoreKind;
use serde_json::Value;

mod judge;
#[cfg(test)]
mod tests;

pub use judge::{Answer, judge};

/// Engine of Vault that the store takes the mount for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KvVersion {
    /// Without versions; any engine that answers a plain read counts as one, such as that of databases.
    V1,
    /// With versions.
    V2,
}

/// A store, as far as its keys can be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Store {
    /// Vault or `OpenBao`.
    Vault(VaultStore),
    /// Another provider, by its name.
    Other(String),
}

/// A store in Vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultStore {
    /// Its address, as the operator reaches it.
    pub server: String,
    /// Vault's namespace.
    pub namespace: Option<String>,
    /// The mount that keys are below. Without one, every key begins with its own.
    pub mount: Option<String>,
    /// What the mount is taken for.
    pub version: KvVersion,
}

impl Store {
    /// The store that a `SecretStore` or `ClusterSecretStore` object is, live or as it is written.
    pub fn of(object: &Value) -> Self {
        let provider = &object["spec"]["provider"];
        let Some(vault) = provider.get("vault").filter(|vault| vault.is_object()) else {
            let name = provider.as_object().and_then(|provider| provider.keys().next().cloned());
            return Self::Other(name.unwrap_or_else(|| "unknown".to_owned()));
        };
        let text = |name: &str| vault[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        Self::Vault(VaultStore {
            server: text("server").unwrap_or_default(),
            namespace: text("namespace"),
            mount: text("path").map(|path| path.trim_matches('/').to_owned()),
            // The definition's own default is v2.
            version: if vault["version"] == "v1" { KvVersion::V1 } else { KvVersion::V2 },
        })
    }
}

/// A store as an ExternalSecret names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoreName {
    /// Whether it is of the ExternalSecret's namespace or of the whole cluster; by `as_str` of [`StoreKind`].
    pub kind: &'static str,
    /// Its name.
    pub name: String,
}

impl StoreName {
    /// The store of that kind and name.
    pub fn new(kind: StoreKind, name: &str) -> Self {
        Self { kind: kind.as_str(), name: name.to_owned() }
    }

    /// Whether it is of the whole cluster.
    pub fn is_cluster_wide(&self) -> bool {
        self.kind == StoreKind::ClusterSecretStore.as_str()
    }

    fn of(reference: &Value) -> Option<Self> {
        let name = reference["name"].as_str().filter(|name| !name.is_empty())?;
        let kind = if reference["kind"] == StoreKind::ClusterSecretStore.as_str() {
            StoreKind::ClusterSecretStore
        } else {
            StoreKind::SecretStore
        };
        Some(Self::new(kind, name))
    }
}

/// What is read of Vault for a key: equal ones are read once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Document {
    /// The mount.
    pub mount: String,
    /// The path below it, without `data/`.
    pub key: String,
    /// The version that is fetched; `None` for the newest.
    pub version: Option<u64>,
    /// What the store takes the mount for.
    pub engine: KvVersion,
}

impl Document {
    /// The role, where it looks like the credentials of a static role of the database engine.
    pub fn static_role(&self) -> Option<&str> {
        if self.engine == KvVersion::V1 { self.key.strip_prefix("static-creds/") } else { None }
    }
}

impl fmt::Display for Document {
    /// `secret/photos`, as people name it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.mount, self.key)?;
        self.version.map_or(Ok(()), |version| write!(f, " (version {version})"))
    }
}

/// Which part of a document is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// One property, or all of it as one value.
    Value,
    /// What is said about it (`metadata_policy`).
    Metadata,
    /// Each property as a key.
    Whole,
    /// Whatever is below it.
    Search,
}

/// One thing that the operator will look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Where it is.
    pub document: Document,
    /// The property that has to be there.
    pub property: Option<String>,
    /// What of it is fetched.
    pub part: Part,
    /// The block in the declaration: `data["DB_PASSWORD"]`, `data_from[0].extract`.
    pub path: Path,
    /// Which key of the Secret it makes, where it makes one.
    pub label: Option<String>,
}

/// The stores that a `spec` of an ExternalSecret names, declared or live, of any version.
pub fn stores(spec: &Value) -> BTreeSet<StoreName> {
    let main = StoreName::of(&spec["secretStoreRef"]);
    let others = ["data", "dataFrom"].into_iter().flat_map(|list| elements(spec, list));
    others.filter_map(|element| StoreName::of(&element["sourceRef"]["storeRef"])).chain(main).collect()
}

/// What the operator will look for in Vault, of a `spec` of an ExternalSecret. `store_of` says what a store is; what comes from
/// one that is not known, or is no Vault, is left out.
pub fn wanted(spec: &Value, store_of: impl Fn(&StoreName) -> Option<Store>) -> Vec<Wanted> {
    let names = stores(spec);
    let known: BTreeMap<&StoreName, VaultStore> = names
        .iter()
        .filter_map(|name| match store_of(name)? {
            Store::Vault(vault) => Some((name, vault)),
            Store::Other(_) => None,
        })
        .collect();
    let main = StoreName::of(&spec["secretStoreRef"]);
    let vault_of = |element: &Value| {
        let own = StoreName::of(&element["sourceRef"]["storeRef"]);
        known.get(&own.or_else(|| main.clone())?).cloned()
    };
    let mut all = Vec::new();
    for element in elements(spec, "data") {
        let (Some(vault), Some(label)) = (vault_of(element), element["secretKey"].as_str()) else { continue };
        let path = Path::attr("data").then_key(label);
        all.extend(of_key(&vault, &element["remoteRef"], Part::Value, path, Some(label.to_owned())));
    }
    for (index, element) in elements(spec, "dataFrom").enumerate() {
        let Some(vault) = vault_of(element) else { continue };
        let path = Path::attr("data_from").then_index(index);
        if element["extract"].is_object() {
            all.extend(of_key(&vault, &element["extract"], Part::Whole, path.then_attr("extract"), None));
        }
        if element["find"].is_object() {
            let below = element["find"]["path"].as_str().unwrap_or_default();
            let document = document(&vault, below, None);
            let path = path.then_attr("find");
            all.push(Wanted { document, property: None, part: Part::Search, path, label: None });
        }
    }
    all
}

fn of_key(vault: &VaultStore, remote: &Value, part: Part, path: Path, label: Option<String>) -> Option<Wanted> {
    let key = remote["key"].as_str().filter(|key| !key.is_empty())?;
    let part = if remote["metadataPolicy"] == "Fetch" { Part::Metadata } else { part };
    let property = remote["property"].as_str().filter(|property| !property.is_empty() && part != Part::Metadata);
    let version = remote["version"].as_str().and_then(|version| version.parse().ok());
    Some(Wanted { document: document(vault, key, version), property: property.map(str::to_owned), part, path, label })
}

/// The operator's own rule, by which a key may repeat the mount, and also `data/` after it.
fn document(vault: &VaultStore, key: &str, version: Option<u64>) -> Document {
    let engine = vault.version;
    let is_versioned = engine == KvVersion::V2;
    let (mount, key) = match &vault.mount {
        Some(mount) => {
            let below = key.strip_prefix(&format!("{mount}/"));
            let below = below.map(|below| below.strip_prefix("data/").filter(|_| is_versioned).unwrap_or(below));
            (mount.as_str(), below.unwrap_or(key))
        }
        None if is_versioned && key.contains("/data/") => key.split_once("/data/").unwrap_or((key, "")),
        None => key.split_once('/').unwrap_or((key, "")),
    };
    Document { mount: mount.to_owned(), key: key.trim_matches('/').to_owned(), version, engine }
}

fn elements<'a>(holder: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> {
    holder.get(list).and_then(Value::as_array).into_iter().flatten()
}
