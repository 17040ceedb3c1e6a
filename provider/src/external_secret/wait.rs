//! Waiting until the operator has done what was declared, or says why it has not.

use std::time::{Duration, Instant};

use homelab_backends::objects::{Backend, Cause, FieldsRequest, Live, Mark, ObjectError, ObjectId, Objects, kinds};
use homelab_core::finding::{Finding, secret as codes};
use homelab_core::secret::checks::subject;
use homelab_core::secret::ready::{self, Failure, Failures, Readiness, SecretSeen, Seen, Written, sentence};
use homelab_core::secret::references;
use homelab_cty::Path;
use homelab_plugin::Diagnostics;
use homelab_schema::Attr;
use homelab_schema::duration::GoDuration;
use homelab_schema::external_secret::ExternalSecret as Declared;
use serde_json::json;

use super::ExternalSecret;
use super::preflight::id_of as store_id;
use crate::Report;
use crate::findings::{Findings, code_of};
use crate::report::coded;

/// Between two looks: at first, and at most.
const POLL: (Duration, Duration) = (Duration::from_millis(150), Duration::from_secs(1));
/// How long a failure stands before it is believed: the operator tries again at once, and what it lacked may have come in
/// that moment (a store of the same run).
const SETTLE: Duration = Duration::from_secs(3);
/// How old Events may be.
const FRESH: Duration = Duration::from_millis(700);
/// How long the operator gets to work off a change before its object is deleted.
const NOTICE: Duration = Duration::from_secs(10);
/// How long to wait where nothing is said.
const PATIENCE: Duration = Duration::from_mins(2);
/// Who asks the operator to try again, and with what.
const NUDGE: (&str, &str) = ("homelab-force-sync", "force-sync");

/// How long to wait by that attribute of `timeouts`.
pub(super) fn limit(
    model: &Declared,
    of: fn(&homelab_schema::external_secret::Timeouts) -> &Attr<String>,
) -> Option<Duration> {
    let text = of(model.timeouts.known()?).known()?;
    text.parse::<GoDuration>().ok().and_then(GoDuration::to_std)
}

/// What is waited for.
pub(super) struct Waiting<'a> {
    pub(super) objects: &'a dyn Objects,
    pub(super) id: &'a ObjectId,
    /// With its computed attributes.
    pub(super) model: &'a Declared,
    pub(super) written: Written,
    pub(super) limit: Option<Duration>,
}

impl ExternalSecret {
    /// What is known before our write, and whether the object is there.
    pub(super) async fn before(&self, objects: &dyn Objects, id: &ObjectId) -> Result<(Written, bool), ObjectError> {
        if objects.backend() == Backend::Folder {
            return Ok((Written::default(), true));
        }
        // By name: a list of a thousand for each of a thousand would be a million.
        let Some(live) = objects.get(id).await? else { return Ok((Written::default(), false)) };
        if ready::trouble(&live.object, &[]).is_none() {
            return Ok((Written::default(), true));
        }
        let namespace = id.namespace.as_deref().unwrap_or_default();
        let events = self.runtime.secrets().events(objects, namespace, Duration::ZERO).await?;
        let failures = Failures::of(&events, live.uid().unwrap_or_default());
        Ok((Written { failures, was_failing: true, ..Written::default() }, true))
    }

    /// Has the operator try again, where nothing of the declaration changes. That it may not be asked is no error: it tries
    /// by itself, later.
    pub(super) async fn nudge(&self, objects: &dyn Objects, id: &ObjectId) {
        let nonce = Mark::new(String::new()).creation;
        let fields = json!({"metadata": {"annotations": {NUDGE.1: nonce}}});
        let request = FieldsRequest { id: id.clone(), fields, manager: NUDGE.0.to_owned() };
        let _ = objects.apply_fields(&request, false).await;
    }

    /// Waits until the operator has worked off what was `written`, before the object is deleted. One that is still at it would
    /// take the Secret back for an owner that is gone, and then it is collected. That it does not get to it in time is no
    /// error: it is not working on it, then.
    pub(super) async fn until_noticed(&self, objects: &dyn Objects, id: &ObjectId, written: Live) {
        let began = Instant::now();
        let mut live = written;
        while ready::is_behind(&live.object) && began.elapsed() < NOTICE {
            tokio::time::sleep(POLL.0).await;
            match objects.get(id).await {
                Ok(Some(now)) => live = now,
                // What is wrong there, the delete meets too.
                Ok(None) | Err(_) => return,
            }
        }
    }

