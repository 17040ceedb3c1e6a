//! The two gauges of the older gate, for a Pushgateway.

use crate::gate::report::{Report, Verdict};

/// `k8s_upgrade_blocked` and `k8s_upgrade_held` in the Prometheus text format: both, once and definitively, so that neither
/// flaps between two runs. What could not be measured counts as blocked, as an error of the older gate did.
pub fn gauges(report: &Report) -> String {
    let blocked = u8::from(matches!(report.verdict, Verdict::Blocked | Verdict::Unknown));
    let held = u8::from(report.verdict == Verdict::Held);
    format!(
        "# HELP k8s_upgrade_blocked Whether somebody has to act before the upgrade, or something could not be measured.\n\
         # TYPE k8s_upgrade_blocked gauge\n\
         k8s_upgrade_blocked {blocked}\n\
         # HELP k8s_upgrade_held Whether only upstream or a lifted pin opens the way.\n\
         # TYPE k8s_upgrade_held gauge\n\
         k8s_upgrade_held {held}\n"
    )
}
