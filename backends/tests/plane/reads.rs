//! Reads that share a LIST, counted.

use std::collections::BTreeMap;
use std::time::Instant;

use futures::stream::{self, StreamExt as _};
use homelab_backends::objects::{ApplyRequest, Cause, Checked, Mark, Objects as _, Scope, kinds};
use homelab_plane::Api;
use serde_json::json;

use crate::support::{admin, kube, kube_as, namespace, plane};

const MANY: usize = 700;
/// As many as Terraform keeps waiting.
const AT_ONCE: usize = 10;

/// How many lists answer reads that began then: one, and on a machine that is slow another for every ten seconds more.
fn lists_since(began: Instant) -> u64 {
    1 + began.elapsed().as_secs() / 10
}

fn config_map(namespace: &str, index: usize) -> ApplyRequest {
    let id = kinds::CONFIG_MAP.object(namespace, &format!("thing-{index}"));
    ApplyRequest::new(id, json!({"data": {"index": index.to_string()}}), Mark::new("homelab_test test/thing"))
}

fn fill(namespace: &str, count: usize) {
    let path = format!("/api/v1/namespaces/{namespace}/configmaps");
    let admin = admin();
    for index in 0..count {
        let body = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": format!("thing-{index}")}, "data": {"index": index.to_string()},
        });
        admin.create(&path, &body).expect("create").expect("create", &[201]).expect("created");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_of_many_objects_costs_a_request_per_500() {
    let namespace = namespace("many");
    fill(&namespace, MANY);
    let kube = kube();
    let read = |index: usize| {
        let (kube, id) = (&kube, config_map(&namespace, index).id);
        async move { (index, kube.read(&id).await.expect("read").expect("there")) }
    };
    let began = Instant::now();
    let found: BTreeMap<usize, _> = stream::iter(0..MANY).map(read).buffer_unordered(AT_ONCE).collect().await;
    for (index, live) in &found {
        assert_eq!(live.object["data"]["index"], index.to_string());
        assert_eq!((&live.object["kind"], &live.object["apiVersion"]), (&json!("ConfigMap"), &json!("v1")));
    }
    assert_eq!(found.len(), MANY);
    // Two pages, and the first read, which was alone.
    assert!(kube.requests() <= 3 * lists_since(began), "{} requests", kube.requests());
    // The same from a list and by itself.
    let id = config_map(&namespace, 7).id;
    assert_eq!(kube.get(&id).await.expect("get").as_ref(), found.get(&7));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_list_never_answers_from_before_our_own_write() {
    let namespace = namespace("fresh");
    let kube = kube();
    let mut request = config_map(&namespace, 0);
    kube.apply(&request).await.expect("apply");
    for round in 0..20 {
        // Keeps a list at hand.
        let both = stream::iter(0..4).map(|_| kube.read(&request.id)).buffer_unordered(4);
        assert!(both.all(|read| async move { read.is_ok() }).await);
        request.object = json!({"data": {"index": format!("round {round}")}});
        kube.apply(&request).await.expect("apply");
        let read = kube.read(&request.id).await.expect("read").expect("there");
        assert_eq!(read.object["data"]["index"], format!("round {round}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_list_does_not_have_is_looked_for_by_itself() {
    let namespace = namespace("confirm");
    fill(&namespace, 3);
    let kube = kube();
    let ids: Vec<_> = (0..6).map(|index| config_map(&namespace, index).id).collect();
    let reads: Vec<_> = stream::iter(&ids).map(|id| kube.read(id)).buffered(6).collect().await;
    assert_eq!(reads.iter().filter(|read| matches!(read, Ok(Some(_)))).count(), 3);
    assert_eq!(reads.iter().filter(|read| matches!(read, Ok(None))).count(), 3);
    // Made by somebody else since the list: it is there.
    fill_one(&admin(), &namespace, 5);
    assert!(kube.read(&ids[5]).await.expect("read").is_some());
}

fn fill_one(admin: &Api, namespace: &str, index: usize) {
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("thing-{index}")}});
    let path = format!("/api/v1/namespaces/{namespace}/configmaps");
    admin.create(&path, &body).expect("create").expect("create", &[201]).expect("created");
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_read_one_by_one() {
    let namespace = namespace("secrets");
    let kube = kube();
    let ids: Vec<_> = (0..5).map(|index| kinds::SECRET.object(&namespace, &format!("s{index}"))).collect();
    let reads: Vec<_> = stream::iter(&ids).map(|id| kube.read(id)).buffered(5).collect().await;
    assert!(reads.iter().all(|read| *read == Ok(None)));
    assert_eq!(kube.requests(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_list_is_forbidden_every_read_is_a_get() {
    let namespace = namespace("getonly");
    fill(&namespace, 4);
    let admin = admin();
    let rbac = format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}");
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "get"},
        "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}],
    });
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "get"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "get"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "nobody"}],
    });
    for (path, body) in [("roles", role), ("rolebindings", binding)] {
        admin.create(&format!("{rbac}/{path}"), &body).expect("create").expect("create", &[201]).expect("created");
    }
    let nobody = Api::nobody(plane()).expect("nobody");
    let first = config_map(&namespace, 0).id;
    let path = crate::support::path(&first);
    // The authoriser learns of a new role a moment later.
    homelab_plane::process::wait_for("the role", std::time::Duration::from_mins(1), || {
        let status = nobody.get(&path)?.status;
        Ok(if status == 200 { Ok(()) } else { Err(format!("HTTP {status}")) })
    })
    .expect("the role");

    let kube = kube_as(&plane().nobody_token);
    let ids: Vec<_> = (0..4).map(|index| config_map(&namespace, index).id).collect();
    for _ in 0..2 {
        let reads: Vec<_> = stream::iter(&ids).map(|id| kube.read(id)).buffered(4).collect().await;
        assert!(reads.iter().all(|read| matches!(read, Ok(Some(_)))), "{reads:?}");
    }
    // 8 reads, and the one LIST that was refused.
    assert_eq!(kube.requests(), 9);
    let listed = kube.list(kinds::CONFIG_MAP, Scope::Namespace(&namespace)).await.expect_err("forbidden");
    assert!(matches!(listed.cause, Cause::Forbidden { .. }));
}

#[tokio::test]
async fn a_list_has_every_page() {
    let namespace = namespace("pages");
    fill(&namespace, 520);
    let all = kube().list(kinds::CONFIG_MAP, Scope::Namespace(&namespace)).await.expect("list");
    let ours = all.iter().filter(|live| live.name().starts_with("thing-")).count();
    assert_eq!(ours, 520);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_of_many_new_objects_costs_one_dry_run_each() {
    let namespace = namespace("plan");
    let kube = kube();
    let requests: Vec<_> = (0..100).map(|index| config_map(&namespace, index)).collect();
    let began = Instant::now();
    let checks: Vec<_> = stream::iter(&requests).map(|request| kube.check(request)).buffered(AT_ONCE).collect().await;
    assert!(checks.iter().all(|check| *check == Ok(Checked::Passed)), "{checks:?}");
    // The dry runs, the list, and the first read, which was alone.
    assert!(kube.requests() <= 100 + 2 * lists_since(began), "{} requests", kube.requests());
    assert!(kube.list(kinds::CONFIG_MAP, Scope::Namespace(&namespace)).await.expect("list").len() <= 1);
}
