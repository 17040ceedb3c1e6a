//! Tables.

use serde_json::json;

use super::*;
use crate::finding::{Finding, Severity};

fn vault(mount: Option<&str>, version: KvVersion) -> VaultStore {
    VaultStore {
        server: "http://vault.example.net:8200".to_owned(),
        namespace: None,
        mount: mount.map(str::to_owned),
        version,
    }
}

#[test]
fn a_store_is_read_from_its_object() {
    let object =
        json!({"spec": {"provider": {"vault": {"server": "http://vault.example.net:8200", "path": "secret/"}}}});
    assert_eq!(Store::of(&object), Store::Vault(vault(Some("secret"), KvVersion::V2)));
    let object = json!({"spec": {"provider": {"vault": {"server": "http://vault.example.net:8200", "version": "v1"}}}});
    assert_eq!(Store::of(&object), Store::Vault(vault(None, KvVersion::V1)));
    assert_eq!(Store::of(&json!({"spec": {"provider": {"aws": {}}}})), Store::Other("aws".to_owned()));
    assert_eq!(Store::of(&json!({})), Store::Other("unknown".to_owned()));
}

#[test]
fn a_key_is_found_where_the_operator_would_look() {
    use KvVersion::{V1, V2};
    for (mount, version, key, expected) in [
        (Some("secret"), V2, "photos/db", "secret/photos/db"),
        (Some("secret"), V2, "secret/photos", "secret/photos"),
        (Some("secret"), V2, "secret/data/photos", "secret/photos"),
        (Some("secret"), V2, "data/photos", "secret/data/photos"),
        (Some("secret"), V1, "secret/data/photos", "secret/data/photos"),
        (Some("team/kv"), V2, "team/kv/photos", "team/kv/photos"),
        (Some("database"), V1, "static-creds/photos", "database/static-creds/photos"),
        (None, V2, "secret/photos/db", "secret/photos/db"),
        (None, V2, "team/kv/data/photos", "team/kv/photos"),
        (None, V1, "kv/photos", "kv/photos"),
    ] {
        let found = document(&vault(mount, version), key, None);
        assert_eq!(found.to_string(), expected, "{mount:?} {version:?} {key}");
        assert_eq!(found.mount, mount.unwrap_or(&found.mount), "{key}");
    }
    let role = document(&vault(Some("database"), V1), "static-creds/photos", None);
    assert_eq!(role.static_role(), Some("photos"));
    assert_eq!(document(&vault(Some("secret"), V2), "static-creds/photos", None).static_role(), None);
}

fn spec() -> Value {
    json!({
        "secretStoreRef": {"name": "vault-kv", "kind": "ClusterSecretStore"},
        "data": [
            {"secretKey": "A", "remoteRef": {"key": "photos", "property": "a", "version": "3"}},
            {"secretKey": "B", "remoteRef": {"key": "photos", "metadataPolicy": "Fetch"}},
            {"secretKey": "C", "remoteRef": {"key": "x"}, "sourceRef": {"storeRef": {"name": "cloud"}}},
        ],
        "dataFrom": [
            {"extract": {"key": "all"}},
            null,
            {"find": {"path": "apps", "name": {"regexp": ".*"}}},
            {"sourceRef": {"generatorRef": {"kind": "Password", "name": "p"}}},
        ],
    })
}

fn all() -> Vec<Wanted> {
    wanted(&spec(), |store| match store.name.as_str() {
        "vault-kv" if store.is_cluster_wide() => Some(Store::Vault(vault(Some("secret"), KvVersion::V2))),
        "cloud" => Some(Store::Other("aws".to_owned())),
        other => panic!("{other}"),
    })
}

#[test]
fn everything_that_comes_from_vault_is_wanted_and_nothing_else() {
    let names: Vec<String> =
        stores(&spec()).into_iter().map(|store| format!("{} {}", store.kind, store.name)).collect();
    assert_eq!(names, ["ClusterSecretStore vault-kv", "SecretStore cloud"]);
    let found: Vec<(String, String, Part)> =
        all().into_iter().map(|one| (one.path.to_string(), one.document.to_string(), one.part)).collect();
    let expected = [
        ("data[\"A\"]", "secret/photos (version 3)", Part::Value),
        ("data[\"B\"]", "secret/photos", Part::Metadata),
        ("data_from[0].extract", "secret/all", Part::Whole),
        ("data_from[2].find", "secret/apps", Part::Search),
    ];
    assert_eq!(found, expected.map(|(path, document, part)| (path.to_owned(), document.to_owned(), part)));
    assert_eq!(wanted(&spec(), |_| None), []);
}

