//! A DNS provider's API on loopback, as strict as the real one: the version 4 of Cloudflare's, as far as records of one zone
//! go.
//!
//! The real one cannot be had on loopback, so this stands for it, and refuses whatever the real one is known to refuse: a
//! body of another content type, a missing or a wrong token, fields that nobody knows, a record twice, a name beside an
//! address, a time to live that is none, a page that is none. Whatever it cannot do it refuses as well, so that a client
//! never gets along with it by luck. On top of that it does on demand what the real one does at times: it asks for less
//! ([`DnsApi::throttle_next`], [`DnsApi::limit`]), lists a write late ([`DnsApi::list_late`]), fails before or after it did
//! what was asked ([`DnsApi::fail_next`]), and knows tokens that may not do everything ([`DnsApi::permit`]).

mod answer;
#[cfg(test)]
mod tests;
mod wire;
mod zone;

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use self::zone::Zone;
use crate::{Error, Result};

/// The API, for one zone. Ends when it is dropped.
pub struct DnsApi {
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// A request that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// `GET`, `POST`, ….
    pub method: String,
    /// Path below the base URL, with its query.
    pub path: String,
    /// Status of the answer; 0 where there was none.
    pub status: u16,
    /// When it came, since the API began.
    pub at: Duration,
}

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is answered with 429 and a `Retry-After` of one second, and nothing was done.
    Busy,
    /// It is answered with 500, and nothing was done.
    Before,
    /// The connection ends without an answer, and nothing was done.
    CutBefore,
    /// It is done, and answered with 500.
    After,
    /// It is done, and the connection ends without an answer.
    Cut,
    /// It is done, and the answer is no JSON.
    Garbage,
}

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// Look at zones.
    pub zone_read: bool,
    /// List records.
    pub dns_read: bool,
    /// Change records.
    pub dns_edit: bool,
}

/// How many requests are let through, and what happens to those that are more.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// As many requests in one window.
    pub requests: usize,
    /// The window.
    pub window: Duration,
    /// What comes beyond them is answered with 429 for so long; every request in that time begins it anew, which is how a
    /// client that keeps asking keeps itself out.
    pub block: Duration,
}

struct Shared {
    state: Mutex<State>,
    ended: AtomicBool,
    began: Instant,
    token: String,
}

struct State {
    zone: Zone,
    seen: Vec<Seen>,
    page_limit: usize,
    permissions: Permissions,
    throttle: usize,
    retry_after: Duration,
    limit: Option<Limit>,
    /// Requests of this window.
    recent: Vec<Instant>,
    blocked_until: Option<Instant>,
    faults: Vec<Fault>,
    armed: Option<Armed>,
    /// Connections, each by its number.
    streams: HashMap<usize, TcpStream>,
}

/// A fault of one certain request.
struct Armed {
    /// How many requests come before it.
    ahead: usize,
    fault: Fault,
    meanwhile: Box<dyn FnOnce() + Send>,
}

