//! From a declaration to a report, and from a report to state and words.

use std::path::PathBuf;

use homelab_backends::gate::prometheus;
use homelab_backends::gate_host;
use homelab_backends::objects::Cause;
use homelab_core::gate::{self, CheckName, Evidence, GateFinding, KubeVersion, Measured, Report, Request, Verdict};
use homelab_cty::Attr;
use homelab_plugin::Context;
use homelab_schema::upgrade_gate::{
    GateCoverage, GateFinding as FindingModel, GateStep, Reaction, UpgradeGate as Declared,
};

use crate::Runtime;

/// What the declaration asks; `None` while a part of it is unknown, or wrong (which validation has said).
pub(super) fn request(declared: &Declared) -> Option<Request> {
    gate::declared_request(declared).ok().flatten()
}

/// Measures and judges; what could not be seen is in the report. `None` when Terraform stops the run meanwhile: what a
/// stopped look has not seen is nobody's finding.
pub(super) async fn measure(runtime: &Runtime, cx: &Context, declared: &Declared, request: &Request) -> Option<Report> {
    let mut request = Request { today: homelab_backends::gate::today(), ..request.clone() };
    let monitoring = prometheus::Settings::of(&runtime.prometheus(), &declared.prometheus);
    if declared.evidence.is_null() && !matches!(monitoring, Ok(None)) {
        // Also the one of the provider's block, of which the declaration says nothing.
        request.weights.turn_on(CheckName::Alerts);
    }
    let look = async {
        let evidence = match declared.evidence.known() {
            Some(file) => recorded(file).await,
            None => live(runtime, &request, monitoring).await,
        };
        beside(declared, evidence).await
    };
    tokio::select! {
        // A run that is stopped already begins nothing.
        biased;
        () = cx.cancelled.cancelled() => None,
        evidence = look => Some(gate::judge(&evidence, &request)),
    }
}

async fn recorded(file: &str) -> Evidence {
    match tokio::fs::read_to_string(file).await {
        Ok(text) => Evidence::from_json(&text).unwrap_or_else(|error| Evidence::blind(&format!("{file} {error}"))),
        Err(error) => Evidence::blind(&format!("failed to read the evidence file {file}: {error}")),
    }
}

/// Adds what was named beside the cluster: what machines tell of themselves, and settings of before.
async fn beside(declared: &Declared, mut evidence: Evidence) -> Evidence {
    let paths: Vec<PathBuf> = declared.host_evidence.known().into_iter().flatten().map(PathBuf::from).collect();
    if !paths.is_empty() {
        let read = tokio::task::spawn_blocking(move || gate_host::read(&paths));
        gate::merge_hosts(&mut evidence, &read.await.unwrap_or_default(), gate_host::now());
    }
    if let Some(file) = declared.settings_before.known() {
        evidence.settings_before = match tokio::fs::read_to_string(file).await {
            Ok(text) => {
                gate::recorded_settings(&text).unwrap_or_else(|error| Measured::NotMeasured(format!("{file} {error}")))
            }
            Err(error) => Measured::NotMeasured(format!("failed to read the settings of before in {file}: {error}")),
        };
    }
    evidence
}

async fn live(
    runtime: &Runtime,
    request: &Request,
    monitoring: Result<Option<prometheus::Settings>, Cause>,
) -> Evidence {
    match runtime.cluster() {
        Ok(Some(cluster)) => {
            let mut evidence = homelab_backends::gate::capture_for(&cluster, &request.weights).await;
            if let Some(wanted) = &request.manifests {
                homelab_backends::gate::add_manifests(Some(&cluster), wanted, &mut evidence).await;
            }
            let Request { weights, window_seconds, .. } = request;
            prometheus::add(monitoring, Some(&cluster), weights, *window_seconds, &mut evidence).await;
            evidence
        }
        Ok(None) => {
            Evidence::blind("the provider writes to a folder, where there is no cluster to look at; set evidence")
        }
        Err(error) => Evidence::blind(&format!("failed to {error}")),
    }
}

