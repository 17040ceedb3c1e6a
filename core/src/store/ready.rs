//! Whether the controller has accepted a store as it was written.
//!
//! A store has no observed generation, and its condition is not touched while its status stays the same: after a change of a
//! store that was accepted before, nothing on the object says that anybody looked. But each look ends with an Event on the
//! object. So what counts is news: a condition that differs from the one that the write itself found, or an Event that was not
//! there before the write and is not older than it. Times are whole seconds of two clocks, so they alone decide nothing.

use std::collections::BTreeSet;

use serde_json::Value;

/// The condition of a store that matters.
const READY: &str = "Ready";
/// Reasons of Events that say whether the store is usable; others are about something else.
const REASONS: [&str; 5] =
    ["Valid", "InvalidStoreConfiguration", "InvalidProviderConfig", "ValidationFailed", "ValidationUnknown"];

/// What was known when the store was written: by it news is told from what was said before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// Whether the write changed anything. If it did not, what was said before still stands.
    pub changed: bool,
    /// When the server took the write, as RFC 3339; `None` where it does not say.
    pub written: Option<String>,
    condition: Option<Condition>,
    seen: BTreeSet<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Condition {
    status: String,
    reason: String,
    message: String,
    since: String,
}

/// What the controller says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It accepts the store as it is now.
    Accepted,
    /// It does not, in its own words.
    Refused(String),
    /// It has said nothing since the write; `before` is what it said of the store as it was.
    Silent {
        /// Whether it accepted the store before; `Err` are its words. `None` where it never looked at it.
        before: Option<Result<(), String>>,
    },
}

impl Baseline {
    /// The baseline of a write. `live` is the store as the write answered it, with the status that it had at that moment;
    /// `events` are those that were there before the write, of whatever object.
    pub fn of(live: &Value, manager: &str, changed: bool, events: &[Value]) -> Self {
        let entries = live.pointer("/metadata/managedFields").and_then(Value::as_array).into_iter().flatten();
        let ours = entries.filter(|entry| entry["manager"] == manager && entry["operation"] == "Apply");
        let written = ours.filter_map(|entry| entry["time"].as_str()).max().map(str::to_owned);
        let seen = about(live, events).map(mark).collect();
        Self { changed, written, condition: condition(live), seen }
    }

    /// What the controller says of `live`, `events` being those there are now, of whatever object.
    pub fn judge(&self, live: &Value, events: &[Value]) -> Verdict {
        let now = condition(live);
        let news = newest(about(live, events).filter(|event| self.is_news(event)));
        if let Some(now) = now.as_ref().filter(|now| !self.changed || self.condition.as_ref() != Some(*now)) {
            return if now.status == "True" { Verdict::Accepted } else { Verdict::Refused(now.words(news)) };
        }
        match news {
            Some(event) if event["type"] != "Warning" => Verdict::Accepted,
            // It could not tell, and accepts the store: as the condition says.
            Some(event) if event["reason"] == "ValidationUnknown" => Verdict::Accepted,
            Some(event) => Verdict::Refused(words_of(event).unwrap_or("it says no more").to_owned()),
            None => Verdict::Silent {
                before: now.map(|now| match now.status.as_str() {
                    "True" => Ok(()),
                    _ => Err(now.words(newest(about(live, events)))),
                }),
            },
        }
    }

    /// Whether the Event came after the write. Where nothing was changed, what came before it is as good.
    fn is_news(&self, event: &Value) -> bool {
        let is_older = match (&self.written, time_of(event)) {
            (Some(written), Some(time)) => second(time) < second(written),
            _ => false,
        };
        !self.changed || !(self.seen.contains(&mark(event)) || is_older)
    }
}

/// Whether the store was accepted when it was looked at last; `None` where nobody has.
pub fn is_accepted(live: &Value) -> Option<bool> {
    condition(live).map(|condition| condition.status == "True")
}

impl Condition {
    /// The words of that Event, if it is a refusal: the condition of one says only that there is one.
    fn words(&self, event: Option<&Value>) -> String {
        if let Some(told) = event.filter(|event| event["type"] == "Warning").and_then(words_of) {
            return told.to_owned();
        }
        let words: Vec<&str> = [&*self.reason, &*self.message].into_iter().filter(|words| !words.is_empty()).collect();
        words.join(": ")
    }
}

fn condition(live: &Value) -> Option<Condition> {
    let all = live.pointer("/status/conditions").and_then(Value::as_array)?;
    let ready = all.iter().find(|condition| condition["type"] == READY)?;
    let text = |name: &str| ready[name].as_str().unwrap_or_default().to_owned();
    Some(Condition {
        status: text("status"),
        reason: text("reason"),
        message: text("message"),
        since: text("lastTransitionTime"),
    })
}

/// Those of the Events that are about this very object and say whether it is usable.
fn about<'a>(live: &Value, events: &'a [Value]) -> impl Iterator<Item = &'a Value> {
    let uid = live.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default().to_owned();
    events.iter().filter(move |event| {
        event.pointer("/involvedObject/uid").and_then(Value::as_str) == Some(&uid)
            && event["reason"].as_str().is_some_and(|reason| REASONS.contains(&reason))
    })
}

fn newest<'a>(events: impl Iterator<Item = &'a Value>) -> Option<&'a Value> {
    events.max_by_key(|event| (time_of(event).map(second).unwrap_or_default().to_owned(), version_of(event)))
}

/// One occurrence of an Event: the same words again are the same object in another version.
fn mark(event: &Value) -> (String, String) {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("/metadata/name"), text("/metadata/resourceVersion"))
}

fn version_of(event: &Value) -> u64 {
    mark(event).1.parse().unwrap_or_default()
}

fn words_of(event: &Value) -> Option<&str> {
    event["message"].as_str().filter(|words| !words.is_empty())
}

/// When it happened last, in whichever of the API's forms it was written.
fn time_of(event: &Value) -> Option<&str> {
    ["/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/metadata/creationTimestamp"]
        .iter()
        .find_map(|pointer| event.pointer(pointer).and_then(Value::as_str))
}

/// An RFC 3339 time in UTC without the parts of a second.
fn second(time: &str) -> &str {
    time.get(..19).unwrap_or(time)
}
