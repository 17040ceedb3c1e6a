//! `homelab probe` on a real cluster: coverage with unprobed carve-outs, what may not be listed, and doors by the name of their
//! ingress.

use std::sync::OnceLock;

use homelab_plane::plane::Options;
use homelab_plane::{Api, Plane};
use serde_json::{Value, json};

use super::origin::Origin;
use super::run::answer_of;
use super::targets::{ROOT, SHARE, document, gate, objects, of_others, rows};
use crate::support::{Homelab, homelab};

/// A plane of its own, whose cluster holds two apps with carve-outs and somebody else's open route.
fn plane() -> &'static Plane {
    static PLANE: OnceLock<Plane> = OnceLock::new();
    PLANE.get_or_init(|| {
        let plane = Plane::start(&Options::default()).unwrap();
        let api = Api::admin(plane.env()).unwrap();
        for namespace in ["photos", "traefik"] {
            let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
            api.create("/api/v1/namespaces", &body).unwrap().expect("namespace", &[201]).unwrap();
        }
        // A route to a Service that is not there is not served, and opens nothing.
        for (name, port) in [("photos", "http"), ("albums", "http"), ("api", "api")] {
            let body = json!({
                "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
                "spec": {"ports": [{"name": port, "port": 80}]},
            });
            api.create("/api/v1/namespaces/photos/services", &body).unwrap().expect(name, &[201]).unwrap();
        }
        for kind in ["Middleware", "IngressRoute"] {
            api.define(&definition(kind)).unwrap();
        }
        let apps = objects("photos", &["share", "api"]).into_iter().chain(objects("albums", &["rss"]));
        for object in apps.chain([gate(), of_others()]) {
            let (kind, namespace) =
                (object["kind"].as_str().unwrap(), object["metadata"]["namespace"].as_str().unwrap());
            let path = match kind {
                "Ingress" => format!("/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses"),
                kind => format!("/apis/traefik.io/v1alpha1/namespaces/{namespace}/{}s", kind.to_lowercase()),
            };
            api.create(&path, &object).unwrap().expect(kind, &[201]).unwrap();
        }
        plane
    })
}

/// The kind, as far as these cases need it: objects with any fields.
fn definition(kind: &str) -> Value {
    let plural = format!("{}s", kind.to_lowercase());
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.traefik.io")},
        "spec": {
            "group": "traefik.io", "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.to_lowercase(), "listKind": format!("{kind}List")},
            "versions": [{
                "name": "v1alpha1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
            }],
        },
    })
}

fn on_plane(arguments: &str, token: &str) -> Homelab {
    let env = plane().env();
    homelab(arguments)
        .env("KUBE_HOST", &env.api_server)
        .env("KUBE_CLUSTER_CA_CERT_DATA", &env.ca_pem)
        .env("KUBE_TOKEN", token)
}

#[test]
fn a_cluster_with_unprobed_carve_outs() {
    let admin = &plane().env().admin_token;
    let text = on_plane("probe targets --file doors.yaml", admin)
        .file("doors.yaml", &format!("{ROOT}{SHARE}"))
        .run()
        .code(2)
        .out;
    assert_eq!(text, include_str!("screens/coverage.txt"), "{text}");
    let all = format!(
        "{ROOT}{SHARE}- {{url: 'http://photos.example.net/api', expect: public}}\n\
         - {{url: 'http://photos.example.net/upload', expect: public}}\n\
         - {{url: 'http://albums.example.net/', expect: gated}}\n- {{url: 'http://albums.example.net/rss', expect: public}}\n"
    );
    document(on_plane("probe targets --file doors.yaml", admin).file("doors.yaml", &all), 0);
}

