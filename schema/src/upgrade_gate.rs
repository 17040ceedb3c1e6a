//! `homelab_upgrade_gate`, the resource and the data source.

use crate::prelude::*;

/// Judges whether a cluster may be upgraded to a Kubernetes version now: whether the path is allowed, whether every
/// component stays within the version skew policy after the hop, and whether an API that the target no longer serves is
/// still in use. What could not be measured is a verdict of its own and never counts as passed.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct UpgradeGate {
    /// The Kubernetes version to go to, in full, such as `1.36.2`.
    #[model(required)]
    pub target_version: Attr<String>,
    /// Path of a recorded evidence file to judge instead of a live cluster. Relative paths start at the folder in which
    /// Terraform runs. The verdict from it is the same everywhere.
    #[model(optional)]
    pub evidence: Attr<String>,
    /// How long the API server must have been running before the silence of its metric of deprecated requests counts as
    /// "nobody asked", as a duration such as `24h`: the metric starts empty with each process.
    #[model(optional, default = "24h", same = crate::duration::same)]
    pub deprecated_api_window: Attr<String>,
    /// What a `blocked` verdict does: `error` fails the apply, `record` keeps the verdict in the state for others to use.
    /// The resource's default is `error`, the data source's is `record`.
    #[model(optional, computed)]
    pub on_blocked: Attr<Reaction>,
    /// What an `unknown` verdict does: `error` fails the apply, `record` keeps the verdict in the state for others to use.
    /// The resource's default is `error`, the data source's is `record`.
    #[model(optional, computed)]
    pub on_unknown: Attr<Reaction>,
    /// Which checks are made, and how much each counts.
    #[model(block)]
    pub checks: Attr<GateChecks>,
    /// The verdict: `no_known_blockers`, `blocked` or `unknown`. There is no "safe".
    #[model(computed)]
    pub verdict: Attr<String>,
    /// Whether the verdict is `no_known_blockers`.
    #[model(computed)]
    pub allowed: Attr<bool>,
    /// Everything that was found, the worst first.
    #[model(computed)]
    pub findings: Attr<Vec<GateFinding>>,
    /// Every check, and whether it could see what it judges.
    #[model(computed)]
    pub coverage: Attr<Vec<GateCoverage>>,
    /// The minor versions on the way from the cluster's version to the target, in order, such as `1.36`.
    #[model(computed)]
    pub hops: Attr<Vec<String>>,
}

/// What a verdict does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Leaf, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reaction {
    /// Fail the apply.
    Error,
    /// Keep the verdict in the state.
    Record,
}

/// How much a check counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Leaf, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Its findings decide the verdict.
    Error,
    /// Its findings are listed and decide nothing.
    Warn,
    /// It is not made.
    Off,
}

/// Which checks of the gate are made: `error` lets a finding decide the verdict, `warn` only lists it, `off` does not
/// look.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct GateChecks {
    /// The target is a version that we know of, not older than the cluster, and no minor version is skipped.
    #[model(optional, default = "error")]
    pub path: Attr<Weight>,
    /// API servers, controller managers, schedulers, kubelets and kube-proxies stay within the version skew policy.
    #[model(optional, default = "error")]
    pub skew: Attr<Weight>,
    /// No API that the target no longer serves is requested or stored.
    #[model(optional, default = "error")]
    pub removed_apis: Attr<Weight>,
}

/// One finding of the gate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Leaf, JsonSchema)]
pub struct GateFinding {
    /// Its number, `HL4nnn`.
    pub code: String,
    /// `ACTIONABLE`, `WAITING`, `PINNED` or `UNKNOWN`.
    pub class: String,
    /// What it is about.
    pub object: String,
    /// What was seen.
    pub observed: String,
    /// What should have been seen.
    pub expected: String,
    /// Where the rule comes from.
    pub source: String,
    /// What clears it.
    pub clears: String,
}

/// What one check could see.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Leaf, JsonSchema)]
pub struct GateCoverage {
    /// Name of the check, as in `checks`.
    pub check: String,
    /// `measured`, `not_measured` or `off`.
    pub state: String,
    /// What was looked at, or why nothing could be seen. Holds no counters, so that it changes only with the meaning.
    pub detail: String,
}
