//! Do manifests that are not in the cluster itself use an API that the target no longer serves.
//!
//! Helm renders its next upgrade from the manifest of the last release, and fails on an API that is gone even where the
//! object itself has long moved on. A folder of manifests is what somebody will apply next.

use super::checks::CheckName;
use super::evidence::ManifestUse;
use super::judge::{Case, Check, Found};
use super::removed_apis::{removal, reviewed};
use super::report::Tier;
use crate::finding::Finding;
use crate::finding::gate::REMOVED_API;

/// The check.
pub(super) fn check(case: &Case<'_>) -> Check {
    let mut check = Check::new(CheckName::Manifests);
    reviewed(&mut check, &case.request.target);
    for (measured, what) in [
        (&case.evidence.helm_uses, "manifests of Helm releases"),
        (&case.evidence.folder_uses, "the folder of manifests"),
    ] {
        for used in check.look(measured, what).into_iter().flatten() {
            judge(&mut check, case, used);
        }
    }
    check
}

fn judge(check: &mut Check, case: &Case<'_>, used: &ManifestUse) {
    let (group, version) = used.api_version.split_once('/').unwrap_or(("", &used.api_version));
    let Some(row) = removal(group, version, &plural(&used.kind), case.request.target.line) else { return };
    let object = format!("{} {} in {}", used.kind, used.name, used.place);
    let finding = Finding::new(REMOVED_API, object, format!("It is written as {}.", used.api_version))
        .expected(format!("{} no longer serves that version.", row.removed_in))
        .source(row.source.what)
        .clears("Write it in the newer version of the API, and roll that out before the upgrade.");
    check.found(Found::from(finding).tier(Tier::Declared).checked_on(row.source.checked_on).at(row.removed_in));
}

/// The resource of one of Kubernetes' own kinds, which are plain English plurals in lower case.
fn plural(kind: &str) -> String {
    let kind = kind.to_ascii_lowercase();
    match kind.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if kind.ends_with('s') => format!("{kind}es"),
        None => format!("{kind}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_become_resources() {
        for (kind, resource) in [
            ("Ingress", "ingresses"),
            ("NetworkPolicy", "networkpolicies"),
            ("CronJob", "cronjobs"),
            ("PodDisruptionBudget", "poddisruptionbudgets"),
            ("IPAddress", "ipaddresses"),
            ("ServiceCIDR", "servicecidrs"),
        ] {
            assert_eq!(plural(kind), resource);
        }
    }
}
