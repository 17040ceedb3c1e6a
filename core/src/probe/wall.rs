//! Whose wall counts, and what an answer says about it.

use homelab_schema::carveout_probe::WallSystem;
use regex::Regex;

use super::signature::{self, Proves, Recognised};
use super::{Answer, Url};

/// The wall that was declared. Nothing set: the wall of any system that is known counts.
#[derive(Clone, Debug, Default)]
pub struct Wall {
    /// Its system.
    pub system: Option<WallSystem>,
    /// Where it signs people in, in lower case.
    pub issuer_host: Option<String>,
    /// Its own clients at the issuer; empty when they were not declared.
    pub client_ids: Vec<String>,
    /// What the whole `Location` of its redirects matches.
    pub location: Option<Regex>,
}

/// What an answer says about the declared wall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The declared wall.
    Ours(Recognised),
    /// The wall in its emergency form.
    Emergency(Recognised),
    /// The declared system, but another issuer or client than declared: a fragment that says which.
    Mismatch(Recognised, String),
    /// A redirect to the issuer that may be the gate's or the app's own.
    Unpinned(Recognised),
    /// A refusal in the words of the declared system, which an app may use too.
    Refusal(Recognised),
    /// Another system's wall.
    Foreign(Recognised),
    /// No wall that is known.
    Nothing,
}

impl Wall {
    /// Whether anything was declared.
    pub fn is_declared(&self) -> bool {
        self.system.is_some() || self.issuer_host.is_some() || !self.client_ids.is_empty() || self.location.is_some()
    }

    /// What `answer` to a request for `asked` says about this wall.
    pub fn look(&self, answer: &Answer, asked: &Url) -> Seen {
        if let (Some(pattern), Some(location)) = (&self.location, answer.redirect())
            && pattern.is_match(location)
        {
            return Seen::Ours(signature::by_location(self.system, location, asked));
        }
        let recognised = signature::recognise(answer, asked);
        if let Some(found) = recognised.iter().find(|found| found.proves == Proves::Emergency) {
            return Seen::Emergency(found.clone());
        }
        let mut best = Seen::Nothing;
        for found in recognised {
            let seen = self.weigh(found);
            if seen.weight() > best.weight() {
                best = seen;
            }
        }
        best
    }

    fn weigh(&self, found: Recognised) -> Seen {
        let counts = match self.system {
            Some(system) => found.system == Some(system),
            // Any app may ask for a password by itself: only a declared Basic prompt is a wall.
            None => found.system != Some(WallSystem::Basic),
        };
        if !counts {
            let gates = found.proves == Proves::Gate && found.system != Some(WallSystem::Basic);
            return if gates { Seen::Foreign(found) } else { Seen::Nothing };
        }
        if found.proves == Proves::Refusal {
            // Words that nobody's name is on mean something only where that system is known to stand there.
            return if self.system.is_some() { Seen::Refusal(found) } else { Seen::Nothing };
        }
        let issuer_differs = match (&self.issuer_host, &found.issuer) {
            (Some(declared), Some(seen)) => declared != seen,
            _ => false,
        };
        let client_differs = match &found.client_id {
            Some(seen) => !self.client_ids.is_empty() && !self.client_ids.contains(seen),
            None => false,
        };
        match found.proves {
            Proves::Emergency => Seen::Emergency(found),
            Proves::Gate if issuer_differs => {
                let why = format!("its issuer is {}", found.issuer.as_deref().unwrap_or_default());
                Seen::Mismatch(found, why)
            }
            Proves::Gate if client_differs => {
                let why = format!("its client is {}", found.client_id.as_deref().unwrap_or_default());
                Seen::Mismatch(found, why)
            }
            Proves::Gate => Seen::Ours(found),
            // An app that signs people in somewhere else, or as a client of its own, is not the gate.
            Proves::SignIn if issuer_differs || client_differs => Seen::Nothing,
            Proves::SignIn if found.client_id.is_some() && !self.client_ids.is_empty() => Seen::Ours(found),
            Proves::Portal if self.issuer_host.is_some() && !issuer_differs => Seen::Ours(found),
            Proves::Portal if issuer_differs => Seen::Nothing,
            Proves::SignIn | Proves::Portal | Proves::Refusal => Seen::Unpinned(found),
        }
    }
}

impl Seen {
    /// What the strongest of several marks is.
    fn weight(&self) -> u8 {
        match self {
            Self::Nothing => 0,
            Self::Foreign(_) => 1,
            Self::Refusal(_) => 2,
            Self::Unpinned(_) => 3,
            // A form that names somebody else says more than one of the same answer that names nobody.
            Self::Ours(_) => 4,
            Self::Mismatch(..) => 5,
            Self::Emergency(_) => 6,
        }
    }

    /// The wall that was seen, whoever's it is.
    pub fn recognised(&self) -> Option<&Recognised> {
        match self {
            Self::Nothing => None,
            Self::Ours(found)
            | Self::Emergency(found)
            | Self::Mismatch(found, _)
            | Self::Unpinned(found)
            | Self::Refusal(found)
            | Self::Foreign(found) => Some(found),
        }
    }
}
