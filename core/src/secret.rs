//! Secrets: ExternalSecrets from declaration to object and back, and Secrets of the cluster as ephemeral values.
//!
//! # Forces
//!
//! - The operator writes to the same object. A duration that is not in its own canonical form goes over to it and conflicts
//!   for ever, so durations leave in that form; what it or the server adds is never compared: see [`render`](mod@render) and
//!   [`read_back`].
//! - The version of the API comes and goes with the operator's releases and is no part of a declaration.
//! - No value of a secret is ever in plan or state: the declaration knows names of keys, [`handle`] passes them on, and
//!   values live in ephemerals alone.

pub mod checks;
mod go_template;
pub mod handle;
pub mod moved;
pub mod outputs;
pub mod preflight;
pub mod read_back;
pub mod ready;
pub mod references;
pub mod render;
#[cfg(test)]
mod tests;
pub mod users;
pub mod values;

/// Group of the operator's objects.
pub const GROUP: &str = "external-secrets.io";
/// The field that the operator writes back in its own spelling, as the server names it in conflicts.
pub const RESPELLED: &str = ".spec.refreshInterval";
/// Annotation of a Secret that Reloader looks for on behalf of workloads that let it search.
pub const RELOAD: &str = "reloader.stakater.com/match";
/// Prefix of our own annotations, which users may not set.
pub const OWN_PREFIX: &str = crate::ingress::OWN_PREFIX;