impl DnsApi {
    /// Serves the zone of that name to whoever brings `token`.
    pub fn start(zone: &str, token: &str) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Error::io("the DNS API"))?;
        let address = listener.local_addr().map_err(Error::io("the DNS API"))?;
        let state = State {
            zone: Zone::new(zone),
            seen: Vec::new(),
            page_limit: 5_000_000,
            permissions: Permissions { zone_read: true, dns_read: true, dns_edit: true },
            throttle: 0,
            retry_after: Duration::from_secs(1),
            limit: None,
            recent: Vec::new(),
            blocked_until: None,
            faults: Vec::new(),
            armed: None,
            streams: HashMap::new(),
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            ended: AtomicBool::new(false),
            began: Instant::now(),
            token: token.to_owned(),
        });
        let served = Arc::clone(&shared);
        std::thread::spawn(move || wire::serve(&listener, &served));
        Ok(Self { address, shared })
    }

    /// The base URL: `http://127.0.0.1:PORT/client/v4`.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address, wire::BASE)
    }

    /// The identifier of the zone.
    pub fn zone_id(&self) -> String {
        self.state().zone.id.clone()
    }

    /// The records as they are, whatever a listing says.
    pub fn records(&self) -> Vec<Value> {
        self.state().zone.records()
    }

    /// The records at a name.
    pub fn at(&self, name: &str) -> Vec<Value> {
        self.records().into_iter().filter(|record| record["name"] == name).collect()
    }

    /// Makes a record as somebody else does, and answers its identifier.
    ///
    /// # Panics
    ///
    /// Where the zone refuses it: a test that cannot begin says so.
    #[track_caller]
    pub fn put(&self, record: &Value) -> String {
        let made = self.state().zone.post(record).unwrap_or_else(|refusal| panic!("{record}: {refusal:?}"));
        made["id"].as_str().unwrap_or_default().to_owned()
    }

    /// Changes a record as somebody else does.
    ///
    /// # Panics
    ///
    /// Where the zone refuses it.
    #[track_caller]
    pub fn change(&self, id: &str, fields: &Value) {
        self.state().zone.patch(id, fields).unwrap_or_else(|refusal| panic!("{id}: {refusal:?}"));
    }

    /// Removes a record as somebody else does.
    ///
    /// # Panics
    ///
    /// Where it is not there.
    #[track_caller]
    pub fn remove(&self, id: &str) {
        self.state().zone.delete(id).unwrap_or_else(|refusal| panic!("{id}: {refusal:?}"));
    }

    /// All requests until now, in order.
    pub fn requests(&self) -> Vec<Seen> {
        self.state().seen.clone()
    }

    /// How many requests began with these: `count("GET /zones/")`.
    pub fn count(&self, beginning: &str) -> usize {
        self.requests().iter().filter(|seen| format!("{} {}", seen.method, seen.path).starts_with(beginning)).count()
    }

    /// Forgets the requests until now.
    pub fn forget_requests(&self) {
        self.state().seen.clear();
    }

    /// No page has more records than this, whatever is asked for.
    pub fn page_limit(&self, records: usize) {
        self.state().page_limit = records;
    }

    /// A zone has no more records than this.
    pub fn quota(&self, records: usize) {
        self.state().zone.quota = records;
    }

    /// Writes from now on are listed only after so many listings.
    pub fn list_late(&self, listings: u32) {
        self.state().zone.late = listings;
    }

    /// The next requests are answered with 429 and that `Retry-After`, in whole seconds.
    pub fn throttle_next(&self, requests: usize, retry_after: Duration) {
        let mut state = self.state();
        (state.throttle, state.retry_after) = (requests, retry_after);
    }

    /// Lets only so many requests through.
    pub fn limit(&self, limit: Limit) {
        self.state().limit = Some(limit);
    }

    /// What goes wrong with the next request that changes something; several wait for one request each.
    pub fn fail_next(&self, fault: Fault) {
        self.state().faults.push(fault);
    }

    /// What goes wrong with the request of that number, counted from 1 and from now, whatever it asks for. `meanwhile` runs
    /// when it has come (and, unless the fault is one before, was done) and before its client hears anything.
    ///
    /// Takes the place of an earlier one that has not happened.
    pub fn fail_call(&self, number: usize, fault: Fault, meanwhile: impl FnOnce() + Send + 'static) {
        let armed = Armed { ahead: number.saturating_sub(1), fault, meanwhile: Box::new(meanwhile) };
        self.state().armed = Some(armed);
    }

    /// Takes back a [`fail_call`](Self::fail_call), and answers whether it was still to happen.
    pub fn disarm(&self) -> bool {
        self.state().armed.take().is_some()
    }

    /// What the token may do from now on.
    pub fn permit(&self, permissions: Permissions) {
        self.state().permissions = permissions;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }
}

impl Drop for DnsApi {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        for (_, stream) in self.state().streams.drain() {
            // A client that went away is its own matter.
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
        // The thread waits in `accept`.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
