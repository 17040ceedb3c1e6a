//! Origins that say who they are, and a client that sends requests as they are written.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use homelab_core::route::Request;

/// Longest wait for an answer.
const LIMIT: Duration = Duration::from_mins(1);
/// Of a thread that reads lines: a hundred of them are cheap.
const STACK: usize = 64 * 1024;

/// HTTP servers on loopback, one for each router, that answer with their number.
pub(crate) struct Origins {
    ports: Vec<u16>,
}

impl Origins {
    /// That many, which listen until the process ends.
    pub(crate) fn start(count: usize) -> Self {
        let origin = |number: usize| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            listen(listener, format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Origin: {number}\r\n\r\n"));
            port
        };
        Self { ports: (0..count).map(origin).collect() }
    }

    /// The ports, by number of origin.
    pub(crate) fn ports(&self) -> &[u16] {
        &self.ports
    }
}

/// Answers every request with that text until the process ends.
fn listen(listener: TcpListener, answer: String) {
    let answer: Arc<str> = answer.into();
    let serve = move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            // One connection at a time would make Traefik's idle ones block the others.
            let _ = thread::Builder::new().stack_size(STACK).spawn(move || answer_all(stream, &answer));
        }
    };
    thread::Builder::new().stack_size(STACK).spawn(serve).unwrap();
}

fn answer_all(stream: TcpStream, answer: &str) {
    let Ok(mut writer) = stream.try_clone() else { return };
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    // Requests here have no body: a blank line ends each.
    while reader.read_line(&mut line).is_ok_and(|read| read > 0) {
        if line == "\r\n" && writer.write_all(answer.as_bytes()).is_err() {
            return;
        }
        line.clear();
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The origin that answered, if one did.
    pub(crate) origin: Option<usize>,
    /// The header `Location`.
    pub(crate) location: Option<String>,
}

/// A connection that is kept, and opened anew where the other side closed it.
pub(crate) struct Sender {
    authority: String,
    open: Option<BufReader<TcpStream>>,
}

impl Sender {
    /// To `http://HOST:PORT`.
    pub(crate) fn to(url: &str) -> Self {
        Self { authority: url.trim_start_matches("http://").to_owned(), open: None }
    }

    /// Sends a request as it is written, without touching its path.
    pub(crate) fn send(&mut self, request: &Request) -> io::Result<Answer> {
        let Request { method, host, target, headers, .. } = request;
        let mut text = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n");
        for (name, value) in headers {
            // A string takes everything.
            let _ = write!(text, "{name}: {value}\r\n");
        }
        text.push_str("\r\n");
        let kept = self.open.is_some();
        match self.exchange(text.as_bytes(), method == "HEAD") {
            Err(_) if kept => {
                self.open = None;
                self.exchange(text.as_bytes(), method == "HEAD")
            }
            done => done,
        }
    }

    fn exchange(&mut self, text: &[u8], bodiless: bool) -> io::Result<Answer> {
        let mut stream = if let Some(stream) = self.open.take() {
            stream
        } else {
            let stream = TcpStream::connect(&self.authority)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(LIMIT))?;
            BufReader::new(stream)
        };
        stream.get_mut().write_all(text)?;
        let (answer, length, close) = head(&mut stream)?;
        if !bodiless {
            io::copy(&mut (&mut stream).take(length), &mut io::sink())?;
        }
        self.open = (!close).then_some(stream);
        Ok(answer)
    }
}

fn head(stream: &mut BufReader<TcpStream>) -> io::Result<(Answer, u64, bool)> {
    let broken = || io::Error::new(io::ErrorKind::InvalidData, "no HTTP answer");
    let mut line = String::new();
    let mut next = |line: &mut String| {
        line.clear();
        stream.read_line(line)
    };
    next(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
    let mut answer = Answer { status, origin: None, location: None };
    let (mut length, mut close) = (0, false);
    loop {
        if next(&mut line)? == 0 {
            return Err(broken());
        }
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().map_err(|_| broken())?,
            "connection" => close = value.eq_ignore_ascii_case("close"),
            "x-origin" => answer.origin = value.parse().ok(),
            "location" => answer.location = Some(value.to_owned()),
            // Nobody here answers in chunks.
            "transfer-encoding" => return Err(broken()),
            _ => {}
        }
    }
    Ok((answer, length, close))
}

/// Where [`sign_in`] sends everybody.
pub(crate) const SIGN_IN: &str = "https://sign-in.example.net/";

/// The address of a `ForwardAuth` server that lets nobody through.
pub(crate) fn sign_in() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = format!("HTTP/1.1 302 Found\r\nLocation: {SIGN_IN}\r\nContent-Length: 0\r\n\r\n");
    listen(listener, answer);
    format!("http://{address}/")
}
