//! What one answer shows.

use std::fmt;
use std::net::IpAddr;

use super::door::media_type;
use super::signature::{Recognised, system_name};
use super::{Check, Outcome, Seen, Wall};

#[cfg(test)]
mod tests;

/// One answer, or as much of it as was read. It lives for as long as it is looked at, and is never stored.
#[derive(Clone, Default)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers in order, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The beginning of the body.
    pub body: Vec<u8>,
    /// What `body` is of the whole.
    pub complete: Body,
}

/// How much of a body was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Body {
    /// All of it.
    #[default]
    Whole,
    /// As much as is looked at; the rest was not read.
    Capped,
    /// The connection ended before the body did.
    Cut,
}

/// Why there was no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The name has no address.
    DnsAbsent(String),
    /// No connection, no answer in time, or no HTTP: a fragment that says which.
    Unreachable(String),
    /// No TLS, or a certificate that is not accepted: a fragment that says why.
    TlsInvalid(String),
    /// Every address is special and was not allowed; the first, and its kind as a word.
    Private(IpAddr, &'static str),
    /// It was not asked, since what was asked before failed so.
    GivenUp(Box<Self>),
}

impl Failure {
    /// What failed at first, where it was not asked again because of that.
    pub fn first(&self) -> &Self {
        match self {
            Self::GivenUp(before) => before.first(),
            itself => itself,
        }
    }

    fn observed(&self) -> Observed {
        match self.first() {
            Self::DnsAbsent(_) => Observed::DnsAbsent,
            Self::TlsInvalid(_) => Observed::TlsInvalid,
            _ => Observed::Unreachable,
        }
    }
}

impl fmt::Display for Failure {
    /// A fragment that fits after "did not answer: ".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DnsAbsent(why) | Self::Unreachable(why) | Self::TlsInvalid(why) => f.write_str(why),
            Self::Private(address, kind) => write!(f, "{address} is a {kind} address, which is not allowed"),
            Self::GivenUp(before) => write!(f, "{before}, several times in a row, and so it was not asked again"),
        }
    }
}

/// What was seen, by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Observed {
    /// The app answers.
    Public,
    /// The declared wall answers.
    Gated,
    /// The wall answers in its emergency form.
    GatedDegraded,
    /// An error of the class 5xx, of the app or of the gate.
    OriginError,
    /// No answer.
    Unreachable,
    /// No acceptable certificate.
    TlsInvalid,
    /// No address.
    DnsAbsent,
    /// An answer that proves neither.
    Ambiguous,
}

impl Observed {
    /// Its word in results.
    pub fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Gated => "gated",
            Self::GatedDegraded => "gated_degraded",
            Self::OriginError => "origin_error",
            Self::Unreachable => "unreachable",
            Self::TlsInvalid => "tls_invalid",
            Self::DnsAbsent => "dns_absent",
            Self::Ambiguous => "ambiguous",
        }
    }
}

/// What one sample showed: kinds, names and reasons; nothing of body, cookies or tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// By kind.
    pub observed: Observed,
    /// The wall that was recognised, whoever's it is.
    pub wall: Option<Recognised>,
    /// The status, where there was an answer.
    pub status: Option<u16>,
    /// Why it was judged so, as a fragment that fits after "answered 200: ".
    pub why: String,
    /// A public answer that is not what was declared of it.
    pub unmet: bool,
    /// The request was turned away or sent elsewhere, and no wall was seen.
    pub refused: bool,
    /// Why there was no answer.
    pub failure: Option<Failure>,
}

impl Answer {
    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a header.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The names of the cookies that it sets.
    pub fn cookies(&self) -> impl Iterator<Item = &str> {
        self.headers("set-cookie").map(|cookie| cookie.split('=').next().unwrap_or_default().trim())
    }

    /// Where it redirects to.
    pub fn redirect(&self) -> Option<&str> {
        self.header("location").filter(|_| matches!(self.status, 301 | 302 | 303 | 307 | 308))
    }

