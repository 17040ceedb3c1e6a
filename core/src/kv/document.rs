//! The keys of a document, with values that are carried and never looked at.

use std::collections::BTreeMap;
use std::fmt;

use homelab_schema::Sensitive;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// Digits that every JSON parser keeps: those of a double.
const EXACT_DIGITS: usize = 15;

/// A document: keys and their values, each value as the text that it came as, so that what is not ours goes back as it was.
///
/// `Debug` shows the names of the keys alone.
#[derive(Clone, Default)]
pub struct Document(BTreeMap<String, Box<RawValue>>);

impl Document {
    /// Names of the keys, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether the key is there.
    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// The value of a key: a text as it is, anything else as JSON.
    pub fn text(&self, key: &str) -> Option<Sensitive<String>> {
        self.0.get(key).map(|value| Sensitive::from(as_text(value)))
    }

    /// All keys with their values, as [`Document::text`] gives each.
    pub fn texts(&self) -> Sensitive<BTreeMap<String, String>> {
        let all: BTreeMap<String, String> = self.0.iter().map(|(key, value)| (key.clone(), as_text(value))).collect();
        Sensitive::from(all)
    }

    /// The whole as JSON.
    pub fn json(&self) -> Sensitive<String> {
        Sensitive::from(serde_json::to_string(&self.0).unwrap_or_default())
    }

    /// Whether the key has this very text.
    pub fn holds(&self, key: &str, text: &Sensitive<String>) -> bool {
        self.0.get(key).is_some_and(|value| is_text(value) && as_text(value) == *text.expose())
    }

    /// The same with one key more, or with another text for it.
    #[must_use]
    pub fn with(&self, key: &str, text: &Sensitive<String>) -> Self {
        let mut all = self.clone();
        // A text always is JSON.
        if let Ok(value) = serde_json::value::to_raw_value(text.expose()) {
            all.0.insert(key.to_owned(), value);
        }
        all
    }

    /// The same without a key.
    #[must_use]
    pub fn without(&self, key: &str) -> Self {
        let mut all = self.clone();
        all.0.remove(key);
        all
    }

    /// A key, other than `ours`, with a number that may not be what was once stored: the store reads numbers as doubles, so
    /// one with more digits arrives rounded, and would go back so.
    pub fn fragile(&self, ours: &str) -> Option<&str> {
        let others = self.0.iter().filter(|(key, _)| *key != ours);
        others.filter(|(_, value)| has_long_number(value.get())).map(|(key, _)| key.as_str()).next()
    }
}

fn is_text(value: &RawValue) -> bool {
    value.get().starts_with('"')
}

fn as_text(value: &RawValue) -> String {
    serde_json::from_str::<String>(value.get()).unwrap_or_else(|_| value.get().to_owned())
}

/// Whether a number in this JSON has more digits than a double keeps.
fn has_long_number(json: &str) -> bool {
    let (mut in_text, mut escaped, mut digits) = (false, false, 0);
    let mut characters = json.chars().peekable();
    while let Some(character) = characters.next() {
        if in_text {
            (in_text, escaped) = match character {
                '\\' => (true, !escaped),
                '"' => (escaped, false),
                _ => (true, false),
            };
            continue;
        }
        match character {
            '"' => (in_text, digits) = (true, 0),
            '0' if digits == 0 => {}
            '0'..='9' => digits += 1,
            '.' | '-' | '+' => {}
            // The store shortens what is too large for it: that was longer. What is small is not.
            'e' | 'E' if digits > 0 && characters.peek() != Some(&'-') => return true,
            _ => digits = 0,
        }
        if digits > EXACT_DIGITS {
            return true;
        }
    }
    false
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(deserializer).map(Self)
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl PartialEq for Document {
    /// By meaning: spaces in JSON and the order of members do not count.
    fn eq(&self, other: &Self) -> bool {
        let read = |value: &RawValue| serde_json::from_str::<Value>(value.get()).ok();
        self.0.len() == other.0.len()
            && self.0.iter().zip(&other.0).all(|((key, value), (other_key, other_value))| {
                key == other_key && (value.get() == other_value.get() || read(value) == read(other_value))
            })
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(json: &str) -> Document {
        serde_json::from_str(json).expect("a document")
    }

    fn secret(text: &str) -> Sensitive<String> {
        Sensitive::from(text.to_owned())
    }

    #[test]
    fn what_others_keep_goes_back_byte_for_byte() {
        let theirs = r#"{"ca":"-----BEGIN\nX\n","n":1.50,"deep":{"b":[1, 2],"a":null},"ü":"\u00fc"}"#;
        let merged = document(theirs).with("mine", &secret("a \"quoted\" text"));
        let json = merged.json().into_exposed();
        for part in [r#""ca":"-----BEGIN\nX\n""#, r#""n":1.50"#, r#"{"b":[1, 2],"a":null}"#, r#""ü":"\u00fc""#] {
            assert!(json.contains(part), "{json}");
        }
        assert!(json.contains(r#""mine":"a \"quoted\" text""#), "{json}");
        assert_eq!(merged.without("mine"), document(theirs));
    }

    #[test]
    fn a_text_is_itself_and_anything_else_is_json() {
        let all = document(r#"{"text":"5","number":5,"object":{"a":1},"nothing":null}"#);
        let texts = all.texts().into_exposed();
        assert_eq!(texts["text"], "5");
        assert_eq!(texts["number"], "5");
        assert_eq!(texts["object"], r#"{"a":1}"#);
        assert_eq!(texts["nothing"], "null");
        assert!(all.holds("text", &secret("5")) && !all.holds("number", &secret("5")), "5 is not \"5\"");
        assert!(!all.holds("absent", &secret("null")));
    }

    #[test]
    fn a_number_that_the_store_may_have_rounded_is_found() {
        for (json, found) in [
            (r#"{"a":12345678901234567890}"#, true),
            (r#"{"a":{"b":[0,9007199254740993]}}"#, true),
            (r#"{"a":1.2345678901234567e+29}"#, true),
            (r#"{"a":1e21}"#, true),
            (r#"{"a":123456789012345}"#, false),
            (r#"{"a":0.1,"b":[1,2,3,4,5,6,7,8,9,10,11,12]}"#, false),
            (r#"{"a":0.000000000000000000001}"#, false),
            (r#"{"a":1.5e-07}"#, false),
            (r#"{"a":"12345678901234567890","b":"\"99999999999999999999"}"#, false),
            (r#"{"a":true,"b":false,"c":null,"e":{}}"#, false),
        ] {
            assert_eq!(document(json).fragile("mine").is_some(), found, "{json}");
        }
        assert_eq!(document(r#"{"mine":12345678901234567890}"#).fragile("mine"), None, "ours is replaced anyway");
    }

    #[test]
    fn debug_shows_names_alone() {
        let shown = format!("{:?}", document(r#"{"user":"hunter1","password":"hunter2"}"#));
        assert_eq!(shown, r#"{"password", "user"}"#);
    }
}
