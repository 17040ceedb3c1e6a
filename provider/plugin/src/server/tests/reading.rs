//! Read and upgrade as RPCs.

use homelab_cty::{Path, Value};
use serde_json::json;
use tonic::Request;

use super::fixture::{Bench, Script, UNKNOWN, one_error, received, sent, sent_identity, state, texts, thing};
use crate::proto::tfplugin5::{
    RawState, provider_server::Provider as _, read_resource, upgrade_resource_identity, upgrade_resource_state,
};
use crate::{Private, Read, State};

const NOTES: &[u8] = br#"{ "b": 1, "a": 2 }"#;

fn stored() -> Value {
    thing(json!({"name": "a", "text": "t", "case": "abc", "serial": 1, "labelled": {"x": {"id": "i"}}}))
}

fn request() -> read_resource::Request {
    read_resource::Request { current_state: sent(&stored()), private: NOTES.to_vec(), ..Default::default() }
}

fn finds(found: impl Fn() -> Read<Value> + Send + 'static) -> Bench {
    Bench::new(|script| script.read = Some(Box::new(move |_, _, _| found())))
}

#[tokio::test]
async fn what_is_as_it_was_is_answered_as_it_came() {
    let same = finds(|| Read::Unchanged).read(request()).await;
    assert_eq!((received(same.new_state.as_ref()), &*same.private), (stored(), NOTES));
    // The same meaning in other words, and the same notes in another order.
    let respelled = finds(|| {
        let model = thing(
            json!({"name": "a", "text": "t", "case": "ABC", "serial": 1, "labelled": {"x": {"id": "i"}}, "key_wo": "s"}),
        );
        Read::State(State { model, private: Private::from_bytes(br#"{"a":2,"b":1}"#) })
    });
    assert_eq!(respelled.read(request()).await, same);
    assert_eq!(same.new_identity, sent_identity("a".into()));
}

#[tokio::test]
async fn a_state_that_was_read_is_in_the_form_that_core_stores() {
    // As msgpack, every number would count as a change of a refresh-only plan.
    let answer = finds(|| Read::Unchanged).read(request()).await.new_state.unwrap();
    assert!(answer.msgpack.is_empty());
    assert!(String::from_utf8(answer.json).unwrap().contains("\"serial\":1"));
}

#[tokio::test]
async fn what_changed_is_answered_with_the_prior_spelling_of_the_rest() {
    let changed = finds(|| {
        let model =
            thing(json!({"name": "a", "text": "other", "case": "ABC", "serial": 1, "labelled": {"x": {"id": "i"}}}));
        Read::State(state(&model))
    });
    let answer = changed.read(request()).await;
    assert_eq!(
        received(answer.new_state.as_ref()),
        thing(json!({"name": "a", "text": "other", "case": "abc", "serial": 1, "labelled": {"x": {"id": "i"}}}))
    );
    assert_eq!(answer.private, b"");
    let gone = finds(|| Read::Gone).read(request()).await;
    assert_eq!((received(gone.new_state.as_ref()), gone.new_identity), (Value::Null, None));
}

#[tokio::test]
async fn what_cannot_be_measured_is_an_error_and_nothing_is_lost() {
    let outage = Bench::new(|script| {
        script.read = Some(Box::new(|_, _, diagnostics| {
            diagnostics.error(Path::root(), "No cluster", "");
            Read::Gone
        }));
    });
    let answer = outage.read(request()).await;
    one_error(&answer.diagnostics, "No cluster");
    assert_eq!((received(answer.new_state.as_ref()), &*answer.private), (stored(), NOTES));
    let partial = finds(|| Read::State(state(&thing(json!({"name": "a", "url": UNKNOWN})))));
    let answer = partial.read(request()).await;
    one_error(&answer.diagnostics, "url is unknown");
    assert_eq!(received(answer.new_state.as_ref()), stored());
}

#[tokio::test]
async fn an_identity_is_filled_where_there_is_none_and_never_changes() {
    let bench = finds(|| Read::State(state(&thing(json!({"name": "b"})))));
    assert_eq!(bench.read(request()).await.new_identity, sent_identity("b".into()));
    let with = |name: Value| read_resource::Request { current_identity: sent_identity(name), ..request() };
    assert_eq!(bench.read(with(Value::Null)).await.new_identity, sent_identity("b".into()));
    let answer = bench.read(with("a".into())).await;
    one_error(&answer.diagnostics, "another identity");
    assert_eq!(answer.new_identity, sent_identity("a".into()));
}

async fn upgrade(script: impl FnOnce(&mut Script), version: i64, state: RawState) -> Result<Value, Vec<String>> {
    let request = upgrade_resource_state::Request { type_name: "test_thing".into(), version, raw_state: Some(state) };
    let answer = Bench::new(script).server.upgrade_resource_state(Request::new(request)).await.unwrap().into_inner();
    if answer.diagnostics.is_empty() {
        Ok(received(answer.upgraded_state.as_ref()))
    } else {
        Err(texts(&answer.diagnostics))
    }
}

fn raw(json: &serde_json::Value) -> RawState {
    RawState { json: json.to_string().into_bytes(), flatmap: std::collections::BTreeMap::new() }
}

#[tokio::test]
async fn a_stored_state_of_this_version_is_fitted_without_the_author() {
    let state = json!({"name": "a", "gone": 1, "labelled": {"x": {"id": "i", "gone": 1}}, "key_wo": "never"});
    let fitted = upgrade(|_| {}, 2, raw(&state)).await.unwrap();
    assert_eq!(fitted, thing(json!({"name": "a", "labelled": {"x": {"id": "i"}}})));
}

#[tokio::test]
async fn an_older_state_passes_through_the_author() {
    let from_title = |script: &mut Script| {
        script.upgrade = Some(Box::new(|_, (version, mut state), _| {
            assert_eq!(version, 1);
            state["name"] = state["title"].take();
            Some(state)
        }));
    };
    let upgraded = upgrade(from_title, 1, raw(&json!({"title": "a"}))).await.unwrap();
    assert_eq!(upgraded, thing(json!({"name": "a"})));
    let refuses = |script: &mut Script| {
        script.upgrade = Some(Box::new(|_, _, diagnostics| {
            diagnostics.error(Path::root(), "Too old", "");
            None
        }));
    };
    assert_eq!(upgrade(refuses, 0, raw(&json!({}))).await.unwrap_err(), ["Error: Too old "]);
    let silent = upgrade(|script| script.upgrade = Some(Box::new(|_, _, _| None)), 0, raw(&json!({}))).await;
    assert!(silent.unwrap_err()[0].contains("neither an answer nor an error"));
}

#[tokio::test]
async fn states_that_cannot_be_read_are_refused() {
    let refused = async |version, state| upgrade(|_| {}, version, state).await.unwrap_err().remove(0);
    assert!(refused(3, raw(&json!({}))).await.contains("has version 3"));
    let flat = [("name".to_owned(), "a".to_owned())].into();
    assert!(refused(2, RawState { json: Vec::new(), flatmap: flat }).await.contains("Terraform 0.11"));
    assert!(refused(2, RawState::default()).await.contains("empty"));
    let secret = refused(2, RawState { json: b"{\"name\": hunter2".to_vec(), ..RawState::default() }).await;
    assert!(secret.contains("no JSON") && !secret.contains("hunter2"), "{secret}");
    assert!(refused(2, raw(&json!({"name": {"a": 1}}))).await.contains("does not fit"));
    assert!(refused(2, raw(&json!([1]))).await.contains("does not fit"));
}

#[tokio::test]
async fn a_stored_identity_is_fitted_too() {
    let request = upgrade_resource_identity::Request {
        type_name: "test_thing".into(),
        version: 0,
        raw_identity: Some(raw(&json!({"name": "a", "api_version": "v1"}))),
    };
    let server = Bench::new(|_| {}).server;
    let answer = server.upgrade_resource_identity(Request::new(request)).await.unwrap().into_inner();
    assert_eq!(texts(&answer.diagnostics), [""; 0]);
    assert_eq!(answer.upgraded_identity, sent_identity("a".into()));
}
