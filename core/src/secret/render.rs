//! Writes the ExternalSecret.
//!
//! Only what is declared is written: the server's and the operator's defaults are theirs, and differ between releases.

use std::collections::BTreeMap;

use homelab_schema::Attr;
use homelab_schema::duration;
use homelab_schema::external_secret::{
    ConflictPolicy, ConversionStrategy, CreationPolicy, DataEntry, DataFrom, DataKey, DecodingStrategy, DeletionPolicy,
    EngineVersion, ExternalSecret, Find, Generator, MergePolicy, MergeStrategy, MetadataPolicy, PriorityPolicy,
    RefreshPolicy, Rewrite, RewriteMerge, StoreRef, Target, Template, TemplateFrom, TemplateRef, TemplateScope,
    TemplateTarget,
};
use serde_json::{Map, Value, json};

use super::RELOAD;

/// The fields that we declare: annotations, labels and spec, in the form that v1beta1 and v1 share. `None` while anything in
/// them is unknown.
pub fn render(model: &ExternalSecret) -> Option<Value> {
    let reload = block(&model.reload)?.is_some_and(|reload| *reload);
    let template = block(&model.target)?.map(|target| block(&target.template)).transpose_known()?.flatten();
    let mut metadata = Map::new();
    // Without a template the operator copies the annotations of the ExternalSecret to the Secret, and with one it does not.
    put(&mut metadata, "annotations", with_reload(texts(&model.annotations)?, reload && template.is_none()));
    put(&mut metadata, "labels", texts(&model.labels)?);

    let mut spec = Map::new();
    put(&mut spec, "refreshInterval", text(&model.refresh_interval)?.map(|text| json!(duration::canonical(&text))));
    put(&mut spec, "refreshPolicy", named(&model.refresh_policy, RefreshPolicy::as_str)?);
    put(&mut spec, "secretStoreRef", block(&model.store)?.map(store).transpose_known()?);
    if let Some(target) = block(&model.target)? {
        put(&mut spec, "target", unless_empty(render_target(target, reload)?));
    }
    let data = block(&model.data)?;
    put(&mut spec, "data", data.map(|data| data.iter().map(entry).collect()).transpose_known()?.and_then(filled));
    let sources = block(&model.data_from)?;
    let sources = sources.map(|sources| sources.iter().map(source).collect()).transpose_known()?;
    put(&mut spec, "dataFrom", sources.and_then(filled));
    Some(json!({"metadata": metadata, "spec": spec}))
}

/// The part of the spec that says what is fetched from where, as far as it is known. Elements of `dataFrom` that are not known
/// are null, so that the others keep their place.
pub fn known_sources(model: &ExternalSecret) -> Value {
    let store = model.store.known().and_then(store);
    let data: Vec<Value> = model.data.known().into_iter().flatten().filter_map(entry).collect();
    let sources = model.data_from.known().into_iter().flatten();
    let sources: Vec<Value> = sources.map(|one| source(one).unwrap_or(Value::Null)).collect();
    json!({"secretStoreRef": store, "data": data, "dataFrom": sources})
}

fn store(store: &StoreRef) -> Option<Value> {
    Some(json!({"name": store.name.known()?, "kind": store.kind.known()?.as_str()}))
}

fn with_reload(annotations: Option<Value>, reload: bool) -> Option<Value> {
    if !reload {
        return annotations;
    }
    let mut annotations = annotations.unwrap_or_else(|| json!({}));
    annotations[RELOAD] = json!("true");
    Some(annotations)
}

fn render_target(target: &Target, reload: bool) -> Option<Map<String, Value>> {
    let mut out = Map::new();
    put(&mut out, "name", text(&target.name)?.map(Value::from));
    put(&mut out, "creationPolicy", named(&target.creation_policy, CreationPolicy::as_str)?);
    put(&mut out, "deletionPolicy", named(&target.deletion_policy, DeletionPolicy::as_str)?);
    put(&mut out, "immutable", block(&target.immutable)?.map(|immutable| json!(immutable)));
    if let Some(template) = block(&target.template)? {
        // Also an empty one says something: that nothing is copied from the ExternalSecret.
        out.insert("template".to_owned(), Value::Object(render_template(template, reload)?));
    }
    Some(out)
}

