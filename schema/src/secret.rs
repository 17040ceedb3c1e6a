//! Ephemeral `homelab_secret`.

use crate::duration;
use crate::prelude::*;

/// A Secret of the cluster, read for one run and never stored.
///
/// Taken by `handle` of the resource that makes it, it is opened after that resource has been applied, and waits until the
/// Secret is there with the declared keys and is of the declaration that was applied; where the operator cannot make it, the
/// apply fails in the operator's own words. So one apply makes a secret and uses it, in write-only arguments and in other
/// providers' blocks. While Terraform is only planning and the Secret is not there yet, its values are unknown.
///
/// Taken by `namespace` and `name`, it is the Secret alone that counts, whoever makes it. Let it depend on what does
/// (`depends_on`): a provider is not told whether Terraform plans or applies, so the Secret is waited for only once this run has
/// written something.
///
/// Do not refer to it from a `check` block: the plan would never be empty.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct Secret {
    /// `handle` of a `homelab_external_secret`. Either this, or `namespace` and `name`.
    #[model(optional)]
    pub handle: Attr<String>,
    /// Namespace of the Secret.
    #[model(optional, computed)]
    pub namespace: Attr<String>,
    /// Name of the Secret.
    #[model(optional, computed)]
    pub name: Attr<String>,
    /// How long to wait for the Secret in apply, such as `5m`.
    #[model(optional, default = "2m0s", same = duration::same)]
    pub timeout: Attr<String>,
    /// Values by key, of those that are text.
    #[model(computed, sensitive)]
    pub data: Attr<Sensitive<BTreeMap<String, String>>>,
    /// Values by key, of all of them, in Base64.
    #[model(computed, sensitive)]
    pub data_base64: Attr<Sensitive<BTreeMap<String, String>>>,
    /// Type of the Secret.
    #[model(computed)]
    pub r#type: Attr<String>,
}
