//! An apply is done when the operator is, or says in the operator's words why it is not.

use std::time::Instant;

use homelab_plane::Vault;
use serde_json::{Value, json};

use crate::ingress::uid;
use crate::operator::{Cluster, operator, store};
use crate::secret::{PHOTOS_DB, put};
use crate::support::{Case, clis};

fn ready(name: &str) -> Option<Case> {
    let case = Case::new(clis().first()?, name);
    put(&case, "from-the-store");
    operator(&case).then_some(case)
}

/// The attribute of the resource in the state.
fn attribute(case: &Case, name: &str) -> Value {
    let state: Value = serde_json::from_str(&case.read("terraform.tfstate")).unwrap();
    let resources = state["resources"].as_array().unwrap();
    let of_kind = resources.iter().find(|one| one["type"] == "homelab_external_secret");
    of_kind.map_or(Value::Null, |one| one["instances"][0]["attributes"][name].clone())
}

fn declared(property: &str, arguments: &str) -> String {
    PHOTOS_DB.replace("\"db_password\"", &format!("\"{property}\"")).replacen(
        "  store {",
        &format!("{arguments}\n  store {{"),
        1,
    )
}

const SECOND: &str = "  data \"SECOND\" {\n    key      = var.namespace\n    property = \"db_password\"\n  }\n";

#[test]
fn an_apply_returns_when_this_generation_is_there_with_every_key() {
    let Some(case) = ready("ready") else { return };
    case.write("main.tf", PHOTOS_DB);
    case.ok(["apply", "-auto-approve"]);
    assert!(!case.live("secrets/photos-db")["data"]["DB_PASSWORD"].is_null());
    assert_eq!(attribute(&case, "ready"), true);
    case.write("main.tf", &PHOTOS_DB.replacen("  data ", &format!("{SECOND}  data "), 1));
    case.ok(["apply", "-auto-approve"]);
    let secret = case.live("secrets/photos-db");
    assert!(!secret["data"]["SECOND"].is_null(), "{secret}");
    assert_eq!((attribute(&case, "revision"), attribute(&case, "ready")), (json!(2), json!(true)));
    assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
}

#[test]
fn a_failed_create_says_why_and_the_next_one_goes_on_from_there() {
    let Some(case) = ready("failedcreate") else { return };
    case.write("main.tf", &declared("nope", "  preflight = \"off\""));
    let began = Instant::now();
    let failed = case.run(["apply", "-auto-approve"]).fails_with("Error: HL2407");
    assert!(failed.says("cannot find secret data for key") && failed.says("nope"), "{failed}");
    assert!(began.elapsed().as_secs() < 110, "it was not waited for to the end");
    let made = case.live("externalsecrets/photos-db");
    assert!(!made.is_null() && !case.ok(["state", "list"]).says("homelab_external_secret"));
    case.write("main.tf", PHOTOS_DB);
    case.ok(["apply", "-auto-approve"]);
    assert_eq!(uid(&case.live("externalsecrets/photos-db")), uid(&made));
    assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
}

#[test]
fn a_failed_update_is_proposed_again_until_it_is_done() {
    let Some(case) = ready("failedupdate") else { return };
    case.write("main.tf", PHOTOS_DB);
    case.ok(["apply", "-auto-approve"]);
    case.write("main.tf", &declared("later", "  preflight = \"off\""));
    let failed = case.run(["apply", "-auto-approve"]).fails_with("Error: HL2407");
    assert!(failed.says("cannot find secret data for key"), "{failed}");
    assert_eq!(attribute(&case, "ready"), false);
    let plan = case.run(["plan", "-detailed-exitcode"]);
    assert_eq!(plan.code, 2, "{plan}");
    assert!(plan.says("ready") && plan.says("Warning: HL2409"), "{plan}");
    let still = case.run(["apply", "-auto-approve"]).fails_with("Error: HL2407");
    assert!(still.says("later"), "{still}");
    // The store has it now; nothing of the declaration changes.
    let values = json!({"db_password": "from-the-store", "later": "x"});
    Vault::root(&case.env).unwrap().put(&case.namespace, &values).unwrap();
    case.ok(["apply", "-auto-approve"]);
    assert_eq!(attribute(&case, "ready"), true);
    assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
}

#[test]
fn what_is_fetched_once_is_not_waited_for_and_said() {
    let Some(case) = ready("once") else { return };
    case.write("main.tf", &PHOTOS_DB.replace("\"15m\"", "\"0s\""));
    case.ok(["apply", "-auto-approve"]);
    case.write("main.tf", &PHOTOS_DB.replace("\"15m\"", "\"0s\"").replacen("  data ", &format!("{SECOND}  data "), 1));
    let began = Instant::now();
    let applied = case.ok(["apply", "-auto-approve"]);
    assert!(applied.says("HL2414"), "{applied}");
    assert!(began.elapsed().as_secs() < 110);
    assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
}

#[test]
fn a_template_that_the_operator_refuses_fails_in_its_words_and_repeats_no_value() {
    let Some(case) = ready("template") else { return };
    let with = |template: &str| {
        let target =
            format!("  target {{\n    template {{\n      data = {{ URL = \"{template}\" }}\n    }}\n  }}\n  store {{");
        PHOTOS_DB.replacen("  store {", &target, 1)
    };
    for (template, words) in [("{{ .DB_PASSWORD", "is not closed"), ("{{ .DB_PASWORD }}", "nothing fetches")] {
        case.write("main.tf", &with(template));
        let refused = case.run(["validate"]).fails_with("HL2412");
        assert!(refused.says(words), "{refused}");
    }
    case.write("main.tf", &with("{{ noSuchFunction .DB_PASSWORD }}"));
    let failed = case.run(["apply", "-auto-approve"]).fails_with("HL2407");
    assert!(failed.says("noSuchFunction"), "{failed}");
    case.write("main.tf", &with("{{ mustToDate \\\"2006\\\" .DB_PASSWORD }}"));
    let failed = case.run(["apply", "-auto-approve"]).fails_with("HL2407");
    assert!(failed.says("mustToDate") && !failed.says("from-the-store"), "{failed}");
    case.write("main.tf", &with("db://{{ .DB_PASSWORD }}"));
    case.ok(["apply", "-auto-approve"]);
    assert!(!case.live("secrets/photos-db")["data"]["URL"].is_null());
}

#[test]
fn without_a_controller_the_message_says_so() {
    let test = "without_a_controller_the_message_says_so";
    let Some(mut cluster) = Cluster::start(test) else { return };
    let Some(cli) = clis().into_iter().next() else { return };
    let case = Case::on(&cli, "nobody", cluster.env());
    put(&case, "from-the-store");
    store(&case, "v1");
    case.write("main.tf", &declared("db_password", "  timeouts {\n    create = \"2s\"\n  }"));
    let late = case.run(["apply", "-auto-approve"]).fails_with("Error: HL2408");
    assert!(late.says("is External Secrets running"), "{late}");
    let made = case.live("externalsecrets/photos-db");
    assert!(cluster.run(test));
    case.write("main.tf", PHOTOS_DB);
    case.ok(["apply", "-auto-approve"]);
    assert_eq!(uid(&case.live("externalsecrets/photos-db")), uid(&made));
}
