//! `homelab_external_secret`.

mod data;
mod target;

pub use data::{
    ConflictPolicy, ConversionStrategy, DataEntry, DataFrom, DataKey, DecodingStrategy, Find, Generator, MergeStrategy,
    MetadataPolicy, PriorityPolicy, Rewrite, RewriteMerge, RewriteRegexp, RewriteTransform,
};
pub use target::{
    CreationPolicy, DeletionPolicy, EngineVersion, MergePolicy, Target, Template, TemplateFrom, TemplateItem,
    TemplateRef, TemplateScope, TemplateTarget,
};

use crate::duration;
use crate::prelude::*;
pub use crate::provider::CheckLevel;

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
    /// The store to fetch from. It may be left out where every key says another one, or comes from a generator.
    #[model(block)]
    pub store: Attr<StoreRef>,
    /// How often the store is asked again, such as `15m` or `1h`; `0s` fetches once. Left out, the operator decides.
    #[model(optional, same = duration::same)]
    pub refresh_interval: Attr<String>,
    /// The Secret that is written.
    #[model(block)]
    pub target: Attr<Target>,
    /// One key of the Secret, named by the label, and where its value comes from.
    #[model(block)]
    pub data: Attr<BTreeMap<String, DataEntry>>,
    /// Many keys at once, in order: a later one wins over an earlier one.
    #[model(block)]
    pub data_from: Attr<Vec<DataFrom>>,
    /// When the store is asked again: `Periodic`, `CreatedOnce` (never) or `OnChange` of the ExternalSecret. Left out, the
    /// operator decides: `Periodic`, by `refresh_interval`.
    #[model(optional)]
    pub refresh_policy: Attr<RefreshPolicy>,
    /// Whether Reloader may restart workloads when the Secret changes: the Secret gets the annotation that Reloader looks for
    /// on Secrets, which counts for workloads that let it search (`reloader.stakater.com/search: "true"`). A workload that reads
    /// the Secret only at start and has none of Reloader's annotations is a warning.
    #[model(optional, default = false)]
    pub reload: Attr<bool>,
    /// Whether create and update wait until the operator has fetched this very declaration and the Secret has every key of
    /// `keys`. A failure that the operator reports in that time fails the apply, in its own words.
    #[model(optional, default = true)]
    pub wait: Attr<bool>,
    /// How long to wait.
    #[model(block)]
    pub timeouts: Attr<Timeouts>,
    /// Whether keys and properties have to be in the store before anything is written, as far as the provider's `vault`
    /// identity can see them; only their names are looked at. `error` refuses, also the plan of a create; `warn` says so; `off` does
    /// not look. Left out, it is as `preflight` of the provider's `checks` block says: else a create warns at plan and fails in
    /// apply before the first write, and an update is refused at plan.
    #[model(optional)]
    pub preflight: Attr<CheckLevel>,
    /// What a destroy does with the Secret: `keep_secret` leaves it to whoever uses it, `delete_secret` lets it go with the
    /// ExternalSecret.
    #[model(optional, default = "keep_secret")]
    pub on_destroy: Attr<OnDestroy>,
    /// Whether the Secret may go while running pods use it: with the ExternalSecret (`on_destroy = "delete_secret"`), or because
    /// the operator deletes the old Secret of a changed `target` name.
    #[model(optional, default = false)]
    pub force_destroy: Attr<bool>,
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
    /// Whether the last apply saw this declaration fetched, with every key in the Secret. While it is false and `wait` is true,
    /// every plan proposes to wait again. It is not looked at in a refresh; one that finds the operator failing warns.
    #[model(computed)]
    pub ready: Attr<bool>,
}

/// How long to wait.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct Timeouts {
    /// For the Secret of a create, such as `5m`. Default: `2m`.
    #[model(optional, same = duration::same)]
    pub create: Attr<String>,
    /// For the Secret of an update. Default: `2m`.
    #[model(optional, same = duration::same)]
    pub update: Attr<String>,
    /// For the operator to let go of an ExternalSecret that is deleted. Default: `1m`.
    #[model(optional, same = duration::same)]
    pub delete: Attr<String>,
}

/// When the store is asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Leaf, JsonSchema)]
pub enum RefreshPolicy {
    /// Once in `refresh_interval`.
    #[leaf(rename = "Periodic")]
    Periodic,
    /// Never.
    #[leaf(rename = "CreatedOnce")]
    CreatedOnce,
    /// When the ExternalSecret changes.
    #[leaf(rename = "OnChange")]
    OnChange,
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

/// What a destroy does with the Secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Leaf, JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum OnDestroy {
    /// It stays.
    KeepSecret,
    /// It goes with the ExternalSecret.
    DeleteSecret,
}
