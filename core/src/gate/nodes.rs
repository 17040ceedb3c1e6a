//! Are the nodes ready, without pressure, and have they been for a while.

use super::checks::CheckName;
use super::evidence::NodeState;
use super::judge::{Case, Check};
use crate::finding::Finding;
use crate::finding::gate::{NODE_CORDONED, NODE_NOT_READY, NODE_PRESSURE, NODE_UNQUIET};

/// The check.
pub(super) fn check(case: &Case<'_>) -> Check {
    let mut check = Check::new(CheckName::Nodes);
    for node in check.look_at_some(&case.evidence.node_states, "the state of the nodes").into_iter().flatten() {
        judge(&mut check, case, node);
    }
    check
}

fn judge(check: &mut Check, case: &Case<'_>, node: &NodeState) {
    let object = format!("node {}", node.name);
    match node.ready.as_deref() {
        Some("True") => {}
        // `Unknown` is the control plane's word for a kubelet that does not report: the node is away.
        Some(status) => check.found(Finding::new(NODE_NOT_READY, &object, format!("Its Ready condition is {status}."))),
        None => check.not_seen(&object, "it reports no Ready condition"),
    }
    for pressure in &node.pressures {
        check.found(Finding::new(NODE_PRESSURE, &object, format!("It reports {pressure}.")));
    }
    let quiet = case.request.thresholds.quiet_seconds;
    match node.ready_for_seconds {
        Some(seconds) if seconds < quiet => {
            let finding = Finding::new(NODE_UNQUIET, &object, "Its Ready condition changed a moment ago.")
                .expected(format!("It has been ready for {quiet} seconds or longer."));
            check.found(finding);
        }
        Some(_) => {}
        None => check.not_seen(&object, "since when it is ready cannot be read"),
    }
    if node.cordoned {
        check.found(Finding::new(NODE_CORDONED, &object, "It takes no new pods."));
    }
}
