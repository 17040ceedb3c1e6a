//! Reads objects back into the words of the declaration.
//!
//! After an import it gives the declaration that would write these objects; after drift it gives the declaration that the
//! objects amount to now, so that the plan shows what the apply will repair. What no declaration could have written (a
//! second rule, a chain of somebody else) keeps the prior words; it still shows, because the hash of what was found differs
//! from the hash of what would be written.

use std::collections::BTreeMap;

use homelab_schema::Attr;
use homelab_schema::ingress::{Auth, CarveOut, Ingress, PathType, Service};
use homelab_schema::provider::Site;
use serde_json::Value;

use super::fill::full_host;
use super::routes::{Route, expand};
use super::{
    AUTH_ANNOTATION, CARVE_OUT_ANNOTATION, ENTRYPOINTS_ANNOTATION, MIDDLEWARES_ANNOTATION, OWN_PREFIX,
    PRIORITY_ANNOTATION, REASON_ANNOTATION, carve_out_object, chain,
};

/// An Ingress as it was found.
#[derive(Clone, Debug)]
pub struct Found {
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
    if let Some(root) = found.iter().find(|object| object.name == name) {
        let view = View::of(root, site);
        view.shared(&mut model, site);
        view.door(&mut model.paths, &mut model.path_type);
        view.auth(&mut model.auth, &mut model.reason);
        if let Some(service) = view.service() {
            model.service = Attr::Known(service);
        }
        if let Some((_, extras)) = &view.chain {
            let none_declared = extras.is_empty() && model.extra_middlewares.is_null();
            model.extra_middlewares = if none_declared { Attr::Null } else { Attr::Known(extras.clone()) };
        }
    }
    let prior_carve_outs = prior.and_then(|prior| prior.carve_out.known()).cloned().unwrap_or_default();
    let mut carve_outs = BTreeMap::new();
    for object in found {
        let Some(label) = label_of(object, name) else { continue };
        let before = prior_carve_outs.get(&label);
        carve_outs.insert(label, carve_out(&View::of(object, site), before, &model.service));
    }
    model.carve_out = Attr::Known(carve_outs);
    model
}

/// The label of the carve-out that an object was made for: written on it, and in its name.
pub fn label_of(object: &Found, name: &str) -> Option<String> {
    let annotated = annotation(&object.object, CARVE_OUT_ANNOTATION).map(str::to_owned);
    let named = object.name.strip_prefix(name).and_then(|rest| rest.strip_prefix('-')).map(str::to_owned);
    // The name decides: it is what the next apply will write to, while an annotation can be edited.
    annotated.filter(|label| carve_out_object(name, label) == object.name).or(named)
}

fn carve_out(view: &View<'_>, before: Option<&CarveOut>, root_service: &Attr<Service>) -> CarveOut {
    let mut carve_out = before.cloned().unwrap_or_default();
    view.door(&mut carve_out.paths, &mut carve_out.path_type);
    view.auth(&mut carve_out.auth, &mut carve_out.reason);
    if let Some(priority) = annotation(view.object, PRIORITY_ANNOTATION).and_then(|text| text.parse().ok()) {
        carve_out.priority = Attr::Known(priority);
    }
    if let Some(service) = view.service() {
        let inherited = root_service.known() == Some(&service) && carve_out.service.is_null();
        carve_out.service = if inherited { Attr::Null } else { Attr::Known(service) };
    }
    carve_out
}

fn annotation<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get("metadata")?.get("annotations")?.get(name)?.as_str()
}

/// One object, looked at.
struct View<'a> {
    object: &'a Value,
    owned: Option<&'a Value>,
    /// What the chain amounts to, where it is one of ours.
    chain: Option<(Auth, Vec<String>)>,
}

impl<'a> View<'a> {
    fn of(found: &'a Found, site: &Site) -> Self {
        let object = &found.object;
        let declared = annotation(object, AUTH_ANNOTATION).and_then(|text| text.parse().ok());
        let members: Vec<String> = annotation(object, MIDDLEWARES_ANNOTATION)
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
            .filter(|member| !member.is_empty())
            .map(str::to_owned)
            .collect();
        Self { object, owned: found.owned.as_ref(), chain: chain::read(site, &members, declared) }
    }

    /// What all objects share, read from the app's own.
    fn shared(&self, model: &mut Ingress, site: &Site) {
        let text = |pointer: &str| self.object.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        if let Some(host) = text("/spec/rules/0/host").filter(|host| full_host(&model.host, site).known() != Some(host))
        {
            model.host = Attr::Known(host);
        }
        model.ingress_class = text("/spec/ingressClassName").into();
        model.tls_secret_name = text("/spec/tls/0/secretName").into();
        self.texts("annotations", &mut model.annotations);
        self.texts("labels", &mut model.labels);
    }

