//! One run: what its samples share, and how one is taken.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use homelab_core::probe::{Answer, Check, Ending, Failure, Observation, Settings, Way, enough, observe};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_rustls::client::TlsStream;

use super::connect::{self, Dial};
use super::down::Down;
use super::exchange::exchange;
use super::names::Names;
use super::{certificate, tls};

/// More addresses than this are a network of somebody who does not want to be asked at each.
const MOST_ADDRESSES: usize = 16;

/// What the samples of one run share.
pub(super) struct Session<'a> {
    pub(super) settings: &'a Settings,
    pub(super) tls: tls::Session,
    pub(super) names: Names,
    pub(super) dial: Arc<dyn Dial>,
    /// Places that cannot be connected to, and hosts that do not answer.
    pub(super) places: Down,
    pub(super) hosts: Down,
    pub(super) permits: Semaphore,
    /// Days that the certificate of a host still lasts, where these are few; the fewest of its addresses.
    pub(super) ending: Mutex<BTreeMap<String, u32>>,
}

impl Session<'_> {
    /// Every sample of `check` that is worth taking.
    pub(super) async fn samples(&self, check: &Check) -> Vec<Observation> {
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
            taken.push(match self.answer(check, taken.len(), &addresses).await {
                Ok(answer) => observe(check, &self.settings.wall, &answer),
                Err(failure) => Observation::failed(failure),
            });
        }
        // There are many, and most have one or three: room for four each would be half of the memory of a large run.
        taken.shrink_to_fit();
        taken
    }

    /// One answer to `check` as sample `number`; `addresses` is set to how many there are.
    pub(super) async fn answer(
        &self,
        check: &Check,
        number: usize,
        addresses: &AtomicUsize,
    ) -> Result<Answer, Failure> {
        let (name, port) = place(check, self.settings);
        let (place, host) = (self.places.of(name, port), self.hosts.of(check.url.host(), check.url.port()));
        if let Some(down) = place.over().or_else(|| host.over()) {
            return Err(down);
        }
        let deadline = Instant::now() + self.settings.timeout;
        let connected = self.connect(name, port, number, addresses, deadline).await;
        place.note(&connected);
        let tcp = connected?;
        let answered = self.ask(check, tcp, deadline).await;
        host.note(&answered);
        answered
    }

    async fn connect(
        &self,
        name: &str,
        port: u16,
        number: usize,
        addresses: &AtomicUsize,
        deadline: Instant,
    ) -> Result<TcpStream, Failure> {
        let looking =
            async { self.names.addresses(name, number).await.map_err(|error| connect::not_found(name, error)) };
        let found = self.within(deadline, &format!("no answer of the resolver for {name}"), looking).await?;
        let allowed = connect::allowed(name, found, self.settings)?;
        addresses.store(allowed.len(), Ordering::Relaxed);
        let connecting = connect::connect(allowed, port, number, self.settings.timeout, self.dial.as_ref());
        self.within(deadline, "no connection", connecting).await
    }

    async fn ask(&self, check: &Check, tcp: TcpStream, deadline: Instant) -> Result<Answer, Failure> {
        if !check.url.is_tls() {
            return self.within(deadline, "no answer", exchange(check, tcp)).await;
        }
        let shaking = self.tls.connect(check.url.host(), tcp);
        let stream = self.within(deadline, "no end of the TLS handshake", shaking).await?;
        self.look_at_certificate(check, &stream);
        self.within(deadline, "no answer", exchange(check, stream)).await
    }

    async fn within<T>(
        &self,
        deadline: Instant,
        what: &str,
        future: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        match tokio::time::timeout_at(deadline, future).await {
            Ok(done) => done,
            Err(_) => Err(Failure::Unreachable(format!("{what} within {:?}", self.settings.timeout))),
        }
    }

    fn look_at_certificate(&self, check: &Check, stream: &TlsStream<TcpStream>) {
        let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
        // The server's own alone: what signed it may be kept for old clients, and ended long ago.
        let Some(days) = chain.first().and_then(|first| certificate::ends_soon(first, SystemTime::now())) else {
            return;
        };
        let mut ending = self.ending.lock().unwrap_or_else(PoisonError::into_inner);
        let least = ending.entry(check.url.authority()).or_insert(days);
        *least = days.min(*least);
    }

    /// The certificates that end soon.
    pub(super) fn ending(self) -> Vec<Ending> {
        let ending = self.ending.into_inner().unwrap_or_else(PoisonError::into_inner);
        ending.into_iter().map(|(host, days)| Ending { host, days }).collect()
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
