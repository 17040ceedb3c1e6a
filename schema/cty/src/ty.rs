//! Type constraints.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value as Json;

/// A type constraint of Terraform's type system.
///
/// Its JSON form is Terraform's own: `"string"`, `["list","string"]`, `["object",{"a":"bool"}]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Type {
    /// Any type, decided by the value (`DynamicPseudoType`).
    Dynamic,
    /// `true` or `false`.
    Bool,
    /// A number of arbitrary precision.
    Number,
    /// Unicode text, NFC-normalised.
    String,
    /// An ordered sequence of one element type.
    List(Box<Type>),
    /// An unordered collection of distinct values of one element type.
    Set(Box<Type>),
    /// String keys to values of one element type.
    Map(Box<Type>),
    /// A sequence with a type per position.
    Tuple(Vec<Type>),
    /// Named attributes, each with its type; all are always present.
    Object(BTreeMap<String, Type>),
}

/// A JSON type constraint that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no type constraint")]
pub struct TypeError(pub String);

impl Type {
    /// A list of `element`.
    pub fn list(element: Type) -> Self {
        Self::List(Box::new(element))
    }

    /// A set of `element`.
    pub fn set(element: Type) -> Self {
        Self::Set(Box::new(element))
    }

    /// A map of strings to `element`.
    pub fn map(element: Type) -> Self {
        Self::Map(Box::new(element))
    }

    /// An object of the named attributes.
    pub fn object<K: Into<String>>(attributes: impl IntoIterator<Item = (K, Type)>) -> Self {
        Self::Object(attributes.into_iter().map(|(name, ty)| (name.into(), ty)).collect())
    }

    /// Whether a dynamic type occurs anywhere in it.
    pub fn has_dynamic(&self) -> bool {
        match self {
            Self::Dynamic => true,
            Self::Bool | Self::Number | Self::String => false,
            Self::List(element) | Self::Set(element) | Self::Map(element) => element.has_dynamic(),
            Self::Tuple(elements) => elements.iter().any(Self::has_dynamic),
            Self::Object(attributes) => attributes.values().any(Self::has_dynamic),
        }
    }

    /// Terraform's JSON form.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Dynamic => Json::from("dynamic"),
            Self::Bool => Json::from("bool"),
            Self::Number => Json::from("number"),
            Self::String => Json::from("string"),
            Self::List(element) => Json::Array(vec!["list".into(), element.to_json()]),
            Self::Set(element) => Json::Array(vec!["set".into(), element.to_json()]),
            Self::Map(element) => Json::Array(vec!["map".into(), element.to_json()]),
            Self::Tuple(elements) => Json::Array(vec!["tuple".into(), elements.iter().map(Self::to_json).collect()]),
            Self::Object(attributes) => Json::Array(vec![
                "object".into(),
                Json::Object(attributes.iter().map(|(name, ty)| (name.clone(), ty.to_json())).collect()),
            ]),
        }
    }

    /// Reads Terraform's JSON form. A list of optional attributes (third element of an object) is accepted and
    /// dropped: a value's type never has any.
    pub fn from_json(json: &Json) -> Result<Self, TypeError> {
        let wrong = || TypeError(json.to_string());
        match json {
            Json::String(name) => match name.as_str() {
                "dynamic" => Ok(Self::Dynamic),
                "bool" => Ok(Self::Bool),
                "number" => Ok(Self::Number),
                "string" => Ok(Self::String),
                _ => Err(wrong()),
            },
            Json::Array(parts) => match (parts.first().and_then(Json::as_str), parts.get(1), parts.len()) {
                (Some("list"), Some(element), 2) => Ok(Self::list(Self::from_json(element)?)),
                (Some("set"), Some(element), 2) => Ok(Self::set(Self::from_json(element)?)),
                (Some("map"), Some(element), 2) => Ok(Self::map(Self::from_json(element)?)),
                (Some("tuple"), Some(Json::Array(elements)), 2) => {
                    Ok(Self::Tuple(elements.iter().map(Self::from_json).collect::<Result<_, _>>()?))
                }
                (Some("object"), Some(Json::Object(attributes)), 2 | 3) => Ok(Self::Object(
                    attributes
                        .iter()
                        .map(|(name, ty)| Ok((crate::value::normalise(name), Self::from_json(ty)?)))
                        .collect::<Result<_, TypeError>>()?,
                )),
                _ => Err(wrong()),
            },
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_json())
    }
}
