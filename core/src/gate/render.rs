//! A report for people and for other programs: text, a Slack message, a page, gauges, SARIF, `JUnit`. Pure rendering: nothing
//! is decided here. What a form has no room for is counted in it; JSON, the page and SARIF have everything.

mod escaped;
mod gauges;
mod html;
mod junit;
mod nightly;
mod sarif;
mod slack;
mod summary;
mod text;

use std::collections::HashMap;

pub use gauges::{Gauges, gauges};
pub use html::html;
pub use junit::junit;
pub use nightly::{Nightly, State};
pub use sarif::sarif;
pub use slack::slack;
pub use summary::summary;
pub use text::text;

use super::report::{Class, GateFinding};
use crate::exit;

/// Findings that differ in their object alone, together: a cluster that does not answer is one thing to read about.
pub fn grouped<'f>(findings: impl IntoIterator<Item = &'f GateFinding>) -> Vec<(&'f GateFinding, Vec<&'f str>)> {
    let mut groups: Vec<(&GateFinding, Vec<&str>)> = Vec::new();
    // Large clusters have as many findings as pods, so that no finding is compared with every group.
    let mut places: HashMap<_, usize> = HashMap::new();
    for found in findings {
        let finding = &found.finding;
        let waived = found.waived.as_ref().map(|waived| (&waived.owner, &waived.reason, waived.expires));
        let said = (&finding.summary, &finding.observed, &finding.expected, &finding.clears, &finding.source);
        let key = (finding.code.id, finding.severity, found.class, found.decides, waived, said, &found.checked_on);
        let place = *places.entry(key).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, objects)) => objects.push(&finding.object),
            None => groups.push((found, vec![&finding.object])),
        }
    }
    groups
}

/// The first of many objects, and how many more there are.
fn few(objects: &[&str], most: usize) -> String {
    match objects.split_at_checked(most) {
        // One more is told as soon as counted.
        Some((first, rest)) if rest.len() > 1 => format!("{} and {} others", first.join(", "), rest.len()),
        _ => objects.join(", "),
    }
}

/// What asks for nothing.
const NOTES: &str = "Good to know";

/// The headings under which findings are read, in the order of what a person does about them.
const SECTIONS: [&str; 6] =
    ["Not measured", "Action needed", "Waiting on upstream", "Pinned (held by us)", "Waived", NOTES];

/// The heading of a finding.
fn section(found: &GateFinding) -> &'static str {
    match found.class {
        _ if found.waived.is_some() => SECTIONS[4],
        _ if found.finding.code.class == exit::Class::Note => NOTES,
        Class::Unknown => SECTIONS[0],
        Class::Actionable => SECTIONS[1],
        Class::Waiting => SECTIONS[2],
        Class::Pinned => SECTIONS[3],
    }
}

#[cfg(test)]
mod tests;
