//! Tables: what is written, what follows, what is read back. What is refused is in [`judged`], generated declarations are in
//! [`generated`].

mod generated;
mod judged;
mod parity;
mod reading;

use std::collections::{BTreeMap, BTreeSet};

use homelab_cty::Path;
use homelab_schema::Attr;
use homelab_schema::ingress::{Auth, CarveOut, DnsMode, Expect, Ingress, PathType, Probe, Service};
use homelab_schema::provider::{Middlewares, Site, Wall};
use serde_json::json;

use super::routes::{Route, expand};
use super::{Spec, checks, fill, moved, outputs, references, render, routes};
use crate::finding::{Finding, ingress as codes};

fn known(text: &str) -> Attr<String> {
    Attr::Known(text.to_owned())
}

pub(super) fn site() -> Site {
    Site {
        root_domain: known("example.net"),
        ingress_class: known("traefik"),
        entrypoint: known("websecure"),
        middlewares: Attr::Known(Middlewares {
            gate: known("traefik-forward-auth"),
            public_gate: known("traefik-guests"),
            rate_limit: known("traefik-rate-limit"),
            ..Middlewares::default()
        }),
        ..Site::default()
    }
}

/// A site that names all of them.
pub(super) fn full_middlewares() -> Middlewares {
    Middlewares {
        retry: known("traefik-retry"),
        error_pages: known("traefik-error-pages"),
        rate_limit: known("traefik-rate-limit"),
        csp: known("traefik-csp-headers"),
        anti_ai: Attr::Known(vec!["traefik-ai-bot-block".to_owned(), "traefik-anti-ai-headers".to_owned()]),
        gate: known("traefik-forward-auth"),
        public_gate: known("traefik-guests"),
        local_only: known("traefik-local-only"),
        scale_to_zero: known("traefik-wake"),
    }
}

/// `config` with its schema's defaults, as the server hands it to a plan.
pub(super) fn with_defaults(mut config: Ingress) -> Ingress {
    config.paths = config.paths.or(Attr::Known(vec!["/".to_owned()]));
    config.path_type = config.path_type.or(Attr::Known(PathType::Prefix));
    config.auth = config.auth.or(Attr::Known(Auth::Required));
    config.local_only = config.local_only.or(Attr::Known(false));
    config.dns = config.dns.or(Attr::Known(DnsMode::None));
    config.dns_overwrite = config.dns_overwrite.or(Attr::Known(false));
    for carve_out in carve_outs(&mut config).values_mut() {
        carve_out.path_type = carve_out.path_type.or(Attr::Known(PathType::Prefix));
        carve_out.auth = carve_out.auth.or(Attr::Known(Auth::Required));
    }
    config
}

fn carve_outs(config: &mut Ingress) -> &mut BTreeMap<String, CarveOut> {
    match &mut config.carve_out {
        Attr::Known(carve_outs) => carve_outs,
        _ => panic!("carve-outs are known"),
    }
}

fn planned(config: &Ingress, site: &Site) -> Ingress {
    let mut planned = with_defaults(config.clone());
    fill::fill(config, &mut planned, site);
    planned
}

pub(super) fn photos() -> Ingress {
    Ingress {
        name: known("g"),
        namespace: known("photos"),
        service: Attr::Known(Service { name: Attr::Null, port: known("http"), scheme: Attr::Null }),
        carve_out: Attr::Known(BTreeMap::new()),
        ..Ingress::default()
    }
}

pub(super) fn open(paths: &[&str]) -> CarveOut {
    CarveOut {
        paths: Attr::Known(paths.iter().map(|path| (*path).to_owned()).collect()),
        auth: Attr::Known(Auth::None),
        reason: known("open on purpose"),
        ..CarveOut::default()
    }
}

fn with(carve_out: &[(&str, CarveOut)]) -> Ingress {
    let carve_out = carve_out.iter().map(|(label, carve_out)| ((*label).to_owned(), carve_out.clone())).collect();
    Ingress { carve_out: Attr::Known(carve_out), ..photos() }
}

fn spec(config: &Ingress) -> Spec {
    Spec::of(&planned(config, &site()), &site()).expect("everything is known")
}