    /// Whether what was read of the body holds `part`.
    pub fn body_holds(&self, part: &str) -> bool {
        !part.is_empty() && self.body.windows(part.len()).any(|window| window == part.as_bytes())
    }

    /// Whether the body can be searched for text at all.
    fn is_encoded(&self) -> bool {
        self.header("content-encoding").is_some_and(|encoding| !encoding.trim().eq_ignore_ascii_case("identity"))
    }
}

impl std::fmt::Debug for Answer {
    /// Without values: cookies, tokens and bodies have no place in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("headers", &names)
            .field("body", &self.body.len())
            .field("complete", &self.complete)
            .finish()
    }
}

/// What an app that speaks WebSocket answers to an upgrade: yes, or that it wants it otherwise.
const UPGRADE_ANSWERS: [u16; 3] = [101, 400, 426];

/// What `answer` to `check` shows, when `wall` is the one that counts.
pub fn observe(check: &Check, wall: &Wall, answer: &Answer) -> Observation {
    let seen = wall.look(answer, &check.url);
    let shown = Observation {
        observed: Observed::Ambiguous,
        wall: seen.recognised().cloned(),
        status: Some(answer.status),
        why: String::new(),
        unmet: false,
        refused: false,
        failure: None,
    };
    let is = |observed, why: String| Observation { observed, why, ..shown.clone() };
    if let Some(client) = &check.proof.guest {
        return as_guest(check, wall, answer, client, &shown);
    }
    match &seen {
        Seen::Ours(found) => return is(Observed::Gated, named(found)),
        Seen::Emergency(found) => return is(Observed::GatedDegraded, named(found)),
        Seen::Mismatch(found, why) => {
            return is(Observed::Ambiguous, format!("{}, but {why}, which is not the declared one", named(found)));
        }
        Seen::Unpinned(found) => {
            let pin = if found.client_id.is_some() { "client_id" } else { "issuer_host" };
            let why = format!("{}: the gate's or the app's own, which `{pin}` of `wall` would tell", named(found));
            return is(Observed::Ambiguous, why);
        }
        Seen::Refusal(found) if check.outcome == Outcome::Public && !check.proof.statuses.contains(&answer.status) => {
            let why = format!("{}: the gate's words, or the app's own, which `statuses` would declare", named(found));
            return is(Observed::Ambiguous, why);
        }
        Seen::Refusal(_) | Seen::Foreign(_) | Seen::Nothing => {}
    }
    let foreign = match &seen {
        Seen::Foreign(found) => Some(named(found)),
        _ => None,
    };
    if answer.status >= 500 && !check.proof.statuses.contains(&answer.status) {
        return is(Observed::OriginError, "an error of the app, or of the gate in front of it".to_owned());
    }
    match check.outcome {
        Outcome::Public | Outcome::Either => as_public(check, wall, answer, foreign, &shown),
        Outcome::Gated | Outcome::GatedOrRefused => match foreign {
            Some(foreign) => is(Observed::Ambiguous, format!("{foreign}, which is not the declared wall")),
            None => as_gated(check, wall, answer, &shown),
        },
    }
}

