//! The report as `JUnit` XML: one case per check, for CI that shows test results.

use std::fmt::{self, Write};

use super::escaped::Escaped;
use super::few;
use crate::exit::Class as Asks;
use crate::gate::report::{CoverageState, GateFinding, Report};

/// So many objects are in the message of a case; the text below it has all.
const NAMED: usize = 3;

/// The report as `JUnit` XML. What somebody has to act on is a failure, what was not measured an error; what is held is
/// skipped, since nobody can act on it, and so is a check that is off.
pub fn junit(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(report, &mut out);
    out
}

fn write(report: &Report, out: &mut String) -> fmt::Result {
    let mut cases = String::new();
    let mut counts = [0_usize; 3];
    let of_no_check = report.findings.iter().any(|found| found.check.is_empty());
    let checks = report.coverage.iter().map(|seen| (seen.check, seen.state, seen.detail.as_str()));
    // Waivers are looked at after all checks, and can fail on their own.
    let waivers = of_no_check.then_some(("", CoverageState::Measured, ""));
    let mut tests = 0;
    for (check, state, detail) in checks.chain(waivers) {
        let outcome = case(report, (check, state, detail), &mut cases)?;
        tests += 1;
        if let Some(outcome) = outcome {
            counts[outcome as usize] += 1;
        }
    }
    let [failures, errors, skipped] = counts;
    let counts = format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"");
    let name = format!("homelab gate: {} for {}", report.verdict.name(), report.target);
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>")?;
    writeln!(out, "<testsuite name=\"{}\" {counts}>", Escaped(&name))?;
    out.push_str(&cases);
    out.push_str("</testsuite>\n</testsuites>\n");
    Ok(())
}

#[derive(Clone, Copy)]
enum Outcome {
    Failure,
    Error,
    Skipped,
}

fn case(
    report: &Report,
    (check, state, detail): (&str, CoverageState, &str),
    out: &mut String,
) -> Result<Option<Outcome>, fmt::Error> {
    let name = if check.is_empty() { "waivers" } else { check };
    let found: Vec<&GateFinding> = report.findings.iter().filter(|found| found.check == check).collect();
    let deciding = |asks: Asks| found.iter().filter(move |found| found.decides && found.finding.code.class == asks);
    let told = |findings: &[&&GateFinding]| {
        let mut codes: Vec<&str> = findings.iter().map(|found| found.finding.code.id).collect();
        codes.dedup();
        let objects: Vec<&str> = findings.iter().map(|found| found.finding.object.as_str()).collect();
        format!("{}: {}", codes.join(", "), few(&objects, NAMED))
    };
    let kinds = [
        (Asks::Unmeasured, Outcome::Error, "error"),
        (Asks::Act, Outcome::Failure, "failure"),
        (Asks::Held, Outcome::Skipped, "skipped"),
    ];
    writeln!(out, "<testcase classname=\"gate\" name=\"{}\">", Escaped(name))?;
    let mut outcome = None;
    for (asks, is, tag) in kinds {
        let findings: Vec<&&GateFinding> = deciding(asks).collect();
        // One outcome per case: what was not measured before what was found, as in the verdict.
        if !findings.is_empty() && outcome.is_none() {
            writeln!(out, "<{tag} message=\"{}\"/>", Escaped(&told(&findings)))?;
            outcome = Some(is);
        }
    }
    if outcome.is_none() && state == CoverageState::Off {
        writeln!(out, "<skipped message=\"{}\"/>", Escaped(detail))?;
        outcome = Some(Outcome::Skipped);
    }
    if !found.is_empty() {
        out.push_str("<system-out>");
        for found in found {
            let finding = &found.finding;
            writeln!(
                out,
                "{}",
                Escaped(&format!("[{}] {} {}: {}", found.class, finding.code.id, finding.object, finding.detail()))
            )?;
        }
        out.push_str("</system-out>\n");
    }
    out.push_str("</testcase>\n");
    Ok(outcome)
}
