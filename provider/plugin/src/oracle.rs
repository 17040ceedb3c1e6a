//! The rules that Terraform core holds a provider to, as pure functions: a judge for tests, and for the server's own
//! answers in debug builds.
//!
//! Core checks every answer and shows a breach to the user as "a bug in the provider"; what it does not check shows up
//! later, as a plan that is never empty. This module says the same without a Terraform at hand, thousands of times a
//! second. It shares no code with the server that it judges, on purpose, and knows nothing of how a legal answer is made.
//!
//! Where the rules come from (package and function in core; OpenTofu has the same under the same names):
//!
//! - [`check_plan`]: `plans/objchange.AssertPlanValid`, called while planning; the write-only check beside it.
//! - [`check_apply`]: the checks after `ApplyResourceChange` in `NodeAbstractResourceInstance.apply`, which end in
//!   `plans/objchange.AssertObjectCompatible`.
//! - [`check_replan`]: `NodeApplyableResourceInstance.checkPlannedChange`, which uses `AssertObjectCompatible` too, now
//!   between the plan and the plan made again during apply, and compares the [`Action`]s.
//! - [`check_replace`]: what `NodeAbstractResourceInstance.plan` does with `RequiresReplace`.
//! - [`check_read`], [`check_import`], [`check_move`], [`check_upgrade`], [`check_data`]: the checks after those calls.
//! - [`check_identity`]: the checks of identities that core added in 1.12, with the immutability that only SDKs enforce.
//!
//! The rules themselves are listed in [`RULES`]. A few are ours and go beyond core; they say so.
//!
//! Messages name paths and never show a value: it may be a secret.

mod action;
mod compatible;
mod plan;
mod range;
mod rules;
mod state;

pub use action::{Action, check_replace, check_replan};
pub use compatible::check_apply;
pub use plan::{check_destroy_plan, check_plan};
pub use rules::{RULES, Rule};
pub use state::{check_data, check_identity, check_identity_kept, check_import, check_move, check_read, check_upgrade};

use std::fmt;

use homelab_cty::{Path, Value};

/// One breach of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule, one of [`RULES`].
    pub rule: &'static Rule,
    /// Where in the value; empty for the value as a whole.
    pub path: Path,
    /// What is wrong there, as a fragment.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.path.0.is_empty() { "the object".to_owned() } else { self.path.to_string() };
        write!(f, "{place}: {} ({}: {})", self.message, self.rule.id, self.rule.text)
    }
}

/// Collects violations below a path.
struct Found {
    violations: Vec<Violation>,
}

impl Found {
    fn new() -> Self {
        Self { violations: Vec::new() }
    }

    fn add(&mut self, rule: &'static Rule, path: &Path, message: impl Into<String>) {
        self.violations.push(Violation { rule, path: path.clone(), message: message.into() });
    }
}

/// The value itself, where it carries its type.
fn bare(value: &Value) -> &Value {
    match value {
        Value::Dynamic(_, inner) => bare(inner),
        other => other,
    }
}

/// The elements of a list, tuple or set; none of anything else.
fn elements(value: &Value) -> &[Value] {
    match bare(value) {
        Value::List(elements) | Value::Set(elements) => elements,
        _ => &[],
    }
}

/// The members of a map or object by name; none of anything else.
fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    bare(value).as_map().into_iter().flatten()
}

/// A member; null where there is none, or no object.
fn member<'a>(value: &'a Value, name: &str) -> &'a Value {
    bare(value).member(name)
}

#[cfg(test)]
mod tests;
