//! The continuous half, for those who run something that watches: the same doors as configurations of other programs.
//!
//! None of them can do what a probe does: they see one answer, one status, at most a `Location`. Each document is what its
//! program can express, and [`Format::blind`] says what it cannot see, so that nobody takes its green for ours.

use homelab_schema::ingress::Expect;
use serde_json::{Value, json};

use super::{Door, Settings, signature::system_name};

#[cfg(test)]
mod tests;

/// For which program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Modules of `blackbox_exporter`.
    Blackbox,
    /// Targets of Prometheus, in the form of its file-based discovery.
    PrometheusTargets,
    /// Alerting rules of Prometheus over what those modules measure.
    PrometheusRules,
    /// Endpoints of Gatus.
    Gatus,
}

/// Statuses with which a public door may answer; what is missing here is an error of the server.
const PUBLIC: [u16; 17] = [200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 426];
const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];

impl Format {
    /// What its program does not see of a door, as a sentence.
    pub fn blind(self) -> &'static str {
        match self {
            Self::Blackbox | Self::PrometheusTargets | Self::PrometheusRules => {
                "It sees one answer to a GET of each declared path and its Location: no wall that answers with a page or a \
                 bare 401, none of another issuer's client, no path beside the declared ones, no replica that differs."
            }
            Self::Gatus => {
                "It sees the status of one answer and not where a redirect leads: a public path that is walled off by a \
                 redirect looks like one of the app's own."
            }
        }
    }

    /// The document for `doors`.
    pub fn document(self, doors: &[Door], settings: &Settings) -> Value {
        match self {
            Self::Blackbox => blackbox(settings),
            Self::PrometheusTargets => targets(doors),
            Self::PrometheusRules => rules(),
            Self::Gatus => gatus(doors, settings),
        }
    }
}

/// What the `Location` of the wall matches, in the syntax of RE2.
fn location(settings: &Settings) -> String {
    let wall = &settings.wall;
    if let Some(pattern) = &wall.location {
        return pattern.as_str().to_owned();
    }
    let paths: &[&str] = match wall.system.map(system_name) {
        Some("authentik") => &["/application/o/authorize", "/outpost\\.goauthentik\\.io/"],
        Some("oauth2_proxy") => &["/oauth2/(start|sign_in)"],
        Some("authelia") => &["[?&]rd="],
        Some("pomerium") => &["/\\.pomerium/"],
        Some("cloudflare_access") => &["/cdn-cgi/access/login"],
        Some("keycloak") => &["/protocol/openid-connect/auth"],
        _ => &[
            "/application/o/authorize",
            "/outpost\\.goauthentik\\.io/",
            "/oauth2/(start|sign_in)",
            "[?&]rd=",
            "/\\.pomerium/",
            "/cdn-cgi/access/login",
            "/protocol/openid-connect/auth",
        ],
    };
    let issuer = wall.issuer_host.iter().map(|host| format!("^https?://{}[:/?]", regex::escape(host)));
    issuer.chain(paths.iter().map(|path| (*path).to_owned())).collect::<Vec<_>>().join("|")
}

fn blackbox(settings: &Settings) -> Value {
    let regexp = location(settings);
    let timeout = format!("{}s", settings.timeout.as_secs().max(1));
    let module = |http: Value| json!({ "prober": "http", "timeout": timeout, "http": http });
    json!({ "modules": {
        "homelab_public": module(json!({
            "method": "GET",
            "follow_redirects": false,
            "valid_status_codes": PUBLIC,
            "fail_if_header_matches": [{ "header": "Location", "regexp": regexp, "allow_missing": true }],
        })),
        "homelab_gated": module(json!({
            "method": "GET",
            "follow_redirects": false,
            "valid_status_codes": REDIRECTS,
            "fail_if_header_not_matches": [{ "header": "Location", "regexp": regexp, "allow_missing": false }],
        })),
    } })
}

fn word(expect: Expect) -> &'static str {
    match expect {
        Expect::Public => "public",
        Expect::Gated => "gated",
    }
}

/// A query may be a credential and would stand in a metric's label, so such doors are left out.
fn exportable(doors: &[Door]) -> impl Iterator<Item = &Door> {
    doors.iter().filter(|door| door.url.query().is_none() && door.proof.guest.is_none())
}

fn targets(doors: &[Door]) -> Value {
    let target = |door: &Door| {
        let expect = word(door.expect);
        json!({
            "targets": [door.url.shown()],
            "labels": { "homelab_label": door.label, "homelab_expect": expect, "__param_module": format!("homelab_{expect}") },
        })
    };
    exportable(doors).map(target).collect()
}

fn rules() -> Value {
    let rule = |name: &str, expr: &str, lasting: &str, severity: &str, summary: &str| {
        json!({
            "alert": name, "expr": expr, "for": lasting,
            "labels": { "severity": severity }, "annotations": { "summary": summary },
        })
    };
    json!({ "groups": [{ "name": "homelab-carve-outs", "rules": [
        rule(
            "HomelabGatedPathExposed",
            "probe_http_status_code{homelab_expect=\"gated\"} >= 200 and probe_http_status_code{homelab_expect=\"gated\"} < 300",
            "0m", "critical", "{{ $labels.instance }} is declared as gated and open",
        ),
        rule(
            "HomelabPublicPathWalled",
            "probe_failed_due_to_regex{homelab_expect=\"public\"} == 1",
            "10m", "warning", "{{ $labels.instance }} is declared as public and walled off",
        ),
        // A gate that is gone answers with an error, and a path that cannot be judged is never green.
        rule(
            "HomelabPathUnknown",
            "probe_success{homelab_expect=~\"public|gated\"} == 0 unless on (instance) \
             (probe_failed_due_to_regex{homelab_expect=\"public\"} == 1)",
            "15m", "warning", "{{ $labels.instance }} cannot be judged",
        ),
    ] }] })
}

fn gatus(doors: &[Door], settings: &Settings) -> Value {
    let any = |statuses: &[u16]| {
        let list: Vec<String> = statuses.iter().map(ToString::to_string).collect();
        format!("[STATUS] == any({})", list.join(", "))
    };
    let endpoint = |door: &Door| {
        let condition = match door.expect {
            Expect::Public if !door.proof.statuses.is_empty() => any(&door.proof.statuses),
            Expect::Public => any(&PUBLIC),
            Expect::Gated => any(&[301, 302, 303, 307, 308, 401, 403]),
        };
        let text = door.proof.body_contains.iter().map(|text| format!("[BODY] == pat(*{text}*)"));
        json!({
            "name": door.label,
            "group": format!("homelab {}", word(door.expect)),
            "url": door.url.shown(),
            "interval": "1m",
            "client": { "ignore-redirect": true, "timeout": format!("{}s", settings.timeout.as_secs().max(1)) },
            "conditions": std::iter::once(condition).chain(text).collect::<Vec<_>>(),
        })
    };
    json!({ "endpoints": exportable(doors).map(endpoint).collect::<Vec<_>>() })
}
