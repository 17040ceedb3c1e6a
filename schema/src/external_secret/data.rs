//! Where keys come from.

use super::StoreRef;
use crate::prelude::*;

/// Where one key of the Secret comes from.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct DataEntry {
    /// Key in the store. For Vault's KV it is the path without the mount.
    #[model(required)]
    pub key: Attr<String>,
    /// Property of that key, where it has several.
    #[model(optional)]
    pub property: Attr<String>,
    /// Version of that key. Left out, it is the newest.
    #[model(optional)]
    pub version: Attr<String>,
    /// How the value is decoded: `None`, `Base64`, `Base64URL` or `Auto`.
    #[model(optional)]
    pub decoding_strategy: Attr<DecodingStrategy>,
    /// How names of keys are converted: `Default` or `Unicode`.
    #[model(optional)]
    pub conversion_strategy: Attr<ConversionStrategy>,
    /// Whether the store's metadata is fetched instead of the value: `None` or `Fetch`.
    #[model(optional)]
    pub metadata_policy: Attr<MetadataPolicy>,
    /// Another store for this key alone.
    #[model(block)]
    pub source: Attr<StoreRef>,
}

/// One key of the store.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct DataKey {
    /// Key in the store. For Vault's KV it is the path without the mount.
    #[model(required)]
    pub key: Attr<String>,
    /// Property of that key, where it has several.
    #[model(optional)]
    pub property: Attr<String>,
    /// Version of that key. Left out, it is the newest.
    #[model(optional)]
    pub version: Attr<String>,
    /// How the value is decoded: `None`, `Base64`, `Base64URL` or `Auto`.
    #[model(optional)]
    pub decoding_strategy: Attr<DecodingStrategy>,
    /// How names of keys are converted: `Default` or `Unicode`.
    #[model(optional)]
    pub conversion_strategy: Attr<ConversionStrategy>,
    /// Whether the store's metadata is fetched instead of the value: `None` or `Fetch`.
    #[model(optional)]
    pub metadata_policy: Attr<MetadataPolicy>,
}

/// Where many keys come from: one of `extract`, `find` and `generator`.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct DataFrom {
    /// All properties of one key of the store.
    #[model(block)]
    pub extract: Attr<DataKey>,
    /// All keys of the store that fit.
    #[model(block)]
    pub find: Attr<Find>,
    /// What a generator object makes, such as a `Password`.
    #[model(block)]
    pub generator: Attr<Generator>,
    /// Another store for these keys alone; not with `generator`.
    #[model(block)]
    pub source: Attr<StoreRef>,
    /// Changes the names of the keys, in order. Each has one of `regexp`, `transform` and `merge`.
    #[model(block)]
    pub rewrite: Attr<Vec<Rewrite>>,
}

/// A generator object.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct Generator {
    /// Its kind, such as `Password`, `UUID` or `VaultDynamicSecret`.
    #[model(required)]
    pub kind: Attr<String>,
    /// Its name.
    #[model(required)]
    pub name: Attr<String>,
    /// Version of its API. Left out, the operator decides: `generators.external-secrets.io/v1alpha1`.
    #[model(optional)]
    pub api_version: Attr<String>,
}

/// One change of the names of keys.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct Rewrite {
    /// By a regular expression.
    #[model(block)]
    pub regexp: Attr<RewriteRegexp>,
    /// By a Go template. External Secrets 0.16 and later.
    #[model(block)]
    pub transform: Attr<RewriteTransform>,
    /// By merging the values of several keys. External Secrets 0.19 and later.
    #[model(block)]
    pub merge: Attr<RewriteMerge>,
}

/// A regular expression over the names of keys.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct RewriteRegexp {
    /// What is looked for, in Go's syntax.
    #[model(required)]
    pub source: Attr<String>,
    /// What it becomes; `$1` is the first group.
    #[model(required)]
    pub target: Attr<String>,
}

/// A template for the names of keys.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct RewriteTransform {
    /// The template; `{{ .value }}` is the name.
    #[model(required)]
    pub template: Attr<String>,
}

/// Several keys become one, or the members of their values become keys.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct RewriteMerge {
    /// `Extract` makes a key of each member, `JSON` one key of all. Left out, the operator decides: `Extract`.
    #[model(optional)]
    pub strategy: Attr<MergeStrategy>,
    /// Name of the one key of `JSON`.
    #[model(optional)]
    pub into: Attr<String>,
    /// Keys by their right of way where names clash, the first wins.
    #[model(optional)]
    pub priority: Attr<Vec<String>>,
    /// Whether a key of `priority` has to be there: `Strict` or `IgnoreNotFound`. External Secrets 0.20 and later.
    #[model(optional)]
    pub priority_policy: Attr<PriorityPolicy>,
    /// Whether a clash is an `Error` or settled by `priority` (`Ignore`). Left out, the operator decides: `Error`.
    #[model(optional)]
    pub conflict_policy: Attr<ConflictPolicy>,
}

/// How values are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Leaf, JsonSchema)]
pub enum MergeStrategy {
    /// Members become keys.
    #[leaf(rename = "Extract")]
    Extract,
    /// One key of JSON.
    #[leaf(rename = "JSON")]
    #[schemars(rename = "JSON")]
    Json,
}

/// Whether a key of `priority` has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Leaf, JsonSchema)]
pub enum PriorityPolicy {
    /// It has to.
    #[leaf(rename = "Strict")]
    Strict,
    /// It is skipped.
    #[leaf(rename = "IgnoreNotFound")]
    IgnoreNotFound,
}

/// What a clash of names is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Leaf, JsonSchema)]
pub enum ConflictPolicy {
    /// An error.
    #[leaf(rename = "Error")]
    Error,
    /// Settled.
    #[leaf(rename = "Ignore")]
    Ignore,
}

/// Which keys of the store fit.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct Find {
    /// Where in the store to look.
    #[model(optional)]
    pub path: Attr<String>,
    /// Regular expression that the name fits.
    #[model(optional)]
    pub name_regexp: Attr<String>,
    /// Tags that the key has.
    #[model(optional)]
    pub tags: Attr<BTreeMap<String, String>>,
    /// How the values are decoded: `None`, `Base64`, `Base64URL` or `Auto`.
    #[model(optional)]
    pub decoding_strategy: Attr<DecodingStrategy>,
    /// How names of keys are converted: `Default` or `Unicode`.
    #[model(optional)]
    pub conversion_strategy: Attr<ConversionStrategy>,
}

/// How values are decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Leaf, JsonSchema)]
pub enum DecodingStrategy {
    /// As what they look like.
    #[leaf(rename = "Auto")]
    Auto,
    /// As Base64.
    #[leaf(rename = "Base64")]
    Base64,
    /// As Base64 for addresses.
    #[leaf(rename = "Base64URL")]
    #[schemars(rename = "Base64URL")]
    Base64Url,
    /// Not at all.
    #[leaf(rename = "None")]
    None,
}

/// How names of keys are converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Leaf, JsonSchema)]
pub enum ConversionStrategy {
    /// Characters that a Secret cannot have become underscores.
    #[leaf(rename = "Default")]
    Default,
    /// They become their code points.
    #[leaf(rename = "Unicode")]
    Unicode,
}

/// Whether metadata is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Leaf, JsonSchema)]
pub enum MetadataPolicy {
    /// The value is.
    #[leaf(rename = "None")]
    None,
    /// The metadata is.
    #[leaf(rename = "Fetch")]
    Fetch,
}
