//! Walks over a value by its schema: everything at attribute level, with proper paths.

use homelab_cty::{Attribute, Block, Nesting, Path, Value};

use super::planned::empty;

/// Calls `visit` with every attribute of `value`, in order of names.
pub(super) fn attributes<'v>(block: &Block, value: &'v Value, visit: &mut impl FnMut(&Path, &Attribute, &'v Value)) {
    walk(block, value, &Path::root(), visit);
}

fn walk<'v>(block: &Block, value: &'v Value, path: &Path, visit: &mut impl FnMut(&Path, &Attribute, &'v Value)) {
    let Some(members) = value.as_map() else {
        return;
    };
    for (name, attribute) in &block.attributes {
        if let Some(member) = members.get(name) {
            visit(&path.then_attr(name), attribute, member);
        }
    }
    for (name, nested) in &block.blocks {
        let path = path.then_attr(name);
        match (nested.nesting, members.get(name)) {
            (Nesting::Single, Some(value)) => walk(&nested.block, value, &path, visit),
            (Nesting::Map, Some(Value::Map(elements))) => {
                for (key, element) in elements {
                    walk(&nested.block, element, &path.then_key(key), visit);
                }
            }
            (Nesting::List, Some(Value::List(elements))) => {
                for (index, element) in elements.iter().enumerate() {
                    walk(&nested.block, element, &path.then_index(index), visit);
                }
            }
            (Nesting::Set, Some(Value::Set(elements))) => {
                for element in elements {
                    walk(&nested.block, element, &path, visit);
                }
            }
            _ => {}
        }
    }
}

/// Builds a value anew: every attribute through `attribute`, every unknown block as none.
pub(super) fn rebuild(block: &Block, value: &Value, attribute: &impl Fn(&Attribute, &Value) -> Value) -> Value {
    if value.is_null() {
        return Value::Null;
    }
    let attributes =
        block.attributes.iter().map(|(name, schema)| (name.clone(), attribute(schema, value.member(name))));
    let blocks = block.blocks.iter().map(|(name, nested)| {
        let inner = &nested.block;
        let part = match (nested.nesting, value.member(name)) {
            (Nesting::Single, value @ Value::Map(_)) => rebuild(inner, value, attribute),
            (Nesting::List, Value::List(elements)) => {
                Value::List(elements.iter().map(|element| rebuild(inner, element, attribute)).collect())
            }
            (Nesting::Set, Value::Set(elements)) => {
                Value::set(elements.iter().map(|element| rebuild(inner, element, attribute)))
            }
            (Nesting::Map, Value::Map(elements)) => Value::Map(
                elements.iter().map(|(key, element)| (key.clone(), rebuild(inner, element, attribute))).collect(),
            ),
            (nesting, _) => empty(nesting),
        };
        (name.clone(), part)
    });
    Value::Map(attributes.chain(blocks).collect())
}

/// `value` as it may be stored: unknown and write-only attributes are null.
pub(super) fn storable(block: &Block, value: &Value) -> Value {
    rebuild(block, value, &|attribute, value| {
        if attribute.write_only || !value.is_wholly_known() { Value::Null } else { value.clone() }
    })
}

/// `value` without what is never stored.
pub(super) fn without_write_only(block: &Block, value: &Value) -> Value {
    rebuild(block, value, &|attribute, value| if attribute.write_only { Value::Null } else { value.clone() })
}

/// Paths of attributes that are not wholly known.
pub(super) fn unknown(block: &Block, value: &Value) -> Vec<Path> {
    let mut found = Vec::new();
    attributes(block, value, &mut |path, _, value| {
        if !value.is_wholly_known() {
            found.push(path.clone());
        }
    });
    found
}

/// Paths of write-only attributes that the user set.
pub(super) fn write_only(block: &Block, config: &Value) -> Vec<Path> {
    let mut found = Vec::new();
    attributes(block, config, &mut |path, attribute, value| {
        if attribute.write_only && !value.is_null() {
            found.push(path.clone());
        }
    });
    found
}
