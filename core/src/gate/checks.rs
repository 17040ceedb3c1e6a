//! The checks by name, and how much each counts.

use std::fmt;

use homelab_schema::upgrade_gate::Weight;
use schemars::JsonSchema;
use serde::Serialize;

use super::evidence::Evidence;

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

    /// How much it counts where nobody says. What the API of every cluster shows decides; that a drain would be noticed is
    /// true of nearly every small cluster, and is listed; what rests on a source that somebody has to declare is off until
    /// it is declared ([`Weights::turn_on`]) or in recorded evidence ([`Weights::in_view_of`]).
    pub fn default_weight(self) -> Weight {
        match self {
            Self::Drain => Weight::Warn,
            Self::Manifests | Self::Hosts | Self::Certificates | Self::Survival | Self::Alerts => Weight::Off,
            _ => Weight::Error,
        }
    }

    /// Whether evidence holds what it judges by a source that somebody declared.
    fn is_in(self, evidence: &Evidence) -> bool {
        match self {
            Self::Manifests => evidence.helm_uses.was_looked_for() || evidence.folder_uses.was_looked_for(),
            Self::Hosts => evidence.hosts.was_looked_for(),
            // What the API alone shows of them is one, and always a part; monitoring tells of hosts without them. It is the
            // machines that tell, and what they tell has their folders too.
            Self::Certificates => evidence.certificates.was_looked_for() && evidence.manifest_folders.was_looked_for(),
            Self::Survival => evidence.settings_before.was_looked_for(),
            Self::Alerts => evidence.alerts.was_looked_for(),
            _ => false,
        }
    }
}

impl fmt::Display for CheckName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How much each check counts, as far as somebody said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Weights([Option<Weight>; CheckName::ALL.len()]);

impl Weights {
    /// The same for all.
    pub fn all(weight: Weight) -> Self {
        Self([Some(weight); CheckName::ALL.len()])
    }

    /// Those decide, and no other is made.
    pub fn only(checks: &[CheckName]) -> Self {
        let mut weights = Self::all(Weight::Off);
        for check in checks {
            weights.set(*check, Weight::Error);
        }
        weights
    }

    /// How much that one counts.
    pub fn of(&self, check: CheckName) -> Weight {
        self.0[check as usize].unwrap_or_else(|| check.default_weight())
    }

    /// How much that one counts for that evidence: whoever recorded what only a declared source tells wants it judged.
    pub fn in_view_of(&self, check: CheckName, evidence: &Evidence) -> Weight {
        match self.0[check as usize] {
            None if check.is_in(evidence) => Weight::Error,
            _ => self.of(check),
        }
    }

    /// Sets how much that one counts.
    pub fn set(&mut self, check: CheckName, weight: Weight) {
        self.0[check as usize] = Some(weight);
    }

    /// Has it decide, since its source is declared; where somebody said how much it counts, that stands.
    pub fn turn_on(&mut self, check: CheckName) {
        self.0[check as usize].get_or_insert(Weight::Error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::evidence::Measured;

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

    #[test]
    fn what_has_a_declared_source_is_on_where_that_is_declared_or_recorded() {
        let mut weights = Weights::default();
        assert_eq!((weights.of(CheckName::Crds), weights.of(CheckName::Drain)), (Weight::Error, Weight::Warn));
        assert_eq!(weights.of(CheckName::Alerts), Weight::Off);
        let mut evidence = Evidence::blind("");
        assert_eq!(weights.in_view_of(CheckName::Alerts, &evidence), Weight::Off);
        evidence.alerts = Measured::Unreachable("no route to host".to_owned());
        assert_eq!(weights.in_view_of(CheckName::Alerts, &evidence), Weight::Error, "it was asked, and is silent");
        evidence.alerts = Measured::Omitted("nobody asked".to_owned());
        assert_eq!(weights.in_view_of(CheckName::Alerts, &evidence), Weight::Off);
        weights.set(CheckName::Alerts, Weight::Warn);
        weights.turn_on(CheckName::Alerts);
        weights.turn_on(CheckName::Hosts);
        assert_eq!((weights.of(CheckName::Alerts), weights.of(CheckName::Hosts)), (Weight::Warn, Weight::Error));
        let only = Weights::only(&[CheckName::Path]);
        assert_eq!((only.of(CheckName::Path), only.of(CheckName::Skew)), (Weight::Error, Weight::Off));
    }
}
