//! The private notes of a resource.
//!
//! `rendered` has a hash of each object, as the apply left it: a refresh tells drift from a change of the provider's `site`
//! block by it (which is a change that the plan shows, not one that somebody made), and the state of a thousand resources
//! stays small. `creation` is the mark of this creation; `object` is the `<namespace>/<name>` that a create was planned for,
//! by which the destroy of a replacement knows whether its own objects are taken over.

use std::collections::BTreeMap;

use homelab_backends::objects::{Backend, CREATION_ANNOTATION, Live, OWNER_ANNOTATION, owned, owned_by};
use homelab_core::hash::hash;
use homelab_core::ingress::render::RenderedKind;
use homelab_plugin::Private;
use serde_json::Value;

use super::parts::Part;

const RENDERED: &str = "rendered";
const CREATION: &str = "creation";
const OBJECT: &str = "object";

/// Hashes of objects by the key of their part.
pub(super) type Hashes = BTreeMap<String, String>;

/// What the notes say.
pub(super) struct Notes<'a>(&'a Private);

impl<'a> Notes<'a> {
    /// These notes.
    pub(super) fn of(private: &'a Private) -> Self {
        Self(private)
    }

    /// The objects as they were last applied; `None` where nothing ever was.
    pub(super) fn applied(&self) -> Option<Hashes> {
        self.0.get(RENDERED)
    }

    /// The mark of the creation.
    pub(super) fn creation(&self) -> Option<String> {
        self.0.get(CREATION)
    }

    /// What a create was planned for.
    pub(super) fn object(&self) -> Option<String> {
        self.0.get(OBJECT)
    }
}

/// Notes that a create is planned for `object`.
pub(super) fn plan(private: &mut Private, object: &str) {
    private.set(OBJECT, &object);
}

/// Notes what is applied, and the mark that it carries, if it does.
pub(super) fn apply(private: &mut Private, hashes: &Hashes, creation: Option<&str>) {
    private.set(RENDERED, hashes);
    if let Some(creation) = creation {
        private.set(CREATION, &creation);
    }
}

/// Hash of what is ours in an object, by who owns its fields: it differs as soon as somebody else writes to one of them.
/// `None` where nothing says that anything of it is ours.
pub(super) fn hash_of(part: &Part, live: &Live, backend: Backend, manager: &str) -> Option<String> {
    let mut ours = match (backend, part.kind) {
        (_, RenderedKind::ServiceField) => owned_by(&live.object, manager),
        (Backend::Cluster, _) => owned(&live.object),
        (Backend::Folder, _) => live.object.clone(),
    };
    if ours.as_object().is_none_or(serde_json::Map::is_empty) || (part.is_object() && live.mark().is_none()) {
        return None;
    }
    // Another creation of the same resource is no drift.
    if let Some(annotations) = ours.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.remove(OWNER_ANNOTATION);
        annotations.remove(CREATION_ANNOTATION);
    }
    Some(hash(&ours))
}

/// The field manager of what one resource holds of other people's objects: each its own, so that two of them may want
/// the same.
pub(super) fn manager(namespace: &str, name: &str) -> String {
    let manager = format!("homelab/{namespace}/{name}");
    // The longest that an API server takes.
    if manager.len() <= 128 { manager } else { format!("homelab/{}", hash(&Value::String(manager))) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn live(class: &str, manager: &str, creation: &str) -> Live {
        let annotations = json!({OWNER_ANNOTATION: "homelab_ingress photos/photos", CREATION_ANNOTATION: creation});
        let ours = json!({
            "f:metadata": {"f:annotations": {format!("f:{OWNER_ANNOTATION}"): {}, format!("f:{CREATION_ANNOTATION}"): {}}},
            "f:spec": {"f:ingressClassName": {}},
        });
        let entry = json!({"manager": manager, "operation": "Apply", "fieldsV1": ours});
        Live {
            object: json!({
                "metadata": {"annotations": annotations, "managedFields": [entry], "resourceVersion": "7"},
                "spec": {"ingressClassName": class},
                "status": {"loadBalancer": {}},
            }),
        }
    }

    fn hash_at(backend: Backend, live: &Live) -> Option<String> {
        hash_of(&Part::ingress("photos"), live, backend, "homelab/photos/photos")
    }

    #[test]
    fn a_hash_is_of_what_is_ours_and_not_of_who_made_it_when() {
        let one = hash_at(Backend::Cluster, &live("traefik", "homelab", "1"));
        assert!(one.is_some());
        assert_eq!(one, hash_at(Backend::Cluster, &live("traefik", "homelab", "2")));
        assert_ne!(one, hash_at(Backend::Cluster, &live("nginx", "homelab", "1")));
        assert_eq!(None, hash_at(Backend::Cluster, &live("traefik", "kubectl", "1")), "nothing of it is ours");
        let mut unmarked = live("traefik", "homelab", "1");
        unmarked.object["metadata"]["annotations"] = json!({});
        assert_eq!(None, hash_at(Backend::Cluster, &unmarked));
    }

    #[test]
    fn a_manager_fits_into_what_a_server_takes_and_is_one_resources_own() {
        assert_eq!(manager("photos", "photos"), "homelab/photos/photos");
        let (one, two) = (manager("photos", &"a".repeat(253)), manager("photos", &"b".repeat(253)));
        assert!(one.len() <= 128 && one != two, "{one}");
    }
}
