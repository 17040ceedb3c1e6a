//! From doors to requests: each declared path, and the paths around it.
//!
//! A carve-out leaks or closes at its edges: a prefix that is matched by characters also opens `/px`, and `/p%2f..` may be
//! public to the proxy and the root to the app. Whether such a path must be public or gated follows from the most specific
//! door that was declared for it; where none was, nothing is asked, since nothing could be wrong.

use std::collections::{HashMap, HashSet};
use std::fmt;

use homelab_cty::Path;
use homelab_schema::ingress::Expect;
use sha2::{Digest, Sha256};

use super::{Door, Proof, Url, Way};

#[cfg(test)]
mod tests;

/// One request to send, as often as samples are wanted, and what must come of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Check {
    /// Of which door.
    pub label: String,
    /// The attribute that declares it.
    pub at: Path,
    /// What to ask for.
    pub url: Url,
    /// How.
    pub method: String,
    /// In which form.
    pub way: Way,
    /// With which further headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// What must come of it.
    pub outcome: Outcome,
    /// What a public answer must be like.
    pub proof: Proof,
}

impl fmt::Debug for Check {
    /// Without what a header says: whoever declared it may have meant it for the app alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Check")
            .field("label", &self.label)
            .field("at", &self.at)
            .field("url", &self.url)
            .field("method", &self.method)
            .field("way", &self.way)
            .field("headers", &headers)
            .field("outcome", &self.outcome)
            .field("proof", &self.proof)
            .finish()
    }
}

/// What must come of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The app answers.
    Public,
    /// The gate answers.
    Gated,
    /// The gate answers, or the request is refused or sent elsewhere: a malformed path may be turned away at once.
    GatedOrRefused,
    /// Either: proxies differ, and both are right.
    Either,
}

impl Outcome {
    /// The word of it in results.
    pub fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Gated | Self::GatedOrRefused => "gated",
            Self::Either => "either",
        }
    }
}

impl From<Expect> for Outcome {
    fn from(expect: Expect) -> Self {
        match expect {
            Expect::Public => Self::Public,
            Expect::Gated => Self::Gated,
        }
    }
}

/// Methods that change nothing, so that paths nobody declared may be asked with them.
const SAFE: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

/// The requests for `doors`, in order of the doors, without duplicates; with `boundary` also the paths around them.
pub fn checks(doors: &[Door], boundary: bool) -> Vec<Check> {
    let mut checks: Vec<Check> = Vec::new();
    for door in doors {
        for method in &door.methods {
            let mut proof = door.proof.clone();
            if method == "HEAD" {
                // There is no body that could hold the text.
                proof.body_contains = None;
            }
            checks.push(check(door, door.url.clone(), method, door.expect.into(), proof));
        }
    }
    let declared = checks.len();
    if boundary {
        // Thousands of doors are on hundreds of hosts: each is compared with those of its own.
        let mut hosts: HashMap<_, Vec<&Door>> = HashMap::new();
        for door in doors {
            hosts.entry(host(&door.url)).or_default().push(door);
        }
        // What a guest may see below a guest's path is between the app and its guests.
        for door in doors.iter().filter(|door| door.prefix && door.proof.guest.is_none()) {
            let Some(method) = door.methods.iter().find(|method| SAFE.contains(&method.as_str())) else { continue };
            let neighbours = hosts.get(&host(&door.url)).map(Vec::as_slice).unwrap_or_default();
            let around = around(door, neighbours).into_iter();
            checks.extend(around.map(|(url, outcome)| check(door, url, method, outcome, Proof::default())));
        }
    }
    without_repeats(checks, declared)
}

/// The first of each request; of the first `declared` all, since they may differ in what they declare.
pub(super) fn without_repeats(checks: Vec<Check>, declared: usize) -> Vec<Check> {
    let mut seen = HashSet::with_capacity(checks.len());
    let first = checks.iter().map(|check| seen.insert((&check.url, check.method.as_str(), check.way)));
    let kept: Vec<bool> = first.enumerate().map(|(index, first)| first || index < declared).collect();
    checks.into_iter().zip(kept).filter_map(|(check, kept)| kept.then_some(check)).collect()
}

