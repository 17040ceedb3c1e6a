//! `homelab_secret_store` with the real controller: made, changed, refused, taken over, kept while it is in use.

use homelab_plane::Vault;
use homelab_plane::terraform::Output;
use serde_json::{Value, json};

use crate::ingress::uid;
use crate::moves;
use crate::operator::{condition, operator};
use crate::secret::put;
use crate::support::{Case, cases};

/// Where the store is.
const VAULT: &str = "variable \"vault\" {\n  type = string\n}\n";

/// A store of the namespace, with the token that lies in a Secret there.
pub(crate) const OWN: &str = r#"
resource "homelab_secret_store" "own" {
  name      = "own"
  namespace = var.namespace
  vault {
    server = var.vault
    path   = "secret"
    auth {
      token_secret_ref {
        name = "vault-token"
        key  = "token"
      }
    }
  }
}
"#;

/// A store of the cluster, with a service account.
const CLUSTER: &str = r#"
resource "homelab_secret_store" "all" {
  name = "${var.namespace}-kv"
  kind = "ClusterSecretStore"
  vault {
    server = var.vault
    path   = "secret"
    auth {
      kubernetes {
        role = var.namespace
        service_account_ref {
          name      = "eso"
          namespace = var.namespace
        }
      }
    }
  }
  conditions {
    namespaces = [var.namespace]
  }
}
"#;

/// An ExternalSecret of the resource's store.
const USING: &str = r#"
resource "homelab_external_secret" "photos_db" {
  name      = "photos-db"
  namespace = var.namespace
  store {
    name = homelab_secret_store.all.name
    kind = homelab_secret_store.all.kind
  }
  data "DB_PASSWORD" {
    key      = var.namespace
    property = "db_password"
  }
}
"#;

/// Whether the controller runs; with the address of the store as a variable, and a value in it.
pub(crate) fn with_vault(case: &mut Case) -> bool {
    let address = case.env.vault_addr.clone();
    case.env("TF_VAR_vault", address);
    case.write("vault.tf", VAULT);
    put(case, "from-the-store");
    operator(case)
}

/// Lets the service account `eso` of the namespace log in to Vault by the role of that name.
fn with_account(case: &Case) {
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "eso"}});
    case.api.create(&case.at("serviceaccounts"), &account).unwrap().expect("account", &[201]).unwrap();
    let role = json!({
        "bound_service_account_names": ["eso"], "bound_service_account_namespaces": [case.namespace],
        "policies": [case.namespace], "ttl": "1h",
    });
    let path = format!("auth/kubernetes/role/{}", case.namespace);
    Vault::root(&case.env).unwrap().write(&path, &role).unwrap().expect("role", &[200, 204]).unwrap();
}

fn is_empty(case: &Case) {
    let plan = case.run(["plan", "-detailed-exitcode"]);
    assert_eq!(plan.code, 0, "{plan}");
}

fn all_stores(case: &Case) -> Value {
    let path = format!("/apis/external-secrets.io/v1/clustersecretstores/{}-kv", case.namespace);
    let answer = case.api.get(&path).unwrap();
    if answer.status == 404 { Value::Null } else { answer.expect("store", &[200]).unwrap() }
}

#[test]
fn a_store_lives_from_plan_to_destroy() {
    for mut case in cases("store") {
        if !with_vault(&mut case) {
            return;
        }
        case.write("main.tf", OWN);
        case.ok(["validate"]);
        case.ok(["plan", "-out=p"]);
        case.ok(["apply", "p"]);
        let made = case.live("secretstores/own");
        assert_eq!(condition(&made)["status"], "True", "an apply returns when the controller has accepted it");
        is_empty(&case);

        case.write("main.tf", &OWN.replacen("  vault {", "  refresh_interval = \"10m\"\n  vault {", 1));
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("0 to add, 1 to change, 0 to destroy"), "{plan}");
        let applied = case.ok(["apply", "p"]);
        assert!(!applied.says("HL2607"), "the controller says so by an Event: {applied}");
        let changed = case.live("secretstores/own");
        assert_eq!((uid(&changed), &changed["spec"]["refreshInterval"]), (uid(&made), &json!(600)));
        is_empty(&case);
        case.ok(["destroy", "-auto-approve"]);
        assert!(case.live("secretstores/own").is_null());
    }
}

