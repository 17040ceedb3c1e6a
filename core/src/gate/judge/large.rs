//! Large clusters: what is judged per pod or per node must not be judged per pair of them.
//!
//! No time is asserted, since machines differ; what is asserted is that the answer is right. Squared work would not come
//! to an end here.

use homelab_schema::upgrade_gate::Weight;

use super::super::{
    CheckName, Component, ComponentKind, Evidence, HostState, Measured, Node, NodeState, Owner, Placement, Pod,
    Request, Weights, judge,
};

const NODES: usize = 5_000;
const PODS: usize = 100_000;

fn large() -> Evidence {
    let at = || Measured::Seen("1.35.4".parse().unwrap());
    let name = |number: usize| format!("node-{number}");
    let component = |kind, on: String| Component { kind, on, version: at() };
    let pod = |number: usize| Pod {
        namespace: format!("team-{}", number % 200),
        name: format!("app-{number}"),
        node: name(number % NODES),
        owner: Some(Owner { kind: "ReplicaSet".to_owned(), name: format!("app-{}-5d4f", number % 900) }),
        images: [("app".to_owned(), format!("registry.example.net/team/app-{}:v1.{}.0", number % 700, number % 9))]
            .into(),
        placement: Placement {
            selector: [("zone".to_owned(), format!("z{}", number % 3))].into(),
            ..Placement::default()
        },
        ..Pod::default()
    };
    let mut pods: Vec<Pod> = (0..PODS).map(pod).collect();
    // It is on one node of another zone than it asks for, which is the only one that it fits.
    pods[1].placement.selector = [("name".to_owned(), name(1))].into();
    Evidence {
        captured_on: Some("2026-11-21".parse().unwrap()),
        control_plane: Measured::Seen(vec![
            component(ComponentKind::KubeApiserver, name(0)),
            component(ComponentKind::KubeControllerManager, name(0)),
            component(ComponentKind::KubeScheduler, name(0)),
        ]),
        nodes: Measured::Seen((0..NODES).map(|number| Node { name: name(number), kubelet: at() }).collect()),
        proxies: Measured::Seen((0..NODES).map(|number| component(ComponentKind::KubeProxy, name(number))).collect()),
        pods: Measured::Seen(pods),
        workloads: Measured::Partial { seen: Vec::new(), why: "not part of this".to_owned() },
        budgets: Measured::Seen(Vec::new()),
        node_states: Measured::Seen(
            (0..NODES)
                .map(|number| NodeState {
                    name: name(number),
                    ready: Some("True".to_owned()),
                    ready_for_seconds: Some(86_400),
                    runtime: "containerd://2.1.5".to_owned(),
                    kernel: "6.12.48+deb13-amd64".to_owned(),
                    labels: [("zone".to_owned(), format!("z{}", number % 3)), ("name".to_owned(), name(number))].into(),
                    ..NodeState::default()
                })
                .collect(),
        ),
        hosts: Measured::Seen(
            (0..NODES)
                .map(|number| HostState {
                    node: name(number),
                    cgroup: Measured::Seen(2),
                    disk_used_percent: Measured::Seen(40),
                    reboot_pending: Measured::Seen(false),
                })
                .collect(),
        ),
        ..Evidence::blind("not part of this")
    }
}

#[test]
fn five_thousand_nodes_and_a_hundred_thousand_pods_are_judged() {
    let evidence = large();
    let mut request = Request::new("1.36.2".parse().unwrap());
    request.weights = Weights::all(Weight::Off);
    for check in [
        CheckName::Path,
        CheckName::Skew,
        CheckName::Addons,
        CheckName::Nodes,
        CheckName::Runtime,
        CheckName::Hosts,
        CheckName::Drain,
    ] {
        request.weights.set(check, Weight::Error);
    }
    let begun = std::time::Instant::now();
    let report = judge(&evidence, &request);
    println!("judged in {:?}", begun.elapsed());
    let of = |id: &str| report.findings.iter().filter(|found| found.finding.code.id == id).count();
    assert_eq!(of("HL4212"), NODES, "every node is named");
    assert_eq!(of("HL4503"), 1, "the one pod that fits one node");
    // Thousands of objects are one step.
    assert!(report.plan.iter().any(|step| step.what.starts_with("containerd on node-0, ")), "{:?}", report.plan);
    assert!(report.plan.len() < 10);
}
