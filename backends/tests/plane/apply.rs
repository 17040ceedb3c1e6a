//! Applying, adopting and refusing, against a real API server.

use crate::support::{OWNER, admin, ingress, ingress_body, kube, managers, namespace, path, whole};
use homelab_backends::objects::{
    Cause, Change, Checked, FieldConflict, Mark, Objects as _, Owner, declared_view, owned,
};
use serde_json::json;

#[tokio::test]
async fn an_object_is_created_found_and_left_unchanged() {
    let (kube, namespace) = (kube(), namespace("create"));
    let request = ingress(&namespace, "photos.example.net");
    assert_eq!(kube.check(&request).await, Ok(Checked::Passed));
    assert_eq!(kube.get(&request.id).await, Ok(None), "a dry run writes nothing");

    let applied = kube.apply(&request).await.expect("apply");
    assert_eq!(applied.change, Change::Created);
    assert_eq!(applied.live.mark(), Some(request.mark.clone()));
    assert_eq!(managers(&applied.live.object), ["homelab Apply"]);
    assert_eq!(declared_view(&applied.live.object, &request.object), request.object);
    assert_eq!(owned(&applied.live.object)["spec"], request.object["spec"]);

    let again = kube.apply(&request).await.expect("apply");
    assert_eq!(again.change, Change::Unchanged);
    assert_eq!(kube.get(&request.id).await.expect("get"), Some(again.live));
}

#[tokio::test]
async fn a_field_that_is_not_declared_any_more_goes_and_a_foreign_one_stays() {
    let (kube, namespace) = (kube(), namespace("undeclare"));
    let mut request = ingress(&namespace, "photos.example.net");
    request.object["metadata"]["labels"] = json!({"ours": "1"});
    kube.apply(&request).await.expect("apply");
    let labels = json!({"metadata": {"labels": {"theirs": "2"}}});
    admin().merge(&path(&request.id), &labels).expect("merge").expect("merge", &[200]).expect("merged");

    request.object["metadata"] = json!({});
    let applied = kube.apply(&request).await.expect("apply");
    assert_eq!(applied.change, Change::Updated);
    assert_eq!(applied.live.object["metadata"]["labels"], json!({"theirs": "2"}));
}

#[tokio::test]
async fn a_conflict_names_manager_and_field_and_changes_nothing() {
    let (kube, namespace) = (kube(), namespace("conflict"));
    let request = ingress(&namespace, "photos.example.net");
    kube.apply(&request).await.expect("apply");
    // A controller of another maker takes the field over.
    let mut theirs = whole(&request);
    theirs["spec"]["ingressClassName"] = json!("nginx");
    let taken = admin().apply(&path(&request.id), "some-controller", true, &theirs).expect("apply");
    taken.expect("apply", &[200]).expect("taken over");

    let expected = Cause::Conflict(vec![FieldConflict {
        manager: "some-controller".to_owned(),
        field: ".spec.ingressClassName".to_owned(),
    }]);
    let checked = kube.check(&request).await.expect_err("conflict");
    assert_eq!(checked.cause, expected);
    let refused = kube.apply(&request).await.expect_err("conflict");
    assert_eq!(refused.cause, expected);
    assert!(
        refused.to_string().contains(&format!("apply Ingress {namespace}/photos at https://127.0.0.1:")),
        "{refused}"
    );
    let live = kube.get(&request.id).await.expect("get").expect("there");
    assert_eq!(live.object["spec"]["ingressClassName"], "nginx");
}

