//! Which router gets a request: what declared paths become, their priorities, and what would go wrong.
//!
//! Traefik takes the matching router with the highest priority, which is the length of its rule unless set; between equals
//! it picks at random, anew with each reload. Its prefixes are character-wise: `PathPrefix(/public)` also matches
//! `/publicadmin`. Both would make the gate depend on spelling, so:
//!
//! - a declared prefix `/p` becomes the exact path `/p` and the prefix `/p/`, which together match what the Kubernetes
//!   documentation says of a prefix, and nothing else;
//! - carve-outs carry an explicit priority, one per object, as Traefik has it. It is taken from the shortest declared path,
//!   as if that were a prefix rule, so that it beats a root and stays comparable with routers of others that go by length;
//!   then it is raised above every router of this declaration within which one of its paths lies.
//!
//! Sets of paths of this form are either disjoint or one within the other, so "the more specific wins" is well defined.
//! Where no priorities can achieve it (two carve-outs that each lie within the other in part), the declaration is refused.

use homelab_cty::Path;
use homelab_schema::Attr;
use homelab_schema::ingress::{Ingress, PathType};

use super::{Door, Spec};
use crate::finding::{Finding, ingress as codes};
use crate::route::rule;

/// A path as an Ingress object has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The path.
    pub path: String,
    /// Whether it matches alone, or as a prefix by characters.
    pub exact: bool,
}

impl Route {
    /// Whether every request that `other` matches is matched by this one too.
    pub fn covers(&self, other: &Self) -> bool {
        if self.exact { other.exact && self.path == other.path } else { other.path.starts_with(&self.path) }
    }

    /// Traefik's rule for it.
    pub fn rule(&self, host: &str) -> String {
        rule::of_path(host, &self.path, self.exact)
    }

    /// The matcher alone, for messages.
    fn matcher(&self) -> String {
        format!("{}(`{}`)", if self.exact { "Path" } else { "PathPrefix" }, self.path)
    }
}

/// What declared paths become in the object.
pub fn expand(paths: &[String], path_type: PathType) -> Vec<Route> {
    let route = |path: &str, exact| Route { path: path.to_owned(), exact };
    paths
        .iter()
        .flat_map(|path| match path_type {
            PathType::Exact => vec![route(path, true)],
            PathType::ImplementationSpecific => vec![route(path, false)],
            PathType::Prefix if path.ends_with('/') => vec![route(path, false)],
            PathType::Prefix => vec![route(path, true), route(&format!("{path}/"), false)],
        })
        .collect()
}

/// What of a door decides its priority.
struct Draft<'a> {
    paths: &'a [String],
    path_type: PathType,
    /// What the user says.
    fixed: Option<i64>,
    /// Whether the object carries a priority at all.
    explicit: bool,
}

impl Draft<'_> {
    fn start(&self, host: &str) -> Option<i64> {
        if self.fixed.is_some() || !self.explicit {
            return self.fixed;
        }
        let as_prefix = |path: &String| match self.path_type {
            PathType::ImplementationSpecific => path.clone(),
            PathType::Prefix if path.ends_with('/') => path.clone(),
            PathType::Exact | PathType::Prefix => format!("{path}/"),
        };
        self.paths.iter().map(|path| rule::length(&rule::of_path(host, &as_prefix(path), false))).min()
    }
}

fn effective(priority: Option<i64>, route: &Route, host: &str) -> i64 {
    priority.unwrap_or_else(|| rule::length(&route.rule(host)))
}

/// The app itself goes by the lengths of its rules while it has the whole host; an app on a sub-path is a door in somebody
/// else's host and needs a priority like a carve-out.
fn root_is_explicit(paths: &[String], path_type: PathType) -> bool {
    !(path_type != PathType::Exact && paths.iter().any(|path| path == "/"))
}

