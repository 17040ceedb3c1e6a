use homelab_cty::Bound;

use super::*;
use crate::oracle::check_apply;

#[track_caller]
fn apply<const N: usize>(planned: &Value, actual: &Value, expected: [(&str, &str); N]) {
    broken(&check_apply(&schema(), planned, actual), expected);
}

/// A plan and a result that differ in one attribute.
#[track_caller]
fn one<const N: usize>(name: &str, planned: Value, actual: Value, expected: [(&str, &str); N]) {
    apply(&with([(name, planned)]), &with([(name, actual)]), expected);
}

#[test]
fn an_object_is_there_as_planned() {
    apply(&with([]), &with([]), []);
    apply(&with([]), &Value::Null, [("any.present", "")]);
    apply(&Value::Null, &Value::Null, []);
    apply(&Value::Null, &with([]), [("apply.deleted", "")]);
    apply(&with([]), &Value::from(1), [("any.type", "")]);
}

#[test]
fn what_was_known_stays() {
    for name in ["required", "optional", "computed", "either"] {
        one(name, text("a"), text("a"), []);
        one(name, text("a"), text("b"), [("kept.value", name)]);
        one(name, text("a"), Value::Null, [("kept.value", name)]);
        one(name, Value::Null, text("a"), [("kept.value", name)]);
        one(name, text("a"), Value::UNKNOWN, [("any.known", name), ("kept.value", name)]);
    }
    let object = |a: &str| Value::map([("a", text(a))]);
    one("object", object("x"), object("y"), [("kept.value", "object.a")]);
}

#[test]
fn what_was_unknown_becomes_known() {
    one("computed", Value::UNKNOWN, text("a"), []);
    one("computed", Value::UNKNOWN, Value::Null, []);
    one("computed", Value::UNKNOWN, Value::UNKNOWN, [("any.known", "computed")]);
    let object = |a: Value| Value::map([("a", a)]);
    one("object", object(Value::UNKNOWN), object(text("x")), []);
    one("object", object(Value::UNKNOWN), object(Value::UNKNOWN), [("any.known", "object.a")]);
}

#[test]
fn promises_of_unknown_values_are_kept() {
    one("computed", not_null(), text(""), []);
    one("computed", not_null(), Value::Null, [("kept.promise", "computed")]);
    one("computed", prefixed("https://"), text("https://a.example.net"), []);
    one("computed", prefixed("https://"), text("http://a.example.net"), [("kept.promise", "computed")]);
    let bound = |limit: i64, inclusive| Some(Bound { limit: limit.into(), inclusive });
    let range = |lower, upper| Value::refined(Refinement { lower, upper, ..Refinement::default() });
    for (value, kept) in [(0, false), (1, true), (5, true), (9, true), (10, false), (11, false)] {
        let expected: &[_] = if kept { &[] } else { &[("kept.promise", "number")] };
        let planned = with([("number", range(bound(1, true), bound(10, false)))]);
        let found = check_apply(&schema(), &planned, &with([("number", Value::from(value))]));
        let found: Vec<_> = found.iter().map(|found| (found.rule.id, found.path.to_string())).collect();
        let found: Vec<_> = found.iter().map(|(rule, path)| (*rule, path.as_str())).collect();
        assert_eq!(found, expected, "{value}");
    }
    let length =
        |min_length, max_length| Value::refined(Refinement { min_length, max_length, ..Refinement::default() });
    one("list", length(Some(1), Some(2)), Value::List(texts(["a"])), []);
    one("list", length(Some(1), Some(2)), Value::List(vec![]), [("kept.promise", "list")]);
    one("list", length(None, Some(2)), Value::List(texts(["a", "b", "c"])), [("kept.promise", "list")]);
    one("map", length(Some(1), None), Value::map([] as [(&str, Value); 0]), [("kept.promise", "map")]);
    one("set", length(Some(2), None), Value::set(texts(["a", "a"])), [("kept.promise", "set")]);
    // A promise about the length is none against null.
    one("set", length(Some(2), None), Value::Null, []);
}

#[test]
fn open_values_keep_the_type_they_were_planned_with() {
    let number = |value| open(Type::Number, value);
    one("open", Value::UNKNOWN, number(Value::from(1)), []);
    one("open", Value::Null, number(Value::from(1)), []);
    one("open", number(Value::UNKNOWN), number(Value::from(1)), []);
    one("open", number(Value::UNKNOWN), open(Type::String, text("1")), [("kept.type", "open")]);
    one("open", number(Value::from(1)), Value::Null, [("kept.type", "open")]);
    one("open", number(Value::from(1)), number(Value::from(2)), [("kept.value", "open")]);
    let loose = open(Type::list(Type::Dynamic), Value::UNKNOWN);
    one("open", loose.clone(), open(Type::list(Type::String), Value::List(texts(["a"]))), []);
    one("open", loose, open(Type::set(Type::String), Value::set(texts(["a"]))), [("kept.type", "open")]);
}

