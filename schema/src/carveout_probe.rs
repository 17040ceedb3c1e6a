//! `homelab_carveout_probe`: what must be public is public, what must be gated is gated.

use crate::ingress::{Expect, PathType, ProbeTarget};
use crate::prelude::*;
pub use crate::provider::WallSystem;

/// Proves over the network that doors are as declared, in both directions: public stays public, gated stays gated.
///
/// Creating and updating it probes and records. Every refresh probes again: when the verdict is not `ok` and was not
/// accepted by an apply, the plan shows a change, so that `terraform plan -detailed-exitcode` is 2, and the apply fails with
/// the evidence until the doors are right. A target that cannot be reached is `unknown` and never makes a green.
///
/// What is wrong is an error of the apply, or accepted by it, as `on_exposed`, `on_walled` and `on_unknown` say. What was
/// accepted is accepted path by path: another path, or another verdict of the same one, shows in the plan again; and so does
/// everything as soon as the argument says `error`. A gate that is down is one finding, not one for each host.
///
/// It makes nothing: a destroy only forgets, and there is nothing to import. `-refresh=false` sees nothing. Redirects are judged
/// and never followed; no cookie, proxy or credential of the machine is used; bodies are never stored. Certificates are always
/// verified, and one that should have been renewed by now (less than a sixth of its time is left, and less than two weeks) is a
/// warning of every plan. A place that several requests in a row did not reach is not asked again in that run: what is left
/// there is `unknown`.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct CarveoutProbe {
    /// The doors of an ingress: `homelab_ingress.<name>.probe_targets`, so that nothing is listed twice. More than one
    /// ingress: `concat(…)`.
    #[model(optional)]
    pub targets: Attr<Vec<ProbeTarget>>,
    /// A door by hand; the label names it in results and messages.
    #[model(block)]
    pub target: Attr<BTreeMap<String, ProbedDoor>>,
    /// Whose wall counts. What is left out comes from `wall` of the provider's `site` block; where neither says anything,
    /// the wall of any system that is known counts.
    #[model(block)]
    pub wall: Attr<Wall>,
    /// Connect to this address or host name instead of the one in the URL, with the URL's name in the certificate check
    /// and in the request: `192.0.2.7`, `192.0.2.7:8443`, `lb.example.net`. Without a port, the URL's.
    #[model(optional)]
    pub connect_to: Attr<String>,
    /// The DNS server to ask, as `address` or `address:port`: a name may lead elsewhere inside than outside. Default: that
    /// of the provider, else the system's.
    #[model(optional)]
    pub resolver: Attr<String>,
    /// Which addresses of a name are asked: `any`, `ipv4` or `ipv6`.
    #[model(optional, default = "any")]
    pub address_family: Attr<AddressFamily>,
    /// A file of PEM certificates that are trusted beside those of the machine.
    #[model(optional)]
    pub ca_file: Attr<String>,
    /// The most time for one sample, from looking up the name to the end of the answer: `10s` (the default), `1m30s`.
    #[model(optional, same = crate::duration::same)]
    pub timeout: Attr<String>,
    /// How often each path is asked, each time over a connection of its own: one replica with stale configuration
    /// answers differently from the others. Default: 3.
    #[model(optional)]
    pub samples: Attr<u16>,
    /// How many samples must show a wall before a public path is `walled`, and how many must be right before a path is
    /// `ok`. Default: more than half. A gated path is `exposed` on the first sample.
    #[model(optional)]
    pub threshold: Attr<u16>,
    /// Allow targets with a private, loopback, link-local or otherwise special address. It is the address that is really
    /// connected to that counts, not what a name resolved to before. Default: false.
    #[model(optional)]
    pub allow_private: Attr<bool>,
    /// Also ask the paths around each public path of type `Prefix` (`/p/`, `/p/x`, `/px`, `/P`, `//p`, `/p;x`, `/p%2f..`,
    /// `/p/../`, `/p/%2e%2e/`) and one path below each gated path of type `Prefix`. A path that does not belong to the carve-out is
    /// asked only where a gated target of the same host says who it belongs to.
    #[model(optional, default = true)]
    pub boundary: Attr<bool>,
    /// Also ask each gated path with what must not open it: `X-Forwarded-*` and `X-Original-*` headers that name a public
    /// path, headers and cookies that look like a session, a bearer token, user agents of monitors and apps, the host name in
    /// capitals and with a final dot. A path that answers one of them is `exposed`. Each is sent once.
    #[model(optional, default = true)]
    pub spoof: Attr<bool>,
    /// In which forms each target is asked. `off`: as declared. `small`: also as a program, which accepts JSON, and at every
    /// address of its name. `full`: also with HEAD, as a preflight, as an upgrade to WebSocket, with another user agent, and
    /// where DNS says beside `connect_to`. Never with a method that changes something.
    #[model(optional, default = "small")]
    pub matrix: Attr<Matrix>,
    /// How long to wait for a changed route to settle: a create, and an update that changes what is asked or follows
    /// something wrong, which the same apply may have repaired, probe again until all is `ok` or this time is over, and judge
    /// then. Default: `30s`.
    #[model(optional, same = crate::duration::same)]
    pub settle: Attr<String>,
    /// What a gated path that is open does to an apply. `warn` and `record` both warn on every plan.
    #[model(optional, default = "error")]
    pub on_exposed: Attr<OnVerdict>,
    /// What a public path that is walled off, or does not answer as declared, does to an apply.
    #[model(optional, default = "error")]
    pub on_walled: Attr<OnVerdict>,
    /// What a path that could not be judged does to an apply.
    #[model(optional, default = "error")]
    pub on_unknown: Attr<OnVerdict>,
    /// The worst verdict of all: `ok`, `exposed`, `walled`, `degraded` or `unknown`.
    #[model(computed)]
    pub verdict: Attr<Verdict>,
    /// What was asked and seen, a path each, without times.
    #[model(computed)]
    pub results: Attr<Vec<ProbeResult>>,
    /// How many paths were judged: all but those whose verdict is `unknown`.
    #[model(computed)]
    pub checked: Attr<i64>,
}

