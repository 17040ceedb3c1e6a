//! Routers: what Traefik makes of the routes of objects, and which of them gets a request.

use std::collections::BTreeMap;
use std::fmt;

use super::Truth;
use super::request::{Request, Seen};
use super::rule::{Rule, RuleError};

/// One of Traefik's routers, with what it was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Router {
    /// Traefik's name for it, with its provider: `photos-photos-photos-example-net@kubernetes`.
    pub name: String,
    /// The object that it was made of.
    pub source: Source,
    /// Its rule as a text.
    pub rule_text: String,
    /// Its rule; an error where Traefik refuses the text and so drops the router.
    pub rule: Result<Rule, RuleError>,
    /// Its priority.
    pub priority: Priority,
    /// Entry points by name; empty for Traefik's default ones.
    pub entrypoints: Vec<String>,
    /// Middlewares by full name (`photos-gate@kubernetescrd`), in the order in which a request meets them.
    pub middlewares: Vec<String>,
    /// Whether it asks for TLS itself; an entry point may ask for all of its routers.
    pub tls: bool,
    /// Services behind it, as `name:port`, in the namespace of the source unless it is named.
    pub services: Vec<String>,
    /// Why Traefik does not serve it; empty where nothing is known that keeps it from doing so.
    pub faults: Vec<Fault>,
}

/// The object that a router was made of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// `Ingress` or `IngressRoute`.
    pub kind: Kind,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Where in the object the route stands: `.spec.rules[0].http.paths[1]`.
    pub field: String,
}

/// Kinds of objects that have routes for HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `networking.k8s.io/v1`.
    Ingress,
    /// `traefik.io/v1alpha1`.
    IngressRoute,
}

impl Kind {
    /// Its name in Kubernetes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingress => "Ingress",
            Self::IngressRoute => "IngressRoute",
        }
    }

    /// Traefik's name for the provider that reads it.
    pub fn provider(self) -> &'static str {
        match self {
            Self::Ingress => "kubernetes",
            Self::IngressRoute => "kubernetescrd",
        }
    }
}

impl Source {
    /// Whether both are routes of one object.
    pub fn is_same_object(&self, other: &Self) -> bool {
        (self.kind, &self.namespace, &self.name) == (other.kind, &other.namespace, &other.name)
    }
}

/// As findings call it: `Ingress photos/photos`.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.kind.as_str(), self.namespace, self.name)
    }
}

/// The priority of a router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority {
    /// The number that decides; higher wins.
    pub value: i64,
    /// Whether the object sets it; else it is the length of the rule.
    pub explicit: bool,
}

impl Priority {
    /// Of a router that sets `explicit` (0 is as good as nothing) and has this rule.
    pub fn of(explicit: i64, rule: &str) -> Self {
        match explicit {
            0 => Self { value: super::rule::length(rule), explicit: false },
            value => Self { value, explicit: true },
        }
    }
}

/// Why a router gets no request at all, whatever its rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Traefik cannot read its rule.
    Rule(RuleError),
    /// It names a middleware that does not exist, or of which one in its chain does not.
    Middleware(String),
    /// A Service behind it does not exist, as `namespace/name`.
    Service(String),
    /// A Service behind it has no such port.
    Port {
        /// The Service, as `namespace/name`.
        service: String,
        /// Number or name of the port.
        port: String,
    },
    /// Its priority is above what Traefik allows.
    Priority,
    /// Another router has the same name, and only one of the two is there: which one may change.
    SameName(Source),
    /// It names entry points, none of which exists.
    EntryPoint,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(error) => write!(f, "its rule is {error}"),
            Self::Middleware(name) => write!(f, "its middleware {name} does not exist"),
            Self::Service(name) => write!(f, "its Service {name} does not exist"),
            Self::Port { service, port } => write!(f, "its Service {service} has no port {port}"),
            Self::Priority => f.write_str("its priority is above what Traefik allows"),
            Self::SameName(other) => {
                write!(f, "{other} makes a router of the same name, and only one of them is there")
            }
            Self::EntryPoint => f.write_str("none of its entry points exists"),
        }
    }
}

