//! What is said: by an apply of what it saw just now, and by a plan of what the last look has stored.

use std::collections::BTreeSet;

use homelab_core::finding::{Finding, probe};
use homelab_core::probe::{Report, in_form, reaction};
use homelab_cty::Path;
use homelab_plugin::Diagnostics;
use homelab_schema::carveout_probe::{CarveoutProbe, OnVerdict, ProbeResult, Verdict};

/// More warnings than this hide each other.
const MOST_WARNINGS: usize = 10;
/// How many others are named beside the first.
const NAMED: usize = 3;

pub(super) fn refuse(findings: &[Finding], diagnostics: &mut Diagnostics) {
    for finding in findings {
        diagnostics.error(finding.path.clone(), finding.headline(), finding.detail());
    }
}

/// Says what is wrong, each as loud as the resource was told to; whether any of it refuses the apply.
pub(super) fn react(model: &CarveoutProbe, report: &Report, diagnostics: &mut Diagnostics) -> bool {
    let mut refused = false;
    let mut warned = 0;
    for (verdict, finding) in report.told() {
        let (path, headline, detail) = (finding.path.clone(), finding.headline(), finding.detail());
        match reaction(model, verdict) {
            OnVerdict::Error => {
                refused = true;
                diagnostics.error(path, headline, detail);
            }
            OnVerdict::Record if verdict != Verdict::Exposed => {}
            OnVerdict::Warn | OnVerdict::Record if warned < MOST_WARNINGS => {
                warned += 1;
                diagnostics.warning(path, headline, detail);
            }
            OnVerdict::Warn | OnVerdict::Record => {}
        }
    }
    for notice in report.notices() {
        diagnostics.warning(notice.path.clone(), notice.headline(), notice.detail());
    }
    refused
}

/// What several results have in common, so that they are one finding: a door of a host that is wrong in one way, or a reason
/// in front of several hosts, in the words of [`Report::told`] as far as stored results tell it.
#[derive(PartialEq, Eq)]
enum Shared<'a> {
    Door(&'a str, &'a str, Verdict),
    Emergency,
    GateFails(&'a str),
    NoAnswer(&'a str),
}

/// The host of a stored URL, with its port.
fn host(result: &ProbeResult) -> &str {
    result.url.split('/').nth(2).unwrap_or_default()
}

fn shared<'a>(result: &'a ProbeResult, results: &[ProbeResult]) -> Shared<'a> {
    let door = Shared::Door(&result.label, host(result), result.verdict);
    let gated = result.expect == "gated";
    let cause = match (result.verdict, result.observed.as_str()) {
        (Verdict::Degraded, "gated_degraded") => return Shared::Emergency,
        (Verdict::Unknown, observed @ ("unreachable" | "dns_absent" | "tls_invalid")) => Shared::NoAnswer(observed),
        (Verdict::Unknown, observed) if gated && result.system.is_empty() => Shared::GateFails(observed),
        _ => return door,
    };
    let is_alike = |other: &&ProbeResult| match cause {
        Shared::GateFails(observed) => other.expect == "gated" && other.system.is_empty() && other.observed == observed,
        _ => other.verdict == Verdict::Unknown && other.observed == result.observed,
    };
    let gate_answers = matches!(cause, Shared::GateFails(_)) && results.iter().any(|other| other.observed == "gated");
    let hosts: BTreeSet<&str> = results.iter().filter(is_alike).map(host).collect();
    if hosts.len() > 1 && !gate_answers { cause } else { door }
}

/// Says in a plan what the last look saw: findings on what does not change are warnings, and an open door is never quiet.
pub(super) fn warn_of(model: &CarveoutProbe, results: &[ProbeResult], update: bool, diagnostics: &mut Diagnostics) {
    let loud = |result: &&ProbeResult| {
        let quiet = reaction(model, result.verdict) == OnVerdict::Record && result.verdict != Verdict::Exposed;
        result.verdict != Verdict::Ok && (update || !quiet)
    };
    let mut bad: Vec<&ProbeResult> = results.iter().filter(loud).collect();
    bad.sort_by_key(|result| std::cmp::Reverse(result.verdict));
    let mut groups: Vec<(Shared<'_>, Vec<&ProbeResult>)> = Vec::new();
    for result in bad {
        let cause = shared(result, results);
        match groups.iter_mut().find(|(other, _)| *other == cause) {
            Some((_, group)) => group.push(result),
            None => groups.push((cause, vec![result])),
        }
    }
    for finding in groups.iter().take(MOST_WARNINGS).filter_map(|(cause, group)| finding_of(cause, group)) {
        diagnostics.warning(Path::root(), finding.headline(), finding.detail());
    }
    if groups.len() > MOST_WARNINGS {
        let more = groups.len() - MOST_WARNINGS;
        diagnostics.warning(Path::root(), "More doors are not as declared", format!("{more} more: see `results`."));
    }
}

/// The finding of the first of `group`, which names the others.
fn finding_of(cause: &Shared<'_>, group: &[&ProbeResult]) -> Option<Finding> {
    let (result, others) = group.split_first()?;
    let code = match result.verdict {
        Verdict::Exposed => probe::EXPOSED,
        Verdict::Walled => probe::WALLED,
        // On a public path only the declared answer can be missing: a gate there is `walled`, in whatever form.
        Verdict::Degraded if result.expect == "public" => probe::CONTRACT,
        Verdict::Degraded => probe::DEGRADED,
        Verdict::Unknown if matches!(cause, Shared::GateFails(_)) => probe::GATE_FAILS,
        Verdict::Unknown if result.observed == "origin_error" => probe::ORIGIN_ERROR,
        Verdict::Ok | Verdict::Unknown => probe::UNKNOWN,
    };
    let system = if result.system.is_empty() { String::new() } else { format!(" by {}", result.system) };
    let evidence = if result.evidence.is_empty() { String::new() } else { format!(", evidence {}", result.evidence) };
    let named: Vec<String> =
        others.iter().take(NAMED).map(|other| format!("{}{}", other.url, in_form(&other.with))).collect();
    let others = match (others.len(), others.len().saturating_sub(NAMED)) {
        (0, _) => String::new(),
        (_, 0) => format!(" The same is true of {}.", named.join(", ")),
        (_, more) => format!(" The same is true of {} and {more} more.", named.join(", ")),
    };
    let observed = format!(
        "Door `{}`: {} {}{} is declared as {} and was seen as {}{system} ({} samples{evidence}).{others}",
        result.label,
        result.method,
        result.url,
        in_form(&result.with),
        result.expect,
        result.observed,
        result.share
    );
    let hosts: BTreeSet<&str> = group.iter().map(|one| host(one)).collect();
    let what = if hosts.len() > 1 { format!("{} hosts", hosts.len()) } else { result.url.clone() };
    Some(Finding::new(code, &result.url, observed).summary(format!("{}: {what}", code.title)))
}
