//! What holds for every evidence: blindness never helps, the order of lists says nothing, the answer is a function.

use homelab_schema::upgrade_gate::Weight;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

use super::super::{
    ApiRequest, CheckName, Component, ComponentKind, Coverage, CoverageState, Evidence, KubeVersion, Measured, Metric,
    Minor, Node, Report, Request, StoredUse, Verdict, judge,
};
use super::tests::elsewhere;

const PLACES: [&str; 4] = ["cp-1", "cp-2", "worker-1", "elsewhere"];

/// Versions around one release line, so that most pairs are near enough to be allowed.
fn version() -> impl Strategy<Value = KubeVersion> {
    (33_u32..38, 0_u32..3, prop_oneof![8 => Just(""), 1 => Just("+k3s1"), 1 => Just("-rc.1")])
        .prop_map(|(minor, patch, rest)| format!("1.{minor}.{patch}{rest}").parse().unwrap())
}

fn measured<T: std::fmt::Debug + Clone>(inner: impl Strategy<Value = T>) -> impl Strategy<Value = Measured<T>> {
    prop_oneof![
        12 => inner.prop_map(Measured::Seen),
        1 => Just(Measured::NotMeasured("it is forbidden".to_owned())),
    ]
}

fn place() -> impl Strategy<Value = String> {
    prop::sample::select(PLACES.to_vec()).prop_map(str::to_owned)
}

fn component(kinds: &'static [ComponentKind]) -> impl Strategy<Value = Component> {
    (prop::sample::select(kinds), place(), measured(version())).prop_map(|(kind, on, version)| Component {
        kind,
        on,
        version,
    })
}

fn request() -> impl Strategy<Value = ApiRequest> {
    let known = ("networking.k8s.io", "v1beta1", "servicecidrs");
    let strange = ("example.net", "v1", "things");
    (prop::sample::select(vec![known, strange]), prop::sample::select(vec!["", "1.36", "1.37", "1.40", "soon"]))
        .prop_map(|((group, version, resource), removed)| ApiRequest {
            group: group.to_owned(),
            version: version.to_owned(),
            resource: resource.to_owned(),
            removed_release: removed.to_owned(),
        })
}

fn stored_use() -> impl Strategy<Value = StoredUse> {
    (prop::sample::select(vec!["networking.k8s.io/v1beta1", "example.net/v1"]), place()).prop_map(|(api, name)| {
        StoredUse {
            api_version: api.to_owned(),
            resource: "servicecidrs".to_owned(),
            namespace: String::new(),
            name,
            manager: "operator".to_owned(),
        }
    })
}

const CONTROL_PLANE: &[ComponentKind] =
    &[ComponentKind::KubeApiserver, ComponentKind::KubeControllerManager, ComponentKind::KubeScheduler];

fn evidence() -> impl Strategy<Value = Evidence> {
    let metric = (prop::sample::select(vec![60_u64, 90_000]), any::<bool>(), prop::collection::vec(request(), 0..4))
        .prop_map(|(youngest_process_seconds, all_servers, requests)| Metric {
            youngest_process_seconds,
            all_servers,
            requests,
        });
    let node = (place(), measured(version())).prop_map(|(name, kubelet)| Node { name, kubelet });
    (
        measured(prop::collection::vec(component(CONTROL_PLANE), 0..7)),
        measured(prop::collection::vec(node, 0..4)),
        measured(prop::collection::vec(component(&[ComponentKind::KubeProxy]), 0..4)),
        measured(metric),
        measured(prop::collection::vec(stored_use(), 0..3)),
        35_u32..39,
    )
        .prop_map(|(control_plane, nodes, proxies, deprecated_requests, stored_uses, through)| Evidence {
            control_plane,
            nodes,
            proxies,
            deprecated_requests,
            stored_uses,
            searched_through: Minor::of(through),
            ..elsewhere()
        })
}

