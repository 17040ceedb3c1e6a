//! Values to bytes.

use std::collections::BTreeMap;

use super::unknown;
use crate::codec::MAX_DEPTH;
use crate::conform::mismatch;
use crate::{EncodeError, Number, Type, Value};

/// Writing to memory fails only for a text, list or map of more than 2³² parts.
pub(super) fn written<T, E>(result: Result<T, E>) -> Result<(), EncodeError> {
    result.map(|_| ()).map_err(|_| EncodeError::new("is too long for msgpack"))
}

fn length(length: usize) -> Result<u32, EncodeError> {
    u32::try_from(length).map_err(|_| EncodeError::new("is too long for msgpack"))
}

pub(super) fn value(out: &mut Vec<u8>, value: &Value, ty: &Type, depth: usize) -> Result<(), EncodeError> {
    if depth > MAX_DEPTH {
        return Err(EncodeError::new(format!("nests deeper than {MAX_DEPTH} levels")));
    }
    match (ty, value) {
        (Type::Dynamic, Value::Dynamic(actual, inner)) => dynamic(out, actual, inner, depth),
        (_, Value::Null) => written(rmp::encode::write_nil(out)),
        (_, Value::Unknown(refinement)) => unknown::encode(out, refinement.as_deref(), ty),
        (Type::Bool, Value::Bool(value)) => written(rmp::encode::write_bool(out, *value)),
        (Type::Number, Value::Number(value)) => number(out, value),
        (Type::String, Value::String(value)) => text(out, value),
        (Type::List(element), Value::List(elements)) | (Type::Set(element), Value::Set(elements)) => {
            array(out, elements.iter().map(|value| (value, element.as_ref())), depth)
        }
        (Type::Tuple(types), Value::List(elements)) if types.len() == elements.len() => {
            array(out, elements.iter().zip(types), depth)
        }
        (Type::Map(element), Value::Map(members)) => {
            written(rmp::encode::write_map_len(out, length(members.len())?))?;
            for (key, member) in members {
                text(out, key)?;
                self::value(out, member, element, depth + 1).map_err(|error| error.at_key(key))?;
            }
            Ok(())
        }
        (Type::Object(attributes), Value::Map(members)) => object(out, attributes, members, depth),
        (ty, value) => Err(EncodeError::new(mismatch(value, ty))),
    }
}

fn text(out: &mut Vec<u8>, text: &str) -> Result<(), EncodeError> {
    length(text.len())?;
    written(rmp::encode::write_str(out, text))
}

/// An integer where it fits 64 bits, else a float where that is exact, else decimal text.
pub(super) fn number(out: &mut Vec<u8>, number: &Number) -> Result<(), EncodeError> {
    if let Some(integer) = number.as_i64() {
        return written(rmp::encode::write_sint(out, integer));
    }
    // Whole numbers beyond 64 bits go as text although a float may be exact: cty prints a float with the digits that
    // tell it from other *floats*, which for a large one are not all of its digits.
    match number.as_exact_f64() {
        Some(float) if !number.is_integer() => written(rmp::encode::write_f64(out, float)),
        _ => text(out, &number.to_string()),
    }
}

fn array<'a>(
    out: &mut Vec<u8>,
    elements: impl ExactSizeIterator<Item = (&'a Value, &'a Type)>,
    depth: usize,
) -> Result<(), EncodeError> {
    written(rmp::encode::write_array_len(out, length(elements.len())?))?;
    for (index, (element, ty)) in elements.enumerate() {
        value(out, element, ty, depth + 1).map_err(|error| error.at_index(index))?;
    }
    Ok(())
}

fn object(
    out: &mut Vec<u8>,
    attributes: &BTreeMap<String, Type>,
    members: &BTreeMap<String, Value>,
    depth: usize,
) -> Result<(), EncodeError> {
    if let Some(extra) = members.keys().find(|name| !attributes.contains_key(*name)) {
        return Err(EncodeError::new(format!("has no attribute {extra:?} in its type")));
    }
    written(rmp::encode::write_map_len(out, length(attributes.len())?))?;
    for (name, ty) in attributes {
        let Some(member) = members.get(name) else {
            return Err(EncodeError::new("is missing: an object has all attributes of its type").at_attribute(name));
        };
        text(out, name)?;
        value(out, member, ty, depth + 1).map_err(|error| error.at_attribute(name))?;
    }
    Ok(())
}

fn dynamic(out: &mut Vec<u8>, ty: &Type, inner: &Value, depth: usize) -> Result<(), EncodeError> {
    if *ty == Type::Dynamic {
        return value(out, inner, ty, depth + 1);
    }
    let json = ty.to_json().to_string();
    length(json.len())?;
    written(rmp::encode::write_array_len(out, 2))?;
    written(rmp::encode::write_bin(out, json.as_bytes()))?;
    value(out, inner, ty, depth + 1)
}
