//! The declarations of `homelab_secret_store` whose operations are put to the test.

use serde_json::json;

use super::operation::Shape;
use super::subject::Servers;
use super::world::Objects;

/// A store that nobody waits for.
const PHOTOS: &str = r#"
  name      = "photos"
  namespace = "NS"
  wait      = false
  vault {
    server = "http://vault.example.net:8200"
    path   = "secret"
    auth {
      token_secret_ref {
        name = "vault-token"
        key  = "token"
      }
    }
  }
"#;

/// The same, with an apply that waits until it is accepted.
pub(super) fn awaited(shape: Shape) -> Option<String> {
    body(shape).map(|body| body.replace("  wait      = false\n", ""))
}

/// The declaration.
pub(super) fn body(shape: Shape) -> Option<String> {
    let gallery = || PHOTOS.replacen("\"photos\"", "\"gallery\"", 1);
    match shape {
        Shape::Nothing => None,
        Shape::Photos => Some(PHOTOS.to_owned()),
        Shape::Gallery => Some(gallery()),
        Shape::Changed => Some(gallery().replace("\"secret\"", "\"kv\"").replacen(
            "  vault {",
            "  refresh_interval = \"10m\"\n  vault {",
            1,
        )),
    }
}

/// Makes a namespace with what the store logs in with.
pub(super) fn make_namespace(Servers { api, .. }: &Servers, namespace: &str) {
    let make = |path: &str, body| {
        api.create(path, &body).unwrap().expect(path, &[201]).unwrap();
    };
    make("/api/v1/namespaces", json!({"metadata": {"name": namespace}}));
    make(
        &format!("/api/v1/namespaces/{namespace}/secrets"),
        json!({"metadata": {"name": "vault-token"}, "stringData": {"token": "x"}}),
    );
}

/// Makes the store that is to be adopted.
pub(super) fn make_by_hand(Servers { api, .. }: &Servers, namespace: &str) {
    let by_hand = json!({
        "apiVersion": "external-secrets.io/v1", "kind": "SecretStore", "metadata": {"name": "photos"},
        "spec": {"provider": {"vault": {
            "server": "http://vault.example.net:8200", "path": "secret", "version": "v2",
            "auth": {"tokenSecretRef": {"name": "vault-token", "key": "token"}},
        }}},
    });
    let path = format!("/apis/external-secrets.io/v1/namespaces/{namespace}/secretstores/photos");
    api.apply(&path, "kubectl", false, &by_hand).unwrap().expect("store", &[201]).unwrap();
}

/// A store that is not wholly written: nobody could log in by it.
pub(super) fn dangers(objects: &Objects, _namespace: &str) -> Vec<String> {
    let is_whole = |store: &serde_json::Value| {
        let vault = &store["spec"]["provider"]["vault"];
        vault["server"].is_string() && vault["auth"]["tokenSecretRef"]["name"].is_string()
    };
    let broken = objects.iter().filter(|(_, store)| !is_whole(store));
    broken.map(|(name, _)| format!("{name} cannot log in")).collect()
}
