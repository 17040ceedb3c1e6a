//! The provider of DNS records: Cloudflare, by the version 4 of its API.
//!
//! # Forces
//!
//! - Hundreds of resources share one zone and one limit of requests. So a run lists the zone once, for all of them; requests
//!   go out one after the other; and who is told to wait makes all others wait: see [`pace`] and [`link`].
//! - Others write to the zone too, and a listing may lag. So nothing is written by what a listing says alone: who writes
//!   brings a decision, and where the API answers that the zone is not as it was listed, the names are looked at again and
//!   decided again ([`Dns::converge`]). That also is the answer to an answer that never came.
//! - All operations of one name go out as one batch, which the API does as a whole or not at all: there is no moment in
//!   which a name that becomes an address has neither.
//! - The token is in no text: not in `Debug`, not in a URL, not in an error, also where a server repeats it.
//!
//! Rejected: the `cloudflare` crate. It has no batch, no pace and no limit of time, and its types follow the API's pages; the
//! six calls that are made here are shorter than what would have to be put around it.

mod answer;
mod batch;
mod error;
mod link;
mod listing;
mod pace;
mod settings;
mod zone;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use homelab_core::dns::changes::Changes;
use homelab_core::dns::{Found, is_in_zone};
use reqwest::Method;
use serde::de::IgnoredAny;
use serde_json::json;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

pub use self::answer::Token;
use self::answer::{ApiZone, Batch};
use self::batch::{batch, steps};
pub use self::error::{DnsCause, DnsError};
use self::link::{Ask, Link, Turn};
use self::listing::pages;
pub use self::settings::Settings;
use self::zone::Known;
use crate::objects::Cause;

/// The permission to look at zones, as the dashboard calls it.
pub const ZONE_READ: &str = "Zone read";
/// The permission to list records.
pub const DNS_READ: &str = "DNS read";
/// The permission to change records, which includes listing them.
pub const DNS_EDIT: &str = "DNS edit";

/// How often it is decided again because the zone is not as it was seen, the pauses between growing to some seconds.
const ROUNDS: u32 = 7;
/// How often names are looked at before it is believed that they are not as expected.
const LOOKS: u32 = 3;
/// After so many listings that were right, the next is believed.
const TRUSTED: u32 = 4;
/// How old what we know may be when it says that something is in the way.
const RECENT: Duration = Duration::from_secs(1);
/// How long a refusal to list is an answer for all.
const REFUSED: Duration = Duration::from_secs(30);

/// One zone, as the holder of one token. Shared by all resources of a run.
pub struct Dns {
    link: Link,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    zone: Option<Zone>,
    known: Known,
    refused: Option<(Instant, DnsCause)>,
    /// How often a listing was doubted and turned out to be right.
    confirmed: u32,
}

/// A zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Its identifier.
    pub id: String,
    /// Its name, in lower case.
    pub name: String,
}

impl Dns {
    /// The zone that the block names. Connects to nothing.
    pub fn of(block: &homelab_schema::Attr<homelab_schema::provider::Dns>) -> Result<Self, Cause> {
        Settings::of(block).map(Self::new)
    }

    /// The zone of those settings. Connects to nothing.
    pub fn new(settings: Settings) -> Self {
        Self { link: Link::new(settings), state: Mutex::default() }
    }

    /// The zone as it was configured, for messages.
    pub fn place(&self) -> String {
        let settings = &self.link.settings;
        let zone = settings.zone.as_deref().or(settings.zone_id.as_deref()).unwrap_or("?");
        format!("zone {zone} at {}", settings.base_url)
    }

    /// The records of every kind at these names (full, in lower case), but for the name servers of the zone itself. All
    /// callers share one listing of the zone.
    pub async fn records(&self, names: &BTreeSet<String>, going: &CancellationToken) -> Result<Vec<Found>, DnsError> {
        let failed = |cause| DnsError::new(format!("list the records of {}", self.place()), cause);
        let mut state = self.state(going).await.map_err(failed)?;
        self.listed(&mut state, going).await.map_err(failed)?;
        Ok(state.known.at(names))
    }

