//! Bytes to values.

use std::collections::BTreeMap;

use rmp::Marker;
use rmp::decode::{RmpRead, ValueReadError};

use super::unknown;
use crate::codec::MAX_DEPTH;
use crate::{DecodeError, Number, Type, Value};

pub(super) fn decode(bytes: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    let mut reader = Reader { rest: bytes };
    let value = reader.value(ty, 0)?;
    if reader.rest.is_empty() {
        Ok(value)
    } else {
        Err(DecodeError::new(format!("{} bytes follow the value", reader.rest.len())))
    }
}

/// What is left of the message.
pub(super) struct Reader<'a> {
    pub(super) rest: &'a [u8],
}

fn truncated<E>(_: E) -> DecodeError {
    DecodeError::new("the message ends inside the value")
}

fn read<T>(result: Result<T, ValueReadError<std::io::Error>>) -> Result<T, DecodeError> {
    result.map_err(truncated)
}

fn expected(what: &str, found: Marker) -> DecodeError {
    DecodeError::new(format!("must be {what}, is msgpack {found:?}"))
}

impl<'a> Reader<'a> {
    pub(super) fn peek(&self) -> Result<Marker, DecodeError> {
        self.rest.first().map(|byte| Marker::from_u8(*byte)).ok_or_else(|| truncated(()))
    }

    pub(super) fn marker(&mut self) -> Result<Marker, DecodeError> {
        rmp::decode::read_marker(&mut self.rest).map_err(truncated)
    }

