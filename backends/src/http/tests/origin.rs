//! A server that answers as the test says, byte for byte, and remembers what it was asked.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// One request, as it arrived.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// `GET /share HTTP/1.1`.
    pub(super) line: String,
    /// In order, names as they were sent.
    pub(super) headers: Vec<(String, String)>,
}

/// What to do with a request.
pub(super) enum Reply {
    /// Send this and close.
    Send(Vec<u8>),
    /// Send this and reset the connection.
    Reset(Vec<u8>),
    /// Send this and then nothing, for as long as the other side stays.
    Hang(Vec<u8>),
    /// Send this, and then zeros for as long as the other side takes them.
    Endless(Vec<u8>),
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
        Self::serve(None, Arc::new(handler)).await
    }

    /// As [`Origin::start`], over TLS.
    pub(super) async fn start_tls(
        certificate: &Certificate,
        handler: impl Fn(usize, &Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::serve(Some(certificate.acceptor()), Arc::new(handler)).await
    }

    async fn serve(tls: Option<TlsAcceptor>, handler: Handler) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, most) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
        let now = Arc::new(AtomicUsize::new(0));
        let task = tokio::spawn({
            let (asked, most) = (Arc::clone(&asked), Arc::clone(&most));
            async move {
                loop {
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
                    tokio::spawn(connection(stream, tls, handler, asked));
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

async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    handler: Handler,
    asked: Arc<Mutex<Vec<Asked>>>,
) -> std::io::Result<()> {
    let Some(tls) = tls else {
        let stream = BufReader::new(stream);
        let (stream, reply) = exchange(stream, &handler, &asked).await?;
        let mut stream = stream.into_inner();
        if let Reply::Reset(_) = reply {
            stream.set_zero_linger()?;
            return Ok(());
        }
        return stream.shutdown().await;
    };
    let (stream, _) = exchange(BufReader::new(tls.accept(stream).await?), &handler, &asked).await?;
    stream.into_inner().shutdown().await
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: BufReader<S>,
    handler: &Handler,
    asked: &Mutex<Vec<Asked>>,
) -> std::io::Result<(BufReader<S>, Reply)> {
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
    };
    let reply = {
        let mut asked = asked.lock().unwrap();
        asked.push(request.clone());
        handler(asked.len() - 1, &request)
    };
    match &reply {
        Reply::Send(bytes) | Reply::Reset(bytes) | Reply::Hang(bytes) | Reply::Endless(bytes) => {
            stream.write_all(bytes).await?;
            stream.flush().await?;
        }
    }
    match &reply {
        Reply::Hang(_) => {
            // Ends when the other side does.
            let _ = stream.read_line(&mut String::new()).await;
        }
        Reply::Endless(_) => while stream.write_all(&[0; 1024]).await.is_ok() {},
        Reply::Send(_) | Reply::Reset(_) => {}
    }
    Ok((stream, reply))
}

/// A whole answer.
pub(super) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
    let headers: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let text = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{}\r\n{body}", headers.concat());
    Reply::Send(text.into_bytes())
}

/// A certificate and its key.
pub(super) struct Certificate {
    pub(super) pem: String,
    der: rustls::pki_types::CertificateDer<'static>,
    key: Vec<u8>,
}

impl Certificate {
    /// Of `name`, valid until the end of the year `until`. It is its own authority.
    pub(super) fn new(name: &str, until: i32) -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(until, 12, 31);
        let certificate = params.self_signed(&key).unwrap();
        Self { pem: certificate.pem(), der: certificate.der().clone(), key: key.serialize_der() }
    }

    fn acceptor(&self) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.der.clone()], PrivatePkcs8KeyDer::from(self.key.clone()).into())
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}
