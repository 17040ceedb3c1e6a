//! The forms in which a door is asked, beside a plain GET.
//!
//! A carve-out may hold for one kind of request and not for another: a gate that redirects browsers and forgets programs, a
//! rule that is keyed on a header which anybody may send. Each form is a [`Way`], so that results say which one it was; what
//! must come of it follows from what was declared of the door.
//!
//! # Forces
//!
//! - Never a method that could change something: GET, HEAD and OPTIONS alone.
//! - Requests cost the host something. The small matrix doubles what is declared and no more; a canary is sent once, since it
//!   asks what a rule does and not which replica answers, and again only where there was no answer.
//! - Nothing that a canary carries is a secret, and it never stands in a result: its name does.

use std::collections::HashMap;

use homelab_schema::carveout_probe::Matrix;
use homelab_schema::ingress::Expect;

use super::boundary::without_repeats;
use super::{Check, Door, Outcome, Proof, checks};

#[cfg(test)]
mod tests;

/// How a request differs from a plain one of a browser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Way {
    /// Not at all.
    #[default]
    Plain,
    /// It asks for JSON, as a program does.
    Json,
    /// Without a body in the answer.
    Head,
    /// It names another user agent.
    Agent,
    /// The question of a browser whether a page elsewhere may ask.
    Preflight,
    /// It wants to speak WebSocket.
    WebSocket,
    /// It goes where DNS says, although another place was named.
    Edge,
    /// It carries what must not open the gate; the name of that.
    Spoof(&'static str),
}

impl Way {
    /// What stands in results; empty for a plain request.
    pub fn word(self) -> String {
        match self {
            Self::Plain => String::new(),
            Self::Json => "accept json".to_owned(),
            Self::Head => "head".to_owned(),
            Self::Agent => "another user agent".to_owned(),
            Self::Preflight => "preflight".to_owned(),
            Self::WebSocket => "websocket".to_owned(),
            Self::Edge => "through dns".to_owned(),
            Self::Spoof(name) => format!("spoof {name}"),
        }
    }

    /// How many samples must agree, where `threshold` do for plain requests.
    pub fn threshold(self, threshold: usize) -> usize {
        if matches!(self, Self::Spoof(_)) { 1 } else { threshold }
    }
}

/// How much beside the declared requests is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breadth {
    /// The paths around prefixes.
    pub boundary: bool,
    /// What must not open a gate.
    pub spoof: bool,
    /// Other forms of the declared requests.
    pub matrix: Matrix,
    /// Whether another place than that of DNS was named, so that both can be asked.
    pub elsewhere: bool,
}

/// What a canary sends. `{path}`, `{url}` are of a public door of the same host and `{host}` of one elsewhere, where there is
/// one; `{OWN}` and `{dotted}` are the host of the request in capitals and with a final dot.
const CANARIES: &[(&str, &[(&str, &str)])] = &[
    ("x-forwarded-uri", &[("x-forwarded-uri", "{path}")]),
    // Gates let their own pages pass without a session, and some believe this header.
    ("x-forwarded-uri of authentik", &[("x-forwarded-uri", "/outpost.goauthentik.io/start")]),
    ("x-forwarded-uri of oauth2-proxy", &[("x-forwarded-uri", "/oauth2/sign_in")]),
    ("x-original-url", &[("x-original-url", "{url}"), ("x-original-uri", "{path}"), ("x-rewrite-url", "{path}")]),
    ("x-forwarded-method", &[("x-forwarded-method", "OPTIONS"), ("x-original-method", "OPTIONS")]),
    ("x-forwarded-host", &[("x-forwarded-host", "{host}")]),
    ("x-forwarded-proto", &[("x-forwarded-proto", "http"), ("x-forwarded-port", "80")]),
    ("x-forwarded-for", &[("x-forwarded-for", "127.0.0.1"), ("x-real-ip", "127.0.0.1")]),
    (
        "identity headers",
        &[
            ("x-authentik-username", "homelab-probe"),
            ("remote-user", "homelab-probe"),
            ("x-forwarded-user", "homelab-probe"),
            ("x-forwarded-email", "probe@example.net"),
            ("x-auth-request-user", "homelab-probe"),
            ("cf-access-authenticated-user-email", "probe@example.net"),
        ],
    ),
    // Servers that make variables of headers do not tell these from those with hyphens.
    (
        "identity headers with underscores",
        &[
            ("x_authentik_username", "homelab-probe"),
            ("remote_user", "homelab-probe"),
            ("x_forwarded_user", "homelab-probe"),
            ("x_forwarded_uri", "{path}"),
        ],
    ),
    ("bearer", &[("authorization", "Bearer homelab-probe")]),
    (
        "session-shaped cookies",
        &[(
            "cookie",
            "authentik_proxy_0=1; _oauth2_proxy=1; authelia_session=1; _pomerium=1; CF_Authorization=1; session=1",
        )],
    ),
    ("user agent of a monitor", &[("user-agent", "Blackbox Exporter/0.27.0")]),
    ("user agent of an app", &[("user-agent", "okhttp/4.12.0")]),
    ("host in capitals", &[("host", "{OWN}")]),
    ("host with a final dot", &[("host", "{dotted}")]),
];

const PROGRAM_ACCEPT: &str = "application/json";
/// A browser that exists, since rules are keyed on those that do.
const OTHER_AGENT: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                           Version/18.6 Mobile/15E148 Safari/604.1";
/// The origin of a preflight where none was declared: no host is called so.
const OTHER_ORIGIN: &str = "https://homelab-probe.invalid";
/// RFC 6455, section 1.3: any 16 bytes.
const WEBSOCKET_KEY: &str = "aG9tZWxhYi1wcm9iZS0xNg==";

