//! Checks that several parts of a declaration share.

use std::collections::BTreeMap;

use homelab_cty::Path;
use homelab_schema::Attr;
use homelab_schema::ingress::{Auth, PathType, Probe, RateLimit, Service};

use crate::finding::{Finding, ingress as codes};
use crate::names;
use crate::probe::{header_error, is_origin};

/// Traefik keeps the thousand highest numbers for itself.
const HIGHEST_PRIORITY: i64 = i64::MAX - 1000;

/// Findings so far.
#[derive(Default)]
pub(super) struct Judge(pub(super) Vec<Finding>);

pub(super) fn malformed(text: &str, expected: &str) -> Finding {
    Finding::new(codes::MALFORMED, shown(text), format!("{:?} was given.", shown(text)))
        .expected(format!("It must be {expected}."))
}

/// A text that may be long, for a message.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 80;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let beginning: String = text.chars().take(LONGEST).collect();
    format!("{beginning}… ({} characters)", text.chars().count())
}

impl Judge {
    pub(super) fn malformed(&mut self, text: &str, path: &Path, expected: &str) {
        self.0.push(malformed(text, expected).summary(format!("{path} is not valid")).at(path.clone()));
    }

    pub(super) fn contradiction(&mut self, path: Path, subject: &str, observed: impl Into<String>, fix: &str) {
        self.0.push(Finding::new(codes::CONTRADICTION, subject, observed.into()).clears(fix).at(path));
    }

    pub(super) fn text(&mut self, text: &str, path: &Path, is_valid: fn(&str) -> bool, expected: &str) {
        if !is_valid(text) {
            self.malformed(text, path, expected);
        }
    }

    pub(super) fn name(&mut self, name: &Attr<String>, path: &Path, is_valid: fn(&str) -> bool, expected: &str) {
        if let Some(name) = name.known() {
            self.text(name, path, is_valid, expected);
        }
    }

    pub(super) fn service(&mut self, service: &Attr<Service>, path: &Path) {
        if let Some(service) = service.known() {
            self.name(&service.name, &path.then_attr("name"), names::is_label, names::LABEL);
            self.name(&service.port, &path.then_attr("port"), names::is_port, names::PORT);
        }
    }