/// Who gets a request. Numbers are positions among the routers that were asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Traefik answers 400 before it looks at any rule.
    Refused,
    /// No router matches: 404.
    None,
    /// This one.
    One(usize),
    /// One of these, which have the same priority; another after a reload.
    Tie(Vec<usize>),
    /// One of these, or none at all; some of their rules cannot be judged.
    CannotTell(Vec<usize>),
}

impl Outcome {
    /// Whether that answer of Traefik's is one that the outcome allows; `None` for a 404.
    pub fn allows(&self, answer: Option<usize>) -> bool {
        match (self, answer) {
            (Self::None | Self::CannotTell(_), None) => true,
            (Self::One(one), Some(answer)) => *one == answer,
            (Self::Tie(all) | Self::CannotTell(all), Some(answer)) => all.contains(&answer),
            _ => false,
        }
    }
}

impl Router {
    /// Whether Traefik serves it, as far as is known.
    pub fn is_live(&self) -> Truth {
        match self.faults.iter().find(|fault| !matches!(fault, Fault::SameName(_))) {
            Some(_) => Truth::No,
            None if self.faults.is_empty() => Truth::Yes,
            // One of the routers of that name is there, and nobody knows which.
            None => Truth::Unknown,
        }
    }

    /// Whether it matches a request; a router that is not served matches nothing.
    pub fn takes(&self, request: &Request) -> Truth {
        request.seen().map_or(Truth::No, |seen| self.takes_seen(request, &seen))
    }

    fn takes_seen(&self, request: &Request, seen: &Seen) -> Truth {
        if !self.listens_at(request) {
            return Truth::No;
        }
        self.rule.as_ref().map_or(Truth::No, |rule| rule.is_met(seen).and(self.is_live()))
    }

    /// Whether it is asked about requests of that entry point and kind of connection at all.
    fn listens_at(&self, request: &Request) -> bool {
        let entry = request.entrypoint.is_empty()
            || self.entrypoints.is_empty()
            || self.entrypoints.contains(&request.entrypoint);
        entry && request.tls.is_none_or(|tls| tls == self.tls)
    }
}

/// Which of the routers gets a request.
pub fn winner(routers: &[Router], request: &Request) -> Outcome {
    winner_but(routers, None, request)
}

/// As [`winner`], were the router at that position not there.
pub(super) fn winner_but(routers: &[Router], gone: Option<usize>, request: &Request) -> Outcome {
    let Some(seen) = request.seen() else { return Outcome::Refused };
    let mut by_priority: BTreeMap<std::cmp::Reverse<i64>, Vec<(usize, Truth)>> = BTreeMap::new();
    for (position, router) in routers.iter().enumerate().filter(|(position, _)| Some(*position) != gone) {
        let taken = router.takes_seen(request, &seen);
        if taken != Truth::No {
            by_priority.entry(std::cmp::Reverse(router.priority.value)).or_default().push((position, taken));
        }
    }
    let mut possible = Vec::new();
    for level in by_priority.into_values() {
        let certain = level.iter().any(|(_, taken)| *taken == Truth::Yes);
        let clear = level.iter().all(|(_, taken)| *taken == Truth::Yes);
        possible.extend(level.into_iter().map(|(position, _)| position));
        if certain && clear && possible.len() == 1 {
            return Outcome::One(possible[0]);
        }
        if certain {
            let only_this_level = clear && {
                let first = routers[possible[0]].priority.value;
                possible.iter().all(|position| routers[*position].priority.value == first)
            };
            return if only_this_level { Outcome::Tie(possible) } else { Outcome::CannotTell(possible) };
        }
    }
    if possible.is_empty() { Outcome::None } else { Outcome::CannotTell(possible) }
}
