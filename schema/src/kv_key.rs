//! Resource `homelab_kv_key`.

use crate::prelude::*;

/// One key of a document that several writers share, in a KV engine of version 2 of Vault or OpenBao.
///
/// The other keys of the document are never touched. The document is read, one key is set in it, and it is written with
/// check-and-set: if somebody else wrote in between, it is read again. Only a document that is really not there is begun anew;
/// what could not be read (no permission, no answer, an error of the store) is never written, and a document whose newest
/// version was deleted has to be restored or removed first. Metadata of the document stays as it is.
///
/// The value is write-only: it is neither in the plan nor in the state, and needs Terraform or OpenTofu 1.11 or newer. It is
/// written when the resource is made and when `value_wo_version` changes, and never otherwise: a value that somebody else
/// changes stays, a key that somebody removes is planned again. What is there already is not written again, so that the
/// document gets no version that says nothing new.
///
/// A destroy removes the key, with check-and-set as well. A document that held nothing else stays, empty, with its history.
///
/// An import (`<mount>/<path>#<key>`) never writes. If the value in the store is another than the declared one, the first apply
/// warns; raise `value_wo_version` to write it.
///
/// The identity needs `read` and `update` (for a new document `create`) on `<mount>/data/<path>`.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct KvKey {
    /// Where the engine is mounted, such as `secret`. Default: `vault.mount` of the provider block.
    #[model(optional, computed, replace)]
    pub mount: Attr<String>,
    /// Path of the document, as `vault kv` has it: without the mount, and without `data/`.
    #[model(required, replace)]
    pub path: Attr<String>,
    /// Name of the key.
    #[model(required, replace)]
    pub key: Attr<String>,
    /// Value of the key. Write-only: take it from an ephemeral variable or resource.
    #[model(required, write_only)]
    pub value_wo: Attr<Sensitive<String>>,
    /// Number of the value. The value is written when this changes, and never otherwise.
    #[model(required)]
    pub value_wo_version: Attr<i64>,
    /// The key as `<mount>/<path>#<key>`, known once this value is in the store. What takes it, an ephemeral `homelab_kv_secret`
    /// for one, comes after it in the same apply.
    #[model(computed)]
    pub handle: Attr<String>,
}

/// What names a key for ever.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
pub struct KvKeyIdentity {
    /// Where the engine is mounted.
    #[model(required)]
    pub mount: Attr<String>,
    /// Path of the document below it.
    #[model(required)]
    pub path: Attr<String>,
    /// Name of the key.
    #[model(required)]
    pub key: Attr<String>,
}
