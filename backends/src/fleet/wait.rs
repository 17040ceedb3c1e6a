//! Waiting until the operator has fetched, and asking it to fetch now.
//!
//! The operator fetches when an annotation changes. So it is asked with one that means nothing else, written as a field
//! manager of its own: whoever declares the object never sees it as a change of theirs. Where somebody else has written the
//! usual one (by hand, with kubectl), another name does as well, and nobody is overruled.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::StreamExt as _;
use homelab_core::fleet::declared::{Declared, Refresh};
use homelab_core::fleet::evidence::Place;
use homelab_core::secret::ready::{self, Failures, Readiness, SecretSeen, Written};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use crate::kube::{Kube, segment};
use crate::objects::{ANNOTATION_PREFIX, Cause, FieldsRequest, ObjectError, Objects as _, Scope, kinds};

/// The annotation that people use for this.
const USUAL: &str = "force-sync";
/// Who writes it.
const MANAGER: &str = "homelab-force-sync";
/// Objects that are looked at at the same time.
const AT_A_TIME: usize = 8;
/// Between two looks, at first and at last.
const POLL: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(2));
/// How much later than the status the operator's own words may come: they are in an Event, which goes a way of its own.
const WORDS: Duration = Duration::from_secs(2);

/// How an ExternalSecret stands when the waiting is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The operator has fetched it for its present declaration, and the Secret has every key.
    Synced,
    /// It never will: it fetches once, and has.
    Frozen(String),
    /// It has tried and failed, in its own words.
    Failed(String),
    /// The time is over, and it has neither succeeded nor failed.
    Late(String),
    /// There is no such ExternalSecret.
    Absent,
    /// It could not be looked at.
    Unseen(String),
}

/// What is waited for.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Its namespace and name.
    pub place: Place,
    written: Written,
    /// What the operator had fetched before it was asked: a status that still says so is an old one.
    before: Option<String>,
}

impl Waiting {
    /// For an ExternalSecret as it is declared now.
    pub fn for_present(place: Place) -> Self {
        Self { place, written: Written::default(), before: None }
    }
}

/// Every ExternalSecret, or those of these namespaces.
pub async fn everything(cluster: &Kube, namespaces: &[String]) -> Result<Vec<Place>, ObjectError> {
    let mut places = Vec::new();
    let mut take = |live: crate::objects::Live| places.push(Declared::new(&live.object).place());
    if namespaces.is_empty() {
        cluster.each(kinds::EXTERNAL_SECRET, Scope::All, &mut take).await?;
    }
    for namespace in namespaces {
        cluster.each(kinds::EXTERNAL_SECRET, Scope::Namespace(namespace), &mut take).await?;
    }
    places.sort();
    places.dedup();
    Ok(places)
}

/// Asks the operator to fetch now. Answers what to wait for, or how it stands where there is nothing to wait for.
pub async fn ask_for_refresh(cluster: &Kube, place: &Place) -> Result<Waiting, Standing> {
    let unseen = |error: ObjectError| Standing::Unseen(format!("failed to {error}"));
    let id = kinds::EXTERNAL_SECRET.object(&place.0, &place.1);
    let Some(live) = cluster.get(&id).await.map_err(unseen)? else { return Err(Standing::Absent) };
    let synced = live.object["status"]["syncedResourceVersion"].as_str().map(str::to_owned);
    if synced.is_some() && Declared::new(&live.object).refresh() == Refresh::Once {
        let why = "It is fetched once, by its own declaration: the operator does not fetch it again, whoever asks.";
        return Err(Standing::Frozen(why.to_owned()));
    }
    let events = events(cluster, place).await;
    let written = annotate(cluster, place).await.map_err(unseen)?.ok_or(Standing::Absent)?;
    let failures = Failures::of(&events, live.uid().unwrap_or_default());
    Ok(Waiting {
        place: place.clone(),
        written: Written {
            generation: written.generation().unwrap_or_default(),
            resource_version: written.resource_version().and_then(|version| version.parse().ok()),
            failures,
            was_failing: ready::trouble(&live.object, &[]).is_some(),
        },
        before: synced,
    })
}

async fn annotate(cluster: &Kube, place: &Place) -> Result<Option<crate::objects::Live>, ObjectError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis().to_string();
    let id = kinds::EXTERNAL_SECRET.object(&place.0, &place.1);
    let request = |name: &str| FieldsRequest {
        id: id.clone(),
        fields: json!({"metadata": {"annotations": {name: now}}}),
        manager: MANAGER.to_owned(),
    };
    match cluster.apply_fields(&request(USUAL), false).await {
        Err(ObjectError { cause: Cause::Conflict(_), .. }) => {
            cluster.apply_fields(&request(&format!("{ANNOTATION_PREFIX}/{USUAL}")), false).await
        }
        done => done,
    }
}

