//! What a look at a Secret finds, and how long it is looked for, on objects that a test writes down.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use homelab_backends::objects::{
    Applied, ApplyRequest, Backend, Cause, Checked, DeleteRequest, Deletion, FieldsRequest, Kind, Live, ObjectError,
    ObjectId, Objects, Scope, kinds,
};
use homelab_core::secret::handle::Handle;
use serde_json::{Value, json};

use super::look::{Found, at_both, at_secret};
use super::{Pace, Wanted};

/// Objects as they are at one look after the other; the last ones stay.
struct Scene {
    looks: Mutex<VecDeque<Look>>,
}

#[derive(Clone, Default)]
struct Look {
    external_secret: Option<Value>,
    is_forbidden: bool,
    /// What the API server answers instead.
    status: Option<u16>,
    secret: Option<Value>,
    events: Vec<Value>,
}

impl Scene {
    fn of(looks: impl IntoIterator<Item = Look>) -> Self {
        Self { looks: Mutex::new(looks.into_iter().collect()) }
    }

    fn now(&self) -> Look {
        self.looks.lock().expect("no test has failed here").front().cloned().expect("a look")
    }

    /// The Secret is what each look ends with.
    fn next(&self) -> Look {
        let mut looks = self.looks.lock().expect("no test has failed here");
        if looks.len() > 1 { looks.pop_front().expect("a look") } else { looks.front().cloned().expect("a look") }
    }
}

fn nothing_is_written<T>() -> Result<T, ObjectError> {
    Err(ObjectError::new("write in a test that only reads", Cause::Cancelled))
}

#[async_trait]
impl Objects for Scene {
    fn backend(&self) -> Backend {
        Backend::Cluster
    }

    fn place(&self) -> String {
        "a scene".to_owned()
    }

    async fn get(&self, id: &ObjectId) -> Result<Option<Live>, ObjectError> {
        let object = if id.kind == kinds::SECRET {
            assert_eq!(id.name, "env");
            let look = self.next();
            if let Some(status) = look.status {
                return Err(ObjectError::new("read", Cause::Server { status, words: "not now".to_owned() }));
            }
            look.secret
        } else {
            assert_eq!((id.kind, id.name.as_str()), (kinds::EXTERNAL_SECRET, "photos-db"));
            let now = self.now();
            if now.is_forbidden {
                return Err(ObjectError::new("read", Cause::Forbidden { words: "no".to_owned() }));
            }
            now.external_secret
        };
        Ok(object.map(|object| Live { object }))
    }

    async fn read(&self, id: &ObjectId) -> Result<Option<Live>, ObjectError> {
        self.get(id).await
    }

    async fn list(&self, kind: Kind, _scope: Scope<'_>) -> Result<Vec<Live>, ObjectError> {
        assert_eq!(kind, kinds::EVENT);
        Ok(self.now().events.into_iter().map(|object| Live { object }).collect())
    }

    async fn apply(&self, _request: &ApplyRequest) -> Result<Applied, ObjectError> {
        nothing_is_written()
    }

    async fn check(&self, _request: &ApplyRequest) -> Result<Checked, ObjectError> {
        nothing_is_written()
    }

    async fn apply_fields(&self, _request: &FieldsRequest, _dry_run: bool) -> Result<Option<Live>, ObjectError> {
        nothing_is_written()
    }

    async fn delete(&self, _request: &DeleteRequest) -> Result<Deletion, ObjectError> {
        nothing_is_written()
    }

    async fn served_version(&self, kind: Kind) -> Result<String, ObjectError> {
        Ok(kind.preferred_version().to_owned())
    }
}

fn handle() -> Handle {
    "photos/env@photos-db#PASSWORD".parse().expect("a handle")
}

fn secret(owner: &str) -> Value {
    json!({
        "metadata": {"name": "env", "ownerReferences": [{"kind": "ExternalSecret", "name": "photos-db", "uid": owner}]},
        "data": {"PASSWORD": "aHVudGVyMg=="},
    })
}

/// The ExternalSecret in its second generation, of which `synced` was fetched last.
fn external_secret(synced: Option<&str>, ready: &str) -> Value {
    json!({
        "metadata": {"name": "photos-db", "uid": "now", "generation": 2},
        "spec": {"refreshInterval": "15m0s"},
        "status": {
            "syncedResourceVersion": synced,
            "conditions": [{"type": "Ready", "status": ready, "message": "could not get secret data from provider"}],
        },
    })
}

fn event(words: &str) -> Value {
    json!({
        "metadata": {"name": "e", "resourceVersion": "9"}, "type": "Warning", "reason": "UpdateFailed",
        "involvedObject": {"kind": "ExternalSecret", "uid": "now"}, "message": words, "lastTimestamp": "2026-11-21T08:00:00Z",
    })
}

/// What was found, in words and without the values.
fn told(found: &Found) -> String {
    match found {
        Found::Complete(_, None) => "complete".to_owned(),
        Found::Complete(_, Some(words)) => format!("complete, but {words}"),
        Found::Absent => "absent".to_owned(),
        Found::Lacks(keys) => format!("lacks {}", keys.join(",")),
        Found::Behind(_, why) => format!("behind: {why}"),
        Found::Failed(words) => format!("failed: {words}"),
    }
}

async fn seen(look: Look) -> String {
    told(&at_both(&Scene::of([look]), &handle()).await.expect("an answer"))
}

