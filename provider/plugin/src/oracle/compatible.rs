//! Whether what became of a plan is what the plan said.

use homelab_cty::{Block, NestedBlock, Nesting, Path, Type, Value};

use super::rules::{
    APPLY_DELETED, KEPT_BLOCKS, KEPT_ELEMENTS, KEPT_PRESENCE, KEPT_PROMISE, KEPT_TYPE, KEPT_VALUE, PRESENT,
};
use super::{Found, Violation, bare, elements, member, members, range, state};

/// Judges the object after an apply that answered no error. `planned` is null for a delete.
pub fn check_apply(schema: &Block, planned: &Value, actual: &Value) -> Vec<Violation> {
    let mut found = Found::new();
    if !state::conforms(&mut found, schema, actual) {
        return found.violations;
    }
    match (planned.is_null(), actual.is_null()) {
        (true, true) => {}
        (true, false) => found.add(&APPLY_DELETED, &Path::root(), "is still there after its delete"),
        (false, true) => found.add(&PRESENT, &Path::root(), "is null after the apply"),
        (false, false) => {
            state::known(&mut found, actual);
            state::write_only(&mut found, schema, actual, &Path::root());
            object(&mut found, schema, planned, actual, &Path::root());
        }
    }
    found.violations
}

/// Compares two objects of the schema: what the first knows, the second has.
pub(super) fn object(found: &mut Found, schema: &Block, planned: &Value, actual: &Value, path: &Path) {
    match (planned.is_null(), actual.is_null()) {
        (true, true) => return,
        (true, false) => return found.add(&KEPT_PRESENCE, path, "was planned to be absent and is there"),
        (false, true) => return found.add(&KEPT_PRESENCE, path, "was planned to be there and is absent"),
        (false, false) => {}
    }
    if planned.is_unknown() {
        return;
    }
    for (name, attribute) in &schema.attributes {
        value(found, &attribute.ty, member(planned, name), member(actual, name), &path.then_attr(name));
    }
    for (name, nested) in &schema.blocks {
        blocks(found, nested, member(planned, name), member(actual, name), &path.then_attr(name));
    }
}

fn blocks(found: &mut Found, schema: &NestedBlock, planned: &Value, actual: &Value, path: &Path) {
    if planned.is_unknown() {
        // The blocks of a `dynamic` block: any number of them, any content.
        return;
    }
    if schema.nesting == Nesting::Single {
        return object(found, &schema.block, planned, actual, path);
    }
    if actual.is_unknown() || planned.is_null() || actual.is_null() {
        return;
    }
    match schema.nesting {
        Nesting::Single => {}
        Nesting::List => {
            let (plans, actuals) = (elements(planned), elements(actual));
            if plans.len() != actuals.len() {
                let message = format!("was planned with {} blocks and has {}", plans.len(), actuals.len());
                return found.add(&KEPT_BLOCKS, path, message);
            }
            for (index, (planned, actual)) in plans.iter().zip(actuals).enumerate() {
                object(found, &schema.block, planned, actual, &path.then_index(index));
            }
        }
        // Core does not look at the labels of a map whose count is right. We do: it is the same mistake.
        Nesting::Map => keyed(found, &KEPT_BLOCKS, planned, actual, path, &mut |found, planned, actual, path| {
            object(found, &schema.block, planned, actual, path);
        }),
        Nesting::Set => set(found, &KEPT_BLOCKS, planned, actual, path, &mut |found, planned, actual, path| {
            object(found, &schema.block, planned, actual, path);
        }),
    }
}

/// Compares two elements that stand for each other.
type Compare<'a> = &'a mut dyn FnMut(&mut Found, &Value, &Value, &Path);

fn keyed(
    found: &mut Found,
    rule: &'static super::Rule,
    planned: &Value,
    actual: &Value,
    path: &Path,
    compare: Compare<'_>,
) {
    for (key, planned) in members(planned) {
        match bare(actual).as_map().and_then(|actuals| actuals.get(key)) {
            Some(actual) => compare(found, planned, actual, &path.then_key(key)),
            None => found.add(rule, &path.then_key(key), "was planned and is missing"),
        }
    }
    for (key, _) in members(actual) {
        if !bare(planned).as_map().is_some_and(|plans| plans.contains_key(key)) {
            found.add(rule, &path.then_key(key), "was not planned and is there");
        }
    }
}

