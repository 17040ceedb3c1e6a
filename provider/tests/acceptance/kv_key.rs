//! `homelab_kv_key` on the plane's Vault.

use std::time::Duration;

use homelab_plane::relay::Reply;
use serde_json::json;

use crate::kv_support::{SMTP, as_holder_of, directly, document, root, siblings, through, with_key, with_siblings};
use crate::support::cases;

fn raised(version: u32) -> String {
    SMTP.replace("value_wo_version = 1", &format!("value_wo_version = {version}"))
}

#[test]
fn a_key_lives_from_plan_to_destroy_and_its_siblings_never_notice() {
    for mut case in cases("kvkey") {
        with_siblings(&case);
        case.write("main.tf", SMTP);
        case.env("TF_VAR_password", "canary-one");
        case.ok(["validate"]);
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("1 to add") && !plan.says("Not checked") && !plan.says("HL2"), "{plan}");
        case.ok(["apply", "p"]);
        assert_eq!(document(&case), (2, with_key("canary-one")));
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        let handle = &case.state()["values"]["root_module"]["resources"][0]["values"]["handle"];
        assert_eq!(*handle, json!(format!("secret/{}#smtp_password", case.namespace)));

        // The number alone says when to write.
        case.env("TF_VAR_password", "canary-two");
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(document(&case).0, 2);
        case.write("main.tf", &raised(2));
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("0 to add, 1 to change, 0 to destroy"), "{plan}");
        case.ok(["apply", "p"]);
        assert_eq!(document(&case), (3, with_key("canary-two")));

        // What somebody else writes there stays; what somebody removes is planned again.
        root(&case).put(&case.namespace, &with_key("by hand")).unwrap();
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        root(&case).put(&case.namespace, &siblings()).unwrap();
        let plan = case.run(["plan", "-detailed-exitcode"]);
        assert!(plan.code == 2 && plan.says("1 to add"), "{plan}");
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(document(&case), (6, with_key("canary-two")));

        let state = case.read("terraform.tfstate");
        for text in ["canary", "theirs", "by hand", "db_password", "flag"] {
            assert!(!state.contains(text), "{text} is in the state");
        }
        case.ok(["destroy", "-auto-approve"]);
        assert_eq!(document(&case), (7, siblings()));
        let metadata = root(&case).read(&format!("secret/metadata/{}", case.namespace)).unwrap().body;
        assert_eq!(metadata["data"]["custom_metadata"], json!({"owner": "the mail people"}));
        assert_eq!(metadata["data"]["max_versions"], json!(7));
    }
}

#[test]
fn a_document_is_begun_and_stays_empty_and_a_replacement_leaves_no_gap() {
    for mut case in cases("kvnew") {
        case.write("main.tf", SMTP);
        case.env("TF_VAR_password", "canary");
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(document(&case), (1, json!({"smtp_password": "canary"})));

        // In place: no moment without the key, so no version of the document either.
        let plan = case.ok(["plan", "-replace=homelab_kv_key.smtp"]);
        assert!(plan.says("1 to add, 0 to change, 1 to destroy") && !plan.says("HL2308"), "{plan}");
        case.ok(["apply", "-auto-approve", "-replace=homelab_kv_key.smtp"]);
        case.ok(["taint", "homelab_kv_key.smtp"]);
        case.ok(["apply", "-auto-approve"]);
        let first = "  lifecycle {\n    create_before_destroy = true\n  }\n  key ";
        case.write("main.tf", &SMTP.replace("  key ", first));
        case.ok(["apply", "-auto-approve", "-replace=homelab_kv_key.smtp"]);
        assert_eq!(document(&case), (1, json!({"smtp_password": "canary"})));
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);

        // Another key is another resource: the one comes, the other goes.
        case.write("main.tf", &SMTP.replace("\"smtp_password\"", "\"imap_password\""));
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(document(&case).1, json!({"imap_password": "canary"}));
        case.ok(["destroy", "-auto-approve"]);
        let (version, left) = document(&case);
        assert!(version > 1 && left == json!({}), "{version} {left}");
    }
}

