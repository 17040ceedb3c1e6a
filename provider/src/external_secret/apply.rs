//! Writing and removing.

use homelab_backends::objects::{ApplyRequest, Backend, DeleteRequest, Live, Objects};
use homelab_core::secret::outputs;
use homelab_cty::{Attr, Path};
use homelab_plugin::{Context, Diagnostics, Private, Severity, State};
use homelab_schema::external_secret::{ExternalSecret as Declared, OnDestroy};

use super::world::attribute;
use super::{CREATION, ExternalSecret, TYPE, id_of};
use crate::deletion::{creation_of, delete};
use crate::findings::Planning;
use crate::{Phase, Report};

impl ExternalSecret {
    /// Creates the object; `None` with an error.
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
        let written = self.write(objects.as_ref(), planned, &request, diagnostics).await;
        if written.is_none() {
            self.runtime.claims().release(&request.id);
        }
        written
    }

    /// Changes the object in place; `None` with an error.
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
        self.write(objects.as_ref(), planned, &request, diagnostics).await
    }

    /// Removes the object; what is left of it with an error.
    pub(super) async fn remove(
        &self,
        cx: &Context,
        prior: &Declared,
        private: &Private,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        let kept = || Some(State { model: prior.clone(), private: private.clone() });
        let id = id_of(prior)?;
        let Some(objects) = self.reach(cx, diagnostics) else { return kept() };
        let owner = self.runtime.owner(TYPE, id.namespace.as_deref().unwrap_or_default(), &id.name);
        let kept_creation = private.get(CREATION);
        let Ok(creation) = creation_of(objects.as_ref(), &id, kept_creation, &owner, diagnostics).await else {
            return kept();
        };
        let mut request = DeleteRequest::new(id, creation);
        request.orphan_dependents = prior.on_destroy.known() != Some(&OnDestroy::DeleteSecret);
        if delete(objects.as_ref(), &request, &owner, &self.runtime.claims(), diagnostics).await.is_err() {
            return kept();
        }
        None
    }

    async fn write(
        &self,
        objects: &dyn Objects,
        planned: &Declared,
        request: &ApplyRequest,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        self.runtime.claims().note_write();
        match objects.apply(request).await {
            Ok(applied) => {
                let mut model = planned.clone();
                as_written(&mut model, &applied.live, objects.backend());
                let mut private = Private::new();
                private.set(CREATION, &request.mark.creation);
                Some(State { model, private })
            }
            Err(error) => {
                diagnostics.object_error(attribute(&error), &error);
                None
            }
        }
    }

    /// The last word before the write: what was only a warning in the plan of a create is an error now. Warnings were said
    /// at plan; `None` with an error.
    async fn insist(&self, objects: &dyn Objects, model: &Declared, diagnostics: &mut Diagnostics) -> Option<()> {
        let mut seen = Diagnostics::new();
        self.look_at_references(objects, model, Planning::Update, &mut seen).await;
        for error in seen.iter().filter(|diagnostic| diagnostic.severity == Severity::Error) {
            diagnostics.push(error.clone());
        }
        (!seen.has_errors()).then_some(())
    }

    fn complete(&self, planned: &Declared, diagnostics: &mut Diagnostics) -> Option<ApplyRequest> {
        let request = self.request(planned);
        if request.is_none() {
            diagnostics.error(
                Path::root(),
                "Not everything is known",
                "A part of the declaration is still unknown in apply.",
            );
        }
        request
    }
}

/// Fills what only the written object tells.
pub(super) fn as_written(model: &mut Declared, live: &Live, backend: Backend) {
    let version = live.object.get("apiVersion").and_then(serde_json::Value::as_str);
    model.api_version = version.map(str::to_owned).into();
    model.revision = match backend {
        Backend::Cluster => live.generation().into(),
        Backend::Folder => Attr::Null,
    };
    model.handle = outputs::handle(model).map(|handle| handle.to_string()).into();
}
