//! Where a key is: engine, document, key.

use std::fmt;

/// What divides a document from a key in the text of an address.
const DIVIDER: char = '#';

/// One key of one document.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    /// Path of the engine, such as `secret`; may have slashes inside.
    pub mount: String,
    /// Path of the document below it, such as `photos`.
    pub path: String,
    /// Name of the key.
    pub key: String,
}

/// A text that is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is <mount>/<path>#<key>, such as secret/photos#smtp_password")]
pub struct AddressError;

impl fmt::Display for Address {
    /// `secret/photos#smtp_password`: also the import id.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}{DIVIDER}{}", self.mount, self.path, self.key)
    }
}

/// Takes an address apart: `secret/photos` and `smtp_password`. Where the engine ends and the document begins is known to the
/// store alone, since an engine may be mounted at a path with slashes.
pub fn parse(text: &str) -> Result<(String, String), AddressError> {
    // A path never holds the divider; a key may.
    let (document, key) = text.split_once(DIVIDER).ok_or(AddressError)?;
    let is_whole = document.contains('/') && is_path(document) && is_key(key);
    if is_whole { Ok((document.to_owned(), key.to_owned())) } else { Err(AddressError) }
}

/// Whether it can be the path of an engine or of a document: segments with something in them, none of which leads elsewhere.
pub fn is_path(text: &str) -> bool {
    let is_segment = |segment: &str| !matches!(segment, "" | "." | "..");
    text.split('/').all(is_segment) && !text.contains(|c: char| c.is_control() || c == DIVIDER || c == '?')
}

/// Whether it can be the name of a key.
pub fn is_key(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_it_is_written() {
        let address = Address { mount: "kv/team".into(), path: "photos/mail".into(), key: "smtp#password".into() };
        assert_eq!(parse(&address.to_string()), Ok(("kv/team/photos/mail".to_owned(), "smtp#password".to_owned())));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in
            ["", "secret/photos", "photos#key", "secret/photos#", "/photos#k", "secret/#k", "a//b#k", "a/../b#k"]
        {
            assert_eq!(parse(text), Err(AddressError), "{text}");
        }
    }
}