#[tokio::test]
async fn an_edit_by_hand_and_a_respelled_field_are_taken_back() {
    let (kube, namespace) = (kube(), namespace("takeback"));
    let mut request = ingress(&namespace, "photos.example.net");
    kube.apply(&request).await.expect("apply");
    let mut edited = whole(&request);
    edited["spec"]["ingressClassName"] = json!("by-hand");
    admin().apply(&path(&request.id), "kubectl-edit", true, &edited).expect("edit").expect("edit", &[200]).expect("ok");

    assert_eq!(kube.check(&request).await, Ok(Checked::Passed));
    let applied = kube.apply(&request).await.expect("taken back");
    assert_eq!(applied.live.object["spec"]["ingressClassName"], "traefik");

    edited["spec"]["ingressClassName"] = json!("respelled");
    admin().apply(&path(&request.id), "controller", true, &edited).expect("write").expect("write", &[200]).expect("ok");
    assert!(kube.apply(&request).await.is_err());
    request.respelled = vec![".spec.ingressClassName".to_owned()];
    let applied = kube.apply(&request).await.expect("taken back");
    assert_eq!(applied.live.object["spec"]["ingressClassName"], "traefik");
}

/// First the failure, with plain requests: creating what exists is refused, and applying over it conflicts.
#[tokio::test]
async fn incident_15_an_object_that_exists_is_adopted_from_kubectl_and_terraform() {
    let (kube, namespace) = (kube(), namespace("adopt"));
    let request = ingress(&namespace, "photos.example.net");
    let mut theirs = whole(&request);
    theirs["spec"]["ingressClassName"] = json!("old");
    theirs["metadata"]["annotations"] = json!({"forgotten.example.net/by-terraform": "yes"});
    let collection = crate::support::collection(request.id.kind, Some(&namespace));
    let created = admin().create(&format!("{collection}?fieldManager=HashiCorp"), &theirs).expect("create");
    created.expect("create", &[201]).expect("created");
    let labelled = json!({"metadata": {"labels": {"keel.sh/policy": "all"}}});
    let controller = format!("{}?fieldManager=keel", path(&request.id));
    admin().merge(&controller, &labelled).expect("merge").expect("merge", &[200]).expect("labelled");
    assert_eq!(admin().create(&collection, &theirs).expect("create").status, 409, "already exists");
    let plain = admin().apply(&path(&request.id), "another-tool", false, &whole(&request)).expect("apply");
    assert_eq!(plain.status, 409, "a plain apply conflicts");

    let Ok(Checked::Adopts(found)) = kube.check(&request).await else { panic!("a plan tells that it is there") };
    assert_eq!(found.object["spec"]["ingressClassName"], "old");
    let uid = kube.get(&request.id).await.expect("get").expect("there").uid().map(str::to_owned);
    let applied = kube.apply(&request).await.expect("adopted");
    assert_eq!(applied.change, Change::Adopted { from: vec!["HashiCorp".to_owned()] });
    let live = applied.live;
    assert_eq!(live.uid().map(str::to_owned), uid, "the same object");
    assert_eq!(live.object["spec"]["ingressClassName"], "traefik");
    assert_eq!(managers(&live.object), ["homelab Apply", "keel Update"]);
    assert_eq!(live.annotation("forgotten.example.net/by-terraform"), None, "what the predecessor declared goes");
    assert_eq!(live.label("keel.sh/policy"), Some("all"), "what a controller wrote stays");
    assert_eq!(kube.apply(&request).await.expect("apply").change, Change::Unchanged);
}

#[tokio::test]
async fn an_object_of_client_side_kubectl_apply_is_adopted() {
    let (kube, namespace) = (kube(), namespace("csa"));
    let request = ingress(&namespace, "photos.example.net");
    let mut theirs = whole(&request);
    theirs["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/last-applied-configuration": "{}"});
    let collection = crate::support::collection(request.id.kind, Some(&namespace));
    let created =
        admin().create(&format!("{collection}?fieldManager=kubectl-client-side-apply"), &theirs).expect("create");
    created.expect("create", &[201]).expect("created");

    let applied = kube.apply(&request).await.expect("adopted");
    assert_eq!(applied.change, Change::Adopted { from: vec!["kubectl-client-side-apply".to_owned()] });
    assert_eq!(managers(&applied.live.object), ["homelab Apply"]);
    assert_eq!(applied.live.annotation("kubectl.kubernetes.io/last-applied-configuration"), None);
}

