//! A chain, read back.

use homelab_schema::Attr;
use homelab_schema::ingress::Auth;
use homelab_schema::provider::{Middlewares, Site};

use super::{key_of, reference, shorten};

/// References of the resource's own middlewares, for recognising them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// Own rate limits: that of the door itself, and that of the resource where the door is a carve-out.
    pub limiters: Vec<String>,
    /// Own content security policy.
    pub csp: String,
    /// Own limit of bodies.
    pub body: String,
}

/// What decides between declarations that render the same chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// What the object says of itself.
    pub auth: Option<Auth>,
    /// The groups, where the declaration names any.
    pub groups: Option<Vec<String>>,
    /// The middleware that wakes the app, as it is written.
    pub wake: Option<String>,
}

/// A rate limit, as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadLimiter {
    /// That of the site; also where the site names none.
    Site,
    /// One of [`Own::limiters`], by its position there.
    Own(usize),
    /// None, although the site names one.
    Off,
}

/// What a chain amounts to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What is in front.
    pub auth: Auth,
    /// The rate limit.
    pub limiter: ReadLimiter,
    /// Whether scrapers are kept away; `None` where the site names nothing that would.
    pub anti_ai: Option<bool>,
    /// Groups, where their middleware is there.
    pub groups: Option<Vec<String>>,
    /// Whether only local addresses may pass.
    pub local_only: bool,
    /// Whether the policy is the resource's own.
    pub csp: bool,
    /// Whether there is an own limit of bodies.
    pub body: bool,
    /// The middleware that wakes the app.
    pub wake: Option<String>,
    /// What the user added.
    pub extras: Vec<String>,
}

/// Reads a chain back: the declaration that it amounts to.
///
/// `None` where the chain is none that this site would render: somebody else wrote it, or changed it beyond what can be
/// declared. An object that says `required` but lacks the gate is read as what it is, so that the plan shows the open door.
pub fn read(site: &Site, own: &Own, members: &[String], hints: &Hints) -> Option<Reading> {
    let none = Middlewares::default();
    let named = site.middlewares.known().unwrap_or(&none);
    let mut rest = Rest(members);
    for always in [&named.retry, &named.error_pages] {
        if !always.is_null() && !rest.take_named(always) {
            return None;
        }
    }
    let limiter = match own.limiters.iter().position(|own| rest.next() == Some(own)) {
        Some(position) => {
            rest.skip(1);
            ReadLimiter::Own(position)
        }
        None if named.rate_limit.is_null() || rest.take_named(&named.rate_limit) => ReadLimiter::Site,
        None => ReadLimiter::Off,
    };
    let has_sites_csp = rest.take_named(&named.csp);
    let anti_ai = named.anti_ai.known().filter(|several| !several.is_empty()).map(|several| {
        let several: Vec<String> = several.iter().map(|text| reference(text)).collect();
        rest.take_all(&several)
    });
    let auth = auth(named, &mut rest, hints);
    let groups = if auth == Auth::Required { groups(site, &mut rest, hints) } else { None };
    let local_only = rest.take_named(&named.local_only);
    let csp = rest.take(&own.csp);
    // Where the site has a policy, just one of the two is there.
    if !named.csp.is_null() && has_sites_csp == csp {
        return None;
    }
    let body = rest.take(&own.body);
    let wake = wake(named, &mut rest, hints);
    // A gate behind the members that a door has is no gate of this declaration, and hiding it would be worse.
    let is_gate = |member: &String| {
        [&named.gate, &named.public_gate].iter().any(|gate| gate.known().is_some_and(|gate| reference(gate) == *member))
    };
    if rest.0.iter().any(is_gate) {
        return None;
    }
    let extras = rest.0.iter().map(|member| shorten(member)).collect();
    Some(Reading { auth, limiter, anti_ai, groups, local_only, csp, body, wake, extras })
}

fn auth(named: &Middlewares, rest: &mut Rest<'_>, hints: &Hints) -> Auth {
    // Where a site has one middleware for both, the object's own word decides.
    let order = if hints.auth == Some(Auth::Public) {
        [(Auth::Public, &named.public_gate), (Auth::Required, &named.gate)]
    } else {
        [(Auth::Required, &named.gate), (Auth::Public, &named.public_gate)]
    };
    let gated = order.into_iter().find(|(_, gate)| rest.take_named(gate)).map(|(auth, _)| auth);
    gated.unwrap_or(if hints.auth == Some(Auth::App) { Auth::App } else { Auth::None })
}

fn groups(site: &Site, rest: &mut Rest<'_>, hints: &Hints) -> Option<Vec<String>> {
    let all = site.groups.known()?;
    let next = rest.next()?.clone();
    let mut hinted =
        hints.groups.iter().filter(|groups| all.get(&key_of(groups)).is_some_and(|m| reference(m) == next));
    let found = hinted.next().cloned().or_else(|| {
        let (key, _) = all.iter().find(|(_, middleware)| reference(middleware) == next)?;
        Some(key.split('+').map(str::to_owned).collect())
    })?;
    rest.skip(1);
    Some(found)
}

fn wake(named: &Middlewares, rest: &mut Rest<'_>, hints: &Hints) -> Option<String> {
    let of_site = named.scale_to_zero.known();
    let found = hints.wake.iter().chain(of_site).find(|text| rest.next() == Some(&reference(text))).cloned();
    if found.is_some() {
        rest.skip(1);
    }
    found
}

/// The members that were not read yet.
struct Rest<'a>(&'a [String]);

impl<'a> Rest<'a> {
    fn next(&self) -> Option<&'a String> {
        self.0.first()
    }

    fn skip(&mut self, count: usize) {
        self.0 = self.0.get(count..).unwrap_or_default();
    }

    fn take(&mut self, reference: &str) -> bool {
        let is_next = self.next().is_some_and(|next| next == reference);
        self.skip(usize::from(is_next));
        is_next
    }

    fn take_named(&mut self, text: &Attr<String>) -> bool {
        text.known().is_some_and(|text| self.take(&reference(text)))
    }

    fn take_all(&mut self, several: &[String]) -> bool {
        let are_next = self.0.starts_with(several);
        if are_next {
            self.skip(several.len());
        }
        are_next
    }
}
