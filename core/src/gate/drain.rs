//! Can every node be drained, and who notices.
//!
//! An eviction that a budget refuses is asked for again and again; the scripts that people run delete the pod in the end,
//! against the budget. So what would block is named before, with what would be away meanwhile.

use std::collections::BTreeMap;

use super::checks::CheckName;
use super::evidence::{Condition, NodeState, Placement, Pod};
use super::judge::{Case, Check};
use crate::finding::Finding;
use crate::finding::gate::{BARE_POD, BUDGET_BLOCKS, LOCAL_VOLUME, NOWHERE_TO_GO, SINGLE_REPLICA};

/// The check.
pub(super) fn check(case: &Case<'_>) -> Check {
    let mut check = Check::new(CheckName::Drain);
    budgets(&mut check, case);
    for workload in check.look_at_some(&case.evidence.workloads, "workloads").into_iter().flatten() {
        if workload.replicas == 1 {
            let object = format!("{} {}/{}", workload.kind, workload.namespace, workload.name);
            check.found(Finding::new(SINGLE_REPLICA, object, "It has one replica."));
        }
    }
    if let Some(pods) = check.look_at_some(&case.evidence.pods, "pods") {
        let moving: Vec<&Pod> = pods.iter().filter(|pod| moves(pod)).collect();
        for pod in &moving {
            single(&mut check, pod);
        }
        if let Some(nodes) = check.look_at_some(&case.evidence.node_states, "the nodes") {
            places(&mut check, nodes, &moving);
        }
    }
    check
}

fn budgets(check: &mut Check, case: &Case<'_>) {
    for budget in check.look(&case.evidence.budgets, "disruption budgets").into_iter().flatten() {
        let object = format!("PodDisruptionBudget {}/{}", budget.namespace, budget.name);
        if !budget.up_to_date {
            check.not_seen(&object, "its status is not of its current form");
        } else if budget.pods > 0 && budget.allowed == 0 {
            let finding = Finding::new(BUDGET_BLOCKS, object, "It lets none of its pods go now.");
            check.found(finding.expected("One at a time may go, so that a node can be drained."));
        }
    }
}

/// Whether a drain moves it: what a kubelet runs from a file and what belongs on every node stays.
fn moves(pod: &Pod) -> bool {
    let on_every_node = pod.owner.as_ref().is_some_and(|owner| owner.kind == "DaemonSet");
    !pod.from_file && !on_every_node && !pod.node.is_empty()
}

fn single(check: &mut Check, pod: &Pod) {
    if pod.owner.is_none() {
        check.found(Finding::new(BARE_POD, pod.object(), "Nothing would make it again."));
    }
    if !pod.local_volumes.is_empty() {
        let observed = format!("It keeps data in {}.", pod.local_volumes.join(", "));
        check.found(Finding::new(LOCAL_VOLUME, pod.object(), observed));
    }
}

/// Pods that fit no other node than the one they run on.
fn places(check: &mut Check, nodes: &[NodeState], pods: &[&Pod]) {
    if let [only] = nodes {
        let finding = Finding::new(NOWHERE_TO_GO, format!("node {}", only.name), "It is the only node of the cluster.")
            .expected("What runs on it has nowhere to go while it is drained.");
        return check.found(finding);
    }
    // Thousands of pods share a few ways to be placed, and two nodes that fit are as good as all.
    let mut fitting: BTreeMap<&Placement, Vec<&str>> = BTreeMap::new();
    for pod in pods {
        let names = fitting.entry(&pod.placement).or_insert_with(|| {
            let fits = nodes.iter().filter(|node| !node.cordoned && fits(&pod.placement, node));
            fits.map(|node| node.name.as_str()).take(2).collect()
        });
        if !names.iter().any(|name| *name != pod.node) {
            let finding =
                Finding::new(NOWHERE_TO_GO, pod.object(), format!("A pod of it fits no other node than {}.", pod.node));
            check.found(finding.expected("Its selector, its affinity and its tolerations allow another."));
        }
    }
}

