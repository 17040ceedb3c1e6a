//! Words of an ingress.

use crate::prelude::*;

/// What is in front of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Leaf, JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum Auth {
    /// The gate.
    Required,
    /// Nothing: the app signs in by itself.
    App,
    /// The gate's guest form.
    Public,
    /// Nothing: open to everybody.
    None,
}

impl Auth {
    /// Whether a request reaches the app without having met the gate in any form.
    pub fn is_open(self) -> bool {
        matches!(self, Self::App | Self::None)
    }
}

/// How a path matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Leaf, JsonSchema)]
pub enum PathType {
    /// The path, and everything below it.
    #[leaf(rename = "Prefix")]
    Prefix,
    /// The path alone.
    #[leaf(rename = "Exact")]
    Exact,
    /// As the ingress controller likes.
    #[leaf(rename = "ImplementationSpecific")]
    ImplementationSpecific,
}

/// How Traefik speaks to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Leaf, JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum Scheme {
    /// Plain.
    Http,
    /// With TLS.
    Https,
    /// HTTP/2 without TLS.
    H2c,
}

/// Which public records a host gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Leaf, JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum DnsMode {
    /// Through the provider's own servers or its tunnel.
    Proxied,
    /// Straight to the addresses of the house.
    NonProxied,
    /// In the internal DNS.
    Internal,
    /// None.
    None,
}

/// What a path is declared to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Leaf, JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum Expect {
    /// Reachable without the gate.
    Public,
    /// Behind the gate.
    Gated,
}
