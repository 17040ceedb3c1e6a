//! When a plan is no change.
//!
//! A computed attribute that is unknown in every plan would be an update in every plan. So what the author leaves open
//! keeps its prior value, as long as nothing else differs and no update is asked for.

use homelab_cty::{Block, NestedBlock, Nesting, Value};

use super::pairing;

/// Whether `planned` is `prior` but for computed attributes that the user left out and that are still open.
///
/// `config` tells those from unknown values of the user, which may become anything and so are a change.
pub(super) fn unchanged(block: &Block, config: &Value, planned: &Value, prior: &Value) -> bool {
    let (Value::Map(_), Value::Map(_)) = (planned, prior) else {
        return planned == prior;
    };
    let attributes = block.attributes.iter().all(|(name, attribute)| {
        let (planned, prior) = (planned.member(name), prior.member(name));
        attribute.write_only
            || planned == prior
            || attribute.mode.is_computed() && config.member(name).is_null() && pairing::becomes(planned, prior)
    });
    attributes
        && block.blocks.iter().all(|(name, nested)| {
            blocks_unchanged(nested, config.member(name), planned.member(name), prior.member(name))
        })
}

fn blocks_unchanged(nested: &NestedBlock, config: &Value, planned: &Value, prior: &Value) -> bool {
    let block = &nested.block;
    match (nested.nesting, planned, prior) {
        (Nesting::Single, planned, prior) => unchanged(block, config, planned, prior),
        (Nesting::List, Value::List(planned), Value::List(prior)) => {
            planned.len() == prior.len()
                && planned.iter().zip(prior).enumerate().all(|(index, (planned, prior))| {
                    unchanged(block, super::planned::item(config, index), planned, prior)
                })
        }
        (Nesting::Map, Value::Map(planned), Value::Map(prior)) => {
            planned.len() == prior.len()
                && planned.iter().all(|(key, planned)| {
                    prior.get(key).is_some_and(|prior| unchanged(block, config.member(key), planned, prior))
                })
        }
        // What the user wrote and is unknown is a change; which element holds it, nothing tells.
        (Nesting::Set, planned, prior) if !config.is_wholly_known() => planned == prior,
        (Nesting::Set, Value::Set(planned), Value::Set(prior)) => {
            // The element of the configuration is found by what it says; where several say the same, any will do.
            let of_config = |planned: &Value| {
                let configs = super::planned::elements(config);
                configs.iter().find(|config| pairing::holds(block, config, planned)).unwrap_or(&Value::Null)
            };
            let fits = |planned: &Value, prior: &Value| unchanged(block, of_config(planned), planned, prior);
            // Several planned blocks may have become one, but each stored block is still a planned one's own.
            pairing::pair(prior, planned, |prior, planned| fits(planned, prior)).iter().all(Option::is_some)
                && pairing::pair_or_share(planned, prior, fits).iter().all(Option::is_some)
        }
        _ => planned == prior,
    }
}
