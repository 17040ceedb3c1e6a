//! The marks that our objects carry.
//!
//! Two annotations under one prefix, which is decided here and nowhere else. It claims no domain: a provider may be
//! built by anyone, and an annotation outlives a name service.
//!
//! - `owner` names the declaring resource, so that two resources (of one stack or of two) never share an object.
//! - `creation` names one creation of the object. Terraform's `-replace` and `create_before_destroy` create first and
//!   destroy second; the create adopts the object and renews the mark, so the destroy finds its own one stale and only
//!   releases what is in use.

use serde_json::{Map, Value};

/// The field manager of all our writes, and of nobody else's.
pub const MANAGER: &str = "homelab";
/// Prefix of our annotations.
pub const ANNOTATION_PREFIX: &str = "terraform-provider-homelab";
/// Annotation with [`Mark::owner`].
pub const OWNER_ANNOTATION: &str = "terraform-provider-homelab/owner";
/// Annotation with [`Mark::creation`].
pub const CREATION_ANNOTATION: &str = "terraform-provider-homelab/creation";

/// Who declared an object, and in which creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The declaring resource: `homelab_ingress photos/photos`, with `<stack>: ` before it where a stack is named.
    pub owner: String,
    /// 16 random hexadecimal digits, new with each create; kept in private state.
    pub creation: String,
}

impl Mark {
    /// A mark for a new creation.
    pub fn new(owner: impl Into<String>) -> Self {
        Self { owner: owner.into(), creation: random_hex() }
    }

    /// The mark on an object, where it has both annotations.
    pub fn of(object: &Value) -> Option<Self> {
        let annotations = object.get("metadata")?.get("annotations")?;
        let text = |name: &str| annotations.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Self { owner: text(OWNER_ANNOTATION)?, creation: text(CREATION_ANNOTATION)? })
    }

    /// Writes the mark onto a rendered object.
    pub(crate) fn put(&self, object: &mut Value) {
        let metadata = member(object, "metadata");
        let annotations = member(metadata, "annotations");
        if let Some(annotations) = annotations.as_object_mut() {
            annotations.insert(OWNER_ANNOTATION.to_owned(), Value::String(self.owner.clone()));
            annotations.insert(CREATION_ANNOTATION.to_owned(), Value::String(self.creation.clone()));
        }
    }
}

/// The object member `name` of `object`; whatever is no object there (nothing, null) becomes an empty one.
pub(crate) fn member<'a>(object: &'a mut Value, name: &str) -> &'a mut Value {
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    let member = &mut object[name];
    if !member.is_object() {
        *member = Value::Object(Map::new());
    }
    member
}

fn random_hex() -> String {
    let mut bytes = [0_u8; 8];
    // The same generator as for TLS keys; there is no other source of randomness in the dependencies. Should the system
    // have none at all, TLS does not work either and nothing gets this far.
    if rustls::crypto::aws_lc_rs::default_provider().secure_random.fill(&mut bytes).is_err() {
        let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |age| age.as_nanos());
        bytes.copy_from_slice(&u64::try_from(nanos % u128::from(u64::MAX)).unwrap_or_default().to_be_bytes());
    }
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_mark_is_read_back_from_the_object_it_was_put_on() {
        let mut object = json!({"metadata": {"name": "photos", "annotations": {"a": "b"}}});
        let mark = Mark::new("homelab_ingress photos/photos");
        mark.put(&mut object);
        assert_eq!(Mark::of(&object), Some(mark));
        assert_eq!(object["metadata"]["annotations"]["a"], "b");
    }

    #[test]
    fn annotations_are_made_where_there_are_none() {
        for mut object in [json!({}), json!({"metadata": {"annotations": null}})] {
            let mark = Mark::new("x");
            mark.put(&mut object);
            assert_eq!(Mark::of(&object), Some(mark));
        }
    }

    #[test]
    fn two_creations_differ() {
        assert_ne!(Mark::new("x").creation, Mark::new("x").creation);
    }

    #[test]
    fn half_a_mark_is_none() {
        assert_eq!(Mark::of(&json!({"metadata": {"annotations": {OWNER_ANNOTATION: "x"}}})), None);
    }
}
