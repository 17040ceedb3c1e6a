//! Stands between providers and a cluster: notes every call, and lets one of them fail.
//!
//! Each case has a provider process of its own, and says in its token which case it is and which process: so many cases
//! run side by side in one Terraform, and the right one is killed. A LIST over the whole cluster becomes one over the
//! namespace of the case, as if it had its cluster for itself.
//!
//! Calls to the store of secrets go the same way. Their token is the case alone, since nothing computes it: the process is
//! whoever holds the other end of the connection.

use std::collections::HashMap;
use std::fmt::Display;
use std::io::{self, Read as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use homelab_plane::Env;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::peer::process_of;
use super::wire::{Message, Wire};

/// How one call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Fault {
    /// It is refused, with a `Retry-After` that is worth waiting for.
    Busy,
    /// It is refused, with a `Retry-After` of an hour.
    BusyForLong,
    /// It is refused with a 500.
    Broken,
    /// The connection is reset before the server gets the call.
    Reset,
    /// The server has done it, and the connection is reset before the answer.
    AnswerLost,
    /// The server has done it, and the answer never comes.
    Hang,
    /// The server has done it, and the answer is no Kubernetes.
    Garbage,
    /// The provider is killed, and the server never gets the call.
    KilledBefore,
    /// The server has done it, and the provider is killed before it knows.
    KilledAfter,
}

impl Fault {
    const ALL: [Self; 9] = [
        Self::Busy,
        Self::BusyForLong,
        Self::Broken,
        Self::Reset,
        Self::AnswerLost,
        Self::Garbage,
        Self::KilledBefore,
        Self::KilledAfter,
        Self::Hang,
    ];

    /// Those of every test run: the server has done it and the provider does not know, alive or dead. The others take many
    /// minutes, and are for whoever changes how objects are written.
    const OF_EACH_RUN: [Self; 2] = [Self::AnswerLost, Self::KilledAfter];

    /// Those of this run: all of them where `HOMELAB_FAULTS=all`.
    pub(super) fn chosen() -> &'static [Self] {
        if std::env::var("HOMELAB_FAULTS").is_ok_and(|which| which == "all") { &Self::ALL } else { &Self::OF_EACH_RUN }
    }

    /// Whether the provider says nothing of it: it waits, or is gone.
    pub(super) fn is_silent(self) -> bool {
        matches!(self, Self::Busy | Self::KilledBefore | Self::KilledAfter)
    }

    /// The head of its column.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Busy => "429, again in 1 s",
            Self::BusyForLong => "429, again in 1 h",
            Self::Broken => "500",
            Self::Reset => "reset",
            Self::AnswerLost => "done, then reset",
            Self::Garbage => "done, then garbage",
            Self::KilledBefore => "killed before",
            Self::KilledAfter => "done, then killed",
            Self::Hang => "done, then silence",
        }
    }
}

/// What is known of one case.
#[derive(Default)]
struct Line {
    namespace: String,
    calls: Vec<String>,
    fault: Option<(usize, Fault)>,
    fired: bool,
    /// Whether the call that failed was made again at once.
    again: bool,
}

/// What came of a case since it was armed.
#[derive(Clone, Default)]
pub(super) struct Happened {
    /// Its calls.
    pub(super) calls: Vec<String>,
    /// Whether its fault has happened.
    pub(super) fired: bool,
    /// Whether the call that failed was made again at once: then nothing needs to be said of it.
    pub(super) again: bool,
}

/// The proxy; it listens until it is dropped.
pub(super) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: Upstream,
    /// See [`Subject::waits`].
    waits: bool,
    lines: Mutex<HashMap<String, Line>>,
    ended: AtomicBool,
}

