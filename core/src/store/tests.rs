//! Tables and generated declarations.

mod declared;
mod looked_at;

use std::collections::BTreeMap;

use homelab_cty::{Model, Path, Value};
use homelab_schema::Attr;
use homelab_schema::external_secret::StoreKind;
use homelab_schema::secret_store::{
    CaKind, CaProvider, KvVersion, LabelExpression, LabelOperator, LabelSelector, RetrySettings, SecretKeyRef,
    SecretStore, ServiceAccountRef, StoreAppRole, StoreAuth, StoreCondition, StoreJwt, StoreKubernetes,
    StoreServiceAccountToken, StoreTls, StoreUserPass, VaultStore,
};
use serde_json::json;

use super::read_back::{Name, OtherProvider, read_back};
use super::{checks, kind_of, moved, outputs, render};
use crate::secret::outputs::Place;

fn known(text: &str) -> Attr<String> {
    Attr::Known(text.to_owned())
}

fn texts(members: &[(&str, &str)]) -> Attr<BTreeMap<String, String>> {
    Attr::Known(members.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect())
}

fn list(elements: &[&str]) -> Attr<Vec<String>> {
    Attr::Known(elements.iter().map(|text| (*text).to_owned()).collect())
}

fn key_ref(name: &str, key: &str) -> Attr<SecretKeyRef> {
    Attr::Known(SecretKeyRef { name: known(name), key: known(key), namespace: Attr::Null })
}

/// The store of the house: KV version 2 for all namespaces, by the operator's own service account.
fn vault_kv() -> SecretStore {
    let account = ServiceAccountRef {
        name: known("external-secrets"),
        namespace: known("external-secrets"),
        audiences: list(&["vault"]),
    };
    let kubernetes = StoreKubernetes {
        mount_path: known("kubernetes"),
        role: known("eso"),
        service_account_ref: Attr::Known(account),
        secret_ref: Attr::Null,
    };
    SecretStore {
        name: known("vault-kv"),
        kind: Attr::Known(StoreKind::ClusterSecretStore),
        vault: Attr::Known(VaultStore {
            server: known("http://vault-active.vault.svc:8200"),
            path: known("secret"),
            version: Attr::Known(KvVersion::V2),
            auth: Attr::Known(StoreAuth { kubernetes: Attr::Known(kubernetes), ..StoreAuth::default() }),
            ..VaultStore::default()
        }),
        conditions: Attr::Known(Vec::new()),
        wait: Attr::Known(true),
        force_destroy: Attr::Known(false),
        ..SecretStore::default()
    }
}

/// One with everything that a SecretStore can say, for the database engine.
fn full() -> SecretStore {
    let tls = StoreTls { cert_secret_ref: key_ref("client", "tls.crt"), key_secret_ref: key_ref("client", "tls.key") };
    let role = StoreAppRole {
        path: known("approle"),
        role_id: known("4711"),
        role_ref: Attr::Null,
        secret_ref: key_ref("approle", "secret_id"),
    };
    let provider = CaProvider {
        r#type: Attr::Known(CaKind::ConfigMap),
        name: known("ca"),
        key: known("ca.crt"),
        namespace: Attr::Null,
    };
    SecretStore {
        name: known("vault-database"),
        namespace: known("photos"),
        kind: Attr::Known(StoreKind::SecretStore),
        vault: Attr::Known(VaultStore {
            server: known("https://vault.example.net:8200"),
            path: known("database"),
            version: Attr::Known(KvVersion::V1),
            namespace: known("team"),
            ca_provider: Attr::Known(provider),
            tls: Attr::Known(tls),
            auth: Attr::Known(StoreAuth {
                namespace: known("root"),
                app_role: Attr::Known(role),
                ..StoreAuth::default()
            }),
            read_your_writes: Attr::Known(true),
            forward_inconsistent: Attr::Known(true),
            headers: texts(&[("X-Vault-Request", "true")]),
            ..VaultStore::default()
        }),
        controller: known("second"),
        refresh_interval: known("5m"),
        retry_settings: Attr::Known(RetrySettings { max_retries: Attr::Known(0), retry_interval: known("10s") }),
        annotations: texts(&[("team", "media")]),
        labels: texts(&[("a", "b")]),
        ..vault_kv()
    }
}

