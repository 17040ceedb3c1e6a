//! What is stored of a look, and what of it nobody has accepted.

use homelab_core::probe::{Accepted, Failure, Observation, Report, Run, complaints, judge, reaction};
use homelab_cty::{Leaf, Type};
use homelab_schema::carveout_probe::{CarveoutProbe, OnVerdict, ProbeResult, Verdict};
use serde_json::Value as Json;

/// Whether anything is wrong in these results that an apply has to deal with: what the configuration lets pass and no apply
/// has accepted yet, and whatever it does not let pass.
pub(super) fn unaccepted(model: &CarveoutProbe, results: &[ProbeResult], accepted: &Accepted) -> bool {
    let is_open = |verdict: Verdict, results: &[ProbeResult]| {
        reaction(model, verdict) == OnVerdict::Error || !complaints(results).is_subset(accepted)
    };
    if results.is_empty() {
        return is_open(Verdict::Unknown, results);
    }
    results
        .iter()
        .filter(|result| result.verdict != Verdict::Ok)
        .any(|result| is_open(result.verdict, std::slice::from_ref(result)))
}

/// Every check of `run`, not measured for the reason `why`.
pub(super) fn unmeasured(run: &Run, why: &str) -> Report {
    let missing = || vec![Observation::failed(Failure::Unreachable(why.to_owned()))];
    judge(run.checks.clone(), run.checks.iter().map(|_| missing()).collect(), run.settings.threshold)
}

/// The state with what was seen.
pub(super) fn stored(model: &CarveoutProbe, report: &Report) -> CarveoutProbe {
    let checked = i64::try_from(report.checked()).unwrap_or(i64::MAX);
    CarveoutProbe {
        verdict: report.verdict.into(),
        results: report.results().into(),
        checked: checked.into(),
        ..model.clone()
    }
}

/// The state when nothing could be asked at all.
pub(super) fn forgotten(state: &CarveoutProbe) -> CarveoutProbe {
    let results = state.results.known().cloned().unwrap_or_default();
    let forget = |result: ProbeResult| ProbeResult {
        verdict: Verdict::Unknown,
        observed: "unreachable".to_owned(),
        system: String::new(),
        share: "0/0".to_owned(),
        evidence: String::new(),
        ..result
    };
    CarveoutProbe {
        verdict: Verdict::Unknown.into(),
        results: results.into_iter().map(forget).collect::<Vec<_>>().into(),
        checked: 0.into(),
        ..state.clone()
    }
}

/// An older state in which every text that a result has today is there, if only empty; the next look fills it.
pub(super) fn filled(mut state: Json) -> Json {
    let Type::Object(members) = ProbeResult::ty() else { return state };
    let texts: Vec<_> = members.into_iter().filter(|(_, ty)| *ty == Type::String).map(|(name, _)| name).collect();
    let results = state.get_mut("results").and_then(Json::as_array_mut);
    for result in results.into_iter().flatten().filter_map(Json::as_object_mut) {
        for name in &texts {
            let text = result.entry(name.clone()).or_insert(Json::Null);
            if text.is_null() {
                *text = Json::String(String::new());
            }
        }
    }
    state
}
