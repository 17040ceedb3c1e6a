//! What plans and applies of a thousand external secrets have seen, each asked once for all of them.
//!
//! Many secrets come out of few documents of the store, and live in few namespaces. What was seen is believed for a moment, as
//! [`crate::survey`] does; before anybody is refused for it, it is asked for again.

use std::collections::HashMap;
use std::convert::Infallible;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use homelab_backends::fleet::answer;
use homelab_backends::objects::{Cause, Kind, Live, ObjectError, ObjectId, Objects, Scope, kinds};
use homelab_backends::shared::Shared;
use homelab_backends::vault::Vault;
use homelab_core::fleet::readers::Reader;
use homelab_core::secret::preflight::{Answer, Document};
use homelab_core::secret::{ready, users};
use serde_json::Value;

/// How long it is believed while planning.
pub(super) const WHILE: Duration = Duration::from_secs(30);
/// How long a store that is not valid may take to become so before anybody is refused for it, and between two looks: the
/// operator looks at it again by itself, and what it lacked may have come a moment ago.
const SETTLE: (Duration, Duration) = (Duration::from_secs(4), Duration::from_millis(500));

/// Seen by one configuration. Cloning shares it.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Inner>);

#[derive(Default)]
struct Inner {
    answers: Keyed<(Document, bool), Answer, Infallible>,
    silence: Silence,
    doubts: Mutex<HashMap<ObjectId, Instant>>,
    stores: Keyed<ObjectId, Option<Value>, ObjectError>,
    pods: Keyed<String, Vec<Reader>, ObjectError>,
    workloads: Keyed<String, Vec<Reader>, ObjectError>,
    events: Keyed<String, Vec<Value>, ObjectError>,
}

/// One answer for each question.
struct Keyed<K, T, E>(Mutex<HashMap<K, Arc<Shared<T, E>>>>);

impl<K, T, E> Default for Keyed<K, T, E> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Hash + Eq, T, E> Keyed<K, T, E> {
    fn of(&self, key: K) -> Arc<Shared<T, E>> {
        lock(&self.0).entry(key).or_default().clone()
    }
}

impl Seen {
    /// What the store of secrets says about a document, or with `search` about what is below it.
    pub(super) async fn answer(
        &self,
        vault: &Vault,
        document: &Document,
        search: bool,
        max_age: Duration,
    ) -> Arc<Answer> {
        if let Some(answer) = self.0.silence.last() {
            return Arc::new(answer);
        }
        let shared = self.0.answers.of((document.clone(), search));
        let ask = || async {
            let found = answer(vault, document, search).await;
            self.0.silence.note(&found);
            Ok(found)
        };
        let Ok(answer) = shared.get(max_age, ask).await;
        answer
    }

    /// A store as it is; `None` where it is not there, which is asked again before it is said.
    pub(super) async fn store(&self, objects: &dyn Objects, id: &ObjectId) -> Result<Arc<Option<Value>>, ObjectError> {
        let shared = self.0.stores.of(id.clone());
        let read = || async { Ok(objects.get(id).await?.map(|live| live.object)) };
        let found = shared.get(WHILE, read).await?;
        if found.is_some() { Ok(found) } else { shared.get(Duration::ZERO, read).await }
    }

    /// The same before a write. One that is not valid gets a while to become so, once for all who name it.
    pub(super) async fn settled_store(
        &self,
        objects: &dyn Objects,
        id: &ObjectId,
    ) -> Result<Arc<Option<Value>>, ObjectError> {
        let is_usable =
            |found: &Option<Value>| found.as_ref().is_none_or(|store| ready::store_trouble(store).is_none());
        let shared = self.0.stores.of(id.clone());
        let read = || async { Ok(objects.get(id).await?.map(|live| live.object)) };
        let mut found = self.store(objects, id).await?;
        while !is_usable(&found) {
            let since = *lock(&self.0.doubts).entry(id.clone()).or_insert_with(Instant::now);
            let is_over = since.elapsed() >= SETTLE.0;
            found = shared.get(if is_over { Duration::ZERO } else { SETTLE.1 }, read).await?;
            if is_over || is_usable(&found) {
                break;
            }
            tokio::time::sleep(SETTLE.1).await;
        }
        Ok(found)
    }

