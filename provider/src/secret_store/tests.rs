//! The resource on a folder: what needs no controller.

use homelab_cty::Attr;
use homelab_plugin::{
    Create, Delete, Diagnostics, Import, MoveFrom, Read, ReadRequest, Resource, Severity, State, Update,
};
use homelab_schema::external_secret::StoreKind;
use homelab_schema::secret_store::{
    SecretKeyRef, SecretStore as Declared, StoreAuth, StoreIdentity, StoreTimeouts, VaultStore,
};
use serde_json::json;

use super::SecretStore;
use crate::testing::{House, cx, plan};

const FILE: &str = "clustersecretstore-vault-kv.yaml";

fn known(text: &str) -> Attr<String> {
    text.to_owned().into()
}

fn vault_kv() -> Declared {
    let token = SecretKeyRef { name: known("vault-token"), key: known("token"), namespace: known("vault") };
    let vault = VaultStore {
        server: known("http://vault.vault.svc:8200"),
        path: known("secret"),
        auth: StoreAuth { token_secret_ref: token.into(), ..StoreAuth::default() }.into(),
        ..VaultStore::default()
    };
    Declared {
        name: known("vault-kv"),
        kind: StoreKind::ClusterSecretStore.into(),
        vault: vault.into(),
        conditions: Vec::new().into(),
        refresh_interval: known("5m"),
        ..Declared::default()
    }
}

fn of_photos() -> Declared {
    let mut model = Declared { kind: Attr::Null, namespace: known("photos"), ..vault_kv() };
    if let Attr::Known(vault) = &mut model.vault
        && let Attr::Known(auth) = &mut vault.auth
        && let Attr::Known(token) = &mut auth.token_secret_ref
    {
        token.namespace = Attr::Null;
    }
    model
}

fn errors(diagnostics: &Diagnostics) -> Vec<String> {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    errors.map(|error| format!("{}: {}", error.path, error.summary)).collect()
}

/// Plans and applies a configuration, and insists that the next plan is empty.
async fn apply(house: &House, config: &Declared, prior: Option<State<Declared>>) -> State<Declared> {
    house.new_run();
    let resource = SecretStore::new(house.runtime.clone());
    let mut diagnostics = Diagnostics::new();
    let planned = plan(&resource, config, prior.as_ref(), &mut diagnostics).await;
    let state = match &prior {
        None => {
            let request = Create { config, planned: &planned.planned, private: &planned.private };
            resource.create(&cx(), request, &mut diagnostics).await
        }
        Some(prior) => {
            let request = Update { config, prior: &prior.model, planned: &planned.planned, private: &planned.private };
            Some(resource.update(&cx(), request, &mut diagnostics).await)
        }
    };
    assert_eq!(errors(&diagnostics), Vec::<String>::new());
    let state = state.expect("a state");
    assert!(matches!(read(house, &state).await, Read::Unchanged));
    house.new_run();
    let again = plan(&resource, config, Some(&state), &mut diagnostics).await;
    assert!(again.planned == state.model && !again.update, "a second plan is empty");
    state
}

async fn read(house: &House, state: &State<Declared>) -> Read<Declared> {
    let mut diagnostics = Diagnostics::new();
    let request = ReadRequest { state: &state.model, private: &state.private };
    let read = SecretStore::new(house.runtime.clone()).read(&cx(), request, &mut diagnostics).await;
    assert_eq!(errors(&diagnostics), Vec::<String>::new());
    read
}

async fn drifted(house: &House, state: &State<Declared>) -> State<Declared> {
    match read(house, state).await {
        Read::State(state) => state,
        other => panic!("no drift was seen: {other:?}"),
    }
}

#[tokio::test]
async fn a_life_from_create_to_destroy() {
    let house = House::new();
    let state = apply(&house, &vault_kv(), None).await;
    assert_eq!(state.model.api_version, known("external-secrets.io/v1"));
    assert_eq!((state.model.revision, state.model.ready), (Attr::Null, Attr::Null), "nobody looks at a folder");
    let intact = house.file(FILE).expect("a file of the cluster");
    assert!(intact.contains("refreshInterval: 300") && intact.contains("version: v2"), "{intact}");

    house.edit(FILE, "refreshInterval: 300", "refreshInterval: 60");
    let seen = drifted(&house, &state).await;
    assert_eq!(seen.model.refresh_interval, known("1m0s"));
    let state = apply(&house, &vault_kv(), Some(seen)).await;
    assert_eq!(house.file(FILE), Some(intact));

    let request = Delete { prior: &state.model, private: &state.private };
    let resource = SecretStore::new(house.runtime.clone());
    let mut diagnostics = Diagnostics::new();
    assert!(resource.delete(&cx(), request, &mut diagnostics).await.is_none());
    assert!(diagnostics.is_empty() && house.file(FILE).is_none());
    assert!(matches!(read(&house, &state).await, Read::Gone));
}