    /// Waits; whether the declaration was fetched. The first look is at what the write `answered`. `None` with an error.
    pub(super) async fn until_ready(
        &self,
        waiting: &Waiting<'_>,
        answered: Live,
        diagnostics: &mut Diagnostics,
    ) -> Option<bool> {
        let mut answered = Some(answered);
        let is_waited_for = waiting.model.wait.known() != Some(&false);
        let limit = waiting.limit.unwrap_or(PATIENCE);
        let (began, mut pause, mut failing_since) = (Instant::now(), POLL.0, None);
        loop {
            let found = match self.stands(waiting, answered.take()).await {
                Ok(found) => found,
                Err(error) if !is_waited_for => {
                    diagnostics.not_checked(Path::root(), "whether the operator is done", &error);
                    return Some(false);
                }
                // The operator works on while an API server is restarted, and its answer is there afterwards.
                Err(error) if error.may_pass() && began.elapsed() < limit => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 3 / 2).min(POLL.1);
                    continue;
                }
                Err(error) => {
                    let detail = format!("{}\n\n{} was written and stays.", error.detail(), waiting.id);
                    diagnostics.error(Path::root(), coded(code_of(&error.cause), error.summary()), detail);
                    return None;
                }
            };
            if !is_waited_for {
                return Some(found == Readiness::Synced);
            }
            let is_over = began.elapsed() >= limit;
            match found {
                Readiness::Synced => return Some(true),
                Readiness::Frozen(why) => {
                    diagnostics.finding(
                        &Finding::new(codes::FETCHED_ONCE, subject(waiting.model), why)
                            .at(Path::attr("refresh_interval")),
                    );
                    return Some(false);
                }
                Readiness::Failed(why) => {
                    let since = *failing_since.get_or_insert_with(Instant::now);
                    if is_over || since.elapsed() >= SETTLE {
                        self.say_failed(waiting, &why, diagnostics).await;
                        return None;
                    }
                }
                Readiness::Pending(why) if is_over => {
                    self.say_late(waiting, &why, limit, diagnostics).await;
                    return None;
                }
                Readiness::Pending(_) => failing_since = None,
            }
            tokio::time::sleep(pause.min(limit.saturating_sub(began.elapsed()).max(POLL.0))).await;
            pause = (pause * 3 / 2).min(POLL.1);
        }
    }

    /// How it stands now. Events and the Secret are read where they can tell something.
    async fn stands(&self, waiting: &Waiting<'_>, answered: Option<Live>) -> Result<Readiness, ObjectError> {
        let Waiting { objects, id, model, written, .. } = waiting;
        let live = match answered {
            Some(live) => Some(live),
            None => objects.get(id).await?,
        };
        let Some(live) = live else {
            let why = "The ExternalSecret is not there any more: somebody has deleted it.";
            return Ok(Readiness::Failed(Failure::found(why)));
        };
        let namespace = id.namespace.as_deref().unwrap_or_default();
        let name = model.secret_name.known().map(String::as_str).unwrap_or_default();
        let secret = if ready::says_ready(&live.object) {
            match objects.get(&kinds::SECRET.object(namespace, name)).await {
                Err(ObjectError { cause: Cause::Forbidden { .. }, .. }) => Err(()),
                other => Ok(other?),
            }
        } else {
            Ok(None)
        };
        let secret = match &secret {
            Err(()) => SecretSeen::Unseen,
            Ok(None) => SecretSeen::Absent,
            Ok(Some(secret)) => SecretSeen::There(&secret.object),
        };
        let keys = model.keys.known().map(Vec::as_slice).unwrap_or_default();
        let seen = Seen { external_secret: &live.object, secret, events: &[], keys, written };
        // The true words are in Events, and there are none before the status tells of a failure.
        if ready::trouble(&live.object, &[]).is_none() {
            return Ok(ready::judge(&seen));
        }
        let events = self.runtime.secrets().events(*objects, namespace, FRESH).await?;
        Ok(ready::judge(&Seen { events: &events, ..seen }))
    }

    async fn say_failed(&self, waiting: &Waiting<'_>, why: &Failure, diagnostics: &mut Diagnostics) {
        let finding = Finding::new(codes::SYNC_FAILED, subject(waiting.model), why.sentence());
        let expected = self.what_stays(waiting).await;
        diagnostics.finding(&finding.expected(expected).at(ready::blamed(why.words(), waiting.model)));
    }

    async fn say_late(&self, waiting: &Waiting<'_>, why: &str, limit: Duration, diagnostics: &mut Diagnostics) {
        let observed = format!("{} It was waited for {} s.", sentence(why), limit.as_secs());
        let finding = Finding::new(codes::SYNC_TIMEOUT, subject(waiting.model), observed);
        diagnostics.finding(&finding.expected(self.what_stays(waiting).await));
    }

    /// What the store has to do with it, and what there is now.
    async fn what_stays(&self, waiting: &Waiting<'_>) -> String {
        let namespace = waiting.id.namespace.as_deref().unwrap_or_default();
        let mut said = String::new();
        for (name, path) in references::stores(waiting.model) {
            if let Ok(Some(store)) = waiting.objects.get(&store_id(&name, namespace)).await {
                if let Some(finding) = references::store_not_valid(&name, namespace, &store.object, &path) {
                    said = format!("{said}{}: {} ", finding.summary, finding.observed);
                }
                if let Some(class) = store.object["spec"]["controller"].as_str().filter(|class| !class.is_empty()) {
                    said = format!("{said}{} {} is for the controller {class} alone. ", name.kind, name.name);
                }
            }
        }
        format!("{said}{} was written and stays; the next apply goes on from there.", waiting.id)
    }
}

/// What our write answered, beside what was known before it.
pub(super) fn after(before: Written, live: &Live) -> Written {
    Written {
        generation: live.generation().unwrap_or_default(),
        resource_version: live.resource_version().and_then(|version| version.parse().ok()),
        ..before
    }
}
