//! Do container runtimes and kernels fit the target: three different things that are easily mixed up.
//!
//! The kubelet *refuses* some runtimes outright; the makers of a runtime *did not test* some pairs; and a line gets *no more
//! fixes* from a day on. The first cannot be argued with, the second can be waived with a reason, the third is worth
//! knowing. One floor for all three has stopped upgrades that would have worked, and passed others that would not.

use std::collections::BTreeMap;

use super::addons::{ended, range_of};
use super::checks::CheckName;
use super::facts::{Fact, Kind};
use super::image::AppVersion;
use super::judge::{Case, Check, Found};
use super::ranges::{Standing, stand};
use crate::finding::gate::{HELD, RUNTIME_EOL, RUNTIME_REFUSED, RUNTIME_UNTESTED};
use crate::finding::{Code, Finding};

/// The check.
pub(super) fn check(case: &Case<'_>) -> Check {
    let mut check = Check::new(CheckName::Runtime);
    let Some(nodes) = check.look_at_some(&case.evidence.node_states, "the runtimes of the nodes") else { return check };
    // Thousands of nodes share a few versions.
    let mut alike: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for node in nodes {
        alike.entry(("", &node.runtime)).or_default().push(&node.name);
        alike.entry(("kernel", &node.kernel)).or_default().push(&node.name);
    }
    for ((subject, reported), nodes) in alike {
        match version_of(subject, reported) {
            Ok((subject, version)) => {
                for node in nodes {
                    judge(&mut check, case, &format!("{subject} on {node}"), subject, &version);
                }
            }
            Err(why) => {
                let what = if subject.is_empty() { "container runtime" } else { subject };
                for node in nodes {
                    check.not_seen(&format!("{what} of {node}"), &why);
                }
            }
        }
    }
    check
}

/// Subject and version of what a node reports; an error is a fragment.
fn version_of<'a>(subject: &'a str, reported: &'a str) -> Result<(&'a str, AppVersion), String> {
    if subject == "kernel" {
        return AppVersion::of_kernel(reported).map(|version| (subject, version));
    }
    let Some((runtime, version)) = reported.split_once("://") else {
        return Err(format!("the node reports {reported:?}, which names no runtime"));
    };
    AppVersion::of_tag(version).map(|version| (runtime, version))
}

/// Holds one version on one node against what is known about it.
pub(super) fn judge(check: &mut Check, case: &Case<'_>, object: &str, subject: &str, version: &AppVersion) {
    let facts = &case.request.facts;
    let (refused, tested) = (facts.of(subject, Kind::Refuses), facts.of(subject, Kind::Untested));
    if refused.is_empty() && tested.is_empty() {
        return check.not_seen(object, &format!("nothing is known about {subject}"));
    }
    range(check, case, object, version, (RUNTIME_REFUSED, &refused));
    range(check, case, object, version, (RUNTIME_UNTESTED, &tested));
    if let Some((row, day)) = ended(&facts.of(subject, Kind::Eol), version, case) {
        let finding = Finding::new(RUNTIME_EOL, object, format!("It is {version}."))
            .expected(format!("{subject} {} gets no more fixes since {day}.", row.floor));
        check.found(Found::from(finding).by(row));
    }
}

fn range(check: &mut Check, case: &Case<'_>, object: &str, version: &AppVersion, (code, rows): (Code, &[&Fact])) {
    let standing = stand(rows, version, &case.stops);
    let (row, stop) = match standing {
        Standing::NoFacts => return,
        Standing::Newer(last) => {
            let reason = format!("{version} is newer than what is known, which reaches to {}", last.floor);
            return check.not_seen(object, &reason);
        }
        Standing::Fits(row) => return ages(check, case, object, row),
        Standing::Older(first) => {
            let finding = Finding::new(code, object, format!("It is {version}."))
                .expected(format!("The oldest version that is known is {}.", first.floor))
                .clears(format!("Upgrade it to {} or newer.", first.floor));
            return check.found(Found::from(finding).by(first));
        }
        Standing::Above(row, stop) | Standing::Below(row, stop) => (row, stop),
    };
    ages(check, case, object, row);
    let enough = rows.iter().find(|other| other.floor_version() > *version && other.spans(stop));
    let observed = format!("It is {version}.");
    let expected = format!("{} {} {}.", row.subject, row.floor, range_of(row));
    let finding = match enough {
        Some(enough) => {
            Finding::new(code, object, observed).clears(format!("Upgrade it to {} or newer.", enough.floor))
        }
        None if code == RUNTIME_REFUSED => Finding::new(code, object, observed),
        None => Finding::new(HELD, object, observed)
            .clears(format!("Wait for a version of {} that supports {stop}; none is known.", row.subject)),
    };
    check.found(Found::from(finding.expected(expected)).by(row).at(stop));
}

fn ages(check: &mut Check, case: &Case<'_>, object: &str, row: &Fact) {
    match case.today {
        None => check.not_seen("the age of the facts", "nobody said what day it is"),
        Some(today) if row.is_aged(today) => check.aged(object, row),
        Some(_) => {}
    }
}
