//! `PlanResourceChange`.
//!
//! [`finish`] is pure: it turns an author's plan into one that core accepts, whatever the author answered. Its rules are
//! spread over [`super::planned`] (values), [`super::settle`] (no change) and [`super::replace`].

use homelab_cty::{Block, Path, Value};

use super::judge::judge;
use super::managed::{self, Managed, bug};
use super::planned::{Unanswered, planned};
use super::{replace, settle, walk};
use crate::{Context, Diagnostics, Plan, PlanRequest, oracle};

/// What core asks.
pub(super) struct PlanCall<'a> {
    pub(super) config: &'a Value,
    pub(super) prior: Option<&'a Value>,
    pub(super) private: &'a [u8],
    pub(super) identity: Option<Value>,
}

/// What core gets.
#[derive(Debug)]
pub(super) struct PlanAnswer {
    pub(super) planned: Value,
    pub(super) private: Vec<u8>,
    pub(super) replace: Vec<Path>,
    pub(super) identity: Option<Value>,
}

/// The values and the replacement of a plan.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finished {
    pub(super) planned: Value,
    pub(super) replace: Vec<Path>,
}

/// The configuration with its defaults, as an author starts from it.
pub(super) fn base(block: &Block, config: &Value, prior: Option<&Value>) -> Value {
    planned(block, config, prior.unwrap_or(&Value::Null), &Value::Null, Unanswered::Unknown)
}

/// The legal plan that is nearest to the author's.
pub(super) fn finish(block: &Block, config: &Value, prior: Option<&Value>, plan: &Plan<Value>) -> Finished {
    let prior_value = prior.unwrap_or(&Value::Null);
    let planned = planned(block, config, prior_value, &plan.planned, Unanswered::Unknown);
    let Some(prior) = prior else {
        return Finished { planned, replace: Vec::new() };
    };
    if !plan.update && settle::unchanged(block, config, &planned, prior) {
        return Finished { planned: walk::without_write_only(block, prior), replace: Vec::new() };
    }
    let mut replace = replace::forced(block, prior, &planned);
    for path in &plan.replace {
        if !replace.contains(path) {
            replace.push(path.clone());
        }
    }
    Finished { planned, replace }
}

impl Managed {
    /// Plans a create or an update; `None` with an error only.
    pub(super) async fn plan(
        &self,
        cx: &Context,
        call: PlanCall<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Option<PlanAnswer> {
        let block = self.block();
        let private = managed::notes(call.private);
        let request = PlanRequest {
            config: call.config,
            prior: call.prior,
            private: &private,
            planned: base(block, call.config, call.prior),
        };
        let plan = self.author.plan(cx, request, diagnostics).await;
        if diagnostics.has_errors() {
            return None;
        }
        let Some(plan) = plan else {
            bug(diagnostics, Path::root(), "The plan is neither an answer nor an error.");
            return None;
        };
        let finished = finish(block, call.config, call.prior, &plan);
        check(&finished, call.prior, &plan, diagnostics);
        let prior = call.prior.unwrap_or(&Value::Null);
        judge(diagnostics, || oracle::check_plan(block, prior, call.config, &finished.planned));
        judge(diagnostics, || oracle::check_replace(prior, &finished.planned, &finished.replace));
        let identity = match call.identity {
            Some(identity) if managed::is_complete(&self.derived().identity, &identity) => Some(identity),
            _ => self.identity(&finished.planned, diagnostics),
        };
        (!diagnostics.has_errors()).then(|| PlanAnswer {
            planned: finished.planned,
            private: managed::note_bytes(call.private, &plan.private),
            replace: finished.replace,
            identity,
        })
    }

    /// Looks at a destroy; the answer is the private for the delete.
    pub(super) async fn plan_destroy(
        &self,
        cx: &Context,
        prior: &Value,
        private: &[u8],
        diagnostics: &mut Diagnostics,
    ) -> Vec<u8> {
        let notes = managed::notes(private);
        let planned = self.author.plan_destroy(cx, prior, &notes, diagnostics).await;
        managed::destroy_bytes(planned)
    }
}

/// Finds what an author asked for and core would refuse, or silently not do.
fn check(finished: &Finished, prior: Option<&Value>, plan: &Plan<Value>, diagnostics: &mut Diagnostics) {
    let Some(prior) = prior else {
        return;
    };
    for path in &finished.replace {
        if !replace::resolves(path, prior) && !replace::resolves(path, &finished.planned) {
            bug(diagnostics, Path::root(), format!("The plan replaces for {path}, which does not exist."));
        }
    }
    if plan.update && finished.planned == *prior {
        let what = "The plan asks for an update, but leaves every value as it is: nothing would be applied.";
        bug(diagnostics, Path::root(), what);
    }
}