#[test]
fn lists_and_maps_keep_their_elements() {
    let list = |second: Value| Value::List(vec![text("a"), second]);
    one("list", list(Value::UNKNOWN), list(text("b")), []);
    one("list", list(text("b")), list(text("c")), [("kept.value", "list[1]")]);
    one("list", list(Value::UNKNOWN), Value::List(texts(["a"])), [("kept.elements", "list")]);
    one("list", list(Value::UNKNOWN), Value::List(texts(["a", "b", "c"])), [("kept.elements", "list")]);
    let map = |key: &str| Value::map([(key, text("v"))]);
    one("map", map("k"), map("k"), []);
    one("map", map("k"), map("l"), [("kept.elements", "map[\"k\"]"), ("kept.elements", "map[\"l\"]")]);
}

#[test]
fn sets_may_shrink_but_not_grow() {
    let set = |values: Vec<Value>| Value::set(values);
    let planned = || set(vec![text("a"), Value::UNKNOWN, Value::UNKNOWN]);
    one("set", planned(), set(texts(["a", "b", "c"])), []);
    one("set", planned(), set(texts(["a", "b"])), []);
    one("set", planned(), set(texts(["a"])), []);
    one("set", planned(), set(texts(["a", "b", "c", "d"])), [("kept.elements", "set")]);
    one("set", planned(), set(texts(["b", "c"])), [("kept.elements", "set[0]")]);
    one("set", set(texts(["a", "b"])), set(texts(["a"])), [("kept.elements", "set[1]")]);
    one("set", set(texts(["a"])), set(texts(["b"])), [("kept.elements", "set[0]"), ("kept.elements", "set[0]")]);
}

#[test]
fn blocks_are_there_as_planned() {
    let single = |value| with([("one", value)]);
    apply(&single(block("a", Value::UNKNOWN)), &single(block("a", text("1"))), []);
    apply(&single(block("a", Value::UNKNOWN)), &single(block("b", text("1"))), [("kept.value", "one.name")]);
    apply(&single(block("a", Value::UNKNOWN)), &single(Value::Null), [("kept.presence", "one")]);
    apply(&single(Value::Null), &single(block("a", text("1"))), [("kept.presence", "one")]);
    apply(&single(Value::UNKNOWN), &single(Value::Null), []);
    apply(&single(Value::UNKNOWN), &single(block("a", text("1"))), []);

    let many = |blocks| with([("many", Value::List(blocks))]);
    apply(&many(vec![block("a", Value::UNKNOWN)]), &many(vec![block("a", text("1"))]), []);
    apply(
        &many(vec![block("a", Value::UNKNOWN)]),
        &many(vec![block("b", text("1"))]),
        [("kept.value", "many[0].name")],
    );
    apply(&many(vec![block("a", Value::UNKNOWN)]), &many(vec![]), [("kept.blocks", "many")]);
    apply(&with([("many", Value::UNKNOWN)]), &many(vec![block("a", text("1"))]), []);

    let labelled = |label: &str, id| with([("labelled", Value::map([(label, block("a", id))]))]);
    apply(&labelled("x", Value::UNKNOWN), &labelled("x", text("1")), []);
    apply(&labelled("x", text("2")), &labelled("x", text("1")), [("kept.value", "labelled[\"x\"].id")]);
    apply(
        &labelled("x", Value::UNKNOWN),
        &labelled("y", text("1")),
        [("kept.blocks", "labelled[\"x\"]"), ("kept.blocks", "labelled[\"y\"]")],
    );
    apply(&labelled("x", Value::UNKNOWN), &with([]), [("kept.blocks", "labelled[\"x\"]")]);

    let bag = |blocks| with([("bag", Value::set(blocks))]);
    let planned = bag(vec![bagged(text("a"), Value::UNKNOWN), bagged(Value::UNKNOWN, Value::UNKNOWN)]);
    apply(&planned, &bag(vec![bagged(text("a"), text("1")), bagged(text("b"), text("2"))]), []);
    apply(&planned, &bag(vec![bagged(text("a"), text("1"))]), []);
    apply(&planned, &bag(vec![bagged(text("b"), text("1"))]), [("kept.blocks", "bag[0]")]);
    let three = ["a", "b", "c"].map(|name| bagged(text(name), text("1"))).to_vec();
    apply(&planned, &bag(three), [("kept.blocks", "bag")]);
}

#[test]
fn write_only_attributes_are_null_after_apply() {
    apply(&with([]), &with([("secret", text("s"))]), [("any.write_only", "secret"), ("kept.value", "secret")]);
    let leaky = Value::map([("name", text("a")), ("id", text("1")), ("secret", text("s"))]);
    apply(
        &with([("many", Value::UNKNOWN)]),
        &with([("many", Value::List(vec![leaky]))]),
        [("any.write_only", "many[0].secret")],
    );
}
