use homelab_schema::upgrade_gate::Weight;

use super::super::{
    ApiRequest, CheckName, Class, Component, ComponentKind, CoverageState, Evidence, KubeVersion, Measured, Metric,
    Node, Report, Request, StoredUse, Verdict, Weights, judge,
};

fn version(text: &str) -> KubeVersion {
    text.parse().unwrap()
}

fn component(kind: ComponentKind, on: &str, at: &str) -> Component {
    Component { kind, on: on.to_owned(), version: Measured::Seen(version(at)) }
}

fn node(name: &str, kubelet: &str) -> Node {
    Node { name: name.to_owned(), kubelet: Measured::Seen(version(kubelet)) }
}

/// Evidence in which everything was left out on purpose, for tests that are about something else.
pub(super) fn elsewhere() -> Evidence {
    let blind = serde_json::to_string(&Evidence::blind("")).unwrap();
    Evidence::from_json(&blind.replace("not_measured", "omitted")).unwrap()
}

/// A healthy cluster of one control plane node and one worker, everything at `at`, fully measured.
fn cluster(at: &str) -> Evidence {
    Evidence {
        control_plane: Measured::Seen(vec![
            component(ComponentKind::KubeApiserver, "cp", at),
            component(ComponentKind::KubeControllerManager, "cp", at),
            component(ComponentKind::KubeScheduler, "cp", at),
        ]),
        nodes: Measured::Seen(vec![node("cp", at), node("worker", at)]),
        proxies: Measured::Seen(vec![component(ComponentKind::KubeProxy, "worker", at)]),
        deprecated_requests: Measured::Seen(Metric {
            youngest_process_seconds: 10 * 86_400,
            all_servers: true,
            requests: Vec::new(),
        }),
        stored_uses: Measured::Seen(Vec::new()),
        ..elsewhere()
    }
}

fn ask(evidence: &Evidence, target: &str) -> Report {
    judge(evidence, &Request::new(version(target)))
}

fn codes(report: &Report) -> Vec<&'static str> {
    report.findings.iter().map(|finding| finding.finding.code.id).collect()
}

#[test]
fn a_healthy_cluster_one_minor_behind_has_no_known_blockers() {
    let report = ask(&cluster("1.35.4"), "1.36.2");
    assert_eq!(report.verdict, Verdict::NoKnownBlockers, "{report:#?}");
    assert_eq!(report.hops, ["1.36"]);
    assert_eq!(report.current.as_deref(), Some("1.35.4"));
    assert!(report.coverage.iter().all(|coverage| coverage.state != CoverageState::NotMeasured));
    assert_eq!(report.coverage.len(), CheckName::ALL.len(), "what is off is listed too");
}

#[test]
fn paths() {
    for (from, to, verdict, expected) in [
        ("1.35.4", "1.35.6", Verdict::NoKnownBlockers, vec![]),
        ("1.35.4", "1.35.4", Verdict::NoKnownBlockers, vec![]),
        ("1.35.4", "1.35.3", Verdict::Blocked, vec!["HL4001"]),
        ("1.36.0", "1.36.0-rc.1", Verdict::Blocked, vec!["HL4001"]),
        ("1.34.1", "1.36.2", Verdict::Blocked, vec!["HL4002"]),
        // Neither the path nor the removals of a release that nobody has looked at are known.
        ("1.37.0", "1.38.0", Verdict::Unknown, vec!["HL4901", "HL4901"]),
        ("1.36.0", "2.0.0", Verdict::Unknown, vec!["HL4901", "HL4901"]),
    ] {
        let report = ask(&cluster(from), to);
        assert_eq!(report.verdict, verdict, "{from} to {to}: {report:#?}");
        assert_eq!(codes(&report), expected, "{from} to {to}");
    }
    assert_eq!(ask(&cluster("1.33.1"), "1.36.2").hops, ["1.34", "1.35", "1.36"]);
}

#[test]
fn skew_is_judged_after_the_hop() {
    let with_kubelet = |at: &str| {
        let mut evidence = cluster("1.35.0");
        evidence.nodes = Measured::Seen(vec![node("cp", "1.35.0"), node("old", at)]);
        evidence.proxies = Measured::Seen(Vec::new());
        evidence
    };
    // Three behind after the hop is allowed; four is not, although three are fine today.
    assert_eq!(ask(&with_kubelet("1.33.9"), "1.36.0").verdict, Verdict::NoKnownBlockers);
    let report = ask(&with_kubelet("1.32.9"), "1.36.0");
    assert_eq!(report.verdict, Verdict::Blocked);
    assert_eq!(report.findings[0].finding.object, "kubelet on old");
    assert!(report.findings[0].finding.clears.contains("1.33"), "{:?}", report.findings[0]);
    assert_eq!(ask(&with_kubelet("1.32.9"), "1.35.1").verdict, Verdict::NoKnownBlockers);
    // Newer than the API server is refused whatever the target.
    let report = ask(&with_kubelet("1.36.0"), "1.36.0");
    assert_eq!(codes(&report), ["HL4003"]);
}

