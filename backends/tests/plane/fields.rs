//! One field of somebody else's object.

use homelab_backends::objects::{Cause, FieldConflict, FieldsRequest, Objects as _, kinds};
use serde_json::{Value, json};

use crate::support::{admin, collection, kube, managers, namespace, path};

const SCHEME: &str = "traefik.ingress.kubernetes.io/service.serversscheme";

fn request(namespace: &str, manager: &str, scheme: &str) -> FieldsRequest {
    FieldsRequest {
        id: kinds::SERVICE.object(namespace, "photos"),
        fields: json!({"metadata": {"annotations": {SCHEME: scheme}}}),
        manager: manager.to_owned(),
    }
}

/// A Service of a chart, which we never take over.
fn service(namespace: &str) -> Value {
    let body = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "photos", "annotations": {"meta.helm.sh/release-name": "photos"}},
        "spec": {"ports": [{"name": "http", "port": 80}]},
    });
    let made = format!("{}?fieldManager=helm", collection(kinds::SERVICE, Some(namespace)));
    admin().create(&made, &body).expect("create").expect("create", &[201]).expect("created")
}

#[tokio::test]
async fn a_field_is_held_by_all_who_want_it_and_goes_with_the_last() {
    let (kube, namespace) = (kube(), namespace("fields"));
    let made = service(&namespace);
    let (one, two) = (request(&namespace, "homelab/a/one", "h2c"), request(&namespace, "homelab/a/two", "h2c"));
    let dry = kube.apply_fields(&one, true).await.expect("dry run").expect("there");
    assert_eq!(dry.annotation(SCHEME), Some("h2c"));
    let live = kube.get(&one.id).await.expect("get").expect("there");
    assert_eq!(live.annotation(SCHEME), None, "a dry run writes nothing");

    kube.apply_fields(&one, false).await.expect("one");
    let both = kube.apply_fields(&two, false).await.expect("two").expect("there");
    assert_eq!(managers(&both.object), ["helm Update", "homelab/a/one Apply", "homelab/a/two Apply"]);
    assert_eq!(both.object["spec"], made["spec"]);
    assert_eq!(both.mark(), None, "it is not ours");

    let nothing = |request: &FieldsRequest| FieldsRequest { fields: json!({}), ..request.clone() };
    let left = kube.apply_fields(&nothing(&one), false).await.expect("released").expect("there");
    assert_eq!(left.annotation(SCHEME), Some("h2c"));
    let left = kube.apply_fields(&nothing(&two), false).await.expect("released").expect("there");
    assert_eq!(left.annotation(SCHEME), None);
    assert_eq!(managers(&left.object), ["helm Update"]);
}

#[tokio::test]
async fn another_value_is_a_conflict_that_names_its_manager() {
    let (kube, namespace) = (kube(), namespace("fieldclash"));
    service(&namespace);
    kube.apply_fields(&request(&namespace, "homelab/a/one", "h2c"), false).await.expect("one");
    let other = request(&namespace, "homelab/a/two", "https");
    for dry_run in [true, false] {
        let error = kube.apply_fields(&other, dry_run).await.expect_err("a conflict");
        let field = format!(".metadata.annotations.{SCHEME}");
        assert_eq!(error.cause, Cause::Conflict(vec![FieldConflict { manager: "homelab/a/one".to_owned(), field }]));
    }
    let live = kube.get(&other.id).await.expect("get").expect("there");
    assert_eq!(live.annotation(SCHEME), Some("h2c"));
}

#[tokio::test]
async fn an_absent_object_is_never_made() {
    let (kube, namespace) = (kube(), namespace("fieldgone"));
    let request = request(&namespace, "homelab/a/one", "h2c");
    assert_eq!(kube.apply_fields(&request, false).await, Ok(None));
    // Also where a list still has it.
    service(&namespace);
    let reads = [kube.read(&request.id), kube.read(&request.id), kube.read(&request.id)];
    assert!(futures::future::join_all(reads).await.iter().all(Result::is_ok));
    admin().delete(&path(&request.id)).expect("delete").expect("delete", &[200]).expect("deleted");
    assert_eq!(kube.apply_fields(&request, false).await, Ok(None));
    assert_eq!(kube.get(&request.id).await, Ok(None));
}
