//! Reads objects back into the words of the declaration.
//!
//! After an import it gives the declaration that would write these objects; after drift it gives the declaration that the
//! objects amount to now, so that the plan shows what the apply will repair. What no declaration could have written (a
//! second rule, a chain of somebody else) keeps the prior words; it still shows, because the hash of what was found differs
//! from the hash of what would be written.
//!
//! Several declarations may write the same objects. Between them the prior words decide, and after an import those that
//! were written onto the object: see [`super::words`].

mod gates;
mod paths;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use homelab_schema::Attr;
use homelab_schema::ingress::{CarveOut, Ingress, PathType, Scheme, Service};
use homelab_schema::provider::Site;
use serde_json::Value;

use self::gates::Gates;
use self::view::View;
use super::own::{self, Does};
use super::render::RenderedKind;
use super::routes::{Route, expand};
use super::spec::{DEFAULT_PORT, Spec};
use super::words::Words;
use super::{CARVE_OUT_ANNOTATION, PRIORITY_ANNOTATION, SCHEME_ANNOTATION, carve_out_object};

/// An object as it was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// What it is. A Service of which we only set a field is a [`RenderedKind::ServiceField`].
    pub kind: RenderedKind,
    /// Its name.
    pub name: String,
    /// All of it.
    pub object: Value,
    /// The part that we wrote, where that is known: it tells the user's annotations from those of others.
    pub owned: Option<Value>,
}

/// The declaration that the objects of resource `namespace`/`name` amount to. `prior` is the last state; after an import it
/// has little more than the name. Computed attributes are left null.
pub fn read_back(namespace: &str, name: &str, prior: Option<&Ingress>, found: &[Found], site: &Site) -> Ingress {
    let mut model = prior.cloned().unwrap_or_default();
    model.name = Attr::Known(name.to_owned());
    model.namespace = Attr::Known(namespace.to_owned());
    // A state that was never filled (imported, moved) has no words yet.
    let prior = prior.filter(|prior| !prior.paths.is_null());
    let spec = prior.and_then(|prior| Spec::of(prior, site));
    let reader = Reader { namespace, name, found, site, prior, spec };
    if let Some(root) = reader.find(RenderedKind::Ingress, name) {
        reader.root(root, &mut model);
    }
    let before = prior.and_then(|prior| prior.carve_out.known()).cloned().unwrap_or_default();
    let mut carve_outs = BTreeMap::new();
    for object in found.iter().filter(|object| object.kind == RenderedKind::Ingress) {
        let Some(label) = label_of(object, name) else { continue };
        let carve_out = reader.carve_out(object, before.get(&label), &model);
        carve_outs.insert(label, carve_out);
    }
    model.carve_out = Attr::Known(carve_outs);
    model
}

/// The label of the carve-out that an object was made for: written on it, and in its name.
pub fn label_of(object: &Found, name: &str) -> Option<String> {
    let annotated = view::annotation(&object.object, CARVE_OUT_ANNOTATION).map(str::to_owned);
    let named = object.name.strip_prefix(name).and_then(|rest| rest.strip_prefix('-')).map(str::to_owned);
    // The name decides: it is what the next apply will write to, while an annotation can be edited.
    annotated.filter(|label| carve_out_object(name, label) == object.name).or(named)
}

/// The declared paths of one Ingress, each with how it matches in truth: Traefik takes a prefix that is no pair by its
/// characters. Without the prior words, so that it needs no more than the object.
pub fn paths_of(object: &Value) -> Vec<(String, PathType)> {
    let routes: Vec<(Route, PathType)> = view::paths(object).filter_map(paths::route).collect();
    let plain: Vec<Route> = routes.iter().map(|(route, _)| route.clone()).collect();
    let by_characters = |path_type: PathType, is_pair: bool| match path_type {
        PathType::Prefix if !is_pair => PathType::ImplementationSpecific,
        declared => declared,
    };
    match paths::collapse(&routes, false) {
        Some((declared, path_type)) => {
            let matching = by_characters(path_type, expand(&declared, path_type) == plain);
            declared.into_iter().map(|path| (path, matching)).collect()
        }
        // Of several types, which none of ours is.
        None => routes
            .into_iter()
            .map(|(route, path_type)| {
                let is_whole = route.path.ends_with('/');
                (route.path, by_characters(path_type, is_whole))
            })
            .collect(),
    }
}

/// What may belong to a resource besides its Ingresses, as far as these show: middlewares of its own that their chains
/// name, and the Services that they lead to (ours are those that carry our mark). For an import, which knows no more than
/// the Ingresses.
pub fn related(namespace: &str, name: &str, ingresses: &[Found]) -> BTreeSet<(RenderedKind, String)> {
    let mut related = BTreeSet::new();
    for object in ingresses.iter().filter(|object| object.kind == RenderedKind::Ingress) {
        let own = [own::rate_limit(&object.name), own::rate_limit(name), own::policy(name), own::body(name)];
        let members = view::members(&object.object);
        let named = own.into_iter().filter(|own| members.contains(&own::reference(namespace, own)));
        related.extend(named.map(|own| (RenderedKind::Middleware, own)));
        related.extend(view::service_of(&object.object).map(|(service, _)| (RenderedKind::Service, service)));
    }
    related
}

