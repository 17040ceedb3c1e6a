//! Parts of a live object: what we own of it, and what we declared of it.
//!
//! Drift is a difference in what the user declared. The live object holds more than that (server defaults, fields of
//! controllers, status), so it is cut down before anything is compared.

use serde_json::{Map, Value};

use super::MANAGER;

/// The fields of `live` that our field manager owns by server-side apply, with their live values.
///
/// Empty where we own nothing: a file, or an object that nobody has applied for us yet.
pub fn owned(live: &Value) -> Value {
    owned_by(live, MANAGER)
}

/// The same for another field manager of ours.
pub fn owned_by(live: &Value, manager: &str) -> Value {
    let entries = live.get("metadata").and_then(|metadata| metadata.get("managedFields")).and_then(Value::as_array);
    let ours = entries.into_iter().flatten().find(|entry| {
        entry.get("manager").and_then(Value::as_str) == Some(manager)
            && entry.get("operation").and_then(Value::as_str) == Some("Apply")
            && is_of_object(entry)
    });
    let fields = ours.and_then(|entry| entry.get("fieldsV1")).and_then(Value::as_object);
    fields.map_or_else(|| Value::Object(Map::new()), |fields| project(live, fields))
}

/// Whether an entry of `managedFields` is about the object itself, and not about its status or another subresource.
pub(super) fn is_of_object(entry: &Value) -> bool {
    entry.get("subresource").and_then(Value::as_str).unwrap_or_default().is_empty()
}

/// What of `live` stands where `rendered` declares something, in the shape of `rendered`.
///
/// Members that `rendered` does not name are left out; a declared member that is not there is missing in the answer.
/// Lists are compared by position, because the lists that we render are atomic to the server; what a longer live list
/// has beyond ours is kept, so that it shows as a difference.
pub fn declared_view(live: &Value, rendered: &Value) -> Value {
    match (live, rendered) {
        (Value::Object(live), Value::Object(rendered)) => Value::Object(
            rendered
                .iter()
                .filter_map(|(name, rendered)| Some((name.clone(), declared_view(live.get(name)?, rendered))))
                .collect(),
        ),
        (Value::Array(live), Value::Array(rendered)) => Value::Array(
            live.iter()
                .enumerate()
                .map(|(index, live)| rendered.get(index).map_or_else(|| live.clone(), |ours| declared_view(live, ours)))
                .collect(),
        ),
        (live, _) => live.clone(),
    }
}

/// The part of `live` that a set of `fieldsV1` names: `f:` a member, `k:` a list element by its keys, `v:` a list
/// element by its value, `i:` by its index, `.` the container itself.
pub(super) fn project(live: &Value, fields: &Map<String, Value>) -> Value {
    let children = || fields.iter().filter(|(key, _)| key.as_str() != ".");
    if children().next().is_none() {
        return match live {
            // Only the container is owned, not what others put into it.
            Value::Object(_) if !fields.is_empty() => Value::Object(Map::new()),
            Value::Array(_) if !fields.is_empty() => Value::Array(Vec::new()),
            leaf => leaf.clone(),
        };
    }
    let nested = |live: &Value, fields: &Value| fields.as_object().map_or_else(|| live.clone(), |f| project(live, f));
    match live {
        Value::Object(members) => Value::Object(
            children()
                .filter_map(|(key, fields)| {
                    let name = key.strip_prefix("f:")?;
                    Some((name.to_owned(), nested(members.get(name)?, fields)))
                })
                .collect(),
        ),
        Value::Array(elements) => Value::Array(
            elements
                .iter()
                .enumerate()
                .filter_map(|(index, element)| {
                    children()
                        .find(|(key, _)| names_element(key, index, element))
                        .map(|(_, fields)| nested(element, fields))
                })
                .collect(),
        ),
        leaf => leaf.clone(),
    }
}

fn names_element(key: &str, index: usize, element: &Value) -> bool {
    let Some((form, text)) = key.split_once(':') else { return false };
    match form {
        "i" => text.parse() == Ok(index),
        "v" => serde_json::from_str::<Value>(text).is_ok_and(|value| value == *element),
        "k" => serde_json::from_str::<Map<String, Value>>(text)
            .is_ok_and(|keys| keys.iter().all(|(name, value)| element.get(name) == Some(value))),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn live(fields: &Value) -> Value {
        json!({
            "metadata": {
                "name": "photos",
                "labels": {"ours": "1", "theirs": "2"},
                "managedFields": [
                    {"manager": "homelab", "operation": "Update", "fieldsV1": {"f:metadata": {"f:labels": {"f:theirs": {}}}}},
                    {"manager": "homelab", "operation": "Apply", "fieldsV1": fields},
                ],
            },
            "spec": {"ports": [{"name": "http", "port": 80}, {"name": "https", "port": 443}], "tags": ["a", "b"]},
        })
    }

    #[test]
    fn owned_takes_named_members_only() {
        let live = live(&json!({"f:metadata": {"f:labels": {".": {}, "f:ours": {}}}}));
        assert_eq!(owned(&live), json!({"metadata": {"labels": {"ours": "1"}}}));
    }

    #[test]
    fn owned_finds_list_elements_by_key_by_value_and_by_index() {
        let keyed = live(&json!({"f:spec": {"f:ports": {"k:{\"name\":\"https\"}": {".": {}, "f:port": {}}}}}));
        assert_eq!(owned(&keyed), json!({"spec": {"ports": [{"port": 443}]}}));
        let by_value = live(&json!({"f:spec": {"f:tags": {"v:\"b\"": {}}}}));
        assert_eq!(owned(&by_value), json!({"spec": {"tags": ["b"]}}));
        let by_index = live(&json!({"f:spec": {"f:tags": {"i:0": {}}}}));
        assert_eq!(owned(&by_index), json!({"spec": {"tags": ["a"]}}));
    }

    #[test]
    fn owned_takes_an_atomic_list_whole_and_a_bare_container_empty() {
        let atomic = live(&json!({"f:spec": {"f:tags": {}}}));
        assert_eq!(owned(&atomic), json!({"spec": {"tags": ["a", "b"]}}));
        let bare = live(&json!({"f:metadata": {"f:labels": {".": {}}}}));
        assert_eq!(owned(&bare), json!({"metadata": {"labels": {}}}));
    }

    #[test]
    fn owned_is_empty_without_an_entry_of_ours() {
        assert_eq!(owned(&json!({"metadata": {"name": "x"}})), json!({}));
    }

    #[test]
    fn declared_view_drops_defaults_and_keeps_differences() {
        let rendered = json!({"spec": {"rules": [{"host": "a"}], "class": "traefik", "tls": []}});
        let live = json!({
            "spec": {"rules": [{"host": "b", "defaulted": true}, {"host": "c"}], "class": "traefik", "other": 1},
            "status": {},
        });
        let expected = json!({"spec": {"rules": [{"host": "b"}, {"host": "c"}], "class": "traefik"}});
        assert_eq!(declared_view(&live, &rendered), expected);
    }

    #[test]
    fn declared_view_of_an_undrifted_object_is_what_was_rendered() {
        let rendered = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"x": [1, 2]}});
        let live = json!({"metadata": {"labels": {"a": "b", "c": "d"}, "uid": "u"}, "spec": {"x": [1, 2], "y": 3}});
        assert_eq!(declared_view(&live, &rendered), rendered);
    }
}
