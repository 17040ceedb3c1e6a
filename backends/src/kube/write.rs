//! Applying: owners, adoption, conflicts, force.
//!
//! # One request where one is enough
//!
//! Every write is pinned to what was judged before it: to the resourceVersion of the object that was looked at, or, where
//! none is expected, to one that no object ever has ([`NEVER`]). The server compares and writes at once, so between the
//! judgement and the write nobody can slip in; and what was judged may then be old (from a list) or a mere guess ("not
//! there, since it is about to be created"): a wrong guess is refused, and the object is looked at before anything else is
//! said. So a create is one request, an update is one request and its part of a list, and neither is less careful than a
//! look before each.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::adopt::{may_force, patch, takeover, unsettled};
use super::api::{Api, Patch, settle};
use super::lists::SharedReads;
use super::status::Refusal;
use crate::objects::{Applied, ApplyRequest, Cause, Change, Checked, Live, MANAGER, ObjectId, foreign_owner, rendered};

/// How often an object that changes under our hands is looked at again.
const ATTEMPTS: u32 = 5;
/// How long to wait for an object of the same name to be gone that is being deleted.
const TERMINATING: Duration = Duration::from_mins(1);
/// Between two looks at something that is awaited.
pub(super) const POLL: Duration = Duration::from_millis(250);
/// A resourceVersion that no object has: it is older than the first write of a store. An apply that carries it creates,
/// or is refused where the object is there.
const NEVER: &str = "1";

/// Makes the object what the request says.
pub(super) async fn apply(api: &Api, reads: &SharedReads, request: &ApplyRequest) -> Result<Applied, Cause> {
    let mut live = guess(api, reads, request).await?;
    let mut is_guess = true;
    for _ in 1..ATTEMPTS {
        let refused = match apply_once(api, request, live.as_ref()).await {
            Ok(applied) => return Ok(applied),
            Err(refused) => refused,
        };
        if !look_again(&refused, is_guess) {
            return Err(settle(refused));
        }
        let seen = standing(api, &request.id).await?;
        if refused != Refusal::Stale && version(seen.as_ref()) == version(live.as_ref()) {
            return Err(settle(refused));
        }
        (live, is_guess) = (seen, false);
    }
    apply_once(api, request, live.as_ref()).await.map_err(settle)
}

/// What is probably there. A wrong answer costs a request and harms nothing.
async fn guess(api: &Api, reads: &SharedReads, request: &ApplyRequest) -> Result<Option<Live>, Cause> {
    if request.is_new { Ok(None) } else { reads.guess(api, &request.id).await }
}

/// Whether a refusal may be about what was there and not about what is there.
fn look_again(refused: &Refusal, is_guess: bool) -> bool {
    match refused {
        Refusal::Stale => true,
        Refusal::NoDryRun(_) => false,
        Refusal::Cause(cause) => {
            let about_the_object = matches!(
                cause,
                Cause::Conflict(_)
                    | Cause::OwnedBy(_)
                    | Cause::Terminating { .. }
                    | Cause::Admission { .. }
                    | Cause::Invalid { .. }
            );
            is_guess && about_the_object
        }
    }
}

async fn apply_once(api: &Api, request: &ApplyRequest, found: Option<&Live>) -> Result<Applied, Refusal> {
    let mut adopted = None;
    let mut taken_over = None;
    if let Some(found) = found {
        judge(found, request)?;
        if found.mark().is_none() {
            // Written before the apply and not with it: an apply cannot say that somebody else's fields are its own. Killed
            // between the two writes, the object is unchanged and the next run finds it ours.
            let taken = takeover(&found.object);
            adopted = Some(taken.as_ref().map(|taken| taken.from.clone()).unwrap_or_default());
            if let (Some(taken), Some(version)) = (taken, found.resource_version()) {
                taken_over = Some(api.patch(&request.id, Patch::Json, &patch(&taken, version)).await?.0);
            }
        }
    }
    let before = taken_over.as_ref().or(found);
    let (after, created) = write(api, request, before, false).await?;
    let unchanged = before.is_some_and(|before| before.resource_version() == after.resource_version());
    let change = match adopted {
        _ if created => Change::Created,
        Some(from) => Change::Adopted { from },
        None if unchanged => Change::Unchanged,
        None => Change::Updated,
    };
    Ok(Applied { live: after, change })
}

/// Whether the object that is there may be written to.
fn judge(found: &Live, request: &ApplyRequest) -> Result<(), Cause> {
    if found.is_terminating() {
        return Err(Cause::Terminating { finalizers: found.finalizers() });
    }
    foreign_owner(&found.object, &request.mark).map_or(Ok(()), |owner| Err(Cause::OwnedBy(owner)))
}

/// Whether an apply would succeed, and what it would take over.
pub(super) async fn check(api: &Api, reads: &SharedReads, request: &ApplyRequest) -> Result<Checked, Cause> {
    let mut live = match guess(api, reads, request).await {
        Ok(live) => live,
        Err(cause) => return not_asked(cause.into()),
    };
    let mut is_guess = true;
    for attempt in 1..=ATTEMPTS {
        let refused = match check_once(api, request, live.as_ref()).await {
            Ok(()) => {
                return Ok(match live {
                    Some(live) if live.mark().is_none() => Checked::Adopts(Box::new(live)),
                    _ => Checked::Passed,
                });
            }
            Err(refused) => refused,
        };
        if look_again(&refused, is_guess) && attempt < ATTEMPTS {
            let seen = api.get(&request.id).await?;
            if refused == Refusal::Stale || version(seen.as_ref()) != version(live.as_ref()) {
                (live, is_guess) = (seen, false);
                continue;
            }
        }
        return not_asked(refused);
    }
    Err(settle(Refusal::Stale))
}

/// What a refusal says where the question could not be asked, else its cause.
fn not_asked(refused: Refusal) -> Result<Checked, Cause> {
    let reason = match refused {
        Refusal::NoDryRun(words) | Refusal::Cause(Cause::Forbidden { words }) => words,
        Refusal::Cause(
            cause @ (Cause::NamespaceMissing { .. } | Cause::NoSuchKind { .. } | Cause::Terminating { .. }),
        ) => cause.to_string(),
        other => return Err(settle(other)),
    };
    Ok(Checked::Not { reason })
}

async fn check_once(api: &Api, request: &ApplyRequest, found: Option<&Live>) -> Result<(), Refusal> {
    if let Some(found) = found {
        judge(found, request)?;
    }
    write(api, request, found, true).await.map(|_| ())
}

/// One apply, repeated with force where every conflict may be settled so.
async fn write(api: &Api, request: &ApplyRequest, live: Option<&Live>, dry_run: bool) -> Result<(Live, bool), Refusal> {
    let mut body = rendered(request);
    // Pinned: a write, and force above all, must meet the object and the managers that were judged and none that came since.
    body["metadata"]["resourceVersion"] = Value::String(version(live).to_owned());
    let apply = |force| Patch::Apply { manager: MANAGER, force, dry_run };
    let conflicts = match api.patch(&request.id, apply(false), &body).await {
        Err(Refusal::Cause(Cause::Conflict(conflicts))) => conflicts,
        other => return other,
    };
    if live.is_none() {
        // It is there after all.
        return Err(Refusal::Stale);
    }
    if !may_force(&conflicts, &request.respelled) {
        return Err(Cause::Conflict(unsettled(conflicts, &request.respelled)).into());
    }
    api.patch(&request.id, apply(true), &body).await
}

/// What to pin a write to.
fn version(live: Option<&Live>) -> &str {
    live.and_then(Live::resource_version).unwrap_or(NEVER)
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
