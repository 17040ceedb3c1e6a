//! External Secrets on the plane: the controller where it is built, else its definitions alone.

use std::sync::OnceLock;

use homelab_plane::wider::Eso;
use homelab_plane::{Vault, skip};
use serde_json::json;

use crate::support::Case;

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
    store(case);
    runs.is_some()
}

/// A store that reads `secret/<namespace>` in the plane's Vault.
fn store(case: &Case) {
    let namespace = &case.namespace;
    let rules = format!("path \"secret/data/{namespace}\" {{ capabilities = [\"read\"] }}");
    let token = Vault::root(&case.env).unwrap().token(namespace, &rules).unwrap();
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "vault-token"}, "stringData": {"token": token},
    });
    case.api.create(&case.at("secrets"), &secret).unwrap().expect("secret", &[201]).unwrap();
    let store = json!({
        "apiVersion": "external-secrets.io/v1", "kind": "SecretStore", "metadata": {"name": "vault-kv"},
        "spec": {"provider": {"vault": {
            "server": case.env.vault_addr, "path": "secret", "version": "v2",
            "auth": {"tokenSecretRef": {"name": "vault-token", "key": "token"}},
        }}},
    });
    case.api.create(&case.at("secretstores"), &store).unwrap().expect("store", &[201]).unwrap();
}

/// The definitions, as far as these cases need them: names and versions.
pub(crate) fn define(case: &Case) {
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
        case.api.define(&definition).unwrap();
    }
}
