//! Writing and removing.

use std::time::Duration;

use homelab_backends::objects::{ApplyRequest, Backend, DeleteRequest, Live, Objects};
use homelab_core::secret::outputs;
use homelab_cty::{Attr, Path};
use homelab_plugin::{Context, Diagnostics, Private, State};
use homelab_schema::external_secret::{DeletionPolicy, ExternalSecret as Declared, OnDestroy};

use super::wait::{Waiting, after, limit};
use super::world::attribute;
use super::{CREATION, ExternalSecret, TYPE, id_of};
use crate::deletion::{creation_of, delete};
use crate::findings::{Findings, Planning};
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
        let limit = limit(planned, |timeouts| &timeouts.create);
        let written = self.write(objects.as_ref(), planned, &request, limit, false, diagnostics).await;
        // What a failed wait leaves is adopted by the next create: a state now would be a tainted one.
        let done = written.filter(|_| !diagnostics.has_errors());
        if done.is_none() {
            self.runtime.claims().release(&request.id);
        }
        done
    }

    /// Changes the object in place; `None` with an error, where nothing was written.
    pub(super) async fn change(
        &self,
        cx: &Context,
        prior: &Declared,
        planned: &Declared,
        private: &Private,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        let objects = self.reach(cx, diagnostics)?;
        let mut request = self.complete(planned, diagnostics)?;
        self.insist(objects.as_ref(), planned, diagnostics).await?;
        if !self.may_rename(objects.as_ref(), prior, planned, Duration::ZERO, diagnostics).await {
            return None;
        }
        if let Some(creation) = private.get(CREATION) {
            request.mark.creation = creation;
        }
        let limit = limit(planned, |timeouts| &timeouts.update);
        let is_again = prior.ready.known() == Some(&false);
        self.write(objects.as_ref(), planned, &request, limit, is_again, diagnostics).await
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
        if !self.may_destroy(objects.as_ref(), prior, diagnostics).await {
            return kept();
        }
        let mut request = DeleteRequest::new(id, creation);
        request.orphan_dependents = prior.on_destroy.known() != Some(&OnDestroy::DeleteSecret);
        if let Some(limit) = limit(prior, |timeouts| &timeouts.delete) {
            request.wait = limit;
        }
        if request.orphan_dependents
            && self.let_secret_stay(objects.as_ref(), prior, &request, diagnostics).await.is_none()
        {
            return kept();
        }
        if delete(objects.as_ref(), &request, &owner, &self.runtime.claims(), diagnostics).await.is_err() {
            return kept();
        }
        None
    }

    /// With `deletion_policy` Delete the operator itself deletes the Secret of an ExternalSecret that goes, whatever we ask the
    /// cluster for. So that policy goes first. `None` with an error.
    async fn let_secret_stay(
        &self,
        objects: &dyn Objects,
        prior: &Declared,
        request: &DeleteRequest,
        diagnostics: &mut Diagnostics,
    ) -> Option<()> {
        if objects.backend() == Backend::Folder {
            return Some(());
        }
        let live = match objects.get(&request.id).await {
            Ok(live) => live,
            Err(error) => {
                diagnostics.object_error(Path::root(), &error);
                return None;
            }
        };
        let deletes =
            |live: &Live| live.object.pointer("/spec/target/deletionPolicy").is_some_and(|one| one == "Delete");
        let Some(live) = live.filter(deletes) else { return Some(()) };
        // One that is not ours any more is only let go of.
        let Some(mark) = live.mark().filter(|mark| request.creation.as_ref() == Some(&mark.creation)) else {
            return Some(());
        };
        let mut target = prior.target.known().cloned().unwrap_or_default();
        target.deletion_policy = DeletionPolicy::Retain.into();
        let milder = Declared { target: target.into(), ..prior.clone() };
        let mut apply = self.complete(&milder, diagnostics)?;
        apply.mark = mark;
        self.runtime.claims().note_write();
        match objects.apply(&apply).await {
            Ok(applied) => {
                self.until_noticed(objects, &request.id, applied.live).await;
                Some(())
            }
            Err(error) => {
                diagnostics.object_error(attribute(&error), &error);
                None
            }
        }
    }

    /// Writes, and waits until the operator is done; `None` with an error where nothing was written. With an error after that
    /// the answer is what there is. `again` has the operator try again although nothing changes.
    async fn write(
        &self,
        objects: &dyn Objects,
        planned: &Declared,
        request: &ApplyRequest,
        limit: Option<Duration>,
        again: bool,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        let is_cluster = objects.backend() == Backend::Cluster;
        let (before, is_there) = match self.before(objects, &request.id).await {
            Ok(before) => before,
            Err(error) => {
                diagnostics.object_error(Path::root(), &error);
                return None;
            }
        };
        self.runtime.claims().note_write();
        let request = ApplyRequest { is_new: !is_there, ..request.clone() };
        let applied = match objects.apply(&request).await {
            Ok(applied) => applied,
            Err(error) => {
                diagnostics.object_error(attribute(&error), &error);
                return None;
            }
        };
        let mut model = planned.clone();
        as_written(&mut model, &applied.live, objects.backend());
        if is_cluster {
            if again && before.was_failing {
                self.nudge(objects, &request.id).await;
            }
            let written = after(before, &applied.live);
            let waiting = Waiting { objects, id: &request.id, model: &model, written, limit };
            let ready = self.until_ready(&waiting, applied.live, diagnostics).await;
            model.ready = Attr::Known(ready.unwrap_or(false));
        }
        let mut private = Private::new();
        private.set(CREATION, &request.mark.creation);
        Some(State { model, private })
    }

    /// The last word before the write: what was only a warning in the plan of a create is an error now. Warnings were said
    /// at plan; `None` with an error.
    async fn insist(&self, objects: &dyn Objects, model: &Declared, diagnostics: &mut Diagnostics) -> Option<()> {
        let mut seen = Diagnostics::new();
        self.look_at_references(objects, model, Planning::Update, true, &mut seen).await;
        self.look_at_store_keys(objects, model, Planning::Update, true, &mut seen).await;
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

/// Fills what only the written object tells.
pub(super) fn as_written(model: &mut Declared, live: &Live, backend: Backend) {
    let version = live.object.get("apiVersion").and_then(serde_json::Value::as_str);
    model.api_version = version.map(str::to_owned).into();
    model.revision = match backend {
        Backend::Cluster => live.generation().into(),
        Backend::Folder => Attr::Null,
    };
    if backend == Backend::Folder {
        model.ready = Attr::Null;
    }
    model.handle = outputs::handle(model).map(|handle| handle.to_string()).into();
}
