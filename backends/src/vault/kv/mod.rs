//! Documents of keys and values.

mod found;
mod names;
mod values;
mod write;

pub use self::names::KvKeys;
pub(super) use self::names::{Names, keys};
pub use self::values::{KvDocument, KvValues};
pub(super) use self::values::{list, values};
pub use self::write::Merged;
pub(super) use self::write::{merge, remove};
