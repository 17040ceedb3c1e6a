use homelab_schema::carveout_probe::{CarveoutProbe, ProbedDoor};
use serde_json::json;

use super::*;
use crate::probe::doors;
use crate::route::{Settings, routers_of};

fn probing(name: &str, url: &str, door: ProbedDoor) -> Probing {
    let door = ProbedDoor { url: url.to_owned().into(), ..door };
    let target = std::collections::BTreeMap::from([("door".to_owned(), door)]);
    let model = CarveoutProbe { target: target.into(), ..CarveoutProbe::default() };
    Probing { name: name.to_owned(), doors: doors(&model).unwrap() }
}

fn public() -> ProbedDoor {
    ProbedDoor { expect: Expect::Public.into(), ..ProbedDoor::default() }
}

fn gated() -> ProbedDoor {
    ProbedDoor { expect: Expect::Gated.into(), ..ProbedDoor::default() }
}

fn at(url: &str, expect: Option<Expect>) -> Declaration<'static> {
    Declaration { place: Place::At(Url::parse(url).unwrap()), expect, skipped: false }
}

#[test]
fn a_door_is_probed_where_the_same_is_expected_at_the_same_address() {
    let share = at("https://photos.example.net/share", Some(Expect::Public));
    let guest = ProbedDoor { guest_client_id: "guests".to_owned().into(), ..public() };
    let probes = [
        probing("a", "https://photos.example.net/share", public()),
        probing("b", "https://photos.example.net/", gated()),
        probing("c", "https://photos.example.net/g", guest),
    ];
    let table = [
        (share.clone(), Coverage::Probed, vec!["a"]),
        (at("https://photos.example.net/share/", Some(Expect::Public)), Coverage::Unprobed, vec![]),
        (at("http://photos.example.net/share", Some(Expect::Public)), Coverage::Unprobed, vec![]),
        (at("https://photos.example.net/share", Some(Expect::Gated)), Coverage::Contradicted, vec!["a"]),
        (at("https://photos.example.net/g", None), Coverage::Probed, vec!["c"]),
        (at("https://photos.example.net/share", None), Coverage::Unprobed, vec![]),
    ];
    for (declaration, expected, by) in table {
        assert_eq!(coverage(&declaration, &probes, true), (expected, by), "{declaration:?}");
    }
}

#[test]
fn no_probe_is_said_only_where_all_probes_are_known() {
    let share = at("https://photos.example.net/share", Some(Expect::Public));
    assert_eq!(coverage(&share, &[], true).0, Coverage::Unprobed);
    assert_eq!(coverage(&share, &[], false).0, Coverage::Unknown);
    let skipped = Declaration { skipped: true, ..share.clone() };
    assert_eq!(coverage(&skipped, &[], false).0, Coverage::Skipped);
    // By hand it may be probed all the same.
    let probes = [probing("a", "https://photos.example.net/share", public())];
    assert_eq!(coverage(&skipped, &probes, true).0, Coverage::Probed);
    assert_eq!(coverage(&Declaration { place: Place::Unknown, ..share }, &probes, true).0, Coverage::Unprobed);
}

#[test]
fn what_others_wrote_is_probed_where_their_router_gets_the_request() {
    let route = json!({
        "apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute",
        "metadata": {"namespace": "photos", "name": "open"},
        "spec": {"routes": [
            {"kind": "Rule", "match": "Host(`photos.example.net`) && PathPrefix(`/api`)",
             "services": [{"name": "api", "port": 80}]},
            {"kind": "Rule", "match": "Host(`photos.example.net`) && PathPrefix(`/api/admin`)",
             "middlewares": [{"name": "gate"}], "services": [{"name": "api", "port": 80}]},
        ]},
    });
    let routers = routers_of(&route, &Settings::default());
    let open = Declaration { place: Place::Behind(&routers, 0), expect: Some(Expect::Public), skipped: false };
    let of = |probe: &Probing| coverage(&open, std::slice::from_ref(probe), true).0;
    assert_eq!(of(&probing("beside", "https://photos.example.net/app", public())), Coverage::Unprobed);
    assert_eq!(of(&probing("below", "https://photos.example.net/api/v1", public())), Coverage::Probed);
    assert_eq!(of(&probing("wrong", "https://photos.example.net/api", gated())), Coverage::Contradicted);
    // The longer rule gets that one.
    assert_eq!(of(&probing("another's", "https://photos.example.net/api/admin", gated())), Coverage::Unprobed);
}

#[test]
fn what_others_open_on_a_gated_host_is_found_and_what_never_gets_a_request_is_not() {
    let route = |rule: &str, gated: bool| {
        let middlewares = if gated { json!([{"name": "gate"}]) } else { json!([]) };
        json!({"kind": "Rule", "match": rule, "middlewares": middlewares, "services": [{"name": "api", "port": 80}]})
    };
    let object = |name: &str, routes: serde_json::Value| {
        json!({
            "apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute",
            "metadata": {"namespace": "photos", "name": name}, "spec": {"routes": routes},
        })
    };
    let objects = [
        object(
            "ours",
            json!([
                route("Host(`photos.example.net`)", true),
                route("Host(`photos.example.net`) && Path(`/s`)", false)
            ]),
        ),
        object(
            "theirs",
            json!([
                route("Host(`photos.example.net`) && PathPrefix(`/api`)", false),
                // Shorter than the gated rule of the same requests.
                route("Host(`docs.example.net`)", false),
                route("Host(`docs.example.net`) && PathPrefix(`/`)", true),
                route("Host(`www.example.net`)", false),
                route("HostRegexp(`.+`)", false),
            ]),
        ),
        json!({
            "apiVersion": "traefik.io/v1alpha1", "kind": "Middleware",
            "metadata": {"namespace": "photos", "name": "gate"}, "spec": {"forwardAuth": {"address": "http://127.0.0.1:9"}},
        }),
    ];
    let routers: Vec<Router> = objects.iter().flat_map(|object| routers_of(object, &Settings::default())).collect();
    let found = opened(&routers, &Guards::of(&objects), |source| source.name == "ours");
    let doors: Vec<(&str, Option<String>)> = found
        .doors
        .iter()
        .map(|(at, request)| (routers[*at].rule_text.as_str(), request.as_ref().map(|request| request.target.clone())))
        .collect();
    assert_eq!(doors, [("Host(`photos.example.net`) && PathPrefix(`/api`)", Some("/api".to_owned()))]);
    assert_eq!(found.elsewhere, 2, "a host without any gate, and one for any host");
}
