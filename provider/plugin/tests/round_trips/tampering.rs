//! Answers that break a rule between server and oracle: every one must be caught, by the rule that it breaks.

use homelab_cty::{Attribute, Block, Mode, NestedBlock, Nesting, Path, Refinement, Type, Value};
use homelab_plugin::oracle::{Action, RULES};

use crate::author::Manners;
use crate::core::Trouble;
use crate::life::{Life, Tamper, What};

/// Changes a value so that a rule is broken; false where there is nothing to break it at.
type Breach = fn(&Block, &mut Value) -> bool;

/// One way to break one rule, once in a life.
#[derive(Clone, Copy)]
enum Way {
    Value(What, Breach),
    /// A change that is legal, and then one that is not because of it.
    Values(What, Breach, What, Breach),
    Replace,
    Action(Action),
    Identity {
        kept: bool,
        change: fn() -> Value,
    },
}

struct Breaking {
    way: Way,
    prepared: bool,
    done: bool,
}

impl Tamper for Breaking {
    fn value(&mut self, what: What, block: &Block, value: &mut Value) {
        match self.way {
            Way::Value(when, breach) if when == what && !self.done => self.done = breach(block, value),
            Way::Values(when, prepare, ..) if when == what && !self.prepared => self.prepared = prepare(block, value),
            Way::Values(_, _, when, breach) if when == what && self.prepared && !self.done => {
                self.done = breach(block, value);
            }
            _ => {}
        }
    }

    fn replace(&mut self, updating: bool, replace: &mut Vec<Path>) {
        if matches!(self.way, Way::Replace) && updating {
            replace.push(Path::attr("nowhere"));
            self.done = true;
        }
    }

    fn action(&mut self, action: &mut Action) {
        if let Way::Action(other) = self.way
            && *action != other
            && *action != Action::Update
        {
            *action = other;
            self.done = true;
        }
    }

    fn identity(&mut self, known_before: bool, identity: &mut Value) {
        if let Way::Identity { kept, change } = self.way
            && (known_before || !kept)
        {
            *identity = change();
            self.done = true;
        }
    }
}

/// Lives until the breach was tried in some, and expects all of those to be caught.
#[track_caller]
fn caught(rule: &str, way: Way) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut tried = 0;
    for seed in 0..20_000 {
        let mut breaking = Breaking { way, prepared: false, done: false };
        let lived = runtime.block_on(Life::new(seed, Manners::Good).live(&mut breaking));
        if !breaking.done {
            if !breaking.prepared {
                lived.unwrap_or_else(|trouble| panic!("{rule}, seed {seed}: nothing was broken: {trouble}"));
            }
            continue;
        }
        match lived {
            Err(Trouble::Illegal(message)) if message.contains(&format!("({rule}:")) => {}
            other => panic!("{rule}, seed {seed}: broken and not caught: {other:?}"),
        }
        tried += 1;
        if tried == 8 {
            return;
        }
    }
    panic!("{rule} was broken only {tried} times");
}

/// Changes the first attribute that fits.
fn attribute(
    block: &Block,
    value: &mut Value,
    fits: fn(&Attribute, &Value) -> bool,
    change: fn(&Attribute, &Value) -> Value,
) -> bool {
    let Value::Map(members) = value else { return false };
    for (name, attribute) in &block.attributes {
        if let Some(member) = members.get_mut(name)
            && fits(attribute, member)
        {
            *member = change(attribute, member);
            return true;
        }
    }
    false
}

/// Changes the first nested block that fits.
fn blocks(
    block: &Block,
    value: &mut Value,
    fits: fn(&NestedBlock, &Value) -> bool,
    change: fn(&NestedBlock, &Value) -> Value,
) -> bool {
    let Value::Map(members) = value else { return false };
    for (name, nested) in &block.blocks {
        if let Some(member) = members.get_mut(name)
            && fits(nested, member)
        {
            *member = change(nested, member);
            return true;
        }
    }
    false
}

/// An attribute that is as the user wrote it, and known.
fn is_written_text(attribute: &Attribute, value: &Value) -> bool {
    attribute.mode == Mode::Required && attribute.ty == Type::String && value.as_str().is_some()
}

fn other_text(_: &Attribute, value: &Value) -> Value {
    Value::string(format!("{}x", value.as_str().unwrap_or_default()))
}

