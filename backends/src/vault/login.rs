//! Where the token comes from, how long it lives, and when another one is needed.
//!
//! # Forces
//!
//! - An apply may take longer than a token lives, and need the store only at its beginning and at its end. So a token is
//!   renewed at two thirds of its life whether anybody asks for it or not ([`super::keeper`]), and, where nobody runs that,
//!   by the next who asks.
//! - A renewal cannot go beyond the token's own limit: then whoever can logs in anew. A token that somebody gave us is renewed
//!   and never replaced, except by what stands in its file by then.
//! - A 403 is a policy far more often than a dead token. Only a token that may not even look at itself is dead.

use std::time::Duration;

use homelab_schema::Sensitive;
use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::error::VaultCause;
use super::link::{Answer, Link};
use super::settings::{Identity, wrong};
use super::{body, judged, parse};

/// A renewed token with less than this part of its first life is near its own limit.
const WORN: u32 = 2;
/// A life shorter than this is not worth a renewal of a token that we cannot replace.
const SHORTEST: Duration = Duration::from_millis(500);

/// The present token, if any was asked for yet.
#[derive(Default)]
pub(super) struct Login(Mutex<Option<Held>>);

struct Held {
    token: SecretString,
    /// Whether its life is known: of a given token it has to be asked for.
    looked_at: bool,
    lease: Option<Lease>,
}

/// The life of a token that has an end.
#[derive(Clone, Copy)]
struct Lease {
    /// How long it was given at first.
    whole: Duration,
    ends: Instant,
    /// Two thirds of what it was given last.
    due: Instant,
    renewable: bool,
}

impl Lease {
    /// `None` for a token without an end.
    fn of(seconds: u64, renewable: bool) -> Option<Self> {
        let (now, whole) = (Instant::now(), Duration::from_secs(seconds));
        let lease = Self { whole, ends: now + whole, due: now + whole * 2 / 3, renewable };
        (!whole.is_zero()).then_some(lease)
    }
}

#[derive(Deserialize)]
struct Authenticated {
    auth: Auth,
}

#[derive(Deserialize)]
struct Auth {
    client_token: String,
    lease_duration: u64,
    #[serde(default)]
    renewable: bool,
}

impl Login {
    /// The token; obtained where there is none, and renewed or replaced where two thirds of its life are over.
    pub(super) async fn token(&self, link: &Link) -> Result<SecretString, VaultCause> {
        let mut held = self.0.lock().await;
        // What is held stays until there is something better: whoever waits here may be given up.
        let better = match held.as_ref() {
            None => obtain(link).await?,
            Some(present) if present.lease.is_some_and(|lease| lease.due <= Instant::now()) => {
                prolonged(link, present).await?
            }
            Some(present) => return Ok(present.token.clone()),
        };
        let token = better.token.clone();
        *held = Some(better);
        Ok(token)
    }

    /// When the token has to be looked after again; `None` where it has no end. Asks the store for the life of a token that was
    /// given to us.
    pub(super) async fn due(&self, link: &Link) -> Option<Instant> {
        let mut held = self.0.lock().await;
        let present = held.as_mut()?;
        if !present.looked_at {
            present.looked_at = true;
            present.lease = life(link, &present.token).await;
        }
        present.lease.map(|lease| lease.due)
    }

    /// Drops `refused` if it is dead and there may be a better one, which the next call to [`Login::token`] then obtains.
    pub(super) async fn is_replaceable(&self, link: &Link, refused: &SecretString) -> Result<bool, VaultCause> {
        if matches!(link.settings.identity, Identity::Token(_)) {
            return Ok(false);
        }
        let look = link.send(Method::GET, "auth/token/lookup-self", Some(refused), None).await?;
        if look.status != 403 {
            return Ok(false);
        }
        let mut held = self.0.lock().await;
        let is_held = held.as_ref().is_some_and(|held| held.token.expose_secret() == refused.expose_secret());
        if !is_held {
            // Somebody replaced it meanwhile.
            return Ok(true);
        }
        // A file may have been written anew by whoever keeps it.
        let better = match &link.settings.identity {
            Identity::Kubernetes { .. } => true,
            _ => obtain(link).await.is_ok_and(|new| new.token.expose_secret() != refused.expose_secret()),
        };
        if better {
            *held = None;
        }
        Ok(better)
    }
}

