//! The judge: runs the checks, applies waivers and draws the verdict.

use homelab_schema::upgrade_gate::Weight;

use super::checks::CheckName;
use super::day::Day;
use super::evidence::{Evidence, Measured};
use super::facts::Fact;
use super::report::{Class, Coverage, CoverageState, GateFinding, LEFT_OUT, Report, Tier};
use super::version::{KubeVersion, Minor};
use super::{Request, plan, waivers};
use super::{
    addons, alerts, certificates, control_plane, crds, drain, etcd, hosts, kill_switch, manifests, nodes, path,
    removed_apis, runtime, skew, survival, webhooks,
};
use crate::exit;
use crate::finding::gate::{FACTS_AGED, KILL_SWITCH, NOT_MEASURED, PINNED};
use crate::finding::{Code, Finding};

/// What every check may look at.
pub(super) struct Case<'a> {
    pub(super) evidence: &'a Evidence,
    pub(super) request: &'a Request,
    /// The day as of which it is judged; `None` where nobody says.
    pub(super) today: Option<Day>,
    /// The oldest and the newest API server, where they are known.
    pub(super) servers: Option<(KubeVersion, KubeVersion)>,
    /// The release lines after each hop; the target's alone where it is no hop, or where it is not known what runs.
    pub(super) stops: Vec<Minor>,
}

impl<'a> Case<'a> {
    fn new(evidence: &'a Evidence, request: &'a Request) -> Self {
        let servers = path::api_servers(evidence);
        let mut stops =
            servers.as_ref().map_or_else(Vec::new, |(oldest, _)| path::hops(oldest.line, request.target.line));
        if stops.is_empty() {
            stops.push(request.target.line);
        }
        Self { evidence, request, today: evidence.captured_on.or(request.today), servers, stops }
    }

    /// The release line that runs, where it is known.
    pub(super) fn current(&self) -> Option<Minor> {
        self.servers.as_ref().map(|(oldest, _)| oldest.line)
    }

    /// Whether no release line changes on the way.
    pub(super) fn is_patch(&self) -> bool {
        self.current() == Some(self.request.target.line)
    }
}

/// A finding of a check, and what the report says of it besides.
#[derive(Debug)]
pub(super) struct Found {
    finding: Finding,
    tier: Tier,
    checked_on: String,
    hop: Option<Minor>,
}

impl From<Finding> for Found {
    fn from(finding: Finding) -> Self {
        Self { finding, tier: Tier::Live, checked_on: String::new(), hop: None }
    }
}

impl Found {
    /// That it comes from elsewhere than from the cluster as it is now.
    pub(super) fn tier(mut self, tier: Tier) -> Self {
        self.tier = tier;
        self
    }

    /// That it rests on that fact.
    pub(super) fn by(mut self, fact: &Fact) -> Self {
        self.finding.source = fact.source.clone().into_owned();
        self.checked_on = fact.checked_on.clone().unwrap_or_default().into_owned();
        self
    }

    /// The day on which what it rests on was read.
    pub(super) fn checked_on(mut self, day: &str) -> Self {
        day.clone_into(&mut self.checked_on);
        self
    }

    /// The first hop that it blocks.
    pub(super) fn at(mut self, hop: Minor) -> Self {
        self.hop = Some(hop);
        self
    }
}

/// What one check found, and what it could not see.
#[derive(Debug)]
pub(super) struct Check {
    name: &'static str,
    findings: Vec<Found>,
    blind_spots: Vec<String>,
    /// What was left out on purpose, and why.
    omitted: Vec<String>,
}

impl Check {
    pub(super) fn new(name: CheckName) -> Self {
        Self { name: name.name(), findings: Vec::new(), blind_spots: Vec::new(), omitted: Vec::new() }
    }

    /// Adds a finding about what was seen.
    pub(super) fn found(&mut self, finding: impl Into<Found>) {
        self.findings.push(finding.into());
    }

    /// Adds a finding about what could not be seen, and says so in the coverage.
    pub(super) fn blind(&mut self, finding: impl Into<Found>, spot: &str) {
        self.findings.push(finding.into());
        self.blind_spots.push(spot.to_owned());
    }

    /// Something that this check judges could not be seen; `reason` is a fragment such as "nodes is forbidden".
    pub(super) fn not_seen(&mut self, object: &str, reason: &str) {
        let finding = Finding::new(NOT_MEASURED, object, format!("It could not be seen: {reason}."));
        self.blind(finding, &format!("{object}: {reason}"));
    }

