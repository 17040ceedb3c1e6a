//! The store of secrets, Vault or `OpenBao`.
//!
//! # Forces
//!
//! - Lazy: no token is read and nobody logs in before something is asked.
//! - "Not allowed", "not there" and "deleted but restorable" are three answers, and the store says 404 for two of them and
//!   also for a mount that does not exist.
//! - No secret byte in a message: where names are enough, only names are kept of a document; values are in types that do not
//!   show them; errors repeat only the store's own list of errors.
//! - Several write one document: see [`Vault::merge_kv_key`].
//!
//! Rejected: the `vaultrs` crate. It reads the environment by itself, panics on a malformed address, has no limit of time
//! and no retry by default, drops the body of a 404 (which tells "deleted" from "absent") and derives `Debug` for
//! its token; the few calls that are made here are shorter than what would have to be put around it.

mod database;
mod error;
mod keeper;
mod kv;
mod link;
mod login;
mod mounts;
mod settings;

use std::sync::Arc;

use homelab_schema::Sensitive;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

pub use self::database::StaticRole;
pub use self::error::{VaultCause, VaultError};
use self::keeper::Keeper;
pub use self::kv::{KvDocument, KvKeys, KvValues, Merged};
use self::link::{Answer, Link};
use self::login::Login;
pub use self::mounts::MountKind;
use self::mounts::{Found, Mounts};
pub use self::settings::{Identity, Settings};
use crate::objects::Cause;

