//! The way to the store: TLS, namespaces, standby nodes.

use std::path::PathBuf;

use homelab_backends::objects::Cause;
use homelab_backends::vault::{Settings, Vault, VaultCause};
use homelab_plane::relay::{Relay, Reply};
use serde_json::json;

use super::settings;
use crate::support::plane;

#[tokio::test]
async fn only_the_named_authority_is_trusted() {
    let (relay, authority) = Relay::over_tls(&plane().vault_addr, |_| Reply::Pass).expect("relay");
    let (_other, wrong) = Relay::over_tls(&plane().vault_addr, |_| Reply::Pass).expect("relay");
    let files = tempfile::tempdir().expect("a folder");
    let with = |name: &str, pem: &str| {
        let file = files.path().join(name);
        std::fs::write(&file, pem).expect("write");
        trusting(&relay, Some(file))
    };
    let vault = with("right.pem", &authority);
    assert!(vault.health().await.is_ok());
    assert!(vault.capabilities("secret/data/x").await.is_ok());
    // Several authorities in one file, as while one is replaced by the next.
    assert!(with("both.pem", &format!("{wrong}{authority}")).health().await.is_ok());

    for vault in [with("wrong.pem", &wrong), trusting(&relay, None)] {
        let error = vault.health().await.expect_err("an authority that nobody named");
        assert!(matches!(error.cause, VaultCause::Link(Cause::UnknownAuthority { .. })), "{error}");
        assert!(error.hint().contains("vault.ca_cert_file"), "{}", error.hint());
    }
    for (vault, words) in [
        (with("empty.pem", "no certificate"), "holds no certificate"),
        (trusting(&relay, Some(files.path().join("nothing"))), "cannot be read"),
    ] {
        let error = vault.health().await.expect_err("no authority");
        assert!(error.to_string().contains("vault.ca_cert_file") && error.to_string().contains(words), "{error}");
    }
}

fn trusting(relay: &Relay, ca_cert_file: Option<PathBuf>) -> Vault {
    Vault::new(Settings { address: relay.address(), ca_cert_file, ..settings(&plane().vault_token) })
}

#[tokio::test]
async fn the_namespace_goes_with_every_request_but_that_for_health() {
    let relay = Relay::alone(|request| match request.path.as_str() {
        path if path.starts_with("/v1/sys/health") => {
            Reply::json(200, &json!({"initialized": true, "sealed": false, "standby": true, "version": "1.0"}))
        }
        path if path.starts_with("/v1/sys/internal/ui/mounts/") => {
            Reply::json(200, &json!({"data": {"path": "secret/", "type": "kv", "options": {"version": "2"}}}))
        }
        _ => Reply::errors(404, &[]),
    });
    let relay = relay.expect("relay");
    let namespace = Some("team/photos".to_owned());
    let vault = Vault::new(Settings { address: relay.address(), namespace, ..settings("token") });
    assert!(vault.health().await.expect("health").standby);
    assert!(vault.read_kv_keys("secret", "x").await.is_ok());
    for request in relay.seen() {
        // Health is asked of the whole server, and refused in a namespace.
        let expected = if request.path.starts_with("/v1/sys/health") { None } else { Some("team/photos") };
        assert_eq!(request.header("x-vault-namespace"), expected, "{}", request.path);
        assert_eq!(request.header("x-vault-request"), Some("true"));
    }
}

#[tokio::test]
async fn a_standby_that_sends_elsewhere_gets_no_second_chance_to_take_the_token_there() {
    let thief = Relay::alone(|_| Reply::json(200, &json!({}))).expect("relay");
    let location = format!("{}/v1/secret/data/x", thief.address());
    let relay = Relay::alone(move |_| Reply::Answer {
        status: 307,
        headers: vec![("Location".to_owned(), location.clone())],
        body: String::new(),
    });
    let relay = relay.expect("relay");
    let vault = Vault::new(Settings { address: relay.address(), ..settings("hvs.token") });
    let error = vault.read_kv_keys("secret", "x").await.expect_err("redirected");
    assert!(error.to_string().contains(&thief.address()) && error.hint().contains("active server"), "{error}");
    assert_eq!(thief.seen().len(), 0);
}
