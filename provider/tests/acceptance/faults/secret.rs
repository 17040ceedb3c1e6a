//! The declarations of `homelab_external_secret` whose operations are put to the test, alone and with a controller.
//!
//! Alone it is about the ExternalSecret: who writes it, and that none is left half-written. With the stand-in for the
//! controller there are Secrets too, owned by their ExternalSecrets, and the real garbage collector: whoever deletes one
//! without care has its Secret collected, and at no moment may that of an ExternalSecret that is in step be gone.

use homelab_plane::programs::Program;
use homelab_plane::skip;
use homelab_plane::wider::Eso;
use serde_json::json;

use super::operation::Shape;
use super::subject::Servers;
use super::world::Objects;
use crate::operator::{define_on, is_ready};

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

/// The same, with an apply that waits until it is done.
pub(super) fn awaited(shape: Shape) -> Option<String> {
    body(shape).map(|body| body.replace("  wait             = false\n", ""))
}

/// Makes a namespace with a store.
pub(super) fn make_namespace(Servers { api, .. }: &Servers, namespace: &str) {
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
pub(super) fn make_by_hand(Servers { api, .. }: &Servers, namespace: &str) {
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

/// Removes the Secrets that were kept when their ExternalSecrets were destroyed.
pub(super) fn remove_kept(Servers { api, .. }: &Servers, namespace: &str) {
    for name in ["photos-env", "gallery-env"] {
        let path = format!("/api/v1/namespaces/{namespace}/secrets/{name}");
        let secret = api.get(&path).unwrap();
        if secret.status == 200 && secret.body["metadata"]["ownerReferences"].is_null() {
            api.delete(&path).unwrap().expect("kept", &[200]).unwrap();
        }
    }
}

/// An ExternalSecret that nobody has declared, or that is not wholly written.
pub(super) fn dangers(objects: &Objects, _namespace: &str) -> Vec<String> {
    let secrets = objects.iter().filter(|(name, _)| name.starts_with("ExternalSecret/"));
    secrets
        .filter(|(_, object)| object["spec"]["data"].as_array().is_none_or(Vec::is_empty))
        .map(|(name, _)| format!("{name} fetches nothing"))
        .collect()
}

/// The same, and an ExternalSecret whose Secret is gone although the controller has made it.
pub(super) fn dangers_of_awaited(objects: &Objects, namespace: &str) -> Vec<String> {
    let mut dangers = dangers(objects, namespace);
    for (name, object) in objects.iter().filter(|(_, object)| is_ready(object)) {
        let secret = format!("Secret/{}", object["spec"]["target"]["name"].as_str().unwrap_or_default());
        if !objects.contains_key(&secret) {
            dangers.push(format!("{name} is ready, and {secret} is gone"));
        }
    }
    dangers
}

/// The kinds of External Secrets, as far as names and versions go.
pub(super) fn define(Servers { api, .. }: &Servers) -> bool {
    define_on(api);
    true
}

/// The kinds as they are, with their status.
pub(super) fn define_wholly(Servers { env, .. }: &Servers) -> bool {
    match Eso::define(Program::ESO, env) {
        Ok(()) => true,
        Err(error) if error.is_missing() => {
            skip("faults while an ExternalSecret is awaited", &error.to_string());
            false
        }
        Err(error) => panic!("{error}"),
    }
}
