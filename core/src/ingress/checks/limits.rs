//! Rates, sizes and policies.

use homelab_cty::Path;
use homelab_schema::ingress::{Ingress, bytes_of};

use super::judge::Judge;
use crate::ingress::own;
use crate::names;

const SIZE: &str = "a whole number of bytes above 0, or with `k`, `m` or `g` after it, such as `5g`";

/// What is in front of the app and has an argument of its own.
pub(super) fn check(judge: &mut Judge, config: &Ingress) {
    judge.groups(&config.allowed_groups, config.auth, &Path::root());
    judge.rate_limit(&config.rate_limit, &Path::root());
    // Traefik reads 0 as no limit: leaving the argument out says so.
    let is_size = |text: &str| bytes_of(text).is_some_and(|bytes| bytes > 0);
    judge.name(&config.max_body_size, &Path::attr("max_body_size"), is_size, SIZE);
    let is_policy = |text: &str| !text.trim().is_empty() && text.chars().all(|c| c == ' ' || c.is_ascii_graphic());
    let policy = "a policy such as `default-src 'self'`, on one line, of ASCII characters";
    judge.name(&config.content_security_policy, &Path::attr("content_security_policy"), is_policy, policy);
    if let Some(middleware) = config.scale_to_zero.known().and_then(|wake| wake.middleware.known()) {
        judge.middleware(middleware, &Path::attr("scale_to_zero").then_attr("middleware"));
    }
    for (index, extra) in config.extra_middlewares.known().into_iter().flatten().enumerate() {
        judge.middleware(extra, &Path::attr("extra_middlewares").then_index(index));
    }
    names_of_own(judge, config);
}

/// The names that follow from the resource's own: a long one leaves no room for what comes before it.
fn names_of_own(judge: &mut Judge, config: &Ingress) {
    let Some(name) = config.name.known().filter(|name| names::is_object(name)) else { return };
    let own = [
        (own::rate_limit(name), "rate_limit", config.rate_limit.known().is_some_and(|limit| !limit.average.is_null())),
        (own::policy(name), "content_security_policy", !config.content_security_policy.is_null()),
        (own::body(name), "max_body_size", !config.max_body_size.is_null()),
    ];
    for (middleware, argument, is_there) in own {
        if is_there && !names::is_object(&middleware) {
            let expected =
                "so short that the name of the Middleware for it, which contains it, has at most 253 characters";
            judge.malformed(&middleware, &Path::attr("name"), &format!("{expected} ({argument})"));
        }
    }
}