    /// The user's annotations or labels: of those that the prior state names, what is there now; without a prior, what we
    /// wrote ourselves.
    fn texts(&self, map: &str, attribute: &mut Attr<BTreeMap<String, String>>) {
        let live = self.object.get("metadata").and_then(|metadata| metadata.get(map));
        let live_text = |name: &str| live?.get(name)?.as_str().map(str::to_owned);
        let names: Vec<String> = if let Some(prior) = attribute.known() {
            prior.keys().cloned().collect()
        } else {
            let ours = self.owned.and_then(|owned| owned.get("metadata")?.get(map)?.as_object());
            ours.into_iter().flatten().map(|(name, _)| name.clone()).filter(|name| !is_own(name)).collect()
        };
        let found: BTreeMap<String, String> =
            names.into_iter().filter_map(|name| live_text(&name).map(|text| (name, text))).collect();
        if !found.is_empty() || !attribute.is_null() {
            *attribute = Attr::Known(found);
        }
    }

    fn door(&self, paths: &mut Attr<Vec<String>>, path_type: &mut Attr<PathType>) {
        let routes: Option<Vec<(Route, PathType)>> = self.paths().map(|path| path.and_then(route)).collect();
        let Some(routes) = routes.filter(|routes| !routes.is_empty()) else { return };
        if let Some((found, found_type)) = collapse(&routes) {
            *paths = Attr::Known(found);
            *path_type = Attr::Known(found_type);
        }
    }

    fn paths(&self) -> impl Iterator<Item = Option<&'a Value>> {
        let rules = self.object.pointer("/spec/rules").and_then(Value::as_array);
        let first = rules.and_then(|rules| rules.first());
        let paths = first.and_then(|rule| rule.pointer("/http/paths")).and_then(Value::as_array);
        paths.into_iter().flatten().map(Some)
    }

    /// The service, where all paths lead to one.
    fn service(&self) -> Option<Service> {
        let mut backends = self.paths().map(|path| path.and_then(|path| path.get("backend")).and_then(backend));
        let first = backends.next().flatten()?;
        backends.all(|other| other.as_ref() == Some(&first)).then_some(first)
    }

    fn auth(&self, auth: &mut Attr<Auth>, reason: &mut Attr<String>) {
        if let Some((found, _)) = &self.chain {
            *auth = Attr::Known(*found);
        } else if auth.is_null() {
            // An import of a chain that is none of this site's: the declaration will say.
            *auth = Attr::Known(Auth::Required);
        }
        let found: Attr<String> = annotation(self.object, REASON_ANNOTATION).map(str::to_owned).into();
        *reason = found;
    }
}

/// Whether an annotation is written by the resource itself.
fn is_own(name: &str) -> bool {
    name.starts_with(OWN_PREFIX)
        || [MIDDLEWARES_ANNOTATION, ENTRYPOINTS_ANNOTATION, PRIORITY_ANNOTATION].contains(&name)
}

fn route(path: &Value) -> Option<(Route, PathType)> {
    let path_type: PathType =
        path.get("pathType").and_then(Value::as_str).unwrap_or("ImplementationSpecific").parse().ok()?;
    let text = path.get("path").and_then(Value::as_str).unwrap_or("/").to_owned();
    Some((Route { path: text, exact: path_type == PathType::Exact }, path_type))
}

fn backend(backend: &Value) -> Option<Service> {
    let service = backend.get("service")?;
    let port = service.get("port")?;
    let port = match port.get("number").and_then(Value::as_u64) {
        Some(number) => number.to_string(),
        None => port.get("name")?.as_str()?.to_owned(),
    };
    Some(Service { name: Attr::Known(service.get("name")?.as_str()?.to_owned()), port: Attr::Known(port) })
}

/// The declared paths that become these routes. Where none would (somebody else's plain prefix), the paths as they are, if
/// they are of one type: the next apply writes them in the safe form.
fn collapse(routes: &[(Route, PathType)]) -> Option<(Vec<String>, PathType)> {
    let plain: Vec<Route> = routes.iter().map(|(route, _)| route.clone()).collect();
    let one_type =
        routes.first().map(|(_, path_type)| *path_type).filter(|first| routes.iter().all(|(_, t)| t == first));
    let as_is = || plain.iter().map(|route| route.path.clone()).collect::<Vec<_>>();
    let of_pairs: Vec<String> = plain
        .iter()
        .enumerate()
        .filter(|(position, route)| {
            let first_of_pair = position.checked_sub(1).and_then(|before| plain.get(before));
            !first_of_pair.is_some_and(|first| first.exact && !route.exact && format!("{}/", first.path) == route.path)
        })
        .map(|(_, route)| route.path.clone())
        .collect();
    let prefixes = routes.iter().all(|(_, path_type)| *path_type != PathType::ImplementationSpecific);
    if prefixes && expand(&of_pairs, PathType::Prefix) == plain {
        return Some((of_pairs, PathType::Prefix));
    }
    one_type.map(|path_type| (as_is(), path_type))
}
