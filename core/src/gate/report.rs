//! What the gate answers.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use super::day::Day;
use super::plan::Step;
use super::version::Minor;
use crate::exit::{Exit, Order};
use crate::finding::Finding;

/// What a finding asks of the reader, in the words of the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Class {
    /// Could not be measured.
    Unknown,
    /// Somebody here can clear it.
    Actionable,
    /// Only a release of upstream's clears it.
    Waiting,
    /// We hold it ourselves.
    Pinned,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "UNKNOWN",
            Self::Actionable => "ACTIONABLE",
            Self::Waiting => "WAITING",
            Self::Pinned => "PINNED",
        })
    }
}

/// Where what a finding says comes from, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Seen in the cluster as it is.
    Live,
    /// Seen in what was recorded over time: a metric, a snapshot, a record from before.
    History,
    /// Declared: a manifest, a configuration, a waiver.
    Declared,
}

impl Tier {
    /// Its name, as in state and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::History => "history",
            Self::Declared => "declared",
        }
    }
}

/// The waiver that covers a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Waived {
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Day,
}

/// A finding and what it asks of the reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GateFinding {
    /// What it asks.
    pub class: Class,
    /// The check that found it; empty for what is said about waivers and about the request.
    pub check: &'static str,
    /// Whether it decides the verdict; false where its check is only a warning, for a note, and for what is waived.
    pub decides: bool,
    /// Where it comes from.
    pub tier: Tier,
    /// The day on which the fact behind it was read, `YYYY-MM-DD`; empty where it rests on none that has a day.
    pub checked_on: String,
    /// The first hop that it blocks; absent where it blocks all alike.
    pub hop: Option<Minor>,
    /// The waiver that covers it.
    pub waived: Option<Waived>,
    /// The finding.
    #[serde(flatten)]
    pub finding: Finding,
}

/// Whether a check could see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CoverageState {
    /// It saw everything that it judges.
    Measured,
    /// It could not see something.
    NotMeasured,
    /// It was not asked for.
    Off,
}

impl CoverageState {
    /// Its name, as in state and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::NotMeasured => "not_measured",
            Self::Off => "off",
        }
    }
}

/// What one check could see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Coverage {
    /// Its name.
    pub check: &'static str,
    /// Whether it could see.
    pub state: CoverageState,
    /// What it looked at, or why it could not.
    pub detail: String,
}

impl Coverage {
    /// What it did not see: gaps, and what clusters of this kind do not have or nobody declared; `None` where it saw all, or
    /// was not made.
    pub fn unseen(&self) -> Option<String> {
        match self.state {
            CoverageState::Off => None,
            CoverageState::NotMeasured => Some(self.detail.clone()),
            CoverageState::Measured => {
                self.detail.split_once(LEFT_OUT).map(|(_, left_out)| format!("left out: {left_out}"))
            }
        }
    }
}

/// Stands in the detail of a check before what was left out.
pub(super) const LEFT_OUT: &str = "left out: ";

/// The verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything was measured and nothing was found. Not "safe".
    NoKnownBlockers,
    /// Something here has to be done first.
    Blocked,
    /// Only upstream, or a lifted pin, opens the way.
    Held,
    /// Something could not be measured.
    Unknown,
}

impl Verdict {
    /// Its name, as in state and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoKnownBlockers => "no_known_blockers",
            Self::Blocked => "blocked",
            Self::Held => "held",
            Self::Unknown => "unknown",
        }
    }

    /// Its exit code.
    pub fn exit(self) -> Exit {
        match self {
            Self::NoKnownBlockers => Exit::Clean,
            Self::Blocked => Exit::Act,
            Self::Held => Exit::Held,
            Self::Unknown => Exit::Incomplete,
        }
    }
}

/// The whole answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Report {
    /// The version that was asked about.
    pub target: String,
    /// The oldest API server's version; absent where it could not be measured.
    pub current: Option<String>,
    /// The day as of which it was judged; absent where nobody said.
    pub as_of: Option<Day>,
    /// The verdict.
    pub verdict: Verdict,
    /// Minor versions on the way, in order.
    pub hops: Vec<String>,
    /// The first hop that something blocks; absent where nothing does, or where all are blocked alike.
    pub first_blocked_hop: Option<Minor>,
    /// What to do, in order.
    pub plan: Vec<Step>,
    /// Everything that was found, what was not measured first.
    pub findings: Vec<GateFinding>,
    /// What each check could see.
    pub coverage: Vec<Coverage>,
}

impl Report {
    /// The verdict that follows from findings: of several, the order of decisions for the gate picks one, so that what
    /// was not measured is never quiet.
    pub(super) fn verdict_of(findings: &[GateFinding]) -> Verdict {
        let deciding = findings.iter().filter(|finding| finding.decides).map(|finding| finding.finding.code.class);
        match Exit::of(deciding, Order::Gate) {
            Exit::Clean => Verdict::NoKnownBlockers,
            Exit::Act => Verdict::Blocked,
            Exit::Held => Verdict::Held,
            Exit::Incomplete | Exit::Failure => Verdict::Unknown,
        }
    }
}
