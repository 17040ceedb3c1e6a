//! The msgpack form of values, as it travels in RPCs.
//!
//! The form is directed by the type: nothing in the bytes says whether an array is a list, a set or a tuple. What the
//! bytes do carry beyond plain msgpack is *unknown* (an extension value, with what is already known of it inside) and,
//! where the schema leaves the type open, an array of the type's JSON and the value.
//!
//! The forces here: the bytes come from a program that may be wrong or hostile, so no length in them is believed before
//! the bytes that it promises are there, and depth is bounded; and what leaves here is read by a decoder that *panics*
//! on contradictory refinements, so those are refused while writing.

mod decode;
mod encode;
mod unknown;

use crate::{DecodeError, EncodeError, Type, Value};

/// Reads a value of `ty`. Bytes after the value are an error: they mean that the type is not the sender's.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    decode::decode(bytes, ty)
}

/// Writes `value`, which must be of `ty`: objects with all their attributes, [`Value::Dynamic`] where the type is open.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::new();
    encode::value(&mut out, value, ty, 0)?;
    Ok(out)
}

#[cfg(test)]
mod tests;
