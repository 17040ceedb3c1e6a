//! Every answer before the oracle, in debug builds and tests.
//!
//! The server builds legal answers; the oracle is another hand's reading of core's rules. Where they disagree, the answer
//! does not leave: a breach that a test sees here would otherwise be a user's "bug in the provider".

use crate::Diagnostics;
use crate::oracle::Violation;

use super::managed::bug;

/// Turns breaches into errors. Not asked in release builds, nor about an answer that is an error already.
pub(super) fn judge(diagnostics: &mut Diagnostics, violations: impl FnOnce() -> Vec<Violation>) {
    if !cfg!(debug_assertions) || diagnostics.has_errors() {
        return;
    }
    for violation in violations() {
        let what = format!("An answer of the provider breaks a rule of Terraform: {violation}.");
        bug(diagnostics, violation.path, what);
    }
}
