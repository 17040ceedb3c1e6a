//! Whether one request can match two routers, and whether one router takes all that another would.
//!
//! A condition is opened up into alternatives, each a list of matchers that a request must meet and of those that it must
//! not. What they ask of host, path, method, headers, query and address is independent of each other, so each is solved
//! alone: by a value that meets it, by a proof that none does, or not at all. A found value becomes part of a request that
//! is then tried against the rules themselves: a yes is shown, not derived.

mod places;
mod values;

use std::collections::BTreeSet;

use super::Truth;
use super::matcher::Matcher;
use super::request::Request;
use super::router::Router;
use super::rule::{Condition, Rule};

/// More alternatives than this are not looked at: they would grow without bound in rules that nobody writes.
const MOST: usize = 256;

/// Whether there is a request that both match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// This one, for example.
    Yes(Box<Request>),
    /// There is none.
    No,
    /// It cannot be told; whoever asks must assume that there is.
    CannotTell,
}

/// A matcher, and whether it must not be met.
type Demand<'a> = (&'a Matcher, bool);

/// What one part of a request has to be.
enum Choice<T> {
    /// This will do.
    Take(T),
    /// Nothing will do.
    Never,
    /// It cannot be told.
    Unclear,
}

/// Whether one request can match both routers, whatever else is there and whether they are served or not.
///
/// Routers of different entry points never meet; where one leaves its entry points to Traefik, they may. That one asks for
/// TLS and the other does not is no difference here, because an entry point may ask for all of its routers.
pub fn overlap(one: &Router, other: &Router) -> Overlap {
    let apart = !one.entrypoints.is_empty()
        && !other.entrypoints.is_empty()
        && !one.entrypoints.iter().any(|name| other.entrypoints.contains(name));
    match (&one.rule, &other.rule) {
        (Ok(first), Ok(second)) if !apart => rules_overlap(first, second),
        _ => Overlap::No,
    }
}

/// Whether there is a request that meets both rules.
pub fn rules_overlap(one: &Rule, other: &Rule) -> Overlap {
    common(one.condition(), other.condition())
}

/// Whether every request that meets `narrow` meets `wide` too.
pub fn covers(wide: &Rule, narrow: &Rule) -> Truth {
    match common(narrow.condition(), &wide.condition().clone().inverted()) {
        Overlap::Yes(_) => Truth::No,
        Overlap::No => Truth::Yes,
        Overlap::CannotTell => Truth::Unknown,
    }
}

/// The hosts to which a rule confines itself, in lower case and without trailing dots; `None` where it does not, or where
/// that takes more than its `Host` matchers to see.
pub fn hosts(rule: &Rule) -> Option<BTreeSet<String>> {
    let named = |demands: &Vec<Demand<'_>>| {
        demands.iter().find_map(|demand| match demand {
            (Matcher::Host(host), false) => Some(host.trim_end_matches('.').to_owned()),
            _ => None,
        })
    };
    alternatives(rule.condition())?.iter().map(named).collect()
}

/// A request that meets a rule.
pub fn example(rule: &Rule) -> Overlap {
    rules_overlap(rule, rule)
}

fn common(one: &Condition, other: &Condition) -> Overlap {
    let (Some(ones), Some(others)) = (alternatives(one), alternatives(other)) else { return Overlap::CannotTell };
    let mut clear = true;
    for first in &ones {
        for second in &others {
            let demands: Vec<Demand<'_>> = first.iter().chain(second).copied().collect();
            match request_for(&demands) {
                Choice::Never => {}
                Choice::Unclear => clear = false,
                Choice::Take(request) => {
                    let met = |condition: &Condition| {
                        request.seen().map_or(Truth::No, |seen| condition.is_met(&seen)) == Truth::Yes
                    };
                    if met(one) && met(other) {
                        return Overlap::Yes(Box::new(request));
                    }
                    clear = false;
                }
            }
        }
    }
    if clear { Overlap::No } else { Overlap::CannotTell }
}

/// The lists of demands of which a request must meet one; `None` where they are too many.
fn alternatives(condition: &Condition) -> Option<Vec<Vec<Demand<'_>>>> {
    let found = match condition {
        Condition::Is { matcher, negated } => vec![vec![(matcher, *negated)]],
        Condition::Either(left, right) => {
            let mut all = alternatives(left)?;
            all.extend(alternatives(right)?);
            all
        }
        Condition::Both(left, right) => {
            let (lefts, rights) = (alternatives(left)?, alternatives(right)?);
            if lefts.len() * rights.len() > MOST {
                return None;
            }
            lefts.iter().flat_map(|left| rights.iter().map(|right| [left.as_slice(), right].concat())).collect()
        }
    };
    (found.len() <= MOST).then_some(found)
}

fn request_for(demands: &[Demand<'_>]) -> Choice<Request> {
    let contradicted = demands.iter().any(|(matcher, negated)| !negated && demands.contains(&(*matcher, true)));
    if contradicted {
        return Choice::Never;
    }
    let mut unclear = demands.iter().any(|(matcher, _)| matches!(matcher, Matcher::Unjudged(_)));
    let mut request = Request::get("", "/");
    // One part for which nothing will do decides, even where another is unclear.
    macro_rules! part {
        ($choice:expr, $put:expr) => {
            match $choice {
                Choice::Take(value) => $put(&mut request, value),
                Choice::Never => return Choice::Never,
                Choice::Unclear => unclear = true,
            }
        };
    }
    part!(places::host(demands), |request: &mut Request, host| request.host = host);
    part!(places::path(demands), |request: &mut Request, path| request.target = path);
    part!(values::method(demands), |request: &mut Request, method| request.method = method);
    part!(values::headers(demands), |request: &mut Request, headers| request.headers = headers);
    part!(values::query(demands), |request: &mut Request, query: String| request.target.push_str(&query));
    part!(values::client(demands), |request: &mut Request, client| request.client = client);
    if unclear { Choice::Unclear } else { Choice::Take(request) }
}

#[cfg(test)]
mod tests;
