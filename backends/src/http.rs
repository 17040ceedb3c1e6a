//! Asks doors over the network.
//!
//! # Forces
//!
//! - A probe must see what a stranger sees. So there is no cookie jar, no proxy of the environment, no netrc, no credential,
//!   no reused connection, and no redirect is followed.
//! - Paths go out as they were written: a client that resolves `..` or cleans escapes cannot test what a proxy does with
//!   them. Hence hyper on a connection of our own instead of a comfortable client.
//! - Targets are data. Addresses are checked when they are connected to, on the very address that is used, so that a name
//!   that resolves to something else the second time gains nothing. Answers are read up to a limit of size and time.
//! - Thousands of targets: a bounded number of requests at a time, and a small one per host. What is down is not asked again
//!   and again.
//! - HTTP/1.1 is all that TLS offers (ALPN): there is one request for each connection, so that HTTP/2 would gain nothing, it
//!   has no upgrade to WebSocket that proxies agree on, and in it a path is not written but framed. Whoever speaks nothing
//!   else cannot be judged, and is told so.
//!
//! What an answer means is not decided here: see [`homelab_core::probe`].

mod certificate;
mod connect;
mod dns;
mod down;
mod exchange;
mod names;
mod resolve;
mod session;
mod tls;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt;
use homelab_core::probe::{Answer, Check, Ending, Failure, Observation, Report, Run, Settings, judge};
use homelab_schema::carveout_probe::Verdict;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use resolve::{Resolve, ResolveError};

use connect::{Dial, Direct};
use down::Down;
use names::Names;
use session::Session;
use tls::Trust;

/// Requests to one host at a time: the host is somebody's home.
const PER_HOST: usize = 2;

/// Why a whole run could not be made; fragments that fit "failed to probe: …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    /// `ca_file` cannot be used.
    #[error("ca_file {path} cannot be used: {reason}")]
    CaFile {
        /// As it was given.
        path: String,
        /// A fragment.
        reason: String,
    },
    /// `Stop` or Ctrl-C.
    #[error("it was cancelled")]
    Cancelled,
}

/// Asks. Keeps nothing between runs but the certificates that the machine trusts, which are read at the first TLS
/// connection.
#[derive(Clone)]
pub struct Prober {
    resolver: Option<Arc<dyn Resolve>>,
    dial: Arc<dyn Dial>,
    trust: Arc<Trust>,
}

impl Default for Prober {
    fn default() -> Self {
        Self { resolver: None, dial: Arc::new(Direct), trust: Arc::default() }
    }
}

/// Takes every sample of `run` and judges them.
pub async fn run(run: &Run, cancel: &CancellationToken) -> Result<Report, ProbeError> {
    Prober::new().run(run, cancel).await
}

impl Prober {
    /// One that asks the resolver of the run, or the system's.
    pub fn new() -> Self {
        Self::default()
    }

    /// One that asks `resolver` for every name.
    pub fn with_resolver(resolver: Arc<dyn Resolve>) -> Self {
        Self { resolver: Some(resolver), ..Self::default() }
    }

    /// Takes every sample of `run` and judges them.
    pub async fn run(&self, run: &Run, cancel: &CancellationToken) -> Result<Report, ProbeError> {
        let taken = self.observe_until(&run.checks, &run.settings, cancel, &AtomicUsize::new(0)).await?;
        if !taken.complete {
            return Err(ProbeError::Cancelled);
        }
        Ok(Report { ending: taken.ending, ..judge(run.checks.clone(), taken.samples, run.settings.threshold) })
    }

    /// The samples of each check until all are there or it is cancelled: what was seen until then counts. `done` is raised
    /// with each check.
    pub async fn observe_until(
        &self,
        checks: &[Check],
        settings: &Settings,
        cancel: &CancellationToken,
        done: &AtomicUsize,
    ) -> Result<Taken, ProbeError> {
        let session = self.session(settings).await?;
        let samples = Mutex::new(vec![Vec::new(); checks.len()]);
        let complete = tokio::select! {
            () = look(&session, checks, &samples, done) => true,
            () = cancel.cancelled() => false,
        };
        Ok(Taken { samples: samples.into_inner(), ending: session.ending(), complete })
    }

    /// As [`Prober::run`], but again until all is well or `settle` of the settings is over: what was just written takes a
    /// moment until every proxy serves it.
    pub async fn settle(&self, run: &Run, cancel: &CancellationToken) -> Result<Report, ProbeError> {
        let deadline = Instant::now() + run.settings.settle;
        let mut pause = Duration::from_millis(250);
        loop {
            let report = self.run(run, cancel).await?;
            if report.verdict == Verdict::Ok || Instant::now() + pause >= deadline {
                return Ok(report);
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = cancel.cancelled() => return Err(ProbeError::Cancelled),
            }
            pause = (pause * 2).min(Duration::from_secs(4));
        }
    }

    /// One answer to `check`, as it came: for who wants to see why it is judged as it is.
    pub async fn answer(
        &self,
        check: &Check,
        settings: &Settings,
        cancel: &CancellationToken,
    ) -> Result<Result<Answer, Failure>, ProbeError> {
        let session = self.session(settings).await?;
        let addresses = AtomicUsize::new(0);
        tokio::select! {
            answer = session.answer(check, 0, &addresses) => Ok(answer),
            () = cancel.cancelled() => Err(ProbeError::Cancelled),
        }
    }

    async fn session<'a>(&self, settings: &'a Settings) -> Result<Session<'a>, ProbeError> {
        Ok(Session {
            settings,
            tls: self.trust.session(settings.ca_file.as_deref()).await?,
            names: Names::new(match &self.resolver {
                Some(resolver) => Arc::clone(resolver),
                None => resolve::of(settings.resolver.as_ref()),
            }),
            dial: Arc::clone(&self.dial),
            places: Down::places(),
            hosts: Down::hosts(),
            permits: Semaphore::new(settings.concurrency),
            ending: std::sync::Mutex::default(),
        })
    }
}

/// What was taken of a run that may have been cut short.
#[derive(Debug)]
pub struct Taken {
    /// The samples of each check, at the place of the check; none where it was not asked to its end.
    pub samples: Vec<Vec<Observation>>,
    /// Certificates that were accepted and end soon, by host.
    pub ending: Vec<Ending>,
    /// Whether every check was asked.
    pub complete: bool,
}

/// Puts the samples of each check at the place of the check.
async fn look(session: &Session<'_>, checks: &[Check], samples: &Mutex<Vec<Vec<Observation>>>, done: &AtomicUsize) {
    let mut hosts: BTreeMap<(&str, u16), Vec<usize>> = BTreeMap::new();
    for (index, check) in checks.iter().enumerate() {
        hosts.entry((check.url.host(), check.url.port())).or_default().push(index);
    }
    let all = futures::stream::iter(hosts.into_values()).for_each_concurrent(session.settings.concurrency, |indexes| {
        futures::stream::iter(indexes).for_each_concurrent(PER_HOST, move |index| async move {
            let Some(check) = checks.get(index) else { return };
            let taken = session.samples(check).await;
            if let Some(place) = samples.lock().await.get_mut(index) {
                *place = taken;
            }
            done.fetch_add(1, Ordering::Relaxed);
        })
    });
    all.await;
}

impl std::fmt::Debug for Prober {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prober").finish_non_exhaustive()
    }
}
