//! Random types and values for tests, here and in the crates above. Compiled only with the feature `testing`.
//!
//! The values are *canonical*: what cty itself would hold. It decides, for instance, that an unknown number between 1
//! and 1 is the number 1, so no such unknown value is made. What the codecs write for a canonical value therefore comes
//! back from go-cty unchanged, which is what lets a test demand equality.

mod check;
mod random;
mod values;

pub use check::{check_json, check_msgpack, fuzz};
pub use random::Random;
pub use values::Generator;
