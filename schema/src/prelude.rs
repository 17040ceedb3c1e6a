//! What the file of a declared model uses: `use crate::prelude::*;`.

pub use std::collections::{BTreeMap, BTreeSet};

pub use homelab_cty::{Attr, Leaf, Model, Path, Value};
// Derives and traits of one name live in different namespaces, as serde's do.
pub use homelab_schema_derive::{Leaf, Model};
pub use schemars::JsonSchema;

pub use crate::sensitive::Sensitive;
