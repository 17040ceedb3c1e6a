//! The stand-in itself: one namespace or all of them, one turn after the other, as the reconciler of 0.20 goes through its steps.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use homelab_plane::Api;
use homelab_plane::http::Answer;
use homelab_schema::duration;
use serde_json::{Map, Value, json};

use super::clock::{micro, time};
use super::turns::Turns;
use crate::support::Case;

/// Its field manager on ExternalSecrets: in an installation the program has this name.
pub(super) const MANAGER: &str = "external-secrets";
const FINALIZER: &str = "externalsecrets.external-secrets.io/externalsecret-cleanup";
const HASH: &str = "reconcile.external-secrets.io/data-hash";
/// Between two turns.
const TURN: Duration = Duration::from_millis(50);
/// The same where a turn is about a whole cluster.
const LONG_TURN: Duration = Duration::from_millis(200);

/// How an Event is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recorder {
    /// Core Events, as all releases so far: one object, counted up, with the times of the controller's clock.
    Core,
    /// `events.k8s.io`: `eventTime` and `series`.
    Series,
    /// The recorder has told enough of this object and drops what comes now.
    Dropped,
}

/// What goes wrong.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    /// The general words of the condition.
    pub(super) condition: &'static str,
    /// The true words of the Event.
    pub(super) event: &'static str,
    /// How these are recorded.
    pub(super) recorder: Recorder,
}

/// How it behaves towards an ExternalSecret. `after` is the number of turns in which it only thinks.
#[derive(Clone, Debug)]
pub(super) enum Behaviour {
    /// It does nothing at all.
    Absent,
    /// It adds its finalizer and nothing else: the store belongs to another class of controllers.
    OtherClass,
    /// It syncs.
    Syncs { after: u32 },
    /// It syncs and says so without `syncedResourceVersion`.
    SyncsUnversioned { after: u32 },
    /// It says that it has synced, and the Secret lacks the keys.
    SyncsNothing,
    /// It fails.
    Fails { after: u32, failure: Failure },
}

/// A running stand-in. It ends when it is dropped.
pub(crate) struct StandIn {
    wishes: Arc<Mutex<Wishes>>,
    _turns: Turns,
}

struct Wishes {
    behaviour: Behaviour,
    /// Counts what was wished for: it thinks anew about each.
    number: u32,
    /// What its clock is ahead of ours, in seconds.
    skew: i64,
}

impl StandIn {
    /// Looks after the namespace of the case; does nothing until it is told.
    pub(super) fn start(case: &Case) -> Self {
        Self::run(Controller::new(&case.api, &case.namespace), Behaviour::Absent, TURN)
    }

    /// Looks after a whole cluster, and syncs whatever it finds.
    pub(crate) fn everywhere(api: &Api) -> Self {
        Self::run(Controller::new(api, ""), Behaviour::Syncs { after: 0 }, LONG_TURN)
    }

    fn run(mut controller: Controller, behaviour: Behaviour, turn: Duration) -> Self {
        let wishes = Arc::new(Mutex::new(Wishes { behaviour, number: 0, skew: 0 }));
        let theirs = Arc::clone(&wishes);
        Self { wishes, _turns: Turns::every(turn, move || controller.turn(&theirs)) }
    }

    /// From now on it behaves like this.
    pub(super) fn behave(&self, behaviour: Behaviour) {
        let mut wishes = self.wishes.lock().unwrap();
        wishes.behaviour = behaviour;
        wishes.number += 1;
    }

    /// Its clock is so many seconds ahead of everybody else's.
    pub(super) fn skew(&self, seconds: i64) {
        self.wishes.lock().unwrap().skew = seconds;
    }
}

struct Controller {
    api: Api,
    /// Whether it looks after all namespaces.
    is_everywhere: bool,
    /// The one that it works in.
    namespace: String,
    /// Names and counts of what was recorded, by object and words.
    events: BTreeMap<(String, String), (String, u32)>,
    /// Turns in which it had this generation of an object before it, by the number of the wish.
    thought: BTreeMap<(String, String, u32), u32>,
}

impl Controller {
    /// In that namespace; in all where it is empty.
    fn new(api: &Api, namespace: &str) -> Self {
        let (events, thought) = (BTreeMap::new(), BTreeMap::new());
        let is_everywhere = namespace.is_empty();
        Self { api: api.clone(), is_everywhere, namespace: namespace.to_owned(), events, thought }
    }

    fn turn(&mut self, wishes: &Mutex<Wishes>) {
        let (behaviour, number, skew) = {
            let wishes = wishes.lock().unwrap_or_else(PoisonError::into_inner);
            (wishes.behaviour.clone(), wishes.number, wishes.skew)
        };
        if matches!(behaviour, Behaviour::Absent) {
            return;
        }
        let group = "/apis/external-secrets.io/v1";
        let all = if self.is_everywhere { String::new() } else { format!("namespaces/{}/", self.namespace) };
        for object in self.api.list(&format!("{group}/{all}externalsecrets")).unwrap() {
            self.namespace = text(&object, "/metadata/namespace");
            let name = text(&object, "/metadata/name");
            let path = format!("{group}/namespaces/{}/externalsecrets/{name}", self.namespace);
            // In a whole cluster most are done with, and nobody takes their Secrets away unseen.
            if self.is_everywhere && is_settled(&object) {
                continue;
            }
            let turns = self.thought.entry((
                text(&object, "/metadata/uid"),
                object["metadata"]["generation"].to_string(),
                number,
            ));
            let turns = *turns.and_modify(|turns| *turns += 1).or_insert(1);
            self.reconcile(&path, object, &behaviour, turns, skew);
        }
    }

