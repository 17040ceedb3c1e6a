//! Bad input of `homelab_external_secret`: each is refused before anything is written, at its attribute.
//!
//! | what is wrong | test |
//! | --- | --- |
//! | missing key | [`a_key_that_the_store_does_not_have_is_refused`] |
//! | missing property | `secret_preflight::a_property_that_is_not_in_the_store_is_refused_before_the_first_write` |
//! | wrong mount | `secret_preflight::a_store_that_looks_at_the_wrong_mount_is_found` |
//! | no permission on one of ten paths | `secret_preflight::one_path_of_ten_that_we_may_not_read_is_not_checked_and_the_others_are` |
//! | a template that does not parse | `secret_ready::a_template_that_the_operator_refuses_fails_in_its_words_and_repeats_no_value` |
//! | a target that belongs to somebody else | `secret::a_secret_of_somebody_else_is_not_overwritten` |
//! | two data entries with the same key | [`two_entries_for_one_key_are_refused`] |
//! | an interval of `15 minutes` | [`an_interval_that_is_no_duration_is_refused`] |
//! | the store is not valid | [`a_store_that_is_not_valid_is_refused_before_the_first_write`] |
//! | the controller is not running | `secret_ready::without_a_controller_the_message_says_so` |
//! | no definitions, at plan and at apply | [`without_definitions_a_plan_warns_and_an_apply_refuses`] |

use homelab_plane::{Api, Options, Plane};
use serde_json::{Value, json};

use crate::ingress::uid;
use crate::operator::{condition, define_on, operator};
use crate::secret::{PHOTOS_DB, put};
use crate::secret_preflight::{may_read, preflight};
use crate::support::{Case, SITE, cases, clis, manifests};

/// [`PHOTOS_DB`] from that store.
fn from(store: &str) -> String {
    PHOTOS_DB.replace("\"vault-kv\"", &format!("{store:?}"))
}

#[test]
fn a_key_that_the_store_does_not_have_is_refused() {
    let Some(mut case) = preflight("nokey") else { return };
    let missing = format!("{}-nowhere", case.namespace);
    may_read(&mut case, &[&missing]);
    let missing = PHOTOS_DB.replacen("= var.namespace\n    property", &format!("= {missing:?}\n    property"), 1);
    case.write("main.tf", &missing);
    // It may be made in the same run: the apply has the last word.
    let plan = case.ok(["plan", "-out=p"]);
    assert!(plan.says("Warning: HL2401") && plan.says("There is nothing at secret/"), "{plan}");
    let refused = case.run(["apply", "p"]).fails_with("Error: HL2401");
    assert!(refused.says("data[\"DB_PASSWORD\"]") || refused.says("key      ="), "{refused}");
    assert!(case.live("externalsecrets/photos-db").is_null(), "nothing was written");
    case.write("main.tf", PHOTOS_DB);
    case.ok(["apply", "-auto-approve"]);
    let before = case.live("externalsecrets/photos-db");
    case.write("main.tf", &missing);
    let _ = case.run(["plan"]).fails_with("Error: HL2401");
    assert_eq!(case.live("externalsecrets/photos-db")["spec"], before["spec"]);
}

#[test]
fn two_entries_for_one_key_are_refused() {
    let second = "  data \"DB_PASSWORD\" {\n    key = \"other\"\n  }\n";
    for work in manifests() {
        work.write("main.tf", &PHOTOS_DB.replacen("  data ", &format!("{second}  data "), 1));
        for command in ["validate", "plan"] {
            let refused = work.run([command]).fails_with("Duplicate");
            assert!(refused.says("DB_PASSWORD"), "{refused}");
        }
    }
}

#[test]
fn an_interval_that_is_no_duration_is_refused() {
    for work in manifests() {
        work.write("main.tf", &PHOTOS_DB.replace("\"15m\"", "\"15 minutes\""));
        for command in ["validate", "plan"] {
            let refused = work.run([command]).fails_with("Error: HL2002");
            assert!(refused.says("refresh_interval") && refused.says("15 minutes"), "{refused}");
        }
    }
}

/// A store whose token is in that Secret.
fn store(case: &Case, name: &str, secret: &str) {
    let store = json!({
        "apiVersion": "external-secrets.io/v1", "kind": "SecretStore", "metadata": {"name": name},
        "spec": {"provider": {"vault": {
            "server": case.env.vault_addr, "path": "secret", "version": "v2",
            "auth": {"tokenSecretRef": {"name": secret, "key": "token"}},
        }}},
    });
    case.api.create(&case.at("secretstores"), &store).unwrap().expect("store", &[201]).unwrap();
}

fn until_invalid(case: &Case, name: &str) {
    let is_invalid = |seen: &Value| condition(seen)["status"] == "False";
    case.api.until(&case.at(&format!("secretstores/{name}")), is_invalid).unwrap();
}

