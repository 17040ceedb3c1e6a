//! One look at a Secret: is it there, with every key, and is it of the declaration that there is now?
//!
//! A Secret that is there proves nothing: it may be of an older declaration, or of an ExternalSecret that has been deleted and
//! takes its Secret along. So what is taken by a handle is judged by its ExternalSecret too. Where that is gone, or may not be
//! read, the Secret alone is left to go by.

use homelab_backends::objects::{Cause, Live, ObjectError, Objects, Scope, kinds};
use homelab_core::secret::handle::Handle;
use homelab_core::secret::ready::{self, Readiness, SecretSeen, Seen, Written};
use homelab_core::secret::values;

/// What was found of a Secret. It holds values, so it has no `Debug`.
pub(super) enum Found {
    /// It is there, with every key; the sentence is what is wrong since, if anything.
    Complete(Box<Live>, Option<String>),
    /// It is not there.
    Absent,
    /// These keys are missing in it.
    Lacks(Vec<String>),
    /// It is there with every key, and is of an older declaration: how far the operator is.
    Behind(Box<Live>, String),
    /// The operator cannot make it: why, as a sentence.
    Failed(String),
}

/// Looks at the Secret alone.
pub(super) async fn at_secret(objects: &dyn Objects, wanted: &Handle) -> Result<Found, ObjectError> {
    Ok(alone(secret(objects, wanted).await?, &wanted.keys))
}

/// Looks at the Secret and at the ExternalSecret that makes it.
pub(super) async fn at_both(objects: &dyn Objects, wanted: &Handle) -> Result<Found, ObjectError> {
    // First the ExternalSecret: the operator writes the Secret before it says so.
    let source = kinds::EXTERNAL_SECRET.object(&wanted.namespace, wanted.source());
    let source = match objects.get(&source).await {
        Ok(source) => source,
        Err(ObjectError { cause: Cause::Forbidden { .. } | Cause::NoSuchKind { .. }, .. }) => None,
        Err(error) => return Err(error),
    };
    let secret = secret(objects, wanted).await?;
    let Some(source) = source else { return Ok(alone(secret, &wanted.keys)) };
    let secret = secret.filter(|secret| !values::is_of_another(&secret.object, source.uid()));
    let readiness = judge(&source, secret.as_ref(), wanted, &[]);
    let Readiness::Failed(_) = readiness else {
        return Ok(match (readiness, alone(secret, &wanted.keys)) {
            (Readiness::Pending(why), Found::Complete(live, _)) => Found::Behind(live, why),
            // Synced; or fetched only once, and then what there is stays.
            (_, found) => found,
        });
    };
    // Its true words are in Events, which nobody asks for as long as all is well.
    let events = objects.list(kinds::EVENT, Scope::Namespace(&wanted.namespace)).await.unwrap_or_default();
    let events: Vec<_> = events.into_iter().map(|event| event.object).collect();
    let why = match judge(&source, secret.as_ref(), wanted, &events) {
        Readiness::Failed(failure) => failure.sentence(),
        Readiness::Pending(why) | Readiness::Frozen(why) => why,
        Readiness::Synced => String::new(),
    };
    Ok(match alone(secret, &wanted.keys) {
        Found::Complete(live, _) if values::was_fetched(&source.object) => Found::Complete(live, Some(why)),
        _ => Found::Failed(why),
    })
}

fn judge(source: &Live, secret: Option<&Live>, wanted: &Handle, events: &[serde_json::Value]) -> Readiness {
    ready::judge(&Seen {
        external_secret: &source.object,
        secret: secret.map_or(SecretSeen::Absent, |secret| SecretSeen::There(&secret.object)),
        events,
        keys: &wanted.keys,
        written: &Written::default(),
    })
}

/// The Secret, unless it is on its way out.
async fn secret(objects: &dyn Objects, wanted: &Handle) -> Result<Option<Live>, ObjectError> {
    let secret = objects.get(&kinds::SECRET.object(&wanted.namespace, &wanted.name)).await?;
    Ok(secret.filter(|secret| !secret.is_terminating()))
}

fn alone(secret: Option<Live>, keys: &[String]) -> Found {
    match secret {
        None => Found::Absent,
        Some(live) => match values::missing(&live.object, keys) {
            missing if missing.is_empty() => Found::Complete(Box::new(live), None),
            missing => Found::Lacks(missing),
        },
    }
}
