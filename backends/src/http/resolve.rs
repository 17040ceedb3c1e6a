//! From names to addresses.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use homelab_core::probe::ConnectTo;

use super::dns;

/// Who knows the addresses of names.
#[async_trait]
pub trait Resolve: Send + Sync + 'static {
    /// Every address of `host`, in the order in which they are to be tried.
    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError>;
}

/// Why there is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// The name has none, for certain.
    #[error("it has no address")]
    Absent,
    /// It could not be found out: a fragment that says why.
    #[error("{0}")]
    Failed(String),
}

/// The resolver at `server`, or the system's.
pub(super) fn of(server: Option<&ConnectTo>) -> Arc<dyn Resolve> {
    match server {
        Some(server) => Arc::new(dns::Server { host: server.host.clone(), port: server.port.unwrap_or(53) }),
        None => Arc::new(System),
    }
}

/// What the machine's own programs would use, its hosts file included.
struct System;

#[async_trait]
impl Resolve for System {
    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        match tokio::net::lookup_host((host, 0)).await {
            Ok(addresses) => {
                let mut unique = Vec::new();
                for address in addresses.map(|address| address.ip()) {
                    if !unique.contains(&address) {
                        unique.push(address);
                    }
                }
                Ok(unique)
            }
            Err(error) => {
                // `getaddrinfo` has codes for this, but only its text comes through.
                let text = error.to_string();
                let absent = ["not known", "No address", "nodename nor servname"];
                if absent.iter().any(|part| text.contains(part)) {
                    Err(ResolveError::Absent)
                } else {
                    Err(ResolveError::Failed(text))
                }
            }
        }
    }
}
