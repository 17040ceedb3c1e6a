//! Objects of a cluster or of a folder, behind one trait.
//!
//! A resource renders the objects that it declares and hands them to [`Objects`]; whether they are applied to an API
//! server ([`crate::kube`]) or written as files for Argo CD or Flux ([`crate::gitops`]) is the provider block's matter.
//!
//! # Forces
//!
//! - Ours is ours, theirs is theirs: a write sends the full set of fields that the user declared and nothing else, as
//!   one field manager, and never takes an object or a field from another owner silently.
//! - Unreadable is a third state: `Ok(None)` means absent for certain; whatever could not be seen is an [`ObjectError`].
//! - The version is no part of what names an object: it is chosen per call from what the cluster serves.
//!
//! Rejected: one typed client per kind (a CRD that changes its version would need a new release of ours), and one trait
//! for writing and one for reading (every implementation is both, and every resource needs both).

mod cancellable;
mod error;
mod id;
mod left_out;
mod live;
mod mark;
mod owned;
mod owner;
mod request;

use async_trait::async_trait;

pub use cancellable::Cancellable;
pub use error::{Cause, FieldConflict, NotConfigured, ObjectError, Service};
pub use id::{Kind, ObjectId, kinds};
pub use left_out::left_out;
pub use live::Live;
pub use mark::{ANNOTATION_PREFIX, CREATION_ANNOTATION, MANAGER, Mark, OWNER_ANNOTATION};
pub use owned::{declared_view, owned, owned_by};
pub use owner::{Owner, is_predecessor, owner_of};
pub(crate) use owner::{foreign_owner, release_reason};
pub use request::{Applied, ApplyRequest, Change, Checked, DeleteRequest, Deletion, FieldsRequest, Scope};
pub(crate) use request::{declared_object, rendered};

/// What stands behind an [`Objects`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// An API server: objects have a uid, other owners and a status.
    Cluster,
    /// A folder of files: nothing but what was written.
    Folder,
}

/// Reads and writes objects. Cheap to share; every method may be called at once from many tasks.
#[async_trait]
pub trait Objects: Send + Sync {
    /// What stands behind it.
    fn backend(&self) -> Backend;

    /// Where that is, for messages: `https://cluster.example.net:6443` or `folder ./manifests`.
    fn place(&self) -> String;

    /// The object as it is now; `None` where it is absent for certain. Use it wherever something is awaited.
    async fn get(&self, id: &ObjectId) -> Result<Option<Live>, ObjectError>;

    /// The object for a refresh: like [`Objects::get`], but many reads of one kind and namespace share a LIST. What it
    /// answers is never from before our own last write in that kind and namespace, nor from before Configure.
    async fn read(&self, id: &ObjectId) -> Result<Option<Live>, ObjectError>;

    /// All objects of a kind, as they are now.
    async fn list(&self, kind: Kind, scope: Scope<'_>) -> Result<Vec<Live>, ObjectError>;

    /// [`Objects::list`] for whoever keeps little of each object: `take` gets one after the other, and no more of them than
    /// one is there in its parsed form, which takes ten times as much memory as its text. With an error some may have been
    /// taken.
    async fn each(&self, kind: Kind, scope: Scope<'_>, take: &mut (dyn FnMut(Live) + Send)) -> Result<(), ObjectError> {
        self.list(kind, scope).await?.into_iter().for_each(take);
        Ok(())
    }

    /// Makes the object what the request says, adopting one that is there already.
    ///
    /// Fails with [`Cause::OwnedBy`] or [`Cause::Conflict`] rather than taking anything from another owner, and with
    /// [`Cause::NamespaceMissing`] or [`Cause::NoSuchKind`] where it cannot exist.
    async fn apply(&self, request: &ApplyRequest) -> Result<Applied, ObjectError>;

    /// Asks whether [`Objects::apply`] would succeed, without writing: owner, field conflicts, admission. What cannot be
    /// asked (a read-only identity, a missing namespace, a CRD that is not there yet) is [`Checked::Not`].
    async fn check(&self, request: &ApplyRequest) -> Result<Checked, ObjectError>;

    /// Makes fields of somebody else's object what the request says, or with `dry_run` asks whether that would succeed.
    /// Answers the object as it is (or would be) then; `None` where it is absent.
    ///
    /// Fails with [`Cause::Conflict`] where another manager wants another value: nothing is ever forced.
    async fn apply_fields(&self, request: &FieldsRequest, dry_run: bool) -> Result<Option<Live>, ObjectError>;

    /// Removes the object, unless it is not ours any more: then it is only released.
    async fn delete(&self, request: &DeleteRequest) -> Result<Deletion, ObjectError>;

    /// The version of the kind that writes go to: the first of [`Kind::versions`] that is served.
    async fn served_version(&self, kind: Kind) -> Result<String, ObjectError>;
}
