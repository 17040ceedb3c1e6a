//! Certificates as they are met: good, ended, not begun, of another name, without the authority in between.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

const DAY: u64 = 24 * 60 * 60;

/// A certificate and its key.
pub(super) struct Certificate {
    pub(super) pem: String,
    chain: Vec<CertificateDer<'static>>,
    key: Vec<u8>,
}

/// Who signs.
pub(super) struct Authority {
    pub(super) pem: String,
    der: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

/// Valid from so many days ago until so many days ahead; in whole seconds, as certificates count.
fn parameters(name: &str, days: (i64, i64)) -> CertificateParams {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let at = |days: i64| {
        let seconds = now.checked_add_signed(days * i64::try_from(DAY).unwrap()).unwrap();
        rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds)
    };
    let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
    (parameters.not_before, parameters.not_after) = (at(days.0), at(days.1));
    parameters
}

impl Authority {
    /// A root.
    pub(super) fn new(name: &str) -> Self {
        let (parameters, key) = Self::parameters(name);
        let certificate = parameters.self_signed(&key).unwrap();
        Self { pem: certificate.pem(), der: certificate.der().clone(), issuer: Issuer::new(parameters, key) }
    }

    /// One that this one has signed.
    pub(super) fn intermediate(&self, name: &str) -> Self {
        let (parameters, key) = Self::parameters(name);
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        Self { pem: certificate.pem(), der: certificate.der().clone(), issuer: Issuer::new(parameters, key) }
    }

    fn parameters(name: &str) -> (CertificateParams, KeyPair) {
        let mut parameters = parameters(name, (-1000, 1000));
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
        (parameters, KeyPair::generate().unwrap())
    }

    /// A certificate of `name` by this one, from and until so many days from now.
    pub(super) fn signs(&self, name: &str, days: (i64, i64)) -> Certificate {
        let key = KeyPair::generate().unwrap();
        let certificate = parameters(name, days).signed_by(&key, &self.issuer).unwrap();
        Certificate { pem: certificate.pem(), chain: vec![certificate.der().clone()], key: key.serialize_der() }
    }
}

impl Certificate {
    /// Of `name`, its own authority, good for years.
    pub(super) fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = parameters(name, (-1000, 1000)).self_signed(&key).unwrap();
        Self { pem: certificate.pem(), chain: vec![certificate.der().clone()], key: key.serialize_der() }
    }

    /// Sent together with `authority`, which has signed it.
    pub(super) fn with(mut self, authority: &Authority) -> Self {
        self.chain.push(authority.der.clone());
        self
    }

    /// A server with this certificate that speaks `protocols`; whatever comes, where there are none.
    pub(super) fn acceptor(&self, protocols: &[&[u8]]) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), PrivatePkcs8KeyDer::from(self.key.clone()).into())
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }
}
