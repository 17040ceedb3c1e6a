//! Requests to the API, one after the other: pace, retries, no secret in anything that is shown.

use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard, OnceCell};
use tokio_util::sync::CancellationToken;

use super::answer::{self, Frame};
use super::error::DnsCause;
use super::pace::Pace;
use super::settings::{Settings, wrong};
use crate::kube::failure::{no_answer, shorten};
use crate::objects::Cause;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a read is tried while the server is out of order.
const TRIES: u32 = 4;
/// How often a request is tried that the server asks patience for.
const THROTTLED_TRIES: u32 = 8;
/// Cloudflare shuts a client out for five minutes; a little more than one such time is waited for.
const PATIENCE: Duration = Duration::from_secs(330);

/// A connection to the API. Only who holds its [`Turn`] may send.
pub(super) struct Link {
    pub(super) settings: Settings,
    client: OnceCell<Client>,
    pace: Mutex<Pace>,
}

/// The right to send. There is one at a time, so that no two requests are under way at once and a 429 that one of them gets
/// keeps all others waiting, instead of each finding out by a request of its own.
pub(super) struct Turn<'a> {
    link: &'a Link,
    pace: MutexGuard<'a, Pace>,
    going: &'a CancellationToken,
}

/// One request.
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    /// Path and query below the base URL. Never holds a secret.
    pub(super) path: &'a str,
    pub(super) body: Option<&'a Value>,
    /// What the token must be allowed to, as the dashboard calls it.
    pub(super) permission: &'static str,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Link {
    pub(super) fn new(settings: Settings) -> Self {
        Self { settings, client: OnceCell::new(), pace: Mutex::new(Pace::default()) }
    }

    /// Waits for the right to send, or for `going` to be cancelled.
    pub(super) async fn turn<'a>(&'a self, going: &'a CancellationToken) -> Result<Turn<'a>, DnsCause> {
        tokio::select! {
            biased;
            () = going.cancelled() => Err(Cause::Cancelled.into()),
            pace = self.pace.lock() => Ok(Turn { link: self, pace, going }),
        }
    }

    fn make_client(&self) -> Result<Client, Cause> {
        let mut token = HeaderValue::from_str(&format!("Bearer {}", self.settings.token.expose_secret()))
            .map_err(|_| wrong("api_token", "holds characters that no token has", ""))?;
        token.set_sensitive(true);
        let headers = HeaderMap::from_iter([(AUTHORIZATION, token)]);
        Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(self.settings.timeout)
            .default_headers(headers)
            // A redirect would carry the token to whoever is named there.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("terraform-provider-homelab/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| wrong("base_url", &shorten(&error.to_string()), ""))
    }

    fn failed(&self, error: &reqwest::Error) -> Cause {
        let address = self.settings.base_url.clone();
        if error.is_timeout() {
            let after = if error.is_connect() { CONNECT_TIMEOUT } else { self.settings.timeout };
            return Cause::TimedOut { address, after };
        }
        no_answer(error, &address, CONNECT_TIMEOUT, self.settings.timeout)
    }
}

impl Turn<'_> {
    /// Sends a request, again after the time that the server names where it asks for patience, and a read also while the
    /// server is out of order. A write is sent once more only where it is certain that it was not done.
    pub(super) async fn ask<T: DeserializeOwned>(&mut self, ask: &Ask<'_>) -> Result<Frame<T>, DnsCause> {
        let began = Instant::now();
        let (mut tries, mut throttled) = (1, 0);
        loop {
            let answer = match self.once(ask).await {
                Ok(answer) => answer,
                Err(cause @ (Cause::Unreachable { .. } | Cause::TimedOut { .. }))
                    if ask.method == Method::GET && tries < TRIES && !matches!(cause, Cause::TimedOut { .. }) =>
                {
                    self.sleep(backoff(tries)).await?;
                    tries += 1;
                    continue;
                }
                Err(cause) => return Err(cause.into()),
            };
            if answer.status == 429 {
                throttled += 1;
                let pause = retry_after(&answer.headers).unwrap_or_else(|| 5 * backoff(throttled));
                if throttled == THROTTLED_TRIES || began.elapsed() + pause > PATIENCE {
                    return Err(DnsCause::Throttled { tries: throttled, words: self.words(&answer) });
                }
                tracing::warn!(seconds = pause.as_secs(), "the DNS provider allows no more requests for now: waiting");
                self.pace.shut(Instant::now(), pause);
                continue;
            }
            if ask.method == Method::GET && matches!(answer.status, 500 | 502..=504) && tries < TRIES {
                self.sleep(backoff(tries)).await?;
                tries += 1;
                continue;
            }
            return answer::read(answer.status, &answer.body, ask.permission, &self.link.settings.token);
        }
    }

    /// Waits while holding the turn, so that nobody sends.
    pub(super) async fn sleep(&self, pause: Duration) -> Result<(), DnsCause> {
        tokio::select! {
            biased;
            () = self.going.cancelled() => Err(Cause::Cancelled.into()),
            () = tokio::time::sleep(pause) => Ok(()),
        }
    }

    async fn once(&mut self, ask: &Ask<'_>) -> Result<Answer, Cause> {
        let is_write = ask.method != Method::GET;
        loop {
            let wait = self.pace.wait(Instant::now(), is_write);
            if self.going.is_cancelled() {
                return Err(Cause::Cancelled);
            }
            if wait.is_zero() {
                break;
            }
            tokio::select! {
                biased;
                () = self.going.cancelled() => return Err(Cause::Cancelled),
                () = tokio::time::sleep(wait) => {}
            }
        }
        self.pace.sent(Instant::now(), is_write);
        let link = self.link;
        let client = link.client.get_or_try_init(|| async { link.make_client() }).await?;
        let mut request = client.request(ask.method.clone(), format!("{}{}", link.settings.base_url, ask.path));
        if let Some(body) = ask.body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| link.failed(&error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        tracing::debug!(method = %ask.method, path = ask.path, status, "dns request");
        let body = response.bytes().await.map_err(|error| link.failed(&error))?;
        Ok(Answer { status, headers, body })
    }

    fn words(&self, answer: &Answer) -> String {
        answer::words(&answer.body, self.token())
    }

    fn token(&self) -> &SecretString {
        &self.link.settings.token
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    // At once would be the burst that this is about.
    Some(Duration::from_secs(seconds).max(Duration::from_millis(500)))
}

fn backoff(tries: u32) -> Duration {
    Duration::from_millis(200) * 2_u32.pow(tries.min(8))
}
