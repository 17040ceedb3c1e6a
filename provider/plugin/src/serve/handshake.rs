//! The handshake: what the parent process says through the environment, and the one line that answers it.
//!
//! Terraform starts a provider as a child with its wishes in environment variables (the contract of go-plugin), reads one
//! line from its standard output and then connects. Parsing is a pure function of the variables, so that it can be tested
//! and fuzzed without touching the real environment.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rustls::server::ParsedCertificate;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use super::socket::Address;

/// The variable that tells a plugin's parent from a curious user.
const COOKIE_NAME: &str = "TF_PLUGIN_MAGIC_COOKIE";
/// Its value: a public constant of the contract, not a secret.
const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";
/// The version of the handshake line itself.
const LINE_VERSION: u8 = 1;
/// The version of Terraform's plugin protocol that is served.
pub(super) const PROTOCOL: u32 = 5;

/// What the parent process asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// The only certificate that a client may present, in DER. `None` means plain connections.
    pub client_certificate: Option<CertificateDer<'static>>,
    /// Where the Unix socket goes, instead of the directory of temporary files.
    pub socket_dir: Option<PathBuf>,
    /// Group (name or number) that may use the Unix socket beside its owner.
    pub socket_group: Option<String>,
    /// First and last TCP port to try; both 0 for any free one.
    pub ports: (u16, u16),
    /// Whether the parent asked about multiplexing the broker over this connection, and so reads a seventh field.
    pub asks_multiplex: bool,
}

/// Why there is no handshake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// The magic cookie is absent or another one: no plugin client started this process.
    #[error("this program is a plugin for Terraform and OpenTofu, which start it by themselves; it is not run by hand")]
    NotAPlugin,
    /// The parent does not speak protocol 5.
    #[error(
        "the client offers plugin protocol {0:?} and this provider speaks 5, which Terraform and OpenTofu offer by themselves"
    )]
    Versions(String),
    /// `PLUGIN_CLIENT_CERT` is no PEM with exactly one X.509 certificate.
    #[error("PLUGIN_CLIENT_CERT {0}: expected one X.509 certificate in PEM form")]
    Certificate(&'static str),
    /// A port is no number from 0 to 65535.
    #[error("{name} is {value:?}: expected a port number from 0 to 65535")]
    Port {
        /// The variable.
        name: &'static str,
        /// What it holds.
        value: String,
    },
    /// The ports are in the wrong order.
    #[error("PLUGIN_MIN_PORT {0} is greater than PLUGIN_MAX_PORT {1}")]
    Ports(u16, u16),
}

impl Handshake {
    /// Reads the parent's wishes. `variable` gives the value of an environment variable; an empty value counts as unset,
    /// as it does for go-plugin.
    ///
    /// An absent version list is accepted: clients that old cannot ask, and read the version from the line.
    /// `TF_DISABLE_PLUGIN_TLS` wins over a certificate: the variable is Terraform's own wish, while a certificate may be
    /// a leftover of an outer plugin that Terraform was started from.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, HandshakeError> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        if set(COOKIE_NAME).as_deref() != Some(COOKIE) {
            return Err(HandshakeError::NotAPlugin);
        }
        if let Some(versions) = set("PLUGIN_PROTOCOL_VERSIONS")
            && !versions.split(',').any(|version| version.trim().parse() == Ok(PROTOCOL))
        {
            return Err(HandshakeError::Versions(versions));
        }
        let client_certificate = match set("PLUGIN_CLIENT_CERT") {
            Some(pem) if set("TF_DISABLE_PLUGIN_TLS").is_none() => Some(certificate(&pem)?),
            _ => None,
        };
        let ports = (port("PLUGIN_MIN_PORT", &set)?, port("PLUGIN_MAX_PORT", &set)?);
        if ports.0 > ports.1 {
            return Err(HandshakeError::Ports(ports.0, ports.1));
        }
        Ok(Self {
            client_certificate,
            socket_dir: set("PLUGIN_UNIX_SOCKET_DIR").map(PathBuf::from),
            socket_group: set("PLUGIN_UNIX_SOCKET_GROUP"),
            ports,
            asks_multiplex: set("PLUGIN_MULTIPLEX_GRPC").is_some(),
        })
    }

    /// A handshake with no wishes: plain, in the directory of temporary files.
    pub(super) fn plain() -> Self {
        Self { client_certificate: None, socket_dir: None, socket_group: None, ports: (0, 0), asks_multiplex: false }
    }

    /// The answer, without its line end: where to connect and which certificate to expect there.
    pub(super) fn line(&self, address: &Address, certificate: Option<&CertificateDer<'_>>) -> String {
        let certificate = certificate.map(|der| STANDARD_NO_PAD.encode(der)).unwrap_or_default();
        let line = format!("{LINE_VERSION}|{PROTOCOL}|{}|{address}|grpc|{certificate}", address.network());
        // Clients that do not ask split the line into six fields and would take a seventh for a part of the sixth.
        // The broker is never used by Terraform, so there is nothing to multiplex.
        if self.asks_multiplex { line + "|false" } else { line }
    }
}

/// The one certificate in `pem`.
fn certificate(pem: &str) -> Result<CertificateDer<'static>, HandshakeError> {
    let mut certificates = CertificateDer::pem_slice_iter(pem.as_bytes());
    let first = match certificates.next() {
        Some(Ok(certificate)) => certificate,
        Some(Err(_)) => return Err(HandshakeError::Certificate("is not readable as PEM")),
        None => return Err(HandshakeError::Certificate("holds no certificate")),
    };
    if certificates.next().is_some() {
        return Err(HandshakeError::Certificate("holds more than one certificate"));
    }
    if ParsedCertificate::try_from(&first).is_err() {
        return Err(HandshakeError::Certificate("holds something else than a certificate"));
    }
    Ok(first)
}

/// The port in the variable `name`, 0 where it is unset.
fn port(name: &'static str, set: &impl Fn(&str) -> Option<String>) -> Result<u16, HandshakeError> {
    match set(name) {
        None => Ok(0),
        Some(value) => value.parse().map_err(|_| HandshakeError::Port { name, value }),
    }
}

#[cfg(test)]
mod tests;
