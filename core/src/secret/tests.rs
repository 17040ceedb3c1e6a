//! Tables.

use std::collections::BTreeMap;

use homelab_cty::{Model, Path, Value};
use homelab_schema::Attr;
use homelab_schema::external_secret::{
    CreationPolicy, DataEntry, DataFrom, DataKey, DeletionPolicy, ExternalSecret, Find, OnDestroy, StoreKind, StoreRef,
    Target, Template,
};
use homelab_schema::secret::Secret;
use serde_json::json;

use super::handle::Handle;
use super::outputs::{self, Place};
use super::read_back::read_back;
use super::{checks, moved, references, render, values};
use crate::finding::Finding;

mod generated;
mod shapes;

fn known(text: &str) -> Attr<String> {
    Attr::Known(text.to_owned())
}

fn photos() -> ExternalSecret {
    let password = DataEntry { key: known("photos"), property: known("db_password"), ..DataEntry::default() };
    ExternalSecret {
        name: known("photos-db"),
        namespace: known("photos"),
        store: Attr::Known(StoreRef { name: known("vault-kv"), kind: Attr::Known(StoreKind::ClusterSecretStore) }),
        data: Attr::Known(BTreeMap::from([("DB_PASSWORD".to_owned(), password)])),
        data_from: Attr::Known(Vec::new()),
        on_destroy: Attr::Known(OnDestroy::KeepSecret),
        reload: Attr::Known(false),
        wait: Attr::Known(true),
        force_destroy: Attr::Known(false),
        ..ExternalSecret::default()
    }
}

fn codes_of(findings: &[Finding]) -> Vec<(&'static str, String)> {
    findings.iter().map(|finding| (finding.code.id, finding.path.to_string())).collect()
}

#[test]
fn only_what_is_declared_is_written_and_durations_in_canonical_form() {
    let minimal = render::render(&photos()).unwrap();
    assert_eq!(
        minimal,
        json!({"metadata": {}, "spec": {
            "secretStoreRef": {"name": "vault-kv", "kind": "ClusterSecretStore"},
            "data": [{"secretKey": "DB_PASSWORD", "remoteRef": {"key": "photos", "property": "db_password"}}],
        }})
    );
    let full = ExternalSecret {
        refresh_interval: known("15m"),
        target: Attr::Known(Target {
            name: known("photos-env"),
            creation_policy: Attr::Known(CreationPolicy::Owner),
            deletion_policy: Attr::Known(DeletionPolicy::Retain),
            immutable: Attr::Null,
            template: Attr::Known(Template {
                r#type: known("Opaque"),
                labels: Attr::Known(BTreeMap::from([("a".to_owned(), "b".to_owned())])),
                annotations: Attr::Null,
                data: Attr::Known(BTreeMap::from([("URL".to_owned(), "{{ .DB_PASSWORD }}".to_owned())])),
                ..Template::default()
            }),
        }),
        data_from: Attr::Known(vec![
            DataFrom {
                extract: Attr::Known(DataKey { key: known("photos/all"), ..DataKey::default() }),
                ..DataFrom::default()
            },
            DataFrom {
                find: Attr::Known(Find { name_regexp: known("^photos"), path: known("apps"), ..Find::default() }),
                ..DataFrom::default()
            },
        ]),
        ..photos()
    };
    let spec = &render::render(&full).unwrap()["spec"];
    assert_eq!(spec["refreshInterval"], "15m0s");
    assert_eq!(
        spec["target"],
        json!({"name": "photos-env", "creationPolicy": "Owner", "deletionPolicy": "Retain", "template": {
            "type": "Opaque", "metadata": {"labels": {"a": "b"}}, "data": {"URL": "{{ .DB_PASSWORD }}"}}})
    );
    let sources =
        json!([{"extract": {"key": "photos/all"}}, {"find": {"path": "apps", "name": {"regexp": "^photos"}}}]);
    assert_eq!(spec["dataFrom"], sources);
}

#[test]
fn an_unknown_part_leaves_the_object_unknown() {
    let mut model = photos();
    model.refresh_interval = Attr::Unknown;
    assert_eq!(render::render(&model), None);
    model.refresh_interval = Attr::Null;
    model.data = Attr::Unknown;
    assert_eq!(render::render(&model), None);
}