fn name_of(model: &SecretStore) -> Name<'_> {
    Name {
        kind: kind_of(model).unwrap(),
        namespace: model.namespace.known().map(String::as_str),
        name: model.name.known().unwrap(),
    }
}

#[test]
fn a_store_is_written_in_the_operators_own_words() {
    assert_eq!(
        render::render(&vault_kv()).unwrap(),
        json!({"metadata": {}, "spec": {"provider": {"vault": {
            "server": "http://vault-active.vault.svc:8200", "path": "secret", "version": "v2",
            "auth": {"kubernetes": {"mountPath": "kubernetes", "role": "eso", "serviceAccountRef": {
                "name": "external-secrets", "namespace": "external-secrets", "audiences": ["vault"]}}},
        }}}})
    );
    assert_eq!(
        render::render(&full()).unwrap(),
        json!({
            "metadata": {"annotations": {"team": "media"}, "labels": {"a": "b"}},
            "spec": {
                "controller": "second", "refreshInterval": 300,
                "retrySettings": {"maxRetries": 0, "retryInterval": "10s"},
                "provider": {"vault": {
                    "server": "https://vault.example.net:8200", "path": "database", "version": "v1", "namespace": "team",
                    "caProvider": {"type": "ConfigMap", "name": "ca", "key": "ca.crt"},
                    "tls": {"certSecretRef": {"name": "client", "key": "tls.crt"},
                            "keySecretRef": {"name": "client", "key": "tls.key"}},
                    "readYourWrites": true, "forwardInconsistent": true, "headers": {"X-Vault-Request": "true"},
                    "auth": {"namespace": "root", "appRole": {"path": "approle", "roleId": "4711",
                             "secretRef": {"name": "approle", "key": "secret_id"}}},
                }},
            },
        })
    );
}

