//! Are objects of custom resources stored in versions that are still served.
//!
//! `status.storedVersions` names every version in which an object may lie in etcd. One that is no longer served cannot be
//! read back as it was written, and the definition cannot drop it while it stands there.

use super::checks::CheckName;
use super::judge::{Case, Check};
use crate::finding::Finding;
use crate::finding::gate::CRD_STORED_VERSION;

/// The check. A cluster without custom resources has nothing to find.
pub(super) fn check(case: &Case<'_>) -> Check {
    let mut check = Check::new(CheckName::Crds);
    let Some(resources) = check.look(&case.evidence.custom_resources, "custom resources") else { return check };
    for resource in resources {
        let object = format!("CustomResourceDefinition {}", resource.name);
        if resource.stored.is_empty() {
            check.not_seen(&object, "its status names no stored version");
        }
        for version in resource.stored.iter().filter(|version| !resource.served.contains(version)) {
            check.found(
                Finding::new(CRD_STORED_VERSION, &object, format!("Objects may be stored as {version}."))
                    .expected(format!("It serves {}.", resource.served.join(", ")))
                    .source("its status.storedVersions"),
            );
        }
    }
    check
}
