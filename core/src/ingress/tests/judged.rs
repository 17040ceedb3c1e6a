//! What a declaration is refused for, and where that is said.

use std::collections::BTreeMap;

use homelab_cty::{Model, Path, Value};
use homelab_schema::Attr;
use homelab_schema::ingress::{Auth, CarveOut, Ingress, PathType, Service};
use homelab_schema::provider::Site;

use super::*;

#[test]
fn what_is_wrong_is_said_at_its_attribute() {
    let mut config = with(&[
        ("share", CarveOut { reason: Attr::Null, ..open(&["/share", "/share/"]) }),
        ("Bad", open(&["px", "/a//b", "/a/../b", "/a`b"])),
        ("none", CarveOut { paths: Attr::Known(Vec::new()), priority: Attr::Known(0), ..open(&[]) }),
    ]);
    config.auth = Attr::Known(Auth::App);
    config.reason = known("  ");
    config.namespace = known("a.b");
    config.host = known("*.example.net");
    config.service = Attr::Known(Service { name: known("x y"), port: known("0"), scheme: Attr::Null });
    config.extra_middlewares =
        Attr::Known(vec!["traefik-x".to_owned(), "x@file".to_owned(), "a,b".to_owned(), "plain".to_owned()]);
    config.annotations = Attr::Known(BTreeMap::from([
        ("traefik.ingress.kubernetes.io/router.priority".to_owned(), "9".to_owned()),
        ("terraform-provider-homelab/auth".to_owned(), "none".to_owned()),
        ("fine.example.net/x".to_owned(), "y".to_owned()),
    ]));
    let mut found = codes_of(&checks::declaration(&config, Attr::Null));
    found.sort();
    let expected = [
        ("HL1001", "carve_out[\"share\"].reason"),
        ("HL1001", "reason"),
        ("HL1003", "carve_out[\"Bad\"]"),
        ("HL1003", "carve_out[\"Bad\"].paths[0]"),
        ("HL1003", "carve_out[\"Bad\"].paths[1]"),
        ("HL1003", "carve_out[\"Bad\"].paths[2]"),
        ("HL1003", "carve_out[\"Bad\"].paths[3]"),
        ("HL1003", "carve_out[\"none\"].paths"),
        ("HL1003", "carve_out[\"none\"].priority"),
        ("HL1003", "carve_out[\"share\"].paths[1]"),
        ("HL1003", "extra_middlewares[2]"),
        ("HL1003", "extra_middlewares[3]"),
        ("HL1003", "namespace"),
        ("HL1003", "service.name"),
        ("HL1003", "service.port"),
        ("HL1005", "annotations[\"terraform-provider-homelab/auth\"]"),
        ("HL1005", "annotations[\"traefik.ingress.kubernetes.io/router.priority\"]"),
        ("HL1009", "host"),
    ];
    // The name of the object of a carve-out with a bad label is bad as well: one message per cause is enough to act on.
    found.dedup();
    assert_eq!(found, expected.map(|(code, path)| (code, path.to_owned())));
}

#[test]
fn an_unknown_value_is_never_judged() {
    let unknown = Value::UNKNOWN;
    let block = Ingress::block();
    let members = block.attributes.keys().map(|name| (name.clone(), unknown.clone()));
    let all = Value::map(members.chain(block.blocks.keys().map(|name| (name.clone(), unknown.clone()))));
    let config = Ingress::from_value(&all, &Path::root()).unwrap();
    assert_eq!(codes_of(&checks::declaration(&config, Attr::Null)), []);
    let mut planned = config.clone();
    fill::fill(&config, &mut planned, &site());
    assert_eq!(codes_of(&checks::planned(&planned, &site())), []);
    let mut config = photos();
    config.auth = Attr::Known(Auth::None);
    config.reason = Attr::Unknown;
    assert_eq!(codes_of(&checks::declaration(&config, Attr::Null)), []);
}

