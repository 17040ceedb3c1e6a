//! Who we are: logins, renewal, and what happens when a token dies.

use std::path::Path;
use std::time::Duration;

use homelab_backends::vault::{Identity, Settings, Vault, VaultCause};
use homelab_plane::process::wait_for;
use homelab_plane::relay::{Relay, Reply};
use serde_json::{Value, json};

use super::{root, settings};
use crate::support::plane;

const RULES: &str = r#"path "secret/data/*" { capabilities = ["read"] }"#;

/// A service account that may log in as the role of its namespace's name, and the file of its token.
fn account(prefix: &str, token: &Value) -> (String, tempfile::NamedTempFile) {
    let namespace = crate::support::namespace(prefix);
    let admin = crate::support::admin();
    let accounts = format!("/api/v1/namespaces/{namespace}/serviceaccounts");
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "app"}});
    admin.create(&accounts, &account).expect("create").expect("create", &[201]).expect("created");
    let request = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}});
    let minted = admin.create(&format!("{accounts}/app/token"), &request).expect("token");
    let minted = minted.expect("token", &[201]).expect("minted");
    let jwt = tempfile::NamedTempFile::new().expect("file");
    std::fs::write(jwt.path(), minted["status"]["token"].as_str().expect("jwt")).expect("write");
    root().write(&format!("sys/policies/acl/{namespace}"), &json!({ "policy": RULES })).expect("policy");
    let mut role = json!({
        "bound_service_account_names": "app", "bound_service_account_namespaces": namespace,
        "token_policies": [namespace],
    });
    for (name, value) in token.as_object().expect("settings") {
        role[name] = value.clone();
    }
    let written = root().write(&format!("auth/kubernetes/role/{namespace}"), &role).expect("role");
    written.expect("role", &[200, 204]).expect("written");
    (namespace, jwt)
}

fn as_role(role: &str, jwt: &Path, address: &str) -> Vault {
    let identity =
        Identity::Kubernetes { role: role.to_owned(), mount: "kubernetes".to_owned(), jwt_file: jwt.to_owned() };
    Vault::new(Settings { identity, address: address.to_owned(), ..settings("") })
}

/// Accessors of the tokens that were given for a role.
fn tokens_of(role: &str) -> Vec<(String, String)> {
    let listed = root().read("auth/token/accessors?list=true").expect("accessors").body;
    let accessors: Vec<String> = serde_json::from_value(listed["data"]["keys"].clone()).unwrap_or_default();
    let look = |accessor: &String| {
        let found = root().write("auth/token/lookup-accessor", &json!({ "accessor": accessor })).ok()?.body;
        let is_ours = found["data"]["meta"]["role"] == role;
        is_ours.then(|| (accessor.clone(), found["data"]["expire_time"].as_str().unwrap_or_default().to_owned()))
    };
    accessors.iter().filter_map(look).collect()
}

#[tokio::test]
async fn a_service_account_logs_in_and_a_refused_role_is_named() {
    let (role, jwt) = account("vault-login", &json!({"token_ttl": "10m"}));
    let address = &plane().vault_addr;
    let allowed = as_role(&role, jwt.path(), address).capabilities("secret/data/x").await;
    assert_eq!(allowed, Ok(vec!["read".to_owned()]));
    let error = as_role("nope", jwt.path(), address).capabilities("secret/x").await.expect_err("refused");
    let VaultCause::Login { role, words, .. } = &error.cause else { panic!("{error:?}") };
    assert_eq!(role, "nope");
    assert!(words.contains("nope"), "the words of the server: {words}");
    let token = std::fs::read_to_string(jwt.path()).expect("jwt");
    assert!(!format!("{error:?} {}", error.detail()).contains(&token));

    let elsewhere =
        Identity::Kubernetes { role: "x".to_owned(), mount: "nowhere".to_owned(), jwt_file: jwt.path().to_owned() };
    let error = Vault::new(Settings { identity: elsewhere, ..settings("") }).identity().await.expect_err("no such way");
    assert!(error.to_string().contains("auth/nowhere"), "{error}");
}

