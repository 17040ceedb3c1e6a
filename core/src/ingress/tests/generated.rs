//! Generated declarations: what holds for all of them.

use std::collections::BTreeMap;

use homelab_cty::{Model, Path};
use homelab_schema::Attr;
use homelab_schema::ingress::{
    Auth, CarveOut, DnsMode, ExternalMonitor, Homepage, Ingress, PathType, Probe, ProbeTarget, RateLimit, ScaleToZero,
    Scheme, Service,
};
use homelab_schema::provider::{Middlewares, Site};
use proptest::prelude::*;

use super::reading::found;
use super::*;
use crate::ingress::{declared, read_back::read_back};

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec("[a-c]{1,2}", 0..4).prop_map(|parts| format!("/{}", parts.join("/")))
}

fn path_type() -> impl Strategy<Value = PathType> {
    prop::sample::select(PathType::ALL)
}

fn service() -> impl Strategy<Value = Service> {
    let scheme = prop::option::of(Just(Scheme::Https));
    (prop::sample::select(vec!["web", "api", "g"]), prop::sample::select(vec!["80", "8080"]), scheme)
        .prop_map(|(name, port, scheme)| Service { name: known(name), port: known(port), scheme: scheme.into() })
}

fn maybe<T: std::fmt::Debug>(some: impl Strategy<Value = T>) -> impl Strategy<Value = Attr<T>> {
    prop::option::of(some).prop_map(Attr::from)
}

fn rate_limit() -> impl Strategy<Value = RateLimit> {
    let numbers = prop::option::of((1_i64..2000, 1_i64..20_000));
    (any::<bool>(), numbers).prop_map(|(enabled, numbers)| RateLimit {
        enabled: Attr::Known(enabled || numbers.is_some()),
        average: numbers.map(|(average, _)| average).into(),
        burst: numbers.map(|(_, burst)| burst).into(),
    })
}

fn groups() -> impl Strategy<Value = Vec<String>> {
    let named = [&["admins"][..], &["family"], &["admins", "family"], &["family", "admins"], &["admins", "admins"]];
    prop::sample::select(named.map(|groups| groups.iter().map(|group| (*group).to_owned()).collect()).to_vec())
}

fn probe() -> impl Strategy<Value = Probe> {
    let methods = maybe(Just(vec!["HEAD".to_owned()]));
    let headers = maybe(Just(BTreeMap::from([("X-Version".to_owned(), "2".to_owned())])));
    (any::<bool>(), methods, maybe(Just(vec![404_u16])), maybe("[a-z]{1,3}"), headers, maybe(any::<bool>())).prop_map(
        |(skip, methods, statuses, text, headers, websocket)| Probe {
            skip: Attr::Known(skip),
            methods,
            statuses,
            content_type: text.clone().map(|text| format!("text/{text}")),
            cors_origin: text.clone().map(|text| format!("https://{text}.example.net")),
            body_contains: text,
            headers,
            websocket,
        },
    )
}

prop_compose! {
    fn carve_out()(
        paths in prop::collection::btree_set(path(), 1..4),
        path_type in path_type(),
        auth in prop::sample::select(Auth::ALL),
        service in maybe(service()),
        priority in maybe(1_i64..200),
        reason in maybe("[a-z ]{1,9}"),
        rate_limit in maybe(rate_limit()),
        anti_ai_scraping in maybe(any::<bool>()),
        groups in prop::option::of(groups()),
        probe in maybe(probe()),
    ) -> CarveOut {
        CarveOut {
            paths: Attr::Known(paths.into_iter().collect()),
            path_type: Attr::Known(path_type),
            auth: Attr::Known(auth),
            allowed_groups: groups.filter(|_| auth == Auth::Required).into(),
            reason,
            service,
            rate_limit,
            anti_ai_scraping,
            priority,
            probe,
        }
    }
}

fn texts() -> impl Strategy<Value = Attr<BTreeMap<String, String>>> {
    maybe(prop::collection::btree_map("[a-z]{1,4}\\.example\\.net/x", "[ -~]{0,8}", 1..3))
}

prop_compose! {
    fn announced()(
        dns in prop::sample::select(vec![DnsMode::None, DnsMode::Proxied, DnsMode::NonProxied]),
        dns_overwrite in any::<bool>(),
        tile in maybe((any::<bool>(), maybe("[a-z]{1,4}"), maybe("[a-z]{1,4}"))),
        monitor in maybe((maybe(any::<bool>()), maybe("[a-z]{1,4}"))),
    ) -> Ingress {
        Ingress {
            dns: Attr::Known(dns),
            dns_overwrite: Attr::Known(dns_overwrite),
            homepage: tile.map(|(enabled, name, group)| Homepage {
                enabled: Attr::Known(enabled),
                name,
                group,
                ..Homepage::default()
            }),
            external_monitor: monitor.map(|(enabled, name)| ExternalMonitor { enabled, name }),
            ..Ingress::default()
        }
    }
}

