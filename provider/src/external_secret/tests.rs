//! The resource against a folder.

use std::collections::BTreeMap;

use homelab_cty::Attr;
use homelab_plugin::{
    Create, Delete, Diagnostics, Import, MoveFrom, Read, ReadRequest, Resource, Severity, State, Update,
};
use homelab_schema::external_secret::{DataEntry, ExternalSecret as Declared, StoreKind, StoreRef};
use serde_json::json;

use super::ExternalSecret;
use crate::testing::{House, cx, plan};

const FILE: &str = "photos/externalsecret-photos-db.yaml";

fn known(text: &str) -> Attr<String> {
    text.to_owned().into()
}

fn photos_db() -> Declared {
    let password = DataEntry { key: known("photos"), property: known("db_password"), ..DataEntry::default() };
    Declared {
        name: known("photos-db"),
        namespace: known("photos"),
        store: StoreRef { name: known("vault-kv"), kind: StoreKind::ClusterSecretStore.into() }.into(),
        refresh_interval: known("15m"),
        data: BTreeMap::from([("DB_PASSWORD".to_owned(), password)]).into(),
        data_from: Vec::new().into(),
        ..Declared::default()
    }
}

fn errors(diagnostics: &Diagnostics) -> Vec<String> {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    errors.map(|error| format!("{}: {}", error.path, error.summary)).collect()
}

/// Plans and applies a configuration, and insists that the next plan is empty.
async fn apply(house: &House, config: &Declared, prior: Option<State<Declared>>) -> State<Declared> {
    house.new_run();
    let resource = ExternalSecret::new(house.runtime.clone());
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
    assert_eq!(again.planned, state.model, "a second plan is empty");
    state
}

async fn read(house: &House, state: &State<Declared>) -> Read<Declared> {
    let mut diagnostics = Diagnostics::new();
    let request = ReadRequest { state: &state.model, private: &state.private };
    let read = ExternalSecret::new(house.runtime.clone()).read(&cx(), request, &mut diagnostics).await;
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
    let state = apply(&house, &photos_db(), None).await;
    assert_eq!(state.model.handle, known("photos/photos-db#DB_PASSWORD"));
    assert_eq!(state.model.api_version, known("external-secrets.io/v1"));
    assert_eq!((&state.model.revision, &state.model.ready), (&Attr::Null, &Attr::Null), "a folder does nothing");
    assert!(house.file(FILE).expect("a file").contains("15m0s"), "durations leave in canonical form");

    let intact = house.file(FILE);
    house.edit(FILE, "vault-kv", "elsewhere");
    let seen = drifted(&house, &state).await;
    assert_eq!(seen.model.store.known().map(|store| &store.name), Some(&known("elsewhere")));
    let state = apply(&house, &photos_db(), Some(seen)).await;
    assert_eq!(house.file(FILE), intact);

    let request = Delete { prior: &state.model, private: &state.private };
    let resource = ExternalSecret::new(house.runtime.clone());
    let mut diagnostics = Diagnostics::new();
    assert!(resource.delete(&cx(), request, &mut diagnostics).await.is_none());
    assert!(diagnostics.is_empty() && house.file(FILE).is_none());
    assert!(matches!(read(&house, &state).await, Read::Gone));
}

#[tokio::test]
async fn another_spelling_of_a_duration_is_no_drift_and_no_change() {
    let house = House::new();
    let state = apply(&house, &photos_db(), None).await;
    house.edit(FILE, "15m0s", "0h15m");
    assert!(matches!(read(&house, &state).await, Read::Unchanged));
    house.edit(FILE, "0h15m", "1h");
    assert_eq!(drifted(&house, &state).await.model.refresh_interval, known("1h"));
}