#[test]
fn a_refusal_is_said_in_the_controllers_words_and_tried_again() {
    for mut case in cases("storerefused") {
        if !with_vault(&mut case) {
            return;
        }
        let wrong = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "wrong"}, "stringData": {"token": "canary-hunter2"},
        });
        case.api.create(&case.at("secrets"), &wrong).unwrap().expect("secret", &[201]).unwrap();
        let refused = |output: &Output| {
            // The condition itself says only "unable to create client" or the like.
            assert!(output.says("permission denied") || output.says("invalid token"), "{output}");
            assert!(!output.says("canary-hunter2"), "{output}");
        };
        case.write("main.tf", &OWN.replace("vault-token", "wrong"));
        refused(&case.run(["apply", "-auto-approve"]).fails_with("Error: HL2605"));
        // What failed is made and in no state; the next apply takes it over.
        let made = case.live("secretstores/own");
        assert!(!made.is_null() && case.run(["state", "list"]).stdout.is_empty());
        case.write("main.tf", OWN);
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(uid(&case.live("secretstores/own")), uid(&made));
        is_empty(&case);

        // A change that the controller refuses stays on the list until it is accepted, though nothing differs.
        case.write("main.tf", &OWN.replace("vault-token", "wrong"));
        refused(&case.run(["apply", "-auto-approve"]).fails_with("Error: HL2605"));
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 2);
        refused(&case.run(["apply", "-auto-approve"]).fails_with("Error: HL2605"));
        case.write("main.tf", OWN);
        case.ok(["apply", "-auto-approve"]);
        is_empty(&case);
    }
}

#[test]
fn a_store_of_the_cluster_serves_and_stays_while_it_is_named() {
    for mut case in cases("storeall") {
        if !with_vault(&mut case) {
            return;
        }
        with_account(&case);
        let wrong = CLUSTER.replacen("role = var.namespace", "role = \"nobody\"", 1);
        case.write("main.tf", &wrong);
        let refused = case.run(["apply", "-auto-approve"]).fails_with("Error: HL2605");
        assert!(refused.says("invalid role name"), "{refused}");

        case.write("main.tf", &format!("{CLUSTER}{USING}"));
        case.ok(["apply", "-auto-approve"]);
        assert!(!case.live("secrets/photos-db").is_null());
        is_empty(&case);

        // Both go in one run, in the right order.
        let before = all_stores(&case);
        case.write("main.tf", CLUSTER);
        let theirs = case.live("externalsecrets/photos-db");
        case.ok(["state", "rm", "homelab_external_secret.photos_db"]);
        let kept = case.run(["destroy", "-auto-approve"]).fails_with("Error: HL2608");
        let name = format!("ExternalSecret {}/photos-db (spec.secretStoreRef)", case.namespace);
        assert!(kept.says(&name), "{kept}");
        assert_eq!(uid(&all_stores(&case)), uid(&before));
        is_empty(&case);
        case.write("main.tf", &CLUSTER.replacen("  vault {", "  force_destroy = true\n  vault {", 1));
        case.ok(["apply", "-auto-approve"]);
        case.ok(["destroy", "-auto-approve"]);
        assert!(all_stores(&case).is_null());
        assert_eq!(uid(&case.live("externalsecrets/photos-db")), uid(&theirs));
    }
}

#[test]
fn a_store_and_what_names_it_go_in_one_run() {
    for mut case in cases("storegoes") {
        if !with_vault(&mut case) {
            return;
        }
        with_account(&case);
        case.write("main.tf", &format!("{CLUSTER}{USING}"));
        case.ok(["apply", "-auto-approve"]);
        case.ok(["destroy", "-auto-approve"]);
        assert!(all_stores(&case).is_null() && case.live("externalsecrets/photos-db").is_null());

        // Also where the name is a text, and Terraform knows of no order.
        let text = USING
            .replace("homelab_secret_store.all.name", "\"${var.namespace}-kv\"")
            .replace("homelab_secret_store.all.kind", "\"ClusterSecretStore\"");
        case.write("main.tf", CLUSTER);
        case.ok(["apply", "-auto-approve"]);
        case.write("main.tf", &format!("{CLUSTER}{text}"));
        case.ok(["apply", "-auto-approve"]);
        case.ok(["destroy", "-auto-approve"]);
        assert!(all_stores(&case).is_null() && case.live("externalsecrets/photos-db").is_null());
    }
}

#[test]
fn a_store_is_renamed_without_a_gap_and_replaced_in_place() {
    for mut case in cases("storerenamed") {
        if !with_vault(&mut case) {
            return;
        }
        with_account(&case);
        case.write("main.tf", &format!("{CLUSTER}{USING}"));
        case.ok(["apply", "-auto-approve"]);
        let made = all_stores(&case);
        // What is in use is not deleted and made again: the create takes it over, and the destroy lets go of it.
        case.ok(["apply", "-auto-approve", "-replace=homelab_secret_store.all"]);
        assert_eq!(uid(&all_stores(&case)), uid(&made));
        is_empty(&case);

        let renamed = CLUSTER.replace("-kv\"", "-kv2\"");
        case.write("main.tf", &format!("{renamed}{USING}"));
        let refused = case.run(["apply", "-auto-approve"]).fails_with("Error: HL2608");
        assert!(refused.says("create_before_destroy"), "{refused}");
        let first = renamed.trim_end().strip_suffix('}').unwrap();
        let first = format!("{first}  lifecycle {{\n    create_before_destroy = true\n  }}\n}}\n");
        case.write("main.tf", &format!("{first}{USING}"));
        case.ok(["apply", "-auto-approve"]);
        assert!(all_stores(&case).is_null());
        let using = case.live("externalsecrets/photos-db");
        assert_eq!(using["spec"]["secretStoreRef"]["name"], format!("{}-kv2", case.namespace));
        is_empty(&case);
        case.ok(["destroy", "-auto-approve"]);
    }
}

