use super::*;
use crate::oracle::{check_destroy_plan, check_plan};

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "without it every case would start with an ampersand")]
fn plan<const N: usize>(prior: &Value, config: Value, planned: Value, expected: [(&str, &str); N]) {
    broken(&check_plan(&schema(), prior, &config, &planned), expected);
}

#[track_caller]
fn create<const N: usize>(config: Value, planned: Value, expected: [(&str, &str); N]) {
    plan(&Value::Null, config, planned, expected);
}

#[test]
fn a_plan_is_there_exactly_where_the_configuration_is() {
    create(with([]), with([]), []);
    create(with([]), Value::Null, [("plan.presence", "")]);
    create(Value::Null, with([]), [("plan.presence", "")]);
    create(Value::Null, Value::Null, []);
}

#[test]
fn a_plan_of_another_type_is_one_violation() {
    create(with([]), Value::Bool(true), [("any.type", "")]);
    create(with([]), with([("number", text("1"))]), [("any.type", "number")]);
}

#[test]
fn configured_attributes_are_planned_as_configured() {
    for name in ["required", "optional", "either"] {
        create(with([(name, text("a"))]), with([(name, text("a"))]), []);
        create(with([(name, text("a"))]), with([(name, text("b"))]), [("plan.configured", name)]);
        create(with([(name, text("a"))]), with([(name, Value::UNKNOWN)]), [("plan.configured", name)]);
        create(with([(name, text("a"))]), with([(name, Value::Null)]), [("plan.configured", name)]);
        create(with([(name, Value::UNKNOWN)]), with([(name, text("a"))]), [("plan.configured", name)]);
        create(with([(name, Value::UNKNOWN)]), with([(name, Value::UNKNOWN)]), []);
    }
    // Partly unknown collections are compared as wholes.
    let list = |second: Value| Value::List(vec![text("a"), second]);
    create(with([("list", list(Value::UNKNOWN))]), with([("list", list(Value::UNKNOWN))]), []);
    create(with([("list", list(Value::UNKNOWN))]), with([("list", list(text("b")))]), [("plan.configured", "list")]);
}

#[test]
fn what_is_said_of_an_unknown_value_may_differ_from_the_configuration() {
    create(with([("optional", Value::UNKNOWN)]), with([("optional", not_null())]), []);
    create(with([("optional", prefixed("a"))]), with([("optional", Value::UNKNOWN)]), []);
    let list = |value| Value::List(vec![value]);
    create(with([("list", list(Value::UNKNOWN))]), with([("list", list(not_null()))]), []);
}

#[test]
fn the_prior_value_may_stand_for_the_configured_one() {
    let prior = with([("optional", text("1h0m0s")), ("list", Value::List(texts(["b", "a"])))]);
    plan(&prior, with([("optional", text("1h"))]), with([("optional", text("1h0m0s"))]), []);
    plan(
        &prior,
        with([("optional", text("1h"))]),
        with([("optional", text("60m"))]),
        [("plan.configured", "optional")],
    );
    plan(
        &prior,
        with([("list", Value::List(texts(["a", "b"])))]),
        with([("list", Value::List(texts(["b", "a"])))]),
        [],
    );
    // Only where both are there: removing an argument is a change.
    plan(&prior, with([]), with([("optional", text("1h0m0s"))]), [("plan.not_computed", "optional")]);
    plan(&with([]), with([("optional", text("1h"))]), with([]), [("plan.configured", "optional")]);
}

#[test]
fn computed_attributes_are_free_where_the_user_says_nothing() {
    for planned in [Value::UNKNOWN, Value::Null, text("x"), not_null()] {
        create(with([]), with([("computed", planned.clone())]), []);
        create(with([]), with([("either", planned)]), []);
    }
    // Not even a configured value binds a computed-only attribute: core cannot tell where it came from.
    create(with([("computed", text("a"))]), with([("computed", text("b"))]), []);
    create(with([]), with([("optional", text("x"))]), [("plan.not_computed", "optional")]);
    create(with([]), with([("optional", Value::UNKNOWN)]), [("plan.not_computed", "optional")]);
}

#[test]
fn open_attributes_are_compared_with_their_types() {
    let number = open(Type::Number, Value::from(1));
    create(with([("open", number.clone())]), with([("open", number.clone())]), []);
    create(with([("open", number)]), with([("open", open(Type::String, text("1")))]), [("plan.configured", "open")]);
}

#[test]
fn write_only_attributes_are_planned_null() {
    create(with([("secret", text("s"))]), with([]), []);
    create(with([("secret", Value::UNKNOWN)]), with([]), []);
    create(with([("secret", text("s"))]), with([("secret", text("s"))]), [("any.write_only", "secret")]);
    create(
        with([]),
        with([("secret", Value::UNKNOWN)]),
        [("plan.not_computed", "secret"), ("any.write_only", "secret")],
    );
    let secretive = |secret| Value::map([("name", text("n")), ("id", Value::Null), ("secret", secret)]);
    create(with([("one", secretive(text("s")))]), with([("one", secretive(Value::Null))]), []);
    let labelled = |secret| with([("labelled", Value::map([("x", secretive(secret))]))]);
    create(labelled(text("s")), labelled(text("s")), [("any.write_only", "labelled[\"x\"].secret")]);
}

