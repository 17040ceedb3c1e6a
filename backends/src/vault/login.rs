//! Where the token comes from, and when a new one is needed.

use std::time::{Duration, Instant};

use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;

use super::error::VaultCause;
use super::link::Link;
use super::parse;
use super::settings::{Identity, wrong};

/// The present token, if any was asked for yet.
#[derive(Default)]
pub(super) struct Login(Mutex<Option<Held>>);

struct Held {
    token: SecretString,
    /// When to log in again; `None` for a token that we did not make.
    renew: Option<Instant>,
}

impl Login {
    /// The token; logs in where there is none or where two thirds of its life are over.
    pub(super) async fn token(&self, link: &Link) -> Result<SecretString, VaultCause> {
        let mut held = self.0.lock().await;
        if let Some(present) = held.as_ref().filter(|present| present.renew.is_none_or(|at| Instant::now() < at)) {
            return Ok(present.token.clone());
        }
        let new = obtain(link).await?;
        let token = new.token.clone();
        *held = Some(new);
        Ok(token)
    }

    /// Drops `refused` if it came from a login of ours and nobody has replaced it meanwhile. Whether there may be a better
    /// one now.
    pub(super) async fn renew_after_refusal(&self, link: &Link, refused: &SecretString) -> Result<bool, VaultCause> {
        let Identity::Kubernetes { .. } = link.settings.identity else { return Ok(false) };
        // A policy refuses just the same; only a token that cannot look at itself is worth a new login.
        let look = link.send(Method::GET, "auth/token/lookup-self", Some(refused), None).await?;
        if look.status != 403 {
            return Ok(false);
        }
        let mut held = self.0.lock().await;
        if held.as_ref().is_some_and(|held| held.token.expose_secret() == refused.expose_secret()) {
            *held = None;
        }
        Ok(true)
    }
}

async fn obtain(link: &Link) -> Result<Held, VaultCause> {
    let given = |token: SecretString| Held { token, renew: None };
    match &link.settings.identity {
        Identity::Token(token) => Ok(given(token.clone())),
        Identity::File(path) => match std::fs::read_to_string(path) {
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
    #[derive(Deserialize)]
    struct Answer {
        auth: Auth,
    }
    #[derive(Deserialize)]
    struct Auth {
        client_token: String,
        lease_duration: u64,
    }
    let body = json!({"role": role, "jwt": jwt});
    let answer = link.send(Method::POST, &format!("auth/{mount}/login"), None, Some(&body)).await?;
    if !answer.is_success() {
        return Err(VaultCause::Login { mount: mount.to_owned(), role: role.to_owned(), words: answer.words() });
    }
    let Answer { auth } = parse(&answer)?;
    // 0 is a token without an end.
    let life = Duration::from_secs(auth.lease_duration) * 2 / 3;
    let renew = (!life.is_zero()).then(|| Instant::now() + life);
    Ok(Held { token: SecretString::from(auth.client_token), renew })
}
