use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::testing::Generator;

fn object() -> Type {
    Type::object([("a", Type::String), ("b", Type::list(Type::Number))])
}

#[track_caller]
fn refused(text: &str, ty: &Type, message: &str) {
    let error = decode(text.as_bytes(), ty).unwrap_err().to_string();
    assert!(error.contains(message), "{error}");
}

#[test]
fn numbers_keep_all_their_digits() {
    for text in ["0.1", "12345678901234567890.123456789", "-0.000000000000000000001", "1e400", "9007199254740993"] {
        let value = decode(text.as_bytes(), &Type::Number).unwrap();
        assert_eq!(value, Value::Number(text.parse().unwrap()));
        let again = encode(&value, &Type::Number).unwrap();
        assert_eq!(decode(&again, &Type::Number), Ok(value), "{text}");
    }
}

#[test]
fn primitives_may_stand_for_each_other() {
    for (text, ty, value) in [
        ("\"1.5\"", Type::Number, Value::Number("1.5".parse().unwrap())),
        ("1.50", Type::String, Value::string("1.50")),
        ("true", Type::String, Value::string("true")),
        ("\"true\"", Type::Bool, Value::Bool(true)),
        ("\"0\"", Type::Bool, Value::Bool(false)),
    ] {
        assert_eq!(decode(text.as_bytes(), &ty), Ok(value), "{text}");
    }
    refused("\"yes\"", &Type::Bool, "must be of type \"bool\", is a string");
    refused("1", &Type::Bool, "must be of type \"bool\", is a number");
    refused("\"x\"", &Type::Number, "must be a number");
    refused("true", &Type::Number, "must be of type \"number\", is a boolean");
}

#[test]
fn absent_attributes_are_null_and_extra_ones_are_dropped_on_request() {
    let value = Value::map([("a", Value::string("x")), ("b", Value::Null)]);
    assert_eq!(decode(br#"{"a":"x"}"#, &object()), Ok(value.clone()));
    refused(r#"{"a":"x","c":1}"#, &object(), "has no attribute \"c\"");
    assert_eq!(decode_dropping_extra(br#"{"a":"x","c":{"d":1}}"#, &object()), Ok(value));
    let nested = Type::list(object());
    refused(r#"[{"c":1}]"#, &nested, "[0]: has no attribute \"c\"");
    let nulls = Value::map([("a", Value::Null), ("b", Value::Null)]);
    assert_eq!(decode_dropping_extra(br#"[{"c":1}]"#, &nested), Ok(Value::List(vec![nulls])));
}

#[test]
fn errors_say_where_and_what() {
    refused(r#"{"b":[1,true]}"#, &object(), "b[1]: must be of type \"number\", is a boolean");
    refused("[]", &object(), "is an array");
    refused("{", &object(), "is no JSON");
    refused("1 2", &Type::Number, "is no JSON");
    refused("[1]", &Type::Tuple(vec![]), "must have 0 elements, has 1");
    refused("1", &Type::Dynamic, "must be of type \"dynamic\", is a number");
    for open in ["{}", r#"{"type":"string"}"#, r#"{"value":1}"#, r#"{"type":"string","value":"x","more":1}"#] {
        refused(open, &Type::Dynamic, "\"type\" and \"value\" and nothing else");
    }
    refused(r#"{"type":"strange","value":"x"}"#, &Type::Dynamic, "is no type constraint");
}

#[test]
fn open_values_carry_their_type() {
    let value = Value::dynamic(Type::list(Type::Bool), Value::List(vec![Value::Bool(true)]));
    let written = to_json(&value, &Type::Dynamic).unwrap();
    assert_eq!(written, json!({"value": [true], "type": ["list", "bool"]}));
    assert_eq!(from_json(&written, &Type::Dynamic), Ok(value));
    assert_eq!(decode(b"null", &Type::Dynamic), Ok(Value::Null));
}

#[test]
fn unknown_values_are_refused_with_their_path() {
    let value = Value::map([("a", Value::Null), ("b", Value::List(vec![Value::UNKNOWN]))]);
    let error = encode(&value, &object()).unwrap_err();
    assert_eq!(error.to_string(), "b[0]: is unknown, which JSON cannot hold");
}

#[test]
fn depth_is_bounded() {
    let open = |levels: usize| {
        let (start, end) = (r#"{"type":"dynamic","value":"#, "}");
        format!("{}null{}", start.repeat(levels), end.repeat(levels))
    };
    assert_eq!(decode(open(100).as_bytes(), &Type::Dynamic), Ok(Value::Null));
    assert!(decode(open(100_000).as_bytes(), &Type::Dynamic).is_err());
    let deep = (0..200).fold(Type::Bool, |ty, _| Type::list(ty));
    let value = (0..200).fold(Value::Bool(true), |value, _| Value::List(vec![value]));
    assert_eq!(encode(&value, &deep).unwrap_err().message, "nests deeper than 128 levels");
    let json = (0..200).fold(json!(true), |value, _| json!([value]));
    assert_eq!(from_json(&json, &deep).unwrap_err().message, "nests deeper than 128 levels");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn bytes_never_panic_and_what_is_read_can_be_written(
        text in "[\\[\\]{}:,\"a-z0-9.eE+\\- \\\\]{0,80}",
        seed: u64,
    ) {
        crate::testing::check_json(seed, text.as_bytes());
    }

    #[test]
    fn damaged_texts_never_panic(seed: u64, at: prop::sample::Index, byte: u8) {
        let mut generator = Generator::new(seed);
        generator.unknown = false;
        let ty = generator.ty(3, true);
        let mut bytes = encode(&generator.value(&ty), &ty).unwrap();
        let index = at.index(bytes.len());
        bytes[index] = byte;
        crate::testing::check_json(seed, &bytes);
    }
}