#[test]
fn without_a_gate_or_a_domain_there_is_no_plan() {
    let findings = checks::planned(&planned(&with(&[("a", open(&["/a"]))]), &Site::default()), &Site::default());
    assert_eq!(codes_of(&findings), [("HL1002", "host".to_owned()), ("HL1004", "auth".to_owned())]);
    let mut config = with(&[("a", CarveOut { auth: Attr::Known(Auth::Public), ..open(&["/a"]) })]);
    config.auth = Attr::Known(Auth::None);
    let findings = checks::planned(
        &planned(&config, &Site { root_domain: known("example.net"), ..Site::default() }),
        &Site::default(),
    );
    assert!(codes_of(&findings).contains(&("HL1004", "carve_out[\"a\"].auth".to_owned())));
}

#[test]
fn a_priority_that_is_too_low_is_refused_as_on_the_page() {
    let config = with(&[(
        "px",
        CarveOut { priority: Attr::Known(36), path_type: Attr::Known(PathType::Exact), ..open(&["/px"]) },
    )]);
    let findings = checks::planned(&planned(&config, &site()), &site());
    assert_eq!(codes_of(&findings), [("HL1203", "carve_out[\"px\"].priority".to_owned())]);
    assert_eq!(findings[0].headline(), "HL1203: a router for g.example.net/px would be shadowed");
    assert_eq!(
        findings[0].detail(),
        "Path(`/px`) has priority 36, the gated root photos/g has 40: requests to /px would be sent to the sign-in page.\n\
         Let the carve-out render its own priority (the default), or set priority above 40."
    );
    let tie = with(&[(
        "px",
        CarveOut { priority: Attr::Known(40), path_type: Attr::Known(PathType::Exact), ..open(&["/px"]) },
    )]);
    assert_eq!(codes_of(&checks::planned(&planned(&tie, &site()), &site()))[0].0, "HL1201");
}

#[test]
fn the_more_specific_wins_by_default() {
    let gated = |paths: &[&str]| CarveOut { auth: Attr::Known(Auth::Required), ..open(paths) };
    let good = [
        with(&[("px", open(&["/px"]))]),
        with(&[("a", open(&["/share"])), ("b", gated(&["/share/admin"]))]),
        with(&[("a", gated(&["/share/admin"])), ("b", open(&["/share"])), ("c", open(&["/share/admin/open"]))]),
        // One priority per object: the long path must not lift the short one over what lies within it.
        with(&[("a", open(&["/a", "/very/long/path/indeed"])), ("b", gated(&["/a/b"])), ("c", open(&["/very"]))]),
        with(&[("landing", CarveOut { path_type: Attr::Known(PathType::Exact), ..open(&["/"]) })]),
        with(&[
            ("chars", CarveOut { path_type: Attr::Known(PathType::ImplementationSpecific), ..open(&["/pub"]) }),
            ("b", gated(&["/public"])),
        ]),
    ];
    for config in good {
        assert_eq!(codes_of(&checks::planned(&planned(&config, &site()), &site())), [], "{config:?}");
    }
}

#[test]
fn what_no_priorities_can_order_is_refused() {
    let crossed = with(&[("a", open(&["/a", "/b/c"])), ("b", open(&["/b", "/a/d"]))]);
    assert!(!checks::planned(&planned(&crossed, &site()), &site()).is_empty());
    let twice = with(&[("a", open(&["/a"])), ("b", open(&["/a/"]))]);
    assert!(!checks::planned(&planned(&twice, &site()), &site()).is_empty());
    // The root names a path of its own within an open carve-out: by length it would lose the gate there.
    let mut inside = with(&[("share", CarveOut { priority: Attr::Known(90), ..open(&["/share"]) })]);
    inside.paths = Attr::Known(vec!["/".to_owned(), "/share/admin".to_owned()]);
    let findings = checks::planned(&planned(&inside, &site()), &site());
    assert_eq!(codes_of(&findings), [("HL1203", "paths".to_owned())]);
    assert!(findings[0].observed.contains("reach the app without the gate"), "{}", findings[0].observed);
}
