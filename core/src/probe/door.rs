//! What was declared, checked and in one form, whether by hand or by an ingress.

use std::fmt;

use homelab_cty::{Attr, Path};
use homelab_schema::carveout_probe::{CarveoutProbe, ProbedDoor};
use homelab_schema::ingress::{Expect, PathType, ProbeTarget};

use super::{Url, UrlError};
use crate::finding::{Finding, probe};

/// One declared door.
#[derive(Clone, PartialEq, Eq)]
pub struct Door {
    /// What it is called.
    pub label: String,
    /// The attribute that declares it.
    pub at: Path,
    /// Where it is.
    pub url: Url,
    /// What must be true of it.
    pub expect: Expect,
    /// Whether everything below the path was declared with it, element by element.
    pub prefix: bool,
    /// Methods to ask with, at least one.
    pub methods: Vec<String>,
    /// Further request headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// What its answer must be like when it is public.
    pub proof: Proof,
    /// Whether it is to speak WebSocket.
    pub websocket: bool,
    /// The origin whose pages may ask it.
    pub cors_origin: Option<String>,
}

impl fmt::Debug for Door {
    /// Without what a header says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Door")
            .field("label", &self.label)
            .field("at", &self.at)
            .field("url", &self.url)
            .field("expect", &self.expect)
            .field("prefix", &self.prefix)
            .field("methods", &self.methods)
            .field("headers", &headers)
            .field("proof", &self.proof)
            .finish_non_exhaustive()
    }
}

/// What the answer of a public door must be like. Nothing set: whatever is no wall.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// The only statuses; empty is any.
    pub statuses: Vec<u16>,
    /// The media type in lower case, without parameters.
    pub content_type: Option<String>,
    /// Text that the beginning of the body holds.
    pub body_contains: Option<String>,
    /// The client of the redirect that opens a session for guests; the answer must be that redirect. Empty: any client that
    /// is not the gate's own.
    pub guest: Option<String>,
    /// The origin that a preflight must allow.
    pub allow_origin: Option<String>,
    /// Whether an upgrade to WebSocket must reach the app.
    pub upgrades: bool,
    /// `statuses` are fine, and others may be too: of a request in another form than the declared one.
    pub lenient: bool,
}

/// Methods that can be sent without a body and are known to be methods.
pub const METHODS: [&str; 7] = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];

/// Headers that would carry a credential into the state, or that the prober itself decides.
const REFUSED_HEADERS: [&str; 17] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-api-key",
    "x-auth-token",
    "x-vault-token",
    "cf-access-client-id",
    "cf-access-client-secret",
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "accept-encoding",
];

/// Every door of `model`, or what is wrong with them. Parts that are unknown yet are left out, so that the rest can be
/// checked while planning.
pub fn doors(model: &CarveoutProbe) -> Result<Vec<Door>, Vec<Finding>> {
    let mut doors = Vec::new();
    let mut wrong = Vec::new();
    for (index, target) in model.targets.known().into_iter().flatten().enumerate() {
        match from_ingress(target, &Path::attr("targets").then_index(index)) {
            Ok(door) => doors.extend(door),
            Err(findings) => wrong.extend(findings),
        }
    }
    for (label, declared) in model.target.known().into_iter().flatten() {
        match by_hand(label, declared, &Path::attr("target").then_key(label)) {
            Ok(door) => doors.extend(door),
            Err(findings) => wrong.extend(findings),
        }
    }
    for (index, door) in doors.iter().enumerate() {
        let earlier = doors.get(..index).unwrap_or_default();
        if earlier.iter().any(|other| other.url == door.url && other.expect != door.expect) {
            wrong.push(bad(&door.at, &door.label, format!("{} is declared both as public and as gated.", door.url)));
        }
    }
    let nothing = model.targets.known().is_none_or(Vec::is_empty)
        && model.target.known().is_none_or(std::collections::BTreeMap::is_empty)
        && !model.targets.is_unknown()
        && !model.target.is_unknown();
    // An ingress may declare nothing that can be probed; only one who writes neither has forgotten something.
    if nothing && model.targets.is_null() {
        wrong.push(
            bad(&Path::root(), "homelab_carveout_probe", "There is nothing to probe.")
                .clears("Set `targets` to the `probe_targets` of an ingress, or add a `target` block."),
        );
    }
    if wrong.is_empty() { Ok(doors) } else { Err(wrong) }
}

/// The same checks as by hand: a list may be edited on its way here.
fn from_ingress(target: &ProbeTarget, at: &Path) -> Result<Option<Door>, Vec<Finding>> {
    let mut declared = ProbedDoor {
        url: target.url.clone().into(),
        expect: target.expect.into(),
        // A prefix by characters has no boundary that a path could be on the wrong side of.
        path_type: target.path_type.into(),
        methods: Some(target.methods.clone()).filter(|methods| !methods.is_empty()).into(),
        headers: target.headers.clone().into(),
        websocket: target.websocket.into(),
        ..ProbedDoor::default()
    };
    // A gate's answer is its own matter.
    if target.expect == Expect::Public {
        declared.cors_origin = target.cors_origin.clone().into();
        declared.guest_client_id = target.guest_client_id.clone().into();
        // What is declared of the app's answer is for those who have a session.
        if target.guest_client_id.is_none() {
            declared.statuses = Some(target.statuses.clone()).filter(|statuses| !statuses.is_empty()).into();
            declared.content_type = target.content_type.clone().into();
            declared.body_contains = target.body_contains.clone().into();
        }
    }
    by_hand(&target.label, &declared, at)
}

