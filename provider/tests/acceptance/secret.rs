//! `homelab_external_secret` on the plane, with the real controller where it is built, and ephemeral `homelab_secret`.

use homelab_plane::Vault;
use homelab_plane::terraform::Kind;
use serde_json::json;

use crate::ingress::uid;
use crate::operator::operator;
use crate::support::{Case, cases};

/// A password from the store.
pub(crate) const PHOTOS_DB: &str = r#"
resource "homelab_external_secret" "photos_db" {
  name             = "photos-db"
  namespace        = var.namespace
  refresh_interval = "15m"
  store {
    name = "vault-kv"
  }
  data "DB_PASSWORD" {
    key      = var.namespace
    property = "db_password"
  }
}
"#;

/// Waits until the controller has made the Secret; where it does not run, makes it as the controller would.
pub(crate) fn until_synced(case: &Case, runs: bool, value: &str) {
    if !runs {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "photos-db"},
            "stringData": {"DB_PASSWORD": value},
        });
        case.api.create(&case.at("secrets"), &secret).unwrap().expect("secret", &[201, 409]).unwrap();
    }
    case.api.until(&case.at("secrets/photos-db"), |seen| !seen["data"]["DB_PASSWORD"].is_null()).unwrap();
}

/// Puts the password into the store.
pub(crate) fn put(case: &Case, value: &str) {
    Vault::root(&case.env).unwrap().put(&case.namespace, &json!({"db_password": value})).unwrap();
}

/// The controller, and the password in the store: an apply of [`PHOTOS_DB`] succeeds. False where it does not run, which is said.
pub(crate) fn operator_with_password(case: &Case) -> bool {
    put(case, "from-the-store");
    operator(case)
}

#[test]
fn a_secret_lives_from_plan_to_destroy() {
    for case in cases("secret") {
        put(&case, "from-the-store");
        let runs = operator(&case);
        if !runs {
            continue;
        }
        case.write("main.tf", PHOTOS_DB);
        case.ok(["validate"]);
        case.ok(["plan", "-out=p"]);
        case.ok(["apply", "p"]);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        until_synced(&case, runs, "from-the-store");
        // The controller has written to the object by now (a finalizer, a status): that is no drift.
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        let before = case.live("externalsecrets/photos-db");

        case.write("main.tf", &PHOTOS_DB.replace("\"15m\"", "\"30m\""));
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("0 to add, 1 to change, 0 to destroy"), "{plan}");
        case.ok(["apply", "p"]);
        let after = case.live("externalsecrets/photos-db");
        assert_eq!(after["spec"]["refreshInterval"], "30m0s");
        assert_eq!(uid(&after), uid(&before));
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);

        // By default a destroy leaves the Secret to whoever uses it.
        case.ok(["destroy", "-auto-approve"]);
        case.api.until_gone(&case.at("externalsecrets/photos-db")).unwrap();
        assert!(!case.live("secrets/photos-db").is_null());
    }
}

#[test]
fn a_destroy_takes_the_secret_with_it_where_that_is_said_and_a_kept_one_is_ours_again() {
    for case in cases("ondestroy") {
        put(&case, "from-the-store");
        if !operator(&case) {
            continue;
        }
        case.write("main.tf", PHOTOS_DB);
        case.ok(["apply", "-auto-approve"]);
        until_synced(&case, true, "from-the-store");
        let kept = case.live("secrets/photos-db");
        case.ok(["destroy", "-auto-approve"]);
        case.api.until_gone(&case.at("externalsecrets/photos-db")).unwrap();
        assert_eq!(uid(&case.live("secrets/photos-db")), uid(&kept));

        // The Secret that was kept is no foreign one.
        let deleting = PHOTOS_DB.replacen("  store {", "  on_destroy = \"delete_secret\"\n  store {", 1);
        case.write("main.tf", &deleting);
        case.ok(["apply", "-auto-approve"]);
        case.api.until(&case.at("externalsecrets/photos-db"), |seen| seen["status"]["conditions"].is_array()).unwrap();
        case.api.until(&case.at("secrets/photos-db"), |seen| seen["metadata"]["ownerReferences"].is_array()).unwrap();
        case.ok(["destroy", "-auto-approve"]);
        case.api.until_gone(&case.at("secrets/photos-db")).unwrap();
    }
}

#[test]
fn a_secret_of_somebody_else_is_not_overwritten() {
    for case in cases("foreignsecret") {
        operator(&case);
        let theirs = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "photos-db"}, "stringData": {"DB_PASSWORD": "theirs"},
        });
        case.api.create(&case.at("secrets"), &theirs).unwrap().expect("secret", &[201]).unwrap();
        let before = case.live("secrets/photos-db");
        case.write("main.tf", PHOTOS_DB);
        let refused = case.run(["plan"]).fails_with("HL2103");
        assert!(!refused.says("theirs"), "{refused}");
        let _ = case.run(["apply", "-auto-approve"]).fails_with("HL2103");
        assert_eq!(case.live("secrets/photos-db"), before);
        assert!(case.live("externalsecrets/photos-db").is_null());
    }
}

