//! Who the servers are and whom they let in: keys, certificates, tokens.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};

use super::{random_hex, write_private};
use crate::{Error, Result};

/// The users that every plane has, with their groups.
const USERS: [(&str, &[&str]); 3] = [("admin", &["system:masters"]), ("viewer", &[]), ("nobody", &[])];

/// Files for the API server and the tokens of its users.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) ca_pem: String,
    pub(super) ca_file: PathBuf,
    pub(super) tls_certificate: PathBuf,
    pub(super) tls_key: PathBuf,
    pub(super) account_private_key: PathBuf,
    pub(super) account_public_key: PathBuf,
    pub(super) token_file: PathBuf,
    tokens: BTreeMap<String, String>,
}

impl Identity {
    /// Makes everything anew in `dir`.
    pub(super) fn create(dir: &Path, further: &[(String, Vec<String>)]) -> Result<Self> {
        let (ca_pem, certificate, key) = certificates().map_err(broken)?;
        let accounts = KeyPair::generate().map_err(broken)?;
        let mut tokens = BTreeMap::new();
        let mut lines = String::new();
        let fixed = USERS.map(|(name, groups)| {
            (name.to_owned(), groups.iter().map(|group| (*group).to_owned()).collect::<Vec<_>>())
        });
        for (name, groups) in fixed.iter().chain(further) {
            let token = random_hex(16)?;
            // The format is CSV: token, name, uid, "group,group".
            let _ = writeln!(lines, "{token},{name},{name},\"{}\"", groups.join(","));
            tokens.insert(name.clone(), token);
        }
        let file = |name: &str, text: &str| -> Result<PathBuf> {
            let path = dir.join(name);
            write_private(&path, text)?;
            Ok(path)
        };
        Ok(Self {
            ca_file: file("ca.pem", &ca_pem)?,
            ca_pem,
            tls_certificate: file("apiserver.pem", &certificate)?,
            tls_key: file("apiserver-key.pem", &key)?,
            account_private_key: file("accounts-key.pem", &accounts.serialize_pem())?,
            account_public_key: file("accounts.pem", &accounts.public_key_pem())?,
            token_file: file("tokens.csv", &lines)?,
            tokens,
        })
    }

    /// The token of a user; empty for one that is not there.
    pub(super) fn token(&self, user: &str) -> String {
        self.tokens.get(user).cloned().unwrap_or_default()
    }

    /// The tokens of the users that not every plane has.
    pub(super) fn further_tokens(&self) -> BTreeMap<String, String> {
        let fixed = |name: &str| USERS.iter().any(|(user, _)| *user == name);
        self.tokens.iter().filter(|(name, _)| !fixed(name)).map(|(k, v)| (k.clone(), v.clone())).collect()
    }
}

/// A CA certificate, and a server certificate of it for loopback with its key; all PEM.
fn certificates() -> std::result::Result<(String, String, String), rcgen::Error> {
    let mut authority = CertificateParams::new(Vec::<String>::new())?;
    authority.distinguished_name.push(DnType::CommonName, "homelab test plane");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;

    let names = ["127.0.0.1", "localhost", "kubernetes.default.svc"];
    let mut server = CertificateParams::new(names.map(String::from))?;
    server.distinguished_name.push(DnType::CommonName, "kube-apiserver");
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    let server = server.signed_by(&key, &authority)?;
    Ok((authority.pem(), server.pem(), key.serialize_pem()))
}

fn broken(error: impl std::fmt::Display) -> Error {
    Error::Internal(format!("a key or certificate: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_user_has_a_token_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let further = [("keel".to_owned(), vec!["bots".to_owned(), "ci".to_owned()])];
        let identity = Identity::create(dir.path(), &further).unwrap();
        let text = std::fs::read_to_string(&identity.token_file).unwrap();
        assert_eq!(text.lines().count(), 4);
        assert!(text.contains(",admin,admin,\"system:masters\""), "{text}");
        assert!(text.contains(",keel,keel,\"bots,ci\""), "{text}");
        assert_ne!(identity.token("admin"), identity.token("viewer"));
        assert_eq!(identity.further_tokens().len(), 1);
    }
}