/// What is the same for all doors of a resource.
struct Reader<'a> {
    namespace: &'a str,
    name: &'a str,
    found: &'a [Found],
    site: &'a Site,
    /// The last state, where it was complete.
    prior: Option<&'a Ingress>,
    /// What that would render now.
    spec: Option<Spec>,
}

impl Reader<'_> {
    fn find(&self, kind: RenderedKind, name: &str) -> Option<&Found> {
        self.found.iter().find(|object| object.kind == kind && object.name == name)
    }

    fn root(&self, root: &Found, model: &mut Ingress) {
        let view = View::of(root);
        let words = self.prior.map_or_else(|| view.words(), |prior| Words::of_resource(prior, self.site));
        view.shared(model, self.site, &words);
        view.announced(model, self.site, &words);
        if self.prior.is_none() {
            model.parity = words.parity.into();
            model.dns_overwrite = Attr::Known(words.dns_overwrite);
        }
        let parity = self.parity(model);
        view.door(&mut model.paths, &mut model.path_type, parity);
        model.reason = view.reason();
        if let Some((service, port)) = view.service() {
            let scheme = self.scheme(&service, &words);
            let is_default = service == self.name && port == DEFAULT_PORT && scheme.is_null();
            let found = Service { name: Attr::Known(service), port: Attr::Known(port), scheme };
            model.service = if words.service && is_default { Attr::Null } else { Attr::Known(found) };
        }
        model.external_name = self.external_name(model);
        Gates::of_resource(model).read(self, &view, &words).write_to(model);
        self.policies(model);
    }

    fn carve_out(&self, found: &Found, before: Option<&CarveOut>, app: &Ingress) -> CarveOut {
        let view = View::of(found);
        let root = backend_of(app, self.name);
        let words = before.map_or_else(|| view.words(), |before| Words::of_carve_out(before, &root));
        let mut carve_out = before.cloned().unwrap_or_default();
        view.door(&mut carve_out.paths, &mut carve_out.path_type, self.parity(app));
        carve_out.reason = view.reason();
        let priority = view::annotation(view.object, PRIORITY_ANNOTATION).and_then(|text| text.parse().ok());
        if priority.is_some() || self.parity(app) {
            carve_out.priority = priority.into();
        }
        if let Some((service, port)) = view.service() {
            let scheme = self.scheme(&service, &words);
            let inherited = (&service, &port) == (&root.0, &root.1) && scheme.is_null() && !words.service;
            let found = Service { name: Attr::Known(service), port: Attr::Known(port), scheme };
            carve_out.service = if inherited { Attr::Null } else { Attr::Known(found) };
        }
        if before.is_none() {
            carve_out.probe = words.probe.as_ref().map(super::words::ProbeWords::block).into();
        }
        Gates::of_carve_out(&carve_out, app).read(self, &view, &words).write_to_carve_out(&mut carve_out);
        carve_out
    }

    fn parity(&self, model: &Ingress) -> bool {
        model.parity.or(self.site.parity).known().copied().unwrap_or_default()
    }

    /// The scheme of a door that says one: as it is on the Service where that was found. Another door, or somebody else, may
    /// have written it too, so that it alone says nothing of this door.
    fn scheme(&self, service: &str, words: &Words) -> Attr<Scheme> {
        if words.scheme.is_none() {
            return Attr::Null;
        }
        let found =
            self.find(RenderedKind::Service, service).or_else(|| self.find(RenderedKind::ServiceField, service));
        match found {
            Some(found) => {
                let text = view::annotation(&found.object, SCHEME_ANNOTATION);
                text.and_then(|text| text.parse().ok()).into()
            }
            None => words.scheme(),
        }
    }

    /// Where our Service leads.
    fn external_name(&self, model: &Ingress) -> Attr<String> {
        let (service, _) = backend_of(model, self.name);
        let target = self.find(RenderedKind::Service, &service).and_then(|service| {
            service.object.pointer("/spec/externalName").and_then(Value::as_str).map(str::to_owned)
        });
        target.into()
    }

    /// What an own Middleware does, where it is there.
    fn does(&self, middleware: &str) -> Option<Does> {
        own::read(&self.find(RenderedKind::Middleware, middleware)?.object)
    }

    /// The texts of own middlewares whose place in the chain was read already: as they are, where they are there.
    fn policies(&self, model: &mut Ingress) {
        if let Some(Does::Policy(text)) = self.does(&own::policy(self.name))
            && !model.content_security_policy.is_null()
        {
            model.content_security_policy = Attr::Known(text);
        }
        if let Some(Does::Body(bytes)) = self.does(&own::body(self.name))
            && !model.max_body_size.is_null()
        {
            let prior =
                model.max_body_size.known().filter(|text| homelab_schema::ingress::bytes_of(text) == Some(bytes));
            let text = prior.cloned().unwrap_or_else(|| homelab_schema::ingress::size_of(bytes));
            model.max_body_size = Attr::Known(text);
        }
    }
}

/// Service and port of the app.
fn backend_of(model: &Ingress, name: &str) -> (String, String) {
    let service = model.service.known();
    let known = |text: Option<&Attr<String>>, default: &str| {
        text.and_then(|text| text.known()).cloned().unwrap_or_else(|| default.to_owned())
    };
    (known(service.map(|s| &s.name), name), known(service.map(|s| &s.port), DEFAULT_PORT))
}
