//! TLS, always verified.

use std::sync::Arc;

use homelab_core::probe::Failure;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::ProbeError;
use super::connect::reason;

/// The certificates that the machine trusts, read once and only when a TLS connection needs them: it costs milliseconds,
/// and many runs have none.
#[derive(Default)]
pub(super) struct Trust {
    machine: OnceCell<Arc<RootCertStore>>,
}

/// What the connections of one run trust.
pub(super) struct Session {
    trust: Arc<Trust>,
    further: Vec<CertificateDer<'static>>,
    config: OnceCell<Option<Arc<ClientConfig>>>,
}

impl Trust {
    /// For a run with `ca_file`, which is read each time: it may have been renewed.
    pub(super) async fn session(self: &Arc<Self>, ca_file: Option<&str>) -> Result<Session, ProbeError> {
        let mut further = Vec::new();
        if let Some(path) = ca_file {
            let wrong = |reason: String| ProbeError::CaFile { path: path.to_owned(), reason };
            let text = tokio::fs::read(path).await.map_err(|error| wrong(error.to_string()))?;
            for certificate in CertificateDer::pem_slice_iter(&text) {
                further.push(certificate.map_err(|error| wrong(error.to_string()))?);
            }
            if further.is_empty() {
                return Err(wrong("it holds no certificate in PEM form".to_owned()));
            }
            // A certificate that cannot be an anchor would silently be trusted for nothing.
            let mut roots = RootCertStore::empty();
            for certificate in &further {
                roots.add(certificate.clone()).map_err(|error| wrong(error.to_string()))?;
            }
        }
        Ok(Session { trust: Arc::clone(self), further, config: OnceCell::new() })
    }

    async fn machine(&self) -> Arc<RootCertStore> {
        let read = || async {
            let read = || {
                let mut roots = RootCertStore::empty();
                // One that cannot be read is one that is not trusted; the error then names the issuer.
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                roots
            };
            Arc::new(tokio::task::spawn_blocking(read).await.unwrap_or_else(|_| RootCertStore::empty()))
        };
        Arc::clone(self.machine.get_or_init(read).await)
    }
}

impl Session {
    /// Speaks TLS over `stream` with the name of the URL, wherever the connection went.
    pub(super) async fn connect(&self, host: &str, stream: TcpStream) -> Result<TlsStream<TcpStream>, Failure> {
        let invalid = |why: String| Failure::TlsInvalid(why);
        let name =
            ServerName::try_from(host.to_owned()).map_err(|_| invalid(format!("{host} is no name of a server")))?;
        let config = self.config.get_or_init(|| self.config()).await;
        let Some(config) = config else {
            return Err(invalid("this machine trusts no certificate authority".to_owned()));
        };
        TlsConnector::from(Arc::clone(config)).connect(name, stream).await.map_err(|error| {
            match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                Some(rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol)) => {
                    Failure::Unreachable("the server does not speak HTTP/1.1".to_owned())
                }
                Some(tls) => invalid(explain(tls)),
                None => Failure::Unreachable(reason(&error)),
            }
        })
    }

    async fn config(&self) -> Option<Arc<ClientConfig>> {
        let mut roots = RootCertStore::clone(self.trust.machine().await.as_ref());
        for certificate in &self.further {
            let _ = roots.add(certificate.clone());
        }
        if roots.is_empty() {
            return None;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .ok()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        // See the module above: why nothing else is offered.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A resumed session skips the certificate, which is half of what is looked at.
        config.resumption = rustls::client::Resumption::disabled();
        Some(Arc::new(config))
    }
}

/// What is wrong with the certificate, in words.
fn explain(error: &rustls::Error) -> String {
    use CertificateError::{
        BadSignature, Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet,
        NotValidYetContext, Revoked, UnknownIssuer,
    };
    match error {
        rustls::Error::InvalidCertificate(Expired | ExpiredContext { .. }) => "the certificate has expired".to_owned(),
        rustls::Error::InvalidCertificate(NotValidYet | NotValidYetContext { .. }) => {
            "the certificate is not valid yet".to_owned()
        }
        rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
            "the certificate is for another name".to_owned()
        }
        // Signed by a namesake of an authority that is trusted.
        rustls::Error::InvalidCertificate(UnknownIssuer | BadSignature) => {
            "the certificate's issuer is not trusted here".to_owned()
        }
        rustls::Error::InvalidCertificate(Revoked) => "the certificate was revoked".to_owned(),
        rustls::Error::InvalidMessage(_) => "the server does not speak TLS".to_owned(),
        other => other.to_string(),
    }
}
