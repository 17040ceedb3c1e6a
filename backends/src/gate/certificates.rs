//! Certificates, as far as the API shows them: the one with which the API server answers.
//!
//! The others (clients of the control plane, kubelets, etcd) are told by the hosts alone, so that this is always a part.

use std::sync::Arc;
use std::time::Duration;

use homelab_core::gate::{Certificate, Day, Measured};
use homelab_core::ingress::certificate::Certificate as Served;
use http::Uri;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::kube::Kube;

/// How long connection and handshake may take together.
const PATIENCE: Duration = Duration::from_secs(10);

/// The certificate of the API server that answers.
pub(super) async fn certificates(cluster: &Kube) -> Measured<Vec<Certificate>> {
    let address = cluster.address();
    let late = || Err(format!("{address} did not show a certificate within {} s", PATIENCE.as_secs()));
    match tokio::time::timeout(PATIENCE, served(&address)).await.unwrap_or_else(|_| late()) {
        Ok(ends) => Measured::Partial {
            seen: vec![Certificate { name: format!("kube-apiserver at {address}"), ends }],
            why: "the others are told by the hosts alone (homelab gate capture --host)".to_owned(),
        },
        Err(why) => Measured::Unreachable(why),
    }
}

/// The last day of what a server shows; an error is a fragment.
async fn served(address: &str) -> Result<Day, String> {
    let failed = |error: &dyn std::fmt::Display| format!("failed to look at the certificate of {address}: {error}");
    let uri: Uri = address.parse().map_err(|error| failed(&error))?;
    let (Some(host), "https") = (uri.host(), uri.scheme_str().unwrap_or_default()) else {
        return Err(failed(&"it is no https:// address"));
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(bare.to_owned()).map_err(|error| failed(&error))?;
    let stream = TcpStream::connect((bare, uri.port_u16().unwrap_or(443))).await.map_err(|error| failed(&error))?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(|error| failed(&error))?;
    let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let shown = chain.first().and_then(|first| Served::of_der(first));
    let ends = shown.and_then(|shown| u32::try_from(shown.not_after / 86_400).ok());
    ends.map(Day::of_unix).ok_or_else(|| failed(&"it cannot be read"))
}

/// Takes every certificate: one that has ended, or is of an authority that nobody knows, is to be looked at as well. Nothing
/// is sent over such a connection; whether the API server is the right one, the connection of the client itself decides.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
