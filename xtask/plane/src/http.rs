//! HTTP/1.1 with JSON bodies, blocking, for tests: one connection per request.
//!
//! A client library would be the largest dependency of this crate, and tests want less than one
//! gives: no retries, no redirects, no pool that hides a server that stopped answering.

use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;

use crate::{Error, Result};

/// Limit for connecting, for each read and for each write.
const LIMIT: Duration = Duration::from_mins(1);

/// An answer of a server.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status code.
    pub status: u16,
    /// The body: JSON where it is JSON, else a JSON string; null when it is empty.
    pub body: Value,
}

/// A server at a fixed address, with headers that go with each request.
#[derive(Clone)]
pub struct Client {
    authority: String,
    tls: Option<Arc<ClientConfig>>,
    headers: Vec<(String, String)>,
}

impl std::fmt::Debug for Client {
    // The headers hold a token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("authority", &self.authority).finish_non_exhaustive()
    }
}

impl Client {
    /// A client for `url` (`http://HOST:PORT` or `https://HOST:PORT`). `ca_pem` is the only
    /// authority that is trusted for https.
    pub fn new(url: &str, ca_pem: Option<&str>) -> Result<Self> {
        let (authority, tls) = if let Some(rest) = url.strip_prefix("https://") {
            (rest, Some(Arc::new(tls_config(ca_pem.unwrap_or_default())?)))
        } else if let Some(rest) = url.strip_prefix("http://") {
            (rest, None)
        } else {
            return Err(Error::Internal(format!("{url} is neither http:// nor https://")));
        };
        Ok(Self { authority: authority.trim_end_matches('/').to_owned(), tls, headers: Vec::new() })
    }

    /// The same client with one header more.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends one request. `path` starts with `/` and holds its query.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when there was no complete answer. Every complete answer is an [`Answer`],
    /// whatever its status.
    pub fn send(&self, method: &str, path: &str, content_type: &str, body: Option<&Value>) -> Result<Answer> {
        self.send_text(method, path, content_type, body.map(Value::to_string).as_deref())
    }

    /// Sends one request with a body that is not JSON, such as YAML.
    pub fn send_text(&self, method: &str, path: &str, content_type: &str, body: Option<&str>) -> Result<Answer> {
        let mut answer = self.exchange(method, path, content_type, body);
        // On a loaded machine a real API server resets a connection now and then; a read may be sent again.
        if method == "GET" && answer.as_ref().is_err_and(|error| error.kind() == ErrorKind::ConnectionReset) {
            answer = self.exchange(method, path, content_type, body);
        }
        answer.map_err(Error::io(format!("{method} {path}")))
    }

    fn exchange(&self, method: &str, path: &str, content_type: &str, body: Option<&str>) -> std::io::Result<Answer> {
        let payload = body.unwrap_or_default();
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAccept: application/json\r\n",
            self.authority
        );
        for (name, value) in &self.headers {
            let _ = write!(request, "{name}: {value}\r\n");
        }
        if body.is_some() {
            let _ = write!(request, "Content-Type: {content_type}\r\n");
        }
        let _ = write!(request, "Content-Length: {}\r\n\r\n{payload}", payload.len());

        let stream = TcpStream::connect(&self.authority)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.set_write_timeout(Some(LIMIT))?;
        let bytes = match &self.tls {
            None => talk(stream, request.as_bytes())?,
            Some(config) => {
                let host = self.authority.rsplit_once(':').map_or(&*self.authority, |(host, _)| host);
                let name = ServerName::try_from(host.to_owned())
                    .map_err(|error| std::io::Error::new(ErrorKind::InvalidInput, error))?;
                let session = ClientConnection::new(Arc::clone(config), name).map_err(std::io::Error::other)?;
                talk(StreamOwned::new(session, stream), request.as_bytes())?
            }
        };
        parse(&bytes).ok_or_else(|| std::io::Error::new(ErrorKind::InvalidData, "not a complete HTTP answer"))
    }
}

/// A text within a query.
pub(crate) fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn talk(mut stream: impl Read + Write, request: &[u8]) -> std::io::Result<Vec<u8>> {
    stream.write_all(request)?;
    stream.flush()?;
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        // A server may close without a TLS goodbye, or harder; whether the answer is complete, its length says.
        Err(error) if error.kind() != ErrorKind::UnexpectedEof && parse(&bytes).is_none() => Err(error),
        _ => Ok(bytes),
    }
}

fn tls_config(ca_pem: &str) -> Result<ClientConfig> {
    let broken = |error: String| Error::Internal(format!("the CA of the plane: {error}"));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca_pem.as_bytes()) {
        let certificate = certificate.map_err(|error| broken(error.to_string()))?;
        roots.add(certificate).map_err(|error| broken(error.to_string()))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| broken(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// The answer in `bytes`, which were read up to the end of the connection.
fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let rest = &bytes[end + 4..];
    let mut lines = head.split("\r\n");
    let status: u16 = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let header = |wanted: &str| {
        lines.clone().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim())
        })
    };
    let body = if header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        unchunk(rest)?
    } else if let Some(length) = header("content-length") {
        rest.get(..length.parse().ok()?)?.to_vec()
    } else {
        rest.to_vec()
    };
    let body = match serde_json::from_slice(&body) {
        _ if body.is_empty() => Value::Null,
        Ok(value) => value,
        Err(_) => Value::String(String::from_utf8_lossy(&body).into_owned()),
    };
    Some(Answer { status, body })
}

fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        rest = &rest[end + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bodies_come_with_a_length_in_chunks_or_up_to_the_end() {
        let head = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n";
        for text in [
            "Content-Length: 7\r\n\r\n{\"a\":1}",
            "transfer-encoding: chunked\r\n\r\n3\r\n{\"a\r\n4;x=y\r\n\":1}\r\n0\r\n\r\n",
            "\r\n{\"a\":1}",
        ] {
            let answer = parse(format!("{head}{text}").as_bytes()).unwrap();
            assert_eq!((answer.status, answer.body), (201, json!({"a": 1})));
        }
    }

    #[test]
    fn a_cut_answer_is_none() {
        for text in [
            "",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\"",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        ] {
            assert!(parse(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn a_body_that_is_no_json_is_kept_as_text() {
        let answer = parse(b"HTTP/1.1 200 OK\r\n\r\nok").unwrap();
        assert_eq!(answer.body, json!("ok"));
        let answer = parse(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        assert_eq!(answer.body, Value::Null);
    }

    #[test]
    fn a_client_never_shows_its_headers() {
        let client = Client::new("http://127.0.0.1:1", None).unwrap().with_header("Authorization", "Bearer s3cret");
        assert!(!format!("{client:?}").contains("s3cret"));
    }
}
