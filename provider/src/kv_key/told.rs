//! What users are told about the store of secrets.

use homelab_backends::vault::{VaultCause, VaultError};
use homelab_core::finding::{Code, Finding, provider, secret as codes};
use homelab_core::kv::address::AddressError;
use homelab_cty::Path;
use homelab_plugin::Diagnostics;

use crate::findings::{Findings, code_of};
use crate::report::coded;

/// The code of an error of the store; `None` for an answer that nobody foresaw.
fn code(cause: &VaultCause) -> Option<Code> {
    Some(match cause {
        VaultCause::Link(cause) => return code_of(cause),
        VaultCause::Login { .. } | VaultCause::NoToken | VaultCause::BadToken { .. } => provider::UNAUTHENTICATED,
        VaultCause::Forbidden { .. } => provider::FORBIDDEN,
        VaultCause::NoMount { .. } | VaultCause::NotKv { .. } => codes::KV_NO_ENGINE,
        VaultCause::NotVersioned { .. } => codes::KV_NOT_VERSIONED,
        VaultCause::Deleted { .. } => codes::KV_DELETED,
        VaultCause::Fragile { .. } => codes::KV_FRAGILE,
        VaultCause::Contended { .. } => codes::KV_CONTENDED,
        VaultCause::NotReady(_) => provider::UNREACHABLE,
        _ => return None,
    })
}

/// The attribute to blame, where the resource has one.
pub(crate) fn attribute(cause: &VaultCause) -> Path {
    match cause {
        VaultCause::NoMount { .. } | VaultCause::NotKv { .. } | VaultCause::NotVersioned { .. } => Path::attr("mount"),
        VaultCause::Deleted { .. } | VaultCause::Fragile { .. } | VaultCause::Contended { .. } => Path::attr("path"),
        _ => Path::root(),
    }
}

/// An error: what was tried, the words of whoever refused, and what to do.
pub(crate) fn failed(error: &VaultError, path: Path, diagnostics: &mut Diagnostics) {
    diagnostics.error(path, coded(code(&error.cause), error.summary()), error.detail());
}

/// The same as a warning: the plan goes on, and says what it did not see.
pub(crate) fn not_checked(what: &str, error: &VaultError, path: Path, diagnostics: &mut Diagnostics) {
    diagnostics.warning(path, format!("Not checked: {what}"), error.detail());
}

/// What stands in an import is no address.
pub(super) fn no_address(text: &str, diagnostics: &mut Diagnostics) {
    let finding = Finding::new(codes::KV_ADDRESS, text, format!("{text:?} is no key: {AddressError}."));
    diagnostics.finding(&finding.at(Path::root()));
}

/// The run was stopped before anything was written.
pub(crate) fn stopped(what: &str, diagnostics: &mut Diagnostics) {
    diagnostics.error(Path::root(), "Stopped", format!("The run was stopped before {what}."));
}