prop_compose! {
    fn in_front()(
        rate_limit in maybe(rate_limit()),
        groups in prop::option::of(groups()),
        local_only in any::<bool>(),
        max_body_size in maybe(prop::sample::select(vec!["5g", "10m", "1k", "1023", "1025"])),
        content_security_policy in maybe("[a-z' -]{1,9}"),
        anti_ai_scraping in maybe(any::<bool>()),
        wake in maybe(maybe(Just("other-wake".to_owned()))),
        extras in maybe(prop::collection::vec("[a-z]{1,4}-[a-z]{1,4}", 1..3)),
    ) -> Ingress {
        Ingress {
            rate_limit,
            allowed_groups: groups.into(),
            local_only: Attr::Known(local_only),
            max_body_size: max_body_size.map(str::to_owned),
            content_security_policy,
            anti_ai_scraping,
            scale_to_zero: wake.map(|middleware| ScaleToZero { middleware }),
            extra_middlewares: extras,
            ..Ingress::default()
        }
    }
}

prop_compose! {
    fn declaration()(
        root in carve_out(),
        front in in_front(),
        announced in announced(),
        service in maybe(service()),
        carve_out in prop::collection::btree_map("[a-z]{1,3}", carve_out(), 0..4),
        names in (maybe("[a-z]{1,5}(\\.example\\.org)?"), maybe(prop::collection::btree_set("[a-z]{6,7}(\\.example\\.org)?", 1..3))),
        external_name in maybe(Just("away.example.org".to_owned())),
        tls in maybe("[a-z]{1,8}"),
        entrypoint in maybe(Just("web".to_owned())),
        parity in maybe(any::<bool>()),
        labels in texts(),
        annotations in texts(),
    ) -> Ingress {
        let required = root.auth == Attr::Known(Auth::Required);
        Ingress {
            host: names.0,
            host_aliases: names.1.map(|aliases| aliases.into_iter().collect()),
            paths: root.paths,
            path_type: root.path_type,
            auth: root.auth,
            reason: root.reason,
            service,
            external_name,
            carve_out: Attr::Known(carve_out),
            tls_secret_name: tls,
            entrypoint,
            parity,
            labels,
            annotations,
            dns: announced.dns,
            dns_overwrite: announced.dns_overwrite,
            homepage: announced.homepage,
            external_monitor: announced.external_monitor,
            allowed_groups: if required { front.allowed_groups.clone() } else { Attr::Null },
            ..Ingress { name: photos().name, namespace: photos().namespace, ..front }
        }
    }
}

/// A site that names everything, or next to nothing.
fn house() -> impl Strategy<Value = Site> {
    (any::<bool>(), maybe(any::<bool>())).prop_map(|(full, parity)| {
        let full =
            Attr::Known(if full { full_middlewares() } else { site().middlewares.into_known().unwrap_or_default() });
        let middlewares = full.map(|named| Middlewares {
            // What declarations ask for is always there.
            local_only: known("traefik-local-only"),
            scale_to_zero: known("traefik-wake"),
            anti_ai: full_middlewares().anti_ai,
            ..named
        });
        let groups = ["admins", "family", "admins+family"]
            .map(|key| (key.to_owned(), format!("gates-{}", key.replace('+', "-or-"))));
        Site { middlewares, parity, groups: Attr::Known(BTreeMap::from(groups)), ..site() }
    })
}

/// The routes that match a request, with their effective priority and the position of their door.
fn matching(spec: &Spec, request: &str) -> Vec<(i64, Route, usize)> {
    let mut matching = Vec::new();
    for (position, door) in spec.doors.iter().enumerate() {
        for route in expand(&door.paths, door.path_type) {
            let hit = if route.exact { route.path == request } else { request.starts_with(&route.path) };
            if hit {
                let by_length = crate::route::rule::length(&route.rule(&spec.host));
                matching.push((door.priority.unwrap_or(by_length), route, position));
            }
        }
    }
    matching
}

fn is_malformed(config: &Ingress, house: &Site) -> bool {
    let refused = [codes::MALFORMED, codes::CONTRADICTION, codes::NO_GROUP, codes::NO_MIDDLEWARE];
    let findings =
        checks::declaration(config, house.parity).into_iter().chain(checks::planned(&planned(config, house), house));
    findings.into_iter().any(|finding| refused.contains(&finding.code))
}