/// A long apply that asks the store at its beginning and at its end.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_renewed_while_nobody_asks_for_it() {
    let (role, jwt) = account("vault-renewal", &json!({"token_ttl": "12s", "token_max_ttl": "10m"}));
    let relay = Relay::to(&plane().vault_addr, |_| Reply::Pass).expect("relay");
    let vault = as_role(&role, jwt.path(), &relay.address());
    assert!(vault.capabilities("secret/data/x").await.is_ok());
    let first = tokens_of(&role);
    assert_eq!(first.len(), 1, "{first:?}");
    // Twice its life. A third of that is what a busy machine has for each renewal before the token is dead.
    let renewed = tokio::task::spawn_blocking(move || {
        let relay = relay;
        wait_for("three renewals", Duration::from_mins(1), || match relay.count("POST", "/v1/auth/token/renew-self") {
            0..3 => Ok(Err(format!("{:?}", relay.seen().iter().map(|one| one.path.clone()).collect::<Vec<_>>()))),
            _ => Ok(Ok(())),
        })
        .map(|()| relay)
    });
    let relay = renewed.await.expect("a thread").expect("renewed");
    let now = tokens_of(&role);
    assert_eq!(now.len(), 1, "it is the same token");
    assert!(now[0].0 == first[0].0 && now[0].1 > first[0].1, "it lives longer: {first:?} {now:?}");
    assert!(vault.capabilities("secret/data/x").await.is_ok());
    assert_eq!(relay.count("POST", "/v1/auth/kubernetes/login"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_cannot_live_longer_is_replaced() {
    let (role, jwt) = account("vault-maxttl", &json!({"token_ttl": "6s", "token_max_ttl": "9s"}));
    let vault = as_role(&role, jwt.path(), &plane().vault_addr);
    assert!(vault.capabilities("secret/data/x").await.is_ok());
    let first = tokens_of(&role);
    let other = first.clone();
    tokio::task::spawn_blocking(move || {
        wait_for("a second token", Duration::from_mins(1), || {
            let now = tokens_of(&role);
            let is_new = now.iter().any(|(accessor, _)| other.iter().all(|(old, _)| old != accessor));
            Ok(if is_new { Ok(()) } else { Err(format!("{now:?}")) })
        })
    })
    .await
    .expect("a thread")
    .expect("replaced");
    assert!(vault.capabilities("secret/data/x").await.is_ok());
}

#[tokio::test]
async fn a_dead_token_is_replaced_once_and_a_policy_is_no_reason() {
    let (role, jwt) = account("vault-dead", &json!({"token_ttl": "10m"}));
    let relay = Relay::to(&plane().vault_addr, |_| Reply::Pass).expect("relay");
    let vault = as_role(&role, jwt.path(), &relay.address());
    assert!(vault.capabilities("secret/data/x").await.is_ok());
    for (accessor, _) in tokens_of(&role) {
        root().write("auth/token/revoke-accessor", &json!({ "accessor": accessor })).expect("revoked");
    }
    assert!(vault.capabilities("secret/data/x").await.is_ok());
    let logins = || relay.count("POST", "/v1/auth/kubernetes/login");
    assert_eq!(logins(), 2);
    let error = vault.read_kv_keys("kv1", "x").await.expect_err("a policy");
    assert!(matches!(error.cause, VaultCause::Forbidden { .. }), "{error}");
    assert_eq!(logins(), 2, "another token would be refused as well");
}

#[tokio::test]
async fn a_login_is_tried_once_where_new_tokens_are_refused_as_well() {
    let (role, jwt) = account("vault-refused", &json!({"token_ttl": "10m"}));
    let relay = Relay::to(&plane().vault_addr, |request| match request.path.as_str() {
        "/v1/auth/kubernetes/login" => Reply::Pass,
        _ => Reply::errors(403, &["permission denied", "invalid token"]),
    });
    let relay = relay.expect("relay");
    let error = as_role(&role, jwt.path(), &relay.address()).read_kv_keys("secret", "x").await.expect_err("refused");
    assert!(matches!(error.cause, VaultCause::BadToken { .. }), "{error}");
    assert_eq!(relay.count("POST", "/v1/auth/kubernetes/login"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_given_token_is_renewed_too_and_a_root_token_needs_nothing() {
    root().write("sys/policies/acl/backends-given", &json!({ "policy": RULES })).expect("policy");
    let wish = json!({"policies": ["backends-given"], "ttl": "12s", "explicit_max_ttl": "10m"});
    let made = root().write("auth/token/create", &wish).expect("token").body;
    let token = made["auth"]["client_token"].as_str().expect("a token");
    let relay = Relay::to(&plane().vault_addr, |_| Reply::Pass).expect("relay");
    let vault = Vault::new(Settings { address: relay.address(), ..settings(token) });
    assert!(vault.capabilities("secret/data/x").await.is_ok());
    let relay = tokio::task::spawn_blocking(move || {
        wait_for("two renewals", Duration::from_mins(1), || match relay.count("POST", "/v1/auth/token/renew-self") {
            0..2 => Ok(Err("not yet".to_owned())),
            _ => Ok(Ok(())),
        })
        .map(|()| relay)
    });
    let _relay = relay.await.expect("a thread").expect("renewed");
    assert!(vault.capabilities("secret/data/x").await.is_ok());

    let relay = Relay::to(&plane().vault_addr, |_| Reply::Pass).expect("relay");
    let vault = Vault::new(Settings { address: relay.address(), ..settings(&plane().vault_token) });
    for _ in 0..3 {
        assert!(vault.capabilities("secret/data/x").await.is_ok());
    }
    assert_eq!(relay.count("POST", "/v1/auth/token/renew-self"), 0);
}

#[tokio::test]
async fn a_token_file_is_read_again_when_its_token_is_dead() {
    let new = root().token("backends-file", RULES).expect("token");
    let file = tempfile::NamedTempFile::new().expect("file");
    let put = |text: &str| std::fs::write(file.path(), text).expect("write");
    put(&root().token("backends-file", RULES).expect("token"));
    let vault = Vault::new(Settings { identity: Identity::File(file.path().to_owned()), ..settings("") });
    assert!(vault.capabilities("secret/data/x").await.is_ok());
    let old = std::fs::read_to_string(file.path()).expect("read");
    root().write("auth/token/revoke", &json!({ "token": old })).expect("revoked");
    let error = vault.capabilities("secret/data/x").await.expect_err("nobody has written another");
    assert!(matches!(error.cause, VaultCause::BadToken { .. }), "{error}");
    put(&format!("{new}\n"));
    assert!(vault.capabilities("secret/data/x").await.is_ok());

    put(" \n");
    let empty = Vault::new(Settings { identity: Identity::File(file.path().to_owned()), ..settings("") });
    let error = empty.capabilities("secret/data/x").await.expect_err("no token");
    assert!(error.to_string().contains("vault.token_file") && error.to_string().contains("is empty"), "{error}");
}
