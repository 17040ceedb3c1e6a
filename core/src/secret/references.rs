//! What an ExternalSecret refers to and what it would overwrite, judged by what was found in the cluster.

use homelab_cty::Path;
use homelab_schema::external_secret::{CreationPolicy, ExternalSecret, StoreKind};
use serde_json::Value;

use super::checks::subject;
use crate::finding::{Finding, secret as codes};

/// Field manager of the operator on the Secrets that it writes, before the name of the ExternalSecret.
const OPERATOR_ON_SECRET: &str = "externalsecrets.external-secrets.io/";

/// The store does not exist.
pub fn no_store(kind: StoreKind, namespace: &str, name: &str) -> Finding {
    let store = match kind {
        StoreKind::ClusterSecretStore => format!("ClusterSecretStore {name}"),
        StoreKind::SecretStore => format!("SecretStore {namespace}/{name}"),
    };
    let finding = Finding::new(codes::DANGLING_STORE, &store, "It is not there.");
    finding.summary(format!("{store} does not exist")).at(Path::attr("store").then_attr("name"))
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
    if elements("managedFields").any(|entry| text(entry, "manager") == written_last) {
        return None;
    }
    Some(foreign(model, secret, "It was made by somebody else, and its data would be replaced."))
}

fn foreign(model: &ExternalSecret, secret: &Value, observed: &str) -> Finding {
    let text = |member: &str| {
        let text = secret.get("metadata").and_then(|metadata| metadata.get(member)).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let object = format!("Secret {}/{}", text("namespace"), text("name"));
    let given = model.target.known().is_some_and(|target| !target.name.is_null());
    let path = if given { Path::attr("target").then_attr("name") } else { Path::attr("name") };
    let clears =
        "Choose another name in `target`, remove the Secret, or let `creation_policy` be Merge to add keys to it.";
    Finding::new(codes::FOREIGN_SECRET, &object, observed)
        .summary(format!("{object} belongs to somebody else"))
        .clears(clears)
        .at(path)
}
