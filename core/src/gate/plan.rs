//! What to do, in order: clear what blocks, bring add-ons to a version that spans both sides of a hop, make the hop, and only
//! then take the newest add-ons.
//!
//! The order is the knowledge: an add-on's newest version often no longer supports the release that still runs, so "upgrade
//! everything first" breaks as surely as "upgrade Kubernetes first".

use std::collections::BTreeMap;

use homelab_schema::upgrade_gate::Weight;
use schemars::JsonSchema;
use serde::Serialize;

use super::addons::{installs, known};
use super::checks::CheckName;
use super::facts::{Fact, Kind};
use super::image::AppVersion;
use super::judge::Case;
use super::ranges::{Bridge, Standing, bridge, stand};
use super::report::{Class, GateFinding};
use super::version::Minor;
use crate::finding::gate::{
    ADDON_CEILING, ADDON_NO_BRIDGE, DOWNGRADE, HELD, SKIPPED_MINOR, WAIVER_EXPIRED, WAIVER_REFUSED,
};

/// What kind of step it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Let the gate see what it could not.
    Measure,
    /// Clear what blocks.
    Clear,
    /// Bring an add-on to a version that supports both sides of the hop.
    Bridge,
    /// Nothing to do but wait.
    Wait,
    /// The hop itself.
    Kubernetes,
    /// Take the newest add-on that supports the target.
    After,
}

impl Phase {
    /// Its name, as in state and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Measure => "measure",
            Self::Clear => "clear",
            Self::Bridge => "bridge",
            Self::Wait => "wait",
            Self::Kubernetes => "kubernetes",
            Self::After => "after",
        }
    }
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Step {
    /// What kind of step it is.
    pub phase: Phase,
    /// What to do, as a sentence.
    pub what: String,
}

impl Step {
    fn new(phase: Phase, what: impl Into<String>) -> Self {
        Self { phase, what: what.into() }
    }
}

/// The steps to the target. None for a downgrade: there is no way.
pub(super) fn steps(case: &Case<'_>, hops: &[Minor], findings: &[GateFinding]) -> Vec<Step> {
    if findings.iter().any(|found| found.finding.code == DOWNGRADE) {
        return Vec::new();
    }
    let mut steps = preparations(findings);
    let target = &case.request.target;
    let mut addons = running(case);
    let mut current = case.current();
    for hop in hops {
        for (name, version) in &mut addons {
            if !cross(&mut steps, case, (name, version), current, *hop) {
                return steps;
            }
        }
        let version = if *hop == target.line { target.to_string() } else { format!("the newest patch of {hop}") };
        steps.push(Step::new(Phase::Kubernetes, format!("Upgrade Kubernetes to {version}.")));
        current = Some(*hop);
    }
    let is_newer = case.servers.as_ref().is_some_and(|(oldest, _)| oldest.is_before(target));
    if hops.is_empty() && is_newer {
        steps.push(Step::new(Phase::Kubernetes, format!("Upgrade Kubernetes to {target}.")));
    }
    if !hops.is_empty() {
        steps.extend(addons.iter().filter_map(|(name, version)| newest(case, name, version)));
    }
    steps
}

/// What blocks, and what was not seen. Things that are cleared alike are one step.
fn preparations(findings: &[GateFinding]) -> Vec<Step> {
    let own = [SKIPPED_MINOR, ADDON_CEILING, ADDON_NO_BRIDGE, HELD, WAIVER_EXPIRED, WAIVER_REFUSED];
    let mut alike: Vec<(Phase, &str, Vec<&str>)> = Vec::new();
    for found in findings.iter().filter(|found| found.decides && !own.contains(&found.finding.code)) {
        let phase = match found.class {
            Class::Unknown => Phase::Measure,
            Class::Actionable => Phase::Clear,
            Class::Waiting | Class::Pinned => Phase::Wait,
        };
        let (clears, object) = (found.finding.clears.as_str(), found.finding.object.as_str());
        match alike.iter_mut().find(|(other, text, _)| *other == phase && *text == clears) {
            // What was found twice about one thing is one thing to do.
            Some((_, _, objects)) if objects.last() == Some(&object) => {}
            Some((_, _, objects)) => objects.push(object),
            None => alike.push((phase, clears, vec![object])),
        }
    }
    alike
        .into_iter()
        .map(|(phase, clears, objects)| Step::new(phase, format!("{}: {clears}", some(&objects))))
        .collect()
}

/// The first few of a list that may have thousands; without their number, which would change from look to look.
fn some(objects: &[&str]) -> String {
    match objects {
        [first, second, third, _, ..] => format!("{first}, {second}, {third} and others"),
        few => few.join(", "),
    }
}

/// Add-ons with one readable version, where the check is made and nothing holds them.
fn running(case: &Case<'_>) -> Vec<(String, AppVersion)> {
    if case.request.weights.of(CheckName::Addons) == Weight::Off {
        return Vec::new();
    }
    let known = known(&case.request.addons);
    let pods = case.evidence.pods.seen().map(Vec::as_slice).unwrap_or_default();
    let mut oldest: BTreeMap<String, AppVersion> = BTreeMap::new();
    for ((name, _), install) in installs(&known, pods) {
        let Some(version) = install.versions.first() else { continue };
        // Of several installs the oldest decides about the steps.
        let held = oldest.entry(name.to_owned()).or_insert_with(|| version.clone());
        if version < held {
            *held = version.clone();
        }
    }
    let is_free = |name: &str| !case.request.pins.iter().any(|pin| pin.addon == name && pin.holds(case.today));
    oldest.into_iter().filter(|(name, _)| is_free(name)).collect()
}

/// The steps that bring one add-on over one hop; false where there are none, so that the plan ends here.
fn cross(
    steps: &mut Vec<Step>,
    case: &Case<'_>,
    (name, version): (&str, &mut AppVersion),
    current: Option<Minor>,
    hop: Minor,
) -> bool {
    let rows = case.request.facts.of(name, Kind::Untested);
    if !matches!(stand(&rows, version, &[hop]), Standing::Above(..)) {
        return true;
    }
    let go_to = |row: &Fact| match row.upgrade_from.as_ref() {
        Some(from) => format!("Upgrade {name} to {} (from {from} or newer).", row.floor),
        None => format!("Upgrade {name} to {} or a newer patch.", row.floor),
    };
    match bridge(&rows, version, current, hop) {
        Bridge::Steps { way, .. } => {
            steps.extend(way.iter().map(|row| Step::new(Phase::Bridge, go_to(row))));
            if let Some(last) = way.last() {
                *version = last.floor_version();
            }
            true
        }
        Bridge::Together(row) => {
            let what =
                format!("Upgrade {name} to {} together with Kubernetes {hop}: no version spans both sides.", row.floor);
            steps.push(Step::new(Phase::Bridge, what));
            *version = row.floor_version();
            true
        }
        Bridge::Nothing => {
            steps.push(Step::new(Phase::Wait, format!("Wait for a release of {name} that supports {hop}.")));
            false
        }
    }
}

/// The newest known version that supports the target, where the plan has not reached it.
fn newest(case: &Case<'_>, name: &str, version: &AppVersion) -> Option<Step> {
    let rows = case.request.facts.of(name, Kind::Untested);
    let newest = rows.into_iter().rev().find(|row| row.spans(case.request.target.line))?;
    (newest.floor_version() > *version).then(|| {
        let what = format!(
            "Upgrade {name} to {}, the newest that is known to support {}.",
            newest.floor, case.request.target.line
        );
        Step::new(Phase::After, what)
    })
}
