//! The report of a night: where the cluster stands on its way to a version, and what the gate says of the rest.
//!
//! # Forces
//!
//! - What is in progress follows from the versions that run. A gauge that says so has to be cleared by somebody, and
//!   stays when that somebody dies half-way.
//! - Old evidence says nothing about tonight, however good it looks, so that its age comes before everything else.
//! - Where a cluster stands and what the gate says are two things: after an upgrade nodes were not quiet for long, which
//!   is a finding and takes nothing from "upgraded". Both are said.

use schemars::JsonSchema;
use serde::Serialize;

use crate::exit::Exit;
use crate::gate::evidence::{ComponentKind, Evidence, Measured};
use crate::gate::report::{Class, Report, Verdict};
use crate::gate::request::Request;
use crate::gate::version::KubeVersion;

/// Where a cluster stands on its way to a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The evidence is older than a day: nothing is known of tonight.
    Stale,
    /// Everything runs the target, and did not before.
    Upgraded,
    /// Everything runs the target.
    NoUpgradeNeeded,
    /// Some components run the target, and some still what was before.
    InProgress,
    /// Nothing is known that stands in the way.
    NoKnownBlockers,
    /// Somebody has to act first.
    Blocked,
    /// Only upstream or a lifted pin opens the way.
    Held,
    /// Not everything could be measured.
    Unknown,
}

impl State {
    /// Its name, as in JSON and in the page.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stale => "stale",
            Self::Upgraded => "upgraded",
            Self::NoUpgradeNeeded => "no_upgrade_needed",
            Self::InProgress => "in_progress",
            Self::NoKnownBlockers => "no_known_blockers",
            Self::Blocked => "blocked",
            Self::Held => "held",
            Self::Unknown => "unknown",
        }
    }

    fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::NoKnownBlockers => Self::NoKnownBlockers,
            Verdict::Blocked => Self::Blocked,
            Verdict::Held => Self::Held,
            Verdict::Unknown => Self::Unknown,
        }
    }
}

/// The report of a night.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Nightly {
    /// Where the cluster stands.
    pub state: State,
    /// The same as one line.
    pub headline: String,
    /// What the line does not say: the verdict where it says something else, and what a verdict is not.
    pub remark: String,
    /// The gate's report.
    pub report: Report,
}

impl Nightly {
    /// What `report`, judged of `evidence` for `request`, says tonight. `before` is evidence of an earlier night; `recorded`
    /// says that the evidence comes out of a file, so that it may be old.
    pub fn new(
        report: Report,
        evidence: &Evidence,
        request: &Request,
        before: Option<&Evidence>,
        recorded: bool,
    ) -> Self {
        let target = &request.target;
        let runs = Runs::of(evidence, target);
        let shown = report.current.as_deref().unwrap_or("a version that could not be measured");
        let from_to = format!("{shown} to {target}");
        let (state, headline) = if let Some(age) = recorded.then(|| stale(evidence, request)).flatten() {
            (State::Stale, format!("STALE: {age}, and nothing is known of the time since"))
        } else if runs.complete && runs.there > 0 && runs.older.is_none() && !runs.newer {
            let was = before.and_then(|before| Runs::of(before, target).older);
            match was {
                Some(was) => (State::Upgraded, format!("UPGRADED: {was} to {target}")),
                None => (State::NoUpgradeNeeded, format!("No upgrade needed: {target} runs everywhere")),
            }
        } else if let (1.., Some(oldest), false) = (runs.there, &runs.older, runs.newer) {
            let (there, all) = (runs.there, runs.all);
            (State::InProgress, format!("IN PROGRESS: {there} of {all} components run {target}, the oldest {oldest}"))
        } else {
            let said = match report.verdict {
                Verdict::NoKnownBlockers => "No known blockers",
                Verdict::Blocked => "BLOCKED (action needed)",
                Verdict::Held => "HELD",
                Verdict::Unknown => "UNKNOWN (not everything could be measured)",
            };
            (State::of(report.verdict), format!("{said}: {from_to}"))
        };
        let remark = remark(state, &report);
        Self { state, headline, remark, report }
    }

