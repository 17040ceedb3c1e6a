//! What of the routers of a cluster somebody should know.
//!
//! A finding is about a request that would go elsewhere than somebody meant: to chance, past a gate, or nowhere. Each names
//! such a request where one can be shown. What only might be so is a warning, never an error.

mod dropped;
mod leaks;

use std::collections::BTreeMap;

use super::Truth;
use super::guards::{Guard, Guards};
use super::overlap::{Overlap, covers, hosts, overlap};
use super::request::Request;
use super::router::Router;
use crate::finding::{Finding, Severity, ingress as codes};

/// Judges all routers there are, each pair once.
pub fn judge_all(routers: &[Router], guards: &Guards) -> Vec<Finding> {
    judged(routers, routers.len(), guards)
}

/// Judges the routers of one declaration among those of everybody else; pairs of `ours` alone and of `theirs` alone are left
/// out.
pub fn judge(ours: &[Router], theirs: &[Router], guards: &Guards) -> Vec<Finding> {
    let all: Vec<Router> = ours.iter().chain(theirs).cloned().collect();
    judged(&all, ours.len(), guards)
}

/// `ours` is how many of them, from the start, are looked at.
fn judged(all: &[Router], ours: usize, guards: &Guards) -> Vec<Finding> {
    let own_pairs = ours == all.len();
    let mut findings = Vec::new();
    for position in 0..ours {
        findings.extend(dropped::of(all, position, guards));
        findings.extend(leaks::of(all, position, guards));
    }
    for (first, second) in candidates(all) {
        let wanted = if own_pairs { true } else { (first < ours) != (second < ours) };
        if wanted {
            findings.extend(pair(&all[first], &all[second], guards));
        }
    }
    findings
}

/// Pairs that may meet, as far as the hosts in their rules tell, in order.
fn candidates(all: &[Router]) -> Vec<(usize, usize)> {
    let mut by_host: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut anywhere: Vec<usize> = Vec::new();
    for (position, router) in all.iter().enumerate() {
        let Ok(rule) = &router.rule else { continue };
        match hosts(rule) {
            Some(named) => named.into_iter().for_each(|host| by_host.entry(host).or_default().push(position)),
            None => anywhere.push(position),
        }
    }
    let mut pairs = Vec::new();
    for (at, first) in anywhere.iter().enumerate() {
        pairs.extend(anywhere[at + 1..].iter().map(|second| (*first, *second)));
    }
    for group in by_host.values() {
        for (at, first) in group.iter().enumerate() {
            pairs
                .extend(group[at + 1..].iter().chain(&anywhere).map(|second| (*first.min(second), *first.max(second))));
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

fn pair(one: &Router, other: &Router, guards: &Guards) -> Option<Finding> {
    if one.is_live() == Truth::No || other.is_live() == Truth::No {
        return None;
    }
    if let Some(finding) = weaker_duplicate(one, other, guards).or_else(|| weaker_duplicate(other, one, guards)) {
        return Some(finding);
    }
    let meeting = overlap(one, other);
    if meeting == Overlap::No {
        return None;
    }
    match one.priority.value.cmp(&other.priority.value) {
        std::cmp::Ordering::Equal => ambiguous(one, other, &meeting, guards),
        std::cmp::Ordering::Less => shadowed(one, other, guards),
        std::cmp::Ordering::Greater => shadowed(other, one, guards),
    }
}

/// The same requests without the gate that the other has. Which of the two wins does not matter: an entry point, a reload or
/// a missing middleware is between them.
fn weaker_duplicate(open: &Router, gated: &Router, guards: &Guards) -> Option<Finding> {
    let Guard::Gate(gate) = guards.of_router(gated) else { return None };
    if !guards.of_router(open).is_open() || open.source.is_same_object(&gated.source) {
        return None;
    }
    let (Ok(first), Ok(second)) = (&open.rule, &gated.rule) else { return None };
    if covers(first, second) != Truth::Yes || covers(second, first) != Truth::Yes {
        return None;
    }
    Some(
        Finding::new(
            codes::WEAKER_DUPLICATE,
            open.source.to_string(),
            format!(
                "It serves {} without a gate (priority {}); {} has {gate} in front of the same requests (priority {}).",
                open.rule_text, open.priority.value, gated.source, gated.priority.value
            ),
        )
        .summary(format!("{} serves without a gate what {} gates", open.source, gated.source))
        .source(open.source.field.clone()),
    )
}

fn ambiguous(one: &Router, other: &Router, meeting: &Overlap, guards: &Guards) -> Option<Finding> {
    let alike = one.source.namespace == other.source.namespace
        && one.services == other.services
        && one.middlewares == other.middlewares;
    if alike {
        return None;
    }
    let (first, second) = (guards.of_router(one), guards.of_router(other));
    let chance = match (first.is_open(), second.is_open()) {
        (true, false) | (false, true) => " One of them is open, so chance decides whether there is a gate.",
        _ => "",
    };
    let finding =
        Finding::new(codes::AMBIGUOUS, one.source.to_string(), String::new()).source(one.source.field.clone());
    let both = format!(
        "{} of it ({first}) and {} of {} ({second}) have the same priority {}",
        one.rule_text, other.rule_text, other.source, one.priority.value
    );
    Some(match meeting {
        Overlap::Yes(request) => Finding {
            observed: format!("{both} and both match {}.{chance}", shown(request)),
            ..finding.summary(format!("two routers match {}", shown(request)))
        },
        _ => Finding {
            observed: format!("{both}; whether one request matches both cannot be told from their rules.{chance}"),
            ..finding.summary("two routers of the same priority may match the same request").severity(Severity::Warning)
        },
    })
}

fn shadowed(low: &Router, high: &Router, guards: &Guards) -> Option<Finding> {
    let (Ok(narrow), Ok(wide)) = (&low.rule, &high.rule) else { return None };
    // Only what listens wherever the other does takes everything from it.
    let everywhere = if high.entrypoints.is_empty() || low.entrypoints.is_empty() {
        high.entrypoints == low.entrypoints
    } else {
        low.entrypoints.iter().all(|name| high.entrypoints.contains(name))
    };
    if !everywhere || high.tls != low.tls || high.is_live() != Truth::Yes || covers(wide, narrow) != Truth::Yes {
        return None;
    }
    let (weak, strong) = (guards.of_router(low), guards.of_router(high));
    let consequence = match (&weak, &strong) {
        (Guard::Open, Guard::Gate(_)) => "they are sent to the sign-in",
        (Guard::Gate(_), Guard::Open) => "they reach the app without the gate",
        _ => "the other router answers them",
    };
    Some(
        Finding::new(
            codes::SHADOWED,
            low.source.to_string(),
            format!(
                "{} ({weak}) has priority {}; {} of {} ({strong}) matches all its requests and has {}: {consequence}.",
                low.rule_text, low.priority.value, high.rule_text, high.source, high.priority.value
            ),
        )
        .summary(format!("a router of {} never gets a request", low.source))
        .clears("Set its priority above the other router's, or remove it.")
        .source(low.source.field.clone()),
    )
}

/// A request as findings name it.
fn shown(request: &Request) -> String {
    let method = if request.method == "GET" { String::new() } else { format!("{} ", request.method) };
    let headers: Vec<String> = request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let with = if headers.is_empty() { String::new() } else { format!(" with {}", headers.join(", ")) };
    let host = if request.host.is_empty() { "any.example.net" } else { request.host.as_str() };
    format!("{method}{host}{}{with}", request.target)
}

#[cfg(test)]
mod tests;
