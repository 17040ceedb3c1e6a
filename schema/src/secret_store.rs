//! `homelab_secret_store`.

mod auth;
mod vault;

pub use auth::{
    StoreAppRole, StoreAuth, StoreCert, StoreJwt, StoreKubernetes, StoreLdap, StoreServiceAccountToken, StoreUserPass,
};
pub use vault::{CaKind, CaProvider, KvVersion, SecretKeyRef, ServiceAccountRef, StoreTls, VaultStore};

use crate::duration;
use crate::external_secret::StoreKind;
use crate::prelude::*;

/// Where External Secrets Operator fetches from: a SecretStore for one namespace or a ClusterSecretStore for all, on Vault
/// or OpenBao.
///
/// One resource for both kinds, and for KV version 2, KV version 1 and the database engine, which ESO reads as KV version 1:
/// `path = "database"` with `version = "v1"`, and keys such as `static-creds/photos`. No secret is ever in it, only where one
/// is found. An apply returns when the controller has accepted the store, and fails in the controller's own words when it
/// does not.
///
/// The version of the API is not part of the declaration: the version that the cluster serves is used, and an upgrade of the
/// operator never replaces the object. An object of the same name that nobody else owns is taken over in place. A `moved`
/// block takes over `kubernetes_manifest` and `kubectl_manifest`, whatever version of the API they were written in.
///
/// A store that is still named by an ExternalSecret, `ClusterExternalSecret` or `PushSecret` is not destroyed: none of them would
/// ever be synced again. To rename one, let the new store be made first (`create_before_destroy`), or set `force_destroy`.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct SecretStore {
    /// Name of the store. A change replaces it.
    #[model(required, replace)]
    pub name: Attr<String>,
    /// Namespace of a SecretStore, which needs one; a ClusterSecretStore has none. A change replaces the store.
    #[model(optional, replace)]
    pub namespace: Attr<String>,
    /// `SecretStore`, for ExternalSecrets of its own namespace, or `ClusterSecretStore`, for those of all. It is a part of what
    /// names the object, so a change replaces it.
    #[model(optional, default = "SecretStore", replace)]
    pub kind: Attr<StoreKind>,
    /// Vault or OpenBao.
    #[model(block, required)]
    pub vault: Attr<VaultStore>,
    /// Which namespaces may use a ClusterSecretStore: those that fit any of the blocks. Left out, all may.
    #[model(block)]
    pub conditions: Attr<Vec<StoreCondition>>,
    /// Class of the controller that is responsible, where several run. Left out, every one is.
    #[model(optional)]
    pub controller: Attr<String>,
    /// How often the controller looks at the store again, in whole seconds, such as `5m`. Left out, the controller decides.
    #[model(optional, same = duration::same)]
    pub refresh_interval: Attr<String>,
    /// How requests to the store are repeated. Left out, the client of the store decides.
    #[model(block)]
    pub retry_settings: Attr<RetrySettings>,
    /// Further annotations of the object.
    #[model(optional)]
    pub annotations: Attr<BTreeMap<String, String>>,
    /// Labels of the object.
    #[model(optional)]
    pub labels: Attr<BTreeMap<String, String>>,
    /// Whether an apply waits until the controller has accepted the store. Where no cluster is (a folder of manifests), nothing
    /// is waited for.
    #[model(optional, default = true)]
    pub wait: Attr<bool>,
    /// Time limits.
    #[model(block)]
    pub timeouts: Attr<StoreTimeouts>,
    /// Destroy the store even while something names it.
    #[model(optional, default = false)]
    pub force_destroy: Attr<bool>,
    /// Version of the API that the cluster serves and that was used last.
    #[model(computed)]
    pub api_version: Attr<String>,
    /// Generation of the object: it counts the changes of its specification.
    #[model(computed)]
    pub revision: Attr<i64>,
    /// Whether the controller accepted the store as it was applied last. Null where that was not waited for.
    #[model(computed)]
    pub ready: Attr<bool>,
}

/// A choice of namespaces. They may be named in all three ways; one that fits is enough.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct StoreCondition {
    /// Names.
    #[model(optional)]
    pub namespaces: Attr<Vec<String>>,
    /// Regular expressions that a name may fit.
    #[model(optional)]
    pub namespace_regexes: Attr<Vec<String>>,
    /// Labels that a namespace may have.
    #[model(block)]
    pub namespace_selector: Attr<LabelSelector>,
}

/// A choice by labels: all of it has to fit. An empty one fits everything.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct LabelSelector {
    /// Labels with their values.
    #[model(optional)]
    pub match_labels: Attr<BTreeMap<String, String>>,
    /// Further conditions.
    #[model(block)]
    pub match_expressions: Attr<Vec<LabelExpression>>,
}

/// A condition on one label.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct LabelExpression {
    /// Name of the label.
    #[model(required)]
    pub key: Attr<String>,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    #[model(required)]
    pub operator: Attr<LabelOperator>,
    /// Values, for `In` and `NotIn`.
    #[model(optional)]
    pub values: Attr<Vec<String>>,
}

/// How a label is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Leaf, JsonSchema)]
pub enum LabelOperator {
    /// It has one of the values.
    #[leaf(rename = "In")]
    In,
    /// It has none of the values.
    #[leaf(rename = "NotIn")]
    NotIn,
    /// It is there.
    #[leaf(rename = "Exists")]
    Exists,
    /// It is not there.
    #[leaf(rename = "DoesNotExist")]
    DoesNotExist,
}

/// How requests to the store are repeated.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct RetrySettings {
    /// How often a request is repeated. Left out, never: the controller itself tries again.
    #[model(optional)]
    pub max_retries: Attr<i64>,
    /// Time between two tries, such as `10s`.
    #[model(optional, same = duration::same)]
    pub retry_interval: Attr<String>,
}

/// Time limits.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct StoreTimeouts {
    /// How long a create waits for the controller, such as `5m`. Default: `2m`.
    #[model(optional, same = duration::same)]
    pub create: Attr<String>,
    /// How long an update waits for the controller. Default: `2m`.
    #[model(optional, same = duration::same)]
    pub update: Attr<String>,
    /// How long a destroy waits for what names the store, and for finalizers. Default: `1m`.
    #[model(optional, same = duration::same)]
    pub delete: Attr<String>,
}

/// The identity of a store: a version changes while the object stays the same, so it is no part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
pub struct StoreIdentity {
    /// Kind of the store. May be left out in an import: it is a SecretStore with a namespace, and a ClusterSecretStore without.
    #[model(optional)]
    pub kind: Attr<String>,
    /// Namespace of a SecretStore; empty for a ClusterSecretStore.
    #[model(optional)]
    pub namespace: Attr<String>,
    /// Name of the store.
    #[model(required)]
    pub name: Attr<String>,
}
