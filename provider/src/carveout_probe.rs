//! `homelab_carveout_probe`: a resource whose object is a verdict.
//!
//! There is nothing to create, so the life of the resource is about what was accepted: an apply judges, and what it lets
//! pass is noted in the private state. Refresh only looks and stores what it saw. The plan compares what was seen last with
//! what was accepted, and shows an update where something is wrong that no apply has accepted; so the verdict reaches
//! whoever plans, and a failing apply does not make it go away.

use async_trait::async_trait;
use homelab_backends::http::{ProbeError, Prober};
use homelab_core::finding::{Finding, probe};
use homelab_core::probe::{
    Accepted, Defaults, Failure, Observation, Report, Run, complaints, in_form, judge, reaction,
};
use homelab_cty::{Attr, Path};
use homelab_plugin::{
    Context, Create, Delete, Diagnostics, Import, NoIdentity, Plan, PlanRequest, Read, ReadRequest, Resource, State,
    Update,
};
use homelab_schema::carveout_probe::{CarveoutProbe, OnVerdict, ProbeResult, Verdict};
use homelab_schema::ingress::Expect;

use crate::Runtime;

/// The resource.
pub struct CarveoutProbeResource {
    runtime: Runtime,
    prober: Prober,
}

/// The private note of what an apply has let pass.
const ACCEPTED: &str = "accepted";

/// More warnings than this hide each other.
const MOST_WARNINGS: usize = 10;

impl CarveoutProbeResource {
    /// With the provider's own defaults, as they are when it is needed.
    pub fn new(runtime: Runtime) -> Self {
        Self { runtime, prober: Prober::new() }
    }

    fn defaults(&self) -> Result<Defaults, Vec<Finding>> {
        Defaults::new(&self.runtime.site(), &self.runtime.probe_defaults())
    }

    fn run_of(&self, model: &CarveoutProbe) -> Result<(Run, Defaults), Vec<Finding>> {
        let defaults = self.defaults()?;
        Ok((Run::new(model, &defaults)?, defaults))
    }

    /// Looks, and answers a verdict whatever happens; an error is a cancelled run alone.
    async fn look(&self, cx: &Context, run: &Run, defaults: &Defaults, settle: bool) -> Result<Report, ProbeError> {
        if !defaults.unknown.is_empty() {
            let unknown = defaults.unknown.join(", ");
            return Ok(unmeasured(run, &format!("{unknown} of the provider is not known yet")));
        }
        let looked = if settle {
            self.prober.settle(run, &cx.cancelled).await
        } else {
            self.prober.run(run, &cx.cancelled).await
        };
        match looked {
            Err(error @ ProbeError::CaFile { .. }) => Ok(unmeasured(run, &error.to_string())),
            other => other,
        }
    }

    /// Looks and judges for an apply. `None` is a refusal, and `diagnostics` says why.
    async fn apply(
        &self,
        cx: &Context,
        planned: &CarveoutProbe,
        settle: bool,
        diagnostics: &mut Diagnostics,
    ) -> Option<Applied> {
        let (run, defaults) = self.run_of(planned).map_err(|findings| refuse(&findings, diagnostics)).ok()?;
        match self.look(cx, &run, &defaults, settle).await {
            Err(error) => {
                diagnostics.error(Path::root(), "Not probed", format!("The doors were not looked at: {error}."));
                None
            }
            Ok(report) => {
                let refused = react(planned, &report, diagnostics);
                Some(Applied { model: stored(planned, &report), complaints: report.complaints(), refused })
            }
        }
    }
}

/// What an apply saw.
struct Applied {
    model: CarveoutProbe,
    complaints: Accepted,
    refused: bool,
}

#[async_trait]
impl Resource for CarveoutProbeResource {
    type Model = CarveoutProbe;
    type Identity = NoIdentity;

