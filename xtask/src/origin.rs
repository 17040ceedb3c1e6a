//! The origin of the quick start: an app behind a gate, small enough to read, on loopback.
//!
//! It stands for three things at once, proxy, gate and app, because what matters to a probe is what comes out of the door:
//! a gated path answers with the redirect that Authentik's outpost gives, a public one with the app's page. Which paths
//! are public can be changed while it runs, as a bad deploy would.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// A running origin. It stops when it is dropped.
#[derive(Debug)]
pub(crate) struct Origin {
    port: u16,
    public: Arc<Mutex<BTreeSet<String>>>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What is public in `examples/quickstart`.
const PUBLIC: [&str; 2] = ["/share", "/api"];
/// A client that says nothing must not keep the others waiting.
const PATIENCE: Duration = Duration::from_secs(10);
/// No request of ours comes near.
const MOST_HEADER_LINES: usize = 100;

impl Origin {
    /// Starts one on a free port, where everything is gated but `/share` and `/api` and what is below them, element by
    /// element.
    pub(crate) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let public = Arc::new(Mutex::new(PUBLIC.map(str::to_owned).into_iter().collect::<BTreeSet<_>>()));
        let stopped = Arc::new(AtomicBool::new(false));
        let thread = {
            let (public, stopped) = (Arc::clone(&public), Arc::clone(&stopped));
            std::thread::Builder::new().name("origin".to_owned()).spawn(move || {
                for stream in listener.incoming() {
                    if stopped.load(Ordering::SeqCst) {
                        break;
                    }
                    // A client that goes away early is its own business.
                    let _ = stream.and_then(|stream| serve(stream, &public));
                }
            })?
        };
        Ok(Self { port, public, stopped, thread: Some(thread) })
    }

    /// Its port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Puts the gate in front of `path`, which was public.
    pub(crate) fn wall_off(&self, path: &str) {
        self.public.lock().unwrap_or_else(PoisonError::into_inner).remove(path);
    }

    /// Makes `path` public again.
    pub(crate) fn restore(&self, path: &str) {
        self.public.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // The thread waits in `accept`: one last connection lets it look up.
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let woken = TcpStream::connect_timeout(&address, PATIENCE).is_ok();
        if let Some(thread) = self.thread.take().filter(|_| woken) {
            let _ = thread.join();
        }
    }
}

/// One request, one answer, and the connection is closed.
fn serve(stream: TcpStream, public: &Mutex<BTreeSet<String>>) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut host = "localhost".to_owned();
    for _ in 0..MOST_HEADER_LINES {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("host")
        {
            value.trim().clone_into(&mut host);
        }
    }
    let target = request.split(' ').nth(1).unwrap_or("/");
    let path = clean(target.split('?').next().unwrap_or_default());
    let below = |prefix: &String| {
        path.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let open = public.lock().unwrap_or_else(PoisonError::into_inner).iter().any(below);
    let answer = if open { page(&path) } else { sign_in(&host, target) };
    reader.into_inner().write_all(answer.as_bytes())
}

/// As proxies do before they match: empty elements go, `.` and `..` are resolved, however the dots are written.
fn clean(path: &str) -> String {
    let mut elements = Vec::new();
    for element in path.split('/') {
        match element.replace("%2e", ".").replace("%2E", ".").as_str() {
            "" | "." => {}
            ".." => {
                elements.pop();
            }
            _ => elements.push(element),
        }
    }
    let slash = if path.ends_with('/') && !elements.is_empty() { "/" } else { "" };
    format!("/{}{slash}", elements.join("/"))
}

fn page(path: &str) -> String {
    let body = format!("<!DOCTYPE html><title>photos</title><p>This is the app, at {}.\n", escape(path));
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// What Authentik's outpost answers to somebody who has not signed in.
fn sign_in(host: &str, target: &str) -> String {
    let callback = encode(&format!("https://{host}/outpost.goauthentik.io/callback?X-authentik-auth-callback=true"));
    let location = format!(
        "https://auth.example.net/application/o/authorize/?client_id=quickstart&redirect_uri={callback}&response_type=code\
         &scope=openid+profile+email&state={}",
        encode(target)
    );
    format!(
        "HTTP/1.1 302 Found\r\nLocation: {location}\r\nSet-Cookie: authentik_proxy_quickstart=x; Path=/; HttpOnly; Secure\r\n\
         Content-Length: 0\r\nConnection: close\r\n\r\n"
    )
}

fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn ask(origin: &Origin, target: &str) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, origin.port)).unwrap();
        write!(stream, "GET {target} HTTP/1.1\r\nHost: photos.example.net\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn public_paths_show_the_app_and_everything_else_the_gate() {
        let origin = Origin::start().unwrap();
        for target in ["/share", "/share/", "/share/x?y", "//share", "/x/../share"] {
            assert!(ask(&origin, target).starts_with("HTTP/1.1 200 "), "{target}");
        }
        for target in ["/", "/sharex", "/SHARE", "/share/../", "/share/%2e%2E/", "/share%2f..", "/../"] {
            let answer = ask(&origin, target);
            assert!(answer.starts_with("HTTP/1.1 302 "), "{target}");
            assert!(
                answer.contains("redirect_uri=https%3A%2F%2Fphotos.example.net%2Foutpost.goauthentik.io%2Fcallback")
            );
        }
    }

    #[test]
    fn doors_change_while_it_runs() {
        let origin = Origin::start().unwrap();
        origin.wall_off("/share");
        assert!(ask(&origin, "/share").starts_with("HTTP/1.1 302 "));
        origin.restore("/share");
        assert!(ask(&origin, "/share").starts_with("HTTP/1.1 200 "));
    }

    #[test]
    fn nothing_listens_after_it() {
        let origin = Origin::start().unwrap();
        let port = origin.port;
        drop(origin);
        assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
    }
}
