//! Does a critical alert fire.
//!
//! An empty list of alerts has several meanings. It is quiet only where the monitoring answered, has rules, looked at them a
//! moment ago, and each critical one of them could have fired.

use super::checks::CheckName;
use super::judge::{Case, Check};
use crate::finding::Finding;
use crate::finding::gate::{ALERT_BLIND, ALERT_FIRING};

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
    let matters = |name: &String, severity: &str| severity == "critical" && !case.request.ignored_alerts.contains(name);
    for alert in alerts.firing.iter().filter(|alert| matters(&alert.name, &alert.severity)) {
        check.found(Finding::new(ALERT_FIRING, format!("alert {}", alert.name), "It fires, and is critical."));
    }
    for rule in alerts.blind.iter().filter(|rule| matters(&rule.name, &rule.severity)) {
        let object = format!("alert {}", rule.name);
        if rule.never {
            check.found(Finding::new(ALERT_BLIND, object, format!("It cannot fire: {}.", rule.why)));
        } else {
            check.not_seen(&object, &format!("it cannot fire: {}", rule.why));
        }
    }
    check
}
