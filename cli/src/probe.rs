//! `homelab probe`: the verdicts of `homelab_carveout_probe` at the prompt.

pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod targets;

use std::collections::BTreeMap;

use homelab_backends::http::Prober;
use homelab_core::exit::{Class, Exit, Order};
use homelab_core::finding::Finding;
use homelab_core::probe::{Defaults, Run, in_form};
use homelab_schema::Attr;
use homelab_schema::carveout_probe::{CarveoutProbe, ProbedDoor, Wall, WallSystem};
use homelab_schema::ingress::Expect;
use homelab_schema::provider::{Probe as Block, Site};
use schemars::JsonSchema;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::args::{Probe, ProbeRun, ProbeVerb};
use crate::configuration::{self, Configuration};
use crate::folder::{Folder, or_default};
use crate::output::{Failure, Printer, Text, findings_text, line};

/// What `probe run` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// Version of this form.
    version: u32,
    /// The exit code that goes with it.
    exit: u8,
    /// The worst verdict of all.
    verdict: &'static str,
    /// Each probe: one per resource of a folder, or the one that was asked for by flags.
    probes: Vec<ProbeAnswer>,
}

/// One probe.
#[derive(Debug, Serialize, JsonSchema)]
struct ProbeAnswer {
    /// Its address in the configuration, or `the command line`.
    name: String,
    /// Its worst verdict.
    verdict: &'static str,
    /// Every path that was asked.
    results: Vec<PathAnswer>,
    /// What is wrong, with what was seen, what was expected and what clears it.
    findings: Vec<Finding>,
}

/// One path.
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
}

pub(crate) fn run(options: Probe, printer: &Printer) -> Result<Exit, Failure> {
    match options.verb {
        ProbeVerb::Run(options) => probe(&options, printer),
        ProbeVerb::Explain(options) => explain::run(&options, printer),
        ProbeVerb::Targets(options) => targets::run(&options, printer),
        ProbeVerb::Export(options) => export::run(&options, printer),
    }
}

fn probe(options: &ProbeRun, printer: &Printer) -> Result<Exit, Failure> {
    let Configuration { provider, folder } = Configuration::of_resources(options.dir.as_deref())?;
    let (site, settings): (Site, Block) = (or_default(&provider.site), or_default(&provider.probe));
    let defaults = Defaults::new(&site, &settings)
        .map_err(|findings| Failure::refused("the provider block cannot be used for a probe", &findings))?;
    let runtime = configuration::runtime()?;
    let network = Prober::new();
    let mut probes = Vec::new();
    for (name, declared) in declared(options, folder, &site)? {
        let run = Run::new(&declared, &defaults)
            .map_err(|findings| Failure::refused(&format!("the targets of {name} cannot be probed"), &findings))?;
        let what = format!("{name}: asking {} paths", run.checks.len());
        let report = runtime
            .block_on(printer.waiting(&what, network.run(&run, &CancellationToken::new())))
            .map_err(|error| Failure::new(format!("failed to probe {name}: {error}")))?;
        probes.push(answer(name, &report));
    }
    let verdicts = probes.iter().map(|probe| class(probe.verdict));
    let exit = Exit::of(verdicts, Order::Usual);
    let verdict = worst(&probes);
    printer.report(&Answer { version: 1, exit: exit.code(), verdict, probes })?;
    Ok(exit)
}

/// Name of the probe that the flags describe.
const COMMAND_LINE: &str = "the command line";

/// What is to be probed: every probe of the folder, or one out of the flags.
fn declared(options: &ProbeRun, folder: Option<Folder>, site: &Site) -> Result<Vec<(String, CarveoutProbe)>, Failure> {
    let mut probes = if let Some(folder) = folder {
        of_folder(folder, site)?
    } else {
        let wall = wall_of(options.wall.as_deref(), options.issuer.as_ref(), None)?;
        vec![(COMMAND_LINE.to_owned(), from_flags(&options.public, &options.gated, wall)?)]
    };
    for (_, probe) in &mut probes {
        if let Some(place) = &options.connect_to {
            probe.connect_to = Attr::Known(place.clone());
        }
        if let Some(file) = &options.ca_file {
            probe.ca_file = Attr::Known(file.display().to_string());
        }
        if let Some(samples) = options.samples {
            probe.samples = Attr::Known(samples);
        }
        if options.allow_private {
            probe.allow_private = Attr::Known(true);
        }
    }
    Ok(probes)
}

