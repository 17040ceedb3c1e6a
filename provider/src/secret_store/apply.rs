//! Writing a store, and hearing what the controller says of it.

use std::sync::Arc;

use homelab_backends::objects::{ApplyRequest, Backend, Change, Objects};
use homelab_core::store::outputs;
use homelab_cty::{Attr, Path};
use homelab_plugin::{Context, Diagnostics, Private, State};
use homelab_schema::secret_store::SecretStore as Declared;

use super::wait::{Limit, limit};
use super::world::attribute;
use super::{CREATION, SecretStore};
use crate::findings::{Findings, Planning};
use crate::{Phase, Report};

impl SecretStore {
    /// The objects, or an error that stops the call.
    pub(super) fn reach(&self, cx: &Context, diagnostics: &mut Diagnostics) -> Option<Arc<dyn Objects>> {
        match self.runtime.objects(cx) {
            Ok(objects) => Some(objects),
            Err(error) => {
                diagnostics.object_error(Path::root(), &error);
                None
            }
        }
    }

    /// Creates the object. `None`, or a state, with an error.
    pub(super) async fn make(
        &self,
        cx: &Context,
        planned: &Declared,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        let objects = self.reach(cx, diagnostics)?;
        let request = self.complete(planned, diagnostics)?;
        self.insist(objects.as_ref(), planned, diagnostics).await?;
        if let Err(first) = self.runtime.claims().claim(Phase::Create, &request.id, &request.mark.owner) {
            diagnostics.claimed_twice(Path::attr("name"), &request.id, &first, &request.mark.owner);
            return None;
        }
        let written = self.write(objects.as_ref(), planned, &request, Limit::Create, diagnostics).await;
        if written.is_none() || diagnostics.has_errors() {
            self.runtime.claims().release(&request.id);
        }
        written
    }

    /// Changes the object in place; `None` where it was not written.
    pub(super) async fn change(
        &self,
        cx: &Context,
        planned: &Declared,
        private: &Private,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        let objects = self.reach(cx, diagnostics)?;
        let mut request = self.complete(planned, diagnostics)?;
        self.insist(objects.as_ref(), planned, diagnostics).await?;
        if let Some(creation) = private.get(CREATION) {
            request.mark.creation = creation;
        }
        self.write(objects.as_ref(), planned, &request, Limit::Update, diagnostics).await
    }

    async fn write(
        &self,
        objects: &dyn Objects,
        planned: &Declared,
        request: &ApplyRequest,
        which: Limit,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        let is_cluster = objects.backend() == Backend::Cluster;
        let waits = is_cluster && planned.wait.known() != Some(&false);
        // What was said before the write is no news after it.
        let before = if waits { self.events(objects, &request.id).await } else { Ok(Vec::new()) };
        let before = match before {
            Ok(before) => before,
            Err(error) => {
                diagnostics.object_error(Path::root(), &error);
                return None;
            }
        };
        self.runtime.claims().note_write();
        let applied = match objects.apply(request).await {
            Ok(applied) => applied,
            Err(error) => {
                diagnostics.object_error(attribute(&error), &error);
                return None;
            }
        };
        let mut model = planned.clone();
        outputs::as_written(&mut model, &applied.live.object, is_cluster);
        let mut private = Private::new();
        private.set(CREATION, &request.mark.creation);
        model.ready = Attr::Null;
        if waits {
            let changed = applied.change != Change::Unchanged;
            let limit = limit(planned, which);
            let accepted = self.accepted(objects, planned, &applied.live, changed, &before, limit, diagnostics).await;
            model.ready = Attr::Known(accepted);
        }
        Some(State { model, private })
    }

    /// The last word before the write: what was only a warning in the plan of a create is an error now. Warnings were said
    /// at plan; `None` with an error.
    async fn insist(&self, objects: &dyn Objects, model: &Declared, diagnostics: &mut Diagnostics) -> Option<()> {
        let mut seen = Diagnostics::new();
        self.look_at_references(objects, model, Planning::Update, true, &mut seen).await;
        diagnostics.insist(&seen)
    }

    fn complete(&self, planned: &Declared, diagnostics: &mut Diagnostics) -> Option<ApplyRequest> {
        let request = self.request(planned);
        if request.is_none() {
            diagnostics.still_unknown();
        }
        request
    }
}
