//! What is written: the Secret and its form.

use crate::prelude::*;

/// The Secret that is written.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct Target {
    /// Name of the Secret. Left out, it is `name` of the resource.
    #[model(optional)]
    pub name: Attr<String>,
    /// Who owns the Secret: `Owner` (the operator makes it, and it goes with the ExternalSecret), `Orphan` (it stays), `Merge`
    /// (keys are added to a Secret that exists), `None`. Left out, the operator decides: `Owner`.
    #[model(optional)]
    pub creation_policy: Attr<CreationPolicy>,
    /// What happens when the data vanishes from the store: `Retain`, `Delete` or `Merge`. Left out, the operator decides:
    /// `Retain`. It has nothing to do with a destroy; that is `on_destroy`.
    #[model(optional)]
    pub deletion_policy: Attr<DeletionPolicy>,
    /// Whether the Secret becomes immutable: then nothing of it changes any more, rotated values included. Other keys need
    /// another `name`.
    #[model(optional)]
    pub immutable: Attr<bool>,
    /// The form of the Secret.
    #[model(block)]
    pub template: Attr<Template>,
}

/// Who owns the Secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Leaf, JsonSchema)]
pub enum CreationPolicy {
    /// The operator makes it and owns it.
    #[leaf(rename = "Owner")]
    Owner,
    /// The operator makes it and does not own it.
    #[leaf(rename = "Orphan")]
    Orphan,
    /// Keys are added to one that exists.
    #[leaf(rename = "Merge")]
    Merge,
    /// It is not written.
    #[leaf(rename = "None")]
    None,
}

/// What happens to the Secret when its data vanishes from the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Leaf, JsonSchema)]
pub enum DeletionPolicy {
    /// It is deleted.
    #[leaf(rename = "Delete")]
    Delete,
    /// The vanished keys are removed from it.
    #[leaf(rename = "Merge")]
    Merge,
    /// It stays as it is.
    #[leaf(rename = "Retain")]
    Retain,
}

/// The form of the Secret.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct Template {
    /// Type of the Secret, such as `kubernetes.io/tls`. Left out, it is `Opaque`.
    #[model(optional)]
    pub r#type: Attr<String>,
    /// Version of the template engine: `v2`; `v1` up to External Secrets 0.16. Left out, the operator decides: `v2`.
    #[model(optional)]
    pub engine_version: Attr<EngineVersion>,
    /// Whether the templates `Replace` the fetched keys, or `Merge` with them. Left out, the operator decides: `Replace`.
    #[model(optional)]
    pub merge_policy: Attr<MergePolicy>,
    /// Labels of the Secret. With a template, those of the ExternalSecret are not copied to it.
    #[model(optional)]
    pub labels: Attr<BTreeMap<String, String>>,
    /// Annotations of the Secret. With a template, those of the ExternalSecret are not copied to it.
    #[model(optional)]
    pub annotations: Attr<BTreeMap<String, String>>,
    /// Keys of the Secret, each with a Go template that may use the fetched keys: `{{ .password }}`. Given, these keys are all
    /// that the Secret has, unless `merge_policy` is `Merge`.
    #[model(optional)]
    pub data: Attr<BTreeMap<String, String>>,
    /// Templates that stand elsewhere, in order: a later one wins, and `data` wins over all of them.
    #[model(block)]
    pub from: Attr<Vec<TemplateFrom>>,
}

/// Version of the template engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Leaf, JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum EngineVersion {
    /// Served up to 0.16.
    V1,
    /// The present one.
    V2,
}

/// How templates and fetched keys go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Leaf, JsonSchema)]
pub enum MergePolicy {
    /// The Secret has what the templates make.
    #[leaf(rename = "Replace")]
    Replace,
    /// It has the fetched keys too.
    #[leaf(rename = "Merge")]
    Merge,
}

/// Templates that stand elsewhere: exactly one of `config_map`, `secret` and `literal`.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct TemplateFrom {
    /// What the templates make: `Data`, `Annotations` or `Labels` of the Secret. Left out, the operator decides: `Data`.
    #[model(optional)]
    pub target: Attr<TemplateTarget>,
    /// The template itself, which makes lines of YAML: a key and its value each.
    #[model(optional)]
    pub literal: Attr<String>,
    /// Keys of a ConfigMap.
    #[model(block)]
    pub config_map: Attr<TemplateRef>,
    /// Keys of a Secret.
    #[model(block)]
    pub secret: Attr<TemplateRef>,
}

/// What templates make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Leaf, JsonSchema)]
pub enum TemplateTarget {
    /// Keys of the Secret.
    #[leaf(rename = "Data")]
    Data,
    /// Annotations of the Secret.
    #[leaf(rename = "Annotations")]
    Annotations,
    /// Labels of the Secret.
    #[leaf(rename = "Labels")]
    Labels,
}

/// Where templates stand.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct TemplateRef {
    /// Name of the object.
    #[model(required)]
    pub name: Attr<String>,
    /// A key of it, in order.
    #[model(block, min_items = 1)]
    pub item: Attr<Vec<TemplateItem>>,
}

/// One key with a template.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct TemplateItem {
    /// The key.
    #[model(required)]
    pub key: Attr<String>,
    /// Whether it holds the template of one value (`Values`), whose key it is, or of lines of YAML (`KeysAndValues`). Left
    /// out, the operator decides: `Values`.
    #[model(optional)]
    pub template_as: Attr<TemplateScope>,
}

/// What a template makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Leaf, JsonSchema)]
pub enum TemplateScope {
    /// One value.
    #[leaf(rename = "Values")]
    Values,
    /// Keys and values.
    #[leaf(rename = "KeysAndValues")]
    KeysAndValues,
}
