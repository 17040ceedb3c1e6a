//! Objects that are stored or declared in an old version of the API.
//!
//! The operator never had a conversion between v1beta1 and v1: once a version is not served any more, whoever still writes
//! it fails, and objects that only exist in it cannot be read. What the cluster shows of that is threefold: the definition's
//! list of versions that were ever stored, the version in which each field manager wrote last, and what kubectl remembers.

use serde_json::Value;

/// The version that stays.
pub const CURRENT: &str = "v1";
/// Those that went, oldest first.
pub const OLD: [&str; 2] = ["v1alpha1", "v1beta1"];
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A definition of a kind, as far as versions go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its name: `externalsecrets.external-secrets.io`.
    pub name: String,
    /// The versions that are served.
    pub served: Vec<String>,
    /// The versions in which objects may be stored.
    pub stored: Vec<String>,
}

impl Definition {
    /// What a definition says.
    pub fn of(object: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let versions = object["spec"]["versions"].as_array().into_iter().flatten();
        let stored = object["status"]["storedVersions"].as_array().into_iter().flatten();
        Self {
            name: text(&object["metadata"]["name"]),
            served: versions
                .filter(|version| version["served"] == true)
                .map(|version| text(&version["name"]))
                .collect(),
            stored: stored.map(text).collect(),
        }
    }

    /// Versions that are older than the newest that is served, and may still be stored.
    pub fn old_stored(&self) -> Vec<&str> {
        let newest = newest(&self.served);
        self.stored.iter().map(String::as_str).filter(|version| age(version) < age(newest)).collect()
    }
}

/// The newest of these versions; [`CURRENT`] where none is known.
pub fn newest(served: &[String]) -> &str {
    served.iter().map(String::as_str).max_by_key(|version| age(version)).unwrap_or(CURRENT)
}

/// How new a version is: one that is not known here is newer than all that are.
fn age(version: &str) -> usize {
    OLD.iter().chain([&CURRENT]).position(|known| *known == version).unwrap_or(usize::MAX)
}

/// Who declares an object in an old version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OldUse {
    /// The version.
    pub version: String,
    /// Who: a field manager, or what kubectl remembers.
    pub by: String,
}

/// Who declares `object`, of the operator's group, in a version that is older than `newest`.
///
/// Not the operator itself, which writes status and finalizers, and not a manager that has written a newer version since:
/// its old entry only stays because nobody took those fields over.
pub fn old_uses(object: &Value, newest: &str) -> Vec<OldUse> {
    let entries: Vec<&Value> = object["metadata"]["managedFields"].as_array().into_iter().flatten().collect();
    let text = |entry: &Value, member: &str| entry[member].as_str().unwrap_or_default().to_owned();
    let version_of = |entry: &Value| {
        let api_version = text(entry, "apiVersion");
        api_version.strip_prefix(&format!("{}/", crate::secret::GROUP)).map(str::to_owned)
    };
    let operators = operators(object);
    let mut found: Vec<OldUse> = entries
        .iter()
        .filter(|entry| !operators.contains(&text(entry, "manager")))
        .filter_map(|entry| {
            let (version, manager) = (version_of(entry)?, text(entry, "manager"));
            let moved_on = entries.iter().any(|other| {
                text(other, "manager") == manager && version_of(other).is_some_and(|other| age(&other) > age(&version))
            });
            (age(&version) < age(newest) && !moved_on)
                .then(|| OldUse { version, by: format!("field manager {manager:?}") })
        })
        .collect();
    let remembered = object["metadata"]["annotations"][LAST_APPLIED].as_str();
    let remembered: Option<Value> = remembered.and_then(|text| serde_json::from_str(text).ok());
    found.extend(
        remembered
            .as_ref()
            .and_then(version_of)
            .filter(|version| age(version) < age(newest))
            .map(|version| OldUse { version, by: "kubectl's last applied configuration".to_owned() }),
    );
    found.sort();
    found.dedup();
    found
}

/// The field managers that the operator has on an object: whoever writes its status, or its finalizer.
pub fn operators(object: &Value) -> Vec<String> {
    let entries = object["metadata"]["managedFields"].as_array().into_iter().flatten();
    let is_operator = |entry: &&Value| {
        let finalizers = entry["fieldsV1"]["f:metadata"]["f:finalizers"].as_object();
        let finalizer = finalizers.into_iter().flatten().any(|(name, _)| name.contains(crate::secret::GROUP));
        // A status that is written through the object itself is written by whoever made the object up.
        entry["subresource"] == "status" || finalizer
    };
    let names = entries.filter(is_operator).filter_map(|entry| entry["manager"].as_str());
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}
