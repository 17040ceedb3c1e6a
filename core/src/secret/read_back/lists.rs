//! What stands in lists. A list is one field to the server: there is no telling who wrote what in it, and all of it counts.

use std::collections::BTreeMap;

use homelab_schema::Attr;
use homelab_schema::external_secret::{
    DataEntry, DataFrom, DataKey, ExternalSecret, Find, Generator, Rewrite, RewriteMerge, RewriteRegexp,
    RewriteTransform, Template, TemplateFrom, TemplateItem, TemplateRef,
};
use serde_json::Value;

use super::{View, store};

/// The entries of `data` by their labels.
pub(super) fn data(spec: &Value, prior: Option<&ExternalSecret>) -> BTreeMap<String, DataEntry> {
    elements(spec, "data")
        .filter(|(_, view)| !is_beyond_words(view.live))
        .filter_map(|(_, view)| {
            let label = view.live.get("secretKey")?.as_str()?.to_owned();
            let before = prior.and_then(|prior| prior.data.known()?.get(&label));
            Some((label, entry(&view, before)))
        })
        .collect()
}

/// The elements of `dataFrom`.
pub(super) fn data_from(spec: &Value, prior: Option<&ExternalSecret>) -> Vec<DataFrom> {
    let before = |index: usize| prior.and_then(|prior| prior.data_from.known()?.get(index));
    elements(spec, "dataFrom").map(|(index, view)| source(&view, before(index))).collect()
}

/// The elements of `templateFrom`.
pub(super) fn template_from(template: &Value, prior: Option<&Template>) -> Vec<TemplateFrom> {
    let before = |index: usize| prior.and_then(|prior| prior.from.known()?.get(index));
    elements(template, "templateFrom").map(|(index, view)| from(&view, before(index))).collect()
}

fn elements<'a>(holder: &'a Value, list: &str) -> impl Iterator<Item = (usize, View<'a>)> {
    let elements = holder.get(list).and_then(Value::as_array).into_iter().flatten();
    elements.enumerate().map(|(index, live)| (index, View { live, owned: None }))
}

/// Whether an element of `data` comes from where no declaration can take it from: a generator, which the API has words for and
/// the operator does nothing with. So it is none of the declared ones; the plan then shows that it is missing.
fn is_beyond_words(entry: &Value) -> bool {
    entry.pointer("/sourceRef/generatorRef").is_some_and(|value| !value.is_null())
}

fn entry(view: &View<'_>, prior: Option<&DataEntry>) -> DataEntry {
    let before = prior.map(super::super::render::as_key);
    let key = data_key(&view.inside("remoteRef"), before.as_ref());
    DataEntry {
        key: key.key,
        property: key.property,
        version: key.version,
        decoding_strategy: key.decoding_strategy,
        conversion_strategy: key.conversion_strategy,
        metadata_policy: key.metadata_policy,
        source: other_store(view),
    }
}

fn other_store(view: &View<'_>) -> Attr<homelab_schema::external_secret::StoreRef> {
    let from = view.inside("sourceRef").inside("storeRef");
    if from.live.is_object() { Attr::Known(store(&from)) } else { Attr::Null }
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
    let generator = view.inside("sourceRef").inside("generatorRef");
    let made_by = prior.and_then(|prior| prior.generator.known());
    DataFrom {
        extract: view.block("extract", prior.map(|prior| &prior.extract), data_key),
        find: view.block("find", prior.map(|prior| &prior.find), find),
        generator: if generator.live.is_object() {
            Attr::Known(Generator {
                kind: generator.plain("kind"),
                name: generator.plain("name"),
                api_version: generator.text("apiVersion", made_by.map(|made_by| &made_by.api_version)),
            })
        } else {
            Attr::Null
        },
        source: other_store(view),
        rewrite: Attr::Known(
            elements(view.live, "rewrite")
                .map(|(index, view)| rewrite(&view, prior.and_then(|prior| prior.rewrite.known()?.get(index))))
                .collect(),
        ),
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

fn rewrite(view: &View<'_>, prior: Option<&Rewrite>) -> Rewrite {
    let is_there = |name: &str| view.live.get(name).is_some_and(Value::is_object);
    let (regexp, transform) = (view.inside("regexp"), view.inside("transform"));
    let before = prior.and_then(|prior| prior.merge.known());
    Rewrite {
        regexp: is_there("regexp")
            .then(|| RewriteRegexp { source: regexp.plain("source"), target: regexp.plain("target") })
            .into(),
        transform: is_there("transform").then(|| RewriteTransform { template: transform.plain("template") }).into(),
        merge: is_there("merge").then(|| merge(&view.inside("merge"), before)).into(),
    }
}

fn merge(view: &View<'_>, prior: Option<&RewriteMerge>) -> RewriteMerge {
    let priority = view.live.get("priority").and_then(Value::as_array);
    RewriteMerge {
        strategy: view.choice("strategy", prior.map(|prior| &prior.strategy)),
        // The server fills in an empty one.
        into: match view.text("into", prior.map(|prior| &prior.into)) {
            Attr::Known(into) if into.is_empty() && prior.is_none() => Attr::Null,
            into => into,
        },
        priority: priority.map(|all| all.iter().filter_map(Value::as_str).map(str::to_owned).collect()).into(),
        priority_policy: view.choice("priorityPolicy", prior.map(|prior| &prior.priority_policy)),
        conflict_policy: view.choice("conflictPolicy", prior.map(|prior| &prior.conflict_policy)),
    }
}

fn from(view: &View<'_>, prior: Option<&TemplateFrom>) -> TemplateFrom {
    let reference = |name: &str, before: Option<&Attr<TemplateRef>>| {
        let inside = view.inside(name);
        let read = || template_ref(&inside, before.and_then(Attr::known));
        inside.live.is_object().then(read).into()
    };
    TemplateFrom {
        target: view.choice("target", prior.map(|prior| &prior.target)),
        literal: view.plain("literal"),
        config_map: reference("configMap", prior.map(|prior| &prior.config_map)),
        secret: reference("secret", prior.map(|prior| &prior.secret)),
    }
}

fn template_ref(view: &View<'_>, prior: Option<&TemplateRef>) -> TemplateRef {
    let item = |(index, view): (usize, View<'_>)| {
        let before = prior.and_then(|prior| prior.item.known()?.get(index));
        TemplateItem {
            key: view.plain("key"),
            template_as: view.choice("templateAs", before.map(|before| &before.template_as)),
        }
    };
    TemplateRef { name: view.plain("name"), item: Attr::Known(elements(view.live, "items").map(item).collect()) }
}
