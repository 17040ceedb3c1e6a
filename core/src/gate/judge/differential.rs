//! The add-on check against a plain re-statement of the rules of the gate in use, over random matrices and clusters.
//!
//! The older gate is right about most clusters, and people rely on what it says. So wherever ours says something else, the
//! reason must be one that was chosen: each has a name and a condition on the input alone, below. A difference without a
//! reason fails the test, and so does a reason that never occurs.
//!
//! | name | the older gate | ours |
//! | --- | --- | --- |
//! | unreadable | an image without a version is `ACTIONABLE` | `UNKNOWN`: nobody knows whether it blocks |
//! | floating tag | reads `1.16` out of `v1.16` | `UNKNOWN`: which patch runs is not known |
//! | mixed roll-out | takes the first image that it meets | `UNKNOWN`: it has no version until it ends |
//! | newer than the facts | takes the last row | `UNKNOWN`: nobody has looked at that version |
//! | patch floors | compares major and minor alone | a row may begin at a patch (`1.7.28`) |
//! | not found | an add-on without a pod is `ACTIONABLE` | `UNKNOWN` |
//! | oldest kubelet | takes the release line of the oldest kubelet for what runs | that of the oldest API server |

use std::collections::BTreeMap;

use homelab_schema::upgrade_gate::Weight;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;

use super::super::{
    CheckName, Class, Compat, Component, ComponentKind, Evidence, Measured, Minor, Node, Owner, Pod, Request, Weights,
    judge,
};

/// A random matrix of one add-on, and what runs of it.
#[derive(Clone, Debug)]
struct Case {
    /// Floor (minor and, in few rows, patch) to the highest Kubernetes.
    rows: BTreeMap<(u32, Option<u32>), u32>,
    pinned: bool,
    tags: Vec<String>,
    api_server: u32,
    oldest_kubelet: u32,
    target: u32,
}

/// What a gate says about the add-on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Says {
    Nothing,
    Actionable,
    Waiting,
    Pinned,
    Unknown,
}

fn cases() -> impl Strategy<Value = Case> {
    let patch = prop_oneof![6 => Just(None), 1 => (1_u32..9).prop_map(Some)];
    let rows = prop::collection::btree_map((10_u32..18, patch), 30_u32..38, 1..5);
    let tag = prop_oneof![
        12 => (9_u32..20, 0_u32..9).prop_map(|(minor, patch)| format!("v1.{minor}.{patch}")),
        1 => (10_u32..18).prop_map(|minor| format!("1.{minor}")),
        1 => Just("latest".to_owned()),
    ];
    let tags = prop_oneof![
        8 => tag.clone().prop_map(|tag| vec![tag]),
        2 => tag.clone().prop_map(|tag| vec![tag.clone(), tag]),
        1 => (tag.clone(), tag).prop_map(|(one, other)| vec![one, other]),
        1 => Just(Vec::new()),
    ];
    (rows, any::<bool>(), tags, 31_u32..37, 0_u32..3, 0_u32..3).prop_map(
        |(rows, pinned, tags, api_server, behind, ahead)| Case {
            rows,
            pinned: pinned && tags.len() < 3,
            tags,
            api_server,
            oldest_kubelet: api_server - behind,
            target: (api_server + ahead).min(37),
        },
    )
}

/// The rules of the older gate, as plainly as they can be said: major and minor, the first image, the highest floor at or
/// below it; nothing to say where the target's line is not above that of the oldest kubelet.
fn older_gate(case: &Case) -> Says {
    if case.target <= case.oldest_kubelet {
        return Says::Nothing;
    }
    let first = case.tags.first().map(|tag| tag.trim_start_matches("v1.").trim_start_matches("1."));
    let minor = first.and_then(|tag| tag.split('.').next()).and_then(|minor| minor.parse::<u32>().ok());
    let Some(minor) = minor else { return Says::Actionable };
    // Later rows of one minor stand over earlier ones: its table has one row per minor.
    let by_minor: BTreeMap<u32, u32> = case.rows.iter().map(|((floor, _), max)| (*floor, *max)).collect();
    let Some((floor, max)) = by_minor.range(..=minor).next_back() else { return Says::Actionable };
    if *max >= case.target {
        Says::Nothing
    } else if case.pinned {
        Says::Pinned
    } else if by_minor.range(floor + 1..).any(|(_, max)| *max >= case.target) {
        Says::Actionable
    } else {
        Says::Waiting
    }
}

