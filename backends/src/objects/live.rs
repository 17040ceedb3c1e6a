//! An object as it is.

use serde_json::Value;

use super::{Mark, Owner, owner_of};

/// An object as the backend has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    /// All of it: `apiVersion`, `kind`, `metadata` and the rest. A file has no `managedFields` and no `status`.
    pub object: Value,
}

impl Live {
    /// `metadata.uid`; a file has none.
    pub fn uid(&self) -> Option<&str> {
        self.metadata("uid").and_then(Value::as_str)
    }

    /// `metadata.resourceVersion`; a file has none.
    pub fn resource_version(&self) -> Option<&str> {
        self.metadata("resourceVersion").and_then(Value::as_str)
    }

    /// `metadata.generation`; a file has none.
    pub fn generation(&self) -> Option<i64> {
        self.metadata("generation").and_then(Value::as_i64)
    }

    /// `metadata.name`.
    pub fn name(&self) -> &str {
        self.metadata("name").and_then(Value::as_str).unwrap_or_default()
    }

    /// `metadata.namespace`.
    pub fn namespace(&self) -> Option<&str> {
        self.metadata("namespace").and_then(Value::as_str)
    }

    /// `metadata.annotations[name]`.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.metadata("annotations")?.get(name)?.as_str()
    }

    /// `metadata.labels[name]`.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.metadata("labels")?.get(name)?.as_str()
    }

    /// Our mark, where it carries one (possibly of another resource).
    pub fn mark(&self) -> Option<Mark> {
        Mark::of(&self.object)
    }

    /// The owner other than this provider, where it carries one.
    pub fn owner(&self) -> Option<Owner> {
        owner_of(&self.object)
    }

    /// Whether its deletion has begun and only finalizers hold it.
    pub fn is_terminating(&self) -> bool {
        self.metadata("deletionTimestamp").is_some_and(|time| !time.is_null())
    }

    /// `metadata.finalizers`.
    pub fn finalizers(&self) -> Vec<String> {
        let texts = self.metadata("finalizers").and_then(Value::as_array);
        texts.map(|texts| texts.iter().filter_map(Value::as_str).map(str::to_owned).collect()).unwrap_or_default()
    }

    fn metadata(&self, name: &str) -> Option<&Value> {
        self.object.get("metadata")?.get(name)
    }
}
