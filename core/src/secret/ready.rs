//! Whether the operator has done what was declared, by what it says and by what is there.
//!
//! # Forces
//!
//! - The operator has no `observedGeneration`. What it has fetched last stands in `status.syncedResourceVersion`, as
//!   `<generation>-<hash>`; its Ready condition may be of any generation, and stays True while a newer one fails for the first
//!   time.
//! - The condition has a general message. The true words are in an Event, which is counted up instead of made anew, is
//!   dropped when there are many, and carries the operator's clock. So "newer than our write" is told by what had been there
//!   before it, and never by a clock.
//! - A Secret that is there proves nothing: it may be the old one. It has to have every declared key.

use std::collections::BTreeMap;

use homelab_schema::duration::GoDuration;
use serde_json::Value;

use super::values;

#[cfg(test)]
mod tests;
mod words;

pub use words::{blamed, without_values};

/// The operator's finalizer.
const FINALIZER: &str = "externalsecrets.external-secrets.io/externalsecret-cleanup";

/// How far the operator is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It has fetched this generation, and the Secret has every key.
    Synced,
    /// Not yet; how it stands, as sentences.
    Pending(String),
    /// It has tried this generation and failed. It may still succeed: it tries again.
    Failed(Failure),
    /// It will never fetch this generation: it fetches only once, and has done that before.
    Frozen(String),
}

/// What went wrong, and who says so: quoted words are told from what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The operator's own words.
    Said(String),
    /// What was seen, as a sentence.
    Found(String),
}

impl Failure {
    /// What was seen.
    pub fn found(words: impl Into<String>) -> Self {
        Self::Found(words.into())
    }

    /// The words, whoever says so.
    pub fn words(&self) -> &str {
        match self {
            Self::Said(words) | Self::Found(words) => words,
        }
    }

    /// The same as a sentence that says who says so.
    pub fn sentence(&self) -> String {
        match self {
            Self::Said(words) => format!("The operator says: {}", sentence(words)),
            Self::Found(words) => sentence(words),
        }
    }
}

/// The words with a full stop, unless they end like a sentence.
pub fn sentence(words: &str) -> String {
    let words = words.trim_end();
    if words.ends_with(['.', '?', '!', '…']) { words.to_owned() } else { format!("{words}.") }
}

/// The Secret of an ExternalSecret.
#[derive(Clone, Copy, Debug)]
pub enum SecretSeen<'a> {
    /// It is there.
    There(&'a Value),
    /// It is not there.
    Absent,
    /// We may not look.
    Unseen,
}

/// Failures that had been reported, by the name of their Event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failures(BTreeMap<String, String>);

impl Failures {
    /// Those among `events` that are about the object of that uid.
    pub fn of(events: &[Value], uid: &str) -> Self {
        let about = failing(events, uid);
        Self(about.map(|event| (name_of(event).to_owned(), version_of(event))).collect())
    }

    /// Whether the Event is not one of these, or has happened again since.
    fn precede(&self, event: &Value) -> bool {
        self.0.get(name_of(event)) != Some(&version_of(event))
    }

    fn knows(&self, event: &Value) -> bool {
        self.0.contains_key(name_of(event))
    }
}

/// What is known of our write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Generation that it answered; 0 stands for whichever there is.
    pub generation: i64,
    /// resourceVersion that it answered.
    pub resource_version: Option<u64>,
    /// Failures that had been reported before it.
    pub failures: Failures,
    /// Whether the operator was failing before it.
    pub was_failing: bool,
}

/// What there is.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The ExternalSecret as it is. Look at it before the Secret: the operator writes the Secret first.
    pub external_secret: &'a Value,
    /// Its Secret.
    pub secret: SecretSeen<'a>,
    /// Events of the namespace; none where they may not be read.
    pub events: &'a [Value],
    /// Keys that the Secret has to have.
    pub keys: &'a [String],
    /// What we wrote.
    pub written: &'a Written,
}

