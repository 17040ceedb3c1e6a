//! A small origin on loopback: an app, and Authentik's redirect before what is gated.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

const APP: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\nConnection: close\r\n\r\nphotos";
const SIGN_IN: &str = "HTTP/1.1 302 Found\r\n\
    Location: https://auth.example.net/application/o/authorize/?client_id=gate&redirect_uri=https%3A%2F%2Fphotos.example.net%2Foutpost.goauthentik.io%2Fcallback%3FX-authentik-auth-callback%3Dtrue&response_type=code&scope=openid\r\n\
    Set-Cookie: authentik_proxy_5f0b8a8c=s3cret; Path=/; HttpOnly\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

const GATE_DOWN: &str = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Answers the paths in `open`, and what is below them, with the app, `/down…` as a proxy whose gate is down, and everything
/// else with the sign-in. Requests for the
/// host `slow.example.net` are kept waiting until it goes.
pub(super) struct Origin {
    pub(super) address: SocketAddr,
    stop: Arc<AtomicBool>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

/// What came, and what is kept waiting.
#[derive(Default)]
struct Seen {
    answered: usize,
    waiting: Vec<TcpStream>,
}

impl Origin {
    pub(super) fn start(open: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, seen) = (Arc::new(AtomicBool::new(false)), Arc::<(Mutex<Seen>, Condvar)>::default());
        let (stopped, all) = (Arc::clone(&stop), Arc::clone(&seen));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                // A client that goes away early is its own business.
                let kept = answer(stream.unwrap(), open).unwrap_or_default();
                let mut seen = all.0.lock().unwrap();
                match kept {
                    Some(stream) => seen.waiting.push(stream),
                    None => seen.answered += 1,
                }
                all.1.notify_all();
            }
        });
        Self { address, stop, seen, thread: Some(thread) }
    }

    /// Returns once so many requests were answered, and one is kept waiting.
    pub(super) fn until_answered(&self, count: usize) {
        let seen = self.seen.0.lock().unwrap();
        let enough = |seen: &mut Seen| seen.answered < count || seen.waiting.is_empty();
        drop(self.seen.1.wait_while(seen, enough).unwrap());
    }

    /// How many requests were answered.
    pub(super) fn answered(&self) -> usize {
        self.seen.0.lock().unwrap().answered
    }
}

/// The stream, where it is kept waiting.
fn answer(stream: TcpStream, open: &[&str]) -> std::io::Result<Option<TcpStream>> {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut line = String::new();
    let mut slow = false;
    while reader.read_line(&mut line)? > 2 {
        slow |= line.to_lowercase().starts_with("host: slow.example.net");
        line.clear();
    }
    if slow {
        return Ok(Some(reader.into_inner()));
    }
    let path = request.split(' ').nth(1).unwrap_or("/").split('?').next().unwrap_or("/");
    // As a proxy does before it matches.
    let clean = path.replace("//", "/");
    let below = |prefix: &&str| {
        clean.strip_prefix(*prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || *prefix == "/")
    };
    let dotted = clean.contains("..") || ["%2f", "%2e"].iter().any(|escape| clean.to_lowercase().contains(escape));
    let public = open.iter().any(below) && !dotted;
    let answer = if path.starts_with("/down") { GATE_DOWN } else { SIGN_IN };
    reader.get_mut().write_all(if public { APP } else { answer }.as_bytes())?;
    // Who was answered ends the connection when it has read that, and not before: then it counts as answered.
    reader.get_mut().set_read_timeout(Some(Duration::from_secs(30)))?;
    while reader.read_line(&mut line)? > 0 {}
    Ok(None)
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
