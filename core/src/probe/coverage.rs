//! Which doors a probe looks at, and which nobody does.
//!
//! Both sides are incomplete by nature: a cluster shows what it may be asked for, and a probe is known only where its
//! configuration or its state was read. So "no probe" is said only where every source was read; else it is not known.

use std::collections::BTreeSet;

use homelab_schema::ingress::Expect;

use super::{Door, Url};
use crate::route::{Guard, Guards, Outcome, Overlap, Request, Router, Source, Truth, covers, example, hosts, winner};

#[cfg(test)]
mod tests;

/// A door that somebody declared.
#[derive(Clone, Debug)]
pub struct Declaration<'a> {
    /// Where it is.
    pub place: Place<'a>,
    /// What it is declared to be; `None` where a guest is to get a session.
    pub expect: Option<Expect>,
    /// Whether its own declaration leaves it out of what is probed.
    pub skipped: bool,
}

/// Where a declared door is.
#[derive(Clone, Debug)]
pub enum Place<'a> {
    /// At this address.
    At(Url),
    /// Wherever the router at this position among all there are gets a request: what somebody else wrote names no address.
    Behind(&'a [Router], usize),
    /// Nobody can tell: the object that says so is gone, or says nothing that can be asked.
    Unknown,
}

/// A probe, as far as it is known.
#[derive(Clone, Debug)]
pub struct Probing {
    /// What it is called, with where it was read.
    pub name: String,
    /// What it asks.
    pub doors: Vec<Door>,
}

/// Whether a declared door is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Coverage {
    /// A probe takes it for the opposite of what is declared.
    Contradicted,
    /// No probe looks at it.
    Unprobed,
    /// None of the probes that are known looks at it, and not all are known.
    Unknown,
    /// Its own declaration leaves it out.
    Skipped,
    /// A probe looks at it.
    Probed,
}

impl Coverage {
    /// Its word in results.
    pub fn word(self) -> &'static str {
        match self {
            Self::Contradicted => "contradicted",
            Self::Unprobed => "unprobed",
            Self::Unknown => "unknown",
            Self::Skipped => "skipped",
            Self::Probed => "probed",
        }
    }
}

/// Whether one of `probes` looks at the door, and the names of those that decide that; `complete` is whether there are no
/// other probes.
pub fn coverage<'a>(declaration: &Declaration<'_>, probes: &'a [Probing], complete: bool) -> (Coverage, Vec<&'a str>) {
    let by = |fits: &dyn Fn(&Door) -> bool| -> Vec<&'a str> {
        let looks = |probe: &&Probing| probe.doors.iter().any(|door| fits(door) && is_at(&declaration.place, door));
        probes.iter().filter(looks).map(|probe| probe.name.as_str()).collect()
    };
    let against = by(&|door| declaration.expect.is_some_and(|expect| door.expect != expect));
    if !against.is_empty() {
        return (Coverage::Contradicted, against);
    }
    let looking = by(&|door| match declaration.expect {
        Some(expect) => door.expect == expect && door.proof.guest.is_none(),
        None => door.proof.guest.is_some(),
    });
    let coverage = if !looking.is_empty() {
        Coverage::Probed
    } else if declaration.skipped {
        Coverage::Skipped
    } else if complete {
        Coverage::Unprobed
    } else {
        Coverage::Unknown
    };
    (coverage, looking)
}

fn is_at(place: &Place<'_>, door: &Door) -> bool {
    match place {
        Place::At(url) => door.url == *url,
        Place::Behind(routers, position) => {
            let request = Request {
                method: door.methods.first().cloned().unwrap_or_else(|| "GET".to_owned()),
                headers: door.headers.clone(),
                ..Request::get(&door.url.authority(), &door.url.target())
            };
            // Asking one is cheap, asking all who wins is not.
            routers.get(*position).is_some_and(|router| router.takes(&request) == Truth::Yes)
                && winner(routers, &request) == Outcome::One(*position)
        }
        Place::Unknown => false,
    }
}

/// What others open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Routers without a gate on a host on which something is gated, by position, each with a request that it gets; `None`
    /// where none can be told.
    pub doors: Vec<(usize, Option<Request>)>,
    /// How many are on hosts on which nothing is gated, so that nobody expects a gate there.
    pub elsewhere: usize,
}

/// What routers open that are of no declaration of ours, as far as `is_ours` tells.
pub fn opened(routers: &[Router], guards: &Guards, is_ours: impl Fn(&Source) -> bool) -> Opened {
    let guard = |router: &Router| guards.of_router(router);
    let named = |router: &Router| router.rule.as_ref().ok().and_then(hosts).unwrap_or_default();
    let live = || routers.iter().enumerate().filter(|(_, router)| router.is_live() != Truth::No);
    let is_gated = |router: &Router| matches!(guard(router), Guard::Gate(_));
    let gated: BTreeSet<String> =
        live().filter(|(_, router)| is_gated(router)).flat_map(|(_, router)| named(router)).collect();
    let mut opened = Opened { doors: Vec::new(), elsewhere: 0 };
    for (position, router) in live().filter(|(_, router)| guard(router).is_open() && !is_ours(&router.source)) {
        if named(router).is_disjoint(&gated) {
            opened.elsewhere += 1;
        } else if let Some(request) = gets(routers, position) {
            opened.doors.push((position, request));
        }
    }
    opened
}

/// A request that the router at `position` gets; `None` where others take all of them.
#[expect(clippy::option_option, reason = "it gets none, it gets some that cannot be told, it gets this one")]
fn gets(routers: &[Router], position: usize) -> Option<Option<Request>> {
    let router = routers.get(position)?;
    let rule = router.rule.as_ref().ok()?;
    if let Overlap::Yes(request) = example(rule) {
        let wins = match winner(routers, &request) {
            Outcome::One(one) => one == position,
            Outcome::Tie(several) => several.contains(&position),
            _ => false,
        };
        if wins {
            return Some(Some(*request));
        }
    }
    let above = |other: &&Router| other.priority.value > router.priority.value && other.is_live() == Truth::Yes;
    let all = |other: &Router| other.rule.as_ref().is_ok_and(|wide| covers(wide, rule) == Truth::Yes);
    if routers.iter().filter(above).any(all) { None } else { Some(None) }
}
