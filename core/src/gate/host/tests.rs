//! Hosts' files: reading them, and what evidence becomes with them.

use serde_json::{Value, json};

use super::*;
use crate::gate::day::Day;
use crate::gate::evidence::{Evidence, HostState, KubeletConfig, Node};

/// Noon of the day on which the evidence here was captured.
const NOON: u64 = 20_778 * 86_400 + 43_200;

fn evidence(nodes: &[&str]) -> Evidence {
    let node = |name: &&str| Node { name: (*name).to_owned(), kubelet: Measured::default() };
    Evidence {
        captured_on: Some(Day::of_unix(20_778)),
        nodes: Measured::Seen(nodes.iter().map(node).collect()),
        ..Evidence::blind("in a test")
    }
}

/// Where a variable has its name already.
fn fresh(nodes: &[&str]) -> Evidence {
    evidence(nodes)
}

fn host(node: &str, captured_at: u64) -> HostEvidence {
    HostEvidence {
        cgroup: Measured::Seen(2),
        disk_used_percent: Measured::Seen(41),
        reboot_pending: Measured::Seen(false),
        manifests: Measured::Seen(BTreeMap::from([("etcd.yaml".to_owned(), "etcd".to_owned())])),
        kubelet_flags: Measured::Seen(vec!["config".to_owned()]),
        certificates: Measured::Seen(vec![certificate(&format!("apiserver on {node}"))]),
        ..HostEvidence::new(node, captured_at)
    }
}

fn certificate(name: &str) -> Certificate {
    Certificate { name: name.to_owned(), ends: Day::of_unix(21_000) }
}

fn merged(mut evidence: Evidence, hosts: Vec<HostEvidence>) -> Evidence {
    let file = |host: HostEvidence| HostFile { place: format!("{}.json", host.node), host: Ok(host) };
    merge_hosts(&mut evidence, &hosts.into_iter().map(file).collect::<Vec<_>>(), NOON);
    evidence
}

fn gaps(evidence: &Evidence) -> [Option<String>; 3] {
    [evidence.hosts.gap(), evidence.manifest_folders.gap(), evidence.certificates.gap()]
}

#[test]
fn every_node_with_a_file_is_the_whole_truth() {
    let evidence = merged(evidence(&["a", "b"]), vec![host("a", NOON), host("b", NOON - 80_000)]);
    assert_eq!(gaps(&evidence), [None, None, None]);
    assert_eq!(evidence.hosts.seen().unwrap().len(), 2);
    assert_eq!(evidence.manifest_folders.seen().unwrap()[1].files["etcd.yaml"], "etcd");
    assert_eq!(evidence.certificates.seen().unwrap().len(), 2);
    assert_eq!(evidence.etcd, Measured::NotMeasured("in a test".to_owned()), "nobody asked for snapshots");
}

#[test]
fn a_node_without_a_file_is_missing_and_no_healthy_one() {
    let evidence = merged(evidence(&["a", "b"]), vec![host("a", NOON)]);
    let why = Some("only a part was seen: nobody looked at b".to_owned());
    // The check of hosts names each node that it misses by itself.
    assert_eq!(gaps(&evidence), [None, why.clone(), why]);

    let nobody = merged(fresh(&["a", "b"]), vec![host("c", NOON)]);
    let why = Some("nobody looked at a; nobody looked at b".to_owned());
    assert_eq!(gaps(&nobody), [why.clone(), why.clone(), why], "what is no node says nothing about the cluster");
}

#[test]
fn without_the_list_of_nodes_no_list_of_hosts_is_whole() {
    let mut evidence = evidence(&["a"]);
    evidence.nodes = Measured::Forbidden("nodes is forbidden".to_owned());
    let evidence = merged(evidence, vec![host("a", NOON)]);
    let why = "only a part was seen: which nodes there are is not known (forbidden: nodes is forbidden)".to_owned();
    assert_eq!(gaps(&evidence), [None, Some(why.clone()), Some(why)]);
}

