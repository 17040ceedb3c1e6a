use proptest::prelude::*;

use super::*;
use crate::{Bound, Refinement};

fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

#[track_caller]
fn refused(bytes: &str, ty: &Type, message: &str) {
    let error = decode(&hex(bytes), ty).unwrap_err().to_string();
    assert!(error.contains(message), "{error}");
}

fn object() -> Type {
    Type::object([("a", Type::String), ("b", Type::list(Type::Number))])
}

#[test]
fn truncated_messages_are_refused_wherever_they_end() {
    let value = Value::map([("a", Value::string("text")), ("b", Value::List(vec![Value::from(300)]))]);
    let bytes = encode(&value, &object()).unwrap();
    for end in 0..bytes.len() {
        assert!(decode(&bytes[..end], &object()).is_err(), "{end}");
    }
    assert_eq!(decode(&bytes, &object()), Ok(value));
}

#[test]
fn errors_say_where_and_what() {
    refused("82 a1 61 01 a1 62 90", &object(), "a: must be a string, is msgpack FixPos(1)");
    refused("82 a1 61 a0 a1 62 92 01 c3", &object(), "b[1]: must be a number, is msgpack True");
    refused("81 a1 61 a0", &object(), "must have 2 attributes, has 1");
    refused("82 a1 61 a0 a1 63 90", &object(), "has no attribute \"c\"");
    refused("82 a1 61 a0 a1 61 a0", &object(), "has the attribute \"a\" twice");
    refused("82 01 a0 a1 62 90", &object(), "must be a string as name of an attribute");
    refused("92 c2 c3", &Type::Tuple(vec![Type::Bool]), "must have 1 elements, has 2");
    refused("81 a1 6b c0 c0", &Type::map(Type::Bool), "1 bytes follow the value");
    refused("a2 c3 28", &Type::String, "is no UTF-8");
    refused("a1 78", &Type::Number, "must be a number");
    refused("cb 7f f0 00 00 00 00 00 00", &Type::Number, "must be a finite number");
    refused("c3", &Type::Dynamic, "must be an array of type and value");
    refused("91 c3", &Type::Dynamic, "must be an array of type and value");
    refused("92 c4 01 78 c3", &Type::Dynamic, "has a type that is no JSON");
    refused("92 c4 03 22 78 22 c3", &Type::Dynamic, "is no type constraint");
    refused("", &Type::Bool, "the message ends inside the value");
    refused("c1", &Type::Bool, "must be true or false");
}

#[test]
fn lengths_that_are_lies_allocate_nothing() {
    // Four billion elements, members, bytes: with the bytes to prove it missing.
    for (bytes, ty) in [
        ("dd ff ff ff ff", Type::list(Type::String)),
        ("dd ff ff ff ff", Type::set(Type::String)),
        ("df ff ff ff ff", Type::map(Type::String)),
        ("db ff ff ff ff", Type::String),
        ("c9 ff ff ff ff 0c", Type::String),
        ("92 c6 ff ff ff ff", Type::Dynamic),
    ] {
        refused(bytes, &ty, "the message ends inside the value");
    }
}

#[test]
fn depth_is_bounded() {
    // Open values inside open values.
    let nested = |levels: usize| {
        let mut bytes: Vec<u8> = Vec::new();
        for _ in 0..levels {
            bytes.extend_from_slice(b"\x92\xc4\x09\"dynamic\"");
        }
        bytes.push(0xc0);
        bytes
    };
    assert_eq!(decode(&nested(100), &Type::Dynamic), Ok(Value::Null));
    let error = decode(&nested(100_000), &Type::Dynamic).unwrap_err();
    assert_eq!(error.message, "nests deeper than 128 levels");

    let deep = |levels| (0..levels).fold(Type::Bool, |ty, _| Type::list(ty));
    let value = |levels| (0..levels).fold(Value::Bool(true), |value, _| Value::List(vec![value]));
    assert!(decode(&encode(&value(100), &deep(100)).unwrap(), &deep(100)).is_ok());
    assert_eq!(encode(&value(200), &deep(200)).unwrap_err().message, "nests deeper than 128 levels");
}

