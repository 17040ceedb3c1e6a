//! The chain of middlewares, and its order.
//!
//! Traefik runs a chain in the order in which it is written, so the order is a decision: retry and error pages wrap
//! everything, the rate limit comes before the gate (it protects the gate as well), and what the user adds comes last.
//! Scrapers are kept away where no gate does it.

use homelab_schema::Attr;
use homelab_schema::ingress::Auth;
use homelab_schema::provider::{Middlewares, Site};

/// The middleware of the site that an `auth` needs and that is not named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoGate {
    /// The argument of the provider block that would name it.
    pub argument: &'static str,
}

/// The reference as Traefik wants it: `traefik-forward-auth` is taken to be a Middleware object of the cluster.
pub fn reference(text: &str) -> String {
    if text.contains('@') { text.to_owned() } else { format!("{text}@kubernetescrd") }
}

/// The chain in front of a door of this kind. Unknown while a part of it is; an error where the gate is not named, because
/// a chain without it would be an open door.
pub fn chain(site: &Site, auth: Auth, extras: &[String]) -> Result<Attr<Vec<String>>, NoGate> {
    let none = Middlewares::default();
    let named = match &site.middlewares {
        Attr::Unknown => return Ok(Attr::Unknown),
        Attr::Null => &none,
        Attr::Known(named) => named,
    };
    let gate = match auth {
        Auth::Required if named.gate.is_null() => return Err(NoGate { argument: "site.middlewares.gate" }),
        Auth::Public if named.public_gate.is_null() => return Err(NoGate { argument: "site.middlewares.public_gate" }),
        Auth::Required => &named.gate,
        Auth::Public => &named.public_gate,
        Auth::App | Auth::None => &Attr::Null,
    };
    let anti_ai = if auth.is_open() { &named.anti_ai } else { &Attr::Null };
    let mut members = Vec::new();
    for one in [&named.retry, &named.error_pages, &named.rate_limit, &named.csp] {
        match one {
            Attr::Null => {}
            Attr::Unknown => return Ok(Attr::Unknown),
            Attr::Known(name) => members.push(reference(name)),
        }
    }
    match anti_ai {
        Attr::Null => {}
        Attr::Unknown => return Ok(Attr::Unknown),
        Attr::Known(several) => members.extend(several.iter().map(|name| reference(name))),
    }
    match gate {
        Attr::Null => {}
        Attr::Unknown => return Ok(Attr::Unknown),
        Attr::Known(name) => members.push(reference(name)),
    }
    members.extend(extras.iter().map(|name| reference(name)));
    Ok(Attr::Known(members))
}

/// Reads a chain back: the kind of `auth` that it amounts to, and what the user added.
///
/// `declared` is what the object says of itself; it decides between kinds that look alike. `None` where the chain is none
/// that this site would render: somebody else wrote it, or changed it beyond `auth` and additions.
pub fn read(site: &Site, members: &[String], declared: Option<Auth>) -> Option<(Auth, Vec<String>)> {
    let gated_first = [Auth::Required, Auth::Public, Auth::None, Auth::App];
    // An object that says `required` but lacks the gate is read as what it is, so that the plan shows the open door.
    declared.into_iter().chain(gated_first).find_map(|auth| {
        let expected = chain(site, auth, &[]).ok()?.into_known()?;
        let rest = members.strip_prefix(expected.as_slice())?;
        let hides_gate = rest.iter().any(|member| is_gate(site, member));
        (!hides_gate).then(|| (auth, rest.iter().map(|member| shorten(member)).collect()))
    })
}

/// The reference as a user would write it.
fn shorten(member: &str) -> String {
    member.strip_suffix("@kubernetescrd").unwrap_or(member).to_owned()
}

