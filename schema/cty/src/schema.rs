//! The vocabulary of a Terraform schema, with what planning needs to know of each attribute.

use std::collections::BTreeMap;

use crate::{Type, Value};

/// Tells whether a configured value and a prior one mean the same although they are spelled differently (`1h` and
/// `1h0m0s`). Called with two known, non-null values: configured first, prior second.
pub type SameMeaning = fn(&Value, &Value) -> bool;

/// Who gives an attribute its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The user must.
    Required,
    /// The user may.
    Optional,
    /// The provider does.
    Computed,
    /// The user may; else the provider does (a default, or the provider's `site`).
    OptionalComputed,
}

impl Mode {
    /// Whether a user may set it.
    pub fn is_configurable(self) -> bool {
        !matches!(self, Self::Computed)
    }

    /// Whether the provider may fill it.
    pub fn is_computed(self) -> bool {
        matches!(self, Self::Computed | Self::OptionalComputed)
    }
}

/// One attribute.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Its type.
    pub ty: Type,
    /// Who gives it its value.
    pub mode: Mode,
    /// Terraform hides it in its output.
    pub sensitive: bool,
    /// It is never in state or plan.
    pub write_only: bool,
    /// A change replaces the object.
    pub replace: bool,
    /// What it is when the user gives nothing. Only with [`Mode::OptionalComputed`].
    pub default: Option<Value>,
    /// When two spellings mean the same; else equality.
    pub same: Option<SameMeaning>,
    /// The only values it may have, for documentation and validation of strings.
    pub one_of: Vec<String>,
    /// Markdown, from the doc comment.
    pub description: String,
    /// Why it should no longer be used.
    pub deprecated: Option<String>,
}

impl Attribute {
    /// A plain attribute of `ty` and `mode`.
    pub fn new(ty: Type, mode: Mode) -> Self {
        Self {
            ty,
            mode,
            sensitive: false,
            write_only: false,
            replace: false,
            default: None,
            same: None,
            one_of: Vec::new(),
            description: String::new(),
            deprecated: None,
        }
    }
}

/// How often a nested block may occur, and what it becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// At most once; an object or null.
    Single,
    /// Any number, ordered; a list of objects.
    List,
    /// Any number, unordered; a set of objects.
    Set,
    /// Any number, each with a label; a map of objects.
    Map,
}

/// A nested block.
#[derive(Clone, Debug)]
pub struct NestedBlock {
    /// How often it occurs.
    pub nesting: Nesting,
    /// Its content.
    pub block: Block,
    /// Fewest occurrences (0 or 1 for [`Nesting::Single`]).
    pub min_items: u64,
    /// Most occurrences; 0 is no limit.
    pub max_items: u64,
}

/// Attributes and nested blocks.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// Attributes by name.
    pub attributes: BTreeMap<String, Attribute>,
    /// Nested blocks by name.
    pub blocks: BTreeMap<String, NestedBlock>,
    /// Markdown, from the doc comment.
    pub description: String,
    /// Why it should no longer be used.
    pub deprecated: Option<String>,
}

impl Block {
    /// The type that values of this block have (Terraform's "implied type").
    pub fn ty(&self) -> Type {
        let attributes = self.attributes.iter().map(|(name, attribute)| (name.clone(), attribute.ty.clone()));
        let blocks = self.blocks.iter().map(|(name, nested)| {
            let inner = nested.block.ty();
            let ty = match nested.nesting {
                Nesting::Single => inner,
                Nesting::List | Nesting::Map if inner.has_dynamic() => Type::Dynamic,
                Nesting::List => Type::list(inner),
                Nesting::Set => Type::set(inner),
                Nesting::Map => Type::map(inner),
            };
            (name.clone(), ty)
        });
        Type::Object(attributes.chain(blocks).collect())
    }

    /// The value of this block when a user writes none of it: null attributes, empty collections of blocks.
    pub fn empty_value(&self) -> Value {
        let attributes = self.attributes.keys().map(|name| (name.clone(), Value::Null));
        let blocks = self.blocks.iter().map(|(name, nested)| {
            let value = match nested.nesting {
                Nesting::Single => Value::Null,
                Nesting::List => Value::List(Vec::new()),
                Nesting::Set => Value::Set(Vec::new()),
                Nesting::Map => Value::Map(BTreeMap::new()),
            };
            (name.clone(), value)
        });
        Value::Map(attributes.chain(blocks).collect())
    }
}

/// A schema: the version of its stored form, and its content.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// Version of the stored state; raised when stored states need an upgrade.
    pub version: i64,
    /// Its content.
    pub block: Block,
}