#[test]
fn numbers_are_read_in_every_form() {
    for (bytes, number) in [
        ("05", "5"),
        ("ff", "-1"),
        ("cc ff", "255"),
        ("cd 01 00", "256"),
        ("ce 00 01 00 00", "65536"),
        ("cf ff ff ff ff ff ff ff ff", "18446744073709551615"),
        ("d0 80", "-128"),
        ("d1 80 00", "-32768"),
        ("d2 80 00 00 00", "-2147483648"),
        ("d3 80 00 00 00 00 00 00 00", "-9223372036854775808"),
        ("ca 3f c0 00 00", "1.5"),
        ("cb 3f f8 00 00 00 00 00 00", "1.5"),
        ("a3 31 65 32", "100"),
    ] {
        assert_eq!(decode(&hex(bytes), &Type::Number), Ok(Value::Number(number.parse().unwrap())), "{bytes}");
    }
}

#[test]
fn any_short_extension_is_unknown_and_no_other() {
    for bytes in ["d4 00 00", "d4 0c 00", "c7 00 00", "d4 05 ff"] {
        assert_eq!(decode(&hex(bytes), &Type::String), Ok(Value::UNKNOWN), "{bytes}");
    }
    refused("d5 00 00 00", &Type::String, "extension of type 0");
    refused("d5 0c 81 01", &Type::String, "wrong description");
    // A description of an open value is not even looked at.
    assert_eq!(decode(&hex("d5 0c ff ff"), &Type::Dynamic), Ok(Value::UNKNOWN));
    let mut long = hex("c8 04 01 0c 81 01 c2");
    long.resize(4 + 1025, 0);
    assert!(decode(&long, &Type::String).unwrap_err().message.contains("more than 1024 bytes"));
}

#[test]
fn descriptions_are_checked_against_the_type_and_themselves() {
    refused("c7 05 0c 81 02 a2 61 62", &Type::Number, "nothing of that kind is known of \"number\"");
    refused("c7 05 0c 81 03 92 01 c3", &Type::String, "nothing of that kind");
    refused("d6 0c 81 05 01 00", &Type::Bool, "nothing of that kind");
    refused("c7 09 0c 82 03 92 05 c3 04 92 01 c3", &Type::Number, "no number lies between 5 and 1");
    refused("c7 05 0c 82 05 03 06 02", &Type::list(Type::Bool), "no length lies between 3 and 2");
    refused("c7 03 0c 81 05 ff", &Type::list(Type::Bool), "must be a length");
    // A key of a later cty is skipped, whatever its value is made of.
    let known = Value::refined(Refinement { null: Some(false), ..Refinement::default() });
    for later in
        ["c0", "a1 78", "92 01 c3", "81 a1 61 93 01 02 03", "cb 00 00 00 00 00 00 00 00", "d4 00 00", "c4 01 00"]
    {
        let later = hex(later);
        let body = [&hex("82 63")[..], &later, &hex("01 c2")].concat();
        let bytes = [&[0xc7, u8::try_from(body.len()).unwrap(), 12][..], &body].concat();
        assert_eq!(decode(&bytes, &Type::String), Ok(known.clone()), "{later:x?}");
    }
    assert_eq!(decode(&hex("c7 03 0c 81 01 c3"), &Type::String), Ok(Value::Null));
}

#[test]
fn contradictions_are_not_sent() {
    let bound = |limit: i64| Some(Bound { limit: limit.into(), inclusive: false });
    let refined = |refinement| encode(&Value::refined(refinement), &Type::Number).map_err(|error| error.message);
    assert_eq!(
        refined(Refinement { lower: bound(1), upper: bound(1), ..Refinement::default() }),
        Err("no number lies between 1 and 1".to_owned())
    );
    assert!(refined(Refinement { lower: bound(1), upper: bound(2), ..Refinement::default() }).is_ok());
}