fn render_template(template: &Template, reload: bool) -> Option<Map<String, Value>> {
    let mut metadata = Map::new();
    put(&mut metadata, "annotations", with_reload(texts(&template.annotations)?, reload));
    put(&mut metadata, "labels", texts(&template.labels)?);
    let mut out = Map::new();
    put(&mut out, "type", text(&template.r#type)?.map(Value::from));
    put(&mut out, "engineVersion", named(&template.engine_version, EngineVersion::as_str)?);
    put(&mut out, "mergePolicy", named(&template.merge_policy, MergePolicy::as_str)?);
    put(&mut out, "metadata", unless_empty(metadata));
    put(&mut out, "data", texts(&template.data)?);
    let from = block(&template.from)?.map(|from| from.iter().map(template_from).collect());
    put(&mut out, "templateFrom", from.transpose_known()?.and_then(filled));
    Some(out)
}

fn template_from(from: &TemplateFrom) -> Option<Value> {
    let mut out = Map::new();
    put(&mut out, "target", named(&from.target, TemplateTarget::as_str)?);
    put(&mut out, "literal", text(&from.literal)?.map(Value::from));
    put(&mut out, "configMap", block(&from.config_map)?.map(template_ref).transpose_known()?);
    put(&mut out, "secret", block(&from.secret)?.map(template_ref).transpose_known()?);
    Some(Value::Object(out))
}

fn template_ref(of: &TemplateRef) -> Option<Value> {
    let items = of.item.known()?.iter().map(|item| {
        let mut out = Map::new();
        out.insert("key".to_owned(), json!(item.key.known()?));
        put(&mut out, "templateAs", named(&item.template_as, TemplateScope::as_str)?);
        Some(Value::Object(out))
    });
    Some(json!({"name": of.name.known()?, "items": items.collect::<Option<Vec<_>>>()?}))
}

fn entry((label, entry): (&String, &DataEntry)) -> Option<Value> {
    let mut out = json!({"secretKey": label, "remoteRef": remote_key(&as_key(entry))?});
    if let Some(from) = block(&entry.source)? {
        out["sourceRef"] = json!({"storeRef": store(from)?});
    }
    Some(out)
}

/// The part of an entry that a document of `extract` has too.
pub(super) fn as_key(entry: &DataEntry) -> DataKey {
    DataKey {
        key: entry.key.clone(),
        property: entry.property.clone(),
        version: entry.version.clone(),
        decoding_strategy: entry.decoding_strategy,
        conversion_strategy: entry.conversion_strategy,
        metadata_policy: entry.metadata_policy,
    }
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
    if let Some(generator) = block(&source.generator)? {
        out.insert("sourceRef".to_owned(), json!({"generatorRef": render_generator(generator)?}));
    } else if let Some(from) = block(&source.source)? {
        out.insert("sourceRef".to_owned(), json!({"storeRef": store(from)?}));
    }
    let rewrite = block(&source.rewrite)?.map(|rewrite| rewrite.iter().map(render_rewrite).collect());
    put(&mut out, "rewrite", rewrite.transpose_known()?.and_then(filled));
    Some(Value::Object(out))
}

fn render_generator(generator: &Generator) -> Option<Value> {
    let mut out = json!({"kind": generator.kind.known()?, "name": generator.name.known()?});
    if let Some(version) = text(&generator.api_version)? {
        out["apiVersion"] = json!(version);
    }
    Some(out)
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

fn render_rewrite(rewrite: &Rewrite) -> Option<Value> {
    let mut out = Map::new();
    if let Some(regexp) = block(&rewrite.regexp)? {
        out.insert("regexp".to_owned(), json!({"source": regexp.source.known()?, "target": regexp.target.known()?}));
    }
    if let Some(transform) = block(&rewrite.transform)? {
        out.insert("transform".to_owned(), json!({"template": transform.template.known()?}));
    }
    if let Some(merge) = block(&rewrite.merge)? {
        out.insert("merge".to_owned(), render_merge(merge)?);
    }
    Some(Value::Object(out))
}

fn render_merge(merge: &RewriteMerge) -> Option<Value> {
    let mut out = Map::new();
    put(&mut out, "strategy", named(&merge.strategy, MergeStrategy::as_str)?);
    put(&mut out, "into", text(&merge.into)?.map(Value::from));
    put(&mut out, "priority", block(&merge.priority)?.map(|priority| json!(priority)));
    put(&mut out, "priorityPolicy", named(&merge.priority_policy, PriorityPolicy::as_str)?);
    put(&mut out, "conflictPolicy", named(&merge.conflict_policy, ConflictPolicy::as_str)?);
    Some(Value::Object(out))
}

/// A list that is written; an empty one is not.
fn filled(values: Vec<Value>) -> Option<Value> {
    (!values.is_empty()).then_some(Value::Array(values))
}

/// Something that was left out, or given and perhaps not known.
trait Known<T> {
    /// `None` where it was given and is not known.
    #[expect(clippy::option_option, reason = "three states: not known yet, left out, given")]
    fn transpose_known(self) -> Option<Option<T>>;
}

impl<T> Known<T> for Option<Option<T>> {
    fn transpose_known(self) -> Option<Option<T>> {
        match self {
            None => Some(None),
            Some(given) => given.map(Some),
        }
    }
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
