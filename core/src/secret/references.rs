//! What an ExternalSecret refers to and what it would overwrite, judged by what was found in the cluster.

use std::collections::BTreeMap;

use homelab_cty::Path;
use homelab_schema::Attr;
use homelab_schema::external_secret::{CreationPolicy, ExternalSecret, StoreRef};
use serde_json::Value;

use super::checks::subject;
use super::preflight::StoreName;
use super::{ready, values};
use crate::finding::{Finding, secret as codes};

/// Field manager of the operator on the Secrets that it writes, before the name of the ExternalSecret.
const OPERATOR_ON_SECRET: &str = "externalsecrets.external-secrets.io/";
/// What stands there instead of a name that is too long for a manager, before a hash of it.
const HASHED: &str = "sha3/";
/// The longest name of a manager.
const LONGEST_MANAGER: usize = 128;

/// The stores that are named, as far as they are known, and where each is named first.
pub fn stores(model: &ExternalSecret) -> BTreeMap<StoreName, Path> {
    let mut places = BTreeMap::new();
    let mut place = |store: &Attr<StoreRef>, path: Path| {
        let Some(store) = store.known() else { return };
        if let (Some(name), Some(kind)) = (store.name.known(), store.kind.known()) {
            places.entry(StoreName::new(*kind, name)).or_insert_with(|| path.then_attr("name"));
        }
    };
    place(&model.store, Path::attr("store"));
    for (label, entry) in model.data.known().into_iter().flatten() {
        place(&entry.source, Path::attr("data").then_key(label).then_attr("source"));
    }
    for (index, source) in model.data_from.known().into_iter().flatten().enumerate() {
        place(&source.source, Path::attr("data_from").then_index(index).then_attr("source"));
    }
    places
}

fn words(store: &StoreName, namespace: &str) -> String {
    if store.is_cluster_wide() {
        format!("{} {}", store.kind, store.name)
    } else {
        format!("{} {namespace}/{}", store.kind, store.name)
    }
}

/// The store does not exist.
pub fn no_store(store: &StoreName, namespace: &str, path: &Path) -> Finding {
    let store = words(store, namespace);
    let finding = Finding::new(codes::DANGLING_STORE, &store, "It is not there.");
    finding.summary(format!("{store} does not exist")).at(path.clone())
}

/// The store is there, and the operator says that it does not work; `None` where it has no objection.
pub fn store_not_valid(store: &StoreName, namespace: &str, object: &Value, path: &Path) -> Option<Finding> {
    let trouble = ready::store_trouble(object)?;
    let store = words(store, namespace);
    let observed = format!("The operator says: {}", ready::sentence(&trouble));
    let finding = Finding::new(codes::STORE_NOT_VALID, &store, observed);
    Some(finding.summary(format!("{store} is not valid")).at(path.clone()))
}

/// The cluster does not serve ExternalSecrets in a version that we write; `served` are those that it has.
pub fn no_crd(model: &ExternalSecret, served: &[String]) -> Finding {
    let observed = if served.is_empty() {
        format!("The cluster serves no ExternalSecret of {}.", super::GROUP)
    } else {
        format!("The cluster serves ExternalSecret of {} in {} alone.", super::GROUP, served.join(", "))
    };
    Finding::new(codes::NO_CRD, subject(model), observed)
}

/// Whether the operator owns the Secret that it writes: also what it does where nothing is said.
pub fn is_owner(model: &ExternalSecret) -> bool {
    let policy = model.target.known().and_then(|target| target.creation_policy.known());
    policy.is_none_or(|policy| *policy == CreationPolicy::Owner)
}

/// What is wrong with the Secret of the target name, which is there: whose it is, and whether it can take what is declared.
pub fn secret(model: &ExternalSecret, secret: &Value) -> Option<Finding> {
    overwrites(model, secret).or_else(|| is_immutable(model, secret))
}

/// Whether the operator would overwrite a Secret of somebody else: `secret` is the Secret of the target name.
///
/// Only with `creation_policy` Owner does it write over what it finds. A Secret that this ExternalSecret owns, or wrote last
/// before it was kept on a destroy, is its own.
pub fn overwrites(model: &ExternalSecret, secret: &Value) -> Option<Finding> {
    let name = model.name.known()?;
    if !is_owner(model) {
        return None;
    }
    let elements = |list: &str| {
        let list = secret.get("metadata").and_then(|metadata| metadata.get(list)).and_then(Value::as_array);
        list.into_iter().flatten()
    };
    let text =
        |value: &'_ Value, member: &str| value.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut owners = elements("ownerReferences").map(|owner| (text(owner, "kind"), text(owner, "name"))).peekable();
    if owners.peek().is_some() {
        let (mut ours, mut other) = (false, None);
        for (kind, owner) in owners {
            if kind == "ExternalSecret" && owner == *name {
                ours = true;
            } else {
                other = Some(format!("{kind} {owner}"));
            }
        }
        return if ours {
            None
        } else {
            other.map(|other| foreign(model, secret, &format!("It is owned by {other}.")))
        };
    }
    let written_last = format!("{OPERATOR_ON_SECRET}{name}");
    let is_hashed = written_last.len() > LONGEST_MANAGER;
    let is_own = |manager: &str| {
        // A hash of a name cannot be told from that of another one that is as long.
        manager == written_last || (is_hashed && manager.starts_with(&format!("{OPERATOR_ON_SECRET}{HASHED}")))
    };
    if elements("managedFields").any(|entry| is_own(&text(entry, "manager"))) {
        return None;
    }
    Some(foreign(model, secret, "It was made by somebody else, and its data would be replaced."))
}

fn foreign(model: &ExternalSecret, secret: &Value, observed: &str) -> Finding {
    let object = name_of(secret);
    let clears =
        "Choose another name in `target`, remove the Secret, or let `creation_policy` be Merge to add keys to it.";
    Finding::new(codes::FOREIGN_SECRET, &object, observed)
        .summary(format!("{object} belongs to somebody else"))
        .clears(clears)
        .at(target_name(model))
}

/// Nothing gets into an immutable Secret any more.
fn is_immutable(model: &ExternalSecret, secret: &Value) -> Option<Finding> {
    if secret["immutable"] != true {
        return None;
    }
    let missing = values::missing(secret, model.keys.known()?);
    if missing.is_empty() {
        return None;
    }
    let object = name_of(secret);
    let observed = format!("It is immutable, and has no {}: nothing can be added to it.", missing.join(", "));
    let finding = Finding::new(codes::SECRET_IMMUTABLE, &object, observed);
    Some(finding.summary(format!("{object} is immutable")).at(target_name(model)))
}

fn name_of(secret: &Value) -> String {
    let text = |member: &str| secret["metadata"][member].as_str().unwrap_or_default().to_owned();
    format!("Secret {}/{}", text("namespace"), text("name"))
}

fn target_name(model: &ExternalSecret) -> Path {
    let given = model.target.known().is_some_and(|target| !target.name.is_null());
    if given { Path::attr("target").then_attr("name") } else { Path::attr("name") }
}
