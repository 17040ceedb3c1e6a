//! Has somebody switched upgrades off.

use super::checks::CheckName;
use super::judge::{Case, Check};
use crate::finding::Finding;
use crate::finding::gate::KILL_SWITCH;

/// The check: a switch that cannot be read is not off.
pub(super) fn check(case: &Case<'_>) -> Check {
    let mut check = Check::new(CheckName::KillSwitch);
    if let Some(Some(reason)) = check.look(&case.evidence.kill_switch, "the kill switch") {
        let reason = reason.trim();
        let observed = if reason.is_empty() { "It is on.".to_owned() } else { format!("It is on: {reason}") };
        check.found(Finding::new(KILL_SWITCH, "kill switch", observed));
    }
    check
}
