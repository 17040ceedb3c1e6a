//! Whether a value is among those that an unknown value could become.

use std::cmp::Ordering;

use homelab_cty::{Bound, Number, Refinement, Value};

use super::bare;

/// Whether `actual` keeps what `promised` said; else which promise it breaks, as a fragment. Of an `actual` that is
/// unknown itself only a certain breach counts.
pub(super) fn includes(promised: &Refinement, actual: &Value) -> Result<(), &'static str> {
    let actual = bare(actual);
    if actual.is_null() {
        return match promised.null {
            Some(false) => Err("was promised not to be null and is"),
            _ => Ok(()),
        };
    }
    if promised.null == Some(true) {
        return Err("was promised to be null and is not");
    }
    prefix(promised, actual)?;
    number(promised, actual)?;
    length(promised, actual)
}

fn prefix(promised: &Refinement, actual: &Value) -> Result<(), &'static str> {
    match (&promised.string_prefix, actual.as_str()) {
        (Some(prefix), Some(text)) if !text.starts_with(prefix) => Err("does not start as was promised"),
        _ => Ok(()),
    }
}

fn number(promised: &Refinement, actual: &Value) -> Result<(), &'static str> {
    let exactly = |number: &Number| Some(Bound { limit: number.clone(), inclusive: true });
    let (lower, upper) = match actual {
        Value::Number(number) => (exactly(number), exactly(number)),
        Value::Unknown(Some(said)) => (said.lower.clone(), said.upper.clone()),
        _ => return Ok(()),
    };
    if apart(upper.as_ref(), promised.lower.as_ref()) || apart(promised.upper.as_ref(), lower.as_ref()) {
        return Err("is not within the promised bounds");
    }
    Ok(())
}

/// Whether everything up to `below` lies under everything from `above` on.
fn apart(below: Option<&Bound>, above: Option<&Bound>) -> bool {
    match (below, above) {
        (Some(below), Some(above)) => match below.limit.cmp(&above.limit) {
            Ordering::Less => true,
            Ordering::Equal => !(below.inclusive && above.inclusive),
            Ordering::Greater => false,
        },
        _ => false,
    }
}

fn length(promised: &Refinement, actual: &Value) -> Result<(), &'static str> {
    let count = |elements: usize| i64::try_from(elements).unwrap_or(i64::MAX);
    let (least, most) = match actual {
        Value::List(elements) => (count(elements.len()), count(elements.len())),
        Value::Map(members) => (count(members.len()), count(members.len())),
        // Unknown elements may turn out to be equal to others.
        Value::Set(elements) if actual.is_wholly_known() => (count(elements.len()), count(elements.len())),
        Value::Set(elements) => (count(elements.len().min(1)), count(elements.len())),
        Value::Unknown(Some(said)) => (said.min_length.unwrap_or(0), said.max_length.unwrap_or(i64::MAX)),
        _ => return Ok(()),
    };
    if promised.min_length.is_some_and(|min| most < min) || promised.max_length.is_some_and(|max| least > max) {
        return Err("does not have a promised length");
    }
    Ok(())
}
