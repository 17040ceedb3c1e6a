//! A report for people and for other programs: text, a Slack message, a page, gauges. Pure rendering: nothing is decided
//! here, and nothing is left out.

mod gauges;
mod html;
mod slack;
mod text;

pub use gauges::gauges;
pub use html::html;
pub use slack::slack;
pub use text::text;

use super::report::{Class, GateFinding, Report, Verdict};
use crate::exit;
use crate::finding::Finding;

/// Findings that differ in their object alone, together: a cluster that does not answer is one thing to read about.
pub fn grouped(findings: &[GateFinding]) -> Vec<(&GateFinding, Vec<&str>)> {
    let mut groups: Vec<(&GateFinding, Vec<&str>)> = Vec::new();
    for finding in findings {
        let same = |first: &GateFinding| {
            let like_it = Finding { object: finding.finding.object.clone(), ..first.finding.clone() };
            let marks = |found: &GateFinding| (found.class, found.decides, found.waived.clone());
            like_it == finding.finding && marks(first) == marks(finding)
        };
        match groups.iter_mut().find(|(first, _)| same(first)) {
            Some((_, objects)) => objects.push(&finding.finding.object),
            None => groups.push((finding, vec![&finding.finding.object])),
        }
    }
    groups
}

/// The headings under which findings are read, in the order of what a person does about them.
const SECTIONS: [&str; 6] =
    ["Not measured", "Action needed", "Waiting on upstream", "Pinned (held by us)", "Waived", "Good to know"];

/// The heading of a finding.
fn section(found: &GateFinding) -> &'static str {
    match found.class {
        _ if found.waived.is_some() => SECTIONS[4],
        _ if found.finding.code.class == exit::Class::Note => SECTIONS[5],
        Class::Unknown => SECTIONS[0],
        Class::Actionable => SECTIONS[1],
        Class::Waiting => SECTIONS[2],
        Class::Pinned => SECTIONS[3],
    }
}

/// The one line that says it all.
fn headline(report: &Report) -> String {
    let from = report.current.as_deref().unwrap_or("a version that could not be measured");
    let target = &report.target;
    match report.verdict {
        Verdict::NoKnownBlockers if report.current.as_deref() == Some(target) => {
            format!("No upgrade needed: {target} runs")
        }
        Verdict::NoKnownBlockers => format!("No known blockers: {from} to {target}"),
        Verdict::Blocked => format!("BLOCKED (action needed): {from} to {target}"),
        Verdict::Held => format!("HELD: {from} to {target}"),
        Verdict::Unknown => format!("UNKNOWN (not everything could be measured): {from} to {target}"),
    }
}

#[cfg(test)]
mod tests;