fn ours(case: &Case) -> Says {
    let floor = |(minor, patch): &(u32, Option<u32>)| match patch {
        Some(patch) => format!("1.{minor}.{patch}"),
        None => format!("1.{minor}"),
    };
    let rows: serde_json::Map<_, _> =
        case.rows.iter().map(|(at, max)| (floor(at), json!(format!("1.{max}")))).collect();
    let matrix = json!({
        "_comment": "last refreshed 2026-11-20",
        "addons": [{"name": "thing", "image_re": "thing:", "max_k8s": rows, "pinned": case.pinned, "pin_reason": "so"}],
    });
    let request = Request::new(format!("1.{}.0", case.target).parse().unwrap());
    let mut request = Compat::from_json(&matrix.to_string()).unwrap().apply(request);
    request.weights = Weights::all(Weight::Off);
    request.weights.set(CheckName::Addons, Weight::Error);
    // Something else runs too: a cluster without pods cannot be seen.
    let mut pods = vec![pod("other", "registry.example.net/other:v1.0.0")];
    pods.extend(case.tags.iter().map(|tag| pod("thing", &format!("registry.example.net/thing:{tag}"))));
    let at = |minor: u32| Measured::Seen(format!("1.{minor}.0").parse().unwrap());
    let evidence = Evidence {
        captured_on: Some("2026-11-21".parse().unwrap()),
        control_plane: Measured::Seen(vec![Component {
            kind: ComponentKind::KubeApiserver,
            on: "cp".to_owned(),
            version: at(case.api_server),
        }]),
        nodes: Measured::Seen(vec![Node { name: "old".to_owned(), kubelet: at(case.oldest_kubelet) }]),
        pods: Measured::Seen(pods),
        ..Evidence::blind("not looked at")
    };
    let report = judge(&evidence, &request);
    let says = report.findings.iter().filter(|found| found.decides).map(|found| match found.class {
        Class::Unknown => Says::Unknown,
        Class::Actionable => Says::Actionable,
        Class::Waiting => Says::Waiting,
        Class::Pinned => Says::Pinned,
    });
    says.max().unwrap_or(Says::Nothing)
}

fn pod(name: &str, image: &str) -> Pod {
    Pod {
        namespace: "things".to_owned(),
        name: format!("{name}-x"),
        node: "worker".to_owned(),
        owner: Some(Owner { kind: "ReplicaSet".to_owned(), name: format!("{name}-1") }),
        images: [("main".to_owned(), image.to_owned())].into(),
        ..Pod::default()
    }
}

/// Why ours may say something else: a condition on the input, and what it says then.
fn reasons(case: &Case) -> Vec<&'static str> {
    let mut reasons = Vec::new();
    let numbers = |tag: &str| tag.trim_start_matches('v').split('.').map(str::parse::<u32>).collect::<Vec<_>>();
    let full = |tag: &&String| numbers(tag).len() == 3 && numbers(tag).iter().all(Result::is_ok);
    let patch_hop = case.target == case.api_server;
    if patch_hop != (case.target <= case.oldest_kubelet) {
        reasons.push("oldest kubelet");
    }
    if patch_hop {
        return reasons;
    }
    if case.tags.is_empty() {
        reasons.push("not found");
    }
    if case.tags.iter().any(|tag| tag == "latest") {
        reasons.push("unreadable");
    }
    if case.tags.iter().any(|tag| tag != "latest" && !full(&tag)) {
        reasons.push("floating tag");
    }
    if case.tags.iter().any(|tag| *tag != case.tags[0]) {
        reasons.push("mixed roll-out");
    }
    let last = case.rows.keys().next_back().map_or(0, |(minor, _)| *minor);
    let minor = |tag: &String| numbers(tag).get(1).and_then(|minor| minor.clone().ok()).unwrap_or_default();
    if case.tags.iter().filter(full).any(|tag| minor(tag) > last) {
        reasons.push("newer than the facts");
    }
    if case.rows.keys().any(|(_, patch)| patch.is_some()) {
        reasons.push("patch floors");
    }
    reasons
}

#[test]
fn ours_differs_from_the_older_gate_only_where_that_was_chosen() {
    let mut runner = TestRunner::deterministic();
    let strategy = cases();
    let (mut agreed, mut differed) = (0, BTreeMap::<&str, u32>::new());
    for _ in 0..6000 {
        let case = strategy.new_tree(&mut runner).unwrap().current();
        let (older, ours) = (older_gate(&case), ours(&case));
        if older == ours {
            agreed += 1;
            continue;
        }
        let reasons = reasons(&case);
        assert!(!reasons.is_empty(), "the older gate says {older:?}, ours {ours:?}: {case:#?}");
        if let [reason] = reasons.as_slice() {
            *differed.entry(reason).or_default() += 1;
            let unknown = !["patch floors", "oldest kubelet"].contains(reason);
            assert_eq!(
                ours == Says::Unknown,
                unknown,
                "{reason}: the older gate says {older:?}, ours {ours:?}: {case:#?}"
            );
        }
    }
    assert!(agreed > 2000, "{agreed}");
    let names: Vec<&str> = differed.keys().copied().collect();
    let expected = [
        "floating tag",
        "mixed roll-out",
        "newer than the facts",
        "not found",
        "oldest kubelet",
        "patch floors",
        "unreadable",
    ];
    assert_eq!(names, expected, "each reason occurs by itself: {differed:?}");
    println!("agreed on {agreed}, differed by one reason: {differed:?}");
}

#[test]
fn ours_knows_a_lower_end_where_the_older_gate_knows_none() {
    // Its form has no lower end, so that this difference shows only with rows of our own.
    let facts = super::super::Facts::compiled();
    let row = facts.rows().into_iter().find(|row| row.subject == "external-secrets" && row.floor == "2.9").unwrap();
    assert!(!row.spans(Minor::of(35)) && row.spans(Minor::of(36)));
}
