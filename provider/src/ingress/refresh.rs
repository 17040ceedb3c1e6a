//! Reading: is what was applied still so?
//!
//! The notes have a hash of each object as it was applied, so the question needs neither the configuration nor the
//! conventions of the house. Where everything is as applied, the state stays as it is, byte for byte. Else the state becomes
//! what the objects amount to, in the words of the declaration; and the hash of what was found differs from the one that
//! will be planned, so that also a difference for which there are no words is repaired.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use homelab_backends::objects::{Backend, Live, Objects, declared_view, owned, owned_by};
use homelab_core::ingress::read_back::{Found, read_back, related};
use homelab_core::ingress::render::{RenderedKind, render_all};
use homelab_core::ingress::{self as core, Spec, carve_out_object, fill, outputs};
use homelab_cty::Attr;
use homelab_plugin::{Context, Diagnostics, Private, Read, State};
use homelab_schema::identity::ObjectName;
use homelab_schema::ingress::Ingress as Declared;
use serde_json::Value;

use super::notes::{self, Hashes, Notes, hash_of, manager};
use super::parts::{self, Part};
use super::world::reach;
use super::{Ingress, TYPE};
use crate::Report;

impl Ingress {
    /// Compares the state with the world.
    pub(super) async fn refresh(
        &self,
        cx: &Context,
        state: &Declared,
        private: &Private,
        diagnostics: &mut Diagnostics,
    ) -> Read<Declared> {
        let (Some(namespace), Some(name)) = (state.namespace.known(), state.name.known()) else {
            return Read::Gone;
        };
        let Some(objects) = reach(self, cx, diagnostics) else { return Read::Unchanged };
        let objects = objects.as_ref();
        let applied = Notes::of(private).applied();
        let mut wanted = parts::known(state, private);
        let Some(mut live) = fetch(objects, namespace, &wanted, diagnostics).await else { return Read::Unchanged };
        if applied.as_ref().is_some_and(|applied| is_as_applied(applied, &live, objects.backend(), namespace, name)) {
            return Read::Unchanged;
        }
        // An apply that was killed half-way may have left objects that no state knows, and an import knows of none: the
        // Ingresses name them.
        loop {
            let unknown = unknown(namespace, name, &wanted, &live, applied.is_none());
            if unknown.is_empty() {
                break;
            }
            let Some(more) = fetch(objects, namespace, &unknown, diagnostics).await else { return Read::Unchanged };
            wanted.extend(unknown);
            live.extend(more);
        }
        if applied.is_none() {
            live = keep_ours(live, &self.runtime.owner(TYPE, namespace, name), &manager(namespace, name));
        }
        if !live.keys().any(Part::is_object) {
            return Read::Gone;
        }
        let found = self.as_found(objects.backend(), state, private, applied.as_ref(), &live);
        found.map_or(Read::Unchanged, Read::State)
    }

    /// The state that the objects amount to; `None` where that is the state that there is.
    fn as_found(
        &self,
        backend: Backend,
        state: &Declared,
        private: &Private,
        applied: Option<&Hashes>,
        live: &BTreeMap<Part, Live>,
    ) -> Option<State<Declared>> {
        let (namespace, name) = (super::known(&state.namespace), super::known(&state.name));
        let site = self.runtime.site();
        let manager = manager(namespace, name);
        let owner = self.runtime.owner(TYPE, namespace, name);
        let found: Vec<Found> = live
            .iter()
            .map(|(part, live)| {
                let written = match (backend, part.kind) {
                    (Backend::Folder, _) => live.object.clone(),
                    (Backend::Cluster, RenderedKind::ServiceField) => owned_by(&live.object, &manager),
                    (Backend::Cluster, _) => owned(&live.object),
                };
                Found { kind: part.kind, name: part.name.clone(), object: live.object.clone(), owned: Some(written) }
            })
            .collect();
        let config = read_back(namespace, name, Some(state), &found, &site);
        let mut model = config.clone();
        fill::fill(&config, &mut model, &site);

        // What was applied says what of the objects is ours to compare; after an import, what would be.
        let basis = if applied.is_some() { state } else { &model };
        let expected: BTreeMap<Part, Value> = Spec::of(basis, &site)
            .map(|spec| render_all(&spec).into_iter().map(|rendered| (Part::of(&rendered), rendered.body)).collect())
            .unwrap_or_default();
        // An object without our mark would only be let go of by a delete: a carve-out that is taken back would stay open. So
        // a lost mark is a difference, and the apply that it leads to writes it again.
        let views: BTreeMap<&Part, Value> = live
            .iter()
            .map(|(part, live)| {
                let is_ours = !part.is_object() || live.mark().is_some();
                let expected = expected.get(part).filter(|_| is_ours);
                (part, expected.map_or(Value::Null, |expected| declared_view(&live.object, expected)))
            })
            .collect();
        if applied.is_some() && views.iter().map(|(part, view)| (*part, view)).eq(expected.iter()) {
            // Other managers, the same words.
            return None;
        }
        let views: Vec<(String, Value)> = views.into_iter().map(|(part, view)| (part.key(), view)).collect();
        model.rendered_hash = Attr::Known(outputs::hash_of_objects(&views));
        model.objects = Attr::Known(objects_of(&model, live, &owner));
        if let Some(root) = live.get(&Part::ingress(name)) {
            model.middlewares = Attr::Known(members(root).map(str::to_owned).collect());
        }
        fill::settle(&mut model);
        let mut private = private.clone();
        if applied.is_none() {
            let hash = |(part, live): (&Part, &Live)| Some((part.key(), hash_of(part, live, backend, &manager)?));
            let mark = live.get(&Part::ingress(name)).and_then(Live::mark).filter(|mark| mark.owner == owner);
            let creation = mark.map(|mark| mark.creation);
            notes::apply(&mut private, &live.iter().filter_map(hash).collect(), creation.as_deref());
        }
        Some(State { model, private })
    }
}

