//! What was seen of a cluster, before anything is made of it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::readers::Reader;
use super::versions::Definition;
use crate::finding::Finding;

/// Namespace and name of an object.
pub type Place = (String, String);

/// What there is of one kind, as far as it could be seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen<T> {
    /// The kind, as messages name it: `Deployment`, `SecretStore.external-secrets.io`.
    pub kind: String,
    /// What was seen.
    pub items: Vec<T>,
    /// How many objects were looked at; more than there are items where only some of them matter. `None` where the cluster
    /// does not know the kind, which is as good as none.
    pub objects: Option<usize>,
    /// What could not be looked at, in the words of whoever refused; empty where everything was seen.
    pub gaps: Vec<String>,
}

impl<T> Seen<T> {
    /// Everything of that kind was seen.
    pub fn all(kind: impl Into<String>, items: Vec<T>) -> Self {
        let objects = Some(items.len());
        Self { kind: kind.into(), items, objects, gaps: Vec::new() }
    }

    /// The cluster does not know the kind.
    pub fn not_served(kind: impl Into<String>) -> Self {
        Self { kind: kind.into(), items: Vec::new(), objects: None, gaps: Vec::new() }
    }

    /// Nothing of it could be seen.
    pub fn unseen(kind: impl Into<String>, why: impl Into<String>) -> Self {
        Self { kind: kind.into(), items: Vec::new(), objects: Some(0), gaps: vec![why.into()] }
    }

    /// Whether nothing of the kind can have been missed.
    pub fn is_complete(&self) -> bool {
        self.gaps.is_empty()
    }
}

/// What the store of values said about the keys that are wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Keys {
    /// What is wrong, by ExternalSecret; also what could not be checked for one of them.
    pub findings: BTreeMap<Place, Vec<Finding>>,
    /// How many keys were asked for.
    pub asked: usize,
    /// Why none could be asked at all; `None` where they were, or where nobody wanted them to be.
    pub gap: Option<String>,
}

/// Everything that a report is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// The ExternalSecrets, as the cluster has them.
    pub secrets: Seen<Value>,
    /// Stores of a namespace.
    pub stores: Seen<Value>,
    /// Stores of the cluster.
    pub cluster_stores: Seen<Value>,
    /// Warnings about ExternalSecrets: they hold the words that the status does not have.
    pub events: Seen<Value>,
    /// Definitions of the kinds that went from v1beta1 to v1.
    pub definitions: Seen<Definition>,
    /// Who reads Secrets, by kind.
    pub readers: Vec<Seen<Reader>>,
    /// What the store of values said.
    pub keys: Keys,
    /// Whether namespaces were left out on purpose: then nothing is said about what may live there.
    pub is_partial: bool,
}