    pub(super) fn paths(&mut self, paths: &Attr<Vec<String>>, path_type: Attr<PathType>, door: &Path) {
        let (Some(paths), at) = (paths.known(), door.then_attr("paths")) else { return };
        if paths.is_empty() {
            self.malformed("[]", &at, "at least one path");
        }
        // Left out, it is a prefix: validation sees the configuration without its defaults.
        let prefix = matches!(path_type, Attr::Null | Attr::Known(PathType::Prefix));
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, path) in paths.iter().enumerate() {
            let at = at.then_index(index);
            self.text(path, &at, is_path, "a path that starts with `/`, without spaces, quotes, `?`, `#` and `//`");
            // Below a prefix, `/p` and `/p/` name the same requests.
            let key = if prefix { path.trim_end_matches('/') } else { path };
            if let Some(first) = seen.insert(key, index) {
                self.malformed(path, &at, &format!("another path than {:?}, which stands before it", paths[first]));
            }
        }
    }

    pub(super) fn middleware(&mut self, text: &str, path: &Path) {
        let (name, provider) = text.split_once('@').unwrap_or((text, "kubernetescrd"));
        let valid = !provider.is_empty() && !provider.contains('@');
        let valid = valid && if provider == "kubernetescrd" { is_joined(name) } else { !name.is_empty() };
        if !valid || text.contains([',', ' ']) {
            self.malformed(text, path, "`<namespace>-<name>`, or `<name>@<provider>` for one of another provider");
        }
    }

    pub(super) fn reason(&mut self, auth: Attr<Auth>, reason: &Attr<String>, door: &Path, name: &Attr<String>) {
        let Some(auth) = auth.known().filter(|auth| auth.is_open()) else { return };
        let given = match reason {
            Attr::Unknown => true,
            Attr::Null => false,
            Attr::Known(reason) => !reason.trim().is_empty(),
        };
        if given {
            return;
        }
        let what = match auth {
            Auth::App => "what gates the app instead",
            _ => "why it is open to everybody",
        };
        let name = name.known().cloned().unwrap_or_default();
        let is_empty = !reason.is_null();
        self.0.push(
            Finding::new(
                codes::NO_REASON,
                format!("Ingress {name}"),
                format!("auth is {:?}, and reason is {}.", auth.as_str(), if is_empty { "empty" } else { "not set" }),
            )
            .clears(format!("Say in reason {what}, or let auth be required (the default)."))
            .at(door.then_attr("reason")),
        );
    }

    pub(super) fn groups(&mut self, groups: &Attr<Vec<String>>, auth: Attr<Auth>, door: &Path) {
        let at = door.then_attr("allowed_groups");
        let Some(groups) = groups.known() else { return };
        if groups.is_empty() {
            self.malformed("[]", &at, "at least one group, or left out");
        }
        for (index, group) in groups.iter().enumerate() {
            let is_name = |text: &str| !text.trim().is_empty() && !text.contains('+');
            self.text(group, &at.then_index(index), is_name, "the name of a group, without `+`");
        }
        if let Some(auth) = auth.known().filter(|auth| **auth != Auth::Required) {
            let observed = format!("auth is {:?}: nobody is asked who he is.", auth.as_str());
            self.contradiction(at, "allowed_groups", observed, "Remove allowed_groups, or let auth be required.");
        }
    }

    pub(super) fn rate_limit(&mut self, block: &Attr<RateLimit>, door: &Path) {
        let Some(limit) = block.known() else { return };
        let at = door.then_attr("rate_limit");
        for (name, number) in [("average", limit.average), ("burst", limit.burst)] {
            if let Some(number) = number.known().filter(|number| **number < 1) {
                // Traefik reads 0 as no limit, which is said otherwise here.
                self.malformed(
                    &number.to_string(),
                    &at.then_attr(name),
                    "a whole number from 1; enabled = false is no limit",
                );
            }
        }
        let alone = match (limit.average, limit.burst) {
            (Attr::Known(_), Attr::Null) => Some("burst"),
            (Attr::Null, Attr::Known(_)) => Some("average"),
            _ => None,
        };
        if let Some(alone) = alone {
            let observed = "One of average and burst is set without the other.";
            let fix = "Set both, or none for the limit of the provider's site block.";
            self.contradiction(at.then_attr(alone), "rate_limit", observed, fix);
        }
        let has_numbers = limit.average.known().or(limit.burst.known()).is_some();
        if limit.enabled == Attr::Known(false) && has_numbers {
            let observed = "enabled is false, and there are numbers: is there a limit or not?";
            self.contradiction(at.then_attr("enabled"), "rate_limit", observed, "Remove enabled, or the numbers.");
        }
    }

    pub(super) fn priority(&mut self, priority: Attr<i64>, door: &Path) {
        if let Some(priority) = priority.known().filter(|priority| !(1..=HIGHEST_PRIORITY).contains(*priority)) {
            let expected = format!("a whole number from 1 to {HIGHEST_PRIORITY}; Traefik keeps those above for itself");
            self.malformed(&priority.to_string(), &door.then_attr("priority"), &expected);
        }
    }

    pub(super) fn probe(&mut self, probe: &Attr<Probe>, at: &Path) {
        let Some(probe) = probe.known() else { return };
        for (index, method) in probe.methods.known().into_iter().flatten().enumerate() {
            let expected = format!("one of {}", crate::probe::METHODS.join(", "));
            let at = at.then_attr("methods").then_index(index);
            if !crate::probe::METHODS.contains(&method.as_str()) {
                self.malformed(method, &at, &expected);
            }
        }
        for (index, status) in probe.statuses.known().into_iter().flatten().enumerate() {
            if !(100..=599).contains(status) {
                let at = at.then_attr("statuses").then_index(index);
                self.malformed(&status.to_string(), &at, "a status from 100 to 599");
            }
        }
        for (name, value) in probe.headers.known().into_iter().flatten() {
            if header_error(name, value).is_some() {
                let expected =
                    "a header that is no credential and not set by the probe itself, with a value of printable ASCII";
                self.malformed(name, &at.then_attr("headers").then_key(name), expected);
            }
        }
        if let Some(origin) = probe.cors_origin.known().filter(|origin| !is_origin(origin)) {
            self.malformed(
                origin,
                &at.then_attr("cors_origin"),
                "scheme and host alone, as in https://app.example.net",
            );
        }
        if let Some(media) = probe.content_type.known().filter(|media| !media.contains('/')) {
            self.malformed(media, &at.then_attr("content_type"), "a media type such as application/json");
        }
        if probe.body_contains == Attr::Known(String::new()) {
            self.malformed("", &at.then_attr("body_contains"), "a text that only the app has");
        }
    }
}

/// `<namespace>-<name>`, both of the characters that names have.
fn is_joined(name: &str) -> bool {
    // A namespace is a label, and the name of an object is at most 253 characters: more than both cannot be a name.
    name.len() <= 63 + 1 + 253
        && name.match_indices('-').any(|(at, _)| names::is_label(&name[..at]) && names::is_object(&name[at + 1..]))
}

/// A path that means in Traefik what it says: backticks would end the rule, and Traefik cleans `//` and dot segments
/// before it matches, so that a rule with them never would.
fn is_path(path: &str) -> bool {
    path.starts_with('/')
        && !path.contains("//")
        && !path.split('/').any(|segment| segment == "." || segment == "..")
        && path.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '`' | '"' | '?' | '#' | '\\'))
}