    /// The same, where `is_expected` says what should be there. What is not so is looked at again before it is believed, since
    /// a listing may lag behind a write of an earlier run; but where the listing was right several times, it is believed.
    pub async fn records_expecting(
        &self,
        names: &BTreeSet<String>,
        going: &CancellationToken,
        is_expected: impl Fn(&[Found]) -> bool + Send,
    ) -> Result<Vec<Found>, DnsError> {
        let failed = |cause| DnsError::new(format!("list the records of {}", self.place()), cause);
        let mut state = self.state(going).await.map_err(failed)?;
        let zone = self.listed(&mut state, going).await.map_err(failed)?;
        let first = state.known.at(names);
        let mut found = first.clone();
        let mut round = 0;
        while !is_expected(&found) && round < LOOKS && state.confirmed < TRUSTED {
            if round > 0 {
                let turn = self.link.turn(going).await.map_err(failed)?;
                turn.sleep(self.link.settings.pause * 2_u32.pow(round)).await.map_err(failed)?;
            }
            round += 1;
            self.look(&mut state, &zone, names, going).await.map_err(failed)?;
            found = state.known.at(names);
        }
        if round > 0 {
            state.confirmed = if found == first { state.confirmed + 1 } else { 0 };
        }
        Ok(found)
    }

    /// Makes the zone as `decide` wants it, which gets the records at `names` and answers what is to be done there, or what
    /// is in the way. It is called again where the zone turns out to be another one, so it must not change anything.
    ///
    /// Written records carry `comment`. The answer is what was done in the end, perhaps nothing; `Err` in it is what
    /// `decide` answered, and then nothing was written. After an error, some of it may be done.
    pub async fn converge<C>(
        &self,
        names: &BTreeSet<String>,
        comment: &str,
        going: &CancellationToken,
        decide: impl Fn(&[Found]) -> Result<Changes, C> + Send,
    ) -> Result<Result<Changes, C>, DnsError>
    where
        C: Send,
    {
        let list: Vec<&str> = names.iter().map(String::as_str).collect();
        let failed =
            |cause| DnsError::new(format!("write the records of {} in {}", list.join(", "), self.place()), cause);
        let mut state = self.state(going).await.map_err(failed)?;
        let zone = self.listed(&mut state, going).await.map_err(failed)?;
        let mut round = 0;
        let mut done = Changes::default();
        loop {
            let changes = match decide(&state.known.at(names)) {
                Ok(changes) => changes,
                Err(_) if !state.known.is_newer_than(names, RECENT, Instant::now()) => {
                    self.look(&mut state, &zone, names, going).await.map_err(failed)?;
                    continue;
                }
                Err(in_the_way) => return Ok(Err(in_the_way)),
            };
            let Some(step) = steps(&changes).into_iter().next() else { return Ok(Ok(done)) };
            if let Some(name) = step.posts.iter().map(|record| &record.name).find(|name| !is_in_zone(name, &zone.name))
            {
                // The API would make it below the zone, under a name that nobody asked for.
                return Err(failed(DnsCause::OutsideZone { name: name.clone(), zone: zone.name.clone() }));
            }
            match self.write(&mut state, &zone, &step, comment, going).await {
                Ok(()) => {
                    done.deletes.extend(step.deletes);
                    done.patches.extend(step.patches);
                    done.posts.extend(step.posts);
                }
                Err(cause) if (cause.is_stale() || cause.is_uncertain()) && round < ROUNDS => {
                    tracing::debug!(%cause, round, "the zone is looked at again");
                    if round > 0 {
                        let turn = self.link.turn(going).await.map_err(failed)?;
                        turn.sleep(self.link.settings.pause * 2_u32.pow(round)).await.map_err(failed)?;
                    }
                    round += 1;
                    if matches!(cause, DnsCause::Gone { .. }) {
                        let deleted = step.deletes.iter().map(|gone| gone.id.as_str());
                        state.known.doubt(deleted.chain(step.patches.iter().map(|(id, _)| id.as_str())));
                    }
                    self.look(&mut state, &zone, names, going).await.map_err(failed)?;
                }
                Err(cause) => return Err(failed(cause)),
            }
        }
    }

