//! Reading: is what was applied still so?
//!
//! What was applied is in the notes, so the question needs neither the configuration nor the conventions of the house.
//! Where everything is as applied, the state stays as it is, byte for byte. Else the state becomes what the objects amount
//! to, in the words of the declaration; and the hash of what was found differs from the one that will be planned, so that
//! also a difference for which there are no words is repaired.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use homelab_backends::objects::{Backend, Live, Mark, Objects, declared_view, owned};
use homelab_core::ingress::read_back::{Found, read_back};
use homelab_core::ingress::{self as core, Spec, carve_out_object, fill, outputs, render};
use homelab_cty::Attr;
use homelab_plugin::{Context, Diagnostics, Private, Read, State};
use homelab_schema::ingress::Ingress as Declared;
use serde_json::Value;

use super::world::reach;
use super::{CREATION, Ingress, RENDERED, TYPE, id};
use crate::Report;

/// Objects by name.
type Rendered = BTreeMap<String, Value>;

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
        let applied: Option<Rendered> = private.get(RENDERED);
        let mut names: BTreeSet<String> = BTreeSet::from([name.clone()]);
        names.extend(applied.iter().flatten().map(|(name, _)| name.clone()));
        names.extend(state.carve_out.known().into_iter().flatten().map(|(label, _)| carve_out_object(name, label)));
        let Some(mut live) = fetch(objects.as_ref(), namespace, &names, diagnostics).await else {
            return Read::Unchanged;
        };
        // An apply that was killed half-way may have left carve-outs that no state knows: the app's object names them.
        let unknown: BTreeSet<String> = live
            .get(name)
            .into_iter()
            .flat_map(|root| core::labels_on(&root.object))
            .map(|label| carve_out_object(name, &label))
            .filter(|object| !names.contains(object))
            .collect();
        if !unknown.is_empty() {
            let Some(more) = fetch(objects.as_ref(), namespace, &unknown, diagnostics).await else {
                return Read::Unchanged;
            };
            live.extend(more);
        }
        if live.is_empty() {
            return Read::Gone;
        }
        if let Some(applied) = &applied
            && is_as_applied(applied, &live)
        {
            return Read::Unchanged;
        }
        let owner = self.runtime.owner(TYPE, namespace, name);
        Read::State(self.as_found(objects.backend(), state, private, applied, &live, &owner))
    }

    /// The state that the objects amount to.
    fn as_found(
        &self,
        backend: Backend,
        state: &Declared,
        private: &Private,
        applied: Option<Rendered>,
        live: &BTreeMap<String, Live>,
        owner: &str,
    ) -> State<Declared> {
        let (namespace, name) = (super::known(&state.namespace), super::known(&state.name));
        let site = self.runtime.site();
        let found: Vec<Found> = live
            .iter()
            .map(|(name, live)| {
                let written = match backend {
                    Backend::Folder => live.object.clone(),
                    Backend::Cluster => owned(&live.object),
                };
                Found { name: name.clone(), object: live.object.clone(), owned: Some(written) }
            })
            .collect();
        let config = read_back(namespace, name, Some(state), &found, &site);
        let mut model = config.clone();
        fill::fill(&config, &mut model, &site);

        // After an import nothing was applied yet: what would be, tells what of the objects is ours to compare.
        let first_look = applied.is_none();
        let expected = applied.unwrap_or_else(|| {
            Spec::of(&model, &site).map(|spec| render::render_all(&spec).into_iter().collect()).unwrap_or_default()
        });
        let views: Vec<(String, Value)> = live
            .iter()
            .map(|(name, live)| {
                let view = expected.get(name).map(|expected| declared_view(&live.object, expected));
                (name.clone(), view.unwrap_or(Value::Null))
            })
            .collect();
        // An object without our mark would only be let go of by a delete: a carve-out that is taken back would stay open. So
        // a lost mark is a difference, and the apply that it leads to writes it again.
        let marked: Vec<(String, Value)> = views
            .iter()
            .map(|(name, view)| {
                let view = if live.get(name).is_some_and(is_marked) { view.clone() } else { Value::Null };
                (name.clone(), view)
            })
            .collect();
        model.rendered_hash = Attr::Known(outputs::hash_of_objects(&marked));
        if let Attr::Known(objects) = &mut model.objects {
            objects.retain(|object| live.contains_key(&object.name));
        }
        if let Some(root) = live.get(name) {
            let chain = root.annotation(core::MIDDLEWARES_ANNOTATION).unwrap_or_default().split(',');
            model.middlewares =
                Attr::Known(chain.map(str::trim).filter(|member| !member.is_empty()).map(str::to_owned).collect());
        }
        let mut private = private.clone();
        if first_look {
            private.set(RENDERED, &views.into_iter().collect::<Rendered>());
            let mark = live.get(name).and_then(Live::mark).filter(|mark: &Mark| mark.owner == owner);
            if let Some(mark) = mark {
                private.set(CREATION, &mark.creation);
            }
        }
        State { model, private }
    }
}

/// Those of the objects that are there; `None` with an error.
async fn fetch(
    objects: &dyn Objects,
    namespace: &str,
    names: &BTreeSet<String>,
    diagnostics: &mut Diagnostics,
) -> Option<BTreeMap<String, Live>> {
    let ids: Vec<_> = names.iter().map(|name| id(namespace, name)).collect();
    let answers = join_all(ids.iter().map(|id| objects.read(id))).await;
    let mut live = BTreeMap::new();
    for (name, answer) in names.iter().zip(answers) {
        match answer {
            Ok(Some(object)) => {
                live.insert(name.clone(), object);
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

fn is_as_applied(applied: &Rendered, live: &BTreeMap<String, Live>) -> bool {
    applied.keys().eq(live.keys())
        && applied
            .iter()
            .zip(live.values())
            .all(|((_, applied), live)| is_marked(live) && declared_view(&live.object, applied) == *applied)
}

/// Whether the object says that it is ours.
fn is_marked(live: &Live) -> bool {
    live.mark().is_some()
}
