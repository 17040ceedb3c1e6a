//! A plane of its own, since an audit looks at a whole cluster.

use std::sync::{Mutex, OnceLock};

use homelab_plane::plane::Options;
use homelab_plane::wider::Eso;
use homelab_plane::{Api, Env, Plane, Vault, skip};
use serde_json::{Value, json};

use crate::support::{Homelab, homelab};

/// The plane, with the operator where it is built.
pub(crate) struct Stage {
    plane: Plane,
    /// Runs as long as this process does.
    operator: Mutex<Option<Eso>>,
}

/// The stage; `None` where the operator is not built, which is said once.
pub(crate) fn with_operator() -> Option<&'static Stage> {
    let stage = stage();
    stage.operator.lock().unwrap().is_some().then_some(stage)
}

fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(Stage::start)
}

impl Stage {
    /// One of its own, for what nobody else should meet; `None` where the operator is not built, which is said.
    pub(crate) fn own() -> Option<Self> {
        let stage = Self::start();
        let runs = stage.operator.lock().unwrap().is_some();
        runs.then_some(stage)
    }

    fn start() -> Self {
        let plane = Plane::start(&Options::default()).unwrap();
        let operator = match Eso::start(plane.env()) {
            Ok(operator) => Some(operator),
            Err(error) if error.is_missing() => {
                skip("cli cases with the External Secrets controller", &error.to_string());
                None
            }
            Err(error) => panic!("{error}"),
        };
        let stage = Self { plane, operator: Mutex::new(operator) };
        if stage.operator.lock().unwrap().is_some() {
            stage.furnish();
        }
        stage
    }

    pub(crate) fn env(&self) -> &Env {
        self.plane.env()
    }

    pub(crate) fn api(&self) -> Api {
        Api::admin(self.env()).unwrap()
    }

    pub(crate) fn vault(&self) -> Vault {
        Vault::root(self.env()).unwrap()
    }

    /// A run as the holder of this token to the cluster.
    pub(crate) fn run_as(&self, arguments: &str, token: &str) -> Homelab {
        let env = self.env();
        homelab(arguments)
            .env("KUBE_HOST", &env.api_server)
            .env("KUBE_CLUSTER_CA_CERT_DATA", &env.ca_pem)
            .env("KUBE_TOKEN", token)
    }

    /// A run as the administrator of both.
    pub(crate) fn run(&self, arguments: &str) -> Homelab {
        let env = self.env();
        self.run_as(arguments, &env.admin_token).env("VAULT_ADDR", &env.vault_addr).env("VAULT_TOKEN", &env.vault_token)
    }

    /// Makes a namespace of that name.
    pub(crate) fn namespace(&self, name: &str) {
        let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        self.api().create("/api/v1/namespaces", &body).unwrap().expect(name, &[201]).unwrap();
    }

    /// Makes an object below its namespace: `apis/apps/v1`, `deployments`.
    pub(crate) fn make(&self, group: &str, namespace: &str, plural: &str, body: &Value) {
        let path = format!("/{group}/namespaces/{namespace}/{plural}");
        self.api().create(&path, body).unwrap().expect(plural, &[201]).unwrap();
    }

    /// The two stores that a house has: documents, and what stands in for the database engine.
    fn furnish(&self) {
        let (api, vault) = (self.api(), self.vault());
        // What the operator sees of a role is a plain read below the mount, as of an engine without versions.
        let engine = json!({"type": "kv", "options": {"version": "1"}});
        vault.write("sys/mounts/postgres", &engine).unwrap().expect("engine", &[200, 204]).unwrap();
        let credentials = json!({"username": "app", "password": "s3cret-1"});
        vault.write("postgres/static-creds/app", &credentials).unwrap().expect("role", &[200, 204]).unwrap();
        let rules =
            "path \"secret/data/*\" { capabilities = [\"read\"] }\npath \"postgres/*\" { capabilities = [\"read\"] }";
        let token = vault.token("eso", rules).unwrap();
        self.namespace("external-secrets");
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "vault-token"}, "stringData": {"token": token},
        });
        self.make("api/v1", "external-secrets", "secrets", &secret);
        for (name, path, version) in [("vault-kv", "secret", "v2"), ("vault-database", "postgres", "v1")] {
            let store = json!({
                "apiVersion": "external-secrets.io/v1", "kind": "ClusterSecretStore", "metadata": {"name": name},
                "spec": {"provider": {"vault": {
                    "server": self.env().vault_addr, "path": path, "version": version,
                    "auth": {"tokenSecretRef": {"name": "vault-token", "namespace": "external-secrets", "key": "token"}},
                }}},
            });
            let stores = "/apis/external-secrets.io/v1/clustersecretstores";
            api.create(stores, &store).unwrap().expect(name, &[201]).unwrap();
            self.ready(&format!("{stores}/{name}"), "True");
        }
    }

    /// Waits until the operator says so of the object.
    pub(crate) fn ready(&self, path: &str, status: &str) -> Value {
        let says = |seen: &Value| {
            let conditions = seen["status"]["conditions"].as_array().into_iter().flatten();
            conditions.into_iter().any(|condition| condition["type"] == "Ready" && condition["status"] == status)
        };
        self.api().until(path, says).unwrap()
    }

    /// Waits until the operator has failed with an ExternalSecret, and has said why: the event has the store's words,
    /// and comes on a way of its own.
    pub(crate) fn failed(&self, namespace: &str, name: &str) {
        self.ready(&Self::path(namespace, name), "False");
        let about = format!("/api/v1/namespaces/{namespace}/events?fieldSelector=involvedObject.name%3D{name}");
        self.api().until(&about, |seen| seen["items"].as_array().is_some_and(|items| !items.is_empty())).unwrap();
    }

    /// Path of an ExternalSecret.
    pub(crate) fn path(namespace: &str, name: &str) -> String {
        format!("/apis/external-secrets.io/v1/namespaces/{namespace}/externalsecrets/{name}")
    }
}

/// An ExternalSecret with one key `value` from `key` and `property` of the store.
pub(crate) fn external_secret(name: &str, store: &str, key: &str, property: &str) -> Value {
    json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": name},
        "spec": {
            "refreshInterval": "1h0m0s",
            "secretStoreRef": {"kind": "ClusterSecretStore", "name": store},
            "data": [{"secretKey": "value", "remoteRef": {"key": key, "property": property}}],
        },
    })
}
