//! The declarations of `homelab_external_secret` whose operations are put to the test.
//!
//! A Secret stands for what the operator has made: it is of the ExternalSecret, so that whoever deletes that without care has
//! it collected. At no moment may it be gone.

use homelab_plane::Api;
use serde_json::json;

use super::operation::Shape;
use super::world::Objects;
use crate::operator::define_on;

/// One key of a store, and `deletion_policy` Delete: the one by which a destroy needs two writes.
const PHOTOS: &str = r#"
  name             = "photos"
  namespace        = "NS"
  refresh_interval = "15m"
  wait             = false
  store {
    name = "vault-kv"
  }
  target {
    name            = "photos-env"
    deletion_policy = "Delete"
  }
  data "PASSWORD" {
    key      = "photos"
    property = "password"
  }
"#;

/// The declaration.
pub(super) fn body(shape: Shape) -> Option<String> {
    let gallery = || PHOTOS.replacen("\"photos\"", "\"gallery\"", 1).replace("photos-env", "gallery-env");
    match shape {
        Shape::Nothing => None,
        Shape::Photos => Some(PHOTOS.to_owned()),
        Shape::Gallery => Some(gallery()),
        Shape::Changed => Some(
            gallery()
                .replace("\"15m\"", "\"1h0m0s\"")
                .replace("data \"PASSWORD\"", "data \"TOKEN\"")
                .replace("\"password\"", "\"token\""),
        ),
    }
}

/// Makes a namespace with a store.
pub(super) fn make_namespace(api: &Api, namespace: &str) {
    let make = |path: &str, body| {
        api.create(path, &body).unwrap().expect(path, &[201]).unwrap();
    };
    make("/api/v1/namespaces", json!({"metadata": {"name": namespace}}));
    make(
        &format!("/apis/external-secrets.io/v1/namespaces/{namespace}/secretstores"),
        json!({
            "apiVersion": "external-secrets.io/v1", "kind": "SecretStore", "metadata": {"name": "vault-kv"},
            "spec": {"provider": {"vault": {"server": "http://127.0.0.1:9", "path": "secret"}}},
        }),
    );
}

/// Makes the ExternalSecret that is to be adopted.
pub(super) fn make_by_hand(api: &Api, namespace: &str) {
    let by_hand = json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": "photos"},
        "spec": {
            "refreshInterval": "15m0s", "secretStoreRef": {"name": "vault-kv", "kind": "SecretStore"},
            "target": {"name": "photos-env", "deletionPolicy": "Delete"},
            "data": [{"secretKey": "PASSWORD", "remoteRef": {"key": "photos", "property": "password"}}],
        },
    });
    let path = format!("/apis/external-secrets.io/v1/namespaces/{namespace}/externalsecrets/photos");
    api.apply(&path, "kubectl", false, &by_hand).unwrap().expect("external secret", &[201]).unwrap();
}

/// An ExternalSecret that nobody has declared, or that is not wholly written.
pub(super) fn dangers(objects: &Objects, _namespace: &str) -> Vec<String> {
    let secrets = objects.iter().filter(|(name, _)| name.starts_with("ExternalSecret/"));
    secrets
        .filter(|(_, object)| object["spec"]["data"].as_array().is_none_or(Vec::is_empty))
        .map(|(name, _)| format!("{name} fetches nothing"))
        .collect()
}

/// The kinds of External Secrets, as far as names and versions go.
pub(super) fn define(api: &Api) {
    define_on(api);
}
