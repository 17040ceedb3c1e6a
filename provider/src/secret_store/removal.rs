//! Removing a store, once nothing names it.
//!
//! An ExternalSecret without its store keeps its Secret, and is never synced again: it looks healthy until the value is rotated.
//! In one run with its ExternalSecrets the order is right only where they refer to the resource; where they have the name as
//! text, their removal may take a moment longer. So it is waited for, as long as `timeouts` says.

use std::time::{Duration, Instant};

use homelab_backends::objects::{Backend, Cause, DeleteRequest, Kind, ObjectError, ObjectId, Objects, Scope, kinds};
use homelab_core::store::references::{in_use, named_at};
use homelab_cty::Path;
use homelab_plugin::{Context, Diagnostics, Private, State};
use homelab_schema::external_secret::StoreKind;
use homelab_schema::secret_store::SecretStore as Declared;

use super::wait::{Limit, limit};
use super::{CREATION, SecretStore, id_of};
use crate::Report;
use crate::deletion::{creation_of, delete};
use crate::findings::Findings;

/// Between two looks at what names the store.
const POLL: Duration = Duration::from_secs(1);
/// How long what names the store may take to go, at most.
const PATIENCE: Duration = Duration::from_secs(20);

impl SecretStore {
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
        let owner = self.owner(&id);
        let Ok(creation) = creation_of(objects.as_ref(), &id, private.get(CREATION), &owner, diagnostics).await else {
            return kept();
        };
        let mut request = DeleteRequest::new(id, creation);
        request.wait = limit(prior, Limit::Delete);
        let is_forced = prior.force_destroy.known() == Some(&true);
        if objects.backend() == Backend::Cluster
            && !is_forced
            && self.unused(objects.as_ref(), prior, &request, diagnostics).await.is_none()
        {
            return kept();
        }
        if delete(objects.as_ref(), &request, &owner, &self.runtime.claims(), diagnostics).await.is_err() {
            return kept();
        }
        None
    }

    /// Waits until nothing names the store; `None` with an error.
    async fn unused(
        &self,
        objects: &dyn Objects,
        prior: &Declared,
        request: &DeleteRequest,
        diagnostics: &mut Diagnostics,
    ) -> Option<()> {
        let began = Instant::now();
        loop {
            let who = match self.who_names(objects, request).await {
                Ok(who) => who,
                Err(error) => {
                    diagnostics.object_error(Path::attr("force_destroy"), &error);
                    return None;
                }
            };
            if who.is_empty() {
                return Some(());
            }
            if began.elapsed() >= request.wait.min(PATIENCE) {
                diagnostics.finding(&in_use(prior, &who).at(Path::attr("force_destroy")));
                return None;
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Who names the store, each with the place. Nobody, where the store is not there or is not ours to remove.
    async fn who_names(&self, objects: &dyn Objects, request: &DeleteRequest) -> Result<Vec<String>, ObjectError> {
        let id = &request.id;
        let Some(live) = objects.get(id).await? else { return Ok(Vec::new()) };
        if live.mark().map(|mark| mark.creation) != request.creation {
            return Ok(Vec::new());
        }
        let mut who = Vec::new();
        for kind in [kinds::EXTERNAL_SECRET, kinds::CLUSTER_EXTERNAL_SECRET, kinds::PUSH_SECRET] {
            list_names(objects, kind, id, &mut who).await?;
        }
        Ok(who)
    }
}

/// Adds those of a kind that name the store. A kind that the cluster does not have names nothing.
async fn list_names(
    objects: &dyn Objects,
    kind: Kind,
    id: &ObjectId,
    who: &mut Vec<String>,
) -> Result<(), ObjectError> {
    let (scope, store) = match &id.namespace {
        Some(namespace) => (Scope::Namespace(namespace), StoreKind::SecretStore),
        None => (Scope::All, StoreKind::ClusterSecretStore),
    };
    if !kind.namespaced && id.namespace.is_some() {
        return Ok(());
    }
    let mut take = |live: homelab_backends::objects::Live| {
        if let Some(place) = named_at(&live.object, store, &id.name) {
            let object = kind.object(live.namespace().unwrap_or_default(), live.name());
            let name = object.to_string().replacen(&kind.to_string(), kind.kind, 1);
            who.push(format!("{name} ({place})"));
        }
    };
    match objects.each(kind, scope, &mut take).await {
        Ok(()) | Err(ObjectError { cause: Cause::NoSuchKind { .. }, .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