    fn reconcile(&mut self, path: &str, mut object: Value, behaviour: &Behaviour, turns: u32, skew: i64) {
        if object["metadata"]["deletionTimestamp"].is_string() {
            if object["metadata"]["finalizers"].as_array().is_some_and(|all| all.contains(&json!(FINALIZER))) {
                if object["spec"]["target"]["deletionPolicy"] == "Delete" {
                    let secret = format!("/api/v1/namespaces/{}/secrets/{}", self.namespace, target(&object));
                    accepted(self.api.delete(&secret).unwrap());
                }
                // Others' stay: that of an orphaning delete, for one.
                object["metadata"]["finalizers"].as_array_mut().unwrap().retain(|one| one != FINALIZER);
                self.update(path, &object);
            }
            return;
        }
        if object["metadata"]["finalizers"].is_null() {
            object["metadata"]["finalizers"] = json!([FINALIZER]);
            // The whole object goes through its own types, and a duration comes out in its own spelling.
            if let Some(interval) = object["spec"]["refreshInterval"].as_str() {
                object["spec"]["refreshInterval"] = json!(duration::canonical(interval));
            }
            // Somebody else wrote in between: the next turn sees that.
            let Some(updated) = self.update(path, &object) else { return };
            object = updated;
        }
        let (after, failure) = match behaviour {
            Behaviour::Absent | Behaviour::OtherClass => return,
            Behaviour::Syncs { after } | Behaviour::SyncsUnversioned { after } => (*after, None),
            Behaviour::SyncsNothing => (0, None),
            Behaviour::Fails { after, failure } => (*after, Some(failure)),
        };
        let version = synced_version(&object);
        let secret = format!("/api/v1/namespaces/{}/secrets/{}", self.namespace, target(&object));
        let status = &object["status"];
        let is_synced =
            status["syncedResourceVersion"] == version.as_str() && status["conditions"][0]["status"] == "True";
        if turns <= after || (is_synced && failure.is_none() && self.api.get(&secret).unwrap().status == 200) {
            return;
        }
        let mut status = status.clone();
        if let Some(failure) = failure {
            // A failure is tried again and again, ever later, and recorded each time.
            if failure.recorder != Recorder::Dropped && (turns - after).is_power_of_two() {
                self.record(&object, "Warning", "UpdateFailed", failure.event, failure.recorder, skew);
            }
            condition(&mut status, "False", "SecretSyncedError", failure.condition, skew);
        } else {
            let is_complete = !matches!(behaviour, Behaviour::SyncsNothing);
            if !self.write_secret(path, &object, &secret, is_complete, skew) {
                return;
            }
            condition(&mut status, "True", "SecretSynced", "secret synced", skew);
            status["refreshTime"] = json!(time(skew));
            status["binding"] = json!({"name": target(&object)});
            if matches!(behaviour, Behaviour::SyncsUnversioned { .. }) {
                status.as_object_mut().unwrap().remove("syncedResourceVersion");
            } else {
                status["syncedResourceVersion"] = json!(version);
            }
        }
        // A status that says the same is not written.
        if status != object["status"] {
            object["status"] = status;
            self.update(&format!("{path}/status"), &object);
        }
    }

