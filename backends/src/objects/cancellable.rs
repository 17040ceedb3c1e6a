//! Ctrl-C reaches what waits.

use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::{
    Applied, ApplyRequest, Backend, Cause, Checked, DeleteRequest, Deletion, FieldsRequest, Kind, Live, ObjectError,
    ObjectId, Objects, Scope,
};

/// [`Objects`] that give up with [`Cause::Cancelled`] as soon as a token is cancelled.
///
/// An apply that has begun is finished: its requests have limits of their own, and whoever asked must learn what was
/// made. A delete may be left halfway, since the state keeps the object until it is seen to be gone.
pub struct Cancellable {
    objects: Arc<dyn Objects>,
    token: CancellationToken,
}

impl Cancellable {
    /// These objects, until that token is cancelled.
    pub fn new(objects: Arc<dyn Objects>, token: CancellationToken) -> Self {
        Self { objects, token }
    }

    async fn race<T>(&self, work: impl Future<Output = Result<T, ObjectError>> + Send) -> Result<T, ObjectError> {
        tokio::select! {
            biased;
            () = self.token.cancelled() => Err(self.cancelled()),
            done = work => done,
        }
    }

    fn cancelled(&self) -> ObjectError {
        ObjectError::new(format!("finish the work at {}", self.objects.place()), Cause::Cancelled)
    }
}

#[async_trait]
impl Objects for Cancellable {
    fn backend(&self) -> Backend {
        self.objects.backend()
    }

    fn place(&self) -> String {
        self.objects.place()
    }

    async fn get(&self, id: &ObjectId) -> Result<Option<Live>, ObjectError> {
        self.race(self.objects.get(id)).await
    }

    async fn read(&self, id: &ObjectId) -> Result<Option<Live>, ObjectError> {
        self.race(self.objects.read(id)).await
    }

    async fn list(&self, kind: Kind, scope: Scope<'_>) -> Result<Vec<Live>, ObjectError> {
        self.race(self.objects.list(kind, scope)).await
    }

    async fn each(&self, kind: Kind, scope: Scope<'_>, take: &mut (dyn FnMut(Live) + Send)) -> Result<(), ObjectError> {
        self.race(self.objects.each(kind, scope, take)).await
    }

    async fn apply(&self, request: &ApplyRequest) -> Result<Applied, ObjectError> {
        if self.token.is_cancelled() {
            return Err(self.cancelled());
        }
        self.objects.apply(request).await
    }

    async fn check(&self, request: &ApplyRequest) -> Result<Checked, ObjectError> {
        self.race(self.objects.check(request)).await
    }

    async fn apply_fields(&self, request: &FieldsRequest, dry_run: bool) -> Result<Option<Live>, ObjectError> {
        if self.token.is_cancelled() {
            return Err(self.cancelled());
        }
        self.objects.apply_fields(request, dry_run).await
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Deletion, ObjectError> {
        self.race(self.objects.delete(request)).await
    }

    async fn served_version(&self, kind: Kind) -> Result<String, ObjectError> {
        self.race(self.objects.served_version(kind)).await
    }
}