/// How far the operator is.
pub fn judge(seen: &Seen<'_>) -> Readiness {
    let object = seen.external_secret;
    let wanted = match seen.written.generation {
        0 => object["metadata"]["generation"].as_i64().unwrap_or_default(),
        generation => generation,
    };
    let synced = synced_generation(object);
    let condition = Condition::of(object);
    if condition.status == Some(true) && synced.is_some_and(|synced| synced >= wanted) {
        return judge_secret(seen, &condition);
    }
    if synced.is_some() && fetches_once(object) && !matches!(seen.secret, SecretSeen::Absent) {
        return Readiness::Frozen(
            "The operator has fetched once, and does not fetch again while the Secret is there.".to_owned(),
        );
    }
    if let Some(words) = failure(seen) {
        return Readiness::Failed(Failure::Said(words));
    }
    if condition.status == Some(false) && !seen.written.was_failing {
        return Readiness::Failed(Failure::Said(without_values(condition.message)));
    }
    Readiness::Pending(standing(seen, &condition, synced))
}

/// The operator's own words about what is wrong now, whenever that began; `None` where it says nothing of the kind.
pub fn trouble(external_secret: &Value, events: &[Value]) -> Option<String> {
    let condition = Condition::of(external_secret);
    if condition.status != Some(false) {
        return None;
    }
    let last = newest(failing(events, uid_of(external_secret)));
    Some(last.map_or_else(|| without_values(condition.message), message_of))
}

/// Since when the operator has said so: `lastTransitionTime` of its Ready condition, as it stands there.
pub fn since(external_secret: &Value) -> Option<&str> {
    conditions(external_secret)
        .find(|condition| condition["type"] == "Ready")
        .and_then(|condition| condition["lastTransitionTime"].as_str())
}

/// Whether the operator says that it has fetched the ExternalSecret.
pub fn says_ready(external_secret: &Value) -> bool {
    Condition::of(external_secret).status == Some(true)
}

/// What the operator says about a store that it could not use; `None` where it has no objection.
pub fn store_trouble(store: &Value) -> Option<String> {
    let condition = Condition::of(store);
    (condition.status == Some(false)).then(|| without_values(condition.message))
}

/// The Ready condition.
struct Condition<'a> {
    /// `None` where there is none, or it is not known.
    status: Option<bool>,
    reason: &'a str,
    message: &'a str,
}

impl<'a> Condition<'a> {
    fn of(object: &'a Value) -> Self {
        let found = conditions(object).find(|condition| condition["type"] == "Ready").unwrap_or(&Value::Null);
        let status = match found["status"].as_str() {
            Some("True") => Some(true),
            Some("False") => Some(false),
            _ => None,
        };
        let text = |name: &str| found[name].as_str().unwrap_or_default();
        Self { status, reason: text("reason"), message: text("message") }
    }
}

fn conditions(object: &Value) -> impl Iterator<Item = &Value> {
    object["status"]["conditions"].as_array().into_iter().flatten()
}

fn synced_generation(object: &Value) -> Option<i64> {
    let version = object["status"]["syncedResourceVersion"].as_str()?;
    version.split('-').next()?.parse().ok()
}

/// Whether the operator is about to fetch the generation that is there. One that has never said anything or fails may never
/// come to it, and one that fetches once does not look again.
pub fn is_behind(external_secret: &Value) -> bool {
    let generation = external_secret["metadata"]["generation"].as_i64();
    let synced = synced_generation(external_secret);
    synced.is_some() && synced < generation && says_ready(external_secret) && !fetches_once(external_secret)
}

/// Whether it is never fetched again once it was.
fn fetches_once(object: &Value) -> bool {
    let spec = &object["spec"];
    match spec["refreshPolicy"].as_str() {
        Some("CreatedOnce") => true,
        Some("OnChange") => false,
        _ => {
            let interval = spec["refreshInterval"].as_str().and_then(|text| text.parse::<GoDuration>().ok());
            interval.is_some_and(|interval| interval.as_nanos() <= 0)
        }
    }
}

