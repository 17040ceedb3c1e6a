//! Reads an ExternalSecret back into the words of the declaration.
//!
//! In a refresh only what the state declares is looked at, so that defaults of the server and additions of the operator are
//! never drift. In an import nothing is declared yet: what a field manager of ours wrote counts as declared; of an object of
//! others everything does, but for values that are the server's defaults.

use std::collections::BTreeMap;
use std::str::FromStr;

use homelab_schema::Attr;
use homelab_schema::external_secret::{ExternalSecret, OnDestroy, StoreKind, StoreRef, Target, Template};
use serde_json::Value;

use super::{OWN_PREFIX, RELOAD};

mod lists;

/// Values that the server fills in by itself in one release or another; as in an import they say nothing.
const DEFAULTS: [(&str, &str); 13] = [
    ("conversionStrategy", "Default"),
    ("decodingStrategy", "None"),
    ("metadataPolicy", "None"),
    ("creationPolicy", "Owner"),
    ("deletionPolicy", "Retain"),
    ("engineVersion", "v2"),
    ("mergePolicy", "Replace"),
    // Of a template that stands elsewhere.
    ("target", "Data"),
    ("templateAs", "Values"),
    ("apiVersion", "generators.external-secrets.io/v1alpha1"),
    // Of a merge.
    ("strategy", "Extract"),
    ("conflictPolicy", "Error"),
    ("priorityPolicy", "Strict"),
];

/// The declaration that `live` amounts to. `prior` is the last state, `None` in an import; `owned` is the part of `live` that
/// we wrote, where there is such a thing. Computed attributes are as in `prior`.
pub fn read_back(
    namespace: &str,
    name: &str,
    prior: Option<&ExternalSecret>,
    live: &Value,
    owned: Option<&Value>,
) -> ExternalSecret {
    let spec = live.get("spec").unwrap_or(&Value::Null);
    let owned_spec = owned.map(|owned| owned.get("spec").unwrap_or(&Value::Null));
    let view = View { live: spec, owned: owned_spec };
    let mut model = prior.cloned().unwrap_or_default();
    model.name = Attr::Known(name.to_owned());
    model.namespace = Attr::Known(namespace.to_owned());
    model.on_destroy = model.on_destroy.or(Attr::Known(OnDestroy::KeepSecret));
    model.force_destroy = model.force_destroy.or(Attr::Known(false));
    model.wait = model.wait.or(Attr::Known(true));
    model.refresh_interval = view.text("refreshInterval", prior.map(|prior| &prior.refresh_interval));
    model.refresh_policy = view.choice("refreshPolicy", prior.map(|prior| &prior.refresh_policy));
    model.store = match spec.get("secretStoreRef") {
        Some(Value::Object(_)) => Attr::Known(store(&view.inside("secretStoreRef"))),
        _ => Attr::Null,
    };
    model.target = view.block("target", prior.map(|prior| &prior.target), target);
    model.data = Attr::Known(lists::data(spec, prior));
    model.data_from = Attr::Known(lists::data_from(spec, prior));
    let metadata = View {
        live: live.get("metadata").unwrap_or(&Value::Null),
        owned: Some(owned.and_then(|owned| owned.get("metadata")).unwrap_or(&Value::Null)),
    };
    model.annotations = metadata.texts("annotations", prior.map(|prior| &prior.annotations));
    model.labels = metadata.texts("labels", prior.map(|prior| &prior.labels));
    reload(&mut model, prior, live);
    model
}

/// `reload` is an annotation of ours, which is not repeated in the maps of annotations.
fn reload(model: &mut ExternalSecret, prior: Option<&ExternalSecret>, live: &Value) {
    let metadata = match live.pointer("/spec/target/template") {
        Some(template @ Value::Object(_)) => template.get("metadata"),
        _ => live.get("metadata"),
    };
    let annotations = |metadata: Option<&Value>| metadata.and_then(|metadata| metadata.get("annotations")).cloned();
    let is_there = annotations(metadata).is_some_and(|annotations| annotations[RELOAD] == "true");
    if let Some(prior) = prior {
        let wanted = prior.reload.known() == Some(&true);
        model.reload = Attr::Known(wanted && is_there);
        return;
    }
    // In an object that somebody else wrote it is an annotation as any other.
    let all = annotations(live.get("metadata")).unwrap_or_default();
    let is_ours = all.as_object().is_some_and(|all| all.keys().any(|name| name.starts_with(OWN_PREFIX)));
    model.reload = Attr::Known(is_ours && is_there);
    if model.reload != Attr::Known(true) {
        return;
    }
    remove(&mut model.annotations);
    if let Attr::Known(target) = &mut model.target
        && let Attr::Known(template) = &mut target.template
    {
        remove(&mut template.annotations);
    }
}

fn remove(annotations: &mut Attr<BTreeMap<String, String>>) {
    if let Attr::Known(all) = annotations
        && all.remove(RELOAD).is_some()
        && all.is_empty()
    {
        *annotations = Attr::Null;
    }
}

/// Left out by somebody, the operator takes the kind for a `SecretStore`.
fn store(view: &View<'_>) -> StoreRef {
    StoreRef { name: view.plain("name"), kind: view.parsed("kind").or(Attr::Known(StoreKind::SecretStore)) }
}

/// A part of the object: all of it, and what of it we wrote, where that is known.
#[derive(Clone, Copy)]
struct View<'a> {
    live: &'a Value,
    owned: Option<&'a Value>,
}

