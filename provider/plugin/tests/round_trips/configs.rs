//! Random configurations: with unknown parts, with those becoming known, and with changes.

use homelab_cty::testing::Generator;
use homelab_cty::{Attribute, Block, Bound, Mode, NestedBlock, Nesting, Refinement, Type, Value};

/// A configuration as core would accept it.
pub(crate) fn config(generator: &mut Generator, block: &Block) -> Value {
    object(generator, block, &attribute)
}

/// Any object of the schema, whoever may give its attributes.
pub(crate) fn anything(generator: &mut Generator, block: &Block) -> Value {
    object(generator, block, &|generator, schema| generator.value(&schema.ty))
}

type MakeAttribute<'a> = &'a dyn Fn(&mut Generator, &Attribute) -> Value;

fn object(generator: &mut Generator, block: &Block, make: MakeAttribute<'_>) -> Value {
    let attributes = block.attributes.iter().map(|(name, schema)| (name.clone(), make(generator, schema)));
    let mut members: Vec<_> = attributes.collect();
    members.extend(block.blocks.iter().map(|(name, nested)| (name.clone(), objects(generator, nested, make))));
    Value::map(members)
}

fn attribute(generator: &mut Generator, schema: &Attribute) -> Value {
    match schema.mode {
        Mode::Computed => Value::Null,
        Mode::Required => loop {
            let unknown = generator.unknown && generator.random.one_in(5);
            let value = if unknown { generator.unknown(&schema.ty) } else { generator.known(&schema.ty) };
            if !value.is_null() {
                break tamed(&schema.ty, value);
            }
        },
        Mode::Optional | Mode::OptionalComputed if generator.random.one_in(3) => Value::Null,
        Mode::Optional | Mode::OptionalComputed => {
            let value = generator.value(&schema.ty);
            match tamed(&schema.ty, value) {
                // Of a known type, but perhaps null, and then the provider's: it could hardly be of that type.
                Value::Dynamic(_, inner) if inner.is_unknown() && schema.mode.is_computed() => Value::UNKNOWN,
                value => value,
            }
        }
    }
}

fn blocks(generator: &mut Generator, nested: &NestedBlock) -> Value {
    objects(generator, nested, &attribute)
}

fn objects(generator: &mut Generator, nested: &NestedBlock, make: MakeAttribute<'_>) -> Value {
    if generator.unknown && generator.random.one_in(12) {
        // A `dynamic` block over something unknown.
        return Value::UNKNOWN;
    }
    let count = generator.random.below(4);
    let mut elements: Vec<Value> = (0..count).map(|_| object(generator, &nested.block, make)).collect();
    match nested.nesting {
        Nesting::Single => elements.pop().unwrap_or(Value::Null),
        Nesting::List => Value::List(elements),
        Nesting::Set => Value::set(elements),
        Nesting::Map => {
            Value::map(elements.into_iter().map(|element| (format!("k{}", generator.random.below(5)), element)))
        }
    }
}

/// The value without promises that are hard to keep on purpose: numbers strictly between two others, sets of many.
fn tamed(ty: &Type, value: Value) -> Value {
    match (ty, value) {
        (Type::Set(_), Value::Unknown(Some(known))) => {
            Value::refined(Refinement { min_length: None, max_length: None, ..*known })
        }
        (_, Value::Unknown(Some(known))) => {
            let inclusive = |bound: Option<Bound>| bound.map(|bound| Bound { inclusive: true, ..bound });
            let (lower, upper) = (inclusive(known.lower.clone()), inclusive(known.upper.clone()));
            Value::refined(Refinement { lower, upper, ..*known })
        }
        (Type::List(element), Value::List(elements)) => {
            Value::List(elements.into_iter().map(|value| tamed(element, value)).collect())
        }
        (Type::Set(element), Value::Set(elements)) => {
            Value::set(elements.into_iter().map(|value| tamed(element, value)))
        }
        (Type::Map(element), Value::Map(members)) => {
            Value::Map(members.into_iter().map(|(key, value)| (key, tamed(element, value))).collect())
        }
        (Type::Tuple(types), Value::List(elements)) => {
            Value::List(elements.into_iter().zip(types).map(|(value, ty)| tamed(ty, value)).collect())
        }
        (Type::Object(types), Value::Map(members)) => {
            let tame = |(name, value): (String, Value)| {
                let value = tamed(&types[&name], value);
                (name, value)
            };
            Value::Map(members.into_iter().map(tame).collect())
        }
        (Type::Dynamic, Value::Dynamic(ty, value)) => {
            let value = tamed(&ty, *value);
            Value::Dynamic(ty, Box::new(value))
        }
        (_, value) => value,
    }
}

/// The configuration with its unknown parts known; or, if only `partly`, about half of them.
pub(crate) fn resolved(generator: &mut Generator, block: &Block, config: &Value, partly: bool) -> Value {
    let Value::Map(members) = config else { return config.clone() };
    let mut resolver = Resolver { generator, partly };
    Value::Map(members.iter().map(|(name, value)| (name.clone(), resolver.member(block, name, value))).collect())
}

struct Resolver<'a> {
    generator: &'a mut Generator,
    partly: bool,
}