fn keys(names: &[&str]) -> Answer {
    Answer::Keys(names.iter().map(|name| (*name).to_owned()).collect())
}

fn said(wanted: &Wanted, answer: &Answer) -> Option<(&'static str, String)> {
    judge(wanted, answer).map(|finding| (finding.code.id, finding.path.to_string()))
}

#[test]
fn each_answer_is_judged_at_its_attribute() {
    let all = all();
    let [property, metadata, whole, search] = &all[..] else { panic!("{all:?}") };
    let at = |code, path: &str| Some((code, path.to_owned()));
    for (wanted, answer, expected) in [
        (property, keys(&["a", "b"]), None),
        (property, keys(&["b"]), at("HL2402", "data[\"A\"].property")),
        (property, Answer::Absent, at("HL2401", "data[\"A\"].key")),
        (property, Answer::Deleted, at("HL2403", "data[\"A\"].key")),
        (property, Answer::Destroyed, at("HL2403", "data[\"A\"].key")),
        (property, Answer::NoMount, at("HL2404", "data[\"A\"].key")),
        (property, Answer::OtherEngine("pki".to_owned()), at("HL2404", "data[\"A\"].key")),
        (property, Answer::Forbidden, at("HL2405", "data[\"A\"].key")),
        (property, Answer::NotAsked("it is sealed".to_owned()), at("HL2405", "data[\"A\"].key")),
        (metadata, keys(&[]), None),
        (metadata, Answer::Deleted, None),
        (metadata, Answer::Absent, at("HL2401", "data[\"B\"].key")),
        (whole, keys(&[]), None),
        (whole, Answer::Absent, at("HL2401", "data_from[0].extract.key")),
        (search, keys(&["x"]), None),
        (search, keys(&[]), at("HL2401", "data_from[2].find.path")),
        (search, Answer::Absent, at("HL2401", "data_from[2].find.path")),
    ] {
        assert_eq!(said(wanted, &answer), expected, "{answer:?} of {}", wanted.path);
    }
    for unseen in [Answer::Forbidden, Answer::NotAsked("it is sealed".to_owned())] {
        assert_eq!(judge(property, &unseen).map(|finding| finding.severity), Some(Severity::Warning));
    }
}

#[test]
fn a_property_is_a_name_or_a_path_into_nested_values() {
    let mut wanted = all().remove(0);
    for (property, is_there) in [
        ("tls.crt", true),
        ("nested.a.b", true),
        ("other.a", false),
        ("users.#.name", true),
        ("nested", true),
        ("neste", false),
    ] {
        wanted.property = Some(property.to_owned());
        let found = judge(&wanted, &keys(&["tls.crt", "nested"]));
        assert_eq!(found.is_none(), is_there, "{property}");
    }
}

#[test]
fn a_slip_of_the_pen_is_answered_with_what_was_meant() {
    let mut wanted = all().remove(0);
    wanted.property = Some("db-pasword".to_owned());
    let found: Finding = judge(&wanted, &keys(&["db_password", "smtp_password", "x"])).expect("a finding");
    assert!(found.observed.ends_with("so A would never come. It has db_password."), "{}", found.observed);
}

#[test]
fn a_static_role_is_there_or_not_and_has_the_properties_of_one() {
    let store = |_: &StoreName| Some(Store::Vault(vault(Some("database"), KvVersion::V1)));
    let spec = json!({"secretStoreRef": {"name": "vault-database"}, "data": [
        {"secretKey": "P", "remoteRef": {"key": "static-creds/photos", "property": "password"}},
        {"secretKey": "Q", "remoteRef": {"key": "static-creds/photos", "property": "pass"}},
    ]});
    let all = wanted(&spec, store);
    assert_eq!(said(&all[0], &Answer::Role), None);
    assert_eq!(said(&all[1], &Answer::Role), Some(("HL2402", "data[\"Q\"].property".to_owned())));
    let absent = judge(&all[0], &Answer::Absent).expect("a finding");
    assert_eq!(absent.observed, "The database engine at database has no static role photos.");
    let closed = judge(&all[0], &Answer::Closed("\"photos\" is not an allowed role".to_owned())).expect("a finding");
    assert_eq!((closed.code.id, closed.severity), ("HL2401", Severity::Error));
    assert_eq!(
        closed.observed,
        "The database engine at database gives it to nobody: \"photos\" is not an allowed role."
    );
}
