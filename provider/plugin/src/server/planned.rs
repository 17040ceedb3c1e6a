//! The planned value: what the user wrote, in the spelling that the state has where both mean the same, and what the
//! author says for the rest.
//!
//! Core accepts a planned attribute when it equals the configuration, or the prior value where both are not null, or when
//! it is computed and the configuration is null. Building the value from the configuration, one attribute at a time,
//! makes every other answer impossible, whatever the author returns.

use homelab_cty::{Attribute, Block, NestedBlock, Nesting, Refinement, Value};

use super::pairing;

/// Which value an attribute has that the user left out and for which nobody answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unanswered {
    /// It will be known after apply: a plan.
    Unknown,
    /// Nothing yet: a data source or an ephemeral resource that is about to be read.
    Null,
}

/// The value of `block` that follows from `config`, with `authored` for computed attributes that the user left out.
///
/// `authored` is the author's answer, or null to start from the configuration and its defaults alone. Values that
/// mean the same in `prior` keep its spelling. Nested blocks are those of the configuration, whatever the author
/// answered; one that is unknown itself (a `dynamic` block over an unknown collection) passes through.
pub(super) fn planned(block: &Block, config: &Value, prior: &Value, authored: &Value, unanswered: Unanswered) -> Value {
    if config.is_null() || config.is_unknown() {
        return config.clone();
    }
    let attributes = block.attributes.iter().map(|(name, attribute)| {
        let said = authored.as_map().and_then(|members| members.get(name));
        (name.clone(), attribute_value(attribute, config.member(name), prior.member(name), said, unanswered))
    });
    let blocks = block.blocks.iter().map(|(name, nested)| {
        let (config, prior, authored) = (config.member(name), prior.member(name), authored.member(name));
        (name.clone(), blocks_value(nested, config, prior, authored, unanswered))
    });
    Value::Map(attributes.chain(blocks).collect())
}

fn attribute_value(
    attribute: &Attribute,
    config: &Value,
    prior: &Value,
    said: Option<&Value>,
    unanswered: Unanswered,
) -> Value {
    if attribute.write_only {
        return Value::Null;
    }
    if attribute.mode.is_computed() && may_be_null(config) {
        // It may turn out that the user left it out, and then the value is ours: what is said of the user's value would be
        // a promise about that one too, and core holds us to it.
        return Value::UNKNOWN;
    }
    if let Value::Unknown(Some(refinement)) = config {
        return promised(attribute, refinement);
    }
    if !config.is_null() {
        return spelled(attribute, config, prior);
    }
    if !attribute.mode.is_computed() {
        // The configuration's own null: that of a dynamic attribute carries a type, which core compares.
        return config.clone();
    }
    let value = match (said, &attribute.default) {
        (Some(said), _) => said.clone(),
        (None, Some(default)) => default.clone(),
        (None, None) if unanswered == Unanswered::Unknown => Value::UNKNOWN,
        (None, None) => Value::Null,
    };
    spelled(attribute, &value, prior)
}

/// Whether it is unknown, and whether it is null is unknown too.
fn may_be_null(config: &Value) -> bool {
    match config {
        Value::Unknown(said) => said.as_ref().is_none_or(|said| said.null != Some(false)),
        _ => false,
    }
}

/// What may be promised of an attribute whose configuration is not known yet, and of which Terraform knows something.
///
/// A promise in the plan binds the plan of the apply, and that may answer otherwise than the configuration: with the
/// prior spelling, or, where the configuration turns out to be null, with what the provider says.
fn promised(attribute: &Attribute, refinement: &Refinement) -> Value {
    let never_null = refinement.null == Some(false);
    match (attribute.same.is_some(), attribute.mode.is_computed(), never_null) {
        (true, _, true) => Value::Unknown(Some(Box::new(Refinement { null: Some(false), ..Refinement::default() }))),
        (true, _, false) | (false, true, false) => Value::UNKNOWN,
        (false, false, _) | (false, true, true) => Value::Unknown(Some(Box::new(refinement.clone()))),
    }
}

/// `value`, or `prior` where that means the same.
pub(super) fn spelled(attribute: &Attribute, value: &Value, prior: &Value) -> Value {
    let Some(same) = attribute.same else {
        return value.clone();
    };
    let comparable = |value: &Value| !value.is_null() && value.is_wholly_known();
    if comparable(value) && comparable(prior) && same(value, prior) { prior.clone() } else { value.clone() }
}

fn blocks_value(
    nested: &NestedBlock,
    config: &Value,
    prior: &Value,
    authored: &Value,
    unanswered: Unanswered,
) -> Value {
    let block = &nested.block;
    if config.is_unknown() {
        return config.clone();
    }
    match (nested.nesting, config) {
        (Nesting::Single, config) => planned(block, config, prior, authored, unanswered),
        (Nesting::List, Value::List(config)) => {
            let element = |index: usize, config: &Value| {
                planned(block, config, item(prior, index), item(authored, index), unanswered)
            };
            Value::List(config.iter().enumerate().map(|(index, config)| element(index, config)).collect())
        }
        (Nesting::Map, Value::Map(config)) => {
            let element =
                |key: &str, config: &Value| planned(block, config, prior.member(key), authored.member(key), unanswered);
            Value::Map(config.iter().map(|(key, config)| (key.clone(), element(key, config))).collect())
        }
        (Nesting::Set, Value::Set(config)) => set_value(block, config, authored, unanswered),
        (nesting, _) => empty(nesting),
    }
}

/// Elements of a set have no name: the author's are found again by what the user wrote in them. Core licenses no prior
/// spelling in here.
///
/// Two blocks of the user may become one by what is filled in. Core does not mind, and two that are kept apart in the
/// plan would be one after apply, and so a change in every plan from then on.
fn set_value(block: &Block, config: &[Value], authored: &Value, unanswered: Unanswered) -> Value {
    let authored = elements(authored);
    let pairs = pairing::answers(block, config, authored);
    Value::set(config.iter().zip(pairs).map(|(config, pair)| {
        let authored = pair.and_then(|index| authored.get(index)).unwrap_or(&Value::Null);
        planned(block, config, &Value::Null, authored, unanswered)
    }))
}

/// The element `index` of a list; null where there is none.
pub(super) fn item(list: &Value, index: usize) -> &Value {
    match list {
        Value::List(elements) => elements.get(index).unwrap_or(&Value::Null),
        _ => &Value::Null,
    }
}

/// The elements of a list or a set; none of anything else.
pub(super) fn elements(value: &Value) -> &[Value] {
    match value {
        Value::List(elements) | Value::Set(elements) => elements,
        _ => &[],
    }
}

/// What a nested block is when there is none.
pub(super) fn empty(nesting: Nesting) -> Value {
    match nesting {
        Nesting::Single => Value::Null,
        Nesting::List => Value::List(Vec::new()),
        Nesting::Set => Value::Set(Vec::new()),
        Nesting::Map => Value::Map(std::collections::BTreeMap::new()),
    }
}
