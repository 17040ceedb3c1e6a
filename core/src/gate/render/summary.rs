//! The report of a night as text: what a person reads in a terminal, a mail or a log.

use std::fmt::{self, Write};

use super::{NOTES, Nightly, SECTIONS, few, grouped, section};
use crate::gate::report::{CoverageState, GateFinding};

/// So many objects of one finding are named; every one is in the page and in JSON.
const NAMED: usize = 8;

/// The report of a night: headline, findings by what a person does about them, plan, checks.
pub fn summary(nightly: &Nightly) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(nightly, &mut out);
    out
}

fn write(nightly: &Nightly, out: &mut String) -> fmt::Result {
    let report = &nightly.report;
    writeln!(out, "{}", nightly.headline)?;
    if !nightly.remark.is_empty() {
        writeln!(out, "{}", nightly.remark)?;
    }
    if let Some(day) = report.as_of {
        writeln!(out, "As of {day}.")?;
    }
    if report.hops.len() > 1 {
        write!(out, "Hops: {}.", report.hops.join(", "))?;
        if let Some(hop) = report.first_blocked_hop {
            write!(out, " The first that is blocked: {hop}.")?;
        }
        out.push('\n');
    }
    for heading in SECTIONS {
        let findings: Vec<GateFinding> =
            report.findings.iter().filter(|found| section(found) == heading).cloned().collect();
        if !findings.is_empty() {
            writeln!(out, "\n{heading}")?;
            if heading == NOTES { notes(&findings, out)? } else { section_text(&findings, out)? }
        }
    }
    if !report.plan.is_empty() {
        out.push_str("\nPlan\n");
        for (index, step) in report.plan.iter().enumerate() {
            writeln!(out, "  {}. {}", index + 1, step.what)?;
        }
    }
    let of = |state| report.coverage.iter().filter(move |seen| seen.state == state);
    let count = |state| of(state).count();
    let (measured, blind, off) =
        (count(CoverageState::Measured), count(CoverageState::NotMeasured), count(CoverageState::Off));
    writeln!(out, "\nChecks: {measured} measured, {blind} not measured, {off} off")?;
    // What clusters of this kind do not have, or nobody declared, is no gap, and is said all the same.
    for (seen, unseen) in report.coverage.iter().filter_map(|seen| Some((seen, seen.unseen()?))) {
        let gap = if seen.state == CoverageState::NotMeasured { "not measured: " } else { "" };
        writeln!(out, "  {}: {gap}{unseen}", seen.check)?;
    }
    if off > 0 {
        writeln!(out, "  off: {}", of(CoverageState::Off).map(|seen| seen.check).collect::<Vec<_>>().join(", "))?;
    }
    Ok(())
}

fn section_text(findings: &[GateFinding], out: &mut String) -> fmt::Result {
    for (found, objects) in grouped(findings) {
        let finding = &found.finding;
        let listed = if found.decides || found.waived.is_some() { "" } else { " (listed only)" };
        writeln!(out, "  {} {}: {}{listed}", finding.code.id, few(&objects, NAMED), finding.observed)?;
        for part in [&finding.expected, &finding.clears].into_iter().filter(|part| !part.is_empty()) {
            writeln!(out, "         {part}")?;
        }
        if let Some(waived) = &found.waived {
            writeln!(out, "         Waived by {} until {}: {}", waived.owner, waived.expires, waived.reason)?;
        }
    }
    Ok(())
}

/// Notes ask for nothing, so that each kind of them is one line.
fn notes(findings: &[GateFinding], out: &mut String) -> fmt::Result {
    let mut kinds: Vec<(&GateFinding, Vec<&str>)> = Vec::new();
    for found in findings {
        match kinds.iter_mut().find(|(first, _)| first.finding.code == found.finding.code) {
            Some((_, objects)) => objects.push(&found.finding.object),
            None => kinds.push((found, vec![&found.finding.object])),
        }
    }
    for (found, mut objects) in kinds {
        objects.dedup();
        let line = format!("{} {}: {}", found.finding.code.id, found.finding.summary, few(&objects, NAMED));
        writeln!(out, "  {line}")?;
    }
    Ok(())
}