fn rewritten(block: &Block, value: &mut Value) -> bool {
    attribute(block, value, is_written_text, other_text)
}

fn unknown(block: &Block, value: &mut Value) -> bool {
    attribute(block, value, |_, _| true, |_, _| Value::UNKNOWN)
}

fn mistyped(block: &Block, value: &mut Value) -> bool {
    attribute(block, value, |it, _| it.ty == Type::Number, |_, _| Value::string("one"))
}

fn leaked(block: &Block, value: &mut Value) -> bool {
    attribute(block, value, |it, _| it.write_only && it.ty == Type::String, |_, _| Value::string("s"))
}

fn absent(_: &Block, value: &mut Value) -> bool {
    let there = !value.is_null();
    *value = Value::Null;
    there
}

fn present(block: &Block, value: &mut Value) -> bool {
    *value = block.empty_value();
    true
}

fn null_blocks(block: &Block, value: &mut Value) -> bool {
    blocks(block, value, |nested, it| nested.nesting != Nesting::Single && !it.is_unknown(), |_, _| Value::Null)
}

fn unknown_blocks(block: &Block, value: &mut Value) -> bool {
    blocks(block, value, |_, it| !it.is_unknown() && !it.is_null(), |_, _| Value::UNKNOWN)
}

fn is_list_of_blocks(nested: &NestedBlock, value: &Value) -> bool {
    nested.nesting == Nesting::List && matches!(value, Value::List(blocks) if !blocks.is_empty())
}

fn one_fewer(block: &Block, value: &mut Value) -> bool {
    blocks(block, value, is_list_of_blocks, |_, value| match value {
        Value::List(blocks) => Value::List(blocks[1..].to_vec()),
        other => other.clone(),
    })
}

fn one_more_in_set(block: &Block, value: &mut Value) -> bool {
    let fits = |nested: &NestedBlock, value: &Value| nested.nesting == Nesting::Set && matches!(value, Value::Set(_));
    blocks(block, value, fits, |nested, value| match value {
        Value::Set(blocks) => {
            // Far from any other, so that it does not become one with it.
            let Value::Map(members) = nested.block.empty_value() else { unreachable!() };
            let members = members.into_iter().map(|(name, value)| {
                let is_attribute = nested.block.attributes.contains_key(&name);
                (name, if is_attribute { Value::UNKNOWN } else { value })
            });
            Value::set(blocks.iter().cloned().chain([Value::map(members)]))
        }
        other => other.clone(),
    })
}

fn relabelled(block: &Block, value: &mut Value) -> bool {
    let fits = |nested: &NestedBlock, value: &Value| {
        nested.nesting == Nesting::Map && value.as_map().is_some_and(|blocks| !blocks.is_empty())
    };
    blocks(block, value, fits, |_, value| match value {
        Value::Map(blocks) => Value::map(blocks.iter().map(|(label, block)| (format!("{label}x"), block.clone()))),
        other => other.clone(),
    })
}

fn without_single(block: &Block, value: &mut Value) -> bool {
    blocks(block, value, |nested, it| nested.nesting == Nesting::Single && it.as_map().is_some(), |_, _| Value::Null)
}

fn invented(block: &Block, value: &mut Value) -> bool {
    let fits = |it: &Attribute, value: &Value| {
        it.mode == Mode::Optional && !it.write_only && it.ty == Type::String && value.is_null()
    };
    attribute(block, value, fits, |_, _| Value::string("x"))
}

fn decided(block: &Block, value: &mut Value) -> bool {
    blocks(block, value, |nested, it| nested.nesting == Nesting::List && it.is_unknown(), |_, _| Value::List(vec![]))
}

fn lengthened(block: &Block, value: &mut Value) -> bool {
    let fits = |it: &Attribute, value: &Value| {
        it.mode == Mode::Required && matches!((&it.ty, value), (Type::List(_), Value::List(_)))
    };
    attribute(block, value, fits, |_, value| match value {
        Value::List(elements) => Value::List(elements.iter().cloned().chain([Value::Null]).collect()),
        other => other.clone(),
    })
}

