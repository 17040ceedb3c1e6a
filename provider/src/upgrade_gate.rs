//! `homelab_upgrade_gate`: measures, lets `core` judge, and keeps the verdict.
//!
//! The verdict is measured on every read, and compared with the one that the last apply accepted: a verdict that nobody has
//! accepted is a change in the plan, so that drift detection sees it, and the apply measures again before it answers.

mod measure;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use async_trait::async_trait;
use homelab_core::gate::{self, KubeVersion, Report};
use homelab_cty::{Attr, Path};
use homelab_plugin::{
    Context, Create, DataSource, Delete, Diagnostics, Import, NoIdentity, Plan, PlanRequest, Private, Read,
    ReadRequest, Resource, State, Update,
};
use homelab_schema::upgrade_gate::{Reaction, UpgradeGate as Declared};

use self::measure::{explain, explain_state, measure, refuses, request, same_question, with_reactions, with_report};
use crate::Runtime;

/// The verdict that the last apply accepted.
const ACCEPTED: &str = "accepted";

/// The resource.
pub struct UpgradeGate {
    runtime: Runtime,
}

/// The data source: the same engine, without a baseline.
pub struct UpgradeGateData {
    runtime: Runtime,
}

impl UpgradeGate {
    /// The resource on that runtime.
    pub fn new(runtime: Runtime) -> Self {
        Self { runtime }
    }
}

impl UpgradeGateData {
    /// The data source on that runtime.
    pub fn new(runtime: Runtime) -> Self {
        Self { runtime }
    }
}

fn validate(declared: &Declared, diagnostics: &mut Diagnostics) {
    for refused in gate::declared_request(declared).err().into_iter().flatten() {
        diagnostics.error(refused.path, refused.summary, refused.detail);
    }
}

fn stopped(diagnostics: &mut Diagnostics) {
    let detail =
        "The run was stopped before the cluster was measured. Nothing was accepted; the next apply measures again.";
    diagnostics.error(Path::root(), "Stopped", detail);
}

#[async_trait]
impl Resource for UpgradeGate {
    type Model = Declared;
    type Identity = NoIdentity;

    fn name(&self) -> &'static str {
        "homelab_upgrade_gate"
    }

    fn identity(&self, _state: &Declared) -> NoIdentity {
        NoIdentity
    }

    async fn validate(&self, _cx: &Context, config: &Declared, diagnostics: &mut Diagnostics) {
        validate(config, diagnostics);
    }

    async fn plan(
        &self,
        cx: &Context,
        asked: PlanRequest<'_, Declared>,
        diagnostics: &mut Diagnostics,
    ) -> Plan<Declared> {
        let mut planned = asked.planned;
        with_reactions(&mut planned, Reaction::Error);
        let mut plan = Plan::new(planned, asked.private);
        if let Some(prior) = asked.prior {
            // What the last read measured is what an apply would meet, unless nobody has accepted it yet.
            let accepted: Option<String> = asked.private.get(ACCEPTED);
            plan.update = prior.verdict.known() != accepted.as_ref();
        }
        if let Some((summary, detail)) = self.refusal(cx, asked.prior, &plan.planned).await {
            let detail = format!("{detail}\nAs it stands now, the apply will refuse it.");
            diagnostics.warning(Path::attr("target_version"), summary, detail);
        }
        plan
    }

    async fn create(
        &self,
        cx: &Context,
        asked: Create<'_, Declared>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        let state = self.settle(cx, asked.planned, asked.private, diagnostics).await;
        if diagnostics.has_errors() { None } else { state }
    }

    async fn read(
        &self,
        cx: &Context,
        asked: ReadRequest<'_, Declared>,
        _diagnostics: &mut Diagnostics,
    ) -> Read<Declared> {
        let mut state = asked.state.clone();
        with_reactions(&mut state, Reaction::Error);
        let Some(request) = request(&state) else { return Read::Unchanged };
        let Some(report) = measure(&self.runtime, cx, &state, &request).await else { return Read::Unchanged };
        Read::State(State { model: with_report(state, &report), private: asked.private.clone() })
    }

    async fn update(
        &self,
        cx: &Context,
        asked: Update<'_, Declared>,
        diagnostics: &mut Diagnostics,
    ) -> State<Declared> {
        self.settle(cx, asked.planned, asked.private, diagnostics)
            .await
            .unwrap_or_else(|| State { model: asked.prior.clone(), private: asked.private.clone() })
    }

    async fn delete(
        &self,
        _cx: &Context,
        _asked: Delete<'_, Declared>,
        _diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        None
    }

    async fn import(
        &self,
        _cx: &Context,
        asked: Import<NoIdentity>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        let Import::Id(target) = asked else {
            diagnostics.error(
                Path::root(),
                "A gate has no identity",
                "Import it by its target version, such as 1.36.2.",
            );
            return None;
        };
        if let Err(error) = target.parse::<KubeVersion>() {
            let detail = format!("{error}. The import id of a gate is its target version.");
            diagnostics.error(Path::root(), "Not a Kubernetes version", detail);
            return None;
        }
        let mut model = Declared { target_version: Attr::Known(target), ..Declared::default() };
        model.deprecated_api_window = Attr::Known("24h".to_owned());
        // The read that follows measures; what it finds has been accepted by nobody yet.
        Some(State { model, private: Private::new() })
    }
}

