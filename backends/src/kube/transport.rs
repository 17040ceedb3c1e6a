//! Requests to one API server: limits, retries, counting.
//!
//! The client library's own policy is off: it asks an overloaded server up to 15 times per request, which stalls a plan
//! for minutes without a word, and it waits for an answer without a limit.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, Limited};
use kube::client::Body;
use tokio::sync::Semaphore;

use super::failure::{no_answer, no_client, shorten};
use super::kubeconfig::Resolved;
use super::requests::Requests;
use super::token_file::TokenFile;
use super::{CONNECT_TIMEOUT, READ_TIMEOUT};
use crate::objects::Cause;

/// Requests in flight at once. Terraform itself works on 10 resources at a time, each of which may ask for more than one
/// thing; the server's own fairness does the rest.
const CONCURRENCY: usize = 16;
/// How often an overloaded server is asked.
const TRIES: u32 = 6;
/// How long to wait for an overloaded server in all; a plan that stalls for longer looks dead.
const PATIENCE: Duration = Duration::from_secs(30);
/// Largest answer. A page of 500 large objects is a few MiB.
const BODY_LIMIT: usize = 128 * 1024 * 1024;

/// A connection pool to one API server.
pub(super) struct Transport {
    client: kube::Client,
    token: Option<TokenFile>,
    /// Scheme, host and port, for messages.
    pub(super) address: String,
    pub(super) requests: Requests,
    permits: Semaphore,
    /// When the server last did not take a connection in time, and what was said of it.
    silent: Mutex<Option<(Instant, Cause)>>,
}

/// What is sent.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// Path and query.
    pub(super) path: &'a str,
    /// Content type and bytes.
    pub(super) body: Option<(&'static str, Bytes)>,
}

/// An answer of any status but those of an overloaded server.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON.
    pub(super) fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Cause> {
        serde_json::from_slice(&self.body).map_err(|error| Cause::Server {
            status: self.status,
            words: format!("the answer is not what the Kubernetes API answers ({error})"),
        })
    }
}

impl Transport {
    /// A pool; connects to nothing, but runs the credential program where there is one.
    pub(super) fn new(resolved: Resolved) -> Result<Self, Cause> {
        let Resolved { config, token_file } = resolved;
        let url = &config.cluster_url;
        let authority = url.authority().map(|authority| authority.as_str().to_owned()).unwrap_or_default();
        // What stands before an @ may be a password.
        let authority = authority.rsplit('@').next().unwrap_or_default();
        let address = format!("{}://{authority}", url.scheme_str().unwrap_or("https"));
        let client = super::connection::client(config).map_err(|error| no_client(&error))?;
        let requests = Requests::new();
        let token = token_file.map(TokenFile::new);
        Ok(Self { client, token, address, requests, permits: Semaphore::new(CONCURRENCY), silent: Mutex::default() })
    }

    /// Sends a request until the server is not overloaded any more, or [`PATIENCE`] ends.
    pub(super) async fn send(&self, call: &Call<'_>) -> Result<Answer, Cause> {
        if let Some(cause) = self.silence() {
            return Err(cause);
        }
        let began = Instant::now();
        let mut tries = 1;
        loop {
            let once = self.once(call).await;
            if let Err(cause @ Cause::TimedOut { after: CONNECT_TIMEOUT, .. }) = &once {
                let mut silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
                *silent = Some((Instant::now(), cause.clone()));
            }
            let (answer, retry_after) = once?;
            if !matches!(answer.status, 429 | 503 | 504) {
                return Ok(answer);
            }
            let pause = retry_after.unwrap_or_else(|| backoff(tries));
            if tries == TRIES || began.elapsed() + pause > PATIENCE {
                let words = shorten(&message(&answer.body));
                return Err(Cause::Throttled { status: answer.status, tries, words });
            }
            tracing::debug!(status = answer.status, pause_ms = pause.as_millis(), "the API server asks for patience");
            tokio::time::sleep(pause).await;
            tries += 1;
        }
    }

    /// Sends a request once: for what is answered on behalf of somebody else, whose absence reads like an overloaded server.
    pub(super) async fn send_once(&self, call: &Call<'_>) -> Result<Answer, Cause> {
        if let Some(cause) = self.silence() {
            return Err(cause);
        }
        self.once(call).await.map(|(answer, _)| answer)
    }