/// Whether people are sent to the issuer as the guests' client. Where they are sent tells it alone: a redirect by way of a
/// page of the gate's own does not say yet for whom.
fn as_guest(check: &Check, wall: &Wall, answer: &Answer, client: &str, shown: &Observation) -> Observation {
    let is = |observed, why: String| Observation { observed, why, ..shown.clone() };
    let client = Some(client).filter(|client| !client.is_empty());
    let guests = Wall { client_ids: client.map(str::to_owned).into_iter().collect(), location: None, ..wall.clone() };
    match (guests.look(answer, &check.url), wall.look(answer, &check.url)) {
        (Seen::Ours(found), _) if client.is_some() && found.client_id.as_deref() == client => {
            is(Observed::Public, format!("{}, as the guests' client", named(&found)))
        }
        // Nobody named the guests' client: it is any but the gate's own, if those were named.
        (Seen::Ours(found), Seen::Mismatch(..)) if client.is_none() && found.client_id.is_some() => {
            is(Observed::Public, format!("{}, as a client that is not the gate's", named(&found)))
        }
        (Seen::Ours(found) | Seen::Unpinned(found), _) if client.is_none() && wall.client_ids.is_empty() => {
            let why = "of the guests or of the gate, which `guest_client_id` of `wall` in the `site` block would tell";
            is(Observed::Ambiguous, format!("{}: {why}", named(&found)))
        }
        (Seen::Ours(found), _) if found.client_id.is_none() => {
            is(Observed::Ambiguous, format!("{}, which does not say for which client", named(&found)))
        }
        (_, Seen::Emergency(found)) => is(Observed::GatedDegraded, named(&found)),
        (_, Seen::Ours(found)) => is(Observed::Gated, format!("{}, and not as the guests' client", named(&found))),
        (Seen::Mismatch(found, why), _) => is(
            Observed::Ambiguous,
            format!("{}, but {why}, which is neither the guests' nor the gate's", named(&found)),
        ),
        _ if answer.status >= 500 => {
            is(Observed::OriginError, "an error of the app, or of the gate in front of it".to_owned())
        }
        _ => Observation {
            why: "no session for a guest is opened: the gate's form for guests is not in front of it".to_owned(),
            unmet: true,
            ..shown.clone()
        },
    }
}

/// No wall of ours: does it prove that the door is open to everybody, as it should be?
fn as_public(check: &Check, wall: &Wall, answer: &Answer, foreign: Option<String>, shown: &Observation) -> Observation {
    let is = |observed, why: &str| Observation { observed, why: why.to_owned(), ..shown.clone() };
    let unmet = |why: String| Observation { why, unmet: true, ..shown.clone() };
    let proof = &check.proof;
    if !proof.lenient && !proof.statuses.is_empty() && !proof.statuses.contains(&answer.status) {
        return unmet("not one of the declared statuses".to_owned());
    }
    if let Some(expected) = &proof.content_type {
        let seen = harmless(&media_type(answer.header("content-type").unwrap_or_default()));
        if seen != *expected {
            let seen = if seen.is_empty() { "no content type" } else { &seen };
            return unmet(format!("{seen} where {expected} was declared"));
        }
    }
    if let Some(origin) = &proof.allow_origin {
        let allowed = answer.header("access-control-allow-origin").map(str::trim);
        if !allowed.is_some_and(|allowed| allowed == "*" || allowed == origin) {
            return unmet(format!("{origin} is not allowed to ask, although that was declared"));
        }
    }
    if proof.upgrades && !UPGRADE_ANSWERS.contains(&answer.status) && !proof.statuses.contains(&answer.status) {
        return unmet("the upgrade to WebSocket, which was declared, did not reach the app".to_owned());
    }
    // The wall may have been in the part that did not come.
    if answer.complete == Body::Cut {
        return is(Observed::OriginError, "the answer ended before it was complete");
    }
    if let Some(expected) = &proof.body_contains {
        if answer.is_encoded() {
            return is(
                Observed::Ambiguous,
                "the body is compressed although that was not asked for, and cannot be searched",
            );
        }
        if !answer.body_holds(expected) {
            return unmet("the declared text is not in the body".to_owned());
        }
    }
    if proof.statuses.contains(&answer.status) {
        return is(Observed::Public, "a declared status");
    }
    if let Some(foreign) = foreign {
        return is(Observed::Public, &format!("{foreign}, which is not the declared wall"));
    }
    if only_changes_scheme(check, answer) {
        return is(Observed::Ambiguous, "a redirect to https, which says nothing of the door: probe the https URL");
    }
    match answer.status {
        401 if answer.headers("www-authenticate").any(|value| value.to_ascii_lowercase().starts_with("basic")) => is(
            Observed::Ambiguous,
            "a Basic prompt, of the app or of a gate in an emergency: declare `statuses = [401]` if it is the app's",
        ),
        401 | 403 if !wall.is_declared() => {
            is(Observed::Ambiguous, "a refusal, and no `wall` is declared that it could be told apart from")
        }
        407 | 408 | 421 | 425 | 429 => is(Observed::Ambiguous, "an answer of whatever is in front of the app"),
        _ => is(Observed::Public, "no wall"),
    }
}