#[tokio::test]
async fn stores_of_both_kinds_may_have_one_name() {
    let house = House::new();
    apply(&house, &vault_kv(), None).await;
    apply(&house, &of_photos(), None).await;
    assert_eq!(house.files("photos"), ["secretstore-vault-kv.yaml"]);
    assert!(house.file(FILE).is_some());

    house.new_run();
    let resource = SecretStore::new(house.runtime.clone());
    let mut diagnostics = Diagnostics::new();
    plan(&resource, &of_photos(), None, &mut diagnostics).await;
    plan(&resource, &vault_kv(), None, &mut diagnostics).await;
    assert_eq!(errors(&diagnostics), Vec::<String>::new());
    plan(&resource, &of_photos(), None, &mut diagnostics).await;
    assert_eq!(errors(&diagnostics), ["name: HL5203: Two resources for one object"]);
}

#[tokio::test]
async fn imports_and_moves_plan_nothing() {
    let house = House::new();
    let resource = SecretStore::new(house.runtime.clone());
    for (config, id, identity) in [
        (vault_kv(), "vault-kv", ("ClusterSecretStore", "")),
        (of_photos(), "photos/vault-kv", ("SecretStore", "photos")),
    ] {
        let state = apply(&house, &config, None).await;
        let expected = StoreIdentity { kind: known(identity.0), namespace: known(identity.1), name: known("vault-kv") };
        assert_eq!(resource.identity(&state.model), expected);
        for request in [Import::Id(id.to_owned()), Import::Identity(expected)] {
            house.new_run();
            let mut diagnostics = Diagnostics::new();
            let imported = resource.import(&cx(), request, &mut diagnostics).await.expect("a state");
            let seen = drifted(&house, &imported).await;
            assert_eq!(seen.model, Declared { refresh_interval: known("5m0s"), ..state.model.clone() });
            assert_eq!(seen.private, state.private);
            assert_eq!(errors(&diagnostics), Vec::<String>::new());
        }
    }

    let manifest = json!({"manifest": {"type": ["object", {}], "value": {
        "apiVersion": "external-secrets.io/v1beta1", "kind": "ClusterSecretStore", "metadata": {"name": "vault-kv"},
        "spec": {"refreshInterval": 300, "provider": {"vault": {
            "server": "http://vault.vault.svc:8200", "path": "secret", "version": "v2",
            "auth": {"tokenSecretRef": {"name": "vault-token", "key": "token", "namespace": "vault"}}}}}}}});
    let provider = "registry.terraform.io/hashicorp/kubernetes";
    let request = MoveFrom { provider, type_name: "kubernetes_manifest", version: 1, state: &manifest };
    let mut diagnostics = Diagnostics::new();
    let moved = resource.move_from(&cx(), request, &mut diagnostics).await.expect("a state");
    let seen = drifted(&house, &moved).await;
    house.new_run();
    let config = Declared { refresh_interval: known("5m0s"), ..vault_kv() };
    let planned = plan(&resource, &config, Some(&seen), &mut diagnostics).await;
    assert_eq!(planned.planned, seen.model);
    assert_eq!(errors(&diagnostics), Vec::<String>::new());
}

#[tokio::test]
async fn an_import_that_names_no_store_is_refused_with_the_form() {
    let house = House::new();
    let resource = SecretStore::new(house.runtime.clone());
    let identity = |kind: &str, namespace: &str| {
        Import::Identity(StoreIdentity { kind: known(kind), namespace: known(namespace), name: known("vault-kv") })
    };
    let ids = ["", "/", "a/b/c", "Photos/vault-kv", "photos/"].map(|id| Import::Id(id.to_owned()));
    let others = [identity("SecretStore", ""), identity("ClusterSecretStore", "photos"), identity("Secret", "photos")];
    for request in ids.into_iter().chain(others) {
        let shown = format!("{request:?}");
        let mut diagnostics = Diagnostics::new();
        assert!(resource.import(&cx(), request, &mut diagnostics).await.is_none(), "{shown}");
        assert!(diagnostics.iter().any(|error| error.detail.contains("photos/vault-kv")), "{shown}");
    }
}

#[tokio::test]
async fn a_store_of_somebody_elses_file_is_not_written_over() {
    let house = House::new();
    std::fs::write(house.folder.path().join(FILE), "kind: ClusterSecretStore\n").expect("a written file");
    let mut diagnostics = Diagnostics::new();
    plan(&SecretStore::new(house.runtime.clone()), &vault_kv(), None, &mut diagnostics).await;
    assert_eq!(errors(&diagnostics), ["name: HL5202: File written by somebody else"]);
}

#[test]
fn limits_are_those_that_are_declared_or_the_usual_ones() {
    use super::wait::{Limit, limit};
    let timeouts = StoreTimeouts { create: known("5s"), ..StoreTimeouts::default() };
    let declared = Declared { timeouts: timeouts.into(), ..vault_kv() };
    let seconds =
        |model: &Declared| [Limit::Create, Limit::Update, Limit::Delete].map(|which| limit(model, which).as_secs());
    assert_eq!(seconds(&declared), [5, 120, 60]);
    assert_eq!(seconds(&vault_kv()), [120, 120, 60]);
}