fn codes_of(findings: &[Finding]) -> Vec<(&'static str, String)> {
    findings.iter().map(|finding| (finding.code.id, finding.path.to_string())).collect()
}

#[test]
fn the_objects_are_those_that_traefik_reads() {
    let objects = render::render_all(&spec(&with(&[("share", open(&["/share"]))])));
    assert_eq!(objects.len(), 2);
    assert_eq!(objects[0].name, "g");
    assert_eq!(
        objects[0].body,
        json!({
            "metadata": {"annotations": {
                "traefik.ingress.kubernetes.io/router.entrypoints": "websecure",
                "traefik.ingress.kubernetes.io/router.middlewares":
                    "traefik-rate-limit@kubernetescrd,traefik-forward-auth@kubernetescrd",
                "terraform-provider-homelab/auth": "required",
                "terraform-provider-homelab/carve-outs": "share",
            }},
            "spec": {
                "ingressClassName": "traefik",
                "rules": [{"host": "g.example.net", "http": {"paths": [
                    {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "g", "port": {"name": "http"}}}},
                ]}}],
            },
        })
    );
    let share = &objects[1];
    assert_eq!(share.key(), "Ingress/g-share");
    let annotations = &share.body["metadata"]["annotations"];
    assert_eq!(annotations["traefik.ingress.kubernetes.io/router.middlewares"], "traefik-rate-limit@kubernetescrd");
    assert_eq!(annotations["terraform-provider-homelab/reason"], "open on purpose");
    assert_eq!(annotations["terraform-provider-homelab/carve-out"], "share");
    let paths = share.body["spec"]["rules"][0]["http"]["paths"].as_array().unwrap();
    let routes: Vec<_> = paths.iter().map(|path| (path["path"].as_str(), path["pathType"].as_str())).collect();
    assert_eq!(routes, [(Some("/share"), Some("Exact")), (Some("/share/"), Some("Prefix"))]);
}

#[test]
fn tls_labels_annotations_and_numbers_of_ports_are_written() {
    let config = Ingress {
        tls_secret_name: known("wildcard"),
        labels: Attr::Known(BTreeMap::from([("team".to_owned(), "home".to_owned())])),
        annotations: Attr::Known(BTreeMap::from([("a.example.net/b".to_owned(), "c".to_owned())])),
        service: Attr::Known(Service { name: known("web"), port: known("8080"), scheme: Attr::Null }),
        host: known("pictures.example.org"),
        ..photos()
    };
    let object = render::render_all(&spec(&config)).remove(0).body;
    assert_eq!(object["spec"]["tls"], json!([{"hosts": ["pictures.example.org"], "secretName": "wildcard"}]));
    assert_eq!(object["metadata"]["labels"], json!({"team": "home"}));
    assert_eq!(object["metadata"]["annotations"]["a.example.net/b"], "c");
    let service = &object["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"];
    assert_eq!(service, &json!({"name": "web", "port": {"number": 8080}}));
}

#[test]
fn outputs_follow_from_the_configuration() {
    let planned = planned(&with(&[("share", open(&["/share"])), ("api", open(&["/api", "/v2"]))]), &site());
    assert_eq!(planned.host, known("g.example.net"));
    assert_eq!(planned.url, known("https://g.example.net"));
    assert_eq!(planned.hosts, Attr::Known(vec!["g.example.net".to_owned()]));
    let objects: Vec<_> = planned.objects.known().unwrap().iter().map(|object| object.name.as_str()).collect();
    assert_eq!(objects, ["g", "g-api", "g-share"]);
    assert_eq!(planned.carve_out_urls.known().unwrap()["share"], ["https://g.example.net/share"]);
    let targets = planned.probe_targets.known().unwrap();
    let seen: Vec<_> = targets.iter().map(|target| (target.label.as_str(), target.expect)).collect();
    let expected =
        [("/", Expect::Gated), ("api:/api", Expect::Public), ("api:/v2", Expect::Public), ("share", Expect::Public)];
    assert_eq!(seen, expected);
    assert_eq!(targets[3].ingress, "photos/g-share");
    let hashes: BTreeSet<_> = targets.iter().map(|target| &target.routing_hash).collect();
    assert_eq!(hashes.len(), 1);
}

