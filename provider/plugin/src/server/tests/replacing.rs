//! What forces a replacement.

use homelab_cty::{Path, Value};
use serde_json::{Value as Json, json};

use super::fixture::{UNKNOWN, block, thing};
use crate::server::planning::{base, finish};
use crate::{Plan, Private};

/// Paths of a plan from `prior` to `config`, as a user would write them.
fn forced(prior: Json, config: Json) -> Vec<String> {
    let mut prior_state = json!({"name": "a", "text": "nothing", "host": "h", "url": "u", "serial": 1});
    prior_state.as_object_mut().unwrap().extend(prior.as_object().unwrap().clone());
    let mut written = json!({"name": "a"});
    written.as_object_mut().unwrap().extend(config.as_object().unwrap().clone());
    let (prior, config) = (thing(prior_state), thing(written));
    let planned = base(&block(), &config, Some(&prior));
    let finished = finish(&block(), &config, Some(&prior), &Plan::new(planned, &Private::new()));
    finished.replace.iter().map(Path::to_string).collect()
}

#[test]
fn a_marked_attribute_that_changes_or_may_change() {
    assert_eq!(forced(json!({}), json!({"name": "a"})), [""; 0]);
    assert_eq!(forced(json!({}), json!({"name": "b"})), ["name"]);
    assert_eq!(forced(json!({}), json!({"name": UNKNOWN})), ["name"]);
    assert_eq!(forced(json!({}), json!({"plain": "b"})), [""; 0]);
}

#[test]
fn a_marked_attribute_of_a_block_that_stays() {
    let rules = |zone: &str| {
        let rule = json!({"path": "/", "port": "80", "id": "i", "zone": zone});
        json!({"one": rule, "listed": [rule, rule], "labelled": {"x": rule}, "bag": [rule]})
    };
    assert_eq!(forced(rules("z"), rules("z")), [""; 0]);
    let all = ["bag", "labelled[\"x\"].zone", "listed[0].zone", "listed[1].zone", "one.zone"];
    assert_eq!(forced(rules("z"), rules("y")), all);
    assert_eq!(forced(rules("z"), rules(UNKNOWN)), all);
}

#[test]
fn labelled_and_listed_blocks_come_and_go_in_place() {
    let rule = json!({"path": "/", "port": "80", "id": "i", "zone": "z"});
    assert_eq!(forced(json!({"labelled": {"x": rule}}), json!({"labelled": {"y": {"zone": "z"}}})), [""; 0]);
    assert_eq!(forced(json!({"listed": [rule]}), json!({"listed": [{"zone": "z"}, {"zone": "y"}]})), [""; 0]);
    assert_eq!(forced(json!({"listed": [rule]}), json!({})), [""; 0]);
    // A single block has no label: that it comes is a change of its attributes.
    assert_eq!(forced(json!({}), json!({"one": {"zone": "z"}})), ["one.zone"]);
    assert_eq!(forced(json!({"one": rule}), json!({})), ["one.zone"]);
}

#[test]
fn of_a_set_of_blocks_only_what_is_marked_counts() {
    let rule = |path: &str, zone: &str| json!({"path": path, "port": "80", "id": "i", "zone": zone});
    assert_eq!(forced(json!({"bag": [rule("/a", "z")]}), json!({"bag": [{"path": "/b", "zone": "z"}]})), [""; 0]);
    assert_eq!(forced(json!({"bag": [rule("/a", "z")]}), json!({"bag": [{"path": "/a", "zone": "y"}]})), ["bag"]);
}

#[test]
fn unknown_blocks_with_a_marked_attribute_may_change_it() {
    let config = json!({"labelled": UNKNOWN, "listed": UNKNOWN, "bag": UNKNOWN});
    assert_eq!(forced(json!({}), config), ["bag", "labelled", "listed"]);
}

#[test]
fn an_author_may_force_more() {
    let (prior, config) = (thing(json!({"name": "a", "plain": "p"})), thing(json!({"name": "b", "plain": "q"})));
    let replace = vec![Path::attr("plain"), Path::attr("name")];
    let plan = Plan { replace, ..Plan::new(Value::Null, &Private::new()) };
    let paths = finish(&block(), &config, Some(&prior), &plan).replace;
    assert_eq!(paths, [Path::attr("name"), Path::attr("plain")]);
    assert_eq!(finish(&block(), &config, None, &plan).replace, []);
}
