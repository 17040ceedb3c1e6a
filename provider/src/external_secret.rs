//! `homelab_external_secret`: what `homelab_core::secret` decides, applied to a cluster or a folder.
//!
//! Before a write it is asked whether the operator could do it (`world`, `preflight`, `users`), and after it until the operator
//! has (`wait`). What many of them ask alike is asked once (`seen`).
//!
//! Private notes: `creation` is the mark of this creation; `object` is the `<namespace>/<name>` that a create was planned
//! for, by which the destroy of a replacement knows whether its own object is taken over.

mod apply;
mod preflight;
mod refresh;
mod seen;
#[cfg(test)]
mod tests;
mod users;
mod wait;
mod world;

use async_trait::async_trait;
use homelab_backends::objects::{Backend, ObjectId, kinds};
use homelab_core::secret::outputs::{self, Place};
use homelab_core::secret::{checks, moved, references};
use homelab_cty::{Attr, Path};
use homelab_plugin::{
    Context, Create, Delete, Diagnostics, Import, MoveFrom, Plan, PlanRequest, Private, Read, ReadRequest, Resource,
    State, Update,
};
use homelab_schema::external_secret::ExternalSecret as Declared;
use homelab_schema::identity::ObjectIdentity;

pub(crate) use self::seen::Seen;
use crate::findings::{Findings, Planning};
use crate::moving::taken_over;
use crate::{Phase, Report, Runtime};

/// The type name.
const TYPE: &str = "homelab_external_secret";
/// Private note: the mark of this creation.
const CREATION: &str = "creation";
/// Private note: what a create was planned for.
const OBJECT: &str = "object";

/// The resource.
pub struct ExternalSecret {
    runtime: Runtime,
}

impl ExternalSecret {
    /// The resource on that runtime.
    pub fn new(runtime: Runtime) -> Self {
        Self { runtime }
    }

    /// What a plan may know of where the object goes. What is not configured yet is taken for a cluster.
    fn place(&self, cx: &Context) -> Place {
        match self.runtime.objects(cx) {
            Ok(objects) if objects.backend() == Backend::Folder => Place {
                api_version: Some(kinds::EXTERNAL_SECRET.api_version(kinds::EXTERNAL_SECRET.preferred_version())),
                counts_generations: false,
            },
            _ => Place { api_version: None, counts_generations: true },
        }
    }
}

/// The object of a model; `None` while a part of its name is unknown.
fn id_of(model: &Declared) -> Option<ObjectId> {
    Some(kinds::EXTERNAL_SECRET.object(model.namespace.known()?, model.name.known()?))
}

#[async_trait]
impl Resource for ExternalSecret {
    type Model = Declared;
    type Identity = ObjectIdentity;

    fn name(&self) -> &'static str {
        TYPE
    }

    fn identity(&self, state: &Declared) -> ObjectIdentity {
        ObjectIdentity {
            kind: Attr::Known(kinds::EXTERNAL_SECRET.kind.to_owned()),
            namespace: state.namespace.clone(),
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
        outputs::fill(&mut planned, request.prior, &self.place(cx));
        let mut private = request.private.clone();
        diagnostics.findings(&checks::declaration(request.config));
        let planning = match request.prior {
            None => Planning::Create,
            Some(prior) if *prior == planned => Planning::Nothing,
            Some(_) => Planning::Update,
        };
        // An apply that ended before the operator was done is not done either: the next one waits again.
        let is_unfinished = request.prior.is_some_and(|prior| prior.ready.known() == Some(&false))
            && planned.wait.known() != Some(&false)
            && !planned.ready.is_null()
            && !outputs::fetches_once(&planned);
        if is_unfinished {
            planned.ready = Attr::Unknown;
        }
        if let Some(id) = id_of(&planned) {
            let (namespace, name) = (id.namespace.as_deref().unwrap_or_default(), id.name.as_str());
            let owner = self.runtime.owner(TYPE, namespace, name);
            let secret = planned.secret_name.known().map(|secret| kinds::SECRET.object(namespace, secret));
            // Several may add keys to one Secret; only one may own it.
            let secret = secret.filter(|_| references::is_owner(&planned));
            let is_new = *request.private == Private::new();
            let claims = self.runtime.claims();
            for (id, attribute) in [(Some(id.clone()), "name"), (secret, "target")] {
                let Some(id) = id else { continue };
                let claimed = match planning {
                    Planning::Create if is_new => claims.claim_new(&id, &owner),
                    Planning::Create => claims.claim(Phase::Plan, &id, &owner),
                    Planning::Update | Planning::Nothing => claims.keep(&id, &owner),
                };
                if let Err(first) = claimed {
                    diagnostics.claimed_twice(Path::attr(attribute), &id, &first, &owner);
                }
            }
            if planning == Planning::Create {
                private.set(OBJECT, &format!("{namespace}/{name}"));
            }
        }
        if !diagnostics.has_errors() {
            self.look(cx, request.prior, &planned, planning, diagnostics).await;
        }
        Plan { update: is_unfinished, ..Plan::new(planned, &private) }
    }

    async fn plan_destroy(
        &self,
        cx: &Context,
        prior: &Declared,
        private: &Private,
        diagnostics: &mut Diagnostics,
    ) -> Private {
        self.look_at_destroy(cx, prior, diagnostics).await;
        private.clone()
    }

    async fn create(
        &self,
        cx: &Context,
        request: Create<'_, Declared>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        self.make(cx, request.planned, diagnostics).await
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
        match self.change(cx, request.prior, request.planned, request.private, diagnostics).await {
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
        let object = request.prior.namespace.known().zip(request.prior.name.known());
        let object = object.map(|(namespace, name)| format!("{namespace}/{name}"));
        if cx.replacement && request.private.get::<String>(OBJECT) == object {
            // The create that follows adopts the object: deleting it would take the Secret with it.
            return None;
        }
        self.remove(cx, request.prior, request.private, diagnostics).await
    }

    async fn import(
        &self,
        _cx: &Context,
        request: Import<ObjectIdentity>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        let (namespace, name) = crate::identity::of_import(request, kinds::EXTERNAL_SECRET, diagnostics)?;
        let model = Declared { namespace: namespace.into(), name: name.into(), ..Declared::default() };
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
