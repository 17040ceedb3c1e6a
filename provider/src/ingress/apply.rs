//! Creating, changing and removing the objects of a resource.
//!
//! What is referred to is written first and removed last; among the Ingresses gated ones are written before open ones and
//! removed after them, so that at no moment something is open that the declaration gates. What a failed create made stays
//! and is named: the next create adopts it. A failed change or removal answers what there is.

use std::collections::{BTreeMap, BTreeSet};

use homelab_backends::objects::{ObjectId, Objects};
use homelab_core::ingress::Spec;
use homelab_core::ingress::render::RenderedKind;
use homelab_cty::{Attr, Path};
use homelab_plugin::{Context, Diagnostics, Private, Read, Severity, State};
use homelab_schema::ingress::Ingress as Declared;

use super::notes::{self, Notes};
use super::parts::{self, Part, in_order_of_removal};
use super::removal::Removal;
use super::world::{Unseen, reach};
use super::{Ingress, TYPE};
use crate::findings::Planning;
use crate::{Phase, Report};

impl Ingress {
    /// Creates the objects; `None` with an error.
    pub(super) async fn make(
        &self,
        cx: &Context,
        filled: &Declared,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        let objects = reach(self, cx, diagnostics)?;
        let spec = self.spec(filled, diagnostics)?;
        self.insist_on_references(objects.as_ref(), &spec, diagnostics).await?;
        let mark = self.runtime.mark(TYPE, &spec.namespace, &spec.name);
        let claimed = self.claim(filled, &mark.owner, diagnostics)?;
        let written = self.write(objects.as_ref(), &spec, &mark, &BTreeSet::new(), diagnostics).await;
        // Whatever an earlier create made that is not declared any more: its state was never written.
        let removal = Removal {
            objects: objects.as_ref(),
            namespace: &spec.namespace,
            name: &spec.name,
            owner: &mark.owner,
            creation: None,
        };
        let is_clean =
            written.failed.is_none() && self.remove_strays(&removal, &parts::declared(&spec), diagnostics).await;
        if !is_clean {
            for id in &claimed {
                self.runtime.claims().release(id);
            }
            return None;
        }
        let mut private = Private::new();
        notes::apply(&mut private, &written.hashes, Some(&mark.creation));
        Some(State { model: filled.clone(), private })
    }

    /// Changes the objects in place. With an error it answers what is there, as far as that is known.
    pub(super) async fn change(
        &self,
        cx: &Context,
        prior: &Declared,
        filled: &Declared,
        private: &Private,
        diagnostics: &mut Diagnostics,
    ) -> State<Declared> {
        let mut added = Vec::new();
        if let Some(state) = self.try_change(cx, prior, filled, private, &mut added, diagnostics).await {
            return state;
        }
        let state = State { model: with_objects(prior, |_| true, &added), private: private.clone() };
        // The next refresh would say the same; but not every plan refreshes.
        match self.refresh(cx, &state.model, &state.private, &mut Diagnostics::new()).await {
            Read::State(found) => found,
            Read::Unchanged | Read::Gone => state,
        }
    }

    /// The change itself; `None` with an error. `added` is what may exist by then.
    async fn try_change(
        &self,
        cx: &Context,
        prior: &Declared,
        filled: &Declared,
        private: &Private,
        added: &mut Vec<Part>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        let objects = reach(self, cx, diagnostics)?;
        let spec = self.spec(filled, diagnostics)?;
        self.insist_on_references(objects.as_ref(), &spec, diagnostics).await?;
        let mut mark = self.runtime.mark(TYPE, &spec.namespace, &spec.name);
        if let Some(creation) = Notes::of(private).creation() {
            mark.creation = creation;
        }
        let removal = Removal {
            objects: objects.as_ref(),
            namespace: &spec.namespace,
            name: &spec.name,
            owner: &mark.owner,
            creation: Some(mark.creation.clone()),
        };
        let there = parts::known(prior, private);
        let wanted = parts::declared(&spec);
        let gone = in_order_of_removal(there.difference(&wanted).cloned(), prior);
        let own: BTreeSet<Part> = there.union(&wanted).cloned().collect();
        self.insist_unreferenced(&removal, &gone, &own, diagnostics).await?;
        let written = self.write(objects.as_ref(), &spec, &mark, &there, diagnostics).await;
        added.extend(written.may_exist());
        if written.failed.is_some() {
            return None;
        }
        let is_clean = self.remove(&removal, &gone, diagnostics).await.is_empty()
            // What a killed change of this very creation made.
            && self.remove_strays(&removal, &own, diagnostics).await;
        let mut private = Private::new();
        notes::apply(&mut private, &written.hashes, Some(&mark.creation));
        is_clean.then(|| State { model: filled.clone(), private })
    }