/// The attributes in which two declarations differ.
fn differences(one: &Ingress, other: &Ingress) -> Vec<String> {
    let (one, other) = (one.to_value(), other.to_value());
    let names = Ingress::block().attributes.into_keys().chain(Ingress::block().blocks.into_keys());
    names
        .filter(|name| one.member(name) != other.member(name))
        .map(|name| format!("{name}: {:?} is not {:?}", one.member(&name), other.member(&name)))
        .collect()
}

proptest! {
    // Many declarations are refused, and how many of them come in a row is chance: enough is what fails, not that.
    #![proptest_config(ProptestConfig { cases: 256, max_global_rejects: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_back(config in declaration(), house in house()) {
        prop_assume!(!is_malformed(&config, &house));
        let state = planned(&config, &house);
        let spec = Spec::of(&state, &house).unwrap();
        let objects = render::render_all(&spec);
        // After an import only the name is known. What was read back plans as what was written, so the plan is empty.
        let imported = read_back("photos", "g", None, &found(&objects), &house);
        prop_assert_eq!(differences(&planned(&imported, &house), &state), Vec::<String>::new());
        // In a refresh: nothing has changed.
        let read = read_back("photos", "g", Some(&state), &found(&objects), &house);
        prop_assert_eq!(differences(&read, &state), Vec::<String>::new());
        let by_key: Vec<_> = objects.iter().map(|object| (object.key(), object.body.clone())).collect();
        prop_assert_eq!(state.rendered_hash, Attr::Known(outputs::hash_of_objects(&by_key)));
    }

    #[test]
    fn the_objects_alone_tell_what_a_probe_is_to_ask(config in declaration(), house in house()) {
        prop_assume!(!is_malformed(&config, &house));
        let state = planned(&config, &house);
        let objects: Vec<serde_json::Value> = render::render_all(&Spec::of(&state, &house).unwrap())
            .into_iter()
            .map(|object| {
                let mut body = object.body;
                body["kind"] = json!(object.kind.as_str());
                body["metadata"]["namespace"] = json!("photos");
                body["metadata"]["name"] = json!(object.name);
                body
            })
            .collect();
        let declared = declared::declared(&objects);
        prop_assert_eq!(declared.len(), 1);
        prop_assert_eq!((declared[0].name.as_str(), &declared[0].gone), ("g", &Vec::new()));
        // The client of guests stands on no object, a hash of routes is for who waits for changes, and a prefix that ends with
        // a slash matches alike in both kinds.
        let meant = |target: ProbeTarget| ProbeTarget {
            routing_hash: String::new(),
            guest_client_id: target.guest_client_id.map(|_| String::new()),
            path_type: match target.path_type {
                PathType::ImplementationSpecific if target.url.ends_with('/') => PathType::Prefix,
                other => other,
            },
            ..target
        };
        let found: Vec<ProbeTarget> =
            declared[0].doors.iter().filter_map(|door| door.target("photos", "")).map(meant).collect();
        let wanted: Vec<ProbeTarget> =
            state.probe_targets.into_known().unwrap().into_iter().map(meant).collect();
        prop_assert_eq!(found, wanted);
    }

    #[test]
    fn what_is_read_after_an_edit_is_known(config in declaration(), house in house(), which in 0_usize..9, members in prop::collection::vec("[a-z]{1,3}-[a-z]{1,3}", 0..3)) {
        prop_assume!(!is_malformed(&config, &house));
        let state = planned(&config, &house);
        let mut objects = render::render_all(&Spec::of(&state, &house).unwrap());
        let last = objects.len() - 1;
        let edited = &mut objects[which.min(last)].body;
        edited["metadata"]["annotations"][gate_key()] = json!(members.join("@kubernetescrd,"));
        for prior in [None, Some(&state)] {
            let read = read_back("photos", "g", prior, &found(&objects), &house);
            let mut filled = with_defaults(read.clone());
            fill::fill(&read, &mut filled, &house);
            fill::settle(&mut filled);
            prop_assert!(filled.to_value().is_wholly_known(), "{:?}", filled);
        }
    }

    #[test]
    fn an_accepted_declaration_sends_each_request_to_its_most_specific_door(
        config in declaration().prop_map(|config| Ingress { parity: Attr::Known(false), ..config }),
        house in house(),
        request in path(),
        tail in prop::sample::select(vec!["", "/", "x", "/x"]),
    ) {
        let mut config = config;
        for carve_out in carve_outs(&mut config).values_mut() {
            carve_out.priority = Attr::Null;
        }
        prop_assume!(!is_malformed(&config, &house));
        let spec = Spec::of(&planned(&config, &house), &house).unwrap();
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