#[test]
fn an_import_never_writes() {
    for mut case in cases("kvimport") {
        root(&case).put(&case.namespace, &with_key("theirs")).unwrap();
        case.write("main.tf", SMTP);
        case.env("TF_VAR_password", "theirs");
        let id = format!("secret/{}#smtp_password", case.namespace);
        case.ok(["import", "homelab_kv_key.smtp", &id]);
        let applied = case.ok(["apply", "-auto-approve"]);
        assert!(!applied.says("HL2309"), "{applied}");
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        assert_eq!(document(&case).0, 1);

        // Another value: said, and not written before somebody asks for it.
        case.ok(["state", "rm", "homelab_kv_key.smtp"]);
        case.env("TF_VAR_password", "ours");
        case.write("import.tf", &format!("import {{\n  to = homelab_kv_key.smtp\n  id = {id:?}\n}}\n"));
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("1 to import, 0 to add") && plan.says("0 to destroy"), "{plan}");
        let applied = case.ok(["apply", "p"]);
        assert!(applied.says("Warning: HL2309") && !applied.says("theirs"), "{applied}");
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        assert_eq!(document(&case).0, 1);
        case.write("main.tf", &raised(2));
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(document(&case), (2, with_key("ours")));

        case.remove("import.tf");
        case.ok(["state", "rm", "homelab_kv_key.smtp"]);
        for (id, words) in [("photos", "HL2301"), ("nowhere/x#y", "HL2305")] {
            let _ = case.run(["import", "homelab_kv_key.smtp", id]).fails_with(words);
        }
        let nothing = format!("secret/{}#nothing", case.namespace);
        let _ = case.run(["import", "homelab_kv_key.smtp", &nothing]).fails_with("non-existent");
    }
}

#[test]
fn whatever_the_store_answers_to_the_read_nothing_is_written() {
    for mut case in cases("kvfaults") {
        with_siblings(&case);
        case.write("main.tf", SMTP);
        let provider = "provider \"homelab\" {\n  vault {\n    timeout = \"PATIENCE\"\n  }\n}\n";
        case.env("TF_VAR_password", "canary");
        let before = document(&case);
        let answers = [
            (Reply::errors(403, &["permission denied"]), "permission denied on secret/data"),
            (Reply::errors(500, &["the disk is gone"]), "the disk is gone"),
            (Reply::errors(503, &["Vault is sealed"]), "it is sealed"),
            (Reply::Silence, "no answer from"),
            (Reply::Answer { status: 404, headers: Vec::new(), body: "<html>".to_owned() }, "not what Vault answers"),
        ];
        for (answer, words) in answers {
            let fault = answer.clone();
            // Only silence is waited for to the end; what the store does answer may take its time.
            let patience = if answer == Reply::Silence { "3s" } else { "30s" };
            case.write("provider.tf", &provider.replace("PATIENCE", patience));
            let relay =
                through(
                    &mut case,
                    move |request| {
                        if request.is("GET", "/v1/secret/data/") { fault.clone() } else { Reply::Pass }
                    },
                );
            // A create is planned without the store, and says so.
            let plan = case.ok(["plan", "-out=p"]);
            assert!(plan.says("Not checked") && plan.says(words), "{plan}");
            let failed = case.run(["apply", "p"]).fails_with(words);
            assert!(!failed.says("canary"), "{failed}");
            assert_eq!(relay.count("POST", "/v1/secret/"), 0, "{answer:?}");
            assert_eq!(document(&case), before);
            assert!(case.state()["values"].is_null(), "nothing that would be tainted");
        }
        // Of what is in state it is an error: an outage is not "the key is there", and not "it vanished".
        directly(&mut case);
        case.ok(["apply", "-auto-approve"]);
        let _relay = through(&mut case, |request| {
            if request.is("GET", "/v1/secret/data/") { Reply::errors(500, &["gone"]) } else { Reply::Pass }
        });
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).fails_with("gone").code, 1);
        let _ = case.run(["destroy", "-auto-approve"]).fails_with("gone");
        directly(&mut case);
        assert_eq!(document(&case).1, with_key("canary"));
        case.ok(["destroy", "-auto-approve"]);
    }
}

