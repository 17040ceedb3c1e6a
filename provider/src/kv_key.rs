//! `homelab_kv_key`: one key of a document that others write too, merged into it by [`homelab_backends::vault`].
//!
//! # Forces
//!
//! - The value is in the configuration alone, and only its number is in state: so the number is all that can trigger a write.
//! - Nothing in the store says whose a key is, and the document's metadata is not ours to write. Of two resources of one run
//!   that declare one key the second is refused; a key that is there already is taken over with a warning.
//! - A replacement in place (`-replace`, `taint`) must not leave a moment without the key. Private note `object`: the key that
//!   a create was planned for, by which the destroy of a replacement knows that its own key is taken over.

mod changes;
#[cfg(test)]
mod tests;
pub(crate) mod told;
mod world;

use async_trait::async_trait;
use homelab_backends::objects::{Kind, ObjectId};
use homelab_core::kv::address::{self, Address};
use homelab_core::kv::checks;
use homelab_cty::{Attr, Path};
use homelab_plugin::{
    Context, Create, Delete, Diagnostics, Import, Plan, PlanRequest, Private, Read, ReadRequest, Resource, State,
    Update,
};
use homelab_schema::kv_key::{KvKey as Declared, KvKeyIdentity};

use crate::findings::Findings;
use crate::{Phase, Report, Runtime};

/// The type name.
const TYPE: &str = "homelab_kv_key";
/// Private note: what a create was planned for.
const OBJECT: &str = "object";
/// What keys are among the things that two resources may not both declare. It is no kind of any cluster.
const KEY: Kind = Kind { group: "", kind: "Key", plural: "keys", versions: &["v2"], namespaced: false };

/// The resource.
pub struct KvKey {
    runtime: Runtime,
}

impl KvKey {
    /// The resource on that runtime.
    pub fn new(runtime: Runtime) -> Self {
        Self { runtime }
    }

    fn owner(&self, address: &Address) -> String {
        self.runtime.owner(TYPE, &address.mount, &format!("{}#{}", address.path, address.key))
    }
}

fn id_of(address: &Address) -> ObjectId {
    KEY.object("", &address.to_string())
}

/// The notes of a key that is in state. They are never empty: a create without notes is one of a resource that is new.
fn notes(address: &Address) -> Private {
    let mut private = Private::new();
    private.set(OBJECT, &address.to_string());
    private
}

#[async_trait]
impl Resource for KvKey {
    type Model = Declared;
    type Identity = KvKeyIdentity;

