//! Evidence: everything that the judge may look at, as data that can be written to a file and judged again elsewhere.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod cluster;
mod control;
mod measured;

pub use cluster::{
    AggregatedApi, Budget, Condition, CustomResource, HostState, ManifestUse, NodeState, Owner, Placement, Pod,
    ServiceState, Webhook, Workload,
};
pub use control::{
    Alert, Alerts, BlindRule, Certificate, Etcd, EtcdMember, KubeadmConfig, KubeletConfig, ManifestFolder, Snapshot,
    StaticPod,
};
pub use measured::Measured;

use super::day::Day;
use super::facts::REVIEWED_THROUGH;
use super::survival::Settings;
use super::version::{KubeVersion, Minor};

/// Name and version of the form of an evidence file.
pub(super) const FORM: &str = "homelab/evidence/v1";

/// Evidence about one cluster at one time. Holds no secret, and serves for any target: what it was not looked through for
/// is in it. What a file leaves out was not collected, and is not measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// `homelab/evidence/v1`.
    pub form: String,
    /// The day on which it was captured: what ends or ages is judged as of that day. Without it, as of the day on which it
    /// is judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured_on: Option<Day>,
    /// Control plane components by instance; the API servers among them.
    #[serde(default)]
    pub control_plane: Measured<Vec<Component>>,
    /// Nodes with their kubelets.
    #[serde(default)]
    pub nodes: Measured<Vec<Node>>,
    /// kube-proxies by node; seen and empty where the cluster runs none.
    #[serde(default)]
    pub proxies: Measured<Vec<Component>>,
    /// The API servers' metric of deprecated requests.
    #[serde(default)]
    pub deprecated_requests: Measured<Metric>,
    /// Objects whose fields were last written in an API version that a later release removes.
    #[serde(default)]
    pub stored_uses: Measured<Vec<StoredUse>>,
    /// The last release line for whose removals `stored_uses` was searched: later ones were not known to the program that
    /// looked, so that an empty list says nothing about them.
    #[serde(default = "nothing_searched")]
    pub searched_through: Minor,
    /// APIs in the manifests of installed Helm releases.
    #[serde(default)]
    pub helm_uses: Measured<Vec<ManifestUse>>,
    /// APIs in a folder of manifests.
    #[serde(default)]
    pub folder_uses: Measured<Vec<ManifestUse>>,
    /// Definitions of custom resources.
    #[serde(default)]
    pub custom_resources: Measured<Vec<CustomResource>>,
    /// Pods that have not ended.
    #[serde(default)]
    pub pods: Measured<Vec<Pod>>,
    /// Workloads with a number of replicas.
    #[serde(default)]
    pub workloads: Measured<Vec<Workload>>,
    /// Disruption budgets.
    #[serde(default)]
    pub budgets: Measured<Vec<Budget>>,
    /// The state of each node.
    #[serde(default)]
    pub node_states: Measured<Vec<NodeState>>,
    /// What only the hosts tell.
    #[serde(default)]
    pub hosts: Measured<Vec<HostState>>,
    /// Components that kubelets run from files, with their arguments.
    #[serde(default)]
    pub static_pods: Measured<Vec<StaticPod>>,
    /// The folders of those files.
    #[serde(default)]
    pub manifest_folders: Measured<Vec<ManifestFolder>>,
    /// What the kubelets run with.
    #[serde(default)]
    pub kubelets: Measured<Vec<KubeletConfig>>,
    /// kubeadm's configuration.
    #[serde(default)]
    pub kubeadm: Measured<KubeadmConfig>,
    /// Certificates of the control plane and of the kubelets.
    #[serde(default)]
    pub certificates: Measured<Vec<Certificate>>,
    /// etcd.
    #[serde(default)]
    pub etcd: Measured<Etcd>,
    /// Admission webhooks.
    #[serde(default)]
    pub webhooks: Measured<Vec<Webhook>>,
    /// Aggregated APIs.
    #[serde(default)]
    pub aggregated_apis: Measured<Vec<AggregatedApi>>,
    /// Alerts.
    #[serde(default)]
    pub alerts: Measured<Alerts>,
    /// The switch that stops upgrades: its reason where it is on, nothing where it is off.
    #[serde(default)]
    pub kill_switch: Measured<Option<String>>,
    /// Settings that were recorded before, to be compared with those of now.
    #[serde(default)]
    pub settings_before: Measured<Settings>,
}

fn nothing_searched() -> Minor {
    Minor::of(0)
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
        fn no<T>(reason: &str) -> Measured<T> {
            Measured::NotMeasured(reason.to_owned())
        }
        Self {
            form: FORM.to_owned(),
            captured_on: None,
            control_plane: no(reason),
            nodes: no(reason),
            proxies: no(reason),
            deprecated_requests: no(reason),
            stored_uses: no(reason),
            searched_through: REVIEWED_THROUGH,
            helm_uses: no(reason),
            folder_uses: no(reason),
            custom_resources: no(reason),
            pods: no(reason),
            workloads: no(reason),
            budgets: no(reason),
            node_states: no(reason),
            hosts: no(reason),
            static_pods: no(reason),
            manifest_folders: no(reason),
            kubelets: no(reason),
            kubeadm: no(reason),
            certificates: no(reason),
            etcd: no(reason),
            webhooks: no(reason),
            aggregated_apis: no(reason),
            alerts: no(reason),
            kill_switch: no(reason),
            settings_before: no(reason),
        }
    }

    /// Reads an evidence file.
    pub fn from_json(text: &str) -> Result<Self, EvidenceError> {
        // The form is looked at first: of another version, any other complaint would mislead.
        // Nothing else is kept meanwhile: a large cluster's evidence is read once, not held twice.
        #[derive(Deserialize)]
        struct Form {
            form: Option<String>,
        }
        match serde_json::from_str(text)? {
            Form { form: Some(found) } if found != FORM => Err(EvidenceError::OtherForm { found }),
            Form { .. } => Ok(serde_json::from_str(text)?),
        }
    }
}
