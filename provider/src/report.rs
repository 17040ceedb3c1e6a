//! From the errors of backends to diagnostics.

use homelab_backends::objects::{ObjectError, ObjectId};
use homelab_core::finding::{Code, provider as codes};
use homelab_cty::Path;
use homelab_plugin::Diagnostics;

use crate::findings::code_of;
use crate::survey::is_forbidden;

/// What resources say to users about errors of backends.
pub trait Report {
    /// An error at `path`: what was tried, the words of whoever refused, and what to do.
    fn object_error(&mut self, path: Path, error: &ObjectError);

    /// The same as a warning: the plan goes on, and says what it did not see.
    fn not_checked(&mut self, path: Path, what: &str, error: &ObjectError);

    /// What could not be looked at. With `insist`, before a write, it is an error: nothing is written without having looked. What
    /// the identity may never see is only a warning, however it is asked.
    fn unseen(&mut self, path: Path, what: &str, error: &ObjectError, insist: bool);

    /// Two resources of this run declare the object `id`.
    fn claimed_twice(&mut self, path: Path, id: &ObjectId, first: &str, second: &str);
}

impl Report for Diagnostics {
    fn object_error(&mut self, path: Path, error: &ObjectError) {
        self.error(path, coded(code_of(&error.cause), error.summary()), error.detail());
    }

    fn not_checked(&mut self, path: Path, what: &str, error: &ObjectError) {
        self.warning(path, format!("Not checked: {what}"), error.detail());
    }

    fn unseen(&mut self, path: Path, what: &str, error: &ObjectError, insist: bool) {
        if insist && !is_forbidden(error) {
            self.object_error(path, error);
        } else {
            self.not_checked(path, what, error);
        }
    }

    fn claimed_twice(&mut self, path: Path, id: &ObjectId, first: &str, second: &str) {
        let who = if first == second {
            format!("Two resources declare {id}: both are {first}.")
        } else {
            format!("Two resources declare {id}: {first} and {second}.")
        };
        let fix = "One object has one owner: remove one of them, or rename it.";
        self.error(path, coded(Some(codes::DECLARED_TWICE), "Two resources for one object"), format!("{who} {fix}"));
    }
}

/// A summary with the code that documentation and tools know it by.
pub(crate) fn coded(code: Option<Code>, summary: &str) -> String {
    code.map_or_else(|| summary.to_owned(), |code| format!("{code}: {summary}"))
}
