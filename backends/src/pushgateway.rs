//! A Prometheus Pushgateway: one push, once.
//!
//! # Forces
//!
//! - The gauges of one run go out in one request and together: between two requests an alert would see half of them. A
//!   reset before would make it fire again each night.
//! - `POST` replaces only metrics of the same names: what others keep under the same job stays.
//! - Nothing is repeated and nothing is followed: whether it was taken is said, and the caller fails where it was not.

use std::fmt::Write as _;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Url};

use crate::kube::failure::{no_answer, shorten};
use crate::objects::Cause;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(15);

/// One group of metrics at one Pushgateway.
#[derive(Debug)]
pub struct Pushgateway {
    place: Url,
}

/// Why nothing was pushed.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// What was given is no address of a Pushgateway.
    #[error("{given:?} is no address of a Pushgateway: {why}")]
    Address {
        /// The address, without what may be secret in it.
        given: String,
        /// What is wrong with it.
        why: String,
    },
    /// The job has no name.
    #[error("the job has no name")]
    NoJob,
    /// Nobody answered.
    #[error("{0}")]
    Unreachable(Cause),
    /// It did not take them.
    #[error("it answered {status}{words}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Its own words, after ": "; empty where it said nothing.
        words: String,
    },
}

impl Pushgateway {
    /// The group of `job` at the Pushgateway of that address, which may have a path in front (`--web.route-prefix`).
    pub fn new(address: &str, job: &str) -> Result<Self, PushError> {
        let wrong = |given: &str, why: &str| PushError::Address { given: given.to_owned(), why: why.to_owned() };
        let mut place = Url::parse(address).map_err(|error| {
            // A user's name and password may stand in what cannot be parsed.
            let shown = if address.contains('@') { "…" } else { address };
            wrong(shown, &error.to_string())
        })?;
        if !place.username().is_empty() || place.password().is_some() {
            return Err(wrong("…", "it holds a name or a password, which every user of this machine can read"));
        }
        if !matches!(place.scheme(), "http" | "https") {
            return Err(wrong(address, "it begins with neither http:// nor https://"));
        }
        if place.query().is_some() || place.fragment().is_some() {
            return Err(wrong(address, "it has more than a host, a port and a path"));
        }
        if job.is_empty() {
            return Err(PushError::NoJob);
        }
        let path = format!("{}/metrics/job/{}", place.path().trim_end_matches('/'), encoded(job));
        // A slash would end the name; the Pushgateway has a form for that.
        let path = if job.contains('/') {
            use base64::Engine as _;
            let name = base64::engine::general_purpose::URL_SAFE.encode(job);
            format!("{}/metrics/job@base64/{name}", place.path().trim_end_matches('/'))
        } else {
            path
        };
        place.set_path(&path);
        Ok(Self { place })
    }

    /// Where it pushes to.
    pub fn place(&self) -> &str {
        self.place.as_str()
    }

    /// Pushes metrics in the text format, which ends with a line feed.
    pub async fn push(&self, metrics: &str) -> Result<(), PushError> {
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("homelab/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| self.unreachable(&error))?;
        let request = client
            .post(self.place.clone())
            .header(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")
            .body(metrics.to_owned());
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = response.status().as_u16();
        // 202 is what it says where it does not check before it answers.
        if matches!(status, 200 | 202) {
            return Ok(());
        }
        let words = shorten(&response.text().await.unwrap_or_default());
        let words = if words.is_empty() { words } else { format!(": {words}") };
        Err(PushError::Refused { status, words })
    }

    fn unreachable(&self, error: &reqwest::Error) -> PushError {
        PushError::Unreachable(no_answer(error, self.place(), CONNECT_TIMEOUT, TIMEOUT))
    }
}

/// A name as one element of a path.
fn encoded(name: &str) -> String {
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_the_group_of_the_job() {
        for (address, job, place) in [
            ("http://192.0.2.1:9091", "k8s-upgrade", "http://192.0.2.1:9091/metrics/job/k8s-upgrade"),
            ("http://192.0.2.1:9091/", "k8s-upgrade", "http://192.0.2.1:9091/metrics/job/k8s-upgrade"),
            ("https://push.example.net/gw/", "a b", "https://push.example.net/gw/metrics/job/a%20b"),
            ("http://192.0.2.1:9091", "a/b", "http://192.0.2.1:9091/metrics/job@base64/YS9i"),
        ] {
            assert_eq!(Pushgateway::new(address, job).unwrap().place(), place);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_showing_a_password() {
        for (address, said) in [
            ("pushgateway:9091", "neither http:// nor https://"),
            ("http://", "is no address"),
            ("http://user:hunter2@192.0.2.1:9091", "holds a name or a password"),
            ("http://user:hunter2@:x", "is no address"),
            ("http://192.0.2.1:9091?x=y", "more than a host"),
        ] {
            let error = Pushgateway::new(address, "k8s-upgrade").unwrap_err().to_string();
            assert!(error.contains(said), "{address}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        assert!(matches!(Pushgateway::new("http://192.0.2.1:9091", ""), Err(PushError::NoJob)));
    }
}
