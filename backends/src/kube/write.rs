//! Applying: owners, adoption, conflicts, force.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::adopt::{may_force, patch, takeover, unsettled};
use super::api::{Api, Patch, settle};
use super::lists::SharedReads;
use super::status::Refusal;
use crate::objects::{Applied, ApplyRequest, Cause, Change, Checked, Live, ObjectId, foreign_owner, rendered};

/// How often an object that changes under our hands is looked at again.
const ATTEMPTS: u32 = 5;
/// How long to wait for an object of the same name to be gone that is being deleted.
const TERMINATING: Duration = Duration::from_mins(1);
/// Between two looks at something that is awaited.
pub(super) const POLL: Duration = Duration::from_millis(250);

/// Makes the object what the request says.
pub(super) async fn apply(api: &Api, request: &ApplyRequest) -> Result<Applied, Cause> {
    for attempt in 1..=ATTEMPTS {
        match apply_once(api, request).await {
            Err(Refusal::Stale) if attempt < ATTEMPTS => {}
            result => return result.map_err(settle),
        }
    }
    Err(settle(Refusal::Stale))
}

async fn apply_once(api: &Api, request: &ApplyRequest) -> Result<Applied, Refusal> {
    let id = &request.id;
    let mut live = standing(api, id).await?;
    let mut adopted = None;
    if let Some(found) = &live {
        if let Some(owner) = foreign_owner(&found.object, &request.mark) {
            return Err(Cause::OwnedBy(owner).into());
        }
        if found.mark().is_none() {
            // Written before the apply and not with it: an apply cannot say that somebody else's fields are its own. Killed
            // between the two writes, the object is unchanged and the next run finds it ours.
            let taken = takeover(&found.object);
            adopted = Some(taken.as_ref().map(|taken| taken.from.clone()).unwrap_or_default());
            if let (Some(taken), Some(version)) = (taken, found.resource_version()) {
                live = Some(api.patch(id, Patch::Json, &patch(&taken, version)).await?.0);
            }
        }
    }
    let (after, created) = write(api, request, live.as_ref(), false).await?;
    let unchanged = live.as_ref().is_some_and(|before| before.resource_version() == after.resource_version());
    let change = match adopted {
        _ if created => Change::Created,
        Some(from) => Change::Adopted { from },
        None if unchanged => Change::Unchanged,
        None => Change::Updated,
    };
    Ok(Applied { live: after, change })
}

/// Whether an apply would succeed. What is there may come from a shared list: a plan of many objects asks for all of them,
/// the dry run itself is always fresh, and the apply looks again.
pub(super) async fn check(api: &Api, reads: &SharedReads, request: &ApplyRequest) -> Result<Checked, Cause> {
    for attempt in 1..=ATTEMPTS {
        let live = if attempt == 1 { reads.glance(api, &request.id).await } else { api.get(&request.id).await };
        let refused = match check_once(api, request, live).await {
            Ok(()) => return Ok(Checked::Passed),
            Err(refused) => refused,
        };
        let reason = match refused {
            Refusal::Stale if attempt < ATTEMPTS => continue,
            Refusal::NoDryRun(words) | Refusal::Cause(Cause::Forbidden { words }) => words,
            Refusal::Cause(
                cause @ (Cause::NamespaceMissing { .. } | Cause::NoSuchKind { .. } | Cause::Terminating { .. }),
            ) => cause.to_string(),
            other => return Err(settle(other)),
        };
        return Ok(Checked::Not { reason });
    }
    Err(settle(Refusal::Stale))
}

async fn check_once(api: &Api, request: &ApplyRequest, live: Result<Option<Live>, Cause>) -> Result<(), Refusal> {
    let live = live?;
    if let Some(found) = &live {
        if found.is_terminating() {
            return Err(Cause::Terminating { finalizers: found.finalizers() }.into());
        }
        if let Some(owner) = foreign_owner(&found.object, &request.mark) {
            return Err(Cause::OwnedBy(owner).into());
        }
    }
    write(api, request, live.as_ref(), true).await.map(|_| ())
}

/// One apply, repeated with force where every conflict may be settled so.
async fn write(api: &Api, request: &ApplyRequest, live: Option<&Live>, dry_run: bool) -> Result<(Live, bool), Refusal> {
    let mut body = rendered(request);
    let conflicts = match api.patch(&request.id, Patch::Apply { force: false, dry_run }, &body).await {
        Err(Refusal::Cause(Cause::Conflict(conflicts))) => conflicts,
        other => return other,
    };
    if !may_force(&conflicts, &request.respelled) {
        return Err(Cause::Conflict(unsettled(conflicts, &request.respelled)).into());
    }
    // Pinned: force must overrule the managers that were judged here and nobody who came since.
    let Some(version) = live.and_then(Live::resource_version) else { return Err(Refusal::Stale) };
    body["metadata"]["resourceVersion"] = Value::String(version.to_owned());
    api.patch(&request.id, Patch::Apply { force: true, dry_run }, &body).await
}

/// The object, once it is not on its way out: writing to one that is being deleted would succeed and then vanish.
async fn standing(api: &Api, id: &ObjectId) -> Result<Option<Live>, Cause> {
    let began = Instant::now();
    loop {
        match api.get(id).await? {
            Some(live) if live.is_terminating() => {
                if began.elapsed() > TERMINATING {
                    return Err(Cause::Terminating { finalizers: live.finalizers() });
                }
                tokio::time::sleep(POLL).await;
            }
            found => return Ok(found),
        }
    }
}
