use homelab_cty::Path;
use proptest::prelude::*;

use super::*;

fn door(label: &str, url: &str, expect: Expect, prefix: bool) -> Door {
    Door {
        label: label.to_owned(),
        at: Path::attr("target").then_key(label),
        url: Url::parse(url).unwrap(),
        expect,
        prefix,
        methods: vec!["GET".to_owned()],
        headers: Vec::new(),
        proof: Proof::default(),
        websocket: false,
        cors_origin: None,
    }
}

fn asked(doors: &[Door]) -> Vec<(String, Outcome)> {
    checks(doors, true).into_iter().map(|check| (check.url.target(), check.outcome)).collect()
}

#[test]
fn a_public_prefix_below_a_gated_root_is_asked_at_its_edges() {
    use Outcome::{Either, Gated, GatedOrRefused, Public};
    let doors = [
        door("root", "https://photos.example.net/", Expect::Gated, true),
        door("share", "https://photos.example.net/share", Expect::Public, true),
    ];
    let seen = asked(&doors);
    let expected = [
        ("/", Gated),
        ("/share", Public),
        ("/homelab-probe-", Gated),
        ("/share/homelab-probe-", Public),
        ("/share/", Public),
        ("/sharex", Gated),
        ("/SHARE", Gated),
        ("/share%2f..", GatedOrRefused),
        ("/share/../", GatedOrRefused),
        ("/share/%2e%2e/", GatedOrRefused),
        ("//share", Either),
        ("/share;x", Either),
    ];
    assert_eq!(seen.len(), expected.len(), "{seen:?}");
    for ((target, outcome), (start, expected)) in seen.iter().zip(expected) {
        assert!(target.starts_with(start) && *outcome == expected, "{target} {outcome:?}");
    }
}

#[test]
fn what_nobody_declared_is_not_asked() {
    use Outcome::Public;
    let doors = [door("share", "https://photos.example.net/share", Expect::Public, true)];
    let seen = asked(&doors);
    assert!(seen.iter().all(|(target, outcome)| target.starts_with("/share") && *outcome == Public), "{seen:?}");
    assert!(!seen.iter().any(|(target, _)| target == "/sharex"), "{seen:?}");
    // Another host, scheme or port says nothing about this one.
    let elsewhere = [doors[0].clone(), door("root", "https://photos.example.net:8443/", Expect::Gated, true)];
    assert!(!asked(&elsewhere).iter().any(|(target, _)| target == "/sharex"));
}

#[test]
fn the_most_specific_door_owns_a_path() {
    let doors = [
        door("root", "https://a.example.net/", Expect::Gated, true),
        door("p", "https://a.example.net/p", Expect::Public, true),
        door("px", "https://a.example.net/px", Expect::Public, false),
        door("deep", "https://a.example.net/p/deep", Expect::Gated, true),
    ];
    let at = &doors[0].url;
    let table = [
        ("/", Some(Expect::Gated)),
        ("/q", Some(Expect::Gated)),
        ("/p", Some(Expect::Public)),
        ("/p/x", Some(Expect::Public)),
        ("/px", Some(Expect::Public)),
        ("/px/y", Some(Expect::Gated)),
        ("/pxy", Some(Expect::Gated)),
        ("/p/deep", Some(Expect::Gated)),
        ("/p/deeper", Some(Expect::Public)),
    ];
    for (path, expect) in table {
        assert_eq!(owner(at, path, &doors), expect, "{path}");
    }
    assert_eq!(owner(at, "/p", &doors[1..2]), Some(Expect::Public));
    assert_eq!(owner(at, "/q", &doors[1..2]), None);
    let contradiction = [doors[1].clone(), door("q", "https://a.example.net/p", Expect::Gated, true)];
    assert_eq!(owner(at, "/p", &contradiction), None);
}

#[test]
fn edges_are_never_asked_with_a_method_that_changes_something() {
    let mut hook = door("hook", "https://a.example.net/hook", Expect::Public, true);
    hook.methods = vec!["POST".to_owned()];
    assert_eq!(checks(&[hook.clone()], true).len(), 1);
    hook.methods = vec!["POST".to_owned(), "OPTIONS".to_owned()];
    let around = checks(&[hook], true);
    assert!(around.len() > 2 && around[1..].iter().all(|check| check.method == "OPTIONS"), "{around:?}");
}

#[test]
fn edges_carry_no_proof_and_exact_paths_have_none() {
    let mut api = door("api", "https://a.example.net/api", Expect::Public, true);
    api.proof.statuses = vec![200];
    let around = checks(&[api.clone()], true);
    assert_eq!(around[0].proof.statuses, [200]);
    assert!(around.len() > 1 && around[1..].iter().all(|check| check.proof == Proof::default()));
    assert_eq!(checks(&[api.clone()], false).len(), 1);
    api.prefix = false;
    assert_eq!(checks(&[api], true).len(), 1);
}

#[test]
fn an_answer_without_a_body_needs_no_text() {
    let mut api = door("api", "https://a.example.net/api", Expect::Public, false);
    api.methods = vec!["GET".to_owned(), "HEAD".to_owned()];
    api.proof.body_contains = Some("pong".to_owned());
    let texts: Vec<bool> = checks(&[api], true).iter().map(|check| check.proof.body_contains.is_some()).collect();
    assert_eq!(texts, [true, false]);
}

#[test]
fn letters_of_escapes_keep_their_case() {
    assert_eq!(swap_case("/aB%2fc%zz9"), "/Ab%2fC%zz9");
}

proptest! {
    /// Whatever is declared: no duplicates, the same order each time, every URL one that can be sent, and on every path
    /// that is asked the declared outcome of its most specific door.
    #[test]
    fn checks_follow_from_doors(paths in prop::collection::vec(("(/[a-c]{0,2}){1,3}", any::<bool>(), any::<bool>()), 1..6)) {
        let doors: Vec<Door> = paths
            .iter()
            .map(|(path, gated, prefix)| {
                let expect = if *gated { Expect::Gated } else { Expect::Public };
                door(path, &format!("https://a.example.net{path}"), expect, *prefix)
            })
            .collect();
        let all = checks(&doors, true);
        prop_assert_eq!(&all, &checks(&doors, true));
        for (index, check) in all.iter().enumerate().skip(doors.len()) {
            let again = Url::parse(&format!("https://a.example.net{}", check.url.target()));
            prop_assert_eq!(again.as_ref(), Ok(&check.url));
            prop_assert!(!all[..index].iter().any(|other| other.url == check.url));
            if let Outcome::Gated | Outcome::Public = check.outcome {
                let expect = owner(&check.url, check.url.path(), &doors);
                prop_assert_eq!(expect.map(Outcome::from), Some(check.outcome));
            }
        }
    }
}
