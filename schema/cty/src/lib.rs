//! Terraform's types and values, as Terraform itself understands them.
//!
//! Terraform's own type system is called cty. This crate holds the parts of it that a provider meets: [`Type`],
//! [`Value`] (null, unknown and refined unknown included), [`Path`], the schema vocabulary ([`Block`],
//! [`Attribute`]), both wire codecs ([`msgpack`], [`json`]), and the bridge from a Rust type to all of them
//! ([`Model`], [`Leaf`], [`Attr`]). It knows nothing of homelabs and does no I/O.
//!
//! The plugin server and the declared model both build on it, which is why it stands below both (ADR 0002).

mod codec;
mod conform;
pub mod json;
mod leaf;
mod model;
pub mod msgpack;
mod number;
mod path;
mod schema;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod ty;
mod value;

pub use codec::{DecodeError, EncodeError};
pub use leaf::{Attr, Leaf};
pub use model::{Model, ModelError, Nested};
pub use number::{Number, ParseNumberError};
pub use path::{Path, Step};
pub use schema::{Attribute, Block, Mode, NestedBlock, Nesting, SameMeaning, Schema};
pub use ty::{Type, TypeError};
pub use value::{Bound, Refinement, Value};
