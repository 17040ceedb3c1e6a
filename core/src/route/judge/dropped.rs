//! Routers that Traefik does not serve, and who serves their requests instead.

use super::super::guards::Guards;
use super::super::overlap::{Overlap, example};
use super::super::router::{Fault, Outcome, Router, winner};
use super::shown;
use crate::finding::{Finding, ingress as codes};

/// What keeps the router at `position` from being served.
pub(super) fn of(all: &[Router], position: usize, guards: &Guards) -> Vec<Finding> {
    let router = &all[position];
    router
        .faults
        .iter()
        .filter_map(|fault| {
            let code = match fault {
                Fault::Middleware(_) => codes::DANGLING_MIDDLEWARE,
                Fault::Service(_) => codes::DANGLING_SERVICE,
                Fault::Port { .. } => codes::DANGLING_PORT,
                // The second of the two says it for both.
                Fault::SameName(other) if router.source < *other => return None,
                Fault::SameName(_) => codes::SAME_NAME,
                Fault::Rule(_) | Fault::Priority | Fault::EntryPoint => codes::DROPPED,
            };
            let observed =
                format!("{} is not served, because {fault}.{}", router.rule_text, instead(all, position, guards));
            let summary = match fault {
                Fault::Middleware(name) => format!("the middleware {name} does not exist"),
                Fault::Service(name) => format!("the Service {name} does not exist"),
                Fault::Port { service, port } => format!("the Service {service} has no port {port}"),
                Fault::SameName(other) => format!("{} and {other} make routers of one name", router.source),
                _ => format!("Traefik drops a router of {}", router.source),
            };
            Some(
                Finding::new(code, router.source.to_string(), observed)
                    .summary(summary)
                    .source(router.source.field.clone()),
            )
        })
        .collect()
}

/// Who gets its requests, as a further sentence; empty where that cannot be told.
fn instead(all: &[Router], position: usize, guards: &Guards) -> String {
    let Ok(rule) = &all[position].rule else { return String::new() };
    let Overlap::Yes(request) = example(rule) else { return String::new() };
    match winner(all, &request) {
        Outcome::One(other) if other != position => {
            let other = &all[other];
            format!(" {} is answered by {} ({}).", shown(&request), other.source, guards.of_router(other))
        }
        Outcome::None => format!(" {} is answered with 404.", shown(&request)),
        _ => String::new(),
    }
}
