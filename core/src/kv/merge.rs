//! What may be written, for what was read.

use homelab_schema::Sensitive;

use super::document::Document;

/// What a read of the newest version found, for certain.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// This document.
    Document {
        /// Number of its newest version.
        version: u64,
        /// Its keys.
        document: Document,
    },
    /// No version of it was ever there, or all were removed with their history.
    Absent,
    /// Its newest version was deleted, and may be restored.
    Deleted {
        /// Number of that version.
        version: u64,
    },
    /// Its newest version was destroyed: nothing of it is left.
    Destroyed {
        /// Number of that version.
        version: u64,
    },
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Nothing: it is so already.
    Nothing,
    /// Write this, if the newest version is still `cas`; 0 is "if there is none".
    Write {
        /// Number for the store to check.
        cas: u64,
        /// The whole document.
        document: Document,
    },
    /// Nothing may be written.
    Refuse(Refusal),
}

/// Why nothing may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The newest version was deleted: what is written on top of it would lack all that it held, and a restored version is not
    /// the newest any more.
    Deleted {
        /// Number of that version.
        version: u64,
    },
    /// Another key holds a number that the store does not give back exactly.
    Fragile {
        /// Name of that key.
        key: String,
    },
}

/// Gives `key` this text. All other keys stay as they are.
pub fn set(seen: &Seen, key: &str, text: &Sensitive<String>) -> Step {
    match seen {
        Seen::Document { document, .. } if document.holds(key, text) => Step::Nothing,
        Seen::Document { version, document } => write(*version, document, key, document.with(key, text)),
        Seen::Absent => Step::Write { cas: 0, document: Document::default().with(key, text) },
        Seen::Destroyed { version } => Step::Write { cas: *version, document: Document::default().with(key, text) },
        Seen::Deleted { version } => Step::Refuse(Refusal::Deleted { version: *version }),
    }
}

/// Removes `key`. A document that held nothing else stays as an empty one: the store cannot delete with check-and-set, and
/// somebody may add a key at that moment.
pub fn remove(seen: &Seen, key: &str) -> Step {
    match seen {
        Seen::Document { version, document } if document.has(key) => {
            write(*version, document, key, document.without(key))
        }
        Seen::Document { .. } | Seen::Absent | Seen::Deleted { .. } | Seen::Destroyed { .. } => Step::Nothing,
    }
}

fn write(cas: u64, before: &Document, key: &str, document: Document) -> Step {
    match before.fragile(key) {
        Some(key) => Step::Refuse(Refusal::Fragile { key: key.to_owned() }),
        None => Step::Write { cas, document },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Sensitive<String> {
        Sensitive::from("mine".to_owned())
    }

    fn seen(json: &str) -> Seen {
        Seen::Document { version: 7, document: serde_json::from_str(json).expect("a document") }
    }

    fn writes(cas: u64, json: &str) -> Step {
        Step::Write { cas, document: serde_json::from_str(json).expect("a document") }
    }

    #[test]
    fn a_key_is_set_in_what_is_there_or_begins_a_document() {
        let table = [
            (seen(r#"{"a":"1"}"#), writes(7, r#"{"a":"1","key":"mine"}"#)),
            (seen(r#"{"a":"1","key":"old"}"#), writes(7, r#"{"a":"1","key":"mine"}"#)),
            (seen(r#"{"key":{"was":"an object"}}"#), writes(7, r#"{"key":"mine"}"#)),
            (seen(r#"{"a":"1","key":"mine"}"#), Step::Nothing),
            (seen("{}"), writes(7, r#"{"key":"mine"}"#)),
            (Seen::Absent, writes(0, r#"{"key":"mine"}"#)),
            (Seen::Destroyed { version: 3 }, writes(3, r#"{"key":"mine"}"#)),
            (Seen::Deleted { version: 3 }, Step::Refuse(Refusal::Deleted { version: 3 })),
            (seen(r#"{"n":12345678901234567890}"#), Step::Refuse(Refusal::Fragile { key: "n".into() })),
        ];
        for (seen, step) in table {
            assert_eq!(set(&seen, "key", &secret()), step, "{seen:?}");
        }
    }

    #[test]
    fn a_key_is_removed_and_nothing_else() {
        let table = [
            (seen(r#"{"a":"1","key":"mine"}"#), writes(7, r#"{"a":"1"}"#)),
            (seen(r#"{"key":"mine"}"#), writes(7, "{}")),
            (seen(r#"{"a":"1"}"#), Step::Nothing),
            (Seen::Absent, Step::Nothing),
            (Seen::Deleted { version: 3 }, Step::Nothing),
            (Seen::Destroyed { version: 3 }, Step::Nothing),
            (seen(r#"{"n":12345678901234567890,"key":"x"}"#), Step::Refuse(Refusal::Fragile { key: "n".into() })),
        ];
        for (seen, step) in table {
            assert_eq!(remove(&seen, "key"), step, "{seen:?}");
        }
    }
}
