//! The judge of the stand-in: the real controller does the same work beside it, and both leave the same behind.

use std::collections::BTreeMap;

use homelab_plane::Vault;
use serde_json::{Value, json};

use super::controller::{Behaviour, Failure, MANAGER, Recorder};
use super::{stage, stores};
use crate::operator::{condition, manager, operator};
use crate::support::{Case, clis};

/// Makes one ExternalSecret by hand.
fn make(case: &Case, name: &str) {
    let object = json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
        "metadata": {"name": name, "labels": {"team": "media"}},
        "spec": {
            "refreshInterval": "15m", "secretStoreRef": {"name": "vault-kv", "kind": "SecretStore"},
            "data": [{"secretKey": "DB_PASSWORD", "remoteRef": {"key": case.namespace, "property": "db_password"}}],
        },
    });
    case.api.create(&case.at("externalsecrets"), &object).unwrap().expect("create", &[201]).unwrap();
}

/// Everything that a controller wrote, as far as it does not differ from one run to the next: for each field its value,
/// or what kind of value it is where that is different each time.
fn shape(object: &Value, case: &Case, manager: &str) -> BTreeMap<String, String> {
    let mut shape = BTreeMap::new();
    walk(object, String::new(), &mut |pointer, value| {
        let text = value.to_string().replace(&case.namespace, "NS").replace(manager, MANAGER);
        let volatile = ["/uid", "/resourceVersion", "Timestamp", "Time", "/time", "/count", "data-hash", "created-by"];
        let text = if pointer == "/metadata/name" && text.contains('.') {
            "an Event's name".into()
        } else if volatile.iter().any(|end| pointer.ends_with(end)) {
            // Times and hashes keep their form: as many characters. A version is a number that grows.
            let is_number = text.trim_matches('"').bytes().all(|byte| byte.is_ascii_digit());
            if is_number { "a number".into() } else { format!("{} characters", text.len()) }
        } else if pointer.ends_with("/syncedResourceVersion") {
            let (generation, hash) = text.split_once('-').unwrap();
            format!("{generation}- and {} characters", hash.len())
        } else {
            text
        };
        shape.insert(pointer.replace("~1", "/"), text);
    });
    shape.retain(|pointer, _| {
        !["/metadata/resourceVersion", "/metadata/generation", "/count"].contains(&&**pointer)
            && !pointer.contains("managedFields")
            && !pointer.ends_with("/uid")
    });
    shape
}

/// The fields by manager: who writes what.
fn fields(object: &Value, manager: &str) -> BTreeMap<String, Vec<String>> {
    let mut owned: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in object["metadata"]["managedFields"].as_array().into_iter().flatten() {
        let name = entry["manager"].as_str().unwrap_or_default().replace(manager, MANAGER);
        if !name.contains("external") {
            continue;
        }
        let of = format!("{name} {} {}", entry["operation"], entry["subresource"]);
        walk(&entry["fieldsV1"], String::new(), &mut |pointer, _| {
            // The reference to the owner is one of a uid.
            let pointer = pointer.split("k:{").next().unwrap_or_default().to_owned();
            owned.entry(of.clone()).or_default().push(pointer);
        });
    }
    for fields in owned.values_mut() {
        fields.sort();
        fields.dedup();
    }
    owned
}

fn walk(value: &Value, pointer: String, seen: &mut impl FnMut(String, &Value)) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                walk(value, format!("{pointer}/{}", name.replace('/', "~1")), seen);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, value) in items.iter().enumerate() {
                walk(value, format!("{pointer}/{index}"), seen);
            }
        }
        _ => seen(pointer, value),
    }
}

/// The newest Event of that reason about that object, once it is there.
fn event(case: &Case, name: &str, reason: &str) -> Value {
    let found = |list: &Value| {
        let mut all = list["items"].as_array().into_iter().flatten();
        all.rfind(|event| event["reason"] == reason && event["involvedObject"]["name"] == name).cloned()
    };
    let list = case.api.until(&case.at("events"), |list| found(list).is_some()).unwrap();
    found(&list).unwrap()
}