/// One store, as one identity.
pub struct Vault {
    link: Arc<Link>,
    login: Arc<Login>,
    keeper: Keeper,
    mounts: Mounts,
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
        Self {
            link: Arc::new(Link::new(settings)),
            login: Arc::default(),
            keeper: Keeper::default(),
            mounts: Mounts::default(),
        }
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
        let path = "sys/health?standbyok=true&perfstandbyok=true&sealedcode=200&uninitcode=200&drsecondarycode=200";
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
        let question = body(&json!({ "paths": [path] }));
        let answer = self.call(Method::POST, "sys/capabilities-self", Some(&question)).await.map_err(failed)?;
        let mut answer: Value = parse(&answer).map_err(failed)?;
        let found = ["data", ""].iter().find_map(|outer| {
            let holder = if outer.is_empty() { &mut answer } else { answer.get_mut(outer)? };
            holder.get_mut(path).map(Value::take)
        });
        serde_json::from_value(found.unwrap_or_default()).map_err(|_| failed(not_vault(200)))
    }

    /// What is mounted at exactly `path`; `None` where certainly nothing is. [`VaultCause::Forbidden`] where the identity may
    /// not know.
    pub async fn mount(&self, path: &str) -> Result<Option<MountKind>, VaultError> {
        let path = path.trim_matches('/');
        let failed = |cause| VaultError::new(format!("ask {} what is mounted at {path}", self.address()), cause);
        match mounts::behind(self, path).await.map_err(failed)? {
            Found::Engine { at, kind } if at == path => Ok(Some(kind)),
            Found::Engine { .. } | Found::Nothing => Ok(None),
            Found::Hidden => Err(failed(VaultCause::Forbidden { path: format!("sys/mounts/{path}") })),
        }
    }

    /// Divides the path of a document where its engine ends: `kv/team/photos` is `photos` in `kv/team`. Where the store does
    /// not say, the engine is taken for the first part.
    pub async fn split(&self, full: &str) -> Result<(String, String), VaultError> {
        let full = full.trim_matches('/');
        let failed = |cause| VaultError::new(format!("ask {} what engine {full} belongs to", self.address()), cause);
        let at = match mounts::behind(self, full).await.map_err(failed)? {
            Found::Engine { at, .. } => at,
            Found::Nothing | Found::Hidden => full.split('/').next().unwrap_or_default().to_owned(),
        };
        let path = full.strip_prefix(&at).unwrap_or_default().trim_matches('/').to_owned();
        Ok((at, path))
    }

    /// The names of the keys of the newest version of a document; `mount` may be a KV engine of version 1 or 2.
    pub async fn read_kv_keys(&self, mount: &str, path: &str) -> Result<KvKeys, VaultError> {
        self.read_kv_keys_at(mount, path, None).await
    }

    /// The names of the keys of a document. An engine of version 1 has one version of it alone, whatever is asked for.
    pub async fn read_kv_keys_at(&self, mount: &str, path: &str, version: Option<u64>) -> Result<KvKeys, VaultError> {
        let (mount, path) = (mount.trim_matches('/'), path.trim_matches('/'));
        kv::keys(self, mount, path, version).await.map_err(|cause| self.failed("read the keys of", mount, path, cause))
    }

    /// A document with its values, as [`Vault::read_kv_keys_at`].
    pub async fn read_kv_values(&self, mount: &str, path: &str, version: Option<u64>) -> Result<KvValues, VaultError> {
        let (mount, path) = (mount.trim_matches('/'), path.trim_matches('/'));
        kv::values(self, mount, path, version).await.map_err(|cause| self.failed("read", mount, path, cause))
    }

    /// The names of documents and of folders (with a slash at their end) below a path, which may be empty; `None` where there is
    /// nothing.
    pub async fn list_kv(&self, mount: &str, path: &str) -> Result<Option<Vec<String>>, VaultError> {
        let (mount, path) = (mount.trim_matches('/'), path.trim_matches('/'));
        kv::list(self, mount, path).await.map_err(|cause| self.failed("list", mount, path, cause))
    }

    /// Gives one key of a document this value, with check-and-set: every other key stays as it is, and a writer who was faster is
    /// read again, a limited number of times. Only a document that is certainly not there, or of which nothing is left, is begun
    /// anew. Nothing is written where the document could not be read, where its newest version was deleted, where the engine
    /// keeps no versions, or where the key has this value already.
    pub async fn merge_kv_key(
        &self,
        mount: &str,
        path: &str,
        key: &str,
        value: &Sensitive<String>,
    ) -> Result<Merged, VaultError> {
        let (mount, path) = (mount.trim_matches('/'), path.trim_matches('/'));
        let merged = kv::merge(self, mount, path, key, value).await;
        merged.map_err(|cause| self.failed(&format!("set {key} in"), mount, path, cause))
    }

    /// Removes one key of a document, as [`Vault::merge_kv_key`] sets one. A document that held nothing else stays, empty.
    pub async fn remove_kv_key(&self, mount: &str, path: &str, key: &str) -> Result<Merged, VaultError> {
        let (mount, path) = (mount.trim_matches('/'), path.trim_matches('/'));
        let removed = kv::remove(self, mount, path, key).await;
        removed.map_err(|cause| self.failed(&format!("remove {key} from"), mount, path, cause))
    }

    /// Whether a static role of a database engine is there, and gives credentials to this identity.
    pub async fn static_role(&self, mount: &str, name: &str) -> Result<StaticRole, VaultError> {
        let mount = mount.trim_matches('/');
        let role = database::static_role(self, mount, name).await;
        role.map_err(|cause| self.failed("look for static role", mount, name, cause))
    }

    fn failed(&self, doing: &str, mount: &str, path: &str, cause: VaultCause) -> VaultError {
        // The root of an engine has no path.
        let document = if path.is_empty() { mount.to_owned() } else { format!("{mount}/{path}") };
        VaultError::new(format!("{doing} {document} at {}", self.address()), cause)
    }

    /// A request as our identity, with one new login where our token is dead. `body` is JSON.
    async fn call(&self, method: Method, path: &str, body: Option<&Sensitive<String>>) -> Result<Answer, VaultCause> {
        let token = self.login.token(&self.link).await?;
        self.keeper.begin(&self.login, &self.link);
        let answer = self.link.send(method.clone(), path, Some(&token), body).await?;
        let answer = if answer.status == 403 && self.login.is_replaceable(&self.link, &token).await? {
            let token = self.login.token(&self.link).await?;
            self.link.send(method, path, Some(&token), body).await?
        } else {
            answer
        };
        if answer.status == 403 { Err(self.denied(path, &answer).await) } else { judged(answer) }
    }

    /// The store says "permission denied" for a bad token and for a policy alike; whether the token may look at itself
    /// (every valid one may, by the default policy) tells them apart.
    async fn denied(&self, path: &str, answer: &Answer) -> VaultCause {
        let words = answer.words();
        if words.contains("invalid token") || words.contains("bad token") {
            return VaultCause::BadToken { words };
        }
        let path = path.split('?').next().unwrap_or(path).to_owned();
        let Ok(token) = self.login.token(&self.link).await else { return VaultCause::BadToken { words } };
        match self.link.send(Method::GET, "auth/token/lookup-self", Some(&token), None).await {
            Ok(look) if look.status == 403 => VaultCause::BadToken { words: look.words() },
            _ => VaultCause::Forbidden { path },
        }
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("address", &self.address()).finish_non_exhaustive()
    }
}

/// The answer, unless it is a failure of the store itself.
fn judged(answer: Answer) -> Result<Answer, VaultCause> {
    match answer.not_ready() {
        Some(state) => Err(VaultCause::NotReady(state)),
        None if answer.status >= 500 => Err(VaultCause::Server { status: answer.status, words: answer.words() }),
        None => Ok(answer),
    }
}

fn body(json: &Value) -> Sensitive<String> {
    Sensitive::from(json.to_string())
}

/// Each segment of a path, encoded; slashes stay.
fn encoded(path: &str) -> String {
    path.split('/').map(crate::kube::segment).collect::<Vec<_>>().join("/")
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
