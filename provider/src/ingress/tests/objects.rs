//! Resources of several objects, in a folder.

use homelab_cty::Attr;
use homelab_plugin::{Create, Diagnostics, Import, Private, Read, Resource as _, Update};
use homelab_schema::ingress::{CarveOut, Ingress as Declared, RateLimit, Scheme, Service};

use super::{Ingress, apply, delete, drifted, errors, known, open, photos, read};
use crate::testing::{House, cx, plan};

fn limit(average: i64) -> Attr<RateLimit> {
    RateLimit { average: average.into(), burst: (average * 2).into(), ..RateLimit::default() }.into()
}

/// Everything that a resource can make for itself in a folder.
fn all() -> Declared {
    let share = CarveOut { rate_limit: limit(5), ..open("/share") };
    Declared {
        external_name: known("photos.home.example.net"),
        rate_limit: limit(100),
        max_body_size: known("5g"),
        content_security_policy: known("default-src 'self'"),
        ..photos(&[("share", share)])
    }
}

const FILES: [&str; 7] = [
    "ingress-photos-share.yaml",
    "ingress-photos.yaml",
    "middleware-buffering-photos.yaml",
    "middleware-custom-csp-photos.yaml",
    "middleware-rate-limit-photos-share.yaml",
    "middleware-rate-limit-photos.yaml",
    "service-photos.yaml",
];

#[tokio::test]
async fn every_kind_has_a_life_in_a_folder() {
    let house = House::new();
    let state = apply(&house, &all(), None).await;
    assert_eq!(house.files("photos"), FILES);

    let text = house.file("photos/ingress-photos.yaml");
    let changed = Declared { rate_limit: limit(50), ..all() };
    let state = apply(&house, &changed, Some(state)).await;
    assert!(house.file("photos/middleware-rate-limit-photos.yaml").is_some_and(|text| text.contains("average: 50")));
    assert_eq!(house.file("photos/ingress-photos.yaml"), text);

    let fewer = Declared { rate_limit: Attr::Null, external_name: Attr::Null, ..photos(&[]) };
    let state = apply(&house, &fewer, Some(state)).await;
    assert_eq!(house.files("photos"), ["ingress-photos.yaml"]);
    assert!(delete(&house, &state, false).await.is_none());
    assert!(house.files("photos").is_empty());
}

/// A state file holds the notes of a thousand resources.
#[tokio::test]
async fn the_notes_are_small() {
    let house = House::new();
    let state = apply(&house, &photos(&[]), None).await;
    let notes = state.private.to_bytes();
    assert!(notes.len() < 100, "{}", String::from_utf8_lossy(&notes));
}

#[tokio::test]
async fn a_change_of_any_file_is_drift_and_is_repaired() {
    let house = House::new();
    let mut state = apply(&house, &all(), None).await;
    let edits = [
        ("photos/middleware-rate-limit-photos.yaml", "average: 100", "average: 100000"),
        ("photos/middleware-custom-csp-photos.yaml", "default-src 'self'", "default-src *"),
        ("photos/middleware-buffering-photos.yaml", "5368709120", "1"),
        ("photos/service-photos.yaml", "photos.home.example.net", "elsewhere.example.net"),
    ];
    for (file, from, to) in edits {
        let intact = house.file(file);
        house.edit(file, from, to);
        let seen = drifted(&house, &state).await;
        assert_ne!(seen.model, state.model, "{file}");
        state = apply(&house, &all(), Some(seen)).await;
        assert_eq!(house.file(file), intact);
    }
    for file in FILES.iter().filter(|file| **file != "ingress-photos.yaml") {
        let path = house.folder.path().join("photos").join(file);
        std::fs::remove_file(&path).expect("removed");
        let seen = drifted(&house, &state).await;
        assert_ne!(seen.model, state.model, "{file}");
        state = apply(&house, &all(), Some(seen)).await;
        assert!(path.exists(), "{file}");
    }
}

#[tokio::test]
async fn an_import_finds_every_object() {
    let house = House::new();
    let state = apply(&house, &all(), None).await;
    house.new_run();
    let ingress = Ingress::new(house.runtime.clone());
    let mut diagnostics = Diagnostics::new();
    let imported = ingress.import(&cx(), Import::Id("photos/photos".to_owned()), &mut diagnostics).await;
    let seen = drifted(&house, &imported.expect("a state")).await;
    assert_eq!(seen.private, state.private);
    assert!(matches!(read(&house, &seen).await, Read::Unchanged));
    let planned = plan(&ingress, &all(), Some(&seen), &mut diagnostics).await;
    assert_eq!(planned.planned, seen.model, "nothing is planned");
    assert_eq!(errors(&diagnostics), Vec::<String>::new());
    assert!(delete(&house, &seen, false).await.is_none());
    assert!(house.files("photos").is_empty());
}