impl UpgradeGate {
    /// What an apply would say against the verdict as it stands now: headline and findings.
    async fn refusal(&self, cx: &Context, prior: Option<&Declared>, planned: &Declared) -> Option<(String, String)> {
        match prior {
            // It was measured a moment ago, by the read before this plan.
            Some(prior) if same_question(prior, planned) => {
                refuses(planned, prior.verdict.known()?).then(|| explain_state(prior))
            }
            _ => {
                let report = measure(&self.runtime, cx, planned, &request(planned)?).await?;
                refuses(planned, report.verdict.name()).then(|| explain(&report))
            }
        }
    }

    /// Measures for an apply: the observed state, with an error where the verdict is refused, or accepted where not.
    async fn settle(
        &self,
        cx: &Context,
        planned: &Declared,
        private: &Private,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        let Some(request) = request(planned) else {
            diagnostics.error(
                Path::attr("target_version"),
                "Not a Kubernetes version",
                "It must be known and in full.",
            );
            return None;
        };
        let Some(report) = measure(&self.runtime, cx, planned, &request).await else {
            stopped(diagnostics);
            return None;
        };
        let mut private = private.clone();
        if refuses(planned, report.verdict.name()) {
            let (summary, detail) = explain(&report);
            diagnostics.error(Path::attr("target_version"), summary, detail);
        } else {
            private.set(ACCEPTED, &report.verdict.name());
            listed(&report, diagnostics);
        }
        Some(State { model: with_report(planned.clone(), &report), private })
    }
}

/// Findings of checks that only warn decide nothing, but must not be silent either: among them is what was not measured.
///
/// One warning for each code: a small cluster has a single replica of nearly everything.
fn listed(report: &Report, diagnostics: &mut Diagnostics) {
    let mut by_headline: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for found in report.findings.iter().filter(|found| !found.decides) {
        let finding = &found.finding;
        let line = format!("[{}] {}: {}", found.class, finding.object, finding.detail());
        by_headline.entry(finding.headline()).or_default().push(line);
    }
    for (headline, lines) in by_headline {
        diagnostics.warning(Path::attr("checks"), headline, lines.join("\n"));
    }
}

#[async_trait]
impl DataSource for UpgradeGateData {
    type Model = Declared;

    fn name(&self) -> &'static str {
        "homelab_upgrade_gate"
    }

    async fn validate(&self, _cx: &Context, config: &Declared, diagnostics: &mut Diagnostics) {
        validate(config, diagnostics);
    }

    async fn read(&self, cx: &Context, mut config: Declared, diagnostics: &mut Diagnostics) -> Option<Declared> {
        with_reactions(&mut config, Reaction::Record);
        let request = request(&config)?;
        let Some(report) = measure(&self.runtime, cx, &config, &request).await else {
            stopped(diagnostics);
            return None;
        };
        if refuses(&config, report.verdict.name()) {
            let (summary, detail) = explain(&report);
            diagnostics.error(Path::attr("target_version"), summary, detail);
            return None;
        }
        listed(&report, diagnostics);
        Some(with_report(config, &report))
    }
}
