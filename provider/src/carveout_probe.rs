//! `homelab_carveout_probe`: a resource whose object is a verdict.
//!
//! There is nothing to create, so the life of the resource is about what was accepted: an apply judges, and what it lets
//! pass is noted in the private state. Refresh only looks and stores what it saw. The plan compares what was seen last with
//! what was accepted, and shows an update where something is wrong that no apply has accepted; so the verdict reaches
//! whoever plans, and a failing apply does not make it go away.
//!
//! What the configuration calls an error can never have been accepted: otherwise a door that was recorded as walled off would
//! stay quiet after `on_walled` was made stricter, as soon as the apply that refuses it had stored the new argument.

mod state;
mod told;

use async_trait::async_trait;
use homelab_backends::http::{ProbeError, Prober};
use homelab_core::finding::Finding;
use homelab_core::probe::{Accepted, Defaults, Report, Run};
use homelab_cty::{Attr, Path};
use homelab_plugin::{
    Context, Create, Delete, Diagnostics, Import, NoIdentity, Plan, PlanRequest, Read, ReadRequest, Resource, State,
    Update,
};
use homelab_schema::carveout_probe::CarveoutProbe;
use homelab_schema::ingress::Expect;
use serde_json::Value as Json;

use self::state::{filled, forgotten, stored, unaccepted, unmeasured};
use self::told::{react, refuse, warn_of};
use crate::Runtime;

/// The resource.
pub struct CarveoutProbeResource {
    runtime: Runtime,
    prober: Prober,
}

/// The private note of what an apply has let pass.
const ACCEPTED: &str = "accepted";

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

    /// Looks, once or until all is well and at most for as long as a change may take.
    async fn look(&self, cx: &Context, run: &Run, defaults: &Defaults, settle: bool) -> Result<Report, ProbeError> {
        if !defaults.unknown.is_empty() {
            let unknown = defaults.unknown.join(", ");
            return Ok(unmeasured(run, &format!("{unknown} of the provider is not known yet")));
        }
        // Where there is nothing to ask, there is nothing to wait for.
        if settle && !run.checks.is_empty() {
            self.prober.settle(run, &cx.cancelled).await
        } else {
            self.prober.run(run, &cx.cancelled).await
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
                let at = match &error {
                    ProbeError::CaFile { .. } if !planned.ca_file.is_null() => Path::attr("ca_file"),
                    _ => Path::root(),
                };
                diagnostics.error(at, "Not probed", format!("The doors were not looked at: {error}."));
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

    fn version(&self) -> i64 {
        1
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
            plan.update = unaccepted(&plan.planned, results, &accepted);
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
                    for notice in report.notices() {
                        diagnostics.warning(notice.path.clone(), notice.headline(), notice.detail());
                    }
                    let same = Some(&report.verdict) == state.verdict.known();
                    let results = state.results.known().map(Vec::as_slice).unwrap_or_default();
                    if same && report.says_the_same(results) {
                        return Read::Unchanged;
                    }
                    stored(state, &report)
                }
                // The file may be gone on this machine alone. An apply says so with an error at the argument.
                Err(error @ ProbeError::CaFile { .. }) => stored(state, &unmeasured(&run, &error.to_string())),
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
        // What was wrong may have been put right moments ago, by an apply of this very run.
        let results = prior.results.known().map(Vec::as_slice).unwrap_or_default();
        let repaired = unaccepted(planned, results, &private.get(ACCEPTED).unwrap_or_default());
        let mut private = private.clone();
        match self.apply(cx, planned, rerouted || repaired, diagnostics).await {
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

    /// Version 0 had results with fewer members.
    async fn upgrade(&self, _cx: &Context, _version: i64, state: Json, _diagnostics: &mut Diagnostics) -> Option<Json> {
        Some(filled(state))
    }
}

#[cfg(test)]
mod tests;
