//! HTTP/1.1 with connections that stay open, one thread for each.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::answer::{Answer, answer};
use super::{Seen, Shared};

/// Where the API begins.
pub(super) const BASE: &str = "/client/v4";
/// No body of ours is longer.
const LONGEST: usize = 1 << 20;

/// A request, as it came.
pub(super) struct Request {
    pub(super) method: String,
    /// Path and query below [`BASE`]; the whole target where it is not below it.
    pub(super) target: String,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn header(&self, wanted: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.as_str())
    }
}

pub(super) fn serve(listener: &TcpListener, shared: &Arc<Shared>) {
    for (number, stream) in listener.incoming().flatten().enumerate() {
        if shared.ended.load(Ordering::SeqCst) {
            return;
        }
        if let Ok(clone) = stream.try_clone() {
            shared.state().streams.insert(number, clone);
        }
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            // Also a connection that breaks is over.
            let _ = talk(&stream, &shared);
            shared.state().streams.remove(&number);
        });
    }
}

fn talk(mut stream: &TcpStream, shared: &Shared) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut lines = BufReader::new(stream);
    while let Some(request) = read(&mut lines)? {
        let at = shared.began.elapsed();
        let answer = answer(shared, &request);
        let is_last = request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        shared.state().seen.push(Seen { method: request.method, path: request.target, status: answer.status, at });
        if answer.status == 0 {
            return stream.shutdown(std::net::Shutdown::Both);
        }
        let Answer { status, body, headers } = answer;
        let reason = if status < 300 { "OK" } else { "Refused" };
        let length = body.len();
        let mut text =
            format!("HTTP/1.1 {status} {reason}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n");
        for (name, value) in headers {
            text.push_str(&format_header(name, &value));
        }
        // One write: a client sees an answer whole or not at all.
        stream.write_all(format!("{text}\r\n{body}").as_bytes())?;
        if is_last {
            return stream.shutdown(std::net::Shutdown::Both);
        }
    }
    Ok(())
}

fn format_header(name: &str, value: &str) -> String {
    format!("{name}: {value}\r\n")
}

fn read(lines: &mut BufReader<&TcpStream>) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if lines.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        lines.read_line(&mut line)?;
        match line.trim().split_once(':') {
            Some((name, value)) => headers.push((name.to_owned(), value.trim().to_owned())),
            None => break,
        }
    }
    let mut request = Request { method, target, headers, body: Vec::new() };
    if let Some(below) = request.target.strip_prefix(BASE) {
        request.target = below.to_owned();
    }
    let length: usize = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or_default();
    request.body = vec![0; length.min(LONGEST)];
    lines.read_exact(&mut request.body)?;
    Ok(Some(request))
}
