//! What a door looks like from outside, and whether that is what was declared.
//!
//! # Forces
//!
//! "Is this path behind the gate" cannot be read off a status code: a gate answers with 302, 303, 307, 401, with a sign-in
//! page under 200 or 403, and an app behind an open door answers with all of them too. So an answer is compared with
//! [`signature`]s that say what the wall of each system looks like, and with the identity of the wall that was declared; what
//! fits neither is a third state, never a pass.
//!
//! The way of a target: [`Run::new`] checks what was declared and spreads each [`Door`] into [`Check`]s (the path, and the
//! paths around it); `homelab-backends` sends them and hands every [`Answer`] to [`observe()`], which keeps what was seen and
//! drops the body; [`judge()`] turns the samples of all checks into one [`Report`].
//!
//! # Rejected
//!
//! - Following the redirect to see a sign-in page: it visits somebody else's system with our request, and its answer says
//!   less than the redirect did.
//! - Judging a path by comparing it with a known gated one: both are open when the gate is gone.

pub mod address;
mod boundary;
pub mod coverage;
mod door;
pub mod explain;
pub mod export;
mod judge;
mod observe;
mod settings;
pub mod signature;
mod url;
mod wall;
mod ways;

pub use boundary::{Check, Outcome, checks};
pub use door::{Door, METHODS, Proof, doors, header_error, is_origin};
pub use judge::{Accepted, Ending, Judged, Report, complaints, enough, in_form, judge, reaction};
pub use observe::{Answer, Body, Failure, Observation, Observed, observe};
pub use settings::{ConnectTo, Defaults, Run, Settings};
pub use url::{Url, UrlError};
pub use wall::{Seen, Wall};
pub use ways::{Breadth, Way, requests};
