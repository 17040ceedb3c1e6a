//! The lifecycle of Kubernetes' own APIs, from 1.16 to 1.43.

use schemars::JsonSchema;
use serde::Serialize;

use crate::gate::day::Day;
use crate::gate::version::Minor;

/// The last release line whose removals were read from its sources. Beyond it the verdict is `unknown`.
pub const REVIEWED_THROUGH: Minor = Minor::of(37);

/// Where a row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Source {
    /// What was read.
    pub what: &'static str,
    /// The day on which it was read, `YYYY-MM-DD`.
    pub checked_on: &'static str,
}

/// The lifecycle markers of the API's own Go types.
const LIFECYCLE: Source = Source { what: "k8s.io/api, zz_generated.prerelease-lifecycle.go", checked_on: "2026-07-24" };
/// The project's migration guide, for types that left the tree before the markers came.
const GUIDE: Source =
    Source { what: "Kubernetes documentation, deprecated API migration guide", checked_on: "2026-11-20" };

/// An API version of some resources that is no longer served from a release on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RemovedApi {
    /// First release line that does not serve it.
    pub removed_in: Minor,
    /// API group; empty for the core group.
    pub group: &'static str,
    /// Version within the group.
    pub version: &'static str,
    /// Resources as in URLs; empty for all of that version.
    pub resources: &'static [&'static str],
    /// Where this comes from.
    pub source: Source,
}

impl RemovedApi {
    /// Whether it covers that resource.
    pub fn covers(&self, group: &str, version: &str, resource: &str) -> bool {
        self.group == group
            && self.version == version
            && (self.resources.is_empty() || self.resources.contains(&resource))
    }

    /// `group/version`, as an `apiVersion`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }
}

const fn row(
    minor: u32,
    group: &'static str,
    version: &'static str,
    resources: &'static [&'static str],
    source: Source,
) -> RemovedApi {
    assert!(!source.what.is_empty(), "a row says where it was read");
    assert!(Day::is_day(source.checked_on), "a row says on which day it was read");
    RemovedApi { removed_in: Minor::of(minor), group, version, resources, source }
}

