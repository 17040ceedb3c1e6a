//! How many requests were made.
//!
//! "A plan of n objects costs n / 500 requests" is a promise that only a count can keep. With `HOMELAB_REQUEST_LOG` naming
//! a file, each request adds one line to it: process id, method, path without query, HTTP status or `-`, milliseconds.
//! Paths name objects, never secrets.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Environment variable with the path of the request log.
pub const REQUEST_LOG: &str = "HOMELAB_REQUEST_LOG";

/// Counts the requests of one client.
#[derive(Debug)]
pub(crate) struct Requests {
    count: AtomicU64,
    log: Option<Mutex<File>>,
}

impl Requests {
    /// Counts from 0; logs where the environment asks for it. A log that cannot be opened is a warning, not an error.
    pub(crate) fn new() -> Self {
        let open = |path: OsString| match OpenOptions::new().create(true).append(true).open(&path) {
            Ok(file) => Some(Mutex::new(file)),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "the request log cannot be opened");
                None
            }
        };
        let log = std::env::var_os(REQUEST_LOG).filter(|path| !path.is_empty()).and_then(open);
        Self { count: AtomicU64::new(0), log }
    }

    /// One more, answered with `status` (`None`: not at all) after `took`.
    pub(crate) fn record(&self, method: &str, path: &str, status: Option<u16>, took: Duration) {
        self.count.fetch_add(1, Ordering::Relaxed);
        tracing::debug!(method, path, status, took_ms = took.as_secs_f64() * 1e3, "request");
        let Some(Ok(mut log)) = self.log.as_ref().map(Mutex::lock) else { return };
        let status = status.map_or_else(|| "-".to_owned(), |status| status.to_string());
        // One write call per line, so that the lines of several processes do not mix.
        let line = format!("{} {method} {path} {status} {:.1}\n", std::process::id(), took.as_secs_f64() * 1e3);
        let _ = log.write_all(line.as_bytes());
    }

    /// Requests so far, retries included.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        tracing::debug!(count = self.count(), "API requests of this client");
    }
}
