//! `homelab_secret_store`: what `homelab_core::store` decides, applied to a cluster or a folder.
//!
//! Private notes: `creation` is the mark of this creation; `object` is what a create was planned for, by which the destroy of
//! a replacement knows whether its own object is taken over.

mod apply;
mod refresh;
mod removal;
#[cfg(test)]
mod tests;
mod wait;
mod world;

use async_trait::async_trait;
use homelab_backends::objects::{Backend, ObjectId, kinds};
use homelab_core::names;
use homelab_core::secret::outputs::Place;
use homelab_core::store::{self, checks, moved, outputs};
use homelab_cty::{Attr, Path};
use homelab_plugin::{
    Context, Create, Delete, Diagnostics, Import, MoveFrom, Plan, PlanRequest, Private, Read, ReadRequest, Resource,
    State, Update,
};
use homelab_schema::external_secret::StoreKind;
use homelab_schema::secret_store::{SecretStore as Declared, StoreIdentity};

use crate::findings::{Findings, Planning};
use crate::moving::taken_over;
use crate::{Phase, Report, Runtime};

/// The type name.
const TYPE: &str = "homelab_secret_store";
/// Private note: the mark of this creation.
const CREATION: &str = "creation";
/// Private note: what a create was planned for.
const OBJECT: &str = "object";

/// The resource.
pub struct SecretStore {
    runtime: Runtime,
}

impl SecretStore {
    /// The resource on that runtime.
    pub fn new(runtime: Runtime) -> Self {
        Self { runtime }
    }

    /// What a plan may know of where the object goes. What is not configured yet is taken for a cluster.
    fn place(&self, cx: &Context) -> Place {
        match self.runtime.objects(cx) {
            Ok(objects) if objects.backend() == Backend::Folder => {
                let kind = kinds::SECRET_STORE;
                Place { api_version: Some(kind.api_version(kind.preferred_version())), counts_generations: false }
            }
            _ => Place { api_version: None, counts_generations: true },
        }
    }

    /// The owner in the marks of that object.
    fn owner(&self, id: &ObjectId) -> String {
        // The same name may be that of a store of each kind: they are two objects, and two owners.
        self.runtime.owner(TYPE, id.namespace.as_deref().unwrap_or("*"), &id.name)
    }

    /// Claims the object for the plan of this resource.
    fn claim(&self, id: &ObjectId, planning: Planning, is_new: bool, diagnostics: &mut Diagnostics) {
        let owner = self.owner(id);
        let claims = self.runtime.claims();
        let claimed = match planning {
            Planning::Create if is_new => claims.claim_new(id, &owner),
            Planning::Create => claims.claim(Phase::Plan, id, &owner),
            Planning::Update | Planning::Nothing => claims.keep(id, &owner),
        };
        if let Err(first) = claimed {
            diagnostics.claimed_twice(Path::attr("name"), id, &first, &owner);
        }
    }
}

/// The object of a model; `None` while a part of its name is unknown.
fn id_of(model: &Declared) -> Option<ObjectId> {
    let name = model.name.known()?;
    Some(match store::kind_of(model)? {
        StoreKind::SecretStore => kinds::SECRET_STORE.object(model.namespace.known()?, name),
        StoreKind::ClusterSecretStore => kinds::CLUSTER_SECRET_STORE.object("", name),
    })
}

