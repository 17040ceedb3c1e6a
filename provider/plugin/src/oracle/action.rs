//! What a plan would do, and whether the plan during apply does the same.

use homelab_cty::{Block, Path, Step, Value};

use super::rules::{PLAN_REPLACE, REPLAN_ACTION};
use super::{Found, Violation, bare, compatible, state};

/// What Terraform shows a plan to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    None,
    /// The object is made.
    Create,
    /// It is changed in place.
    Update,
    /// It is removed and made again, in either order.
    Replace,
    /// It is removed.
    Delete,
}

impl Action {
    /// What core makes of an answer to `PlanResourceChange` with these paths that require replacement.
    pub fn of(schema: &Block, prior: &Value, planned: &Value, replace: &[Path]) -> Self {
        match (prior.is_null(), planned.is_null()) {
            (true, true) => return Self::None,
            (true, false) => return Self::Create,
            (false, true) => return Self::Delete,
            (false, false) => {}
        }
        // A path whose value does not change replaces nothing, except where the value is never kept to compare with.
        let replaces = |path: &&Path| {
            let (before, after) = (resolve(prior, path), resolve(planned, path));
            is_write_only(schema, path) || before != after || after.is_some_and(|after| !after.is_wholly_known())
        };
        if replace.iter().find(replaces).is_some() {
            Self::Replace
        } else if prior == planned && planned.is_wholly_known() {
            Self::None
        } else {
            Self::Update
        }
    }
}

/// Judges the paths that a plan says require replacement.
pub fn check_replace(prior: &Value, planned: &Value, replace: &[Path]) -> Vec<Violation> {
    let mut found = Found::new();
    if !prior.is_null() {
        for path in replace {
            if resolve(prior, path).is_none() && resolve(planned, path).is_none() {
                found.add(&PLAN_REPLACE, path, "requires replacement and does not exist");
            }
        }
    }
    found.violations
}

/// Judges the plan that core asks for again during apply, when more is known, against the first one.
pub fn check_replan(schema: &Block, first: (Action, &Value), second: (Action, &Value)) -> Vec<Violation> {
    let mut found = Found::new();
    if !state::conforms(&mut found, schema, second.1) {
        return found.violations;
    }
    if first.0 != second.0 && (first.0, second.0) != (Action::Update, Action::None) {
        let message = format!("was planned as {:?} and is {:?} during apply", first.0, second.0);
        found.add(&REPLAN_ACTION, &Path::root(), message);
    }
    compatible::object(&mut found, schema, first.1, second.1, &Path::root());
    found.violations
}

/// The value at `path`. Nothing is below a null, anything is below an unknown value, and the elements of a set have no
/// path.
fn resolve<'a>(value: &'a Value, path: &Path) -> Option<&'a Value> {
    let mut value = bare(value);
    for step in &path.0 {
        value = bare(match (value, step) {
            (Value::Unknown(_), _) => return Some(value),
            (Value::Map(members), Step::Attribute(name) | Step::Key(name)) => members.get(name)?,
            (Value::List(elements), Step::Index(index)) => elements.get(usize::try_from(*index).ok()?)?,
            _ => return None,
        });
    }
    Some(value)
}

fn is_write_only(schema: &Block, path: &Path) -> bool {
    let mut block = schema;
    for step in &path.0 {
        let Step::Attribute(name) = step else { continue };
        if let Some(attribute) = block.attributes.get(name) {
            return attribute.write_only;
        }
        let Some(nested) = block.blocks.get(name) else { return false };
        block = &nested.block;
    }
    false
}
