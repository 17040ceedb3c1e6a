//! The resource against a folder: a life, drift, accidents.

mod objects;

use std::collections::BTreeMap;

use homelab_cty::{Attr, Model};
use homelab_plugin::{
    Create, Delete, Diagnostics, Import, MoveFrom, Private, Read, ReadRequest, Resource, Severity, State, Update,
};
use homelab_schema::identity::ObjectIdentity;
use homelab_schema::ingress::{Auth, CarveOut, Ingress as Declared, Service};
use homelab_schema::provider::{Middlewares, Site};
use serde_json::json;

use super::Ingress;
use crate::testing::{House, cx, plan, site};

const ROOT: &str = "photos/ingress-photos.yaml";
const SHARE: &str = "photos/ingress-photos-share.yaml";

fn known(text: &str) -> Attr<String> {
    text.to_owned().into()
}

fn open(path: &str) -> CarveOut {
    CarveOut {
        paths: vec![path.to_owned()].into(),
        auth: Auth::None.into(),
        reason: known("open on purpose"),
        ..CarveOut::default()
    }
}

fn photos(carve_outs: &[(&str, CarveOut)]) -> Declared {
    let carve_out: BTreeMap<_, _> = carve_outs.iter().map(|(l, c)| ((*l).to_owned(), c.clone())).collect();
    Declared {
        name: known("photos"),
        namespace: known("photos"),
        service: Service { port: known("80"), ..Service::default() }.into(),
        carve_out: carve_out.into(),
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
    let ingress = Ingress::new(house.runtime.clone());
    let mut diagnostics = Diagnostics::new();
    let planned = plan(&ingress, config, prior.as_ref(), &mut diagnostics).await;
    assert_eq!(errors(&diagnostics), Vec::<String>::new());
    let state = match &prior {
        None => {
            let request = Create { config, planned: &planned.planned, private: &planned.private };
            ingress.create(&cx(), request, &mut diagnostics).await
        }
        Some(prior) => {
            let request = Update { config, prior: &prior.model, planned: &planned.planned, private: &planned.private };
            Some(ingress.update(&cx(), request, &mut diagnostics).await)
        }
    };
    assert_eq!(errors(&diagnostics), Vec::<String>::new());
    let state = state.expect("a state");
    assert_eq!(state.model, planned.planned, "what was planned stands");
    assert!(matches!(read(house, &state).await, Read::Unchanged));
    house.new_run();
    let again = plan(&ingress, config, Some(&state), &mut diagnostics).await;
    assert_eq!(again.planned, state.model, "a second plan is empty");
    state
}

async fn read(house: &House, state: &State<Declared>) -> Read<Declared> {
    let mut diagnostics = Diagnostics::new();
    let request = ReadRequest { state: &state.model, private: &state.private };
    let read = Ingress::new(house.runtime.clone()).read(&cx(), request, &mut diagnostics).await;
    assert_eq!(errors(&diagnostics), Vec::<String>::new());
    read
}

async fn drifted(house: &House, state: &State<Declared>) -> State<Declared> {
    match read(house, state).await {
        Read::State(state) => state,
        other => panic!("no drift was seen: {other:?}"),
    }
}

async fn delete(house: &House, state: &State<Declared>, replacement: bool) -> Option<State<Declared>> {
    let mut diagnostics = Diagnostics::new();
    let mut cx = cx();
    cx.replacement = replacement;
    let request = Delete { prior: &state.model, private: &state.private };
    let left = Ingress::new(house.runtime.clone()).delete(&cx, request, &mut diagnostics).await;
    assert_eq!(errors(&diagnostics), Vec::<String>::new());
    left
}

#[tokio::test]
async fn a_life_from_create_to_destroy() {
    let house = House::new();
    let state = apply(&house, &photos(&[("share", open("/share")), ("api", open("/api"))]), None).await;
    assert_eq!(house.files("photos"), ["ingress-photos-api.yaml", "ingress-photos-share.yaml", "ingress-photos.yaml"]);

    // A renamed carve-out is made anew, and the old one is gone; all in place.
    let state = apply(&house, &photos(&[("links", open("/share"))]), Some(state)).await;
    assert_eq!(house.files("photos"), ["ingress-photos-links.yaml", "ingress-photos.yaml"]);

    assert!(delete(&house, &state, false).await.is_none());
    assert!(house.files("photos").is_empty());
}

#[tokio::test]
async fn drift_is_shown_as_what_is_there_and_repaired() {
    let house = House::new();
    let config = photos(&[("share", open("/share"))]);
    let state = apply(&house, &config, None).await;
    let intact = house.file(ROOT);

    house.edit(ROOT, "traefik-forward-auth@kubernetescrd", "traefik-other@kubernetescrd");
    let seen = drifted(&house, &state).await;
    assert_eq!(seen.model.auth, Attr::Known(Auth::None), "without the gate it is open");
    assert_eq!(seen.model.middlewares, Attr::Known(vec!["traefik-other@kubernetescrd".to_owned()]));
    assert_ne!(seen.model.rendered_hash, state.model.rendered_hash);
    let state = apply(&house, &config, Some(seen)).await;
    assert_eq!(house.file(ROOT), intact);

    // What no argument stands for shows in the hash alone, and is repaired as well.
    house.edit(SHARE, "router.entrypoints: websecure", "router.entrypoints: web");
    let seen = drifted(&house, &state).await;
    assert_eq!(seen.model.carve_out, state.model.carve_out);
    assert_ne!(seen.model.rendered_hash, state.model.rendered_hash);
    let state = apply(&house, &config, Some(seen)).await;

    std::fs::remove_file(house.folder.path().join(SHARE)).expect("removed");
    let seen = drifted(&house, &state).await;
    assert_eq!(seen.model.carve_out, Attr::Known(BTreeMap::new()));
    let state = apply(&house, &config, Some(seen)).await;

    std::fs::remove_dir_all(house.folder.path().join("photos")).expect("removed");
    assert!(matches!(read(&house, &state).await, Read::Gone));
}

#[tokio::test]
async fn a_change_of_the_house_is_a_change_of_the_plan_and_no_drift() {
    let house = House::new();
    let config = photos(&[]);
    let state = apply(&house, &config, None).await;
    let gate = known("traefik-other-gate");
    house.configure(Site { middlewares: Middlewares { gate, ..Middlewares::default() }.into(), ..site() });
    assert!(matches!(read(&house, &state).await, Read::Unchanged));
    let state = apply(&house, &config, Some(state)).await;
    assert_eq!(state.model.middlewares, Attr::Known(vec!["traefik-other-gate@kubernetescrd".to_owned()]));
}

#[tokio::test]
async fn a_carve_out_that_no_state_knows_is_found_and_removed() {
    let house = House::new();
    let before = apply(&house, &photos(&[]), None).await;
    // An update that was killed: the objects are written, the state is the old one.
    house.new_run();
    apply(&house, &photos(&[("share", open("/share"))]), Some(before.clone())).await;
    let seen = drifted(&house, &before).await;
    assert!(seen.model.carve_out.known().is_some_and(|carve_outs| carve_outs.contains_key("share")));
    apply(&house, &photos(&[]), Some(seen)).await;
    assert_eq!(house.files("photos"), ["ingress-photos.yaml"]);
}

#[tokio::test]
async fn a_create_adopts_what_an_earlier_one_made_and_removes_what_is_not_declared() {
    let house = House::new();
    let first = apply(&house, &photos(&[("share", open("/share"))]), None).await;
    // The state of that create was lost; the configuration has changed since.
    house.new_run();
    let second = apply(&house, &photos(&[]), None).await;
    assert_eq!(house.files("photos"), ["ingress-photos.yaml"]);
    // What the lost create would delete is not its own any more.
    assert!(delete(&house, &first, false).await.is_none());
    assert_eq!(house.files("photos"), ["ingress-photos.yaml"]);
    assert!(matches!(read(&house, &second).await, Read::Unchanged));
}

#[tokio::test]
async fn the_destroy_of_a_replacement_leaves_what_the_create_takes_over() {
    let house = House::new();
    let config = photos(&[("share", open("/share"))]);
    let state = apply(&house, &config, None).await;
    house.new_run();
    let ingress = Ingress::new(house.runtime.clone());
    let mut diagnostics = Diagnostics::new();
    // Core hands the private of the first plan to the plan of the create, and that one's to the destroy.
    let create = plan(&ingress, &config, None, &mut diagnostics).await;
    let destroyed = State { model: state.model.clone(), private: create.private };
    assert!(delete(&house, &destroyed, true).await.is_none());
    assert_eq!(house.files("photos").len(), 2, "nothing was interrupted");

    // Under another name the old objects have to go.
    house.new_run();
    let renamed = Declared { name: known("pictures"), ..config };
    let prior = State { model: Declared::default(), private: state.private.clone() };
    let block = plan_private(&ingress, &renamed, &prior.private).await;
    assert!(delete(&house, &State { model: state.model, private: block }, true).await.is_none());
    assert!(house.files("photos").is_empty());
}

/// The private of a create that is planned with the private of the prior state.
async fn plan_private(ingress: &Ingress, config: &Declared, private: &Private) -> Private {
    let mut planned = config.clone();
    planned.carve_out = Attr::Known(BTreeMap::new());
    let request = homelab_plugin::PlanRequest { config, prior: None, private, planned };
    ingress.plan(&cx(), request, &mut Diagnostics::new()).await.private
}

#[tokio::test]
async fn an_import_finds_carve_outs_and_plans_nothing() {
    let house = House::new();
    let config = photos(&[("share", open("/share"))]);
    let state = apply(&house, &config, None).await;
    house.new_run();
    let ingress = Ingress::new(house.runtime.clone());
    let mut diagnostics = Diagnostics::new();
    let identity = ObjectIdentity { kind: Attr::Null, namespace: known("photos"), name: known("photos") };
    for request in [Import::Id("photos/photos".to_owned()), Import::Identity(identity)] {
        let imported = ingress.import(&cx(), request, &mut diagnostics).await.expect("a state");
        let seen = drifted(&house, &imported).await;
        assert_eq!(seen.model, state.model);
        assert_eq!(seen.private, state.private);
        assert!(matches!(read(&house, &seen).await, Read::Unchanged));
        let planned = plan(&ingress, &config, Some(&seen), &mut diagnostics).await;
        assert_eq!(planned.planned, seen.model);
    }
    let absent = ingress.import(&cx(), Import::Id("photos/absent".to_owned()), &mut diagnostics).await;
    assert!(matches!(read(&house, &absent.expect("a state")).await, Read::Gone));
    assert_eq!(errors(&diagnostics), Vec::<String>::new());
}

#[tokio::test]
async fn a_moved_state_is_completed_by_the_refresh() {
    let house = House::new();
    let mut config = photos(&[]);
    config.annotations = BTreeMap::from([("mine.example.net/x".to_owned(), "y".to_owned())]).into();
    let applied = apply(&house, &config, None).await;
    let ingress = Ingress::new(house.runtime.clone());
    let mut diagnostics = Diagnostics::new();
    let metadata = json!({"name": "photos", "namespace": "photos", "annotations": {"mine.example.net/x": "y"}});
    let state = json!({"metadata": [metadata]});
    let request = |provider| MoveFrom { provider, type_name: "kubernetes_ingress_v1", version: 0, state: &state };
    let known_provider = request("registry.terraform.io/hashicorp/kubernetes");
    let moved = ingress.move_from(&cx(), known_provider, &mut diagnostics).await.expect("a state");
    let seen = drifted(&house, &moved).await;
    assert_eq!(seen.model, applied.model);
    let other = request("registry.terraform.io/example/other");
    assert!(ingress.move_from(&cx(), other, &mut diagnostics).await.is_none());
    assert!(diagnostics.is_empty());
    let broken = json!({});
    let request =
        MoveFrom { provider: "x/hashicorp/kubernetes", type_name: "kubernetes_manifest", version: 1, state: &broken };
    assert!(ingress.move_from(&cx(), request, &mut diagnostics).await.is_none());
    assert!(diagnostics.has_errors());
}

#[tokio::test]
async fn a_foreign_file_and_a_second_resource_are_refused_at_plan() {
    let house = House::new();
    std::fs::create_dir_all(house.folder.path().join("photos")).expect("a folder");
    std::fs::write(house.folder.path().join(ROOT), "kind: Ingress\n").expect("a file");
    let ingress = Ingress::new(house.runtime.clone());
    let mut diagnostics = Diagnostics::new();
    plan(&ingress, &photos(&[]), None, &mut diagnostics).await;
    assert_eq!(errors(&diagnostics), ["name: HL5202: File written by somebody else"]);
    assert_eq!(house.file(ROOT).as_deref(), Some("kind: Ingress\n"));

    let mut diagnostics = Diagnostics::new();
    let other = Declared { name: known("photos-share"), ..photos(&[]) };
    plan(&ingress, &other, None, &mut diagnostics).await;
    assert_eq!(errors(&diagnostics), Vec::<String>::new());
    let clash = Declared { name: known("photos"), ..photos(&[("share", open("/share"))]) };
    plan(&ingress, &clash, None, &mut diagnostics).await;
    assert!(errors(&diagnostics).contains(&"name: HL5203: Two resources for one object".to_owned()));
}

#[tokio::test]
async fn without_a_place_a_create_plans_and_a_state_cannot_be_measured() {
    let house = House::new();
    let state = apply(&house, &photos(&[]), None).await;
    house.runtime.configure(homelab_schema::provider::ProviderConfig {
        site: site().into(),
        ..homelab_schema::provider::ProviderConfig::default()
    });
    let ingress = Ingress::new(house.runtime.clone());
    let mut diagnostics = Diagnostics::new();
    let planned = plan(&ingress, &photos(&[]), None, &mut diagnostics).await;
    assert!(planned.planned.to_value().is_wholly_known());
    assert_eq!(errors(&diagnostics), Vec::<String>::new());
    assert_eq!(diagnostics.iter().count(), 1, "what was not checked is said");

    let request = ReadRequest { state: &state.model, private: &state.private };
    let read = ingress.read(&cx(), request, &mut diagnostics).await;
    assert!(matches!(read, Read::Unchanged));
    assert_eq!(errors(&diagnostics), [": HL5001: Provider not configured for this"]);
}
