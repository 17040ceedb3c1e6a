//! Generated declarations: what holds for all of them.

use std::collections::BTreeMap;

use homelab_cty::{Model, Path};
use homelab_schema::Attr;
use homelab_schema::ingress::{Auth, CarveOut, Ingress, PathType, Service};
use proptest::prelude::*;

use super::*;

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec("[a-c]{1,2}", 0..4).prop_map(|parts| format!("/{}", parts.join("/")))
}

fn path_type() -> impl Strategy<Value = PathType> {
    prop::sample::select(PathType::ALL)
}

fn service() -> impl Strategy<Value = Service> {
    (prop::sample::select(vec!["web", "api"]), prop::sample::select(vec!["80", "http"]))
        .prop_map(|(name, port)| Service { name: known(name), port: known(port) })
}

fn carve_out() -> impl Strategy<Value = CarveOut> {
    let paths = prop::collection::btree_set(path(), 1..4);
    let service = prop::option::of(service());
    (
        paths,
        path_type(),
        prop::sample::select(Auth::ALL),
        service,
        prop::option::of(1_i64..200),
        prop::option::of("[a-z ]{1,9}"),
    )
        .prop_map(|(paths, path_type, auth, service, priority, reason)| CarveOut {
            paths: Attr::Known(paths.into_iter().collect()),
            path_type: Attr::Known(path_type),
            auth: Attr::Known(auth),
            reason: reason.into(),
            service: service.into(),
            priority: priority.into(),
        })
}

fn texts() -> impl Strategy<Value = Attr<BTreeMap<String, String>>> {
    prop::option::of(prop::collection::btree_map("[a-z]{1,4}\\.example\\.net/x", "[ -~]{0,8}", 1..3))
        .prop_map(Attr::from)
}

prop_compose! {
    fn declaration()(
        root in carve_out(),
        service in service(),
        carve_out in prop::collection::btree_map("[a-z]{1,3}", carve_out(), 0..4),
        extras in prop::option::of(prop::collection::vec("[a-z]{1,4}-[a-z]{1,4}", 1..3)),
        tls in prop::option::of("[a-z]{1,8}"),
        host in prop::option::of("[a-z]{1,5}\\.example\\.org"),
        labels in texts(),
        annotations in texts(),
    ) -> Ingress {
        Ingress {
            host: host.into(),
            paths: root.paths,
            path_type: root.path_type,
            auth: root.auth,
            reason: root.reason,
            service: Attr::Known(service),
            carve_out: Attr::Known(carve_out),
            extra_middlewares: extras.into(),
            tls_secret_name: tls.into(),
            labels,
            annotations,
            ..photos()
        }
    }
}

/// What a user wrote, of a state: computed attributes do not count.
fn declared(model: &Ingress) -> Ingress {
    Ingress {
        url: Attr::Null,
        hosts: Attr::Null,
        middlewares: Attr::Null,
        objects: Attr::Null,
        carve_out_urls: Attr::Null,
        probe_targets: Attr::Null,
        rendered_hash: Attr::Null,
        ..model.clone()
    }
}

/// A declaration of which a carve-out names the app's own service says the same without it, and reads back so.
fn without_inherited_services(mut config: Ingress) -> Ingress {
    let root = config.service.clone();
    for carve_out in carve_outs(&mut config).values_mut() {
        if carve_out.service == root {
            carve_out.service = Attr::Null;
        }
    }
    config
}

/// The routes that match a request, with their effective priority and the position of their door.
fn matching(spec: &Spec, request: &str) -> Vec<(i64, Route, usize)> {
    let mut matching = Vec::new();
    for (position, door) in spec.doors.iter().enumerate() {
        for route in expand(&door.paths, door.path_type) {
            let hit = if route.exact { route.path == request } else { request.starts_with(&route.path) };
            if hit {
                let by_length = crate::ingress::rule::length(&route.rule(&spec.host));
                matching.push((door.priority.unwrap_or(by_length), route, position));
            }
        }
    }
    matching
}

proptest! {
    #[test]
    fn what_is_written_reads_back(config in declaration()) {
        let config = without_inherited_services(config);
        prop_assume!(checks::declaration(&config).iter().all(|finding| finding.code != codes::MALFORMED));
        let state = planned(&config, &site());
        let spec = Spec::of(&state, &site()).unwrap();
        let objects = render::render_all(&spec);
        // After an import: only the name is known.
        let imported = read_back("photos", "g", None, &found(&objects), &site());
        prop_assert_eq!(&imported, &declared(&state));
        // In a refresh: nothing has changed.
        let read = read_back("photos", "g", Some(&state), &found(&objects), &site());
        prop_assert_eq!(&read, &state);
        // And what was read back plans as what was written.
        prop_assert_eq!(planned(&imported, &site()).rendered_hash, state.rendered_hash.clone());
        prop_assert_eq!(state.rendered_hash, Attr::Known(outputs::hash_of_objects(&objects)));
    }

    #[test]
    fn an_accepted_declaration_sends_each_request_to_its_most_specific_door(
        config in declaration(),
        request in path(),
        tail in prop::sample::select(vec!["", "/", "x", "/x"]),
    ) {
        let mut config = config;
        for carve_out in carve_outs(&mut config).values_mut() {
            carve_out.priority = Attr::Null;
        }
        prop_assume!(checks::declaration(&config).iter().all(|finding| finding.code != codes::MALFORMED));
        let spec = spec(&config);
        prop_assume!(routes::check(&spec).is_empty());
        let request = format!("{request}{tail}");
        let matching = matching(&spec, &request);
        let Some(winner) = matching.iter().max_by_key(|(priority, ..)| *priority) else { return Ok(()) };
        let specific = matching.iter().find(|(_, route, _)| matching.iter().all(|(_, other, _)| other.covers(route)));
        let specific = specific.expect("sets of this form are nested");
        prop_assert_eq!(winner.2, specific.2, "{:?}", matching);
        let tied = matching.iter().any(|(priority, _, position)| *priority == winner.0 && *position != winner.2);
        prop_assert!(!tied);
    }

    #[test]
    fn a_plan_does_not_depend_on_the_order_of_anything_but_middlewares(config in declaration()) {
        let state = planned(&config, &site());
        let value = state.to_value();
        prop_assert_eq!(Ingress::from_value(&value, &Path::root()).unwrap(), state);
    }
}