/// Every request for `doors`: the declared ones, those around them, and their further forms; without duplicates.
pub fn requests(doors: &[Door], breadth: Breadth) -> Vec<Check> {
    let mut all = checks(doors, breadth.boundary);
    let plain = all.len();
    let mut public: HashMap<&str, &Door> = HashMap::new();
    for door in doors.iter().filter(|door| is_public(door)) {
        public.entry(door.url.host()).or_insert(door);
    }
    for door in doors {
        let here = public.get(door.url.host()).copied();
        all.extend(forms(door, breadth).into_iter().chain(canaries(door, here, doors, breadth.spoof)));
    }
    without_repeats(all, plain)
}

fn asked(door: &Door, way: Way, method: &str, headers: &[(&str, &str)], outcome: Outcome, proof: Proof) -> Check {
    let mut all = Vec::with_capacity(door.headers.len() + headers.len());
    all.extend_from_slice(&door.headers);
    for (name, value) in headers {
        all.retain(|(found, _)| found != name);
        all.push(((*name).to_owned(), (*value).to_owned()));
    }
    Check {
        label: door.label.clone(),
        at: door.at.clone(),
        url: door.url.clone(),
        method: method.to_owned(),
        way,
        headers: all,
        outcome,
        proof,
    }
}

/// The other forms of the declared request.
fn forms(door: &Door, breadth: Breadth) -> Vec<Check> {
    let gated = door.expect == Expect::Gated;
    // What a gate answers to something else than a browser is its own matter, as long as it lets nobody in.
    let elsewise = if gated { Outcome::GatedOrRefused } else { Outcome::Public };
    let lenient = Proof { lenient: true, content_type: None, body_contains: None, ..door.proof.clone() };
    let gets = door.methods.iter().any(|method| method == "GET");
    let (small, full) = (breadth.matrix != Matrix::Off, breadth.matrix == Matrix::Full);
    let mut forms = Vec::new();
    // Sessions for guests are for browsers: what a program gets instead is the gate's own matter.
    let is_guests = door.proof.guest.is_some();
    if small && gets && !is_guests && !door.headers.iter().any(|(name, _)| name == "accept") {
        forms.push(asked(door, Way::Json, "GET", &[("accept", PROGRAM_ACCEPT)], elsewise, lenient.clone()));
    }
    if full && gets && !door.methods.iter().any(|method| method == "HEAD") {
        forms.push(asked(door, Way::Head, "HEAD", &[], door.expect.into(), lenient.clone()));
    }
    if full && gets {
        let proof = door.proof.clone();
        forms.push(asked(door, Way::Agent, "GET", &[("user-agent", OTHER_AGENT)], door.expect.into(), proof.clone()));
        if breadth.elsewhere {
            forms.push(asked(door, Way::Edge, "GET", &[], door.expect.into(), proof));
        }
    }
    if full || door.cors_origin.is_some() {
        let origin = door.cors_origin.as_deref().unwrap_or(OTHER_ORIGIN);
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "GET"),
            ("access-control-request-headers", "authorization"),
        ];
        // Whether a gate answers preflights itself is its setting; they carry nothing of the app.
        let outcome = if gated { Outcome::Either } else { Outcome::Public };
        let proof = Proof { allow_origin: door.cors_origin.clone(), ..lenient.clone() };
        forms.push(asked(door, Way::Preflight, "OPTIONS", &headers, outcome, proof));
    }
    if full || door.websocket {
        let scheme = if door.url.is_tls() { "https" } else { "http" };
        let origin = format!("{scheme}://{}", door.url.authority());
        let headers = [
            ("connection", "Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", WEBSOCKET_KEY),
            ("origin", origin.as_str()),
        ];
        let proof = Proof { upgrades: door.websocket, ..lenient };
        forms.push(asked(door, Way::WebSocket, "GET", &headers, elsewise, proof));
    }
    forms
}

/// Public to everybody, without a session even of a guest.
fn is_public(door: &Door) -> bool {
    door.expect == Expect::Public && door.proof.guest.is_none()
}

/// What must not open a gate; `here` is a public door of the same host.
fn canaries(door: &Door, here: Option<&Door>, doors: &[Door], spoof: bool) -> Vec<Check> {
    let gets = door.methods.iter().any(|method| method == "GET");
    if !spoof || door.expect != Expect::Gated || !gets {
        return Vec::new();
    }
    let elsewhere = doors.iter().filter(|other| is_public(other)).find(|other| other.url.host() != door.url.host());
    let named = here.map_or_else(|| door.url.with_path("/favicon.ico"), |other| other.url.with_path(other.url.path()));
    let host = elsewhere.map_or("localhost", |other| other.url.host());
    let own = door.url.authority();
    let filled = |text: &str| {
        text.replace("{path}", named.path())
            .replace("{url}", &named.shown())
            .replace("{host}", host)
            .replace("{dotted}", &dotted(&own))
            .replace("{OWN}", &own.to_ascii_uppercase())
    };
    // An address has neither letters nor a final dot.
    let is_name = door.url.host().parse::<std::net::IpAddr>().is_err();
    let sent = CANARIES.iter().filter(|(name, _)| is_name || !name.starts_with("host "));
    sent.map(|(name, headers)| {
        let headers: Vec<(&str, String)> = headers.iter().map(|(name, value)| (*name, filled(value))).collect();
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        asked(door, Way::Spoof(name), "GET", &headers, Outcome::GatedOrRefused, Proof::default())
    })
    .collect()
}

/// The dot ends the name and stands before the port.
fn dotted(authority: &str) -> String {
    match authority.split_once(':') {
        Some((name, port)) => format!("{name}.:{port}"),
        None => format!("{authority}."),
    }
}