/// Waits until each is synced, or `timeout` is over. With `end_at_failure`, a failure ends it too: else the operator's next
/// try is waited for, since it goes on trying.
pub async fn wait(
    cluster: &Kube,
    what: Vec<Waiting>,
    timeout: Duration,
    end_at_failure: bool,
    done: &std::sync::atomic::AtomicUsize,
) -> BTreeMap<Place, Standing> {
    let end = Instant::now() + timeout;
    let one = |waiting: Waiting| async move {
        let standing = wait_for_one(cluster, &waiting, end, end_at_failure).await;
        done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        (waiting.place, standing)
    };
    futures::stream::iter(what).map(one).buffer_unordered(AT_A_TIME).collect().await
}

async fn wait_for_one(cluster: &Kube, waiting: &Waiting, end: Instant, end_at_failure: bool) -> Standing {
    let (mut pause, mut wordless_since) = (POLL.0, None);
    loop {
        let looked = look(cluster, waiting).await;
        let goes_on = match &looked {
            Ok(Looked { is_wordless: true, .. }) if end_at_failure => {
                wordless_since.get_or_insert_with(Instant::now).elapsed() < WORDS
            }
            Ok(Looked { standing: Standing::Late(_), .. }) => true,
            // It may be made in a moment, and the operator tries again.
            Ok(Looked { standing: Standing::Absent | Standing::Failed(_), .. }) => !end_at_failure,
            Ok(Looked { standing: Standing::Synced | Standing::Frozen(_) | Standing::Unseen(_), .. }) => false,
            // Who may not look now may not look later either; who does not answer may.
            Err(error) => {
                !matches!(error.cause, Cause::Forbidden { .. } | Cause::Unauthorized { .. } | Cause::NoSuchKind { .. })
            }
        };
        if !goes_on || Instant::now() >= end {
            return looked
                .map_or_else(|error| Standing::Unseen(format!("failed to {error}")), |looked| looked.standing);
        }
        sleep_until(end.min(Instant::now() + pause)).await;
        pause = (pause * 2).min(POLL.1);
    }
}

/// What one look found.
struct Looked {
    standing: Standing,
    /// It has failed, and there is no more than the status's general sentence about it.
    is_wordless: bool,
}

impl From<Standing> for Looked {
    fn from(standing: Standing) -> Self {
        Self { standing, is_wordless: false }
    }
}

async fn look(cluster: &Kube, waiting: &Waiting) -> Result<Looked, ObjectError> {
    let (namespace, name) = &waiting.place;
    // Before the Secret: the operator writes that first.
    let Some(live) = cluster.get(&kinds::EXTERNAL_SECRET.object(namespace, name)).await? else {
        return Ok(Standing::Absent.into());
    };
    let mut object = live.object;
    let declared = Declared::new(&object);
    let (target, keys) = (declared.target(), declared.keys());
    if waiting.before.is_some() && object["status"]["syncedResourceVersion"].as_str() == waiting.before.as_deref() {
        // What it had fetched before it was asked proves nothing.
        if let Some(status) = object["status"].as_object_mut() {
            status.remove("syncedResourceVersion");
        }
    }
    let secret = match target {
        Some(target) => match cluster.get(&kinds::SECRET.object(namespace, &target)).await {
            Ok(secret) => Some(secret),
            // Who may not read Secrets goes by the operator's word.
            Err(ObjectError { cause: Cause::Forbidden { .. }, .. }) => None,
            Err(error) => return Err(error),
        },
        None => Some(None),
    };
    let events = if ready::says_ready(&object) && waiting.before.is_none() {
        Vec::new()
    } else {
        events(cluster, &waiting.place).await
    };
    let seen = ready::Seen {
        external_secret: &object,
        secret: match &secret {
            None => SecretSeen::Unseen,
            Some(None) => SecretSeen::Absent,
            Some(Some(live)) => SecretSeen::There(&live.object),
        },
        events: &events,
        keys: &keys,
        written: &waiting.written,
    };
    Ok(match ready::judge(&seen) {
        Readiness::Synced => Standing::Synced.into(),
        Readiness::Frozen(words) => Standing::Frozen(words).into(),
        Readiness::Failed(failure) => {
            let words = failure.words().to_owned();
            let is_wordless = ready::trouble(&object, &[]).is_some_and(|general| general == words);
            Looked { standing: Standing::Failed(words), is_wordless }
        }
        Readiness::Pending(words) => Standing::Late(words).into(),
    })
}

/// Warnings about one ExternalSecret; none where they may not be read, since the status says the most important as well.
async fn events(cluster: &Kube, place: &Place) -> Vec<Value> {
    let about = format!("involvedObject.kind%3DExternalSecret%2CinvolvedObject.name%3D{}", segment(&place.1));
    let path = format!("/api/v1/namespaces/{}/events?fieldSelector={about}", segment(&place.0));
    cluster.list_path(&path).await.ok().flatten().unwrap_or_default()
}
