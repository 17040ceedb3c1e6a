//! Stores that cannot be, or that nobody accepts: each is said, where it is wrong, before it does harm.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use homelab_plane::relay::{Relay, Reply};
use serde_json::json;

use crate::operator::Cluster;
use crate::store_life::{OWN, with_vault};
use crate::support::{Case, cases, clis, manifests};

#[test]
fn a_declaration_that_cannot_be_is_refused_without_a_cluster() {
    let refusals: [(&str, &str, &[&str]); 8] = [
        ("namespace = var.namespace", "namespace = var.namespace\n  kind = \"Vault\"", &["ClusterSecretStore", "kind"]),
        (
            "namespace = var.namespace",
            "namespace = var.namespace\n  kind = \"ClusterSecretStore\"",
            &["HL2004", "belongs to no namespace"],
        ),
        ("namespace = var.namespace", "", &["HL2004", "none was given"]),
        ("var.vault", "\"vault.example.net:8200\"", &["HL2601", "server", "does not begin with http://"]),
        (
            "token_secret_ref {",
            "kubernetes {\n        role = \"eso\"\n      }\n      token_secret_ref {",
            &["HL2602", "token_secret_ref and kubernetes"],
        ),
        (
            "      token_secret_ref {\n        name = \"vault-token\"\n        key  = \"token\"\n      }\n",
            "",
            &["HL2602", "None of token_secret_ref"],
        ),
        (
            "path   = \"secret\"",
            "path   = \"secret\"\n    headers = { X-Vault-Token = \"hunter2\" }",
            &["HL2603", "headers"],
        ),
        ("  vault {", "  refresh_interval = \"15 minutes\"\n  vault {", &["HL2002", "refresh_interval"]),
    ];
    for mut work in manifests() {
        work.env("TF_VAR_vault", "http://vault.example.net");
        work.write("vault.tf", "variable \"vault\" {\n  type = string\n}\n");
        for (from, to, words) in refusals {
            assert!(OWN.contains(from), "{from}");
            work.write("main.tf", &OWN.replacen(from, to, 1));
            let refused = work.run(["plan"]).fails_with(words[0]);
            for word in words {
                assert!(refused.says(word), "{word}: {refused}");
            }
        }
        work.write("main.tf", OWN);
        work.ok(["plan"]);
    }
}

#[test]
fn what_the_store_refers_to_is_missed_at_plan_and_before_the_first_write() {
    for mut case in cases("storedangling") {
        if !with_vault(&mut case) {
            return;
        }
        case.write("main.tf", &OWN.replace("vault-token", "nowhere"));
        // It may be made in the same run.
        let plan = case.ok(["plan"]);
        assert!(plan.says("Warning: HL2604") && plan.says("nowhere does not exist"), "{plan}");
        let _ = case.run(["apply", "-auto-approve"]).fails_with("Error: HL2604");
        assert!(case.live("secretstores/own").is_null(), "nothing was written");
        case.write("main.tf", &OWN.replace("\"token\"", "\"nope\""));
        let plan = case.run(["apply", "-auto-approve"]).fails_with("Error: HL2604");
        assert!(plan.says("has no key \"nope\""), "{plan}");
        case.write("main.tf", OWN);
        case.ok(["apply", "-auto-approve"]);
        case.write("main.tf", &OWN.replace("vault-token", "nowhere"));
        let _ = case.run(["plan"]).fails_with("Error: HL2604");
    }
}

#[test]
fn an_engine_that_is_not_what_the_store_takes_it_for_is_said_at_plan() {
    for mut case in cases("storemount") {
        if !with_vault(&mut case) {
            return;
        }
        for (from, to, words) in [
            ("path   = \"secret\"", "path    = \"secret\"\n    version = \"v1\"", "keeps versions"),
            ("path   = \"secret\"", "path = \"kv1\"", "keeps no versions"),
            ("path   = \"secret\"", "path = \"database\"", "is the database engine"),
            ("path   = \"secret\"", "path = \"nowhere\"", "Nothing is mounted at nowhere"),
        ] {
            case.write("main.tf", &OWN.replacen(from, to, 1));
            let plan = case.ok(["plan"]);
            assert!(plan.says("Warning: HL2404") && plan.says(words), "{plan}");
        }
        case.write("main.tf", &OWN.replacen("path   = \"secret\"", "path    = \"kv1\"\n    version = \"v1\"", 1));
        assert!(!case.ok(["plan"]).says("HL2404"));
    }
}

#[test]
fn a_sealed_vault_is_named_and_the_next_apply_looks_again() {
    for mut case in cases("storesealed") {
        if !with_vault(&mut case) {
            return;
        }
        let is_sealed = Arc::new(AtomicBool::new(true));
        let sealed = Arc::clone(&is_sealed);
        let relay = Relay::to(&case.env.vault_addr, move |_| {
            if sealed.load(Ordering::Relaxed) { Reply::errors(503, &["Vault is sealed"]) } else { Reply::Pass }
        });
        let relay = relay.unwrap();
        case.env("TF_VAR_vault", relay.address());
        let without_retries = "  retry_settings {\n    max_retries = 0\n  }\n  vault {";
        case.write("main.tf", &OWN.replacen("  vault {", without_retries, 1));
        let refused = case.run(["apply", "-auto-approve"]).fails_with("Error: HL2605");
        assert!(refused.says("Vault is sealed"), "{refused}");
        is_sealed.store(false, Ordering::Relaxed);
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

#[test]
fn without_a_controller_an_apply_says_so_and_without_definitions_even_a_plan_does() {
    let Some(cluster) = Cluster::start("store_bad: without a controller") else { return };
    for cli in clis() {
        let mut case = Case::on(&cli, "storealone", cluster.env());
        let address = case.env.vault_addr.clone();
        case.env("TF_VAR_vault", address);
        case.write("vault.tf", "variable \"vault\" {\n  type = string\n}\n");
        let token = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "vault-token"}, "stringData": {"token": "x"},
        });
        case.api.create(&case.at("secrets"), &token).unwrap().expect("secret", &[201]).unwrap();
        let hasty = OWN.replacen("  vault {", "  timeouts {\n    create = \"2s\"\n  }\n  vault {", 1);
        case.write("main.tf", &hasty);
        let alone = case.run(["apply", "-auto-approve"]).fails_with("Error: HL2606");
        assert!(alone.says("No controller has looked at"), "{alone}");
        // Whoever does not want to wait need not.
        case.write("main.tf", &hasty.replacen("  vault {", "  wait = false\n  vault {", 1));
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        case.ok(["destroy", "-auto-approve"]);
    }
    let api = cluster.api();
    let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    for plural in ["secretstores", "clustersecretstores", "externalsecrets"] {
        let path = format!("{definitions}/{plural}.external-secrets.io");
        api.delete(&path).unwrap().expect(plural, &[200]).unwrap();
        api.until_gone(&path).unwrap();
    }
    // Who asks what is served learns of it a moment later.
    api.until_gone("/apis/external-secrets.io/v1").unwrap();
    for cli in clis() {
        let mut case = Case::on(&cli, "storenocrd", cluster.env());
        let address = case.env.vault_addr.clone();
        case.env("TF_VAR_vault", address);
        case.write("vault.tf", "variable \"vault\" {\n  type = string\n}\n");
        case.write("main.tf", OWN);
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("Warning: HL2101") && plan.says("SecretStore is not installed"), "{plan}");
        let _ = case.run(["apply", "p"]).fails_with("Error: HL2101");
    }
}