/// Evidence that passes: everything at one version, everything seen.
fn healthy() -> impl Strategy<Value = Evidence> {
    (33_u32..37).prop_map(|minor| {
        let at: KubeVersion = format!("1.{minor}.1").parse().unwrap();
        let one = |kind, on: &str| Component { kind, on: on.to_owned(), version: Measured::Seen(at.clone()) };
        Evidence {
            control_plane: Measured::Seen(CONTROL_PLANE.iter().map(|kind| one(*kind, "cp-1")).collect()),
            nodes: Measured::Seen(vec![Node { name: "cp-1".to_owned(), kubelet: Measured::Seen(at.clone()) }]),
            proxies: Measured::Seen(vec![one(ComponentKind::KubeProxy, "cp-1")]),
            deprecated_requests: Measured::Seen(Metric {
                youngest_process_seconds: 90_000,
                all_servers: true,
                requests: Vec::new(),
            }),
            stored_uses: Measured::Seen(Vec::new()),
            ..elsewhere()
        }
    })
}

fn question() -> impl Strategy<Value = Request> {
    let weight = || prop::sample::select(vec![Weight::Error, Weight::Error, Weight::Warn, Weight::Off]);
    (version(), weight(), weight(), weight()).prop_map(|(target, path, skew, removed_apis)| {
        let mut request = Request::new(target);
        request.weights.set(CheckName::Path, path);
        request.weights.set(CheckName::Skew, skew);
        request.weights.set(CheckName::RemovedApis, removed_apis);
        request
    })
}

type Change = Box<dyn Fn(&mut Evidence)>;

/// Everything in evidence that can go blind, each with how it does.
fn ways_to_be_blind(evidence: &Evidence) -> Vec<Change> {
    fn no<T>() -> Measured<T> {
        Measured::NotMeasured("it went dark".to_owned())
    }
    let mut ways: Vec<Change> = vec![
        Box::new(|evidence| evidence.control_plane = no()),
        Box::new(|evidence| evidence.nodes = no()),
        Box::new(|evidence| evidence.proxies = no()),
        Box::new(|evidence| evidence.deprecated_requests = no()),
        Box::new(|evidence| evidence.stored_uses = no()),
        Box::new(|evidence| evidence.searched_through = Minor::of(16)),
    ];
    for index in 0..evidence.control_plane.seen().map_or(0, Vec::len) {
        ways.push(Box::new(move |evidence| {
            if let Measured::Seen(components) = &mut evidence.control_plane {
                components[index].version = no();
            }
        }));
    }
    for index in 0..evidence.nodes.seen().map_or(0, Vec::len) {
        ways.push(Box::new(move |evidence| {
            if let Measured::Seen(nodes) = &mut evidence.nodes {
                nodes[index].kubelet = no();
            }
        }));
    }
    for index in 0..evidence.proxies.seen().map_or(0, Vec::len) {
        ways.push(Box::new(move |evidence| {
            if let Measured::Seen(proxies) = &mut evidence.proxies {
                proxies[index].version = no();
            }
        }));
    }
    ways.push(Box::new(|evidence| {
        if let Measured::Seen(metric) = &mut evidence.deprecated_requests {
            metric.all_servers = false;
        }
    }));
    ways.push(Box::new(|evidence| {
        if let Measured::Seen(metric) = &mut evidence.deprecated_requests {
            metric.youngest_process_seconds = 0;
        }
    }));
    ways
}

fn shuffled(evidence: &Evidence, by: &[Index]) -> Evidence {
    fn shuffle<T>(measured: &mut Measured<Vec<T>>, by: &[Index]) {
        if let Measured::Seen(list) = measured {
            for (at, index) in by.iter().enumerate().take(list.len()) {
                let other = index.index(list.len());
                list.swap(at, other);
            }
        }
    }
    let mut evidence = evidence.clone();
    shuffle(&mut evidence.control_plane, by);
    shuffle(&mut evidence.nodes, by);
    shuffle(&mut evidence.proxies, by);
    shuffle(&mut evidence.stored_uses, by);
    if let Measured::Seen(metric) = &mut evidence.deprecated_requests {
        let mut requests = Measured::Seen(std::mem::take(&mut metric.requests));
        shuffle(&mut requests, by);
        metric.requests = requests.seen().cloned().unwrap_or_default();
    }
    evidence
}

