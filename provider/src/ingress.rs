//! `homelab_ingress`: what `homelab_core::ingress` decides, applied to a cluster or a folder.

mod apply;
mod dns;
mod notes;
mod parts;
mod refresh;
mod removal;
mod seen;
#[cfg(test)]
mod tests;
mod try_out;
mod world;
mod write;

pub(crate) use self::seen::Seen;

use async_trait::async_trait;
use homelab_backends::objects::kinds;
use homelab_core::ingress::{Spec, checks, fill, moved};
use homelab_cty::{Attr, Path};
use homelab_plugin::{
    Context, Create, Delete, Diagnostics, Import, MoveFrom, Plan, PlanRequest, Private, Read, ReadRequest, Resource,
    State, Update,
};
use homelab_schema::identity::ObjectIdentity;
use homelab_schema::ingress::Ingress as Declared;

use self::notes::Notes;
use crate::findings::{Findings, Planning};
use crate::moving::taken_over;
use crate::{Phase, Report, Runtime};

/// The type name.
const TYPE: &str = "homelab_ingress";
/// The resource.
pub struct Ingress {
    runtime: Runtime,
}

impl Ingress {
    /// The resource on that runtime.
    pub fn new(runtime: Runtime) -> Self {
        Self { runtime }
    }

    /// `planned` with everything that follows from the configuration and the house.
    fn filled(&self, config: &Declared, planned: &Declared) -> Declared {
        let mut filled = planned.clone();
        fill::fill(config, &mut filled, &self.runtime.site());
        self.fill_records(&mut filled);
        filled
    }

    /// The declaration, once everything is known; an error where it is not although it should be.
    fn spec(&self, filled: &Declared, diagnostics: &mut Diagnostics) -> Option<Spec> {
        let spec = Spec::of(filled, &self.runtime.site());
        if spec.is_none() && !diagnostics.has_errors() {
            diagnostics.error(
                Path::root(),
                "The conventions of the house are not known yet",
                "A value of the provider's site block that this ingress needs is known only after apply. Give it in a form \
                 that is known, or set the argument in the resource.",
            );
        }
        spec
    }

    fn owner(&self, spec: &Spec) -> String {
        self.runtime.owner(TYPE, &spec.namespace, &spec.name)
    }
}

/// `<namespace>/<name>`, where both are known.
fn object_of(model: &Declared) -> Option<String> {
    Some(format!("{}/{}", model.namespace.known()?, model.name.known()?))
}

#[async_trait]
impl Resource for Ingress {
    type Model = Declared;
    type Identity = ObjectIdentity;

    fn name(&self) -> &'static str {
        TYPE
    }

    fn identity(&self, state: &Declared) -> ObjectIdentity {
        ObjectIdentity {
            kind: Attr::Known(kinds::INGRESS.kind.to_owned()),
            namespace: state.namespace.clone(),
            name: state.name.clone(),
        }
    }

    async fn validate(&self, _cx: &Context, config: &Declared, diagnostics: &mut Diagnostics) {
        diagnostics.findings(&checks::declaration(config, self.runtime.site().parity));
    }

    async fn plan(
        &self,
        cx: &Context,
        request: PlanRequest<'_, Declared>,
        diagnostics: &mut Diagnostics,
    ) -> Plan<Declared> {
        let planned = self.filled(request.config, &request.planned);
        let mut private = request.private.clone();
        // Again, although validation did: a reason may be missing only once `auth` is known.
        diagnostics.findings(&checks::declaration(request.config, self.runtime.site().parity));
        let planning = match request.prior {
            None => Planning::Create,
            Some(prior) if *prior == planned => Planning::Nothing,
            Some(_) => Planning::Update,
        };
        let findings = checks::planned(&planned, &self.runtime.site());
        diagnostics.findings(&self.routes_as_asked(findings, planning));
        if let Some(object) = object_of(&planned) {
            let owner = self.runtime.owner(TYPE, known(&planned.namespace), known(&planned.name));
            let is_new = *request.private == Private::new();
            let claims = self.runtime.claims();
            for id in parts::ids(&planned) {
                let claimed = match planning {
                    Planning::Create if is_new => claims.claim_new(&id, &owner),
                    Planning::Create => claims.claim(Phase::Plan, &id, &owner),
                    Planning::Update | Planning::Nothing => claims.keep(&id, &owner),
                };
                if let Err(first) = claimed {
                    diagnostics.claimed_twice(Path::attr("name"), &id, &first, &owner);
                }
            }
            if planning == Planning::Create {
                notes::plan(&mut private, &object);
                Self::note_records(&planned, &mut private);
            }
        }
        if !diagnostics.has_errors() {
            self.plan_records(cx, &planned, request.prior, request.private, planning, diagnostics).await;
            self.look(cx, &planned, planning, diagnostics).await;
            if let Some(prior) = request.prior.filter(|_| planning == Planning::Update) {
                self.foresee_removal(cx, prior, &planned, request.private, diagnostics).await;
            }
        }
        Plan::new(planned, &private)
    }

    async fn plan_destroy(
        &self,
        _cx: &Context,
        prior: &Declared,
        private: &Private,
        _diagnostics: &mut Diagnostics,
    ) -> Private {
        let owner = self.runtime.owner(TYPE, known(&prior.namespace), known(&prior.name));
        // Nobody who is planned after this one is refused for routes that go.
        self.runtime.survey().plans().note(&owner, Vec::new(), true);
        private.clone()
    }

    async fn create(
        &self,
        cx: &Context,
        request: Create<'_, Declared>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        let filled = self.filled(request.config, request.planned);
        self.insist_on_records(cx, &filled, None, request.private, diagnostics).await?;
        let state = self.make(cx, &filled, diagnostics).await?;
        self.apply_records(cx, &state, None, diagnostics).await?;
        Some(state)
    }

    async fn read(
        &self,
        cx: &Context,
        request: ReadRequest<'_, Declared>,
        diagnostics: &mut Diagnostics,
    ) -> Read<Declared> {
        let read = self.refresh(cx, request.state, request.private, diagnostics).await;
        let before = State { model: request.state.clone(), private: request.private.clone() };
        self.with_records(cx, &before, read, diagnostics).await
    }

    async fn update(
        &self,
        cx: &Context,
        request: Update<'_, Declared>,
        diagnostics: &mut Diagnostics,
    ) -> State<Declared> {
        let filled = self.filled(request.config, request.planned);
        let prior = State { model: request.prior.clone(), private: request.private.clone() };
        if self.insist_on_records(cx, &filled, Some(&prior.model), &prior.private, diagnostics).await.is_none() {
            return prior;
        }
        let state = self.change(cx, &prior.model, &filled, &prior.private, diagnostics).await;
        self.then_records(cx, &prior, state, diagnostics).await
    }

    async fn delete(
        &self,
        cx: &Context,
        request: Delete<'_, Declared>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        let taken_over = Notes::of(request.private).object() == object_of(request.prior);
        if cx.replacement && taken_over {
            // The create that follows adopts the objects: deleting them first would be an outage.
            let removed = self.remove_records(cx, request.prior, request.private, diagnostics).await;
            let kept = || State { model: request.prior.clone(), private: request.private.clone() };
            return removed.is_none().then(kept);
        }
        self.remove_all(cx, request.prior, request.private, diagnostics).await
    }

    async fn import(
        &self,
        _cx: &Context,
        request: Import<ObjectIdentity>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        let (namespace, name) = crate::identity::of_import(request, kinds::INGRESS, diagnostics)?;
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

fn known(attribute: &Attr<String>) -> &str {
    attribute.known().map_or("?", String::as_str)
}
