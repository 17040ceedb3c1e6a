//! Incident 4: ExternalSecrets whose keys were not in Vault were dead for weeks. Every plan and every apply was green.

use homelab_plane::Vault;
use serde_json::{Value, json};

use crate::operator::{condition, operator};
use crate::secret::{PHOTOS_DB, put};
use crate::support::{Case, cases};

/// A provider that may look into Vault: address and token come from the environment.
const WITH_VAULT: &str = r#"
provider "homelab" {
  vault {}
  site {
    root_domain = "example.net"
  }
}
"#;

/// Two that are dead: a key that is spelled otherwise in the store, and a document that is not there.
fn dead(case: &Case) -> [(&'static str, Value); 2] {
    let namespace = &case.namespace;
    let object = |name: &str, key: &str, property: &str| {
        json!({
            "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": name},
            "spec": {
                "refreshInterval": "15m0s", "secretStoreRef": {"name": "vault-kv", "kind": "SecretStore"},
                "data": [{"secretKey": "DB_PASSWORD", "remoteRef": {"key": key, "property": property}}],
            },
        })
    };
    [
        ("misspelled", object("misspelled", namespace, "db_pasword")),
        ("moved-away", object("moved-away", &format!("{namespace}-old"), "db_password")),
    ]
}

fn apply(case: &Case, name: &str, object: &Value) -> (u16, Value) {
    let path = case.at(&format!("externalsecrets/{name}"));
    let answer = case.api.apply(&path, "Terraform", false, object).unwrap();
    (answer.status, answer.body)
}

/// [`PHOTOS_DB`] that asks for this property of this document.
fn asking_for(key: &str, property: &str, more: &str) -> String {
    PHOTOS_DB
        .replace("key      = var.namespace", &format!("key      = \"{key}\""))
        .replace("\"db_password\"", &format!("{property:?}"))
        .replacen("  store {", &format!("{more}  store {{"), 1)
}

#[test]
fn incident_04_a_dead_external_secret_is_found_at_plan() {
    for case in cases("incident04") {
        put(&case, "from-the-store");
        if !operator(&case) {
            return;
        }
        // Plainly: the API server takes both, and every later apply is accepted and changes nothing. Only who looks at the
        // status sees that the controller has failed, and that there is no Secret.
        for (name, object) in dead(&case) {
            assert_eq!(apply(&case, name, &object).0, 201);
            let path = case.at(&format!("externalsecrets/{name}"));
            let failed =
                |seen: &Value| condition(seen)["status"] == "False" && seen["metadata"]["finalizers"].is_array();
            let before = case.api.until(&path, failed).unwrap();
            assert_eq!(condition(&before)["reason"], "SecretSyncedError");
            let (status, after) = apply(&case, name, &object);
            assert_eq!((status, &after["spec"]), (200, &before["spec"]), "green, and nothing to do");
            assert!(case.live(&format!("secrets/{name}")).is_null());
        }

        // Ours: the plan says which key is missing where, and with `preflight = "error"` it is refused as a whole.
        case.write("provider.tf", WITH_VAULT);
        let old = format!("{}-old", case.namespace);
        for (key, property, code, words) in [
            (case.namespace.as_str(), "db_pasword", "HL2402", "db_pasword"),
            (old.as_str(), "db_password", "HL2401", old.as_str()),
        ] {
            case.write("main.tf", &asking_for(key, property, ""));
            // A create is refused at plan or, since the key may come in the same run, only before the first write: said it is.
            let plan = case.run(["plan"]);
            assert!(plan.says(code) && plan.says(words), "{plan}");
            let refused = case.run(["apply", "-auto-approve"]).fails_with(&format!("Error: {code}"));
            assert!(refused.says(words), "{refused}");
            assert!(case.live("externalsecrets/photos-db").is_null(), "nothing dead is made");

            case.write("main.tf", &asking_for(key, property, "  preflight = \"error\"\n"));
            let refused = case.run(["plan"]).fails_with(&format!("Error: {code}"));
            assert!(refused.says(words) && refused.says("homelab_external_secret.photos_db"), "{refused}");
            assert!(!refused.says("from-the-store"), "names are shown, values are not: {refused}");
        }

        // With the right name it is made, and alive.
        case.write("main.tf", &asking_for(&case.namespace, "db_password", ""));
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(condition(&case.live("externalsecrets/photos-db"))["status"], "True");
        let plan = case.run(["plan", "-detailed-exitcode"]);
        assert!(plan.code == 0 && !plan.says("HL24"), "{plan}");

        // And it does not die unseen: once the key is gone from the store, every plan names it, and no change goes through.
        Vault::root(&case.env).unwrap().put(&case.namespace, &json!({"other": "x"})).unwrap();
        let plan = case.ok(["plan"]);
        assert!(plan.says("HL2402") && plan.says("db_password"), "{plan}");
        case.write("main.tf", &asking_for(&case.namespace, "db_password", "").replace("15m", "30m"));
        let _ = case.run(["plan"]).fails_with("Error: HL2402");
    }
}
