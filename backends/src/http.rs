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
//! - Thousands of targets: a bounded number of requests at a time, and a small one per host.
//!
//! What an answer means is not decided here: see [`homelab_core::probe`].

mod connect;
mod dns;
mod exchange;
mod resolve;
mod tls;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt;
use homelab_core::probe::{Answer, Check, Failure, Observation, Report, Run, Settings, Way, enough, judge, observe};
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use resolve::{Resolve, ResolveError};

use tls::Trust;

/// Requests to one host at a time: the host is somebody's home.
const PER_HOST: usize = 2;
/// More addresses than this are a network of somebody who does not want to be asked at each.
const MOST_ADDRESSES: usize = 16;

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
#[derive(Clone, Default)]
pub struct Prober {
    resolver: Option<Arc<dyn Resolve>>,
    trust: Arc<Trust>,
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
        Self { resolver: Some(resolver), trust: Arc::default() }
    }

    /// Takes every sample of `run` and judges them.
    pub async fn run(&self, run: &Run, cancel: &CancellationToken) -> Result<Report, ProbeError> {
        let samples = self.observe(&run.checks, &run.settings, cancel).await?;
        Ok(judge(run.checks.clone(), samples, run.settings.threshold))
    }

    /// As [`Prober::run`], but again until all is well or `settle` of the settings is over: what was just written takes a
    /// moment until every proxy serves it.
    pub async fn settle(&self, run: &Run, cancel: &CancellationToken) -> Result<Report, ProbeError> {
        let deadline = Instant::now() + run.settings.settle;
        let mut pause = Duration::from_millis(250);
        loop {
            let report = self.run(run, cancel).await?;
            let well = report.findings().is_empty();
            if well || Instant::now() + pause >= deadline {
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
            resolver: match &self.resolver {
                Some(resolver) => Arc::clone(resolver),
                None => resolve::of(settings.resolver.as_ref()),
            },
            permits: Semaphore::new(settings.concurrency),
        })
    }

    /// The samples of each check, at the place of the check.
    pub async fn observe(
        &self,
        checks: &[Check],
        settings: &Settings,
        cancel: &CancellationToken,
    ) -> Result<Vec<Vec<Observation>>, ProbeError> {
        let session = self.session(settings).await?;
        let mut hosts: BTreeMap<(&str, u16), Vec<usize>> = BTreeMap::new();
        for (index, check) in checks.iter().enumerate() {
            hosts.entry((check.url.host(), check.url.port())).or_default().push(index);
        }
        let samples = Mutex::new(vec![Vec::new(); checks.len()]);
        let all = futures::stream::iter(hosts.into_values()).for_each_concurrent(settings.concurrency, |indexes| {
            let (session, samples) = (&session, &samples);
            futures::stream::iter(indexes).for_each_concurrent(PER_HOST, move |index| async move {
                let Some(check) = checks.get(index) else { return };
                let taken = session.samples(check).await;
                if let Some(place) = samples.lock().await.get_mut(index) {
                    *place = taken;
                }
            })
        });
        tokio::select! {
            () = all => Ok(samples.into_inner()),
            () = cancel.cancelled() => Err(ProbeError::Cancelled),
        }
    }
}

/// What the samples of one run share.
struct Session<'a> {
    settings: &'a Settings,
    tls: tls::Session,
    resolver: Arc<dyn Resolve>,
    permits: Semaphore,
}

impl Session<'_> {
    async fn samples(&self, check: &Check) -> Vec<Observation> {
        let Settings { samples: wanted, threshold, .. } = *self.settings;
        let mut taken = Vec::new();
        let addresses = AtomicUsize::new(0);
        let wanted = |addresses: &AtomicUsize| {
            let all = if self.settings.every_address { addresses.load(Ordering::Relaxed) } else { 0 };
            wanted.max(all.min(MOST_ADDRESSES))
        };
        while !enough(check, &taken, wanted(&addresses), threshold) {
            // Held for one sample only, so that a host with many paths does not keep the others waiting.
            let _permit = self.permits.acquire().await;
            taken.push(self.sample(check, taken.len(), &addresses).await);
        }
        taken
    }

    async fn sample(&self, check: &Check, number: usize, addresses: &AtomicUsize) -> Observation {
        match self.answer(check, number, addresses).await {
            Ok(answer) => observe(check, &self.settings.wall, &answer),
            Err(failure) => Observation::failed(failure),
        }
    }

    async fn answer(&self, check: &Check, number: usize, addresses: &AtomicUsize) -> Result<Answer, Failure> {
        let limit = self.settings.timeout;
        match tokio::time::timeout(limit, self.ask(check, number, addresses)).await {
            Ok(answer) => answer,
            Err(_) => Err(Failure::Unreachable(format!("no answer within {limit:?}"))),
        }
    }

    async fn ask(&self, check: &Check, number: usize, addresses: &AtomicUsize) -> Result<Answer, Failure> {
        let tcp = connect::connect(check, self.settings, self.resolver.as_ref(), number, addresses).await?;
        if check.url.is_tls() {
            let tls = self.tls.connect(check.url.host(), tcp).await?;
            exchange::exchange(check, tls).await
        } else {
            exchange::exchange(check, tcp).await
        }
    }
}

impl std::fmt::Debug for Prober {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prober").finish_non_exhaustive()
    }
}

/// Where the samples of `check` go: the place to connect to, or the URL's own.
fn place<'a>(check: &'a Check, settings: &'a Settings) -> (&'a str, u16) {
    let url = &check.url;
    match settings.connect_to.as_ref().filter(|_| check.way != Way::Edge) {
        Some(place) => (&place.host, place.port.unwrap_or(url.port())),
        None => (url.host(), url.port()),
    }
}
