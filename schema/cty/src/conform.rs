//! Whether a value is one of a type, and walks through values.

use std::collections::BTreeMap;

use crate::codec::MAX_DEPTH;
use crate::{Block, EncodeError, NestedBlock, Nesting, Path, Type, Value};

/// What is wrong with `value` at `ty`, as a fragment. The value itself is not shown: it may be a secret.
pub(crate) fn mismatch(value: &Value, ty: &Type) -> String {
    let wanted = match ty {
        Type::Dynamic => "a value that carries its type",
        Type::Bool => "true or false",
        Type::Number => "a number",
        Type::String => "a string",
        Type::List(_) => "a list",
        Type::Set(_) => "a set",
        Type::Map(_) => "a map",
        Type::Tuple(types) => return format!("must be a tuple of {} elements, is {}", types.len(), kind(value)),
        Type::Object(_) => "an object",
    };
    format!("must be {wanted}, is {}", kind(value))
}

fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Unknown(_) => "unknown".to_owned(),
        Value::Bool(_) => "a boolean".to_owned(),
        Value::Number(_) => "a number".to_owned(),
        Value::String(_) => "a string".to_owned(),
        Value::List(elements) => format!("a list of {}", elements.len()),
        Value::Set(elements) => format!("a set of {}", elements.len()),
        Value::Map(members) => format!("a map of {}", members.len()),
        Value::Dynamic(ty, _) => format!("a value of its own type {ty}"),
    }
}

impl Value {
    /// Whether it is of `ty`: every part of its kind, objects with exactly their attributes, tuples with exactly their
    /// elements, [`Value::Dynamic`] (or null, or unknown) where the type is open. Null and unknown are of every type.
    pub fn conforms(&self, ty: &Type) -> Result<(), EncodeError> {
        conforms(self, ty, 0)
    }

    /// [`Value::conforms`] with [`Block::ty`], without making that type: it is asked of every answer of a provider.
    pub fn conforms_to(&self, block: &Block) -> Result<(), EncodeError> {
        conforms_to(self, block, 0)
    }

    /// Calls `visit` for this value and every part of it, outside first, each with its path. A `false` from `visit`
    /// keeps the walk out of that value's parts.
    ///
    /// The members of maps and objects both come as [`crate::Step::Attribute`]: without a type, they are one.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&Path, &'a Value) -> bool) {
        walk(self, &Path::root(), visit);
    }
}

fn conforms(value: &Value, ty: &Type, depth: usize) -> Result<(), EncodeError> {
    if depth > MAX_DEPTH {
        return Err(EncodeError::new(format!("nests deeper than {MAX_DEPTH} levels")));
    }
    match (ty, value) {
        (_, Value::Null | Value::Unknown(_))
        | (Type::Bool, Value::Bool(_))
        | (Type::Number, Value::Number(_))
        | (Type::String, Value::String(_)) => Ok(()),
        (Type::Dynamic, Value::Dynamic(actual, inner)) => conforms(inner, actual, depth + 1),
        (Type::List(element), Value::List(elements)) | (Type::Set(element), Value::Set(elements)) => {
            for (index, value) in elements.iter().enumerate() {
                conforms(value, element, depth + 1).map_err(|error| error.at_index(index))?;
            }
            Ok(())
        }
        (Type::Tuple(types), Value::List(elements)) if types.len() == elements.len() => {
            for (index, (value, ty)) in elements.iter().zip(types).enumerate() {
                conforms(value, ty, depth + 1).map_err(|error| error.at_index(index))?;
            }
            Ok(())
        }
        (Type::Map(element), Value::Map(members)) => {
            for (key, value) in members {
                conforms(value, element, depth + 1).map_err(|error| error.at_key(key))?;
            }
            Ok(())
        }
        (Type::Object(attributes), Value::Map(members)) => {
            if let Some(extra) = members.keys().find(|name| !attributes.contains_key(*name)) {
                return Err(EncodeError::new(format!("has no attribute {extra:?} in its type")));
            }
            for (name, ty) in attributes {
                let Some(value) = members.get(name) else {
                    let missing = "is missing: an object has all attributes of its type";
                    return Err(EncodeError::new(missing).at_attribute(name));
                };
                conforms(value, ty, depth + 1).map_err(|error| error.at_attribute(name))?;
            }
            Ok(())
        }
        (ty, value) => Err(EncodeError::new(mismatch(value, ty))),
    }
}

