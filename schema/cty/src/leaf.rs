//! Rust types that are attribute values.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, Schema as JsonSchemaDocument, SchemaGenerator};

use crate::{ModelError, Number, Path, Type, Value};

/// A Rust type that stands for a known, non-null attribute value of one [`Type`].
///
/// Implemented for booleans, integers, `f64`, strings, lists (`Vec`), sets (`BTreeSet`) and maps (`BTreeMap`) of
/// leaves, for raw [`Value`]s (dynamic), and by `#[derive(Leaf)]` for enums of strings and for objects.
pub trait Leaf: Sized {
    /// The Terraform type.
    fn ty() -> Type;

    /// Reads a wholly known, non-null value of [`Leaf::ty`]. Fails on a number out of range or a string outside an
    /// enum, with the path below `path`.
    fn from_value(value: &Value, path: &Path) -> Result<Self, ModelError>;

    /// The value.
    fn to_value(&self) -> Value;

    /// The only texts it may be, for an enum of strings; else empty.
    fn one_of() -> Vec<String> {
        Vec::new()
    }
}

/// What a user or the provider may have given for an attribute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attr<T> {
    /// Nothing.
    #[default]
    Null,
    /// Something that is known only after apply (also where a part of it is).
    Unknown,
    /// This.
    Known(T),
}

impl<T> Attr<T> {
    /// The value, where it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Null | Self::Unknown => None,
        }
    }

    /// The value, where it is known, by move.
    pub fn into_known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Null | Self::Unknown => None,
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is unknown.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// Borrows the inside.
    pub fn as_ref(&self) -> Attr<&T> {
        match self {
            Self::Null => Attr::Null,
            Self::Unknown => Attr::Unknown,
            Self::Known(value) => Attr::Known(value),
        }
    }

    /// Applies `f` to a known value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Attr<U> {
        match self {
            Self::Null => Attr::Null,
            Self::Unknown => Attr::Unknown,
            Self::Known(value) => Attr::Known(f(value)),
        }
    }

    /// This, or `other` where this is null.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self.is_null() { other } else { self }
    }
}

impl<T> From<T> for Attr<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl<T> From<Option<T>> for Attr<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Known)
    }
}

impl<T: Leaf> Attr<T> {
    /// Reads any value of the leaf's type: null, unknown (also in part) or known.
    pub fn from_value(value: &Value, path: &Path) -> Result<Self, ModelError> {
        if value.is_null() {
            Ok(Self::Null)
        } else if value.is_wholly_known() {
            T::from_value(value, path).map(Self::Known)
        } else {
            Ok(Self::Unknown)
        }
    }

    /// The value.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Unknown => Value::UNKNOWN,
            Self::Known(value) => value.to_value(),
        }
    }
}

/// The JSON Schema of an attribute is that of its value: null and absent are one in Terraform.
impl<T: JsonSchema> JsonSchema for Attr<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> JsonSchemaDocument {
        T::json_schema(generator)
    }
}

fn wrong(path: &Path, expected: &str) -> ModelError {
    ModelError { path: path.clone(), message: format!("must be {expected}") }
}

impl Leaf for bool {
    fn ty() -> Type {
        Type::Bool
    }

    fn from_value(value: &Value, path: &Path) -> Result<Self, ModelError> {
        match value {
            Value::Bool(value) => Ok(*value),
            _ => Err(wrong(path, "true or false")),
        }
    }

    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }
}

impl Leaf for String {
    fn ty() -> Type {
        Type::String
    }

    fn from_value(value: &Value, path: &Path) -> Result<Self, ModelError> {
        value.as_str().map(str::to_owned).ok_or_else(|| wrong(path, "a string"))
    }

    fn to_value(&self) -> Value {
        Value::string(self)
    }
}

macro_rules! integer_leaf {
    ($($integer:ty),*) => {$(
        impl Leaf for $integer {
            fn ty() -> Type {
                Type::Number
            }

            fn from_value(value: &Value, path: &Path) -> Result<Self, ModelError> {
                let expected = || {
                    wrong(path, &format!("a whole number from {} to {}", <$integer>::MIN, <$integer>::MAX))
                };
                match value {
                    Value::Number(number) => number
                        .as_i64()
                        .and_then(|number| <$integer>::try_from(number).ok())
                        .ok_or_else(expected),
                    _ => Err(expected()),
                }
            }

            fn to_value(&self) -> Value {
                Value::Number(Number::from(i64::from(*self)))
            }
        }
    )*};
}

integer_leaf!(i64, i32, u32, u16);

impl Leaf for f64 {
    fn ty() -> Type {
        Type::Number
    }

    fn from_value(value: &Value, path: &Path) -> Result<Self, ModelError> {
        match value {
            Value::Number(number) => Ok(number.to_f64()),
            _ => Err(wrong(path, "a number")),
        }
    }

    fn to_value(&self) -> Value {
        Number::shortest(*self).map_or(Value::Null, Value::Number)
    }
}

impl Leaf for Value {
    fn ty() -> Type {
        Type::Dynamic
    }

    fn from_value(value: &Value, _path: &Path) -> Result<Self, ModelError> {
        Ok(value.clone())
    }

    fn to_value(&self) -> Value {
        self.clone()
    }
}

impl<T: Leaf> Leaf for Vec<T> {
    fn ty() -> Type {
        Type::list(T::ty())
    }

    fn from_value(value: &Value, path: &Path) -> Result<Self, ModelError> {
        match value {
            Value::List(elements) => elements
                .iter()
                .enumerate()
                .map(|(index, element)| not_null::<T>(element, &path.then_index(index)))
                .collect(),
            _ => Err(wrong(path, "a list")),
        }
    }

    fn to_value(&self) -> Value {
        Value::List(self.iter().map(Leaf::to_value).collect())
    }
}

impl<T: Leaf + Ord> Leaf for BTreeSet<T> {
    fn ty() -> Type {
        Type::set(T::ty())
    }

    fn from_value(value: &Value, path: &Path) -> Result<Self, ModelError> {
        match value {
            // The path of an element of a set is its value, which no message could show: the set's own path stands.
            Value::Set(elements) => elements.iter().map(|element| not_null::<T>(element, path)).collect(),
            _ => Err(wrong(path, "a set")),
        }
    }

    fn to_value(&self) -> Value {
        Value::set(self.iter().map(Leaf::to_value))
    }
}

impl<T: Leaf> Leaf for BTreeMap<String, T> {
    fn ty() -> Type {
        Type::map(T::ty())
    }

    fn from_value(value: &Value, path: &Path) -> Result<Self, ModelError> {
        match value {
            Value::Map(members) => members
                .iter()
                .map(|(key, member)| Ok((key.clone(), not_null::<T>(member, &path.then_key(key))?)))
                .collect(),
            _ => Err(wrong(path, "a map")),
        }
    }

    fn to_value(&self) -> Value {
        Value::map(self.iter().map(|(key, member)| (key, member.to_value())))
    }
}

/// An optional member of an object leaf.
impl<T: Leaf> Leaf for Option<T> {
    fn ty() -> Type {
        T::ty()
    }

    fn from_value(value: &Value, path: &Path) -> Result<Self, ModelError> {
        if value.is_null() { Ok(None) } else { T::from_value(value, path).map(Some) }
    }

    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, Leaf::to_value)
    }
}

fn not_null<T: Leaf>(value: &Value, path: &Path) -> Result<T, ModelError> {
    T::from_value(value, path)
}
