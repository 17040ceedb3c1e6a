//! What can go wrong, in words that say what to do.

use std::path::PathBuf;

/// Why a program, a plane or a command could not be had. The text is one sentence or two, without a
/// "failed to": callers say what they were doing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A program is neither installed nor built, and cannot be built here.
    #[error("{program} is missing: {reason}")]
    Missing {
        /// Name of the program, as in `testdata/plane/<program>`.
        program: String,
        /// What was looked for and what would help.
        reason: String,
    },
    /// `go build` of a wrapper module failed.
    #[error("{program} did not build ({status}); the end of what go said:\n{output}")]
    Build {
        /// Name of the wrapper module.
        program: String,
        /// Exit status of go.
        status: String,
        /// The last lines of go's output.
        output: String,
    },
    /// A server ended before it was ready.
    #[error("{name} ended early ({status}); the end of its log:\n{log}")]
    Died {
        /// Name of the server.
        name: String,
        /// Its exit status.
        status: String,
        /// The last lines of its log.
        log: String,
    },
    /// A condition did not come true in time.
    #[error("{what} did not happen within {seconds} s; {last}")]
    Timeout {
        /// What was awaited.
        what: String,
        /// The limit, in seconds.
        seconds: u64,
        /// What was seen last: an answer, an error, or lines of a log.
        last: String,
    },
    /// A server answered something else than what was asked for.
    #[error("{what}: HTTP {status}: {body}")]
    Answer {
        /// Method and path.
        what: String,
        /// HTTP status code.
        status: u16,
        /// Body of the answer, at most a few hundred bytes.
        body: String,
    },
    /// A file or a folder could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A process could not be started or a connection could not be made.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// Why.
        source: std::io::Error,
    },
    /// Something that should hold by construction does not: a malformed answer, a broken key.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// Whether this only says that a program is not there and cannot be built, so that a test of the
    /// wider tier may report itself as skipped.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing { .. })
    }
}
