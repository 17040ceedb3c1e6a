//! Bytes that go-cty wrote, kept in the repository, so that the codecs are held to them where there is no Go.
//!
//! `go_cty.rs` checks that go-cty still writes them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use homelab_cty::{Bound, Number, Refinement, Type, Value, json, msgpack};
use serde_json::Value as Json;

const VECTORS: &str = include_str!("../../../testdata/cty/vectors.json");

struct Vector {
    name: String,
    ty: Type,
    msgpack: Vec<u8>,
    json: Option<Json>,
}

fn vectors() -> Vec<Vector> {
    let mut file: Json = serde_json::from_str(VECTORS).unwrap();
    let Json::Array(items) = file["items"].take() else { panic!("no items") };
    items
        .into_iter()
        .map(|item| Vector {
            name: item["name"].as_str().unwrap().to_owned(),
            ty: Type::from_json(&item["type"]).unwrap(),
            msgpack: STANDARD.decode(item["msgpack"].as_str().unwrap()).unwrap(),
            json: item.get("json").cloned(),
        })
        .collect()
}

fn text(text: &str) -> Value {
    Value::string(text)
}

fn number(text: &str) -> Value {
    Value::Number(text.parse().unwrap())
}

/// What the vectors with a name of their own are.
fn expected(name: &str) -> Option<Value> {
    let not_null = Refinement { null: Some(false), ..Refinement::default() };
    let limit = |text: &str, inclusive| Some(Bound { limit: text.parse().unwrap(), inclusive });
    Some(match name {
        "null string" | "null open" | "null list" => Value::Null,
        "null string, open" => Value::dynamic(Type::String, Value::Null),
        "true" => Value::Bool(true),
        "empty text" => text(""),
        "composed text" => Value::String("\u{e9}".into()),
        "jamo" => Value::String("\u{ac01}".into()),
        "text of 31" => text(&"a".repeat(31)),
        "text of 32" => text(&"a".repeat(32)),
        "text of 256" => text(&"a".repeat(256)),
        "a third" => number(&format!("0.{}", "3".repeat(200))),
        "1e-300" => number("1e-300"),
        "empty list" => Value::List(vec![]),
        "list" => Value::List(vec![Value::from(2), Value::from(1)]),
        "list with null" => Value::List(vec![Value::Null, text("a")]),
        "set" => Value::Set(vec![text("a"), text("b")]),
        "map" => Value::map([("a", Value::Bool(true)), ("b", Value::Bool(false))]),
        "empty object" => Value::map([] as [(&str, Value); 0]),
        "object" => Value::map([("a", text("x")), ("b", Value::from(1))]),
        "object with null" => Value::map([("a", text("x")), ("b", Value::Null)]),
        "tuple" => Value::List(vec![Value::Bool(true), text("x")]),
        "open text" => Value::dynamic(Type::String, text("x")),
        "open object" => Value::dynamic(Type::object([("a", Type::String)]), Value::map([("a", text("x"))])),
        "open in a tuple" => Value::List(vec![Value::dynamic(Type::Bool, Value::Bool(true))]),
        "unknown text" | "unknown open" => Value::UNKNOWN,
        "unknown open text" => Value::dynamic(Type::String, Value::UNKNOWN),
        "not null" | "not null bool" | "not null object" => Value::refined(not_null),
        "prefix" => Value::refined(Refinement { string_prefix: Some("https://".into()), ..not_null }),
        "open prefix" => Value::dynamic(
            Type::String,
            Value::refined(Refinement { string_prefix: Some("a".into()), ..Refinement::default() }),
        ),
        "bounds" => Value::refined(Refinement { lower: limit("1", true), upper: limit("10", false), ..not_null }),
        "lower bound" => Value::refined(Refinement { lower: limit("0.1", false), ..Refinement::default() }),
        "lengths" => Value::refined(Refinement { min_length: Some(1), max_length: Some(300), ..not_null }),
        "set with unknown" => Value::Set(vec![text("a"), Value::UNKNOWN]),
        name => Value::Number(name.parse::<Number>().ok()?),
    })
}

fn has_set(ty: &Type) -> bool {
    match ty {
        Type::Set(_) => true,
        Type::Dynamic | Type::Bool | Type::Number | Type::String => false,
        Type::List(element) | Type::Map(element) => has_set(element),
        Type::Tuple(types) => types.iter().any(has_set),
        Type::Object(attributes) => attributes.values().any(has_set),
    }
}

/// Whether the value may be written with its parts in more than one order.
fn is_unordered(value: &Value, ty: &Type) -> bool {
    let mut open = false;
    value.walk(&mut |_, part| {
        open |= matches!(part, Value::Set(_));
        true
    });
    open || has_set(ty)
}

#[test]
fn vectors_are_read_as_what_they_are() {
    let mut named = 0;
    for vector in vectors() {
        let value =
            msgpack::decode(&vector.msgpack, &vector.ty).unwrap_or_else(|error| panic!("{}: {error}", vector.name));
        if let Some(expected) = expected(&vector.name) {
            named += 1;
            assert_eq!(value, expected, "{}", vector.name);
        } else {
            assert!(vector.name.starts_with("random"), "{} is not expected", vector.name);
        }
        assert_eq!(vector.json.is_some(), value.is_wholly_known(), "{}", vector.name);
        if let Some(written) = &vector.json {
            assert_eq!(json::from_json(written, &vector.ty).as_ref(), Ok(&value), "{}", vector.name);
        }
        value.conforms(&vector.ty).unwrap();
    }
    assert!(named > 45, "only {named} named vectors");
}

#[test]
fn vectors_are_written_byte_for_byte() {
    let mut exact = 0;
    for vector in vectors() {
        let value = msgpack::decode(&vector.msgpack, &vector.ty).unwrap();
        let again = msgpack::encode(&value, &vector.ty).unwrap();
        // Go escapes some characters in the names of a type that JSON does not ask it to.
        let escaped = vector.msgpack.windows(2).any(|pair| pair == b"\\u");
        if escaped || is_unordered(&value, &vector.ty) {
            assert_eq!(msgpack::decode(&again, &vector.ty), Ok(value), "{}", vector.name);
            continue;
        }
        exact += 1;
        assert_eq!(again, vector.msgpack, "{}", vector.name);
        if let Some(written) = &vector.json {
            assert_eq!(&json::to_json(&value, &vector.ty).unwrap(), written, "{}", vector.name);
        }
    }
    assert!(exact > 120, "only {exact} vectors without a set");
}
