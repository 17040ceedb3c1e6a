//! A message for a Slack webhook.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{Nightly, SECTIONS, few, grouped, section};
use crate::gate::report::{CoverageState, GateFinding};

/// Slack refuses a message whose block is longer.
const LONGEST: usize = 2900;

/// So many blocks of one heading: Slack refuses a message with more than fifty of them all.
const BLOCKS: usize = 6;

/// So many objects of one finding are named.
const NAMED: usize = 8;

/// The report of a night as the payload of a Slack webhook: a headline, findings by heading, the plan, the checks that could
/// not see. What does not fit is counted.
pub fn slack(nightly: &Nightly) -> Value {
    let report = &nightly.report;
    let headline = &nightly.headline;
    let mut blocks = vec![json!({
        "type": "header",
        "text": {"type": "plain_text", "text": cut(headline, 150)},
    })];
    if !nightly.remark.is_empty() {
        blocks.extend(paragraphs(&[escape(&nightly.remark)]));
    }
    for heading in SECTIONS {
        let groups = grouped(report.findings.iter().filter(|found| section(found) == heading));
        if !groups.is_empty() {
            let lines = groups.iter().map(|(found, objects)| line(found, objects));
            blocks.extend(paragraphs(&[format!("*{heading}*")].into_iter().chain(lines).collect::<Vec<_>>()));
        }
    }
    if !report.plan.is_empty() {
        let steps =
            report.plan.iter().enumerate().map(|(index, step)| format!("{}. {}", index + 1, escape(&step.what)));
        blocks.extend(paragraphs(&["*Plan*".to_owned()].into_iter().chain(steps).collect::<Vec<_>>()));
    }
    let of = |state| report.coverage.iter().filter(move |seen| seen.state == state);
    let names = |state| of(state).map(|seen| seen.check).collect::<Vec<_>>().join(", ");
    let mut coverage = format!("Measured: {}", names(CoverageState::Measured));
    for (state, title) in [(CoverageState::NotMeasured, "not measured"), (CoverageState::Off, "off")] {
        if of(state).next().is_some() {
            // Writing to a string cannot fail.
            let _ = write!(coverage, " · {title}: {}", names(state));
        }
    }
    blocks.push(json!({"type": "context", "elements": [{"type": "mrkdwn", "text": cut(&coverage, LONGEST)}]}));
    json!({"text": headline, "blocks": blocks})
}

/// Lines in as few blocks as they fit in; the last one counts what is left out.
fn paragraphs(lines: &[String]) -> Vec<Value> {
    let mut texts: Vec<String> = vec![String::new()];
    let mut taken = 0;
    for line in lines {
        let line = cut(line, LONGEST - 100);
        let is_full = |text: &String| text.chars().count() + 1 + line.chars().count() > LONGEST - 100;
        if texts.last().is_some_and(|text| !text.is_empty() && is_full(text)) {
            if texts.len() == BLOCKS {
                break;
            }
            texts.push(String::new());
        }
        if let Some(text) = texts.last_mut() {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&line);
        }
        taken += 1;
    }
    if let (Some(text), left @ 1..) = (texts.last_mut(), lines.len() - taken) {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n… and {left} more");
    }
    texts.iter().map(|text| json!({"type": "section", "text": {"type": "mrkdwn", "text": text}})).collect()
}

fn line(found: &GateFinding, objects: &[&str]) -> String {
    let finding = &found.finding;
    let mut line = format!("• `{}` {}: {}", finding.code.id, escape(&few(objects, NAMED)), escape(&finding.observed));
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