#[test]
fn a_store_is_imported_by_id_and_by_identity() {
    for mut case in cases("storeimport") {
        if !with_vault(&mut case) {
            return;
        }
        with_account(&case);
        case.write("main.tf", &format!("{OWN}{CLUSTER}"));
        case.ok(["apply", "-auto-approve"]);
        let before = [case.live("secretstores/own"), all_stores(&case)];
        for one in ["own", "all"] {
            case.ok(["state", "rm", &format!("homelab_secret_store.{one}")]);
        }
        case.ok(["import", "homelab_secret_store.own", &format!("{}/own", case.namespace)]);
        case.write("import.tf", "import {\n  to = homelab_secret_store.all\n  id = \"${var.namespace}-kv\"\n}\n");
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("1 to import, 0 to add, 0 to change, 0 to destroy"), "{plan}");
        case.ok(["apply", "p"]);
        is_empty(&case);
        let after = [case.live("secretstores/own"), all_stores(&case)];
        for (before, after) in before.iter().zip(&after) {
            assert_eq!((uid(after), &after["spec"]), (uid(before), &before["spec"]));
        }
    }
}

#[test]
fn a_store_moves_from_kubernetes_manifest_and_is_the_same_one() {
    for mut case in moves::cases("storemoved") {
        if !with_vault(&mut case) {
            return;
        }
        let object = json!({
            "apiVersion": "external-secrets.io/v1", "kind": "SecretStore",
            "metadata": {"name": "own", "namespace": case.namespace},
            "spec": {"provider": {"vault": {
                "server": case.env.vault_addr, "path": "secret", "version": "v2",
                "auth": {"tokenSecretRef": {"name": "vault-token", "key": "token"}},
            }}},
        });
        case.api
            .apply(&case.at("secretstores/own"), "Terraform", false, &object)
            .unwrap()
            .expect("apply", &[201])
            .unwrap();
        let before = case.api.until(&case.at("secretstores/own"), |seen| condition(seen)["status"] == "True").unwrap();
        let attributes = json!({
            // As it was declared once; the cluster may serve that version no more.
            "manifest": {"value": {"apiVersion": "external-secrets.io/v1beta1", "kind": "SecretStore",
                                   "metadata": object["metadata"], "spec": object["spec"]}, "type": ["object", {}]},
            "object": {"value": before, "type": ["object", {}]},
            "computed_fields": null, "field_manager": [], "timeouts": [], "wait": [], "wait_for": null,
        });
        moves::state(&case, "kubernetes_manifest", &attributes, "homelab_secret_store.own");
        case.write("main.tf", OWN);
        let plan = case.ok(["plan", "-out=p"]);
        assert!(!plan.says("HL5206") && !plan.says("must be replaced"), "{plan}");
        case.ok(["apply", "p"]);
        is_empty(&case);
        let after = case.live("secretstores/own");
        assert_eq!((uid(&after), &after["spec"]), (uid(&before), &before["spec"]));
        // And from here on it is ours to change.
        case.write("main.tf", &OWN.replacen("  vault {", "  refresh_interval = \"10m\"\n  vault {", 1));
        case.ok(["apply", "-auto-approve"]);
        let text = case.live("secretstores/own")["metadata"]["managedFields"].to_string();
        assert!(!text.contains("\"Terraform\""), "{text}");
        is_empty(&case);
    }
}

#[test]
fn a_store_of_another_owner_and_of_another_provider_is_left_alone() {
    for mut case in cases("storeother") {
        if !with_vault(&mut case) {
            return;
        }
        let object = json!({
            "apiVersion": "external-secrets.io/v1", "kind": "SecretStore",
            "metadata": {"name": "own", "annotations": {"meta.helm.sh/release-name": "stores", "meta.helm.sh/release-namespace": "eso"}},
            "spec": {"provider": {"fake": {"data": [{"key": "a", "value": "b"}]}}},
        });
        case.api.create(&case.at("secretstores"), &object).unwrap().expect("store", &[201]).unwrap();
        let before = case.live("secretstores/own")["spec"].clone();
        case.write("main.tf", OWN);
        let refused = case.run(["plan"]).fails_with("HL5202");
        assert!(refused.says("Helm release eso/stores"), "{refused}");
        let id = format!("{}/own", case.namespace);
        let imported = case.run(["import", "homelab_secret_store.own", &id]).fails_with("Not a store of Vault");
        assert!(imported.says("fake"), "{imported}");
        assert_eq!(case.live("secretstores/own")["spec"], before);
    }
}
