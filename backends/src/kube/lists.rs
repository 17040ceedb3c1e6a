//! Lists, and reads that share one.
//!
//! A refresh of 1000 objects is 1000 reads, of which Terraform keeps 10 waiting at a time. The first read of a kind and
//! namespace is a GET; as soon as a second one waits, the collection is listed in pages, and that answers every read
//! that follows.
//!
//! # What an answer promises
//!
//! - It is never from before our own last write in that kind and namespace: a write makes the list stale when it begins
//!   and again when it ends.
//! - It is never from before Configure: each configuration has its own client, and each client its own lists.
//! - It is at most [`MAX_AGE`] old, or younger than the question. A GET would be a little fresher; a plan of a thousand
//!   objects takes longer than that.
//! - "Not in the list" is confirmed by a GET: only that can say that an object is gone.
//!
//! None of this binds a guess ([`SharedReads::guess`]): it is for writes that the server refuses where it is wrong.
//!
//! Secrets never share: a LIST would fetch the values of secrets that nobody asked for. Where LIST is forbidden, or the
//! collection is much larger than what is asked of it, every read is a GET.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use http::Method;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::Mutex;

use super::api::{Api, settle};
use super::paths;
use super::status::refusal;
use super::transport::Call;
use crate::objects::{Cause, Kind, Live, ObjectId, Scope, kinds};

/// Oldest list that answers a read.
const MAX_AGE: Duration = Duration::from_secs(10);
/// Objects per page.
const PAGE: usize = 500;
/// Pages of a collection that is worth sharing.
const SHARED_PAGES: usize = 20;

type Key = (Kind, Option<String>);

/// The shared lists of one client, by kind and namespace.
#[derive(Default)]
pub(super) struct SharedReads {
    scopes: std::sync::Mutex<HashMap<Key, Arc<ScopeReads>>>,
}

#[derive(Default)]
struct ScopeReads {
    reading: AtomicUsize,
    writes: AtomicU64,
    unshareable: AtomicBool,
    last: Mutex<Option<Last>>,
}

/// The last LIST and how it ended.
enum Last {
    Snapshot { began: Instant, writes: u64, items: HashMap<String, Box<RawValue>> },
    Failed { at: Instant, cause: Cause },
}

/// Makes the list of a scope stale now and when it is dropped.
pub(super) struct Writing(Arc<ScopeReads>);

impl Drop for Writing {
    fn drop(&mut self) {
        self.0.writes.fetch_add(1, Ordering::SeqCst);
    }
}

/// Counts a read while it waits.
struct Reading<'a>(&'a AtomicUsize);

