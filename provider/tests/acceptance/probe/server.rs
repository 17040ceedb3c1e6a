//! Servers of this process on loopback: an app, and a gate that answers as Authentik's outpost does.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use homelab_plane::process::wait_for;
use tokio::net::TcpSocket;

/// A client that says nothing does not keep a thread for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request, without its body: nobody here sends one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// Path and query.
    pub(crate) target: String,
    /// The last value of each header, by its name in lower case.
    pub(crate) headers: BTreeMap<String, String>,
}

impl Asked {
    /// A header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// A server. It stops when it is dropped, and nothing listens at its address then.
pub(crate) struct Server {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers every request with what `answer` makes of it: a whole response.
    pub(crate) fn new(answer: impl Fn(&Asked) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (ended, answer) = (Arc::new(AtomicBool::new(false)), Arc::new(answer));
        let end = Arc::clone(&ended);
        let thread = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if end.load(Ordering::SeqCst) {
                    return;
                }
                let answer = Arc::clone(&answer);
                // A client that went away is its own matter.
                thread::spawn(move || serve(&stream, answer.as_ref()).ok());
            }
        });
        Self { address, ended, thread: Some(thread) }
    }

    /// Where it listens, `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // The thread waits in `accept`.
        let woken = TcpStream::connect(self.address).is_ok();
        if let Some(thread) = self.thread.take().filter(|_| woken) {
            let _ = thread.join();
        }
    }
}

/// Keeps an address (`127.0.0.1:PORT`), where nobody listens any more, from the servers of other tests until it is dropped.
#[track_caller]
pub(crate) fn hold(address: &str) -> TcpSocket {
    wait_for(&format!("the end of what listens at {address}"), PATIENCE, || {
        let bound = TcpSocket::new_v4().and_then(|socket| {
            socket.set_reuseaddr(true)?;
            socket.bind(address.parse().map_err(std::io::Error::other)?)?;
            Ok(socket)
        });
        Ok(bound.map_err(|error| error.to_string()))
    })
    .unwrap()
}

fn serve(mut stream: &TcpStream, answer: &dyn Fn(&Asked) -> String) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new(stream);
    let mut line = String::new();
    lines.read_line(&mut line)?;
    let mut asked = Asked { target: line.split(' ').nth(1).unwrap_or_default().to_owned(), ..Asked::default() };
    loop {
        line.clear();
        if lines.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            asked.headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    stream.write_all(answer(&asked).as_bytes())
}

/// A response that ends its connection.
pub(crate) fn response(status: u16, headers: &[(&str, &str)], body: &str) -> String {
    let mut text = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n", body.len());
    for (name, value) in headers {
        // A string takes everything.
        let _ = write!(text, "{name}: {value}\r\n");
    }
    format!("{text}\r\n{body}")
}

/// The app: programs get JSON below `/api`, and everybody gets its page elsewhere.
pub(crate) fn app(asked: &Asked) -> String {
    if asked.target.starts_with("/api") {
        response(200, &[("Content-Type", "application/json")], "{\"pong\":true}")
    } else {
        response(200, &[("Content-Type", "text/html")], "<!DOCTYPE html><title>photos</title>")
    }
}

/// The path at which Traefik asks the outpost.
const OUTPOST: &str = "/outpost.goauthentik.io/auth/traefik";
/// The session of somebody who is signed in.
const SESSION: &str = "authentik_proxy_5f0b8a8c=c2Vzc2lvbg";
/// What the redirect carries and nobody may repeat.
pub(crate) const STATE: &str = "eyJhbGciOiJIUzI1NiJ9.c3RhdGU";

/// Authentik's outpost in front of an app, as the issuer's `client`: whoever has no session is sent to sign in, whatever
/// else the request says.
pub(crate) fn outpost(client: &'static str) -> impl Fn(&Asked) -> String + Send + Sync + 'static {
    move |asked| {
        if asked.target.split('?').next() != Some(OUTPOST) {
            return response(404, &[], "not found");
        }
        // Authentik's own source: without these it does not know who is asked, and fails.
        let forwarded = ["x-forwarded-proto", "x-forwarded-host", "x-forwarded-uri"].map(|name| asked.header(name));
        let [Some(proto), Some(host), Some(_)] = forwarded else {
            return response(500, &[("Content-Type", "text/plain")], "no forwarded headers");
        };
        if asked.header("cookie").is_some_and(|cookies| cookies.split("; ").any(|cookie| cookie == SESSION)) {
            return response(200, &[("X-Authentik-Username", "ann")], "");
        }
        sign_in(client, &format!("{proto}%3A%2F%2F{host}"))
    }
}

/// What the outpost answers to somebody without a session, for an app at that address, which is escaped.
pub(crate) fn sign_in(client: &str, app: &str) -> String {
    let location = format!(
        "https://auth.example.net/application/o/authorize/?client_id={client}&redirect_uri={app}%2Foutpost.goauthentik.io\
         %2Fcallback%3FX-authentik-auth-callback%3Dtrue&response_type=code&scope=openid+profile&state={STATE}"
    );
    let cookie = "authentik_proxy_5f0b8a8c=dW5zaWduZWQ; Path=/; HttpOnly; SameSite=Lax";
    response(302, &[("Location", &location), ("Set-Cookie", cookie)], "")
}

/// The address for a `ForwardAuth` that asks the outpost at `place`.
pub(crate) fn forward_auth(place: &str) -> serde_json::Value {
    serde_json::json!({"forwardAuth": {
        "address": format!("http://{place}{OUTPOST}"),
        "authResponseHeaders": ["X-Authentik-Username"],
    }})
}
