//! Does every component stay within the version skew policy on the way to the target.
//!
//! # Forces
//!
//! - The policy is evaluated after each hop, not now: a kubelet that is three minors behind today is fine today and refused
//!   by the next hop. What has to hold now as well (nothing newer than its API server) is judged with it.
//! - Over several hops the control plane moves with each of them, so its components are judged at the first alone; a
//!   kubelet or kube-proxy that nobody moves is named with the first hop that it blocks.
//! - Highly available API servers narrow every rule: "newer" is measured at the oldest of them, "older" after the hop.

use std::collections::BTreeMap;

use super::checks::CheckName;
use super::evidence::{Component, ComponentKind, Evidence, Node};
use super::judge::{Case, Check, Found};
use super::version::{KubeVersion, Minor};
use crate::finding::Finding;
use crate::finding::gate::SKEW;

const POLICY: &str = "Kubernetes version skew policy";

/// How many minors a kubelet or kube-proxy of this version may be behind the API server; they had two before 1.25.
fn allowed_behind(version: &KubeVersion) -> i64 {
    if version.line < Minor::of(25) { 2 } else { 3 }
}

/// The check.
pub(super) fn check(case: &Case<'_>) -> Check {
    let evidence = case.evidence;
    let mut check = Check::new(CheckName::Skew);
    let way = Way { target: &case.request.target, servers: case.servers.as_ref(), stops: &case.stops };
    api_server_spread(&mut check, &way);
    control_plane(&mut check, evidence, &way);
    kubelets(&mut check, evidence, &way);
    proxies(&mut check, evidence, &way);
    check
}

/// From what runs to the target.
struct Way<'a> {
    target: &'a KubeVersion,
    /// The oldest and the newest API server; `None` where they are not known.
    servers: Option<&'a (KubeVersion, KubeVersion)>,
    /// Release lines that the API servers will run, in order: at least the target's.
    stops: &'a [Minor],
}

impl Way<'_> {
    /// The version that the API servers run at a stop, as far as it is known: the last one is the target.
    fn shown(&self, stop: Minor) -> String {
        if stop == self.target.line { self.target.to_string() } else { stop.to_string() }
    }

    /// The first stop that is more than `behind` minors ahead of `version`.
    fn first_too_far(&self, version: &KubeVersion, behind: i64) -> Option<Minor> {
        self.stops.iter().copied().find(|stop| stop.ahead_of(version.line) > behind)
    }

    /// The API server that is the first to be older than `version`: the oldest now, or the target of a downgrade.
    fn older_server(&self, version: &KubeVersion) -> Option<&KubeVersion> {
        let oldest = self.servers.map(|(oldest, _)| oldest);
        oldest.into_iter().chain([self.target]).find(|server| server.line < version.line)
    }
}

/// In a highly available cluster the API servers may be one minor apart, now and during the hop, in which the oldest one
/// counts.
fn api_server_spread(check: &mut Check, way: &Way<'_>) {
    let Some((oldest, newest)) = way.servers else { return };
    let apart_now = newest.line.ahead_of(oldest.line);
    if apart_now > 1 || (apart_now == 1 && way.target.line > newest.line) {
        check.found(
            Finding::new(SKEW, "kube-apiserver", format!("API servers run {oldest} and {newest}."))
                .expected("They may be one minor apart at most, also during a hop.")
                .source(POLICY)
                .clears(format!("Bring every API server to {} first.", newest.line)),
        );
    }
}

fn control_plane(check: &mut Check, evidence: &Evidence, way: &Way<'_>) {
    let Some(components) = check.look(&evidence.control_plane, "the control plane") else { return };
    for kind in [ComponentKind::KubeControllerManager, ComponentKind::KubeScheduler] {
        if !components.iter().any(|component| component.kind == kind) {
            check.not_seen(kind.name(), "none is visible as a pod");
        }
    }
    for component in components {
        if component.kind != ComponentKind::KubeApiserver {
            control_plane_component(check, component, components, way);
        }
    }
}

