//! Values that stand, completed by values that fill what was left open.

use homelab_cty::{Block, NestedBlock, Nesting, Value};

use super::pairing;
use super::planned::{elements, empty, item, spelled};

/// `standing` where it is known, and `filling` elsewhere. What neither knows stays unknown; write-only is null.
pub(super) fn filled(block: &Block, standing: &Value, filling: &Value) -> Value {
    if standing.is_null() {
        return Value::Null;
    }
    let attributes = block.attributes.iter().map(|(name, attribute)| {
        let value = if attribute.write_only { Value::Null } else { fill(standing.member(name), filling.member(name)) };
        (name.clone(), value)
    });
    let blocks = block
        .blocks
        .iter()
        .map(|(name, nested)| (name.clone(), filled_blocks(nested, standing.member(name), filling.member(name))));
    Value::Map(attributes.chain(blocks).collect())
}

fn fill(standing: &Value, filling: &Value) -> Value {
    match (standing, filling) {
        (standing, _) if standing.is_wholly_known() => standing.clone(),
        (Value::List(standing), Value::List(filling)) if standing.len() == filling.len() => {
            Value::List(standing.iter().zip(filling).map(|(standing, filling)| fill(standing, filling)).collect())
        }
        (Value::Map(standing), Value::Map(filling)) if standing.keys().eq(filling.keys()) => Value::Map(
            standing
                .iter()
                .zip(filling.values())
                .map(|((key, standing), filling)| (key.clone(), fill(standing, filling)))
                .collect(),
        ),
        _ => filling.clone(),
    }
}

fn filled_blocks(nested: &NestedBlock, standing: &Value, filling: &Value) -> Value {
    let block = &nested.block;
    match (nested.nesting, standing) {
        (_, Value::Unknown(_)) => filling.clone(),
        (Nesting::Single, standing) => filled(block, standing, filling),
        (Nesting::List, Value::List(standing)) => Value::List(
            standing
                .iter()
                .enumerate()
                .map(|(index, standing)| filled(block, standing, item(filling, index)))
                .collect(),
        ),
        (Nesting::Map, Value::Map(standing)) => Value::Map(
            standing
                .iter()
                .map(|(key, standing)| (key.clone(), filled(block, standing, filling.member(key))))
                .collect(),
        ),
        (Nesting::Set, Value::Set(standing)) => {
            let filling = elements(filling);
            let pairs = pairing::pair_or_share(standing, filling, pairing::becomes);
            Value::set(standing.iter().zip(pairs).map(|(standing, pair)| {
                filled(block, standing, pair.and_then(|index| filling.get(index)).unwrap_or(&Value::Null))
            }))
        }
        (nesting, _) => empty(nesting),
    }
}

/// `value` in the spelling of `prior`, wherever both mean the same.
pub(super) fn respelled(block: &Block, value: &Value, prior: &Value) -> Value {
    let (Value::Map(_), Value::Map(_)) = (value, prior) else {
        return value.clone();
    };
    let attributes = block
        .attributes
        .iter()
        .map(|(name, attribute)| (name.clone(), spelled(attribute, value.member(name), prior.member(name))));
    let blocks = block.blocks.iter().map(|(name, nested)| {
        let inner = &nested.block;
        let value = match (nested.nesting, value.member(name), prior.member(name)) {
            (Nesting::Single, value, prior) => respelled(inner, value, prior),
            (Nesting::List, Value::List(values), prior) => Value::List(
                values.iter().enumerate().map(|(index, value)| respelled(inner, value, item(prior, index))).collect(),
            ),
            (Nesting::Map, Value::Map(values), prior) => Value::Map(
                values.iter().map(|(key, value)| (key.clone(), respelled(inner, value, prior.member(key)))).collect(),
            ),
            (Nesting::Set, Value::Set(values), prior) => {
                let prior = elements(prior);
                // The partner is the one that it would equal in the other's spelling.
                let pairs = pairing::pair(values, prior, |value, prior| respelled(inner, value, prior) == *prior);
                Value::set(
                    values
                        .iter()
                        .zip(pairs)
                        .map(|(value, pair)| pair.and_then(|index| prior.get(index)).unwrap_or(value).clone()),
                )
            }
            (_, value, _) => value.clone(),
        };
        (name.clone(), value)
    });
    Value::Map(attributes.chain(blocks).collect())
}