    fn name(&self) -> &'static str {
        "homelab_carveout_probe"
    }

    fn identity(&self, _state: &CarveoutProbe) -> NoIdentity {
        NoIdentity
    }

    async fn validate(&self, _cx: &Context, config: &CarveoutProbe, diagnostics: &mut Diagnostics) {
        // The provider is not configured yet: whether it allows private addresses is the plan's question.
        let lenient = Defaults { allow_private: Some(true), ..Defaults::default() };
        let config = CarveoutProbe { allow_private: Attr::Null, ..config.clone() };
        if let Err(findings) = Run::new(&config, &lenient) {
            refuse(&findings, diagnostics);
        }
    }

    async fn plan(
        &self,
        _cx: &Context,
        request: PlanRequest<'_, CarveoutProbe>,
        diagnostics: &mut Diagnostics,
    ) -> Plan<CarveoutProbe> {
        match self.run_of(&request.planned) {
            Err(findings) => refuse(&findings, diagnostics),
            Ok((run, defaults)) => {
                let gated = run.checks.iter().any(|check| check.outcome == Expect::Gated.into());
                if gated
                    && defaults.unknown.is_empty()
                    && !run.settings.wall.is_declared()
                    && !request.planned.wall.is_unknown()
                {
                    diagnostics.warning(
                        Path::root(),
                        "No wall is declared",
                        "Any wall that is known passes for the gate, also one of somebody else. Set `wall` here, or in the \
                         provider's `site` block.",
                    );
                }
            }
        }
        let mut plan = Plan::new(request.planned, request.private);
        if let Some(prior) = request.prior {
            let results = prior.results.known().map(Vec::as_slice).unwrap_or_default();
            let accepted: Accepted = request.private.get(ACCEPTED).unwrap_or_default();
            plan.update = !complaints(results).is_subset(&accepted);
            warn_of(&plan.planned, results, plan.update, diagnostics);
        }
        plan
    }

    async fn create(
        &self,
        cx: &Context,
        request: Create<'_, CarveoutProbe>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<CarveoutProbe>> {
        let applied = self.apply(cx, request.planned, true, diagnostics).await?;
        if applied.refused {
            return None;
        }
        let mut private = request.private.clone();
        private.set(ACCEPTED, &applied.complaints);
        Some(State { model: applied.model, private })
    }

    async fn read(
        &self,
        cx: &Context,
        request: ReadRequest<'_, CarveoutProbe>,
        diagnostics: &mut Diagnostics,
    ) -> Read<CarveoutProbe> {
        let state = request.state;
        let seen = match self.run_of(state) {
            Ok((run, defaults)) => match self.look(cx, &run, &defaults, false).await {
                Ok(report) => {
                    let same = Some(&report.verdict) == state.verdict.known();
                    let results = state.results.known().map(Vec::as_slice).unwrap_or_default();
                    if same && report.says_the_same(results) {
                        return Read::Unchanged;
                    }
                    stored(state, &report)
                }
                Err(error) => {
                    diagnostics.error(Path::root(), "Not probed", format!("The doors were not looked at: {error}."));
                    return Read::Unchanged;
                }
            },
            // What was fine to probe once is not any more, mostly because the provider block has changed. The plan says so
            // with an error; here it only must not look like a pass.
            Err(_) => forgotten(state),
        };
        if seen == *state {
            Read::Unchanged
        } else {
            Read::State(State { model: seen, private: request.private.clone() })
        }
    }

    async fn update(
        &self,
        cx: &Context,
        request: Update<'_, CarveoutProbe>,
        diagnostics: &mut Diagnostics,
    ) -> State<CarveoutProbe> {
        let Update { prior, planned, private, .. } = request;
        let rerouted = (&prior.targets, &prior.target, &prior.wall, &prior.connect_to, &prior.resolver)
            != (&planned.targets, &planned.target, &planned.wall, &planned.connect_to, &planned.resolver);
        let mut private = private.clone();
        match self.apply(cx, planned, rerouted, diagnostics).await {
            // Nothing was looked at: the state is as it was.
            None => State { model: prior.clone(), private },
            Some(applied) => {
                if !applied.refused {
                    private.set(ACCEPTED, &applied.complaints);
                }
                State { model: applied.model, private }
            }
        }
    }

    async fn delete(
        &self,
        _cx: &Context,
        _request: Delete<'_, CarveoutProbe>,
        _diagnostics: &mut Diagnostics,
    ) -> Option<State<CarveoutProbe>> {
        None
    }

    async fn import(
        &self,
        _cx: &Context,
        _request: Import<NoIdentity>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<CarveoutProbe>> {
        diagnostics.error(
            Path::root(),
            "A probe cannot be imported",
            "It makes nothing that could be found again. Create it: that only looks and records.",
        );
        None
    }
}