#[test]
fn outputs_are_known_as_far_as_the_configuration_tells() {
    let cluster = Place { api_version: None, counts_generations: true };
    let mut created = photos();
    outputs::fill(&mut created, None, &cluster);
    assert_eq!(created.secret_name, known("photos-db"));
    assert_eq!(created.keys, Attr::Known(vec!["DB_PASSWORD".to_owned()]));
    assert!(created.handle.is_unknown() && created.revision.is_unknown() && created.api_version.is_unknown());

    let state = ExternalSecret {
        handle: Attr::Known(outputs::handle(&created).unwrap().to_string()),
        revision: Attr::Known(1),
        api_version: known("external-secrets.io/v1"),
        ..created.clone()
    };
    assert_eq!(state.handle, known("photos/photos-db#DB_PASSWORD"));
    let mut same = photos();
    same.labels = Attr::Known(BTreeMap::from([("a".to_owned(), "b".to_owned())]));
    outputs::fill(&mut same, Some(&state), &cluster);
    assert_eq!((&same.handle, &same.revision, &same.api_version), (&state.handle, &state.revision, &state.api_version));
    let mut changed = photos();
    changed.refresh_interval = known("1h");
    outputs::fill(&mut changed, Some(&state), &cluster);
    assert!(changed.revision.is_unknown());
    assert_eq!((&changed.api_version, &changed.handle), (&state.api_version, &state.handle));
    let mut other = photos();
    other.target = Attr::Known(Target { name: known("env"), ..Target::default() });
    outputs::fill(&mut other, Some(&state), &cluster);
    assert!(other.handle.is_unknown());

    let folder = Place { api_version: Some("external-secrets.io/v1".to_owned()), counts_generations: false };
    let mut written = photos();
    outputs::fill(&mut written, None, &folder);
    assert_eq!((written.revision, written.api_version), (Attr::Null, known("external-secrets.io/v1")));
}

#[test]
fn a_template_with_keys_decides_the_keys() {
    let data = BTreeMap::from([("URL".to_owned(), "x".to_owned())]);
    let template = Template { data: Attr::Known(data), ..Template::default() };
    let mut model = ExternalSecret {
        target: Attr::Known(Target { name: known("env"), template: Attr::Known(template), ..Target::default() }),
        ..photos()
    };
    outputs::fill(&mut model, None, &Place::default());
    assert_eq!((model.keys, model.secret_name), (Attr::Known(vec!["URL".to_owned()]), known("env")));
}

#[test]
fn what_is_wrong_is_said_at_its_attribute() {
    let model = ExternalSecret {
        name: known("Bad"),
        namespace: known("a.b"),
        refresh_interval: known("soon"),
        data: Attr::Known(BTreeMap::from([("a/b".to_owned(), DataEntry::default())])),
        data_from: Attr::Known(vec![
            DataFrom::default(),
            DataFrom {
                extract: Attr::Known(DataKey::default()),
                find: Attr::Known(Find { name_regexp: known("a"), ..Find::default() }),
                ..DataFrom::default()
            },
            DataFrom { find: Attr::Known(Find::default()), ..DataFrom::default() },
        ]),
        target: Attr::Known(Target {
            name: known("x y"),
            creation_policy: Attr::Known(CreationPolicy::None),
            deletion_policy: Attr::Known(DeletionPolicy::Merge),
            ..Target::default()
        }),
        on_destroy: Attr::Known(OnDestroy::DeleteSecret),
        annotations: Attr::Known(BTreeMap::from([("terraform-provider-homelab/owner".to_owned(), "me".to_owned())])),
        ..photos()
    };
    let mut found = codes_of(&checks::declaration(&model));
    found.sort();
    let expected = [
        ("HL2002", "refresh_interval"),
        ("HL2003", "data[\"a/b\"]"),
        ("HL2003", "name"),
        ("HL2003", "namespace"),
        ("HL2003", "target.name"),
        ("HL2004", "annotations[\"terraform-provider-homelab/owner\"]"),
        ("HL2004", "data_from[0]"),
        ("HL2004", "data_from[1]"),
        ("HL2004", "data_from[2].find"),
        ("HL2004", "on_destroy"),
        ("HL2004", "target.deletion_policy"),
    ];
    assert_eq!(found, expected.map(|(code, path)| (code, path.to_owned())));
    let empty = ExternalSecret { data: Attr::Known(BTreeMap::new()), refresh_interval: known("-5m"), ..photos() };
    let codes: Vec<_> = checks::declaration(&empty).iter().map(|finding| finding.code.id).collect();
    assert_eq!(codes, ["HL2002", "HL2001"]);
    assert_eq!(codes_of(&checks::declaration(&photos())), []);
}