#[tokio::test]
async fn an_import_and_a_move_plan_nothing() {
    let house = House::new();
    let state = apply(&house, &photos_db(), None).await;
    house.new_run();
    let resource = ExternalSecret::new(house.runtime.clone());
    let mut diagnostics = Diagnostics::new();
    let id = Import::Id("photos/photos-db".to_owned());
    let imported = resource.import(&cx(), id, &mut diagnostics).await.expect("a state");
    let seen = drifted(&house, &imported).await;
    let expected = Declared { refresh_interval: known("15m0s"), ..state.model.clone() };
    assert_eq!(seen.model, expected);
    assert_eq!(seen.private, state.private);

    let manifest = json!({"manifest": {"type": ["object", {}], "value": {
        "apiVersion": "external-secrets.io/v1beta1", "kind": "ExternalSecret",
        "metadata": {"name": "photos-db", "namespace": "photos"},
        "spec": {"refreshInterval": "15m", "secretStoreRef": {"name": "vault-kv", "kind": "ClusterSecretStore"},
            "data": [{"secretKey": "DB_PASSWORD", "remoteRef": {"key": "photos", "property": "db_password"}}]}}}});
    let provider = "registry.terraform.io/hashicorp/kubernetes";
    let request = MoveFrom { provider, type_name: "kubernetes_manifest", version: 1, state: &manifest };
    let moved = resource.move_from(&cx(), request, &mut diagnostics).await.expect("a state");
    let seen = drifted(&house, &moved).await;
    assert_eq!(seen.model, state.model);
    let planned = plan(&resource, &photos_db(), Some(&seen), &mut diagnostics).await;
    assert_eq!(planned.planned, seen.model);
    assert_eq!(errors(&diagnostics), Vec::<String>::new());
}

#[tokio::test]
async fn two_that_own_one_secret_are_refused() {
    let house = House::new();
    let resource = ExternalSecret::new(house.runtime.clone());
    let mut diagnostics = Diagnostics::new();
    plan(&resource, &photos_db(), None, &mut diagnostics).await;
    let target = homelab_schema::external_secret::Target { name: known("photos-db"), ..Default::default() };
    let other = Declared { name: known("other"), target: target.clone().into(), ..photos_db() };
    plan(&resource, &other, None, &mut diagnostics).await;
    assert_eq!(errors(&diagnostics), ["target: HL5203: Two resources for one object"]);

    let mut diagnostics = Diagnostics::new();
    let merge = homelab_schema::external_secret::CreationPolicy::Merge.into();
    let target = homelab_schema::external_secret::Target { creation_policy: merge, ..target };
    let adds = Declared { name: known("adds"), target: target.into(), ..photos_db() };
    plan(&resource, &adds, None, &mut diagnostics).await;
    assert_eq!(errors(&diagnostics), Vec::<String>::new());
}

#[tokio::test]
async fn reload_is_an_annotation_and_reads_back_as_what_it_is() {
    const MATCH: &str = "reloader.stakater.com/match: \"true\"";
    let house = House::new();
    let config = Declared { reload: true.into(), ..photos_db() };
    let state = apply(&house, &config, None).await;
    let file = house.file(FILE).expect("a file");
    assert!(file.contains(MATCH), "{file}");
    let imported = {
        house.new_run();
        let resource = ExternalSecret::new(house.runtime.clone());
        let id = Import::Id("photos/photos-db".to_owned());
        resource.import(&cx(), id, &mut Diagnostics::new()).await.expect("a state")
    };
    let seen = drifted(&house, &imported).await;
    assert_eq!(seen.model, Declared { refresh_interval: known("15m0s"), ..state.model.clone() });

    house.edit(FILE, MATCH, "other: \"true\"");
    assert_eq!(drifted(&house, &state).await.model.reload, Attr::Known(false));
    let state = apply(&house, &config, Some(drifted(&house, &state).await)).await;
    apply(&house, &photos_db(), Some(state)).await;
    assert!(!house.file(FILE).expect("a file").contains("reloader"));
}

#[tokio::test]
async fn an_apply_that_was_not_done_is_planned_again_unless_nobody_waits() {
    let house = House::new();
    let state = apply(&house, &photos_db(), None).await;
    let resource = ExternalSecret::new(house.runtime.clone());
    let unfinished = |wait: Attr<bool>, interval: &str| {
        let config = Declared { wait, refresh_interval: known(interval), ..photos_db() };
        let model =
            Declared { ready: false.into(), ..Declared { refresh_interval: known(interval), ..state.model.clone() } };
        let model = Declared { wait: config.wait.or(true.into()), ..model };
        (config, State { model, private: state.private.clone() })
    };
    for (wait, interval) in [(Attr::Null, "15m"), (false.into(), "15m"), (Attr::Null, "0s")] {
        let (config, prior) = unfinished(wait, interval);
        let plan = plan(&resource, &config, Some(&prior), &mut Diagnostics::new()).await;
        // In a folder nothing is ever ready, so nothing is waited for.
        assert!(!plan.update && plan.planned.ready.is_null(), "{wait:?} {interval}");
    }
}
