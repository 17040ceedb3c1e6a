//! What is asked of the gate.

use super::addons::{Addon, Pin};
use super::checks::Weights;
use super::day::Day;
use super::facts::Facts;
use super::version::KubeVersion;
use super::waivers::Waiver;

/// Alerts that fire because of upgrades and reboots themselves, in the set-up that the older gate comes from.
pub const IGNORED_ALERTS: [&str; 4] =
    ["RecentNodeReboot", "IngressTTFBCritical", "K8sUpgradeStalled", "EtcdPreUpgradeSnapshotMissing"];

/// From where on a measurement is a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// For how many seconds every node has to have been ready.
    pub quiet_seconds: u64,
    /// How much of a node's disk may be in use, in percent.
    pub disk_percent: u8,
    /// For how many days a certificate has to be valid still.
    pub certificate_days: u32,
    /// How much of its quota etcd may have in use, in percent.
    pub etcd_percent: u8,
    /// How long etcd may take to apply a request, in milliseconds, 99 times out of 100.
    pub etcd_apply_ms: u64,
    /// How long etcd may take to write its log, in milliseconds, 99 times out of 100.
    pub etcd_fsync_ms: u64,
    /// How old the newest snapshot of etcd may be, in seconds.
    pub snapshot_seconds: u64,
}

impl Default for Thresholds {
    /// Ten minutes of quiet, as the older chain has it; 100 ms, above which etcd itself logs a request as slow.
    fn default() -> Self {
        Self {
            quiet_seconds: 600,
            disk_percent: 85,
            certificate_days: 7,
            etcd_percent: 80,
            etcd_apply_ms: 100,
            etcd_fsync_ms: 100,
            snapshot_seconds: 86_400,
        }
    }
}

/// Manifests that are not in the cluster itself, and are to be looked through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ManifestSources {
    /// Those of Helm's releases.
    pub helm: bool,
    /// A folder.
    pub folder: Option<String>,
}

/// What is asked of the gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The version to go to.
    pub target: KubeVersion,
    /// Age in seconds from which the silence of an API server's metric counts.
    pub window_seconds: u64,
    /// How much each check counts.
    pub weights: Weights,
    /// The day as of which to judge evidence that does not say on which it was captured.
    pub today: Option<Day>,
    /// Facts about add-ons, runtimes and etcd.
    pub facts: Facts,
    /// Add-ons to look for, besides those that are known.
    pub addons: Vec<Addon>,
    /// Add-ons that are held at their version.
    pub pins: Vec<Pin>,
    /// Findings that somebody answers for.
    pub waivers: Vec<Waiver>,
    /// Alerts that do not matter here.
    pub ignored_alerts: Vec<String>,
    /// From where on a measurement is a finding.
    pub thresholds: Thresholds,
    /// Manifests to look through, where somebody asked.
    pub manifests: Option<ManifestSources>,
}

impl Request {
    /// A request with the checks that are on by themselves, a window of a day and the compiled-in facts.
    pub fn new(target: KubeVersion) -> Self {
        Self {
            target,
            window_seconds: 86_400,
            weights: Weights::default(),
            today: None,
            facts: Facts::compiled(),
            addons: Vec::new(),
            pins: Vec::new(),
            waivers: Vec::new(),
            ignored_alerts: IGNORED_ALERTS.iter().map(|name| (*name).to_owned()).collect(),
            thresholds: Thresholds::default(),
            manifests: None,
        }
    }
}