    /// Its exit code: that of the verdict, but old evidence is no measurement.
    pub fn exit(&self) -> Exit {
        if self.state == State::Stale { Exit::Incomplete } else { self.report.verdict.exit() }
    }

    /// Whether there is an upgrade that something could stand in the way of.
    pub(super) fn is_due(&self) -> bool {
        !matches!(self.state, State::Upgraded | State::NoUpgradeNeeded)
    }
}

fn remark(state: State, report: &Report) -> String {
    let verdict = report.verdict;
    let can_act = report.findings.iter().any(|found| found.decides && found.class == Class::Actionable);
    let said = match verdict {
        // Held wins over what could be acted on; that there is some must not go under.
        Verdict::Held if state == State::Held && can_act => {
            return "Only upstream or a lifted pin opens the way; some of the rest can be done meanwhile.".to_owned();
        }
        Verdict::Held if state == State::Held => {
            return "There is nothing to do: only upstream or a lifted pin opens the way.".to_owned();
        }
        Verdict::NoKnownBlockers => "Nothing is known that stands in the way. That is not the same as safe.",
        Verdict::Blocked => "The gate itself says: blocked (action needed).",
        Verdict::Held => "The gate itself says: held.",
        Verdict::Unknown => "The gate itself says: unknown (not everything could be measured).",
    };
    let has_said_so = state == State::of(verdict) && verdict != Verdict::NoKnownBlockers;
    let at_rest = verdict == Verdict::NoKnownBlockers && matches!(state, State::Upgraded | State::NoUpgradeNeeded);
    if has_said_so || at_rest { String::new() } else { said.to_owned() }
}

/// Why the evidence is too old to speak for tonight; `None` where it is not. A night is a day long at most.
fn stale(evidence: &Evidence, request: &Request) -> Option<String> {
    match (evidence.captured_on, request.today) {
        (None, _) => Some("the evidence does not say on which day it was captured".to_owned()),
        (Some(captured), Some(today)) if captured.plus(1) < today => Some(format!("the evidence is of {captured}")),
        _ => None,
    }
}

/// Which versions run, as seen from the target.
struct Runs {
    /// How many components run the target.
    there: usize,
    /// How many components show a version.
    all: usize,
    /// The oldest version before the target, where one runs.
    older: Option<KubeVersion>,
    /// Whether anything runs a version after the target.
    newer: bool,
    /// Whether every component showed its version.
    complete: bool,
}

impl Runs {
    fn of(evidence: &Evidence, target: &KubeVersion) -> Self {
        let Evidence { control_plane, nodes, proxies, .. } = evidence;
        let components = || [control_plane, proxies].into_iter().filter_map(|list| list.seen()).flatten();
        let kubelets = || nodes.seen().into_iter().flatten().map(|node| &node.kubelet);
        let versions = || components().map(|component| &component.version).chain(kubelets());
        let seen: Vec<&KubeVersion> = versions().filter_map(|version| version.seen()).collect();
        let lists_are_whole = control_plane.gap().is_none() && nodes.gap().is_none() && proxies.gap().is_none();
        let has_server = components().any(|component| component.kind == ComponentKind::KubeApiserver);
        let complete = lists_are_whole
            && has_server
            && kubelets().next().is_some()
            && versions().all(|version| matches!(version, Measured::Seen(_)));
        let older = seen.iter().copied().filter(|version| version.is_before(target));
        Self {
            there: seen.iter().filter(|version| !version.is_before(target) && !target.is_before(version)).count(),
            all: seen.len(),
            older: older.min().cloned(),
            newer: seen.iter().any(|version| target.is_before(version)),
            complete,
        }
    }
}