#[test]
fn an_unknown_value_is_never_judged() {
    let block = ExternalSecret::block();
    let names = block.attributes.keys().chain(block.blocks.keys());
    let all = Value::map(names.map(|name| (name.clone(), Value::UNKNOWN)));
    let config = ExternalSecret::from_value(&all, &Path::root()).unwrap();
    assert_eq!(codes_of(&checks::declaration(&config)), []);
}

#[test]
fn what_the_operator_and_the_server_add_is_no_drift() {
    let state = ExternalSecret { refresh_interval: known("15m"), ..photos() };
    let live = json!({
        "metadata": {"finalizers": ["x"], "annotations": {"theirs": "1"}, "labels": {"theirs": "1"}},
        "spec": {
            "refreshInterval": "15m0s",
            "secretStoreRef": {"name": "vault-kv", "kind": "ClusterSecretStore"},
            "target": {"creationPolicy": "Owner", "deletionPolicy": "Retain"},
            "data": [{"secretKey": "DB_PASSWORD", "remoteRef": {"key": "photos", "property": "db_password",
                "conversionStrategy": "Default", "decodingStrategy": "None", "metadataPolicy": "None"}}],
        },
    });
    let read = read_back("photos", "photos-db", Some(&state), &live, None);
    assert_eq!(read, ExternalSecret { refresh_interval: known("15m0s"), ..state });
    // An import of that object, which nobody of ours wrote, says the same.
    let imported = read_back("photos", "photos-db", None, &live, None);
    assert_eq!(imported, ExternalSecret { refresh_interval: known("15m0s"), ..photos() });
}

#[test]
fn a_key_that_is_fetched_from_elsewhere_is_not_the_declared_one() {
    let mut live = render::render(&photos()).unwrap();
    live["spec"]["data"][0]["sourceRef"] = json!({"storeRef": {"name": "other"}});
    let read = read_back("photos", "photos-db", Some(&photos()), &live, None);
    let source = read.data.known().unwrap()["DB_PASSWORD"].source.known().unwrap();
    assert_eq!((&source.name, &source.kind), (&known("other"), &Attr::Known(StoreKind::SecretStore)));
    live["spec"]["data"][0]["sourceRef"] = json!({"generatorRef": {"kind": "Password", "name": "p"}});
    let read = read_back("photos", "photos-db", Some(&photos()), &live, None);
    assert!(read.data.known().is_some_and(BTreeMap::is_empty), "{:?}", read.data);
}

#[test]
fn drift_shows_in_the_words_of_the_declaration() {
    let mut live = render::render(&photos()).unwrap();
    live["spec"]["secretStoreRef"]["name"] = json!("other");
    live["spec"]["data"][0]["remoteRef"]["property"] = json!("wrong");
    live["spec"]["data"].as_array_mut().unwrap().push(json!({"secretKey": "MORE", "remoteRef": {"key": "x"}}));
    let read = read_back("photos", "photos-db", Some(&photos()), &live, None);
    assert_eq!(read.store.known().unwrap().name, known("other"));
    let data = read.data.known().unwrap();
    assert_eq!(data["DB_PASSWORD"].property, known("wrong"));
    assert_eq!(data["MORE"], DataEntry { key: known("x"), ..DataEntry::default() });
}