#[test]
fn old_kubelets_had_two_minors_of_room() {
    let mut evidence = cluster("1.25.0");
    evidence.nodes = Measured::Seen(vec![node("a", "1.24.17")]);
    evidence.proxies = Measured::Seen(Vec::new());
    assert_eq!(ask(&evidence, "1.26.0").verdict, Verdict::NoKnownBlockers);
    evidence.nodes = Measured::Seen(vec![node("a", "1.23.17")]);
    assert_eq!(codes(&ask(&evidence, "1.26.0")), ["HL4003"]);
}

#[test]
fn a_scheduler_left_behind_blocks() {
    let mut evidence = cluster("1.35.0");
    if let Measured::Seen(components) = &mut evidence.control_plane {
        components[2].version = Measured::Seen(version("1.34.0"));
    }
    assert_eq!(codes(&ask(&evidence, "1.36.0")), ["HL4003"]);
    assert_eq!(ask(&evidence, "1.35.2").verdict, Verdict::NoKnownBlockers);
}

#[test]
fn a_proxy_far_from_its_kubelet_blocks() {
    let mut evidence = cluster("1.36.0");
    evidence.nodes = Measured::Seen(vec![node("cp", "1.36.0"), node("worker", "1.36.0")]);
    evidence.proxies = Measured::Seen(vec![component(ComponentKind::KubeProxy, "worker", "1.32.0")]);
    let report = ask(&evidence, "1.36.1");
    assert_eq!(codes(&report), ["HL4003", "HL4003"], "too old for the server and for the kubelet beside it");
}

#[test]
fn over_several_hops_the_first_blocked_one_is_named() {
    let mut evidence = cluster("1.33.0");
    evidence.nodes = Measured::Seen(vec![node("cp", "1.33.0"), node("worker", "1.31.0")]);
    let report = ask(&evidence, "1.36.2");
    let seen: Vec<(&str, &str, &str)> = report
        .findings
        .iter()
        .map(|found| (found.finding.code.id, found.finding.object.as_str(), found.finding.clears.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            ("HL4002", "Kubernetes 1.36.2", "Go to 1.34 first."),
            // Three behind at 1.34, too far at 1.35; the control plane itself moves with each hop.
            ("HL4003", "kubelet on worker", "Bring it to 1.32 or newer before the API servers go to 1.35."),
        ]
    );
}

#[test]
fn nothing_is_newer_than_its_api_server() {
    let codes_with = |change: &dyn Fn(&mut Evidence)| {
        let mut evidence = cluster("1.35.0");
        change(&mut evidence);
        let report = ask(&evidence, "1.36.0");
        assert!(report.findings.iter().all(|found| found.finding.observed.contains("newer than")), "{report:#?}");
        codes(&report)
    };
    // Each of these would fit the target, and is wrong today.
    let scheduler = |evidence: &mut Evidence| {
        if let Measured::Seen(components) = &mut evidence.control_plane {
            components[2].version = Measured::Seen(version("1.36.0"));
        }
    };
    let kubelet = |evidence: &mut Evidence| {
        evidence.nodes = Measured::Seen(vec![node("cp", "1.35.0"), node("worker", "1.36.0")]);
    };
    let proxy = |evidence: &mut Evidence| {
        evidence.proxies = Measured::Seen(vec![component(ComponentKind::KubeProxy, "worker", "1.36.0")]);
    };
    for change in [&scheduler as &dyn Fn(&mut Evidence), &kubelet, &proxy] {
        assert_eq!(codes_with(change), ["HL4003"]);
    }
}

#[test]
fn in_a_half_done_hop_a_component_follows_the_server_beside_it() {
    let mut evidence = cluster("1.35.0");
    if let Measured::Seen(components) = &mut evidence.control_plane {
        components.push(component(ComponentKind::KubeApiserver, "cp2", "1.36.2"));
        components.push(component(ComponentKind::KubeScheduler, "cp2", "1.36.2"));
    }
    assert_eq!(ask(&evidence, "1.36.2").verdict, Verdict::NoKnownBlockers);
    // On a node without an API server of its own it may talk to the oldest.
    if let Measured::Seen(components) = &mut evidence.control_plane {
        components[4].on = "cp3".to_owned();
    }
    assert_eq!(codes(&ask(&evidence, "1.36.2")), ["HL4003"]);
}