#[test]
fn what_may_not_be_listed_is_said_and_never_complete() {
    let env = plane().env();
    let all = format!("{ROOT}{SHARE}");
    let blind = on_plane("probe targets --file doors.yaml", &env.nobody_token).file("doors.yaml", &all);
    let found = document(blind, 3);
    assert_eq!(rows(&found), [] as [(&str, &str); 0]);
    assert!(found["unseen"].as_array().unwrap().iter().any(|one| one["kind"] == "Ingress"), "{found:#}");
    // Whoever may list namespaces, and Ingresses in one of them, sees that much, and is told of the rest.
    let api = Api::admin(env).unwrap();
    let rbac = |path: &str, body: Value| {
        api.create(&format!("/apis/rbac.authorization.k8s.io/v1/{path}"), &body).unwrap().expect(path, &[201]).unwrap();
    };
    let may_list =
        |group: &str, resource: &str| json!([{"apiGroups": [group], "resources": [resource], "verbs": ["list"]}]);
    let subjects = json!([{"kind": "User", "name": "nobody", "apiGroup": "rbac.authorization.k8s.io"}]);
    let binding = |kind: &str, name: &str| {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": name}, "subjects": subjects,
            "roleRef": {"kind": kind, "name": name, "apiGroup": "rbac.authorization.k8s.io"},
        })
    };
    let role = |name: &str, rules: Value| json!({"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": name}, "rules": rules});
    rbac("clusterroles", role("namespaces", may_list("", "namespaces")));
    rbac("clusterrolebindings", binding("ClusterRole", "namespaces"));
    rbac("namespaces/photos/roles", role("doors", may_list("networking.k8s.io", "ingresses")));
    rbac("namespaces/photos/rolebindings", binding("Role", "doors"));
    // The authoriser learns of new roles a moment later.
    for path in ["/api/v1/namespaces", "/apis/networking.k8s.io/v1/namespaces/photos/ingresses"] {
        Api::nobody(env).unwrap().until(path, |seen| seen["items"].is_array()).unwrap();
    }
    let some = on_plane("probe targets --file doors.yaml", &env.nobody_token).file("doors.yaml", &all);
    let found = document(some, 2);
    assert_eq!(found["coverage"]["public"], json!({"declared": 3, "probed": 1}), "{found:#}");
    let unseen = found["unseen"].as_array().unwrap().iter().find(|one| one["kind"] == "Ingress").unwrap();
    let why = unseen["why"].as_str().unwrap();
    assert!(why.starts_with("it may not be listed in ") && why.contains("traefik"), "{why}");
}

#[test]
fn the_doors_of_an_ingress_are_asked_with_the_cluster_alone() {
    let origin = Origin::start(&["/share", "/api"]);
    let admin = &plane().env().admin_token;
    let run = |words: &str| {
        on_plane("probe run --output json --wall authentik --allow-private", admin)
            .args(words)
            .arg("--connect-to")
            .arg(origin.address.to_string())
    };
    let found = answer_of(run("--ingress photos/photos"), 0);
    assert_eq!(found["probes"][0]["name"], "homelab_ingress photos/photos");
    let results = found["probes"][0]["results"].as_array().unwrap();
    let mut plain: Vec<(&str, &str)> = results
        .iter()
        .filter(|result| {
            result["with"] == ""
                && ["/", "/share", "/api", "/sharex"]
                    .iter()
                    .any(|path| result["url"].as_str().unwrap().ends_with(&format!("example.net{path}")))
        })
        .map(|result| (result["url"].as_str().unwrap(), result["expect"].as_str().unwrap()))
        .collect();
    plain.sort_unstable();
    assert_eq!(
        plain,
        [
            ("http://photos.example.net/", "gated"),
            ("http://photos.example.net/api", "public"),
            ("http://photos.example.net/share", "public"),
            ("http://photos.example.net/sharex", "gated"),
        ]
    );
    let by_host = answer_of(run("--host photos.example.net"), 0);
    assert_eq!(by_host["probes"][0]["results"].as_array().unwrap().len(), results.len());
    let walled = answer_of(run("--ingress photos/albums --ingress photos/photos"), 2);
    assert_eq!(walled["probes"][0]["verdict"], "walled", "/rss is not open there");
    assert_eq!(walled["probes"][1]["verdict"], "ok");
    let nobody = run("--ingress photos/other").run().error(true);
    assert!(nobody.contains("no Ingress of a homelab_ingress photos/other"), "{nobody}");
    let elsewhere = run("--host www.example.net").run().error(true);
    assert!(
        elsewhere.contains("no homelab_ingress of the cluster declares a door on https://www.example.net"),
        "{elsewhere}"
    );
    let exported =
        on_plane("probe export --format prometheus-targets --ingress photos/photos", admin).run().code(0).out;
    assert!(exported.contains("homelab_label: share"), "{exported}");
}
