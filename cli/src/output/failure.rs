//! Why nothing came of a verb.

use std::fmt::{self, Write as _};

use homelab_core::finding::Finding;

/// Why a verb could not do what was asked: what was tried and the words of whoever refused, and a hint after a blank line.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// A failure without a hint: a fragment that fits after "error: ".
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// `what` is refused for these reasons.
    pub(crate) fn refused(what: &str, findings: &[Finding]) -> Self {
        let mut message = what.to_owned();
        let mut hints: Vec<&str> = Vec::new();
        for finding in findings {
            let _ = write!(message, "\n  {} ({})", finding.headline(), finding.object);
            for part in [&finding.observed, &finding.expected] {
                if !part.is_empty() {
                    let _ = write!(message, "\n    {part}");
                }
            }
            if !finding.clears.is_empty() && !hints.contains(&finding.clears.as_str()) {
                hints.push(&finding.clears);
            }
        }
        Self::new(message).hint(hints.join(" "))
    }

    /// What was tried and who refused, without the hint.
    pub(crate) fn told(&self) -> &str {
        &self.message
    }

    /// With what to do about it; nothing where that is empty.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into()).filter(|hint| !hint.is_empty());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\n\nhint: {hint}"))
    }
}
