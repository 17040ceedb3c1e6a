//! Declared blocks as the operator's JSON, and back, by the declared model itself.
//!
//! `app_role.secret_ref` is `appRole.secretRef`; keys of maps (labels, headers) stay as they are. What the operator's own types
//! leave out when they write an object back (false, an empty text, an empty list) is left out here too: sent, it would be ours
//! once and gone after the operator's next write.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use homelab_cty::{Attribute, Block, Nesting, Number, Type, Value};
use homelab_schema::duration;
use serde_json::{Map, Value as Json, json};

/// The one field that is bytes: PEM here, Base64 of it there.
const BYTES: &str = "ca_bundle";
/// A block that means something also when nothing is in it: an empty selector fits everything.
const MEANS_SOMETHING_EMPTY: &str = "namespace_selector";

/// The block as JSON; `None` while anything in it is unknown.
pub(super) fn to_json(block: &Block, value: &Value) -> Option<Map<String, Json>> {
    let mut out = Map::new();
    for (name, attribute) in &block.attributes {
        match value.member(name) {
            Value::Null => {}
            given => {
                if let Some(written) = attribute_to_json(name, attribute, given)? {
                    out.insert(camel(name), written);
                }
            }
        }
    }
    for (name, nested) in &block.blocks {
        match (nested.nesting, value.member(name)) {
            (_, Value::Null) => {}
            (_, Value::Unknown(_)) => return None,
            (Nesting::List, Value::List(blocks)) => {
                let all: Vec<Json> =
                    blocks.iter().map(|one| to_json(&nested.block, one).map(Json::Object)).collect::<Option<_>>()?;
                if !all.is_empty() {
                    out.insert(camel(name), Json::Array(all));
                }
            }
            (_, inside) => {
                out.insert(camel(name), Json::Object(to_json(&nested.block, inside)?));
            }
        }
    }
    Some(out)
}

#[expect(clippy::option_option, reason = "three states: not known yet, nothing to write, written")]
fn attribute_to_json(name: &str, attribute: &Attribute, given: &Value) -> Option<Option<Json>> {
    if !given.is_wholly_known() {
        return None;
    }
    if says_nothing(given) {
        return Some(None);
    }
    Some(match given {
        Value::Bool(value) => Some(json!(value)),
        Value::Number(number) => number.as_i64().map(Json::from),
        Value::String(text) if name == BYTES => Some(json!(STANDARD.encode(text))),
        Value::String(text) if is_duration(attribute) => Some(json!(duration::canonical(text))),
        Value::String(text) => Some(json!(text)),
        Value::List(elements) => Some(elements.iter().filter_map(Value::as_str).map(Json::from).collect()),
        Value::Map(members) => {
            let texts = members.iter().filter_map(|(key, value)| Some((key.clone(), Json::from(value.as_str()?))));
            Some(Json::Object(texts.collect()))
        }
        _ => None,
    })
}

/// The block that `json` amounts to. `prior` is what was declared before, by which only that is looked at; without it
/// everything is, and what is not there is the default.
pub(super) fn from_json(block: &Block, json: &Json, prior: Option<&Value>) -> Value {
    let attributes = block.attributes.iter().map(|(name, attribute)| {
        let prior = prior.map(|prior| prior.member(name));
        (name.clone(), attribute_from_json(name, attribute, json.get(camel(name)).unwrap_or(&Json::Null), prior))
    });
    let blocks = block.blocks.iter().map(|(name, nested)| {
        let prior = prior.map(|prior| prior.member(name));
        let live = json.get(camel(name)).unwrap_or(&Json::Null);
        let value = match nested.nesting {
            Nesting::List => list_from_json(&nested.block, live, prior),
            _ => block_from_json(name, &nested.block, live, prior),
        };
        (name.clone(), value)
    });
    Value::Map(attributes.chain(blocks).collect())
}

fn block_from_json(name: &str, block: &Block, live: &Json, prior: Option<&Value>) -> Value {
    if !live.is_object() || prior.is_some_and(Value::is_null) {
        return Value::Null;
    }
    let found = from_json(block, live, prior);
    // The operator writes some blocks back empty that nobody declared.
    let is_empty = live.as_object().is_some_and(Map::is_empty);
    if prior.is_none() && is_empty && name != MEANS_SOMETHING_EMPTY { Value::Null } else { found }
}

fn list_from_json(block: &Block, live: &Json, prior: Option<&Value>) -> Value {
    let before = match prior {
        Some(Value::List(before)) => Some(before),
        _ => None,
    };
    let live = live.as_array().into_iter().flatten().enumerate();
    // An element that was not declared before is looked at as a whole.
    Value::List(live.map(|(index, one)| from_json(block, one, before.and_then(|all| all.get(index)))).collect())
}

fn attribute_from_json(name: &str, attribute: &Attribute, live: &Json, prior: Option<&Value>) -> Value {
    if prior.is_some_and(Value::is_null) {
        return Value::Null;
    }
    let found = found(name, attribute, live, prior);
    match (&found, prior) {
        (Value::Null, Some(prior)) if says_nothing(prior) => prior.clone(),
        (Value::Null, _) => attribute.default.clone().unwrap_or(Value::Null),
        (found, Some(prior)) if attribute.same.is_some_and(|same| same(found, prior)) => prior.clone(),
        _ => found,
    }
}

fn found(name: &str, attribute: &Attribute, live: &Json, prior: Option<&Value>) -> Value {
    match (&attribute.ty, live) {
        (Type::Bool, Json::Bool(value)) => Value::Bool(*value),
        (Type::Number, Json::Number(number)) => {
            number.as_i64().map_or(Value::Null, |number| Value::Number(Number::from(number)))
        }
        (Type::String, Json::String(text)) if name == BYTES => {
            let bytes = STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            bytes.map_or(Value::Null, Value::string)
        }
        (Type::String, Json::String(text)) => {
            let is_word = attribute.one_of.is_empty() || attribute.one_of.contains(text);
            if is_word && !text.is_empty() { Value::string(text) } else { Value::Null }
        }
        (Type::List(_), Json::Array(elements)) if !elements.is_empty() => {
            Value::List(elements.iter().filter_map(Json::as_str).map(Value::string).collect())
        }
        (Type::Map(_), Json::Object(members)) => {
            // Keys that others have added are theirs.
            let is_declared = |key: &String| match prior {
                Some(Value::Map(prior)) => prior.contains_key(key),
                _ => true,
            };
            let texts = members.iter().filter(|(key, _)| is_declared(key));
            let texts: BTreeMap<String, Value> =
                texts.filter_map(|(key, text)| Some((key.clone(), Value::string(text.as_str()?)))).collect();
            if texts.is_empty() { Value::Null } else { Value::Map(texts) }
        }
        _ => Value::Null,
    }
}

/// What the operator's types leave out.
fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Bool(value) => !value,
        Value::String(text) => text.is_empty(),
        Value::List(elements) => elements.is_empty(),
        Value::Map(members) => members.is_empty(),
        _ => false,
    }
}

/// Whether it is compared as a duration: no other meaning is declared in a store.
fn is_duration(attribute: &Attribute) -> bool {
    attribute.same.is_some()
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut all, word| {
        let mut letters = word.chars();
        all.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        all.extend(letters);
        all
    })
}