/// No wall: does it prove that somebody got through?
fn as_gated(check: &Check, wall: &Wall, answer: &Answer, shown: &Observation) -> Observation {
    let is = |observed, why: &str| Observation { observed, why: why.to_owned(), ..shown.clone() };
    let refused = |why: &str| Observation { why: why.to_owned(), refused: true, ..shown.clone() };
    match answer.status {
        200..=299 if check.method == "HEAD" && is_page(answer) => {
            is(Observed::Ambiguous, "a page that HEAD does not show: the app's, or one to sign in")
        }
        100..=299 | 304 => is(Observed::Public, "no wall"),
        300..=399 if check.outcome == Outcome::GatedOrRefused => refused("sent elsewhere"),
        300..=399 if leads_into_the_app(check, answer) && wall.is_declared() => {
            is(Observed::Public, "a redirect of the app itself")
        }
        300..=399 => is(Observed::Ambiguous, "a redirect that is not the declared wall"),
        _ => refused("a refusal that is not the declared wall"),
    }
}

/// A redirect to another page of the same host was written by the app: whoever got it was let through. One that only adds a
/// slash or changes the scheme may be the proxy's.
fn leads_into_the_app(check: &Check, answer: &Answer) -> bool {
    let Some(location) = answer.redirect() else { return false };
    match super::Url::parse(location) {
        Ok(url) => url.host() == check.url.host() && !same_page(url.path(), check.url.path()),
        Err(_) if location.starts_with('/') && !location.starts_with("//") => {
            !same_page(location.split(['?', '#']).next().unwrap_or_default(), check.url.path())
        }
        Err(_) => false,
    }
}

fn is_page(answer: &Answer) -> bool {
    media_type(answer.header("content-type").unwrap_or_default()) == "text/html"
}

fn same_page(one: &str, other: &str) -> bool {
    one.trim_end_matches('/') == other.trim_end_matches('/')
}

fn only_changes_scheme(check: &Check, answer: &Answer) -> bool {
    let Some(Ok(url)) = answer.redirect().map(super::Url::parse) else { return false };
    !check.url.is_tls() && url.is_tls() && url.host() == check.url.host() && same_page(url.path(), check.url.path())
}

/// What a server sent, as it may be shown: cut, and without what a terminal would take for a command.
pub(super) fn harmless(text: &str) -> String {
    /// No host name is longer, and no client that anybody registers.
    const LONGEST: usize = 253;
    let shown = |letter: char| letter.is_ascii_graphic() || letter == ' ';
    text.chars().take(LONGEST).map(|letter| if shown(letter) { letter } else { char::REPLACEMENT_CHARACTER }).collect()
}

fn named(found: &Recognised) -> String {
    let system = found.system.map(|system| format!(" ({})", system_name(system))).unwrap_or_default();
    let issuer = found.issuer.as_ref().map(|issuer| format!(" at {issuer}")).unwrap_or_default();
    format!("{}{system}{issuer}", found.form)
}

impl Observation {
    /// No answer.
    pub fn failed(failure: Failure) -> Self {
        let (observed, why) = (failure.observed(), failure.to_string());
        Self { observed, wall: None, status: None, why, unmet: false, refused: false, failure: Some(failure) }
    }

    /// What happened, as a fragment that fits after "GET https://…": "answered 302: sign-in redirect (authentik) at …".
    pub fn told(&self) -> String {
        match self.status {
            Some(status) => format!("answered {status}: {}", self.why),
            None => format!("did not answer: {}", self.why),
        }
    }
}