/// The declaration with the report in its computed attributes.
pub(super) fn with_report(mut declared: Declared, report: &Report) -> Declared {
    let finding = |found: &GateFinding| FindingModel {
        code: found.finding.code.id.to_owned(),
        class: found.class.to_string(),
        object: found.finding.object.clone(),
        observed: found.finding.observed.clone(),
        expected: found.finding.expected.clone(),
        source: found.finding.source.clone(),
        clears: found.finding.clears.clone(),
        tier: found.tier.name().to_owned(),
        checked_on: found.checked_on.clone(),
        hop: found.hop.map(|hop| hop.to_string()).unwrap_or_default(),
        waived_by: found.waived.as_ref().map(|waived| waived.owner.clone()).unwrap_or_default(),
    };
    let step = |step: &gate::Step| GateStep { phase: step.phase.name().to_owned(), what: step.what.clone() };
    let coverage = |seen: &gate::Coverage| GateCoverage {
        check: seen.check.to_owned(),
        state: seen.state.name().to_owned(),
        detail: seen.detail.clone(),
    };
    declared.verdict = Attr::Known(report.verdict.name().to_owned());
    declared.allowed = Attr::Known(report.verdict == Verdict::NoKnownBlockers);
    declared.findings = Attr::Known(report.findings.iter().map(finding).collect());
    declared.coverage = Attr::Known(report.coverage.iter().map(coverage).collect());
    declared.hops = Attr::Known(report.hops.clone());
    let blocked = report.first_blocked_hop.map(|hop| hop.to_string());
    declared.first_blocked_hop = Attr::Known(blocked.unwrap_or_default());
    declared.plan = Attr::Known(report.plan.iter().map(step).collect());
    declared
}

/// The reactions that stand where the user wrote none.
pub(super) fn with_reactions(declared: &mut Declared, default: Reaction) {
    for reaction in [&mut declared.on_blocked, &mut declared.on_held, &mut declared.on_unknown] {
        // Unknown is the server's word for "left out" in a plan; in a data source it is null.
        if reaction.known().is_none() {
            *reaction = Attr::Known(default);
        }
    }
}

/// Whether the declaration refuses to go on with this verdict, by its name.
pub(super) fn refuses(declared: &Declared, verdict: &str) -> bool {
    let reaction = if verdict == Verdict::NoKnownBlockers.name() {
        return false;
    } else if verdict == Verdict::Unknown.name() {
        &declared.on_unknown
    } else if verdict == Verdict::Held.name() {
        &declared.on_held
    } else {
        &declared.on_blocked
    };
    reaction.known() != Some(&Reaction::Record)
}

/// Whether two declarations ask the same: then the verdict of one is that of the other.
pub(super) fn same_question(left: &Declared, right: &Declared) -> bool {
    let (Some(asked), Some(again)) = (request(left), request(right)) else { return false };
    asked == again
        && left.evidence == right.evidence
        && left.prometheus == right.prometheus
        && left.host_evidence == right.host_evidence
        && left.settings_before == right.settings_before
}

/// What a person reads about a verdict: a headline and the findings that decided it.
pub(super) fn explain(report: &Report) -> (String, String) {
    let deciding: Vec<&GateFinding> = report.findings.iter().filter(|finding| finding.decides).collect();
    let from = report.current.as_ref().map_or_else(String::new, |current| format!(" from {current}"));
    let lines: Vec<String> = deciding
        .iter()
        .map(|found| {
            let finding = &found.finding;
            line(
                &found.class.to_string(),
                finding.code.id,
                &finding.object,
                [&finding.observed, &finding.expected, &finding.clears],
            )
        })
        .collect();
    let code = deciding.first().map(|found| found.finding.code.id);
    (headline(code, &from, &report.target, report.verdict.name()), lines.join("\n"))
}

/// As [`explain`], from what a read left in the state, which does not tell deciding findings from listed ones.
pub(super) fn explain_state(state: &Declared) -> (String, String) {
    let findings = state.findings.known().map(Vec::as_slice).unwrap_or_default();
    let target = state.target_version.known().map(String::as_str).unwrap_or_default();
    let verdict = state.verdict.known().map(String::as_str).unwrap_or_default();
    let lines: Vec<String> = findings
        .iter()
        .map(|found| line(&found.class, &found.code, &found.object, [&found.observed, &found.expected, &found.clears]))
        .collect();
    let code = findings.first().map(|found| found.code.as_str());
    (headline(code, "", target, verdict), lines.join("\n"))
}

fn headline(code: Option<&str>, from: &str, target: &str, verdict: &str) -> String {
    let code = code.map_or_else(String::new, |code| format!("{code}: "));
    let what = match verdict {
        "no_known_blockers" => "has no known blockers",
        "blocked" => "is blocked",
        "held" => "is held",
        _ => "could not be judged completely",
    };
    // Without its build, since the user's own spelling of it is in the configuration.
    let target = target.parse::<KubeVersion>().map_or_else(|_| target.to_owned(), |version| version.to_string());
    format!("{code}the upgrade{from} to {target} {what}")
}

fn line(class: &str, code: &str, object: &str, parts: [&String; 3]) -> String {
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect();
    format!("[{class}] {code} {object}: {}", parts.join(" "))
}
