//! A client as Terraform is one: it checks the provider's certificate byte for byte and shows its own.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P521_SHA512};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};

/// A client's key and certificate, on the curve that go-plugin uses.
pub(crate) struct ClientIdentity {
    certificate: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
    pub(crate) pem: String,
}

impl ClientIdentity {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).unwrap();
        let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        Self { certificate: certificate.der().clone(), key: key.serialize_der().into(), pem: certificate.pem() }
    }

    /// One who shows the certificate of `other` without having its key.
    pub(crate) fn pretending_to_be(other: &Self) -> Self {
        Self { certificate: other.certificate(), ..Self::new() }
    }

    pub(crate) fn certificate(&self) -> CertificateDer<'static> {
        self.certificate.clone()
    }
}

/// Where a provider is, as its handshake line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) network: String,
    pub(crate) address: String,
    pub(crate) certificate: Option<CertificateDer<'static>>,
}

impl Answer {
    /// Reads a handshake line, strictly.
    pub(crate) fn parse(line: &str) -> Self {
        let fields: Vec<_> = line.split('|').collect();
        assert_eq!(fields.len(), 6, "{line:?}");
        assert_eq!((fields[0], fields[1], fields[4]), ("1", "5", "grpc"), "{line:?}");
        let der = STANDARD_NO_PAD.decode(fields[5]).unwrap();
        let certificate = (!der.is_empty()).then(|| CertificateDer::from(der));
        Self { network: fields[2].to_owned(), address: fields[3].to_owned(), certificate }
    }
}

/// How a client introduces itself.
pub(crate) enum Introduction<'a> {
    Plain,
    WithoutCertificate,
    As(&'a ClientIdentity),
}

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Connects; a refusal shows here or in the first call.
pub(crate) async fn connect(
    answer: &Answer,
    introduction: Introduction<'_>,
) -> Result<Channel, tonic::transport::Error> {
    let tls = match introduction {
        Introduction::Plain => None,
        Introduction::WithoutCertificate => Some(tls(answer, None)),
        Introduction::As(identity) => Some(tls(answer, Some(identity))),
    };
    let answer = answer.clone();
    let connector = tower::service_fn(move |_| {
        let (answer, tls) = (answer.clone(), tls.clone());
        async move {
            let stream: Box<dyn Io> = match answer.network.as_str() {
                "unix" => Box::new(UnixStream::connect(&answer.address).await?),
                "tcp" => Box::new(TcpStream::connect(&answer.address).await?),
                other => panic!("network {other:?}"),
            };
            let stream: Box<dyn Io> = match tls {
                None => stream,
                Some(tls) => Box::new(tls.connect(ServerName::try_from("localhost").unwrap(), stream).await?),
            };
            Ok::<_, std::io::Error>(TokioIo::new(stream))
        }
    });
    Endpoint::from_static("http://localhost").connect_with_connector(connector).await
}

fn tls(answer: &Answer, identity: Option<&ClientIdentity>) -> TlsConnector {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let pinned = Pinned { certificate: answer.certificate.clone().unwrap(), provider: Arc::clone(&provider) };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(pinned));
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let key = any_supported_type(&PrivateKeyDer::from(identity.key.clone_key())).unwrap();
            // Not the builder's own way: it would notice a key of another certificate.
            let shown = CertifiedKey::new(vec![identity.certificate()], key);
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(shown)))
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    TlsConnector::from(Arc::new(config))
}

/// Trusts one server.
#[derive(Debug)]
struct Pinned {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        assert_eq!(*end_entity, self.certificate, "the line's certificate is the server's");
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
