use std::collections::BTreeMap;

use homelab_schema::carveout_probe::{ProbedDoor, Wall as DeclaredWall, WallSystem};
use homelab_schema::ingress::{Expect, PathType, ProbeTarget};

use super::*;
use crate::finding::Code;

fn by_hand(url: &str) -> ProbedDoor {
    ProbedDoor { url: url.to_owned().into(), expect: Expect::Public.into(), ..ProbedDoor::default() }
}

fn model(doors: Vec<(&str, ProbedDoor)>) -> CarveoutProbe {
    let target: BTreeMap<_, _> = doors.into_iter().map(|(label, door)| (label.to_owned(), door)).collect();
    CarveoutProbe { target: target.into(), spoof: false.into(), matrix: Matrix::Off.into(), ..CarveoutProbe::default() }
}

fn fine() -> CarveoutProbe {
    model(vec![("share", by_hand("https://photos.example.net/share"))])
}

fn refusal(model: &CarveoutProbe) -> Vec<(Code, String)> {
    let findings = Run::new(model, &Defaults::default()).unwrap_err();
    findings.into_iter().map(|finding| (finding.code, finding.path.to_string())).collect()
}

#[test]
fn the_resource_wins_over_the_provider_and_the_provider_over_the_default() {
    let run = Run::new(&fine(), &Defaults::default()).unwrap();
    assert_eq!((run.settings.samples, run.settings.threshold), (3, 2));
    assert_eq!((run.settings.timeout, run.settings.settle), (TIMEOUT, SETTLE));
    assert!(!run.settings.allow_private);

    let defaults = Defaults {
        samples: Some(9),
        threshold: Some(8),
        timeout: Some(Duration::from_secs(2)),
        allow_private: Some(true),
        connect_to: ConnectTo::parse("192.0.2.7:8443"),
        wall: Wall {
            system: Some(WallSystem::Authelia),
            client_ids: vec!["a".to_owned(), "b".to_owned()],
            ..Wall::default()
        },
        ..Defaults::default()
    };
    let run = Run::new(&fine(), &defaults).unwrap();
    assert_eq!((run.settings.samples, run.settings.threshold), (9, 8));
    assert_eq!(run.settings.connect_to, Some(ConnectTo { host: "192.0.2.7".to_owned(), port: Some(8443) }));
    assert_eq!(run.settings.wall.client_ids.len(), 2);

    let own = CarveoutProbe {
        samples: 5.into(),
        timeout: "1m30s".to_owned().into(),
        allow_private: false.into(),
        connect_to: "lb.example.net".to_owned().into(),
        wall: DeclaredWall { issuer_host: "Auth.example.net".to_owned().into(), ..DeclaredWall::default() }.into(),
        ..fine()
    };
    let run = Run::new(&own, &defaults).unwrap();
    // The provider's threshold was meant for its own number of samples.
    assert_eq!((run.settings.samples, run.settings.threshold), (5, 3));
    assert_eq!(run.settings.timeout, Duration::from_secs(90));
    assert!(!run.settings.allow_private);
    assert_eq!(run.settings.wall.system, Some(WallSystem::Authelia));
    assert_eq!(run.settings.wall.issuer_host.as_deref(), Some("auth.example.net"));
}

#[test]
fn what_cannot_be_probed_is_refused_at_its_attribute() {
    let with = |change: &dyn Fn(&mut CarveoutProbe)| {
        let mut model = fine();
        change(&mut model);
        refusal(&model)
    };
    let at = |path: &str| vec![(probe::BAD_TARGET, path.to_owned())];
    assert_eq!(with(&|model| model.timeout = "soon".to_owned().into()), at("timeout"));
    assert_eq!(with(&|model| model.timeout = "0s".to_owned().into()), at("timeout"));
    assert_eq!(with(&|model| model.settle = "-1s".to_owned().into()), at("settle"));
    assert_eq!(with(&|model| model.samples = 0.into()), [at("samples"), vec![]].concat());
    assert_eq!(with(&|model| model.threshold = 4.into()), at("threshold"));
    assert_eq!(with(&|model| model.connect_to = "a b".to_owned().into()), at("connect_to"));
    let wall = |pattern: &str| DeclaredWall { location_regex: pattern.to_owned().into(), ..DeclaredWall::default() };
    assert_eq!(with(&|model| model.wall = wall("(").into()), at("wall.location_regex"));
    let issuer = |host: &str| DeclaredWall { issuer_host: host.to_owned().into(), ..DeclaredWall::default() };
    for host in ["https://auth.example.net", "auth.example.net/", "auth.example.net:443", ""] {
        assert_eq!(with(&|model| model.wall = issuer(host).into()), at("wall.issuer_host"), "{host}");
    }
    let nobody = DeclaredWall { client_id: String::new().into(), ..DeclaredWall::default() };
    assert_eq!(with(&|model| model.wall = nobody.clone().into()), at("wall.client_id"));
    assert_eq!(refusal(&CarveoutProbe::default()), at(""));
}

