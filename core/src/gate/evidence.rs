//! Evidence: everything that the judge may look at, as data that can be written to a file and judged again elsewhere.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::facts::REVIEWED_THROUGH;
use super::version::{KubeVersion, Minor};

/// Name and version of the form of an evidence file.
pub(super) const FORM: &str = "homelab/evidence/v1";

/// A measurement: what was seen, or why nothing could be seen. An empty list that was seen is not the same as a list
/// that could not be read, and the two never look alike here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measured<T> {
    /// This was seen.
    Seen(T),
    /// Nothing could be seen, for this reason: a fragment such as "nodes is forbidden".
    NotMeasured(String),
}

impl<T> Measured<T> {
    /// What was seen.
    pub fn seen(&self) -> Option<&T> {
        match self {
            Self::Seen(value) => Some(value),
            Self::NotMeasured(_) => None,
        }
    }
}

/// Evidence about one cluster at one time. Holds no secret, and serves for any target: what it was not looked through for
/// is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// `homelab/evidence/v1`.
    pub form: String,
    /// Control plane components by instance; the API servers among them.
    pub control_plane: Measured<Vec<Component>>,
    /// Nodes with their kubelets.
    pub nodes: Measured<Vec<Node>>,
    /// kube-proxies by node; seen and empty where the cluster runs none.
    pub proxies: Measured<Vec<Component>>,
    /// The API servers' metric of deprecated requests.
    pub deprecated_requests: Measured<Metric>,
    /// Objects whose fields were last written in an API version that a later release removes.
    pub stored_uses: Measured<Vec<StoredUse>>,
    /// The last release line for whose removals `stored_uses` was searched: later ones were not known to the program that
    /// looked, so that an empty list says nothing about them.
    pub searched_through: Minor,
}

/// What kind of component it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ComponentKind {
    /// kube-apiserver.
    KubeApiserver,
    /// kube-controller-manager.
    KubeControllerManager,
    /// kube-scheduler.
    KubeScheduler,
    /// kube-proxy.
    KubeProxy,
}

impl ComponentKind {
    /// Its program's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::KubeApiserver => "kube-apiserver",
            Self::KubeControllerManager => "kube-controller-manager",
            Self::KubeScheduler => "kube-scheduler",
            Self::KubeProxy => "kube-proxy",
        }
    }
}

/// One running instance of a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// What it is.
    pub kind: ComponentKind,
    /// Where it runs: a node, or the address that answered.
    pub on: String,
    /// Its version, or why that could not be read (an image by digest, an unparseable tag).
    pub version: Measured<KubeVersion>,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Version of its kubelet.
    pub kubelet: Measured<KubeVersion>,
}

/// `apiserver_requested_deprecated_apis` of every API server that could be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// Age of the youngest API server process, in seconds. The metric starts empty with the process.
    pub youngest_process_seconds: u64,
    /// Whether the answer of every API server is in here; false where only one of several could be asked.
    pub all_servers: bool,
    /// The requests.
    pub requests: Vec<ApiRequest>,
}

/// Somebody asked for a deprecated API.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiRequest {
    /// API group; empty for the core group.
    pub group: String,
    /// Version within the group.
    pub version: String,
    /// Resource as in URLs.
    pub resource: String,
    /// Release line that no longer serves it, as the API server says; empty when it names none.
    pub removed_release: String,
}

/// An object with fields that a manager wrote in an old API version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StoredUse {
    /// The `apiVersion` that the manager used.
    pub api_version: String,
    /// Resource as in URLs.
    pub resource: String,
    /// Namespace; empty for cluster-wide objects.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
    /// The field manager.
    pub manager: String,
}

/// Text that is no evidence.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// It is not of the form at all.
    #[error("is no evidence file: {0}")]
    Malformed(#[from] serde_json::Error),
    /// It is of another version of the form.
    #[error("is of the form {found:?}; this version reads {FORM:?}")]
    OtherForm {
        /// What it says it is.
        found: String,
    },
}

impl Evidence {
    /// Evidence in which nothing was measured, for this reason.
    pub fn blind(reason: &str) -> Self {
        Self {
            form: FORM.to_owned(),
            control_plane: Measured::NotMeasured(reason.to_owned()),
            nodes: Measured::NotMeasured(reason.to_owned()),
            proxies: Measured::NotMeasured(reason.to_owned()),
            deprecated_requests: Measured::NotMeasured(reason.to_owned()),
            stored_uses: Measured::NotMeasured(reason.to_owned()),
            searched_through: REVIEWED_THROUGH,
        }
    }

    /// Reads an evidence file.
    pub fn from_json(text: &str) -> Result<Self, EvidenceError> {
        // The form is looked at first: of another version, any other complaint would mislead.
        let raw: serde_json::Value = serde_json::from_str(text)?;
        match raw.get("form").and_then(serde_json::Value::as_str) {
            Some(FORM) | None => Ok(serde_json::from_value(raw)?),
            Some(found) => Err(EvidenceError::OtherForm { found: found.to_owned() }),
        }
    }
}
