//! The declarations of `homelab_kv_key` whose operations are put to the test: one key of a document that others use too.

use serde_json::{Value, json};

use super::operation::Shape;
use super::subject::Servers;
use super::world::Objects;

/// The token is the case: the proxy has the true one.
pub(super) const PROVIDER: &str = r#"
  vault {
    address = "PROXY"
    token   = "CASE"
    timeout = "30s"
  }
"#;

const PHOTOS: &str = r#"
  mount            = "secret"
  path             = "NS"
  key              = "photos"
  value_wo         = "hunter2"
  value_wo_version = 1
"#;

/// What others have in the document.
fn siblings() -> Value {
    json!({"db_password": "theirs", "deep": {"list": [1, 2.5, null]}})
}

/// The declaration.
pub(super) fn body(shape: Shape) -> Option<String> {
    let gallery = || PHOTOS.replacen("\"photos\"", "\"gallery\"", 1);
    match shape {
        Shape::Nothing => None,
        Shape::Photos => Some(PHOTOS.to_owned()),
        Shape::Gallery => Some(gallery()),
        Shape::Changed => Some(gallery().replace("= 1\n", "= 2\n").replace("hunter2", "hunter3")),
    }
}

/// Makes the document of a case.
pub(super) fn make_document(Servers { vault, .. }: &Servers, namespace: &str) {
    vault.as_ref().unwrap().put(namespace, &siblings()).unwrap();
}

/// Makes the key that is to be taken over.
pub(super) fn make_by_hand(Servers { vault, .. }: &Servers, namespace: &str) {
    let mut all = siblings();
    all["photos"] = json!("by hand");
    vault.as_ref().unwrap().put(namespace, &all).unwrap();
}

/// A key of somebody else that is gone or changed.
pub(super) fn dangers(objects: &Objects, _namespace: &str) -> Vec<String> {
    let Some(document) = objects.get("Document") else { return vec!["the document is gone".to_owned()] };
    let siblings = siblings();
    let lost = siblings.as_object().unwrap().iter().filter(|(key, value)| document["data"][key.as_str()] != **value);
    lost.map(|(key, _)| format!("{key} of somebody else is {}", document["data"][key.as_str()])).collect()
}
