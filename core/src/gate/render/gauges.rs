//! The two gauges of the older gate, for a Pushgateway.

use std::fmt;

use super::nightly::{Nightly, State};
use crate::gate::report::Verdict;

/// Both gauges: shown as the Prometheus text format, always both and definite, so that neither flaps between two runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gauges {
    /// `k8s_upgrade_blocked`: 1 where somebody has to act, or something could not be measured.
    pub blocked: u8,
    /// `k8s_upgrade_held`: 1 where only upstream or a lifted pin opens the way.
    pub held: u8,
}

/// The gauges of a night. What could not be measured counts as blocked, as an error of the older gate did; where the target
/// runs everywhere, nothing is blocked or held, as after the older chain's last step.
pub fn gauges(nightly: &Nightly) -> Gauges {
    let verdict = nightly.report.verdict;
    let is_stale = nightly.state == State::Stale;
    let is_blocked = is_stale || matches!(verdict, Verdict::Blocked | Verdict::Unknown);
    let is_held = !is_stale && verdict == Verdict::Held;
    Gauges { blocked: u8::from(nightly.is_due() && is_blocked), held: u8::from(nightly.is_due() && is_held) }
}

impl fmt::Display for Gauges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { blocked, held } = self;
        write!(
            f,
            "# HELP k8s_upgrade_blocked Whether somebody has to act before the upgrade, or something was not measured.\n\
             # TYPE k8s_upgrade_blocked gauge\n\
             k8s_upgrade_blocked {blocked}\n\
             # HELP k8s_upgrade_held Whether only upstream or a lifted pin opens the way.\n\
             # TYPE k8s_upgrade_held gauge\n\
             k8s_upgrade_held {held}\n"
        )
    }
}