#[test]
fn a_session_for_guests_is_a_target_by_its_client_and_a_plain_entry_point_is_http() {
    let config = Ingress { auth: Attr::Known(Auth::Public), ..photos() };
    let mut plain = site();
    plain.entrypoint = known("web");
    let seen = planned(&config, &plain);
    assert_eq!(seen.url, known("http://g.example.net"));
    let members = seen.middlewares.known().unwrap();
    assert_eq!(members, &["traefik-rate-limit@kubernetescrd", "traefik-guests@kubernetescrd"]);
    let targets_with = |guest_client_id: Attr<String>| {
        let wall = Wall { guest_client_id, ..Wall::default() };
        planned(&config, &Site { wall: wall.into(), ..plain.clone() }).probe_targets
    };
    let target = seen.probe_targets.known().unwrap()[0].clone();
    assert_eq!((target.url.as_str(), target.expect), ("http://g.example.net/", Expect::Public));
    // That nobody has named the client is said to the probe: the door is not left out for it.
    assert_eq!(target.guest_client_id.as_deref(), Some(""));
    assert_eq!(targets_with(known("guests")).known().unwrap()[0].guest_client_id.as_deref(), Some("guests"));
    assert!(targets_with(Attr::Unknown).is_unknown());
    let gated = with(&[("share", open(&["/share"]))]);
    let unknown = Wall { guest_client_id: Attr::Unknown, ..Wall::default() };
    let house = Site { wall: unknown.into(), ..site() };
    assert_eq!(planned(&gated, &house).probe_targets.known().map(Vec::len), Some(2), "no guest, no question");
}

#[test]
fn every_host_is_probed_and_every_hint_comes_along() {
    let mut config = with(&[("api", open(&["/api"]))]);
    config.host_aliases = Attr::Known(vec!["pictures.example.org".to_owned()]);
    let hints = Probe {
        methods: Attr::Known(vec!["GET".to_owned()]),
        statuses: Attr::Known(vec![200]),
        content_type: known("application/json"),
        body_contains: known("pong"),
        headers: Attr::Known(BTreeMap::from([("x-version".to_owned(), "2".to_owned())])),
        websocket: true.into(),
        cors_origin: known("https://app.example.net"),
        ..Probe::default()
    };
    if let Attr::Known(carve_outs) = &mut config.carve_out {
        carve_outs.get_mut("api").unwrap().probe = hints.into();
    }
    let targets = planned(&config, &site()).probe_targets.into_known().unwrap();
    let seen: Vec<_> = targets.iter().map(|target| (target.label.as_str(), target.url.as_str())).collect();
    let expected = [
        ("/", "https://g.example.net/"),
        ("api", "https://g.example.net/api"),
        ("/@pictures.example.org", "https://pictures.example.org/"),
        ("api@pictures.example.org", "https://pictures.example.org/api"),
    ];
    assert_eq!(seen, expected);
    let hinted = &targets[1];
    assert_eq!((&hinted.methods[..], &hinted.statuses[..]), (&["GET".to_owned()][..], &[200][..]));
    assert_eq!(hinted.headers.as_ref().unwrap()["x-version"], "2");
    assert_eq!((hinted.websocket, hinted.cors_origin.as_deref()), (Some(true), Some("https://app.example.net")));
    assert_eq!(hinted.content_type.as_deref().zip(hinted.body_contains.as_deref()), Some(("application/json", "pong")));
}

#[test]
fn a_host_is_full_short_or_left_out() {
    let served = |host: Attr<String>| planned(&Ingress { host, ..photos() }, &site()).hosts;
    let one = |host: &str| Attr::Known(vec![host.to_owned()]);
    assert_eq!(served(Attr::Null), one("g.example.net"));
    assert_eq!(served(known("pictures")), one("pictures.example.net"));
    assert_eq!(served(known("pictures.example.org")), one("pictures.example.org"));
    assert_eq!(served(Attr::Unknown), Attr::Unknown);
}