#[test]
fn what_is_wrong_with_a_door_is_refused_at_its_attribute() {
    let with = |change: &dyn Fn(&mut ProbedDoor)| {
        let mut door = by_hand("https://photos.example.net/share");
        change(&mut door);
        refusal(&model(vec![("share", door)]))
    };
    let at = |path: &str| vec![(probe::BAD_TARGET, format!("target[\"share\"].{path}"))];
    let headers = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
    assert_eq!(with(&|door| door.url = "photos.example.net".to_owned().into()), at("url"));
    assert_eq!(with(&|door| door.methods = vec!["FETCH".to_owned()].into()), at("methods"));
    assert_eq!(with(&|door| door.statuses = vec![99].into()), at("statuses"));
    assert_eq!(with(&|door| door.content_type = "json".to_owned().into()), at("content_type"));
    assert_eq!(with(&|door| door.headers = headers("Authorization", "x").into()), at("headers[\"Authorization\"]"));
    assert_eq!(with(&|door| door.headers = headers("COOKIE", "x").into()), at("headers[\"COOKIE\"]"));
    assert_eq!(with(&|door| door.headers = headers("x y", "x").into()), at("headers[\"x y\"]"));
    assert_eq!(with(&|door| door.headers = headers("x", "a\r\nb: c").into()), at("headers[\"x\"]"));
    assert_eq!(with(&|door| door.body_contains = String::new().into()), at("body_contains"));
    assert_eq!(with(&|door| door.cors_origin = "app.example.net".to_owned().into()), at("cors_origin"));
    let gated = |door: &mut ProbedDoor| {
        door.expect = Expect::Gated.into();
        door.statuses = vec![302].into();
    };
    assert_eq!(with(&gated), at("expect"));
    let asked = |door: &mut ProbedDoor| {
        door.expect = Expect::Gated.into();
        door.cors_origin = "https://app.example.net".to_owned().into();
    };
    assert_eq!(with(&asked), at("expect"));
}

#[test]
fn every_refusal_says_what_to_write_instead() {
    let wrong = ProbedDoor {
        methods: vec!["FETCH".to_owned()].into(),
        statuses: vec![99].into(),
        content_type: "json".to_owned().into(),
        body_contains: String::new().into(),
        cors_origin: "*".to_owned().into(),
        headers: BTreeMap::from([("x y".to_owned(), "x".to_owned())]).into(),
        ..by_hand("photos.example.net")
    };
    let wall = DeclaredWall {
        issuer_host: "https://auth.example.net".to_owned().into(),
        location_regex: "(".to_owned().into(),
        ..DeclaredWall::default()
    };
    let settings = CarveoutProbe {
        timeout: "soon".to_owned().into(),
        settle: "soon".to_owned().into(),
        samples: 3.into(),
        threshold: 4.into(),
        connect_to: "https://lb.example.net".to_owned().into(),
        resolver: "a b".to_owned().into(),
        wall: wall.into(),
        ..model(vec![("share", wrong)])
    };
    let findings = Run::new(&settings, &Defaults::default()).unwrap_err();
    assert_eq!(findings.len(), 14, "{findings:#?}");
    let general = [probe::BAD_TARGET.clears, "Correct the argument."];
    let vague: Vec<_> = findings.iter().filter(|finding| general.contains(&finding.clears.as_str())).collect();
    assert!(vague.is_empty(), "{vague:#?}");
}

