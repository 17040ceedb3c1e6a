use std::collections::BTreeMap;

use homelab_schema::carveout_probe::{AddressFamily, CarveoutProbe, ProbedDoor, Wall, WallSystem};
use regex::Regex;
use serde_json::json;

use super::*;
use crate::probe::{Defaults, Run, doors};

const FORMATS: [Format; 4] = [Format::Blackbox, Format::PrometheusTargets, Format::PrometheusRules, Format::Gatus];

fn door(url: &str, expect: Expect) -> ProbedDoor {
    ProbedDoor { url: url.to_owned().into(), expect: expect.into(), ..ProbedDoor::default() }
}

fn run(model: &CarveoutProbe) -> (Vec<Door>, Settings) {
    (doors(model).unwrap(), Run::new(model, &Defaults::default()).unwrap().settings)
}

fn declared(wall: Wall) -> CarveoutProbe {
    let share = door("https://photos.example.net/share", Expect::Public);
    let target = [
        ("root", door("https://photos.example.net/", Expect::Gated)),
        ("share", ProbedDoor { body_contains: "album".to_owned().into(), ..share.clone() }),
        ("api", ProbedDoor { statuses: vec![401].into(), ..door("https://photos.example.net/api", Expect::Public) }),
        ("token", door("https://photos.example.net/t?token=s3cret", Expect::Public)),
        (
            "guests",
            ProbedDoor {
                guest_client_id: "guests".to_owned().into(),
                ..door("https://photos.example.net/g", Expect::Public)
            },
        ),
    ];
    let target: BTreeMap<String, ProbedDoor> =
        target.into_iter().map(|(label, door)| (label.to_owned(), door)).collect();
    CarveoutProbe { target: target.into(), wall: wall.into(), ..CarveoutProbe::default() }
}

fn at_the_issuer(system: Option<WallSystem>) -> Wall {
    Wall { system: system.into(), issuer_host: "auth.example.net".to_owned().into(), ..Wall::default() }
}

/// The patterns that public paths must not match, and that gated ones must.
fn patterns(wall: Wall) -> (Regex, Regex) {
    let (doors, settings) = run(&declared(wall));
    let document = Format::Blackbox.document(&doors, &settings);
    let regex = |module: &str, rule: &str| {
        let pattern = &document["modules"][module]["http"][rule][0]["regexp"];
        Regex::new(pattern.as_str().unwrap()).unwrap()
    };
    (regex("homelab_public", "fail_if_header_matches"), regex("homelab_gated", "fail_if_header_not_matches"))
}

#[test]
fn modules_match_what_the_wall_answers_and_nothing_of_the_app() {
    for (system, location) in [
        (None, "https://login.example.org/cdn-cgi/access/login/photos.example.net?kid=x"),
        (Some(WallSystem::Authentik), "https://photos.example.net/outpost.goauthentik.io/start?rd=x"),
        (Some(WallSystem::Authentik), "https://auth.example.net:8443/application/o/authorize/?client_id=x"),
        (Some(WallSystem::Oauth2Proxy), "https://auth.example.net/oauth2/v1/authorize?client_id=x"),
        (Some(WallSystem::Authelia), "https://auth.example.net/?rd=https%3A%2F%2Fphotos.example.net"),
        (Some(WallSystem::Authelia), "https://auth.example.net?rd=https%3A%2F%2Fphotos.example.net"),
        (Some(WallSystem::Keycloak), "https://auth.example.net/realms/home/protocol/openid-connect/auth?client_id=x"),
        (Some(WallSystem::Pomerium), "https://auth.example.net/.pomerium/sign_in?x"),
    ] {
        let (public, gated) = patterns(at_the_issuer(system));
        assert!(public.is_match(location), "{system:?}: {location} on a public path");
        assert!(gated.is_match(location) || system.is_none(), "{system:?}: {location} on a gated path");
        assert!(public.is_match("https://auth.example.net/x"), "whatever leads to the issuer");
        for own in [
            "/login",
            "https://www.example.org/",
            "https://photos.example.net/authorized",
            "https://auth.example.net.evil.example.org/",
            "https://photos.example.net/?next=https://auth.example.net/",
        ] {
            assert!(!public.is_match(own) && !gated.is_match(own), "{system:?}: {own}");
        }
    }
}