#[test]
fn only_outputs_of_an_unknown_input_are_unknown() {
    let mut config = with(&[("share", open(&["/share"]))]);
    config.service = Attr::Known(Service { name: Attr::Unknown, port: known("80"), scheme: Attr::Null });
    let plan = planned(&config, &site());
    assert!(plan.url.known().is_some() && plan.middlewares.known().is_some() && plan.objects.known().is_some());
    assert!(plan.carve_out_urls.known().is_some());
    assert!(plan.rendered_hash.is_unknown() && plan.probe_targets.is_unknown());

    let mut config = with(&[("share", open(&["/share"]))]);
    config.host = Attr::Unknown;
    let plan = planned(&config, &site());
    assert!(plan.url.is_unknown() && plan.hosts.is_unknown() && plan.carve_out_urls.is_unknown());
    assert!(carve_outs(&mut plan.clone())["share"].priority.is_unknown());
    assert!(plan.objects.known().is_some() && plan.middlewares.known().is_some());

    let mut house = site();
    house.root_domain = Attr::Unknown;
    let plan = planned(&photos(), &house);
    assert!(plan.host.is_unknown() && plan.url.is_unknown());
    assert_eq!(codes_of(&checks::planned(&plan, &house)), []);
}

#[test]
fn a_removed_argument_is_gone_from_the_plan() {
    let mut config = Ingress { auth: Attr::Known(Auth::None), reason: known("because"), ..photos() };
    let before = planned(&config, &site());
    config.auth = Attr::Null;
    config.reason = Attr::Null;
    let after = planned(&config, &site());
    assert_eq!(after.auth, Attr::Known(Auth::Required));
    assert_ne!(before.rendered_hash, after.rendered_hash);
    assert_ne!(before.middlewares, after.middlewares);
}

#[test]
fn references_are_each_named_once_with_their_attribute() {
    let mut config = with(&[("share", open(&["/share"]))]);
    config.tls_secret_name = known("wildcard");
    config.extra_middlewares = Attr::Known(vec!["photos-strip".to_owned(), "errors@file".to_owned()]);
    let found: Vec<_> = references::of(&spec(&config))
        .into_iter()
        .map(|one| (format!("{:?}", one.target), one.path.to_string()))
        .collect();
    let texts: Vec<_> = found.iter().map(|(target, path)| (target.as_str(), path.as_str())).collect();
    assert_eq!(
        texts,
        [
            ("Middleware { joined: \"traefik-rate-limit\" }", "auth"),
            ("Middleware { joined: \"traefik-forward-auth\" }", "auth"),
            ("Middleware { joined: \"photos-strip\" }", "extra_middlewares[0]"),
            ("Service { name: \"g\", port: \"http\" }", "service"),
            ("TlsSecret { name: \"wildcard\" }", "tls_secret_name"),
        ]
    );
    let candidates = references::candidates("traefik-forward-auth");
    let pairs: Vec<_> = candidates.iter().map(|(namespace, name)| (namespace.as_str(), name.as_str())).collect();
    assert_eq!(pairs, [("traefik", "forward-auth"), ("traefik-forward", "auth")]);
}

#[test]
fn references_are_judged_by_what_was_found() {
    let judge = |target: references::Target, found: Option<serde_json::Value>| {
        let reference = references::Reference { target, path: Path::attr("service") };
        references::judge("photos", &reference, found.as_ref()).map(|finding| finding.code.id)
    };
    let service = |port: &str| references::Target::Service { name: "web".to_owned(), port: port.to_owned() };
    let object = || Some(json!({"spec": {"ports": [{"name": "http", "port": 80}, {"port": 9000}]}}));
    assert_eq!(judge(service("http"), object()), None);
    assert_eq!(judge(service("80"), object()), None);
    assert_eq!(judge(service("9000"), object()), None);
    assert_eq!(judge(service("8080"), object()), Some("HL1103"));
    assert_eq!(judge(service("http"), None), Some("HL1102"));
    assert_eq!(judge(service("443"), Some(json!({"spec": {"type": "ExternalName"}}))), None);
    let tls = || references::Target::TlsSecret { name: "wildcard".to_owned() };
    assert_eq!(judge(tls(), Some(json!({"type": "kubernetes.io/tls"}))), None);
    assert_eq!(judge(tls(), Some(json!({"type": "Opaque"}))), Some("HL1104"));
    assert_eq!(judge(tls(), None), Some("HL1104"));
    let middleware = || references::Target::Middleware { joined: "a-b".to_owned() };
    assert_eq!(judge(middleware(), Some(json!({}))), None);
    assert_eq!(judge(middleware(), None), Some(codes::DANGLING_MIDDLEWARE.id));
}