#[test]
fn what_is_wrong_with_a_target_of_an_ingress_is_refused_too() {
    let target = |change: &dyn Fn(&mut ProbeTarget)| {
        let mut target = ProbeTarget {
            label: "share".to_owned(),
            url: "https://photos.example.net/share".to_owned(),
            expect: Expect::Public,
            path_type: PathType::Prefix,
            ingress: "photos/photos-share".to_owned(),
            routing_hash: "x".to_owned(),
            methods: Vec::new(),
            statuses: Vec::new(),
            content_type: None,
            body_contains: None,
            headers: None,
            websocket: None,
            cors_origin: None,
            guest_client_id: None,
        };
        change(&mut target);
        CarveoutProbe { targets: vec![target].into(), ..CarveoutProbe::default() }
    };
    let at = |path: &str| vec![(probe::BAD_TARGET, format!("targets[0].{path}"))];
    assert_eq!(refusal(&target(&|target| target.url = "photos".to_owned())), at("url"));
    assert_eq!(refusal(&target(&|target| target.methods = vec!["BREW".to_owned()])), at("methods"));
    let cookie = BTreeMap::from([("cookie".to_owned(), "a=b".to_owned())]);
    assert_eq!(refusal(&target(&|target| target.headers = Some(cookie.clone()))), at("headers[\"cookie\"]"));

    let hinted = target(&|target| {
        target.websocket = Some(true);
        target.cors_origin = Some("https://app.example.net".to_owned());
        target.headers = Some(BTreeMap::from([("X-Version".to_owned(), "2".to_owned())]));
    });
    let run = Run::new(&hinted, &Defaults::default()).unwrap();
    let ways: Vec<String> = run.checks.iter().map(|check| check.way.word()).collect();
    assert!(ways.contains(&"websocket".to_owned()) && ways.contains(&"preflight".to_owned()), "{ways:?}");
    assert!(run.checks.iter().all(|check| check.headers.contains(&("x-version".to_owned(), "2".to_owned()))));

    // Guests are sent to the issuer, so what is declared of the app's answer is not asked of that.
    let guests = target(&|target| {
        target.guest_client_id = Some("guests".to_owned());
        target.statuses = vec![200];
    });
    let run = Run::new(&guests, &Defaults::default()).unwrap();
    assert_eq!(run.checks.len(), 1, "no paths around it, and no program: {:?}", run.checks);
    assert_eq!(run.checks[0].proof.guest.as_deref(), Some("guests"));
    assert!(run.checks[0].proof.statuses.is_empty());
}

#[test]
fn one_url_cannot_be_both() {
    let gated = ProbedDoor { expect: Expect::Gated.into(), ..by_hand("https://photos.example.net/share") };
    let both = model(vec![("a", by_hand("https://photos.example.net/share")), ("b", gated)]);
    assert_eq!(refusal(&both), [(probe::BAD_TARGET, "target[\"b\"]".to_owned())]);
}

#[test]
fn a_private_address_that_is_written_down_is_refused_without_a_network() {
    let private = [(probe::PRIVATE_TARGET, "target[\"share\"]".to_owned())];
    for url in ["http://127.0.0.1/", "https://[::1]/", "http://169.254.169.254/latest", "https://[::ffff:10.0.0.1]/"] {
        assert_eq!(refusal(&model(vec![("share", by_hand(url))])), private, "{url}");
    }
    let two = [("a", by_hand("https://photos.example.net/a")), ("b", by_hand("https://photos.example.net/b"))];
    let connect_to = CarveoutProbe { connect_to: "10.0.0.7:443".to_owned().into(), ..model(two.into()) };
    assert_eq!(refusal(&connect_to), [(probe::PRIVATE_TARGET, "connect_to".to_owned())]);
    let allowed = CarveoutProbe { allow_private: true.into(), ..connect_to };
    assert!(Run::new(&allowed, &Defaults::default()).is_ok());
}