    fn name(&self) -> &'static str {
        TYPE
    }

    fn identity(&self, state: &Declared) -> KvKeyIdentity {
        KvKeyIdentity { mount: state.mount.clone(), path: state.path.clone(), key: state.key.clone() }
    }

    async fn validate(&self, _cx: &Context, config: &Declared, diagnostics: &mut Diagnostics) {
        diagnostics.findings(&checks::key(config));
    }

    async fn plan(
        &self,
        cx: &Context,
        request: PlanRequest<'_, Declared>,
        diagnostics: &mut Diagnostics,
    ) -> Plan<Declared> {
        let mut planned = request.planned;
        if request.config.mount.is_null() {
            let kept = request.prior.map_or(Attr::Unknown, |prior| prior.mount.clone());
            planned.mount = self.runtime.vault().map_or(kept, |vault| Attr::Known(vault.default_mount().to_owned()));
        }
        // Unknown whenever a value will be written: what takes the handle then comes after the write.
        planned.handle = match request.prior {
            Some(prior) if !is_written(prior, &planned) => prior.handle.clone(),
            _ => Attr::Unknown,
        };
        let mut private = request.private.clone();
        diagnostics.findings(&checks::key(request.config));
        if diagnostics.has_errors() {
            return Plan::new(planned, &private);
        }
        if let Some(address) = checks::address(&planned) {
            let is_create = request.prior.is_none();
            let is_new = is_create && *request.private == Private::new();
            self.claim(&address, is_create, is_new, diagnostics);
            if is_create {
                private = notes(&address);
                self.look(cx, &address, is_new, diagnostics).await;
            }
        }
        Plan::new(planned, &private)
    }

    async fn create(
        &self,
        cx: &Context,
        request: Create<'_, Declared>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        let address = complete(request.planned, diagnostics)?;
        let (id, owner) = (id_of(&address), self.owner(&address));
        if let Err(first) = self.runtime.claims().claim(Phase::Create, &id, &owner) {
            diagnostics.claimed_twice(Path::attr("key"), &id, &first, &owner);
            return None;
        }
        let made = self.write(cx, &address, request.config, request.planned, diagnostics).await;
        if made.is_none() {
            self.runtime.claims().release(&id);
        }
        made
    }

    async fn read(
        &self,
        cx: &Context,
        request: ReadRequest<'_, Declared>,
        diagnostics: &mut Diagnostics,
    ) -> Read<Declared> {
        self.refresh(cx, request.state, request.private, diagnostics).await
    }

    async fn update(
        &self,
        cx: &Context,
        request: Update<'_, Declared>,
        diagnostics: &mut Diagnostics,
    ) -> State<Declared> {
        let kept = || State { model: request.prior.clone(), private: request.private.clone() };
        let Some(address) = complete(request.planned, diagnostics) else { return kept() };
        let changed = if is_imported(request.prior) {
            self.compare(cx, &address, request.config, request.planned, diagnostics).await
        } else if is_written(request.prior, request.planned) {
            self.write(cx, &address, request.config, request.planned, diagnostics).await
        } else {
            Some(written(request.planned, &address))
        };
        changed.unwrap_or_else(kept)
    }

    async fn delete(
        &self,
        cx: &Context,
        request: Delete<'_, Declared>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        let kept = || Some(State { model: request.prior.clone(), private: request.private.clone() });
        let Some(address) = complete(request.prior, diagnostics) else { return kept() };
        if cx.replacement && request.private.get::<String>(OBJECT).as_deref() == Some(address.to_string().as_str()) {
            // The create that follows sets the same key.
            return None;
        }
        if self.remove(cx, &address, diagnostics).await { None } else { kept() }
    }

    async fn import(
        &self,
        _cx: &Context,
        request: Import<KvKeyIdentity>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        let address = match request {
            Import::Id(id) => self.resolve(&id, diagnostics).await?,
            Import::Identity(identity) => {
                let text = |text: Attr<String>| text.into_known().unwrap_or_default();
                Address { mount: text(identity.mount), path: text(identity.path), key: text(identity.key) }
            }
        };
        let is_valid =
            address::is_path(&address.mount) && address::is_path(&address.path) && address::is_key(&address.key);
        if !is_valid {
            told::no_address(&address.to_string(), diagnostics);
            return None;
        }
        let model = Declared {
            mount: address.mount.clone().into(),
            path: address.path.clone().into(),
            key: address.key.clone().into(),
            ..Declared::default()
        };
        Some(State { model, private: notes(&address) })
    }
}

/// Whether it is from an import, and nothing was applied since: then nobody said which value the number stands for.
fn is_imported(prior: &Declared) -> bool {
    prior.value_wo_version.is_null()
}

/// Whether the change from `prior` to `planned` writes the value.
fn is_written(prior: &Declared, planned: &Declared) -> bool {
    let same_place = prior.mount == planned.mount && prior.path == planned.path && prior.key == planned.key;
    !same_place || (!is_imported(prior) && prior.value_wo_version != planned.value_wo_version)
}

/// The state of a key that is in the store.
fn written(planned: &Declared, address: &Address) -> State<Declared> {
    let mut model = planned.clone();
    model.handle = Attr::Known(address.to_string());
    State { model, private: notes(address) }
}

/// The address; `None` with an error.
fn complete(model: &Declared, diagnostics: &mut Diagnostics) -> Option<Address> {
    let address = checks::address(model);
    if address.is_none() {
        let detail =
            "Mount, path or key is not known. Where `mount` is left out, the provider block has to be complete.";
        diagnostics.error(Path::attr("mount"), "Not everything is known", detail);
    }
    address
}
