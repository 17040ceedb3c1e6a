//! Prefixes that open more than they say: `/public` also opens `/publicadmin`.

use super::super::guards::Guards;
use super::super::matcher::Matcher;
use super::super::overlap::{Overlap, rules_overlap};
use super::super::request::Request;
use super::super::router::{Outcome, Router, winner, winner_but};
use super::super::rule::{Rule, Syntax};
use super::shown;
use crate::finding::{Finding, ingress as codes};

/// Prefixes of the open router at `position` through which requests pass that a gate would get otherwise.
pub(super) fn of(all: &[Router], position: usize, guards: &Guards) -> Vec<Finding> {
    let router = &all[position];
    let Ok(rule) = &router.rule else { return Vec::new() };
    if !guards.of_router(router).is_open() {
        return Vec::new();
    }
    let prefixes = rule.condition().matchers().into_iter().filter_map(|(matcher, negated)| match matcher {
        Matcher::PathPrefix(prefix) if !negated && !prefix.ends_with('/') => Some(prefix),
        _ => None,
    });
    prefixes.filter_map(|prefix| leak(all, position, rule, prefix, guards)).collect()
}

fn leak(all: &[Router], position: usize, rule: &Rule, prefix: &str, guards: &Guards) -> Option<Finding> {
    let router = &all[position];
    let beside = Rule::new(&format!("Path(`{prefix}admin`)"), Syntax::V3).ok()?;
    let Overlap::Yes(request) = rules_overlap(rule, &beside) else { return None };
    if winner(all, &request) != Outcome::One(position) {
        return None;
    }
    let gated = without(all, position, &request, guards)?;
    Some(
        Finding::new(
            codes::LEAKING_PREFIX,
            router.source.to_string(),
            format!(
                "PathPrefix(`{prefix}`) matches by characters, so that {} is open too; without it, {} ({}) would get that.",
                shown(&request),
                gated.source,
                guards.of_router(gated)
            ),
        )
        .summary(format!("the open prefix {prefix} also opens {prefix}admin"))
        .source(router.source.field.clone()),
    )
}

/// The gated router that would get a request if the one at `position` were not there.
fn without<'a>(all: &'a [Router], position: usize, request: &Request, guards: &Guards) -> Option<&'a Router> {
    let next = match winner_but(all, Some(position), request) {
        Outcome::One(one) => vec![one],
        Outcome::Tie(several) | Outcome::CannotTell(several) => several,
        Outcome::None | Outcome::Refused => Vec::new(),
    };
    next.into_iter().map(|one| &all[one]).find(|router| guards.of_router(router).is_gate())
}