#[test]
fn a_wall_of_another_issuer_or_client_is_not_the_gate() {
    let foreign = "https://auth.example.org/application/o/authorize/?client_id=gate";
    let (public, gated) = patterns(at_the_issuer(Some(WallSystem::Authentik)));
    assert!(public.is_match(foreign) && !gated.is_match(foreign));
    let pinned = Wall { client_id: "gate".to_owned().into(), ..at_the_issuer(Some(WallSystem::Authentik)) };
    let (public, gated) = patterns(pinned);
    let ours = "https://auth.example.net/application/o/authorize/?response_type=code&client_id=gate&x=y";
    let own = "https://auth.example.net/application/o/authorize/?client_id=gateway";
    assert!(public.is_match(ours) && gated.is_match(ours));
    assert!(!public.is_match(own) && !gated.is_match(own), "an app that signs people in by itself");
    let (public, gated) = patterns(Wall { location_regex: "^/sso/".to_owned().into(), ..Wall::default() });
    assert!(public.is_match("/sso/in") && gated.is_match("/sso/in"));
}

#[test]
fn modules_ask_as_a_browser_follow_nothing_and_never_take_an_error_for_an_answer() {
    let ca_file = CarveoutProbe {
        ca_file: "/etc/ca.pem".to_owned().into(),
        address_family: AddressFamily::Ipv6.into(),
        timeout: "4s".to_owned().into(),
        ..declared(Wall::default())
    };
    let (doors, settings) = run(&ca_file);
    let document = Format::Blackbox.document(&doors, &settings);
    let modules = document["modules"].as_object().unwrap();
    assert_eq!(
        modules.keys().collect::<Vec<_>>(),
        ["homelab_public", "homelab_gated", "homelab_public_api", "homelab_public_share"]
    );
    for (name, module) in modules {
        let http = &module["http"];
        assert_eq!((&module["prober"], &module["timeout"]), (&json!("http"), &json!("4s")), "{name}");
        assert_eq!((&http["method"], &http["follow_redirects"]), (&json!("GET"), &json!(false)), "{name}");
        assert!(http["headers"]["Accept"].as_str().unwrap().starts_with("text/html"), "{name}");
        assert_eq!(http["tls_config"]["ca_file"], "/etc/ca.pem");
        assert_eq!((&http["preferred_ip_protocol"], &http["ip_protocol_fallback"]), (&json!("ip6"), &json!(false)));
        let statuses: Vec<u64> =
            http["valid_status_codes"].as_array().unwrap().iter().map(|status| status.as_u64().unwrap()).collect();
        assert!(!statuses.contains(&502) && !statuses.is_empty(), "{name}");
        assert_eq!([303, 307, 308].iter().all(|status| statuses.contains(status)), name != "homelab_public_api");
    }
    assert_eq!(modules["homelab_public_api"]["http"]["valid_status_codes"], json!([401]));
    assert_eq!(modules["homelab_public_share"]["http"]["fail_if_body_not_matches_regexp"], json!(["album"]));
}

#[test]
fn a_basic_prompt_is_a_gate_without_a_redirect() {
    let wall = Wall { system: WallSystem::Basic.into(), ..Wall::default() };
    let (doors, settings) = run(&declared(wall));
    let gated = &Format::Blackbox.document(&doors, &settings)["modules"]["homelab_gated"]["http"];
    assert_eq!(gated["valid_status_codes"], json!([401]));
    assert_eq!(gated["fail_if_header_not_matches"][0]["header"], "WWW-Authenticate");
    let public = &Format::Blackbox.document(&doors, &settings)["modules"]["homelab_public"]["http"];
    assert_eq!(public["fail_if_header_matches"][0]["header"], "WWW-Authenticate");
    let gatus = Format::Gatus.document(&doors, &settings);
    let root = gatus["endpoints"].as_array().unwrap().iter().find(|one| one["group"] == "homelab gated").unwrap();
    assert_eq!(root["conditions"], json!(["[STATUS] == any(401)"]));
}