fn judge_secret(seen: &Seen<'_>, condition: &Condition<'_>) -> Readiness {
    let policy = seen.external_secret["spec"]["target"]["creationPolicy"].as_str();
    match condition.reason {
        "SecretMissing" => {
            let why =
                "The Secret is not there, and with creation_policy Merge the operator only adds keys to one that is.";
            return Readiness::Pending(why.to_owned());
        }
        "SecretDeleted" => {
            let why =
                "The store has none of the keys, so by deletion_policy Delete the operator has deleted the Secret.";
            return Readiness::Failed(Failure::found(why));
        }
        _ if policy == Some("None") => return Readiness::Synced,
        _ => {}
    }
    let found_nothing = condition.message.contains("retained");
    let secret = match seen.secret {
        SecretSeen::Unseen => return Readiness::Synced,
        SecretSeen::Absent if found_nothing => {
            return Readiness::Failed(Failure::found("The store has nothing that is declared, so there is no Secret."));
        }
        // Somebody has deleted it: the operator makes it again.
        SecretSeen::Absent => return Readiness::Pending("The Secret is not there any more.".to_owned()),
        SecretSeen::There(secret) => secret,
    };
    let missing = values::missing(secret, seen.keys);
    if missing.is_empty() {
        return Readiness::Synced;
    }
    let missing = missing.join(", ");
    Readiness::Failed(Failure::Found(if secret["immutable"] == true {
        format!("The Secret is immutable and has no {missing}: nothing can be added to it.")
    } else if found_nothing {
        format!("The store has nothing that is declared; the Secret stays as it was, without {missing}.")
    } else {
        format!("The operator says that it is done, and the Secret has no {missing}: the store has no value for it.")
    }))
}

/// The newest failure that came after our write, in the operator's words.
fn failure(seen: &Seen<'_>) -> Option<String> {
    let written = seen.written;
    let newer = failing(seen.events, uid_of(seen.external_secret)).filter(|event| {
        // The first of its kind names the object as the operator saw it; one that is counted up names the first one's.
        let saw = event["involvedObject"]["resourceVersion"].as_str().and_then(|version| version.parse::<u64>().ok());
        let is_of_before = saw.zip(written.resource_version).is_some_and(|(saw, ours)| saw < ours);
        written.failures.precede(event) && (written.failures.knows(event) || !is_of_before || is_repeated(event))
    });
    newest(newer).map(message_of)
}

fn failing<'a>(events: &'a [Value], uid: &'a str) -> impl Iterator<Item = &'a Value> {
    events.iter().filter(move |event| {
        let about = &event["involvedObject"];
        event["type"] == "Warning" && about["kind"] == "ExternalSecret" && about["uid"] == *uid && !uid.is_empty()
    })
}

fn newest<'a>(events: impl Iterator<Item = &'a Value>) -> Option<&'a Value> {
    let when = |event: &Value| {
        let times = [&event["series"]["lastObservedTime"], &event["lastTimestamp"], &event["eventTime"]];
        let time = times.into_iter().find_map(Value::as_str).unwrap_or_default().to_owned();
        let version = event["metadata"]["resourceVersion"].as_str().and_then(|version| version.parse::<u64>().ok());
        (time, version)
    };
    events.max_by_key(|event| when(event))
}

fn is_repeated(event: &Value) -> bool {
    let counts = [&event["count"], &event["series"]["count"]];
    counts.into_iter().any(|count| count.as_i64().is_some_and(|count| count > 1))
}

fn message_of(event: &Value) -> String {
    without_values(event["message"].as_str().or_else(|| event["note"].as_str()).unwrap_or_default())
}

fn name_of(event: &Value) -> &str {
    event["metadata"]["name"].as_str().unwrap_or_default()
}

/// Changes each time that it happens.
fn version_of(event: &Value) -> String {
    event["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned()
}

fn uid_of(object: &Value) -> &str {
    object["metadata"]["uid"].as_str().unwrap_or_default()
}

/// How it stands, for whoever has waited for long.
fn standing(seen: &Seen<'_>, condition: &Condition<'_>, synced: Option<i64>) -> String {
    let object = seen.external_secret;
    if condition.status == Some(false) {
        let words = trouble(object, seen.events).unwrap_or_default();
        return format!("The operator says as before: {}", sentence(&words));
    }
    if let Some(synced) = synced {
        return format!("The operator has fetched generation {synced} of it, and nothing newer.");
    }
    if object["status"]["conditions"].is_array() {
        return "The operator does not say which generation it has fetched.".to_owned();
    }
    let finalizers = object["metadata"]["finalizers"].as_array();
    if finalizers.is_some_and(|all| all.iter().any(|one| *one == FINALIZER)) {
        return "The operator has seen it and does nothing about it: `controller` of the store names another one, or stores \
                of the whole cluster are switched off."
            .to_owned();
    }
    "No controller has touched it: is External Secrets running, and does it watch this namespace?".to_owned()
}
