//! `homelab probe run`: doors asked now, and judged as the resource would.

mod asking;
mod text;

use clap::Args;
use homelab_core::exit::{Class, Exit, Order};
use homelab_core::finding::Finding;
use homelab_core::probe::{Defaults, Judged, Report, Run, judge};
use homelab_cty::Step;
use homelab_schema::carveout_probe::{ProbeResult, Verdict};
use homelab_schema::provider::{Probe as Block, Site};
use schemars::JsonSchema;
use serde::Serialize;

use self::asking::{Group, Part};
use super::flags::{Breadth, Doors, WallFlags, Way};
use super::sources::{self, Named};
use crate::configuration::Configuration;
use crate::folder::or_default;
use crate::output::{Failure, Printer};

/// What can be typed after `probe run`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    doors: Doors,
    #[command(flatten)]
    wall: WallFlags,
    #[command(flatten)]
    way: Way,
    #[command(flatten)]
    breadth: Breadth,
}

/// What `probe run` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// Version of this form.
    version: u32,
    /// The exit code that goes with it.
    exit: u8,
    /// The worst verdict of all.
    verdict: &'static str,
    /// Whether it was ended before everything was asked: what was not asked is `unknown`.
    interrupted: bool,
    /// Each probe: one per resource of a folder, per ingress, per file, and one for what was named by flags.
    probes: Vec<ProbeAnswer>,
    /// What is wrong, with what was seen, what was expected and what clears it. What several doors share, such as a gate that
    /// is down, is one finding, also where they are of several probes.
    findings: Vec<Finding>,
}

/// One probe.
#[derive(Debug, Serialize, JsonSchema)]
struct ProbeAnswer {
    /// Its address in the configuration, or where its doors come from.
    name: String,
    /// Its worst verdict.
    verdict: &'static str,
    /// Every request that was to be sent.
    results: Vec<PathAnswer>,
}

/// One request.
#[derive(Debug, Serialize, JsonSchema)]
struct PathAnswer {
    /// The target it belongs to.
    label: String,
    /// The method of the request.
    method: String,
    /// What was asked, with the path as it was sent.
    url: String,
    /// How the request differed from a plain one; empty where it did not.
    with: String,
    /// `public`, `gated` or `either`.
    expect: String,
    /// `ok`, `unknown`, `degraded`, `walled` or `exposed`.
    verdict: &'static str,
    /// What was seen.
    observed: String,
    /// The system whose wall was seen; empty where none was.
    system: String,
    /// How many samples showed that, of how many.
    share: String,
    /// Names what was asked and what was seen; the same for as long as the answer means the same.
    evidence: String,
}

pub(super) fn run(options: &Options, printer: &Printer) -> Result<Exit, Failure> {
    let configuration = Configuration::of_resources(options.doors.dir.as_deref())?;
    let provider = configuration.provider.clone();
    let (site, settings): (Site, Block) = (or_default(&provider.site), or_default(&provider.probe));
    let defaults = Defaults::new(&site, &settings)
        .map_err(|findings| Failure::refused("the provider block cannot be used for a probe", &findings))?;
    let found = sources::probes(&options.doors, &options.wall, configuration, printer)?;
    let asked = asking::ask(groups(found, options, &defaults)?, printer)?;
    let (mut probes, mut findings) = (Vec::new(), Vec::new());
    for (group, report) in asked.groups {
        findings.extend(told(&group, &report));
        probes.extend(answers(group, &report));
    }
    probes.sort_by_key(|(index, _)| *index);
    let probes: Vec<ProbeAnswer> = probes.into_iter().map(|(_, probe)| probe).collect();
    let gap = asked.interrupted.then_some(Class::Unmeasured);
    let exit = Exit::of(probes.iter().map(|probe| class(probe.verdict)).chain(gap), Order::Usual);
    let verdict = worst(&probes);
    let interrupted = asked.interrupted;
    printer.report(&Answer { version: 1, exit: exit.code(), verdict, interrupted, probes, findings })?;
    Ok(exit)
}

