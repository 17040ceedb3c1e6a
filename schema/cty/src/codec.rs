//! What both codecs share: their errors and their limits.

use crate::{Path, Step};

/// How deep a value may nest before either codec refuses it.
///
/// The codecs recurse, so the depth of a message is stack of this process. Terraform's own types stay below 40; the
/// JSON parser stops at 128 too.
pub(crate) const MAX_DEPTH: usize = 128;

/// Bytes that are no value of the wanted type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", prefix(path))]
pub struct DecodeError {
    /// Where in the value.
    pub path: Path,
    /// What is wrong, as a fragment: "must be a string".
    pub message: String,
}

/// A value that does not fit the type it is to be written as, or that cannot be written at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", prefix(path))]
pub struct EncodeError {
    /// Where in the value.
    pub path: Path,
    /// What is wrong, as a fragment: "must be a string".
    pub message: String,
}

fn prefix(path: &Path) -> String {
    if path.0.is_empty() { String::new() } else { format!("{path}: ") }
}

macro_rules! located_error {
    ($error:ident) => {
        impl $error {
            pub(crate) fn new(message: impl Into<String>) -> Self {
                Self { path: Path::root(), message: message.into() }
            }

            /// Puts a step in front. The path is built while an error travels up, so that success pays nothing for it.
            pub(crate) fn below(mut self, step: Step) -> Self {
                self.path.0.insert(0, step);
                self
            }

            pub(crate) fn at_index(self, index: usize) -> Self {
                self.below(Step::Index(i64::try_from(index).unwrap_or(i64::MAX)))
            }

            pub(crate) fn at_key(self, key: &str) -> Self {
                self.below(Step::Key(key.to_owned()))
            }

            pub(crate) fn at_attribute(self, name: &str) -> Self {
                self.below(Step::Attribute(name.to_owned()))
            }
        }
    };
}

located_error!(DecodeError);
located_error!(EncodeError);
