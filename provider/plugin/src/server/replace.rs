//! Which attributes force a replacement.

use homelab_cty::{Block, NestedBlock, Nesting, Path, Value};

use super::planned::elements;

/// Paths of attributes marked `replace` whose planned value differs from the prior one, or may: it is unknown.
///
/// A labelled or listed block that comes or goes replaces nothing: only an attribute of an object that stays can change.
/// (A single block that comes or goes changes its attributes from or to null.) Elements of sets cannot be addressed, so
/// the set itself is named.
pub(super) fn forced(block: &Block, prior: &Value, planned: &Value) -> Vec<Path> {
    let mut found = Vec::new();
    walk(block, prior, planned, &Path::root(), &mut found);
    found
}

fn walk(block: &Block, prior: &Value, planned: &Value, path: &Path, found: &mut Vec<Path>) {
    for (name, attribute) in &block.attributes {
        if attribute.replace && !attribute.write_only && prior.member(name) != planned.member(name) {
            found.push(path.then_attr(name));
        }
    }
    for (name, nested) in block.blocks.iter().filter(|(_, nested)| marked(&nested.block)) {
        let (prior, planned) = (prior.member(name), planned.member(name));
        walk_nested(nested, prior, planned, &path.then_attr(name), found);
    }
}

fn walk_nested(nested: &NestedBlock, prior: &Value, planned: &Value, path: &Path, found: &mut Vec<Path>) {
    let block = &nested.block;
    if planned.is_unknown() {
        found.push(path.clone());
        return;
    }
    match nested.nesting {
        Nesting::Single => walk(block, prior, planned, path, found),
        Nesting::List => {
            for (index, (prior, planned)) in elements(prior).iter().zip(elements(planned)).enumerate() {
                walk(block, prior, planned, &path.then_index(index), found);
            }
        }
        Nesting::Map => {
            for (key, planned) in planned.as_map().into_iter().flatten() {
                if let Some(prior) = prior.as_map().and_then(|prior| prior.get(key)) {
                    walk(block, prior, planned, &path.then_key(key), found);
                }
            }
        }
        Nesting::Set => {
            let parts = |set: &Value| Value::set(elements(set).iter().map(|element| projection(block, element)));
            if parts(prior) != parts(planned) {
                found.push(path.clone());
            }
        }
    }
}

/// Whether anything in the block forces a replacement.
fn marked(block: &Block) -> bool {
    block.attributes.values().any(|attribute| attribute.replace && !attribute.write_only)
        || block.blocks.values().any(|nested| marked(&nested.block))
}

/// What of a value counts for a replacement.
fn projection(block: &Block, value: &Value) -> Value {
    let attributes = block
        .attributes
        .iter()
        .filter(|(_, attribute)| attribute.replace)
        .map(|(name, _)| (name.clone(), value.member(name).clone()));
    let blocks = block.blocks.iter().filter(|(_, nested)| marked(&nested.block)).map(|(name, nested)| {
        let part = match (nested.nesting, value.member(name)) {
            (Nesting::Single, value @ Value::Map(_)) => projection(&nested.block, value),
            (Nesting::List, Value::List(elements)) => {
                Value::List(elements.iter().map(|element| projection(&nested.block, element)).collect())
            }
            (Nesting::Set, Value::Set(elements)) => {
                Value::set(elements.iter().map(|element| projection(&nested.block, element)))
            }
            (Nesting::Map, Value::Map(elements)) => Value::Map(
                elements.iter().map(|(key, element)| (key.clone(), projection(&nested.block, element))).collect(),
            ),
            (_, other) => other.clone(),
        };
        (name.clone(), part)
    });
    Value::Map(attributes.chain(blocks).collect())
}

/// Whether `path` leads anywhere in `value`, as core will follow it.
pub(super) fn resolves(path: &Path, value: &Value) -> bool {
    use homelab_cty::Step;
    let mut value = value;
    for step in &path.0 {
        let next = match (value, step) {
            (Value::Map(members), Step::Attribute(name) | Step::Key(name)) => members.get(name),
            (Value::List(elements), Step::Index(index)) => {
                usize::try_from(*index).ok().and_then(|index| elements.get(index))
            }
            (Value::Unknown(_), _) => return true,
            _ => None,
        };
        match next {
            Some(next) => value = next,
            None => return false,
        }
    }
    true
}