    /// A server that swallowed a connection a moment ago is not tried again at once: a plan of a thousand objects without a
    /// cluster would take minutes instead of seconds to say so.
    fn silence(&self) -> Option<Cause> {
        let silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        silent.as_ref().filter(|(since, _)| since.elapsed() < CONNECT_TIMEOUT).map(|(_, cause)| cause.clone())
    }

    async fn once(&self, call: &Call<'_>) -> Result<(Answer, Option<Duration>), Cause> {
        // Held for one try only, so that a pause for an overloaded server blocks nobody else.
        let Ok(_permit) = self.permits.acquire().await else { return Err(Cause::Cancelled) };
        let request = self.request(call)?;
        let began = Instant::now();
        let answered = tokio::time::timeout(READ_TIMEOUT + CONNECT_TIMEOUT, self.exchange(request)).await;
        let result = answered.unwrap_or_else(|_| {
            Err(Cause::TimedOut { address: self.address.clone(), after: READ_TIMEOUT + CONNECT_TIMEOUT })
        });
        let status = result.as_ref().ok().map(|(answer, _)| answer.status);
        let path = call.path.split('?').next().unwrap_or_default();
        self.requests.record(call.method.as_str(), path, status, began.elapsed());
        result
    }

    fn request(&self, call: &Call<'_>) -> Result<Request<Body>, Cause> {
        let mut builder = Request::builder()
            .method(call.method.clone())
            .uri(call.path)
            .header(ACCEPT, "application/json")
            .header(http::header::USER_AGENT, concat!("terraform-provider-homelab/", env!("CARGO_PKG_VERSION")));
        if let Some(token) = &self.token {
            builder = builder.header(AUTHORIZATION, token.header()?);
        }
        let body = match &call.body {
            Some((content_type, bytes)) => {
                builder = builder.header(CONTENT_TYPE, *content_type);
                Body::from(bytes.clone())
            }
            None => Body::empty(),
        };
        builder.body(body).map_err(|error| Cause::Server { status: 0, words: error.to_string() })
    }

    async fn exchange(&self, request: Request<Body>) -> Result<(Answer, Option<Duration>), Cause> {
        let failed =
            |error: &(dyn std::error::Error + 'static)| no_answer(error, &self.address, CONNECT_TIMEOUT, READ_TIMEOUT);
        let response = self.client.send(request).await.map_err(|error| failed(&error))?;
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers());
        let body = Limited::new(response.into_body(), BODY_LIMIT).collect().await.map_err(|error| failed(&*error))?;
        Ok((Answer { status, body: body.to_bytes() }, retry_after))
    }
}

/// `Retry-After` in seconds, the only form that API servers use.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// 0.2, 0.4, 0.8 … s, spread by up to a quarter so that parallel requests do not come back together.
fn backoff(tries: u32) -> Duration {
    let base = Duration::from_millis(100) * 2_u32.pow(tries.min(6));
    let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |now| now.subsec_nanos());
    base + base / 4 * (nanos % 1000) / 1000
}

/// The sentence of a `Status`, or the whole text.
fn message(body: &[u8]) -> String {
    let status: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let sentence = status.as_ref().and_then(|status| status.get("message")).and_then(serde_json::Value::as_str);
    sentence.map_or_else(|| String::from_utf8_lossy(body).into_owned(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_below_ten_seconds() {
        let pauses: Vec<Duration> = (1..TRIES).map(backoff).collect();
        assert!(pauses.windows(2).all(|pair| pair[0] < pair[1]), "{pauses:?}");
        assert!(pauses.iter().sum::<Duration>() < PATIENCE, "{pauses:?}");
    }

    #[test]
    fn retry_after_is_read_in_seconds_only() {
        let mut headers = HeaderMap::new();
        assert_eq!(retry_after(&headers), None);
        headers.insert(RETRY_AFTER, http::HeaderValue::from_static("3"));
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(3)));
        headers.insert(RETRY_AFTER, http::HeaderValue::from_static("Wed, 21 Oct 2026 07:28:00 GMT"));
        assert_eq!(retry_after(&headers), None);
    }
}
