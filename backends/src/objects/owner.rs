//! Whose an object is.

use std::fmt;

use serde_json::Value;

use super::{Live, Mark};

/// Somebody else who looks after an object. We never write to it, nor delete it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Another object, by an ownerReference.
    Object {
        /// Its kind.
        kind: String,
        /// Its name.
        name: String,
    },
    /// A Helm release.
    Helm {
        /// Its name, as `namespace/name` where both are known.
        release: String,
    },
    /// An application of Argo CD.
    ArgoCd {
        /// Its name or tracking id.
        application: String,
    },
    /// A Kustomization or `HelmRelease` of Flux.
    Flux {
        /// Its name, as `namespace/name` where both are known.
        name: String,
    },
    /// Another resource of this provider, in this stack or another one.
    Resource {
        /// The owner in its mark.
        owner: String,
    },
}

impl Owner {
    /// What to do, as sentences.
    pub fn hint(&self) -> String {
        match self {
            Self::Object { kind, name } => {
                format!("{kind} {name} makes and repairs it. Declare what you need there, or choose another name.")
            }
            Self::Helm { release } => {
                format!(
                    "Remove it from the chart of release {release} (or annotate it there with `helm.sh/resource-policy: keep` and uninstall), then delete its `meta.helm.sh` annotations."
                )
            }
            Self::ArgoCd { application } => {
                format!(
                    "Remove it from Argo CD application {application} without pruning it, then delete its tracking annotation or label."
                )
            }
            Self::Flux { name } => {
                format!("Remove it from {name} in Flux without pruning it, then delete its `toolkit.fluxcd.io` labels.")
            }
            Self::Resource { owner } => {
                format!(
                    "Two resources declare one object. Keep one of them: {owner}, or this one (after `terraform state rm` of the other)."
                )
            }
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object { kind, name } => write!(f, "{kind} {name} (ownerReference)"),
            Self::Helm { release } => write!(f, "Helm release {release}"),
            Self::ArgoCd { application } => write!(f, "Argo CD application {application}"),
            Self::Flux { name } => write!(f, "Flux {name}"),
            Self::Resource { owner } => write!(f, "resource {owner}"),
        }
    }
}

/// The owner other than this provider that `object` carries, if any.
///
/// Only marks that their owners alone write count: the label `app.kubernetes.io/instance` is on every second chart's
/// output, also where somebody rendered it to plain YAML, and says nothing.
pub fn owner_of(object: &Value) -> Option<Owner> {
    let metadata = object.get("metadata")?;
    let text = |map: &str, name: &str| metadata.get(map)?.get(name)?.as_str().map(str::to_owned);
    let annotation = |name: &str| text("annotations", name);
    let label = |name: &str| text("labels", name);

    if let Some(reference) = metadata.get("ownerReferences").and_then(|all| all.get(0)) {
        let part = |name: &str| reference.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
        return Some(Owner::Object { kind: part("kind"), name: part("name") });
    }
    if let Some(release) = annotation("meta.helm.sh/release-name") {
        return Some(Owner::Helm { release: qualified(annotation("meta.helm.sh/release-namespace"), release) });
    }
    if let Some(application) = annotation("argocd.argoproj.io/tracking-id") {
        let application = application.split(':').next().unwrap_or_default().to_owned();
        return Some(Owner::ArgoCd { application });
    }
    if let Some(application) = label("argocd.argoproj.io/instance") {
        return Some(Owner::ArgoCd { application });
    }
    for (toolkit, kind) in [("kustomize", "Kustomization"), ("helm", "HelmRelease")] {
        if let Some(name) = label(&format!("{toolkit}.toolkit.fluxcd.io/name")) {
            let name = qualified(label(&format!("{toolkit}.toolkit.fluxcd.io/namespace")), name);
            return Some(Owner::Flux { name: format!("{kind} {name}") });
        }
    }
    None
}

/// The owner that forbids the holder of `mark` to write to `object`, if any.
pub(crate) fn foreign_owner(object: &Value, mark: &Mark) -> Option<Owner> {
    // Our own mark beats everything but an ownerReference: somebody may well roll our objects out with Argo CD's
    // labels on them, but what a controller made it also collects.
    let ours = Mark::of(object);
    match (owner_of(object), ours) {
        (Some(owner @ Owner::Object { .. }), _) => Some(owner),
        (_, Some(live)) if live.owner == mark.owner => None,
        (_, Some(live)) => Some(Owner::Resource { owner: live.owner }),
        (owner, None) => owner,
    }
}

