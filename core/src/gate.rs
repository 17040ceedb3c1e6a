//! May this cluster go to a version: the pure judge of the upgrade gate.
//!
//! # Forces
//!
//! The gates that people run pass when they cannot see: an empty metric, a failed query, a table older than the target.
//! So evidence and judgement are apart here. [`Evidence`] is data, in which every measurement says whether it saw
//! something or why not; [`judge`] is a function of evidence, request and compiled-in facts, and a verdict can be made
//! again anywhere from the same file. A check that could not see gives an `UNKNOWN` finding, never silence.
//!
//! Facts are data too ([`Facts`]): each row has a source and the day on which it was read, and past its age it says nothing
//! any more. There is no clock: evidence, or whoever asks, says what day it is.

mod addons;
mod alerts;
mod certificates;
mod checks;
mod compat;
mod control_plane;
mod crds;
mod day;
mod declared;
mod drain;
mod etcd;
mod evidence;
mod facts;
mod host;
mod hosts;
mod image;
mod judge;
mod kill_switch;
mod manifests;
mod nodes;
mod path;
mod plan;
mod ranges;
mod removed_apis;
pub mod render;
mod report;
mod request;
mod runtime;
mod skew;
mod survival;
mod version;
mod waivers;
mod webhooks;

pub use addons::{Addon, Pin};
pub use checks::{CheckName, Weights};
pub use compat::{Compat, CompatError};
pub use day::{Day, ParseDayError};
pub use declared::{Refused, request as declared_request};
pub use evidence::{
    AggregatedApi, Alert, Alerts, ApiRequest, BlindRule, Budget, Certificate, Component, ComponentKind, Condition,
    CustomResource, Etcd, EtcdMember, Evidence, EvidenceError, HostState, KubeadmConfig, KubeletConfig, ManifestFolder,
    ManifestUse, Measured, Metric, Node, NodeState, Owner, Placement, Pod, ServiceState, Snapshot, StaticPod,
    StoredUse, Webhook, Workload,
};
pub use facts::{Fact, FactError, Facts, Kind, MAX_AGE_DAYS, REMOVED_APIS, REVIEWED_THROUGH, RemovedApi, verify};
pub use host::{
    Gathering, HostError, HostEvidence, HostFile, KubeletCommand, is_read, last_day, last_day_of_kubeconfig,
    merge_hosts, newest_kernel, started_by,
};
pub use image::{AppVersion, Image};
pub use judge::judge;
pub use plan::{Phase, Step};
pub use report::{Class, Coverage, CoverageState, GateFinding, Report, Tier, Verdict, Waived};
pub use request::{IGNORED_ALERTS, ManifestSources, Request, Thresholds};
pub use survival::{Record, RecordError, Settings, recorded_settings, settings};
pub use version::{KubeVersion, Minor, ParseMinorError, ParseVersionError};
pub use waivers::{Waiver, is_waivable};
