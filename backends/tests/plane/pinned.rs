//! Writes that are pinned to a guess: how few requests they take, and that a wrong guess never shows.

use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use homelab_backends::kube::Kube;
use homelab_backends::objects::{
    ApplyRequest, Cause, Change, Checked, DeleteRequest, Deletion, Objects as _, Owner, kinds,
};
use serde_json::json;

use crate::support::{OWNER, admin, collection, ingress, kube, managers, namespace, path, whole};

fn new_ingress(namespace: &str) -> ApplyRequest {
    ApplyRequest { is_new: true, ..ingress(namespace, "photos.example.net") }
}

/// Has the client list the Ingresses of the namespace, as a refresh of several of them does.
async fn list(kube: &Kube, request: &ApplyRequest) {
    let ids =
        ["photos", "a", "b", "c"].map(|name| kinds::INGRESS.object(request.id.namespace.as_deref().unwrap(), name));
    let reads = stream::iter(&ids).map(|id| kube.read(id)).buffer_unordered(4);
    assert!(reads.all(|read| async move { read.is_ok() }).await);
}

#[tokio::test]
async fn a_create_and_its_dry_run_are_one_request_each() {
    let (kube, namespace) = (kube(), namespace("pincreate"));
    let request = new_ingress(&namespace);
    assert_eq!(kube.check(&request).await, Ok(Checked::Passed));
    assert_eq!(kube.requests(), 1);
    let applied = kube.apply(&request).await.expect("apply");
    assert_eq!(applied.change, Change::Created);
    assert_eq!(kube.requests(), 2);
    assert_eq!(managers(&applied.live.object), ["homelab Apply"]);
    // Where it is there already, that is seen, and nothing is done twice.
    assert_eq!(kube.apply(&request).await.expect("apply").change, Change::Unchanged);
}

#[tokio::test]
async fn an_update_and_a_delete_are_one_request_beside_the_list() {
    let (kube, namespace) = (kube(), namespace("pinupdate"));
    let mut request = new_ingress(&namespace);
    kube.apply(&request).await.expect("apply");
    list(&kube, &request).await;
    let before = kube.requests();
    request.is_new = false;
    request.object["spec"]["ingressClassName"] = json!("other");
    assert_eq!(kube.check(&request).await, Ok(Checked::Passed));
    assert_eq!(kube.apply(&request).await.expect("apply").change, Change::Updated);
    assert_eq!(kube.requests() - before, 2);

    let another = self::kube();
    list(&another, &request).await;
    let before = another.requests();
    let creation = Some(request.mark.creation.clone());
    assert_eq!(another.delete(&DeleteRequest::new(request.id.clone(), creation)).await, Ok(Deletion::Deleted));
    assert_eq!(another.requests() - before, 1);
}

#[tokio::test]
async fn a_create_that_meets_an_object_judges_it_as_any_other() {
    let (kube, namespace) = (kube(), namespace("pinowned"));
    let request = new_ingress(&namespace);
    let mut theirs = whole(&request);
    theirs["metadata"]["annotations"] =
        json!({"meta.helm.sh/release-name": "photos", "meta.helm.sh/release-namespace": namespace});
    // With the very values that we declare, so that no field conflicts.
    let created = admin().apply(&path(&request.id), "helm", false, &theirs).expect("apply");
    let before = created.expect("apply", &[201]).expect("created");
    let owner = Cause::OwnedBy(Owner::Helm { release: format!("{namespace}/photos") });
    assert_eq!(kube.check(&request).await.expect_err("owned").cause, owner);
    assert_eq!(kube.apply(&request).await.expect_err("owned").cause, owner);
    assert_eq!(kube.get(&request.id).await.expect("get").expect("there").object, before);
}

#[tokio::test]
async fn a_create_adopts_what_kubectl_made() {
    let (kube, namespace) = (kube(), namespace("pinadopt"));
    let request = new_ingress(&namespace);
    let mut theirs = whole(&request);
    theirs["spec"]["ingressClassName"] = json!("old");
    let made = format!("{}?fieldManager=kubectl-create", collection(request.id.kind, Some(&namespace)));
    admin().create(&made, &theirs).expect("create").expect("create", &[201]).expect("created");
    assert!(matches!(kube.check(&request).await, Ok(Checked::Adopts(_))));
    let applied = kube.apply(&request).await.expect("adopted");
    assert_eq!(applied.change, Change::Adopted { from: vec!["kubectl-create".to_owned()] });
    assert_eq!(managers(&applied.live.object), ["homelab Apply"]);
}

/// What the list remembers is ours; since then somebody else has taken the object, or has only touched it.
#[tokio::test]
async fn what_changed_since_the_list_is_seen_before_it_is_written_to() {
    let (kube, namespace) = (kube(), namespace("pinstale"));
    let mut request = ingress(&namespace, "photos.example.net");
    kube.apply(&request).await.expect("apply");
    list(&kube, &request).await;
    let touched = json!({"metadata": {"labels": {"seen": "yes"}}});
    admin().merge(&path(&request.id), &touched).expect("merge").expect("merge", &[200]).expect("merged");
    request.object["spec"]["ingressClassName"] = json!("other");
    let applied = kube.apply(&request).await.expect("apply");
    assert_eq!((applied.change, applied.live.label("seen")), (Change::Updated, Some("yes")));

    list(&kube, &request).await;
    let mut theirs = whole(&request);
    theirs["metadata"]["annotations"] = json!({
        "terraform-provider-homelab/owner": "homelab_ingress test/other",
        "terraform-provider-homelab/creation": "0123456789abcdef",
    });
    admin().apply(&path(&request.id), "homelab", true, &theirs).expect("apply").expect("apply", &[200]).expect("taken");
    let owner = Cause::OwnedBy(Owner::Resource { owner: "homelab_ingress test/other".to_owned() });
    assert_eq!(kube.check(&request).await.expect_err("owned").cause, owner);
    assert_eq!(kube.apply(&request).await.expect_err("owned").cause, owner);
    let deletion = kube.delete(&DeleteRequest::new(request.id.clone(), Some(request.mark.creation.clone()))).await;
    assert!(matches!(deletion, Ok(Deletion::Released { .. })), "{deletion:?}");
}

#[tokio::test]
async fn what_went_since_the_list_is_made_again_and_what_came_is_not_deleted() {
    let (kube, namespace) = (kube(), namespace("pingone"));
    let request = ingress(&namespace, "photos.example.net");
    kube.apply(&request).await.expect("apply");
    list(&kube, &request).await;
    admin().delete(&path(&request.id)).expect("delete").expect("delete", &[200]).expect("deleted");
    let again = kube.apply(&request).await.expect("apply");
    assert_eq!((again.change, again.live.mark()), (Change::Created, Some(request.mark.clone())));

    list(&kube, &request).await;
    admin().delete(&path(&request.id)).expect("delete").expect("delete", &[200]).expect("deleted");
    admin().create(&collection(request.id.kind, Some(&namespace)), &whole(&request)).expect("create");
    let mut delete = DeleteRequest::new(request.id.clone(), Some(request.mark.creation.clone()));
    delete.wait = Duration::from_secs(5);
    assert!(matches!(kube.delete(&delete).await, Ok(Deletion::Released { .. })));
    assert!(kube.get(&request.id).await.expect("get").is_some());
    assert_eq!(request.mark.owner, OWNER);
}
