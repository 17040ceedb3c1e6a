//! Every rule, broken and kept. The cases state facts that core's own tests state too, and what was seen of Terraform.

mod kept;
mod planned;
mod rest;

use homelab_cty::{Attribute, Block, Mode, NestedBlock, Nesting, Refinement, Type, Value};

use super::{RULES, Violation};

fn attribute(ty: Type, mode: Mode) -> Attribute {
    Attribute::new(ty, mode)
}

fn nested(nesting: Nesting) -> NestedBlock {
    let attributes = [
        ("name", attribute(Type::String, Mode::Optional)),
        ("id", attribute(Type::String, Mode::Computed)),
        ("secret", Attribute { write_only: true, ..attribute(Type::String, Mode::Optional) }),
    ];
    let attributes = attributes.into_iter().map(|(name, attribute)| (name.to_owned(), attribute)).collect();
    let secret_in_set = nesting == Nesting::Set;
    let mut block = Block { attributes, ..Block::default() };
    if secret_in_set {
        // Core accepts none there.
        block.attributes.remove("secret");
    }
    NestedBlock { nesting, block, min_items: 0, max_items: 0 }
}

/// A schema with one of everything.
fn schema() -> Block {
    let attributes = [
        ("required", attribute(Type::String, Mode::Required)),
        ("optional", attribute(Type::String, Mode::Optional)),
        ("computed", attribute(Type::String, Mode::Computed)),
        ("either", attribute(Type::String, Mode::OptionalComputed)),
        ("number", attribute(Type::Number, Mode::Computed)),
        ("list", attribute(Type::list(Type::String), Mode::OptionalComputed)),
        ("set", attribute(Type::set(Type::String), Mode::OptionalComputed)),
        ("map", attribute(Type::map(Type::String), Mode::OptionalComputed)),
        ("object", attribute(Type::object([("a", Type::String)]), Mode::OptionalComputed)),
        ("open", attribute(Type::Dynamic, Mode::OptionalComputed)),
        ("secret", Attribute { write_only: true, ..attribute(Type::String, Mode::Optional) }),
    ];
    let blocks = [
        ("one", nested(Nesting::Single)),
        ("many", nested(Nesting::List)),
        ("labelled", nested(Nesting::Map)),
        ("bag", nested(Nesting::Set)),
    ];
    Block {
        attributes: attributes.into_iter().map(|(name, attribute)| (name.to_owned(), attribute)).collect(),
        blocks: blocks.into_iter().map(|(name, nested)| (name.to_owned(), nested)).collect(),
        ..Block::default()
    }
}

/// An object of [`schema`] with some members given.
fn with<const N: usize>(given: [(&str, Value); N]) -> Value {
    let Value::Map(mut members) = schema().empty_value() else { unreachable!() };
    members.insert("required".into(), text("r"));
    for (name, value) in given {
        assert!(members.insert(name.into(), value).is_some(), "{name}");
    }
    Value::Map(members)
}

/// A nested block: name, id.
fn block(name: &str, id: Value) -> Value {
    Value::map([("name", text(name)), ("id", id), ("secret", Value::Null)])
}

/// A nested block of the set.
fn bagged(name: Value, id: Value) -> Value {
    Value::map([("name", name), ("id", id)])
}

fn text(text: &str) -> Value {
    Value::string(text)
}

fn texts<const N: usize>(texts: [&str; N]) -> Vec<Value> {
    texts.into_iter().map(Value::string).collect()
}

fn open(ty: Type, value: Value) -> Value {
    Value::dynamic(ty, value)
}

fn not_null() -> Value {
    Value::refined(Refinement { null: Some(false), ..Refinement::default() })
}

fn prefixed(prefix: &str) -> Value {
    Value::refined(Refinement { string_prefix: Some(prefix.into()), ..Refinement::default() })
}

/// Expects exactly these rules to be broken, at these paths.
#[track_caller]
fn broken<const N: usize>(violations: &[Violation], expected: [(&str, &str); N]) {
    let found: Vec<_> = violations.iter().map(|found| (found.rule.id, found.path.to_string())).collect();
    let found: Vec<_> = found.iter().map(|(rule, path)| (*rule, path.as_str())).collect();
    assert_eq!(found, expected, "{violations:#?}");
}

#[test]
fn rules_are_listed_once_each_with_a_text() {
    let mut ids: Vec<_> = RULES.iter().map(|rule| rule.id).collect();
    assert!(RULES.iter().all(|rule| rule.text.ends_with('.')));
    ids.sort_unstable();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count);
}