#[test]
fn conditions_keep_an_empty_selector_which_fits_everything() {
    let expression =
        LabelExpression { key: known("team"), operator: Attr::Known(LabelOperator::NotIn), values: list(&["guests"]) };
    let selector = LabelSelector {
        match_labels: texts(&[("kubernetes.io/x_y", "z")]),
        match_expressions: Attr::Known(vec![expression]),
    };
    let conditions = vec![
        StoreCondition {
            namespaces: list(&["photos"]),
            namespace_regexes: list(&["^app-"]),
            namespace_selector: Attr::Null,
        },
        StoreCondition { namespace_selector: Attr::Known(selector), ..StoreCondition::default() },
        StoreCondition {
            namespace_selector: Attr::Known(LabelSelector {
                match_expressions: Attr::Known(Vec::new()),
                ..LabelSelector::default()
            }),
            ..StoreCondition::default()
        },
    ];
    let model = SecretStore { conditions: Attr::Known(conditions), ..vault_kv() };
    let object = render::render(&model).unwrap();
    assert_eq!(
        object["spec"]["conditions"],
        json!([
            {"namespaces": ["photos"], "namespaceRegexes": ["^app-"]},
            {"namespaceSelector": {"matchLabels": {"kubernetes.io/x_y": "z"},
                "matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["guests"]}]}},
            {"namespaceSelector": {}},
        ])
    );
    for prior in [Some(&model), None] {
        assert_eq!(read_back(name_of(&model), prior, &object, Some(&object)).as_ref(), Ok(&model));
    }
}

#[test]
fn what_is_written_reads_back_and_imports() {
    let jwt = StoreJwt {
        path: known("jwt"),
        role: known("eso"),
        secret_ref: Attr::Null,
        kubernetes_service_account_token: Attr::Known(StoreServiceAccountToken {
            service_account_ref: Attr::Known(ServiceAccountRef { name: known("eso"), ..ServiceAccountRef::default() }),
            audiences: list(&["vault"]),
            expiration_seconds: Attr::Known(600),
        }),
    };
    let user =
        StoreUserPass { path: known("userpass"), username: known("eso"), secret_ref: key_ref("user", "password") };
    let with = |auth: StoreAuth| {
        let vault = VaultStore {
            ca_bundle: known("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
            auth: Attr::Known(auth),
            ..vault_kv().vault.into_known().unwrap()
        };
        SecretStore { vault: Attr::Known(vault), ..vault_kv() }
    };
    let models = [
        vault_kv(),
        full(),
        with(StoreAuth { jwt: Attr::Known(jwt), ..StoreAuth::default() }),
        with(StoreAuth { user_pass: Attr::Known(user), ..StoreAuth::default() }),
        with(StoreAuth { token_secret_ref: key_ref("token", "token"), ..StoreAuth::default() }),
    ];
    for mut model in models {
        let object = render::render(&model).unwrap();
        assert_eq!(read_back(name_of(&model), Some(&model), &object, None).as_ref(), Ok(&model));
        let imported = read_back(name_of(&model), None, &object, Some(&object)).unwrap();
        // Nobody declared a spelling yet.
        model.refresh_interval = model.refresh_interval.map(|text| homelab_schema::duration::canonical(&text));
        assert_eq!(imported, model);
    }
}

#[test]
fn what_the_server_and_the_operator_add_is_no_drift() {
    let model = vault_kv();
    let mut live = render::render(&model).unwrap();
    let vault = &mut live["spec"]["provider"]["vault"];
    vault["tls"] = json!({});
    vault["auth"]["kubernetes"]["secretRef"] = json!({"name": "theirs"});
    vault["headers"] = json!({"X-Theirs": "1"});
    live["spec"]["retrySettings"] = json!({});
    live["metadata"] = json!({"annotations": {"theirs": "1"}, "labels": {"theirs": "1"}});
    assert_eq!(read_back(name_of(&model), Some(&model), &live, None).as_ref(), Ok(&model));

    // What says nothing is not written back by the operator, and means the same.
    let mut says_nothing = model.clone();
    if let Attr::Known(vault) = &mut says_nothing.vault {
        (vault.read_your_writes, vault.namespace, vault.headers) = (Attr::Known(false), known(""), texts(&[]));
    }
    says_nothing.refresh_interval = known("0s");
    assert_eq!(render::render(&says_nothing), render::render(&model));
    assert_eq!(read_back(name_of(&model), Some(&says_nothing), &live, None), Ok(says_nothing));
}

#[test]
fn drift_shows_in_the_words_of_the_declaration() {
    let model = full();
    let mut live = render::render(&model).unwrap();
    live["spec"]["refreshInterval"] = json!(60);
    live["spec"]["provider"]["vault"]["auth"]["appRole"]["roleId"] = json!("other");
    live["spec"]["provider"]["vault"].as_object_mut().unwrap().remove("tls");
    live["spec"]["provider"]["vault"].as_object_mut().unwrap().remove("version");
    live["spec"]["conditions"] = json!([{"namespaces": ["theirs"]}]);
    let seen = read_back(name_of(&model), Some(&model), &live, None).unwrap();
    let vault = seen.vault.known().unwrap();
    assert_eq!(seen.refresh_interval, known("1m0s"));
    assert_eq!(vault.auth.known().unwrap().app_role.known().unwrap().role_id, known("other"));
    assert_eq!((&vault.tls, &vault.version), (&Attr::Null, &Attr::Known(KvVersion::V2)));
    assert_eq!(seen.conditions.known().unwrap()[0].namespaces, list(&["theirs"]));
}

#[test]
fn a_store_of_another_provider_is_none() {
    let other = |spec| read_back(name_of(&vault_kv()), None, &json!({ "spec": spec }), None);
    let refused = |provider: &str| Err(OtherProvider { provider: provider.to_owned() });
    assert_eq!(other(json!({"provider": {"aws": {"region": "x"}}})), refused("aws"));
    assert_eq!(other(json!({})), refused(""));
}

#[test]
fn states_of_manifests_are_taken_over_in_any_version_and_of_both_kinds() {
    let manifest = |kind: &str, metadata: serde_json::Value, version: &str| {
        json!({"manifest": {"type": ["object", {}], "value": {
            "apiVersion": format!("external-secrets.io/{version}"), "kind": kind, "metadata": metadata,
            "spec": render::render(&vault_kv()).unwrap()["spec"]}}})
    };
    let cluster = manifest("ClusterSecretStore", json!({"name": "vault-kv"}), "v1beta1");
    assert_eq!(moved::from_state("kubernetes_manifest", &cluster), Ok(Some(vault_kv())));
    let one = manifest("SecretStore", json!({"name": "vault-kv", "namespace": "photos"}), "v1");
    let expected = SecretStore { kind: Attr::Known(StoreKind::SecretStore), namespace: known("photos"), ..vault_kv() };
    assert_eq!(moved::from_state("kubernetes_manifest", &one), Ok(Some(expected)));

    let yaml = "apiVersion: external-secrets.io/v1\nkind: ClusterSecretStore\nmetadata:\n  name: vault-kv\nspec:\n  \
                provider:\n    vault:\n      server: http://vault.vault.svc:8200\n      auth:\n        kubernetes:\n          \
                mountPath: kubernetes\n          role: eso\n";
    let state = moved::from_state("kubectl_manifest", &json!({ "yaml_body": yaml })).unwrap().unwrap();
    let vault = state.vault.known().unwrap();
    assert_eq!((&vault.server, &vault.version), (&known("http://vault.vault.svc:8200"), &Attr::Known(KvVersion::V2)));

    assert_eq!(moved::from_state("kubernetes_secret", &one), Ok(None));
    let config_map = json!({"manifest": {"apiVersion": "v1", "kind": "ConfigMap"}});
    assert!(moved::from_state("kubernetes_manifest", &config_map).unwrap_err().to_string().contains("ConfigMap"));
    let aws = json!({"manifest": {"apiVersion": "external-secrets.io/v1", "kind": "SecretStore",
        "metadata": {"name": "a"}, "spec": {"provider": {"aws": {}}}}});
    assert!(moved::from_state("kubernetes_manifest", &aws).unwrap_err().to_string().contains("aws"));
}

#[test]
fn an_unknown_part_leaves_the_object_unknown() {
    let mut model = full();
    model.refresh_interval = Attr::Unknown;
    assert_eq!(render::render(&model), None);
    let mut model = full();
    if let Attr::Known(vault) = &mut model.vault {
        vault.auth = Attr::Unknown;
    }
    assert_eq!(render::render(&model), None);
    let all = SecretStore::block();
    let names = all.attributes.keys().chain(all.blocks.keys());
    let unknown = SecretStore::from_value(&Value::map(names.map(|name| (name.clone(), Value::UNKNOWN))), &Path::root());
    let unknown = unknown.unwrap();
    assert_eq!(render::render(&unknown), None);
    assert!(checks::declaration(&unknown).is_empty(), "nothing unknown is judged");
}

#[test]
fn outputs_are_known_as_far_as_they_can_be() {
    let cluster = Place { api_version: None, counts_generations: true };
    let mut created = vault_kv();
    assert!(!outputs::fill(&mut created, None, &cluster));
    assert!(created.ready.is_unknown() && created.revision.is_unknown() && created.api_version.is_unknown());

    let live = json!({"apiVersion": "external-secrets.io/v1", "metadata": {"generation": 3}});
    let mut state = SecretStore { ready: Attr::Known(true), ..vault_kv() };
    outputs::as_written(&mut state, &live, true);
    let mut same = SecretStore { labels: texts(&[("a", "b")]), ..vault_kv() };
    assert!(!outputs::fill(&mut same, Some(&state), &cluster));
    assert_eq!((same.revision, same.ready, &same.api_version), (Attr::Known(3), Attr::Known(true), &state.api_version));

    let mut changed = SecretStore { refresh_interval: known("5m"), ..vault_kv() };
    assert!(outputs::fill(&mut changed, Some(&state), &cluster), "a change has to be accepted again");
    assert!(changed.ready.is_unknown() && changed.revision.is_unknown());

    // An update that failed: the next plan is not empty, though nothing differs.
    let refused = SecretStore { ready: Attr::Known(false), ..state.clone() };
    let mut again = vault_kv();
    assert!(outputs::fill(&mut again, Some(&refused), &cluster));
    assert_eq!((again.ready, again.revision), (Attr::Unknown, Attr::Known(3)));

    let mut patient = SecretStore { wait: Attr::Known(false), ..vault_kv() };
    assert!(!outputs::fill(&mut patient, Some(&refused), &cluster));
    assert_eq!(patient.ready, Attr::Null);

    let folder = Place { api_version: Some("external-secrets.io/v1".to_owned()), counts_generations: false };
    let mut written = vault_kv();
    assert!(!outputs::fill(&mut written, None, &folder));
    assert_eq!((written.ready, written.revision), (Attr::Null, Attr::Null));
}
