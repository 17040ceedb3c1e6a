//! What the control plane runs with: arguments, files, configurations, certificates, etcd.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Measured;
use crate::gate::day::Day;

/// A component that a kubelet runs from a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StaticPod {
    /// The node.
    pub node: String,
    /// The component's program, such as `kube-apiserver`.
    pub component: String,
    /// Its arguments without the leading dashes, in order of their names; one that is given twice is joined by spaces.
    /// Capture leaves out the values of those that hold secrets.
    pub flags: BTreeMap<String, String>,
}

/// The folder of static pods on one node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManifestFolder {
    /// The node.
    pub node: String,
    /// Every file in it, by name, with the component that it starts; empty where that cannot be told.
    pub files: BTreeMap<String, String>,
}

/// What a kubelet says it runs with (`configz`), flattened: `featureGates.Foo` to `true`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KubeletConfig {
    /// The node.
    pub node: String,
    /// Settings by path, with their values as text.
    pub settings: BTreeMap<String, String>,
    /// Names of its command line flags, which it does not tell over its API.
    #[serde(default)]
    pub flags: Measured<Vec<String>>,
}

/// kubeadm's own configuration, out of its ConfigMap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KubeadmConfig {
    /// `kubeadm.k8s.io/v1beta4`.
    pub api_version: String,
    /// Extra arguments by component (`kube-apiserver`, …) and name without leading dashes. An ellipsis stands for the value
    /// of kubeadm's own, where one is put after or before it.
    pub extra_args: BTreeMap<String, BTreeMap<String, String>>,
}

/// A certificate of the control plane or of a kubelet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// What it is for and where, such as `kube-apiserver on cp-1`.
    pub name: String,
    /// The last day on which it is valid.
    pub ends: Day,
}

/// etcd.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Etcd {
    /// Its members.
    pub members: Vec<EtcdMember>,
    /// The 99th percentile of the time to apply a request over the last day, in milliseconds.
    pub apply_p99_ms: Measured<u64>,
    /// The 99th percentile of the time to write the log to disk over the last day, in milliseconds.
    pub fsync_p99_ms: Measured<u64>,
    /// The newest snapshot.
    pub snapshot: Measured<Snapshot>,
}

/// A member of etcd.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EtcdMember {
    /// Its name.
    pub name: String,
    /// Its version, such as `3.6.8`, or why that could not be read.
    pub version: Measured<String>,
    /// Whether it answers as healthy.
    pub healthy: Measured<bool>,
    /// Share of its quota in use, in percent.
    pub used_percent: Measured<u8>,
}

/// A snapshot of etcd.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// Its age in seconds.
    pub age_seconds: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// Size of the one before it, where there is one.
    #[serde(default)]
    pub bytes_before: Option<u64>,
}

/// What the monitoring says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alerts {
    /// How many alerting rules are loaded: without any, nothing can fire.
    pub rules: u32,
    /// Seconds since the rules were last evaluated.
    pub evaluated_seconds_ago: u64,
    /// The alerts that fire.
    pub firing: Vec<Alert>,
    /// Rules that cannot fire, whatever happens.
    #[serde(default)]
    pub blind: Vec<BlindRule>,
}

/// An alerting rule that cannot fire.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlindRule {
    /// Name of its alert.
    pub name: String,
    /// Its severity label; empty where it has none.
    #[serde(default)]
    pub severity: String,
    /// Why, as a fragment such as "nobody publishes `node_md_disks`".
    pub why: String,
    /// Whether it is about something that was never there, such as software that is not in use. Else it could fire once, or
    /// is about to.
    #[serde(default)]
    pub never: bool,
}

/// An alert that fires.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// Its name.
    pub name: String,
    /// Its severity label; empty where it has none.
    #[serde(default)]
    pub severity: String,
}
