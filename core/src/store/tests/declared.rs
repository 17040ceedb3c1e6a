//! What is wrong with a declaration, and what it refers to.

use homelab_cty::Path;
use homelab_schema::Attr;
use homelab_schema::external_secret::StoreKind;
use homelab_schema::secret_store::{
    CaKind, CaProvider, RetrySettings, SecretKeyRef, SecretStore, StoreAppRole, StoreAuth, StoreCondition, StoreJwt,
    StoreTimeouts, VaultStore,
};
use serde_json::json;

use super::{full, key_ref, known, list, texts, vault_kv};
use crate::finding::Finding;
use crate::store::checks;
use crate::store::references::{self, WantedKind};

fn codes_of(findings: &[Finding]) -> Vec<(&'static str, String)> {
    let mut all: Vec<_> = findings.iter().map(|finding| (finding.code.id, finding.path.to_string())).collect();
    all.sort();
    all
}

fn judged(model: &SecretStore) -> Vec<(&'static str, String)> {
    codes_of(&checks::declaration(model))
}

fn expect(model: &SecretStore, expected: &[(&'static str, &str)]) {
    let expected: Vec<_> = expected.iter().map(|(code, path)| (*code, (*path).to_owned())).collect();
    assert_eq!(judged(model), expected);
}

/// The store of the house with another vault block.
fn with(change: impl FnOnce(&mut VaultStore)) -> SecretStore {
    let mut model = vault_kv();
    if let Attr::Known(vault) = &mut model.vault {
        change(vault);
    }
    model
}

fn with_auth(auth: StoreAuth) -> SecretStore {
    with(|vault| vault.auth = Attr::Known(auth))
}

#[test]
fn stores_of_the_field_are_fine() {
    expect(&vault_kv(), &[]);
    expect(&full(), &[]);
}

#[test]
fn a_store_belongs_where_its_kind_says() {
    expect(&SecretStore { namespace: known("photos"), ..vault_kv() }, &[("HL2004", "namespace")]);
    expect(&SecretStore { namespace: Attr::Null, ..full() }, &[("HL2004", "namespace")]);
    // Nothing is said while the kind is unknown.
    expect(&SecretStore { kind: Attr::Unknown, namespace: known("photos"), ..vault_kv() }, &[]);
}

#[test]
fn an_address_has_a_scheme_a_host_and_nothing_else() {
    for good in [
        "http://vault",
        "https://vault.example.net",
        "https://vault.example.net:8200/",
        "http://[2001:db8::1]:8200",
        "http://[2001:db8::1]",
    ] {
        expect(&with(|vault| vault.server = known(good)), &[]);
    }
    for bad in [
        "vault.example.net:8200",
        "vault",
        "",
        "ftp://vault",
        "http://",
        "http://:8200",
        "http://vault:0",
        "http://vault:99999",
        "http://vault/v1",
        "http://a b",
    ] {
        expect(&with(|vault| vault.server = known(bad)), &[("HL2601", "vault.server")]);
    }
    let secret = with(|vault| vault.server = known("http://me:hunter2@vault"));
    let findings = checks::declaration(&secret);
    assert_eq!(codes_of(&findings), [("HL2603", "vault.server".to_owned())]);
    assert!(!format!("{findings:?}").contains("hunter2"));
}

#[test]
fn exactly_one_way_to_log_in() {
    expect(&with_auth(StoreAuth::default()), &[("HL2602", "vault.auth")]);
    let one = vault_kv().vault.into_known().unwrap().auth.into_known().unwrap();
    let two = StoreAuth { token_secret_ref: key_ref("a", "b"), ..one };
    let findings = checks::declaration(&with_auth(two));
    assert_eq!(codes_of(&findings), [("HL2602", "vault.auth".to_owned())]);
    assert!(findings[0].observed.contains("token_secret_ref and kubernetes"), "{findings:?}");
    // One that is unknown may turn out to be absent, or to be the one.
    expect(&with_auth(StoreAuth { jwt: Attr::Unknown, ..StoreAuth::default() }), &[]);
}

#[test]
fn each_way_to_log_in_is_complete() {
    let role = StoreAppRole { secret_ref: key_ref("a", "b"), ..StoreAppRole::default() };
    let both = StoreAppRole { role_id: known("x"), role_ref: key_ref("a", "b"), ..role.clone() };
    for role in [role, both] {
        let auth = StoreAuth { app_role: Attr::Known(role), ..StoreAuth::default() };
        expect(&with_auth(auth), &[("HL2004", "vault.auth.app_role")]);
    }
    let auth = StoreAuth { jwt: Attr::Known(StoreJwt::default()), ..StoreAuth::default() };
    expect(&with_auth(auth), &[("HL2004", "vault.auth.jwt")]);
    let bad = SecretKeyRef { name: known("A"), key: known("a/b"), namespace: known("A") };
    let auth = StoreAuth { token_secret_ref: Attr::Known(bad), ..StoreAuth::default() };
    let at = |name: &str| format!("vault.auth.token_secret_ref.{name}");
    expect(&with_auth(auth), &[("HL2003", &at("key")), ("HL2003", &at("name")), ("HL2003", &at("namespace"))]);
}

#[test]
fn a_secret_store_refers_to_its_own_namespace_alone() {
    let elsewhere = |namespace: &str| {
        let mut model = full();
        if let Attr::Known(vault) = &mut model.vault {
            let reference = SecretKeyRef { name: known("t"), key: Attr::Null, namespace: known(namespace) };
            vault.auth = Attr::Known(StoreAuth { token_secret_ref: Attr::Known(reference), ..StoreAuth::default() });
        }
        model
    };
    expect(&elsewhere("photos"), &[]);
    expect(&elsewhere("vault"), &[("HL2004", "vault.auth.token_secret_ref.namespace")]);
}

#[test]
fn authorities_are_public_and_used() {
    const PEM: &str = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n";
    let https = |change: fn(&mut VaultStore)| {
        with(|vault| {
            vault.server = known("https://vault");
            change(vault);
        })
    };
    expect(&https(|vault| vault.ca_bundle = known(PEM)), &[]);
    expect(&https(|vault| vault.ca_bundle = known("ca.pem")), &[("HL2003", "vault.ca_bundle")]);
    expect(&https(|vault| vault.ca_bundle = known("-----BEGIN PRIVATE KEY-----")), &[("HL2603", "vault.ca_bundle")]);
    expect(&with(|vault| vault.ca_bundle = known(PEM)), &[("HL2004", "vault.ca_bundle")]);
    let provider =
        |namespace| CaProvider { r#type: Attr::Known(CaKind::Secret), name: known("ca"), key: Attr::Null, namespace };
    let cluster = with(|vault| {
        vault.server = known("https://vault");
        vault.ca_provider = Attr::Known(provider(Attr::Null));
    });
    expect(&cluster, &[("HL2004", "vault.ca_provider.namespace")]);
    let mut one = full();
    if let Attr::Known(vault) = &mut one.vault {
        vault.ca_provider = Attr::Known(provider(known("photos")));
        vault.ca_bundle = known(PEM);
    }
    expect(&one, &[("HL2004", "vault.ca_bundle"), ("HL2004", "vault.ca_provider.namespace")]);
    expect(
        &with(|vault| vault.headers = texts(&[("X-Vault-Token", "hunter2")])),
        &[("HL2603", "vault.headers[\"X-Vault-Token\"]")],
    );
}

#[test]
fn the_rest_is_said_at_its_attribute() {
    let model = SecretStore {
        name: known("Bad"),
        refresh_interval: known("1500ms"),
        retry_settings: Attr::Known(RetrySettings { max_retries: Attr::Known(-1), retry_interval: known("soon") }),
        annotations: texts(&[("terraform-provider-homelab/owner", "me")]),
        timeouts: Attr::Known(StoreTimeouts { create: known("-1s"), ..StoreTimeouts::default() }),
        conditions: Attr::Known(vec![
            StoreCondition::default(),
            StoreCondition { namespaces: list(&["A"]), namespace_regexes: list(&["("]), ..StoreCondition::default() },
        ]),
        ..with(|vault| vault.path = known("/secret"))
    };
    expect(
        &model,
        &[
            ("HL2002", "refresh_interval"),
            ("HL2002", "retry_settings.retry_interval"),
            ("HL2002", "timeouts.create"),
            ("HL2003", "conditions[1].namespace_regexes"),
            ("HL2003", "conditions[1].namespaces"),
            ("HL2003", "name"),
            ("HL2003", "vault.path"),
            ("HL2004", "annotations[\"terraform-provider-homelab/owner\"]"),
            ("HL2004", "conditions[0]"),
            ("HL2004", "retry_settings.max_retries"),
        ],
    );
    let condition = StoreCondition { namespaces: list(&["photos"]), ..StoreCondition::default() };
    expect(&SecretStore { conditions: Attr::Known(vec![condition]), ..full() }, &[("HL2004", "conditions")]);
    expect(&SecretStore { refresh_interval: known("15 minutes"), ..vault_kv() }, &[("HL2002", "refresh_interval")]);
}

#[test]
fn what_the_controller_needs_is_looked_for_where_it_is_known() {
    let names = |model: &SecretStore| {
        let all = references::wanted(model).into_iter();
        all.map(|one| (one.kind, one.namespace, one.name, one.path.to_string())).collect::<Vec<_>>()
    };
    let photos = "photos".to_owned();
    let expected = [
        (WantedKind::ConfigMap, "ca", "vault.ca_provider"),
        (WantedKind::Secret, "client", "vault.tls.cert_secret_ref"),
        (WantedKind::Secret, "client", "vault.tls.key_secret_ref"),
        (WantedKind::Secret, "approle", "vault.auth.app_role.secret_ref"),
    ];
    let expected = expected.map(|(kind, name, path)| (kind, photos.clone(), name.to_owned(), path.to_owned()));
    assert_eq!(names(&full()), expected);
    let account = "vault.auth.kubernetes.service_account_ref".to_owned();
    let eso = "external-secrets".to_owned();
    assert_eq!(names(&vault_kv()), [(WantedKind::ServiceAccount, eso.clone(), eso, account)]);
    // Without a namespace it is that of each ExternalSecret.
    let auth = StoreAuth { token_secret_ref: key_ref("a", "b"), ..StoreAuth::default() };
    assert_eq!(names(&with_auth(auth)), []);
}

#[test]
fn a_missing_object_and_a_missing_key_are_told_apart() {
    let wanted = references::wanted(&full()).pop().unwrap();
    let absent = wanted.missing(None).unwrap();
    assert_eq!(absent.summary, "Secret photos/approle does not exist");
    assert_eq!(
        absent.path,
        Path::attr("vault").then_attr("auth").then_attr("app_role").then_attr("secret_ref").then_attr("name")
    );
    let empty = wanted.missing(Some(&json!({"data": {"other": "aHVudGVyMg=="}}))).unwrap();
    assert_eq!(empty.summary, "Secret photos/approle has no key \"secret_id\"");
    assert!(!format!("{empty:?}").contains("aHVudGVyMg"));
    assert_eq!(wanted.missing(Some(&json!({"data": {"secret_id": ""}}))), None);
}

#[test]
fn whatever_names_a_store_is_found() {
    let reference = json!({"name": "vault-kv", "kind": "ClusterSecretStore"});
    let local = json!({"name": "vault-kv"});
    let objects = [
        (json!({"spec": {"secretStoreRef": reference}}), "spec.secretStoreRef"),
        (
            json!({"spec": {"secretStoreRef": local, "data": [{}, {"sourceRef": {"storeRef": reference}}]}}),
            "spec.data[1].sourceRef.storeRef",
        ),
        (
            json!({"spec": {"dataFrom": [{"sourceRef": {"storeRef": reference}}]}}),
            "spec.dataFrom[0].sourceRef.storeRef",
        ),
        (
            json!({"spec": {"externalSecretSpec": {"secretStoreRef": reference}}}),
            "spec.externalSecretSpec.secretStoreRef",
        ),
        (json!({"spec": {"secretStoreRefs": [local, reference]}}), "spec.secretStoreRefs[1]"),
    ];
    for (object, place) in objects {
        let cluster = references::named_at(&object, StoreKind::ClusterSecretStore, "vault-kv");
        assert_eq!(cluster.as_deref(), Some(place));
        assert_eq!(references::named_at(&object, StoreKind::ClusterSecretStore, "vault"), None);
    }
    let object = json!({"spec": {"secretStoreRef": local}});
    assert!(references::named_at(&object, StoreKind::SecretStore, "vault-kv").is_some());
    assert!(references::named_at(&object, StoreKind::ClusterSecretStore, "vault-kv").is_none());
    assert!(references::named_at(&json!({}), StoreKind::SecretStore, "vault-kv").is_none());
}

#[test]
fn the_refusal_to_destroy_names_some_and_counts_the_rest() {
    let who: Vec<String> = (0..13).map(|index| format!("ExternalSecret a/{index} (spec.secretStoreRef)")).collect();
    let finding = references::in_use(&vault_kv(), &who);
    assert!(finding.summary.contains("ClusterSecretStore vault-kv"));
    assert!(
        finding.observed.contains("a/9 (spec") && finding.observed.ends_with("and 3 more."),
        "{}",
        finding.observed
    );
}