    /// What the running pods of a namespace read.
    pub(super) async fn pods(
        &self,
        objects: &dyn Objects,
        namespace: &str,
        max_age: Duration,
    ) -> Result<Arc<Vec<Reader>>, ObjectError> {
        let list = || async {
            let mut readers = Vec::new();
            let take = &mut |mut live: Live| {
                if users::is_running(&live.object) {
                    // A list does not repeat the kind in each object.
                    live.object["kind"] = kinds::POD.kind.into();
                    readers.extend(Reader::of(&live.object));
                }
            };
            each(objects, kinds::POD, namespace, take).await?;
            Ok(readers)
        };
        self.0.pods.of(namespace.to_owned()).get(max_age, list).await
    }

    /// What the workloads of a namespace read, which run until somebody restarts them.
    pub(super) async fn workloads(
        &self,
        objects: &dyn Objects,
        namespace: &str,
    ) -> Result<Arc<Vec<Reader>>, ObjectError> {
        let list = || async {
            let mut readers = Vec::new();
            for kind in [kinds::DEPLOYMENT, kinds::STATEFUL_SET, kinds::DAEMON_SET] {
                let take = &mut |mut live: Live| {
                    live.object["kind"] = kind.kind.into();
                    readers.extend(Reader::of(&live.object));
                };
                each(objects, kind, namespace, take).await?;
            }
            Ok(readers)
        };
        self.0.workloads.of(namespace.to_owned()).get(WHILE, list).await
    }

    /// The Events about ExternalSecrets of a namespace; none where they may not be read.
    pub(super) async fn events(
        &self,
        objects: &dyn Objects,
        namespace: &str,
        max_age: Duration,
    ) -> Result<Arc<Vec<Value>>, ObjectError> {
        let list = || async {
            let mut events = Vec::new();
            let take = &mut |live: Live| {
                if live.object["involvedObject"]["kind"] == kinds::EXTERNAL_SECRET.kind {
                    events.push(live.object);
                }
            };
            match each(objects, kinds::EVENT, namespace, take).await {
                Err(ObjectError { cause: Cause::Forbidden { .. }, .. }) | Ok(()) => Ok(events),
                Err(error) => Err(error),
            }
        };
        self.0.events.of(namespace.to_owned()).get(max_age, list).await
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Failures in a row. A store that does not answer makes everybody wait for its time limit: after a few, nobody asks it for a
/// while.
#[derive(Default)]
struct Silence(Mutex<(usize, Option<(Instant, Answer)>)>);

impl Silence {
    const ENOUGH: usize = 3;

    fn note(&self, answer: &Answer) {
        let mut state = lock(&self.0);
        match answer {
            Answer::NotAsked(why) if why.starts_with("failed to ") => {
                *state = (state.0 + 1, Some((Instant::now(), answer.clone())));
            }
            // What nobody should ask for says nothing about the store.
            Answer::NotAsked(_) => {}
            _ => *state = (0, None),
        }
    }

    /// The last failure, where there were enough of them a moment ago.
    fn last(&self) -> Option<Answer> {
        let state = lock(&self.0);
        let (since, answer) = state.1.as_ref().filter(|_| state.0 >= Self::ENOUGH)?;
        (since.elapsed() < WHILE).then(|| answer.clone())
    }
}

async fn each(
    objects: &dyn Objects,
    kind: Kind,
    namespace: &str,
    take: &mut (dyn FnMut(Live) + Send),
) -> Result<(), ObjectError> {
    objects.each(kind, Scope::Namespace(namespace), take).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_does_not_answer_is_left_alone_for_a_while() {
        let silence = Silence::default();
        let failed = Answer::NotAsked("failed to reach it".to_owned());
        for _ in 1..Silence::ENOUGH {
            silence.note(&failed);
            assert_eq!(silence.last(), None);
        }
        silence.note(&Answer::Absent);
        for _ in 1..Silence::ENOUGH {
            silence.note(&failed);
            assert_eq!(silence.last(), None, "an answer begins it anew");
        }
        silence.note(&failed);
        assert_eq!(silence.last(), Some(failed));
    }
}
