//! The chain of middlewares, and its order.
//!
//! Traefik runs a chain in the order in which it is written, so the order is a decision: retry and error pages wrap
//! everything, the rate limit comes before the gate (it protects the gate as well), who passes the gate is looked at more
//! closely after it (groups, local addresses), and what the user adds comes last. Scrapers are kept away where no gate does
//! it, unless the user says otherwise.
//!
//! A list of groups means members of any of them, while a chain means all of its members: two middlewares, one a group,
//! would let pass only who is in both. So several groups need one middleware, which the site names by all of them.

mod read;
#[cfg(test)]
mod tests;

use homelab_schema::Attr;
use homelab_schema::ingress::Auth;
use homelab_schema::provider::{Middlewares, Site};

pub use self::read::{Hints, Own, ReadLimiter, Reading, read};

/// Which rate limit is in front of a door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limiter {
    /// That of the site, where it names one.
    Site,
    /// A middleware of the resource itself, by its reference.
    Own(String),
    /// None.
    Off,
}

/// What decides a chain, apart from the site. Each part may be unknown by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// What is in front.
    pub auth: Attr<Auth>,
    /// The rate limit.
    pub limiter: Attr<Limiter>,
    /// Whether scrapers are kept away.
    pub anti_ai: Attr<bool>,
    /// The groups whose members may pass; null is everybody who passes the gate.
    pub groups: Attr<Vec<String>>,
    /// Whether only local addresses may pass.
    pub local_only: Attr<bool>,
    /// Reference of the resource's own content security policy; null is that of the site.
    pub csp: Attr<String>,
    /// Reference of the resource's own limit of bodies.
    pub body: Attr<String>,
    /// The middleware that wakes the app, as it is written; `None` where the app never sleeps.
    pub wake: Option<Attr<String>>,
    /// What the user added.
    pub extras: Attr<Vec<String>>,
}

/// A member of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// `<namespace>-<name>@kubernetescrd`, or `<name>@<provider>`.
    pub reference: String,
    /// The argument of the resource that put it there; `auth` for what the site has in front of every app.
    pub argument: &'static str,
    /// Its position in that argument, where that is a list.
    pub index: Option<usize>,
}

/// Something that an argument needs and the site does not name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A middleware.
    Middleware {
        /// The argument of the resource that needs it.
        argument: &'static str,
        /// The argument of the provider block that would name it.
        setting: &'static str,
    },
    /// The middleware of a group, or of several.
    Group {
        /// The key that `site.groups` lacks.
        key: String,
    },
}

/// The reference as Traefik wants it: `traefik-forward-auth` is taken to be a Middleware object of the cluster.
pub fn reference(text: &str) -> String {
    if text.contains('@') { text.to_owned() } else { format!("{text}@kubernetescrd") }
}

/// The reference as a user would write it.
pub fn shorten(member: &str) -> String {
    member.strip_suffix("@kubernetescrd").unwrap_or(member).to_owned()
}

/// The key of `site.groups` that stands for members of any of these groups.
pub fn key_of(groups: &[String]) -> String {
    let sorted: std::collections::BTreeSet<&str> = groups.iter().map(String::as_str).collect();
    sorted.into_iter().collect::<Vec<_>>().join("+")
}

/// What the parts need and the site does not name. What is unknown is not missing.
pub fn missing(site: &Site, parts: &Parts) -> Vec<Missing> {
    let none = Middlewares::default();
    let named = match &site.middlewares {
        Attr::Unknown => return Vec::new(),
        Attr::Null => &none,
        Attr::Known(named) => named,
    };
    let mut missing = Vec::new();
    let mut need = |is_needed: bool, is_missing: bool, argument, setting| {
        if is_needed && is_missing {
            missing.push(Missing::Middleware { argument, setting });
        }
    };
    let auth = parts.auth.known();
    need(auth == Some(&Auth::Required), named.gate.is_null(), "auth", "site.middlewares.gate");
    need(auth == Some(&Auth::Public), named.public_gate.is_null(), "auth", "site.middlewares.public_gate");
    // Behind a gate they are only where the user asked for them, so then they must be there.
    let no_scraping = parts.anti_ai.known() == Some(&true) && auth.is_some_and(|auth| !auth.is_open());
    let no_anti_ai = named.anti_ai.is_null() || named.anti_ai.known().is_some_and(Vec::is_empty);
    need(no_scraping, no_anti_ai, "anti_ai_scraping", "site.middlewares.anti_ai");
    let local = parts.local_only.known() == Some(&true);
    need(local, named.local_only.is_null(), "local_only", "site.middlewares.local_only");
    need(parts.wake == Some(Attr::Null), true, "scale_to_zero", "site.middlewares.scale_to_zero");
    if let (Some(Auth::Required), Attr::Known(groups)) = (auth, &parts.groups) {
        let key = key_of(groups);
        let is_named = match &site.groups {
            Attr::Unknown => true,
            Attr::Null => false,
            Attr::Known(all) => all.contains_key(&key),
        };
        if !is_named {
            missing.push(Missing::Group { key });
        }
    }
    missing
}