fn fits(placement: &Placement, node: &NodeState) -> bool {
    let selected = placement.selector.iter().all(|(key, value)| node.labels.get(key) == Some(value));
    let near = placement.any_of.is_empty()
        || placement.any_of.iter().any(|all| all.iter().all(|condition| holds(condition, node)));
    let tolerated = node.taints.iter().filter(|taint| !taint.ends_with(":PreferNoSchedule"));
    let tolerated =
        { tolerated }.all(|taint| placement.tolerates.iter().any(|toleration| tolerates(toleration, taint)));
    selected && near && tolerated
}

fn holds(condition: &Condition, node: &NodeState) -> bool {
    let value = match condition.key.as_str() {
        "metadata.name" => Some(&node.name),
        key => node.labels.get(key),
    };
    match condition.operator.as_str() {
        "In" => value.is_some_and(|value| condition.values.contains(value)),
        "NotIn" => value.is_none_or(|value| !condition.values.contains(value)),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        _ => true,
    }
}

/// `key=value:effect`, where an empty value or effect of the toleration stands for any, and `*` for every taint.
fn tolerates(toleration: &str, taint: &str) -> bool {
    let parts = |text: &str| {
        let (rest, effect) = text.rsplit_once(':').unwrap_or((text, ""));
        let (key, value) = rest.split_once('=').unwrap_or((rest, ""));
        (key.to_owned(), value.to_owned(), effect.to_owned())
    };
    let ((key, value, effect), (of_key, of_value, of_effect)) = (parts(toleration), parts(taint));
    let any_or = |mine: &str, other: &str| mine.is_empty() || mine == other;
    (key == "*" || key == of_key) && any_or(&value, &of_value) && any_or(&effect, &of_effect)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, labels: &[(&str, &str)], taints: &[&str]) -> NodeState {
        NodeState {
            name: name.to_owned(),
            labels: labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            taints: taints.iter().map(|taint| (*taint).to_owned()).collect(),
            ..NodeState::default()
        }
    }

    #[test]
    fn placement_follows_the_scheduler() {
        let gpu = node("gpu-1", &[("gpu", "yes"), ("zone", "a")], &["gpu=yes:NoSchedule"]);
        let plain = node("worker-1", &[("zone", "b")], &["old=:PreferNoSchedule"]);
        let free = Placement::default();
        assert!(fits(&free, &plain) && !fits(&free, &gpu), "a preference stops nobody, a taint does");
        for toleration in ["*", "gpu", "gpu=yes", "gpu=yes:NoSchedule", "gpu:NoSchedule", "*:NoSchedule"] {
            let placement = Placement { tolerates: vec![toleration.to_owned()], ..Placement::default() };
            assert!(fits(&placement, &gpu), "{toleration}");
        }
        for toleration in ["other", "gpu=no", "gpu=yes:NoExecute"] {
            let placement = Placement { tolerates: vec![toleration.to_owned()], ..Placement::default() };
            assert!(!fits(&placement, &gpu), "{toleration}");
        }
        let when = |key: &str, operator: &str, values: &[&str]| Placement {
            any_of: vec![vec![Condition {
                key: key.to_owned(),
                operator: operator.to_owned(),
                values: values.iter().map(|value| (*value).to_owned()).collect(),
            }]],
            tolerates: vec!["*".to_owned()],
            ..Placement::default()
        };
        for (placement, on_gpu, on_plain) in [
            (when("zone", "In", &["a"]), true, false),
            (when("zone", "NotIn", &["a"]), false, true),
            (when("gpu", "Exists", &[]), true, false),
            (when("gpu", "DoesNotExist", &[]), false, true),
            (when("metadata.name", "In", &["worker-1"]), false, true),
            (when("cores", "Gt", &["8"]), true, true),
        ] {
            assert_eq!((fits(&placement, &gpu), fits(&placement, &plain)), (on_gpu, on_plain), "{placement:?}");
        }
    }
}
