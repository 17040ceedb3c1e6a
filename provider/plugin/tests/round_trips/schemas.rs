//! Random schemas: attributes of every type and mode, nested blocks of every nesting.

use homelab_cty::testing::Generator;
use homelab_cty::{Attribute, Block, Mode, NestedBlock, Nesting, Type, Value};

/// Where in a schema a block is.
#[derive(Clone, Copy)]
struct Place {
    depth: usize,
    in_collection: bool,
    in_set: bool,
}

/// Two spellings of one text, for attributes that have a notion of that.
fn same_letters(one: &Value, other: &Value) -> bool {
    match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => false,
    }
}

/// A schema that core accepts.
pub(crate) fn block(generator: &mut Generator) -> Block {
    generator.unknown = false;
    nested(generator, Place { depth: 2, in_collection: false, in_set: false })
}

fn nested(generator: &mut Generator, place: Place) -> Block {
    let mut block = Block::default();
    for index in 0..=generator.random.below(4) {
        block.attributes.insert(format!("a{index}"), attribute(generator, place));
    }
    for index in 0..generator.random.below(place.depth + 1) {
        let nesting = *generator.random.pick(&[Nesting::Single, Nesting::List, Nesting::Set, Nesting::Map]);
        let inner = Place {
            depth: place.depth - 1,
            in_collection: place.in_collection || nesting != Nesting::Single,
            in_set: place.in_set || nesting == Nesting::Set,
        };
        let block_of = nested(generator, inner);
        block.blocks.insert(format!("b{index}"), NestedBlock { nesting, block: block_of, min_items: 0, max_items: 0 });
    }
    block
}

fn attribute(generator: &mut Generator, place: Place) -> Attribute {
    let mode = *generator.random.pick(&[Mode::Required, Mode::Optional, Mode::Computed, Mode::OptionalComputed]);
    let depth = generator.random.below(3);
    let mut attribute = Attribute::new(generator.ty(depth, !place.in_collection), mode);
    attribute.sensitive = generator.random.one_in(6);
    if mode == Mode::Optional && !place.in_set && generator.random.one_in(5) {
        attribute.write_only = true;
        return attribute;
    }
    attribute.replace = generator.random.one_in(8);
    if attribute.ty == Type::String && generator.random.one_in(2) {
        attribute.same = Some(same_letters);
    }
    if mode == Mode::OptionalComputed && generator.random.one_in(3) {
        attribute.default = Some(generator.known(&attribute.ty)).filter(|default| !default.is_null());
    }
    attribute
}