/// What an import names; `None` with an error.
fn imported(request: Import<StoreIdentity>, diagnostics: &mut Diagnostics) -> Option<Declared> {
    let (kind, namespace, name) = match request {
        Import::Id(id) => match id.split_once('/') {
            Some((namespace, name)) => (None, namespace.to_owned(), name.to_owned()),
            None => (None, String::new(), id),
        },
        Import::Identity(identity) => (
            identity.kind.into_known(),
            identity.namespace.into_known().unwrap_or_default(),
            identity.name.into_known().unwrap_or_default(),
        ),
    };
    let (found, namespace) = if namespace.is_empty() {
        (StoreKind::ClusterSecretStore, Attr::Null)
    } else {
        (StoreKind::SecretStore, Attr::Known(namespace))
    };
    let observed = match &kind {
        Some(kind) if kind != found.as_str() => {
            let with = if namespace.is_null() { "without" } else { "with" };
            format!("The identity is that of a {kind}, {with} a namespace.")
        }
        _ if namespace.known().is_some_and(|namespace| !names::is_label(namespace)) => {
            format!("{:?} is no name of a namespace.", namespace.into_known().unwrap_or_default())
        }
        _ if !names::is_object(&name) => format!("{name:?} is no name of a store."),
        _ => return Some(Declared { kind: found.into(), namespace, name: name.into(), ..Declared::default() }),
    };
    let expected = "An import id is <namespace>/<name> for a SecretStore, such as photos/vault-kv, and <name> for a \
                    ClusterSecretStore.";
    diagnostics.error(Path::root(), "Import id not understood", format!("{observed} {expected}"));
    None
}

#[async_trait]
impl Resource for SecretStore {
    type Model = Declared;
    type Identity = StoreIdentity;

    fn name(&self) -> &'static str {
        TYPE
    }

    fn identity(&self, state: &Declared) -> StoreIdentity {
        StoreIdentity {
            kind: store::kind_of(state).map(|kind| kind.as_str().to_owned()).into(),
            // An identity has no nulls, so that it compares with one that was typed in.
            namespace: Attr::Known(state.namespace.known().cloned().unwrap_or_default()),
            name: state.name.clone(),
        }
    }

    async fn validate(&self, _cx: &Context, config: &Declared, diagnostics: &mut Diagnostics) {
        diagnostics.findings(&checks::declaration(config));
    }

    async fn plan(
        &self,
        cx: &Context,
        request: PlanRequest<'_, Declared>,
        diagnostics: &mut Diagnostics,
    ) -> Plan<Declared> {
        let mut planned = request.planned;
        let waits = outputs::fill(&mut planned, request.prior, &self.place(cx));
        let mut private = request.private.clone();
        diagnostics.findings(&checks::declaration(request.config));
        let planning = match request.prior {
            None => Planning::Create,
            Some(prior) if *prior == planned => Planning::Nothing,
            Some(_) => Planning::Update,
        };
        if let Some(id) = id_of(&planned) {
            self.claim(&id, planning, *request.private == Private::new(), diagnostics);
            if waits || planning == Planning::Update {
                self.runtime.claims().note_change(&id);
            }
            if planning == Planning::Create {
                private.set(OBJECT, &id.to_string());
            }
        }
        if !diagnostics.has_errors() {
            self.look(cx, &planned, planning, diagnostics).await;
        }
        let mut plan = Plan::new(planned, &private);
        plan.update = waits;
        plan
    }

    async fn create(
        &self,
        cx: &Context,
        request: Create<'_, Declared>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        let state = self.make(cx, request.planned, diagnostics).await;
        // With an error a state would be tainted, and the next plan would destroy what only has to be looked at again.
        state.filter(|_| !diagnostics.has_errors())
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
        match self.change(cx, request.planned, request.private, diagnostics).await {
            Some(state) => state,
            None => State { model: request.prior.clone(), private: request.private.clone() },
        }
    }

    async fn delete(
        &self,
        cx: &Context,
        request: Delete<'_, Declared>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        let object = id_of(request.prior).map(|id| id.to_string());
        if cx.replacement && request.private.get::<String>(OBJECT) == object {
            // The create that follows adopts the object: deleting it would break what names it.
            return None;
        }
        self.remove(cx, request.prior, request.private, diagnostics).await
    }

    async fn import(
        &self,
        _cx: &Context,
        request: Import<StoreIdentity>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        let model = imported(request, diagnostics)?;
        Some(State { model, private: Private::new() })
    }

    async fn move_from(
        &self,
        _cx: &Context,
        request: MoveFrom<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        taken_over(&request, moved::from_state, diagnostics)
    }
}