/// The chain in front of a door. Unknown while a part of it is; an error where something is not named that must be in it,
/// because a chain without it would be an open door.
pub fn chain(site: &Site, parts: &Parts) -> Result<Attr<Vec<Link>>, Missing> {
    if let Some(missing) = missing(site, parts).into_iter().next() {
        return Err(missing);
    }
    let (Attr::Known(auth), false) = (parts.auth, site.middlewares.is_unknown()) else { return Ok(Attr::Unknown) };
    let none = Middlewares::default();
    let named = site.middlewares.known().unwrap_or(&none);
    let mut chain = Assembly(Some(Vec::new()));
    chain.add("auth", &named.retry);
    chain.add("auth", &named.error_pages);
    match &parts.limiter {
        Attr::Unknown => chain.add("rate_limit", &Attr::Unknown),
        Attr::Null | Attr::Known(Limiter::Site) => chain.add("auth", &named.rate_limit),
        Attr::Known(Limiter::Own(own)) => chain.add("rate_limit", &Attr::Known(own.clone())),
        Attr::Known(Limiter::Off) => {}
    }
    match &parts.csp {
        Attr::Null => chain.add("auth", &named.csp),
        Attr::Unknown => chain.add("content_security_policy", &Attr::Unknown),
        Attr::Known(_) => {}
    }
    match parts.anti_ai {
        Attr::Known(false) => {}
        Attr::Unknown if named.anti_ai.is_null() => {}
        Attr::Unknown => chain.add("anti_ai_scraping", &Attr::Unknown),
        Attr::Null | Attr::Known(true) => chain.add_all("anti_ai_scraping", &named.anti_ai, false),
    }
    match auth {
        Auth::Required => {
            chain.add("auth", &named.gate);
            let middleware = |groups: Vec<String>| match &site.groups {
                Attr::Known(all) => all.get(&key_of(&groups)).cloned().into(),
                Attr::Null | Attr::Unknown => Attr::Unknown,
            };
            match parts.groups.clone() {
                Attr::Null => {}
                Attr::Unknown => chain.add("allowed_groups", &Attr::Unknown),
                Attr::Known(groups) => chain.add("allowed_groups", &middleware(groups)),
            }
        }
        Auth::Public => chain.add("auth", &named.public_gate),
        Auth::App | Auth::None => {}
    }
    match parts.local_only {
        Attr::Null | Attr::Known(false) => {}
        Attr::Unknown => chain.add("local_only", &Attr::Unknown),
        Attr::Known(true) => chain.add("local_only", &named.local_only),
    }
    chain.add("content_security_policy", &parts.csp);
    chain.add("max_body_size", &parts.body);
    if let Some(wake) = &parts.wake {
        chain.add("scale_to_zero", wake);
    }
    chain.add_all("extra_middlewares", &parts.extras, true);
    Ok(chain.0.map_or(Attr::Unknown, Attr::Known))
}

/// Members so far; `None` once one of them is unknown.
struct Assembly(Option<Vec<Link>>);

impl Assembly {
    fn add(&mut self, argument: &'static str, member: &Attr<String>) {
        match member {
            Attr::Null => {}
            Attr::Unknown => self.0 = None,
            Attr::Known(text) => self.push(argument, None, text),
        }
    }

    fn add_all(&mut self, argument: &'static str, members: &Attr<Vec<String>>, is_users: bool) {
        match members {
            Attr::Null => {}
            Attr::Unknown => self.0 = None,
            Attr::Known(several) => {
                for (index, text) in several.iter().enumerate() {
                    self.push(argument, is_users.then_some(index), text);
                }
            }
        }
    }

    fn push(&mut self, argument: &'static str, index: Option<usize>, text: &str) {
        if let Some(links) = &mut self.0 {
            links.push(Link { reference: reference(text), argument, index });
        }
    }
}
