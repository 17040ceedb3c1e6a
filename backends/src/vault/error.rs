//! What can go wrong with the store of secrets.

use std::fmt;

use crate::objects::{Cause, NotConfigured, ObjectError, Service};

/// What was tried, and why it did not work. Never holds a secret. `Display` is one line that fits "failed to …".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultError {
    /// What was tried, as a fragment: `read the keys of secret/photos from https://vault.example.net`.
    pub tried: String,
    /// Why it did not work.
    pub cause: VaultCause,
}

/// Why something did not work. "Absent" is no error: answers have it as a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VaultCause {
    /// No connection, no answer, no configuration.
    #[error(transparent)]
    Link(#[from] Cause),
    /// The login was refused.
    #[error("the login as role {role} at auth/{mount} was refused: {words}")]
    Login {
        /// Mount of the auth method.
        mount: String,
        /// The role.
        role: String,
        /// The server's words.
        words: String,
    },
    /// There is no token: nothing of the block, the environment or the home folder gives one.
    #[error("there is no token")]
    NoToken,
    /// The token is not valid, or not valid any more.
    #[error("the token is not valid: {words}")]
    BadToken {
        /// The server's words.
        words: String,
    },
    /// The token is valid and its policies do not allow this.
    #[error("permission denied on {path}")]
    Forbidden {
        /// Path below `/v1/`.
        path: String,
    },
    /// Nothing is mounted at that path.
    #[error("nothing is mounted at {mount}: {words}")]
    NoMount {
        /// The mount.
        mount: String,
        /// The server's words.
        words: String,
    },
    /// Something is mounted there, and it is no engine of keys and values.
    #[error("{mount} is an engine of type {kind}, which has no documents")]
    NotKv {
        /// The mount.
        mount: String,
        /// Its type: `database`.
        kind: String,
    },
    /// The engine keeps no versions, so that it cannot check that nobody else has written meanwhile.
    #[error("{mount} is an engine of keys and values without versions")]
    NotVersioned {
        /// The mount.
        mount: String,
    },
    /// The newest version of the document was deleted, and may be restored.
    #[error("version {version} of it was deleted, and may be restored with all of its keys")]
    Deleted {
        /// Number of that version.
        version: u64,
    },
    /// Another key of the document holds a number that the store does not give back exactly.
    #[error("its key {key} holds a number that the store gives back rounded, and would be stored so")]
    Fragile {
        /// The key.
        key: String,
    },
    /// Others changed the document between each read and the write after it.
    #[error("others changed it between each of {tries} reads and the write after it")]
    Contended {
        /// How often it was tried.
        tries: u32,
    },
    /// It is sealed or not initialised.
    #[error("it is {0}")]
    NotReady(
        /// `sealed` or `not initialised`.
        &'static str,
    ),
    /// Any other answer.
    #[error("HTTP {status}: {words}")]
    Server {
        /// The HTTP status.
        status: u16,
        /// The server's words.
        words: String,
    },
}

impl VaultError {
    pub(super) fn new(tried: impl Into<String>, cause: impl Into<VaultCause>) -> Self {
        Self { tried: tried.into(), cause: cause.into() }
    }

    /// Whether nothing could be seen, as opposed to an answer that says no: such a check is "not checked".
    pub fn is_blind(&self) -> bool {
        !matches!(
            self.cause,
            VaultCause::NoMount { .. }
                | VaultCause::NotKv { .. }
                | VaultCause::NotVersioned { .. }
                | VaultCause::Deleted { .. }
                | VaultCause::Fragile { .. }
                | VaultCause::Contended { .. }
        )
    }

    /// One line without the particulars, for the summary of a diagnostic.
    pub fn summary(&self) -> &'static str {
        match &self.cause {
            VaultCause::Link(cause) => ObjectError::new("", cause.clone()).summary(),
            VaultCause::Login { .. } => "Login refused by the store of secrets",
            VaultCause::NoToken => "No token for the store of secrets",
            VaultCause::BadToken { .. } => "Token refused by the store of secrets",
            VaultCause::Forbidden { .. } => "Not allowed in the store of secrets",
            VaultCause::NoMount { .. } | VaultCause::NotKv { .. } => "No engine of keys and values is mounted there",
            VaultCause::NotVersioned { .. } => "The engine keeps no versions",
            VaultCause::Deleted { .. } => "The document was deleted",
            VaultCause::Fragile { .. } => "Another key would be changed",
            VaultCause::Contended { .. } => "Others keep changing the document",
            VaultCause::NotReady(_) => "The store of secrets is not ready",
            VaultCause::Server { .. } => "Unexpected answer of the store of secrets",
        }
    }

    /// What to do about it, as a sentence; may be empty.
    pub fn hint(&self) -> String {
        let text = match &self.cause {
            VaultCause::Link(Cause::Unreachable { .. }) => "Is the address right, and is the server running?",
            VaultCause::Link(Cause::UnknownAuthority { .. }) => {
                "Set vault.ca_cert_file to the authority of this server's certificate."
            }
            VaultCause::Link(Cause::CertificateExpired { .. }) => {
                "Renew the server's certificate, and compare the clocks."
            }
            VaultCause::Link(Cause::Configuration { hint, .. }) => hint,
            VaultCause::Link(Cause::NotConfigured(NotConfigured::Absent(Service::Vault))) => {
                "Add a vault block to the provider configuration."
            }
            VaultCause::Login { .. } => "Are role, mount and the bound service account right?",
            VaultCause::NoToken => {
                "Set vault.token, vault.token_file, vault.kubernetes or VAULT_TOKEN, or run `vault login`."
            }
            VaultCause::BadToken { .. } => {
                "Log in again: a token that was minted for one run does not live for the next."
            }
            VaultCause::Forbidden { .. } => {
                "Add the path to a policy of this identity. `homelab doctor` shows what it may do."
            }
            VaultCause::NoMount { .. } => "Is the mount right? `vault secrets list` shows them.",
            VaultCause::NotKv { .. } => "Is the mount right? `vault secrets list` shows them with their types.",
            VaultCause::NotVersioned { .. } => {
                "Use an engine of version 2, or turn its versions on with `vault kv enable-versioning`."
            }
            VaultCause::Deleted { version } => {
                return format!(
                    "Restore it with `vault kv undelete -versions={version}`, or remove it and its history with `vault kv \
                     metadata delete`. What is written on top of it would lack all other keys."
                );
            }
            VaultCause::Fragile { .. } => "Store that number as text.",
            VaultCause::Contended { .. } => "Run again; if it stays so, find out who writes to it that often.",
            VaultCause::NotReady("sealed") => "Unseal it.",
            VaultCause::NotReady(_) => "Set it up with `vault operator init`.",
            VaultCause::Link(_) | VaultCause::Server { .. } => "",
        };
        text.to_owned()
    }

    /// Cause and hint as full sentences, for the detail of a diagnostic.
    pub fn detail(&self) -> String {
        let hint = self.hint();
        let gap = if hint.is_empty() { "" } else { "\n\n" };
        format!("Failed to {self}.{gap}{hint}")
    }
}

impl fmt::Display for VaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.tried, self.cause)
    }
}

impl std::error::Error for VaultError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}