#[test]
fn what_cannot_be_written_safely_is_refused_with_the_way_out() {
    for mut case in cases("kvbad") {
        case.env("TF_VAR_password", "canary");
        // Deleted, and restorable: a warning in the plan of a create, an error in the apply.
        with_siblings(&case);
        root(&case).delete(&format!("secret/data/{}", case.namespace)).unwrap();
        case.write("main.tf", SMTP);
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("Warning: HL2303"), "{plan}");
        let refused = case.run(["apply", "p"]).fails_with("Error: HL2303");
        assert!(refused.says("vault kv undelete -versions=1"), "{refused}");
        let undelete = format!("secret/undelete/{}", case.namespace);
        root(&case).write(&undelete, &json!({"versions": [1]})).unwrap();
        assert_eq!(document(&case), (1, siblings()));

        // An engine without versions cannot check; no engine, and one of another kind.
        let mounted = |mount: &str| SMTP.replace("  path ", &format!("  mount = {mount:?}\n  path "));
        case.write("main.tf", &mounted("kv1"));
        let _ = case.run(["plan"]).fails_with("Error: HL2304");
        case.write("main.tf", &mounted("database"));
        let _ = case.run(["plan"]).fails_with("Error: HL2305");
        case.write("main.tf", &mounted("nowhere"));
        assert!(case.ok(["plan", "-out=p"]).says("Warning: HL2305"));
        let _ = case.run(["apply", "p"]).fails_with("Error: HL2305");

        // A policy that lets write and not read.
        case.write("main.tf", SMTP);
        let rules = format!(r#"path "secret/data/{}" {{ capabilities = ["create", "update"] }}"#, case.namespace);
        as_holder_of(&mut case, &rules);
        let refused = case.run(["apply", "-auto-approve"]).fails_with("HL5103");
        assert!(refused.says(&format!("secret/data/{}", case.namespace)), "{refused}");
        assert_eq!(document(&case), (1, siblings()));
        // Exactly what the documentation asks for.
        let rules = format!(r#"path "secret/data/{}" {{ capabilities = ["read", "update"] }}"#, case.namespace);
        as_holder_of(&mut case, &rules);
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(document(&case), (2, with_key("canary")));
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        case.ok(["destroy", "-auto-approve"]);

        for (from, to, words) in [
            ("path             = var.namespace", "path             = \"/photos\"", "HL2301"),
            ("\"smtp_password\"", "\"\"", "HL2301"),
            ("  value_wo_version = 1\n", "", "value_wo_version"),
            ("  value_wo         = var.password\n", "", "value_wo"),
        ] {
            assert!(SMTP.contains(from));
            case.write("main.tf", &SMTP.replace(from, to));
            let _ = case.run(["validate"]).fails_with(words);
        }
        case.write("main.tf", SMTP);
        case.write("twice.tf", &SMTP.split_once("}\n").unwrap().1.replace("\"smtp\"", "\"again\""));
        let _ = case.run(["plan"]).fails_with("HL5203");
    }
}

#[test]
fn a_key_that_is_there_already_is_taken_over_with_a_warning() {
    for mut case in cases("kvtaken") {
        root(&case).put(&case.namespace, &with_key("theirs")).unwrap();
        case.write("main.tf", SMTP);
        case.env("TF_VAR_password", "ours");
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("Warning: HL2308") && !plan.says("theirs"), "{plan}");
        case.ok(["apply", "p"]);
        assert_eq!(document(&case), (2, with_key("ours")));
    }
}

#[test]
fn the_value_is_write_only_for_every_client() {
    for case in cases("kvschema") {
        let schemas = case.json(["providers", "schema", "-json"]);
        let ours = &schemas["provider_schemas"][format!("{}/example/homelab", case.cli().registry())];
        let value = &ours["resource_schemas"]["homelab_kv_key"]["block"]["attributes"]["value_wo"];
        assert_eq!((&value["write_only"], &value["required"]), (&json!(true), &json!(true)), "{value:#}");
    }
}

/// A store that hangs in the middle of an apply does not hang the apply, and the next run ends it.
#[test]
fn an_apply_that_is_stopped_converges_on_the_next_run() {
    for mut case in cases("kvstopped") {
        with_siblings(&case);
        case.write("main.tf", SMTP);
        case.env("TF_VAR_password", "canary");
        let relay =
            through(
                &mut case,
                |request| {
                    if request.is("POST", "/v1/secret/data/") { Reply::Swallow } else { Reply::Pass }
                },
            );
        // The answers are lost, but not what was asked for: it is read again, and is there.
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(document(&case), (2, with_key("canary")));
        assert_eq!(relay.count("POST", "/v1/secret/data/"), 1);
        drop(relay);
        let _relay =
            through(
                &mut case,
                |request| {
                    if request.is("POST", "/v1/secret/data/") { Reply::Silence } else { Reply::Pass }
                },
            );
        let mut destroy = case.spawn(["destroy", "-auto-approve"]).unwrap();
        destroy.until_says("Destroying...").unwrap();
        // Alone, and the provider ends with it: one whose provider dies writes its state, and a kill in the middle of that
        // would leave half of it.
        destroy.kill().unwrap();
        assert_ne!(destroy.wait().unwrap().code, 0);
        directly(&mut case);
        case.limit(Duration::from_mins(2));
        case.ok(["destroy", "-auto-approve", "-lock=false"]);
        assert_eq!(document(&case).1, siblings());
    }
}