/// `None` where something that is needed is not known yet.
fn by_hand(label: &str, declared: &ProbedDoor, at: &Path) -> Result<Option<Door>, Vec<Finding>> {
    let mut wrong = Vec::new();
    let url = declared.url.known().map(|text| Url::parse(text));
    if let Some(Err(error)) = &url {
        wrong.push(bad_url(&at.then_attr("url"), label, *error));
    }
    let methods = list(&declared.methods);
    for method in methods.iter().filter(|method| !METHODS.contains(&method.as_str())) {
        let fix = format!("Use {}.", METHODS.join(", "));
        wrong.push(bad(&at.then_attr("methods"), label, format!("{method:?} is no method that is sent.")).clears(fix));
    }
    let headers = headers(declared, at, label, &mut wrong);
    let proof = proof(declared, at, label, &mut wrong);
    let cors_origin = declared.cors_origin.known().cloned();
    if let Some(origin) = cors_origin.as_deref().filter(|origin| !is_origin(origin)) {
        let fix = "Write scheme and host alone, such as `https://app.example.net`.";
        wrong.push(bad(&at.then_attr("cors_origin"), label, format!("{origin:?} is no origin.")).clears(fix));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let (Some(Ok(url)), Some(expect)) = (url, declared.expect.known()) else { return Ok(None) };
    Ok(Some(Door {
        label: label.to_owned(),
        at: at.clone(),
        url,
        expect: *expect,
        prefix: declared.path_type.known() == Some(&PathType::Prefix),
        methods: if methods.is_empty() { vec!["GET".to_owned()] } else { methods },
        headers,
        proof,
        websocket: declared.websocket.known() == Some(&true),
        cors_origin,
    }))
}

fn list<T: Clone>(declared: &Attr<Vec<T>>) -> Vec<T> {
    declared.known().cloned().unwrap_or_default()
}

fn headers(declared: &ProbedDoor, at: &Path, label: &str, wrong: &mut Vec<Finding>) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    for (name, value) in declared.headers.known().into_iter().flatten() {
        match header_error(name, value) {
            Some((observed, fix)) => {
                wrong.push(bad(&at.then_attr("headers").then_key(name), label, observed).clears(fix));
            }
            None => headers.push((name.to_ascii_lowercase(), value.clone())),
        }
    }
    headers
}

/// Why a header cannot be sent, and what to do about it: two sentences, without the value.
pub fn header_error(name: &str, value: &str) -> Option<(String, &'static str)> {
    let lower = name.to_ascii_lowercase();
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if lower.is_empty() || !lower.bytes().all(is_token) {
        return Some((format!("{name:?} is no name of a header."), "Use letters, digits and hyphens."));
    }
    if REFUSED_HEADERS.contains(&lower.as_str()) {
        let observed = format!(
            "`{name}` is a credential, which would be stored in the state and would open what must be closed, or a header \
             that the probe sets by itself."
        );
        return Some((observed, "Remove the header."));
    }
    let sendable = value.bytes().all(|byte| (0x20..0x7f).contains(&byte) || byte == b'\t');
    (!sendable)
        .then(|| (format!("The value of `{name}` has characters that no header can have."), "Use printable ASCII."))
}

fn proof(declared: &ProbedDoor, at: &Path, label: &str, wrong: &mut Vec<Finding>) -> Proof {
    let statuses = list(&declared.statuses);
    for status in statuses.iter().filter(|status| !(100..=599).contains(*status)) {
        let fix = "Use numbers from 100 to 599.";
        wrong.push(bad(&at.then_attr("statuses"), label, format!("{status} is no status.")).clears(fix));
    }
    let content_type = declared.content_type.known().map(|text| media_type(text));
    if content_type.as_deref().is_some_and(|media| !media.contains('/')) {
        let fix = "Write type and subtype, such as `application/json`.";
        wrong.push(bad(&at.then_attr("content_type"), label, "It is no media type.").clears(fix));
    }
    let body_contains = declared.body_contains.known().cloned();
    if body_contains.as_deref() == Some("") {
        let fix = "Write a text that only the app has, or remove the argument.";
        wrong.push(bad(&at.then_attr("body_contains"), label, "Every body holds an empty text.").clears(fix));
    }
    let guest = declared.guest_client_id.known().cloned();
    let plain = statuses.is_empty() && content_type.is_none() && body_contains.is_none();
    if guest.is_some() && !plain {
        wrong.push(
            bad(&at.then_attr("guest_client_id"), label, "A guest is redirected, and gets no answer of the app.")
                .clears("Remove `statuses`, `content_type` and `body_contains`."),
        );
    }
    let proof = Proof { statuses, content_type, body_contains, guest, ..Proof::default() };
    let of_public = proof != Proof::default() || !declared.cors_origin.is_null();
    if declared.expect.known() == Some(&Expect::Gated) && of_public {
        wrong.push(
            bad(
                &at.then_attr("expect"),
                label,
                "`statuses`, `content_type`, `body_contains`, `cors_origin` and `guest_client_id` describe a public answer.",
            )
            .clears("Remove them, or set `expect = \"public\"`."),
        );
    }
    proof
}

/// RFC 6454, section 6.2: a scheme and an authority, and nothing after them.
pub fn is_origin(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.shown().strip_suffix('/') == Some(text))
}

/// The media type of a `Content-Type`, in lower case and without parameters.
pub(super) fn media_type(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn bad(at: &Path, label: &str, observed: impl Into<String>) -> Finding {
    Finding::new(probe::BAD_TARGET, label, observed).at(at.clone())
}

fn bad_url(at: &Path, label: &str, error: UrlError) -> Finding {
    bad(at, label, format!("The URL {error}.")).clears("Write it as in `https://photos.example.net/share`.")
}
