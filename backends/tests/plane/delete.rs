//! Deleting what is ours, and only that.

use std::time::Duration;

use homelab_backends::objects::{DeleteRequest, Deletion, Mark, Objects as _};
use serde_json::json;

use crate::support::{OWNER, admin, ingress, kube, namespace, path, whole};

#[tokio::test]
async fn an_object_is_deleted_once() {
    let (kube, namespace) = (kube(), namespace("delete"));
    let request = ingress(&namespace, "photos.example.net");
    kube.apply(&request).await.expect("apply");
    let delete = DeleteRequest::new(request.id.clone(), Some(request.mark.creation));
    assert_eq!(kube.delete(&delete).await, Ok(Deletion::Deleted));
    assert_eq!(kube.get(&request.id).await, Ok(None));
    assert_eq!(kube.delete(&delete).await, Ok(Deletion::Absent));
}

/// `create_before_destroy`: the new resource adopted the object, and the destroy of the old one must not take it away.
#[tokio::test]
async fn a_delete_with_a_stale_mark_only_releases() {
    let (kube, namespace) = (kube(), namespace("stale"));
    let first = ingress(&namespace, "photos.example.net");
    kube.apply(&first).await.expect("apply");
    let mut second = first.clone();
    second.mark = Mark::new(OWNER);
    kube.apply(&second).await.expect("apply");

    let stale = DeleteRequest::new(first.id.clone(), Some(first.mark.creation));
    let Ok(Deletion::Released { reason }) = kube.delete(&stale).await else { panic!("deleted") };
    assert!(reason.contains(OWNER), "{reason}");
    let live = kube.get(&first.id).await.expect("get").expect("still there");
    assert_eq!(live.mark(), Some(second.mark));
}

#[tokio::test]
async fn an_object_that_somebody_made_anew_is_released() {
    let (kube, namespace) = (kube(), namespace("anew"));
    let request = ingress(&namespace, "photos.example.net");
    let collection = crate::support::collection(request.id.kind, Some(&namespace));
    admin().create(&collection, &whole(&request)).expect("create").expect("create", &[201]).expect("created");
    let delete = DeleteRequest::new(request.id.clone(), Some(request.mark.creation));
    assert!(matches!(kube.delete(&delete).await, Ok(Deletion::Released { .. })));
    assert!(kube.get(&request.id).await.expect("get").is_some());

    // A state without a mark, as after an import that was never applied.
    let imported = DeleteRequest::new(request.id.clone(), None);
    assert_eq!(kube.delete(&imported).await, Ok(Deletion::Deleted));
}

#[tokio::test]
async fn finalizers_that_hold_an_object_are_named() {
    let (kube, namespace) = (kube(), namespace("held"));
    let request = ingress(&namespace, "photos.example.net");
    kube.apply(&request).await.expect("apply");
    let hold = json!({"metadata": {"finalizers": ["example.net/hold"]}});
    admin().merge(&path(&request.id), &hold).expect("merge").expect("merge", &[200]).expect("held");

    let mut delete = DeleteRequest::new(request.id.clone(), Some(request.mark.creation));
    delete.wait = Duration::from_millis(100);
    let finalizers = vec!["example.net/hold".to_owned()];
    assert_eq!(kube.delete(&delete).await, Ok(Deletion::Terminating { finalizers }));

    // Run again, once its controller is done: it converges.
    delete.wait = Duration::from_secs(30);
    let (deleted, ()) = tokio::join!(kube.delete(&delete), async {
        let free = json!({"metadata": {"finalizers": null}});
        admin().merge(&path(&request.id), &free).expect("merge").expect("merge", &[200]).expect("let go");
    });
    assert!(matches!(deleted, Ok(Deletion::Deleted | Deletion::Absent)), "{deleted:?}");
}
