//! The fleet: every ExternalSecret of a cluster at once, with what it fetches and who lives on what it writes.
//!
//! # Forces
//!
//! - A secret that is dead is silent: its Secret keeps the last value, and the workload runs on until it restarts. So the
//!   question is asked about all of them, from outside of any one declaration.
//! - Whatever could not be looked at is said ([`Report::unseen`]) and is never counted as fine: who may not list Deployments
//!   learns nothing about who reads a Secret.
//! - No value is needed for any of this. Secrets are not read at all: what they are called and how they are annotated
//!   follows from the ExternalSecret.
//! - A report says the same as long as the world does: no ages, no counters that move by themselves.

pub mod blockers;
pub mod conflicts;
pub mod declared;
pub mod evidence;
pub mod hops;
mod judge;
pub mod readers;
pub mod reloader;
mod report;
pub mod status;
pub mod stores;
#[cfg(test)]
mod tests;
pub mod time;
pub mod versions;

pub use self::evidence::{Evidence, Keys, Seen};
pub use self::judge::judge;
pub use self::report::{Coverage, Member, Report, Unseen};

/// The kind that a fleet consists of.
pub const EXTERNAL_SECRET: &str = "ExternalSecret";
