//! The judge: runs the checks and draws the verdict.

use homelab_schema::upgrade_gate::Weight;

use super::Request;
use super::evidence::Evidence;
use super::report::{Class, Coverage, CoverageState, GateFinding, Report};
use super::{path, removed_apis, skew};
use crate::exit;
use crate::finding::Finding;
use crate::finding::gate::NOT_MEASURED;

/// What one check found, and what it could not see.
#[derive(Debug)]
pub(super) struct Check {
    name: &'static str,
    findings: Vec<Finding>,
    blind_spots: Vec<String>,
}

impl Check {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, findings: Vec::new(), blind_spots: Vec::new() }
    }

    /// Adds a finding about what was seen.
    pub(super) fn found(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Adds a finding about what could not be seen, and says so in the coverage.
    pub(super) fn blind(&mut self, finding: Finding, spot: &str) {
        self.findings.push(finding);
        self.blind_spots.push(spot.to_owned());
    }

    /// Something that this check judges could not be seen; `reason` is a fragment such as "nodes is forbidden".
    pub(super) fn not_seen(&mut self, object: &str, reason: &str) {
        let finding = Finding::new(NOT_MEASURED, object, format!("It could not be seen: {reason}."));
        self.blind(finding, &format!("{object}: {reason}"));
    }

    /// In an order of its own and each thing once: evidence lists things in any order, and a state that follows from it
    /// must not change with that.
    fn settle(&mut self) {
        let key = |finding: &Finding| {
            let Finding { object, observed, expected, clears, .. } = finding.clone();
            (finding.code.id, object, observed, expected, clears)
        };
        self.findings.sort_by_cached_key(key);
        self.findings.dedup();
        self.blind_spots.sort();
        self.blind_spots.dedup();
    }

    fn coverage(&self) -> Coverage {
        if self.blind_spots.is_empty() {
            let detail = "everything that it judges was seen".to_owned();
            return Coverage { check: self.name, state: CoverageState::Measured, detail };
        }
        Coverage { check: self.name, state: CoverageState::NotMeasured, detail: self.blind_spots.join("; ") }
    }
}

/// Judges an upgrade: a function of its arguments alone, whatever the order in which evidence lists things.
pub fn judge(evidence: &Evidence, request: &Request) -> Report {
    let target = &request.target;
    let mut findings = Vec::new();
    let mut coverage = Vec::new();
    let mut run = |name: &'static str, weight: Weight, make: &dyn Fn() -> Check| {
        if weight == Weight::Off {
            let detail = "not asked for".to_owned();
            coverage.push(Coverage { check: name, state: CoverageState::Off, detail });
            return;
        }
        let mut check = make();
        check.settle();
        coverage.push(check.coverage());
        let decides = weight == Weight::Error;
        findings.extend(check.findings.into_iter().map(|finding| GateFinding {
            class: class(&finding),
            decides,
            finding,
        }));
    };
    run("path", request.path, &|| path::check(evidence, target));
    run("skew", request.skew, &|| skew::check(evidence, target));
    run("removed_apis", request.removed_apis, &|| removed_apis::check(evidence, target, request.window_seconds));
    if coverage.iter().all(|seen| seen.state == CoverageState::Off) {
        // Nothing found is no verdict where nothing was looked at.
        let finding = Finding::new(NOT_MEASURED, format!("Kubernetes {target}"), "Every check is off.")
            .clears("Leave at least one check on.");
        findings.push(GateFinding { class: Class::Unknown, decides: true, finding });
    }
    // Stable, so that findings of one class stay in the order of the checks.
    findings.sort_by_key(|finding| (!finding.decides, finding.class));
    let current = path::api_servers(evidence).map(|(oldest, _)| oldest);
    let hops = current.as_ref().map_or_else(Vec::new, |current| path::hops(current.line, target.line));
    Report {
        target: target.to_string(),
        current: current.map(|version| version.to_string()),
        verdict: Report::verdict_of(&findings),
        hops: hops.into_iter().map(|line| line.to_string()).collect(),
        findings,
        coverage,
    }
}

fn class(finding: &Finding) -> Class {
    match finding.code.class {
        exit::Class::Unmeasured => Class::Unknown,
        exit::Class::Held => Class::Waiting,
        exit::Class::Act | exit::Class::Note => Class::Actionable,
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
