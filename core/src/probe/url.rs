//! URLs that go out as they were written.
//!
//! The usual URL types resolve `..`, clean escapes and merge slashes, which is exactly what a probe of path handling must
//! not do. This one splits and checks, and keeps every byte of the path.

use std::fmt;

/// An `http` or `https` URL whose path and query stay as they were written.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Url {
    tls: bool,
    host: String,
    port: u16,
    path: String,
    query: Option<String>,
}

/// Why a text is no URL to probe; a fragment that fits "the URL …".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Neither `http://` nor `https://`.
    #[error("must start with https:// or http://")]
    Scheme,
    /// `user:password@`.
    #[error("must not hold a user or password: it would be stored in the state")]
    Credentials,
    /// `#…`.
    #[error("must not have a fragment: it is never sent")]
    Fragment,
    /// No host, or one with characters that no host has.
    #[error("needs a host name or address")]
    Host,
    /// A port that is none.
    #[error("has a port that is not a number from 1 to 65535")]
    Port,
    /// Something else than the ASCII that a request line may hold.
    #[error("has a character in its path that must be percent-encoded")]
    Path,
}

impl Url {
    /// Splits `text`. Of the host only the case is changed, of path and query nothing; no path at all is `/`.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let (tls, rest) = match (strip_scheme(text, "https://"), strip_scheme(text, "http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(UrlError::Scheme),
        };
        if rest.contains('#') {
            return Err(UrlError::Fragment);
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        if authority.contains('@') {
            return Err(UrlError::Credentials);
        }
        let (host, port) = split_authority(authority)?;
        let port = match port {
            None => default_port(tls),
            Some(port) => port.parse().ok().filter(|port| *port != 0).ok_or(UrlError::Port)?,
        };
        if !target.bytes().all(is_sendable) {
            return Err(UrlError::Path);
        }
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target, None),
        };
        let path = if path.is_empty() { "/" } else { path };
        Ok(Self { tls, host: host.to_ascii_lowercase(), port, path: path.to_owned(), query })
    }

    /// Whether it is `https`.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// The host in lower case; an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, also where it is the scheme's own.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The path as it was written, without the query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query as it was written, without `?`.
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// What stands in the request line: path and query.
    pub fn target(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }

    /// What stands in the `Host` header: the host, with the port where it is not the scheme's own.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == default_port(self.tls) { host } else { format!("{host}:{}", self.port) }
    }

    /// The same host with another path and no query. `path` must start with `/`.
    #[must_use]
    pub fn with_path(&self, path: impl Into<String>) -> Self {
        Self { path: path.into(), query: None, ..self.clone() }
    }

    /// The URL for messages and results: a query may hold a token, so its content is left out.
    pub fn shown(&self) -> String {
        let query = if self.query.is_some() { "?…" } else { "" };
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}{}{query}", self.authority(), self.path)
    }
}

impl fmt::Debug for Url {
    /// [`Url::shown`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

impl fmt::Display for Url {
    /// [`Url::shown`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

fn strip_scheme<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    text.get(..scheme.len()).filter(|start| start.eq_ignore_ascii_case(scheme)).and_then(|_| text.get(scheme.len()..))
}

fn default_port(tls: bool) -> u16 {
    if tls { 443 } else { 80 }
}

/// Host (without brackets) and port of an authority without credentials.
pub(super) fn split_authority(authority: &str) -> Result<(&str, Option<&str>), UrlError> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or(UrlError::Host)?;
        host.parse::<std::net::Ipv6Addr>().map_err(|_| UrlError::Host)?;
        return match (rest, rest.strip_prefix(':')) {
            ("", _) => Ok((host, None)),
            (_, Some(port)) => Ok((host, Some(port))),
            _ => Err(UrlError::Host),
        };
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if host.is_empty() || !host.bytes().all(fits) { Err(UrlError::Host) } else { Ok((host, port)) }
}

/// RFC 3986's characters of path and query, and `%` wherever it stands: a broken escape is a legitimate probe.
fn is_sendable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%[]|".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_as_they_were_written() {
        for path in ["/", "//p", "/p%2f..", "/p/../", "/p;x", "/P", "/a/./b//", "/p%2", "/p%2F..%2f?x=%2e%2e"] {
            let url = Url::parse(&format!("https://Photos.Example.net{path}")).unwrap();
            assert_eq!(url.target(), path);
            assert_eq!(url.host(), "photos.example.net");
        }
    }

    #[test]
    fn authority_is_split() {
        let table = [
            ("https://a.example.net", true, "a.example.net", 443, "a.example.net"),
            ("http://a.example.net", false, "a.example.net", 80, "a.example.net"),
            ("HTTP://a.example.net:443/", false, "a.example.net", 443, "a.example.net:443"),
            ("https://[2001:db8::1]:8443/x", true, "2001:db8::1", 8443, "[2001:db8::1]:8443"),
            ("https://192.0.2.7?q", true, "192.0.2.7", 443, "192.0.2.7"),
        ];
        for (text, tls, host, port, authority) in table {
            let url = Url::parse(text).unwrap();
            assert_eq!((url.is_tls(), url.host(), url.port()), (tls, host, port), "{text}");
            assert_eq!(url.authority(), authority);
        }
        assert_eq!(Url::parse("https://a.example.net?q").unwrap().target(), "/?q");
    }

    #[test]
    fn what_cannot_be_probed_says_why() {
        let table = [
            ("ftp://a.example.net/", UrlError::Scheme),
            ("a.example.net/", UrlError::Scheme),
            ("", UrlError::Scheme),
            ("http:/", UrlError::Scheme),
            ("https://user:pw@a.example.net/", UrlError::Credentials),
            ("https://a.example.net/#top", UrlError::Fragment),
            ("https:///x", UrlError::Host),
            ("https://a b/", UrlError::Host),
            ("https://[::1/", UrlError::Host),
            ("https://[zz]/", UrlError::Host),
            ("https://a.example.net:0/", UrlError::Port),
            ("https://a.example.net:99999/", UrlError::Port),
            ("https://a.example.net:/", UrlError::Port),
            ("https://a.example.net/a b", UrlError::Path),
            ("https://a.example.net/ä", UrlError::Path),
            ("https://a.example.net/x\r\nHost: b", UrlError::Path),
        ];
        for (text, error) in table {
            assert_eq!(Url::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn a_query_is_not_shown() {
        let url = Url::parse("https://a.example.net:8443/share?token=s3cret").unwrap();
        assert_eq!(url.to_string(), "https://a.example.net:8443/share?…");
        assert_eq!(url.with_path("/x").to_string(), "https://a.example.net:8443/x");
    }
}