#[test]
fn what_does_not_apply_to_the_type_is_not_sent() {
    let prefix = Refinement { string_prefix: Some("a".into()), ..Refinement::default() };
    assert_eq!(encode(&Value::refined(prefix.clone()), &Type::Number), Ok(hex("d4 00 00")));
    assert_eq!(encode(&Value::refined(prefix), &Type::Dynamic), Ok(hex("d4 00 00")));
    let empty = Value::Unknown(Some(Box::default()));
    assert_eq!(encode(&empty, &Type::String), Ok(hex("d4 00 00")));
    let null = Value::refined(Refinement { null: Some(true), ..Refinement::default() });
    assert_eq!(encode(&null, &Type::String), Ok(hex("c0")));
}

#[test]
fn long_prefixes_are_cut_where_nothing_can_combine() {
    let sent = |prefix: &str| {
        let value = Value::refined(Refinement { string_prefix: Some(prefix.to_owned()), ..Refinement::default() });
        match decode(&encode(&value, &Type::String).unwrap(), &Type::String).unwrap() {
            Value::Unknown(Some(refinement)) => refinement.string_prefix.unwrap_or_default(),
            Value::Unknown(None) => String::new(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(sent(&"a".repeat(256)), "a".repeat(256));
    assert_eq!(sent(&"a".repeat(1000)), "a".repeat(256));
    // 255 bytes, then a character of two that would be cut in half: the cut is in front of the last plain one.
    assert_eq!(sent(&format!("{}\u{e9}\u{e9}", "a".repeat(255))), "a".repeat(254));
    // Nothing plain in it: no safe cut, no prefix.
    assert_eq!(sent(&"\u{e9}".repeat(200)), "");
}

#[test]
fn values_of_another_type_are_refused_with_their_path() {
    let value = Value::map([("a", Value::from(1)), ("b", Value::Null)]);
    let error = encode(&value, &object()).unwrap_err();
    assert_eq!(error.to_string(), "a: must be a string, is a number");
    let missing = Value::map([("a", Value::Null)]);
    assert_eq!(
        encode(&missing, &object()).unwrap_err().to_string(),
        "b: is missing: an object has all attributes of its type"
    );
    let extra = Value::map([("a", Value::Null), ("b", Value::Null), ("c", Value::Null)]);
    assert_eq!(encode(&extra, &object()).unwrap_err().message, "has no attribute \"c\" in its type");
    let open = encode(&Value::from(1), &Type::Dynamic).unwrap_err();
    assert_eq!(open.message, "must be a value that carries its type, is a number");
    for (value, ty) in [(value, object()), (missing, object()), (extra, object()), (Value::from(1), Type::Dynamic)] {
        assert_eq!(value.conforms(&ty).unwrap_err(), encode(&value, &ty).unwrap_err());
    }
}

#[test]
fn text_is_brought_to_nfc_and_so_are_keys() {
    let decomposed = hex("a3 65 cc 81");
    assert_eq!(decode(&decomposed, &Type::String), Ok(Value::String("\u{e9}".into())));
    let map = [&[0x81][..], &decomposed, &[0xc3]].concat();
    assert_eq!(decode(&map, &Type::map(Type::Bool)), Ok(Value::map([("\u{e9}", Value::Bool(true))])));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn bytes_never_panic_and_what_is_read_can_be_written(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        seed: u64,
    ) {
        crate::testing::check_msgpack(seed, &bytes);
    }

    #[test]
    fn damaged_messages_never_panic(seed: u64, at: prop::sample::Index, byte: u8) {
        let mut generator = crate::testing::Generator::new(seed);
        let ty = generator.ty(3, true);
        let mut bytes = encode(&generator.value(&ty), &ty).unwrap();
        let index = at.index(bytes.len());
        bytes[index] = byte;
        crate::testing::check_msgpack(seed, &bytes);
    }
}