fn check(door: &Door, url: Url, method: &str, outcome: Outcome, proof: Proof) -> Check {
    Check {
        label: door.label.clone(),
        at: door.at.clone(),
        url,
        method: method.to_owned(),
        way: Way::Plain,
        headers: door.headers.clone(),
        outcome,
        proof,
    }
}

/// The paths around a door of type `Prefix`, with what must come of each.
fn around(door: &Door, neighbours: &[&Door]) -> Vec<(Url, Outcome)> {
    let base = door.url.path().trim_end_matches('/');
    let mut around = Vec::new();
    let mut declared = |path: String| {
        if let Some(expect) = owner(&door.url, &path, neighbours.iter().copied()) {
            around.push((door.url.with_path(path), expect.into()));
        }
    };
    declared(format!("{base}/{}", unlikely(&door.url)));
    if base.is_empty() {
        return around;
    }
    declared(base.to_owned());
    declared(format!("{base}/"));
    let swapped = swap_case(base);
    let parent = format!("{}/", base.rsplit_once('/').map_or("", |(parent, _)| parent));
    let outside = owner(&door.url, &parent, neighbours.iter().copied());
    match (door.expect, outside) {
        (Expect::Public, Some(Expect::Gated)) => {
            declared(format!("{base}x"));
            declared(swapped);
            // Malformed on purpose: to a proxy they may be below the prefix, to the app they are its parent.
            for path in [format!("{base}%2f.."), format!("{base}/../"), format!("{base}/%2e%2e/")] {
                around.push((door.url.with_path(path), Outcome::GatedOrRefused));
            }
            // A parameter of the element is the prefix to some, and another name to others.
            for path in [format!("/{base}"), format!("{base};x")] {
                around.push((door.url.with_path(path), Outcome::Either));
            }
        }
        // A gate that is matched literally is walked around by another spelling of the same path.
        (Expect::Gated, Some(Expect::Public)) => {
            around.push((door.url.with_path(format!("/{base}")), Outcome::GatedOrRefused));
        }
        _ => {}
    }
    around
}

/// What the most specific door on the host of `at` says of `path`; `None` where none does, or where they disagree.
fn owner<'a>(at: &Url, path: &str, doors: impl IntoIterator<Item = &'a Door>) -> Option<Expect> {
    let mut best: Option<(usize, Option<Expect>)> = None;
    for door in doors.into_iter().filter(|door| host(&door.url) == host(at)) {
        let base = door.url.path().trim_end_matches('/');
        let below = path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let fits = if door.prefix { below } else { path == door.url.path() };
        if !fits {
            continue;
        }
        // The exact door of a path is more specific than the prefix of the same length.
        let weight = 2 * base.len() + usize::from(!door.prefix);
        let says = Some(door.expect).filter(|_| door.proof.guest.is_none());
        best = match best {
            Some((other, expect)) if other == weight => Some((weight, expect.filter(|_| expect == says))),
            Some((other, expect)) if other > weight => Some((other, expect)),
            _ => Some((weight, says)),
        };
    }
    best.and_then(|(_, expect)| expect)
}

/// What a door of the same proxy shares with another.
fn host(url: &Url) -> (bool, &str, u16) {
    (url.is_tls(), url.host(), url.port())
}

/// An element that no app has, always the same for a door so that results can be compared.
fn unlikely(url: &Url) -> String {
    let digest = Sha256::digest(format!("{}{}", url.authority(), url.path()).as_bytes());
    let number = digest.iter().take(4).fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
    format!("homelab-probe-{number:08x}")
}

fn swap_case(path: &str) -> String {
    // A letter of an escape is no letter of the path.
    let mut escaped = 0_u8;
    path.chars()
        .map(|character| {
            if escaped > 0 {
                escaped -= 1;
                character
            } else if character == '%' {
                escaped = 2;
                character
            } else if character.is_ascii_lowercase() {
                character.to_ascii_uppercase()
            } else {
                character.to_ascii_lowercase()
            }
        })
        .collect()
}