fn is_gate(site: &Site, member: &str) -> bool {
    site.middlewares.known().is_some_and(|named| {
        [&named.gate, &named.public_gate]
            .into_iter()
            .filter_map(|name| name.known())
            .any(|name| reference(name) == member)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full_site() -> Site {
        let known = |text: &str| Attr::Known(text.to_owned());
        Site {
            middlewares: Attr::Known(Middlewares {
                retry: known("traefik-retry"),
                error_pages: known("traefik-error-pages"),
                rate_limit: known("traefik-rate-limit"),
                csp: known("traefik-csp-headers"),
                anti_ai: Attr::Known(vec!["traefik-ai-bot-block".to_owned(), "traefik-anti-ai-headers".to_owned()]),
                gate: known("traefik-forward-auth"),
                public_gate: known("traefik-forward-auth-public"),
                local_only: known("traefik-local-only"),
                scale_to_zero: known("traefik-wake"),
            }),
            ..Site::default()
        }
    }

    fn texts(chain: &str) -> Vec<String> {
        chain.split_whitespace().map(reference).collect()
    }

    #[test]
    fn the_order_is_that_of_the_house() {
        let extras = ["photos-strip".to_owned(), "errors@file".to_owned()];
        let wrap = "traefik-retry traefik-error-pages traefik-rate-limit traefik-csp-headers";
        let ai = "traefik-ai-bot-block traefik-anti-ai-headers";
        let table = [
            (Auth::Required, format!("{wrap} traefik-forward-auth photos-strip errors@file")),
            (Auth::Public, format!("{wrap} traefik-forward-auth-public photos-strip errors@file")),
            (Auth::App, format!("{wrap} {ai} photos-strip errors@file")),
            (Auth::None, format!("{wrap} {ai} photos-strip errors@file")),
        ];
        for (auth, expected) in table {
            assert_eq!(chain(&full_site(), auth, &extras), Ok(Attr::Known(texts(&expected))), "{auth}");
        }
    }

    #[test]
    fn a_gate_that_is_not_named_is_an_error_and_never_an_open_chain() {
        let site = Site::default();
        assert_eq!(chain(&site, Auth::Required, &[]), Err(NoGate { argument: "site.middlewares.gate" }));
        assert_eq!(chain(&site, Auth::Public, &[]), Err(NoGate { argument: "site.middlewares.public_gate" }));
        assert_eq!(chain(&site, Auth::None, &[]), Ok(Attr::Known(Vec::new())));
    }

    #[test]
    fn only_what_is_in_the_chain_makes_it_unknown() {
        let mut site = full_site();
        if let Attr::Known(named) = &mut site.middlewares {
            named.gate = Attr::Unknown;
        }
        assert_eq!(chain(&site, Auth::Required, &[]), Ok(Attr::Unknown));
        assert!(matches!(chain(&site, Auth::None, &[]), Ok(Attr::Known(_))));
        site.middlewares = Attr::Unknown;
        assert_eq!(chain(&site, Auth::None, &[]), Ok(Attr::Unknown));
    }

    #[test]
    fn a_chain_reads_back_as_what_it_is_and_not_as_what_it_says() {
        let site = full_site();
        for auth in Auth::ALL {
            let members = chain(&site, *auth, &["photos-strip".to_owned()]).unwrap().into_known().unwrap();
            assert_eq!(read(&site, &members, Some(*auth)), Some((*auth, vec!["photos-strip".to_owned()])));
        }
        let open = chain(&site, Auth::None, &[]).unwrap().into_known().unwrap();
        // Without the scrapers' middlewares it is no chain of ours, with them it is open, whatever it claims.
        assert_eq!(read(&site, &open, Some(Auth::Required)), Some((Auth::None, Vec::new())));
        assert_eq!(read(&site, &open, None), Some((Auth::None, Vec::new())));
        assert_eq!(read(&site, &open, Some(Auth::App)), Some((Auth::App, Vec::new())));
        assert_eq!(read(&site, &texts("traefik-retry"), Some(Auth::None)), None);
    }

    #[test]
    fn a_gate_among_the_additions_is_no_addition() {
        let mut site = full_site();
        if let Attr::Known(named) = &mut site.middlewares {
            named.anti_ai = Attr::Null;
        }
        let wrap = "traefik-retry traefik-error-pages traefik-rate-limit traefik-csp-headers";
        let late = texts(&format!("{wrap} photos-strip traefik-forward-auth"));
        assert_eq!(read(&site, &late, Some(Auth::None)), None);
    }
}
