//! A store that fails, and what is written then: nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use homelab_backends::objects::Cause;
use homelab_backends::vault::{Merged, Settings, Vault, VaultCause};
use homelab_plane::relay::{Relay, Reply, Request};
use homelab_plane::skip;
use homelab_plane::vault::OwnVault;
use homelab_schema::Sensitive;
use serde_json::{Value, json};

use super::{root, settings};
use crate::support::plane;

fn through(relay: &Relay) -> Vault {
    Vault::new(Settings { address: relay.address(), ..settings(&plane().vault_token) })
}

/// One that soon has enough of a silence; what is not silent has to answer a busy machine in that time.
fn impatient(relay: &Relay) -> Vault {
    let timeout = Duration::from_secs(3);
    Vault::new(Settings { address: relay.address(), timeout, ..settings(&plane().vault_token) })
}

fn relay(rule: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Relay {
    Relay::to(&plane().vault_addr, rule).expect("relay")
}

/// A relay that treats the first `count` requests of that method for documents so, and lets all others pass.
fn first(count: usize, method: &'static str, reply: Reply) -> Relay {
    let seen = Arc::new(AtomicUsize::new(0));
    relay(move |request| {
        let is_meant = request.is(method, "/v1/secret/data/");
        if is_meant && seen.fetch_add(1, Ordering::SeqCst) < count { reply.clone() } else { Reply::Pass }
    })
}

async fn merge(vault: &Vault, path: &str) -> Result<Merged, VaultCause> {
    let value = Sensitive::from("hunter2".to_owned());
    let merged = vault.merge_kv_key("secret", path, "password", &value).await;
    if let Err(error) = &merged {
        assert!(!format!("{error:?} {}", error.detail()).contains("hunter2"), "{error}");
    }
    merged.map_err(|error| error.cause)
}

fn document(path: &str) -> (Value, Value) {
    let body = root().read(&format!("secret/data/{path}")).expect("read").body;
    (body["data"]["metadata"]["version"].clone(), body["data"]["data"].clone())
}

const ALWAYS: usize = usize::MAX;

#[tokio::test]
async fn whatever_the_read_fails_with_nothing_is_written() {
    let html = Reply::Answer { status: 404, headers: Vec::new(), body: "<html>not found</html>".to_owned() };
    let truncated = Reply::Answer { status: 200, headers: Vec::new(), body: r#"{"data":{"data":{"the"#.to_owned() };
    for (name, reply) in [
        ("403", Reply::errors(403, &["1 error occurred:\n\t* permission denied\n\n"])),
        ("500", Reply::errors(500, &["internal error"])),
        ("502", Reply::Answer { status: 502, headers: Vec::new(), body: String::new() }),
        ("503", Reply::errors(503, &["Vault is sealed"])),
        ("504", Reply::Answer { status: 504, headers: Vec::new(), body: "<html>".to_owned() }),
        ("429", Reply::errors(429, &["too many requests"])),
        ("400", Reply::errors(400, &["Upgrading from non-versioned to versioned data"])),
        ("a 404 that is not the store's", html),
        ("a 404 about something else", Reply::errors(404, &["no handler for route \"secret/data/x\""])),
        ("half an answer", truncated),
        ("no answer", Reply::Silence),
        ("a lost answer", Reply::Swallow),
    ] {
        let path = "faults/read";
        root().put(path, &json!({"theirs": "1"})).expect("put");
        let before = document(path);
        let relay = first(ALWAYS, "GET", reply);
        let error = merge(&impatient(&relay), path).await.expect_err(name);
        assert_eq!(document(path), before, "{name}: {error}");
        assert_eq!(relay.count("POST", "/v1/secret/"), 0, "{name}: {error}");
        assert_eq!(relay.count("PUT", "/v1/secret/"), 0, "{name}: {error}");
    }
}

#[tokio::test]
async fn a_failure_that_passes_is_waited_for() {
    for status in [412, 429, 500, 502, 503, 504] {
        let path = format!("faults/passing{status}");
        root().put(&path, &json!({"theirs": "1"})).expect("put");
        let relay = first(2, "GET", Reply::errors(status, &["a moment please"]));
        let merged = merge(&through(&relay), &path).await;
        assert_eq!(merged, Ok(Merged { version: Some(2), written: true }), "{status}");
    }
}

#[tokio::test]
async fn tries_have_a_limit_and_say_so() {
    for (status, reads) in [(429, 4), (500, 4), (503, 4)] {
        let relay = first(ALWAYS, "GET", Reply::errors(status, &["never"]));
        let began = Instant::now();
        let error = through(&relay).read_kv_keys("secret", "faults/never").await.expect_err("never");
        assert_eq!(relay.count("GET", "/v1/secret/data/"), reads, "{error}");
        assert!(began.elapsed() < Duration::from_mins(1));
        assert!(error.to_string().contains(&status.to_string()) && error.to_string().contains("never"), "{error}");
        assert!(error.is_blind());
    }
    // What waiting does not mend is not waited for.
    for words in ["Vault is sealed", "Vault is not initialized"] {
        let relay = relay(move |_| Reply::errors(503, &[words]));
        let error = through(&relay).read_kv_keys("secret", "x").await.expect_err("not ready");
        assert!(matches!(error.cause, VaultCause::NotReady(_)), "{error}");
        assert_eq!(relay.count("GET", "/v1/sys/internal/ui/mounts/"), 1, "{error}");
        assert_eq!(relay.count("GET", "/v1/secret/"), 0, "{error}");
    }
}

#[tokio::test]
async fn a_server_that_says_when_is_asked_then_and_not_before() {
    let answer = Reply::Answer {
        status: 429,
        headers: vec![("Retry-After".to_owned(), "1".to_owned())],
        body: r#"{"errors":["slowly"]}"#.to_owned(),
    };
    root().put("faults/later", &json!({"theirs": "1"})).expect("put");
    let began = Instant::now();
    assert!(merge(&through(&first(1, "GET", answer)), "faults/later").await.is_ok());
    assert!(began.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_write_that_stays_open_is_looked_up() {
    // Done or not done, the end is the same: one version more, and nothing lost.
    for (name, reply) in [
        ("an answer that was lost", Reply::Swallow),
        ("no answer", Reply::Silence),
        ("500", Reply::errors(500, &["internal error"])),
        ("502", Reply::Answer { status: 502, headers: Vec::new(), body: String::new() }),
    ] {
        let path = "faults/open";
        root().delete(&format!("secret/metadata/{path}")).expect("clean");
        root().put(path, &json!({"theirs": "1"})).expect("put");
        let merged = merge(&impatient(&first(1, "POST", reply)), path).await;
        assert_eq!(merged, Ok(Merged { version: Some(2), written: true }), "{name}");
        assert_eq!(document(path), (json!(2), json!({"theirs": "1", "password": "hunter2"})), "{name}");
    }
}

#[tokio::test]
async fn a_write_that_never_gets_through_is_an_error_and_nothing_else() {
    for reply in [Reply::errors(500, &["never"]), Reply::Silence, Reply::errors(429, &["never"])] {
        let path = "faults/nowrite";
        root().put(path, &json!({"theirs": "1"})).expect("put");
        let before = document(path);
        let relay = first(ALWAYS, "POST", reply);
        let error = merge(&impatient(&relay), path).await.expect_err("never");
        assert!(!matches!(error, VaultCause::Contended { .. }), "{error}");
        assert_eq!(document(path), before);
    }
}

#[tokio::test]
async fn a_writer_who_is_faster_is_read_again_and_one_who_always_is_ends_it() {
    let path = "faults/race";
    root().put(path, &json!({"theirs": "0"})).expect("put");
    let overtaking = |times: usize| {
        let (seen, address, token) = (AtomicUsize::new(0), plane().vault_addr.clone(), plane().vault_token.clone());
        relay(move |request| {
            if request.is("POST", "/v1/secret/data/") {
                let count = seen.fetch_add(1, Ordering::SeqCst);
                if count < times {
                    let other = homelab_plane::Vault::new(&address, &token).expect("another writer");
                    other.put(path, &json!({"theirs": count.to_string()})).expect("put");
                }
            }
            Reply::Pass
        })
    };
    let relay = overtaking(3);
    assert!(merge(&through(&relay), path).await.expect("merged").written);
    assert_eq!(document(path).1, json!({"theirs": "2", "password": "hunter2"}));
    assert_eq!(relay.count("POST", "/v1/secret/data/"), 4);

    root().put(path, &json!({"theirs": "0"})).expect("put");
    let relay = overtaking(ALWAYS);
    let error = merge(&through(&relay), path).await.expect_err("always overtaken");
    let VaultCause::Contended { tries } = error else { panic!("{error}") };
    assert_eq!(relay.count("POST", "/v1/secret/data/"), tries as usize);
    assert!(document(path).1.get("password").is_none());
}

#[tokio::test]
async fn a_silent_store_is_given_up_in_time_and_named() {
    let relay = relay(|_| Reply::Silence);
    let began = Instant::now();
    let error = impatient(&relay).read_kv_keys("secret", "x").await.expect_err("silence");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    let VaultCause::Link(Cause::TimedOut { address, .. }) = &error.cause else { panic!("{error:?}") };
    assert_eq!(*address, relay.address());
}

#[tokio::test]
async fn a_sealed_store_says_so_and_is_not_waited_for() {
    let own = match OwnVault::start() {
        Err(error) if error.is_missing() => return skip("a sealed Vault", &error.to_string()),
        own => own.expect("a Vault"),
    };
    own.root().put("photos", &json!({"theirs": "1"})).expect("put");
    own.root().write("sys/seal", &json!({})).expect("sealed").expect("sealed", &[204]).expect("sealed");
    let relay = Relay::to(own.address(), |_| Reply::Pass).expect("relay");
    let vault = Vault::new(Settings { address: relay.address(), ..settings("any token") });
    let health = vault.health().await.expect("health");
    assert!(health.initialized && health.sealed, "{health:?}");
    for cause in [
        vault.read_kv_keys("secret", "photos").await.expect_err("sealed").cause,
        merge(&vault, "photos").await.expect_err("sealed"),
        vault.static_role("database", "app").await.expect_err("sealed").cause,
        vault.identity().await.expect_err("sealed").cause,
    ] {
        assert_eq!(cause, VaultCause::NotReady("sealed"));
    }
    // One request each; beside them the token may have been looked at once, for when it has to be renewed.
    assert_eq!(relay.count("GET", "/v1/sys/internal/ui/mounts/"), 3);
    assert!((1..=2).contains(&relay.count("GET", "/v1/auth/token/lookup-self")));
}