    /// The next `length` bytes, borrowed: a length that is a lie finds no bytes and allocates nothing.
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(|| truncated(()))?;
        self.rest = rest;
        Ok(taken)
    }

    fn take_u32(&mut self, length: u32) -> Result<&'a [u8], DecodeError> {
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    pub(super) fn value(&mut self, ty: &Type, depth: usize) -> Result<Value, DecodeError> {
        if depth > MAX_DEPTH {
            return Err(DecodeError::new(format!("nests deeper than {MAX_DEPTH} levels")));
        }
        let next = self.peek()?;
        if unknown::is_extension(next) {
            return unknown::decode(self, ty);
        }
        if next == Marker::Null {
            self.marker()?;
            return Ok(Value::Null);
        }
        match ty {
            Type::Dynamic => self.dynamic(depth),
            Type::Bool => self.bool().map(Value::Bool),
            Type::Number => self.number().map(Value::Number),
            Type::String => self.text("a string").map(Value::string),
            Type::List(element) => self.elements("a list", element, depth).map(Value::List),
            Type::Set(element) => self.elements("a set", element, depth).map(Value::set),
            Type::Map(element) => self.map(element, depth),
            Type::Tuple(types) => self.tuple(types, depth),
            Type::Object(attributes) => self.object(attributes, depth),
        }
    }

    pub(super) fn bool(&mut self) -> Result<bool, DecodeError> {
        match self.marker()? {
            Marker::True => Ok(true),
            Marker::False => Ok(false),
            other => Err(expected("true or false", other)),
        }
    }

    /// Any of the three forms of a number: integer, float, decimal text.
    pub(super) fn number(&mut self) -> Result<Number, DecodeError> {
        match self.peek()? {
            Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => {
                let text = self.text("a number")?;
                return text.parse().map_err(|_| DecodeError::new("must be a number"));
            }
            _ => {}
        }
        let marker = self.marker()?;
        let rest = &mut self.rest;
        let float = |value: f64| {
            Number::from_f64(value).ok_or_else(|| DecodeError::new("must be a finite number, is infinite or NaN"))
        };
        match marker {
            Marker::FixPos(value) => Ok(Number::from(i64::from(value))),
            Marker::FixNeg(value) => Ok(Number::from(i64::from(value))),
            Marker::U8 => read(rest.read_data_u8()).map(|value| Number::from(i64::from(value))),
            Marker::U16 => read(rest.read_data_u16()).map(|value| Number::from(i64::from(value))),
            Marker::U32 => read(rest.read_data_u32()).map(|value| Number::from(i64::from(value))),
            Marker::U64 => read(rest.read_data_u64()).map(Number::from),
            Marker::I8 => read(rest.read_data_i8()).map(|value| Number::from(i64::from(value))),
            Marker::I16 => read(rest.read_data_i16()).map(|value| Number::from(i64::from(value))),
            Marker::I32 => read(rest.read_data_i32()).map(|value| Number::from(i64::from(value))),
            Marker::I64 => read(rest.read_data_i64()).map(Number::from),
            Marker::F32 => read(rest.read_data_f32()).and_then(|value| float(f64::from(value))),
            Marker::F64 => read(rest.read_data_f64()).and_then(float),
            other => Err(expected("a number", other)),
        }
    }

    /// Text as it stands in the message, not normalised.
    pub(super) fn text(&mut self, what: &str) -> Result<&'a str, DecodeError> {
        let marker = self.marker()?;
        let length = match marker {
            Marker::FixStr(length) => u32::from(length),
            Marker::Str8 | Marker::Bin8 => u32::from(read(self.rest.read_data_u8())?),
            Marker::Str16 | Marker::Bin16 => u32::from(read(self.rest.read_data_u16())?),
            Marker::Str32 | Marker::Bin32 => read(self.rest.read_data_u32())?,
            other => return Err(expected(what, other)),
        };
        std::str::from_utf8(self.take_u32(length)?).map_err(|error| DecodeError::new(format!("is no UTF-8: {error}")))
    }

    pub(super) fn array_length(&mut self, what: &str) -> Result<u32, DecodeError> {
        match self.marker()? {
            Marker::FixArray(length) => Ok(u32::from(length)),
            Marker::Array16 => read(self.rest.read_data_u16()).map(u32::from),
            Marker::Array32 => read(self.rest.read_data_u32()),
            other => Err(expected(what, other)),
        }
    }

    pub(super) fn map_length(&mut self, what: &str) -> Result<u32, DecodeError> {
        match self.marker()? {
            Marker::FixMap(length) => Ok(u32::from(length)),
            Marker::Map16 => read(self.rest.read_data_u16()).map(u32::from),
            Marker::Map32 => read(self.rest.read_data_u32()),
            other => Err(expected(what, other)),
        }
    }

    fn elements(&mut self, what: &str, element: &Type, depth: usize) -> Result<Vec<Value>, DecodeError> {
        let length = self.array_length(what)?;
        let mut elements = Vec::new();
        for _ in 0..length {
            let value = self.value(element, depth + 1).map_err(|error| error.at_index(elements.len()))?;
            elements.push(value);
        }
        Ok(elements)
    }

    fn tuple(&mut self, types: &[Type], depth: usize) -> Result<Value, DecodeError> {
        let length = self.array_length("a tuple")?;
        if usize::try_from(length) != Ok(types.len()) {
            return Err(DecodeError::new(format!("must have {} elements, has {length}", types.len())));
        }
        let element = |(index, ty)| self.value(ty, depth + 1).map_err(|error| error.at_index(index));
        types.iter().enumerate().map(element).collect::<Result<_, _>>().map(Value::List)
    }

    fn map(&mut self, element: &Type, depth: usize) -> Result<Value, DecodeError> {
        let length = self.map_length("a map")?;
        let mut members = BTreeMap::new();
        for _ in 0..length {
            let key = crate::value::normalise(self.text("a string as key")?);
            let value = self.value(element, depth + 1).map_err(|error| error.at_key(&key))?;
            members.insert(key, value);
        }
        Ok(Value::Map(members))
    }

    fn object(&mut self, attributes: &BTreeMap<String, Type>, depth: usize) -> Result<Value, DecodeError> {
        let length = self.map_length("an object")?;
        if usize::try_from(length) != Ok(attributes.len()) {
            return Err(DecodeError::new(format!("must have {} attributes, has {length}", attributes.len())));
        }
        let mut members = BTreeMap::new();
        for _ in 0..length {
            let text = self.text("a string as name of an attribute")?;
            let Some((name, ty)) = attributes.get_key_value(text) else {
                return Err(DecodeError::new(format!("has no attribute {text:?}")));
            };
            let value = self.value(ty, depth + 1).map_err(|error| error.at_attribute(name))?;
            if members.insert(name.clone(), value).is_some() {
                return Err(DecodeError::new(format!("has the attribute {name:?} twice")));
            }
        }
        Ok(Value::Map(members))
    }

    fn dynamic(&mut self, depth: usize) -> Result<Value, DecodeError> {
        if self.array_length("an array of type and value")? != 2 {
            return Err(DecodeError::new("must be an array of type and value"));
        }
        let json = self.text("the JSON of a type")?;
        let ty = serde_json::from_str(json)
            .map_err(|error| DecodeError::new(format!("has a type that is no JSON: {error}")))
            .and_then(|json| Type::from_json(&json).map_err(|error| DecodeError::new(error.to_string())))?;
        Ok(Value::dynamic(ty.clone(), self.value(&ty, depth + 1)?))
    }
}
