//! The store of secrets, against a real one; where a real one cannot be made to fail, through a relay that does.

mod database;
mod faults;
mod kv;
mod login;
mod ways;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use homelab_backends::objects::Cause;
use homelab_backends::vault::{Identity, KvKeys, Settings, Vault, VaultCause};
use homelab_plane::Vault as Root;
use secrecy::SecretString;
use serde_json::json;

use crate::support::plane;

fn settings(token: &str) -> Settings {
    Settings {
        address: plane().vault_addr.clone(),
        namespace: None,
        identity: Identity::Token(SecretString::from(token)),
        ca_cert_file: None,
        mount: "secret".to_owned(),
        timeout: Duration::from_mins(1),
    }
}

fn vault() -> Vault {
    Vault::new(settings(&plane().vault_token))
}

fn root() -> Root {
    Root::root(plane()).expect("root")
}

fn names(names: &[&str]) -> KvKeys {
    KvKeys::Keys(names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>())
}

#[tokio::test]
async fn health_needs_no_identity() {
    let health = Vault::new(settings("nonsense")).health().await.expect("health");
    assert!(health.initialized && !health.sealed);
    assert!(health.version.starts_with(|first: char| first.is_ascii_digit()), "{health:?}");
}

#[tokio::test]
async fn the_keys_of_a_document_are_read_in_both_versions_of_the_engine() {
    root().put("backends/keys", &json!({"a": "1", "b": "2"})).expect("put");
    root().write("kv1/backends/keys", &json!({"c": "3"})).expect("put").expect("put", &[204]).expect("written");
    assert_eq!(vault().read_kv_keys("secret", "backends/keys").await, Ok(names(&["a", "b"])));
    assert_eq!(vault().read_kv_keys("kv1/", "/backends/keys").await, Ok(names(&["c"])));
}

#[tokio::test]
async fn absent_deleted_forbidden_and_a_wrong_mount_are_four_answers() {
    assert_eq!(vault().read_kv_keys("secret", "backends/nothing").await, Ok(KvKeys::Absent));
    assert_eq!(vault().read_kv_keys("kv1", "backends/nothing").await, Ok(KvKeys::Absent));

    root().put("backends/deleted", &json!({"a": "1"})).expect("put");
    root().delete("secret/data/backends/deleted").expect("delete").expect("delete", &[204]).expect("deleted");
    assert_eq!(vault().read_kv_keys("secret", "backends/deleted").await, Ok(KvKeys::Deleted));

    let error = vault().read_kv_keys("nowhere", "x").await.expect_err("no mount");
    assert!(matches!(error.cause, VaultCause::NoMount { .. }), "{error}");
    assert!(!error.is_blind());

    root().put("backends/closed", &json!({"a": "hunter2"})).expect("put");
    let token =
        root().token("backends-none", r#"path "secret/data/other" { capabilities = ["read"] }"#).expect("token");
    let error = Vault::new(settings(&token)).read_kv_keys("secret", "backends/closed").await.expect_err("forbidden");
    assert_eq!(error.cause, VaultCause::Forbidden { path: "secret/data/backends/closed".to_owned() });
    assert!(error.is_blind());
}

#[tokio::test]
async fn a_bad_token_is_told_from_a_policy_and_never_shown() {
    let vault = Vault::new(settings("hvs.not-a-token"));
    let error = vault.read_kv_keys("secret", "x").await.expect_err("bad token");
    assert!(matches!(error.cause, VaultCause::BadToken { .. }), "{error}");
    assert!(
        !format!("{error:?} {} {vault:?} {:?}", error.detail(), settings("hvs.not-a-token")).contains("not-a-token")
    );
}

#[tokio::test]
async fn capabilities_are_those_of_the_policy() {
    let token = root().token("backends-read", r#"path "secret/data/backends/*" { capabilities = ["read", "list"] }"#);
    let vault = Vault::new(settings(&token.expect("token")));
    let mut allowed = vault.capabilities("secret/data/backends/x").await.expect("capabilities");
    allowed.sort();
    assert_eq!(allowed, ["list", "read"]);
    assert_eq!(vault.capabilities("secret/data/other").await, Ok(vec!["deny".to_owned()]));
}

#[tokio::test]
async fn a_token_file_is_read_and_a_missing_one_named() {
    let file = tempfile::NamedTempFile::new().expect("file");
    std::fs::write(file.path(), format!("{}\n", plane().vault_token)).expect("write");
    let from = |path: PathBuf| Vault::new(Settings { identity: Identity::File(path), ..settings("") });
    assert!(from(file.path().to_owned()).capabilities("secret/x").await.is_ok());
    let error = from(PathBuf::from("no/such/file")).capabilities("secret/x").await.expect_err("missing");
    assert!(error.to_string().contains("vault.token_file: no/such/file"), "{error}");
}

#[tokio::test]
async fn a_refused_connection_says_where() {
    let address = format!("http://{}", homelab_plane::NOBODY);
    let error = Vault::new(Settings { address: address.clone(), ..settings("x") }).health().await.expect_err("refused");
    let VaultCause::Link(Cause::Unreachable { address: named, words }) = &error.cause else { panic!("{error:?}") };
    assert_eq!(*named, address);
    assert!(words.to_lowercase().contains("refused"), "{words}");
}
