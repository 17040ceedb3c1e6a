//! The store of secrets, Vault or `OpenBao`: names and permissions, never values.
//!
//! # Forces
//!
//! - Lazy: no token is read and nobody logs in before something is asked.
//! - "Not allowed", "not there" and "deleted but restorable" are three answers, and the store says 404 for two of them and
//!   also for a mount that does not exist.
//! - No secret byte in a message: what is read of a document is its key names, and errors repeat only the store's own
//!   list of errors.
//!
//! Rejected: the `vaultrs` crate. It reads the environment by itself, panics on a malformed address, has no limit of time
//! and no retry by default, drops the body of a 404 (which tells "deleted" from "absent") and derives `Debug` for
//! its token; the five calls that are made here are shorter than what would have to be put around it.

mod error;
mod kv;
mod link;
mod login;
mod settings;

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

pub use self::error::{VaultCause, VaultError};
pub use self::kv::KvKeys;
use self::link::{Answer, Link};
use self::login::Login;
pub use self::settings::{Identity, Settings};
use crate::objects::Cause;

/// One store, as one identity.
pub struct Vault {
    link: Link,
    login: Login,
}

/// How the store is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Health {
    /// Whether it was ever set up.
    pub initialized: bool,
    /// Whether it is locked.
    pub sealed: bool,
    /// Whether another node answers for it.
    #[serde(default)]
    pub standby: bool,
    /// Its version, such as `1.21.4`.
    #[serde(default)]
    pub version: String,
}

impl Vault {
    /// The store that the block names. Connects to nothing.
    pub fn of(block: &homelab_schema::Attr<homelab_schema::provider::Vault>) -> Result<Self, Cause> {
        Settings::of(block).map(Self::new)
    }

    /// The store of those settings. Connects to nothing.
    pub fn new(settings: Settings) -> Self {
        Self { link: Link::new(settings), login: Login::default() }
    }

    /// Its address, for messages.
    pub fn address(&self) -> &str {
        &self.link.settings.address
    }

    /// The mount of paths without one of their own.
    pub fn default_mount(&self) -> &str {
        &self.link.settings.mount
    }

    /// How it is; needs no identity.
    pub async fn health(&self) -> Result<Health, VaultError> {
        let failed = |cause: VaultCause| VaultError::new(format!("ask {} how it is", self.address()), cause);
        // Each state has a status of its own there; with these, a sealed store answers as well as an active one.
        let path = "sys/health?standbyok=true&sealedcode=200&uninitcode=200&perfstandbyok=true";
        let answer = self.link.send(Method::GET, path, None, None).await.map_err(|cause| failed(cause.into()))?;
        parse(&answer).map_err(failed)
    }

    /// Who the token belongs to, with its policies: `token (default, ci)`.
    pub async fn identity(&self) -> Result<String, VaultError> {
        let failed = |cause| VaultError::new(format!("ask {} who we are", self.address()), cause);
        let answer = self.call(Method::GET, "auth/token/lookup-self", None).await.map_err(failed)?;
        let answer: Value = parse(&answer).map_err(failed)?;
        let policies = answer["data"]["policies"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let name = answer["data"]["display_name"].as_str().unwrap_or("token");
        Ok(format!("{name} ({})", policies.collect::<Vec<_>>().join(", ")))
    }

    /// What the identity may do at `path` (below `/v1/`): `read`, `list`, `create`, … or `deny`.
    pub async fn capabilities(&self, path: &str) -> Result<Vec<String>, VaultError> {
        let failed = |cause| VaultError::new(format!("ask what is allowed at {path} of {}", self.address()), cause);
        let body = json!({ "paths": [path] });
        let answer = self.call(Method::POST, "sys/capabilities-self", Some(&body)).await.map_err(failed)?;
        let mut answer: Value = parse(&answer).map_err(failed)?;
        let found = ["data", ""].iter().find_map(|outer| {
            let holder = if outer.is_empty() { &mut answer } else { answer.get_mut(outer)? };
            holder.get_mut(path).map(Value::take)
        });
        serde_json::from_value(found.unwrap_or_default()).map_err(|_| failed(not_vault(200)))
    }

    /// The names of the keys of a document; `mount` may be a KV engine of version 1 or 2.
    pub async fn read_kv_keys(&self, mount: &str, path: &str) -> Result<KvKeys, VaultError> {
        kv::keys(self, mount.trim_matches('/'), path.trim_matches('/')).await
    }

    /// A request as our identity, with one new login where a token of ours was refused.
    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer, VaultCause> {
        let token = self.login.token(&self.link).await?;
        let answer = self.link.send(method.clone(), path, Some(&token), body).await?;
        let answer = if answer.status == 403 && self.login.renew_after_refusal(&self.link, &token).await? {
            let token = self.login.token(&self.link).await?;
            self.link.send(method, path, Some(&token), body).await?
        } else {
            answer
        };
        match answer.status {
            403 => Err(self.denied(path, &answer).await),
            503 if answer.words().contains("sealed") => Err(VaultCause::NotReady("sealed")),
            503 if answer.words().contains("not initialized") => Err(VaultCause::NotReady("not initialised")),
            500.. => Err(VaultCause::Server { status: answer.status, words: answer.words() }),
            _ => Ok(answer),
        }
    }

    /// The store says "permission denied" for a bad token and for a policy alike; whether the token may look at itself
    /// (every valid one may, by the default policy) tells them apart.
    async fn denied(&self, path: &str, answer: &Answer) -> VaultCause {
        let words = answer.words();
        if words.contains("invalid token") || words.contains("bad token") {
            return VaultCause::BadToken { words };
        }
        let Ok(token) = self.login.token(&self.link).await else { return VaultCause::BadToken { words } };
        match self.link.send(Method::GET, "auth/token/lookup-self", Some(&token), None).await {
            Ok(look) if look.status == 403 => VaultCause::BadToken { words: look.words() },
            _ => VaultCause::Forbidden { path: path.to_owned() },
        }
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("address", &self.address()).finish_non_exhaustive()
    }
}

fn parse<'a, T: Deserialize<'a>>(answer: &'a Answer) -> Result<T, VaultCause> {
    if !answer.is_success() {
        return Err(VaultCause::Server { status: answer.status, words: answer.words() });
    }
    // The parser's message may quote the body, so it is not repeated.
    serde_json::from_slice(&answer.body).map_err(|_| not_vault(answer.status))
}

fn not_vault(status: u16) -> VaultCause {
    VaultCause::Server { status, words: "the answer is not what Vault answers; is the address right?".to_owned() }
}
