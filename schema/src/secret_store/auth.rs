//! How the controller logs in. Names and defaults are those of the operator's definitions in all their versions.

use super::vault::{SecretKeyRef, ServiceAccountRef};
use crate::prelude::*;

/// How the controller logs in: exactly one of the methods.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct StoreAuth {
    /// Namespace of Vault to log in to, where it is not the one that is read.
    #[model(optional)]
    pub namespace: Attr<String>,
    /// A token that lies in a Secret.
    #[model(block)]
    pub token_secret_ref: Attr<SecretKeyRef>,
    /// The token of a Kubernetes service account, checked by Vault's Kubernetes method.
    #[model(block)]
    pub kubernetes: Attr<StoreKubernetes>,
    /// A role with an id and a secret.
    #[model(block)]
    pub app_role: Attr<StoreAppRole>,
    /// A signed token, checked by Vault's JWT method.
    #[model(block)]
    pub jwt: Attr<StoreJwt>,
    /// A user of Vault with a password.
    #[model(block)]
    pub user_pass: Attr<StoreUserPass>,
    /// A user of a directory with a password.
    #[model(block)]
    pub ldap: Attr<StoreLdap>,
    /// A client certificate.
    #[model(block)]
    pub cert: Attr<StoreCert>,
}

/// The token of a Kubernetes service account. Without `service_account_ref` and `secret_ref` it is the controller's own.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct StoreKubernetes {
    /// Where the method is mounted.
    #[model(optional, default = "kubernetes")]
    pub mount_path: Attr<String>,
    /// Role of the method.
    #[model(required)]
    pub role: Attr<String>,
    /// The service account.
    #[model(block)]
    pub service_account_ref: Attr<ServiceAccountRef>,
    /// A token of a service account that lies in a Secret.
    #[model(block)]
    pub secret_ref: Attr<SecretKeyRef>,
}

/// A role with an id and a secret.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct StoreAppRole {
    /// Where the method is mounted.
    #[model(optional, default = "approle")]
    pub path: Attr<String>,
    /// Id of the role. Either this or `role_ref`.
    #[model(optional)]
    pub role_id: Attr<String>,
    /// Where the id of the role is.
    #[model(block)]
    pub role_ref: Attr<SecretKeyRef>,
    /// Where the secret of the role is.
    #[model(block, required)]
    pub secret_ref: Attr<SecretKeyRef>,
}

/// A signed token: either `secret_ref` or `kubernetes_service_account_token`.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct StoreJwt {
    /// Where the method is mounted.
    #[model(optional, default = "jwt")]
    pub path: Attr<String>,
    /// Role of the method.
    #[model(optional)]
    pub role: Attr<String>,
    /// Where the token is.
    #[model(block)]
    pub secret_ref: Attr<SecretKeyRef>,
    /// A token that the cluster makes for a service account.
    #[model(block)]
    pub kubernetes_service_account_token: Attr<StoreServiceAccountToken>,
}

/// A token that the cluster makes for a service account.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct StoreServiceAccountToken {
    /// The service account.
    #[model(block, required)]
    pub service_account_ref: Attr<ServiceAccountRef>,
    /// Audiences of the token. Newer releases of the operator want them at the service account.
    #[model(optional)]
    pub audiences: Attr<Vec<String>>,
    /// For how many seconds the token is valid.
    #[model(optional)]
    pub expiration_seconds: Attr<i64>,
}

/// A user of Vault with a password.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct StoreUserPass {
    /// Where the method is mounted.
    #[model(optional, default = "userpass")]
    pub path: Attr<String>,
    /// Name of the user.
    #[model(required)]
    pub username: Attr<String>,
    /// Where the password is.
    #[model(block, required)]
    pub secret_ref: Attr<SecretKeyRef>,
}

/// A user of a directory with a password.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct StoreLdap {
    /// Where the method is mounted.
    #[model(optional, default = "ldap")]
    pub path: Attr<String>,
    /// Name of the user.
    #[model(required)]
    pub username: Attr<String>,
    /// Where the password is.
    #[model(block, required)]
    pub secret_ref: Attr<SecretKeyRef>,
}

/// A client certificate. Where the method is mounted could not be said before the newest releases of the operator: it is
/// `cert`.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct StoreCert {
    /// Where the certificate is.
    #[model(block, required)]
    pub client_cert: Attr<SecretKeyRef>,
    /// Where its private key is.
    #[model(block, required)]
    pub secret_ref: Attr<SecretKeyRef>,
}