fn of_folder(folder: Folder, site: &Site) -> Result<Vec<(String, CarveoutProbe)>, Failure> {
    let dir = folder.dir().to_path_buf();
    let found = folder.probes(site)?;
    if found.is_empty() {
        return Err(Failure::new(format!("{} declares no homelab_carveout_probe", dir.display()))
            .hint("add one, or leave --dir out and name targets with --public and --gated"));
    }
    Ok(found)
}

/// What is to be exported: as [`declared`], without what only matters to who asks.
fn exported(
    options: &export::Options,
    folder: Option<Folder>,
    site: &Site,
) -> Result<Vec<(String, CarveoutProbe)>, Failure> {
    if let Some(folder) = folder {
        return of_folder(folder, site);
    }
    let wall = wall_of(options.wall.as_deref(), options.issuer.as_ref(), None)?;
    Ok(vec![(COMMAND_LINE.to_owned(), from_flags(&options.public, &options.gated, wall)?)])
}

fn from_flags(public: &[String], gated: &[String], wall: Attr<Wall>) -> Result<CarveoutProbe, Failure> {
    if public.is_empty() && gated.is_empty() {
        return Err(Failure::new("there is nothing to probe")
            .hint("name targets with --public and --gated, or a folder that declares some with --dir"));
    }
    let public = public.iter().map(|url| (url.as_str(), Expect::Public));
    Ok(of_doors(public.chain(gated.iter().map(|url| (url.as_str(), Expect::Gated))), wall))
}

/// A probe of these addresses, each called by itself.
fn of_doors<'a>(doors: impl IntoIterator<Item = (&'a str, Expect)>, wall: Attr<Wall>) -> CarveoutProbe {
    let door = |(url, expect): (&str, Expect)| {
        let door =
            ProbedDoor { url: Attr::Known(url.to_owned()), expect: Attr::Known(expect), ..ProbedDoor::default() };
        (url.to_owned(), door)
    };
    let target: BTreeMap<String, ProbedDoor> = doors.into_iter().map(door).collect();
    CarveoutProbe { target: Attr::Known(target), wall, ..CarveoutProbe::default() }
}

/// The wall that flags describe; null where none does.
fn wall_of(system: Option<&str>, issuer: Option<&String>, client_id: Option<&String>) -> Result<Attr<Wall>, Failure> {
    let system = match system {
        Some(name) => {
            let unknown = |error: String| Failure::new(format!("--wall: {name:?} {error}"));
            Attr::Known(name.parse::<WallSystem>().map_err(unknown)?)
        }
        None => Attr::Null,
    };
    let (issuer_host, client_id) = (Attr::from(issuer.cloned()), Attr::from(client_id.cloned()));
    if system.is_null() && issuer_host.is_null() && client_id.is_null() {
        return Ok(Attr::Null);
    }
    Ok(Attr::Known(Wall { system, issuer_host, client_id, ..Wall::default() }))
}

fn answer(name: String, report: &homelab_core::probe::Report) -> ProbeAnswer {
    let results = report.results().into_iter().map(|result| PathAnswer {
        label: result.label,
        method: result.method,
        url: result.url,
        with: result.with,
        expect: result.expect,
        verdict: result.verdict.as_str(),
        observed: result.observed,
        system: result.system,
        share: result.share,
    });
    ProbeAnswer { name, verdict: report.verdict.as_str(), results: results.collect(), findings: report.findings() }
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

impl Text for Answer {
    fn text(&self, out: &mut String) {
        for probe in &self.probes {
            line!(out, "{} {}", probe.verdict, probe.name);
            for path in &probe.results {
                let system = if path.system.is_empty() { String::new() } else { format!(" ({})", path.system) };
                line!(
                    out,
                    "  {:8} {} {}{} is {}{system}, declared {}, {}",
                    path.verdict,
                    path.method,
                    path.url,
                    in_form(&path.with),
                    path.observed,
                    path.expect,
                    path.share
                );
            }
            if !probe.findings.is_empty() {
                out.push('\n');
                findings_text(&probe.findings, out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::WALL_SYSTEMS;

    #[test]
    fn every_system_of_the_flag_is_one_of_the_model() {
        for name in WALL_SYSTEMS {
            assert!(name.parse::<WallSystem>().is_ok(), "{name}");
        }
    }

    #[test]
    fn the_worst_verdict_of_all_probes_is_said() {
        let probe = |verdict| ProbeAnswer { name: String::new(), verdict, results: Vec::new(), findings: Vec::new() };
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
