//! May this cluster go to a version: the pure judge of the upgrade gate.
//!
//! # Forces
//!
//! The gates that people run pass when they cannot see: an empty metric, a failed query, a table older than the target.
//! So evidence and judgement are apart here. [`Evidence`] is data, in which every measurement says whether it saw
//! something or why not; [`judge`] is a function of evidence, request and compiled-in facts, and a verdict can be made
//! again anywhere from the same file. A check that could not see gives an `UNKNOWN` finding, never silence.

mod evidence;
mod facts;
mod judge;
mod path;
mod removed_apis;
mod report;
mod skew;
mod version;

pub use evidence::{ApiRequest, Component, ComponentKind, Evidence, EvidenceError, Measured, Metric, Node, StoredUse};
pub use facts::{REMOVED_APIS, REVIEWED_THROUGH, RemovedApi};
pub use judge::judge;
pub use report::{Class, Coverage, CoverageState, GateFinding, Report, Verdict};
pub use version::{KubeVersion, Minor, ParseMinorError, ParseVersionError};

use homelab_schema::upgrade_gate::Weight;

/// What is asked of the gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The version to go to.
    pub target: KubeVersion,
    /// Age in seconds from which the silence of an API server's metric counts.
    pub window_seconds: u64,
    /// How much the path check counts.
    pub path: Weight,
    /// How much the skew check counts.
    pub skew: Weight,
    /// How much the check of removed APIs counts.
    pub removed_apis: Weight,
}

impl Request {
    /// A request with all checks on and a window of a day.
    pub fn new(target: KubeVersion) -> Self {
        Self { target, window_seconds: 86_400, path: Weight::Error, skew: Weight::Error, removed_apis: Weight::Error }
    }
}
