//! Which routers Traefik would not serve, and why.
//!
//! A dropped router is more than a route that does not work: the next weaker router gets its requests, and that may be an
//! open one.

use std::collections::BTreeMap;

use super::Settings;
use super::router::{Fault, Router};
use crate::ingress::references::{Middlewares, PROVIDER};

/// What Traefik allows as a priority, which is Go's largest number less a thousand.
const HIGHEST: i64 = i64::MAX - 1000;

/// Finds what keeps routers from being served and notes it in them. `routers` are all there are; `middlewares` all objects
/// of that kind, or `None` where they are not known and every name is taken for one that exists.
pub fn settle(routers: &mut [Router], middlewares: Option<&Middlewares>, settings: &Settings) {
    for router in routers.iter_mut() {
        router.faults.clear();
        if let Err(error) = &router.rule {
            router.faults.push(Fault::Rule(error.clone()));
        }
        if router.priority.value > HIGHEST {
            router.faults.push(Fault::Priority);
        }
        let missing = middlewares.and_then(|known| router.middlewares.iter().find_map(|name| missing(name, known)));
        router.faults.extend(missing.map(Fault::Middleware));
        let exists = |name: &String| settings.entrypoints.as_ref().is_none_or(|known| known.contains(name));
        if !router.entrypoints.is_empty() && !router.entrypoints.iter().any(exists) {
            router.faults.push(Fault::EntryPoint);
        }
    }
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    for position in 0..routers.len() {
        let Some(other) = first.get(&routers[position].name).copied() else {
            first.insert(routers[position].name.clone(), position);
            continue;
        };
        let (one, two) = (routers[other].source.clone(), routers[position].source.clone());
        routers[other].faults.push(Fault::SameName(two));
        routers[position].faults.push(Fault::SameName(one));
    }
}

/// The middleware that is missing where a router names `name`. Those of other providers are not objects: Traefik alone
/// knows whether they exist, but for those of Ingresses, which never do.
fn missing(name: &str, known: &Middlewares) -> Option<String> {
    if name.ends_with("@kubernetes") {
        return Some(name.to_owned());
    }
    let missing = known.missing(name.strip_suffix(PROVIDER)?)?;
    Some(format!("{}{PROVIDER}", missing.joined))
}
