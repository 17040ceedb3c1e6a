//! `homelab gate`: the verdicts of `homelab_upgrade_gate` at the prompt, and the evidence for them.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use homelab_core::exit::Exit;
use homelab_core::gate::{self, CheckName, Compat, Day, Evidence, KubeVersion, Report, Request, Weights};
use homelab_schema::duration::GoDuration;
use homelab_schema::upgrade_gate::Weight;
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::{Gate, GateCapture, GateCheck, GateVerb};
use crate::configuration::{self, Configuration};
use crate::output::{Failure, Printer, Text};

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
    for name in &options.check {
        also(&mut request.weights, name)?;
    }
    if let Some(file) = &options.matrix {
        request = matrix(file)?.apply(request);
    }
    let evidence = match &options.evidence {
        Some(file) => recorded(file)?,
        None => live(options.dir.as_deref(), &request.weights, printer)?,
    };
    request.today = today();
    let report = gate::judge(&evidence, &request);
    let exit = report.verdict.exit();
    printer.report(&Answer { version: 1, exit: exit.code(), report })?;
    Ok(exit)
}

/// The day on this machine, for evidence that does not say on which it was captured.
fn today() -> Option<Day> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    u32::try_from(since.as_secs() / 86_400).ok().map(Day::of_unix)
}

fn seconds(window: &str) -> Result<u64, Failure> {
    let wrong = |why: String| Failure::new(format!("--window: {why}")).hint("write a duration such as 24h or 1h30m");
    let window: GoDuration = window.parse().map_err(|error| wrong(format!("{error}")))?;
    window.to_std().map(|window| window.as_secs()).ok_or_else(|| wrong("it must not be negative".to_owned()))
}

/// Turns a check on, or every one.
fn also(weights: &mut Weights, name: &str) -> Result<(), Failure> {
    match (name, CheckName::by_name(name)) {
        ("all", _) => *weights = Weights::all(Weight::Error),
        (_, Some(check)) => weights.set(check, Weight::Error),
        (_, None) => {
            let names = CheckName::ALL.map(CheckName::name).join(", ");
            return Err(
                Failure::new(format!("--check: there is no check {name:?}")).hint(format!("all, or one of {names}"))
            );
        }
    }
    Ok(())
}

fn matrix(file: &Path) -> Result<Compat, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::new(format!("failed to read the matrix {}: {error}", file.display())))?;
    Compat::from_json(&text).map_err(|error| Failure::new(format!("{}: {error}", file.display())))
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

fn live(dir: Option<&Path>, weights: &Weights, printer: &Printer) -> Result<Evidence, Failure> {
    let cluster = Configuration::of(dir)?.cluster()?;
    let look = homelab_backends::gate::capture_for(&cluster, weights);
    Ok(configuration::runtime()?.block_on(printer.waiting("looking at the cluster", look)))
}

fn capture(options: &GateCapture, printer: &Printer) -> Result<Exit, Failure> {
    // Evidence is judged elsewhere, for whatever is asked there.
    let evidence = live(options.dir.as_deref(), &Weights::all(Weight::Error), printer)?;
    printer.json(&evidence)?;
    let gaps = gaps(&evidence);
    for gap in &gaps {
        printer.talk(&format!("not measured: {gap}"));
    }
    Ok(if gaps.is_empty() { Exit::Clean } else { Exit::Incomplete })
}

/// What could not be seen at all, or not completely. Single components without a version are in the evidence; a check names
/// them. What capture does not look at yet is no gap of this cluster's.
fn gaps(evidence: &Evidence) -> Vec<String> {
    let Evidence { control_plane, nodes, proxies, deprecated_requests, stored_uses, pods, node_states, .. } = evidence;
    let Evidence { workloads, budgets, custom_resources, webhooks, aggregated_apis, kill_switch, .. } = evidence;
    let gap = |what: &str, why: Option<String>| why.map(|why| format!("{what}: {why}"));
    [
        gap("control plane", control_plane.gap()),
        gap("nodes", nodes.gap()),
        gap("kube-proxies", proxies.gap()),
        gap("requests of deprecated APIs", deprecated_requests.gap()),
        gap("writers of old API versions", stored_uses.gap()),
        gap("pods", pods.gap()),
        gap("the state of the nodes", node_states.gap()),
        gap("workloads", workloads.gap()),
        gap("disruption budgets", budgets.gap()),
        gap("custom resources", custom_resources.gap()),
        gap("webhooks", webhooks.gap()),
        gap("aggregated APIs", aggregated_apis.gap()),
        gap("the kill switch", kill_switch.gap()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

impl Text for Answer {
    fn text(&self, out: &mut String) {
        out.push_str(&gate::render::text(&self.report));
    }
}
