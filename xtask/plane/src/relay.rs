//! A way in front of a server of the plane, on which a test decides what becomes of each request.
//!
//! # Forces
//!
//! A real Vault is neither sealed nor overloaded on demand, and never answers slowly at the one moment that a test is about.
//! What comes back through here is either the real server's answer or one that the test wrote; which of both is decided per
//! request, by a rule that may also wait, so that a test can look around while a request hangs.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::{Error, Result};

/// A client that says nothing for so long is let go.
const LIMIT: Duration = Duration::from_mins(1);

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path with its query, from the first slash on.
    pub path: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
}

impl Request {
    /// The value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// Whether it is this method on a path that begins so.
    pub fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path.starts_with(path)
    }
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// It goes on to the server, and the server's answer comes back.
    Pass,
    /// This is the answer; the server never sees the request.
    Answer {
        /// HTTP status.
        status: u16,
        /// Further headers.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// Neither an answer nor an end, until the client has enough.
    Silence,
    /// The server does it, and its answer is lost: the connection ends.
    Swallow,
}

impl Reply {
    /// An answer with this status and these errors, as Vault writes them.
    pub fn errors(status: u16, errors: &[&str]) -> Self {
        Self::json(status, &serde_json::json!({ "errors": errors }))
    }

    /// An answer with this status and body.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::Answer { status, headers: Vec::new(), body: body.to_string() }
    }
}

type Rule = dyn Fn(&Request) -> Reply + Send + Sync;

/// A running relay. Dropping it ends it.
pub struct Relay {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: Option<String>,
    rule: Box<Rule>,
    seen: Mutex<Vec<Request>>,
    ended: AtomicBool,
    tls: Option<Arc<ServerConfig>>,
}

impl std::fmt::Debug for Relay {
    // What was seen holds tokens.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Relay").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Relay {
    /// In front of `upstream`, `http://HOST:PORT`.
    pub fn to(upstream: &str, rule: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Result<Self> {
        Self::start(Some(upstream), rule, None)
    }

    /// In front of nothing: what passes is answered with 502.
    pub fn alone(rule: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Result<Self> {
        Self::start(None, rule, None)
    }

    /// As [`Relay::to`], over TLS, with the certificate of an authority of its own, which is returned as PEM.
    pub fn over_tls(
        upstream: &str,
        rule: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Result<(Self, String)> {
        let (config, authority) = tls().map_err(|error| Error::Internal(format!("certificates: {error}")))?;
        Ok((Self::start(Some(upstream), rule, Some(Arc::new(config)))?, authority))
    }

    fn start(
        upstream: Option<&str>,
        rule: impl Fn(&Request) -> Reply + Send + Sync + 'static,
        tls: Option<Arc<ServerConfig>>,
    ) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(Error::io("a port for a relay"))?;
        let address = listener.local_addr().map_err(Error::io("a port for a relay"))?;
        let upstream = upstream.map(|upstream| upstream.trim_start_matches("http://").trim_end_matches('/').to_owned());
        let scheme = if tls.is_some() { "https" } else { "http" };
        let shared = Arc::new(Shared {
            upstream,
            rule: Box::new(rule),
            seen: Mutex::default(),
            ended: AtomicBool::new(false),
            tls,
        });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if serving.ended.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&serving);
                std::thread::spawn(move || shared.take(stream));
            }
        });
        Ok(Self { address, scheme, shared })
    }

    /// Where it takes requests: `http://127.0.0.1:PORT`, or `https://`.
    pub fn address(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// The requests until now, in the order in which they came.
    pub fn seen(&self) -> Vec<Request> {
        self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many requests there were with this method on a path that begins so.
    pub fn count(&self, method: &str, path: &str) -> usize {
        self.seen().iter().filter(|request| request.is(method, path)).count()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        // Whoever waits for a connection gets one and sees that it ended.
        let _ = TcpStream::connect(self.address);
    }
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

impl Shared {
    fn take(&self, stream: TcpStream) {
        // A client that leaves in the middle is part of what is tested.
        let _ = self.serve(stream);
    }

    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(LIMIT))?;
        let plain = stream.try_clone()?;
        let mut stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(stream),
            Some(config) => {
                let session = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
                Box::new(StreamOwned::new(session, stream))
            }
        };
        let Some((request, raw)) = read(&mut stream)? else { return Ok(()) };
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
        match (self.rule)(&request) {
            Reply::Pass => {
                let answer = self.forward(&raw)?;
                stream.write_all(&answer)?;
            }
            Reply::Swallow => {
                self.forward(&raw)?;
                return plain.shutdown(Shutdown::Both);
            }
            Reply::Answer { status, headers, body } => {
                let mut text =
                    format!("HTTP/1.1 {status} Relay\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
                for (name, value) in headers {
                    let _ = write!(text, "{name}: {value}\r\n");
                }
                stream.write_all(format!("{text}\r\n{body}").as_bytes())?;
            }
            Reply::Silence => {
                // The client ends it, or the limit does.
                let _ = stream.read(&mut [0]);
            }
        }
        stream.flush()?;
        plain.shutdown(Shutdown::Write)
    }

    fn forward(&self, raw: &[u8]) -> io::Result<Vec<u8>> {
        let Some(upstream) = &self.upstream else {
            return Ok(b"HTTP/1.1 502 Nothing behind\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_vec());
        };
        let mut server = TcpStream::connect(upstream)?;
        server.set_read_timeout(Some(LIMIT))?;
        server.write_all(raw)?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer)?;
        Ok(answer)
    }
}

