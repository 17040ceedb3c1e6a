//! What is in the cluster, by case; and what must be true of it at every moment.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::subject::{Servers, Subject};

const CHAIN: &str = "traefik.ingress.kubernetes.io/router.middlewares";
const PRIORITY: &str = "traefik.ingress.kubernetes.io/router.priority";
const OWNER: &str = "terraform-provider-homelab/owner";
/// Gated in every declaration of this test.
const GATED: [&str; 2] = ["/admin", "/admin/users"];

/// The objects of one namespace, by kind and name.
pub(super) type Objects = BTreeMap<String, Value>;

/// The objects of those namespaces.
pub(super) fn snapshot(
    subject: &Subject,
    servers: &Servers,
    namespaces: &BTreeSet<String>,
) -> BTreeMap<String, Objects> {
    let mut world: BTreeMap<String, Objects> =
        namespaces.iter().map(|namespace| (namespace.clone(), Objects::new())).collect();
    for (kind, path) in subject.kinds {
        for object in servers.api.list(path).unwrap() {
            let name = format!("{kind}/{}", object["metadata"]["name"].as_str().unwrap_or_default());
            let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
            let Some(objects) = world.get_mut(namespace) else { continue };
            if !subject.references.contains(&&*name) {
                objects.insert(name, object);
            }
        }
    }
    // The document of the namespace, without the number of its version: a write that was lost is made twice.
    if let Some(vault) = &servers.vault {
        for (namespace, objects) in &mut world {
            let data = vault.get(namespace).unwrap();
            if !data.is_null() {
                objects.insert("Document".to_owned(), json!({"data": data}));
            }
        }
    }
    world
}

/// The objects as they are in every case: without what differs from one making to the next.
pub(super) fn comparable(objects: &Objects, namespace: &str) -> BTreeMap<String, Value> {
    let mut same = BTreeMap::new();
    for (name, object) in objects {
        let mut object: Value = serde_json::from_str(&object.to_string().replace(namespace, "NS")).unwrap();
        let metadata = &mut object["metadata"];
        for member in ["uid", "resourceVersion", "creationTimestamp", "generation"] {
            metadata[member] = Value::Null;
        }
        metadata["annotations"]["terraform-provider-homelab/creation"] = Value::Null;
        if !metadata["labels"].is_null() {
            // A hash of the namespace.
            metadata["labels"]["reconcile.external-secrets.io/created-by"] = Value::Null;
        }
        for owner in metadata["ownerReferences"].as_array_mut().into_iter().flatten() {
            owner["uid"] = Value::Null;
        }
        // Who manages which fields counts, when it was written does not.
        for entry in metadata["managedFields"].as_array_mut().into_iter().flatten() {
            entry["time"] = Value::Null;
            // An owner is named by its uid.
            if let Some(owners) = entry["fieldsV1"]["f:metadata"].get_mut("f:ownerReferences") {
                *owners = Value::Null;
            }
        }
        // When somebody else was done, and with which generation.
        if let Some(status) = object["status"].as_object_mut() {
            status.retain(|name, _| name != "refreshTime" && name != "syncedResourceVersion");
            for condition in status.get_mut("conditions").and_then(Value::as_array_mut).into_iter().flatten() {
                condition["lastTransitionTime"] = Value::Null;
            }
        }
        same.insert(name.clone(), object);
    }
    same
}

/// What is wrong with the objects in whatever moment: a gated path that is open, or a router that Traefik would drop.
pub(super) fn dangers(objects: &Objects, namespace: &str) -> Vec<String> {
    let mut dangers = Vec::new();
    let is_there = |member: &str| {
        let name = member.trim_end_matches("@kubernetescrd").strip_prefix(&format!("{namespace}-")).unwrap_or(member);
        name == "gate" || objects.contains_key(&format!("Middleware/{name}"))
    };
    // Somebody's own Ingress is open as long as it is somebody's.
    let ours: Vec<(&String, &Value)> = objects
        .iter()
        .filter(|(name, object)| name.starts_with("Ingress/") && !object["metadata"]["annotations"][OWNER].is_null())
        .collect();
    for (name, object) in &ours {
        dangers.extend(
            chain(object)
                .iter()
                .filter(|member| !is_there(member))
                .map(|member| format!("{name} names {member}, which is not there")),
        );
    }
    for path in GATED {
        let winner = ours
            .iter()
            .filter(|(_, object)| chain(object).iter().all(|member| is_there(member)))
            .filter_map(|(name, object)| Some((priority(object, path)?, name, object)))
            .max_by_key(|(priority, ..)| *priority);
        if let Some((_, name, object)) = winner
            && !chain(object).iter().any(|member| *member == format!("{namespace}-gate@kubernetescrd"))
        {
            dangers.push(format!("{path} is open through {name}"));
        }
    }
    dangers
}

fn chain(object: &Value) -> Vec<&str> {
    let text = object["metadata"]["annotations"][CHAIN].as_str().unwrap_or_default();
    text.split(',').filter(|member| !member.is_empty()).collect()
}

/// The priority of the object's best router for a path; `None` where it has none.
fn priority(object: &Value, path: &str) -> Option<u64> {
    let set = object["metadata"]["annotations"][PRIORITY].as_str().map(|text| text.parse().unwrap());
    let routes = object["spec"]["rules"][0]["http"]["paths"].as_array().into_iter().flatten();
    routes
        .filter_map(|route| {
            let own = route["path"].as_str()?;
            let matches = if route["pathType"] == "Exact" { path == own } else { path.starts_with(own) };
            // By length, as Traefik has it: the host is the same for all.
            matches.then(|| set.unwrap_or(own.len() as u64))
        })
        .max()
}