#[test]
fn targets_and_endpoints_are_the_doors_without_secrets() {
    let (doors, settings) = run(&declared(at_the_issuer(None)));
    let targets = Format::PrometheusTargets.document(&doors, &settings);
    let of = |label: &str| {
        let all = targets.as_array().unwrap();
        all.iter().find(|one| one["labels"]["homelab_label"] == label).unwrap_or_else(|| panic!("{label}"))
    };
    assert_eq!(targets.as_array().unwrap().len(), 3);
    assert_eq!(of("root")["targets"], json!(["https://photos.example.net/"]));
    assert_eq!(of("root")["labels"]["__param_module"], "homelab_gated");
    assert_eq!(of("share")["labels"]["__param_module"], "homelab_public_share");
    let gatus = Format::Gatus.document(&doors, &settings);
    let endpoints = gatus["endpoints"].as_array().unwrap();
    let names: Vec<&str> = endpoints.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["photos.example.net/api", "photos.example.net/", "photos.example.net/share"]);
    assert_eq!(endpoints[1]["conditions"], json!(["[STATUS] == any(301, 302, 303, 307, 308, 401, 403)"]));
    assert_eq!(endpoints[2]["conditions"][1], "[BODY] == pat(*album*)");
    for format in FORMATS {
        let notes = format.notes(&doors, &settings);
        assert!(!format.document(&doors, &settings).to_string().contains("s3cret"));
        assert!(notes[0].starts_with("It sees ") && notes[1].starts_with("It sees "), "{notes:?}");
        assert!(notes.contains(&"Left out, since a query may be a credential: token.".to_owned()), "{notes:?}");
        assert!(notes.contains(&"Left out, since a session for guests looks like the gate: guests.".to_owned()));
    }
}

#[test]
fn a_declared_place_is_asked_with_the_name_of_the_door() {
    let model = CarveoutProbe {
        connect_to: "[2001:db8::1]:8443".to_owned().into(),
        allow_private: true.into(),
        ..declared(Wall::default())
    };
    let (mut doors, settings) = run(&model);
    let target = |doors: &[Door]| Format::PrometheusTargets.document(doors, &settings)[0].clone();
    let first = target(&doors);
    assert_eq!(first["targets"], json!(["https://[2001:db8::1]:8443/api"]));
    assert_eq!(first["labels"]["__param_hostname"], "photos.example.net");
    assert_eq!(first["labels"]["homelab_url"], "https://photos.example.net/api");
    doors[0].url = crate::probe::Url::parse("https://photos.example.net:444/api").unwrap();
    assert_eq!(target(&doors)["targets"], json!(["https://photos.example.net:444/api"]));
    let notes = Format::PrometheusTargets.notes(&doors, &settings).join(" ");
    assert!(notes.contains("the port is not the scheme's own: api."), "{notes}");
    assert!(Format::Gatus.notes(&doors, &settings).join(" ").contains("not at the declared address"));
}

#[test]
fn what_a_pattern_cannot_say_is_left_out_and_said() {
    for (text, pattern) in [
        ("album", Some("*album*")),
        ("<h1>Photos</h1>", Some("*<h1>Photos</h1>*")),
        ("a*b", None),
        ("a[b]", None),
        ("a == b", None),
        ("x < y", None),
        (" album", None),
        ("größe", None),
    ] {
        assert_eq!(gatus::pattern(text).as_deref(), pattern, "{text}");
    }
    let (mut doors, settings) = run(&declared(Wall::default()));
    doors[3].proof.body_contains = Some("a*b".to_owned());
    let notes = Format::Gatus.notes(&doors, &settings).join(" ");
    assert!(notes.contains("which its patterns cannot say: share."), "{notes}");
}

#[test]
fn every_kind_of_door_has_an_alert_and_an_open_one_waits_for_nothing() {
    let (mut doors, settings) = run(&declared(Wall::default()));
    let rules = |doors: &[Door]| {
        let document = Format::PrometheusRules.document(doors, &settings);
        document["groups"][0]["rules"].as_array().unwrap().clone()
    };
    let all = rules(&doors);
    let of = |name: &str| all.iter().find(|rule| rule["alert"] == name).unwrap();
    assert_eq!(of("HomelabGatedPathExposed")["for"], "0m");
    assert!(of("HomelabPublicPathWalled")["expr"].as_str().unwrap().contains("public"));
    assert!(of("HomelabPathUnknown")["expr"].as_str().unwrap().contains("public|gated"));
    let absent =
        |all: &[Value]| all.iter().filter(|rule| rule["alert"].as_str().unwrap().ends_with("ProbesAbsent")).count();
    assert_eq!(absent(&all), 2);
    doors.retain(|door| door.expect == Expect::Public);
    assert_eq!(absent(&rules(&doors)), 1, "nobody waits for gated paths that there are none of");
}