    /// Whether nothing is in the way at these names: what `decide` says of the records there. An answer that something is in
    /// the way is looked at again where it is not from this moment.
    pub async fn check<C>(
        &self,
        names: &BTreeSet<String>,
        going: &CancellationToken,
        decide: impl Fn(&[Found]) -> Result<(), C> + Send,
    ) -> Result<Result<(), C>, DnsError>
    where
        C: Send,
    {
        let failed = |cause| DnsError::new(format!("list the records of {}", self.place()), cause);
        let mut state = self.state(going).await.map_err(failed)?;
        let zone = self.listed(&mut state, going).await.map_err(failed)?;
        if decide(&state.known.at(names)).is_ok() {
            return Ok(Ok(()));
        }
        if !state.known.is_newer_than(names, RECENT, Instant::now()) {
            self.look(&mut state, &zone, names, going).await.map_err(failed)?;
        }
        Ok(decide(&state.known.at(names)))
    }

    /// What the API says of the token. A token that belongs to an account and not to a person is refused here all the same.
    pub async fn token(&self, going: &CancellationToken) -> Result<Token, DnsError> {
        let failed = |cause| DnsError::new(format!("verify the API token at {}", self.link.settings.base_url), cause);
        let mut turn = self.link.turn(going).await.map_err(failed)?;
        let frame = turn.ask(&get("/user/tokens/verify", ZONE_READ)).await.map_err(failed)?;
        frame.result.ok_or_else(|| failed(no_result()))
    }

    /// The zone itself; looked up where the configuration has only its name or only its identifier.
    pub async fn zone(&self, going: &CancellationToken) -> Result<Zone, DnsError> {
        let failed = |cause| DnsError::new(format!("find {}", self.place()), cause);
        let mut state = self.state(going).await.map_err(failed)?;
        let mut turn = self.link.turn(going).await.map_err(failed)?;
        self.find(&mut state, &mut turn).await.map_err(failed)
    }

    /// Whether the token may change records. The API has no question for that, so it is sent a record without a name, which
    /// nobody can make, and asked why not.
    pub async fn may_edit(&self, going: &CancellationToken) -> Result<bool, DnsError> {
        let failed = |cause| DnsError::new(format!("ask what is allowed in {}", self.place()), cause);
        let zone = self.zone(going).await?;
        let (path, nothing) = (format!("/zones/{}/dns_records", zone.id), json!({}));
        let ask = Ask { method: Method::POST, path: &path, body: Some(&nothing), permission: DNS_EDIT };
        let mut turn = self.link.turn(going).await.map_err(failed)?;
        match turn.ask::<IgnoredAny>(&ask).await {
            Ok(_) | Err(DnsCause::Invalid { .. } | DnsCause::Full { .. } | DnsCause::Exists { .. }) => Ok(true),
            Err(DnsCause::Forbidden { .. }) => Ok(false),
            Err(cause) => Err(failed(cause)),
        }
    }

