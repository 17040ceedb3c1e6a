//! `homelab_external_secret`.

use crate::duration;
use crate::prelude::*;

/// A secret that External Secrets Operator fetches from a store, such as Vault, into a Kubernetes Secret.
///
/// The version of the API is not part of the declaration: the version that the cluster serves is used, and an upgrade of
/// the operator never replaces the object. Durations are written in the form that the operator itself would write, so that
/// it never takes the field over, and are compared by value. No value of the secret is ever read into plan or state.
///
/// An object of the same name that nobody else owns is taken over in place. A `moved` block takes over `kubernetes_manifest`
/// and `kubectl_manifest`, whatever version of the API they were written in.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct ExternalSecret {
    /// Name of the ExternalSecret. A change replaces it.
    #[model(required, replace)]
    pub name: Attr<String>,
    /// Namespace of the ExternalSecret and of its Secret. A change replaces it.
    #[model(required, replace)]
    pub namespace: Attr<String>,
    /// The store to fetch from.
    #[model(block, required)]
    pub store: Attr<StoreRef>,
    /// How often the store is asked again, such as `15m` or `1h`; `0s` fetches once. Left out, the operator decides.
    #[model(optional, same = duration::same)]
    pub refresh_interval: Attr<String>,
    /// The Secret that is written.
    #[model(block)]
    pub target: Attr<Target>,
    /// One key of the Secret, named by the label, and where its value comes from.
    #[model(block)]
    pub data: Attr<BTreeMap<String, DataKey>>,
    /// Many keys at once, in order: a later one wins over an earlier one.
    #[model(block)]
    pub data_from: Attr<Vec<DataFrom>>,
    /// What a destroy does with the Secret: `keep_secret` leaves it to whoever uses it, `delete_secret` lets it go with the
    /// ExternalSecret.
    #[model(optional, default = "keep_secret")]
    pub on_destroy: Attr<OnDestroy>,
    /// Further annotations of the ExternalSecret.
    #[model(optional)]
    pub annotations: Attr<BTreeMap<String, String>>,
    /// Labels of the ExternalSecret.
    #[model(optional)]
    pub labels: Attr<BTreeMap<String, String>>,
    /// Version of the API that the cluster serves and that was used last.
    #[model(computed)]
    pub api_version: Attr<String>,
    /// Name of the Secret.
    #[model(computed)]
    pub secret_name: Attr<String>,
    /// Names the Secret for the ephemeral resource `homelab_secret`. It is known once the ExternalSecret has been written, so
    /// that what takes it is opened after that.
    #[model(computed)]
    pub handle: Attr<String>,
    /// Names of the keys that the declaration determines, sorted. What `data_from` finds in the store is not among them.
    #[model(computed)]
    pub keys: Attr<Vec<String>>,
    /// Generation of the ExternalSecret: it counts the changes of its specification.
    #[model(computed)]
    pub revision: Attr<i64>,
}

/// A store of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct StoreRef {
    /// Name of the store.
    #[model(required)]
    pub name: Attr<String>,
    /// `SecretStore`, in the same namespace, or `ClusterSecretStore`.
    #[model(optional, default = "SecretStore")]
    pub kind: Attr<StoreKind>,
}

/// Kind of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Leaf, JsonSchema)]
pub enum StoreKind {
    /// In one namespace.
    #[leaf(rename = "SecretStore")]
    SecretStore,
    /// For the whole cluster.
    #[leaf(rename = "ClusterSecretStore")]
    ClusterSecretStore,
}

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
    /// Labels of the Secret.
    #[model(optional)]
    pub labels: Attr<BTreeMap<String, String>>,
    /// Annotations of the Secret.
    #[model(optional)]
    pub annotations: Attr<BTreeMap<String, String>>,
    /// Keys of the Secret, each with a Go template that may use the fetched keys: `{{ .password }}`. Given, these keys are all
    /// that the Secret has.
    #[model(optional)]
    pub data: Attr<BTreeMap<String, String>>,
}

/// Where one key comes from.
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

/// Where many keys come from: either `extract` or `find`.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct DataFrom {
    /// All properties of one key of the store.
    #[model(block)]
    pub extract: Attr<DataKey>,
    /// All keys of the store that fit.
    #[model(block)]
    pub find: Attr<Find>,
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

/// What a destroy does with the Secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Leaf, JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum OnDestroy {
    /// It stays.
    KeepSecret,
    /// It goes with the ExternalSecret.
    DeleteSecret,
}