/// Reads one request: as it is understood, and as it goes on, with an end of the connection after the answer.
fn read(stream: &mut dyn Stream) -> io::Result<Option<(Request, Vec<u8>)>> {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        match stream.read(&mut part)? {
            0 => return Ok(None),
            count => bytes.extend_from_slice(&part[..count]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let pairs = lines.filter_map(|line| line.split_once(':'));
    let headers: Vec<(String, String)> =
        pairs.map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned())).collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
    let length: usize = length.unwrap_or(0);
    let mut body = bytes.split_off(head_end + 4);
    while body.len() < length {
        match stream.read(&mut part)? {
            0 => return Ok(None),
            count => body.extend_from_slice(&part[..count]),
        }
    }
    let mut raw = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    for (name, value) in headers.iter().filter(|(name, _)| name != "connection") {
        let _ = write!(raw, "{name}: {value}\r\n");
    }
    raw.push_str("\r\n");
    let raw = [raw.as_bytes(), &body].concat();
    let body = String::from_utf8_lossy(&body).into_owned();
    Ok(Some((Request { method, path, headers, body }, raw)))
}

/// A server for loopback, and the certificate of its authority.
fn tls() -> std::result::Result<(ServerConfig, String), Box<dyn std::error::Error>> {
    let mut authority = CertificateParams::new(Vec::<String>::new())?;
    authority.distinguished_name.push(DnType::CommonName, "homelab test relay");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()])?.signed_by(&key, &authority)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )?;
    Ok((config, authority.pem()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http::Client;

    #[test]
    fn a_rule_decides_and_what_passes_is_what_was_sent() {
        let server = Relay::alone(|request| Reply::json(201, &json!({"path": request.path, "body": request.body})));
        let server = server.unwrap();
        let relay = Relay::to(&server.address(), |request| match request.path.as_str() {
            "/pass" => Reply::Pass,
            "/swallow" => Reply::Swallow,
            _ => Reply::errors(503, &["sealed"]),
        });
        let relay = relay.unwrap();
        let client = Client::new(&relay.address(), None).unwrap().with_header("X-Who", "me");
        let passed = client.send("POST", "/pass", "application/json", Some(&json!({"a": "ü"}))).unwrap();
        assert_eq!((passed.status, passed.body), (201, json!({"path": "/pass", "body": r#"{"a":"ü"}"#})));
        assert_eq!(client.send("GET", "/other", "", None).unwrap().status, 503);
        assert!(client.send("GET", "/swallow", "", None).is_err());
        assert_eq!(server.count("GET", "/swallow"), 1, "the server has seen it all the same");
        assert_eq!(relay.seen()[0].header("x-who"), Some("me"));
        assert_eq!(relay.count("GET", "/"), 2);
    }

    #[test]
    fn over_tls_only_its_own_authority_is_trusted() {
        let server = Relay::alone(|_| Reply::json(200, &json!("here"))).unwrap();
        let (relay, authority) = Relay::over_tls(&server.address(), |_| Reply::Pass).unwrap();
        let (_, other) = Relay::over_tls(&server.address(), |_| Reply::Pass).unwrap();
        let client = |pem: &str| Client::new(&relay.address(), Some(pem)).unwrap();
        assert_eq!(client(&authority).send("GET", "/", "", None).unwrap().body, json!("here"));
        assert!(client(&other).send("GET", "/", "", None).is_err());
    }
}
