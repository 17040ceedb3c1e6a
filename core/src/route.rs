//! Traefik's routers as a pure model: what objects become, what a request meets, and which router gets it.
//!
//! # Forces
//!
//! - A gate holds only if its router gets the request. Traefik decides among all routers on a host, of whatever object,
//!   namespace and owner, by a number that is mostly the length of a text. Nobody can see that in the objects, so it is
//!   computed here, as Traefik 3.5.4 does it, and compared with the real one by a test that generates objects.
//! - A judgement about security may not guess. Rules can hold patterns and matchers of version 2, whose meaning is not ours
//!   to define; what cannot be told is answered as [`Truth::Unknown`], and whoever asks assumes the worse.
//! - Findings must be shown, not claimed: two routers overlap when there is a request that both match, and the judgement
//!   names one.
//!
//! The way of an object: [`routers_of`] makes its routers, [`settle`] finds those that Traefik would not serve, [`winner`]
//! says who gets a request, [`overlap()`] whether one request can match two routers, and [`judge()`] what of that somebody should know.

mod annotations;
mod arguments;
mod escape;
pub mod guards;
mod ingress;
mod ingress_route;
pub mod judge;
pub mod matcher;
pub mod network;
mod overlap;
pub mod pattern;
pub mod request;
pub mod router;
pub mod rule;
mod services;
mod settings;
mod settle;
mod truth;

use serde_json::Value;

pub use self::guards::{Guard, Guards};
pub use self::judge::{judge, judge_all};
pub use self::overlap::{Overlap, covers, example, hosts, overlap, rules_overlap};
pub use self::request::{Request, Seen};
pub use self::router::{Fault, Kind, Outcome, Priority, Router, Source, winner};
pub use self::rule::{Rule, RuleError, Syntax};
pub use self::services::Services;
pub use self::settings::Settings;
pub use self::settle::settle;
pub use self::truth::Truth;

/// The routers that Traefik makes of an Ingress or an `IngressRoute`, in order of its routes; none of any other object, and
/// none where the object is left to another controller.
///
/// Whether its services and middlewares exist is not looked at here: [`settle`] does that for middlewares.
pub fn routers_of(object: &Value, settings: &Settings) -> Vec<Router> {
    match object.get("kind").and_then(Value::as_str) {
        Some("Ingress") => ingress::routers(object, settings),
        Some("IngressRoute") => ingress_route::routers(object, settings),
        _ => Vec::new(),
    }
}

/// A text with everything that is no letter and no digit replaced by single dashes: Traefik's way of making names.
fn normalized(text: &str) -> String {
    let parts: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
    parts.join("-")
}

/// The first ten bytes of the SHA-256 of a rule, by which Traefik tells routers of one name apart.
fn rule_hash(rule: &str) -> String {
    use std::fmt::Write as _;

    use sha2::{Digest, Sha256};

    let digest = Sha256::digest(rule.as_bytes());
    digest.iter().take(10).fold(String::new(), |mut text, byte| {
        // A string takes everything.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
