//! What is said about a fleet.

use schemars::JsonSchema;
use serde::Serialize;

use crate::exit::{Class, Exit, Order};
use crate::finding::Finding;

/// Everything that is known about a fleet.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Report {
    /// The ExternalSecrets, by namespace and name.
    pub secrets: Vec<Member>,
    /// What is wrong or worth knowing: the worst first, then by object.
    pub findings: Vec<Finding>,
    /// What was looked at.
    pub seen: Vec<Coverage>,
    /// What could not be looked at: nothing is known about it, and it is not counted as fine.
    pub unseen: Vec<Unseen>,
}

/// One ExternalSecret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Member {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The Secret that it writes; empty where it writes none.
    pub secret: String,
    /// The stores that it fetches from, as `ClusterSecretStore vault-kv`.
    pub stores: Vec<String>,
    /// `ready`, `not_ready`, or `unsaid` where the operator has not said anything yet.
    pub state: &'static str,
    /// The operator's one word for it.
    pub reason: String,
    /// The operator's sentence.
    pub message: String,
    /// Since when it is not ready, as the operator wrote it; empty where it is ready.
    pub since: String,
    /// Whether a value of it changes by itself.
    pub rotates: bool,
    /// Who reads the Secret, as `Deployment photos/photos`; null where that could not be looked at.
    pub readers: Option<Vec<String>>,
}

/// A kind that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Coverage {
    /// The kind, with its group where it is not one of Kubernetes itself.
    pub kind: String,
    /// How many objects of it there are; null where the cluster does not know the kind.
    pub objects: Option<usize>,
}

/// What could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Unseen {
    /// The kind, or what else it is about.
    pub kind: String,
    /// Why, in the words of whoever refused.
    pub why: String,
}

impl Report {
    /// How a verb that shows it ends.
    pub fn exit(&self) -> Exit {
        let found = self.findings.iter().map(|finding| finding.code.class);
        Exit::of(found.chain(self.unseen.iter().map(|_| Class::Unmeasured)), Order::Usual)
    }

    /// Whether everything could be looked at.
    pub fn is_complete(&self) -> bool {
        self.unseen.is_empty() && self.findings.iter().all(|finding| finding.code.class != Class::Unmeasured)
    }
}
