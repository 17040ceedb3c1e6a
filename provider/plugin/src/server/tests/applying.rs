//! Plan and apply as RPCs: what is kept, what is dropped, and what is noted.

use homelab_cty::{Path, Value};
use serde_json::json;

use super::fixture::{Bench, UNKNOWN, identity, one_error, received, sent, sent_identity, state, texts, thing, value};
use crate::proto::tfplugin5::{apply_resource_change, plan_resource_change};
use crate::{Plan, Private, State};

fn planned() -> Value {
    thing(
        json!({"name": "a", "text": "nothing", "url": UNKNOWN, "serial": 1, "labelled": {"x": {"path": "/", "id": UNKNOWN}}}),
    )
}

fn made() -> Value {
    thing(json!({"name": "a", "text": "nothing", "url": "u", "serial": 1, "labelled": {"x": {"path": "/", "id": "i"}}}))
}

fn create() -> apply_resource_change::Request {
    let config = thing(json!({"name": "a", "key_wo": "secret", "labelled": {"x": {"path": "/"}}}));
    apply_resource_change::Request {
        prior_state: sent(&Value::Null),
        planned_state: sent(&planned()),
        config: sent(&config),
        planned_private: br#"{"mark":"m"}"#.to_vec(),
        ..Default::default()
    }
}

fn update() -> apply_resource_change::Request {
    let prior = thing(json!({"name": "a", "text": "before", "case": "abc", "url": "u0", "serial": 0}));
    apply_resource_change::Request { prior_state: sent(&prior), ..create() }
}

