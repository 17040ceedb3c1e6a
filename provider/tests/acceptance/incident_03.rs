//! Incident 3: what reads a secret while planning cannot be planned before the secret is there. Fifteen stacks were applied in
//! two steps, first with `-target`, and each new one failed until somebody remembered.

use homelab_plane::Vault;
use serde_json::json;

use crate::operator::operator;
use crate::secret::put;
use crate::store_life::{OWN, with_vault};
use crate::support::{Case, cases};

/// As the stacks had it: something makes the secret, and a data source reads it. `terraform_remote_state` is the one data
/// source that Terraform brings along; the file stands for the Secret.
const PLAIN: &str = r#"
resource "terraform_data" "secret" {
  provisioner "local-exec" {
    command = "cp made.json secret.json"
  }
}

data "terraform_remote_state" "secret" {
  backend = "local"
  config = {
    path = "secret.json"
  }
}

resource "terraform_data" "consumer" {
  input = data.terraform_remote_state.secret.outputs.password
}
"#;

/// A secret of that store.
pub(crate) const SECRET: &str = r#"
resource "homelab_external_secret" "photos_db" {
  name      = "photos-db"
  namespace = var.namespace
  store {
    name = homelab_secret_store.own.name
  }
  data "DB_PASSWORD" {
    key      = var.namespace
    property = "db_password"
  }
}

ephemeral "homelab_secret" "photos_db" {
  handle = homelab_external_secret.photos_db.handle
}
"#;

/// Something that takes it: a write-only argument of another resource.
const CONSUMER: &str = r#"
resource "homelab_kv_key" "copy" {
  mount            = "secret"
  path             = "${var.namespace}-copy"
  key              = "password"
  value_wo         = ephemeral.homelab_secret.photos_db.data["DB_PASSWORD"]
  value_wo_version = 1
}
"#;

fn copied(case: &Case) -> serde_json::Value {
    Vault::root(&case.env).unwrap().get(&format!("{}-copy", case.namespace)).unwrap()
}

#[test]
fn incident_03_one_apply_makes_store_secret_and_consumer() {
    for mut case in cases("incident03") {
        // Plainly: the plan reads what only an apply will make.
        let outputs = json!({"password": {"value": "from-the-store", "type": "string"}});
        let made = json!({
            "version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "", "outputs": outputs, "resources": [],
        });
        case.write("made.json", &made.to_string());
        case.write("main.tf", PLAIN);
        let refused = case.run(["apply", "-auto-approve"]);
        assert_ne!(refused.code, 0, "{refused}");
        assert!(refused.says("Unable to find remote state"), "{refused}");
        case.ok(["apply", "-auto-approve", "-target=terraform_data.secret"]);
        case.ok(["apply", "-auto-approve"]);
        // And what was read is in the state for ever.
        assert!(case.read("terraform.tfstate").contains("from-the-store"));
        case.ok(["destroy", "-auto-approve"]);
        for file in ["terraform.tfstate", "terraform.tfstate.backup", "secret.json", "made.json", "main.tf"] {
            case.remove(file);
        }

        // Ours: nothing of it is there, and one apply makes it all.
        if !with_vault(&mut case) {
            return;
        }
        let value = format!("made-{}-0123456789abcdef", case.namespace);
        put(&case, &value);
        case.write("main.tf", OWN);
        case.write("secret.tf", SECRET);
        case.write("consumer.tf", CONSUMER);
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("3 to add, 0 to change, 0 to destroy"), "{plan}");
        case.ok(["apply", "p"]);
        assert_eq!(copied(&case)["password"], value.as_str());
        let plan = case.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 0, "{plan}");
        assert!(!case.read("terraform.tfstate").contains(&value), "no value in the state");

        // Nor is a second step needed for a replacement, or for all to go.
        case.write("secret.tf", &SECRET.replace("\"photos-db\"", "\"photos-pw\""));
        case.write("consumer.tf", &CONSUMER.replace("value_wo_version = 1", "value_wo_version = 2"));
        case.ok(["apply", "-auto-approve"]);
        assert!(!case.live("secrets/photos-pw").is_null());
        let plan = case.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 0, "{plan}");
        case.ok(["destroy", "-auto-approve"]);
        assert!(case.live("secretstores/own").is_null());
    }
}