#[tokio::test]
async fn an_object_with_another_owner_is_refused_untouched() {
    let (kube, namespace) = (kube(), namespace("owned"));
    let request = ingress(&namespace, "photos.example.net");
    let mut theirs = whole(&request);
    theirs["metadata"]["annotations"] =
        json!({"meta.helm.sh/release-name": "photos", "meta.helm.sh/release-namespace": namespace});
    let applied = admin().apply(&path(&request.id), "helm", false, &theirs).expect("apply");
    let before = applied.expect("apply", &[201]).expect("created");

    let owner = Cause::OwnedBy(Owner::Helm { release: format!("{namespace}/photos") });
    assert_eq!(kube.check(&request).await.expect_err("owned").cause, owner);
    assert_eq!(kube.apply(&request).await.expect_err("owned").cause, owner);
    assert_eq!(kube.get(&request.id).await.expect("get").expect("there").object, before);
}

#[tokio::test]
async fn an_object_of_another_resource_of_ours_is_refused_and_one_of_the_same_adopted() {
    let (kube, namespace) = (kube(), namespace("marks"));
    let first = ingress(&namespace, "photos.example.net");
    kube.apply(&first).await.expect("apply");

    let mut other = first.clone();
    other.mark = Mark::new("homelab_ingress test/photos-share");
    let refused = kube.apply(&other).await.expect_err("owned");
    assert_eq!(refused.cause, Cause::OwnedBy(Owner::Resource { owner: OWNER.to_owned() }));

    // A create after one whose state was lost, or of a replacement.
    let mut second = first.clone();
    second.mark = Mark::new(OWNER);
    let applied = kube.apply(&second).await.expect("apply");
    assert_eq!(applied.live.mark(), Some(second.mark));
}

/// Killed between the two writes of an adoption: the fields are ours, the object is as it was; the next run finishes.
#[tokio::test]
async fn incident_14_an_adoption_that_was_cut_in_two_converges() {
    let (kube, namespace) = (kube(), namespace("cut"));
    let request = ingress(&namespace, "photos.example.net");
    let mut theirs = whole(&request);
    theirs["spec"]["ingressClassName"] = json!("old");
    let collection = crate::support::collection(request.id.kind, Some(&namespace));
    let created = admin().create(&format!("{collection}?fieldManager=Terraform"), &theirs).expect("create");
    created.expect("create", &[201]).expect("created");
    // What the first write of an adoption leaves: the fields under our name, without our mark.
    let applied = admin().apply(&path(&request.id), "homelab", true, &theirs).expect("apply");
    applied.expect("apply", &[200]).expect("first half");

    let applied = kube.apply(&request).await.expect("adopted");
    assert_eq!(applied.live.object["spec"]["ingressClassName"], "traefik");
    assert_eq!(managers(&applied.live.object), ["homelab Apply"]);
    assert_eq!(kube.apply(&request).await.expect("apply").change, Change::Unchanged);
}

#[tokio::test]
async fn an_object_that_does_not_fit_its_schema_keeps_the_words_of_the_server() {
    let (kube, namespace) = (kube(), namespace("invalid"));
    let mut request = ingress(&namespace, "photos.example.net");
    request.object["spec"]["rules"][0]["host"] = json!("Not A Host");
    let Cause::Invalid { words, fields } = kube.check(&request).await.expect_err("invalid").cause else {
        panic!("another cause")
    };
    assert!(words.contains("Not A Host"), "{words}");
    assert_eq!(fields, ["spec.rules[0].host"]);

    request.object = ingress_body("photos.example.net");
    request.object["spec"]["mistyped"] = json!(1);
    let error = kube.check(&request).await.expect_err("invalid");
    let Cause::Invalid { words, .. } = &error.cause else { panic!("{error:?}") };
    assert!(words.contains("mistyped"), "a field that the version does not know is not dropped: {words}");
}
