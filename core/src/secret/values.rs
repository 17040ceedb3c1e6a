//! The values of a Secret, for the ephemeral resource. Nothing here is ever formatted or logged.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use homelab_schema::Attr;
use homelab_schema::secret::Secret;
use serde_json::Value;

/// Fills `model` from the Secret `object` as the API gives it.
///
/// A value that is not text is in `data_base64` alone.
pub fn fill(model: &mut Secret, object: &Value) {
    let mut text = BTreeMap::new();
    let mut base64 = BTreeMap::new();
    for (key, value) in object.get("data").and_then(Value::as_object).into_iter().flatten() {
        let Some(encoded) = value.as_str() else { continue };
        if let Some(decoded) = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
            text.insert(key.clone(), decoded);
        }
        base64.insert(key.clone(), encoded.to_owned());
    }
    // `stringData` exists in files only: the API merges it into `data`.
    for (key, value) in object.get("stringData").and_then(Value::as_object).into_iter().flatten() {
        if let Some(value) = value.as_str() {
            text.insert(key.clone(), value.to_owned());
            base64.insert(key.clone(), STANDARD.encode(value));
        }
    }
    model.data = Attr::Known(text.into());
    model.data_base64 = Attr::Known(base64.into());
    model.r#type = Attr::Known(object.get("type").and_then(Value::as_str).unwrap_or("Opaque").to_owned());
}

/// Those of `keys` that the Secret does not have.
pub fn missing(object: &Value, keys: &[String]) -> Vec<String> {
    let has =
        |key: &str| ["data", "stringData"].iter().any(|map| object.get(map).is_some_and(|map| map.get(key).is_some()));
    keys.iter().filter(|key| !has(key)).cloned().collect()
}

/// Whether the Secret was made for another ExternalSecret of that name: one that is gone, and whose Secret goes next. `uid` is
/// that of the ExternalSecret there is.
pub fn is_of_another(secret: &Value, uid: Option<&str>) -> bool {
    let owners = secret.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    let mut owners = owners.into_iter().flatten().filter(|owner| owner["kind"] == "ExternalSecret").peekable();
    owners.peek().is_some() && owners.all(|owner| owner["uid"].as_str() != uid)
}

/// Whether the operator has fetched the declaration that the ExternalSecret has now, whenever that was; it may be failing by
/// now, and the Secret then has what it fetched last.
pub fn was_fetched(external_secret: &Value) -> bool {
    let generation = external_secret.pointer("/metadata/generation").and_then(Value::as_i64);
    let synced = external_secret.pointer("/status/syncedResourceVersion").and_then(Value::as_str);
    let synced = synced.and_then(|version| version.split('-').next()?.parse::<i64>().ok());
    synced.is_some() && synced == generation
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_of_a_former_namesake_is_told_from_ours() {
        let owned = |uids: &[&str]| {
            let owners: Vec<Value> = uids.iter().map(|uid| json!({"kind": "ExternalSecret", "uid": uid})).collect();
            json!({"metadata": {"ownerReferences": owners}})
        };
        assert!(is_of_another(&owned(&["old"]), Some("new")));
        assert!(!is_of_another(&owned(&["old", "new"]), Some("new")));
        assert!(!is_of_another(&owned(&[]), Some("new")), "kept by a destroy, or written to by Merge");
        assert!(!is_of_another(&json!({"metadata": {"ownerReferences": [{"kind": "App", "uid": "x"}]}}), Some("new")));
    }

    #[test]
    fn what_was_fetched_is_told_by_generation() {
        let object =
            |synced: Value| json!({"metadata": {"generation": 2}, "status": {"syncedResourceVersion": synced}});
        assert!(was_fetched(&object(json!("2-abc"))));
        for synced in [json!("1-abc"), json!("20-abc"), json!(null), json!("")] {
            assert!(!was_fetched(&object(synced)));
        }
        assert!(!was_fetched(&json!({})));
    }
}
