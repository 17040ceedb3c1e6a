//! `homelab secrets` against a real API server, the real operator and a real Vault.

mod audit;
mod hops;
pub(crate) mod stage;
mod waiting;