/// Both sides of one kind of work.
struct Sides {
    real: Case,
    copy: Case,
    manager: String,
}

impl Sides {
    #[track_caller]
    fn same(&self, what: &str, real: &Value, copy: &Value) {
        let (real_shape, copy_shape) = (shape(real, &self.real, &self.manager), shape(copy, &self.copy, &self.manager));
        for (pointer, value) in &real_shape {
            assert_eq!(copy_shape.get(pointer), Some(value), "{what}: {pointer} of the real controller");
        }
        for pointer in copy_shape.keys() {
            assert!(real_shape.contains_key(pointer), "{what}: {pointer} is the stand-in's own");
        }
        assert_eq!(fields(copy, &self.manager), fields(real, &self.manager), "{what}: who writes which fields");
    }
}

#[test]
fn the_stand_in_leaves_behind_what_the_real_controller_does() {
    let Some((copy, controller)) = stage("copied") else { return };
    let real = Case::new(&clis().remove(0), "real");
    if !operator(&real) {
        return;
    }
    let sides = Sides { real, copy, manager: manager().unwrap() };
    // First the key is not there.
    let failure = Failure {
        condition: "could not get secret data from provider",
        event: "Secret does not exist",
        recorder: Recorder::Core,
    };
    controller.behave(Behaviour::Fails { after: 0, failure });
    let dead = [&sides.real, &sides.copy].map(|case| {
        make(case, "photos-dead");
        let path = case.at("externalsecrets/photos-dead");
        let dead = case.api.until(&path, |seen| condition(seen)["status"] == "False");
        (dead.unwrap(), event(case, "photos-dead", "UpdateFailed"))
    });
    let [(real, mut theirs), (copy, mut ours)] = dead;
    sides.same("a dead ExternalSecret", &real, &copy);
    // The words are another's matter.
    for event in [&mut theirs, &mut ours] {
        assert!(event["message"].as_str().unwrap().to_lowercase().contains("secret"), "{event:#}");
        event["message"] = json!("words");
    }
    sides.same("the Event of a failure", &theirs, &ours);

    // Then it is there. Another object asks for it: the first one is tried again whenever its controller thinks fit, so
    // that what is seen of it would be one side's second try beside the other's third.
    Vault::root(&sides.real.env)
        .unwrap()
        .put(&sides.real.namespace, &json!({"db_password": "from-the-store"}))
        .unwrap();
    controller.behave(Behaviour::Syncs { after: 0 });
    let good = [&sides.real, &sides.copy].map(|case| {
        make(case, "photos-db");
        let good = case.api.until(&case.at("externalsecrets/photos-db"), |seen| condition(seen)["status"] == "True");
        let secret = case.api.until(&case.at("secrets/photos-db"), |_| true).unwrap();
        (good.unwrap(), secret, event(case, "photos-db", "Created"))
    });
    let [(real, their_secret, theirs), (copy, our_secret, ours)] = good;
    sides.same("a good ExternalSecret", &real, &copy);
    sides.same("the Secret", &their_secret, &our_secret);
    sides.same("the Event of a success", &theirs, &ours);
}

#[test]
fn the_stand_in_for_stores_says_what_the_real_controller_says() {
    let Some((copy, _nothing)) = stage("storecopied") else { return };
    let real = Case::new(&clis().remove(0), "storereal");
    if !operator(&real) {
        return;
    }
    let sides = Sides { real, copy, manager: manager().unwrap() };
    let [(their_store, theirs), (our_store, ours)] = [&sides.real, &sides.copy].map(|case| {
        let path = case.at("secretstores/vault-kv");
        let store = case.api.until(&path, |seen| condition(seen)["status"] == "True").unwrap();
        if case.namespace == sides.copy.namespace {
            stores::record(&case.api, &store, 1);
        }
        // What it is, is its maker's.
        let fields = store["metadata"]["managedFields"].clone();
        let said = json!({"status": store["status"], "metadata": {"managedFields": fields}});
        (said, event(case, "vault-kv", "Valid"))
    });
    sides.same("a store that is valid", &their_store, &our_store);
    sides.same("the Event of a store", &theirs, &ours);
}