#[test]
fn api_servers_two_minors_apart_are_refused_whatever_the_target() {
    let mut evidence = cluster("1.34.0");
    if let Measured::Seen(components) = &mut evidence.control_plane {
        components.push(component(ComponentKind::KubeApiserver, "cp2", "1.36.0"));
    }
    let report = ask(&evidence, "1.36.0");
    assert!(report.findings.iter().any(|found| found.finding.object == "kube-apiserver"), "{report:#?}");
}

#[test]
fn api_servers_apart_make_the_oldest_count() {
    let mut evidence = cluster("1.35.0");
    if let Measured::Seen(components) = &mut evidence.control_plane {
        components.push(component(ComponentKind::KubeApiserver, "cp2", "1.36.0"));
    }
    let report = ask(&evidence, "1.37.0");
    assert!(codes(&report).contains(&"HL4002"), "{report:#?}");
    assert_eq!(report.current.as_deref(), Some("1.35.0"));
    // And going back below the newest is a downgrade.
    assert!(codes(&ask(&evidence, "1.35.2")).contains(&"HL4001"));
}

fn request(group: &str, api: &str, resource: &str, removed: &str) -> ApiRequest {
    ApiRequest { group: group.into(), version: api.into(), resource: resource.into(), removed_release: removed.into() }
}

fn with_requests(requests: Vec<ApiRequest>) -> Evidence {
    let mut evidence = cluster("1.36.0");
    evidence.deprecated_requests =
        Measured::Seen(Metric { youngest_process_seconds: 90_000, all_servers: true, requests });
    evidence
}

#[test]
fn requests_of_removed_apis_block_by_our_facts_and_by_the_servers_word() {
    let ours = with_requests(vec![request("networking.k8s.io", "v1beta1", "servicecidrs", "")]);
    assert_eq!(codes(&ask(&ours, "1.37.0")), ["HL4004"]);
    assert_eq!(ask(&ours, "1.36.1").verdict, Verdict::NoKnownBlockers, "still served there");
    let servers = with_requests(vec![request("example.k8s.io", "v1beta1", "things", "1.37")]);
    assert_eq!(codes(&ask(&servers, "1.37.0")), ["HL4004"]);
    let later = with_requests(vec![request("example.k8s.io", "v1beta1", "things", "1.40")]);
    assert_eq!(ask(&later, "1.37.0").verdict, Verdict::NoKnownBlockers);
    // Deprecated for ever, removed never.
    let canary = with_requests(vec![request("", "v1", "componentstatuses", "")]);
    assert_eq!(ask(&canary, "1.37.0").verdict, Verdict::NoKnownBlockers);
}

#[test]
fn one_api_asked_for_by_many_subresources_is_one_finding() {
    let twice = with_requests(vec![
        request("networking.k8s.io", "v1beta1", "servicecidrs", "1.37"),
        request("networking.k8s.io", "v1beta1", "servicecidrs", "1.37"),
    ]);
    assert_eq!(codes(&ask(&twice, "1.37.0")), ["HL4004"]);
}

#[test]
fn a_young_process_proves_nothing_by_silence_but_everything_by_speaking() {
    let mut silent = with_requests(Vec::new());
    if let Measured::Seen(metric) = &mut silent.deprecated_requests {
        metric.youngest_process_seconds = 60;
    }
    assert_eq!(ask(&silent, "1.37.0").verdict, Verdict::Unknown);
    let mut speaking = with_requests(vec![request("networking.k8s.io", "v1beta1", "servicecidrs", "1.37")]);
    if let Measured::Seen(metric) = &mut speaking.deprecated_requests {
        metric.youngest_process_seconds = 60;
    }
    let report = ask(&speaking, "1.37.0");
    assert_eq!(codes(&report), ["HL4901", "HL4004"], "what is unknown comes first, and hides nothing");
    assert_eq!(report.verdict, Verdict::Unknown);
    let mut request = Request::new(version("1.37.0"));
    request.window_seconds = 0;
    assert_eq!(judge(&speaking, &request).verdict, Verdict::Blocked);
}

#[test]
fn writers_of_removed_versions_are_named() {
    let mut evidence = cluster("1.36.0");
    let used = |api: &str, resource: &str| StoredUse {
        api_version: api.into(),
        resource: resource.into(),
        namespace: String::new(),
        name: "extra".into(),
        manager: "old-operator".into(),
    };
    evidence.stored_uses = Measured::Seen(vec![used("networking.k8s.io/v1beta1", "servicecidrs")]);
    let report = ask(&evidence, "1.37.0");
    assert_eq!(codes(&report), ["HL4004"]);
    assert!(report.findings[0].finding.observed.contains("old-operator"));
    // What an API that is long gone left in managedFields harms nobody.
    evidence.stored_uses = Measured::Seen(vec![used("networking.k8s.io/v1beta1", "ingresses")]);
    assert_eq!(ask(&evidence, "1.37.0").verdict, Verdict::NoKnownBlockers);
}