/// Why an object that shall be deleted is not the one that we made; `None` where it is.
///
/// `creation` is what private state remembers. An object without any mark belongs to a state without one: imported or
/// moved, and never applied since.
pub(crate) fn release_reason(live: &Live, creation: Option<&str>) -> Option<String> {
    match (live.mark(), creation) {
        (Some(mark), Some(creation)) if mark.creation == creation => None,
        (None, None) => live.owner().map(|owner| format!("it belongs to {owner}")),
        (Some(mark), _) => Some(format!("it was made or taken over since by {}", mark.owner)),
        (None, Some(_)) => Some("it does not carry our mark any more, so it is not the object that we made".to_owned()),
    }
}

fn qualified(namespace: Option<String>, name: String) -> String {
    match namespace {
        Some(namespace) => format!("{namespace}/{name}"),
        None => name,
    }
}

/// Whether a field manager is a tool that this provider replaces: Terraform's other providers and kubectl by hand.
///
/// `kubectl` alone is what `kubectl apply --server-side` and the kubectl providers use.
pub fn is_predecessor(manager: &str) -> bool {
    matches!(manager, "Terraform" | "HashiCorp" | "OpenTofu" | "kubectl" | "before-first-apply")
        || manager.starts_with("kubectl-")
        || manager.starts_with("terraform-provider-kube")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_of_owner_is_seen_and_named() {
        let cases = [
            (json!({"ownerReferences": [{"kind": "App", "name": "photos"}]}), "App photos (ownerReference)"),
            (
                json!({"annotations": {"meta.helm.sh/release-name": "a", "meta.helm.sh/release-namespace": "n"}}),
                "Helm release n/a",
            ),
            (
                json!({"annotations": {"argocd.argoproj.io/tracking-id": "a:networking.k8s.io/Ingress:n/x"}}),
                "Argo CD application a",
            ),
            (json!({"labels": {"argocd.argoproj.io/instance": "a"}}), "Argo CD application a"),
            (
                json!({"labels": {"kustomize.toolkit.fluxcd.io/name": "a", "kustomize.toolkit.fluxcd.io/namespace": "n"}}),
                "Flux Kustomization n/a",
            ),
            (json!({"labels": {"helm.toolkit.fluxcd.io/name": "a"}}), "Flux HelmRelease a"),
        ];
        for (metadata, expected) in cases {
            let owner = owner_of(&json!({ "metadata": metadata }));
            assert_eq!(owner.map(|owner| owner.to_string()), Some(expected.to_owned()));
        }
    }

    #[test]
    fn a_plain_object_and_one_with_chart_labels_have_no_owner() {
        assert_eq!(owner_of(&json!({"metadata": {"name": "x"}})), None);
        assert_eq!(owner_of(&json!({"metadata": {"labels": {"app.kubernetes.io/instance": "x"}}})), None);
    }

    #[test]
    fn the_mark_of_the_same_resource_is_no_owner_and_that_of_another_is() {
        let mark = Mark::new("homelab_ingress photos/photos");
        let mut object = json!({"metadata": {}});
        Mark::new("homelab_ingress photos/photos").put(&mut object);
        assert_eq!(foreign_owner(&object, &mark), None);
        let mut object = json!({"metadata": {}});
        Mark::new("homelab_ingress photos/photos-share").put(&mut object);
        let other = Owner::Resource { owner: "homelab_ingress photos/photos-share".to_owned() };
        assert_eq!(foreign_owner(&object, &mark), Some(other));
    }

    #[test]
    fn predecessors_are_tools_and_not_controllers() {
        for manager in ["Terraform", "HashiCorp", "kubectl", "kubectl-client-side-apply", "kubectl-edit"] {
            assert!(is_predecessor(manager), "{manager}");
        }
        for manager in ["external-secrets", "kube-controller-manager", "keel", "argocd-controller", "helm", "homelab"] {
            assert!(!is_predecessor(manager), "{manager}");
        }
    }
}
