//! Planned values, as tables: configuration, prior state and an author's answer in; a legal plan out.

use homelab_cty::{Refinement, Type, Value};
use serde_json::{Value as Json, json};

use super::fixture::{UNKNOWN, block, completed, thing};
use crate::server::planning::{Finished, base, finish};
use crate::{Plan, Private};

fn plan(planned: Value) -> Plan<Value> {
    Plan::new(planned, &Private::new())
}

/// The plan of an author who answers what it was given.
fn echoed(config: Json, prior: Option<Json>) -> Finished {
    let (config, prior) = (thing(config), prior.map(thing));
    let base = base(&block(), &config, prior.as_ref());
    finish(&block(), &config, prior.as_ref(), &plan(base))
}

fn answered(config: Json, prior: Option<Json>, answer: Json) -> Finished {
    finish(&block(), &thing(config), prior.map(thing).as_ref(), &plan(thing(answer)))
}

const DONE: &str = "https://a.example.net";

/// A state as an apply leaves it, with these members.
fn done(more: Json) -> Json {
    let mut state = json!({"name": "a", "text": "nothing", "host": "h", "url": DONE, "serial": 1});
    state.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    state
}

#[test]
fn a_create_has_defaults_and_leaves_the_rest_open() {
    let rule = json!({"path": "/", "port": null});
    let written =
        json!({"name": "a", "key_wo": "secret", "one": rule, "listed": [rule], "labelled": {"x": rule}, "bag": [rule]});
    let rule = json!({"path": "/", "port": "80", "id": UNKNOWN});
    let expected = json!({
        "name": "a", "text": "nothing", "host": UNKNOWN, "url": UNKNOWN, "serial": UNKNOWN,
        "one": rule, "listed": [rule], "labelled": {"x": rule}, "bag": [rule],
    });
    assert_eq!(echoed(written, None), Finished { planned: thing(expected), replace: vec![] });
}

#[test]
fn an_argument_that_was_removed_is_gone_or_its_default_never_the_prior_value() {
    let prior = done(json!({"text": "loud", "plain": "p", "parts": {"set": ["a"]}, "one": {"path": "/"}}));
    let planned = echoed(json!({"name": "a"}), Some(prior)).planned;
    assert_eq!(
        planned,
        thing(json!({"name": "a", "text": "nothing", "host": UNKNOWN, "url": UNKNOWN, "serial": UNKNOWN}))
    );
}

#[test]
fn an_author_decides_only_what_the_user_left_open() {
    let config = json!({"name": "a", "text": "mine", "labelled": {"x": {"path": "/"}}});
    let answer = json!({
        "name": "b", "text": "yours", "plain": "yours", "host": "h", "url": DONE, "serial": UNKNOWN,
        "labelled": {"x": {"path": "/other", "port": "1", "id": "i"}, "y": {}}, "listed": [{}], "one": {},
    });
    let expected = json!({
        "name": "a", "text": "mine", "host": "h", "url": DONE, "serial": UNKNOWN,
        "labelled": {"x": {"path": "/", "port": "1", "id": "i"}},
    });
    assert_eq!(answered(config, None, answer).planned, thing(expected));
}

#[test]
fn an_author_may_say_null_and_may_forget_to_say_anything() {
    let silent = finish(&block(), &thing(json!({"name": "a"})), None, &plan(Value::Null));
    assert_eq!(silent, echoed(json!({"name": "a"}), None));
    let null = answered(json!({"name": "a"}), None, json!({}));
    assert_eq!(null.planned, thing(json!({"name": "a"})));
}

#[test]
fn the_prior_spelling_stands_for_the_same_meaning() {
    let keeps = |config: Json, prior: Json| {
        let planned = echoed(json!({"name": "a", "case": config}), Some(done(json!({"case": prior})))).planned;
        planned.member("case").clone()
    };
    assert_eq!(keeps(json!("ABC"), json!("abc")), Value::from("abc"));
    assert_eq!(keeps(json!("ABD"), json!("abc")), Value::from("ABD"));
    assert_eq!(keeps(json!("ABC"), json!(null)), Value::from("ABC"));
    assert_eq!(keeps(json!(null), json!("abc")), Value::Null);
    assert_eq!(keeps(json!(UNKNOWN), json!("abc")), Value::UNKNOWN);
}

#[test]
fn nothing_new_is_no_change_although_computed_attributes_are_open() {
    let rule = json!({"path": "/", "port": "80", "id": "i", "zone": "z"});
    let prior = done(json!({
        "case": "abc", "one": rule, "listed": [rule], "labelled": {"x": rule, "y": rule}, "bag": [rule], "parts": {"set": ["a", "b"]},
    }));
    let rule = json!({"path": "/", "zone": "z"});
    let config = json!({
        "name": "a", "case": "ABC", "key_wo": "secret", "parts": {"set": ["b", "a"]},
        "one": rule, "listed": [rule], "labelled": {"y": rule, "x": rule}, "bag": [rule],
    });
    assert_eq!(echoed(config, Some(prior.clone())), Finished { planned: thing(prior), replace: vec![] });
}

#[test]
fn what_an_author_says_of_a_computed_attribute_can_be_the_change() {
    let prior = done(json!({}));
    let same = json!({"text": "nothing", "host": "h", "url": DONE, "serial": UNKNOWN});
    assert_eq!(answered(json!({"name": "a"}), Some(prior.clone()), same).planned, thing(prior.clone()));
    let other = json!({"text": "nothing", "host": "i", "url": UNKNOWN, "serial": UNKNOWN});
    let planned = answered(json!({"name": "a"}), Some(prior), other).planned;
    assert_eq!(planned, thing(json!({"name": "a", "text": "nothing", "host": "i", "url": UNKNOWN, "serial": UNKNOWN})));
}