#[test]
fn every_way_to_be_blind_is_unknown_and_never_a_pass() {
    let blind = || "list of nodes is forbidden".to_owned();
    let mut cases: Vec<(&str, Evidence)> = Vec::new();
    let mut case = |name, change: &dyn Fn(&mut Evidence)| {
        let mut evidence = cluster("1.35.0");
        change(&mut evidence);
        cases.push((name, evidence));
    };
    case("control plane", &|evidence| evidence.control_plane = Measured::NotMeasured(blind()));
    case("no API server in it", &|evidence| evidence.control_plane = Measured::Seen(Vec::new()));
    case("an API server without a version", &|evidence| {
        if let Measured::Seen(components) = &mut evidence.control_plane {
            components[0].version = Measured::NotMeasured("image by digest".into());
        }
    });
    case("no scheduler visible", &|evidence| {
        if let Measured::Seen(components) = &mut evidence.control_plane {
            components.retain(|component| component.kind != ComponentKind::KubeScheduler);
        }
    });
    case("nodes", &|evidence| evidence.nodes = Measured::NotMeasured(blind()));
    case("no node", &|evidence| evidence.nodes = Measured::Seen(Vec::new()));
    case("a kubelet", &|evidence| {
        evidence.nodes =
            Measured::Seen(vec![Node { name: "a".into(), kubelet: Measured::NotMeasured("unparseable".into()) }]);
    });
    case("proxies", &|evidence| evidence.proxies = Measured::NotMeasured(blind()));
    case("a proxy", &|evidence| {
        evidence.proxies = Measured::Seen(vec![Component {
            kind: ComponentKind::KubeProxy,
            on: "worker".into(),
            version: Measured::NotMeasured("image by digest".into()),
        }]);
    });
    case("requests", &|evidence| evidence.deprecated_requests = Measured::NotMeasured(blind()));
    case("one server of several", &|evidence| {
        if let Measured::Seen(metric) = &mut evidence.deprecated_requests {
            metric.all_servers = false;
        }
    });
    case("stored uses", &|evidence| evidence.stored_uses = Measured::NotMeasured(blind()));
    case("removals of the target that were not searched for", &|evidence| {
        evidence.searched_through = "1.35".parse().unwrap();
    });
    case("a proxy beside no node", &|evidence| {
        evidence.proxies = Measured::Seen(vec![component(ComponentKind::KubeProxy, "gone", "1.35.0")]);
    });
    case("a removal that cannot be read", &|evidence| {
        if let Measured::Seen(metric) = &mut evidence.deprecated_requests {
            metric.requests.push(request("example.k8s.io", "v1beta1", "things", "soon"));
        }
    });
    for (name, evidence) in &cases {
        let report = ask(evidence, "1.36.0");
        assert_eq!(report.verdict, Verdict::Unknown, "{name}: {report:#?}");
        assert!(report.findings.iter().any(|finding| finding.class == Class::Unknown), "{name}");
        assert!(report.coverage.iter().any(|coverage| coverage.state == CoverageState::NotMeasured), "{name}");
    }
    assert_eq!(ask(&Evidence::blind("no cluster"), "1.36.0").verdict, Verdict::Unknown);
}

#[test]
fn a_check_that_only_warns_lists_and_does_not_decide() {
    let mut evidence = cluster("1.35.0");
    evidence.nodes = Measured::NotMeasured("forbidden".into());
    let mut request = Request::new(version("1.36.0"));
    request.weights.set(CheckName::Skew, Weight::Warn);
    let report = judge(&evidence, &request);
    assert_eq!(report.verdict, Verdict::NoKnownBlockers);
    assert_eq!(codes(&report), ["HL4901"]);
    request.weights.set(CheckName::Skew, Weight::Off);
    let report = judge(&evidence, &request);
    assert!(report.findings.is_empty());
    assert!(report.coverage.iter().any(|coverage| coverage.check == "skew" && coverage.state == CoverageState::Off));
}

#[test]
fn where_nothing_is_looked_at_nothing_passes() {
    let mut request = Request::new(version("1.36.1"));
    request.weights = Weights::all(Weight::Off);
    assert_eq!(judge(&cluster("1.36.0"), &request).verdict, Verdict::Unknown);
}

#[test]
fn evidence_survives_a_file_and_refuses_another_form() {
    let evidence = cluster("1.35.0+k3s1");
    let text = serde_json::to_string(&evidence).unwrap();
    assert_eq!(Evidence::from_json(&text).unwrap(), evidence);
    let other = text.replace("homelab/evidence/v1", "homelab/evidence/v9");
    assert!(Evidence::from_json(&other).unwrap_err().to_string().contains("v9"));
    assert!(Evidence::from_json("{}").is_err());
    assert!(Evidence::from_json(&text.replace("\"nodes\"", "\"knots\"")).is_err());
}
