//! Do the certificates of the cluster outlast the upgrade.

use super::checks::CheckName;
use super::judge::{Case, Check};
use crate::finding::Finding;
use crate::finding::gate::CERTIFICATE_ENDS;

/// The check.
pub(super) fn check(case: &Case<'_>) -> Check {
    let mut check = Check::new(CheckName::Certificates);
    let Some(certificates) = check.look_at_some(&case.evidence.certificates, "certificates") else { return check };
    let Some(today) = case.today else {
        check.not_seen("certificates", "nobody said what day it is");
        return check;
    };
    let days = case.request.thresholds.certificate_days;
    for certificate in certificates {
        if certificate.ends < today.plus(days) {
            let object = format!("certificate of {}", certificate.name);
            let ended = certificate.ends < today;
            let observed = if ended { "It ended on" } else { "It ends on" };
            let finding = Finding::new(CERTIFICATE_ENDS, object, format!("{observed} {}.", certificate.ends))
                .expected(format!("It is valid for {days} days or longer."));
            check.found(finding);
        }
    }
    check
}