#[test]
fn any_change_leaves_open_what_the_author_left_open() {
    let open = |config: Json| {
        let planned = echoed(config, Some(done(json!({"listed": [{"path": "/", "port": "80", "id": "i"}]})))).planned;
        assert_eq!(*planned.member("url"), Value::UNKNOWN);
    };
    open(json!({"name": "a", "plain": "p", "listed": [{"path": "/"}]}));
    open(json!({"name": "a", "plain": UNKNOWN, "listed": [{"path": "/"}]}));
    // A configured unknown is not an open computed attribute, even where the schema lets the provider fill it.
    open(json!({"name": "a", "host": UNKNOWN, "listed": [{"path": "/"}]}));
    open(json!({"name": "a", "listed": [{"path": "/other"}]}));
    open(json!({"name": "a", "listed": []}));
    open(json!({"name": "a", "listed": [{"path": "/"}, {"path": "/"}]}));
    open(json!({"name": "a", "listed": [{"path": "/"}], "labelled": {"x": {}}}));
    open(json!({"name": "a", "listed": [{"path": "/"}], "one": {}}));
    open(json!({"name": "a", "listed": [{"path": "/"}], "bag": [{}]}));
    open(json!({"name": "a", "listed": UNKNOWN}));
}

#[test]
fn an_update_that_was_asked_for_leaves_open_what_the_author_left_open() {
    let (config, prior) = (thing(json!({"name": "a"})), thing(done(json!({}))));
    let answer = thing(json!({"text": "nothing", "host": "h", "url": DONE, "serial": UNKNOWN}));
    let asked = Plan { update: true, ..plan(answer) };
    let planned = finish(&block(), &config, Some(&prior), &asked).planned;
    assert_eq!(planned, thing(done(json!({"serial": UNKNOWN}))));
}

#[test]
fn an_unknown_dynamic_block_passes_through() {
    let config = json!({"name": "a", "labelled": UNKNOWN, "listed": UNKNOWN, "bag": UNKNOWN, "one": UNKNOWN});
    let planned = echoed(config, None).planned;
    for name in ["labelled", "listed", "bag", "one"] {
        assert_eq!(*planned.member(name), Value::UNKNOWN, "{name}");
    }
}

#[test]
fn the_null_of_a_dynamic_attribute_keeps_its_type() {
    let mut config = thing(json!({"name": "a"}));
    let null = Value::Dynamic(Box::new(Type::Bool), Box::new(Value::Null));
    if let Value::Map(members) = &mut config {
        members.insert("any".into(), null.clone());
    }
    assert_eq!(*base(&block(), &config, None).member("any"), null);
}

#[test]
fn blocks_of_a_set_are_found_again_by_what_the_user_wrote() {
    let config = json!({"name": "a", "bag": [{"path": "/a"}, {"path": "/b"}]});
    let answer = json!({"bag": [{"path": "/b", "port": "2", "id": "b"}, {"path": "/a", "port": "1", "id": "a"}]});
    let expected = json!([{"path": "/a", "port": "1", "id": "a"}, {"path": "/b", "port": "2", "id": "b"}]);
    let planned = answered(config, None, answer).planned;
    assert_eq!(planned.member("bag"), thing(json!({"bag": expected})).member("bag"));
}

#[test]
fn blocks_of_a_set_that_are_filled_in_alike_are_one() {
    // The default of the one is what the other says. Kept apart in the plan, they would be one after apply, and then apart
    // again in every plan from there on.
    let mut block = block();
    block.blocks.get_mut("bag").unwrap().block.attributes.remove("id");
    let config = json!({"name": "a", "bag": [{"path": "/"}, {"path": "/", "port": "80"}]});
    let expected = json!({"bag": [{"path": "/", "port": "80"}]});
    let planned = base(&block, &completed(&block, &config), None);
    assert_eq!(planned.member("bag"), completed(&block, &expected).member("bag"));
    assert_eq!(base(&block, &completed(&block, &config), Some(&planned)), planned);
}

#[test]
fn a_partly_unknown_set_block_still_finds_its_answer() {
    let config = json!({"name": "a", "bag": [{"path": UNKNOWN, "zone": "z"}]});
    let answer = json!({"bag": [{"path": UNKNOWN, "zone": "z", "port": "9", "id": "i"}]});
    let planned = answered(config, None, answer.clone()).planned;
    assert_eq!(planned.member("bag"), thing(answer).member("bag"));
}

#[test]
fn nothing_is_promised_that_the_apply_could_not_keep() {
    let known = |null| Refinement { null, string_prefix: Some("web-".into()), ..Refinement::default() };
    let refined = |refinement| Value::Unknown(Some(Box::new(refinement)));
    let only_there = refined(Refinement { null: Some(false), ..Refinement::default() });
    let planned = |name: &str, refinement| {
        let mut config = thing(json!({"name": "a"}));
        let Value::Map(members) = &mut config else { panic!("an object") };
        members.insert(name.into(), refined(refinement));
        base(&block(), &config, None).member(name).clone()
    };
    // It is what the user says, in the user's words, or null.
    assert_eq!(planned("plain", known(None)), refined(known(None)));
    assert_eq!(planned("plain", known(Some(false))), refined(known(Some(false))));
    // Should the user turn out to say nothing, the default stands.
    assert_eq!(planned("text", known(None)), Value::UNKNOWN);
    assert_eq!(planned("text", known(Some(false))), refined(known(Some(false))));
    // The prior state may say it in other words.
    assert_eq!(planned("case", known(None)), Value::UNKNOWN);
    assert_eq!(planned("case", known(Some(false))), only_there);
}