#[test]
fn a_file_is_stale_after_a_day_and_the_newest_of_a_node_counts() {
    let old = host("a", NOON - 3 * 86_400);
    let stale = merged(evidence(&["a"]), vec![old.clone()]);
    let why =
        Some("what was seen is old: the host evidence of a is of 2026-11-18, more than 24 hours before".to_owned());
    assert_eq!(gaps(&stale), [why.clone(), why.clone(), why]);
    assert_eq!(stale.hosts.seen().unwrap().len(), 1, "it still proves what it shows");

    for files in [vec![old.clone(), host("a", NOON)], vec![host("a", NOON), old.clone()]] {
        assert_eq!(gaps(&merged(evidence(&["a"]), files)), [None, None, None]);
    }
    let ahead = merged(evidence(&["a"]), vec![host("a", NOON + 86_400)]);
    assert!(ahead.hosts.gap().unwrap().contains("2026-11-22, which is yet to come"), "{:?}", ahead.hosts.gap());
    assert_eq!(gaps(&merged(evidence(&["a"]), vec![host("a", NOON + 60)])), [None, None, None], "clocks differ");
}

#[test]
fn old_evidence_is_judged_with_the_files_of_its_day() {
    let mut evidence = evidence(&["a"]);
    evidence.captured_on = Some(Day::of_unix(20_700));
    let at = 20_700 * 86_400;
    assert_eq!(gaps(&merged(evidence.clone(), vec![host("a", at)])), [None, None, None]);
    assert!(merged(evidence, vec![host("a", at - 1)]).hosts.gap().is_some());
}

#[test]
fn what_a_machine_may_not_tell_is_a_gap_with_the_node_in_front() {
    let denied = || Measured::Forbidden("/etc: permission denied".to_owned());
    let blind = HostEvidence { manifests: denied().map(|()| BTreeMap::new()), ..host("a", NOON) };
    let evidence = merged(evidence(&["a"]), vec![blind]);
    assert_eq!(evidence.manifest_folders, Measured::Forbidden("a: /etc: permission denied".to_owned()));
    assert_eq!(evidence.certificates.gap(), None);
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let mut evidence = evidence(&["a"]);
    let unread = HostFile { place: "hosts/b.json".to_owned(), host: Err("it is no host evidence".to_owned()) };
    let files = [HostFile { place: "a".to_owned(), host: Ok(host("a", NOON)) }, unread];
    merge_hosts(&mut evidence, &files, NOON);
    for gap in gaps(&evidence) {
        assert!(gap.unwrap().contains("the host evidence hosts/b.json: it is no host evidence"));
    }
    let mut untouched = fresh(&["a"]);
    merge_hosts(&mut untouched, &[], NOON);
    assert_eq!(untouched, fresh(&["a"]), "without files nothing is said");
}

#[test]
fn what_monitoring_told_stands_in_for_what_a_machine_could_not() {
    let told = |node: &str, disk: u8| HostState {
        node: node.to_owned(),
        cgroup: Measured::default(),
        disk_used_percent: Measured::Seen(disk),
        reboot_pending: Measured::Seen(true),
    };
    let mut evidence = evidence(&["a", "b"]);
    evidence.hosts = Measured::Seen(vec![told("a", 90), told("b", 91)]);
    let blind = HostEvidence { disk_used_percent: Measured::Forbidden("no".to_owned()), ..host("a", NOON) };
    let evidence = merged(evidence, vec![blind]);
    let hosts = evidence.hosts.seen().unwrap();
    assert_eq!((hosts[0].disk_used_percent.seen(), hosts[0].reboot_pending.seen()), (Some(&90), Some(&false)));
    assert_eq!(hosts[0].cgroup, Measured::Seen(2));
    assert_eq!(hosts[1], told("b", 91));
}

