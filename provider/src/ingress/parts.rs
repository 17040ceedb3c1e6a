//! The objects of one resource, as state and notes name them.

use std::collections::{BTreeMap, BTreeSet};

use homelab_backends::objects::{Kind, ObjectId, kinds};
use homelab_core::ingress::render::{Rendered, RenderedKind, render_all};
use homelab_core::ingress::{Spec, carve_out_object};
use homelab_plugin::Private;
use homelab_schema::identity::ObjectName;
use homelab_schema::ingress::{Auth, Ingress as Declared};

use super::notes::Notes;

/// One object of a resource, or its one field of somebody else's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part {
    /// What it is.
    pub(super) kind: RenderedKind,
    /// Its name, in the namespace of the resource.
    pub(super) name: String,
}

impl Part {
    /// An Ingress of that name.
    pub(super) fn ingress(name: &str) -> Self {
        Self { kind: RenderedKind::Ingress, name: name.to_owned() }
    }

    /// What was rendered.
    pub(super) fn of(rendered: &Rendered) -> Self {
        Self { kind: rendered.kind, name: rendered.name.clone() }
    }

    /// The part that [`Part::key`] names.
    pub(super) fn of_key(key: &str) -> Option<Self> {
        let (kind, name) = key.split_once('/')?;
        Some(Self { kind: RenderedKind::of(kind)?, name: name.to_owned() })
    }

    /// `<kind>/<name>`, as [`Rendered::key`].
    pub(super) fn key(&self) -> String {
        format!("{}/{}", self.kind.as_str(), self.name)
    }

    /// The object that it is, or is a field of.
    pub(super) fn id(&self, namespace: &str) -> ObjectId {
        kind(self.kind).object(namespace, &self.name)
    }

    /// As the outputs name it.
    pub(super) fn output(&self, namespace: &str) -> ObjectName {
        let kind = self.kind.as_str().to_owned();
        ObjectName { kind, namespace: namespace.to_owned(), name: self.name.clone() }
    }

    /// Whether the object is ours as a whole.
    pub(super) fn is_object(&self) -> bool {
        self.kind != RenderedKind::ServiceField
    }
}

/// The kind of object behind a rendered kind.
pub(super) fn kind(kind: RenderedKind) -> Kind {
    match kind {
        RenderedKind::Middleware => kinds::MIDDLEWARE,
        RenderedKind::Service | RenderedKind::ServiceField => kinds::SERVICE,
        RenderedKind::Ingress => kinds::INGRESS,
    }
}

/// The kinds of whole objects that a resource can have.
pub(super) const OBJECTS: [RenderedKind; 3] = [RenderedKind::Middleware, RenderedKind::Service, RenderedKind::Ingress];

/// The objects that the outputs of a model name.
pub(super) fn named(model: &Declared) -> impl Iterator<Item = Part> {
    let objects = model.objects.known().into_iter().flatten();
    objects.filter_map(|object| Some(Part { kind: RenderedKind::of(&object.kind)?, name: object.name.clone() }))
}

/// Everything that a declaration becomes.
pub(super) fn declared(spec: &Spec) -> BTreeSet<Part> {
    render_all(spec).iter().map(Part::of).collect()
}

/// Ids of the whole objects that the outputs of a model name.
pub(super) fn ids(model: &Declared) -> Vec<ObjectId> {
    let namespace = super::known(&model.namespace);
    named(model).filter(Part::is_object).map(|part| part.id(namespace)).collect()
}

/// Everything that a state and its notes know of: the app's own Ingress at least, which is all there is of a state that
/// was imported or moved and never refreshed.
pub(super) fn known(state: &Declared, private: &Private) -> BTreeSet<Part> {
    let name = super::known(&state.name);
    let mut parts: BTreeSet<Part> = named(state).collect();
    parts.extend(Notes::of(private).applied().into_iter().flatten().filter_map(|(key, _)| Part::of_key(&key)));
    let labels = state.carve_out.known().into_iter().flatten();
    parts.extend(labels.map(|(label, _)| Part::ingress(&carve_out_object(name, label))));
    parts.insert(Part::ingress(name));
    parts
}

/// In the order in which they may go: open carve-outs, then an open root, then gated Ingresses, then what they referred to.
pub(super) fn in_order_of_removal(parts: impl IntoIterator<Item = Part>, prior: &Declared) -> Vec<Part> {
    let name = super::known(&prior.name);
    let openness: BTreeMap<String, bool> = prior
        .carve_out
        .known()
        .into_iter()
        .flatten()
        .map(|(label, carve_out)| (carve_out_object(name, label), &carve_out.auth))
        .chain([(name.to_owned(), &prior.auth)])
        .map(|(object, auth)| (object, auth.known().is_some_and(|auth: &Auth| auth.is_open())))
        .collect();
    let mut parts: Vec<Part> = parts.into_iter().collect();
    parts.sort_by_key(|part| {
        let stage = match part.kind {
            RenderedKind::Ingress => 0,
            RenderedKind::ServiceField => 1,
            RenderedKind::Service => 2,
            RenderedKind::Middleware => 3,
        };
        (stage, !openness.get(&part.name).copied().unwrap_or(true), part.name == name, part.name.clone())
    });
    parts
}
