//! Ephemeral `homelab_kv_secret`.

use crate::prelude::*;

/// A document of a KV engine of Vault or OpenBao, read for one run and never stored.
///
/// Taken by `handle` of a `homelab_kv_key`, it is opened after that key has been written. So one apply makes a value and uses
/// it, in write-only arguments and in other providers' blocks. While Terraform is only planning and the document is not there
/// yet, its values are unknown and a warning says so; in an apply that is an error. A document that may not be read, or
/// whose engine is not there, is an error at once.
///
/// Do not refer to it from a `check` block: the plan would never be empty.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct KvSecret {
    /// `handle` of a `homelab_kv_key`. Either this, or `path`.
    #[model(optional)]
    pub handle: Attr<String>,
    /// Where the engine is mounted, such as `secret`; of version 1 or 2. Default: `vault.mount` of the provider block.
    #[model(optional, computed)]
    pub mount: Attr<String>,
    /// Path of the document, as `vault kv` has it: without the mount, and without `data/`.
    #[model(optional, computed)]
    pub path: Attr<String>,
    /// Number of the version to read, in an engine of version 2. Default: the newest.
    #[model(optional)]
    pub document_version: Attr<i64>,
    /// Values by key: texts as they are, anything else as JSON.
    #[model(computed, sensitive)]
    pub data: Attr<Sensitive<BTreeMap<String, String>>>,
    /// The whole document as JSON.
    #[model(computed, sensitive)]
    pub data_json: Attr<Sensitive<String>>,
}
