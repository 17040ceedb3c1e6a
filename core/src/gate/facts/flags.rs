//! Flags and feature gates that are gone: a component that is given one of them does not start.
//!
//! The tables are differences between the sources of two releases, not a reading of changelogs, which leave some out. They
//! reach from 1.34 to [`super::REVIEWED_THROUGH`]; further back nothing is known, and a component that sets gates is then
//! not judged.

use super::apis::Source;
use crate::gate::day::Day;
use crate::gate::version::Minor;

/// The first release line whose removals are in the tables.
pub(in crate::gate) const GATES_REVIEWED_FROM: Minor = Minor::of(34);

/// Names that are gone from a release on.
pub(in crate::gate) struct Gone {
    /// The first release line without them.
    pub(in crate::gate) removed_in: Minor,
    /// The program; empty for every component.
    pub(in crate::gate) component: &'static str,
    /// The names.
    pub(in crate::gate) names: &'static [&'static str],
    /// Where this comes from.
    pub(in crate::gate) source: Source,
}

const fn gone(minor: u32, component: &'static str, names: &'static [&'static str], source: Source) -> Gone {
    assert!(!source.what.is_empty(), "a row says where it was read");
    assert!(Day::is_day(source.checked_on), "a row says on which day it was read");
    Gone { removed_in: Minor::of(minor), component, names, source }
}

const GATE_LIST: Source = Source {
    what: "kubernetes, test/compatibility_lifecycle/reference/versioned_feature_list.yaml, compared release by release",
    checked_on: "2026-11-21",
};
const FLAG_LIST: Source =
    Source { what: "kubernetes, the options of each component, compared release by release", checked_on: "2026-11-21" };
const KUBEADM: Source = Source { what: "kubernetes, cmd/kubeadm/app", checked_on: "2026-11-21" };

/// Feature gates that are gone.
pub(in crate::gate) const GATES: &[Gone] = &[
    gone(
        34,
        "",
        &[
            "DevicePluginCDIDevices",
            "ElasticIndexedJob",
            "LegacySidecarContainers",
            "PodDisruptionConditions",
            "StatefulSetStartOrdinal",
        ],
        GATE_LIST,
    ),
    gone(
        35,
        "",
        &[
            "AllowServiceLBStatusOnNonLB",
            "ComponentSLIs",
            "CronJobsScheduledAnnotation",
            "LoadBalancerIPMode",
            "PodIndexLabel",
            "ProbeHostPodSecurityStandards",
            "SizeMemoryBackedVolumes",
            "StatefulSetAutoDeletePVC",
            "StrictCostEnforcementForVAP",
            "StrictCostEnforcementForWebhooks",
            "UserNamespacesPodSecurityStandards",
        ],
        GATE_LIST,
    ),
    gone(
        36,
        "",
        &[
            "CPUCFSQuotaPeriod",
            "CSIMigrationPortworx",
            "HonorPVReclaimPolicy",
            "InPlacePodVerticalScalingAllocatedStatus",
            "InTreePluginPortworxUnregister",
            "MemoryManager",
            "RuntimeClassInImageCriAPI",
            "ServiceTrafficDistribution",
            "StructuredAuthorizationConfiguration",
            "TopologyAwareHints",
            "WatchFromStorageWithoutResourceVersion",
        ],
        GATE_LIST,
    ),
    gone(
        37,
        "",
        &[
            "APIServerTracing",
            "AnonymousAuthConfigurableEndpoints",
            "AnyVolumeDataSource",
            "AuthorizeNodeWithSelectors",
            "AuthorizeWithSelectors",
            "BtreeWatchCache",
            "ConsistentListFromCache",
            "GangScheduling",
            "JobBackoffLimitPerIndex",
            "JobPodReplacementPolicy",
            "JobSuccessPolicy",
            "LogarithmicScaleDown",
            "OrderedNamespaceDeletion",
            "PodLifecycleSleepAction",
            "PodLifecycleSleepActionAllowZero",
            "PreventStaticPodAPIReferences",
            "RelaxedDNSSearchValidation",
            "ResilientWatchCacheInitialization",
            "RetryGenerateName",
            "SchedulerQueueingHints",
            "SidecarContainers",
            "StreamingCollectionEncodingToJSON",
            "StreamingCollectionEncodingToProtobuf",
            "StructuredAuthenticationConfiguration",
            "WorkloadAwarePreemption",
        ],
        GATE_LIST,
    ),
];

/// Command line flags that are gone.
pub(in crate::gate) const REMOVED_FLAGS: &[Gone] = &[
    gone(34, "kubelet", &["cloud-config", "register-schedulable"], FLAG_LIST),
    // They had come in by accident, with a library.
    gone(
        37,
        "kubelet",
        &[
            "application_metrics_count_limit",
            "boot_id_file",
            "container_hints",
            "containerd",
            "containerd-namespace",
            "enable_load_reader",
            "event_storage_age_limit",
            "event_storage_event_limit",
            "global_housekeeping_interval",
            "log_cadvisor_usage",
            "machine_id_file",
            "storage_driver_buffer_duration",
            "storage_driver_db",
            "storage_driver_host",
            "storage_driver_password",
            "storage_driver_secure",
            "storage_driver_table",
            "storage_driver_user",
        ],
        FLAG_LIST,
    ),
];

/// Forms of kubeadm's configuration that are gone.
pub(in crate::gate) const KUBEADM_FORMS: &[Gone] = &[gone(37, "kubeadm", &["kubeadm.k8s.io/v1beta3"], KUBEADM)];

/// Flags that kubeadm writes into a static pod by itself, by component.
pub(in crate::gate) const KUBEADM_FLAGS: &[(&str, &[&str])] = &[
    (
        "kube-apiserver",
        &[
            "advertise-address",
            "allow-privileged",
            "authorization-mode",
            "client-ca-file",
            "enable-admission-plugins",
            "enable-bootstrap-token-auth",
            "etcd-cafile",
            "etcd-certfile",
            "etcd-keyfile",
            "etcd-servers",
            "kubelet-client-certificate",
            "kubelet-client-key",
            "kubelet-preferred-address-types",
            "proxy-client-cert-file",
            "proxy-client-key-file",
            "requestheader-allowed-names",
            "requestheader-client-ca-file",
            "requestheader-extra-headers-prefix",
            "requestheader-group-headers",
            "requestheader-username-headers",
            "secure-port",
            "service-account-issuer",
            "service-account-key-file",
            "service-account-signing-key-file",
            "service-cluster-ip-range",
            "tls-cert-file",
            "tls-private-key-file",
        ],
    ),
    (
        "kube-controller-manager",
        &[
            "allocate-node-cidrs",
            "authentication-kubeconfig",
            "authorization-kubeconfig",
            "bind-address",
            "client-ca-file",
            "cluster-cidr",
            "cluster-name",
            "cluster-signing-cert-file",
            "cluster-signing-key-file",
            "controllers",
            "kubeconfig",
            "leader-elect",
            "requestheader-client-ca-file",
            "root-ca-file",
            "service-account-private-key-file",
            "service-cluster-ip-range",
            "use-service-account-credentials",
        ],
    ),
    (
        "kube-scheduler",
        &["authentication-kubeconfig", "authorization-kubeconfig", "bind-address", "kubeconfig", "leader-elect"],
    ),
];

/// The value that kubeadm writes for a flag where nobody asked for another; `None` where it depends on the cluster.
pub(in crate::gate) fn generated_by_kubeadm(component: &str, flag: &str) -> Option<&'static str> {
    match (component, flag) {
        ("kube-apiserver", "authorization-mode") => Some("Node,RBAC"),
        ("kube-apiserver", "enable-admission-plugins") => Some("NodeRestriction"),
        ("kube-apiserver", "allow-privileged" | "enable-bootstrap-token-auth")
        | ("kube-controller-manager", "leader-elect" | "use-service-account-credentials")
        | ("kube-scheduler", "leader-elect") => Some("true"),
        ("kube-apiserver", "kubelet-preferred-address-types") => Some("InternalIP,ExternalIP,Hostname"),
        ("kube-controller-manager", "controllers") => Some("*,bootstrapsigner,tokencleaner"),
        ("kube-controller-manager" | "kube-scheduler", "bind-address") => Some("127.0.0.1"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::REVIEWED_THROUGH;

    #[test]
    fn the_tables_reach_as_far_as_the_facts_and_name_nothing_twice() {
        assert_eq!(GATES.first().map(|row| row.removed_in), Some(GATES_REVIEWED_FROM));
        assert_eq!(GATES.last().map(|row| row.removed_in), Some(REVIEWED_THROUGH));
        let mut names: Vec<&str> = GATES.iter().flat_map(|row| row.names).copied().collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert_eq!(REMOVED_FLAGS[1].names.len(), 18);
    }

    #[test]
    fn what_kubeadm_generates_with_a_fixed_value_it_generates() {
        for (component, flags) in KUBEADM_FLAGS {
            assert!(flags.windows(2).all(|pair| pair[0] < pair[1]), "{component}");
        }
        let apiserver = KUBEADM_FLAGS[0].1;
        assert!(apiserver.contains(&"authorization-mode") && !apiserver.contains(&"authentication-config"));
        assert_eq!(generated_by_kubeadm("kube-apiserver", "advertise-address"), None);
    }

    /// In a table, which is made while it is compiled, this is an error of the build.
    #[test]
    #[should_panic(expected = "a row says where it was read")]
    fn a_row_without_a_source_is_not_built() {
        let source = Source { what: "", checked_on: "2026-11-21" };
        let _ = gone(38, "kubelet", &["x"], source);
    }

    #[test]
    #[should_panic(expected = "a row says on which day it was read")]
    fn a_row_without_a_day_is_not_built() {
        let source = Source { what: "a page", checked_on: "last week" };
        let _ = gone(38, "kubelet", &["x"], source);
    }
}
