//! Terraform itself is the judge: the real `terraform` and `OpenTofu` with our provider, against a real cluster.
//!
//! Each test shows the commands as a user types them. `cases` gives one [`support::Case`] for each command line that is
//! there: a folder of its own, a namespace of its own, and the same configuration for both.

mod bad_connection;
mod bad_folder;
mod bad_ingress;
mod bad_objects;
mod canary;
mod controllers;
mod decisions_planning;
mod decisions_state;
mod dns;
mod edges;
mod examples;
mod expired;
mod failures;
mod faults;
mod folder;
mod gate;
mod guide;
mod incident_05;
mod incident_06;
mod incident_07;
mod incident_24;
mod incident_25;
mod incidents;
mod ingress;
mod ingress_objects;
mod ingress_world;
mod killed;
mod moves;
mod operator;
mod origin;
mod owners;
mod probe;
mod provider_block;
mod proxy;
mod schema;
mod secret;
mod support;
mod traefik;
mod unknown;