#[test]
fn an_ephemeral_of_an_update_is_of_the_new_declaration() {
    for mut case in cases("ephemeralnew") {
        if !with_vault(&mut case) {
            return;
        }
        let vault = Vault::root(&case.env).unwrap();
        vault.put(&case.namespace, &json!({"db_password": "first", "other": "second"})).unwrap();
        case.write("main.tf", OWN);
        case.write("secret.tf", SECRET);
        case.write("consumer.tf", CONSUMER);
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(copied(&case)["password"], "first");
        // The Secret is there, with the same key, and is of the older declaration when the apply begins. Nothing waits for it
        // but the ephemeral.
        let other =
            SECRET.replace("\"db_password\"", "\"other\"").replacen("  store {", "  wait = false\n  store {", 1);
        case.write("secret.tf", &other);
        case.write("consumer.tf", &CONSUMER.replace("value_wo_version = 1", "value_wo_version = 2"));
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(copied(&case)["password"], "second");
    }
}

#[test]
fn an_ephemeral_says_why_the_operator_cannot_make_the_secret() {
    for mut case in cases("ephemeralwhy") {
        if !with_vault(&mut case) {
            return;
        }
        case.write("main.tf", OWN);
        let hopeless = SECRET.replace("\"db_password\"", "\"nope\"").replacen(
            "  store {",
            "  wait      = false\n  preflight = \"off\"\n  store {",
            1,
        );
        case.write("secret.tf", &hopeless);
        case.write("consumer.tf", CONSUMER);
        let failed = case.run(["apply", "-auto-approve"]).fails_with("Error: HL2407");
        assert!(failed.says("nope") && failed.says("photos-db"), "{failed}");
        assert!(copied(&case).is_null());
    }
}

#[test]
fn a_value_that_is_no_text_is_there_in_base64() {
    for case in cases("ephemeralbytes") {
        operator(&case);
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "photos-db"},
            "data": {"TEXT": "aGVsbG8=", "BYTES": "/w==", "EMPTY": ""},
        });
        case.api.create(&case.at("secrets"), &secret).unwrap().expect("secret", &[201]).unwrap();
        case.write(
            "main.tf",
            r#"
            ephemeral "homelab_secret" "some" {
              namespace = var.namespace
              name      = "photos-db"
              lifecycle {
                postcondition {
                  condition = (
                    self.data["TEXT"] == "hello" && self.data["EMPTY"] == "" && !contains(keys(self.data), "BYTES") &&
                    self.data_base64["BYTES"] == "/w==" && self.type == "Opaque"
                  )
                  error_message = "not as it should be"
                }
              }
            }
            resource "terraform_data" "none" {}
            "#,
        );
        case.ok(["apply", "-auto-approve"]);
        case.write("main.tf", &case.read("main.tf").replace("== \"hello\"", "== \"other\""));
        let wrong = case.run(["plan"]).fails_with("not as it should be");
        assert!(!wrong.says("hello"), "{wrong}");
    }
}

#[test]
fn a_secret_that_is_named_and_never_comes_fails_the_apply() {
    const NAMED: &str = r#"
        ephemeral "homelab_secret" "photos_db" {
          namespace  = var.namespace
          name       = "later"
          timeout    = "1s"
          depends_on = [homelab_secret_store.own]
        }
    "#;
    for mut case in cases("ephemeralnamed") {
        if !with_vault(&mut case) {
            return;
        }
        // After what the run itself has written, it is waited for.
        case.write("main.tf", OWN);
        case.write("secret.tf", NAMED);
        case.write("consumer.tf", CONSUMER);
        case.ok(["plan"]);
        let failed = case.run(["apply", "-auto-approve"]).fails_with("Error: HL2202");
        assert!(failed.says("later is not there. It was waited for 1 s"), "{failed}");

        // Where nothing was written, nobody tells us that this is an apply: the answer is unknown, as while planning, and
        // Terraform stops by itself.
        let told = case.run(["apply", "-auto-approve"]);
        assert_ne!(told.code, 0, "{told}");
        assert!(told.says("HL2201") && told.says("unknown"), "{told}");
        assert!(copied(&case).is_null());

        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "later"}, "stringData": {"DB_PASSWORD": "here"},
        });
        case.api.create(&case.at("secrets"), &secret).unwrap().expect("secret", &[201]).unwrap();
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(copied(&case)["password"], "here");
    }
}