/// Removed APIs, by release.
pub const REMOVED_APIS: &[RemovedApi] = &[
    row(16, "apps", "v1beta1", &[], LIFECYCLE),
    row(16, "apps", "v1beta2", &[], LIFECYCLE),
    row(16, "extensions", "v1beta1", &["daemonsets", "deployments", "networkpolicies", "replicasets"], LIFECYCLE),
    row(16, "extensions", "v1beta1", &["podsecuritypolicies"], GUIDE),
    row(22, "admissionregistration.k8s.io", "v1beta1", WEBHOOKS, LIFECYCLE),
    row(22, "apiextensions.k8s.io", "v1beta1", &["customresourcedefinitions"], GUIDE),
    row(22, "apiregistration.k8s.io", "v1beta1", &["apiservices"], GUIDE),
    row(22, "authentication.k8s.io", "v1beta1", &["tokenreviews"], LIFECYCLE),
    row(22, "authorization.k8s.io", "v1beta1", &[], LIFECYCLE),
    row(22, "certificates.k8s.io", "v1beta1", &["certificatesigningrequests"], LIFECYCLE),
    row(22, "coordination.k8s.io", "v1beta1", &["leases"], LIFECYCLE),
    row(22, "extensions", "v1beta1", &["ingresses"], LIFECYCLE),
    row(22, "networking.k8s.io", "v1beta1", &["ingresses", "ingressclasses"], LIFECYCLE),
    row(22, "rbac.authorization.k8s.io", "v1beta1", &[], LIFECYCLE),
    row(22, "scheduling.k8s.io", "v1beta1", &["priorityclasses"], LIFECYCLE),
    row(22, "storage.k8s.io", "v1beta1", &["csidrivers", "csinodes", "storageclasses", "volumeattachments"], LIFECYCLE),
    row(24, "storage.k8s.io", "v1alpha1", &["csistoragecapacities", "volumeattachments"], LIFECYCLE),
    row(25, "autoscaling", "v2beta1", &[], GUIDE),
    row(25, "batch", "v1beta1", &["cronjobs"], LIFECYCLE),
    row(25, "discovery.k8s.io", "v1beta1", &["endpointslices"], LIFECYCLE),
    row(25, "events.k8s.io", "v1beta1", &["events"], LIFECYCLE),
    row(25, "node.k8s.io", "v1beta1", &["runtimeclasses"], LIFECYCLE),
    row(25, "policy", "v1beta1", &["evictions", "poddisruptionbudgets"], LIFECYCLE),
    row(25, "policy", "v1beta1", &["podsecuritypolicies"], GUIDE),
    row(26, "autoscaling", "v2beta2", &[], GUIDE),
    row(26, "flowcontrol.apiserver.k8s.io", "v1beta1", &[], LIFECYCLE),
    row(27, "storage.k8s.io", "v1beta1", &["csistoragecapacities"], LIFECYCLE),
    row(29, "flowcontrol.apiserver.k8s.io", "v1beta2", &[], LIFECYCLE),
    row(32, "admissionregistration.k8s.io", "v1alpha1", VALIDATING_POLICIES, LIFECYCLE),
    row(32, "authentication.k8s.io", "v1alpha1", &[], LIFECYCLE),
    row(32, "flowcontrol.apiserver.k8s.io", "v1beta3", &[], LIFECYCLE),
    row(33, "authentication.k8s.io", "v1beta1", &["selfsubjectreviews"], LIFECYCLE),
    row(34, "admissionregistration.k8s.io", "v1beta1", VALIDATING_POLICIES, LIFECYCLE),
    row(35, "apidiscovery.k8s.io", "v2beta1", &[], LIFECYCLE),
    row(35, "storage.k8s.io", "v1alpha1", &["volumeattributesclasses"], LIFECYCLE),
    row(37, "certificates.k8s.io", "v1alpha1", &["clustertrustbundles"], LIFECYCLE),
    row(37, "networking.k8s.io", "v1beta1", &["ipaddresses", "servicecidrs"], LIFECYCLE),
    row(37, "scheduling.k8s.io", "v1alpha2", &[], CHANGE_138572),
    row(37, "storage.k8s.io", "v1beta1", &["volumeattributesclasses"], LIFECYCLE),
    row(38, "admissionregistration.k8s.io", "v1alpha1", MUTATING_POLICIES, LIFECYCLE),
    row(38, "coordination.k8s.io", "v1alpha2", &["leasecandidates"], LIFECYCLE),
    row(38, "resource.k8s.io", "v1beta1", &[], LIFECYCLE),
    row(39, "coordination.k8s.io", "v1beta1", &["leasecandidates"], LIFECYCLE),
    row(39, "resource.k8s.io", "v1alpha3", &["devicetaintrules"], LIFECYCLE),
    row(39, "resource.k8s.io", "v1beta2", DEVICE_KINDS, LIFECYCLE),
    row(40, "admissionregistration.k8s.io", "v1beta1", MUTATING_POLICIES, LIFECYCLE),
    row(40, "certificates.k8s.io", "v1beta1", &["clustertrustbundles", "podcertificaterequests"], LIFECYCLE),
    row(40, "storagemigration.k8s.io", "v1beta1", &[], LIFECYCLE),
    row(42, "resource.k8s.io", "v1alpha3", &["resourcepoolstatusrequests"], LIFECYCLE),
    row(42, "resource.k8s.io", "v1beta2", &["devicetaintrules"], LIFECYCLE),
    row(43, "lifecycle.k8s.io", "v1alpha1", &[], LIFECYCLE),
    row(43, "scheduling.k8s.io", "v1beta1", &["podgroups", "workloads"], LIFECYCLE),
];

const WEBHOOKS: &[&str] = &["mutatingwebhookconfigurations", "validatingwebhookconfigurations"];
const VALIDATING_POLICIES: &[&str] = &["validatingadmissionpolicies", "validatingadmissionpolicybindings"];
const MUTATING_POLICIES: &[&str] = &["mutatingadmissionpolicies", "mutatingadmissionpolicybindings"];
const DEVICE_KINDS: &[&str] = &["deviceclasses", "resourceclaims", "resourceclaimtemplates", "resourceslices"];
/// Left the tree without a lifecycle marker, so the generated table alone would have missed it.
const CHANGE_138572: Source = Source { what: "kubernetes/kubernetes#138572", checked_on: "2026-11-20" };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_in_order_and_say_each_removal_once() {
        for pair in REMOVED_APIS.windows(2) {
            assert!(pair[0].removed_in <= pair[1].removed_in, "{:?} before {:?}", pair[0], pair[1]);
        }
        for (index, left) in REMOVED_APIS.iter().enumerate() {
            for right in &REMOVED_APIS[index + 1..] {
                let overlap = left.resources.is_empty()
                    || right.resources.is_empty()
                    || left.resources.iter().any(|resource| right.resources.contains(resource));
                let same_version = left.group == right.group && left.version == right.version;
                assert!(!(same_version && overlap), "{left:?} and {right:?} say the same");
            }
        }
    }

    /// In a table, which is made while it is compiled, this is an error of the build.
    #[test]
    #[should_panic(expected = "a row says where it was read")]
    fn a_row_without_a_source_is_not_built() {
        let source = Source { what: "", checked_on: "2026-11-21" };
        let _ = row(38, "apps", "v0", &[], source);
    }

    #[test]
    #[should_panic(expected = "a row says on which day it was read")]
    fn a_row_without_a_day_is_not_built() {
        let source = Source { what: "a page", checked_on: "last week" };
        let _ = row(38, "apps", "v0", &[], source);
    }
}
