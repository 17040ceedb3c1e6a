//! Findings: what we saw that somebody should know, in one shape for plan, CLI, SARIF and metrics.
//!
//! A message that is only text cannot be counted, waived, linked or tested. So each kind of finding has a stable
//! [`Code`] (`HLnnnn`), declared once in the tables below this module with its title, its usual severity, its
//! [`Class`] (which decides the exit code) and what clears it; the documentation of the codes is generated from the
//! same tables. The first digit names the subject: 1 ingress, 2 secret, 3 probe, 4 gate, 5 provider and connections.
//! A number is never used again for something else.

use std::fmt;

use homelab_cty::Path;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::exit::Class;

/// Declares codes and the table of them at once, so that none can be missing from the documentation.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $id:literal, $severity:ident, $class:ident, $title:literal, $clears:literal;)*) => {
        $($(#[doc = $doc])+
        pub const $name: $crate::finding::Code = $crate::finding::Code {
            id: $id,
            title: $title,
            severity: $crate::finding::Severity::$severity,
            class: $crate::exit::Class::$class,
            explanation: concat!($($doc),+),
            clears: $clears,
        };)*

        /// All of them, by number.
        pub(super) const TABLE: &[$crate::finding::Code] = &[$($name),*];
    };
}

pub mod gate;
pub mod ingress;
pub mod probe;
pub mod provider;
pub mod secret;

/// How bad a finding is, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Worth acting on; nothing is refused for it.
    Warning,
    /// What was asked is refused, or is not as declared.
    Error,
}

/// A kind of finding.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// Its number, `HLnnnn`, for ever.
    pub id: &'static str,
    /// One line, without a full stop, that fits after `HLnnnn: `.
    pub title: &'static str,
    /// How bad it usually is; a [`Finding`] may carry another severity (`checks` of the provider block).
    pub severity: Severity,
    /// What it asks of the reader.
    pub class: Class,
    /// What it means and why it matters; Markdown.
    pub explanation: &'static str,
    /// What clears it, as a sentence.
    pub clears: &'static str,
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Code {}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id)
    }
}

/// Every code there is, by number.
pub fn all() -> impl Iterator<Item = &'static Code> {
    [ingress::TABLE, secret::TABLE, probe::TABLE, gate::TABLE, provider::TABLE].into_iter().flatten()
}

/// The code of that number.
pub fn by_id(id: &str) -> Option<&'static Code> {
    all().find(|code| code.id == id)
}

/// One thing that was found. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// Its kind: `HLnnnn`.
    #[schemars(with = "String")]
    pub code: Code,
    /// How bad it is here.
    pub severity: Severity,
    /// One line that says what is wrong with what, without the code.
    pub summary: String,
    /// What it is about: `Ingress photos/photos`, `https://photos.example.net/share`, `node worker-1`.
    pub object: String,
    /// What was seen, as a sentence.
    pub observed: String,
    /// What should have been seen, as a sentence; empty where `observed` says it.
    pub expected: String,
    /// Where the rule comes from, or where it was seen: a page of the documentation, an API, a file. May be empty.
    pub source: String,
    /// What clears it here, as a sentence.
    pub clears: String,
    /// The attribute to blame, from the root of the resource's configuration; empty where none is.
    #[serde(serialize_with = "path_as_text")]
    #[schemars(with = "String")]
    pub path: Path,
}

fn path_as_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(path)
}

impl Finding {
    /// A finding of this kind with its usual severity, title and way to clear it.
    pub fn new(code: Code, object: impl Into<String>, observed: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity,
            summary: code.title.to_owned(),
            object: object.into(),
            observed: observed.into(),
            expected: String::new(),
            source: String::new(),
            clears: code.clears.to_owned(),
            path: Path::root(),
        }
    }

    /// With a line of its own instead of the code's title.
    #[must_use]
    pub fn summary(mut self, summary: impl Into<String>) -> Self {
        self.summary = summary.into();
        self
    }

    /// With what should have been seen.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = expected.into();
        self
    }

    /// With where the rule comes from.
    #[must_use]
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = source.into();
        self
    }

    /// With what clears it here.
    #[must_use]
    pub fn clears(mut self, clears: impl Into<String>) -> Self {
        self.clears = clears.into();
        self
    }

    /// With the attribute to blame.
    #[must_use]
    pub fn at(mut self, path: Path) -> Self {
        self.path = path;
        self
    }

    /// With another severity than the usual one.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// The first line of a message: "HL1203: a router for … would be shadowed".
    pub fn headline(&self) -> String {
        format!("{}: {}", self.code.id, self.summary)
    }

    /// The rest of a message: what was seen, what was expected, what to do; without the object, which the headline or
    /// Terraform's own frame names.
    pub fn detail(&self) -> String {
        [&self.observed, &self.expected, &self.clears]
            .into_iter()
            .filter(|part| !part.is_empty())
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join("\n")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_in_order_and_of_their_subject() {
        let mut seen = BTreeSet::new();
        for (first, table) in [
            ('1', ingress::TABLE),
            ('2', secret::TABLE),
            ('3', probe::TABLE),
            ('4', gate::TABLE),
            ('5', provider::TABLE),
        ] {
            let mut last = "";
            for code in table {
                assert!(code.id.len() == 6 && code.id.starts_with(&format!("HL{first}")), "{code}");
                assert!(code.id[2..].chars().all(|digit| digit.is_ascii_digit()), "{code}");
                assert!(last < code.id, "{code} is out of order");
                assert!(seen.insert(code.id), "{code} twice");
                last = code.id;
            }
        }
        assert_eq!(all().count(), seen.len());
    }

    #[test]
    fn texts_of_codes_fit_their_frames() {
        for code in all() {
            assert!(!code.title.is_empty() && !code.title.ends_with('.'), "{code}: title {:?}", code.title);
            assert!(code.clears.ends_with('.'), "{code}: clears {:?}", code.clears);
            assert!(code.explanation.trim().ends_with('.'), "{code}: explanation {:?}", code.explanation);
        }
    }

    #[test]
    fn a_refusal_reads_as_headline_and_three_sentences() {
        let finding = Finding::new(ingress::SHADOWED, "Ingress photos/photos-px", "Path(`/px`) has priority 36.")
            .summary("a router for photos.example.net/px would be shadowed")
            .expected("The gated root has 40.")
            .clears("Set priority above 40.");
        assert_eq!(finding.headline(), "HL1203: a router for photos.example.net/px would be shadowed");
        assert_eq!(finding.detail(), "Path(`/px`) has priority 36.\nThe gated root has 40.\nSet priority above 40.");
    }
}
