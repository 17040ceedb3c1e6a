//! Values, known and unknown.

use std::collections::BTreeMap;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_stream_safe_quick};

use crate::{Number, Path, Type};

/// A value of some [`Type`]. The type is not repeated inside, except where the schema leaves it open
/// ([`Value::Dynamic`]); the codecs are directed by the type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// No value.
    Null,
    /// A value that will be known after apply, with what is known of it already.
    Unknown(Option<Box<Refinement>>),
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Text, NFC-normalised (see [`Value::string`]).
    String(String),
    /// A list or a tuple.
    List(Vec<Value>),
    /// A set: in the order and without the duplicates of [`Value::set`].
    Set(Vec<Value>),
    /// A map or an object.
    Map(BTreeMap<String, Value>),
    /// A value whose type travels with it, where the schema says [`Type::Dynamic`].
    Dynamic(Box<Type>, Box<Value>),
}

/// One end of a range of numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bound {
    /// The limit.
    pub limit: Number,
    /// Whether the limit itself belongs to the range.
    pub inclusive: bool,
}

/// What is known of an unknown value.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Refinement {
    /// `Some(false)`: never null. `Some(true)`: null (cty turns that into a known null; kept for decoding).
    pub null: Option<bool>,
    /// A string starts with this.
    pub string_prefix: Option<String>,
    /// Lower end of a number.
    pub lower: Option<Bound>,
    /// Upper end of a number.
    pub upper: Option<Bound>,
    /// Least length of a collection.
    pub min_length: Option<i64>,
    /// Greatest length of a collection.
    pub max_length: Option<i64>,
}

/// Text in NFC. Most text is already, and is copied.
///
/// cty's NFC is Go's, which keeps text *stream-safe*: it parts more than thirty marks in a row by a grapheme joiner.
pub(crate) fn normalise(text: &str) -> String {
    if text.is_ascii() || is_nfc_stream_safe_quick(text.chars()) == IsNormalized::Yes {
        text.to_owned()
    } else {
        text.stream_safe().nfc().collect()
    }
}

impl Value {
    /// An unknown value of which nothing is known.
    pub const UNKNOWN: Self = Self::Unknown(None);

    /// Text, brought to NFC as cty does: a byte-different echo would be "inconsistent" to Terraform.
    pub fn string(text: impl AsRef<str>) -> Self {
        Self::String(normalise(text.as_ref()))
    }

    /// An unknown value of which `refinement` is known.
    pub fn refined(refinement: Refinement) -> Self {
        if refinement == Refinement::default() { Self::UNKNOWN } else { Self::Unknown(Some(Box::new(refinement))) }
    }

    /// A value at an open type. A type that is itself open adds nothing: the value stands for itself.
    pub fn dynamic(ty: Type, value: Self) -> Self {
        if ty == Type::Dynamic { value } else { Self::Dynamic(Box::new(ty), Box::new(value)) }
    }

    /// A set of the given elements: the wholly known ones sorted and without duplicates, then the others as given.
    ///
    /// Those keep their number, because two unknowns may turn out to be different values, and their order, because cty
    /// compares two sets pair by pair in the order in which it was given what it cannot sort.
    pub fn set(elements: impl IntoIterator<Item = Self>) -> Self {
        let (mut known, open): (Vec<Self>, Vec<Self>) = elements.into_iter().partition(Self::is_wholly_known);
        known.sort();
        known.dedup();
        known.extend(open);
        Self::Set(known)
    }

    /// An object or map of the given members; keys are brought to NFC, as cty does.
    pub fn map<K: Into<String>>(members: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Map(members.into_iter().map(|(key, value)| (normalise(&key.into()), value)).collect())
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Dynamic(_, inner) => inner.is_null(),
            _ => false,
        }
    }

    /// Whether it is itself unknown (its members are not looked at).
    pub fn is_unknown(&self) -> bool {
        match self {
            Self::Unknown(_) => true,
            Self::Dynamic(_, inner) => inner.is_unknown(),
            _ => false,
        }
    }

    /// Whether nothing in it, however deep, is unknown.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Self::Unknown(_) => false,
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => true,
            Self::List(elements) | Self::Set(elements) => elements.iter().all(Self::is_wholly_known),
            Self::Map(members) => members.values().all(Self::is_wholly_known),
            Self::Dynamic(_, inner) => inner.is_wholly_known(),
        }
    }

    /// The text, where it is a known string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The members, where it is a known map or object.
    pub fn as_map(&self) -> Option<&BTreeMap<String, Self>> {
        match self {
            Self::Map(members) => Some(members),
            _ => None,
        }
    }

    /// The member `name` of an object; null where there is none.
    pub fn member(&self, name: &str) -> &Self {
        self.as_map().and_then(|members| members.get(name)).unwrap_or(&Self::Null)
    }

    /// Paths of everything that is unknown in it, for messages.
    pub fn unknown_paths(&self) -> Vec<Path> {
        fn walk(value: &Value, path: &Path, found: &mut Vec<Path>) {
            match value {
                Value::Unknown(_) => found.push(path.clone()),
                Value::List(elements) | Value::Set(elements) => {
                    for (index, element) in elements.iter().enumerate() {
                        walk(element, &path.then_index(index), found);
                    }
                }
                Value::Map(members) => {
                    for (name, member) in members {
                        walk(member, &path.then_attr(name), found);
                    }
                }
                Value::Dynamic(_, inner) => walk(inner, path, found),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        let mut found = Vec::new();
        walk(self, &Path::root(), &mut found);
        found
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::string(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Number(Number::from(value))
    }
}
