//! Rust types that are blocks.

use std::collections::BTreeMap;

use crate::{Attr, Block, NestedBlock, Nesting, Path, Value};

/// A value that does not fit the Rust type although it fits the schema: a number out of range, a text outside an enum.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct ModelError {
    /// Where in the block.
    pub path: Path,
    /// What it must be, as a fragment: "must be a whole number from 1 to 65535".
    pub message: String,
}

/// A Rust type that stands for a whole block: a resource, a data source, a provider block, a nested block.
///
/// `#[derive(Model)]` of `homelab-schema-derive` writes it from the fields, their types and doc comments.
pub trait Model: Sized + Clone + Send + Sync + 'static {
    /// The schema.
    fn block() -> Block;

    /// Reads a value of [`Block::ty`]; unknown and null parts become [`Attr::Unknown`] and [`Attr::Null`].
    fn from_value(value: &Value, path: &Path) -> Result<Self, ModelError>;

    /// The value, of [`Block::ty`].
    fn to_value(&self) -> Value;
}

/// A field that is a nested block: `Attr<T>` (single), `Attr<Vec<T>>` (list), `Attr<BTreeMap<String, T>>` (map).
///
/// A single block is null when absent; a list or map is empty. Any of them is unknown while a `dynamic` block is.
pub trait Nested: Sized {
    /// The nested block's schema.
    fn nested() -> NestedBlock;

    /// Reads it.
    fn from_value(value: &Value, path: &Path) -> Result<Self, ModelError>;

    /// The value.
    fn to_value(&self) -> Value;
}

impl<T: Model> Nested for Attr<T> {
    fn nested() -> NestedBlock {
        NestedBlock { nesting: Nesting::Single, block: T::block(), min_items: 0, max_items: 0 }
    }

    fn from_value(value: &Value, path: &Path) -> Result<Self, ModelError> {
        match value {
            Value::Null => Ok(Self::Null),
            Value::Unknown(_) => Ok(Self::Unknown),
            known => T::from_value(known, path).map(Self::Known),
        }
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Unknown => Value::UNKNOWN,
            Self::Known(block) => block.to_value(),
        }
    }
}

impl<T: Model> Nested for Attr<Vec<T>> {
    fn nested() -> NestedBlock {
        NestedBlock { nesting: Nesting::List, block: T::block(), min_items: 0, max_items: 0 }
    }

    fn from_value(value: &Value, path: &Path) -> Result<Self, ModelError> {
        match value {
            Value::Unknown(_) => Ok(Self::Unknown),
            Value::List(blocks) => blocks
                .iter()
                .enumerate()
                .map(|(index, block)| T::from_value(block, &path.then_index(index)))
                .collect::<Result<_, _>>()
                .map(Self::Known),
            _ => Ok(Self::Known(Vec::new())),
        }
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Unknown => Value::UNKNOWN,
            Self::Null => Value::List(Vec::new()),
            Self::Known(blocks) => Value::List(blocks.iter().map(Model::to_value).collect()),
        }
    }
}

impl<T: Model> Nested for Attr<BTreeMap<String, T>> {
    fn nested() -> NestedBlock {
        NestedBlock { nesting: Nesting::Map, block: T::block(), min_items: 0, max_items: 0 }
    }

    fn from_value(value: &Value, path: &Path) -> Result<Self, ModelError> {
        match value {
            Value::Unknown(_) => Ok(Self::Unknown),
            Value::Map(blocks) => blocks
                .iter()
                .map(|(label, block)| Ok((label.clone(), T::from_value(block, &path.then_key(label))?)))
                .collect::<Result<_, _>>()
                .map(Self::Known),
            _ => Ok(Self::Known(BTreeMap::new())),
        }
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Unknown => Value::UNKNOWN,
            Self::Null => Value::Map(BTreeMap::new()),
            Self::Known(blocks) => {
                Value::Map(blocks.iter().map(|(label, block)| (label.clone(), block.to_value())).collect())
            }
        }
    }
}
