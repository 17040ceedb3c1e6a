//! Which objects this process has planned and made.
//!
//! Terraform knows resources by address, not by what they make: two of them that declare one object plan happily, and
//! the second apply adopts what the first one made. A provider is not told the addresses, but it is asked to plan a
//! create once per resource instance, and to make it once; a second time means a second resource.
//!
//! It also answers "is it planned in this very run?" for references, which may turn an error into a warning and never
//! the other way round.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use homelab_backends::objects::ObjectId;

/// The claims of one configuration. Cloning shares them.
#[derive(Clone, Default)]
pub struct Claims {
    claimed: Arc<Mutex<HashMap<(Phase, ObjectId), String>>>,
    keys: Arc<Mutex<HashSet<[String; 3]>>>,
    changed: Arc<Mutex<HashSet<ObjectId>>>,
    applying: Arc<AtomicBool>,
}

/// When an object is claimed. Each phase counts by itself, since one process may plan and then make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// While a create is planned. Never claim for an update: core plans those more than once.
    Plan,
    /// Before the first write of a create.
    Create,
    /// While a change, or no change, of what is in state is planned; see [`Claims::keep`].
    Keep,
}

impl Claims {
    /// Claims an object for `by`, a resource as in its mark. `Err` is who has claimed it before: another resource, or one
    /// that says the same of itself, which is then a second resource with the same name.
    pub fn claim(&self, phase: Phase, id: &ObjectId, by: &str) -> Result<(), String> {
        let mut claims = self.claimed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(other) = claims.get(&(phase, id.clone())) {
            return Err(other.clone());
        }
        claims.insert((phase, id.clone()), by.to_owned());
        Ok(())
    }

    /// Claims an object for the planned create of a resource that never had it, as [`Claims::claim`] does; also `Err` where
    /// another resource keeps it ([`Claims::keep`]). The create of a replacement is not new: it gets the object that its
    /// own resource keeps.
    pub fn claim_new(&self, id: &ObjectId, by: &str) -> Result<(), String> {
        if let Some(other) = self.claimed.lock().unwrap_or_else(PoisonError::into_inner).get(&(Phase::Keep, id.clone()))
        {
            return Err(other.clone());
        }
        self.claim(Phase::Plan, id, by)
    }

    /// Notes that a resource which is in state goes on to declare the object; any number of times, as core plans such a
    /// resource more than once. `Err` is who has claimed it as new before: resources are planned in any order.
    pub fn keep(&self, id: &ObjectId, by: &str) -> Result<(), String> {
        let mut claims = self.claimed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(other) = claims.get(&(Phase::Plan, id.clone())) {
            return Err(other.clone());
        }
        claims.insert((Phase::Keep, id.clone()), by.to_owned());
        Ok(())
    }

    /// Forgets that an object was made: it was deleted or given back, or the create failed.
    pub fn release(&self, id: &ObjectId) {
        self.claimed.lock().unwrap_or_else(PoisonError::into_inner).remove(&(Phase::Create, id.clone()));
    }

    /// Notes that this run writes an object, so that whoever only looks knows that Terraform is not planning any more: the
    /// protocol does not tell.
    pub fn note_write(&self) {
        self.applying.store(true, Ordering::Relaxed);
    }

    /// Whether this run has begun to write anything: then it is an apply.
    pub fn is_applying(&self) -> bool {
        self.applying.load(Ordering::Relaxed)
    }

    /// Notes that this run plans to write a key of a document of the store of secrets.
    pub fn plan_key(&self, mount: &str, path: &str, key: &str) {
        let key = [mount, path, key].map(str::to_owned);
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
    }

    /// Whether this run plans to write that key, or any of the document where none is named; as far as it was planned until now.
    pub fn is_key_planned(&self, mount: &str, path: &str, key: Option<&str>) -> bool {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.iter().any(|[of, at, name]| of == mount && at == path && key.is_none_or(|key| key == name))
    }

    /// Notes that this run plans to change the object, or to look again at one that was not accepted yet.
    pub fn note_change(&self, id: &ObjectId) {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone());
    }

    /// Whether this run plans to change the object, as far as it was planned until now.
    pub fn is_changed(&self, id: &ObjectId) -> bool {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).contains(id)
    }

    /// Whether some resource of this run plans to create the object, as far as it was planned until now.
    pub fn is_planned(&self, id: &ObjectId) -> bool {
        self.claimed.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&(Phase::Plan, id.clone()))
    }
}

#[cfg(test)]
mod tests {
    use homelab_backends::objects::kinds;

    use super::*;

    #[test]
    fn the_second_claim_names_the_first() {
        let claims = Claims::default();
        let id = kinds::INGRESS.object("photos", "photos-share");
        assert_eq!(claims.claim(Phase::Plan, &id, "homelab_ingress photos/photos"), Ok(()));
        let second = claims.claim(Phase::Plan, &id, "homelab_ingress photos/photos-share");
        assert_eq!(second, Err("homelab_ingress photos/photos".to_owned()));
        assert!(claims.is_planned(&id));
        assert!(!claims.is_changed(&id));
        claims.note_change(&id);
        assert!(claims.is_changed(&id));
    }

    #[test]
    fn what_is_kept_is_not_free_for_a_new_resource_in_either_order() {
        let claims = Claims::default();
        let id = kinds::INGRESS.object("photos", "photos");
        for _ in 0..2 {
            assert_eq!(claims.keep(&id, "a"), Ok(()));
        }
        assert_eq!(claims.claim_new(&id, "b"), Err("a".to_owned()));
        assert_eq!(claims.claim(Phase::Plan, &id, "a"), Ok(()));

        let claims = Claims::default();
        assert_eq!(claims.claim_new(&id, "b"), Ok(()));
        assert_eq!(claims.keep(&id, "a"), Err("b".to_owned()));
    }

    #[test]
    fn a_planned_key_counts_for_its_document() {
        let claims = Claims::default();
        claims.plan_key("secret", "photos", "password");
        assert!(claims.is_key_planned("secret", "photos", Some("password")));
        assert!(claims.is_key_planned("secret", "photos", None));
        assert!(!claims.is_key_planned("secret", "photos", Some("other")));
        assert!(!claims.is_key_planned("secret", "mail", None));
    }

    #[test]
    fn phases_count_by_themselves_and_a_released_object_is_free() {
        let claims = Claims::default();
        let id = kinds::INGRESS.object("photos", "photos");
        assert_eq!(claims.claim(Phase::Plan, &id, "a"), Ok(()));
        assert_eq!(claims.claim(Phase::Create, &id, "a"), Ok(()));
        assert!(!claims.is_applying());
        claims.note_write();
        claims.release(&id);
        assert!(claims.is_applying());
        assert_eq!(claims.claim(Phase::Create, &id, "b"), Ok(()));
        assert!(claims.claim(Phase::Plan, &id, "b").is_err());
    }
}
