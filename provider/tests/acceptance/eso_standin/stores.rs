//! A stand-in for the controller of stores, in a whole cluster. It finds each store valid and says so of every change, as the
//! real one does: in the condition, which is not touched while it says the same, and with an Event that is counted up.

use std::collections::BTreeMap;
use std::time::Duration;

use homelab_plane::Api;
use serde_json::{Value, json};

use super::clock::time;
use super::controller::{MANAGER, text};
use super::turns::Turns;

/// By which name it tells of stores in a namespace.
const COMPONENT: &str = "secret-store";
/// Between two turns.
const TURN: Duration = Duration::from_millis(200);

/// Looks after all stores until it is dropped.
pub(crate) fn everywhere(api: &Api) -> Turns {
    let (api, mut seen) = (api.clone(), BTreeMap::new());
    Turns::every(TURN, move || turn(&api, &mut seen))
}

/// Looks at each store that has changed, whatever it is; `seen` has the last version of each, and how often was told of it.
fn turn(api: &Api, seen: &mut BTreeMap<String, (Value, u32)>) {
    for store in api.list("/apis/external-secrets.io/v1/secretstores").unwrap() {
        let version = store["metadata"]["resourceVersion"].clone();
        let (last, count) = seen.entry(text(&store, "/metadata/uid")).or_default();
        if *last == version {
            continue;
        }
        (*last, *count) = (version, *count + 1);
        record(api, &store, *count);
        if store["status"]["conditions"].is_null() {
            // One that is gone by now says nothing.
            say(api, &text(&store, "/metadata/namespace"), &text(&store, "/metadata/name"), true);
        }
    }
}

/// Has a store say whether it is ready; whether it is still there to say so.
pub(super) fn say(api: &Api, namespace: &str, name: &str, is_ready: bool) -> bool {
    let (status, reason, message) = if is_ready {
        ("True", "Valid", "store validated")
    } else {
        ("False", "InvalidProviderConfig", "unable to validate store")
    };
    let path = format!("/apis/external-secrets.io/v1/namespaces/{namespace}/secretstores/{name}/status");
    let status = json!({"status": {"capabilities": "ReadWrite", "conditions": [{
        "type": "Ready", "status": status, "reason": reason, "message": message, "lastTransitionTime": time(0),
    }]}});
    let answer = api.merge(&format!("{path}?fieldManager={MANAGER}"), &status).unwrap();
    answer.status != 404 && answer.expect("status of the store", &[200]).is_ok()
}

/// Tells of a store that it was looked at, for the `count`th time.
pub(super) fn record(api: &Api, store: &Value, count: u32) {
    let (namespace, name, uid) =
        (text(store, "/metadata/namespace"), text(store, "/metadata/name"), text(store, "/metadata/uid"));
    let events = format!("/api/v1/namespaces/{namespace}/events");
    let event = format!("{name}.{uid}");
    let answer = if count > 1 {
        let more = json!({"count": count, "lastTimestamp": time(0)});
        api.merge(&format!("{events}/{event}?fieldManager={MANAGER}"), &more)
    } else {
        let first = json!({
            "apiVersion": "v1", "kind": "Event", "metadata": {"name": event},
            "involvedObject": {
                "apiVersion": "external-secrets.io/v1", "kind": "SecretStore", "namespace": namespace, "name": name,
                "uid": uid, "resourceVersion": store["metadata"]["resourceVersion"],
            },
            "type": "Normal", "reason": "Valid", "message": "store validated",
            "source": {"component": COMPONENT}, "reportingComponent": COMPONENT, "reportingInstance": "",
            "firstTimestamp": time(0), "lastTimestamp": time(0), "count": 1,
        });
        api.create(&format!("{events}?fieldManager={MANAGER}"), &first)
    };
    answer.unwrap().expect("event", &[200, 201]).unwrap();
}
