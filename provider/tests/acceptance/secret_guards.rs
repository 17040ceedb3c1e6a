//! What is in use does not go by accident, and what is wrong is refused at its attribute.

use serde_json::{Value, json};

use crate::operator::operator;
use crate::secret::{PHOTOS_DB, put};
use crate::support::{Case, clis};

fn guarded(name: &str) -> Option<Case> {
    let case = Case::new(clis().first()?, name);
    put(&case, "from-the-store");
    operator(&case).then_some(case)
}

fn declared(arguments: &str) -> String {
    PHOTOS_DB.replacen("  store {", &format!("{arguments}\n  store {{"), 1)
}

/// A pod, or what makes pods, with the Secret as its variables.
fn pod_spec(secret: &str) -> Value {
    json!({"containers": [{"name": "app", "image": "app.example.net/app", "envFrom": [{"secretRef": {"name": secret}}]}]})
}

#[test]
fn a_secret_that_pods_use_is_not_destroyed_without_force() {
    let Some(case) = guarded("inuse") else { return };
    case.write("main.tf", &declared("  on_destroy = \"delete_secret\""));
    case.ok(["apply", "-auto-approve"]);
    let account = json!({"metadata": {"name": "default"}});
    case.api.create(&case.at("serviceaccounts"), &account).unwrap().expect("account", &[201, 409]).unwrap();
    let pod = json!({"metadata": {"name": "web"}, "spec": pod_spec("photos-db")});
    case.api.create(&case.at("pods"), &pod).unwrap().expect("pod", &[201]).unwrap();

    let plan = case.ok(["plan", "-destroy"]);
    assert!(plan.says("Warning: HL2410") && plan.says("web"), "{plan}");
    let refused = case.run(["destroy", "-auto-approve"]).fails_with("Error: HL2410");
    assert!(refused.says("web"), "{refused}");
    assert!(!case.live("externalsecrets/photos-db").is_null() && !case.live("secrets/photos-db").is_null());

    // The operator would delete the Secret of the old name.
    case.write("main.tf", &declared("  on_destroy = \"delete_secret\"\n  target {\n    name = \"other\"\n  }"));
    let refused = case.run(["plan"]).fails_with("Error: HL2410");
    assert!(refused.says("deleted by the operator"), "{refused}");

    case.write("main.tf", &declared("  on_destroy = \"delete_secret\"\n  force_destroy = true"));
    case.ok(["apply", "-auto-approve"]);
    case.ok(["destroy", "-auto-approve"]);
    case.api.until_gone(&case.at("secrets/photos-db")).unwrap();
}

#[test]
fn a_secret_is_kept_also_where_the_operator_would_delete_it() {
    let Some(case) = guarded("kept") else { return };
    case.write("main.tf", &declared("  target {\n    deletion_policy = \"Delete\"\n  }"));
    case.ok(["apply", "-auto-approve"]);
    let before = case.live("secrets/photos-db");
    case.ok(["destroy", "-auto-approve"]);
    case.api.until_gone(&case.at("externalsecrets/photos-db")).unwrap();
    let after = case.live("secrets/photos-db");
    assert_eq!((&after["metadata"]["uid"], &after["data"]), (&before["metadata"]["uid"], &before["data"]));
    assert!(after["metadata"]["ownerReferences"].is_null());
}

#[test]
fn reload_marks_the_secret_and_warns_of_who_would_not_notice() {
    const MATCH: &str = "reloader.stakater.com/match";
    let Some(case) = guarded("reload") else { return };
    let template = "  target {\n    template {\n      labels = { a = \"b\" }\n    }\n  }";
    for target in ["", template] {
        case.write("main.tf", &declared(&format!("  reload = true\n{target}")));
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(case.live("secrets/photos-db")["metadata"]["annotations"][MATCH], "true");
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        case.ok(["state", "rm", "homelab_external_secret.photos_db"]);
        case.ok(["import", "homelab_external_secret.photos_db", &format!("{}/photos-db", case.namespace)]);
        let plan = case.run(["plan", "-detailed-exitcode"]);
        assert!(!plan.says("reload "), "{plan}");
    }
    let labels = json!({"app": "web"});
    let deployment = json!({
        "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod_spec("photos-db")}},
    });
    let path = format!("/apis/apps/v1/namespaces/{}/deployments", case.namespace);
    case.api.create(&path, &deployment).unwrap().expect("deployment", &[201]).unwrap();
    let plan = case.ok(["plan"]);
    assert!(plan.says("Warning: HL2411") && plan.says("Deployment web"), "{plan}");
    // Taken back, the annotation goes.
    case.write("main.tf", &declared(template));
    case.ok(["apply", "-auto-approve"]);
    assert!(case.live("secrets/photos-db")["metadata"]["annotations"][MATCH].is_null());
}

#[test]
fn wrong_declarations_are_refused_at_their_attribute() {
    let Some(case) = guarded("badsecret") else { return };
    let both =
        "  data_from {\n    extract {\n      key = \"a\"\n    }\n    find {\n      name_regexp = \"a\"\n    }\n  }";
    let rewrite = "  data_from {\n    extract {\n      key = \"a\"\n    }\n    rewrite {}\n  }";
    for (configuration, words) in [
        (declared(both), "HL2004"),
        (declared(rewrite), "HL2004"),
        (declared("  timeouts {\n    create = \"soon\"\n  }"), "HL2002"),
        (declared("  target {\n    creation_policy = \"Merge\"\n    deletion_policy = \"Delete\"\n  }"), "HL2004"),
        (PHOTOS_DB.replacen("  store {\n    name = \"vault-kv\"\n  }\n", "", 1), "HL2004"),
    ] {
        case.write("main.tf", &configuration);
        let refused = case.run(["validate"]);
        assert!(refused.code != 0 && refused.says(words), "{words}: {refused}");
    }
    // The store that is not there, on an update.
    case.write("main.tf", PHOTOS_DB);
    case.ok(["apply", "-auto-approve"]);
    case.write("main.tf", &PHOTOS_DB.replace("vault-kv", "nope"));
    let _ = case.run(["plan"]).fails_with("Error: HL2102");
    // An immutable Secret takes no further key.
    let immutable = declared("  target {\n    immutable = true\n  }");
    case.write("main.tf", &immutable);
    case.ok(["apply", "-auto-approve"]);
    let more = "  data \"MORE\" {\n    key      = var.namespace\n    property = \"db_password\"\n  }\n";
    case.write("main.tf", &immutable.replacen("  data ", &format!("{more}  data "), 1));
    let _ = case.run(["plan"]).fails_with("Error: HL2413");
}
