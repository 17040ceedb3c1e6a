//! `homelab gate`: the verdicts of `homelab_upgrade_gate` at the prompt, and the evidence for them.

use std::path::Path;

use homelab_core::exit::Exit;
use homelab_core::finding::Finding;
use homelab_core::gate::{self, Evidence, GateFinding, KubeVersion, Measured, Report, Request};
use homelab_schema::duration::GoDuration;
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::{Gate, GateCapture, GateCheck, GateVerb};
use crate::configuration::{self, Configuration};
use crate::output::{Failure, Printer, Text, line};

/// What `gate check` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// Version of this form.
    version: u32,
    /// The exit code that goes with it.
    exit: u8,
    /// Verdict, findings and coverage.
    report: Report,
}

pub(crate) fn run(options: Gate, printer: &Printer) -> Result<Exit, Failure> {
    match options.verb {
        GateVerb::Check(options) => check(&options, printer),
        GateVerb::Capture(options) => capture(&options, printer),
    }
}

fn check(options: &GateCheck, printer: &Printer) -> Result<Exit, Failure> {
    let target: KubeVersion = options.target.parse().map_err(|error| {
        Failure::new(format!("--target: {error}")).hint("a patch decides too, so the version is written in full")
    })?;
    let mut request = Request::new(target);
    if let Some(window) = &options.window {
        request.window_seconds = seconds(window)?;
    }
    let evidence = match &options.evidence {
        Some(file) => recorded(file)?,
        None => live(options.dir.as_deref(), printer)?,
    };
    let report = gate::judge(&evidence, &request);
    let exit = report.verdict.exit();
    printer.report(&Answer { version: 1, exit: exit.code(), report })?;
    Ok(exit)
}

fn seconds(window: &str) -> Result<u64, Failure> {
    let wrong = |why: String| Failure::new(format!("--window: {why}")).hint("write a duration such as 24h or 1h30m");
    let window: GoDuration = window.parse().map_err(|error| wrong(format!("{error}")))?;
    window.to_std().map(|window| window.as_secs()).ok_or_else(|| wrong("it must not be negative".to_owned()))
}

fn recorded(file: &Path) -> Result<Evidence, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure::new(format!("failed to read the evidence file {}: {error}", file.display()))
            .hint("`homelab gate capture > FILE` writes one")
    })?;
    Evidence::from_json(&text).map_err(|error| {
        Failure::new(format!("{} {error}", file.display()))
            .hint("`homelab gate capture > FILE` writes one of this version")
    })
}

fn live(dir: Option<&Path>, printer: &Printer) -> Result<Evidence, Failure> {
    let cluster = Configuration::of(dir)?.cluster()?;
    let look = homelab_backends::gate::capture(&cluster);
    Ok(configuration::runtime()?.block_on(printer.waiting("looking at the cluster", look)))
}

fn capture(options: &GateCapture, printer: &Printer) -> Result<Exit, Failure> {
    let evidence = live(options.dir.as_deref(), printer)?;
    printer.json(&evidence)?;
    let gaps = gaps(&evidence);
    for gap in &gaps {
        printer.talk(&format!("not measured: {gap}"));
    }
    Ok(if gaps.is_empty() { Exit::Clean } else { Exit::Incomplete })
}

/// What could not be seen at all. Single components without a version are in the evidence; a check names them.
fn gaps(evidence: &Evidence) -> Vec<String> {
    fn gap<T>(what: &str, measured: &Measured<T>) -> Option<String> {
        match measured {
            Measured::Seen(_) => None,
            Measured::NotMeasured(why) => Some(format!("{what}: {why}")),
        }
    }
    let Evidence { control_plane, nodes, proxies, deprecated_requests, stored_uses, .. } = evidence;
    [
        gap("control plane", control_plane),
        gap("nodes", nodes),
        gap("kube-proxies", proxies),
        gap("requests of deprecated APIs", deprecated_requests),
        gap("writers of old API versions", stored_uses),
    ]
    .into_iter()
    .flatten()
    .collect()
}

impl Text for Answer {
    fn text(&self, out: &mut String) {
        let report = &self.report;
        let current = report.current.as_deref().unwrap_or("a version that could not be measured");
        line!(out, "{} for {} from {current}", report.verdict.name(), report.target);
        if report.hops.len() > 1 {
            line!(out, "hops: {}", report.hops.join(", "));
        }
        for (finding, objects) in grouped(&report.findings) {
            let weight = if finding.decides { "" } else { " (listed only)" };
            line!(out, "\n[{}]{weight} {}", finding.class, finding.finding.headline());
            line!(out, "  {}: {}", objects.join(", "), finding.finding.observed);
            for part in [&finding.finding.expected, &finding.finding.clears] {
                if !part.is_empty() {
                    line!(out, "  {part}");
                }
            }
            if !finding.finding.source.is_empty() {
                line!(out, "  source: {}", finding.finding.source);
            }
        }
        out.push_str("\nchecks:\n");
        for coverage in &report.coverage {
            line!(out, "  {:14} {:13} {}", coverage.check, coverage.state.name(), coverage.detail);
        }
    }
}

/// Findings that differ in their object alone, together: a cluster that does not answer is one thing to read about.
fn grouped(findings: &[GateFinding]) -> Vec<(&GateFinding, Vec<&str>)> {
    let mut groups: Vec<(&GateFinding, Vec<&str>)> = Vec::new();
    for finding in findings {
        let same = |first: &GateFinding| {
            let like_it = Finding { object: finding.finding.object.clone(), ..first.finding.clone() };
            like_it == finding.finding && (first.class, first.decides) == (finding.class, finding.decides)
        };
        match groups.iter_mut().find(|(first, _)| same(first)) {
            Some((_, objects)) => objects.push(&finding.finding.object),
            None => groups.push((finding, vec![&finding.finding.object])),
        }
    }
    groups
}
