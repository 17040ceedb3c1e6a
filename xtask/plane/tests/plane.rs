//! What every other test relies on: the plane is a real cluster and a real Vault, and it ends.

use std::path::Path;
use std::time::Duration;

use homelab_plane::process::wait_for;
use homelab_plane::{Api, Options, Plane, Vault, shared};
use serde_json::{Value, json};

fn ingress(name: &str, host: &str) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name},
        "spec": {"rules": [{"host": host, "http": {"paths": [{
            "path": "/", "pathType": "Prefix",
            "backend": {"service": {"name": name, "port": {"number": 80}}},
        }]}}]},
    })
}

#[test]
fn a_second_manager_of_a_field_is_a_conflict_until_it_forces() {
    let api = Api::admin(shared().unwrap()).unwrap();
    let namespace = api.namespace("apply").unwrap();
    let path = format!("/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses/app");

    let first = api.apply(&path, "homelab", false, &ingress("app", "app.example.net")).unwrap();
    assert_eq!(first.status, 201, "{}", first.body);
    let other = ingress("app", "other.example.net");
    let refused = api.apply(&path, "somebody", false, &other).unwrap();
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert!(refused.body["message"].as_str().unwrap().contains("homelab"), "{}", refused.body);
    assert_eq!(api.apply(&path, "somebody", true, &other).unwrap().status, 200);
    let seen = api.get(&path).unwrap().body;
    assert_eq!(seen["spec"]["rules"][0]["host"], "other.example.net");
    assert_eq!(api.delete(&path).unwrap().status, 200);
    api.until_gone(&path).unwrap();
}

#[test]
fn what_an_object_owns_goes_with_it_and_a_namespace_takes_all() {
    let api = Api::admin(shared().unwrap()).unwrap();
    let namespace = api.namespace("collect").unwrap();
    let maps = format!("/api/v1/namespaces/{namespace}/configmaps");
    let owner = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owner"}});
    let owner = api.create(&maps, &owner).unwrap().expect("owner", &[201]).unwrap();
    let dependent = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "dependent", "ownerReferences": [{
            "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"],
        }]},
    });
    api.create(&maps, &dependent).unwrap().expect("dependent", &[201]).unwrap();
    api.delete(&format!("{maps}/owner")).unwrap().expect("owner", &[200]).unwrap();
    api.until_gone(&format!("{maps}/dependent")).unwrap();

    api.delete(&format!("/api/v1/namespaces/{namespace}")).unwrap();
    api.until_gone(&format!("/api/v1/namespaces/{namespace}")).unwrap();
}

#[test]
fn users_may_what_their_roles_say() {
    let env = shared().unwrap();
    let namespace = Api::admin(env).unwrap().namespace("users").unwrap();
    let status = |api: Api, kind: &str| api.get(&format!("/api/v1/namespaces/{namespace}/{kind}")).unwrap().status;
    assert_eq!(status(Api::viewer(env).unwrap(), "configmaps"), 200);
    assert_eq!(status(Api::viewer(env).unwrap(), "secrets"), 403);
    assert_eq!(status(Api::nobody(env).unwrap(), "configmaps"), 403);
    assert_eq!(status(Api::with_token(env, "unknown").unwrap(), "configmaps"), 401);
}

#[test]
fn the_cluster_tells_the_version_that_it_is() {
    let api = Api::admin(shared().unwrap()).unwrap();
    let version = api.get("/version").unwrap().body;
    assert!(version["gitVersion"].as_str().unwrap().starts_with("v1."), "{version}");
    assert_ne!(version["major"], "", "{version}");
}

