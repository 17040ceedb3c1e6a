//! `ImportResourceState` and `MoveResourceState`: states that come from elsewhere.
//!
//! Both answers are only good enough to be read next. What the author leaves open becomes null, as a state must.

use homelab_cty::{Path, Value};

use super::apply::Kept;
use super::judge::judge;
use super::managed::{self, Managed, bug};
use super::walk;
use crate::{Context, Diagnostics, Import, MoveFrom, State, oracle};

impl Managed {
    /// Imports by id or by identity; `None` with an error only.
    pub(super) async fn import(
        &self,
        cx: &Context,
        request: Import<Value>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Kept> {
        let asked = match &request {
            Import::Id(_) => None,
            Import::Identity(identity) => Some(identity.clone()),
        };
        let state = self.author.import(cx, request, diagnostics).await;
        if diagnostics.has_errors() {
            return None;
        }
        let Some(state) = state else {
            bug(diagnostics, Path::root(), "The import is neither an answer nor an error.");
            return None;
        };
        let mut kept = self.adopted(&state, diagnostics);
        kept.identity = asked.or(kept.identity);
        Some(kept)
    }

    /// Takes over the state of another type; `None` with an error only.
    pub(super) async fn move_from(
        &self,
        cx: &Context,
        request: MoveFrom<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Kept> {
        let (provider, source) = (request.provider.to_owned(), request.type_name.to_owned());
        let state = self.author.move_from(cx, request, diagnostics).await;
        if diagnostics.has_errors() {
            return None;
        }
        let Some(state) = state else {
            diagnostics.error(
                Path::root(),
                "This move is not supported",
                format!(
                    "{} cannot take over a {source} of {provider}. Remove the old object from state without destroying \
                     it (a `removed` block with `destroy = false`), and import it as {}.",
                    self.author.name(),
                    self.author.name(),
                ),
            );
            return None;
        };
        Some(self.adopted(&state, diagnostics))
    }

    fn adopted(&self, state: &State<Value>, diagnostics: &mut Diagnostics) -> Kept {
        let model = walk::storable(self.block(), &state.model);
        judge(diagnostics, || oracle::check_import(self.block(), &model));
        let identity = self.identity(&model, diagnostics);
        Kept { state: Some(model), private: managed::note_bytes(&[], &state.private), identity }
    }
}
