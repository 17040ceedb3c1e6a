//! Deleting what is ours, and only that.
//!
//! What is deleted is pinned by uid and resourceVersion, so what is known of the object may come from a list of any age:
//! where it does not stand any more, the server says so.

use std::time::Instant;

use super::api::{Api, Deleting, settle};
use super::lists::SharedReads;
use super::status::Refusal;
use super::write::POLL;
use crate::objects::{Cause, DeleteRequest, Deletion, Live, release_reason};

const ATTEMPTS: u32 = 5;

/// Deletes the object if it is still the one that was made, and waits until it is gone.
pub(super) async fn delete(api: &Api, reads: &SharedReads, request: &DeleteRequest) -> Result<Deletion, Cause> {
    let mut found = reads.guess(api, &request.id).await?;
    for attempt in 1..=ATTEMPTS {
        // A guess is good enough to be refused by the server, and for nothing else.
        let is_ours =
            |live: &Live| release_reason(live, request.creation.as_deref()).is_none() && !live.is_terminating();
        if attempt == 1 && !found.as_ref().is_some_and(is_ours) {
            found = api.get(&request.id).await?;
        }
        let Some(live) = &found else { return Ok(Deletion::Absent) };
        if let Some(reason) = release_reason(live, request.creation.as_deref()) {
            return Ok(Deletion::Released { reason });
        }
        if live.is_terminating() {
            return gone(api, request, live).await;
        }
        match api.delete(&request.id, live, request.orphan_dependents).await {
            Ok(Deleting::Gone) => return Ok(Deletion::Deleted),
            Ok(Deleting::Pending) => return gone(api, request, live).await,
            Ok(Deleting::Absent) => return Ok(Deletion::Absent),
            Err(Refusal::Stale) => found = api.get(&request.id).await?,
            Err(refusal) => return Err(settle(refusal)),
        }
    }
    Err(settle(Refusal::Stale))
}

async fn gone(api: &Api, request: &DeleteRequest, deleted: &Live) -> Result<Deletion, Cause> {
    let began = Instant::now();
    loop {
        let finalizers = match api.get(&request.id).await? {
            // Another one of the same name is nobody's business here.
            Some(live) if live.uid() == deleted.uid() => live.finalizers(),
            _ => return Ok(Deletion::Deleted),
        };
        if began.elapsed() > request.wait {
            return Ok(Deletion::Terminating { finalizers });
        }
        tokio::time::sleep(POLL).await;
    }
}
