//! One condition of a rule, and whether a request meets it.

use std::fmt;

use super::Truth;
use super::network::Network;
use super::pattern::Pattern;
use super::request::Seen;

/// One condition of a rule, by Traefik 3's names; those of version 2 that mean the same are read into these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matcher {
    /// The host, in lower case; a trailing dot on either side is forgiven.
    Host(String),
    /// A pattern found in the host, or in the empty text: Traefik tries both.
    HostRegexp(Pattern),
    /// The path, as a whole.
    Path(String),
    /// What the path begins with, by characters.
    PathPrefix(String),
    /// A pattern found in the path.
    PathRegexp(Pattern),
    /// The method, in capitals.
    Method(String),
    /// A header with one value that is exactly this.
    Header {
        /// Its name, in canonical spelling: `X-Auth-Token`.
        name: String,
        /// The value.
        value: String,
    },
    /// A header with one value in which the pattern is found.
    HeaderRegexp {
        /// Its name, in canonical spelling.
        name: String,
        /// The pattern.
        pattern: Pattern,
    },
    /// A parameter of the query with one value that is exactly this.
    Query {
        /// Its name.
        name: String,
        /// The value; empty where the rule names none.
        value: String,
    },
    /// A parameter of the query with one value in which the pattern is found.
    QueryRegexp {
        /// Its name.
        name: String,
        /// The pattern.
        pattern: Pattern,
    },
    /// Where the connection comes from.
    ClientIp(Network),
    /// Something that Traefik can judge and we cannot, as it was written.
    Unjudged(String),
}

impl Matcher {
    /// Whether a request meets it.
    pub fn is_met(&self, seen: &Seen) -> Truth {
        match self {
            Self::Host(host) => same_host(host, &seen.host).into(),
            Self::HostRegexp(pattern) => pattern.is_match(seen.host.as_bytes()).or(pattern.is_match(b"")),
            Self::Path(path) => (seen.path == path.as_bytes()).into(),
            Self::PathPrefix(prefix) => seen.path.starts_with(prefix.as_bytes()).into(),
            Self::PathRegexp(pattern) => pattern.is_match(&seen.path),
            Self::Method(method) => (seen.method == *method).into(),
            Self::Header { name, .. } | Self::HeaderRegexp { name, .. } if name == "Host" => Truth::No,
            Self::Header { name, .. } | Self::HeaderRegexp { name, .. } if is_rewritten(name) => Truth::Unknown,
            Self::Header { name, value } => seen.header(name).any(|given| given == value).into(),
            Self::HeaderRegexp { name, pattern } => {
                Truth::any(seen.header(name).map(|given| pattern.is_match(given.as_bytes())))
            }
            Self::Query { name, value } => seen.query(name).any(|given| given == value.as_bytes()).into(),
            Self::QueryRegexp { name, pattern } => Truth::any(seen.query(name).map(|given| pattern.is_match(given))),
            Self::ClientIp(network) => network.contains(seen.client),
            Self::Unjudged(_) => Truth::Unknown,
        }
    }
}

/// Whether a `Host` matcher takes that host; both in lower case.
pub(super) fn same_host(rule: &str, host: &str) -> bool {
    !host.is_empty() && (rule == host || rule.strip_suffix('.') == Some(host) || host.strip_suffix('.') == Some(rule))
}

/// Headers that Traefik or its HTTP server sets, removes or moves before it looks at rules.
pub(super) fn is_rewritten(name: &str) -> bool {
    name.starts_with("X-Forwarded-") || matches!(name, "X-Real-Ip" | "Connection" | "Transfer-Encoding" | "Trailer")
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(host) => write!(f, "Host(`{host}`)"),
            Self::HostRegexp(pattern) => write!(f, "HostRegexp(`{}`)", pattern.as_str()),
            Self::Path(path) => write!(f, "Path(`{path}`)"),
            Self::PathPrefix(prefix) => write!(f, "PathPrefix(`{prefix}`)"),
            Self::PathRegexp(pattern) => write!(f, "PathRegexp(`{}`)", pattern.as_str()),
            Self::Method(method) => write!(f, "Method(`{method}`)"),
            Self::Header { name, value } => write!(f, "Header(`{name}`, `{value}`)"),
            Self::HeaderRegexp { name, pattern } => write!(f, "HeaderRegexp(`{name}`, `{}`)", pattern.as_str()),
            Self::Query { name, value } => write!(f, "Query(`{name}`, `{value}`)"),
            Self::QueryRegexp { name, pattern } => write!(f, "QueryRegexp(`{name}`, `{}`)", pattern.as_str()),
            Self::ClientIp(network) => write!(f, "ClientIP(`{network}`)"),
            Self::Unjudged(text) => f.write_str(text),
        }
    }
}
