//! `homelab ingress routes`: who is asked for the requests of a host, in which order.

use homelab_core::exit::{Exit, Order};
use homelab_core::names;
use homelab_core::route::{Guard, Overlap, Router, Rule, Syntax, Truth, overlap, rules_overlap};
use schemars::JsonSchema;
use serde::Serialize;

use super::scene::{Scene, Seen, Unseen, coverage_text};
use crate::args::IngressRoutes;
use crate::output::{Failure, Printer, Text, line};

/// What `ingress routes` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// Version of this form.
    version: u32,
    /// The exit code that goes with it.
    exit: u8,
    /// The host that was asked about.
    host: String,
    /// Routers that can get requests of the host, in the order in which Traefik asks them; those that it does not serve last.
    routers: Vec<Route>,
    /// The kinds of objects that were looked at.
    seen: Vec<Seen>,
    /// The kinds that could not be looked at: there may be routers that are not listed.
    unseen: Vec<Unseen>,
}

/// A router.
#[derive(Debug, Serialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "a document for programs, of facts that do not depend on each other")]
struct Route {
    /// Traefik's name for it.
    name: String,
    /// The kind of object that it was made of: `Ingress` or `IngressRoute`.
    kind: String,
    /// The namespace of the object.
    namespace: String,
    /// The name of the object.
    object: String,
    /// Where in the object it stands.
    field: String,
    /// Whose the object is; null where it carries nobody's mark.
    owner: Option<String>,
    /// Its rule.
    rule: String,
    /// Its priority: higher is asked first.
    priority: i64,
    /// Whether the object sets the priority; else it is the length of the rule.
    explicit_priority: bool,
    /// Other routers of the list, by name, with the same priority that one request can match too: Traefik takes any of them.
    ties_with: Vec<String>,
    /// Entry points; empty for Traefik's default ones.
    entry_points: Vec<String>,
    /// Whether it asks for TLS itself; its entry points may do so for it.
    tls: bool,
    /// Middlewares in the order in which a request meets them.
    middlewares: Vec<String>,
    /// What is in front of the app: `gate`, `open`, `redirect`, or `unknown`.
    guard: &'static str,
    /// The middleware that decides that, where there is one.
    guard_middleware: Option<String>,
    /// Services behind it.
    services: Vec<String>,
    /// Whether it can be told that the rule concerns the host.
    certain: bool,
    /// Whether Traefik serves it: false where something keeps it from that.
    served: bool,
    /// What keeps it from being served.
    faults: Vec<String>,
}

pub(crate) fn run(options: &IngressRoutes, printer: &Printer) -> Result<Exit, Failure> {
    let host = options.host.trim_end_matches('.').to_ascii_lowercase();
    if !names::is_host(&host) {
        return Err(Failure::new(format!("{:?} is no host name", options.host))
            .hint("write the host alone, as photos.example.net: no scheme, no port, no path"));
    }
    let scene = Scene::of(&options.scene, false, printer)?;
    let exit = Exit::of(scene.gaps(), Order::Usual);
    let routers = on_host(&scene, &host);
    printer.report(&Answer { version: 1, exit: exit.code(), host, routers, seen: scene.seen, unseen: scene.unseen })?;
    Ok(exit)
}

fn on_host(scene: &Scene, host: &str) -> Vec<Route> {
    // The host is one, so its rule is always read.
    let Ok(asked) = Rule::new(&format!("Host(`{host}`)"), Syntax::V3) else { return Vec::new() };
    let mut found: Vec<(&Router, bool)> = scene
        .routers
        .iter()
        .filter_map(|router| match router.rule.as_ref().map(|rule| rules_overlap(rule, &asked)) {
            Ok(Overlap::Yes(_)) => Some((router, true)),
            Ok(Overlap::CannotTell) => Some((router, false)),
            Ok(Overlap::No) => None,
            // Nobody can tell what a rule means that is none, but whoever wrote it may have meant this host.
            Err(_) => router.rule_text.contains(host).then_some((router, false)),
        })
        .collect();
    found.sort_by_key(|(router, _)| {
        (router.is_live() == Truth::No, std::cmp::Reverse(router.priority.value), router.name.clone())
    });
    found.iter().map(|(router, certain)| route(scene, &asked, router, *certain, &found)).collect()
}

