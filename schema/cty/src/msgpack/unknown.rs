//! Unknown values, and what is known of them.
//!
//! An unknown value is an extension value. Type 0 with one byte says nothing; type 12 holds a map from small integers
//! to what is known: 1 whether it is null, 2 a prefix of a string, 3 and 4 the bounds of a number, 5 and 6 those of a
//! length.

use rmp::Marker;

use super::decode::Reader;
use super::encode::{number, written};
use crate::{Bound, DecodeError, EncodeError, Refinement, Type, Value};

const UNREFINED: [u8; 3] = [0xd4, 0, 0];
const REFINED: i8 = 12;
/// The receiver refuses longer descriptions, and so do we.
const MAX_BODY: usize = 1024;
const MAX_PREFIX: usize = 256;

pub(super) fn is_extension(marker: Marker) -> bool {
    matches!(
        marker,
        Marker::FixExt1
            | Marker::FixExt2
            | Marker::FixExt4
            | Marker::FixExt8
            | Marker::FixExt16
            | Marker::Ext8
            | Marker::Ext16
            | Marker::Ext32
    )
}

pub(super) fn decode(reader: &mut Reader<'_>, ty: &Type) -> Result<Value, DecodeError> {
    let meta = rmp::decode::read_ext_meta(&mut reader.rest)
        .map_err(|_| DecodeError::new("the message ends inside the value"))?;
    let body = reader.take(usize::try_from(meta.size).unwrap_or(usize::MAX))?;
    if body.len() <= 1 {
        return Ok(Value::UNKNOWN);
    }
    if meta.typeid != REFINED {
        return Err(DecodeError::new(format!("is an extension of type {}, which cty does not have", meta.typeid)));
    }
    if body.len() > MAX_BODY {
        return Err(DecodeError::new(format!("describes an unknown value with more than {MAX_BODY} bytes")));
    }
    // A value of open type has no range that could be described: cty skips the description, so it is not read here.
    if *ty == Type::Dynamic {
        return Ok(Value::UNKNOWN);
    }
    let refinement = body_of(&mut Reader { rest: body }, ty)
        .map_err(|error| DecodeError::new(format!("has a wrong description of an unknown value: {error}")))?;
    Ok(if refinement.null == Some(true) { Value::Null } else { Value::refined(refinement) })
}

fn body_of(reader: &mut Reader<'_>, ty: &Type) -> Result<Refinement, DecodeError> {
    let mut refinement = Refinement::default();
    for _ in 0..reader.map_length("a map")? {
        let key = reader.number()?.as_i64();
        match (key, ty) {
            (Some(1), _) => refinement.null = Some(reader.bool()?),
            (Some(2), Type::String) => {
                let prefix = crate::value::normalise(reader.text("a string")?);
                refinement.string_prefix = Some(prefix).filter(|prefix| !prefix.is_empty());
            }
            (Some(3), Type::Number) => refinement.lower = Some(bound(reader)?),
            (Some(4), Type::Number) => refinement.upper = Some(bound(reader)?),
            (Some(5), Type::List(_) | Type::Set(_) | Type::Map(_)) => {
                refinement.min_length = Some(bounded_length(reader)?).filter(|length| *length > 0);
            }
            (Some(6), Type::List(_) | Type::Set(_) | Type::Map(_)) => {
                refinement.max_length = Some(bounded_length(reader)?);
            }
            (Some(2..=6), _) => return Err(DecodeError::new(format!("nothing of that kind is known of {ty}"))),
            // A later cty may know more of a value. What it says is not lost on us alone: it stays true.
            (Some(_), _) => skip(reader)?,
            (None, _) => return Err(DecodeError::new("must have whole numbers as keys")),
        }
    }
    check(&refinement).map_err(DecodeError::new)?;
    Ok(refinement)
}

fn bounded_length(reader: &mut Reader<'_>) -> Result<i64, DecodeError> {
    let length = reader.number()?.as_i64().filter(|length| *length >= 0);
    length.ok_or_else(|| DecodeError::new("must be a length"))
}

fn bound(reader: &mut Reader<'_>) -> Result<Bound, DecodeError> {
    if reader.array_length("an array of limit and inclusiveness")? != 2 {
        return Err(DecodeError::new("must be an array of limit and inclusiveness"));
    }
    Ok(Bound { limit: reader.number()?, inclusive: reader.bool()? })
}

/// Reads past one msgpack value of any kind. The body is at most [`MAX_BODY`] bytes long, which bounds the loop.
fn skip(reader: &mut Reader<'_>) -> Result<(), DecodeError> {
    let mut pending: u64 = 1;
    while pending > 0 {
        pending -= 1;
        if is_extension(reader.peek()?) {
            let meta = rmp::decode::read_ext_meta(&mut reader.rest)
                .map_err(|_| DecodeError::new("the message ends inside the value"))?;
            reader.take(usize::try_from(meta.size).unwrap_or(usize::MAX))?;
            continue;
        }
        let size = match reader.marker()? {
            Marker::FixArray(length) => inner(&mut pending, u64::from(length)),
            Marker::FixMap(length) => inner(&mut pending, 2 * u64::from(length)),
            Marker::Array16 => inner(&mut pending, u64::from(number_of_parts(reader, 2)?)),
            Marker::Array32 => inner(&mut pending, u64::from(number_of_parts(reader, 4)?)),
            Marker::Map16 => inner(&mut pending, 2 * u64::from(number_of_parts(reader, 2)?)),
            Marker::Map32 => inner(&mut pending, 2 * u64::from(number_of_parts(reader, 4)?)),
            Marker::FixStr(length) => u32::from(length),
            Marker::Str8 | Marker::Bin8 => number_of_parts(reader, 1)?,
            Marker::Str16 | Marker::Bin16 => number_of_parts(reader, 2)?,
            Marker::Str32 | Marker::Bin32 => number_of_parts(reader, 4)?,
            Marker::U8 | Marker::I8 => 1,
            Marker::U16 | Marker::I16 => 2,
            Marker::U32 | Marker::I32 | Marker::F32 => 4,
            Marker::U64 | Marker::I64 | Marker::F64 => 8,
            _ => 0,
        };
        reader.take(usize::try_from(size).unwrap_or(usize::MAX))?;
    }
    Ok(())
}