/// What is to be asked. Probes that look in the same way are one group: many hosts are asked at a time then, one host,
/// whoever probes it, is not asked more than it can bear, and what is wrong for one reason is said once.
fn groups(found: Vec<Named>, options: &Options, defaults: &Defaults) -> Result<Vec<Group>, Failure> {
    let several = found.len() > 1;
    let mut groups: Vec<(String, Group)> = Vec::new();
    for (index, Named { name, mut probe, gaps }) in found.into_iter().enumerate() {
        options.way.apply(&mut probe);
        options.breadth.apply(&mut probe);
        let Run { mut checks, settings } = Run::new(&probe, defaults)
            .map_err(|findings| Failure::refused(&format!("the targets of {name} cannot be probed"), &findings))?;
        if several {
            // One attribute of each would look like one of all.
            for check in &mut checks {
                check.at.0.insert(0, Step::Attribute(name.clone()));
            }
        }
        let part = Part { index, name, gaps, checks: checks.len() };
        // Settings hold a pattern, which can be written down and not compared.
        let key = format!("{settings:?}");
        match groups.iter_mut().find(|(other, _)| *other == key) {
            Some((_, group)) => {
                group.checks.extend(checks);
                group.parts.push(part);
            }
            None => groups.push((key, Group { settings, checks, parts: vec![part] })),
        }
    }
    Ok(groups.into_iter().map(|(_, group)| group).collect())
}

/// What is wrong in a group.
fn told(group: &Group, report: &Report) -> Vec<Finding> {
    // All that a probe has may be gone: the gaps say so, and better than that there was nothing to ask.
    let nothing = group.parts.iter().filter(|part| part.checks == 0 && part.gaps.is_empty());
    let nothing = nothing.flat_map(|part| {
        let empty = judge(Vec::new(), Vec::new(), 1).findings();
        empty.into_iter().map(|finding| Finding { object: part.name.clone(), ..finding })
    });
    let seen = if report.judged.is_empty() { report.notices() } else { report.findings() };
    let gaps = group.parts.iter().flat_map(|part| part.gaps.iter().cloned());
    seen.into_iter().chain(nothing).chain(gaps).collect()
}

/// What comes of each probe of a group, with its place among all.
fn answers(group: Group, report: &Report) -> Vec<(usize, ProbeAnswer)> {
    let mut judged = report.judged.iter();
    let mut answer = |part: Part| {
        let own: Vec<&Judged> = judged.by_ref().take(part.checks).collect();
        let verdict = own.iter().map(|judged| judged.verdict).max().unwrap_or(Verdict::Unknown);
        let verdict = if part.gaps.is_empty() { verdict } else { verdict.max(Verdict::Unknown) };
        let results = own.into_iter().map(|judged| path(judged.result())).collect();
        (part.index, ProbeAnswer { name: part.name, verdict: verdict.as_str(), results })
    };
    group.parts.into_iter().map(&mut answer).collect()
}

fn path(result: ProbeResult) -> PathAnswer {
    PathAnswer {
        label: result.label,
        method: result.method,
        url: result.url,
        with: result.with,
        expect: result.expect,
        verdict: result.verdict.as_str(),
        observed: result.observed,
        system: result.system,
        share: result.share,
        evidence: result.evidence,
    }
}

/// A path that could not be judged is a gap; everything else that is not as declared is something to act on.
fn class(verdict: &str) -> Class {
    match verdict {
        "ok" => Class::Note,
        "unknown" => Class::Unmeasured,
        _ => Class::Act,
    }
}

/// The first of these that any probe has.
const WORST_FIRST: [&str; 5] = ["exposed", "walled", "degraded", "unknown", "ok"];

fn worst(probes: &[ProbeAnswer]) -> &'static str {
    let has = |verdict: &&str| probes.iter().any(|probe| probe.verdict == *verdict);
    WORST_FIRST.into_iter().find(has).unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_verdict_of_all_probes_is_said() {
        let probe = |verdict| ProbeAnswer { name: String::new(), verdict, results: Vec::new() };
        let exit = |probes: &[ProbeAnswer]| Exit::of(probes.iter().map(|probe| class(probe.verdict)), Order::Usual);
        for (verdicts, expected, code) in [
            (["ok", "ok"], "ok", Exit::Clean),
            (["ok", "unknown"], "unknown", Exit::Incomplete),
            (["unknown", "walled"], "walled", Exit::Act),
            (["walled", "exposed"], "exposed", Exit::Act),
            (["degraded", "ok"], "degraded", Exit::Act),
        ] {
            let probes = verdicts.map(probe);
            assert_eq!((worst(&probes), exit(&probes)), (expected, code), "{verdicts:?}");
        }
        assert_eq!(worst(&[]), "unknown", "nothing was proved");
    }
}