fn route(scene: &Scene, asked: &Rule, router: &Router, certain: bool, all: &[(&Router, bool)]) -> Route {
    let served = router.is_live() != Truth::No;
    let ties = |other: &&(&Router, bool)| {
        let (other, _) = other;
        let both_here = || match (&router.rule, &other.rule) {
            (Ok(one), Ok(two)) => both(one, two, asked) && overlap(router, other) != Overlap::No,
            _ => false,
        };
        served
            && other.name != router.name
            && other.is_live() != Truth::No
            && other.priority.value == router.priority.value
            && both_here()
    };
    let (guard, guard_middleware) = match scene.guards.of_router(router) {
        Guard::Gate(name) => ("gate", Some(name)),
        Guard::Open => ("open", None),
        Guard::Redirect => ("redirect", None),
        Guard::Unknown(name) => ("unknown", Some(name)),
    };
    Route {
        name: router.name.clone(),
        kind: router.source.kind.as_str().to_owned(),
        namespace: router.source.namespace.clone(),
        object: router.source.name.clone(),
        field: router.source.field.clone(),
        owner: scene.owner(&router.source).map(str::to_owned),
        rule: router.rule_text.clone(),
        priority: router.priority.value,
        explicit_priority: router.priority.explicit,
        ties_with: all.iter().filter(ties).map(|(other, _)| other.name.clone()).collect(),
        entry_points: router.entrypoints.clone(),
        tls: router.tls,
        middlewares: router.middlewares.clone(),
        guard,
        guard_middleware,
        services: router.services.clone(),
        certain,
        served,
        faults: router.faults.iter().map(ToString::to_string).collect(),
    }
}

/// Whether one request of the host can match both rules.
fn both(one: &Rule, two: &Rule, asked: &Rule) -> bool {
    let text = format!("({}) && ({})", one.text(), asked.text());
    Rule::new(&text, Syntax::V3).map_or(true, |one| rules_overlap(&one, two) != Overlap::No)
}

impl Text for Answer {
    fn text(&self, out: &mut String) {
        let count = match self.routers.len() {
            0 => "no router".to_owned(),
            1 => "1 router".to_owned(),
            several => format!("{several} routers, in the order in which Traefik asks them"),
        };
        line!(out, "{}: {count}", self.host);
        for route in &self.routers {
            line!(out, "");
            let how = if route.explicit_priority { "set" } else { "by length" };
            let doubt = if route.certain { "" } else { " (may concern this host)" };
            line!(out, "{} ({how})  {}{doubt}", route.priority, route.rule.replace('\n', " "));
            let guard = match (&route.guard, &route.guard_middleware) {
                (&"gate", Some(name)) => format!("gated by {name}"),
                (&"unknown", Some(name)) => format!("behind {name}, which is not known"),
                (guard, _) => (*guard).to_owned(),
            };
            let owner = route.owner.as_ref().map(|owner| format!(", of {owner}")).unwrap_or_default();
            line!(out, "  {guard}: {} {}/{}{owner}", route.kind, route.namespace, route.object);
            let place = if route.entry_points.is_empty() {
                String::new()
            } else {
                format!(" at {}", route.entry_points.join(", "))
            };
            line!(out, "  to {}{place}", route.services.join(", "));
            for other in &route.ties_with {
                line!(out, "  ties with {other}: Traefik takes any of the two");
            }
            for fault in &route.faults {
                line!(out, "  not served: {fault}");
            }
        }
        line!(out, "");
        coverage_text(&self.seen, &self.unseen, out);
    }
}
