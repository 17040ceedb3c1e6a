use homelab_cty::Path;

use super::*;
use crate::oracle::{
    Action, check_data, check_identity, check_identity_kept, check_import, check_move, check_read, check_replace,
    check_replan, check_upgrade,
};

#[test]
fn kept_objects_are_known_and_without_secrets() {
    let schema = schema();
    let bad = with([("computed", Value::UNKNOWN), ("secret", text("s")), ("many", Value::Null)]);
    for check in [check_read, check_import, check_move, check_upgrade, check_data] {
        broken(&check(&schema, &with([("computed", text("c"))])), []);
        broken(
            &check(&schema, &bad),
            [("any.known", "computed"), ("any.write_only", "secret"), ("read.block_null", "many")],
        );
        broken(&check(&schema, &Value::List(vec![])), [("any.type", "")]);
    }
    broken(&check_read(&schema, &Value::Null), []);
    for check in [check_import, check_move, check_upgrade, check_data] {
        broken(&check(&schema, &Value::Null), [("any.present", "")]);
    }
}

#[test]
fn an_action_is_what_the_plan_shows() {
    let schema = schema();
    let (a, b) = (with([("optional", text("a"))]), with([("optional", text("b"))]));
    let optional = [Path::attr("optional")];
    for (prior, planned, replace, expected) in [
        (&Value::Null, &a, &[][..], Action::Create),
        (&Value::Null, &a, &optional, Action::Create),
        (&a, &Value::Null, &[], Action::Delete),
        (&Value::Null, &Value::Null, &[], Action::None),
        (&a, &a, &[], Action::None),
        (&a, &a, &optional, Action::None),
        (&a, &b, &[], Action::Update),
        (&a, &b, &optional, Action::Replace),
        (&a, &with([("optional", Value::UNKNOWN)]), &optional, Action::Replace),
        (&a, &b, &[Path::attr("required")], Action::Update),
        // A write-only value cannot be seen to differ.
        (&a, &a, &[Path::attr("secret")], Action::Replace),
    ] {
        assert_eq!(Action::of(&schema, prior, planned, replace), expected, "{prior:?} {planned:?} {replace:?}");
    }
    let open = with([("computed", Value::UNKNOWN)]);
    assert_eq!(Action::of(&schema, &open, &open, &[]), Action::Update);
}

#[test]
fn the_plan_during_apply_says_no_less_than_the_first() {
    let schema = schema();
    let replan = |first: (Action, Value), second: (Action, Value)| {
        check_replan(&schema, (first.0, &first.1), (second.0, &second.1))
    };
    let one = |value: Value| with([("computed", value)]);
    broken(&replan((Action::Create, one(Value::UNKNOWN)), (Action::Create, one(Value::UNKNOWN))), []);
    broken(&replan((Action::Create, one(Value::UNKNOWN)), (Action::Create, one(text("a")))), []);
    broken(&replan((Action::Update, one(text("a"))), (Action::None, one(text("a")))), []);
    for (first, second) in [
        (Action::None, Action::Update),
        (Action::Update, Action::Replace),
        (Action::Replace, Action::Update),
        (Action::Create, Action::None),
    ] {
        broken(&replan((first, one(text("a"))), (second, one(text("a")))), [("replan.action", "")]);
    }
    broken(&replan((Action::Create, one(text("a"))), (Action::Create, one(text("b")))), [("kept.value", "computed")]);
    broken(
        &replan((Action::Create, one(text("a"))), (Action::Create, one(Value::UNKNOWN))),
        [("kept.value", "computed")],
    );
    // Refinements bind: a promise may not be dropped for its opposite, though silence breaks none.
    broken(
        &replan((Action::Create, one(not_null())), (Action::Create, one(Value::Null))),
        [("kept.promise", "computed")],
    );
    broken(
        &replan((Action::Create, one(prefixed("a"))), (Action::Create, one(text("b")))),
        [("kept.promise", "computed")],
    );
    broken(&replan((Action::Create, one(not_null())), (Action::Create, one(Value::UNKNOWN))), []);
    broken(&replan((Action::Create, one(text("a"))), (Action::Create, Value::from(1))), [("any.type", "")]);
}

#[test]
fn paths_that_require_replacement_exist() {
    let object = with([
        ("optional", text("a")),
        ("many", Value::List(vec![block("a", Value::Null)])),
        ("labelled", Value::map([("x", block("a", Value::Null))])),
        ("bag", Value::set([bagged(text("a"), Value::Null)])),
    ]);
    let nested = |block: &str| Path::attr(block);
    for good in [
        Path::attr("optional"),
        nested("many").then_index(0).then_attr("name"),
        nested("labelled").then_key("x").then_attr("name"),
        nested("bag"),
    ] {
        broken(&check_replace(&with([]), &object, std::slice::from_ref(&good)), []);
        broken(&check_replace(&object, &with([]), &[good]), []);
    }
    for (bad, shown) in [
        (Path::attr("missing"), "missing"),
        (nested("many").then_index(1).then_attr("name"), "many[1].name"),
        (nested("labelled").then_key("y").then_attr("name"), "labelled[\"y\"].name"),
        // The elements of a set have no path.
        (nested("bag").then_index(0).then_attr("name"), "bag[0].name"),
    ] {
        broken(&check_replace(&object, &object, std::slice::from_ref(&bad)), [("plan.replace", shown)]);
        broken(&check_replace(&Value::Null, &object, &[bad]), []);
    }
}

#[test]
fn an_identity_names_something_and_keeps_its_name() {
    let mut schema = Block::default();
    for name in ["name", "namespace"] {
        schema.attributes.insert(name.into(), attribute(Type::String, Mode::Required));
    }
    let identity = |name: Value, namespace: Value| Value::map([("name", name), ("namespace", namespace)]);
    broken(&check_identity(&schema, &identity(text("a"), Value::Null)), []);
    broken(&check_identity(&schema, &identity(Value::Null, Value::Null)), [("identity.complete", "")]);
    broken(&check_identity(&schema, &Value::Null), [("identity.complete", "")]);
    broken(&check_identity(&schema, &identity(text("a"), Value::UNKNOWN)), [("any.known", "namespace")]);
    broken(&check_identity(&schema, &Value::map([("name", text("a"))])), [("any.type", "namespace")]);

    let before = identity(text("a"), Value::Null);
    broken(&check_identity_kept(&before, &identity(text("a"), text("n"))), []);
    broken(&check_identity_kept(&before, &identity(text("b"), Value::Null)), [("identity.kept", "name")]);
    broken(&check_identity_kept(&Value::Null, &before), []);
}