impl Resolver<'_> {
    fn member(&mut self, block: &Block, name: &str, value: &Value) -> Value {
        let Some(nested) = block.blocks.get(name) else {
            let attribute = &block.attributes[name];
            return self.value(&attribute.ty, value, attribute.mode == Mode::Required);
        };
        let mut inner = |value: &Value| resolved(self.generator, &nested.block, value, self.partly);
        match (nested.nesting, value) {
            (_, Value::Unknown(_)) if self.partly => value.clone(),
            (_, Value::Unknown(_)) => {
                self.generator.unknown = false;
                blocks(self.generator, nested)
            }
            (Nesting::Single, value) => inner(value),
            (_, Value::List(elements)) => Value::List(elements.iter().map(inner).collect()),
            (_, Value::Set(elements)) => Value::set(elements.iter().map(inner)),
            (_, Value::Map(members)) => {
                Value::Map(members.iter().map(|(key, value)| (key.clone(), inner(value))).collect())
            }
            (_, value) => value.clone(),
        }
    }

    fn value(&mut self, ty: &Type, value: &Value, must: bool) -> Value {
        match (ty, value) {
            (_, Value::Unknown(_)) if self.partly && self.generator.random.one_in(2) => value.clone(),
            (ty, Value::Unknown(known)) => {
                self.generator.unknown = false;
                let any = Refinement::default();
                became(self.generator, ty, known.as_deref().unwrap_or(&any), must)
            }
            (Type::List(element), Value::List(elements)) => {
                Value::List(elements.iter().map(|value| self.value(element, value, false)).collect())
            }
            (Type::Set(element), Value::Set(elements)) => {
                Value::set(elements.iter().map(|value| self.value(element, value, false)).collect::<Vec<_>>())
            }
            (Type::Map(element), Value::Map(members)) => Value::Map(
                members.iter().map(|(key, value)| (key.clone(), self.value(element, value, false))).collect(),
            ),
            (Type::Tuple(types), Value::List(elements)) => {
                Value::List(elements.iter().zip(types).map(|(value, ty)| self.value(ty, value, false)).collect())
            }
            (Type::Object(types), Value::Map(members)) => Value::Map(
                members.iter().map(|(name, value)| (name.clone(), self.value(&types[name], value, false))).collect(),
            ),
            (Type::Dynamic, Value::Dynamic(ty, value)) => Value::dynamic((**ty).clone(), self.value(ty, value, must)),
            (_, value) => value.clone(),
        }
    }
}

/// A known value that an unknown one of which this much is known may become.
pub(crate) fn became(generator: &mut Generator, ty: &Type, known: &Refinement, must: bool) -> Value {
    if !must && known.null != Some(false) && generator.random.one_in(6) {
        return Value::Null;
    }
    let least = usize::try_from(known.min_length.unwrap_or(0)).unwrap();
    match ty {
        Type::String if known.string_prefix.is_some() => {
            // A plain letter combines with nothing, so that the prefix stays one.
            Value::string(format!("{}x", known.string_prefix.as_deref().unwrap_or_default()))
        }
        Type::Number => match known.lower.as_ref().or(known.upper.as_ref()) {
            Some(bound) => Value::Number(bound.limit.clone()),
            None => generator.known(ty),
        },
        Type::List(element) if least > 0 || known.max_length.is_some() => {
            Value::List((0..least).map(|_| generator.value(element)).collect())
        }
        Type::Map(element) if least > 0 || known.max_length.is_some() => {
            Value::map((0..least).map(|index| (format!("k{index}"), generator.value(element))).collect::<Vec<_>>())
        }
        ty => loop {
            let value = generator.known(ty);
            if !value.is_null() {
                break value;
            }
        },
    }
}

/// A configuration that differs: other values, other spellings, blocks that come, go and move.
pub(crate) fn changed(generator: &mut Generator, block: &Block, config: &Value) -> Value {
    let Value::Map(members) = config else { return self::config(generator, block) };
    let change = |(name, value): (&String, &Value)| {
        let changed = match (block.attributes.get(name), block.blocks.get(name)) {
            (Some(schema), _) => changed_attribute(generator, schema, value),
            (_, Some(nested)) => changed_blocks(generator, nested, value),
            _ => value.clone(),
        };
        (name.clone(), changed)
    };
    Value::Map(members.iter().map(change).collect())
}

fn changed_attribute(generator: &mut Generator, schema: &Attribute, value: &Value) -> Value {
    match value {
        Value::String(text) if schema.same.is_some() && generator.random.one_in(2) => {
            Value::string(if generator.random.one_in(2) {
                text.to_ascii_uppercase()
            } else {
                text.to_ascii_lowercase()
            })
        }
        _ if generator.random.one_in(3) => attribute(generator, schema),
        _ => value.clone(),
    }
}

fn changed_blocks(generator: &mut Generator, nested: &NestedBlock, value: &Value) -> Value {
    if generator.random.one_in(4) {
        return blocks(generator, nested);
    }
    let block = &nested.block;
    match value {
        Value::List(elements) => {
            let mut elements: Vec<_> = elements.iter().map(|element| changed(generator, block, element)).collect();
            if generator.random.one_in(3) {
                elements.reverse();
            }
            if generator.random.one_in(4) {
                elements.pop();
            }
            Value::List(elements)
        }
        Value::Set(elements) => {
            Value::set(elements.iter().map(|element| changed(generator, block, element)).collect::<Vec<_>>())
        }
        Value::Map(members) if nested.nesting == Nesting::Map => {
            Value::Map(members.iter().map(|(key, element)| (key.clone(), changed(generator, block, element))).collect())
        }
        Value::Null => Value::Null,
        one => changed(generator, block, one),
    }
}
