//! Handles: how a resource that makes a Secret names it for the ephemeral resource that reads it.
//!
//! A handle is known only once the resource has been applied; that is all it takes to open the ephemeral after the apply
//! without `-target`. It carries the names of the keys that must be there, and of the ExternalSecret that makes the Secret, so
//! that a Secret of an older declaration is not taken for the new one.

use std::fmt;
use std::str::FromStr;

use crate::names;

/// A Secret and the keys that it must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handle {
    /// Namespace of the Secret.
    pub namespace: String,
    /// Name of the Secret.
    pub name: String,
    /// Name of the ExternalSecret that makes it, where that is another one; it is in the same namespace.
    pub source: Option<String>,
    /// Keys that it must have, sorted.
    pub keys: Vec<String>,
}

impl Handle {
    /// Name of the ExternalSecret that makes it.
    pub fn source(&self) -> &str {
        self.source.as_deref().unwrap_or(&self.name)
    }
}

/// A text that is no handle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a handle is what `handle` of a homelab_external_secret says, such as `photos/photos-db#DB_PASSWORD`")]
pub struct HandleError;

impl fmt::Display for Handle {
    /// `photos/photos-db#DB_PASSWORD,DB_USER`, or `photos/env@photos-db#DB_PASSWORD` where the ExternalSecret has another name.
    /// Names of objects hold no `@`, and keys of a Secret neither `#` nor `,`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)?;
        if let Some(source) = &self.source {
            write!(f, "@{source}")?;
        }
        if self.keys.is_empty() { Ok(()) } else { write!(f, "#{}", self.keys.join(",")) }
    }
}

impl FromStr for Handle {
    type Err = HandleError;

    fn from_str(text: &str) -> Result<Self, HandleError> {
        let (object, keys) = text.split_once('#').map_or((text, None), |(object, keys)| (object, Some(keys)));
        let (namespace, object) = object.split_once('/').ok_or(HandleError)?;
        let (name, source) = object.split_once('@').map_or((object, None), |(name, source)| (name, Some(source)));
        let keys: Vec<String> = keys.into_iter().flat_map(|keys| keys.split(',')).map(str::to_owned).collect();
        // Its own name would be a second way to write the same.
        let source_is_valid = source.is_none_or(|source| names::is_object(source) && source != name);
        let valid = names::is_label(namespace)
            && names::is_object(name)
            && source_is_valid
            && keys.iter().all(|key| names::is_secret_key(key));
        if !valid {
            return Err(HandleError);
        }
        let source = source.map(str::to_owned);
        Ok(Self { namespace: namespace.to_owned(), name: name.to_owned(), source, keys })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_names_secret_keys_and_source() {
        for (text, source, keys) in [
            ("photos/photos-db", "photos-db", &[] as &[&str]),
            ("photos/photos-db#A,B", "photos-db", &["A", "B"]),
            ("photos/env@photos-db#A", "photos-db", &["A"]),
            ("photos/env@photos-db", "photos-db", &[]),
        ] {
            let handle: Handle = text.parse().unwrap();
            assert_eq!(
                (handle.source(), handle.keys.iter().map(String::as_str).collect::<Vec<_>>()),
                (source, keys.to_vec())
            );
            assert_eq!(handle.to_string(), text);
        }
        for text in
            ["", "photos", "photos/", "photos/a#", "photos/a@", "photos/a@a", "photos/a@B", "photos/@a", "photos/a@b@c"]
        {
            assert_eq!(text.parse::<Handle>(), Err(HandleError), "{text}");
        }
    }
}
