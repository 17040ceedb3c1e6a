use homelab_core::finding::secret as codes;
use homelab_plugin::Severity;
use homelab_schema::Sensitive;
use homelab_schema::provider::{ProviderConfig, Vault};

use super::*;
use crate::testing::{cx, plan};

/// A store that nobody can reach.
fn runtime(mount: Option<&str>) -> Runtime {
    let runtime = Runtime::new();
    let vault = Vault {
        address: "http://127.0.0.1:9".to_owned().into(),
        token: Attr::Known("token".to_owned().into()),
        mount: mount.map(str::to_owned).into(),
        ..Vault::default()
    };
    runtime.configure(ProviderConfig { vault: vault.into(), ..ProviderConfig::default() });
    runtime
}

fn declared(key: &str, version: i64) -> Declared {
    Declared {
        mount: Attr::Null,
        path: "photos".to_owned().into(),
        key: key.to_owned().into(),
        value_wo: Attr::Known(Sensitive::from("hunter2".to_owned())),
        value_wo_version: Attr::Known(version),
        handle: Attr::Null,
    }
}

fn state(key: &str, version: Attr<i64>) -> State<Declared> {
    let address = Address { mount: "secret".into(), path: "photos".into(), key: key.into() };
    let mut model = declared(key, 0);
    model.mount = "secret".to_owned().into();
    model.value_wo = Attr::Null;
    model.value_wo_version = version;
    written(&model, &address)
}

fn errors(diagnostics: &Diagnostics) -> Vec<&str> {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    errors.map(|diagnostic| diagnostic.summary.as_str()).collect()
}

#[tokio::test]
async fn a_create_is_planned_without_the_store_and_says_so() {
    let resource = KvKey::new(runtime(Some("kv/team")));
    let mut diagnostics = Diagnostics::new();
    let plan = plan(&resource, &declared("a", 1), None, &mut diagnostics).await;
    assert_eq!(errors(&diagnostics), Vec::<&str>::new());
    assert!(diagnostics.iter().any(|one| one.summary.starts_with("Not checked")), "{diagnostics:?}");
    assert_eq!(plan.planned.mount, Attr::Known("kv/team".to_owned()));
    assert!(plan.planned.handle.is_unknown());
    assert_eq!(plan.private.get::<String>(OBJECT).as_deref(), Some("kv/team/photos#a"));
    assert!(!format!("{:?} {diagnostics:?}", plan.planned).contains("hunter2"));
}

#[tokio::test]
async fn only_another_number_makes_the_handle_unknown() {
    let resource = KvKey::new(runtime(None));
    for (prior, now, is_known) in
        [(Attr::Known(1), 1, true), (Attr::Known(1), 2, false), (Attr::Known(2), 1, false), (Attr::Null, 1, true)]
    {
        let mut diagnostics = Diagnostics::new();
        let plan = plan(&resource, &declared("a", now), Some(&state("a", prior)), &mut diagnostics).await;
        assert!(diagnostics.is_empty(), "an update needs no look: {diagnostics:?}");
        assert_eq!(plan.planned.handle.known().is_some(), is_known, "{prior:?} to {now}");
    }
}

#[tokio::test]
async fn two_resources_for_one_key_are_refused_and_for_two_are_not() {
    let resource = KvKey::new(runtime(None));
    let mut diagnostics = Diagnostics::new();
    plan(&resource, &declared("a", 1), None, &mut diagnostics).await;
    plan(&resource, &declared("b", 1), None, &mut diagnostics).await;
    assert_eq!(errors(&diagnostics), Vec::<&str>::new());
    plan(&resource, &declared("a", 1), None, &mut diagnostics).await;
    assert_eq!(errors(&diagnostics), ["HL5203: Two resources for one object"]);
    assert!(resource.runtime.claims().is_key_planned("secret", "photos", Some("a")));
}

#[tokio::test]
async fn a_store_that_is_away_is_an_error_of_everything_but_a_plan() {
    let resource = KvKey::new(runtime(None));
    let prior = state("a", Attr::Known(1));
    let mut diagnostics = Diagnostics::new();
    let read = ReadRequest { state: &prior.model, private: &prior.private };
    assert!(matches!(resource.read(&cx(), read, &mut diagnostics).await, Read::Unchanged));
    assert_eq!(errors(&diagnostics), ["HL5101: No connection"]);

    let (config, mut planned) = (declared("a", 2), prior.model.clone());
    planned.value_wo_version = Attr::Known(2);
    let mut diagnostics = Diagnostics::new();
    let private = prior.private.clone();
    let update = Update { config: &config, prior: &prior.model, planned: &planned, private: &private };
    let kept = resource.update(&cx(), update, &mut diagnostics).await;
    assert_eq!((kept.model.value_wo_version, errors(&diagnostics).len()), (Attr::Known(1), 1));

    let mut diagnostics = Diagnostics::new();
    let delete = Delete { prior: &prior.model, private: &private };
    assert!(resource.delete(&cx(), delete, &mut diagnostics).await.is_some(), "it is still there");
    assert!(diagnostics.has_errors());

    let mut diagnostics = Diagnostics::new();
    let create = Create { config: &config, planned: &planned, private: &private };
    assert!(resource.create(&cx(), create, &mut diagnostics).await.is_none());
    assert!(diagnostics.has_errors());
    // It did not happen, so it may be tried again.
    let mut diagnostics = Diagnostics::new();
    let create = Create { config: &config, planned: &planned, private: &private };
    resource.create(&cx(), create, &mut diagnostics).await;
    assert_eq!(errors(&diagnostics), ["HL5101: No connection"]);
}

#[tokio::test]
async fn the_destroy_of_a_replacement_in_place_leaves_the_key() {
    let resource = KvKey::new(runtime(None));
    let prior = state("a", Attr::Known(1));
    let replacing = Context { replacement: true, ..cx() };
    let delete = |private| Delete { prior: &prior.model, private };
    let mut diagnostics = Diagnostics::new();
    // Nothing is asked of the store, which is away.
    assert!(resource.delete(&replacing, delete(&prior.private), &mut diagnostics).await.is_none());
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    // Another key is removed.
    let other = notes(&Address { mount: "secret".into(), path: "photos".into(), key: "b".into() });
    assert!(resource.delete(&replacing, delete(&other), &mut diagnostics).await.is_some());
    assert!(diagnostics.has_errors());
}

#[tokio::test]
async fn what_is_no_address_is_no_import() {
    let resource = KvKey::new(runtime(None));
    let text = |text: &str| Attr::Known(text.to_owned());
    let identity = KvKeyIdentity { mount: text("secret"), path: text("a//b"), key: text("k") };
    for request in [Import::Id("photos".to_owned()), Import::Id("secret/photos".to_owned()), Import::Identity(identity)]
    {
        let mut diagnostics = Diagnostics::new();
        assert!(resource.import(&cx(), request, &mut diagnostics).await.is_none());
        let summary = &diagnostics.iter().next().expect("an error").summary;
        assert!(summary.starts_with(codes::KV_ADDRESS.id), "{summary}");
    }
    let identity = KvKeyIdentity { mount: text("kv/team"), path: text("photos"), key: text("k#1") };
    let mut diagnostics = Diagnostics::new();
    let state = resource.import(&cx(), Import::Identity(identity), &mut diagnostics).await.expect("a state");
    assert_eq!((state.model.mount, state.model.value_wo_version), (text("kv/team"), Attr::Null));
}