#[test]
fn states_of_other_providers_are_taken_over_in_either_version() {
    for version in ["external-secrets.io/v1", "external-secrets.io/v1beta1"] {
        let object = json!({"apiVersion": version, "kind": "ExternalSecret",
            "metadata": {"name": "photos-db", "namespace": "photos", "labels": {"a": "b"}},
            "spec": {"refreshInterval": "1h", "secretStoreRef": {"name": "vault-kv", "kind": "ClusterSecretStore"},
                "target": {"name": "env"},
                "data": [{"secretKey": "DB_PASSWORD", "remoteRef": {"key": "photos", "property": "db_password"}}]}});
        let expected = ExternalSecret {
            refresh_interval: known("1h"),
            target: Attr::Known(Target { name: known("env"), ..Target::default() }),
            labels: Attr::Known(BTreeMap::from([("a".to_owned(), "b".to_owned())])),
            ..photos()
        };
        let manifest = json!({"manifest": {"type": ["object", {}], "value": object}});
        assert_eq!(moved::from_state("kubernetes_manifest", &manifest), Ok(Some(expected.clone())));
        let yaml = json!({"yaml_body": serde_norway::to_string(&object).unwrap()});
        assert_eq!(moved::from_state("kubectl_manifest", &yaml), Ok(Some(expected)));
    }
    let other =
        json!({"manifest": {"type": "x", "value": {"apiVersion": "external-secrets.io/v1", "kind": "SecretStore"}}});
    assert!(moved::from_state("kubernetes_manifest", &other).is_err());
    assert_eq!(moved::from_state("helm_release", &json!({})), Ok(None));
}

#[test]
fn a_secret_of_somebody_else_would_be_overwritten_and_our_own_not() {
    let secret = |metadata: serde_json::Value| json!({"metadata": metadata});
    let judge = |model: &ExternalSecret, metadata| references::overwrites(model, &secret(metadata)).map(|f| f.code.id);
    let foreign = json!({"name": "photos-db", "namespace": "photos"});
    assert_eq!(judge(&photos(), foreign.clone()), Some("HL2103"));
    let owned = |kind: &str, name: &str| json!({"ownerReferences": [{"kind": kind, "name": name}]});
    assert_eq!(judge(&photos(), owned("ExternalSecret", "photos-db")), None);
    assert_eq!(judge(&photos(), owned("ExternalSecret", "other")), Some("HL2103"));
    assert_eq!(judge(&photos(), owned("Certificate", "photos-db")), Some("HL2103"));
    let kept = json!({"managedFields": [{"manager": "externalsecrets.external-secrets.io/photos-db"}]});
    assert_eq!(judge(&photos(), kept), None);
    let target = Target { creation_policy: Attr::Known(CreationPolicy::Merge), ..Target::default() };
    assert_eq!(judge(&ExternalSecret { target: Attr::Known(target), ..photos() }, foreign), None);
}

#[test]
fn a_handle_reads_back_and_nothing_else_is_one() {
    for text in ["photos/photos-db", "photos/photos-db#A", "photos/photos-db#A,b.c"] {
        let handle: Handle = text.parse().unwrap();
        assert_eq!(handle.to_string(), text);
    }
    for text in ["", "photos", "photos/", "/x", "photos/x#", "photos/x#a b", "photos/x#a,", "Photos/x", "a/b/c"] {
        assert!(text.parse::<Handle>().is_err(), "{text:?}");
    }
}

#[test]
fn values_are_decoded_and_binary_ones_stay_encoded() {
    let object = json!({"type": "kubernetes.io/tls", "data": {"a": "aGVsbG8=", "b": "/w==", "c": "?"}, "stringData": {"d": "x"}});
    let mut model = Secret::default();
    values::fill(&mut model, &object);
    let data: Vec<_> =
        model.data.known().unwrap().expose().iter().map(|(key, text)| (key.as_str(), text.as_str())).collect();
    assert_eq!(data, [("a", "hello"), ("d", "x")]);
    let keys: Vec<_> = model.data_base64.known().unwrap().expose().keys().map(String::as_str).collect();
    assert_eq!(keys, ["a", "b", "c", "d"]);
    assert_eq!(model.r#type, known("kubernetes.io/tls"));
    let wanted = ["a", "d", "z"].map(str::to_owned);
    assert_eq!(values::missing(&object, &wanted), ["z"]);
    let mut empty = Secret::default();
    values::fill(&mut empty, &json!({}));
    assert_eq!((empty.data, empty.r#type), (Attr::Known(BTreeMap::new().into()), known("Opaque")));
}
