//! The provider of DNS records.

use crate::prelude::*;

/// Where the DNS records of the house are kept, and what proxied ones point to.
///
/// The token needs the permission "DNS edit" for the zone; where `zone` or `zone_id` is left out also "Zone read", with which
/// the one is looked up by the other.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct Dns {
    /// Who keeps the zone: `cloudflare`. Environment: `HOMELAB_DNS_PROVIDER`. Default: `cloudflare`.
    #[model(optional)]
    pub provider: Attr<DnsProvider>,
    /// Token of the API. Environment: `CLOUDFLARE_API_TOKEN`.
    #[model(optional, sensitive)]
    pub api_token: Attr<Sensitive<String>>,
    /// Identifier of the zone, 32 hexadecimal digits. Left out, it is looked up by `zone`. Environment:
    /// `HOMELAB_DNS_ZONE_ID`.
    #[model(optional)]
    pub zone_id: Attr<String>,
    /// Name of the zone, such as `example.net`. Left out, it is looked up by `zone_id`. Environment: `HOMELAB_DNS_ZONE`.
    #[model(optional)]
    pub zone: Attr<String>,
    /// Identifier of the tunnel that proxied records lead to: they become a CNAME to `<tunnel_id>.cfargotunnel.com`.
    /// Environment: `HOMELAB_DNS_TUNNEL_ID`.
    #[model(optional)]
    pub tunnel_id: Attr<String>,
    /// What proxied records lead to where it is no tunnel: a host name, which makes a CNAME, or an address, which makes an A
    /// or AAAA. Environment: `HOMELAB_DNS_PROXIED_TARGET`.
    #[model(optional)]
    pub proxied_target: Attr<String>,
    /// Whether records of others may be overwritten everywhere, as `dns_overwrite` of a resource says it for one.
    /// Environment: `HOMELAB_DNS_OVERWRITE`. Default: `false`.
    #[model(optional)]
    pub overwrite: Attr<bool>,
    /// Address of the API, for proxies and tests. Without TLS it must be on this machine. Environment:
    /// `HOMELAB_DNS_BASE_URL`. Default: `https://api.cloudflare.com/client/v4`.
    #[model(optional)]
    pub base_url: Attr<String>,
}

/// A provider of DNS records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Leaf, JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum DnsProvider {
    /// Cloudflare, by the version 4 of its API.
    Cloudflare,
}
