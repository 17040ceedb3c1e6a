//! Writing and removing.
//!
//! Gated objects are written before open ones and removed after them, so that at no moment something is open that the
//! declaration gates. What a failed create made stays and is named: the next create adopts it.

use std::collections::{BTreeMap, BTreeSet};

use homelab_backends::objects::{ApplyRequest, Change, DeleteRequest, Deletion, Mark, ObjectId, Objects, Scope, kinds};
use homelab_core::ingress::{Door, Spec, carve_out_object, render};
use homelab_cty::Path;
use homelab_plugin::{Context, Diagnostics, Private, Severity, State};
use homelab_schema::ingress::{Auth, Ingress as Declared};
use serde_json::Value;

use super::world::{attribute, reach};
use super::{CREATION, Ingress, RENDERED, TYPE, id, ids, object_of};
use crate::findings::{Planning, code_of};
use crate::report::coded;
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
        let owner = self.owner(&spec);
        let claimed = self.claim(filled, &owner, diagnostics)?;
        let mark = self.runtime.mark(TYPE, &spec.namespace, &spec.name);
        let written = self.write(objects.as_ref(), &spec, &mark, diagnostics).await;
        let Some(changes) = written else {
            for id in &claimed {
                self.runtime.claims().release(id);
            }
            return None;
        };
        if changes.iter().any(|change| *change != Change::Created) {
            // Something was there already: an earlier create may have made carve-outs that are not declared any more.
            self.remove_strays(objects.as_ref(), &spec, &owner, diagnostics).await;
            if diagnostics.has_errors() {
                return None;
            }
        }
        Some(State { model: filled.clone(), private: notes(&spec, &mark) })
    }

    /// Changes the objects in place; `None` with an error.
    pub(super) async fn change(
        &self,
        cx: &Context,
        prior: &Declared,
        filled: &Declared,
        private: &Private,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        let objects = reach(self, cx, diagnostics)?;
        let spec = self.spec(filled, diagnostics)?;
        self.insist_on_references(objects.as_ref(), &spec, diagnostics).await?;
        let mut mark = self.runtime.mark(TYPE, &spec.namespace, &spec.name);
        if let Some(creation) = private.get(CREATION) {
            mark.creation = creation;
        }
        self.write(objects.as_ref(), &spec, &mark, diagnostics).await?;
        let kept: BTreeSet<&str> = spec.doors.iter().map(|door| door.object.as_str()).collect();
        let gone: Vec<ObjectId> =
            in_order_of_removal(prior).into_iter().filter(|id| !kept.contains(id.name.as_str())).collect();
        let left = self.remove(objects.as_ref(), &gone, Some(mark.creation.clone()), &mark.owner, diagnostics).await;
        left.is_empty().then(|| State { model: filled.clone(), private: notes(&spec, &mark) })
    }

    /// Removes everything; what is left of it with an error.
    pub(super) async fn remove_all(
        &self,
        cx: &Context,
        prior: &Declared,
        private: &Private,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        let kept = || Some(State { model: prior.clone(), private: private.clone() });
        let Some(objects) = reach(self, cx, diagnostics) else { return kept() };
        let namespace = prior.namespace.known().cloned().unwrap_or_default();
        let owner = self.runtime.owner(TYPE, &namespace, prior.name.known().map_or("", String::as_str));
        let ids = in_order_of_removal(prior);
        let left = self.remove(objects.as_ref(), &ids, private.get(CREATION), &owner, diagnostics).await;
        if left.is_empty() {
            return None;
        }
        kept()
    }

    /// The last word before the first write: what was only a warning in the plan of a create is an error now. Warnings
    /// were said at plan; `None` with an error.
    async fn insist_on_references(
        &self,
        objects: &dyn Objects,
        spec: &Spec,
        diagnostics: &mut Diagnostics,
    ) -> Option<()> {
        let mut seen = Diagnostics::new();
        self.look_at_references(objects, spec, Planning::Update, &mut seen).await;
        for error in seen.iter().filter(|diagnostic| diagnostic.severity == Severity::Error) {
            diagnostics.push(error.clone());
        }
        (!seen.has_errors()).then_some(())
    }

    fn claim(&self, filled: &Declared, owner: &str, diagnostics: &mut Diagnostics) -> Option<Vec<ObjectId>> {
        let mut claimed = Vec::new();
        for id in ids(filled) {
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

    /// Writes all objects; `None` with an error, which names those that were written.
    async fn write(
        &self,
        objects: &dyn Objects,
        spec: &Spec,
        mark: &Mark,
        diagnostics: &mut Diagnostics,
    ) -> Option<Vec<Change>> {
        let mut written: Vec<(&Door, Change)> = Vec::new();
        for door in spec.doors_in_order() {
            let id = id(&spec.namespace, &door.object);
            self.runtime.claims().note_write(&id);
            match objects.apply(&ApplyRequest::new(id, render::render(spec, door), mark.clone())).await {
                Ok(applied) => written.push((door, applied.change)),
                Err(error) => {
                    let names: Vec<&str> = written.iter().map(|(door, _)| door.object.as_str()).collect();
                    let mut detail = error.detail();
                    if !names.is_empty() {
                        detail = format!(
                            "{detail}\n\nWritten before that, and kept: Ingress {} in {}. The next apply goes on from there.",
                            names.join(", "),
                            spec.namespace
                        );
                    }
                    diagnostics.error(attribute(&error, door), coded(code_of(&error.cause), error.summary()), detail);
                    return None;
                }
            }
        }
        Some(written.into_iter().map(|(_, change)| change).collect())
    }

    /// Removes objects that this resource made and that the declaration does not name.
    async fn remove_strays(&self, objects: &dyn Objects, spec: &Spec, owner: &str, diagnostics: &mut Diagnostics) {
        let all = match objects.list(kinds::INGRESS, Scope::Namespace(&spec.namespace)).await {
            Ok(all) => all,
            Err(error) => return diagnostics.object_error(Path::root(), &error),
        };
        for live in all {
            let Some(mark) = live.mark().filter(|mark| mark.owner == owner) else { continue };
            if spec.doors.iter().any(|door| door.object == live.name()) {
                continue;
            }
            let stray = [id(&spec.namespace, live.name())];
            self.remove(objects, &stray, Some(mark.creation), owner, diagnostics).await;
        }
    }

    /// Removes these in this order; answers those that are still there. Stops at the first that cannot be removed: what
    /// follows is more gated.
    async fn remove(
        &self,
        objects: &dyn Objects,
        ids: &[ObjectId],
        creation: Option<String>,
        owner: &str,
        diagnostics: &mut Diagnostics,
    ) -> Vec<ObjectId> {
        for (position, id) in ids.iter().enumerate() {
            let creation = match &creation {
                Some(creation) => Some(creation.clone()),
                // A state that was never applied by us (tainted, or moved): the object's own mark says whether it is ours.
                None => match objects.get(id).await {
                    Ok(live) => {
                        live.and_then(|live| live.mark()).filter(|mark| mark.owner == owner).map(|mark| mark.creation)
                    }
                    Err(error) => {
                        diagnostics.object_error(Path::root(), &error);
                        return ids[position..].to_vec();
                    }
                },
            };
            self.runtime.claims().note_write(id);
            match objects.delete(&DeleteRequest::new(id.clone(), creation)).await {
                Ok(Deletion::Deleted | Deletion::Absent) => self.runtime.claims().release(id),
                Ok(Deletion::Released { reason }) => {
                    self.runtime.claims().release(id);
                    // A newer creation of the same resource has it: that is how a replacement takes over.
                    if !reason.ends_with(owner) {
                        diagnostics.warning(Path::root(), format!("{id} is left in place"), format!("{id}: {reason}."));
                    }
                }
                Ok(Deletion::Terminating { finalizers }) => {
                    let detail = format!(
                        "Its deletion has begun, and waits for finalizers {}. Run again when their controllers are done.",
                        finalizers.join(", ")
                    );
                    diagnostics.error(Path::root(), format!("{id} is still being deleted"), detail);
                    return ids[position..].to_vec();
                }
                Err(error) => {
                    diagnostics.object_error(Path::root(), &error);
                    return ids[position..].to_vec();
                }
            }
        }
        Vec::new()
    }
}

/// The notes of a complete apply.
fn notes(spec: &Spec, mark: &Mark) -> Private {
    let rendered: BTreeMap<String, Value> = render::render_all(spec).into_iter().collect();
    let mut private = Private::new();
    private.set(CREATION, &mark.creation);
    private.set(RENDERED, &rendered);
    private
}

/// The objects of a state: open carve-outs, then an open root, then what is gated.
fn in_order_of_removal(prior: &Declared) -> Vec<ObjectId> {
    let name = prior.name.known().cloned().unwrap_or_default();
    let openness: BTreeMap<String, bool> = prior
        .carve_out
        .known()
        .into_iter()
        .flatten()
        .map(|(label, carve_out)| (carve_out_object(&name, label), &carve_out.auth))
        .chain([(name.clone(), &prior.auth)])
        .map(|(object, auth)| (object, auth.known().is_some_and(|auth: &Auth| auth.is_open())))
        .collect();
    let mut ids = ids(prior);
    if ids.is_empty()
        && let Some(object) = object_of(prior)
    {
        // Moved or imported, and never refreshed: what there is, is the object itself.
        ids.extend(object.split_once('/').map(|(namespace, name)| id(namespace, name)));
    }
    ids.sort_by_key(|id| (!openness.get(&id.name).copied().unwrap_or(true), id.name == name));
    ids
}
