//! What the walls of known systems look like, as data.
//!
//! A [`Signature`] is a list of rules, a rule is a list of marks that must all be there. Each signature says from which
//! release of the system's own source it was read; a fixture in `testdata/probe` holds an answer for each rule.

mod marks;
mod table;

#[cfg(test)]
mod tests;

pub use marks::{Mark, Recognised, Weighed, by_location, recognise, weigh};
pub use table::SIGNATURES;

use homelab_schema::carveout_probe::WallSystem;

/// What the answers of one system's wall have in common.
#[derive(Debug)]
pub struct Signature {
    /// Whose wall.
    pub system: WallSystem,
    /// Raised whenever the rules change what they match.
    pub revision: u16,
    /// Where the rules were read.
    pub source: &'static str,
    /// Any of them.
    pub rules: &'static [Rule],
}

/// Marks that together are one form of the wall.
#[derive(Debug)]
pub struct Rule {
    /// For messages and fixtures, as a noun phrase.
    pub name: &'static str,
    /// What it proves.
    pub proves: Proves,
    /// Whether the `Location` of this form leads to the issuer, so that its host is the issuer's.
    pub leads_to_issuer: bool,
    /// All of them.
    pub all: &'static [Mark],
}

/// What a form of a wall proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proves {
    /// The gate itself: no app answers like this.
    Gate,
    /// Somebody sends people to sign in with `OpenID` Connect: the gate, or an app by itself. The client decides.
    SignIn,
    /// Somebody sends people to a portal: the gate, if the portal is at the declared issuer.
    Portal,
    /// The request was refused as the gate refuses programs, which do not want to be sent to a sign-in page. An app may
    /// refuse in the same words, so this proves no gate; only that an open door is not proven.
    Refusal,
    /// The gate is replaced by its emergency form.
    Emergency,
}

/// The name of a system, as it is written in configurations.
pub fn system_name(system: WallSystem) -> &'static str {
    match system {
        WallSystem::Authentik => "authentik",
        WallSystem::Oauth2Proxy => "oauth2_proxy",
        WallSystem::Authelia => "authelia",
        WallSystem::Pomerium => "pomerium",
        WallSystem::CloudflareAccess => "cloudflare_access",
        WallSystem::Keycloak => "keycloak",
        WallSystem::Basic => "basic",
    }
}
