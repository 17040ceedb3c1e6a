//! External Secrets on the plane: the controller where it is built, else its definitions alone.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use homelab_plane::plane::Options;
use homelab_plane::programs::Program;
use homelab_plane::wider::Eso;
use homelab_plane::{Api, Env, Error, Plane, Vault, skip};
use serde_json::{Value, json};

use crate::support::Case;

/// The kinds that a test works with, as their definitions are named.
const PLURALS: [&str; 3] = ["externalsecrets", "secretstores", "clustersecretstores"];

/// The controller runs for the whole plane and ends with this process.
static OPERATOR: OnceLock<Option<Eso>> = OnceLock::new();

/// Has ExternalSecrets defined, and a store `vault-kv` in the namespace of the case; whether the controller runs.
pub(crate) fn operator(case: &Case) -> bool {
    let runs = OPERATOR.get_or_init(|| match Eso::start(&case.env) {
        Ok(operator) => Some(operator),
        Err(error) if error.is_missing() => {
            skip("acceptance cases with the External Secrets controller", &error.to_string());
            define(case);
            None
        }
        Err(error) => panic!("{error}"),
    });
    store(case, "v1");
    runs.is_some()
}

/// The name of the controller's process, which is its field manager; none where it does not run.
pub(crate) fn manager() -> Option<String> {
    OPERATOR.get()?.as_ref().map(|operator| operator.manager().to_owned())
}

/// A plane with the line of controllers before the one of all other tests, and the name of its process; `None`, and a skip,
/// where it is not built.
pub(crate) fn older() -> Option<(&'static Env, &'static str)> {
    static OLDER: OnceLock<Option<(Eso, Plane)>> = OnceLock::new();
    let older = OLDER.get_or_init(|| {
        let plane = Plane::start(&Options::default()).unwrap();
        match Eso::start_of(Program::ESO_0_19, plane.env()) {
            Ok(operator) => Some((operator, plane)),
            Err(error) if error.is_missing() => {
                skip("acceptance cases with an older External Secrets controller", &error.to_string());
                None
            }
            Err(error) => panic!("{error}"),
        }
    });
    older.as_ref().map(|(operator, plane)| (plane.env(), operator.manager()))
}

/// A cluster of its own with External Secrets on it, for what would disturb others: versions that come and go, a controller
/// that is not there from the beginning, every request counted.
pub(crate) struct Cluster {
    // Before the plane that it works on.
    controller: Option<Eso>,
    plane: Plane,
}