#[test]
fn fields_lead_back_to_attributes() {
    let spec = spec(&with(&[("share", open(&["/share"]))]));
    let table = [
        (".spec.rules", "host", "carve_out[\"share\"].paths"),
        (".spec.ingressClassName", "ingress_class", "ingress_class"),
        ("spec.rules[0].http.paths[0].backend", "service", "carve_out[\"share\"].service"),
        ("spec.rules[0].http.paths[0].path", "paths", "carve_out[\"share\"].paths"),
        (".metadata.annotations.traefik.ingress.kubernetes.io/router.middlewares", "auth", "carve_out[\"share\"].auth"),
        (
            ".metadata.annotations.traefik.ingress.kubernetes.io/router.priority",
            "paths",
            "carve_out[\"share\"].priority",
        ),
        (".metadata.annotations.x", "annotations", "annotations"),
        (".metadata.annotations.gethomepage.dev/name", "homepage", "homepage"),
        (".metadata.annotations.uptime.example.net/external-monitor", "external_monitor", "external_monitor"),
        (".metadata.labels.x", "labels", "labels"),
        ("metadata.name", "name", "carve_out[\"share\"]"),
        (".status", "", ""),
    ];
    for (field, root, carve_out) in table {
        assert_eq!(routes::attribute_of(&spec.doors[0], field).to_string(), root, "{field}");
        assert_eq!(routes::attribute_of(&spec.doors[1], field).to_string(), carve_out, "{field}");
    }
}

pub(super) fn gate_key() -> &'static str {
    super::MIDDLEWARES_ANNOTATION
}

#[test]
fn states_of_other_providers_are_taken_over() {
    let metadata = json!({"name": "g", "namespace": "photos", "labels": {"a": "b"},
        "annotations": {gate_key(): "x", "mine.example.net/x": "y", "null": null}});
    let v1 = json!({"id": "photos/g", "metadata": [metadata], "spec": [{"rule": []}]});
    let object = json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": {}});
    let manifest = json!({"manifest": {"type": ["object", {}], "value": object}});
    let yaml = json!({"yaml_body": serde_norway::to_string(&object).unwrap()});
    for (source, state) in [
        ("kubernetes_ingress_v1", &v1),
        ("kubernetes_ingress", &v1),
        ("kubernetes_manifest", &manifest),
        ("kubectl_manifest", &yaml),
    ] {
        let model = moved::from_state(source, state).unwrap().unwrap();
        assert_eq!((&model.name, &model.namespace), (&known("g"), &known("photos")), "{source}");
        let annotations = model.annotations.known().unwrap();
        assert_eq!(annotations.keys().collect::<Vec<_>>(), ["mine.example.net/x"], "{source}");
        assert_eq!(model.labels.known().unwrap()["a"], "b");
    }
    assert_eq!(moved::from_state("kubernetes_service", &v1), Ok(None));
    let service = json!({"manifest": {"type": "x", "value": {"apiVersion": "v1", "kind": "Service"}}});
    for (source, state) in [
        ("kubernetes_manifest", &service),
        ("kubectl_manifest", &json!({"yaml_body": "["})),
        ("kubernetes_ingress_v1", &json!({})),
    ] {
        assert!(moved::from_state(source, state).is_err(), "{source}");
    }
}

#[test]
fn gated_objects_are_written_first() {
    let config =
        with(&[("a", open(&["/a"])), ("b", CarveOut { auth: Attr::Known(Auth::Required), ..open(&["/a/b"]) })]);
    let order: Vec<_> = spec(&config).doors_in_order().iter().map(|door| door.object.clone()).collect();
    assert_eq!(order, ["g", "g-b", "g-a"]);
    let open_root = Ingress { auth: Attr::Known(Auth::None), reason: known("open"), ..config };
    let spec = spec(&open_root);
    let order: Vec<_> = spec.doors_in_order().iter().map(|door| door.object.clone()).collect();
    assert_eq!(order, ["g-b", "g", "g-a"]);
    assert_eq!(super::labels_on(&render::render(&spec, &spec.doors[0])), ["a", "b"]);
    assert!(super::labels_on(&render::render(&spec, &spec.doors[1])).is_empty());
}
