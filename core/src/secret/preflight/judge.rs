//! What the store's answer means for what is wanted of it.

use std::collections::BTreeSet;

use super::{Part, Wanted};
use crate::finding::{Code, Finding, secret as codes};

/// Properties of the credentials of a static role, in the answers of one release of Vault or another.
const OF_A_ROLE: [&str; 11] = [
    "username",
    "password",
    "last_vault_rotation",
    "rotation_period",
    "rotation_schedule",
    "rotation_window",
    "ttl",
    "rsa_private_key",
    "private_key",
    "private_key_type",
    "certificate",
];

/// What the store said about a document, to our identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is there, with these properties; of a search, these names are below it.
    Keys(BTreeSet<String>),
    /// It is a static role of the database engine, and it is there.
    Role,
    /// It is not there, for certain.
    Absent,
    /// Its version was deleted, and may be restored.
    Deleted,
    /// Its version was destroyed.
    Destroyed,
    /// Nothing is mounted there.
    NoMount,
    /// An engine of another kind is mounted there: its name.
    OtherEngine(String),
    /// It is a static role of the database engine, which gives its credentials to nobody: the engine's words.
    Closed(String),
    /// Our identity may not look.
    Forbidden,
    /// It could not be asked: why, as a sentence without its full stop.
    NotAsked(String),
}

/// What is wrong, at the attribute to blame; `None` where nothing is. The severity is that of a plan of an update.
pub fn judge(wanted: &Wanted, answer: &Answer) -> Option<Finding> {
    let document = &wanted.document;
    let at_key = match wanted.part {
        Part::Search => wanted.path.then_attr("path"),
        Part::Value | Part::Metadata | Part::Whole => wanted.path.then_attr("key"),
    };
    let finding = |code: Code, observed: String| Finding::new(code, document.to_string(), observed).at(at_key.clone());
    let missing =
        |what: String| Some(finding(codes::MISSING_KEY, what).summary(format!("{document} is not in the store")));
    match answer {
        // What is said about a document outlives its versions.
        Answer::Keys(_) | Answer::Deleted | Answer::Destroyed if wanted.part == Part::Metadata => None,
        Answer::Keys(keys) if wanted.part == Part::Search && keys.is_empty() => nothing_below(wanted, missing),
        Answer::Keys(keys) => no_property(wanted, keys),
        Answer::Role => no_property(wanted, &OF_A_ROLE.map(str::to_owned).into()),
        Answer::Absent if wanted.part == Part::Search => nothing_below(wanted, missing),
        Answer::Absent => match document.static_role() {
            Some(role) => missing(format!("The database engine at {} has no static role {role}.", document.mount)),
            None => missing(format!("There is nothing at {document}{}.", without(wanted))),
        },
        Answer::Deleted => Some(finding(
            codes::DELETED_KEY,
            format!("{document} was deleted, and can be restored{}.", without(wanted)),
        )),
        Answer::Destroyed => {
            let destroyed = finding(codes::DELETED_KEY, format!("{document} was destroyed{}.", without(wanted)));
            Some(destroyed.clears("Write a new version, or declare another `version`."))
        }
        Answer::NoMount => Some(
            finding(codes::WRONG_MOUNT, format!("Nothing is mounted at {}.", document.mount))
                .summary(format!("nothing is mounted at {}", document.mount)),
        ),
        Answer::OtherEngine(engine) => Some(finding(
            codes::WRONG_MOUNT,
            format!("At {} there is {engine}, which is not what `version` of the store says.", document.mount),
        )),
        Answer::Closed(words) => {
            let observed = format!("The database engine at {} gives it to nobody: {words}.", document.mount);
            let closed = finding(codes::MISSING_KEY, observed).summary(format!("{document} gives no credentials"));
            Some(closed.clears("Add the role to `allowed_roles` of its connection."))
        }
        Answer::Forbidden => Some(finding(
            codes::PREFLIGHT_UNSEEN,
            format!("The provider's `vault` identity may not read {document}: permission denied."),
        )),
        Answer::NotAsked(why) => Some(
            finding(codes::PREFLIGHT_UNSEEN, format!("{document}: {why}.")).clears("Let the provider reach the store."),
        ),
    }
}

fn nothing_below(wanted: &Wanted, missing: impl Fn(String) -> Option<Finding>) -> Option<Finding> {
    missing(format!("Nothing is below {}.", wanted.document))
}

/// What does not come because of it, as the end of a sentence.
fn without(wanted: &Wanted) -> String {
    wanted.label.as_ref().map_or_else(String::new, |label| format!(", so {label} would never come"))
}

fn no_property(wanted: &Wanted, keys: &BTreeSet<String>) -> Option<Finding> {
    let property = wanted.property.as_deref().filter(|_| wanted.part != Part::Search)?;
    if has(keys, property) {
        return None;
    }
    let document = &wanted.document;
    let mut observed = format!("{document} has no property {property:?}{}.", without(wanted));
    let close: Vec<&str> = keys.iter().map(String::as_str).filter(|key| is_close(key, property)).take(3).collect();
    if !close.is_empty() {
        observed = format!("{observed} It has {}.", close.join(", "));
    }
    let summary = format!("{document} has no property {property}");
    Some(
        Finding::new(codes::MISSING_PROPERTY, document.to_string(), observed)
            .summary(summary)
            .at(wanted.path.then_attr("property")),
    )
}

/// The operator takes the property by its name and, where there is none of that name, as a path into nested values. Those are
/// never looked at: their first step counts, and a pattern is anybody's guess.
fn has(keys: &BTreeSet<String>, property: &str) -> bool {
    if keys.contains(property) || property.contains(['*', '?', '#', '@', '|', '!', '{', '[', '\\']) {
        return true;
    }
    property.split_once('.').is_some_and(|(first, _)| keys.contains(first))
}

/// Whether one could have been meant where the other was written.
fn is_close(key: &str, property: &str) -> bool {
    let plain = |text: &str| -> Vec<char> {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let (key, property) = (plain(key), plain(property));
    key.len() < 100 && property.len() < 100 && distance(&key, &property) <= 1 + property.len() / 6
}

/// How many letters have to be changed, put in or left out to make one of the other.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let changed = before + usize::from(a != b);
            before = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(before + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}
