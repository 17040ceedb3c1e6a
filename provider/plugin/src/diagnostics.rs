//! Errors and warnings, with the attribute that they belong to.

use homelab_cty::{ModelError, Path};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The operation did not do what was asked.
    Error,
    /// It did, and the user should know something.
    Warning,
}

/// One message to the user. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// One line.
    pub summary: String,
    /// What was seen, what was expected, what to do. May be empty.
    pub detail: String,
    /// The attribute, from the root of the resource's configuration; empty where none is to blame.
    pub path: Path,
}

/// The messages of one call, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds an error at `path`.
    pub fn error(&mut self, path: Path, summary: impl Into<String>, detail: impl Into<String>) {
        self.push(Diagnostic { severity: Severity::Error, summary: summary.into(), detail: detail.into(), path });
    }

    /// Adds a warning at `path`.
    pub fn warning(&mut self, path: Path, summary: impl Into<String>, detail: impl Into<String>) {
        self.push(Diagnostic { severity: Severity::Warning, summary: summary.into(), detail: detail.into(), path });
    }

    /// Adds all of `other`.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Whether there is an error among them.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Whether there is none at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter()
    }
}

impl From<ModelError> for Diagnostic {
    fn from(error: ModelError) -> Self {
        Self {
            severity: Severity::Error,
            summary: format!("Invalid value of {}", error.path),
            detail: format!("{} {}.", error.path, error.message),
            path: error.path,
        }
    }
}
