//! Handles: how a resource that makes a Secret names it for the ephemeral resource that reads it.
//!
//! A handle is known only once the resource has been applied; that is all it takes to open the ephemeral after the apply
//! without `-target`. It carries the names of the keys that must be there, so that a Secret of an older declaration is not
//! taken for the new one.

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
    /// Keys that it must have, sorted.
    pub keys: Vec<String>,
}

/// A text that is no handle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a handle is what `handle` of a homelab_external_secret says, such as `photos/photos-db#DB_PASSWORD`")]
pub struct HandleError;

impl fmt::Display for Handle {
    /// `photos/photos-db#DB_PASSWORD,DB_USER`. Keys of a Secret hold neither `#` nor `,`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)?;
        if self.keys.is_empty() { Ok(()) } else { write!(f, "#{}", self.keys.join(",")) }
    }
}

impl FromStr for Handle {
    type Err = HandleError;

    fn from_str(text: &str) -> Result<Self, HandleError> {
        let (object, keys) = text.split_once('#').map_or((text, None), |(object, keys)| (object, Some(keys)));
        let (namespace, name) = object.split_once('/').ok_or(HandleError)?;
        let keys: Vec<String> = keys.into_iter().flat_map(|keys| keys.split(',')).map(str::to_owned).collect();
        let valid =
            names::is_label(namespace) && names::is_object(name) && keys.iter().all(|key| names::is_secret_key(key));
        if valid { Ok(Self { namespace: namespace.to_owned(), name: name.to_owned(), keys }) } else { Err(HandleError) }
    }
}