    /// Whether the middlewares that an update would remove can go, as far as that can be seen while it is planned.
    pub(super) async fn foresee_removal(
        &self,
        cx: &Context,
        prior: &Declared,
        planned: &Declared,
        private: &Private,
        diagnostics: &mut Diagnostics,
    ) {
        let Some(spec) = Spec::of(planned, &self.runtime.site()) else { return };
        let (there, wanted) = (parts::known(prior, private), parts::declared(&spec));
        let gone = in_order_of_removal(there.difference(&wanted).cloned(), prior);
        let is_quiet =
            self.runtime.claims().is_applying() || gone.iter().all(|part| part.kind != RenderedKind::Middleware);
        let Ok(objects) = self.runtime.objects(cx) else { return };
        if is_quiet {
            return;
        }
        let owner = self.runtime.owner(TYPE, &spec.namespace, &spec.name);
        let removal = Removal {
            objects: objects.as_ref(),
            namespace: &spec.namespace,
            name: &spec.name,
            owner: &owner,
            creation: Notes::of(private).creation(),
        };
        let own: BTreeSet<Part> = there.union(&wanted).cloned().collect();
        self.insist_unreferenced(&removal, &gone, &own, diagnostics).await;
    }

    /// Removes everything; what is left of it with an error.
    pub(super) async fn remove_all(
        &self,
        cx: &Context,
        prior: &Declared,
        private: &Private,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        let kept = |model: Declared| Some(State { model, private: private.clone() });
        let Some(objects) = reach(self, cx, diagnostics) else { return kept(prior.clone()) };
        let (namespace, name) = (super::known(&prior.namespace), super::known(&prior.name));
        let owner = self.runtime.owner(TYPE, namespace, name);
        let creation = Notes::of(private).creation();
        let removal = Removal { objects: objects.as_ref(), namespace, name, owner: &owner, creation };
        let there = parts::known(prior, private);
        let parts = in_order_of_removal(there.iter().cloned(), prior);
        if self.insist_unreferenced(&removal, &parts, &there, diagnostics).await.is_none() {
            return kept(prior.clone());
        }
        if self.remove_records(cx, prior, private, diagnostics).await.is_none() {
            return kept(prior.clone());
        }
        let prior = &Declared { dns_records: Attr::Known(Vec::new()), ..prior.clone() };
        let left = self.remove(&removal, &parts, diagnostics).await;
        // What a killed change made, and no state knows.
        let is_clean =
            left.is_empty() && (removal.creation.is_none() || self.remove_strays(&removal, &there, diagnostics).await);
        if is_clean { None } else { kept(with_objects(prior, |part| left.contains(part), &[])) }
    }

    /// The last word before the first write: what was only a warning in the plan of a create is an error now, and so is a
    /// cluster that failed to answer. Other warnings were said at plan; `None` with an error.
    async fn insist_on_references(
        &self,
        objects: &dyn Objects,
        spec: &Spec,
        diagnostics: &mut Diagnostics,
    ) -> Option<()> {
        let mut seen = Diagnostics::new();
        let mut unseen = self.look_at_references(objects, spec, Planning::Update, &mut seen).await;
        unseen.extend(self.look_at_routes(objects, spec, Planning::Update, &mut seen).await);
        for blind in unseen.into_iter().filter(Unseen::stops_an_apply) {
            seen.object_error(blind.path, &blind.error);
        }
        for error in seen.iter().filter(|diagnostic| diagnostic.severity == Severity::Error) {
            diagnostics.push(error.clone());
        }
        (!seen.has_errors()).then_some(())
    }

    fn claim(&self, filled: &Declared, owner: &str, diagnostics: &mut Diagnostics) -> Option<Vec<ObjectId>> {
        let mut claimed = Vec::new();
        for id in parts::ids(filled) {
            match self.runtime.claims().claim(Phase::Create, &id, owner) {
                Ok(()) => claimed.push(id),
                Err(first) => {
                    diagnostics.claimed_twice(Path::attr("name"), &id, &first, owner);
                    for id in &claimed {
                        self.runtime.claims().release(id);
                    }
                    return None;
                }
            }
        }
        Some(claimed)
    }

    /// Removes objects that this resource made in an earlier run and that are not `known`; those of the removal's creation
    /// alone where it has one. Whether nothing of them is left.
    async fn remove_strays(
        &self,
        removal: &Removal<'_>,
        known: &BTreeSet<Part>,
        diagnostics: &mut Diagnostics,
    ) -> bool {
        let marked = match self.runtime.seen().marked(removal.objects, removal.namespace, removal.owner).await {
            Ok(marked) => marked,
            Err(error) => {
                diagnostics.object_error(Path::root(), &error);
                return false;
            }
        };
        let mut strays: BTreeMap<Part, String> =
            marked.into_iter().map(|marked| (marked.part, marked.mark.creation)).collect();
        strays.retain(|part, creation| {
            !known.contains(part) && removal.creation.as_ref().is_none_or(|ours| ours == creation)
        });
        let mut is_clean = true;
        for part in in_order_of_removal(strays.keys().cloned(), &Declared::default()) {
            let stray = Removal { creation: strays.get(&part).cloned(), ..removal.clone() };
            is_clean &= self.remove(&stray, &[part], diagnostics).await.is_empty();
        }
        is_clean
    }
}

/// The model with `objects` naming what `is_there` of those that it named, and what was `added`.
fn with_objects(model: &Declared, is_there: impl Fn(&Part) -> bool, added: &[Part]) -> Declared {
    let namespace = super::known(&model.namespace);
    let mut named: Vec<Part> = parts::named(model).filter(is_there).collect();
    let new: Vec<&Part> = added.iter().filter(|part| part.is_object() && !named.contains(part)).collect();
    named.extend(new.into_iter().cloned());
    let objects = named.iter().map(|part| part.output(namespace)).collect();
    Declared { objects: Attr::Known(objects), ..model.clone() }
}