#[tokio::test]
async fn a_secret_counts_once_its_declaration_was_fetched() {
    let fetched = Some(external_secret(Some("2-ab"), "True"));
    let of_now = Look { external_secret: fetched.clone(), secret: Some(secret("now")), ..Look::default() };
    assert_eq!(seen(of_now.clone()).await, "complete");

    let older = Look { external_secret: Some(external_secret(Some("1-ab"), "True")), ..of_now.clone() };
    assert!(seen(older).await.starts_with("behind: "), "of an older generation");
    let never = Look { external_secret: Some(external_secret(None, "True")), ..of_now.clone() };
    assert!(seen(never).await.starts_with("behind: "));

    let of_a_former = Look { secret: Some(secret("gone")), ..of_now.clone() };
    assert_eq!(seen(of_a_former).await, "absent", "it goes with the one that made it");
    let mut going = secret("now");
    going["metadata"]["deletionTimestamp"] = json!("2026-11-21T08:00:00Z");
    assert_eq!(seen(Look { secret: Some(going), ..of_now.clone() }).await, "absent");

    let mut without = secret("now");
    without["data"] = json!({"OTHER": ""});
    let lacks = Look { secret: Some(without), ..of_now };
    assert!(seen(lacks).await.contains("PASSWORD"), "and no value is said");
}

#[tokio::test]
async fn the_operators_own_words_are_passed_on() {
    let failing = external_secret(None, "False");
    let look = Look { external_secret: Some(failing), events: vec![event("no such role")], ..Look::default() };
    assert_eq!(seen(look.clone()).await, "failed: The operator says: no such role.");
    assert_eq!(
        seen(Look { events: Vec::new(), ..look.clone() }).await,
        "failed: The operator says: could not get secret data from provider."
    );

    // It was fetched, and the store is away now: what there is is of this declaration.
    let since = Look {
        external_secret: Some(external_secret(Some("2-ab"), "False")),
        secret: Some(secret("now")),
        events: vec![event("Vault is sealed")],
        ..look
    };
    assert_eq!(seen(since.clone()).await, "complete, but The operator says: Vault is sealed.");
    let before = Look { external_secret: Some(external_secret(Some("1-ab"), "False")), ..since };
    assert_eq!(seen(before).await, "failed: The operator says: Vault is sealed.");
}

#[tokio::test]
async fn without_its_maker_the_secret_alone_counts() {
    let gone = Look { secret: Some(secret("gone")), ..Look::default() };
    assert_eq!(seen(gone.clone()).await, "complete");
    assert_eq!(seen(Look { is_forbidden: true, ..gone.clone() }).await, "complete");
    assert_eq!(seen(Look::default()).await, "absent");
    let literal = Handle { source: None, keys: Vec::new(), ..handle() };
    let found = at_secret(&Scene::of([gone]), &literal).await.expect("an answer");
    assert_eq!(told(&found), "complete");
}

async fn awaited(looks: Vec<Look>, is_applying: bool, timeout: Duration) -> String {
    told(&waited(looks, is_applying, timeout).await.expect("an answer"))
}

async fn waited(looks: Vec<Look>, is_applying: bool, timeout: Duration) -> Result<Found, ObjectError> {
    let handle = handle();
    let pace = Pace { poll: Duration::from_millis(1), settle: Duration::from_millis(50) };
    let wanted = Wanted { handle: &handle, by_handle: true, is_applying, timeout, pace };
    wanted.until_there(&Scene::of(looks)).await
}

#[tokio::test]
async fn an_apply_waits_and_a_plan_looks_once() {
    let behind = Look {
        external_secret: Some(external_secret(Some("1-ab"), "True")),
        secret: Some(secret("now")),
        ..Look::default()
    };
    let fetched = Look { external_secret: Some(external_secret(Some("2-ab"), "True")), ..behind.clone() };
    let minute = Duration::from_mins(1);
    let looks = vec![Look::default(), behind.clone(), behind.clone(), fetched];
    assert_eq!(awaited(looks.clone(), true, minute).await, "complete");
    assert_eq!(awaited(looks, false, minute).await, "absent");
    let moment = Duration::from_millis(10);
    assert!(awaited(vec![behind], true, moment).await.starts_with("behind: "), "after its time");
    assert_eq!(awaited(vec![Look::default()], true, Duration::ZERO).await, "absent");
}

#[tokio::test]
async fn a_failure_that_passes_is_none() {
    let failing = Look {
        external_secret: Some(external_secret(None, "False")),
        events: vec![event("no such role")],
        ..Look::default()
    };
    let fetched = Look {
        external_secret: Some(external_secret(Some("2-ab"), "True")),
        secret: Some(secret("now")),
        ..Look::default()
    };
    let hour = Duration::from_hours(1);
    assert_eq!(awaited(vec![failing.clone(), fetched], true, hour).await, "complete");
    assert_eq!(
        awaited(vec![failing], true, hour).await,
        "failed: The operator says: no such role.",
        "long before its time"
    );
}

#[tokio::test]
async fn an_api_server_that_is_restarted_ends_no_wait() {
    let answers = |status| Look { status: Some(status), ..Look::default() };
    let fetched = Look {
        external_secret: Some(external_secret(Some("2-ab"), "True")),
        secret: Some(secret("now")),
        ..Look::default()
    };
    let minute = Duration::from_mins(1);
    assert_eq!(awaited(vec![answers(503), answers(500), fetched.clone()], true, minute).await, "complete");
    let ended = |looks, is_applying, timeout| async move {
        waited(looks, is_applying, timeout).await.err().map(|error| error.cause)
    };
    let server = |status| Some(Cause::Server { status, words: "not now".to_owned() });
    assert_eq!(ended(vec![answers(500), fetched.clone()], false, minute).await, server(500), "a plan looks once");
    assert_eq!(ended(vec![answers(418), fetched], true, minute).await, server(418), "what waiting does not mend");
    assert_eq!(ended(vec![answers(500)], true, Duration::from_millis(10)).await, server(500), "after its time");
}