fn conforms_to(value: &Value, block: &Block, depth: usize) -> Result<(), EncodeError> {
    let members = match value {
        Value::Null | Value::Unknown(_) => return Ok(()),
        Value::Map(members) => members,
        other => return Err(EncodeError::new(mismatch(other, &Type::Object(BTreeMap::new())))),
    };
    let member = |name: &str| {
        let missing = "is missing: an object has all attributes of its type";
        members.get(name).ok_or_else(|| EncodeError::new(missing).at_attribute(name))
    };
    if let Some(extra) =
        members.keys().find(|name| !block.attributes.contains_key(*name) && !block.blocks.contains_key(*name))
    {
        return Err(EncodeError::new(format!("has no attribute {extra:?} in its type")));
    }
    for (name, attribute) in &block.attributes {
        conforms(member(name)?, &attribute.ty, depth + 1).map_err(|error| error.at_attribute(name))?;
    }
    for (name, nested) in &block.blocks {
        nested_conforms(member(name)?, nested, depth + 1).map_err(|error| error.at_attribute(name))?;
    }
    Ok(())
}

fn nested_conforms(value: &Value, nested: &NestedBlock, depth: usize) -> Result<(), EncodeError> {
    let block = &nested.block;
    match (nested.nesting, value) {
        (_, Value::Null | Value::Unknown(_)) => Ok(()),
        (Nesting::Single, value) => conforms_to(value, block, depth),
        (Nesting::List, Value::List(blocks)) | (Nesting::Set, Value::Set(blocks)) => {
            for (index, value) in blocks.iter().enumerate() {
                conforms_to(value, block, depth + 1).map_err(|error| error.at_index(index))?;
            }
            Ok(())
        }
        (Nesting::Map, Value::Map(blocks)) => {
            for (key, value) in blocks {
                conforms_to(value, block, depth + 1).map_err(|error| error.at_key(key))?;
            }
            Ok(())
        }
        // Blocks with something of open type in them: a tuple or an object, with its own type.
        (nesting, Value::Dynamic(ty, inner)) if block.ty().has_dynamic() => {
            let inner_ty = ty.as_ref();
            let shape =
                matches!((nesting, inner_ty), (Nesting::List, Type::Tuple(_)) | (Nesting::Map, Type::Object(_)));
            if shape {
                conforms(inner, inner_ty, depth + 1)
            } else {
                Err(EncodeError::new(mismatch(value, &Type::Dynamic)))
            }
        }
        (Nesting::List, value) => Err(EncodeError::new(mismatch(value, &Type::list(Type::Dynamic)))),
        (Nesting::Set, value) => Err(EncodeError::new(mismatch(value, &Type::set(Type::Dynamic)))),
        (Nesting::Map, value) => Err(EncodeError::new(mismatch(value, &Type::map(Type::Dynamic)))),
    }
}

fn walk<'a>(value: &'a Value, path: &Path, visit: &mut dyn FnMut(&Path, &'a Value) -> bool) {
    if !visit(path, value) {
        return;
    }
    match value {
        Value::List(elements) | Value::Set(elements) => {
            for (index, element) in elements.iter().enumerate() {
                walk(element, &path.then_index(index), visit);
            }
        }
        Value::Map(members) => {
            for (name, member) in members {
                walk(member, &path.then_attr(name), visit);
            }
        }
        Value::Dynamic(_, inner) => walk(inner, path, visit),
        Value::Null | Value::Unknown(_) | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
