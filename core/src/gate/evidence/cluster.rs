//! What stands in the cluster: pods, the state of nodes, budgets, resources and webhooks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Measured;

/// A pod that has not ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pod {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The node that it runs on; empty while it has none.
    #[serde(default)]
    pub node: String,
    /// What controls it; absent for a bare pod.
    #[serde(default)]
    pub owner: Option<Owner>,
    /// Images of its containers by name of the container, init containers too.
    #[serde(default)]
    pub images: BTreeMap<String, String>,
    /// Whether a kubelet runs it from a file.
    #[serde(default)]
    pub from_file: bool,
    /// Volumes whose data stays behind on the node, such as `emptyDir cache` or `hostPath /data`.
    #[serde(default)]
    pub local_volumes: Vec<String>,
    /// Where it may run.
    #[serde(default)]
    pub placement: Placement,
}

/// The controller of a pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// `ReplicaSet`, `DaemonSet`, …
    pub kind: String,
    /// Its name.
    pub name: String,
}

impl Pod {
    /// Kind and name of the workload that a person knows: a Deployment for the `ReplicaSet` that it made.
    pub(in crate::gate) fn workload(&self) -> Option<(&str, &str)> {
        let owner = self.owner.as_ref()?;
        match (owner.kind.as_str(), owner.name.rsplit_once('-')) {
            ("ReplicaSet", Some((deployment, _))) => Some(("Deployment", deployment)),
            // The runs of a CronJob are named after the minute in which they began.
            ("Job", Some((cron, minute))) if minute.len() >= 8 && minute.bytes().all(|c| c.is_ascii_digit()) => {
                Some(("CronJob", cron))
            }
            (kind, _) => Some((kind, &owner.name)),
        }
    }

    /// What a finding about it is about: its workload, since a pod's own name changes with every roll-out and node; the pod
    /// itself where nothing would make it again.
    pub(in crate::gate) fn object(&self) -> String {
        match self.workload() {
            Some((kind, name)) => format!("{kind} {}/{name}", self.namespace),
            None => format!("pod {}/{}", self.namespace, self.name),
        }
    }
}

/// Where a pod may run, as far as nodes decide: labels, required affinity and taints. Free capacity is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Placement {
    /// `nodeSelector`.
    pub selector: BTreeMap<String, String>,
    /// Required node affinity: one of these must hold; none at all is no condition.
    pub any_of: Vec<Vec<Condition>>,
    /// Taints that it tolerates, as `key=value:effect`; an empty value or effect stands for any, `*` for every taint.
    pub tolerates: Vec<String>,
}

/// A condition on a node's labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The label; `metadata.name` stands for the node's name.
    pub key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`; any other is not understood, and then the condition counts as met.
    pub operator: String,
    /// The values.
    #[serde(default)]
    pub values: Vec<String>,
}

/// The state of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NodeState {
    /// Its name.
    pub name: String,
    /// Status of its `Ready` condition: `True`, `False` or `Unknown`; absent where it reports none.
    pub ready: Option<String>,
    /// Conditions other than `Ready` that are true, such as `DiskPressure`.
    #[serde(default)]
    pub pressures: Vec<String>,
    /// Seconds since `Ready` last changed; absent where that cannot be read.
    pub ready_for_seconds: Option<u64>,
    /// Whether it is cordoned.
    #[serde(default)]
    pub cordoned: bool,
    /// Its container runtime as the kubelet reports it, such as `containerd://2.2.0`.
    #[serde(default)]
    pub runtime: String,
    /// Its kernel as the kubelet reports it, such as `6.1.0-26-amd64`.
    #[serde(default)]
    pub kernel: String,
    /// Its labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Its taints as `key=value:effect`, without those of a cordon.
    #[serde(default)]
    pub taints: Vec<String>,
}

/// What only the host itself tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostState {
    /// The node.
    pub node: String,
    /// Version of its control groups: 1 or 2.
    pub cgroup: Measured<u8>,
    /// The root file system's share in use, in percent.
    pub disk_used_percent: Measured<u8>,
    /// Whether it waits for a reboot.
    pub reboot_pending: Measured<bool>,
}

/// A disruption budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// How many pods it covers.
    pub pods: u32,
    /// How many of them may go now.
    pub allowed: u32,
    /// Whether its status speaks for its current form.
    pub up_to_date: bool,
}

/// A workload with a number of replicas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// `Deployment` or `StatefulSet`.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// How many it wants.
    pub replicas: u32,
}

/// A resource that somebody defined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomResource {
    /// `plural.group`.
    pub name: String,
    /// Versions in which objects may still be stored (`status.storedVersions`).
    pub stored: Vec<String>,
    /// Versions that are served.
    pub served: Vec<String>,
    /// Service that converts between versions, where one does.
    #[serde(default)]
    pub converter: Option<ServiceState>,
}

/// A service and whether somebody answers behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceState {
    /// `namespace/name`.
    pub service: String,
    /// How many ready endpoints it has.
    pub ready: Measured<u32>,
}

/// One webhook of an admission configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// `ValidatingWebhookConfiguration name` or `MutatingWebhookConfiguration name`.
    pub configuration: String,
    /// Its own name.
    pub name: String,
    /// Whether requests fail when it does not answer (`failurePolicy: Fail`).
    pub fails_closed: bool,
    /// The service that it calls; absent where it calls a URL.
    pub service: Option<ServiceState>,
}

/// An API that somebody else serves behind the API server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AggregatedApi {
    /// `version.group`.
    pub name: String,
    /// Status of its `Available` condition.
    pub available: Measured<bool>,
}

/// A use of an API in a manifest that is not in the cluster itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManifestUse {
    /// Where: `Helm release media/photos` or a path.
    pub place: String,
    /// The `apiVersion`.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// Name of the object.
    pub name: String,
}
