//! Why one answer is judged as it is: everything in it that a rule looks at, which rules fit and which nearly do, and what
//! follows for a door of either kind.
//!
//! What is shown is what rules look at, and no more: of a `Location` its host, path and the names of its parameters, of
//! cookies their names, of challenges their schemes, of a body its length. So it can be pasted into an issue.

use homelab_cty::Path;
use homelab_schema::carveout_probe::Verdict;
use schemars::JsonSchema;
use serde::Serialize;

use self::lines::{lines, near};
use super::judge::verdict_of;
use super::signature::{self, Proves, system_name, weigh};
use super::{Answer, Body, Check, Outcome, Proof, Url, Wall, Way, observe};

mod lines;
#[cfg(test)]
mod tests;

pub use self::lines::Near;

/// One answer, taken apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Explained {
    /// What was asked, without the content of a query.
    pub url: String,
    /// The wall that counts, in words.
    pub wall: String,
    /// The status of the answer.
    pub status: u16,
    /// Where it leads to: host, path, and parameters without their values but that of `client_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The names of the cookies that it sets.
    pub cookies: Vec<String>,
    /// The schemes of its challenges (`WWW-Authenticate`).
    pub challenges: Vec<String>,
    /// Its `Content-Type`, as it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// How many bytes of its body were looked at.
    pub body_bytes: usize,
    /// `whole`, `capped` or `cut`.
    pub body: &'static str,
    /// The forms of walls that it has.
    pub forms: Vec<Form>,
    /// The forms that it has but for one line.
    pub near: Vec<Near>,
    /// What it is, where the door is declared public.
    pub as_public: Conclusion,
    /// What it is, where the door is declared gated.
    pub as_gated: Conclusion,
}

/// A form of a wall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Form {
    /// Whose wall.
    pub system: String,
    /// Which form.
    pub form: String,
    /// `gate`, `sign_in`, `portal`, `refusal` or `emergency`: what this form proves.
    pub proves: &'static str,
    /// The host that signs people in, where the answer tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The client at the issuer, where the answer tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The lines of the form, each of which the answer meets.
    pub has: Vec<String>,
    /// Where the rule was read.
    pub source: String,
}

/// What follows for one kind of door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Conclusion {
    /// What was seen.
    pub observed: String,
    /// What comes of it: `ok`, `unknown`, `degraded`, `walled` or `exposed`.
    pub verdict: String,
    /// Why, as a fragment.
    pub why: String,
}

/// A plain request for `url`, for a door of that outcome.
pub fn plain(url: &Url, outcome: Outcome) -> Check {
    Check {
        label: "explained".to_owned(),
        at: Path::root(),
        url: url.clone(),
        method: "GET".to_owned(),
        way: Way::Plain,
        headers: Vec::new(),
        outcome,
        proof: Proof::default(),
    }
}

/// Takes `answer` to a plain request for `url` apart, where `wall` is the one that counts.
pub fn explain(url: &Url, wall: &Wall, answer: &Answer) -> Explained {
    let as_declared = |outcome: Outcome| {
        let seen = observe(&plain(url, outcome), wall, answer);
        let verdict: Verdict = verdict_of(outcome, &seen);
        Conclusion { observed: seen.observed.word().to_owned(), verdict: verdict.as_str().to_owned(), why: seen.why }
    };
    // Both go through the signatures in their order.
    let met = weigh(answer, url).filter(|weighed| weighed.on.iter().all(|on| *on));
    let forms = signature::recognise(answer, url).into_iter().zip(met).map(|(found, weighed)| Form {
        system: found.system.map(system_name).unwrap_or_default().to_owned(),
        form: found.form.to_owned(),
        proves: proves(found.proves),
        issuer: found.issuer,
        client_id: found.client_id,
        has: lines(&weighed).0,
        source: format!("{} (revision {})", weighed.signature.source, weighed.signature.revision),
    });
    let scheme = |value: &str| value.split_whitespace().next().unwrap_or_default().to_owned();
    Explained {
        url: url.shown(),
        wall: wall_words(wall),
        status: answer.status,
        location: answer.header("location").map(redacted),
        cookies: answer.cookies().map(str::to_owned).collect(),
        challenges: answer.headers("www-authenticate").map(scheme).collect(),
        content_type: answer.header("content-type").map(str::to_owned),
        body_bytes: answer.body.len(),
        body: match answer.complete {
            Body::Whole => "whole",
            Body::Capped => "capped",
            Body::Cut => "cut",
        },
        forms: forms.collect(),
        near: near(answer, url),
        as_public: as_declared(Outcome::Public),
        as_gated: as_declared(Outcome::Gated),
    }
}

/// The wall that counts, as a noun phrase.
fn wall_words(wall: &Wall) -> String {
    let mut words = wall.system.map_or("any system that is known", system_name).to_owned();
    if let Some(issuer) = &wall.issuer_host {
        words = format!("{words} at {issuer}");
    }
    if !wall.client_ids.is_empty() {
        words = format!("{words} for client {}", wall.client_ids.join(" or "));
    }
    if let Some(pattern) = &wall.location {
        words = format!("{words}, or a redirect whose Location matches {}", pattern.as_str());
    }
    words
}

fn proves(what: Proves) -> &'static str {
    match what {
        Proves::Gate => "gate",
        Proves::SignIn => "sign_in",
        Proves::Portal => "portal",
        Proves::Refusal => "refusal",
        Proves::Emergency => "emergency",
    }
}

/// A `Location` without what may be a secret: states, tickets, signatures, and who is asked for.
fn redacted(location: &str) -> String {
    let bare = location.trim().split('#').next().unwrap_or_default();
    let (place, query) = bare.split_once('?').map_or((bare, None), |(place, query)| (place, Some(query)));
    let place = match place.split_once("://").map(|(scheme, rest)| (scheme, rest.split_once('@'))) {
        Some((scheme, Some((credentials, rest)))) if !credentials.contains('/') => format!("{scheme}://{rest}"),
        _ => place.to_owned(),
    };
    let Some(query) = query else { return place };
    let keys: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.split_once('=') {
            Some(("client_id", value)) => format!("client_id={value}"),
            Some((key, _)) => format!("{key}=…"),
            None => "…".to_owned(),
        })
        .collect();
    format!("{place}?{}", keys.join("&"))
}

/// Reads an answer as it is recorded: comment lines that begin with `#`, an empty line, then a status line, headers, an empty
/// line and the body. The comments may be left out. `None` where it is none.
pub fn recorded(text: &str) -> Option<Answer> {
    let text = text.replace("\r\n", "\n");
    let answer = if text.starts_with('#') { text.split_once("\n\n")?.1 } else { &text };
    let (head, body) = answer.split_once("\n\n").unwrap_or((answer, ""));
    let mut lines = head.lines();
    let mut status = lines.next()?.split_whitespace();
    status.next().filter(|version| version.starts_with("HTTP/"))?;
    let status = status.next()?.parse().ok()?;
    let headers = lines
        .map(|line| {
            line.split_once(':').map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        })
        .collect::<Option<Vec<_>>>()?;
    Some(Answer { status, headers, body: body.as_bytes().to_vec(), complete: Body::Whole })
}
