//! How the operator says an ExternalSecret or a store is.

use homelab_schema::duration::GoDuration;
use serde_json::Value;

use super::declared::{Declared, Refresh};
use super::time;
use crate::secret::ready::without_values;

/// How late a refresh may be before the operator is taken to have stopped: a whole interval more, and so many seconds for
/// clocks that differ and a queue that is long.
const LATE: i64 = 600;

/// The condition `Ready`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It is true.
    Ready,
    /// It is false, or unknown.
    NotReady {
        /// The operator's one word.
        reason: String,
        /// Its sentence; may be empty.
        message: String,
        /// Since when, as it wrote it; empty where it did not.
        since: String,
    },
    /// The operator has not said anything yet.
    Unsaid {
        /// When the object was made.
        since: String,
    },
}

impl Readiness {
    /// That of an ExternalSecret or a store.
    pub fn of(object: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
        match conditions.into_iter().find(|condition| condition["type"] == "Ready") {
            Some(condition) if condition["status"] == "True" => Self::Ready,
            Some(condition) => Self::NotReady {
                reason: text(&condition["reason"]),
                message: without_values(condition["message"].as_str().unwrap_or_default()),
                since: text(&condition["lastTransitionTime"]),
            },
            None => Self::Unsaid { since: text(&object["metadata"]["creationTimestamp"]) },
        }
    }
}

/// Whether the operator has stopped to refresh an ExternalSecret although it is ready: the time of its last refresh, and
/// the interval, where it has. `now` is in seconds since 1970.
pub fn stopped(object: &Value, now: i64) -> Option<(String, GoDuration)> {
    let Refresh::Every(every) = Declared::new(object).refresh() else { return None };
    let last = object["status"]["refreshTime"].as_str()?;
    let allowed = (every.as_nanos() / 1_000_000_000).saturating_mul(2).saturating_add(LATE);
    (now.saturating_sub(time::seconds(last)?) > allowed).then(|| (last.to_owned(), every))
}

/// What the operator says of an ExternalSecret that it calls ready although it has fetched nothing: its word, its sentence, and
/// since when. Such a Secret is as dead as one that fails, and looks well.
pub fn hollow(object: &Value) -> Option<(String, String, String)> {
    let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
    let ready =
        conditions.into_iter().find(|condition| condition["type"] == "Ready" && condition["status"] == "True")?;
    let text = |member: &str| ready[member].as_str().unwrap_or_default().to_owned();
    let message = without_values(&text("message"));
    // By its policy it has deleted the Secret, does not make one, or has kept an old one.
    let nothing =
        matches!(ready["reason"].as_str(), Some("SecretDeleted" | "SecretMissing")) || message.contains("retained");
    nothing.then(|| (text("reason"), message, text("lastTransitionTime")))
}

/// Whether the operator has fetched for the present generation, as far as its status tells; `None` where it does not fetch
/// again whatever changes, or does not say what it has fetched.
pub fn has_synced_generation(object: &Value) -> Option<bool> {
    let generation = object["metadata"]["generation"].as_i64()?;
    let synced = object["status"]["syncedResourceVersion"].as_str().unwrap_or_default();
    let of = synced.split_once('-').and_then(|(generation, _)| generation.parse::<i64>().ok());
    match (Declared::new(object).refresh(), of) {
        (Refresh::Once, _) | (_, None) => None,
        (_, Some(of)) => Some(of == generation),
    }
}