#[test]
fn vault_keeps_versions_and_policies() {
    let vault = Vault::root(shared().unwrap()).unwrap();
    let name = format!("plane-test-{}", std::process::id());
    vault.put(&name, &json!({"password": "first"})).unwrap();
    vault.put(&name, &json!({"password": "second"})).unwrap();
    assert_eq!(vault.get(&name).unwrap(), json!({"password": "second"}));
    let first = vault.read(&format!("secret/data/{name}?version=1")).unwrap();
    assert_eq!(first.body["data"]["data"]["password"], "first");
    assert_eq!(vault.get("no-such-key").unwrap(), Value::Null);
    vault.write(&format!("kv1/{name}"), &json!({"old": "style"})).unwrap().expect("kv1", &[204]).unwrap();
    assert_eq!(vault.read(&format!("kv1/{name}")).unwrap().body["data"]["old"], "style");

    let rules = format!("path \"secret/data/{name}\" {{ capabilities = [\"read\"] }}");
    let token = vault.token(&name, &rules).unwrap();
    let reader = Vault::new(&shared().unwrap().vault_addr, &token).unwrap();
    assert_eq!(reader.get(&name).unwrap(), json!({"password": "second"}));
    assert_eq!(reader.read("secret/data/other").unwrap().status, 403);
}

#[test]
fn a_service_account_signs_in_to_vault() {
    let env = shared().unwrap();
    let (api, vault) = (Api::admin(env).unwrap(), Vault::root(env).unwrap());
    let namespace = api.namespace("signin").unwrap();
    let role = json!({
        "bound_service_account_names": ["default"],
        "bound_service_account_namespaces": [namespace],
        "audience": "vault", "token_policies": ["default"],
    });
    let path = format!("auth/kubernetes/role/{namespace}");
    vault.write(&path, &role).unwrap().expect("role", &[200, 204]).unwrap();
    let account = format!("/api/v1/namespaces/{namespace}/serviceaccounts/default");
    api.until(&account, |seen| !seen.is_null()).unwrap();
    let wish = json!({
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
        "spec": {"audiences": ["vault", "https://kubernetes.default.svc"]},
    });
    let token = api.create(&format!("{account}/token"), &wish).unwrap().expect("token", &[201]).unwrap();
    let login = json!({"role": namespace, "jwt": token["status"]["token"]});
    let answer = vault.write("auth/kubernetes/login", &login).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[test]
fn a_defined_kind_can_be_written_at_once() {
    let api = Api::admin(shared().unwrap()).unwrap();
    let namespace = api.namespace("define").unwrap();
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.plane.example.net"},
        "spec": {
            "group": "plane.example.net", "scope": "Namespaced",
            "names": {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {
                "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            }}],
        },
    });
    api.define(&definition).unwrap();
    let things = format!("/apis/plane.example.net/v1/namespaces/{namespace}/things");
    let thing = json!({"apiVersion": "plane.example.net/v1", "kind": "Thing", "metadata": {"name": "a"}});
    api.create(&things, &thing).unwrap().expect("thing", &[201]).unwrap();
    assert_eq!(api.list(&things).unwrap().len(), 1);
}

/// A second plane beside the shared one, so this also shows that two at once work.
#[test]
fn nothing_is_left_when_a_plane_ends() {
    shared().unwrap();
    let options = Options { users: vec![("keel".into(), vec!["bots".into()])], audit: true, ..Options::default() };
    let plane = Plane::start(&options).unwrap();
    let (env, ids) = (plane.env().clone(), plane.ids());
    assert_eq!(ids.len(), 4);
    let api = Api::with_token(&env, &env.users["keel"]).unwrap();
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let me = api.create("/apis/authentication.k8s.io/v1/selfsubjectreviews", &review).unwrap();
    assert_eq!(me.body["status"]["userInfo"]["username"], "keel", "{}", me.body);
    // One request of this agent, besides those by which the plane was set up.
    let before = env.requests_of("homelab-plane").unwrap();
    api.get("/api/v1/namespaces").unwrap();
    assert_eq!(env.requests_of("homelab-plane").unwrap(), before + 1);

    drop(plane);
    assert!(!env.is_alive());
    assert!(!env.dir.exists(), "{} is left", env.dir.display());
    wait_for("the end of the servers", Duration::from_mins(1), || {
        let left: Vec<_> = ids.iter().filter(|id| Path::new(&format!("/proc/{id}")).exists()).collect();
        Ok(if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) })
    })
    .unwrap();
}