    /// Writes the Secret as its own manager; whether that worked.
    fn write_secret(&mut self, source: &str, object: &Value, path: &str, is_complete: bool, skew: i64) -> bool {
        let name = text(object, "/metadata/name");
        let manager = format!("externalsecrets.external-secrets.io/{name}");
        let live = self.api.get(path).unwrap();
        // One that goes has let go of its Secret by now, perhaps: whoever takes that again has it collected.
        let now = self.api.get(source).unwrap();
        if now.status != 200 || now.body["metadata"]["deletionTimestamp"].is_string() {
            return false;
        }
        let (exists, mut secret) = match live.status {
            200 => (true, live.body),
            _ => (
                false,
                json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": target(object)}, "type": "Opaque"}),
            ),
        };
        let before = secret.clone();
        let mut data = Map::new();
        for entry in object["spec"]["data"].as_array().into_iter().flatten().filter(|_| is_complete) {
            // "from-the-store", as the API has it.
            data.insert(text(entry, "/secretKey"), json!("ZnJvbS10aGUtc3RvcmU="));
        }
        let metadata = &mut secret["metadata"];
        // Without a template it copies what the ExternalSecret carries.
        for map in ["labels", "annotations"] {
            for (key, value) in object["metadata"][map].as_object().into_iter().flatten() {
                metadata[map][key] = value.clone();
            }
        }
        metadata["labels"]["reconcile.external-secrets.io/managed"] = json!("true");
        metadata["labels"]["reconcile.external-secrets.io/created-by"] =
            json!(hash(&format!("{}/{name}", self.namespace)));
        metadata["annotations"][HASH] = json!(hash(&data));
        metadata["ownerReferences"] = json!([{
            "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "name": name,
            "uid": object["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true,
        }]);
        secret["data"] = Value::Object(data);
        if exists && secret == before {
            return true;
        }
        let (answer, reason, words) = if exists {
            (self.api.replace(&format!("{path}?fieldManager={manager}"), &secret), "Updated", "secret updated")
        } else {
            let collection = format!("/api/v1/namespaces/{}/secrets?fieldManager={manager}", self.namespace);
            (self.api.create(&collection, &secret), "Created", "secret created")
        };
        if accepted(answer.unwrap()).is_none() {
            return false;
        }
        self.record(object, "Normal", reason, words, Recorder::Core, skew);
        true
    }

    /// Replaces an object; what it became, `None` where somebody else wrote in between or it is gone.
    fn update(&self, path: &str, object: &Value) -> Option<Value> {
        accepted(self.api.replace(&format!("{path}?fieldManager={MANAGER}"), object).unwrap())
    }

    fn record(&mut self, object: &Value, kind: &str, reason: &str, message: &str, recorder: Recorder, skew: i64) {
        let events = format!("/api/v1/namespaces/{}/events", self.namespace);
        let key = (text(object, "/metadata/uid"), format!("{kind} {reason} {message}"));
        if let Some((name, count)) = self.events.get_mut(&key) {
            // What it was about stays as it was recorded first, the resourceVersion too.
            *count += 1;
            let more = match recorder {
                Recorder::Series => json!({"series": {"count": count, "lastObservedTime": micro(skew)}}),
                _ => json!({"count": count, "lastTimestamp": time(skew)}),
            };
            self.api
                .merge(&format!("{events}/{name}?fieldManager={MANAGER}"), &more)
                .unwrap()
                .expect("event", &[200])
                .unwrap();
            return;
        }
        let name = format!("{}.{}", text(object, "/metadata/name"), &hash(&(&key, &time(skew)))[40..]);
        let mut event = json!({
            "apiVersion": "v1", "kind": "Event", "metadata": {"name": name},
            "involvedObject": {
                "apiVersion": object["apiVersion"], "kind": "ExternalSecret", "namespace": self.namespace,
                "name": object["metadata"]["name"], "uid": object["metadata"]["uid"],
                "resourceVersion": object["metadata"]["resourceVersion"],
            },
            "type": kind, "reason": reason, "message": message,
            "reportingComponent": MANAGER, "reportingInstance": "",
        });
        let more = match recorder {
            Recorder::Series => json!({
                "reportingInstance": "external-secrets-0", "eventTime": micro(skew), "action": "Sync",
            }),
            _ => json!({
                "source": {"component": MANAGER}, "firstTimestamp": time(skew), "lastTimestamp": time(skew), "count": 1,
            }),
        };
        for (field, value) in more.as_object().unwrap() {
            event[field] = value.clone();
        }
        self.api.create(&format!("{events}?fieldManager={MANAGER}"), &event).unwrap().expect("event", &[201]).unwrap();
        self.events.insert(key, (name, 1));
    }
}

/// The object that a write left behind; a conflict and an object that is gone are for the next turn.
fn accepted(answer: Answer) -> Option<Value> {
    if [404, 409].contains(&answer.status) {
        return None;
    }
    Some(answer.expect("a write of the stand-in", &[200, 201]).unwrap())
}

/// Whether there is nothing to do about it.
fn is_settled(object: &Value) -> bool {
    let status = &object["status"];
    status["syncedResourceVersion"] == synced_version(object).as_str()
        && status["conditions"][0]["status"] == "True"
        && object["metadata"]["deletionTimestamp"].is_null()
}

/// As the controller has it: the generation, and a hash of labels and annotations.
fn synced_version(object: &Value) -> String {
    let metadata = &object["metadata"];
    let more = hash(&format!("{}{}", metadata["annotations"], metadata["labels"]));
    format!("{}-{more}", metadata["generation"])
}

/// Sets the only condition. A transition has a time, the same status again has not.
fn condition(status: &mut Value, is: &str, reason: &str, message: &str, skew: i64) {
    let before = &status["conditions"][0];
    let since = if before["status"] == is { before["lastTransitionTime"].clone() } else { json!(time(skew)) };
    let condition =
        json!({"type": "Ready", "status": is, "reason": reason, "message": message, "lastTransitionTime": since});
    if !status.is_object() {
        // What its types always write.
        *status = json!({"binding": {"name": ""}, "refreshTime": null});
    }
    status["conditions"] = json!([condition]);
}

fn target(object: &Value) -> String {
    let given = text(object, "/spec/target/name");
    if given.is_empty() { text(object, "/metadata/name") } else { given }
}

pub(super) fn text(object: &Value, pointer: &str) -> String {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// 56 digits, as the controller's hashes have; nobody else can know of what.
fn hash<T: std::hash::Hash>(of: &T) -> String {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    format!("{:056x}", hasher.finish())
}