/// Those of the parts that are there; `None` with an error.
async fn fetch(
    objects: &dyn Objects,
    namespace: &str,
    parts: &BTreeSet<Part>,
    diagnostics: &mut Diagnostics,
) -> Option<BTreeMap<Part, Live>> {
    let ids: Vec<_> = parts.iter().map(|part| part.id(namespace)).collect();
    let answers = join_all(ids.iter().map(|id| objects.read(id))).await;
    let mut live = BTreeMap::new();
    for (part, answer) in parts.iter().zip(answers) {
        match answer {
            Ok(Some(object)) => {
                live.insert(part.clone(), object);
            }
            Ok(None) => {}
            Err(error) => {
                diagnostics.object_error(homelab_cty::Path::root(), &error);
                return None;
            }
        }
    }
    Some(live)
}

/// Objects of the resource that its Ingresses name and that were not looked at: carve-outs, and middlewares of the
/// resource's own. On a `first_look` also the Services that they lead to, one of which may be ours.
fn unknown(
    namespace: &str,
    name: &str,
    looked_at: &BTreeSet<Part>,
    live: &BTreeMap<Part, Live>,
    first_look: bool,
) -> BTreeSet<Part> {
    let ingresses = || live.iter().filter(|(part, _)| part.kind == RenderedKind::Ingress);
    let found: Vec<Found> = ingresses()
        .map(|(part, live)| Found {
            kind: part.kind,
            name: part.name.clone(),
            object: live.object.clone(),
            owned: None,
        })
        .collect();
    let related = related(namespace, name, &found).into_iter().map(|(kind, name)| Part { kind, name });
    let mut named: BTreeSet<Part> =
        related.filter(|part| first_look || part.kind == RenderedKind::Middleware).collect();
    for (_, root) in ingresses().filter(|(part, _)| part.name == name) {
        let labels = core::labels_on(&root.object);
        named.extend(labels.iter().map(|label| Part::ingress(&carve_out_object(name, label))));
    }
    named.retain(|part| !looked_at.contains(part));
    named
}

/// A Service that an import came across is ours by its mark, or is somebody else's of which we hold a field, or is nothing
/// to us.
fn keep_ours(live: BTreeMap<Part, Live>, owner: &str, manager: &str) -> BTreeMap<Part, Live> {
    let whose = |(mut part, live): (Part, Live)| {
        if part.kind == RenderedKind::Service && live.mark().is_none_or(|mark| mark.owner != owner) {
            let held = owned_by(&live.object, manager).as_object().is_some_and(|fields| !fields.is_empty());
            part.kind = RenderedKind::ServiceField;
            return held.then_some((part, live));
        }
        Some((part, live))
    };
    live.into_iter().filter_map(whose).collect()
}

/// The chain of an Ingress.
fn members(ingress: &Live) -> impl Iterator<Item = &str> {
    let chain = ingress.annotation(core::MIDDLEWARES_ANNOTATION).unwrap_or_default();
    chain.split(',').map(str::trim).filter(|member| !member.is_empty())
}

/// The objects that the words amount to, as far as they are there, and whatever else there is of ours.
fn objects_of(model: &Declared, live: &BTreeMap<Part, Live>, owner: &str) -> Vec<ObjectName> {
    let namespace = super::known(&model.namespace);
    let named: Vec<Part> = parts::named(model).filter(|part| live.contains_key(part)).collect();
    let is_ours = |live: &Live| live.mark().is_some_and(|mark| mark.owner == owner);
    let others = live.iter().filter(|(part, live)| part.is_object() && is_ours(live) && !named.contains(part));
    named.iter().chain(others.map(|(part, _)| part)).map(|part| part.output(namespace)).collect()
}

fn is_as_applied(applied: &Hashes, live: &BTreeMap<Part, Live>, backend: Backend, namespace: &str, name: &str) -> bool {
    let manager = manager(namespace, name);
    applied.len() == live.len()
        && live.iter().all(|(part, live)| {
            applied.get(&part.key()).is_some_and(|hash| hash_of(part, live, backend, &manager).as_ref() == Some(hash))
        })
}
