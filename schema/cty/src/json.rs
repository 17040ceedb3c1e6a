//! The JSON form of values, as it is kept in state.
//!
//! State holds no unknown values, so this form has none. Where the type is open the value is wrapped with its type.
//! Numbers keep all their digits: the text of a number is parsed, never a float.
//!
//! What is read is forgiving where cty is, because states outlive the schema they were written with: an absent
//! attribute is null, a number or boolean may stand as text and the other way round.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use crate::codec::MAX_DEPTH;
use crate::conform::mismatch;
use crate::value::normalise;
use crate::{DecodeError, EncodeError, Number, Type, Value};

/// What to do with attributes that the type does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extra {
    Refuse,
    Drop,
}

/// Reads a value of `ty`. An attribute that the type does not have is an error.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    from_json(&parse(bytes)?, ty)
}

/// Reads a value of `ty`, leaving out attributes that the type does not have: for a state that a later version of the
/// provider wrote, or an earlier one with attributes that are gone.
pub fn decode_dropping_extra(bytes: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    read(&parse(bytes)?, ty, Extra::Drop, 0)
}

/// Writes `value`, which must be of `ty` and wholly known.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, EncodeError> {
    Ok(to_json(value, ty)?.to_string().into_bytes())
}

/// [`decode`] for JSON that is parsed already.
pub fn from_json(json: &Json, ty: &Type) -> Result<Value, DecodeError> {
    read(json, ty, Extra::Refuse, 0)
}

/// [`encode`] without the last step.
pub fn to_json(value: &Value, ty: &Type) -> Result<Json, EncodeError> {
    write(value, ty, 0)
}

fn parse(bytes: &[u8]) -> Result<Json, DecodeError> {
    serde_json::from_slice(bytes).map_err(|error| DecodeError::new(format!("is no JSON: {error}")))
}

fn read(json: &Json, ty: &Type, extra: Extra, depth: usize) -> Result<Value, DecodeError> {
    if depth > MAX_DEPTH {
        return Err(DecodeError::new(format!("nests deeper than {MAX_DEPTH} levels")));
    }
    let element = |(index, json): (usize, &Json), ty: &Type| {
        read(json, ty, extra, depth + 1).map_err(|error| error.at_index(index))
    };
    match (ty, json) {
        (_, Json::Null) => Ok(Value::Null),
        (Type::Dynamic, Json::Object(members)) => dynamic(members, extra, depth),
        (Type::Bool, Json::Bool(value)) => Ok(Value::Bool(*value)),
        (Type::Bool, Json::String(text)) => match text.as_str() {
            "true" | "1" => Ok(Value::Bool(true)),
            "false" | "0" => Ok(Value::Bool(false)),
            _ => Err(wrong(json, ty)),
        },
        (Type::Number, Json::Number(number)) => number_of(&number.to_string()),
        (Type::Number, Json::String(text)) => number_of(text),
        (Type::String, Json::String(text)) => Ok(Value::string(text)),
        (Type::String, Json::Number(number)) => Ok(Value::String(number.to_string())),
        (Type::String, Json::Bool(value)) => Ok(Value::String(value.to_string())),
        (Type::List(ty), Json::Array(elements)) => {
            elements.iter().enumerate().map(|json| element(json, ty)).collect::<Result<_, _>>().map(Value::List)
        }
        (Type::Set(ty), Json::Array(elements)) => {
            elements.iter().enumerate().map(|json| element(json, ty)).collect::<Result<Vec<_>, _>>().map(Value::set)
        }
        (Type::Tuple(types), Json::Array(elements)) => {
            if types.len() != elements.len() {
                return Err(DecodeError::new(format!("must have {} elements, has {}", types.len(), elements.len())));
            }
            let elements = elements.iter().enumerate().zip(types).map(|(json, ty)| element(json, ty));
            elements.collect::<Result<_, _>>().map(Value::List)
        }
        (Type::Map(ty), Json::Object(members)) => {
            let member = |(key, json): (&String, &Json)| {
                let value = read(json, ty, extra, depth + 1).map_err(|error| error.at_key(key))?;
                Ok((normalise(key), value))
            };
            members.iter().map(member).collect::<Result<_, _>>().map(Value::Map)
        }
        (Type::Object(attributes), Json::Object(members)) => object(attributes, members, extra, depth),
        (ty, json) => Err(wrong(json, ty)),
    }
}

