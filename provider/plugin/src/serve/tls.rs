//! Mutual TLS between exactly two processes.
//!
//! The parent hands its certificate over in the environment and gets ours in the handshake line; each side then trusts
//! that one certificate and nothing else. Both are made for one run, self-signed, and are at once CA and leaf. That form
//! is why the client's certificate is compared and not chained: rustls' own verifier (webpki) rightly refuses a CA in
//! the place of a leaf, and a chain of one certificate proves no more than equal bytes do. Expiry is not looked at: the
//! certificate lives as long as the two processes. The handshake's signature proves that the client holds its key.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName as Subject, Error, ServerConfig, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer, UnixTime};

/// The name that clients expect in the certificate, whatever the address is.
const SERVER_NAME: &str = "localhost";

/// Our side of the TLS connections of one run.
pub(super) struct Identity {
    /// Our certificate, for the handshake line.
    pub(super) certificate: CertificateDer<'static>,
    /// Accepts connections of the one client.
    pub(super) config: Arc<ServerConfig>,
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Key or certificate could not be made.
    #[error("failed to make the certificate of this run: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The TLS library refuses the settings.
    #[error("failed to set up TLS: {0}")]
    Config(#[from] Error),
}

impl Identity {
    /// Makes a new key and certificate, and accepts only the holder of `client`.
    pub(super) fn new(client: CertificateDer<'static>) -> Result<Self, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        // P-256 here, though clients use P-521: the curve is ours to choose, and its keys are made in microseconds.
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = parameters()?.self_signed(&key)?.der().clone();
        let verifier = Arc::new(OneClient { certificate: client, provider: Arc::clone(&provider) });
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![certificate.clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        // The client connects once: a ticket for a second connection would never be used.
        config.send_tls13_tickets = 0;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(Self { certificate, config: Arc::new(config) })
    }
}

/// A certificate of the form that Go's verifier takes as root and leaf at once.
fn parameters() -> Result<CertificateParams, rcgen::Error> {
    let mut parameters = CertificateParams::new(vec![SERVER_NAME.to_owned()])?;
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, SERVER_NAME);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyCertSign];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    // The library's default validity spans centuries: the two processes share one clock, but that clock may be wrong.
    Ok(parameters)
}

/// Lets in the holder of one certificate.
#[derive(Debug)]
struct OneClient {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for OneClient {
    fn root_hint_subjects(&self) -> &[Subject] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if *end_entity == self.certificate {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(CertificateError::UnknownIssuer.into())
        }
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