#[test]
fn a_store_that_is_not_valid_is_refused_before_the_first_write() {
    for case in cases("storeinvalid") {
        put(&case, "from-the-store");
        if !operator(&case) {
            return;
        }
        store(&case, "broken", "no-such-secret");
        until_invalid(&case, "broken");
        case.write("main.tf", &from("broken"));
        // What it lacks may be made in the same run.
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("Warning: HL2406") && plan.says("SecretStore"), "{plan}");
        let refused = case.run(["apply", "p"]).fails_with("Error: HL2406");
        assert!(refused.says("is not valid") && refused.says("The operator says: "), "{refused}");
        assert!(!refused.says("operator says: The operator"), "{refused}");
        assert!(case.live("externalsecrets/photos-db").is_null(), "nothing was written");

        // Who wants to know earlier is told earlier, and who knows better is believed.
        let with = |level: &str| SITE.replacen('{', &format!("{{\n  checks {{\n    references = {level:?}\n  }}"), 1);
        case.write("provider.tf", &with("error"));
        let _ = case.run(["plan"]).fails_with("Error: HL2406");
        case.write("provider.tf", &with("warn"));
        let failed = case.run(["apply", "-auto-approve"]).fails_with("Error: HL2407");
        assert!(failed.says("is not valid"), "{failed}");
        assert!(!case.live("externalsecrets/photos-db").is_null());
        case.write("provider.tf", SITE);

        // Of what is there, the plan says so.
        case.write("main.tf", PHOTOS_DB);
        case.ok(["apply", "-auto-approve"]);
        let before = case.live("externalsecrets/photos-db");
        case.write("main.tf", &from("broken"));
        let _ = case.run(["plan"]).fails_with("Error: HL2406");
        assert_eq!(case.live("externalsecrets/photos-db")["spec"], before["spec"]);
    }
}

/// The store as a resource, with the token in that Secret.
fn resource(secret: &str) -> String {
    crate::store_life::OWN.replacen("\"vault-token\"", &format!("{secret:?}"), 1)
}

#[test]
fn one_run_repairs_a_store_and_changes_what_comes_from_it() {
    for mut case in cases("storerepair") {
        if !crate::store_life::with_vault(&mut case) {
            return;
        }
        let copy = case.live("secrets/vault-token")["data"].clone();
        let copy = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "passing"}, "data": copy});
        case.api.create(&case.at("secrets"), &copy).unwrap().expect("secret", &[201]).unwrap();
        let using = PHOTOS_DB.replace("\"vault-kv\"", "homelab_secret_store.own.name");
        case.write("main.tf", &format!("{}{using}", resource("passing")));
        case.ok(["apply", "-auto-approve"]);
        let before = case.live("externalsecrets/photos-db");
        // Somebody takes away what the store logs in with; its controller sees that when it looks again.
        case.api.delete(&case.at("secrets/passing")).unwrap().expect("secret", &[200]).unwrap();
        let touch = json!({"metadata": {"annotations": {"example.net/touched": "yes"}}});
        case.api.merge(&case.at("secretstores/own"), &touch).unwrap().expect("touch", &[200]).unwrap();
        until_invalid(&case, "own");
        case.write("main.tf", &format!("{}{}", resource("vault-token"), using.replace("\"15m\"", "\"30m\"")));
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("Warning: HL2406") && plan.says("0 to add, 2 to change, 0 to destroy"), "{plan}");
        case.ok(["apply", "p"]);
        let after = case.live("externalsecrets/photos-db");
        assert_eq!((uid(&after), &after["spec"]["refreshInterval"]), (uid(&before), &json!("30m0s")));
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

#[test]
fn without_definitions_a_plan_warns_and_an_apply_refuses() {
    let plane = Plane::start(&Options { without_vault: true, ..Options::default() }).unwrap();
    let api = Api::admin(plane.env()).unwrap();
    let declared = PHOTOS_DB.replacen("  store {", "  wait = false\n  store {", 1);
    let all: Vec<Case> = clis().iter().map(|cli| Case::on(cli, "nocrd", plane.env())).collect();
    for case in &all {
        case.write("main.tf", &declared);
        // They may come in the same run.
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("Warning: HL2101") && plan.says("External Secrets Operator"), "{plan}");
        let refused = case.run(["apply", "p"]).fails_with("Error: HL2101");
        assert!(refused.says("serves no ExternalSecret of external-secrets.io"), "{refused}");
        assert!(case.run(["state", "list"]).stdout.is_empty());
    }
    // The operator is installed, and then taken away.
    define_on(&api);
    for case in &all {
        store(case, "vault-kv", "vault-token");
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
    }
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/externalsecrets.external-secrets.io";
    api.delete(path).unwrap().expect("definition", &[200]).unwrap();
    api.until_gone(path).unwrap();
    // Who asks what is served learns of it a moment later.
    let lists = |seen: &Value| {
        let mut all = seen["resources"].as_array().into_iter().flatten();
        all.any(|one| one["name"] == "externalsecrets")
    };
    api.until("/apis/external-secrets.io/v1", |seen| !lists(seen)).unwrap();
    api.until_gone("/apis/external-secrets.io/v1/externalsecrets").unwrap();
    for case in &all {
        // Not "it is gone, make it again": nothing could be looked at.
        let blind = case.run(["plan", "-detailed-exitcode"]).fails_with("ExternalSecret");
        assert!(blind.code == 1 && blind.says("does not serve"), "{blind}");
        case.write("main.tf", &declared.replace("\"15m\"", "\"30m\""));
        let _ = case.run(["plan", "-refresh=false"]).fails_with("Error: HL2101");
        assert!(case.ok(["state", "list"]).says("homelab_external_secret.photos_db"));
    }
}
