//! The checks by name, and how much each counts.

use std::fmt;

use homelab_schema::upgrade_gate::Weight;
use schemars::JsonSchema;
use serde::Serialize;

/// A check of the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckName {
    /// The target is a version that we know of, not older than the cluster, and no minor version is skipped.
    Path,
    /// Components stay within the version skew policy after each hop.
    Skew,
    /// No API that the target no longer serves is requested or stored.
    RemovedApis,
    /// No API that the target no longer serves is in the manifests of Helm releases or of a folder.
    Manifests,
    /// Objects of custom resources are stored in versions that are served.
    Crds,
    /// Add-ons support every release on the way.
    Addons,
    /// Nodes are ready, without pressure, and have been for a while.
    Nodes,
    /// Container runtimes and kernels fit the target.
    Runtime,
    /// Control groups, disks and pending reboots of the hosts.
    Hosts,
    /// Flags, feature gates, kubeadm's configuration and the folders of static pods.
    ControlPlane,
    /// Certificates outlast the upgrade.
    Certificates,
    /// Settings that were recorded before are still there.
    Survival,
    /// etcd can go where the target takes it, is fast, has room and a snapshot.
    Etcd,
    /// Nodes can be drained.
    Drain,
    /// What must answer requests to the API server answers.
    Webhooks,
    /// No critical alert fires.
    Alerts,
    /// Nobody switched upgrades off.
    KillSwitch,
}

impl CheckName {
    /// All of them, in the order in which they are made.
    pub const ALL: [Self; 17] = [
        Self::Path,
        Self::Skew,
        Self::RemovedApis,
        Self::Manifests,
        Self::Crds,
        Self::Addons,
        Self::Nodes,
        Self::Runtime,
        Self::Hosts,
        Self::ControlPlane,
        Self::Certificates,
        Self::Survival,
        Self::Etcd,
        Self::Drain,
        Self::Webhooks,
        Self::Alerts,
        Self::KillSwitch,
    ];

    /// Its name in configuration, coverage and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Skew => "skew",
            Self::RemovedApis => "removed_apis",
            Self::Manifests => "manifests",
            Self::Crds => "crds",
            Self::Addons => "addons",
            Self::Nodes => "nodes",
            Self::Runtime => "runtime",
            Self::Hosts => "hosts",
            Self::ControlPlane => "control_plane",
            Self::Certificates => "certificates",
            Self::Survival => "survival",
            Self::Etcd => "etcd",
            Self::Drain => "drain",
            Self::Webhooks => "webhooks",
            Self::Alerts => "alerts",
            Self::KillSwitch => "kill_switch",
        }
    }

    /// The check of that name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|check| check.name() == name)
    }

    /// How much it counts where nobody says: a check is on by itself once a live cluster can be looked at for it. The rest
    /// is for recorded evidence, and for whoever asks.
    pub fn default_weight(self) -> Weight {
        match self {
            Self::Path | Self::Skew | Self::RemovedApis => Weight::Error,
            _ => Weight::Off,
        }
    }
}

impl fmt::Display for CheckName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How much each check counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weights([Weight; CheckName::ALL.len()]);

impl Default for Weights {
    fn default() -> Self {
        Self(CheckName::ALL.map(CheckName::default_weight))
    }
}

impl Weights {
    /// The same for all.
    pub fn all(weight: Weight) -> Self {
        Self([weight; CheckName::ALL.len()])
    }

    /// How much that one counts.
    pub fn of(&self, check: CheckName) -> Weight {
        self.0[check as usize]
    }

    /// Sets how much that one counts.
    pub fn set(&mut self, check: CheckName, weight: Weight) {
        self.0[check as usize] = weight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_a_name_and_a_place() {
        let mut weights = Weights::all(Weight::Off);
        for check in CheckName::ALL {
            assert_eq!(CheckName::by_name(check.name()), Some(check));
            assert_eq!(serde_json::to_value(check).unwrap(), check.name());
            weights.set(check, Weight::Warn);
            assert_eq!(weights.of(check), Weight::Warn, "{check}");
        }
        assert_eq!(weights, Weights::all(Weight::Warn));
        assert_eq!(CheckName::by_name("safe"), None);
    }
}