    async fn state<'a>(&'a self, going: &CancellationToken) -> Result<tokio::sync::MutexGuard<'a, State>, DnsCause> {
        tokio::select! {
            biased;
            () = going.cancelled() => Err(Cause::Cancelled.into()),
            state = self.state.lock() => Ok(state),
        }
    }

    /// Lists the zone where that was not done yet.
    async fn listed(&self, state: &mut State, going: &CancellationToken) -> Result<Zone, DnsCause> {
        if let Some((at, cause)) = &state.refused
            && at.elapsed() < REFUSED
        {
            return Err(cause.clone());
        }
        let listed = self.list_anew(state, going).await;
        // Two hundred resources would ask two hundred times for the same refusal.
        state.refused = match &listed {
            Err(DnsCause::Link(Cause::Cancelled)) | Ok(_) => None,
            Err(cause) => Some((Instant::now(), cause.clone())),
        };
        listed
    }

    async fn list_anew(&self, state: &mut State, going: &CancellationToken) -> Result<Zone, DnsCause> {
        let mut turn = self.link.turn(going).await?;
        let zone = self.find(state, &mut turn).await?;
        let began = Instant::now();
        if state.known.needs_listing(began) {
            let mut records = pages(&mut turn, &zone, "").await?;
            if !records.is_whole {
                // Somebody wrote while it was listed page by page. Once more is enough: what is then still wrong, the
                // API will say.
                records = pages(&mut turn, &zone, "").await?;
            }
            state.known.list(records.found, began);
        }
        Ok(zone)
    }

    /// Looks at these names by themselves.
    async fn look(
        &self,
        state: &mut State,
        zone: &Zone,
        names: &BTreeSet<String>,
        going: &CancellationToken,
    ) -> Result<(), DnsCause> {
        let mut turn = self.link.turn(going).await?;
        for name in names {
            let began = Instant::now();
            let only = format!("&name.exact={}", crate::kube::segment(name));
            let records = pages(&mut turn, zone, &only).await?;
            state.known.look(name, records.found, began);
        }
        Ok(())
    }

    async fn find(&self, state: &mut State, turn: &mut Turn<'_>) -> Result<Zone, DnsCause> {
        if let Some(zone) = &state.zone {
            return Ok(zone.clone());
        }
        let settings = &self.link.settings;
        let zone = match (&settings.zone, &settings.zone_id) {
            (Some(name), Some(id)) => Zone { id: id.clone(), name: name.clone() },
            (Some(name), None) => {
                let path = format!("/zones?name={}&page=1&per_page=5", crate::kube::segment(name));
                let zones = turn.ask::<Vec<ApiZone>>(&get(&path, ZONE_READ)).await?.result.unwrap_or_default();
                let found = zones.into_iter().find(|zone| zone.name.eq_ignore_ascii_case(name));
                let found = found.ok_or_else(|| DnsCause::NoZone { zone: name.clone() })?;
                Zone { id: found.id, name: name.clone() }
            }
            (None, id) => {
                let id = id.as_deref().unwrap_or_default();
                let found = turn.ask::<ApiZone>(&get(&format!("/zones/{id}"), ZONE_READ)).await;
                let found = found.map_err(|cause| match cause {
                    DnsCause::NoZone { .. } => DnsCause::NoZone { zone: id.to_owned() },
                    other => other,
                })?;
                let name = found.result.ok_or_else(no_result)?.name.to_ascii_lowercase();
                Zone { id: id.to_owned(), name }
            }
        };
        state.zone = Some(zone.clone());
        Ok(zone)
    }

    async fn write(
        &self,
        state: &mut State,
        zone: &Zone,
        changes: &Changes,
        comment: &str,
        going: &CancellationToken,
    ) -> Result<(), DnsCause> {
        let body = batch(changes, comment);
        let path = format!("/zones/{}/dns_records/batch", zone.id);
        let ask = Ask { method: Method::POST, path: &path, body: Some(&body), permission: DNS_EDIT };
        let mut turn = self.link.turn(going).await?;
        let done = turn.ask::<Batch>(&ask).await?.result.ok_or_else(no_result)?;
        let now = Instant::now();
        for gone in &changes.deletes {
            state.known.wrote(&gone.id, None, now);
        }
        for record in [done.patches, done.posts].into_iter().flatten().flatten() {
            let id = record.id.clone();
            state.known.wrote(&id, Some(record.into()), now);
        }
        Ok(())
    }
}

impl std::fmt::Debug for Dns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dns").field("place", &self.place()).finish_non_exhaustive()
    }
}

fn get<'a>(path: &'a str, permission: &'static str) -> Ask<'a> {
    Ask { method: Method::GET, path, body: None, permission }
}

fn no_result() -> DnsCause {
    DnsCause::Server { status: 200, words: "the answer has no result".to_owned() }
}