impl<'a> View<'a> {
    fn inside(&self, name: &str) -> Self {
        let part = |value: &'a Value| value.get(name).unwrap_or(&Value::Null);
        Self { live: part(self.live), owned: self.owned.map(part) }
    }

    /// Whether the user wrote it: the prior state says, else our own manager, else it is no mere default.
    fn declared<T>(&self, name: &str, prior: Option<&Attr<T>>) -> bool {
        match (prior, self.owned) {
            (Some(prior), _) => !prior.is_null(),
            (None, Some(owned)) => owned.get(name).is_some(),
            (None, None) => !DEFAULTS.iter().any(|(field, default)| *field == name && self.live[*field] == **default),
        }
    }

    fn plain(&self, name: &str) -> Attr<String> {
        self.live.get(name).and_then(Value::as_str).map(str::to_owned).into()
    }

    fn parsed<T: FromStr>(&self, name: &str) -> Attr<T> {
        self.live.get(name).and_then(Value::as_str).and_then(|text| text.parse().ok()).into()
    }

    fn flag(&self, name: &str, prior: Option<&Attr<bool>>) -> Attr<bool> {
        let live = self.live.get(name).and_then(Value::as_bool);
        // The server leaves out what is false.
        match prior {
            Some(Attr::Null) => Attr::Null,
            Some(_) => Attr::Known(live.unwrap_or(false)),
            None if self.declared(name, prior) => live.into(),
            None => Attr::Null,
        }
    }

    fn text(&self, name: &str, prior: Option<&Attr<String>>) -> Attr<String> {
        if self.declared(name, prior) { self.plain(name) } else { Attr::Null }
    }

    fn choice<T: FromStr>(&self, name: &str, prior: Option<&Attr<T>>) -> Attr<T> {
        if self.declared(name, prior) { self.parsed(name) } else { Attr::Null }
    }

    /// The declared members of a map of texts. A map that has become empty is not there.
    fn texts(&self, name: &str, prior: Option<&Attr<BTreeMap<String, String>>>) -> Attr<BTreeMap<String, String>> {
        let live = self.live.get(name).and_then(Value::as_object);
        let ours = self.owned.map(|owned| owned.get(name).and_then(Value::as_object));
        let is_declared = |key: &String| match (prior, ours) {
            (Some(prior), _) => prior.known().is_some_and(|prior| prior.contains_key(key)),
            (None, Some(ours)) => ours.is_some_and(|ours| ours.contains_key(key)) && !key.starts_with(OWN_PREFIX),
            (None, None) => true,
        };
        let texts: BTreeMap<String, String> = live
            .into_iter()
            .flatten()
            .filter(|(key, _)| is_declared(key))
            .filter_map(|(key, text)| Some((key.clone(), text.as_str()?.to_owned())))
            .collect();
        let was_given = prior.is_some_and(|prior| !prior.is_null());
        if texts.is_empty() && !was_given { Attr::Null } else { Attr::Known(texts) }
    }

    /// A nested block; none where nothing in it is declared.
    fn block<T: Clone + Default + PartialEq>(
        &self,
        name: &str,
        prior: Option<&Attr<T>>,
        read: fn(&View<'_>, Option<&T>) -> T,
    ) -> Attr<T> {
        match prior {
            Some(Attr::Null) => Attr::Null,
            Some(prior) => Attr::Known(read(&self.inside(name), prior.known())),
            None => {
                let found = read(&self.inside(name), None);
                if found == T::default() { Attr::Null } else { Attr::Known(found) }
            }
        }
    }
}

fn target(view: &View<'_>, prior: Option<&Target>) -> Target {
    Target {
        name: view.text("name", prior.map(|prior| &prior.name)),
        creation_policy: view.choice("creationPolicy", prior.map(|prior| &prior.creation_policy)),
        deletion_policy: view.choice("deletionPolicy", prior.map(|prior| &prior.deletion_policy)),
        immutable: view.flag("immutable", prior.map(|prior| &prior.immutable)),
        template: template(view, prior.map(|prior| &prior.template)),
    }
}

/// A template counts by being there: with one, nothing is copied from the ExternalSecret to the Secret.
fn template(view: &View<'_>, prior: Option<&Attr<Template>>) -> Attr<Template> {
    let is_there = view.live.get("template").is_some_and(Value::is_object);
    let is_ours = view.owned.is_none_or(|owned| owned.get("template").is_some());
    match prior {
        Some(Attr::Null) => Attr::Null,
        None if !is_ours => Attr::Null,
        _ if !is_there => Attr::Null,
        prior => {
            let prior = prior.and_then(Attr::known);
            Attr::Known(template_of(&view.inside("template"), prior))
        }
    }
}

fn template_of(view: &View<'_>, prior: Option<&Template>) -> Template {
    let metadata = view.inside("metadata");
    Template {
        r#type: view.text("type", prior.map(|prior| &prior.r#type)),
        engine_version: view.choice("engineVersion", prior.map(|prior| &prior.engine_version)),
        merge_policy: view.choice("mergePolicy", prior.map(|prior| &prior.merge_policy)),
        labels: metadata.texts("labels", prior.map(|prior| &prior.labels)),
        annotations: metadata.texts("annotations", prior.map(|prior| &prior.annotations)),
        data: view.texts("data", prior.map(|prior| &prior.data)),
        from: Attr::Known(lists::template_from(view.live, prior)),
    }
}
