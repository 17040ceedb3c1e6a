//! What an object that is taken over loses.
//!
//! The first apply removes what a predecessor wrote and the declaration does not say, as the predecessor itself would have
//! done for an argument that was deleted. That is what a takeover means, and it must be said before it happens: a second
//! host of an Ingress or a rewrite rule of an `ExternalSecret` has no words in the declaration and shows in no diff.

use serde_json::{Map, Value};

use super::owned::{is_of_object, project};
use super::{MANAGER, is_predecessor};

/// Kept by `kubectl` for itself.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Members that servers fill in by themselves: what they say is said again.
const DEFAULTS: [(&str, &str); 6] = [
    ("conversionStrategy", "Default"),
    ("decodingStrategy", "None"),
    ("metadataPolicy", "None"),
    ("nullBytePolicy", "Ignore"),
    ("engineVersion", "v2"),
    ("mergePolicy", "Replace"),
];
/// Members by which elements of lists are told apart.
const KEYS: [&str; 2] = ["secretKey", "host"];

/// The fields of `live` that predecessors (or we ourselves) wrote and that `rendered` does not declare, as in
/// `spec.rules[1]`, in the order of the object.
pub fn left_out(live: &Value, rendered: &Value) -> Vec<String> {
    let entries = live.get("metadata").and_then(|metadata| metadata.get("managedFields")).and_then(Value::as_array);
    let mut found = Vec::new();
    for entry in entries.into_iter().flatten().filter(|entry| is_of_object(entry)) {
        let manager = entry.get("manager").and_then(Value::as_str).unwrap_or_default();
        let Some(fields) = entry.get("fieldsV1").and_then(Value::as_object) else { continue };
        if is_predecessor(manager) || manager == MANAGER {
            walk(&project(live, fields), rendered, "", &mut found);
        }
    }
    found.sort();
    found.dedup();
    found
}

fn walk(theirs: &Value, rendered: &Value, path: &str, found: &mut Vec<String>) {
    match (theirs, rendered) {
        (Value::Object(theirs), Value::Object(rendered)) => {
            for (name, value) in theirs {
                let at = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                match rendered.get(name) {
                    Some(rendered) => walk(value, rendered, &at, found),
                    // Each by its own name: which of the annotations go is the question.
                    None if path == "metadata" && value.is_object() => {
                        walk(value, &Value::Object(Map::new()), &at, found);
                    }
                    None if says_something(name, value) => found.push(at),
                    None => {}
                }
            }
        }
        (Value::Array(theirs), Value::Array(rendered)) => {
            for (index, element) in theirs.iter().enumerate() {
                match counterpart(element, index, rendered) {
                    Some(rendered) => walk(element, rendered, &format!("{path}[{index}]"), found),
                    None => found.push(format!("{path}[{index}]")),
                }
            }
        }
        _ => {}
    }
}

/// The declared element that stands for this one: of the same key, else at the same place.
fn counterpart<'a>(element: &Value, index: usize, rendered: &'a [Value]) -> Option<&'a Value> {
    let key = KEYS.iter().find_map(|key| Some((key, element.get(key)?)));
    let same = key.and_then(|(key, value)| rendered.iter().find(|other| other.get(key) == Some(value)));
    same.or_else(|| rendered.get(index))
}

fn says_something(name: &str, value: &Value) -> bool {
    let is_empty = value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty);
    !is_empty && name != LAST_APPLIED && !DEFAULTS.iter().any(|(default, says)| name == *default && *value == **says)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(manager: &str) -> Value {
        json!({
            "metadata": {
                "annotations": {"issuer": "x", "kept": "y", LAST_APPLIED: "{}"},
                "managedFields": [
                    {"manager": manager, "operation": "Update", "fieldsV1": {
                        "f:metadata": {"f:annotations": {".": {}, "f:issuer": {}, "f:kept": {}, format!("f:{LAST_APPLIED}"): {}}},
                        "f:spec": {"f:rules": {}, "f:data": {}, "f:immutable": {}},
                    }},
                    {"manager": manager, "subresource": "status", "fieldsV1": {"f:status": {"f:x": {}}}},
                ],
            },
            "spec": {
                "immutable": true,
                "rules": [{"host": "one"}, {"host": "two"}],
                "data": [
                    {"secretKey": "b", "sourceRef": {}, "remoteRef": {"key": "k", "metadataPolicy": "None"}},
                    {"secretKey": "a", "sourceRef": {"name": "other"}, "remoteRef": {"key": "k", "property": "p"}},
                ],
            },
            "status": {"x": 1},
        })
    }

    #[test]
    fn what_a_predecessor_wrote_and_nobody_declares_is_named() {
        let rendered = json!({
            "metadata": {"annotations": {"kept": "z"}},
            "spec": {"rules": [{"host": "one"}], "data": [
                {"secretKey": "a", "remoteRef": {"key": "k", "property": "p"}},
                {"secretKey": "b", "remoteRef": {"key": "k"}},
            ]},
        });
        let expected = ["metadata.annotations.issuer", "spec.data[1].sourceRef", "spec.immutable", "spec.rules[1]"];
        assert_eq!(left_out(&object("kubectl-client-side-apply"), &rendered), expected);
    }

    #[test]
    fn what_controllers_wrote_stays_and_is_not_named() {
        assert!(left_out(&object("keel"), &json!({"metadata": {}, "spec": {}})).is_empty());
        assert!(left_out(&json!({"metadata": {}}), &json!({})).is_empty());
    }
}
