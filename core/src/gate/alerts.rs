//! Does a critical alert fire.
//!
//! An empty list of alerts has several meanings. It is quiet only where the monitoring answered, has rules, and looked at
//! them a moment ago.

use super::checks::CheckName;
use super::judge::{Case, Check};
use crate::finding::Finding;
use crate::finding::gate::ALERT_FIRING;

/// Rules are evaluated every minute or so; what has not been for longer says nothing about now.
const STALE_SECONDS: u64 = 600;

/// The check.
pub(super) fn check(case: &Case<'_>) -> Check {
    let mut check = Check::new(CheckName::Alerts);
    let Some(alerts) = check.look(&case.evidence.alerts, "alerts") else { return check };
    if alerts.rules == 0 {
        check.not_seen("alerts", "no alerting rule is loaded, so that none can fire");
    }
    if alerts.evaluated_seconds_ago > STALE_SECONDS {
        check.not_seen("alerts", "the rules have not been evaluated for a while");
    }
    for alert in &alerts.firing {
        let ignored = case.request.ignored_alerts.contains(&alert.name);
        if alert.severity == "critical" && !ignored {
            check.found(Finding::new(ALERT_FIRING, format!("alert {}", alert.name), "It fires, and is critical."));
        }
    }
    check
}