/// The token with a new lease, or another token. What cannot be done for the moment is no failure while the token lives.
async fn prolonged(link: &Link, present: &Held) -> Result<Held, VaultCause> {
    let with = |lease| Held { token: present.token.clone(), looked_at: present.looked_at, lease };
    let Some(lease) = present.lease else { return Ok(with(None)) };
    let can_log_in = matches!(link.settings.identity, Identity::Kubernetes { .. });
    let renewed = if lease.renewable { renew(link, &present.token).await } else { None };
    if let Some(renewed) = renewed {
        let renewed = Lease { whole: lease.whole, ..renewed };
        let is_worn = renewed.ends - Instant::now() < lease.whole / WORN;
        if !is_worn || !can_log_in {
            let lasts = renewed.ends - Instant::now() > SHORTEST;
            return Ok(with(lasts.then_some(renewed)));
        }
    }
    if !can_log_in {
        // It may still live for a while, and nothing else can be done for it.
        return Ok(with(None));
    }
    match obtain(link).await {
        Ok(new) => Ok(new),
        Err(_) if Instant::now() < lease.ends => {
            let due = (Instant::now() + SHORTEST).min(lease.ends);
            Ok(with(Some(Lease { due, ..lease })))
        }
        Err(cause) => Err(cause),
    }
}

/// A new lease for the token, if the store gives one.
async fn renew(link: &Link, token: &SecretString) -> Option<Lease> {
    let answer = link.send(Method::POST, "auth/token/renew-self", Some(token), Some(&body(&json!({})))).await.ok()?;
    let Authenticated { auth } = parse(&answer).ok()?;
    Lease::of(auth.lease_duration, auth.renewable)
}

/// How long a token lives that was given to us; `None` where it has no end, or may not look at itself.
async fn life(link: &Link, token: &SecretString) -> Option<Lease> {
    #[derive(Deserialize)]
    struct Outer {
        data: Life,
    }
    #[derive(Deserialize)]
    struct Life {
        ttl: u64,
        #[serde(default)]
        renewable: bool,
    }
    let answer = link.send(Method::GET, "auth/token/lookup-self", Some(token), None).await.ok()?;
    let life = parse::<Outer>(&answer).ok()?.data;
    Lease::of(life.ttl, life.renewable).filter(|lease| lease.renewable)
}

async fn obtain(link: &Link) -> Result<Held, VaultCause> {
    let given = |token: SecretString| Held { token, looked_at: false, lease: None };
    match &link.settings.identity {
        Identity::Token(token) => Ok(given(token.clone())),
        Identity::File(path) => match std::fs::read_to_string(path) {
            Ok(text) if text.trim().is_empty() => {
                let words = format!("{} is empty", path.display());
                Err(wrong("token_file", &words, "It is to hold a token and nothing else.").into())
            }
            Ok(text) => Ok(given(SecretString::from(text.trim()))),
            Err(error) => {
                let words = format!("{} cannot be read: {error}", path.display());
                Err(wrong("token_file", &words, "Is the path right? It is relative to where Terraform runs.").into())
            }
        },
        Identity::Home => {
            let file = std::env::home_dir().map(|home| home.join(".vault-token"));
            let text = file.and_then(|file| std::fs::read_to_string(file).ok()).filter(|text| !text.trim().is_empty());
            text.map(|text| given(SecretString::from(text.trim()))).ok_or(VaultCause::NoToken)
        }
        Identity::Kubernetes { role, mount, jwt_file } => {
            let jwt = std::fs::read_to_string(jwt_file).map_err(|error| {
                let words = format!("{} cannot be read: {error}", jwt_file.display());
                wrong("kubernetes.jwt_file", &words, "It is the token of the pod's service account.")
            })?;
            log_in(link, role, mount, jwt.trim()).await
        }
    }
}

async fn log_in(link: &Link, role: &str, mount: &str, jwt: &str) -> Result<Held, VaultCause> {
    let credentials = Sensitive::from(json!({"role": role, "jwt": jwt}).to_string());
    let path = format!("auth/{}/login", super::encoded(mount));
    let answer = judged(link.send(Method::POST, &path, None, Some(&credentials)).await?)?;
    if !answer.is_success() {
        return Err(VaultCause::Login { mount: mount.to_owned(), role: role.to_owned(), words: refusal(&answer) });
    }
    let Authenticated { auth } = parse(&answer)?;
    let lease = Lease::of(auth.lease_duration, auth.renewable);
    Ok(Held { token: SecretString::from(auth.client_token), looked_at: true, lease })
}

fn refusal(answer: &Answer) -> String {
    let words = answer.words();
    if words.is_empty() { format!("HTTP {}", answer.status) } else { words }
}