#[test]
fn targets_of_an_ingress_and_by_hand_come_together() {
    let target = |path: &str, expect, path_type| ProbeTarget {
        label: path.to_owned(),
        url: format!("https://photos.example.net{path}"),
        expect,
        path_type,
        ingress: "photos/photos".to_owned(),
        routing_hash: "x".to_owned(),
        methods: Vec::new(),
        statuses: Vec::new(),
        content_type: None,
        body_contains: None,
        headers: None,
        websocket: None,
        cors_origin: None,
        guest_client_id: None,
    };
    let targets = vec![
        target("/", Expect::Gated, PathType::Prefix),
        target("/share", Expect::Public, PathType::Prefix),
        target("/raw", Expect::Public, PathType::ImplementationSpecific),
    ];
    let model = CarveoutProbe { targets: targets.into(), ..fine() };
    let run = Run::new(&model, &Defaults::default()).unwrap();
    assert!(run.checks.iter().any(|check| check.url.path() == "/sharex"));
    assert!(!run.checks.iter().any(|check| check.url.path() == "/rawx"));
    assert!(
        run.checks.iter().all(|check| check.label != "share" || check.at == Path::attr("target").then_key("share"))
    );
    let plain = CarveoutProbe { boundary: false.into(), ..model };
    assert_eq!(Run::new(&plain, &Defaults::default()).unwrap().checks.len(), 4);
}

#[test]
fn an_ingress_without_doors_is_no_mistake() {
    let empty = CarveoutProbe { targets: Vec::new().into(), ..CarveoutProbe::default() };
    assert!(Run::new(&empty, &Defaults::default()).unwrap().checks.is_empty());
}

#[test]
fn what_is_not_known_yet_is_left_out() {
    let unknown = ProbedDoor { url: Attr::Unknown, ..by_hand("x") };
    let model = CarveoutProbe { allow_private: Attr::Unknown, ..model(vec![("share", unknown)]) };
    assert!(Run::new(&model, &Defaults::default()).unwrap().checks.is_empty());
    let model = CarveoutProbe { targets: Attr::Unknown, ..CarveoutProbe::default() };
    assert!(Run::new(&model, &Defaults::default()).unwrap().checks.is_empty());
}

#[test]
fn places_to_connect_to() {
    let place = |host: &str, port| Some(ConnectTo { host: host.to_owned(), port });
    let table = [
        ("192.0.2.7", place("192.0.2.7", None)),
        ("192.0.2.7:8443", place("192.0.2.7", Some(8443))),
        ("2001:db8::1", place("2001:db8::1", None)),
        ("[2001:db8::1]:443", place("2001:db8::1", Some(443))),
        ("lb.example.net:80", place("lb.example.net", Some(80))),
        ("", None),
        ("https://lb.example.net", None),
        ("lb:0", None),
        ("lb:x", None),
    ];
    for (text, expected) in table {
        assert_eq!(ConnectTo::parse(text), expected, "{text}");
    }
}

#[test]
fn the_provider_block_becomes_defaults() {
    use homelab_schema::provider::Wall as SiteWall;
    let wall = SiteWall {
        system: WallSystem::Authentik.into(),
        issuer_host: "Auth.example.net".to_owned().into(),
        client_ids: vec!["gate".to_owned()].into(),
        ..SiteWall::default()
    };
    let site = Site { wall: wall.into(), ..Site::default() };
    let block = Probe {
        connect_to: "192.0.2.7:443".to_owned().into(),
        resolver: "192.0.2.53".to_owned().into(),
        timeout: "3s".to_owned().into(),
        samples: 5.into(),
        threshold: 4.into(),
        allow_private: true.into(),
        concurrency: 2.into(),
        ..Probe::default()
    };
    let defaults = Defaults::new(&site, &block).unwrap();
    assert!(defaults.unknown.is_empty());
    let settings = Run::new(&fine(), &defaults).unwrap().settings;
    assert_eq!(settings.wall.issuer_host.as_deref(), Some("auth.example.net"));
    assert_eq!((settings.samples, settings.threshold, settings.concurrency), (5, 4, 2));
    assert_eq!(settings.resolver.map(|resolver| resolver.host).as_deref(), Some("192.0.2.53"));

    let wrong = Probe { timeout: "soon".to_owned().into(), ..Probe::default() };
    let findings = Defaults::new(&Site::default(), &wrong).unwrap_err();
    assert_eq!(findings[0].path, Path::attr("probe").then_attr("timeout"));
}

#[test]
fn what_the_provider_does_not_know_yet_is_named() {
    let block = Probe { connect_to: Attr::Unknown, ..Probe::default() };
    let site = Site { wall: Attr::Unknown, root_domain: Attr::Unknown, ..Site::default() };
    assert_eq!(Defaults::new(&site, &block).unwrap().unknown, ["probe.connect_to", "site.wall"]);
}
