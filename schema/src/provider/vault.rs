//! The store of secrets.

use crate::prelude::*;

/// How to reach Vault or OpenBao, and with which identity.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct Vault {
    /// Address, such as `https://vault.example.net`. Environment: `VAULT_ADDR`.
    #[model(optional)]
    pub address: Attr<String>,
    /// Namespace. Environment: `VAULT_NAMESPACE`.
    #[model(optional)]
    pub namespace: Attr<String>,
    /// Token. Environment: `VAULT_TOKEN`.
    #[model(optional, sensitive)]
    pub token: Attr<Sensitive<String>>,
    /// File that holds a token. Environment: `HOMELAB_VAULT_TOKEN_FILE`.
    #[model(optional)]
    pub token_file: Attr<String>,
    /// Certificate authorities of the store, as the path of a PEM file. Environment: `VAULT_CACERT`.
    #[model(optional)]
    pub ca_cert_file: Attr<String>,
    /// Mount of the KV engine that paths without a mount of their own are below. Environment: `HOMELAB_VAULT_MOUNT`. Default:
    /// `secret`.
    #[model(optional)]
    pub mount: Attr<String>,
    /// Time limit of one request, such as `10s`. Environment: `HOMELAB_VAULT_TIMEOUT`. Default: `30s`.
    #[model(optional)]
    pub timeout: Attr<String>,
    /// Log in with the token of a Kubernetes service account.
    #[model(block)]
    pub kubernetes: Attr<VaultKubernetes>,
}

/// Log in with the token of a Kubernetes service account.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct VaultKubernetes {
    /// Role of the auth method. Environment: `HOMELAB_VAULT_KUBERNETES_ROLE`.
    #[model(optional)]
    pub role: Attr<String>,
    /// Mount of the auth method. Environment: `HOMELAB_VAULT_KUBERNETES_MOUNT`. Default: `kubernetes`.
    #[model(optional)]
    pub mount: Attr<String>,
    /// File that holds the service account's token. Environment: `HOMELAB_VAULT_KUBERNETES_JWT_FILE`. Default:
    /// `/var/run/secrets/kubernetes.io/serviceaccount/token`.
    #[model(optional)]
    pub jwt_file: Attr<String>,
}