/// Killed between two writes, in each of the places where that can be, and given up: nothing of it stays.
#[tokio::test]
async fn what_a_killed_change_made_goes_with_the_next_change_and_with_the_destroy() {
    for keep in 1..FILES.len() {
        let house = House::new();
        let plain = photos(&[]);
        let before = apply(&house, &plain, None).await;
        let written = before_and_after(&house, &before).await;
        // Of the files that the change made, the last ones were never written.
        for (file, ()) in written.iter().skip(keep) {
            std::fs::remove_file(house.folder.path().join("photos").join(file)).expect("removed");
        }
        house.new_run();
        let state = match read(&house, &before).await {
            Read::State(state) => state,
            Read::Unchanged => before,
            Read::Gone => panic!("gone"),
        };
        if keep % 2 == 0 {
            assert!(delete(&house, &state, false).await.is_none());
            assert_eq!(house.files("photos"), Vec::<String>::new(), "{keep}");
        } else {
            let plain = Declared { labels: Attr::Known([("a".to_owned(), "b".to_owned())].into()), ..plain };
            apply(&house, &plain, Some(state)).await;
            assert_eq!(house.files("photos"), ["ingress-photos.yaml"], "{keep}");
        }
    }
}

/// Applies [`all`] over `before`; the files that this made, in the order of writing, without the app's own Ingress, whose
/// text is put back as it was.
async fn before_and_after(house: &House, before: &homelab_plugin::State<Declared>) -> Vec<(String, ())> {
    let intact = house.file("photos/ingress-photos.yaml").expect("a file");
    apply(house, &all(), Some(before.clone())).await;
    std::fs::write(house.folder.path().join("photos/ingress-photos.yaml"), intact).expect("written");
    let order = ["middleware-", "service-", "ingress-photos-"];
    order
        .iter()
        .flat_map(|prefix| house.files("photos").into_iter().filter(move |file| file.starts_with(prefix)))
        .map(|file| (file, ()))
        .collect()
}

#[tokio::test]
async fn one_field_of_a_service_cannot_be_had_in_a_folder() {
    let house = House::new();
    let ingress = Ingress::new(house.runtime.clone());
    let mut diagnostics = Diagnostics::new();
    let service = Service { scheme: Scheme::H2c.into(), ..Service::default() };
    let config = Declared { service: service.into(), ..photos(&[]) };
    plan(&ingress, &config, None, &mut diagnostics).await;
    let errors = errors(&diagnostics);
    assert!(errors.iter().any(|error| error.starts_with("service.scheme")), "{errors:?}");
}

#[tokio::test]
async fn a_change_that_fails_answers_what_there_is() {
    let house = House::new();
    let before = apply(&house, &photos(&[]), None).await;
    house.new_run();
    let ingress = Ingress::new(house.runtime.clone());
    let mut diagnostics = Diagnostics::new();
    let planned = plan(&ingress, &all(), Some(&before), &mut diagnostics).await;
    assert_eq!(errors(&diagnostics), Vec::<String>::new());
    // In the way of the Service, after the middlewares.
    std::fs::write(house.folder.path().join("photos/service-photos.yaml"), "kind: Service\n").expect("written");
    let request = Update { config: &all(), prior: &before.model, planned: &planned.planned, private: &planned.private };
    let left = ingress.update(&cx(), request, &mut diagnostics).await;
    assert!(diagnostics.has_errors());
    let named: Vec<&str> =
        left.model.objects.known().into_iter().flatten().map(|object| object.name.as_str()).collect();
    assert!(named.contains(&"rate-limit-photos") && named.contains(&"photos"), "{named:?}");
    assert_eq!(left.model.rate_limit, before.model.rate_limit, "the Ingress does not use it");

    // A create that fails has no state, and says what it made.
    let house = House::new();
    let ingress = Ingress::new(house.runtime.clone());
    let mut diagnostics = Diagnostics::new();
    let planned = plan(&ingress, &all(), None, &mut diagnostics).await;
    std::fs::create_dir_all(house.folder.path().join("photos")).expect("a folder");
    std::fs::write(house.folder.path().join("photos/service-photos.yaml"), "kind: Service\n").expect("written");
    let request = Create { config: &all(), planned: &planned.planned, private: &Private::new() };
    assert!(ingress.create(&cx(), request, &mut diagnostics).await.is_none());
    let said: String = diagnostics.iter().map(|diagnostic| diagnostic.detail.clone()).collect();
    assert!(said.contains("Middleware rate-limit-photos"), "{said}");
}
