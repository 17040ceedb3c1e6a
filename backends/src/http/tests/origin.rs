//! A server that answers as the test says, byte for byte, and remembers what it was asked.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::certificates::Certificate;

/// One request, as it arrived.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// `GET /share HTTP/1.1`.
    pub(super) line: String,
    /// In order, names as they were sent.
    pub(super) headers: Vec<(String, String)>,
    /// Over which connection, from 0.
    pub(super) connection: usize,
    /// The name in the TLS handshake, and the protocol that was agreed on there.
    pub(super) tls: Option<(String, Vec<u8>)>,
}

/// What to do with a request.
pub(super) enum Reply {
    /// Send this and close.
    Send(Vec<u8>),
    /// Send this and wait for the next request over the same connection.
    Keep(Vec<u8>),
    /// Send this and reset the connection.
    Reset(Vec<u8>),
    /// Send this and then nothing, for as long as the other side stays.
    Hang(Vec<u8>),
    /// Send this, and then zeros for as long as the other side takes them.
    Endless(Vec<u8>),
    /// Send this, and then one letter after the other, slowly.
    Trickle(Vec<u8>),
}

pub(super) struct Origin {
    pub(super) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    /// The most connections that waited for their answer at once.
    pub(super) most: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

type Handler = Arc<dyn Fn(usize, &Asked) -> Reply + Send + Sync>;

impl Origin {
    /// Answers request number n (from 0) with `handler(n, request)`.
    pub(super) async fn start(handler: impl Fn(usize, &Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1:0", handler).await
    }

    /// As [`Origin::start`], at that address.
    pub(super) async fn start_at(
        address: &str,
        handler: impl Fn(usize, &Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::serve(address, None, Arc::new(handler)).await
    }

    /// As [`Origin::start`], over TLS.
    pub(super) async fn start_tls(
        certificate: &Certificate,
        handler: impl Fn(usize, &Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::serve("127.0.0.1:0", Some(certificate.acceptor(&[])), Arc::new(handler)).await
    }

    /// As [`Origin::start_tls`], where the server speaks these protocols.
    pub(super) async fn start_with_protocols(certificate: &Certificate, protocols: &[&[u8]]) -> Self {
        Self::serve("127.0.0.1:0", Some(certificate.acceptor(protocols)), Arc::new(|_, _| answer(200, &[], ""))).await
    }

    async fn serve(address: &str, tls: Option<TlsAcceptor>, handler: Handler) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, most) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
        let now = Arc::new(AtomicUsize::new(0));
        let task = tokio::spawn({
            let (asked, most) = (Arc::clone(&asked), Arc::clone(&most));
            async move {
                for connection in 0.. {
                    let (stream, _) = listener.accept().await.unwrap();
                    let (tls, handler, asked) = (tls.clone(), Arc::clone(&handler), Arc::clone(&asked));
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let now = Arc::clone(&now);
                    // Before the answer is on its way, so that a client's next connection never counts beside this one.
                    let handler: Handler = Arc::new(move |number, request| {
                        now.fetch_sub(1, Ordering::SeqCst);
                        handler(number, request)
                    });
                    // A client may leave at any moment: that is what some tests are about.
                    tokio::spawn(serve(stream, tls, Served { handler, asked, connection }));
                }
            }
        });
        Self { address, asked, most, task }
    }

    /// Everything that was asked until now.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What a connection needs.
struct Served {
    handler: Handler,
    asked: Arc<Mutex<Vec<Asked>>>,
    connection: usize,
}

async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, served: Served) -> std::io::Result<()> {
    if let Some(tls) = tls {
        let stream = tls.accept(stream).await?;
        let (_, session) = stream.get_ref();
        let name = session.server_name().unwrap_or_default().to_owned();
        let agreed = (name, session.alpn_protocol().unwrap_or_default().to_vec());
        let mut stream = BufReader::new(stream);
        while let Reply::Keep(_) = exchange(&mut stream, &served, Some(&agreed)).await? {}
        return stream.into_inner().shutdown().await;
    }
    let mut stream = BufReader::new(stream);
    loop {
        match exchange(&mut stream, &served, None).await? {
            Reply::Keep(_) => {}
            Reply::Reset(_) => return stream.into_inner().set_zero_linger(),
            _ => return stream.into_inner().shutdown().await,
        }
    }
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    served: &Served,
    tls: Option<&(String, Vec<u8>)>,
) -> std::io::Result<Reply> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == "\r\n" {
            break;
        }
        lines.push(line.trim_end().to_owned());
    }
    let headers = lines[1..].iter().map(|line| line.split_once(": ").unwrap());
    let request = Asked {
        line: lines[0].clone(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        connection: served.connection,
        tls: tls.cloned(),
    };
    let reply = {
        let mut asked = served.asked.lock().unwrap();
        asked.push(request.clone());
        (served.handler)(asked.len() - 1, &request)
    };
    let (Reply::Send(bytes)
    | Reply::Keep(bytes)
    | Reply::Reset(bytes)
    | Reply::Hang(bytes)
    | Reply::Endless(bytes)
    | Reply::Trickle(bytes)) = &reply;
    stream.write_all(bytes).await?;
    stream.flush().await?;
    match &reply {
        Reply::Hang(_) => {
            // Ends when the other side does.
            let _ = stream.read_line(&mut String::new()).await;
        }
        Reply::Endless(_) => while stream.write_all(&[0; 1024]).await.is_ok() {},
        Reply::Trickle(_) => {
            while stream.write_all(b"x").await.is_ok() && stream.flush().await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        Reply::Send(_) | Reply::Keep(_) | Reply::Reset(_) => {}
    }
    Ok(reply)
}

/// A whole answer.
pub(super) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
    let headers: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let text = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{}\r\n{body}", headers.concat());
    Reply::Send(text.into_bytes())
}