fn solve(host: &str, drafts: &[Draft<'_>]) -> Vec<Option<i64>> {
    let mut priorities: Vec<Option<i64>> = drafts.iter().map(|draft| draft.start(host)).collect();
    let routes: Vec<Vec<Route>> = drafts.iter().map(|draft| expand(draft.paths, draft.path_type)).collect();
    // Each round settles at least one more door, unless two lie within each other, which `check` then refuses.
    for _ in drafts {
        let mut changed = false;
        for (this, draft) in drafts.iter().enumerate() {
            if draft.fixed.is_some() || !draft.explicit {
                continue;
            }
            let needed = (0..drafts.len())
                .filter(|other| *other != this)
                .flat_map(|other| routes[other].iter().map(move |route| (other, route)))
                .filter(|(_, wide)| routes[this].iter().any(|narrow| wide.covers(narrow) && !narrow.covers(wide)))
                .map(|(other, wide)| effective(priorities[other], wide, host) + 1)
                .max();
            if needed > priorities[this] {
                priorities[this] = needed;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    priorities
}

/// Fills the priorities that the user left out.
pub(super) fn set_priorities(host: &str, doors: &mut [Door]) {
    let drafts: Vec<Draft<'_>> = doors
        .iter()
        .map(|door| Draft {
            paths: &door.paths,
            path_type: door.path_type,
            fixed: door.priority,
            explicit: door.label.is_some() || root_is_explicit(&door.paths, door.path_type),
        })
        .collect();
    let solved = solve(host, &drafts);
    for (door, priority) in doors.iter_mut().zip(solved) {
        door.priority = priority;
    }
}

/// Fills the priorities of carve-outs in a planned model; unknown while host or any path is.
pub(super) fn fill_priorities(config: &Ingress, planned: &mut Ingress, host: &Attr<String>) {
    let (Attr::Known(configs), Attr::Known(carve_outs)) = (&config.carve_out, &planned.carve_out) else { return };
    let root = planned.paths.known().zip(planned.path_type.known());
    let mut drafts = Vec::new();
    if let (Some((paths, path_type)), Some(_)) = (root, host.known()) {
        let explicit = root_is_explicit(paths, *path_type);
        drafts.push(Draft { paths, path_type: *path_type, fixed: None, explicit });
    }
    for (label, carve_out) in carve_outs {
        let priority = configs.get(label).map_or(&Attr::Null, |config| &config.priority);
        match (carve_out.paths.known(), carve_out.path_type.known(), priority) {
            (Some(paths), Some(path_type), Attr::Null | Attr::Known(_)) => {
                drafts.push(Draft { paths, path_type: *path_type, fixed: priority.known().copied(), explicit: true });
            }
            _ => break,
        }
    }
    let solved = match host.known() {
        Some(host) if drafts.len() == carve_outs.len() + 1 => solve(host, &drafts),
        _ => Vec::new(),
    };
    let Attr::Known(carve_outs) = &mut planned.carve_out else { return };
    for (position, carve_out) in carve_outs.values_mut().enumerate() {
        if carve_out.priority.is_null() {
            carve_out.priority = solved.get(position + 1).copied().flatten().map_or(Attr::Unknown, Attr::Known);
        }
    }
}

/// Findings about the declaration's own routers: one that would never see its requests, two of which chance decides.
pub fn check(spec: &Spec) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (position, narrow) in spec.doors.iter().enumerate() {
        for (other_position, wide) in spec.doors.iter().enumerate() {
            if position == other_position {
                continue;
            }
            // Of two equal sets only the first door of the pair is looked at, and only when chance decides; else the one
            // with the lower priority is the narrow one.
            let finding = pairs(narrow, wide).find_map(|(inner, outer)| {
                let (low, high) =
                    (effective(narrow.priority, &inner, &spec.host), effective(wide.priority, &outer, &spec.host));
                let equal_sets = inner.covers(&outer);
                if low < high {
                    Some(shadowed(spec, narrow, wide, &inner, low, high))
                } else if low == high && (!equal_sets || position < other_position) {
                    Some(ambiguous(spec, narrow, wide, &inner, &outer, low))
                } else {
                    None
                }
            });
            findings.extend(finding);
        }
    }
    findings
}

fn pairs(narrow: &Door, wide: &Door) -> impl Iterator<Item = (Route, Route)> {
    let outers = wide.routes();
    narrow
        .routes()
        .into_iter()
        .flat_map(move |inner| outers.clone().into_iter().map(move |outer| (inner.clone(), outer)))
        .filter(|(inner, outer)| outer.covers(inner))
}

fn shadowed(spec: &Spec, narrow: &Door, wide: &Door, inner: &Route, low: i64, high: i64) -> Finding {
    let consequence = match (narrow.auth.is_open(), wide.auth.is_open()) {
        (true, false) => "be sent to the sign-in page",
        (false, true) => "reach the app without the gate",
        _ => "be answered by the other router",
    };
    Finding::new(
        codes::SHADOWED,
        object(spec, narrow),
        format!(
            "{} has priority {low}, {} has {high}: requests to {} would {consequence}.",
            inner.matcher(),
            called(spec, wide),
            inner.path
        ),
    )
    .summary(format!("a router for {}{} would be shadowed", spec.host, inner.path))
    .clears(if narrow.label.is_none() {
        format!("Move {} into a carve-out of its own.", inner.path)
    } else {
        format!("Let the carve-out render its own priority (the default), or set priority above {high}.")
    })
    .at(blame(narrow, "priority"))
}

fn ambiguous(spec: &Spec, narrow: &Door, wide: &Door, inner: &Route, outer: &Route, priority: i64) -> Finding {
    let (same, blamed) = (inner.covers(outer), if narrow.label.is_some() { narrow } else { wide });
    Finding::new(
        codes::AMBIGUOUS,
        object(spec, blamed),
        format!(
            "{} of {} and {} of {} match the same request with the same priority {priority}: Traefik picks one at random, \
             and another after a reload.",
            inner.matcher(),
            called(spec, narrow),
            outer.matcher(),
            called(spec, wide),
        ),
    )
    .summary(format!("two routers would match {}{}", spec.host, inner.path))
    .clears(if same {
        format!("Declare {} in one place.", inner.path)
    } else {
        "Give them different priorities, or leave `priority` out.".to_owned()
    })
    .at(blame(blamed, if same { "paths" } else { "priority" }))
}

fn object(spec: &Spec, door: &Door) -> String {
    format!("Ingress {}/{}", spec.namespace, door.object)
}

fn called(spec: &Spec, door: &Door) -> String {
    let gate = if door.auth.is_open() { "open" } else { "gated" };
    let kind = if door.label.is_some() { "carve-out" } else { "root" };
    format!("the {gate} {kind} {}/{}", spec.namespace, door.object)
}

/// The attribute of a door.
pub(super) fn blame(door: &Door, attribute: &str) -> Path {
    match &door.label {
        Some(label) => Path::attr("carve_out").then_key(label).then_attr(attribute),
        // The root has no priority to set.
        None if attribute == "priority" => Path::attr("paths"),
        None => Path::attr(attribute),
    }
}

/// The attribute that decides a field of a door's object, as a server names it in conflicts and refusals:
/// `.spec.rules[0].host`.
pub fn attribute_of(door: &Door, field: &str) -> Path {
    let field = field.trim_start_matches('.');
    // Annotations that arguments stand for, on the app's object alone or the same on all.
    let announced = [
        (super::ENTRYPOINTS_ANNOTATION, "entrypoint"),
        (super::announce::HOMEPAGE_PREFIX, "homepage"),
        ("/external-monitor", "external_monitor"),
        ("/dns-type", "dns"),
    ];
    if let Some((_, argument)) = announced.iter().find(|(annotation, _)| field.contains(annotation)) {
        return Path::attr(argument);
    }
    let attribute = if field.contains(super::MIDDLEWARES_ANNOTATION) || field.contains(super::AUTH_ANNOTATION) {
        "auth"
    } else if field.contains(super::REASON_ANNOTATION) {
        "reason"
    } else if field.contains(super::PRIORITY_ANNOTATION) {
        return blame(door, "priority");
    } else if field.contains(".backend") {
        "service"
    } else if field.contains(".paths") || field.contains(".path") {
        "paths"
    } else {
        // What all objects of the resource share.
        let shared = [
            ("metadata.annotations", "annotations"),
            ("metadata.labels", "labels"),
            ("metadata.namespace", "namespace"),
            ("metadata.name", "name"),
            ("spec.ingressClassName", "ingress_class"),
            ("spec.tls", "tls_secret_name"),
            ("spec.rules", "host"),
        ];
        let found = shared.iter().find(|(prefix, _)| field.starts_with(prefix));
        return match (found, &door.label) {
            (Some((_, "name")), Some(label)) => Path::attr("carve_out").then_key(label),
            // The list of rules is one field: in an object of its own, its paths are what sets it apart.
            (Some((_, "host")), Some(_)) => blame(door, "paths"),
            (Some((_, attribute)), _) => Path::attr(attribute),
            (None, _) => Path::root(),
        };
    };
    match &door.label {
        Some(label) => Path::attr("carve_out").then_key(label).then_attr(attribute),
        None => Path::attr(attribute),
    }
}
