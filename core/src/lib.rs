//! What homelab knows: pure decisions over declared models.
//!
//! No I/O, no clock and no async: everything here is a function of its arguments, so that it can be tested by tables
//! and generated cases, without a cluster. What has to be looked up comes in as data; what was found goes out as
//! [`finding::Finding`]s.

pub mod dns;
pub mod exit;
pub mod finding;
pub mod fleet;
pub mod gate;
pub mod hash;
pub mod ingress;
pub mod kv;
pub mod manifest;
pub mod names;
pub mod probe;
pub mod route;
pub mod secret;
pub mod store;

pub use homelab_schema::duration;
