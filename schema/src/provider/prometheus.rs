//! Prometheus, which the upgrade gate asks.

use crate::prelude::*;

/// Prometheus, as a source of the upgrade gate's evidence: alerts, requests of deprecated APIs over time, etcd, hosts.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct Prometheus {
    /// Its address, such as `https://prometheus.example.net`. Environment: `HOMELAB_PROMETHEUS_URL`.
    #[model(optional)]
    pub url: Attr<String>,
    /// Bearer token. Environment: `HOMELAB_PROMETHEUS_TOKEN`.
    #[model(optional, sensitive)]
    pub token: Attr<Sensitive<String>>,
    /// File that holds a bearer token. Environment: `HOMELAB_PROMETHEUS_TOKEN_FILE`.
    #[model(optional)]
    pub token_file: Attr<String>,
    /// Certificate authorities to trust instead of those of the system, as the path of a PEM file. Environment:
    /// `HOMELAB_PROMETHEUS_CA_CERT_FILE`.
    #[model(optional)]
    pub ca_cert_file: Attr<String>,
    /// Time limit of one request, such as `10s`. Environment: `HOMELAB_PROMETHEUS_TIMEOUT`. Default: `30s`.
    #[model(optional)]
    pub timeout: Attr<String>,
}
