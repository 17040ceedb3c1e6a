//! `ApplyResourceChange`.

use homelab_cty::{Path, Value};

use super::filled::{filled, respelled};
use super::judge::judge;
use super::managed::{self, Managed, bug};
use super::walk;
use crate::{Context, Create, Delete, Diagnostics, State, Update, oracle};

/// What core asks. The private is that of the plan.
pub(super) struct ApplyCall<'a> {
    pub(super) config: &'a Value,
    pub(super) prior: Option<&'a Value>,
    pub(super) planned: Option<&'a Value>,
    pub(super) private: &'a [u8],
    pub(super) identity: Option<Value>,
}

/// What core gets to keep. A null state means: nothing new to keep. Without an error the object is gone; with one core
/// keeps what it had, which after a create is nothing.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) state: Option<Value>,
    pub(super) private: Vec<u8>,
    pub(super) identity: Option<Value>,
}

impl Managed {
    /// Creates, updates or deletes.
    pub(super) async fn apply(&self, cx: &Context, call: ApplyCall<'_>, diagnostics: &mut Diagnostics) -> Kept {
        let kept = match (call.prior, call.planned) {
            (None, Some(planned)) => self.create(cx, &call, planned, diagnostics).await,
            (Some(prior), Some(planned)) => self.update(cx, &call, prior, planned, diagnostics).await,
            (Some(prior), None) => self.delete(cx, &call, prior, diagnostics).await,
            (None, None) => None,
        };
        let Some(kept) = kept else {
            return Kept::default();
        };
        let found = self.identity(&kept.model, diagnostics);
        let identity = match call.identity {
            Some(identity) if managed::is_complete(&self.derived().identity, &identity) => {
                let found = found.unwrap_or(Value::Null);
                judge(diagnostics, || oracle::check_identity_kept(&identity, &found));
                Some(identity)
            }
            _ => found,
        };
        if call.prior.is_none() && diagnostics.has_errors() {
            return Kept::default();
        }
        Kept { private: managed::note_bytes(call.private, &kept.private), state: Some(kept.model), identity }
    }

    /// A state beside an error would be tainted, and the next plan would destroy what was made: so it is dropped, and
    /// the next create finds the object.
    async fn create(
        &self,
        cx: &Context,
        call: &ApplyCall<'_>,
        planned: &Value,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Value>> {
        let private = managed::notes(call.private);
        let request = Create { config: call.config, planned, private: &private };
        let answer = self.author.create(cx, request, diagnostics).await;
        if diagnostics.has_errors() {
            return None;
        }
        let Some(state) = answer else {
            bug(diagnostics, Path::root(), "The create is neither an answer nor an error.");
            return None;
        };
        let model = filled(self.block(), planned, &state.model);
        self.refuse_unknown(&model, diagnostics);
        judge(diagnostics, || oracle::check_apply(self.block(), planned, &model));
        (!diagnostics.has_errors()).then_some(State { model, private: state.private })
    }

    async fn update(
        &self,
        cx: &Context,
        call: &ApplyCall<'_>,
        prior: &Value,
        planned: &Value,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Value>> {
        let private = managed::notes(call.private);
        let request = Update { config: call.config, prior, planned, private: &private };
        let answer = self.author.update(cx, request, diagnostics).await;
        let Some(state) = answer else {
            if !diagnostics.has_errors() {
                bug(diagnostics, Path::root(), "The update is neither an answer nor an error.");
            }
            return None;
        };
        if diagnostics.has_errors() {
            return Some(self.left(state, prior));
        }
        let model = filled(self.block(), planned, &state.model);
        self.refuse_unknown(&model, diagnostics);
        judge(diagnostics, || oracle::check_apply(self.block(), planned, &model));
        let state = State { model, private: state.private };
        Some(if diagnostics.has_errors() { self.left(state, prior) } else { state })
    }

    async fn delete(
        &self,
        cx: &Context,
        call: &ApplyCall<'_>,
        prior: &Value,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Value>> {
        let private = managed::notes(call.private);
        let cx = Context { replacement: !managed::is_destroy(call.private), ..cx.clone() };
        let left = self.author.delete(&cx, Delete { prior, private: &private }, diagnostics).await?;
        if !diagnostics.has_errors() {
            bug(diagnostics, Path::root(), "The object is still there after its delete, and no error says why.");
        }
        Some(self.left(left, prior))
    }

    /// The state that a failed update or delete left behind: what the author saw, in the spelling of the prior state;
    /// what the author left open is as it was.
    fn left(&self, state: State<Value>, prior: &Value) -> State<Value> {
        let block = self.block();
        let model = filled(block, &state.model, prior);
        State { model: respelled(block, &walk::storable(block, &model), prior), private: state.private }
    }

    fn refuse_unknown(&self, model: &Value, diagnostics: &mut Diagnostics) {
        for path in walk::unknown(self.block(), model) {
            let what = format!("{path} is still unknown after the apply.");
            bug(diagnostics, path, what);
        }
    }
}