    /// What was seen of it, be it the whole or not; what is missing becomes a blind spot, and what was left out on purpose
    /// a remark.
    pub(super) fn look<'m, T>(&mut self, measured: &'m Measured<T>, object: &str) -> Option<&'m T> {
        if let Some(gap) = measured.gap() {
            self.not_seen(object, &gap);
        }
        if let Some(why) = measured.omitted() {
            self.omitted.push(format!("{object}: {why}"));
        }
        measured.seen()
    }

    /// As [`Check::look`], for a list that is empty in no working cluster: then nothing was seen after all.
    pub(super) fn look_at_some<'m, T>(&mut self, measured: &'m Measured<Vec<T>>, object: &str) -> Option<&'m Vec<T>> {
        let list = self.look(measured, object)?;
        if list.is_empty() {
            self.not_seen(object, "the list is empty, which it is in no working cluster");
            return None;
        }
        Some(list)
    }

    /// What it would say rests on a fact that is too old.
    pub(super) fn aged(&mut self, object: &str, fact: &Fact) {
        let observed = format!("What is known about {} {} was last checked too long ago.", fact.subject, fact.floor);
        let finding = Found::from(Finding::new(FACTS_AGED, object, observed)).by(fact);
        self.blind(finding, &format!("{object}: the facts are too old"));
    }

    /// In an order of its own and each thing once: evidence lists things in any order, and a state that follows from it
    /// must not change with that.
    fn settle(&mut self) {
        let key = |found: &Found| {
            let Finding { object, observed, expected, clears, .. } = found.finding.clone();
            (found.finding.code.id, object, observed, expected, clears)
        };
        self.findings.sort_by_cached_key(key);
        self.findings.dedup_by(|left, right| left.finding == right.finding);
        for remarks in [&mut self.blind_spots, &mut self.omitted] {
            remarks.sort();
            remarks.dedup();
        }
    }

    fn coverage(&self) -> Coverage {
        if self.blind_spots.is_empty() {
            let mut detail = "everything that it judges was seen".to_owned();
            if !self.omitted.is_empty() {
                detail = format!("{detail}, but for what was {LEFT_OUT}{}", self.omitted.join("; "));
            }
            return Coverage { check: self.name, state: CoverageState::Measured, detail };
        }
        Coverage { check: self.name, state: CoverageState::NotMeasured, detail: self.blind_spots.join("; ") }
    }
}

fn make(name: CheckName, case: &Case<'_>) -> Check {
    match name {
        CheckName::Path => path::check(case),
        CheckName::Skew => skew::check(case),
        CheckName::RemovedApis => removed_apis::check(case),
        CheckName::Manifests => manifests::check(case),
        CheckName::Crds => crds::check(case),
        CheckName::Addons => addons::check(case),
        CheckName::Nodes => nodes::check(case),
        CheckName::Runtime => runtime::check(case),
        CheckName::Hosts => hosts::check(case),
        CheckName::ControlPlane => control_plane::check(case),
        CheckName::Certificates => certificates::check(case),
        CheckName::Survival => survival::check(case),
        CheckName::Etcd => etcd::check(case),
        CheckName::Drain => drain::check(case),
        CheckName::Webhooks => webhooks::check(case),
        CheckName::Alerts => alerts::check(case),
        CheckName::KillSwitch => kill_switch::check(case),
    }
}

/// Judges an upgrade: a function of its arguments alone, whatever the order in which evidence lists things.
pub fn judge(evidence: &Evidence, request: &Request) -> Report {
    let case = Case::new(evidence, request);
    let target = &request.target;
    let mut findings = Vec::new();
    let mut coverage = Vec::new();
    for name in CheckName::ALL {
        let weight = request.weights.in_view_of(name, evidence);
        if weight == Weight::Off {
            let detail = "not asked for".to_owned();
            coverage.push(Coverage { check: name.name(), state: CoverageState::Off, detail });
            continue;
        }
        let mut check = make(name, &case);
        check.settle();
        coverage.push(check.coverage());
        let decides = weight == Weight::Error;
        let name = check.name;
        findings.extend(check.findings.into_iter().map(|found| listed(name, found, decides)));
    }
    if coverage.iter().all(|seen| seen.state == CoverageState::Off) {
        // Nothing found is no verdict where nothing was looked at.
        let finding = Finding::new(NOT_MEASURED, format!("Kubernetes {target}"), "Every check is off.")
            .clears("Leave at least one check on.");
        findings.push(listed("", finding.into(), true));
    }
    waivers::apply(&mut findings, &request.waivers, case.today);
    // Stable, so that findings of one class stay in the order of the checks.
    findings.sort_by_key(|finding| (!finding.decides, finding.class));
    let blocked = findings.iter().filter(|found| found.decides).filter_map(|found| found.hop).min();
    let blocked = blocked.map(|hop| hop.max(case.stops[0]));
    let hops = case.servers.as_ref().map_or_else(Vec::new, |(current, _)| path::hops(current.line, target.line));
    Report {
        target: target.to_string(),
        current: case.servers.as_ref().map(|(version, _)| version.to_string()),
        as_of: case.today,
        verdict: Report::verdict_of(&findings),
        plan: plan::steps(&case, &hops, &findings),
        hops: hops.into_iter().map(|line| line.to_string()).collect(),
        first_blocked_hop: blocked,
        findings,
        coverage,
    }
}

/// A finding of a check in its place in the report. Notes are listed and decide nothing.
pub(super) fn listed(check: &'static str, found: Found, decides: bool) -> GateFinding {
    let Found { finding, tier, checked_on, hop } = found;
    let decides = decides && finding.code.class != exit::Class::Note;
    GateFinding { class: class(finding.code), check, decides, tier, checked_on, hop, waived: None, finding }
}

fn class(code: Code) -> Class {
    match code.class {
        exit::Class::Unmeasured => Class::Unknown,
        exit::Class::Held if code == PINNED || code == KILL_SWITCH => Class::Pinned,
        exit::Class::Held => Class::Waiting,
        exit::Class::Act | exit::Class::Note => Class::Actionable,
    }
}

#[cfg(test)]
mod differential;
#[cfg(test)]
mod large;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod tests;
