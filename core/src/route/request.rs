//! A request as it is sent, and as Traefik's rules see it.
//!
//! Between the two, Traefik cleans the path: it resolves dot segments, merges slashes and decodes what need not be encoded.
//! A rule is compared with the result, so that `//public` meets `Path(/public)` and `/public/../x` does not.

use std::net::{IpAddr, Ipv4Addr};

use super::arguments::canonical;
use super::escape;

/// A request as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method, as it is written.
    pub method: String,
    /// The `Host` header, with its port if it has one.
    pub host: String,
    /// Path and query, as in the first line: `/a%20b?x=1`.
    pub target: String,
    /// Further headers, in order; one may come several times.
    pub headers: Vec<(String, String)>,
    /// Where the connection comes from.
    pub client: IpAddr,
    /// The entry point that it comes to; empty where that is not looked at.
    pub entrypoint: String,
    /// Whether it comes over TLS; `None` where that is not looked at.
    pub tls: Option<bool>,
}

impl Request {
    /// `GET` of a path on a host, from a documentation address.
    pub fn get(host: &str, target: &str) -> Self {
        Self {
            method: "GET".to_owned(),
            host: host.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            client: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
            entrypoint: String::new(),
            tls: None,
        }
    }

    /// As rules see it; `None` where it is refused as malformed before any rule is looked at.
    pub fn seen(&self) -> Option<Seen> {
        if self.target.bytes().any(|byte| byte < 0x20 || byte == 0x7f || byte == b' ') {
            return None;
        }
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        Some(Seen {
            method: self.method.clone(),
            host: canonical_host(&self.host),
            path: escape::routing_path(path)?,
            query: parameters(query),
            headers: self
                .headers
                .iter()
                .map(|(name, value)| (canonical(name), value.trim_matches([' ', '\t']).to_owned()))
                .collect(),
            client: self.client,
        })
    }
}

/// A request as rules see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// The host in lower case, without port.
    pub host: String,
    /// The path, cleaned and decoded as far as that does not change what it means.
    pub path: Vec<u8>,
    /// Names and values of the query, decoded, in order.
    pub query: Vec<(Vec<u8>, Vec<u8>)>,
    /// Headers with canonical names, in order.
    pub headers: Vec<(String, String)>,
    /// Where the connection comes from.
    pub client: IpAddr,
}

impl Seen {
    /// The values of a header, by its canonical name.
    pub(super) fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The values of a parameter.
    pub(super) fn query<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.query.iter().filter(move |(given, _)| given == name.as_bytes()).map(|(_, value)| value.as_slice())
    }
}

/// The host that rules are compared with.
pub(super) fn canonical_host(host: &str) -> String {
    let without_port = match host.rsplit_once(':') {
        None => host,
        // An address of version 6, with or without its port; else a host and its port.
        Some((before, _)) => match host.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
            Some((address, after)) if after.is_empty() || after.starts_with(':') => address,
            _ if before.contains(':') => host,
            _ => before,
        },
    };
    without_port.trim().to_lowercase()
}

fn parameters(query: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    query
        .split(['&', ';'])
        .filter(|pair| !pair.is_empty())
        .filter_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((escape::query_text(name)?, escape::query_text(value)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_seen_in_lower_case_and_without_port() {
        let table = [
            ("G.Example.NET", "g.example.net"),
            ("g.example.net:8443", "g.example.net"),
            ("g.example.net.", "g.example.net."),
            ("[2001:db8::1]:80", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("192.0.2.1:80", "192.0.2.1"),
            ("", ""),
        ];
        for (host, expected) in table {
            assert_eq!(canonical_host(host), expected, "{host}");
        }
    }

    #[test]
    fn queries_are_split_at_ampersands_and_semicolons() {
        let seen = Request::get("h", "/?a=1&b;a=2+3%21&c=%zz&&=x").seen().unwrap();
        let values =
            |name| seen.query(name).map(|value| String::from_utf8_lossy(value).into_owned()).collect::<Vec<_>>();
        assert_eq!(values("a"), ["1", "2 3!"]);
        assert_eq!(values("b"), [""]);
        assert_eq!(values(""), ["x"]);
        assert!(values("c").is_empty(), "a value with a broken escape is left out");
    }

    #[test]
    fn headers_are_found_under_any_spelling() {
        let mut request = Request::get("h", "/");
        request.headers = vec![("x-a".to_owned(), " 1 ".to_owned()), ("X-A".to_owned(), "2".to_owned())];
        assert_eq!(request.seen().unwrap().header("X-A").collect::<Vec<_>>(), ["1", "2"]);
    }
}
