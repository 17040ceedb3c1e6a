use homelab_schema::carveout_probe::{CarveoutProbe, ProbedDoor, Wall, WallSystem};

use super::*;
use crate::probe::{Defaults, Run, doors};

fn declared(system: Option<WallSystem>) -> (Vec<Door>, Settings) {
    let door = |url: &str, expect: Expect| ProbedDoor {
        url: url.to_owned().into(),
        expect: expect.into(),
        ..ProbedDoor::default()
    };
    let target = [
        ("root", door("https://photos.example.net/", Expect::Gated)),
        (
            "share",
            ProbedDoor {
                body_contains: "album".to_owned().into(),
                ..door("https://photos.example.net/share", Expect::Public)
            },
        ),
        ("token", door("https://photos.example.net/t?token=s3cret", Expect::Public)),
    ];
    let wall = Wall { system: system.into(), issuer_host: "auth.example.net".to_owned().into(), ..Wall::default() };
    let model = CarveoutProbe {
        target: target
            .map(|(label, door)| (label.to_owned(), door))
            .into_iter()
            .collect::<std::collections::BTreeMap<_, _>>()
            .into(),
        wall: wall.into(),
        ..CarveoutProbe::default()
    };
    (doors(&model).unwrap(), Run::new(&model, &Defaults::default()).unwrap().settings)
}

#[test]
fn modules_match_what_the_wall_answers_and_nothing_of_the_app() {
    let systems = [None, Some(WallSystem::Authentik), Some(WallSystem::Keycloak), Some(WallSystem::Pomerium)];
    let walls = [
        (None, "https://login.example.org/cdn-cgi/access/login/photos.example.net?kid=x"),
        (Some(WallSystem::Authentik), "https://photos.example.net/outpost.goauthentik.io/start?rd=x"),
        (Some(WallSystem::Keycloak), "https://sso.example.net/realms/home/protocol/openid-connect/auth?client_id=x"),
        (Some(WallSystem::Pomerium), "https://login.example.net/.pomerium/sign_in?x"),
    ];
    for (system, location) in systems.into_iter().zip(walls).map(|(system, (_, location))| (system, location)) {
        let (doors, settings) = declared(system);
        let document = Format::Blackbox.document(&doors, &settings);
        let public = &document["modules"]["homelab_public"]["http"];
        let gated = &document["modules"]["homelab_gated"]["http"];
        let pattern = public["fail_if_header_matches"][0]["regexp"].as_str().unwrap();
        assert_eq!(gated["fail_if_header_not_matches"][0]["regexp"], pattern);
        let pattern = regex::Regex::new(pattern).unwrap();
        assert!(pattern.is_match(location), "{location}");
        assert!(pattern.is_match("https://auth.example.net/x"));
        for own in [
            "/login",
            "https://www.example.org/",
            "https://photos.example.net/authorized",
            "https://auth.example.net.evil.example.org/",
        ] {
            assert!(!pattern.is_match(own), "{own}");
        }
        assert_eq!(public["follow_redirects"], false);
        for status in [303, 307, 308] {
            assert!(gated["valid_status_codes"].as_array().unwrap().contains(&status.into()));
        }
        assert!(!public["valid_status_codes"].as_array().unwrap().contains(&502.into()));
    }
}

#[test]
fn targets_and_endpoints_are_the_doors_without_secrets() {
    let (doors, settings) = declared(None);
    let targets = Format::PrometheusTargets.document(&doors, &settings);
    let urls: Vec<&str> = targets.as_array().unwrap().iter().map(|one| one["targets"][0].as_str().unwrap()).collect();
    assert_eq!(urls, ["https://photos.example.net/", "https://photos.example.net/share"]);
    assert_eq!(targets[0]["labels"]["__param_module"], "homelab_gated");
    let gatus = Format::Gatus.document(&doors, &settings);
    let endpoints = gatus["endpoints"].as_array().unwrap();
    assert_eq!(endpoints.len(), 2);
    assert_eq!(endpoints[0]["conditions"], json!(["[STATUS] == any(301, 302, 303, 307, 308, 401, 403)"]));
    assert_eq!(endpoints[1]["conditions"][1], "[BODY] == pat(*album*)");
    for format in [Format::Blackbox, Format::PrometheusTargets, Format::PrometheusRules, Format::Gatus] {
        assert!(!format.document(&doors, &settings).to_string().contains("s3cret"));
        assert!(format.blind().starts_with("It sees "));
    }
}

#[test]
fn every_kind_of_door_has_an_alert_and_an_open_one_waits_for_nothing() {
    let (doors, settings) = declared(None);
    let rules = Format::PrometheusRules.document(&doors, &settings);
    let rules = rules["groups"][0]["rules"].as_array().unwrap().clone();
    let of = |name: &str| rules.iter().find(|rule| rule["alert"] == name).unwrap();
    assert_eq!(of("HomelabGatedPathExposed")["for"], "0m");
    assert!(of("HomelabPublicPathWalled")["expr"].as_str().unwrap().contains("public"));
    assert!(of("HomelabPathUnknown")["expr"].as_str().unwrap().contains("public|gated"));
}
