//! Manifests in the states of other providers, for `moved`.

use std::collections::BTreeMap;

use serde_json::Value;

/// Why a state cannot be taken over, as a fragment after "failed to take over the state: ".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MoveError(String);

impl MoveError {
    /// An error of these words.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

/// Whether a provider of this address is one whose manifests and ingresses we know. Only the last part counts: forks and
/// mirrors keep it, and some releases of `OpenTofu` say no more than it.
///
/// Our own address is one as well: where several instances of one resource move, `OpenTofu` (seen with 1.12.6) names the
/// target's provider for each instance after the first, since its state knows one provider per resource. No resource of ours
/// has the type name of a source, so nothing of ours is taken for one.
pub fn is_known_provider(address: &str, type_name: &str) -> bool {
    let name = address.rsplit('/').next().unwrap_or_default();
    let wanted = if type_name.starts_with("kubectl_") { "kubectl" } else { "kubernetes" };
    name == wanted || (name == OURS && !type_name.starts_with(OURS))
}

/// The last part of our own address, which our type names begin with.
const OURS: &str = "homelab";

/// The object in the state of a `kubernetes_manifest` (`manifest`, a dynamic value) or a `kubectl_manifest` (`yaml_body`).
pub fn of_state(type_name: &str, state: &Value) -> Result<Value, MoveError> {
    let object = if type_name == "kubectl_manifest" {
        let yaml =
            state.get("yaml_body").and_then(Value::as_str).ok_or_else(|| MoveError::new("it has no yaml_body"))?;
        // The parser's own words may quote the text, which may be a Secret.
        serde_norway::from_str(yaml).map_err(|_| MoveError::new("its yaml_body is no YAML"))?
    } else {
        let dynamic = state.get("manifest").ok_or_else(|| MoveError::new("it has no manifest"))?;
        // A value of a dynamic attribute is stored beside its type.
        dynamic.get("value").filter(|_| dynamic.get("type").is_some()).unwrap_or(dynamic).clone()
    };
    if object.is_object() { Ok(object) } else { Err(MoveError::new("its manifest is no object")) }
}

/// Fails unless the object is of one of these groups, in whatever version, and of this kind.
pub fn expect_kind(object: &Value, groups: &[&str], kind: &str) -> Result<(), MoveError> {
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    let (version, found) = (text("apiVersion"), text("kind"));
    let group = version.split_once('/').map_or("", |(group, _)| group);
    if found == kind && groups.contains(&group) {
        Ok(())
    } else {
        Err(MoveError::new(format!("it holds a {found} of {version}, not a {kind} of {}", groups.join(" or "))))
    }
}

/// The texts of a map such as `labels`; null members are left out.
pub fn texts(metadata: &Value, map: &str) -> BTreeMap<String, String> {
    let members = metadata.get(map).and_then(Value::as_object);
    members.into_iter().flatten().filter_map(|(name, text)| Some((name.clone(), text.as_str()?.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_known_by_the_last_part_of_their_address() {
        for (address, type_name, is_known) in [
            ("registry.terraform.io/hashicorp/kubernetes", "kubernetes_manifest", true),
            ("mirror.example.net/a/kubectl", "kubectl_manifest", true),
            ("kubernetes", "kubernetes_manifest", true),
            ("registry.opentofu.org/example/homelab", "kubernetes_manifest", true),
            ("registry.opentofu.org/example/homelab", "homelab_ingress", false),
            ("registry.terraform.io/hashicorp/kubernetes", "kubectl_manifest", false),
            ("registry.terraform.io/hashicorp/kubernetes-alpha", "kubernetes_manifest", false),
            ("", "kubernetes_manifest", false),
        ] {
            assert_eq!(is_known_provider(address, type_name), is_known, "{address} {type_name}");
        }
    }
}
