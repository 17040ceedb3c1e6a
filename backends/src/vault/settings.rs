//! From the declared `vault` block to settings.

use std::path::PathBuf;
use std::time::Duration;

use homelab_schema::Attr;
use homelab_schema::duration::GoDuration;
use homelab_schema::provider::Vault as Block;
use secrecy::SecretString;

use crate::objects::{Cause, NotConfigured, Service};

/// Which store, and as whom.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Scheme, host and port, without a slash at the end.
    pub address: String,
    /// Namespace, where there is one.
    pub namespace: Option<String>,
    /// Where the token comes from.
    pub identity: Identity,
    /// PEM file with the authorities to trust instead of the system's.
    pub ca_cert_file: Option<PathBuf>,
    /// Mount of the KV engine that paths without a mount of their own are below.
    pub mount: String,
    /// Limit of one request.
    pub timeout: Duration,
}

/// Where the token comes from.
#[derive(Clone, Debug)]
pub enum Identity {
    /// This one.
    Token(SecretString),
    /// The content of this file.
    File(PathBuf),
    /// A login with a service account's token.
    Kubernetes {
        /// Role.
        role: String,
        /// Mount of the auth method.
        mount: String,
        /// File with the service account's token.
        jwt_file: PathBuf,
    },
    /// What `vault login` left in the home folder.
    Home,
}

impl Settings {
    /// Reads the block, to which the environment and the defaults have been applied already.
    pub fn of(block: &Attr<Block>) -> Result<Self, Cause> {
        let block = match block {
            Attr::Null => return Err(Cause::NotConfigured(NotConfigured::Absent(Service::Vault))),
            Attr::Unknown => return Err(unknown(vec!["vault".to_owned()])),
            Attr::Known(block) => block,
        };
        let paths = homelab_schema::Model::to_value(block).unknown_paths();
        if !paths.is_empty() {
            return Err(unknown(paths.iter().map(|path| format!("vault.{path}")).collect()));
        }
        let Some(address) = filled(&block.address) else {
            return Err(wrong("address", "is not set", "Give the address of the server, or set VAULT_ADDR."));
        };
        if !address.starts_with("https://") && !address.starts_with("http://") {
            return Err(wrong("address", "must begin with https:// or http://", ""));
        }
        Ok(Self {
            address: address.trim_end_matches('/').to_owned(),
            namespace: filled(&block.namespace),
            identity: identity(block)?,
            ca_cert_file: filled(&block.ca_cert_file).map(PathBuf::from),
            mount: filled(&block.mount).unwrap_or_else(|| "secret".to_owned()).trim_matches('/').to_owned(),
            timeout: timeout(block)?,
        })
    }
}

fn timeout(block: &Block) -> Result<Duration, Cause> {
    let Some(text) = filled(&block.timeout) else { return Ok(Duration::from_secs(30)) };
    let duration: Result<GoDuration, _> = text.parse();
    match duration.map(GoDuration::to_std) {
        Ok(Some(duration)) if !duration.is_zero() => Ok(duration),
        Ok(_) => Err(wrong("timeout", "must be longer than 0", "")),
        Err(error) => Err(wrong("timeout", &error.to_string(), "Write it like 30s.")),
    }
}

fn identity(block: &Block) -> Result<Identity, Cause> {
    if let Some(token) = block.token.known().filter(|token| !token.expose().is_empty()) {
        return Ok(Identity::Token(SecretString::from(token.expose().as_str())));
    }
    if let Some(file) = filled(&block.token_file) {
        return Ok(Identity::File(PathBuf::from(file)));
    }
    let Some(kubernetes) = block.kubernetes.known() else { return Ok(Identity::Home) };
    let Some(role) = filled(&kubernetes.role) else {
        return Err(wrong("kubernetes.role", "is not set", "Name the role of the auth method."));
    };
    let mount = filled(&kubernetes.mount).unwrap_or_else(|| "kubernetes".to_owned());
    let jwt_file = filled(&kubernetes.jwt_file)
        .unwrap_or_else(|| "/var/run/secrets/kubernetes.io/serviceaccount/token".to_owned());
    Ok(Identity::Kubernetes { role, mount: mount.trim_matches('/').to_owned(), jwt_file: PathBuf::from(jwt_file) })
}

fn filled(text: &Attr<String>) -> Option<String> {
    text.known().filter(|text| !text.is_empty()).cloned()
}

fn unknown(arguments: Vec<String>) -> Cause {
    Cause::NotConfigured(NotConfigured::Unknown(arguments))
}

pub(super) fn wrong(argument: &str, words: &str, hint: &str) -> Cause {
    Cause::Configuration { argument: format!("vault.{argument}"), words: words.to_owned(), hint: hint.to_owned() }
}