#[test]
fn a_secret_is_imported_by_command_and_by_block() {
    for case in cases("secimport") {
        put(&case, "from-the-store");
        let runs = operator(&case);
        if !runs {
            continue;
        }
        case.write("main.tf", PHOTOS_DB);
        case.ok(["apply", "-auto-approve"]);
        until_synced(&case, runs, "from-the-store");
        let before = case.live("externalsecrets/photos-db");

        case.ok(["state", "rm", "homelab_external_secret.photos_db"]);
        case.ok(["import", "homelab_external_secret.photos_db", &format!("{}/photos-db", case.namespace)]);
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);

        case.ok(["state", "rm", "homelab_external_secret.photos_db"]);
        case.write(
            "import.tf",
            "import {\n  to = homelab_external_secret.photos_db\n  id = \"${var.namespace}/photos-db\"\n}\n",
        );
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("1 to import, 0 to add") && plan.says("0 to destroy"), "{plan}");
        case.ok(["apply", "p"]);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        let after = case.live("externalsecrets/photos-db");
        assert_eq!((uid(&after), &after["spec"]), (uid(&before), &before["spec"]));
    }
}

/// A second provider block that logs in with the password: without it, it is nobody and may do nothing.
const USE: &str = r#"
ephemeral "homelab_secret" "photos_db" {
  handle  = homelab_external_secret.photos_db.handle
  timeout = "2m"
}

provider "homelab" {
  alias = "other"
  kubernetes {
    config_path = "nobody.kubeconfig"
    token       = ephemeral.homelab_secret.photos_db.data["DB_PASSWORD"]
  }
  site {
    root_domain = "example.net"
  }
}

resource "homelab_ingress" "by_other" {
  provider  = homelab.other
  name      = "by-other"
  namespace = var.namespace
  host      = "other.${var.namespace}.example.net"
  auth      = "none"
  reason    = "a test page"
  service {
    name = "photos"
    port = "80"
  }
}
"#;

fn with_other(case: &Case) {
    case.service("photos");
    case.write("nobody.kubeconfig", &case.env.kubeconfig_for("nobody", &case.env.nobody_token));
    case.write("main.tf", PHOTOS_DB);
    case.write("use.tf", USE);
}

#[test]
fn one_apply_makes_a_secret_and_uses_it() {
    for case in cases("oneapply") {
        put(&case, &case.env.admin_token);
        if !operator(&case) {
            continue;
        }
        with_other(&case);
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("2 to add") && plan.says("kubernetes.token"), "{plan}");
        case.ok(["apply", "p"]);
        assert!(!case.live("ingresses/by-other").is_null());
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        case.ok(["destroy", "-auto-approve"]);
        assert!(case.live("ingresses/by-other").is_null());
    }
}

#[test]
fn an_ephemeral_secret_that_is_not_there_is_a_warning_at_plan() {
    for case in cases("absent") {
        case.write(
            "main.tf",
            r#"
            ephemeral "homelab_secret" "later" {
              namespace = var.namespace
              name      = "later"
            }
            "#,
        );
        let plan = case.run(["plan"]);
        assert!(plan.says("Warning: HL2201"), "{plan}");
        // OpenTofu takes no unknown value from an ephemeral, so there the warning comes with a refusal of its own.
        assert_eq!(plan.code == 0, case.cli().kind() == Kind::Terraform, "{plan}");
    }
}

#[test]
fn an_apply_waits_for_a_secret_and_then_fails() {
    for case in cases("never") {
        operator(&case);
        // The store has no such key, so the Secret never comes.
        with_other(&case);
        // Nor does the ExternalSecret wait for it.
        case.write("main.tf", &PHOTOS_DB.replacen("  store {", "  wait = false\n  preflight = \"off\"\n  store {", 1));
        case.write("use.tf", &USE.replace("2m", "1s"));
        let plan = case.ok(["plan", "-out=p"]);
        assert!(!plan.says("HL2201"), "{plan}");
        // The operator says so before the second is over, or it is over.
        let failed = case.run(["apply", "p"]);
        assert!(failed.says("Error: HL2407") || failed.says("Error: HL2202"), "{failed}");
        assert!(failed.code == 1 && failed.says("photos-db"), "{failed}");
        // The ExternalSecret itself was made, and is in state; what needed the Secret was not.
        let listed = case.ok(["state", "list"]);
        assert!(listed.says("homelab_external_secret.photos_db") && !listed.says("by_other"), "{listed}");
    }
}
