//! Where the store is, and how it is reached.

use super::auth::StoreAuth;
use crate::prelude::*;

/// A Vault or OpenBao, and what in it is read.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct VaultStore {
    /// Address as the controller reaches it, such as `http://vault.vault.svc:8200`.
    #[model(required)]
    pub server: Attr<String>,
    /// Mount of the engine, such as `secret` or `database`. Left out, keys begin with the mount.
    #[model(optional)]
    pub path: Attr<String>,
    /// Version of the KV engine: `v2`, or `v1`, which is also how the database engine is read.
    #[model(optional, default = "v2")]
    pub version: Attr<KvVersion>,
    /// Namespace of Vault or OpenBao; nothing to do with those of Kubernetes.
    #[model(optional)]
    pub namespace: Attr<String>,
    /// Certificate authorities of the server, as PEM. Left out, those of the controller's system are trusted.
    #[model(optional)]
    pub ca_bundle: Attr<String>,
    /// Where the certificate authorities of the server are found, instead of `ca_bundle`.
    #[model(block)]
    pub ca_provider: Attr<CaProvider>,
    /// The certificate that the controller shows to the server, where that asks for one.
    #[model(block)]
    pub tls: Attr<StoreTls>,
    /// How the controller logs in: one method.
    #[model(block, required)]
    pub auth: Attr<StoreAuth>,
    /// Wait until the server that answers has what was written last (Vault Enterprise).
    #[model(optional)]
    pub read_your_writes: Attr<bool>,
    /// Have the leader answer where another server is behind (Vault Enterprise).
    #[model(optional)]
    pub forward_inconsistent: Attr<bool>,
    /// Further headers of each request. No secrets: they can be read by whoever may read the store.
    #[model(optional)]
    pub headers: Attr<BTreeMap<String, String>>,
}

/// Version of the KV engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Leaf, JsonSchema)]
pub enum KvVersion {
    /// Without versions; also how the database engine is read.
    V1,
    /// With versions.
    V2,
}

/// Where certificate authorities are found.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct CaProvider {
    /// `ConfigMap` or `Secret`.
    #[model(required)]
    pub r#type: Attr<CaKind>,
    /// Name of the object.
    #[model(required)]
    pub name: Attr<String>,
    /// Key in the object.
    #[model(optional)]
    pub key: Attr<String>,
    /// Namespace of the object: needed by a ClusterSecretStore, refused for a SecretStore, which has its own.
    #[model(optional)]
    pub namespace: Attr<String>,
}

/// Kind of object with certificate authorities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Leaf, JsonSchema)]
pub enum CaKind {
    /// A ConfigMap.
    #[leaf(rename = "ConfigMap")]
    ConfigMap,
    /// A Secret.
    #[leaf(rename = "Secret")]
    Secret,
}

/// The certificate that the controller shows.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct StoreTls {
    /// Where the certificate is.
    #[model(block, required)]
    pub cert_secret_ref: Attr<SecretKeyRef>,
    /// Where its private key is.
    #[model(block, required)]
    pub key_secret_ref: Attr<SecretKeyRef>,
}

/// One key of a Secret of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct SecretKeyRef {
    /// Name of the Secret.
    #[model(required)]
    pub name: Attr<String>,
    /// Key in the Secret. Left out, it is what the method expects: `token`, `tls.crt` and so on.
    #[model(optional)]
    pub key: Attr<String>,
    /// Namespace of the Secret, for a ClusterSecretStore. Left out there, it is that of each ExternalSecret, and the controller
    /// cannot check the store by itself. A SecretStore has its own.
    #[model(optional)]
    pub namespace: Attr<String>,
}

/// A service account of the cluster, of which the controller asks a token.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct ServiceAccountRef {
    /// Name of the service account.
    #[model(required)]
    pub name: Attr<String>,
    /// Namespace of the service account, for a ClusterSecretStore. Left out there, it is that of each ExternalSecret, and the
    /// controller cannot check the store by itself. A SecretStore has its own.
    #[model(optional)]
    pub namespace: Attr<String>,
    /// Audiences of the token, such as `vault`.
    #[model(optional)]
    pub audiences: Attr<Vec<String>>,
}
