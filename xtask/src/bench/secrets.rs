//! `cargo xtask bench --secrets`: what external secrets need to be there.

use homelab_plane::plane::{Options, Plane};
use homelab_plane::programs::Program;
use homelab_plane::wider::Eso;
use homelab_plane::{Api, Env, Vault};
use serde_json::json;

use crate::steps::Done;

/// A plane with the real controller.
pub(super) struct WithController {
    // Before the plane that it works on.
    _controller: Eso,
    plane: Plane,
}

impl WithController {
    /// `None`, with a word about it, where the controller is not built.
    pub(super) fn start() -> Done<Option<Self>> {
        let plane = Plane::start(&Options::default())?;
        match Eso::start(plane.env()) {
            Ok(controller) => Ok(Some(Self { _controller: controller, plane })),
            Err(error) if error.is_missing() => {
                eprintln!("  nothing is waited for: {error}");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn env(&self) -> &Env {
        self.plane.env()
    }
}

/// Defines the kinds, with nobody who works on them.
pub(super) fn define(env: &Env) -> Done {
    Ok(Eso::define(Program::ESO, env)?)
}

/// A store in the namespace, and a document in Vault for each secret.
pub(super) fn prepare(env: &Env, namespace: &str, size: usize) -> Done {
    let vault = Vault::root(env)?;
    for index in 0..size {
        vault.put(&format!("{namespace}/app-{index}"), &json!({"db_password": "measured", "api_key": "measured"}))?;
    }
    let rules = format!("path \"secret/data/{namespace}/*\" {{ capabilities = [\"read\"] }}");
    let token = vault.token(namespace, &rules)?;
    let api = Api::admin(env)?;
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "vault-token"}, "stringData": {"token": token},
    });
    let path = format!("/api/v1/namespaces/{namespace}/secrets");
    api.create(&path, &secret)?.expect(&path, &[201])?;
    let store = json!({
        "apiVersion": "external-secrets.io/v1", "kind": "SecretStore", "metadata": {"name": "vault-kv"},
        "spec": {"provider": {"vault": {
            "server": env.vault_addr, "path": "secret", "version": "v2",
            "auth": {"tokenSecretRef": {"name": "vault-token", "key": "token"}},
        }}},
    });
    let path = format!("/apis/external-secrets.io/v1/namespaces/{namespace}/secretstores");
    api.create(&path, &store)?.expect(&path, &[201])?;
    Ok(())
}
