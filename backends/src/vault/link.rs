//! Requests to one Vault: limits, retries, no secret in anything that is shown.

use std::time::{Duration, Instant};

use bytes::Bytes;
use homelab_schema::Sensitive;
use reqwest::header::{CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Client, Method};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::sync::OnceCell;

use super::settings::{Settings, wrong};
use crate::kube::failure::{no_answer, shorten};
use crate::objects::Cause;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TRIES: u32 = 4;
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection pool, made at the first request.
pub(super) struct Link {
    pub(super) settings: Settings,
    client: OnceCell<Client>,
}

/// An answer of any status.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether it is a failure that may pass by itself: also a proxy that finds no server, and a cluster that has no active
    /// node for the moment. "Sealed" does not.
    fn is_passing_failure(&self) -> bool {
        matches!(self.status, 500 | 502 | 503 | 504) && self.not_ready().is_none()
    }

    /// Whether the server says that it is not ready, and how.
    pub(super) fn not_ready(&self) -> Option<&'static str> {
        let words = self.words();
        let of = |state: &str| self.status == 503 && words.contains(state);
        if of("sealed") {
            Some("sealed")
        } else if of("not initialized") {
            Some("not initialised")
        } else {
            None
        }
    }

    /// The server's own words: its list of errors, else the beginning of the body of a failure.
    pub(super) fn words(&self) -> String {
        #[derive(Deserialize)]
        struct Errors {
            errors: Vec<String>,
        }
        match serde_json::from_slice::<Errors>(&self.body) {
            Ok(errors) => shorten(&errors.errors.join("; ")),
            // A body that is no list of errors may be a secret, whatever the status says.
            Err(_) => String::new(),
        }
    }
}

impl Link {
    pub(super) fn new(settings: Settings) -> Self {
        Self { settings, client: OnceCell::new() }
    }

    fn make_client(&self) -> Result<Client, Cause> {
        let mut builder = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(self.settings.timeout)
            // A redirect would carry the token to whoever is named there.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("terraform-provider-homelab/", env!("CARGO_PKG_VERSION")));
        if let Some(file) = &self.settings.ca_cert_file {
            let pem = std::fs::read(file)
                .map_err(|error| wrong("ca_cert_file", &format!("{} cannot be read: {error}", file.display()), ""))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem).unwrap_or_default();
            if certificates.is_empty() {
                return Err(wrong("ca_cert_file", &format!("{} holds no certificate in PEM form", file.display()), ""));
            }
            builder = builder.tls_certs_only(certificates);
        }
        builder.build().map_err(|error| wrong("address", &shorten(&error.to_string()), ""))
    }

    /// Sends a request for `path` below `/v1/`; `body` is JSON. Again while the server is overloaded and, where a request may
    /// be sent twice, while it fails or nothing stands behind the proxy in front of it.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&SecretString>,
        body: Option<&Sensitive<String>>,
    ) -> Result<Answer, Cause> {
        let client = self.client.get_or_try_init(|| async { self.make_client() }).await?;
        let url = format!("{}/v1/{path}", self.settings.address);
        // Whether a write was done is for its sender to find out; a login or a renewal may be done twice.
        let may_repeat = method == Method::GET || path.starts_with("auth/");
        let began = Instant::now();
        let mut tries = 1;
        loop {
            let mut request = client.request(method.clone(), &url).header("X-Vault-Request", "true");
            if let Some(token) = token {
                request = request.header("X-Vault-Token", secret_header(token)?);
            }
            if let Some(namespace) = self.settings.namespace.as_ref().filter(|_| !path.starts_with("sys/health")) {
                request = request.header("X-Vault-Namespace", namespace);
            }
            if let Some(body) = body {
                request = request.header(CONTENT_TYPE, "application/json").body(body.expose().clone());
            }
            let response = request.send().await.map_err(|error| self.failed(&error))?;
            let status = response.status().as_u16();
            tracing::debug!(method = %method, path, status, "vault request");
            if let (300..400, Some(to)) = (status, response.headers().get(LOCATION)) {
                let to = to.to_str().unwrap_or("another address");
                let words = format!("{} redirects to {}", self.settings.address, shorten(to));
                return Err(wrong("address", &words, "Name the active server itself: a token is not sent elsewhere."));
            }
            let pause = pause(response.headers().get(RETRY_AFTER), tries);
            let body = response.bytes().await.map_err(|error| self.failed(&error))?;
            let answer = Answer { status, body };
            let is_busy = matches!(status, 412 | 429);
            let retry = is_busy || (may_repeat && answer.is_passing_failure());
            if !retry || tries == TRIES || began.elapsed() + pause > PATIENCE {
                let throttled = || Cause::Throttled { status, tries, words: answer.words() };
                return if is_busy { Err(throttled()) } else { Ok(answer) };
            }
            tokio::time::sleep(pause).await;
            tries += 1;
        }
    }

    fn failed(&self, error: &reqwest::Error) -> Cause {
        if error.is_timeout() {
            let after = if error.is_connect() { CONNECT_TIMEOUT } else { self.settings.timeout };
            return Cause::TimedOut { address: self.settings.address.clone(), after };
        }
        no_answer(error, &self.settings.address, CONNECT_TIMEOUT, self.settings.timeout)
    }
}

fn secret_header(token: &SecretString) -> Result<HeaderValue, Cause> {
    let mut header = HeaderValue::from_str(token.expose_secret())
        .map_err(|_| wrong("token", "holds characters that no token has", ""))?;
    header.set_sensitive(true);
    Ok(header)
}

fn pause(retry_after: Option<&HeaderValue>, tries: u32) -> Duration {
    let seconds = retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
    seconds.map_or(Duration::from_millis(200) * 2_u32.pow(tries.min(6)), Duration::from_secs)
}
