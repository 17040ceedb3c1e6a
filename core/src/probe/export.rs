//! The continuous half, for those who run something that watches: the same doors as configurations of other programs.
//!
//! None of them can do what a probe does: they see one answer, one status, at most a `Location`. Each document is what its
//! program can express, and [`Format::notes`] says what it cannot see and what was left out of these doors, so that nobody
//! takes its green for ours.

mod blackbox;
mod gatus;
mod location;
mod rules;
#[cfg(test)]
mod tests;

use homelab_schema::ingress::Expect;
use serde_json::Value;

use super::{Door, Settings};

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
/// A gate sends browsers to sign in and answers programs with a bare 401, which is less to see.
const ACCEPT: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
/// Rules are keyed on the user agents of monitors; a door must not be judged by one that is let pass.
const AGENT: &str = "Mozilla/5.0 (compatible; homelab-probe)";

impl Format {
    /// The document for `doors`.
    pub fn document(self, doors: &[Door], settings: &Settings) -> Value {
        match self {
            Self::Blackbox => blackbox::modules(doors, settings),
            Self::PrometheusTargets => blackbox::targets(doors, settings),
            Self::PrometheusRules => rules::rules(doors),
            Self::Gatus => gatus::endpoints(doors, settings),
        }
    }

    /// What its program does not see of these doors, and what of them is not in the document: a sentence each.
    pub fn notes(self, doors: &[Door], settings: &Settings) -> Vec<String> {
        let mut notes: Vec<String> = self.blind().into_iter().map(str::to_owned).collect();
        let mut left_out = |what: &str, is: &dyn Fn(&Door) -> bool| {
            let labels: Vec<&str> = doors.iter().filter(|door| is(door)).map(|door| door.label.as_str()).collect();
            if !labels.is_empty() {
                notes.push(format!("{what}: {}.", labels.join(", ")));
            }
        };
        left_out("Left out, since a query may be a credential", &|door| door.url.query().is_some());
        left_out("Left out, since a session for guests looks like the gate", &|door| door.proof.guest.is_some());
        left_out("Asked with GET alone, although other methods are declared", &|door| {
            door.methods.iter().any(|method| method != "GET")
        });
        left_out("Not asked whether it speaks WebSocket", &|door| door.websocket);
        left_out("Not asked whether pages elsewhere may use it", &|door| door.cors_origin.is_some());
        left_out("Asked without the declared headers", &|door| !door.headers.is_empty());
        match self {
            Self::Gatus => {
                left_out("Not searched for the declared text, which its patterns cannot say", &|door| {
                    door.proof.body_contains.as_deref().is_some_and(|text| gatus::pattern(text).is_none())
                });
                left_out("Not compared with the declared media type", &|door| door.proof.content_type.is_some());
                if settings.connect_to.is_some() {
                    notes.push("It asks where DNS says, and not at the declared address.".to_owned());
                }
                if settings.ca_file.is_some() {
                    notes.push("The declared certificates have to be trusted by its whole machine.".to_owned());
                }
            }
            Self::PrometheusTargets => {
                if settings.connect_to.is_some() {
                    left_out("Asked where DNS says, since the port is not the scheme's own", &|door| {
                        blackbox::elsewhere(door, settings).is_none()
                    });
                }
            }
            Self::Blackbox | Self::PrometheusRules => {}
        }
        if settings.resolver.is_some() {
            notes.push("It asks the resolver of its own machine.".to_owned());
        }
        notes
    }

    fn blind(self) -> [&'static str; 2] {
        match self {
            Self::Blackbox | Self::PrometheusTargets | Self::PrometheusRules => [
                "It sees one answer to one GET of each declared path: no path beside them, nothing that is forged, no replica \
                 that differs, one address of several.",
                "It sees a status, headers and a Location: no wall that answers a public path with a page or a bare 401, and \
                 a sign-in page with 200 on a gated path looks open.",
            ],
            Self::Gatus => [
                "It sees one answer to one GET of each declared path: no path beside them, nothing that is forged, no replica \
                 that differs.",
                "It sees a status and not where a redirect leads: a public path that is walled off by a redirect looks like \
                 one of the app's own, and so does a gated path that redirects into the app.",
            ],
        }
    }
}

fn word(expect: Expect) -> &'static str {
    match expect {
        Expect::Public => "public",
        Expect::Gated => "gated",
    }
}

/// The doors that a document names, each once. A query may be a credential and would stand in a metric's label.
fn exportable(doors: &[Door]) -> Vec<&Door> {
    let mut found: Vec<&Door> = Vec::new();
    for door in doors.iter().filter(|door| door.url.query().is_none() && door.proof.guest.is_none()) {
        if !found.iter().any(|other| other.url == door.url) {
            found.push(door);
        }
    }
    found
}

fn timeout(settings: &Settings) -> String {
    format!("{}s", settings.timeout.as_secs().max(1))
}
