//! No secret byte in state, plan, output or logs.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::support::{Case, cases};

/// Files of a folder that contain one of `texts`, the program of the provider left out.
fn holding(folder: &Path, texts: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if !path.to_string_lossy().contains("terraform-provider-") {
            let bytes = fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            found.extend(
                texts.iter().filter(|one| text.contains(*one)).map(|one| format!("{one} in {}", path.display())),
            );
        }
    }
    found
}

/// The canary in the forms in which it would appear: as it is, and in Base64 as the API has it.
fn forms(case: &Case) -> Vec<String> {
    let plain = format!("canary-{}-0123456789abcdef", case.namespace);
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "canary"}, "stringData": {"TOKEN": plain},
    });
    let made = case.api.create(&case.at("secrets"), &secret).unwrap().expect("secret", &[201]).unwrap();
    vec![plain, made["data"]["TOKEN"].as_str().unwrap().to_owned()]
}

#[test]
fn a_secret_that_is_read_appears_nowhere() {
    for mut case in cases("canary") {
        case.service("photos");
        let forms = forms(&case);
        case.write(
            "main.tf",
            r#"
            ephemeral "homelab_secret" "canary" {
              namespace = var.namespace
              name      = "canary"
            }
            # The cluster does not know this token: its refusal is an error that must not repeat it.
            provider "homelab" {
              alias = "refused"
              kubernetes {
                config_path = "plane.kubeconfig"
                token       = ephemeral.homelab_secret.canary.data["TOKEN"]
              }
              vault {
                address = "http://127.0.0.1:9"
                token   = ephemeral.homelab_secret.canary.data["TOKEN"]
              }
            }
            resource "homelab_ingress" "refused" {
              provider  = homelab.refused
              name      = "refused"
              namespace = var.namespace
              host      = "refused.${var.namespace}.example.net"
              auth      = "none"
              reason    = "a test page"
              service {
                name = "photos"
                port = "80"
              }
            }
            "#,
        );
        case.write("plane.kubeconfig", &case.env.kubeconfig_for("admin", "another-token"));
        let log = case.path().join("trace.log");
        case.env("TF_LOG", "TRACE").env("TF_LOG_PATH", log);
        let plan = case.ok(["plan", "-out=p"]);
        let shown = case.ok(["show", "-json", "p"]);
        let failed = case.run(["apply", "p"]).fails_with("Not authenticated");
        // Without a file, the log is on stderr.
        case.env("TF_LOG_PATH", "");
        let logged = case.run(["apply", "-auto-approve"]).fails_with("Not authenticated");
        assert!(logged.stderr.contains("[TRACE]") || logged.stderr.contains("TRACE"), "there was no log");
        for output in [plan, shown, failed, logged] {
            for form in &forms {
                assert!(!output.stdout.contains(form) && !output.stderr.contains(form), "{form}\n{}", output.command);
            }
        }
        // A plan is a zip: its members are looked at, not its bytes.
        let plan = fs::File::open(case.path().join("p")).unwrap();
        zip::ZipArchive::new(plan).unwrap().extract(case.path().join("unzipped")).unwrap();
        assert_eq!(holding(&case.path(), &forms), Vec::<String>::new());
        assert!(case.read("trace.log").contains("homelab_secret"), "the log is that of the run");
    }
}

#[test]
fn the_canary_would_be_seen() {
    for case in cases("canaryseen") {
        let forms = forms(&case);
        case.write("leak.txt", &format!("a{}b", forms[1]));
        assert_eq!(holding(&case.path(), &forms).len(), 1);
    }
}
