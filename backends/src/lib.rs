//! The outside world behind small traits.
//!
//! Everything that talks to a network or writes a file for a resource lives here; nothing here decides what a resource
//! means. Each module has its own error space with the words of whoever refused, its own timeouts and bounded retries.

pub mod dns;
pub mod fleet;
pub mod gate;
pub mod gate_host;
pub mod gitops;
pub mod http;
pub mod kube;
pub mod memory;
pub mod objects;
pub mod pushgateway;
pub mod references;
pub mod shared;
pub mod vault;
