//! Kinds that change their version under our hands.

use homelab_backends::objects::{ApplyRequest, Change, Kind, Mark, Objects as _};
use homelab_plane::process::wait_for;
use serde_json::{Value, json};
use std::time::Duration;

use crate::support::{admin, kube, namespace};

const THING: Kind = Kind {
    group: "backends.example.net",
    kind: "Gadget",
    plural: "gadgets",
    versions: &["v1", "v1beta1"],
    namespaced: true,
};

fn definition(served: &[(&str, bool)]) -> Value {
    let schema = json!({"openAPIV3Schema": {"type": "object", "properties": {
        "spec": {"type": "object", "properties": {"size": {"type": "integer"}}},
    }}});
    let versions: Vec<Value> = served
        .iter()
        .map(|(name, served)| json!({"name": name, "served": served, "storage": *name == "v1beta1", "schema": schema}))
        .collect();
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "gadgets.backends.example.net"},
        "spec": {
            "group": "backends.example.net", "scope": "Namespaced", "versions": versions,
            "names": {"plural": "gadgets", "singular": "gadget", "kind": "Gadget", "listKind": "GadgetList"},
        },
    })
}

/// Serves these versions and no other, and waits until it does.
fn serve(served: &[(&str, bool)]) {
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gadgets.backends.example.net";
    let applied = admin().apply(path, "operator", true, &definition(served)).expect("apply");
    applied.expect("definition", &[200, 201]).expect("defined");
    for (version, served) in served {
        // Its objects, and what the server says that it serves: two controllers do that, each when it comes to it.
        for path in ["", "/namespaces/default/gadgets"] {
            wait_for("the versions", Duration::from_mins(1), || {
                let answer = admin().get(&format!("/apis/backends.example.net/{version}{path}"))?;
                Ok(if answer.is_ok() == *served { Ok(()) } else { Err(format!("{version}: HTTP {}", answer.status)) })
            })
            .expect("served");
        }
    }
}

/// An operator is upgraded in the middle of a run: its old version goes, its new one comes. Same object, same uid.
#[tokio::test]
async fn an_upgrade_of_a_crd_is_no_replacement() {
    serve(&[("v1beta1", true), ("v1", false)]);
    let (kube, namespace) = (kube(), namespace("versions"));
    let id = THING.object(&namespace, "one");
    let request = ApplyRequest::new(id.clone(), json!({"spec": {"size": 1}}), Mark::new("homelab_test test/one"));
    assert_eq!(kube.served_version(THING).await.as_deref(), Ok("v1beta1"));
    let before = kube.apply(&request).await.expect("apply").live;
    assert_eq!(before.object["apiVersion"], "backends.example.net/v1beta1");
    let spent = kube.requests();
    kube.get(&id).await.expect("get");
    assert_eq!(kube.requests(), spent + 1, "the version is looked up once");

    serve(&[("v1beta1", false), ("v1", true)]);
    let after = kube.read(&id).await.expect("read").expect("still there, not gone");
    assert_eq!(after.object["apiVersion"], "backends.example.net/v1");
    assert_eq!(after.uid(), before.uid());
    let applied = kube.apply(&request).await.expect("apply");
    assert_eq!(applied.live.uid(), before.uid());
    assert!(matches!(applied.change, Change::Unchanged | Change::Updated));
}
