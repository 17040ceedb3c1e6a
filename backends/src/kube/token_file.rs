//! A bearer token in a file that somebody renews.
//!
//! The client library reads such files as well, but takes the newline at their end for a part of the token.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use http::HeaderValue;

use crate::objects::Cause;

/// Kubelets renew a token long before it ends, so a minute of age is harmless.
const MAX_AGE: Duration = Duration::from_mins(1);

/// A token that is read again when it is older than a minute.
pub(super) struct TokenFile {
    path: PathBuf,
    cached: Mutex<Option<(HeaderValue, Instant)>>,
}

impl TokenFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, cached: Mutex::new(None) }
    }

    /// The `Authorization` header. A file that has become unreadable is forgiven while an older token is at hand.
    pub(super) fn header(&self) -> Result<HeaderValue, Cause> {
        let mut cached = self.cached.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((header, read)) = cached.as_ref()
            && read.elapsed() < MAX_AGE
        {
            return Ok(header.clone());
        }
        match (self.read(), cached.as_ref()) {
            (Ok(header), _) => {
                *cached = Some((header.clone(), Instant::now()));
                Ok(header)
            }
            (Err(_), Some((header, _))) => Ok(header.clone()),
            (Err(words), None) => Err(Cause::Configuration {
                argument: "kubernetes.token_file".to_owned(),
                words: format!("{}: {words}", self.path.display()),
                hint: "Is the path right? It is relative to where Terraform runs.".to_owned(),
            }),
        }
    }

    fn read(&self) -> Result<HeaderValue, String> {
        let text = std::fs::read_to_string(&self.path).map_err(|error| error.to_string())?;
        let mut header = HeaderValue::try_from(format!("Bearer {}", text.trim()))
            .map_err(|_| "it holds characters that no token has".to_owned())?;
        header.set_sensitive(true);
        Ok(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newline_at_the_end_is_no_part_of_the_token() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("token");
        std::fs::write(&path, "abc\n").expect("write");
        let file = TokenFile::new(path);
        let header = file.header().expect("header");
        assert_eq!(header, "Bearer abc");
        assert!(header.is_sensitive());
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = TokenFile::new(PathBuf::from("no/such/file")).header().expect_err("missing");
        assert!(error.to_string().contains("no/such/file"), "{error}");
    }
}
