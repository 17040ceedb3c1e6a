//! Reads an ExternalSecret back into the words of the declaration.
//!
//! In a refresh only what the state declares is looked at, so that defaults of the server and additions of the operator are
//! never drift. In an import nothing is declared yet: what a field manager of ours wrote counts as declared; of an object of
//! others everything does, but for values that are the server's defaults.

use std::collections::BTreeMap;
use std::str::FromStr;

use homelab_schema::Attr;
use homelab_schema::external_secret::{DataFrom, DataKey, ExternalSecret, Find, OnDestroy, StoreRef, Target, Template};
use serde_json::Value;

/// Values that the server fills in by itself in one release or another; as in an import they say nothing.
const DEFAULTS: [(&str, &str); 5] = [
    ("conversionStrategy", "Default"),
    ("decodingStrategy", "None"),
    ("metadataPolicy", "None"),
    ("creationPolicy", "Owner"),
    ("deletionPolicy", "Retain"),
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
    model.refresh_interval = view.text("refreshInterval", prior.map(|prior| &prior.refresh_interval));
    let store = view.inside("secretStoreRef");
    model.store = Attr::Known(StoreRef {
        name: store.plain("name"),
        // Left out by somebody, the operator takes it for a SecretStore.
        kind: store.parsed("kind").or(Attr::Known(homelab_schema::external_secret::StoreKind::SecretStore)),
    });
    model.target = view.block("target", prior.map(|prior| &prior.target), target);
    let entries = spec.get("data").and_then(Value::as_array).into_iter().flatten();
    let data: BTreeMap<String, DataKey> = entries
        .filter(|entry| !is_beyond_words(entry))
        .filter_map(|entry| {
            let label = entry.get("secretKey")?.as_str()?.to_owned();
            let before = prior.and_then(|prior| prior.data.known()?.get(&label));
            // A list is one field to the server: there is no telling who wrote what in it.
            let view = View { live: entry.get("remoteRef").unwrap_or(&Value::Null), owned: None };
            Some((label, data_key(&view, before)))
        })
        .collect();
    model.data = Attr::Known(data);
    let sources = spec.get("dataFrom").and_then(Value::as_array).into_iter().flatten().enumerate();
    let data_from: Vec<DataFrom> = sources
        .map(|(index, entry)| {
            if is_beyond_words(entry) {
                return DataFrom::default();
            }
            let before = prior.and_then(|prior| prior.data_from.known()?.get(index));
            source(&View { live: entry, owned: None }, before)
        })
        .collect();
    model.data_from = Attr::Known(data_from);
    let metadata = View {
        live: live.get("metadata").unwrap_or(&Value::Null),
        owned: Some(owned.and_then(|owned| owned.get("metadata")).unwrap_or(&Value::Null)),
    };
    model.annotations = metadata.texts("annotations", prior.map(|prior| &prior.annotations));
    model.labels = metadata.texts("labels", prior.map(|prior| &prior.labels));
    model
}

/// Whether an element of `data` or `dataFrom` fetches from elsewhere, or rewrites what it fetches: no declaration says that,
/// so it is none of the declared ones, whatever its other members are. The plan then shows that it is missing.
fn is_beyond_words(entry: &Value) -> bool {
    ["sourceRef", "rewrite"].iter().any(|member| entry.get(member).is_some_and(|value| !value.is_null()))
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
            (None, Some(ours)) => {
                ours.is_some_and(|ours| ours.contains_key(key)) && !key.starts_with(super::OWN_PREFIX)
            }
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
        template: view.block("template", prior.map(|prior| &prior.template), template),
    }
}

fn template(view: &View<'_>, prior: Option<&Template>) -> Template {
    let metadata = view.inside("metadata");
    Template {
        r#type: view.text("type", prior.map(|prior| &prior.r#type)),
        labels: metadata.texts("labels", prior.map(|prior| &prior.labels)),
        annotations: metadata.texts("annotations", prior.map(|prior| &prior.annotations)),
        data: view.texts("data", prior.map(|prior| &prior.data)),
    }
}

fn data_key(view: &View<'_>, prior: Option<&DataKey>) -> DataKey {
    DataKey {
        key: view.plain("key"),
        property: view.text("property", prior.map(|prior| &prior.property)),
        version: view.text("version", prior.map(|prior| &prior.version)),
        decoding_strategy: view.choice("decodingStrategy", prior.map(|prior| &prior.decoding_strategy)),
        conversion_strategy: view.choice("conversionStrategy", prior.map(|prior| &prior.conversion_strategy)),
        metadata_policy: view.choice("metadataPolicy", prior.map(|prior| &prior.metadata_policy)),
    }
}

fn source(view: &View<'_>, prior: Option<&DataFrom>) -> DataFrom {
    DataFrom {
        extract: view.block("extract", prior.map(|prior| &prior.extract), data_key),
        find: view.block("find", prior.map(|prior| &prior.find), find),
    }
}

fn find(view: &View<'_>, prior: Option<&Find>) -> Find {
    let name = view.inside("name");
    Find {
        path: view.text("path", prior.map(|prior| &prior.path)),
        name_regexp: name.text("regexp", prior.map(|prior| &prior.name_regexp)),
        tags: view.texts("tags", prior.map(|prior| &prior.tags)),
        decoding_strategy: view.choice("decodingStrategy", prior.map(|prior| &prior.decoding_strategy)),
        conversion_strategy: view.choice("conversionStrategy", prior.map(|prior| &prior.conversion_strategy)),
    }
}
