//! Reading: is what was declared still so?

use homelab_backends::objects::{Backend, Live, owned};
use homelab_core::store::read_back::{Name, read_back};
use homelab_core::store::{kind_of, outputs, ready};
use homelab_cty::{Attr, Path};
use homelab_plugin::{Context, Diagnostics, Private, Read, State};
use homelab_schema::external_secret::StoreKind;
use homelab_schema::secret_store::SecretStore as Declared;

use super::{CREATION, SecretStore, id_of};
use crate::Report;

impl SecretStore {
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
                let owner = self.owner(&id);
                as_found(objects.backend(), state, private, &live, &owner, diagnostics)
            }
            Ok(None) => Read::Gone,
            Err(error) => {
                diagnostics.object_error(Path::root(), &error);
                Read::Unchanged
            }
        }
    }
}

fn as_found(
    backend: Backend,
    state: &Declared,
    private: &Private,
    live: &Live,
    owner: &str,
    diagnostics: &mut Diagnostics,
) -> Read<Declared> {
    let is_cluster = backend == Backend::Cluster;
    let written = match backend {
        Backend::Folder => Some(live.object.clone()),
        // An object that we never wrote to has no part of ours: then everything in it counts as declared.
        Backend::Cluster => Some(owned(&live.object)).filter(|owned| owned.get("spec").is_some()),
    };
    let kind = kind_of(state).unwrap_or(StoreKind::SecretStore);
    let name = Name { kind, namespace: live.namespace().filter(|_| kind == StoreKind::SecretStore), name: live.name() };
    // An import knows nothing but the name; a moved state knows what its author wrote.
    let prior = (!state.vault.is_null()).then_some(state);
    let mut model = match read_back(name, prior, &live.object, written.as_ref()) {
        Ok(model) => model,
        Err(other) => {
            let detail = format!("{owner}: {other}. Another provider's store cannot be one of Vault in place.");
            diagnostics.error(Path::attr("vault"), "Not a store of Vault", detail);
            return Read::Unchanged;
        }
    };
    let first_look = state.api_version.is_null();
    if !first_look && model == *state {
        // A version that is served newly is no change of the object.
        outputs::as_written(&mut model, &live.object, is_cluster);
        model.revision = state.revision;
        return if model == *state { Read::Unchanged } else { Read::State(State { model, private: private.clone() }) };
    }
    outputs::as_written(&mut model, &live.object, is_cluster);
    let mut private = private.clone();
    if first_look {
        let waits = is_cluster && model.wait.known() != Some(&false);
        model.ready = if waits { Attr::Known(ready::is_accepted(&live.object) == Some(true)) } else { Attr::Null };
        if let Some(mark) = live.mark().filter(|mark| mark.owner == owner) {
            private.set(CREATION, &mark.creation);
        }
    }
    Read::State(State { model, private })
}
