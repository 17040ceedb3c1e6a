//! Import and move as RPCs.

use homelab_cty::{Path, Value};
use serde_json::json;
use tonic::Request;

use super::fixture::{Bench, UNKNOWN, one_error, received, sent_identity, state, texts, thing};
use crate::proto::tfplugin5::{RawState, import_resource_state, move_resource_state, provider_server::Provider as _};
use crate::{Import, Private, State};

async fn import(bench: &Bench, request: import_resource_state::Request) -> import_resource_state::Response {
    let request = import_resource_state::Request { type_name: "test_thing".into(), ..request };
    bench.server.import_resource_state(Request::new(request)).await.unwrap().into_inner()
}

fn importer() -> Bench {
    Bench::new(|script| {
        script.import = Some(Box::new(|_, request, diagnostics| {
            let name = match request {
                Import::Id(id) if id.is_empty() => {
                    diagnostics.error(Path::root(), "An id is a name", "");
                    return None;
                }
                Import::Id(id) => Value::from(&*id),
                Import::Identity(identity) => identity.member("name").clone(),
            };
            let mut model = thing(json!({"url": UNKNOWN, "labelled": UNKNOWN, "one": {"id": UNKNOWN}, "key_wo": "s"}));
            if let Value::Map(members) = &mut model {
                members.insert("name".into(), name);
            }
            let mut private = Private::new();
            private.set("imported", &true);
            Some(State { model, private })
        }));
    })
}

#[tokio::test]
async fn an_import_by_id_or_identity_is_a_state_without_unknowns() {
    let bench = importer();
    let by_id = import_resource_state::Request { id: "a".into(), ..Default::default() };
    let by_identity = import_resource_state::Request { identity: sent_identity("a".into()), ..Default::default() };
    for request in [by_id, by_identity] {
        let answer = import(&bench, request).await;
        assert_eq!(texts(&answer.diagnostics), [""; 0]);
        let [imported] = &answer.imported_resources[..] else { panic!("one object") };
        assert_eq!(imported.type_name, "test_thing");
        assert_eq!(received(imported.state.as_ref()), thing(json!({"name": "a", "one": {}})));
        assert_eq!(imported.private, br#"{"imported":true}"#);
        assert_eq!(imported.identity, sent_identity("a".into()));
    }
}

#[tokio::test]
async fn a_failed_import_imports_nothing() {
    let answer = import(&importer(), import_resource_state::Request::default()).await;
    one_error(&answer.diagnostics, "An id is a name");
    assert_eq!(answer.imported_resources, []);
    let silent = Bench::new(|script| script.import = Some(Box::new(|_, _, _| None)));
    let answer = import(&silent, import_resource_state::Request { id: "a".into(), ..Default::default() }).await;
    one_error(&answer.diagnostics, "neither an answer nor an error");
}

#[tokio::test]
async fn an_import_that_does_not_know_its_identity_yet_says_none() {
    let bench = Bench::new(|script| {
        script.import = Some(Box::new(|_, _, _| Some(state(&thing(json!({"url": "u"}))))));
    });
    let answer = import(&bench, import_resource_state::Request { id: "u".into(), ..Default::default() }).await;
    assert_eq!(answer.imported_resources[0].identity, None);
}

async fn take_over(type_name: &str, json: &str) -> move_resource_state::Response {
    let request = move_resource_state::Request {
        source_provider_address: "registry.example.net/other/other".into(),
        source_type_name: type_name.into(),
        source_state: Some(RawState { json: json.into(), ..RawState::default() }),
        target_type_name: "test_thing".into(),
        ..Default::default()
    };
    Bench::new(|_| {}).server.move_resource_state(Request::new(request)).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_state_of_another_type_is_taken_over() {
    let answer = take_over("old_thing", r#"{"title": "a"}"#).await;
    assert_eq!(texts(&answer.diagnostics), [""; 0]);
    assert_eq!(received(answer.target_state.as_ref()), thing(json!({"name": "a"})));
    assert_eq!(answer.target_identity, sent_identity("a".into()));
}

#[tokio::test]
async fn a_move_from_an_unknown_source_says_what_to_do_instead() {
    let answer = take_over("strange_thing", "{}").await;
    one_error(&answer.diagnostics, "cannot take over a strange_thing of registry.example.net/other/other");
    assert_eq!(answer.target_state, None);
    one_error(&take_over("old_thing", "{").await.diagnostics, "no JSON");
}
