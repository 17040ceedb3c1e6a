//! From findings to diagnostics.

use homelab_backends::objects::{Cause, NotConfigured};
use homelab_core::finding::{Code, Finding, Severity, provider as codes};
use homelab_cty::Path;
use homelab_plugin::{Diagnostic, Diagnostics, Severity as Shown};
use homelab_schema::provider::CheckLevel;

/// What resources say to users about findings.
pub trait Findings {
    /// One finding, with its own severity. A note is a warning: Terraform has nothing below.
    fn finding(&mut self, finding: &Finding);

    /// All of them.
    fn findings(&mut self, findings: &[Finding]);

    /// The errors of a second look, before a write; its warnings were said at plan. `None` where there were any.
    fn insist(&mut self, seen: &Diagnostics) -> Option<()>;

    /// That a part of the declaration is still unknown where it has to be known.
    fn still_unknown(&mut self);
}

impl Findings for Diagnostics {
    fn finding(&mut self, finding: &Finding) {
        let severity = match finding.severity {
            Severity::Error => Shown::Error,
            Severity::Warning | Severity::Note => Shown::Warning,
        };
        self.push(Diagnostic {
            severity,
            summary: finding.headline(),
            detail: finding.detail(),
            path: finding.path.clone(),
        });
    }

    fn findings(&mut self, findings: &[Finding]) {
        for finding in findings {
            self.finding(finding);
        }
    }

    fn insist(&mut self, seen: &Diagnostics) -> Option<()> {
        for error in seen.iter().filter(|diagnostic| diagnostic.severity == Shown::Error) {
            self.push(error.clone());
        }
        (!seen.has_errors()).then_some(())
    }

    fn still_unknown(&mut self) {
        let detail = "A part of the declaration is still unknown in apply.";
        self.error(Path::root(), "Not everything is known", detail);
    }
}

/// The code of an error of a backend; `None` for what has no code of its own (an answer that nobody foresaw, Ctrl-C).
pub(crate) fn code_of(cause: &Cause) -> Option<Code> {
    Some(match cause {
        Cause::NotConfigured(NotConfigured::Absent(_)) => codes::NOT_CONFIGURED,
        Cause::NotConfigured(NotConfigured::Unknown(_)) => codes::UNKNOWN_CONFIGURATION,
        Cause::Configuration { .. } => codes::BAD_CONFIGURATION,
        Cause::Unreachable { .. } | Cause::TimedOut { .. } | Cause::Throttled { .. } => codes::UNREACHABLE,
        Cause::Unauthorized { .. } => codes::UNAUTHENTICATED,
        Cause::Forbidden { .. } => codes::FORBIDDEN,
        Cause::CertificateExpired { .. } | Cause::UnknownAuthority { .. } | Cause::Tls { .. } => codes::CERTIFICATE,
        Cause::Conflict(_) => codes::FIELD_CONFLICT,
        Cause::OwnedBy(_) | Cause::ForeignFile { .. } => codes::FOREIGN_OBJECT,
        Cause::NamespaceMissing { .. } => codes::NO_NAMESPACE,
        Cause::Admission { .. } | Cause::Invalid { .. } => codes::REFUSED,
        _ => return None,
    })
}

/// Where in its life a resource is while it is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planning {
    /// It will be made: what it refers to may be made in the same run.
    Create,
    /// It will be changed.
    Update,
    /// It stays as it is: an error would block the plan that repairs what was found.
    Nothing,
}

impl Planning {
    /// How bad a missing reference is: by the provider's `checks`, and by where the resource is in its life. `None` is not
    /// looked at.
    pub fn severity(self, level: Option<CheckLevel>) -> Option<Severity> {
        match (self, level) {
            (_, Some(CheckLevel::Off)) => None,
            (Self::Nothing, _) | (_, Some(CheckLevel::Warn)) | (Self::Create, None) => Some(Severity::Warning),
            (Self::Create, Some(CheckLevel::Error)) | (Self::Update, _) => Some(Severity::Error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_reference_is_as_bad_as_the_plan_and_the_checks_say() {
        use CheckLevel::{Error, Off, Warn};
        let table = [
            (Planning::Create, [Some(Severity::Warning), Some(Severity::Error), Some(Severity::Warning), None]),
            (Planning::Update, [Some(Severity::Error), Some(Severity::Error), Some(Severity::Warning), None]),
            (Planning::Nothing, [Some(Severity::Warning), Some(Severity::Warning), Some(Severity::Warning), None]),
        ];
        for (planning, expected) in table {
            let seen = [None, Some(Error), Some(Warn), Some(Off)].map(|level| planning.severity(level));
            assert_eq!(seen, expected, "{planning:?}");
        }
    }
}
