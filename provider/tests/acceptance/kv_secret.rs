//! Ephemeral `homelab_kv_secret` on the plane's Vault.

use homelab_plane::relay::Reply;
use homelab_plane::terraform::Kind;
use serde_json::json;

use crate::kv_support::{SMTP, as_holder_of, directly, document, holding, root, through};
use crate::support::cases;

/// What is read is written to another document: nothing else shows that a value arrived.
const COPY: &str = r#"
resource "homelab_kv_key" "copy" {
  path             = "${var.namespace}-copy"
  key              = "copy"
  value_wo         = ephemeral.homelab_kv_secret.smtp.data["smtp_password"]
  value_wo_version = 1
}
"#;

fn by_path(more: &str) -> String {
    format!("ephemeral \"homelab_kv_secret\" \"smtp\" {{\n  path = var.namespace\n{more}}}\n")
}

#[test]
fn one_apply_makes_a_value_and_uses_it() {
    for mut case in cases("kvone") {
        case.write("main.tf", SMTP);
        case.write("copy.tf", COPY);
        case.write("read.tf", "ephemeral \"homelab_kv_secret\" \"smtp\" {\n  handle = homelab_kv_key.smtp.handle\n}\n");
        case.env("TF_VAR_password", "canary-one");
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("2 to add") && !plan.says("HL2310"), "{plan}");
        case.ok(["apply", "p"]);
        let copy = || root(&case).get(&format!("{}-copy", case.namespace)).unwrap();
        assert_eq!(copy(), json!({"copy": "canary-one"}));
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);

        // Both are raised: the second takes what the first has just written.
        case.write("main.tf", &SMTP.replace("version = 1", "version = 2"));
        case.write("copy.tf", &COPY.replace("version = 1", "version = 2"));
        case.env("TF_VAR_password", "canary-two");
        case.ok(["apply", "-auto-approve"]);
        let copy = root(&case).get(&format!("{}-copy", case.namespace)).unwrap();
        assert_eq!(copy, json!({"copy": "canary-two"}));
        assert!(!case.read("terraform.tfstate").contains("canary"));
        case.ok(["destroy", "-auto-approve"]);
    }
}

#[test]
fn a_document_is_read_by_path_and_version() {
    for case in cases("kvread") {
        for value in ["old", "new"] {
            root(&case).put(&case.namespace, &json!({"smtp_password": value})).unwrap();
        }
        let copy = || root(&case).get(&format!("{}-copy", case.namespace)).unwrap()["copy"].clone();
        case.write("read.tf", &by_path(""));
        case.write("copy.tf", COPY);
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(copy(), json!("new"));

        case.write("read.tf", &by_path("  document_version = 1\n"));
        case.write("copy.tf", &COPY.replace("version = 1", "version = 2"));
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(copy(), json!("old"));

        let whole = COPY.replace("data[\"smtp_password\"]", "data_json").replace("version = 1", "version = 3");
        case.write("copy.tf", &whole);
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(copy(), json!(r#"{"smtp_password":"old"}"#));
    }
}

#[test]
fn what_is_absent_is_unknown_in_a_plan_and_an_error_in_an_apply() {
    for mut case in cases("kvabsent") {
        case.write("read.tf", &by_path(""));
        case.write("copy.tf", COPY);
        let plan = case.run(["plan", "-out=p"]);
        assert!(plan.says("Warning: HL2310"), "{plan}");
        // OpenTofu takes no unknown value from an ephemeral, so there the warning comes with a refusal of its own.
        assert_eq!(plan.code == 0, case.cli().kind() == Kind::Terraform, "{plan}");

        // An apply that has written something is past planning.
        case.write("main.tf", &SMTP.replace("path             = var.namespace", "path = \"${var.namespace}-other\""));
        case.write(
            "read.tf",
            "ephemeral \"homelab_kv_secret\" \"smtp\" {\n  \
             path = trimsuffix(homelab_kv_key.smtp.handle, \"-other#smtp_password\") == \"\" ? \"\" : var.namespace\n}\n",
        );
        case.env("TF_VAR_password", "canary");
        let failed = case.run(["apply", "-auto-approve"]).fails_with("Error: HL2311");
        assert!(failed.says(&format!("secret/{}", case.namespace)), "{failed}");
    }
}

#[test]
fn what_may_not_be_read_is_an_error_at_plan() {
    for mut case in cases("kvclosed") {
        root(&case).put(&case.namespace, &json!({"smtp_password": "canary"})).unwrap();
        case.write("read.tf", &by_path(""));
        case.write("copy.tf", COPY);
        let relay = through(&mut case, |request| {
            if request.is("GET", "/v1/secret/data/") { Reply::errors(503, &["Vault is sealed"]) } else { Reply::Pass }
        });
        let _ = case.run(["plan"]).fails_with("it is sealed");
        drop(relay);
        directly(&mut case);
        as_holder_of(&mut case, r#"path "secret/data/other" { capabilities = ["read"] }"#);
        let refused = case.run(["plan"]).fails_with("HL5103");
        assert!(!refused.says("canary"), "{refused}");
        assert_eq!(document(&case).0, 1);

        for (more, words) in [
            ("  handle = \"secret/photos#key\"\n", "HL2004"),
            ("  document_version = 0\n", "HL2301"),
            ("  mount = \"/secret\"\n", "HL2301"),
        ] {
            case.write("read.tf", &by_path(more));
            let _ = case.run(["validate"]).fails_with(words);
        }
        case.write("read.tf", &by_path("  mount = \"nowhere\"\n"));
        let token = case.env.vault_token.clone();
        case.env("VAULT_TOKEN", token);
        let _ = case.run(["plan"]).fails_with("HL2305");
    }
}

/// A value that is read, written, refused and lost on the way is nowhere but in the store.
#[test]
fn a_value_is_in_no_file_and_no_output() {
    for mut case in cases("kvcanary") {
        let canary = format!("canary-{}", case.namespace);
        root(&case)
            .put(&case.namespace, &json!({"smtp_password": canary, "theirs": format!("{canary}-theirs")}))
            .unwrap();
        case.write("read.tf", &by_path(""));
        case.write("copy.tf", COPY);
        let log = case.path().join("trace.log");
        case.env("TF_LOG", "TRACE").env("TF_LOG_PATH", log);
        let mut said = vec![case.ok(["plan", "-out=p"]), case.ok(["show", "-json", "p"])];
        let relay = through(&mut case, |request| {
            if request.is("POST", "/v1/secret/") { Reply::errors(500, &["the disk is full"]) } else { Reply::Pass }
        });
        said.push(case.run(["apply", "p"]).fails_with("the disk is full"));
        assert!(relay.seen().iter().any(|request| request.body.contains(&canary)), "it was on its way");
        directly(&mut case);
        said.push(case.ok(["apply", "-auto-approve"]));
        said.push(case.ok(["show", "-json"]));
        said.push(case.ok(["destroy", "-auto-approve"]));
        for output in said {
            assert!(!output.stdout.contains(&canary) && !output.stderr.contains(&canary), "{}", output.command);
        }
        let plan = std::fs::File::open(case.path().join("p")).unwrap();
        zip::ZipArchive::new(plan).unwrap().extract(case.path().join("unzipped")).unwrap();
        case.write("leak.txt", &format!("a{canary}b"));
        assert_eq!(holding(&case.path(), &canary).len(), 1, "the search would see it");
        case.remove("leak.txt");
        assert_eq!(holding(&case.path(), &canary), Vec::<String>::new());
        assert!(case.read("trace.log").contains("homelab_kv_secret"), "the log is that of the run");
    }
}
