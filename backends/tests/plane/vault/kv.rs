//! Documents: what is there, and writing one key of it.

use homelab_backends::vault::{KvKeys, KvValues, Merged, MountKind, Vault, VaultCause};
use homelab_schema::Sensitive;
use serde_json::{Value, json};

use super::{names, root, settings, vault};

fn secret(text: &str) -> Sensitive<String> {
    Sensitive::from(text.to_owned())
}

/// The newest version of a document, its number and its keys.
fn newest(path: &str) -> (u64, Value) {
    let body = root().read(&format!("secret/data/{path}")).expect("read").body;
    (body["data"]["metadata"]["version"].as_u64().expect("a version"), body["data"]["data"].clone())
}

fn holder_of(name: &str, rules: &str) -> Vault {
    Vault::new(settings(&root().token(name, rules).expect("token")))
}

#[tokio::test]
async fn mounts_are_told_by_what_they_are() {
    let vault = vault();
    assert_eq!(vault.mount("secret").await, Ok(Some(MountKind::KvV2)));
    assert_eq!(vault.mount("/kv1/").await, Ok(Some(MountKind::KvV1)));
    assert_eq!(vault.mount("database").await, Ok(Some(MountKind::Database)));
    assert_eq!(vault.mount("sys").await, Ok(Some(MountKind::Other("system".to_owned()))));
    assert_eq!(vault.mount("nowhere").await, Ok(None));
    assert_eq!(vault.mount("secret/photos").await, Ok(None), "it is below a mount, and none itself");
    let blind = holder_of("backends-blind", r#"path "secret/data/x" { capabilities = ["read"] }"#);
    let error = blind.mount("kv1").await.expect_err("not to be known");
    assert!(matches!(error.cause, VaultCause::Forbidden { .. }) && error.is_blind(), "{error}");
}

#[tokio::test]
async fn what_is_mounted_later_is_seen() {
    let vault = vault();
    assert_eq!(vault.mount("mounted-later").await, Ok(None));
    root().write("sys/mounts/mounted-later", &json!({"type": "kv", "options": {"version": "1"}})).expect("mounted");
    assert_eq!(vault.mount("mounted-later").await, Ok(Some(MountKind::KvV1)));
}

#[tokio::test]
async fn an_engine_may_be_mounted_at_a_path_with_slashes() {
    let mounted =
        root().write("sys/mounts/team/a/kv", &json!({"type": "kv", "options": {"version": "2"}})).expect("mount");
    mounted.expect("mount", &[200, 204]).expect("mounted");
    let vault = vault();
    assert_eq!(vault.split("team/a/kv/photos/mail").await, Ok(("team/a/kv".to_owned(), "photos/mail".to_owned())));
    assert_eq!(vault.split("secret/photos").await, Ok(("secret".to_owned(), "photos".to_owned())));
    assert_eq!(vault.split("nowhere/photos").await, Ok(("nowhere".to_owned(), "photos".to_owned())));
    // A new engine may still be preparing itself.
    homelab_plane::process::wait_for("the engine", std::time::Duration::from_mins(1), || {
        let answer = root().read("team/a/kv/config")?;
        Ok(if answer.status == 200 { Ok(()) } else { Err(answer.body.to_string()) })
    })
    .expect("ready");
    let merged = vault.merge_kv_key("team/a/kv", "photos/mail", "k", &secret("v")).await;
    assert_eq!(merged, Ok(Merged { version: Some(1), written: true }));
    let error = vault.read_kv_keys("team/a", "kv/photos/mail").await.expect_err("not its mount");
    assert!(matches!(error.cause, VaultCause::NoMount { .. }), "{error}");
}

#[tokio::test]
async fn each_version_is_there_deleted_destroyed_or_never_was() {
    for keys in [json!({"a": "1"}), json!({"b": "2"}), json!({"c": "3"}), json!({"d": "4"})] {
        root().put("backends/versions", &keys).expect("put");
    }
    root().write("secret/delete/backends/versions", &json!({"versions": [2]})).expect("delete");
    root().write("secret/destroy/backends/versions", &json!({"versions": [3]})).expect("destroy");
    let vault = vault();
    let keys = async |version| vault.read_kv_keys_at("secret", "backends/versions", version).await;
    assert_eq!(keys(None).await, Ok(names(&["d"])));
    assert_eq!(keys(Some(1)).await, Ok(names(&["a"])));
    assert_eq!(keys(Some(2)).await, Ok(KvKeys::Deleted));
    assert_eq!(keys(Some(3)).await, Ok(KvKeys::Destroyed));
    assert_eq!(keys(Some(9)).await, Ok(KvKeys::Absent));
    let values = async |version| vault.read_kv_values("secret", "backends/versions", Some(version)).await;
    assert_eq!(values(2).await, Ok(KvValues::Deleted { version: 2 }));
    assert_eq!(values(3).await, Ok(KvValues::Destroyed { version: 3 }));
    assert_eq!(values(9).await, Ok(KvValues::Absent));
}

#[tokio::test]
async fn values_come_with_their_version_and_are_not_shown() {
    root().put("backends/values", &json!({"text": "hunter2", "deep": {"a": [1]}})).expect("put");
    let read = vault().read_kv_values("secret", "backends/values", None).await.expect("values");
    assert!(!format!("{read:?}").contains("hunter2"));
    let KvValues::Document(document) = read else { panic!("{read:?}") };
    assert_eq!(document.version, Some(1));
    assert_eq!(document.keys().collect::<Vec<_>>(), ["deep", "text"]);
    assert_eq!(document.text("text").map(Sensitive::into_exposed).as_deref(), Some("hunter2"));
    assert_eq!(document.text("deep").map(Sensitive::into_exposed).as_deref(), Some(r#"{"a":[1]}"#));
    let whole: Value = serde_json::from_str(document.json().expose()).expect("JSON");
    assert_eq!(whole, json!({"text": "hunter2", "deep": {"a": [1]}}));

    root().write("kv1/backends/values", &json!({"c": "3"})).expect("put");
    let KvValues::Document(plain) = vault().read_kv_values("kv1", "backends/values", None).await.expect("values")
    else {
        panic!("a document");
    };
    assert_eq!((plain.version, plain.keys().collect::<Vec<_>>()), (None, vec!["c"]));
}

#[tokio::test]
async fn what_is_below_a_path_is_listed_in_both_versions_of_the_engine() {
    root().put("backends/list/a", &json!({"k": "1"})).expect("put");
    root().put("backends/list/deep/b", &json!({"k": "1"})).expect("put");
    root().write("kv1/backends/list/c", &json!({"k": "1"})).expect("put");
    let vault = vault();
    assert_eq!(vault.list_kv("secret", "backends/list").await, Ok(Some(vec!["a".to_owned(), "deep/".to_owned()])));
    assert_eq!(vault.list_kv("kv1", "backends/list").await, Ok(Some(vec!["c".to_owned()])));
    assert_eq!(vault.list_kv("secret", "backends/list/nothing").await, Ok(None));
    assert!(vault.list_kv("kv1", "").await.expect("the root").expect("something").contains(&"backends/".to_owned()));
    let error = vault.list_kv("nowhere", "x").await.expect_err("no mount");
    assert!(matches!(error.cause, VaultCause::NoMount { .. }), "{error}");
    let error = vault.list_kv("database", "x").await.expect_err("no documents");
    assert_eq!(error.cause, VaultCause::NotKv { mount: "database".to_owned(), kind: "database".to_owned() });
}

#[tokio::test]
async fn a_key_is_set_and_removed_and_its_siblings_stay() {
    let before = json!({"user": "app", "deep": {"n": 1.5, "list": [1, null, "ü"]}, "flag": true});
    root().put("backends/merge", &before).expect("put");
    root().write("secret/metadata/backends/merge", &json!({"custom_metadata": {"owner": "photos"}})).expect("metadata");
    let vault = vault();
    let merged = vault.merge_kv_key("secret", "backends/merge", "password", &secret("hunter2")).await;
    assert_eq!(merged, Ok(Merged { version: Some(2), written: true }));
    let mut with = before.clone();
    with["password"] = json!("hunter2");
    assert_eq!(newest("backends/merge"), (2, with));

    // What is so already is no new version.
    let again = vault.merge_kv_key("secret", "backends/merge", "password", &secret("hunter2")).await;
    assert_eq!(again, Ok(Merged { version: Some(2), written: false }));

    let removed = vault.remove_kv_key("secret", "backends/merge", "password").await;
    assert_eq!(removed, Ok(Merged { version: Some(3), written: true }));
    assert_eq!(newest("backends/merge"), (3, before));
    let again = vault.remove_kv_key("secret", "backends/merge", "password").await;
    assert_eq!(again, Ok(Merged { version: Some(3), written: false }));
    let metadata = root().read("secret/metadata/backends/merge").expect("metadata").body;
    assert_eq!(metadata["data"]["custom_metadata"], json!({"owner": "photos"}), "the metadata is not ours");
}

#[tokio::test]
async fn a_document_is_begun_where_there_is_none_and_stays_empty_after_its_last_key() {
    let vault = vault();
    let removed = vault.remove_kv_key("secret", "backends/new", "k").await;
    assert_eq!(removed, Ok(Merged { version: None, written: false }));
    let merged = vault.merge_kv_key("secret", "backends/new", "k", &secret("v")).await;
    assert_eq!(merged, Ok(Merged { version: Some(1), written: true }));
    let removed = vault.remove_kv_key("secret", "backends/new", "k").await;
    assert_eq!(removed, Ok(Merged { version: Some(2), written: true }));
    assert_eq!(newest("backends/new"), (2, json!({})));
    assert_eq!(vault.read_kv_keys("secret", "backends/new").await, Ok(names(&[])));
    let merged = vault.merge_kv_key("secret", "backends/new", "k", &secret("v")).await;
    assert_eq!(merged, Ok(Merged { version: Some(3), written: true }));
}

#[tokio::test]
async fn nothing_is_put_on_top_of_what_may_be_restored() {
    root().put("backends/soft", &json!({"theirs": "1"})).expect("put");
    root().delete("secret/data/backends/soft").expect("delete");
    let vault = vault();
    let error = vault.merge_kv_key("secret", "backends/soft", "k", &secret("v")).await.expect_err("deleted");
    assert_eq!(error.cause, VaultCause::Deleted { version: 1 });
    assert!(error.detail().contains("undelete -versions=1"), "{}", error.detail());
    assert_eq!(vault.read_kv_keys("secret", "backends/soft").await, Ok(KvKeys::Deleted), "nothing was written");

    root().write("secret/undelete/backends/soft", &json!({"versions": [1]})).expect("undelete");
    let merged = vault.merge_kv_key("secret", "backends/soft", "k", &secret("v")).await;
    assert_eq!(merged, Ok(Merged { version: Some(2), written: true }));
    assert_eq!(newest("backends/soft").1, json!({"theirs": "1", "k": "v"}));

    // Of a destroyed version nothing can be restored.
    root().write("secret/destroy/backends/soft", &json!({"versions": [2]})).expect("destroy");
    let merged = vault.merge_kv_key("secret", "backends/soft", "k", &secret("v")).await;
    assert_eq!(merged, Ok(Merged { version: Some(3), written: true }));
}

#[tokio::test]
async fn a_number_that_the_store_rounds_is_not_stored_rounded() {
    let path = "secret/data/backends/fragile";
    // More digits than a double has.
    root().write(path, &json!({"data": {"n": 9_007_199_254_740_993_u64, "k": "1"}})).expect("put");
    let error = vault().merge_kv_key("secret", "backends/fragile", "k", &secret("2")).await.expect_err("fragile");
    assert_eq!(error.cause, VaultCause::Fragile { key: "n".to_owned() });
    assert_eq!(newest("backends/fragile").0, 1);
}

#[tokio::test]
async fn an_engine_without_versions_is_not_written() {
    root().write("kv1/backends/merge", &json!({"theirs": "1"})).expect("put");
    let error = vault().merge_kv_key("kv1", "backends/merge", "k", &secret("v")).await.expect_err("no versions");
    assert_eq!(error.cause, VaultCause::NotVersioned { mount: "kv1".to_owned() });
    assert_eq!(vault().read_kv_keys("kv1", "backends/merge").await, Ok(names(&["theirs"])));
    let error = vault().merge_kv_key("database", "x", "k", &secret("v")).await.expect_err("no documents");
    assert!(matches!(error.cause, VaultCause::NotKv { .. }), "{error}");
    let error = vault().merge_kv_key("nowhere", "x", "k", &secret("v")).await.expect_err("no engine");
    assert!(matches!(error.cause, VaultCause::NoMount { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_at_once_lose_nothing() {
    root().put("backends/crowd", &json!({"theirs": "1"})).expect("put");
    let writers: Vec<_> = (0..8)
        .map(|number| {
            tokio::spawn(async move {
                let key = format!("key-{number}");
                vault().merge_kv_key("secret", "backends/crowd", &key, &secret(&key)).await
            })
        })
        .collect();
    for writer in writers {
        let merged = writer.await.expect("a writer").expect("merged");
        assert!(merged.written);
    }
    let (version, document) = newest("backends/crowd");
    assert_eq!(version, 9, "each has written once");
    let mut expected = json!({"theirs": "1"});
    for number in 0..8 {
        expected[format!("key-{number}")] = json!(format!("key-{number}"));
    }
    assert_eq!(document, expected);
}

#[tokio::test]
async fn who_may_write_and_not_read_writes_nothing() {
    root().put("backends/writeonly", &json!({"theirs": "1"})).expect("put");
    let rules = r#"path "secret/data/backends/writeonly" { capabilities = ["create", "update"] }"#;
    let error = holder_of("backends-writeonly", rules)
        .merge_kv_key("secret", "backends/writeonly", "k", &secret("v"))
        .await
        .expect_err("not read");
    assert_eq!(error.cause, VaultCause::Forbidden { path: "secret/data/backends/writeonly".to_owned() });
    assert_eq!(newest("backends/writeonly"), (1, json!({"theirs": "1"})));

    let rules = r#"path "secret/data/backends/writeonly" { capabilities = ["read"] }"#;
    let error = holder_of("backends-readonly", rules)
        .merge_kv_key("secret", "backends/writeonly", "k", &secret("v"))
        .await
        .expect_err("not written");
    assert!(matches!(error.cause, VaultCause::Forbidden { .. }), "{error}");
    assert!(!format!("{error:?} {}", error.detail()).contains("\"v\""));
    assert_eq!(newest("backends/writeonly").0, 1);
}
