//! A small origin with a real sign-in redirect, for the probe.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Serves every host: `/share`, `/api` and what is below them in the open, the rest behind Authentik's redirect.
pub(crate) struct Origin {
    address: SocketAddr,
    walled: Arc<AtomicBool>,
    ended: Arc<AtomicBool>,
}

impl Origin {
    /// Listens on loopback until it is dropped.
    pub(crate) fn serve() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (walled, ended) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (wall, end) = (Arc::clone(&walled), Arc::clone(&ended));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if end.load(Ordering::SeqCst) {
                    return;
                }
                let open = !wall.load(Ordering::SeqCst);
                // A client that went away is its own matter.
                std::thread::spawn(move || answer(&stream, open).ok());
            }
        });
        Self { address, walled, ended }
    }

    /// Where it listens, `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Puts `/share` behind the gate, or opens it again.
    pub(crate) fn wall_off(&self, walled: bool) {
        self.walled.store(walled, Ordering::SeqCst);
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // The thread waits in `accept`.
        let _ = TcpStream::connect(self.address);
    }
}

fn answer(mut stream: &TcpStream, open: bool) -> std::io::Result<()> {
    let mut line = String::new();
    let mut lines = BufReader::new(stream);
    lines.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    while line.trim() != "" {
        line.clear();
        lines.read_line(&mut line)?;
    }
    let below = |door: &str| {
        path == door || (path.starts_with(&format!("{door}/")) && !["..", "%2e"].iter().any(|part| path.contains(part)))
    };
    if (open && below("/share")) || below("/api") {
        return write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    }
    let location = "https://auth.example.net/application/o/authorize/?client_id=gate-client\
                    &redirect_uri=https%3A%2F%2Fphotos.example.net%2Foutpost.goauthentik.io%2Fcallback&response_type=code";
    write!(stream, "HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}
