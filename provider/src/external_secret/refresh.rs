//! Reading: is what was declared still so?

use std::collections::BTreeMap;
use std::sync::Arc;

use homelab_backends::objects::{Backend, Live, Objects, owned};
use homelab_core::finding::{Finding, secret as codes};
use homelab_core::secret::checks::subject;
use homelab_core::secret::outputs::{self, Place};
use homelab_core::secret::read_back::read_back;
use homelab_core::secret::ready::{self, sentence};
use homelab_cty::{Attr, Path};
use homelab_plugin::{Context, Diagnostics, Private, Read, State};
use homelab_schema::duration;
use homelab_schema::external_secret::ExternalSecret as Declared;

use super::apply::as_written;
use super::seen::WHILE;
use super::{CREATION, ExternalSecret, TYPE, id_of};
use crate::Report;
use crate::findings::Findings;

impl ExternalSecret {
    /// Compares the state with the world.
    pub(super) async fn refresh(
        &self,
        cx: &Context,
        state: &Declared,
        private: &Private,
        diagnostics: &mut Diagnostics,
    ) -> Read<Declared> {
        let Some(id) = id_of(state) else { return Read::Gone };
        let Some(objects) = self.reach(cx, diagnostics) else { return Read::Unchanged };
        match objects.read(&id).await {
            Ok(Some(live)) => {
                let namespace = id.namespace.as_deref().unwrap_or_default();
                let owner = self.runtime.owner(TYPE, namespace, &id.name);
                self.say_trouble(objects.as_ref(), state, &live, diagnostics).await;
                as_found(objects.backend(), state, private, &live, &owner)
            }
            Ok(None) => Read::Gone,
            Err(error) => {
                diagnostics.object_error(Path::root(), &error);
                Read::Unchanged
            }
        }
    }

    /// An operator that fails is a warning of every refresh, so that nobody finds out weeks later.
    async fn say_trouble(&self, objects: &dyn Objects, state: &Declared, live: &Live, diagnostics: &mut Diagnostics) {
        if ready::trouble(&live.object, &[]).is_none() {
            return;
        }
        let events = self.runtime.secrets().events(objects, live.namespace().unwrap_or_default(), WHILE).await;
        let events = events.unwrap_or_default();
        let Some(words) = ready::trouble(&live.object, &events) else { return };
        let since = ready::since(&live.object).map(|since| format!(" since {since}")).unwrap_or_default();
        let finding = Finding::new(
            codes::SECRET_NOT_READY,
            subject(state),
            format!("The operator says{since}: {}", sentence(&words)),
        );
        diagnostics.finding(&finding.summary(format!("{} is not in step with the store", subject(state))));
    }

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
}

fn as_found(backend: Backend, state: &Declared, private: &Private, live: &Live, owner: &str) -> Read<Declared> {
    let written = match backend {
        Backend::Folder => Some(live.object.clone()),
        // An object that we never wrote to has no part of ours: then everything in it counts as declared.
        Backend::Cluster => Some(owned(&live.object)).filter(|owned| owned.get("spec").is_some()),
    };
    let (namespace, name) = (live.namespace().unwrap_or_default(), live.name());
    // An import knows nothing but the name; a moved state knows what its author wrote.
    let is_empty = |known: Option<bool>| known.unwrap_or(true);
    let is_import = state.store.is_null()
        && is_empty(state.data.known().map(BTreeMap::is_empty))
        && is_empty(state.data_from.known().map(Vec::is_empty));
    let prior = (!is_import).then_some(state);
    let mut model = read_back(namespace, name, prior, &live.object, written.as_ref());
    respell(&mut model, state);
    let first_look = state.secret_name.is_null();
    let version = live.object.get("apiVersion").and_then(serde_json::Value::as_str).map(str::to_owned);
    if !first_look {
        model.api_version = version.into();
        if model == *state {
            return Read::Unchanged;
        }
        if without_version(&model) == without_version(state) {
            // An upgrade of the operator: the object is as it was.
            return Read::State(State { model, private: private.clone() });
        }
    }
    let place = Place { api_version: None, counts_generations: backend == Backend::Cluster };
    outputs::fill(&mut model, None, &place);
    as_written(&mut model, live, backend);
    if backend == Backend::Cluster {
        // As of the last apply; of an object that we have not written yet, as it is found.
        model.ready = if first_look { Attr::Known(ready::says_ready(&live.object)) } else { state.ready };
    }
    let mut private = private.clone();
    if first_look && let Some(mark) = live.mark().filter(|mark| mark.owner == owner) {
        private.set(CREATION, &mark.creation);
    }
    Read::State(State { model, private })
}

/// The prior spelling where it means the same.
fn respell(model: &mut Declared, state: &Declared) {
    if let (Some(now), Some(before)) = (model.refresh_interval.known(), state.refresh_interval.known())
        && duration::canonical(now) == duration::canonical(before)
    {
        model.refresh_interval = state.refresh_interval.clone();
    }
}

fn without_version(model: &Declared) -> Declared {
    Declared { api_version: Attr::Null, ..model.clone() }
}