fn control_plane_component(check: &mut Check, component: &Component, all: &[Component], way: &Way<'_>) {
    let object = format!("{} on {}", component.kind.name(), component.on);
    let Some(version) = check.look(&component.version, &object) else { return };
    // kubeadm points it at the API server beside it; where there is none, it may talk to any.
    let beside = all
        .iter()
        .filter(|other| other.kind == ComponentKind::KubeApiserver && other.on == component.on)
        .filter_map(|server| server.version.seen())
        .min();
    let oldest = way.servers.map(|(oldest, _)| oldest);
    if let Some(server) = beside.or(oldest).filter(|server| server.line < version.line) {
        return check.newer(object, version, server);
    }
    let first = way.stops.first().copied().unwrap_or(way.target.line);
    if first.ahead_of(version.line) > 1 {
        let rule = "It may be one minor older than the API server.";
        check.older(object, version, (first, &way.shown(first)), rule, back(first, 1));
    } else if way.target.line < version.line {
        check.newer(object, version, way.target);
    }
}

fn kubelets(check: &mut Check, evidence: &Evidence, way: &Way<'_>) {
    let Some(nodes) = check.look(&evidence.nodes, "the kubelets") else { return };
    if nodes.is_empty() {
        return check.not_seen("the kubelets", "the cluster lists no node, which no working cluster does");
    }
    for node in nodes {
        let object = format!("kubelet on {}", node.name);
        if let Some(version) = check.look(&node.kubelet, &object) {
            follower(check, object, version, way);
        }
    }
}

fn proxies(check: &mut Check, evidence: &Evidence, way: &Way<'_>) {
    // Seen and empty is an answer: the network plugin does its work.
    let Some(proxies) = check.look(&evidence.proxies, "the kube-proxies") else { return };
    let mut by_name: BTreeMap<&str, Vec<&Node>> = BTreeMap::new();
    for node in evidence.nodes.seen().into_iter().flatten() {
        by_name.entry(&node.name).or_default().push(node);
    }
    for proxy in proxies {
        let object = format!("kube-proxy on {}", proxy.on);
        let Some(version) = check.look(&proxy.version, &object) else { continue };
        follower(check, object.clone(), version, way);
        // Nodes that could not be listed, and a kubelet without a version, have been named by the check of kubelets.
        if evidence.nodes.seen().is_none() {
            continue;
        }
        let Some(beside) = by_name.get(proxy.on.as_str()) else {
            check.not_seen(&object, "the cluster lists no node of that name, with whose kubelet it has to agree");
            continue;
        };
        for kubelet in beside.iter().filter_map(|node| node.kubelet.seen()) {
            beside_kubelet(check, object.clone(), version, kubelet);
        }
    }
}

/// The rules of kubelet and kube-proxy, which follow the API servers.
fn follower(check: &mut Check, object: String, version: &KubeVersion, way: &Way<'_>) {
    if let Some(server) = way.older_server(version) {
        return check.newer(object, version, server);
    }
    let behind = allowed_behind(version);
    if let Some(stop) = way.first_too_far(version, behind) {
        let rule = format!("In that version it may be {behind} minors older than the API server.");
        check.older(object, version, (stop, &way.shown(stop)), &rule, back(stop, behind));
    }
}

fn beside_kubelet(check: &mut Check, object: String, version: &KubeVersion, kubelet: &KubeVersion) {
    let (apart, allowed) = (kubelet.line.ahead_of(version.line).abs(), allowed_behind(version));
    if apart > allowed {
        check.found(
            Finding::new(
                SKEW,
                object,
                format!("It runs {version}, {apart} minors from the kubelet's {kubelet} beside it."),
            )
            .expected(format!("They may be {allowed} minors apart."))
            .source(POLICY)
            .clears("Bring kube-proxy and kubelet of the node closer together."),
        );
    }
}

/// The release line `by` minors before `line`.
fn back(line: Minor, by: i64) -> Minor {
    Minor { major: line.major, minor: u32::try_from(i64::from(line.minor) - by).unwrap_or(0) }
}

impl Check {
    fn newer(&mut self, object: String, version: &KubeVersion, server: &KubeVersion) {
        self.found(
            Finding::new(SKEW, object, format!("It runs {version}, newer than the API server's {server}."))
                .summary("a component is newer than its API server")
                .expected("It is never newer than the API server.")
                .source(POLICY)
                .clears("Upgrade the API servers before everything else."),
        );
    }

    fn older(
        &mut self,
        object: String,
        version: &KubeVersion,
        (stop, server): (Minor, &str),
        rule: &str,
        least: Minor,
    ) {
        let finding = Finding::new(SKEW, object, format!("It runs {version}; the API server would run {server}."))
            .summary("a component is too old for the target")
            .expected(rule)
            .source(POLICY)
            .clears(format!("Bring it to {least} or newer before the API servers go to {server}."));
        self.found(Found::from(finding).at(stop));
    }
}
