//! Defaults of all probes.

use crate::prelude::*;

/// Defaults of all probes.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct Probe {
    /// DNS server to ask, as `address` or `address:port`; left out, that of the system. Environment:
    /// `HOMELAB_PROBE_RESOLVER`.
    #[model(optional)]
    pub resolver: Attr<String>,
    /// Address to connect to instead of what DNS says, as `address` or `address:port`; name and certificate stay those of the
    /// target. Environment: `HOMELAB_PROBE_CONNECT_TO`.
    #[model(optional)]
    pub connect_to: Attr<String>,
    /// Certificate authorities to trust beside those of the system, as the path of a PEM file. Environment:
    /// `HOMELAB_PROBE_CA_FILE`.
    #[model(optional)]
    pub ca_file: Attr<String>,
    /// Time limit of one request, such as `10s`. Environment: `HOMELAB_PROBE_TIMEOUT`. Default: `10s`.
    #[model(optional)]
    pub timeout: Attr<String>,
    /// Fresh connections per target before it is judged walled. Environment: `HOMELAB_PROBE_SAMPLES`. Default: `3`.
    #[model(optional)]
    pub samples: Attr<u16>,
    /// How many of the samples have to agree; left out, more than half of them. Environment: `HOMELAB_PROBE_THRESHOLD`.
    #[model(optional)]
    pub threshold: Attr<u16>,
    /// Allow targets at private, loopback and link-local addresses. Environment: `HOMELAB_PROBE_ALLOW_PRIVATE`. Default:
    /// `false`.
    #[model(optional)]
    pub allow_private: Attr<bool>,
    /// Requests at a time, over all targets. Environment: `HOMELAB_PROBE_CONCURRENCY`. Default: `16`.
    #[model(optional)]
    pub concurrency: Attr<u16>,
}
