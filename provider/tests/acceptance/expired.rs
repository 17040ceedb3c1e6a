//! A server whose certificate has expired.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};

/// It speaks TLS, and was valid until the end of 2020.
pub(crate) struct Expired {
    address: SocketAddr,
    authority: String,
    ended: Arc<AtomicBool>,
}

impl Expired {
    /// Listens on loopback until it is dropped.
    pub(crate) fn serve() -> Self {
        let mut authority = CertificateParams::new(Vec::<String>::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let mut server = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        server.not_before = date_time_ymd(2020, 1, 1);
        server.not_after = date_time_ymd(2020, 12, 31);
        let key = KeyPair::generate().unwrap();
        let certificate = server.signed_by(&key, &authority).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let config = Arc::new(config);

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let ended = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ended);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if end.load(Ordering::SeqCst) {
                    return;
                }
                let config = Arc::clone(&config);
                // A client that does not like the certificate hangs up, which is what it is here for.
                std::thread::spawn(move || greet(stream, config).ok());
            }
        });
        Self { address, authority: authority.pem(), ended }
    }

    /// `https://127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The authority that signed the certificate, PEM; it is valid.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }
}

impl Drop for Expired {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // The thread waits in `accept`.
        let _ = TcpStream::connect(self.address);
    }
}

fn greet(stream: TcpStream, config: Arc<ServerConfig>) -> std::io::Result<()> {
    let session = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut stream = rustls::StreamOwned::new(session, stream);
    let _ = stream.read(&mut [0; 1024])?;
    stream.write_all(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")
}
