//! Waiting until the controller has accepted a store.
//!
//! A refusal is not believed at once: the controller tries again by itself within milliseconds at first, and what it met may
//! have been made in the same run. What it still says after [`SETTLE`] it will go on saying.

use std::time::{Duration, Instant};

use homelab_backends::objects::{Cause, Live, MANAGER, ObjectError, ObjectId, Objects, Scope, kinds};
use homelab_core::finding::{Finding, secret as codes};
use homelab_core::secret::ready::without_values;
use homelab_core::store::ready::{Baseline, Verdict};
use homelab_core::store::subject;
use homelab_cty::Path;
use homelab_plugin::Diagnostics;
use homelab_schema::duration::GoDuration;
use homelab_schema::secret_store::SecretStore as Declared;
use serde_json::Value;

use super::SecretStore;
use crate::Report;
use crate::findings::Findings;

/// Between two looks at a store.
const POLL: Duration = Duration::from_millis(500);
/// How long a refusal has to stand.
const SETTLE: Duration = Duration::from_secs(4);
/// How long news is waited for where a store was accepted before: the controller sees a change within a second, but it may not
/// write Events, or only few of them.
const CONFIRM: Duration = Duration::from_secs(20);
/// Where Events on objects without a namespace are.
const EVENTS_OF_THE_CLUSTER: &str = "default";

/// Which of the time limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    Create,
    Update,
    Delete,
}

/// How long is waited. What is no duration was refused before.
pub(super) fn limit(model: &Declared, which: Limit) -> Duration {
    let timeouts = model.timeouts.known();
    let (text, otherwise) = match which {
        Limit::Create => (timeouts.map(|timeouts| &timeouts.create), Duration::from_mins(2)),
        Limit::Update => (timeouts.map(|timeouts| &timeouts.update), Duration::from_mins(2)),
        Limit::Delete => (timeouts.map(|timeouts| &timeouts.delete), Duration::from_mins(1)),
    };
    let text = text.and_then(|text| text.known());
    text.and_then(|text| text.parse::<GoDuration>().ok()).and_then(GoDuration::to_std).unwrap_or(otherwise)
}

impl SecretStore {
    /// The Events where those on the store are; none where they may not be read. One that is missed before a write would be
    /// news after it, so whatever else goes wrong is an error.
    pub(super) async fn events(&self, objects: &dyn Objects, id: &ObjectId) -> Result<Vec<Value>, ObjectError> {
        let namespace = id.namespace.as_deref().unwrap_or(EVENTS_OF_THE_CLUSTER);
        match objects.list(kinds::EVENT, Scope::Namespace(namespace)).await {
            Ok(events) => Ok(events.into_iter().map(|event| event.object).collect()),
            Err(ObjectError { cause: Cause::Forbidden { .. }, .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Waits until the controller has said whether it accepts the store as `written`; whether it does. What else it says
    /// becomes diagnostics.
    #[expect(clippy::too_many_arguments, reason = "each is a fact of the write")]
    pub(super) async fn accepted(
        &self,
        objects: &dyn Objects,
        model: &Declared,
        written: &Live,
        changed: bool,
        events_before: &[Value],
        limit: Duration,
        diagnostics: &mut Diagnostics,
    ) -> bool {
        let Some(id) = super::id_of(model) else { return false };
        let baseline = Baseline::of(&written.object, MANAGER, changed, events_before);
        let began = Instant::now();
        let mut refused_since: Option<Instant> = None;
        loop {
            let verdict = match self.look_once(objects, &id, written, &baseline).await {
                Ok(Some(verdict)) => verdict,
                Ok(None) => {
                    let detail = format!("{id} was written, and somebody has deleted it since. Apply again.");
                    diagnostics.error(Path::attr("name"), "The store is gone", detail);
                    return false;
                }
                Err(error) if error.may_pass() && began.elapsed() < limit => {
                    tokio::time::sleep(POLL).await;
                    continue;
                }
                Err(error) => {
                    diagnostics.object_error(Path::root(), &error);
                    return false;
                }
            };
            let is_over = began.elapsed() >= limit;
            match &verdict {
                Verdict::Accepted => return true,
                Verdict::Refused(words) => {
                    let since = *refused_since.get_or_insert_with(Instant::now);
                    if is_over || since.elapsed() >= SETTLE {
                        diagnostics.finding(&refused(model, words));
                        return false;
                    }
                }
                Verdict::Silent { before: Some(Ok(())) } if is_over || began.elapsed() >= CONFIRM => {
                    let observed = format!(
                        "It accepted {} as it was before this change, and has said nothing since, in {} s.",
                        subject(model),
                        began.elapsed().as_secs()
                    );
                    diagnostics.finding(&Finding::new(codes::STORE_UNCONFIRMED, id.to_string(), observed));
                    return true;
                }
                Verdict::Silent { before } if is_over => {
                    diagnostics.finding(&silent(model, before.as_ref(), limit));
                    return false;
                }
                Verdict::Silent { .. } => refused_since = None,
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// One look at the store and at what is said of it; `None` where it is gone.
    async fn look_once(
        &self,
        objects: &dyn Objects,
        id: &ObjectId,
        written: &Live,
        baseline: &Baseline,
    ) -> Result<Option<Verdict>, ObjectError> {
        let Some(live) = objects.get(id).await?.filter(|live| live.uid() == written.uid()) else { return Ok(None) };
        // Most of the time the object says all, and a namespace may have many Events.
        match baseline.judge(&live.object, &[]) {
            Verdict::Accepted => Ok(Some(Verdict::Accepted)),
            _ => Ok(Some(baseline.judge(&live.object, &self.events(objects, id).await?))),
        }
    }
}

fn refused(model: &Declared, words: &str) -> Finding {
    let store = subject(model);
    Finding::new(codes::STORE_REFUSED, &store, format!("It says: {}", without_values(words)))
        .summary(format!("the controller does not accept {store}"))
        .expected("The store was written as declared, and nothing can be fetched from it.")
        .at(Path::attr("vault"))
}

fn silent(model: &Declared, before: Option<&Result<(), String>>, limit: Duration) -> Finding {
    let store = subject(model);
    let seconds = limit.as_secs();
    let observed = match before {
        Some(Err(words)) => {
            format!(
                "It did not accept {store} before this change ({words}), and has said nothing since, in {seconds} s."
            )
        }
        _ => format!("No controller has looked at {store} in {seconds} s."),
    };
    let code = if before.is_some() { codes::STORE_REFUSED } else { codes::STORE_TIMEOUT };
    let finding = Finding::new(code, &store, observed).expected("The store was written as declared.");
    finding.clears(codes::STORE_TIMEOUT.clears).at(Path::root())
}