#[test]
fn single_blocks_are_there_or_not_and_never_unknown() {
    let known = with([("one", block("a", Value::Null))]);
    create(known.clone(), with([("one", block("a", Value::UNKNOWN))]), []);
    create(known.clone(), with([("one", block("b", Value::Null))]), [("plan.configured", "one.name")]);
    create(known.clone(), with([("one", Value::Null)]), [("plan.presence", "one")]);
    create(with([]), known.clone(), [("plan.presence", "one")]);
    create(known.clone(), with([("one", Value::UNKNOWN)]), [("plan.block_unknown", "one")]);
    create(with([("one", Value::UNKNOWN)]), known, [("plan.dynamic_block", "one")]);
    create(with([("one", Value::UNKNOWN)]), with([("one", Value::UNKNOWN)]), []);
}

#[test]
fn lists_of_blocks_keep_count_and_order() {
    let many = |blocks: Vec<Value>| with([("many", Value::List(blocks))]);
    let config = many(vec![block("a", Value::Null), block("b", Value::Null)]);
    create(config.clone(), many(vec![block("a", Value::UNKNOWN), block("b", text("id"))]), []);
    create(config.clone(), many(vec![block("a", Value::Null)]), [("plan.block_count", "many")]);
    create(
        config.clone(),
        many(vec![block("b", Value::Null), block("a", Value::Null)]),
        [("plan.configured", "many[0].name"), ("plan.configured", "many[1].name")],
    );
    create(config.clone(), many(vec![block("a", Value::Null), Value::UNKNOWN]), [("plan.block_unknown", "many[1]")]);
    create(config.clone(), with([("many", Value::Null)]), [("plan.block_null", "many")]);
    create(config, with([("many", Value::UNKNOWN)]), [("plan.block_unknown", "many")]);
    create(with([]), many(vec![block("a", Value::Null)]), [("plan.block_count", "many")]);
    create(with([("many", Value::UNKNOWN)]), with([]), [("plan.dynamic_block", "many")]);
    // The prior of a block is the one at its place.
    let prior = many(vec![block("A", text("1"))]);
    let config = many(vec![block("a", Value::Null), block("b", Value::Null)]);
    plan(&prior, config.clone(), many(vec![block("A", text("1")), block("b", Value::UNKNOWN)]), []);
    plan(
        &prior,
        config,
        many(vec![block("a", text("1")), block("A", Value::UNKNOWN)]),
        [("plan.configured", "many[1].name")],
    );
}

#[test]
fn maps_of_blocks_keep_their_labels() {
    let labelled = |blocks: Vec<(&str, Value)>| with([("labelled", Value::map(blocks))]);
    let config = labelled(vec![("x", block("a", Value::Null))]);
    create(config.clone(), labelled(vec![("x", block("a", Value::UNKNOWN))]), []);
    create(
        config.clone(),
        labelled(vec![("y", block("a", Value::Null))]),
        [("plan.block_key", "labelled[\"y\"]"), ("plan.block_key", "labelled[\"x\"]")],
    );
    create(config.clone(), labelled(vec![]), [("plan.block_key", "labelled[\"x\"]")]);
    create(config.clone(), labelled(vec![("x", Value::UNKNOWN)]), [("plan.block_unknown", "labelled[\"x\"]")]);
    create(config, with([("labelled", Value::Null)]), [("plan.block_null", "labelled")]);
    // The prior of a block is the one of its label.
    let prior = labelled(vec![("x", block("A", text("1")))]);
    let config = labelled(vec![("x", block("a", Value::Null)), ("y", block("b", Value::Null))]);
    let planned = labelled(vec![("x", block("A", text("1"))), ("y", block("b", Value::UNKNOWN))]);
    plan(&prior, config, planned, []);
}

#[test]
fn sets_of_blocks_gain_none() {
    let bag = |blocks: Vec<Value>| with([("bag", Value::set(blocks))]);
    let config = bag(vec![bagged(text("a"), Value::Null), bagged(text("b"), Value::Null)]);
    create(config.clone(), bag(vec![bagged(text("a"), Value::UNKNOWN), bagged(text("b"), Value::UNKNOWN)]), []);
    create(config.clone(), bag(vec![bagged(text("a"), Value::UNKNOWN)]), []);
    let three = ["a", "b", "c"].map(|name| bagged(text(name), Value::Null)).to_vec();
    create(config.clone(), bag(three), [("plan.set_count", "bag")]);
    create(
        config.clone(),
        bag(vec![bagged(text("a"), Value::Null), Value::UNKNOWN]),
        [("plan.block_unknown", "bag[1]")],
    );
    create(config, with([("bag", Value::Null)]), [("plan.block_null", "bag")]);
}

#[test]
fn a_destroy_plans_nothing() {
    broken(&check_destroy_plan(&Value::Null), []);
    broken(&check_destroy_plan(&with([])), [("plan.destroy", "")]);
}

#[test]
fn messages_show_no_value() {
    let config = with([("optional", text("hunter2")), ("secret", text("hunter2"))]);
    let planned = with([("optional", text("hunter3")), ("secret", text("hunter2"))]);
    let violations = check_plan(&schema(), &config, &config, &planned);
    assert!(violations.len() >= 2);
    for violation in violations {
        assert!(!violation.to_string().contains("hunter"), "{violation}");
    }
}