/// The verdict holds what its parts say.
fn is_consistent(report: &Report) -> bool {
    let is = |state| move |coverage: &Coverage| coverage.state == state;
    let blind = report.coverage.iter().any(is(CoverageState::NotMeasured))
        || report.coverage.iter().all(is(CoverageState::Off));
    let deciding = report.findings.iter().any(|finding| finding.decides);
    match report.verdict {
        Verdict::NoKnownBlockers => !deciding,
        Verdict::Unknown => blind && deciding,
        Verdict::Blocked | Verdict::Held => deciding,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn blindness_never_turns_a_verdict_into_a_pass(evidence in evidence(), question in question(), which in any::<Index>()) {
        let seen = judge(&evidence, &question);
        let ways = ways_to_be_blind(&evidence);
        let mut darker = evidence.clone();
        ways[which.index(ways.len())](&mut darker);
        let report = judge(&darker, &question);
        if seen.verdict != Verdict::NoKnownBlockers {
            prop_assert_ne!(report.verdict, Verdict::NoKnownBlockers, "{:#?}", darker);
        }
        prop_assert!(is_consistent(&report), "{:#?}", report);
    }

    #[test]
    fn with_every_check_on_each_blind_spot_is_unknown(
        evidence in prop_oneof![evidence().boxed(), healthy().boxed()],
        target in version(),
        which in any::<Index>(),
    ) {
        let ways = ways_to_be_blind(&evidence);
        // Some ways are none for this evidence (a list that is not there, a target that needs no search).
        let mut darker = evidence.clone();
        ways[which.index(ways.len())](&mut darker);
        if darker.searched_through != evidence.searched_through && target.line <= Minor::of(16) || darker == evidence {
            return Ok(());
        }
        prop_assert_eq!(judge(&darker, &Request::new(target)).verdict, Verdict::Unknown, "{:#?}", darker);
    }

    #[test]
    fn a_healthy_cluster_passes_one_hop_and_no_more(evidence in healthy()) {
        let at = evidence.control_plane.seen().and_then(|all| all[0].version.seen()).map(|at| at.line.minor).unwrap();
        for (ahead, verdict) in [(0, Verdict::NoKnownBlockers), (1, Verdict::NoKnownBlockers), (2, Verdict::Blocked)] {
            let target = format!("1.{}.5", at + ahead).parse().unwrap();
            let expected = if at + ahead > 37 { Verdict::Unknown } else { verdict };
            prop_assert_eq!(judge(&evidence, &Request::new(target)).verdict, expected, "{} ahead", ahead);
        }
    }

    #[test]
    fn the_order_of_evidence_says_nothing(
        evidence in evidence(),
        question in question(),
        by in prop::collection::vec(any::<Index>(), 8),
    ) {
        let report = judge(&evidence, &question);
        prop_assert_eq!(&judge(&evidence, &question), &report, "the same question twice");
        prop_assert_eq!(&judge(&shuffled(&evidence, &by), &question), &report, "another order");
    }

    #[test]
    fn what_is_said_twice_counts_once(evidence in evidence(), question in question(), of in subsequence(vec![0, 1, 2], 0..3)) {
        let mut twice = evidence.clone();
        if let Measured::Seen(nodes) = &mut twice.nodes {
            let again: Vec<Node> = of.iter().filter_map(|index| nodes.get(*index).cloned()).collect();
            nodes.extend(again);
        }
        prop_assert_eq!(judge(&twice, &question), judge(&evidence, &question));
    }
}
