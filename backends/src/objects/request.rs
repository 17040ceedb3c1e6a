//! What is asked of a backend, and what it answers.

use std::time::Duration;

use serde_json::Value;

use super::mark::member;
use super::{Live, Mark, ObjectId};

/// Where to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// In one namespace.
    Namespace(&'a str),
    /// Everywhere.
    All,
}

/// One object, as it shall be.
#[derive(Clone, Debug)]
pub struct ApplyRequest {
    /// Which object.
    pub id: ObjectId,
    /// The full set of fields that we declare, and no other. `apiVersion`, `kind`, `metadata.name`,
    /// `metadata.namespace` and the mark are set by the backend.
    pub object: Value,
    /// Whose it is.
    pub mark: Mark,
    /// Fields that a controller is known to write back in its own spelling, as the server names them in conflicts
    /// (`.spec.refreshInterval`). Such a field is taken back; any other conflict with a foreign manager is an error.
    pub respelled: Vec<String>,
    /// Whether the object is about to be made, and so probably not there. It saves a look; should the object be there,
    /// it is found out all the same, and taken over or refused as any other.
    pub is_new: bool,
}

impl ApplyRequest {
    /// A request without respelled fields, for an object that is probably there.
    pub fn new(id: ObjectId, object: Value, mark: Mark) -> Self {
        Self { id, object, mark, respelled: Vec::new(), is_new: false }
    }
}

/// Fields of an object that belongs to somebody else.
///
/// Each holder of such fields is a field manager of its own: two of them may want the same value, and it goes when the
/// last of them lets go.
#[derive(Clone, Debug)]
pub struct FieldsRequest {
    /// Which object. It is never created.
    pub id: ObjectId,
    /// The fields that are ours, and no other; `{}` lets go of all that `manager` held before.
    pub fields: Value,
    /// The field manager that holds them; at most 128 printable characters, and not [`super::MANAGER`].
    pub manager: String,
}

/// The object as it is sent: what was declared, its name and the mark, in the preferred version.
pub(crate) fn rendered(request: &ApplyRequest) -> Value {
    let mut object = declared_object(request);
    request.mark.put(&mut object);
    object
}

/// The same without the mark.
pub(crate) fn declared_object(request: &ApplyRequest) -> Value {
    let id = &request.id;
    let mut object = request.object.clone();
    let metadata = member(&mut object, "metadata");
    metadata["name"] = Value::String(id.name.clone());
    if let Some(namespace) = &id.namespace {
        metadata["namespace"] = Value::String(namespace.clone());
    }
    object["apiVersion"] = Value::String(id.kind.api_version(id.kind.preferred_version()));
    object["kind"] = Value::String(id.kind.kind.to_owned());
    object
}

/// An applied object.
#[derive(Clone, Debug)]
pub struct Applied {
    /// As it is now.
    pub live: Live,
    /// What that took.
    pub change: Change,
}

/// What an apply did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was not there.
    Created,
    /// It was there without our mark; the fields of these managers (sorted; possibly none) are ours now.
    Adopted {
        /// Predecessor managers.
        from: Vec<String>,
    },
    /// It was ours and was changed.
    Updated,
    /// It was ours and as declared.
    Unchanged,
}

/// What a dry run said.
#[derive(Clone, Debug, PartialEq)]
pub enum Checked {
    /// The apply would succeed now.
    Passed,
    /// It would succeed, and take over this object, which does not carry our mark.
    Adopts(Box<Live>),
    /// It could not be asked.
    Not {
        /// Why, as a sentence fragment: `the identity may not write Ingress in photos`.
        reason: String,
    },
}

/// One object that shall go.
#[derive(Clone, Debug)]
pub struct DeleteRequest {
    /// Which object.
    pub id: ObjectId,
    /// The creation that our private state remembers; `None` when it never had one (an import without an apply). The
    /// object is deleted only while it carries the same.
    pub creation: Option<String>,
    /// Leave its dependents alone instead of having them collected.
    pub orphan_dependents: bool,
    /// How long to wait for finalizers.
    pub wait: Duration,
}

impl DeleteRequest {
    /// A request that collects dependents and waits 60 s for finalizers.
    pub fn new(id: ObjectId, creation: Option<String>) -> Self {
        Self { id, creation, orphan_dependents: false, wait: Duration::from_mins(1) }
    }
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// It is gone.
    Deleted,
    /// It was not there.
    Absent,
    /// It stays: it is not the object that we made any more.
    Released {
        /// Why, as a sentence fragment.
        reason: String,
    },
    /// Its deletion has begun but these finalizers still hold it.
    Terminating {
        /// Names of the finalizers.
        finalizers: Vec<String>,
    },
}
