//! What may be planned.

use homelab_cty::{Attribute, Block, NestedBlock, Nesting, Path, Value};

use super::rules::{
    PLAN_BLOCK_COUNT, PLAN_BLOCK_KEY, PLAN_BLOCK_NULL, PLAN_BLOCK_UNKNOWN, PLAN_CONFIGURED, PLAN_DESTROY,
    PLAN_DYNAMIC_BLOCK, PLAN_NOT_COMPUTED, PLAN_PRESENCE, PLAN_SET_COUNT,
};
use super::{Found, Violation, bare, elements, member, members, state};

/// Judges the planned object of a create (`prior` is null) or an update. All are of the schema's type; a `planned`
/// that is not is one violation.
pub fn check_plan(schema: &Block, prior: &Value, config: &Value, planned: &Value) -> Vec<Violation> {
    let mut found = Found::new();
    if state::conforms(&mut found, schema, planned) {
        object(&mut found, schema, prior, config, planned, &Path::root());
        state::write_only(&mut found, schema, planned, &Path::root());
    }
    found.violations
}

/// Judges the planned object of a destroy.
pub fn check_destroy_plan(planned: &Value) -> Vec<Violation> {
    let mut found = Found::new();
    if !planned.is_null() {
        found.add(&PLAN_DESTROY, &Path::root(), "is planned to be there after its destroy");
    }
    found.violations
}

fn object(found: &mut Found, schema: &Block, prior: &Value, config: &Value, planned: &Value, path: &Path) {
    match (config.is_null(), planned.is_null()) {
        (true, true) => return,
        (false, true) => return found.add(&PLAN_PRESENCE, path, "is configured and planned to be absent"),
        (true, false) => return found.add(&PLAN_PRESENCE, path, "is not configured and planned to be there"),
        (false, false) => {}
    }
    for (name, attribute) in &schema.attributes {
        let values = (member(prior, name), member(config, name), member(planned, name));
        self::attribute(found, attribute, values, &path.then_attr(name));
    }
    for (name, nested) in &schema.blocks {
        let (prior, config, planned) = (member(prior, name), member(config, name), member(planned, name));
        blocks(found, nested, prior, config, planned, &path.then_attr(name));
    }
}

fn attribute(found: &mut Found, schema: &Attribute, values: (&Value, &Value, &Value), path: &Path) {
    let (prior, config, planned) = values;
    // What is said of an unknown value may differ: the provider may know more of it than the user.
    let said = unrefined(planned);
    let as_configured = said == unrefined(config);
    let as_before = said == unrefined(prior) && !prior.is_null() && !config.is_null();
    let left_to_us = schema.mode.is_computed() && (config.is_null() || !schema.mode.is_configurable());
    let never_kept = schema.write_only && planned.is_null();
    if as_configured || as_before || left_to_us || never_kept {
        return;
    }
    if config.is_null() {
        found.add(&PLAN_NOT_COMPUTED, path, "is left out, is not computed, and has a planned value");
    } else if prior.is_null() {
        found.add(&PLAN_CONFIGURED, path, "is planned to be something other than what is configured");
    } else {
        found.add(&PLAN_CONFIGURED, path, "is planned to be something other than what is configured and what it was");
    }
}

fn blocks(found: &mut Found, schema: &NestedBlock, prior: &Value, config: &Value, planned: &Value, path: &Path) {
    if planned == config {
        return;
    }
    if config.is_unknown() {
        return found.add(&PLAN_DYNAMIC_BLOCK, path, "is unknown in the configuration and planned as something else");
    }
    if planned.is_unknown() {
        return found.add(&PLAN_BLOCK_UNKNOWN, path, "is planned to be unknown");
    }
    if schema.nesting == Nesting::Single {
        return object(found, &schema.block, prior, config, planned, path);
    }
    if planned.is_null() {
        return found.add(&PLAN_BLOCK_NULL, path, "is planned to be null");
    }
    match schema.nesting {
        Nesting::Single => {}
        Nesting::List => list(found, schema, prior, config, planned, path),
        Nesting::Map => map(found, schema, prior, config, planned, path),
        Nesting::Set => {
            let (wanted, count) = (elements(config).len(), elements(planned).len());
            // Fewer are fine: what is filled in may make two of the user's blocks one.
            if wanted < count {
                found.add(&PLAN_SET_COUNT, path, format!("has {wanted} blocks configured and {count} planned"));
            }
            // Without a label nothing says which planned block stands for which configured one.
            for (index, block) in elements(planned).iter().enumerate() {
                known_block(found, block, &path.then_index(index));
            }
        }
    }
}

fn list(found: &mut Found, schema: &NestedBlock, prior: &Value, config: &Value, planned: &Value, path: &Path) {
    let (configs, plans, priors) = (elements(config), elements(planned), elements(prior));
    if configs.len() != plans.len() {
        let message = format!("has {} blocks configured and {} planned", configs.len(), plans.len());
        return found.add(&PLAN_BLOCK_COUNT, path, message);
    }
    for (index, (config, planned)) in configs.iter().zip(plans).enumerate() {
        let path = path.then_index(index);
        if known_block(found, planned, &path) {
            object(found, &schema.block, priors.get(index).unwrap_or(&Value::Null), config, planned, &path);
        }
    }
}

fn map(found: &mut Found, schema: &NestedBlock, prior: &Value, config: &Value, planned: &Value, path: &Path) {
    for (label, planned) in members(planned) {
        let path = path.then_key(label);
        let Some(config) = bare(config).as_map().and_then(|configs| configs.get(label)) else {
            found.add(&PLAN_BLOCK_KEY, &path, "is planned and not configured");
            continue;
        };
        if known_block(found, planned, &path) {
            object(found, &schema.block, member(prior, label), config, planned, &path);
        }
    }
    for (label, _) in members(config) {
        if !bare(planned).as_map().is_some_and(|plans| plans.contains_key(label)) {
            found.add(&PLAN_BLOCK_KEY, &path.then_key(label), "is configured and not planned");
        }
    }
}

fn known_block(found: &mut Found, planned: &Value, path: &Path) -> bool {
    if planned.is_unknown() {
        found.add(&PLAN_BLOCK_UNKNOWN, path, "is planned to be unknown");
    }
    !planned.is_unknown()
}

/// The value without what is known of its unknown parts.
fn unrefined(value: &Value) -> Value {
    match value {
        Value::Unknown(_) => Value::UNKNOWN,
        Value::List(elements) => Value::List(elements.iter().map(unrefined).collect()),
        Value::Set(elements) => Value::set(elements.iter().map(unrefined)),
        Value::Map(members) => {
            Value::Map(members.iter().map(|(name, member)| (name.clone(), unrefined(member))).collect())
        }
        Value::Dynamic(ty, inner) => Value::Dynamic(ty.clone(), Box::new(unrefined(inner))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}