/// The elements of a set have no names: each must have a counterpart that it is compatible with, and unknown ones may
/// turn out to be equal, so that there are fewer of them in the end, never more.
fn set(
    found: &mut Found,
    rule: &'static super::Rule,
    planned: &Value,
    actual: &Value,
    path: &Path,
    compare: Compare<'_>,
) {
    let (plans, actuals) = (elements(planned), elements(actual));
    let mut fits = |planned: &Value, actual: &Value| {
        let mut apart = Found::new();
        compare(&mut apart, planned, actual, path);
        apart.violations.is_empty()
    };
    for (index, planned) in plans.iter().enumerate() {
        if !actuals.iter().any(|actual| fits(planned, actual)) {
            found.add(rule, &path.then_index(index), "was planned in the set and nothing there is like it");
        }
    }
    for (index, actual) in actuals.iter().enumerate() {
        if !plans.iter().any(|planned| fits(planned, actual)) {
            found.add(rule, &path.then_index(index), "is in the set and nothing like it was planned");
        }
    }
    if plans.len() < actuals.len() {
        let message = format!("was planned with {} elements and has {}", plans.len(), actuals.len());
        found.add(rule, path, message);
    }
}

/// Compares two values of `ty`.
pub(super) fn value(found: &mut Found, ty: &Type, planned: &Value, actual: &Value, path: &Path) {
    if *ty == Type::Dynamic {
        return dynamic(found, planned, actual, path);
    }
    if let Value::Unknown(refinement) = planned {
        if let Some(refinement) = refinement
            && let Err(broken) = range::includes(refinement, actual)
        {
            found.add(&KEPT_PROMISE, path, broken);
        }
        return;
    }
    match (planned.is_null(), actual.is_null()) {
        (true, true) => return,
        (true, false) => return found.add(&KEPT_VALUE, path, "was planned to be null and is not"),
        (false, true) => return found.add(&KEPT_VALUE, path, "was planned not to be null and is"),
        (false, false) => {}
    }
    if actual.is_unknown() {
        return found.add(&KEPT_VALUE, path, "was known in the plan and is unknown now");
    }
    match ty {
        Type::Dynamic | Type::Bool | Type::Number | Type::String => {
            if planned != actual {
                found.add(&KEPT_VALUE, path, "is not what was planned");
            }
        }
        Type::List(element) => {
            let (plans, actuals) = (elements(planned), elements(actual));
            if plans.len() != actuals.len() {
                let message = format!("was planned with {} elements and has {}", plans.len(), actuals.len());
                found.add(&KEPT_ELEMENTS, path, message);
            }
            for (index, (planned, actual)) in plans.iter().zip(actuals).enumerate() {
                value(found, element, planned, actual, &path.then_index(index));
            }
        }
        Type::Tuple(types) => {
            for (index, ((planned, actual), ty)) in
                elements(planned).iter().zip(elements(actual)).zip(types).enumerate()
            {
                value(found, ty, planned, actual, &path.then_index(index));
            }
        }
        Type::Object(attributes) => {
            for (name, ty) in attributes {
                value(found, ty, member(planned, name), member(actual, name), &path.then_attr(name));
            }
        }
        Type::Map(element) => {
            keyed(found, &KEPT_ELEMENTS, planned, actual, path, &mut |found, planned, actual, path| {
                value(found, element, planned, actual, path);
            });
        }
        Type::Set(element) => set(found, &KEPT_ELEMENTS, planned, actual, path, &mut |found, planned, actual, path| {
            value(found, element, planned, actual, path);
        }),
    }
}

/// Compares two values of open type. Where the plan did not even know the type, anything goes.
fn dynamic(found: &mut Found, planned: &Value, actual: &Value, path: &Path) {
    let Value::Dynamic(ty, planned) = planned else {
        return;
    };
    match actual {
        Value::Dynamic(actual_ty, actual) if fits(actual_ty, ty) => value(found, ty, planned, actual, path),
        _ => found.add(&KEPT_TYPE, path, format!("was planned to be of type {ty} and is of another")),
    }
}

/// Whether `actual` is `planned`, where that is not open.
fn fits(actual: &Type, planned: &Type) -> bool {
    match (actual, planned) {
        (_, Type::Dynamic) => true,
        (Type::List(actual), Type::List(planned))
        | (Type::Set(actual), Type::Set(planned))
        | (Type::Map(actual), Type::Map(planned)) => fits(actual, planned),
        (Type::Tuple(actual), Type::Tuple(planned)) => {
            actual.len() == planned.len() && actual.iter().zip(planned).all(|(actual, planned)| fits(actual, planned))
        }
        (Type::Object(actual), Type::Object(planned)) => {
            actual.len() == planned.len()
                && actual.iter().all(|(name, ty)| planned.get(name).is_some_and(|planned| fits(ty, planned)))
        }
        (actual, planned) => actual == planned,
    }
}
