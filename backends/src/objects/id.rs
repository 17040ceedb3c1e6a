//! What names an object.

use std::fmt;

/// A kind of objects that this project knows, whatever version of it is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind {
    /// API group; empty for the core group.
    pub group: &'static str,
    /// Kind, such as `Ingress`.
    pub kind: &'static str,
    /// Name of its collection in paths, such as `ingresses`.
    pub plural: &'static str,
    /// The versions that we can render, preferred first; never empty. With a single one nothing is discovered.
    pub versions: &'static [&'static str],
    /// Whether its objects live in a namespace.
    pub namespaced: bool,
}

impl Kind {
    /// `group/version`, or the version alone for the core group.
    pub fn api_version(&self, version: &str) -> String {
        if self.group.is_empty() { version.to_owned() } else { format!("{}/{version}", self.group) }
    }

    /// The version that is used where nothing says what is served (a folder).
    pub fn preferred_version(&self) -> &'static str {
        self.versions.first().copied().unwrap_or("v1")
    }

    /// Whether every cluster serves it. The Gateway API comes as definitions, whatever its group is called.
    pub fn is_built_in(&self) -> bool {
        !self.group.contains('.') || (self.group.ends_with(".k8s.io") && !self.group.starts_with("gateway."))
    }

    /// An object of this kind; `namespace` is ignored for a cluster-wide kind.
    pub fn object(self, namespace: &str, name: &str) -> ObjectId {
        ObjectId { kind: self, namespace: self.namespaced.then(|| namespace.to_owned()), name: name.to_owned() }
    }
}

impl fmt::Display for Kind {
    /// `Ingress`, or `ExternalSecret.external-secrets.io` outside of the groups that every cluster has.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_built_in() { f.write_str(self.kind) } else { write!(f, "{}.{}", self.kind, self.group) }
    }
}

/// An object: kind, namespace and name. A version is no part of it, so that an upgrade of a CRD renames nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace; `None` for a cluster-wide kind.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

impl fmt::Display for ObjectId {
    /// `Ingress photos/share`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// The kinds that our resources make or refer to.
pub mod kinds {
    use super::Kind;

    const fn namespaced(
        group: &'static str,
        kind: &'static str,
        plural: &'static str,
        versions: &'static [&'static str],
    ) -> Kind {
        Kind { group, kind, plural, versions, namespaced: true }
    }

    /// Namespaces.
    pub const NAMESPACE: Kind =
        Kind { group: "", kind: "Namespace", plural: "namespaces", versions: &["v1"], namespaced: false };
    /// Services.
    pub const SERVICE: Kind = namespaced("", "Service", "services", &["v1"]);
    /// Secrets. Never read through a shared LIST: that would fetch the values of secrets that nobody asked for.
    pub const SECRET: Kind = namespaced("", "Secret", "secrets", &["v1"]);
    /// `ConfigMap`s.
    pub const CONFIG_MAP: Kind = namespaced("", "ConfigMap", "configmaps", &["v1"]);
    /// Service accounts.
    pub const SERVICE_ACCOUNT: Kind = namespaced("", "ServiceAccount", "serviceaccounts", &["v1"]);
    /// Pods.
    pub const POD: Kind = namespaced("", "Pod", "pods", &["v1"]);
    /// Deployments.
    pub const DEPLOYMENT: Kind = namespaced("apps", "Deployment", "deployments", &["v1"]);
    /// `StatefulSet`s.
    pub const STATEFUL_SET: Kind = namespaced("apps", "StatefulSet", "statefulsets", &["v1"]);
    /// `DaemonSet`s.
    pub const DAEMON_SET: Kind = namespaced("apps", "DaemonSet", "daemonsets", &["v1"]);
    /// Events of the core group.
    pub const EVENT: Kind = namespaced("", "Event", "events", &["v1"]);
    /// Ingresses.
    pub const INGRESS: Kind = namespaced("networking.k8s.io", "Ingress", "ingresses", &["v1"]);
    /// Ingress classes.
    pub const INGRESS_CLASS: Kind = Kind {
        group: "networking.k8s.io",
        kind: "IngressClass",
        plural: "ingressclasses",
        versions: &["v1"],
        namespaced: false,
    };
    /// Traefik's middlewares.
    pub const MIDDLEWARE: Kind = namespaced("traefik.io", "Middleware", "middlewares", &["v1alpha1"]);
    /// Traefik's own routes.
    pub const INGRESS_ROUTE: Kind = namespaced("traefik.io", "IngressRoute", "ingressroutes", &["v1alpha1"]);
    /// Traefik's own routes for TCP.
    pub const INGRESS_ROUTE_TCP: Kind = namespaced("traefik.io", "IngressRouteTCP", "ingressroutetcps", &["v1alpha1"]);
    /// HTTP routes of the Gateway API.
    pub const HTTP_ROUTE: Kind = namespaced("gateway.networking.k8s.io", "HTTPRoute", "httproutes", &["v1"]);
    /// gRPC routes of the Gateway API.
    pub const GRPC_ROUTE: Kind = namespaced("gateway.networking.k8s.io", "GRPCRoute", "grpcroutes", &["v1"]);
    /// External secrets; v1 since 0.16, v1beta1 up to 0.16.
    pub const EXTERNAL_SECRET: Kind =
        namespaced("external-secrets.io", "ExternalSecret", "externalsecrets", &["v1", "v1beta1"]);
    /// External secrets of many namespaces.
    pub const CLUSTER_EXTERNAL_SECRET: Kind = Kind {
        group: "external-secrets.io",
        kind: "ClusterExternalSecret",
        plural: "clusterexternalsecrets",
        versions: &["v1", "v1beta1"],
        namespaced: false,
    };
    /// Secrets of the cluster that are written to a store.
    pub const PUSH_SECRET: Kind = namespaced("external-secrets.io", "PushSecret", "pushsecrets", &["v1alpha1"]);
    /// Stores of external secrets, for one namespace.
    pub const SECRET_STORE: Kind = namespaced("external-secrets.io", "SecretStore", "secretstores", &["v1", "v1beta1"]);
    /// Stores of external secrets, for all namespaces.
    pub const CLUSTER_SECRET_STORE: Kind = Kind {
        group: "external-secrets.io",
        kind: "ClusterSecretStore",
        plural: "clustersecretstores",
        versions: &["v1", "v1beta1"],
        namespaced: false,
    };
}
