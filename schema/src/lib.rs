//! The declared model: what a user can write, as one Rust type per resource, data source, ephemeral resource and block.
//!
//! # Forces
//!
//! The same facts are needed in five places: Terraform's schema, the values that planning works on, the JSON Schema that
//! editors and CI use, the registry's pages, and the help of the command line. Whatever is written twice differs sooner or
//! later, so it is written once: the type, its doc comments and the `#[model(…)]` beside each field are the source, and
//! everything else is derived. [`registry`] lists what there is; nothing else keeps a list.
//!
//! This crate decides nothing and does no I/O: what a value means is in `homelab-core`.

pub mod carveout_probe;
pub mod docs;
pub mod duration;
pub mod external_secret;
pub mod external_secrets;
pub mod function;
pub mod identity;
pub mod ingress;
pub mod json_schema;
pub mod kv_key;
pub mod kv_secret;
pub mod prelude;
pub mod provider;
pub mod registry;
pub mod secret;
pub mod secret_store;
mod sensitive;
pub mod terraform;
pub mod upgrade_gate;

pub use homelab_cty::{Attr, Leaf, Model, Value};
pub use sensitive::Sensitive;
