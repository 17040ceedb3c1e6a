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