impl<'a> Reading<'a> {
    /// Whether others wait too.
    fn begin(count: &'a AtomicUsize) -> (Self, bool) {
        let others = count.fetch_add(1, Ordering::SeqCst) > 0;
        (Self(count), others)
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    metadata: PageMetadata,
    // Kept as text: parsed objects take several times the memory, and most are parsed once.
    items: Option<Vec<Box<RawValue>>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PageMetadata {
    r#continue: String,
    remaining_item_count: Option<usize>,
}

#[derive(Deserialize)]
struct Named {
    metadata: Name,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

/// What a list says about one object.
enum Said {
    /// The list is too old, or there is none.
    Nothing,
    /// It is not in the list.
    Absent,
    /// This, without `apiVersion` and `kind`.
    Object(Value),
}

impl SharedReads {
    /// To be held during a write to `id`.
    pub(super) fn writing(&self, id: &ObjectId) -> Writing {
        let scope = self.scope(id);
        scope.writes.fetch_add(1, Ordering::SeqCst);
        Writing(scope)
    }

    /// Reads one object, by a GET of its own or from a list. "Not in the list" is confirmed.
    pub(super) async fn read(&self, api: &Api, id: &ObjectId) -> Result<Option<Live>, Cause> {
        self.answer(api, id, true).await
    }

    /// What is probably there, for a write that is pinned to it: a list of any age is good enough, as the server itself
    /// says whether the answer still stands.
    pub(super) async fn guess(&self, api: &Api, id: &ObjectId) -> Result<Option<Live>, Cause> {
        if let Some(object) = self.scope(id).remembered(id).await? {
            return Ok(Some(Live { object: typed(object, id.kind, &api.version(id.kind).await?) }));
        }
        self.answer(api, id, false).await
    }

    async fn answer(&self, api: &Api, id: &ObjectId, confirm: bool) -> Result<Option<Live>, Cause> {
        if id.kind == kinds::SECRET {
            return api.get(id).await;
        }
        let scope = self.scope(id);
        let began = Instant::now();
        // Held until the answer is there: it is how the next read learns that it is not alone.
        let (_reading, others) = Reading::begin(&scope.reading);
        match scope.look(api, id, began, others).await? {
            Said::Object(object) => Ok(Some(Live { object: typed(object, id.kind, &api.version(id.kind).await?) })),
            Said::Absent if !confirm => Ok(None),
            Said::Absent | Said::Nothing => api.get(id).await,
        }
    }

    fn scope(&self, id: &ObjectId) -> Arc<ScopeReads> {
        let mut scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        scopes.entry((id.kind, id.namespace.clone())).or_default().clone()
    }
}

impl ScopeReads {
    /// What a list says about a read that began at `began`; makes one where `others` wait for the same.
    async fn look(&self, api: &Api, id: &ObjectId, began: Instant, others: bool) -> Result<Said, Cause> {
        let mut last = self.last.lock().await;
        let said = self.says(last.as_ref(), id, began)?;
        if !others || self.unshareable.load(Ordering::Relaxed) || !matches!(said, Said::Nothing) {
            return Ok(said);
        }
        let (listing, writes) = (Instant::now(), self.writes.load(Ordering::SeqCst));
        match shared_list(api, id).await {
            Ok(Some(items)) => *last = Some(Last::Snapshot { began: listing, writes, items }),
            Ok(None) => self.unshareable.store(true, Ordering::Relaxed),
            Err(cause) => {
                // The others that wait get the same answer instead of one timeout after the other.
                *last = Some(Last::Failed { at: Instant::now(), cause: cause.clone() });
                return Err(cause);
            }
        }
        self.says(last.as_ref(), id, began)
    }

    /// The object as the last list has it, however long ago that was.
    async fn remembered(&self, id: &ObjectId) -> Result<Option<Value>, Cause> {
        match self.last.lock().await.as_ref() {
            Some(Last::Snapshot { items, .. }) => items.get(&id.name).map(|text| parsed(text)).transpose(),
            _ => Ok(None),
        }
    }

    /// What the last LIST says about a read that began at `began`.
    fn says(&self, last: Option<&Last>, id: &ObjectId, began: Instant) -> Result<Said, Cause> {
        match last {
            // A list that took long is younger all the same than those who waited for it.
            Some(Last::Snapshot { began: listed, writes, items })
                if *writes == self.writes.load(Ordering::SeqCst)
                    && (listed.elapsed() < MAX_AGE || *listed >= began) =>
            {
                items.get(&id.name).map_or(Ok(Said::Absent), |text| parsed(text).map(Said::Object))
            }
            Some(Last::Failed { at, cause }) if *at >= began => Err(cause.clone()),
            _ => Ok(Said::Nothing),
        }
    }
}

/// Items of a list of built-in kinds leave out what they are.
fn typed(mut object: Value, kind: Kind, version: &str) -> Value {
    object["apiVersion"] = Value::String(kind.api_version(version));
    object["kind"] = Value::String(kind.kind.to_owned());
    object
}

fn parsed<'a, T: Deserialize<'a>>(text: &'a RawValue) -> Result<T, Cause> {
    serde_json::from_str(text.get()).map_err(|error| Cause::Server {
        status: 200,
        words: format!("the answer is not what the Kubernetes API answers ({error})"),
    })
}

/// All objects beside `id`, by name; `None` where the collection may not be listed or is too large to be worth it.
async fn shared_list(api: &Api, id: &ObjectId) -> Result<Option<HashMap<String, Box<RawValue>>>, Cause> {
    let scope = id.namespace.as_deref().map_or(Scope::All, Scope::Namespace);
    let items = match pages(api, id.kind, scope, Some(SHARED_PAGES)).await {
        Ok(Some(items)) => items,
        Ok(None) | Err(Cause::Forbidden { .. }) => return Ok(None),
        Err(cause) => return Err(cause),
    };
    let mut by_name = HashMap::with_capacity(items.len());
    for item in items {
        let named: Named = parsed(&item)?;
        by_name.insert(named.metadata.name, item);
    }
    Ok(Some(by_name))
}

/// Hands over all objects of a kind in a scope, as they are now, once all of them have come.
pub(super) async fn each(
    api: &Api,
    kind: Kind,
    scope: Scope<'_>,
    take: &mut (dyn FnMut(Live) + Send),
) -> Result<(), Cause> {
    let items = pages(api, kind, scope, None).await?.unwrap_or_default();
    let version = api.version(kind).await?;
    for item in items {
        take(Live { object: typed(parsed(&item)?, kind, &version) });
    }
    Ok(())
}

/// The items of all pages; `None` where there are more than `limit` pages.
async fn pages(
    api: &Api,
    kind: Kind,
    scope: Scope<'_>,
    limit: Option<usize>,
) -> Result<Option<Vec<Box<RawValue>>>, Cause> {
    let mut restarts = 0;
    'from_the_start: loop {
        let version = api.version(kind).await?;
        let base = paths::collection(kind, &version, scope);
        let mut items = Vec::new();
        let mut next = String::new();
        loop {
            let from = if next.is_empty() { String::new() } else { format!("&continue={}", paths::segment(&next)) };
            let path = format!("{base}?limit={PAGE}{from}");
            let answer = api.send(&Call { method: Method::GET, path: &path, body: None }).await?;
            if !answer.is_success() {
                // 410: the server has forgotten the state that the pages are of. Once is chance, twice is a busy server.
                let expired = answer.status == 410 && restarts < 2;
                let cause = settle(refusal(answer.status, &answer.body, kind, None));
                let moved = matches!(cause, Cause::NoSuchKind { .. }) && api.forget_version(kind).await;
                if (expired || moved) && restarts < 2 {
                    restarts += 1;
                    continue 'from_the_start;
                }
                return Err(cause);
            }
            let page: Page = answer.json()?;
            items.extend(page.items.unwrap_or_default());
            if limit.is_some_and(|limit| page.metadata.remaining_item_count.unwrap_or(0) > limit * PAGE) {
                return Ok(None);
            }
            if page.metadata.r#continue.is_empty() {
                return Ok(Some(items));
            }
            next = page.metadata.r#continue;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_answers_who_waited_for_it_however_long_it_took() {
        let (id, scope) = (kinds::EXTERNAL_SECRET.object("photos", "photos-db"), ScopeReads::default());
        let item = RawValue::from_string(r#"{"metadata": {"name": "photos-db"}}"#.to_owned()).expect("an item");
        let listed = Instant::now().checked_sub(MAX_AGE + Duration::from_secs(1)).expect("a machine that runs so long");
        let items = HashMap::from([("photos-db".to_owned(), item)]);
        let last = Last::Snapshot { began: listed, writes: 0, items };
        let is_answered = |began| !matches!(scope.says(Some(&last), &id, began).expect("an answer"), Said::Nothing);
        assert!(is_answered(listed), "it waited for that list");
        assert!(!is_answered(Instant::now()), "for who asks now it is too old");
        scope.writes.fetch_add(1, Ordering::SeqCst);
        assert!(!is_answered(listed), "it is from before our own write");
    }
}
