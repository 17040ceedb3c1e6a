//! What the tests of the transport share: a client as Terraform is one, and a small provider.

// Each test binary uses a part of it.
#![allow(dead_code, reason = "shared by test binaries that each use a part")]

pub(crate) mod client;
pub(crate) mod process;
pub(crate) mod service;
