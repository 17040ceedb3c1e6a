//! What the real controller cannot show on demand: slow ones, old and new ones, ones that fail, are silent or are not there.
//!
//! The stand-in ([`controller`]) writes the ExternalSecret, its status, the Secret and the Events as the real one does, and
//! [`real`] holds it to that: both do the same work side by side and are compared. It is told per ExternalSecret how to
//! behave. It works in a plane of its own, where no other controller is. [`stores`] does the same for what a store says.

mod clock;
mod controller;
mod failures;
mod real;
pub(crate) mod stores;
mod turns;
mod waits;

use std::sync::OnceLock;

use homelab_plane::plane::Options;
use homelab_plane::programs::Program;
use homelab_plane::wider::Eso;
use homelab_plane::{Plane, skip};
use serde_json::json;

pub(crate) use self::controller::StandIn;
use crate::support::{Case, clis};

/// The plane of these tests; `None` where the definitions are not to be had.
fn plane() -> Option<&'static Plane> {
    static PLANE: OnceLock<Option<Plane>> = OnceLock::new();
    let plane = PLANE.get_or_init(|| {
        let plane = Plane::start(&Options { without_vault: true, ..Options::default() }).unwrap();
        match Eso::define(Program::ESO, plane.env()) {
            Ok(()) => Some(plane),
            Err(error) if error.is_missing() => {
                skip("acceptance cases with a stand-in for the External Secrets controller", &error.to_string());
                None
            }
            Err(error) => panic!("{error}"),
        }
    });
    plane.as_ref()
}

/// A password from the store, with little patience. `WAIT` is how long.
const PHOTOS_DB: &str = r#"
resource "homelab_external_secret" "photos_db" {
  name             = "photos-db"
  namespace        = var.namespace
  refresh_interval = "15m"
  store {
    name = "vault-kv"
  }
  data "DB_PASSWORD" {
    key      = "photos"
    property = "db_password"
  }
  timeouts {
    create = "WAIT"
    update = "WAIT"
  }
}
"#;

/// [`PHOTOS_DB`] with that patience and that interval.
fn declared(patience: &str, interval: &str) -> String {
    PHOTOS_DB.replace("WAIT", patience).replace("\"15m\"", &format!("{interval:?}"))
}

/// A case with a store that is ready, and a controller that does nothing yet.
fn stage(name: &str) -> Option<(Case, StandIn)> {
    let cli = clis().remove(0);
    let case = Case::on(&cli, name, plane()?.env());
    let store = json!({
        "apiVersion": "external-secrets.io/v1", "kind": "SecretStore", "metadata": {"name": "vault-kv"},
        "spec": {"provider": {"vault": {
            "server": "http://vault.example.net", "path": "secret", "version": "v2",
            "auth": {"tokenSecretRef": {"name": "vault-token", "key": "token"}},
        }}},
    });
    case.api.create(&case.at("secretstores"), &store).unwrap().expect("store", &[201]).unwrap();
    assert!(stores::say(&case.api, &case.namespace, "vault-kv", true));
    let stand_in = StandIn::start(&case);
    Some((case, stand_in))
}
