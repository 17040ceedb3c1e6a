//! What a measurement can be: seen, seen in part, or not seen for one of several reasons.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A measurement: what was seen, or why nothing could be seen. An empty list that was seen is not the same as a list
/// that could not be read, and the two never look alike here.
///
/// What was seen in part, is old, or began anew meanwhile still proves what it shows; only its silence proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measured<T> {
    /// This was seen, and all of it.
    Seen(T),
    /// A part was seen.
    Partial {
        /// That part.
        seen: T,
        /// What is missing, as a fragment such as "2 of 3 API servers did not answer".
        why: String,
    },
    /// What was seen is too old to speak for now.
    Stale {
        /// What was seen.
        seen: T,
        /// How old, as a fragment such as "the last scrape was 40 minutes ago".
        why: String,
    },
    /// What was seen has been counting for too short a time.
    Restarted {
        /// What was seen since.
        seen: T,
        /// What began anew, as a fragment.
        why: String,
    },
    /// The identity may not look, in the server's own words.
    Forbidden(String),
    /// Nobody answered.
    Unreachable(String),
    /// What should be looked at does not exist: a metric that is not published, a list that the server does not serve.
    Absent(String),
    /// Nothing could be seen, for this reason: a fragment such as "nodes is forbidden".
    NotMeasured(String),
    /// Left out on purpose, and no gap: clusters of this kind have none of it, or it is told only by a source that nobody
    /// declared. A fragment such as "k3s runs no static pods"; a report repeats it.
    Omitted(String),
}

impl<T> Measured<T> {
    /// What was seen, be it complete or not.
    pub fn seen(&self) -> Option<&T> {
        match self {
            Self::Seen(seen) | Self::Partial { seen, .. } | Self::Stale { seen, .. } | Self::Restarted { seen, .. } => {
                Some(seen)
            }
            Self::Forbidden(_) | Self::Unreachable(_) | Self::Absent(_) | Self::NotMeasured(_) | Self::Omitted(_) => {
                None
            }
        }
    }

    /// Why it is not the whole truth of now, as a fragment; `None` where it is.
    pub fn gap(&self) -> Option<String> {
        Some(match self {
            Self::Seen(_) | Self::Omitted(_) => return None,
            Self::Partial { why, .. } => format!("only a part was seen: {why}"),
            Self::Stale { why, .. } => format!("what was seen is old: {why}"),
            Self::Restarted { why, .. } => format!("it began anew meanwhile: {why}"),
            Self::Forbidden(why) => format!("forbidden: {why}"),
            Self::Unreachable(why) => format!("nobody answered: {why}"),
            Self::Absent(why) => format!("it does not exist: {why}"),
            Self::NotMeasured(why) => why.clone(),
        })
    }

    /// Why it was left out on purpose, as a fragment; `None` where it was looked for.
    pub fn omitted(&self) -> Option<&str> {
        match self {
            Self::Omitted(why) => Some(why),
            _ => None,
        }
    }

    /// Whether somebody looked for it, with whatever result.
    pub fn was_looked_for(&self) -> bool {
        !matches!(self, Self::NotMeasured(_) | Self::Omitted(_))
    }

    /// What was seen, by reference.
    pub fn as_ref(&self) -> Measured<&T> {
        match self {
            Self::Seen(seen) => Measured::Seen(seen),
            Self::Partial { seen, why } => Measured::Partial { seen, why: why.clone() },
            Self::Stale { seen, why } => Measured::Stale { seen, why: why.clone() },
            Self::Restarted { seen, why } => Measured::Restarted { seen, why: why.clone() },
            Self::Forbidden(why) => Measured::Forbidden(why.clone()),
            Self::Unreachable(why) => Measured::Unreachable(why.clone()),
            Self::Absent(why) => Measured::Absent(why.clone()),
            Self::NotMeasured(why) => Measured::NotMeasured(why.clone()),
            Self::Omitted(why) => Measured::Omitted(why.clone()),
        }
    }

    /// The same of something that is made of what was seen.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Measured<U> {
        match self {
            Self::Seen(seen) => Measured::Seen(make(seen)),
            Self::Partial { seen, why } => Measured::Partial { seen: make(seen), why },
            Self::Stale { seen, why } => Measured::Stale { seen: make(seen), why },
            Self::Restarted { seen, why } => Measured::Restarted { seen: make(seen), why },
            Self::Forbidden(why) => Measured::Forbidden(why),
            Self::Unreachable(why) => Measured::Unreachable(why),
            Self::Absent(why) => Measured::Absent(why),
            Self::NotMeasured(why) => Measured::NotMeasured(why),
            Self::Omitted(why) => Measured::Omitted(why),
        }
    }

    /// The same, with the place that it is about before its reason.
    #[must_use]
    pub fn on(self, place: &str) -> Self {
        let at = |why: String| format!("{place}: {why}");
        match self {
            Self::Seen(seen) => Self::Seen(seen),
            Self::Partial { seen, why } => Self::Partial { seen, why: at(why) },
            Self::Stale { seen, why } => Self::Stale { seen, why: at(why) },
            Self::Restarted { seen, why } => Self::Restarted { seen, why: at(why) },
            Self::Forbidden(why) => Self::Forbidden(at(why)),
            Self::Unreachable(why) => Self::Unreachable(at(why)),
            Self::Absent(why) => Self::Absent(at(why)),
            Self::NotMeasured(why) => Self::NotMeasured(at(why)),
            Self::Omitted(why) => Self::Omitted(at(why)),
        }
    }
}

impl<T> Default for Measured<T> {
    /// What evidence leaves out: nobody looked.
    fn default() -> Self {
        Self::NotMeasured("the evidence was captured without it".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_seen_completely_has_no_gap() {
        let why = || "of that".to_owned();
        for (measured, seen, gap) in [
            (Measured::Seen(1), true, None),
            (Measured::Partial { seen: 1, why: why() }, true, Some("only a part was seen: of that")),
            (Measured::Stale { seen: 1, why: why() }, true, Some("what was seen is old: of that")),
            (Measured::Restarted { seen: 1, why: why() }, true, Some("it began anew meanwhile: of that")),
            (Measured::Forbidden(why()), false, Some("forbidden: of that")),
            (Measured::Unreachable(why()), false, Some("nobody answered: of that")),
            (Measured::Absent(why()), false, Some("it does not exist: of that")),
            (Measured::NotMeasured(why()), false, Some("of that")),
            (Measured::Omitted(why()), false, None),
        ] {
            assert_eq!(measured.seen().is_some(), seen, "{measured:?}");
            assert_eq!(measured.gap().as_deref(), gap, "{measured:?}");
            let text = serde_json::to_string(&measured).unwrap();
            assert_eq!(serde_json::from_str::<Measured<i32>>(&text).unwrap(), measured, "{text}");
        }
    }
}