#[tokio::test]
async fn a_created_state_is_the_plan_completed_by_the_author() {
    let bench = Bench::new(|script| {
        script.create = Some(Box::new(|_, (config, planned), _| {
            assert_eq!(*config.member("key_wo"), Value::from("secret"));
            assert_eq!(*planned.member("key_wo"), Value::Null);
            let mut private = Private::new();
            private.set("mark", &"m");
            // What stands in the plan stands, whatever is answered; what is written only is never answered.
            let answer = thing(json!({
                "name": "b", "text": "other", "url": "u", "serial": 9, "key_wo": "secret", "plain": "p",
                "labelled": {"x": {"path": "/other", "id": "i"}, "y": {}},
            }));
            Some(State { model: answer, private })
        }));
    });
    let answer = bench.apply(create()).await;
    assert_eq!(texts(&answer.diagnostics), [""; 0]);
    assert_eq!(received(answer.new_state.as_ref()), made());
    assert_eq!(answer.private, br#"{"mark":"m"}"#);
    assert_eq!(answer.new_identity, sent_identity("a".into()));
    assert!(!answer.legacy_type_system);
}

#[tokio::test]
async fn a_failed_create_keeps_nothing_even_where_the_author_has_a_state() {
    let bench = Bench::new(|script| {
        script.create = Some(Box::new(|_, _, diagnostics| {
            diagnostics.error(Path::attr("labelled").then_key("x").then_attr("path"), "No", "It made a/b.");
            Some(state(&made()))
        }));
    });
    let answer = bench.apply(create()).await;
    one_error(&answer.diagnostics, "It made a/b.");
    assert_eq!(answer.diagnostics[0].attribute.as_ref().unwrap().steps.len(), 3);
    assert_eq!(received(answer.new_state.as_ref()), Value::Null);
    assert_eq!((answer.private, answer.new_identity), (vec![], None));
}

#[tokio::test]
async fn what_a_create_leaves_unknown_is_named_and_nothing_is_kept() {
    let bench = Bench::new(|script| {
        script.create = Some(Box::new(|_, (_, planned), _| Some(state(&planned))));
    });
    let answer = bench.apply(create()).await;
    let texts = texts(&answer.diagnostics);
    assert_eq!(texts.len(), 2);
    assert!(texts[0].contains("url is still unknown"), "{texts:?}");
    assert!(texts[1].contains("labelled[\"x\"].id is still unknown"), "{texts:?}");
    assert_eq!(received(answer.new_state.as_ref()), Value::Null);
}

#[tokio::test]
async fn an_identity_stays_as_it_was_planned() {
    let bench = Bench::new(|script| {
        script.create = Some(Box::new(|_, _, _| Some(state(&made()))));
    });
    let planned =
        |name: &str| apply_resource_change::Request { planned_identity: sent_identity(name.into()), ..create() };
    let answer = bench.apply(planned("a")).await;
    assert_eq!((texts(&answer.diagnostics), answer.new_identity), (vec![], sent_identity("a".into())));
    let answer = bench.apply(planned("b")).await;
    one_error(&answer.diagnostics, "identity.kept");
    assert_eq!(received(answer.new_state.as_ref()), Value::Null);
}

#[tokio::test]
async fn a_create_that_says_nothing_is_an_error() {
    let bench = Bench::new(|script| script.create = Some(Box::new(|_, _, _| None)));
    one_error(&bench.apply(create()).await.diagnostics, "neither an answer nor an error");
    let bench = Bench::new(|script| script.update = Some(Box::new(|_, _, _| None)));
    one_error(&bench.apply(update()).await.diagnostics, "neither an answer nor an error");
}

#[tokio::test]
async fn a_failed_update_keeps_what_is_really_there_in_the_prior_spelling() {
    let bench = Bench::new(|script| {
        script.update = Some(Box::new(|_, _, diagnostics| {
            diagnostics.error(Path::attr("text"), "Half", "");
            // Half done: the text was written, the url was not measured.
            let model =
                thing(json!({"name": "a", "text": "half", "case": "ABC", "url": UNKNOWN, "serial": 0, "key_wo": "s"}));
            let mut private = Private::new();
            private.set("half", &true);
            Some(State { model, private })
        }));
    });
    let answer = bench.apply(update()).await;
    one_error(&answer.diagnostics, "Half");
    let left = thing(json!({"name": "a", "text": "half", "case": "abc", "url": "u0", "serial": 0}));
    assert_eq!(received(answer.new_state.as_ref()), left);
    assert_eq!(answer.private, br#"{"half":true}"#);
}

#[tokio::test]
async fn an_update_that_leaves_something_unknown_fails_with_a_whole_state() {
    let bench = Bench::new(|script| {
        script.update = Some(Box::new(|_, (_, _, planned), _| Some(state(&planned))));
    });
    let answer = bench.apply(update()).await;
    assert!(texts(&answer.diagnostics)[0].contains("url is still unknown"));
    let kept = received(answer.new_state.as_ref());
    assert_eq!(*kept.member("url"), Value::from("u0"));
    assert!(kept.is_wholly_known());
}

#[tokio::test]
async fn a_delete_ends_with_nothing_or_an_error_and_what_is_left() {
    let request = apply_resource_change::Request { planned_state: sent(&Value::Null), ..update() };
    let bench = Bench::new(|script| script.delete = Some(Box::new(|_, _, _| None)));
    let answer = bench.apply(request.clone()).await;
    assert_eq!(texts(&answer.diagnostics), [""; 0]);
    assert_eq!(received(answer.new_state.as_ref()), Value::Null);

    let left = || thing(json!({"name": "a", "text": "half"}));
    let bench = Bench::new(|script| {
        script.delete = Some(Box::new(move |_, _, diagnostics| {
            diagnostics.error(Path::root(), "Stuck", "");
            Some(state(&left()))
        }));
    });
    let answer = bench.apply(request.clone()).await;
    one_error(&answer.diagnostics, "Stuck");
    assert_eq!(received(answer.new_state.as_ref()), left());

    let bench = Bench::new(|script| script.delete = Some(Box::new(move |_, _, _| Some(state(&left())))));
    one_error(&bench.apply(request).await.diagnostics, "still there");
}

#[tokio::test]
async fn a_delete_knows_whether_it_belongs_to_a_replacement() {
    let bench = Bench::new(|script| {
        script.plan_destroy = Some(Box::new(|_, mut private, _| {
            private.set("seen", &true);
            private
        }));
        script.delete = Some(Box::new(|cx, private, diagnostics| {
            diagnostics.warning(Path::root(), format!("{} {:?}", cx.replacement, private.get::<bool>("seen")), "");
            None
        }));
    });
    let prior = thing(json!({"name": "a"}));
    let plan = bench
        .plan(plan_resource_change::Request {
            prior_state: sent(&prior),
            proposed_new_state: sent(&Value::Null),
            prior_private: br#"{"mark":"m"}"#.to_vec(),
            prior_identity: sent_identity("a".into()),
            ..Default::default()
        })
        .await;
    assert_eq!(received(plan.planned_state.as_ref()), Value::Null);
    assert_eq!(plan.planned_identity, sent_identity("a".into()));

    let delete = |planned_private: Vec<u8>| {
        let planned_state = sent(&Value::Null);
        bench.apply(apply_resource_change::Request { planned_state, planned_private, ..update() })
    };
    let own = texts(&delete(plan.planned_private).await.diagnostics);
    assert_eq!(own, ["Warning: false Some(true) "]);
    // Core sends the private of the create's plan, in which nobody planned a destroy.
    let replaced = texts(&delete(br#"{"mark":"m"}"#.to_vec()).await.diagnostics);
    assert_eq!(replaced, ["Warning: true None "]);
}

fn plan_request(config: &Value, prior: &Value) -> plan_resource_change::Request {
    plan_resource_change::Request {
        prior_state: sent(prior),
        // Core proposes the prior values of what was left out; nobody here may ever see them.
        proposed_new_state: sent(&thing(json!({"name": "a", "plain": "from the proposal"}))),
        config: sent(config),
        prior_private: br#"{ "b": 1, "a": 2 }"#.to_vec(),
        ..Default::default()
    }
}

#[tokio::test]
async fn an_author_plans_from_the_configuration_and_never_sees_the_proposal() {
    let bench = Bench::new(|script| {
        script.plan = Some(Box::new(|_, (config, prior, private, base), _| {
            assert_eq!(config, thing(json!({"name": "a", "key_wo": "secret"})));
            assert_eq!(*base.member("plain"), Value::Null);
            assert_eq!(*base.member("key_wo"), Value::Null);
            assert!(prior.is_some());
            Some(Plan::new(base, &private))
        }));
    });
    let prior = thing(json!({"name": "a", "plain": "p", "url": "u", "text": "nothing", "serial": 1, "host": "h"}));
    let request = plan_request(&thing(json!({"name": "a", "key_wo": "secret"})), &prior);
    let answer = bench.plan(request.clone()).await;
    assert_eq!(texts(&answer.diagnostics), [""; 0]);
    let planned = received(answer.planned_state.as_ref());
    assert_eq!((planned.member("plain"), planned.member("url")), (&Value::Null, &Value::UNKNOWN));
    assert_eq!(answer.planned_private, request.prior_private, "equal notes are equal bytes");
    assert!(!answer.legacy_type_system && answer.deferred.is_none());
    assert_eq!(answer.planned_identity, sent_identity("a".into()));
}

#[tokio::test]
async fn changed_notes_are_new_bytes_with_keys_in_order() {
    let bench = Bench::new(|script| {
        script.plan = Some(Box::new(|_, (_, _, mut private, base), _| {
            private.set("c", &3);
            Some(Plan::new(base, &private))
        }));
    });
    let request = plan_request(&thing(json!({"name": "a"})), &Value::Null);
    assert_eq!(bench.plan(request).await.planned_private, br#"{"a":2,"b":1,"c":3}"#);
}

#[tokio::test]
async fn an_identity_is_planned_when_it_is_known() {
    let bench = Bench::new(|script| {
        script.plan = Some(Box::new(|_, (_, _, private, base), _| Some(Plan::new(base, &private))));
    });
    let unknown = plan_request(&thing(json!({"name": UNKNOWN})), &Value::Null);
    assert_eq!(bench.plan(unknown).await.planned_identity, None);
    let known = plan_request(&thing(json!({"name": "a"})), &Value::Null);
    assert_eq!(bench.plan(known.clone()).await.planned_identity, sent_identity("a".into()));
    // An identity of nulls was stored by mistake: it is as none.
    let stored = plan_resource_change::Request { prior_identity: sent_identity(Value::Null), ..known };
    assert_eq!(bench.plan(stored).await.planned_identity, sent_identity("a".into()));
    assert_eq!(identity(&"a".into()), value(&json!({"name": "a", "zone": null})));
}

#[tokio::test]
async fn what_core_would_refuse_or_forget_is_a_bug_with_a_name() {
    let prior = thing(json!({"name": "a", "url": "u", "text": "nothing", "serial": 1, "host": "h"}));
    let request = plan_request(&thing(json!({"name": "a"})), &prior);
    let asks = |change: fn(&mut Plan<Value>)| {
        Bench::new(|script| {
            script.plan = Some(Box::new(move |_, (_, prior, private, _), _| {
                let mut plan = Plan::new(prior.unwrap(), &private);
                change(&mut plan);
                Some(plan)
            }));
        })
    };
    let nowhere = asks(|plan| {
        plan.update = true;
        plan.replace = vec![Path::attr("gone")];
        plan.planned = thing(json!({}));
    });
    one_error(&nowhere.plan(request.clone()).await.diagnostics, "replaces for gone, which does not exist");
    let nothing = asks(|plan| plan.update = true);
    one_error(&nothing.plan(request.clone()).await.diagnostics, "nothing would be applied");
    let silent = Bench::new(|script| script.plan = Some(Box::new(|_, _, _| None)));
    one_error(&silent.plan(request).await.diagnostics, "neither an answer nor an error");
}

#[tokio::test]
async fn values_that_do_not_fit_the_schema_are_errors_and_not_failed_calls() {
    let bench = Bench::new(|_| {});
    let mut request = plan_request(&thing(json!({"name": "a"})), &Value::Null);
    request.config.as_mut().unwrap().msgpack.truncate(3);
    one_error(&bench.plan(request).await.diagnostics, "The configuration cannot be read");
    let unknown = plan_resource_change::Request { type_name: "other".into(), ..Default::default() };
    let answer = crate::proto::tfplugin5::provider_server::Provider::plan_resource_change(
        &bench.server,
        tonic::Request::new(unknown),
    );
    one_error(&answer.await.unwrap().into_inner().diagnostics, "no resource \"other\"");
    let misfit = Bench::new(|script| {
        script.create = Some(Box::new(|_, _, _| Some(state(&value(&json!({"url": true}))))));
    });
    let texts = texts(&misfit.apply(create()).await.diagnostics);
    assert!(texts.len() == 1 && texts[0].contains("url: must be a string"), "{texts:?}");
}
