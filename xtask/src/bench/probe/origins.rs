//! Many small TLS servers on loopback: an app on one path, the redirect of a gate on every other.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::steps::Done;

/// As many connections as a probe makes to one host at a time.
const THREADS: usize = 2;
const PATIENCE: Duration = Duration::from_secs(10);
/// A page of usual size.
const PAGE: usize = 8 * 1024;

/// Running servers. They stop when this is dropped.
pub(super) struct Origins {
    ports: Vec<u16>,
    authority: String,
    requests: Arc<AtomicUsize>,
    stopped: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Origins {
    /// Starts so many.
    pub(super) fn start(count: usize) -> Done<Self> {
        let key = rcgen::KeyPair::generate()?;
        let certificate = rcgen::CertificateParams::new(["127.0.0.1".to_owned()])?.self_signed(&key)?;
        let private: PrivateKeyDer<'static> = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)?;
        let config = Arc::new(config);
        let (requests, stopped) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (mut ports, mut threads) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            ports.push(listener.local_addr()?.port());
            for _ in 0..THREADS {
                let listener = listener.try_clone()?;
                let (config, requests, stopped) = (Arc::clone(&config), Arc::clone(&requests), Arc::clone(&stopped));
                threads.push(std::thread::spawn(move || {
                    for stream in listener.incoming() {
                        if stopped.load(Ordering::SeqCst) {
                            break;
                        }
                        // A client that goes away early is its own business.
                        let _ = stream.and_then(|stream| serve(stream, &config, &requests));
                    }
                }));
            }
        }
        Ok(Self { ports, authority: certificate.pem(), requests, stopped, threads })
    }

    /// The certificate that all of them have, in PEM.
    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    /// The port of number `index`.
    pub(super) fn port(&self, index: usize) -> u16 {
        self.ports.get(index).copied().unwrap_or_default()
    }

    /// How many requests were answered until now.
    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Drop for Origins {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Each thread waits in `accept`: one last connection lets it look up.
        for port in &self.ports {
            for _ in 0..THREADS {
                let _ = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, *port)), PATIENCE);
            }
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn serve(stream: TcpStream, config: &Arc<ServerConfig>, requests: &AtomicUsize) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let session = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    let mut reader = BufReader::new(StreamOwned::new(session, stream));
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    requests.fetch_add(1, Ordering::SeqCst);
    let mut stream = reader.into_inner();
    if request.split(' ').nth(1).is_some_and(|path| path.starts_with("/public/")) {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {PAGE}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(&[b'.'; PAGE])?;
    } else {
        stream.write_all(SIGN_IN.as_bytes())?;
    }
    stream.conn.send_close_notify();
    stream.flush()
}

const SIGN_IN: &str = "HTTP/1.1 302 Found\r\nLocation: https://auth.example.net/application/o/authorize/?client_id=gate&\
                       redirect_uri=https%3A%2F%2Fphotos.example.net%2Foutpost.goauthentik.io%2Fcallback\r\n\
                       Content-Length: 0\r\nConnection: close\r\n\r\n";
