//! What of a declaration decides the chain of a door, known or not.

use homelab_schema::Attr;
use homelab_schema::ingress::{CarveOut, Ingress, RateLimit};

use super::carve_out_object;
use super::chain::{Limiter, Parts};
use super::own::{self, Wish};

/// Those of the app itself.
pub(super) fn of_resource(planned: &Ingress) -> Parts {
    Parts {
        auth: planned.auth,
        limiter: limiter(&planned.rate_limit, planned, &planned.name),
        anti_ai: planned.anti_ai_scraping,
        groups: planned.allowed_groups.clone(),
        local_only: planned.local_only,
        csp: of_own(&planned.content_security_policy, planned, own::policy),
        body: of_own(&planned.max_body_size, planned, own::body),
        wake: match &planned.scale_to_zero {
            Attr::Null => None,
            Attr::Unknown => Some(Attr::Unknown),
            Attr::Known(block) => Some(block.middleware.clone()),
        },
        extras: planned.extra_middlewares.clone(),
    }
}

/// Those of a carve-out: its own, and what it shares with the app.
pub(super) fn of_carve_out(planned: &Ingress, label: &str, carve_out: &CarveOut) -> Parts {
    let object = planned.name.clone().map(|name| carve_out_object(&name, label));
    let of_app = of_resource(planned);
    Parts {
        auth: carve_out.auth,
        limiter: if carve_out.rate_limit.is_null() {
            of_app.limiter.clone()
        } else {
            limiter(&carve_out.rate_limit, planned, &object)
        },
        anti_ai: carve_out.anti_ai_scraping,
        groups: carve_out.allowed_groups.clone().or(of_app.groups.clone()),
        ..of_app
    }
}

fn limiter(block: &Attr<RateLimit>, planned: &Ingress, object: &Attr<String>) -> Attr<Limiter> {
    match own::wish(block) {
        Attr::Null | Attr::Known(Wish::Site) => Attr::Known(Limiter::Site),
        Attr::Unknown => Attr::Unknown,
        Attr::Known(Wish::Off) => Attr::Known(Limiter::Off),
        Attr::Known(Wish::Own(..)) => match (&planned.namespace, object) {
            (Attr::Known(namespace), Attr::Known(object)) => {
                Attr::Known(Limiter::Own(own::reference(namespace, &own::rate_limit(object))))
            }
            _ => Attr::Unknown,
        },
    }
}

/// Reference of a middleware that is there whenever `argument` is given.
fn of_own(argument: &Attr<String>, planned: &Ingress, named: fn(&str) -> String) -> Attr<String> {
    match (argument, &planned.namespace, &planned.name) {
        (Attr::Null, ..) => Attr::Null,
        (Attr::Known(_), Attr::Known(namespace), Attr::Known(name)) => {
            Attr::Known(own::reference(namespace, &named(name)))
        }
        _ => Attr::Unknown,
    }
}