fn retyped(block: &Block, value: &mut Value) -> bool {
    let fits = |it: &Attribute, value: &Value| it.mode == Mode::Required && matches!(value, Value::Dynamic(..));
    attribute(block, value, fits, |_, value| match value {
        Value::Dynamic(ty, inner) => {
            Value::dynamic(Type::Tuple(vec![(**ty).clone()]), Value::List(vec![(**inner).clone()]))
        }
        other => other.clone(),
    })
}

fn is_open_text(attribute: &Attribute, value: &Value) -> bool {
    attribute.mode == Mode::Computed && attribute.ty == Type::String && value.is_unknown()
}

fn promised(block: &Block, value: &mut Value) -> bool {
    attribute(block, value, is_open_text, |_, _| {
        Value::refined(Refinement { string_prefix: Some("promise-".into()), ..Refinement::default() })
    })
}

fn broken_promise(block: &Block, value: &mut Value) -> bool {
    let fits = |_: &Attribute, value: &Value| value.as_str().is_some_and(|text| text.starts_with("promise-"));
    attribute(block, value, fits, |_, _| Value::string("another"))
}

const BREACHES: &[(&str, Way)] = &[
    ("any.type", Way::Value(What::Plan, mistyped)),
    ("any.type", Way::Value(What::Replan, mistyped)),
    ("any.type", Way::Value(What::Apply, mistyped)),
    ("any.type", Way::Value(What::Read, mistyped)),
    ("any.write_only", Way::Value(What::Plan, leaked)),
    ("any.write_only", Way::Value(What::Apply, leaked)),
    ("any.write_only", Way::Value(What::Read, leaked)),
    ("any.write_only", Way::Value(What::Upgrade, leaked)),
    ("any.write_only", Way::Value(What::Import, leaked)),
    ("plan.presence", Way::Value(What::Plan, absent)),
    ("plan.presence", Way::Value(What::Plan, without_single)),
    ("plan.configured", Way::Value(What::Plan, rewritten)),
    ("plan.not_computed", Way::Value(What::Plan, invented)),
    ("plan.dynamic_block", Way::Value(What::Plan, decided)),
    ("plan.block_unknown", Way::Value(What::Plan, unknown_blocks)),
    ("plan.block_null", Way::Value(What::Plan, null_blocks)),
    ("plan.block_count", Way::Value(What::Plan, one_fewer)),
    ("plan.block_key", Way::Value(What::Plan, relabelled)),
    ("plan.set_count", Way::Value(What::Plan, one_more_in_set)),
    ("plan.replace", Way::Replace),
    ("plan.destroy", Way::Value(What::DestroyPlan, present)),
    ("any.known", Way::Value(What::Apply, unknown)),
    ("any.known", Way::Value(What::Read, unknown)),
    ("any.known", Way::Value(What::Upgrade, unknown)),
    ("any.known", Way::Value(What::Import, unknown)),
    ("any.present", Way::Value(What::Apply, absent)),
    ("any.present", Way::Value(What::Upgrade, absent)),
    ("any.present", Way::Value(What::Import, absent)),
    ("apply.deleted", Way::Value(What::Delete, present)),
    ("kept.presence", Way::Value(What::Apply, without_single)),
    ("kept.value", Way::Value(What::Apply, rewritten)),
    ("kept.promise", Way::Values(What::Replan, promised, What::Apply, broken_promise)),
    ("kept.type", Way::Value(What::Apply, retyped)),
    ("kept.elements", Way::Value(What::Apply, lengthened)),
    ("kept.blocks", Way::Value(What::Apply, one_fewer)),
    ("kept.blocks", Way::Value(What::Apply, relabelled)),
    ("replan.action", Way::Action(Action::Delete)),
    ("read.block_null", Way::Value(What::Read, null_blocks)),
    ("identity.complete", Way::Identity { kept: false, change: || Value::map([("name", Value::Null)]) }),
    ("identity.kept", Way::Identity { kept: true, change: || Value::map([("name", Value::string("another"))]) }),
];

#[test]
fn every_broken_rule_is_caught() {
    for (rule, way) in BREACHES {
        caught(rule, *way);
    }
}

#[test]
fn every_rule_is_broken_here() {
    for rule in RULES {
        assert!(BREACHES.iter().any(|(broken, _)| *broken == rule.id), "{} is never broken", rule.id);
    }
}
