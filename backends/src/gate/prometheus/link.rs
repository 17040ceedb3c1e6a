//! Requests to one Prometheus: limits, retries, no token in anything that is shown.

use std::time::Duration;

use reqwest::Client;
use reqwest::header::{AUTHORIZATION, HeaderValue, LOCATION};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::OnceCell;

use super::answer::{self, Sample, Series, Told};
use super::settings::{Settings, Token, wrong};
use crate::kube::failure::{no_answer, shorten};
use crate::objects::Cause;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a request is sent while the server is out of order.
const TRIES: u32 = 3;
/// An answer that is larger is not waited for: what the gate asks for is a few series.
const LARGEST: usize = 64 << 20;

/// A connection pool, made at the first request.
pub(super) struct Link {
    pub(super) settings: Settings,
    client: OnceCell<Client>,
}

impl Link {
    pub(super) fn new(settings: Settings) -> Self {
        Self { settings, client: OnceCell::new() }
    }

    /// Asks for the value of an expression now.
    pub(super) async fn instant(&self, query: &str) -> Result<Told<Vec<Sample>>, Cause> {
        let (body, status) = self.get(&format!("/api/v1/query?query={}", encoded(query))).await?;
        answer::vector(&body, status)
    }

    /// Asks for the time of the server's clock, in seconds since 1970.
    pub(super) async fn time(&self) -> Result<f64, Cause> {
        let (body, status) = self.get("/api/v1/query?query=time()").await?;
        answer::scalar(&body, status)
    }

    /// Asks for the values of an expression in the last `window` seconds before `now`, at most that many seconds apart.
    pub(super) async fn range(
        &self,
        query: &str,
        now: f64,
        window: u64,
        step: u64,
    ) -> Result<Told<Vec<Series>>, Cause> {
        let query = encoded(query);
        #[expect(clippy::cast_precision_loss, reason = "a window is a few months at most")]
        let start = now - window as f64;
        let path = format!("/api/v1/query_range?query={query}&start={start:.3}&end={now:.3}&step={step}");
        let (body, status) = self.get(&path).await?;
        answer::matrix(&body, status)
    }

    /// The `data` of another part of its API.
    pub(super) async fn data(&self, path: &str) -> Result<Told<serde_json::Value>, Cause> {
        let (body, status) = self.get(path).await?;
        answer::data(&body, status)
    }

    /// Sends one read, again while the server is out of order: its body and its status, which is 200, 400 or 422. In the
    /// latter two the body says why.
    async fn get(&self, path: &str) -> Result<(Vec<u8>, u16), Cause> {
        let client = self.client.get_or_try_init(|| async { self.make_client() }).await?;
        let token = self.token().await?;
        let mut tries = 1;
        loop {
            let mut request = client.get(format!("{}{path}", self.settings.address));
            if let Some(token) = &token {
                request = request.header(AUTHORIZATION, bearer(token)?);
            }
            let response = request.send().await.map_err(|error| self.failed(&error))?;
            let status = response.status().as_u16();
            tracing::debug!(status, "prometheus request");
            if let (300..400, Some(to)) = (status, response.headers().get(LOCATION)) {
                let to = shorten(to.to_str().unwrap_or("another address"));
                let words = format!("{} redirects to {to}", self.settings.address);
                return Err(wrong("url", &words, "Name that server itself: a token is not sent elsewhere."));
            }
            let body = self.body(response).await?;
            let words = || answer::words(&body);
            match status {
                200 | 400 | 422 => return Ok((body, status)),
                401 => return Err(Cause::Unauthorized { words: words() }),
                403 => return Err(Cause::Forbidden { words: words() }),
                429 | 502..=504 if tries < TRIES => {
                    tokio::time::sleep(Duration::from_millis(200) * tries).await;
                    tries += 1;
                }
                429 | 502..=504 => return Err(Cause::Throttled { status, tries, words: words() }),
                _ => return Err(Cause::Server { status, words: words() }),
            }
        }
    }

    async fn body(&self, mut response: reqwest::Response) -> Result<Vec<u8>, Cause> {
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| self.failed(&error))? {
            if body.len() + part.len() > LARGEST {
                let words = format!("the answer is larger than {} MiB", LARGEST >> 20);
                return Err(Cause::Server { status: response.status().as_u16(), words });
            }
            body.extend_from_slice(&part);
        }
        Ok(body)
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
        builder.build().map_err(|error| wrong("url", &shorten(&error.to_string()), ""))
    }

    async fn token(&self) -> Result<Option<SecretString>, Cause> {
        Ok(match &self.settings.token {
            None => None,
            Some(Token::Text(token)) => Some(token.clone()),
            Some(Token::File(file)) => {
                let unread = |words: &str| wrong("token_file", &format!("{}: {words}", file.display()), "");
                let text = tokio::fs::read_to_string(file).await.map_err(|error| unread(&error.to_string()))?;
                let text = text.trim();
                if text.is_empty() {
                    return Err(unread("the file is empty"));
                }
                Some(SecretString::from(text))
            }
        })
    }

    fn failed(&self, error: &reqwest::Error) -> Cause {
        let address = self.settings.address.clone();
        if error.is_timeout() {
            let after = if error.is_connect() { CONNECT_TIMEOUT } else { self.settings.timeout };
            return Cause::TimedOut { address, after };
        }
        no_answer(error, &address, CONNECT_TIMEOUT, self.settings.timeout)
    }
}

fn bearer(token: &SecretString) -> Result<HeaderValue, Cause> {
    let mut header = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
        .map_err(|_| wrong("token", "holds characters that no token has", ""))?;
    header.set_sensitive(true);
    Ok(header)
}

/// A value within a query.
pub(super) fn encoded(text: &str) -> String {
    crate::kube::segment(text)
}
