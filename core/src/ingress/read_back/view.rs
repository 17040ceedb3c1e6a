//! One Ingress, looked at.

use std::collections::BTreeMap;

use homelab_schema::Attr;
use homelab_schema::ingress::{Auth, DnsMode, Ingress, PathType};
use homelab_schema::provider::Site;
use serde_json::Value;

use super::super::chain::{self, Hints, Own, Reading};
use super::super::fill::full_host;
use super::super::routes::Route;
use super::super::words::Words;
use super::super::{
    AUTH_ANNOTATION, ENTRYPOINTS_ANNOTATION, MIDDLEWARES_ANNOTATION, OWN_PREFIX, PRIORITY_ANNOTATION,
    REASON_ANNOTATION, announce,
};
use super::Found;
use super::paths::{backend, collapse, route};

/// An annotation of an object.
pub(super) fn annotation<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get("metadata")?.get("annotations")?.get(name)?.as_str()
}

/// The middlewares that an Ingress names, in their order.
pub(super) fn members(object: &Value) -> Vec<String> {
    let text = annotation(object, MIDDLEWARES_ANNOTATION).unwrap_or_default();
    text.split(',').map(str::trim).filter(|member| !member.is_empty()).map(str::to_owned).collect()
}

/// Name and port of the Service of an Ingress, where all paths lead to one.
pub(super) fn service_of(object: &Value) -> Option<(String, String)> {
    let mut backends = paths(object).map(|path| path.get("backend").and_then(backend));
    let first = backends.next().flatten()?;
    backends.all(|other| other.as_ref() == Some(&first)).then_some(first)
}

/// The paths of the first host: of ours all hosts have the same.
pub(super) fn paths(object: &Value) -> impl Iterator<Item = &Value> {
    let first = object.pointer("/spec/rules/0/http/paths").and_then(Value::as_array);
    first.into_iter().flatten()
}

/// One Ingress, looked at.
pub(super) struct View<'a> {
    pub(super) object: &'a Value,
    name: &'a str,
    owned: Option<&'a Value>,
    /// Its chain.
    pub(super) members: Vec<String>,
}

impl<'a> View<'a> {
    pub(super) fn of(found: &'a Found) -> Self {
        Self { object: &found.object, name: &found.name, owned: found.owned.as_ref(), members: members(&found.object) }
    }

    /// What was written onto it of the declaration.
    pub(super) fn words(&self) -> Words {
        Words::on(&self.annotations())
    }

    /// What it says of itself.
    pub(super) fn said_auth(&self) -> Option<Auth> {
        annotation(self.object, AUTH_ANNOTATION).and_then(|text| text.parse().ok())
    }

    /// What its chain amounts to, where that is one of ours.
    pub(super) fn chain(&self, site: &Site, own: &Own, words: &Words) -> Option<Reading> {
        let hints =
            Hints { auth: self.said_auth(), groups: words.allowed_groups.clone(), wake: words.scale_to_zero.clone() };
        chain::read(site, own, &self.members, &hints)
    }

    fn annotations(&self) -> BTreeMap<String, String> {
        let all = self.object.pointer("/metadata/annotations").and_then(Value::as_object);
        let all = all.into_iter().flatten();
        all.filter_map(|(name, text)| Some((name.clone(), text.as_str()?.to_owned()))).collect()
    }

    /// What all objects share, read from the app's own.
    pub(super) fn shared(&self, model: &mut Ingress, site: &Site, words: &Words) {
        let text = |pointer: &str| self.object.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let rules = self.object.pointer("/spec/rules").and_then(Value::as_array);
        let hosts: Vec<String> = rules
            .into_iter()
            .flatten()
            .filter_map(|rule| rule.get("host").and_then(Value::as_str).map(str::to_owned))
            .collect();
        if let Some((host, aliases)) = hosts.split_first() {
            let word = model.host.known().or(words.host.as_ref()).cloned();
            model.host = Attr::Known(spelled(host, word, site));
            aliases_of(aliases, model, site, words);
        }
        model.ingress_class = text("/spec/ingressClassName").into();
        model.entrypoint = annotation(self.object, ENTRYPOINTS_ANNOTATION).map(str::to_owned).into();
        model.tls_secret_name = text("/spec/tls/0/secretName").into();
        let domain = announce::domain(site).into_known();
        self.texts("annotations", &mut model.annotations, |name| is_own(name, domain.as_deref(), words));
        self.texts("labels", &mut model.labels, |_| false);
    }

