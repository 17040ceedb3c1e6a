//! What the store lacks is found before anything is written, and values are never looked at.

use homelab_plane::Vault;
use serde_json::json;

use crate::ingress::uid;
use crate::operator::operator;
use crate::secret::{PHOTOS_DB, put};
use crate::support::{Case, SITE, clis};

/// A case with the operator, a value in the store, and a provider that may read what the operator may.
pub(crate) fn preflight(name: &str) -> Option<Case> {
    let mut case = Case::new(clis().first()?, name);
    put(&case, "from-the-store");
    if !operator(&case) {
        return None;
    }
    may_read(&mut case, &[]);
    Some(case)
}

/// Gives the provider a `vault` block, with a token that may read the document of the case and these.
pub(crate) fn may_read(case: &mut Case, more: &[&str]) {
    let root = Vault::root(&case.env).unwrap();
    let paths = std::iter::once(&*case.namespace).chain(more.iter().copied());
    let rules: Vec<String> =
        paths.map(|path| format!("path \"secret/data/{path}\" {{ capabilities = [\"read\"] }}\n")).collect();
    let rules = rules.concat();
    let token = root.token(&format!("{}-plan", case.namespace), &rules).unwrap();
    let address = case.env.vault_addr.clone();
    case.env("VAULT_TOKEN", token);
    case.write("provider.tf", &SITE.replacen('{', &format!("{{\n  vault {{\n    address = \"{address}\"\n  }}"), 1));
}

fn declared(property: &str, arguments: &str) -> String {
    PHOTOS_DB.replace("\"db_password\"", &format!("\"{property}\"")).replacen(
        "  store {",
        &format!("{arguments}\n  store {{"),
        1,
    )
}

#[test]
fn a_property_that_is_not_in_the_store_is_refused_before_the_first_write() {
    let Some(case) = preflight("preflight") else { return };
    // It may come in the same run: so the plan of a create warns, and the apply has the last word.
    case.write("main.tf", &declared("db_pasword", ""));
    let plan = case.ok(["plan", "-out=p"]);
    assert!(plan.says("Warning: HL2402") && plan.says("It has db_password."), "{plan}");
    let refused = case.run(["apply", "p"]).fails_with("Error: HL2402");
    assert!(refused.says("has no property") && !refused.says("from-the-store"), "{refused}");
    assert!(case.live("externalsecrets/photos-db").is_null());
    // Whoever says so is refused at plan.
    case.write("main.tf", &declared("db_pasword", "  preflight = \"error\""));
    let _ = case.run(["plan"]).fails_with("Error: HL2402");
    case.write("main.tf", &declared("db_pasword", "  preflight = \"off\""));
    assert!(!case.ok(["plan"]).says("HL24"));

    // What is there already is refused at plan: nobody makes it in the same run.
    case.write("main.tf", PHOTOS_DB);
    case.ok(["apply", "-auto-approve"]);
    let before = case.live("externalsecrets/photos-db");
    for (from, to, code) in [
        ("\"db_password\"", "\"other\"", "HL2402"),
        ("= var.namespace\n    property", "= \"nowhere\"\n    property", "HL2405"),
        ("= var.namespace\n    property", "= \"${var.namespace}\"\n    version = \"9\"\n    property", "HL2401"),
    ] {
        case.write("main.tf", &PHOTOS_DB.replace(from, to));
        let plan = case.run(["plan"]);
        assert!(plan.says(code), "{code}: {plan}");
        assert_eq!(plan.code == 0, code == "HL2405", "{plan}");
    }
    let after = case.live("externalsecrets/photos-db");
    assert_eq!((uid(&after), &after["spec"]), (uid(&before), &before["spec"]));
}

#[test]
fn a_secret_that_dies_in_the_store_is_said_with_every_plan() {
    let Some(case) = preflight("dying") else { return };
    case.write("main.tf", PHOTOS_DB);
    case.ok(["apply", "-auto-approve"]);
    // Somebody replaces the document, and its key is gone.
    Vault::root(&case.env).unwrap().put(&case.namespace, &json!({"another": "x"})).unwrap();
    let plan = case.run(["plan", "-detailed-exitcode"]);
    assert!(plan.says("Warning: HL2402"), "{plan}");
    assert_eq!(plan.code, 0, "{plan}");
    // It is deleted, and could be restored.
    let root = Vault::root(&case.env).unwrap();
    root.delete(&format!("secret/data/{}", case.namespace)).unwrap().expect("delete", &[204]).unwrap();
    let plan = case.run(["plan", "-detailed-exitcode"]);
    assert!(plan.says("Warning: HL2403") && plan.says("can be restored"), "{plan}");
}

#[test]
fn one_path_of_ten_that_we_may_not_read_is_not_checked_and_the_others_are() {
    let Some(mut case) = preflight("tenpaths") else { return };
    let root = Vault::root(&case.env).unwrap();
    let paths: Vec<String> = (0..10).map(|number| format!("{}-{number}", case.namespace)).collect();
    for path in &paths {
        root.put(path, &json!({"value": "x"})).unwrap();
    }
    let readable: Vec<&str> = paths[1..].iter().map(String::as_str).collect();
    may_read(&mut case, &readable);
    let data: Vec<String> = (0..10)
        .map(|number| {
            let property = if number == 7 { "nope" } else { "value" };
            format!("  data \"K{number}\" {{\n    key = \"${{var.namespace}}-{number}\"\n    property = \"{property}\"\n  }}\n")
        })
        .collect();
    let whole = format!("{}{}}}\n", PHOTOS_DB.trim_end().trim_end_matches('}'), data.concat());
    case.write("main.tf", &whole);
    let plan = case.ok(["plan"]);
    assert_eq!(plan.stdout.matches("HL2405").count() + plan.stderr.matches("HL2405").count(), 1, "{plan}");
    assert!(plan.says("permission denied") && plan.says("HL2402") && plan.says("K7"), "{plan}");
}

#[test]
fn a_store_that_looks_at_the_wrong_mount_is_found() {
    let Some(case) = preflight("wrongmount") else { return };
    let store = json!({
        "apiVersion": "external-secrets.io/v1", "kind": "SecretStore", "metadata": {"name": "elsewhere"},
        "spec": {"provider": {"vault": {
            "server": case.env.vault_addr, "path": "sys", "version": "v2",
            "auth": {"tokenSecretRef": {"name": "vault-token", "key": "token"}},
        }}},
    });
    case.api.create(&case.at("secretstores"), &store).unwrap().expect("store", &[201]).unwrap();
    case.write("main.tf", &declared("db_password", "  preflight = \"error\"").replace("vault-kv", "elsewhere"));
    let refused = case.run(["plan"]).fails_with("HL2404");
    assert!(refused.says("is the mount") || refused.says("mount"), "{refused}");
}