fn inner(pending: &mut u64, parts: u64) -> u32 {
    *pending = pending.saturating_add(parts);
    0
}

fn number_of_parts(reader: &mut Reader<'_>, width: usize) -> Result<u32, DecodeError> {
    Ok(reader.take(width)?.iter().fold(0, |size, byte| size << 8 | u32::from(*byte)))
}

/// Whether some value can satisfy it. The receiver of a contradiction does not answer an error: it panics.
fn check(refinement: &Refinement) -> Result<(), String> {
    if let (Some(lower), Some(upper)) = (&refinement.lower, &refinement.upper)
        && (lower.limit > upper.limit || (lower.limit == upper.limit && !(lower.inclusive && upper.inclusive)))
    {
        return Err(format!("no number lies between {} and {}", lower.limit, upper.limit));
    }
    if let (Some(min), Some(max)) = (refinement.min_length, refinement.max_length)
        && min > max
    {
        return Err(format!("no length lies between {min} and {max}"));
    }
    Ok(())
}

pub(super) fn encode(out: &mut Vec<u8>, refinement: Option<&Refinement>, ty: &Type) -> Result<(), EncodeError> {
    let body = match (refinement, ty) {
        (None, _) | (_, Type::Dynamic) => None,
        (Some(refinement), _) if refinement.null == Some(true) => return written(rmp::encode::write_nil(out)),
        (Some(refinement), ty) => {
            check(refinement).map_err(EncodeError::new)?;
            body_for(refinement, ty)?
        }
    };
    let Some(body) = body else {
        out.extend_from_slice(&UNREFINED);
        return Ok(());
    };
    let size = u32::try_from(body.len()).unwrap_or(u32::MAX);
    if body.len() > MAX_BODY {
        return Err(EncodeError::new(format!("describes an unknown value with more than {MAX_BODY} bytes")));
    }
    written(rmp::encode::write_ext_meta(out, size, REFINED))?;
    out.extend_from_slice(&body);
    Ok(())
}

/// The map of what is known and applies to `ty`; `None` where that is nothing, since an empty map would be longer than
/// the plain form and is not written by cty either.
fn body_for(refinement: &Refinement, ty: &Type) -> Result<Option<Vec<u8>>, EncodeError> {
    let mut entries = Vec::new();
    let mut count: u32 = 0;
    let mut key = |entries: &mut Vec<u8>, key: i64| {
        count += 1;
        written(rmp::encode::write_sint(entries, key))
    };
    if refinement.null == Some(false) {
        key(&mut entries, 1)?;
        written(rmp::encode::write_bool(&mut entries, false))?;
    }
    match ty {
        Type::String => {
            if let Some(prefix) = refinement.string_prefix.as_deref().map(cut).filter(|prefix| !prefix.is_empty()) {
                key(&mut entries, 2)?;
                written(rmp::encode::write_str(&mut entries, prefix))?;
            }
        }
        Type::Number => {
            for (code, bound) in [(3, &refinement.lower), (4, &refinement.upper)] {
                if let Some(bound) = bound {
                    key(&mut entries, code)?;
                    written(rmp::encode::write_array_len(&mut entries, 2))?;
                    number(&mut entries, &bound.limit)?;
                    written(rmp::encode::write_bool(&mut entries, bound.inclusive))?;
                }
            }
        }
        Type::List(_) | Type::Set(_) | Type::Map(_) => {
            for (code, length) in [(5, refinement.min_length.filter(|min| *min > 0)), (6, refinement.max_length)] {
                if let Some(length) = length {
                    key(&mut entries, code)?;
                    written(rmp::encode::write_sint(&mut entries, length))?;
                }
            }
        }
        Type::Bool | Type::Dynamic | Type::Tuple(_) | Type::Object(_) => {}
    }
    if count == 0 {
        return Ok(None);
    }
    let mut body = Vec::with_capacity(entries.len() + 1);
    written(rmp::encode::write_map_len(&mut body, count))?;
    body.extend_from_slice(&entries);
    Ok(Some(body))
}

/// A prefix of at most [`MAX_PREFIX`] bytes that stays a prefix once the rest of the text is normalised with it.
///
/// A character at the cut might combine with what follows it, so the cut is made in front of an ASCII character: none
/// of those combines with what stands before it.
fn cut(prefix: &str) -> &str {
    if prefix.len() <= MAX_PREFIX {
        return prefix;
    }
    let end = prefix.as_bytes().iter().take(MAX_PREFIX + 1).rposition(u8::is_ascii).unwrap_or(0);
    prefix.get(..end).unwrap_or_default()
}