impl Cluster {
    /// With the definitions, and no controller yet; `None`, and a skip, where the controller is not built.
    pub(crate) fn start(test: &str) -> Option<Self> {
        let plane = Plane::start(&Options { audit: true, ..Options::default() }).unwrap();
        match Eso::define(Program::ESO, plane.env()) {
            Ok(()) => Some(Self { controller: None, plane }),
            Err(error) if error.is_missing() => {
                skip(test, &error.to_string());
                None
            }
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) fn env(&self) -> &Env {
        self.plane.env()
    }

    /// The cluster, as its administrator.
    pub(crate) fn api(&self) -> Api {
        Api::admin(self.env()).unwrap()
    }

    /// Starts the controller; whether it is built.
    pub(crate) fn run(&mut self, test: &str) -> bool {
        let controller = Eso::run(Program::ESO, self.env());
        self.has(controller, test)
    }

    /// Puts that line of the controller, with its definitions, into the place of what is there; whether it is built.
    pub(crate) fn install(&mut self, line: Program, test: &str) -> bool {
        self.stop();
        let controller = Eso::start_of(line, self.env());
        self.has(controller, test)
    }

    fn has(&mut self, controller: Result<Eso, Error>, test: &str) -> bool {
        match controller {
            Ok(controller) => {
                self.controller = Some(controller);
                true
            }
            Err(error) if error.is_missing() => {
                skip(test, &error.to_string());
                false
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Ends the controller.
    pub(crate) fn stop(&mut self) {
        self.controller = None;
    }

    /// Has these versions served and no other; new objects are stored as `stored`. Objects that are there stay as they are
    /// stored, as they do when a chart is upgraded.
    pub(crate) fn serve(&self, served: &[&str], stored: &str) {
        for plural in PLURALS {
            self.api().serve_versions(&format!("{plural}.external-secrets.io"), served, stored).unwrap();
        }
    }

    /// The requests that were answered so far: those with `verb` on `resource` in that namespace.
    pub(crate) fn requests(&self, verb: &str, resource: &str, namespace: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.env().audit_log()).unwrap();
        let events = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let wanted = |event: &Value| {
            let object = &event["objectRef"];
            event["verb"] == verb && object["resource"] == resource && object["namespace"] == namespace
        };
        events.filter(wanted).collect()
    }
}

/// A store `vault-kv` that reads `secret/<namespace>` in the plane's Vault, written in `version`. Its token is in the Secret
/// `vault-token`.
pub(crate) fn store(case: &Case, version: &str) {
    let namespace = &case.namespace;
    let rules = format!("path \"secret/data/{namespace}\" {{ capabilities = [\"read\"] }}");
    let token = Vault::root(&case.env).unwrap().token(namespace, &rules).unwrap();
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "vault-token"}, "stringData": {"token": token},
    });
    case.api.create(&case.at("secrets"), &secret).unwrap().expect("secret", &[201]).unwrap();
    let store = json!({
        "apiVersion": format!("external-secrets.io/{version}"), "kind": "SecretStore", "metadata": {"name": "vault-kv"},
        "spec": {"provider": {"vault": {
            "server": case.env.vault_addr, "path": "secret", "version": "v2",
            "auth": {"tokenSecretRef": {"name": "vault-token", "key": "token"}},
        }}},
    });
    let path = in_version(case, version, "secretstores");
    case.api.create(&path, &store).unwrap().expect("store", &[201]).unwrap();
}

/// The token that the store `vault-kv` reads with.
pub(crate) fn token_of_the_store(case: &Case) -> String {
    let encoded = case.live("secrets/vault-token")["data"]["token"].as_str().unwrap().to_owned();
    String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap()
}

/// The path of something of External Secrets in one version of its API.
pub(crate) fn in_version(case: &Case, version: &str, path: &str) -> String {
    format!("/apis/external-secrets.io/{version}/namespaces/{}/{path}", case.namespace)
}

/// Whether the controller says that it has synced the ExternalSecret.
pub(crate) fn is_ready(external_secret: &Value) -> bool {
    condition(external_secret)["status"] == "True"
}

/// The condition `Ready` of an object; null where it has none.
pub(crate) fn condition(object: &Value) -> Value {
    let conditions = object["status"]["conditions"].as_array();
    let found = conditions.into_iter().flatten().find(|condition| condition["type"] == "Ready");
    found.cloned().unwrap_or_default()
}

/// The managers that own this field of an object, such as `["f:spec", "f:refreshInterval"]`, of the object itself.
pub(crate) fn owners(object: &Value, field: &[&str]) -> Vec<String> {
    let entries = object["metadata"]["managedFields"].as_array().into_iter().flatten();
    let owns = |entry: &&Value| {
        let fields = field.iter().try_fold(&entry["fieldsV1"], |fields, name| fields.get(name));
        entry["subresource"].is_null() && fields.is_some()
    };
    entries.filter(owns).map(|entry| entry["manager"].as_str().unwrap_or_default().to_owned()).collect()
}

/// The definitions, as far as these cases need them: names and versions.
pub(crate) fn define(case: &Case) {
    define_on(&case.api);
}

/// The same, without a case.
pub(crate) fn define_on(api: &Api) {
    for (kind, plural, scope) in [
        ("ExternalSecret", "externalsecrets", "Namespaced"),
        ("SecretStore", "secretstores", "Namespaced"),
        ("ClusterSecretStore", "clustersecretstores", "Cluster"),
    ] {
        let definition = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("{plural}.external-secrets.io")},
            "spec": {
                "group": "external-secrets.io", "scope": scope,
                "names": {
                    "kind": kind, "plural": plural, "singular": kind.to_lowercase(), "listKind": format!("{kind}List"),
                },
                "versions": [{
                    "name": "v1", "served": true, "storage": true,
                    "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
                }],
            },
        });
        api.define(&definition).unwrap();
    }
}