#[test]
fn flags_come_to_the_kubelets_and_certificates_to_those_of_the_cluster() {
    let mut evidence = evidence(&["a", "b"]);
    let kubelet = |node: &str| KubeletConfig {
        node: node.to_owned(),
        settings: [("maxPods".to_owned(), "250".to_owned())].into(),
        flags: Measured::default(),
    };
    evidence.kubelets = Measured::Seen(vec![kubelet("a"), kubelet("b")]);
    evidence.certificates =
        Measured::Seen(vec![certificate("apiserver on a"), certificate("kube-apiserver as served")]);
    let with = merged(evidence.clone(), vec![host("a", NOON)]);
    let kubelets = with.kubelets.seen().unwrap();
    assert_eq!(kubelets[0].flags, Measured::Seen(vec!["config".to_owned()]));
    assert_eq!(kubelets[1].flags, Measured::default());
    assert_eq!(with.certificates.seen().unwrap().len(), 2, "each once");

    evidence.kubelets = Measured::Forbidden("nodes/proxy is forbidden".to_owned());
    let with = merged(evidence, vec![host("a", NOON)]);
    assert_eq!(with.kubelets.gap().unwrap(), "only a part was seen: forbidden: nodes/proxy is forbidden");
    assert!(crate::gate::settings(&with).is_empty(), "settings that nobody saw are not lost ones");
}

#[test]
fn the_newest_snapshot_is_as_old_as_it_is_now() {
    let snapshot = |age_seconds: u64| Measured::Seen(Snapshot { age_seconds, bytes: 5_000, bytes_before: None });
    let with =
        |node: &str, at: u64, snapshot: Measured<Snapshot>| HostEvidence { snapshot: Some(snapshot), ..host(node, at) };
    let of = |hosts: Vec<HostEvidence>| merged(evidence(&["a", "b"]), hosts).etcd.seen().unwrap().snapshot.clone();
    let age = |snapshot: &Measured<Snapshot>| snapshot.seen().map(|snapshot| snapshot.age_seconds);
    assert_eq!(of(vec![with("a", NOON - 60, snapshot(100)), host("b", NOON)]), snapshot(160));
    assert_eq!(of(vec![with("a", NOON, snapshot(100)), with("b", NOON, snapshot(50))]), snapshot(50));
    let denied = Measured::Forbidden("/backup: permission denied".to_owned());
    assert_eq!(of(vec![with("a", NOON, denied.clone()), with("b", NOON, snapshot(50))]), snapshot(50));
    assert_eq!(of(vec![with("a", NOON, denied)]), Measured::Forbidden("a: /backup: permission denied".to_owned()));
    let old = of(vec![with("a", NOON - 2 * 86_400, snapshot(50))]);
    assert!(matches!(old, Measured::Stale { .. }) && age(&old) == Some(2 * 86_400 + 50), "{old:?}");
}

#[test]
fn files_survive_being_written_and_others_are_refused() {
    let written = serde_json::to_string(&host("a", NOON)).unwrap();
    assert_eq!(HostEvidence::from_json(&written).unwrap(), host("a", NOON));
    let least = json!({"form": "homelab/host/v1", "node": "a", "captured_at": 1});
    assert_eq!(HostEvidence::from_json(&least.to_string()).unwrap(), HostEvidence::new("a", 1));
    for (text, said) in [
        (json!({"form": "homelab/evidence/v1"}), "is of the form \"homelab/evidence/v1\""),
        (json!({"form": "homelab/host/v1", "node": "", "captured_at": 1}), "it names no node"),
        (json!({"form": "homelab/host/v1", "node": "a"}), "is no host evidence: missing field `captured_at`"),
        (json!([]), "is no host evidence"),
        (Value::Null, "is no host evidence"),
    ] {
        let error = HostEvidence::from_json(&text.to_string()).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    assert_eq!(HostEvidence::new("a", 1).gaps().len(), 6, "a snapshot is looked for where somebody asks");
    assert!(host("a", NOON).gaps().is_empty());
}

#[test]
fn thousands_of_nodes_without_a_file_are_counted_and_not_listed() {
    let names: Vec<String> = (0..5_000).map(|node| format!("node-{node:04}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let evidence = merged(evidence(&names), vec![host("node-0000", NOON)]);
    assert!(evidence.certificates.gap().unwrap().ends_with("nobody looked at node-0005; and 4994 more"));
}