/// A door by hand.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct ProbedDoor {
    /// `https://` or `http://`, host, path and query. The path goes out as it is written: dot segments and escapes are
    /// not resolved.
    #[model(required)]
    pub url: Attr<String>,
    /// What must be true of it.
    #[model(required)]
    pub expect: Attr<Expect>,
    /// How the path was declared: with `Prefix` the paths around it are asked too, see `boundary`.
    #[model(optional, default = "Exact")]
    pub path_type: Attr<PathType>,
    /// The methods to ask with. Default: `["GET"]`. They are sent without a body; name one that changes something only
    /// where that does no harm.
    #[model(optional)]
    pub methods: Attr<Vec<String>>,
    /// Further request headers. Credentials (`Authorization`, `Cookie`, …) are refused: they would be stored in the state,
    /// and a gate that lets them pass proves nothing.
    #[model(optional)]
    pub headers: Attr<BTreeMap<String, String>>,
    /// The only statuses with which a public path may answer. Without it, whatever is no wall and no error of the server
    /// is fine: 404, 405 and redirects elsewhere too.
    #[model(optional)]
    pub statuses: Attr<Vec<u16>>,
    /// The media type with which a public path must answer, such as `application/json`; parameters are ignored.
    #[model(optional)]
    pub content_type: Attr<String>,
    /// Text that must be in the first 64 KiB of a public path's answer.
    #[model(optional)]
    pub body_contains: Attr<String>,
    /// Whether the path speaks WebSocket: an upgrade must then reach the app, which answers 101, 400 or 426.
    #[model(optional)]
    pub websocket: Attr<bool>,
    /// The origin of a page that may ask a public path, as in `https://app.example.net`: a preflight from there must be
    /// allowed.
    #[model(optional)]
    pub cors_origin: Attr<String>,
    /// The client at the issuer for which the gate opens a session for guests (`auth = "public"` of an ingress). The path must
    /// then send everybody to the issuer as that client: as another one it is `walled`, not at all `degraded`. An empty text
    /// stands for any client that is not among those of the wall.
    #[model(optional)]
    pub guest_client_id: Attr<String>,
}

/// Whose wall counts: a wall of somebody else is not the gate.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct Wall {
    /// The system that gates.
    #[model(optional)]
    pub system: Attr<WallSystem>,
    /// The host that signs people in, as in `auth.example.net`. A redirect to another host is not the gate.
    #[model(optional)]
    pub issuer_host: Attr<String>,
    /// The gate's own client at the issuer. It tells the gate apart from an app that signs people in at the same issuer by
    /// itself; for Keycloak it is needed to judge a redirect at all.
    #[model(optional)]
    pub client_id: Attr<String>,
    /// A regular expression; a redirect whose whole `Location` has a match is the gate, whatever the system.
    #[model(optional)]
    pub location_regex: Attr<String>,
}

/// Which addresses of a name are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Leaf, JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum AddressFamily {
    /// All.
    Any,
    /// Those of version 4.
    Ipv4,
    /// Those of version 6.
    Ipv6,
}

/// In which forms each target is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Leaf, JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum Matrix {
    /// As declared.
    Off,
    /// Also as a program, and at every address.
    Small,
    /// Also with HEAD, as a preflight, as an upgrade to WebSocket, with another user agent, and at both places.
    Full,
}

/// What a verdict does to an apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Leaf, JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum OnVerdict {
    /// It fails, and every plan shows a change, until the doors are right.
    Error,
    /// It succeeds with a warning; every further plan warns too.
    Warn,
    /// It succeeds.
    Record,
}

/// What comes of what was declared and what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Leaf, JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum Verdict {
    /// As declared.
    Ok,
    /// Could not be judged: no connection, no valid certificate, an error of the server, no clear answer.
    Unknown,
    /// The door answers, but not as declared: the gate in its emergency form, a public path with a wrong answer.
    Degraded,
    /// Declared as public, and people are sent to sign in.
    Walled,
    /// Declared as gated, and open.
    Exposed,
}

/// What was asked on one path, and seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Leaf, JsonSchema)]
pub struct ProbeResult {
    /// Of which target.
    pub label: String,
    /// With which method.
    pub method: String,
    /// What was asked, with the path as it was sent.
    pub url: String,
    /// How the request differed from a plain one: `accept json`, `preflight`, `spoof x-forwarded-uri`; empty where it did
    /// not.
    pub with: String,
    /// `public`, `gated`, or `either` for a path on which proxies differ and both are right.
    pub expect: String,
    /// What comes of it.
    pub verdict: Verdict,
    /// What was seen: `public`, `gated`, `gated_degraded`, `origin_error`, `unreachable`, `tls_invalid`, `dns_absent` or
    /// `ambiguous`.
    pub observed: String,
    /// The system whose wall was seen; empty where none was.
    pub system: String,
    /// How many samples showed that, of how many: `3/3`.
    pub share: String,
    /// Names what was asked and what was seen, as messages do too: it stays the same for as long as the answer means the same.
    pub evidence: String,
}
