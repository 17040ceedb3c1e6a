//! Terraform itself is the judge: the real `terraform` and `OpenTofu` with our provider, against a real cluster.
//!
//! Each test shows the commands as a user types them. `cases` gives one [`support::Case`] for each command line that is
//! there: a folder of its own, a namespace of its own, and the same configuration for both.

mod bad_connection;
mod bad_folder;
mod bad_objects;
mod canary;
mod decisions_planning;
mod decisions_state;
mod edges;
mod examples;
mod expired;
mod failures;
mod folder;
mod gate;
mod incidents;
mod ingress;
mod killed;
mod moves;
mod operator;
mod origin;
mod owners;
mod probe;
mod provider_block;
mod schema;
mod secret;
mod support;
mod unknown;
