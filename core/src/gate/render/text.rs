//! Text for a terminal, readable without colour.

use std::fmt::Write;

use super::grouped;
use crate::gate::report::Report;

/// The report as text: verdict, findings, plan, checks.
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(report, &mut out);
    out
}

fn write(report: &Report, out: &mut String) -> std::fmt::Result {
    let current = report.current.as_deref().unwrap_or("a version that could not be measured");
    writeln!(out, "{} for {} from {current}", report.verdict.name(), report.target)?;
    if report.hops.len() > 1 {
        writeln!(out, "hops: {}", report.hops.join(", "))?;
    }
    if let (true, Some(hop)) = (report.hops.len() > 1, report.first_blocked_hop) {
        writeln!(out, "first blocked hop: {hop}")?;
    }
    for (found, objects) in grouped(&report.findings) {
        let finding = &found.finding;
        let weight = if found.decides { "" } else { " (listed only)" };
        writeln!(out, "\n[{}]{weight} {}", found.class, finding.headline())?;
        writeln!(out, "  {}: {}", objects.join(", "), finding.observed)?;
        for part in [&finding.expected, &finding.clears].into_iter().filter(|part| !part.is_empty()) {
            writeln!(out, "  {part}")?;
        }
        if !finding.source.is_empty() {
            let day =
                if found.checked_on.is_empty() { String::new() } else { format!(", read on {}", found.checked_on) };
            writeln!(out, "  source: {}{day}", finding.source)?;
        }
        if let Some(waived) = &found.waived {
            writeln!(out, "  waived by {} until {}: {}", waived.owner, waived.expires, waived.reason)?;
        }
    }
    if !report.plan.is_empty() {
        out.push_str("\nplan:\n");
        for (index, step) in report.plan.iter().enumerate() {
            writeln!(out, "  {}. {}", index + 1, step.what)?;
        }
    }
    out.push_str("\nchecks:\n");
    for coverage in &report.coverage {
        writeln!(out, "  {:14} {:13} {}", coverage.check, coverage.state.name(), coverage.detail)?;
    }
    Ok(())
}