impl Proxy {
    /// Forwards to that plane, as its administrator.
    pub(super) fn to(env: &Env, waits: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            upstream: Upstream::new(env),
            waits,
            lines: Mutex::default(),
            ended: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if accepting.ended.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&accepting);
                // A client that went away is its own matter.
                std::thread::spawn(move || shared.serve(stream).ok());
            }
        });
        Self { address, shared }
    }

    /// Where it listens.
    pub(super) fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on calls of `case` are counted from 1, and the one of `fault` fails.
    pub(super) fn arm(&self, case: &str, namespace: &str, fault: Option<(usize, Fault)>) {
        let line = Line { namespace: namespace.to_owned(), fault, ..Line::default() };
        self.shared.lines().insert(case.to_owned(), line);
    }

    /// What came of `case` since it was armed.
    pub(super) fn seen(&self, case: &str) -> Happened {
        let happened = |line: &Line| Happened { calls: line.calls.clone(), fired: line.fired, again: line.again };
        self.shared.lines().get(case).map(happened).unwrap_or_default()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        // The thread waits in `accept`.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn lines(&self) -> std::sync::MutexGuard<'_, HashMap<String, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut client = Wire::new(stream);
        while let Some(call) = client.receive()? {
            let token = call.header("x-vault-token").or_else(|| call.header("authorization")).unwrap_or_default();
            // "Bearer <case>.<process>", as the credential program of the case gives it; "<case>" to the store.
            let token = token.trim_start_matches("Bearer ").to_owned();
            let (case, process) = token.split_once('.').unwrap_or((&token, ""));
            let (namespace, fault) = self.note(case, &call);
            let process = || if process.is_empty() { process_of(&client.stream) } else { Ok(process.to_owned()) };
            let forward = || self.upstream.exchange(&call, &namespace);
            match fault {
                None => client.send(&forward()?)?,
                Some(Fault::Busy) => client.send(&refusal("429 Too Many Requests", "1"))?,
                Some(Fault::BusyForLong) => client.send(&refusal("429 Too Many Requests", "3600"))?,
                Some(Fault::Broken) => client.send(&refusal("500 Internal Server Error", "0"))?,
                Some(Fault::Garbage) => {
                    forward()?;
                    client.send(&Message::new("HTTP/1.1 200 OK", &[], "<html>{\"kind\": \u{0}"))?;
                }
                Some(Fault::Reset) => return reset(client.stream),
                Some(Fault::AnswerLost) => {
                    forward()?;
                    return reset(client.stream);
                }
                Some(Fault::Hang) => {
                    forward()?;
                    // Until the client gives up.
                    while client.stream.read(&mut [0; 1024])? > 0 {}
                    return Ok(());
                }
                Some(Fault::KilledBefore) => return kill(&process()?),
                Some(Fault::KilledAfter) => {
                    forward()?;
                    return kill(&process()?);
                }
            }
        }
        Ok(())
    }

    /// Counts a call; the namespace of its case, and how it is to fail.
    fn note(&self, case: &str, call: &Message) -> (String, Option<Fault>) {
        let mut lines = self.lines();
        let line = lines.entry(case.to_owned()).or_default();
        let path = call.word(1).replace(&line.namespace, "NS");
        let words = format!("{} {path}", call.word(0));
        line.again |= line.fired
            && line.fault.is_some_and(|(number, _)| number == line.calls.len())
            && line.calls.last() == Some(&words);
        // The store's client looks at its own token when it is time to, beside everything else.
        let is_beside = path.starts_with("/v1/auth/token/lookup-self");
        if is_beside || is_another_look(&line.calls, &words, self.waits) {
            return (line.namespace.clone(), None);
        }
        line.calls.push(words);
        let fault = line.fault.filter(|(number, _)| *number == line.calls.len()).map(|(_, fault)| fault);
        line.fired |= fault.is_some();
        (line.namespace.clone(), fault)
    }
}

/// How often something is looked at until it is gone, or until somebody else is done with it, depends on the machine.
fn is_another_look(calls: &[String], words: &str, waits: bool) -> bool {
    let is_look = |words: &str| words.starts_with("GET ");
    match calls {
        _ if !is_look(words) => false,
        [.., last] if last == words => true,
        // Two are looked at in turn: an object, and what is made of it.
        [before @ .., other, last] => {
            waits && other == words && is_look(last) && !before.iter().all(|call| is_look(call))
        }
        _ => false,
    }
}

fn refusal(status: &str, retry_after: &str) -> Message {
    let body = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"refused by the test",
        "errors":["refused by the test"]}"#;
    let headers = [("Content-Type", "application/json"), ("Retry-After", retry_after)];
    Message::new(format!("HTTP/1.1 {status}"), &headers, body)
}

/// Closes a connection with a reset instead of a farewell. The standard library cannot, tokio can.
fn reset(stream: TcpStream) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let _entered = runtime.enter();
    stream.set_nonblocking(true)?;
    tokio::net::TcpStream::from_std(stream)?.set_zero_linger()
}