    /// What others learn of the app: records, monitor, tile.
    pub(super) fn announced(&self, model: &mut Ingress, site: &Site, words: &Words) {
        let annotations = self.annotations();
        let domain = announce::domain(site).into_known();
        let of_annotation = domain.as_deref().and_then(|domain| announce::read_dns(&annotations, domain));
        // Where there is a domain the annotation is always written, so that its absence means something.
        let is_announced = domain.is_some() && model.dns.known().is_some();
        let dns = of_annotation.or_else(|| words.dns().filter(|_| !is_announced)).unwrap_or(DnsMode::None);
        model.dns = Attr::Known(dns);
        if let Some(domain) = &domain {
            model.external_monitor = announce::read_monitor(&annotations, domain, dns, words.external_monitor);
        }
        model.homepage = match announce::read_tile(&annotations) {
            Some(tile) if words.homepage => Attr::Known(tile),
            _ => Attr::Null,
        };
    }

    /// The user's annotations or labels: of those that the prior state names, what is there now; without a prior, what we
    /// wrote ourselves.
    fn texts(&self, map: &str, attribute: &mut Attr<BTreeMap<String, String>>, is_own: impl Fn(&str) -> bool) {
        let live = self.object.get("metadata").and_then(|metadata| metadata.get(map));
        let live_text = |name: &str| live?.get(name)?.as_str().map(str::to_owned);
        let names: Vec<String> = if let Some(prior) = attribute.known() {
            prior.keys().cloned().collect()
        } else {
            let ours = self.owned.and_then(|owned| owned.get("metadata")?.get(map)?.as_object());
            ours.into_iter().flatten().map(|(name, _)| name.clone()).collect()
        };
        let names = names.into_iter().filter(|name| !is_own(name));
        let found: BTreeMap<String, String> =
            names.filter_map(|name| live_text(&name).map(|text| (name, text))).collect();
        if !found.is_empty() || !attribute.is_null() {
            *attribute = Attr::Known(found);
        }
    }

    pub(super) fn door(&self, declared: &mut Attr<Vec<String>>, path_type: &mut Attr<PathType>, parity: bool) {
        let routes: Option<Vec<(Route, PathType)>> = paths(self.object).map(route).collect();
        let Some(routes) = routes.filter(|routes| !routes.is_empty()) else { return };
        if let Some((found, found_type)) = collapse(&routes, parity) {
            *declared = Attr::Known(found);
            *path_type = Attr::Known(found_type);
        }
    }

    /// Name and port of the Service, where all paths lead to one.
    pub(super) fn service(&self) -> Option<(String, String)> {
        service_of(self.object)
    }

    /// Its name.
    pub(super) fn object_name(&self) -> &'a str {
        self.name
    }

    /// Why it is open.
    pub(super) fn reason(&self) -> Attr<String> {
        annotation(self.object, REASON_ANNOTATION).map(str::to_owned).into()
    }
}

/// The aliases in their words.
fn aliases_of(found: &[String], model: &mut Ingress, site: &Site, words: &Words) {
    let prior = model.host_aliases.known().or(words.host_aliases.as_ref()).cloned().unwrap_or_default();
    let spelled: Vec<String> =
        found.iter().enumerate().map(|(index, host)| spelled(host, prior.get(index).cloned(), site)).collect();
    let none_declared = found.is_empty() && model.host_aliases.known().is_none_or(|prior| !prior.is_empty());
    model.host_aliases = if none_declared { Attr::Null } else { Attr::Known(spelled) };
}

/// A host in the word for it, where that means it.
fn spelled(host: &str, word: Option<String>, site: &Site) -> String {
    let means_it = |word: &String| full_host(&Attr::Known(word.clone()), site).known().is_some_and(|full| full == host);
    word.filter(means_it).unwrap_or_else(|| host.to_owned())
}

/// Whether an annotation is written by the resource itself.
fn is_own(name: &str, domain: Option<&str>, words: &Words) -> bool {
    name.starts_with(OWN_PREFIX)
        || [MIDDLEWARES_ANNOTATION, ENTRYPOINTS_ANNOTATION, PRIORITY_ANNOTATION].contains(&name)
        || (words.homepage && name.starts_with(announce::HOMEPAGE_PREFIX))
        || domain.is_some_and(|domain| announce::reserved(domain).iter().any(|(reserved, _)| reserved == name))
}