/// Every check of `run`, not measured for the reason `why`.
fn unmeasured(run: &Run, why: &str) -> Report {
    let missing = || vec![Observation::failed(Failure::Unreachable(why.to_owned()))];
    judge(run.checks.clone(), run.checks.iter().map(|_| missing()).collect(), run.settings.threshold)
}

/// The state with what was seen.
fn stored(model: &CarveoutProbe, report: &Report) -> CarveoutProbe {
    let checked = i64::try_from(report.checked()).unwrap_or(i64::MAX);
    CarveoutProbe {
        verdict: report.verdict.into(),
        results: report.results().into(),
        checked: checked.into(),
        ..model.clone()
    }
}

/// The state when nothing could be asked at all.
fn forgotten(state: &CarveoutProbe) -> CarveoutProbe {
    let results = state.results.known().cloned().unwrap_or_default();
    let forget = |result: ProbeResult| ProbeResult {
        verdict: Verdict::Unknown,
        observed: "unreachable".to_owned(),
        system: String::new(),
        share: "0/0".to_owned(),
        ..result
    };
    CarveoutProbe {
        verdict: Verdict::Unknown.into(),
        results: results.into_iter().map(forget).collect::<Vec<_>>().into(),
        checked: 0.into(),
        ..state.clone()
    }
}

fn refuse(findings: &[Finding], diagnostics: &mut Diagnostics) {
    for finding in findings {
        diagnostics.error(finding.path.clone(), finding.headline(), finding.detail());
    }
}

/// Says what is wrong, each as loud as the resource was told to; whether any of it refuses the apply.
fn react(model: &CarveoutProbe, report: &Report, diagnostics: &mut Diagnostics) -> bool {
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
    refused
}

/// Says in a plan what the last look saw: findings on what does not change are warnings, and an open door is never quiet.
fn warn_of(model: &CarveoutProbe, results: &[ProbeResult], update: bool, diagnostics: &mut Diagnostics) {
    let loud = |result: &&ProbeResult| {
        let quiet = reaction(model, result.verdict) == OnVerdict::Record && result.verdict != Verdict::Exposed;
        result.verdict != Verdict::Ok && (update || !quiet)
    };
    let mut bad: Vec<&ProbeResult> = results.iter().filter(loud).collect();
    bad.sort_by_key(|result| std::cmp::Reverse(result.verdict));
    let mut groups: Vec<(&ProbeResult, usize)> = Vec::new();
    for result in bad {
        let alike = |first: &ProbeResult| first.label == result.label && first.verdict == result.verdict;
        match groups.iter_mut().find(|(first, _)| alike(first)) {
            Some((_, others)) => *others += 1,
            None => groups.push((result, 0)),
        }
    }
    for (result, others) in groups.iter().take(MOST_WARNINGS) {
        let finding = finding_of(result, *others);
        diagnostics.warning(Path::root(), finding.headline(), finding.detail());
    }
    if groups.len() > MOST_WARNINGS {
        let more = groups.len() - MOST_WARNINGS;
        diagnostics.warning(Path::root(), "More doors are not as declared", format!("{more} more: see `results`."));
    }
}

/// A stored result in words, with so many `others` of the same door.
fn finding_of(result: &ProbeResult, others: usize) -> Finding {
    let code = match result.verdict {
        Verdict::Exposed => probe::EXPOSED,
        Verdict::Walled => probe::WALLED,
        // On a public path only the declared answer can be missing: a gate there is `walled`, in whatever form.
        Verdict::Degraded if result.expect == "public" => probe::CONTRACT,
        Verdict::Degraded => probe::DEGRADED,
        Verdict::Ok | Verdict::Unknown => probe::UNKNOWN,
    };
    let system = if result.system.is_empty() { String::new() } else { format!(" by {}", result.system) };
    let more = if others == 0 { String::new() } else { format!(" So were {others} more paths of `{}`.", result.label) };
    let observed = format!(
        "{} {}{} is declared as {} and was seen as {}{system} ({} samples).{more}",
        result.method,
        result.url,
        in_form(&result.with),
        result.expect,
        result.observed,
        result.share
    );
    Finding::new(code, &result.url, observed).summary(format!("{}: {}", code.title, result.url))
}

#[cfg(test)]
mod tests;