/// SIGKILL, and the end of the connection that it was on.
fn kill(process: &str) -> io::Result<()> {
    assert!(!process.is_empty() && process.bytes().all(|byte| byte.is_ascii_digit()), "no process: {process:?}");
    Command::new("sh").args(["-c", "kill -s KILL \"$1\"", "kill", process]).stdin(Stdio::null()).status()?;
    Ok(())
}

/// One connection to the cluster.
type Connection = Wire<StreamOwned<ClientConnection, TcpStream>>;

/// The cluster, with connections that are used again.
struct Upstream {
    address: String,
    token: String,
    /// Address and token of the store of secrets.
    vault: (String, String),
    tls: Arc<ClientConfig>,
    idle: Mutex<Vec<(Instant, Connection)>>,
}

impl Upstream {
    fn new(env: &Env) -> Self {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(env.ca_pem.as_bytes()) {
            roots.add(certificate.unwrap()).unwrap();
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        Self {
            address: env.api_server.trim_start_matches("https://").to_owned(),
            token: env.admin_token.clone(),
            vault: (env.vault_addr.trim_start_matches("http://").to_owned(), env.vault_token.clone()),
            tls: Arc::new(tls.with_root_certificates(roots).with_no_client_auth()),
            idle: Mutex::default(),
        }
    }

    fn exchange(&self, call: &Message, namespace: &str) -> io::Result<Message> {
        if call.word(1).starts_with("/v1/") {
            return self.of_vault(call);
        }
        let path = within(call.word(1), namespace);
        let authorization = format!("Bearer {}", self.token);
        let mut headers = vec![("Host", &*self.address), ("Authorization", &*authorization)];
        for name in ["Accept", "Content-Type", "User-Agent"] {
            headers.extend(call.header(name).map(|value| (name, value)));
        }
        let call = Message::new(format!("{} {path} HTTP/1.1", call.word(0)), &headers, call.body.clone());
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        // The server closes what is idle for long.
        let fresh = idle.filter(|(since, _)| since.elapsed() < Duration::from_secs(20));
        let mut wire = fresh.map_or_else(|| self.connect(), |(_, wire)| Ok(wire))?;
        wire.send(&call)?;
        let answer = wire.receive()?.ok_or(io::ErrorKind::UnexpectedEof)?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((Instant::now(), wire));
        let mut headers = vec![("Content-Type", answer.header("content-type").unwrap_or("application/json"))];
        headers.extend(answer.header("retry-after").map(|value| ("Retry-After", value)));
        Ok(Message::new(&*answer.first, &headers, &*answer.body))
    }

    fn of_vault(&self, call: &Message) -> io::Result<Message> {
        let (address, token) = &self.vault;
        let mut headers = vec![("Host", &**address), ("X-Vault-Token", &**token), ("Connection", "close")];
        for name in ["X-Vault-Request", "Content-Type"] {
            headers.extend(call.header(name).map(|value| (name, value)));
        }
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let mut wire = Wire::new(stream);
        wire.send(&Message::new(&*call.first, &headers, &*call.body))?;
        let answer = wire.receive()?.ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(Message::new(&*answer.first, &[("Content-Type", "application/json")], &*answer.body))
    }

    fn connect(&self) -> io::Result<Connection> {
        let host = self.address.rsplit_once(':').map_or(&*self.address, |(host, _)| host);
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let stream = TcpStream::connect(&self.address)?;
        stream.set_nodelay(true)?;
        let session = ClientConnection::new(Arc::clone(&self.tls), name).map_err(io::Error::other)?;
        Ok(Wire::new(StreamOwned::new(session, stream)))
    }
}

/// The path, with a LIST of the whole cluster narrowed to one namespace.
fn within(path: &str, namespace: impl Display) -> String {
    let (resource, query) =
        path.split_once('?').map_or((path, String::new()), |(path, rest)| (path, format!("?{rest}")));
    let words: Vec<&str> = resource.trim_start_matches('/').split('/').collect();
    match words[..] {
        ["apis", group, version, plural] => format!("/apis/{group}/{version}/namespaces/{namespace}/{plural}{query}"),
        ["api", version, plural] if plural != "namespaces" => {
            format!("/api/{version}/namespaces/{namespace}/{plural}{query}")
        }
        _ => path.to_owned(),
    }
}
