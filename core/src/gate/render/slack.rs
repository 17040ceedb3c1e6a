//! A message for a Slack webhook.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{SECTIONS, grouped, headline, section};
use crate::gate::report::{CoverageState, GateFinding, Report};

/// Slack refuses a message whose block is longer.
const LONGEST: usize = 2900;

/// The report as the payload of a Slack webhook: a headline, a block per heading, the checks that could not see.
pub fn slack(report: &Report) -> Value {
    let headline = headline(report);
    let mut blocks = vec![json!({
        "type": "header",
        "text": {"type": "plain_text", "text": cut(&headline, 150)},
    })];
    let groups = grouped(&report.findings);
    for heading in SECTIONS {
        let lines: Vec<String> = groups
            .iter()
            .filter(|(found, _)| section(found) == heading)
            .map(|(found, objects)| line(found, objects))
            .collect();
        if !lines.is_empty() {
            blocks.push(paragraph(&format!("*{heading}*\n{}", lines.join("\n"))));
        }
    }
    if !report.plan.is_empty() {
        let steps =
            report.plan.iter().enumerate().map(|(index, step)| format!("{}. {}", index + 1, escape(&step.what)));
        blocks.push(paragraph(&format!("*Plan*\n{}", steps.collect::<Vec<_>>().join("\n"))));
    }
    let of = |state| report.coverage.iter().filter(move |seen| seen.state == state);
    let names = |state| of(state).map(|seen| seen.check).collect::<Vec<_>>().join(", ");
    // Writing to a string cannot fail.
    let mut coverage = format!("Measured: {}", names(CoverageState::Measured));
    for (state, title) in [(CoverageState::NotMeasured, "not measured"), (CoverageState::Off, "off")] {
        if of(state).next().is_some() {
            let _ = write!(coverage, " · {title}: {}", names(state));
        }
    }
    blocks.push(json!({"type": "context", "elements": [{"type": "mrkdwn", "text": cut(&coverage, LONGEST)}]}));
    json!({"text": headline, "blocks": blocks})
}

fn paragraph(text: &str) -> Value {
    json!({"type": "section", "text": {"type": "mrkdwn", "text": cut(text, LONGEST)}})
}

fn line(found: &GateFinding, objects: &[&str]) -> String {
    let finding = &found.finding;
    let mut line = format!("• `{}` {}: {}", finding.code.id, escape(&objects.join(", ")), escape(&finding.observed));
    for part in [&finding.expected, &finding.clears].into_iter().filter(|part| !part.is_empty()) {
        line.push(' ');
        line.push_str(&escape(part));
    }
    if let Some(waived) = &found.waived {
        let _ = write!(line, " _Waived by {} until {}._", escape(&waived.owner), waived.expires);
    }
    line
}

/// Slack reads three characters as its own, so that a name could become a mention of everybody.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// At most that many characters, the last of which says that something is missing. By character, since a cut inside one
/// makes the whole message unreadable.
pub(super) fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    text.chars().take(longest - 1).chain(['…']).collect()
}
