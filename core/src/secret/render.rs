//! Writes the ExternalSecret.
//!
//! Only what is declared is written: the server's and the operator's defaults are theirs, and differ between releases.

use std::collections::BTreeMap;

use homelab_schema::Attr;
use homelab_schema::duration;
use homelab_schema::external_secret::{
    ConversionStrategy, CreationPolicy, DataFrom, DataKey, DecodingStrategy, DeletionPolicy, ExternalSecret, Find,
    MetadataPolicy, Target, Template,
};
use serde_json::{Map, Value, json};

/// The fields that we declare: annotations, labels and spec, in the form that v1beta1 and v1 share. `None` while anything in
/// them is unknown.
pub fn render(model: &ExternalSecret) -> Option<Value> {
    let mut metadata = Map::new();
    put(&mut metadata, "annotations", texts(&model.annotations)?);
    put(&mut metadata, "labels", texts(&model.labels)?);

    let mut spec = Map::new();
    put(&mut spec, "refreshInterval", text(&model.refresh_interval)?.map(|text| json!(duration::canonical(&text))));
    let store = model.store.known()?;
    let kind = store.kind.known()?;
    spec.insert("secretStoreRef".to_owned(), json!({"name": store.name.known()?, "kind": kind.as_str()}));
    if let Some(target) = block(&model.target)? {
        put(&mut spec, "target", unless_empty(render_target(target)?));
    }
    let data = model.data.known()?;
    if !data.is_empty() {
        let keys = data.iter().map(|(label, key)| Some(json!({"secretKey": label, "remoteRef": remote_key(key)?})));
        spec.insert("data".to_owned(), Value::Array(keys.collect::<Option<_>>()?));
    }
    let sources = model.data_from.known()?;
    if !sources.is_empty() {
        spec.insert("dataFrom".to_owned(), Value::Array(sources.iter().map(source).collect::<Option<_>>()?));
    }
    Some(json!({"metadata": metadata, "spec": spec}))
}

fn render_target(target: &Target) -> Option<Map<String, Value>> {
    let mut out = Map::new();
    put(&mut out, "name", text(&target.name)?.map(Value::from));
    put(&mut out, "creationPolicy", named(&target.creation_policy, CreationPolicy::as_str)?);
    put(&mut out, "deletionPolicy", named(&target.deletion_policy, DeletionPolicy::as_str)?);
    if let Some(template) = block(&target.template)? {
        put(&mut out, "template", unless_empty(render_template(template)?));
    }
    Some(out)
}

fn render_template(template: &Template) -> Option<Map<String, Value>> {
    let mut metadata = Map::new();
    put(&mut metadata, "annotations", texts(&template.annotations)?);
    put(&mut metadata, "labels", texts(&template.labels)?);
    let mut out = Map::new();
    put(&mut out, "type", text(&template.r#type)?.map(Value::from));
    put(&mut out, "metadata", unless_empty(metadata));
    put(&mut out, "data", texts(&template.data)?);
    Some(out)
}

fn remote_key(key: &DataKey) -> Option<Value> {
    let mut out = Map::new();
    out.insert("key".to_owned(), json!(key.key.known()?));
    put(&mut out, "property", text(&key.property)?.map(Value::from));
    put(&mut out, "version", text(&key.version)?.map(Value::from));
    put(&mut out, "decodingStrategy", named(&key.decoding_strategy, DecodingStrategy::as_str)?);
    put(&mut out, "conversionStrategy", named(&key.conversion_strategy, ConversionStrategy::as_str)?);
    put(&mut out, "metadataPolicy", named(&key.metadata_policy, MetadataPolicy::as_str)?);
    Some(Value::Object(out))
}

fn source(source: &DataFrom) -> Option<Value> {
    let mut out = Map::new();
    if let Some(extract) = block(&source.extract)? {
        out.insert("extract".to_owned(), remote_key(extract)?);
    }
    if let Some(find) = block(&source.find)? {
        out.insert("find".to_owned(), render_find(find)?);
    }
    Some(Value::Object(out))
}

fn render_find(find: &Find) -> Option<Value> {
    let mut out = Map::new();
    put(&mut out, "path", text(&find.path)?.map(Value::from));
    put(&mut out, "name", text(&find.name_regexp)?.map(|regexp| json!({"regexp": regexp})));
    put(&mut out, "tags", texts(&find.tags)?);
    put(&mut out, "decodingStrategy", named(&find.decoding_strategy, DecodingStrategy::as_str)?);
    put(&mut out, "conversionStrategy", named(&find.conversion_strategy, ConversionStrategy::as_str)?);
    Some(Value::Object(out))
}

fn put(out: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        out.insert(name.to_owned(), value);
    }
}

fn unless_empty(members: Map<String, Value>) -> Option<Value> {
    (!members.is_empty()).then_some(Value::Object(members))
}

/// A given or missing text; `None` while it is unknown.
#[expect(clippy::option_option, reason = "three states: not known yet, left out, given")]
fn text(attribute: &Attr<String>) -> Option<Option<String>> {
    block(attribute).map(Option::<&String>::cloned)
}

#[expect(clippy::option_option, reason = "three states: not known yet, left out, given")]
fn named<T>(attribute: &Attr<T>, name: impl Fn(&T) -> &'static str) -> Option<Option<Value>> {
    block(attribute).map(|given| given.map(|value| json!(name(value))))
}

#[expect(clippy::option_option, reason = "three states: not known yet, left out, given")]
fn texts(attribute: &Attr<BTreeMap<String, String>>) -> Option<Option<Value>> {
    block(attribute).map(|given| given.filter(|texts| !texts.is_empty()).map(|texts| json!(texts)))
}

#[expect(clippy::option_option, reason = "three states: not known yet, left out, given")]
fn block<T>(attribute: &Attr<T>) -> Option<Option<&T>> {
    match attribute {
        Attr::Unknown => None,
        Attr::Null => Some(None),
        Attr::Known(value) => Some(Some(value)),
    }
}