fn object(
    attributes: &BTreeMap<String, Type>,
    members: &Map<String, Json>,
    extra: Extra,
    depth: usize,
) -> Result<Value, DecodeError> {
    if extra == Extra::Refuse
        && let Some(name) = members.keys().find(|name| !attributes.contains_key(*name))
    {
        return Err(DecodeError::new(format!("has no attribute {name:?}")));
    }
    let attribute = |(name, ty): (&String, &Type)| {
        let value = members.get(name).map_or(Ok(Value::Null), |json| read(json, ty, extra, depth + 1));
        Ok((name.clone(), value.map_err(|error: DecodeError| error.at_attribute(name))?))
    };
    attributes.iter().map(attribute).collect::<Result<_, _>>().map(Value::Map)
}

fn dynamic(members: &Map<String, Json>, extra: Extra, depth: usize) -> Result<Value, DecodeError> {
    let (Some(ty), Some(value), 2) = (members.get("type"), members.get("value"), members.len()) else {
        return Err(DecodeError::new("must be an object of \"type\" and \"value\" and nothing else"));
    };
    let ty = Type::from_json(ty).map_err(|error| DecodeError::new(error.to_string()))?;
    let value = read(value, &ty, extra, depth + 1)?;
    Ok(Value::dynamic(ty, value))
}

fn number_of(text: &str) -> Result<Value, DecodeError> {
    text.parse::<Number>().map(Value::Number).map_err(|_| DecodeError::new("must be a number"))
}

fn wrong(json: &Json, ty: &Type) -> DecodeError {
    let kind = match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    };
    DecodeError::new(format!("must be of type {ty}, is {kind}"))
}

fn write(value: &Value, ty: &Type, depth: usize) -> Result<Json, EncodeError> {
    if depth > MAX_DEPTH {
        return Err(EncodeError::new(format!("nests deeper than {MAX_DEPTH} levels")));
    }
    let element =
        |(index, value): (usize, &Value), ty: &Type| write(value, ty, depth + 1).map_err(|error| error.at_index(index));
    match (ty, value) {
        (Type::Dynamic, Value::Dynamic(actual, inner)) if **actual == Type::Dynamic => write(inner, ty, depth + 1),
        (Type::Dynamic, Value::Dynamic(actual, inner)) => {
            let value = write(inner, actual, depth + 1)?;
            Ok(Json::Object([("value".to_owned(), value), ("type".to_owned(), actual.to_json())].into_iter().collect()))
        }
        (_, Value::Null) => Ok(Json::Null),
        (_, Value::Unknown(_)) => Err(EncodeError::new("is unknown, which JSON cannot hold")),
        (Type::Bool, Value::Bool(value)) => Ok(Json::Bool(*value)),
        (Type::Number, Value::Number(number)) => match number.as_i64() {
            Some(integer) => Ok(Json::from(integer)),
            None => number.to_string().parse().map(Json::Number).map_err(|error| EncodeError::new(format!("{error}"))),
        },
        (Type::String, Value::String(text)) => Ok(Json::String(text.clone())),
        (Type::List(ty), Value::List(elements)) | (Type::Set(ty), Value::Set(elements)) => {
            elements.iter().enumerate().map(|value| element(value, ty)).collect()
        }
        (Type::Tuple(types), Value::List(elements)) if types.len() == elements.len() => {
            elements.iter().enumerate().zip(types).map(|(value, ty)| element(value, ty)).collect()
        }
        (Type::Map(ty), Value::Map(members)) => members
            .iter()
            .map(|(key, value)| Ok((key.clone(), write(value, ty, depth + 1).map_err(|error| error.at_key(key))?)))
            .collect::<Result<Map<_, _>, _>>()
            .map(Json::Object),
        (Type::Object(attributes), Value::Map(members)) => {
            if let Some(extra) = members.keys().find(|name| !attributes.contains_key(*name)) {
                return Err(EncodeError::new(format!("has no attribute {extra:?} in its type")));
            }
            let attribute = |(name, ty): (&String, &Type)| {
                let value = members.get(name).ok_or_else(|| {
                    EncodeError::new("is missing: an object has all attributes of its type").at_attribute(name)
                })?;
                Ok((name.clone(), write(value, ty, depth + 1).map_err(|error| error.at_attribute(name))?))
            };
            attributes.iter().map(attribute).collect::<Result<Map<_, _>, _>>().map(Json::Object)
        }
        (ty, value) => Err(EncodeError::new(mismatch(value, ty))),
    }
}

#[cfg(test)]
mod tests;
