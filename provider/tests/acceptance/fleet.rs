//! `homelab_external_secrets` in a real Terraform: what it says of a fleet, and that it says the same again.

use homelab_plane::Vault;
use homelab_plane::terraform::Cli;
use serde_json::{Value, json};

use crate::operator;
use crate::support::Case;

const FLEET: &str = r#"
data "homelab_external_secrets" "here" {
  namespaces = [var.namespace]
}

output "not_ready" {
  value = data.homelab_external_secrets.here.not_ready
}

output "findings" {
  value = [for one in data.homelab_external_secrets.here.findings : "${one.code} ${one.object}"]
}

output "members" {
  value = data.homelab_external_secrets.here.external_secrets
}

output "complete" {
  value = data.homelab_external_secrets.here.complete
}
"#;

fn external_secret(name: &str, key: &str, property: &str) -> Value {
    json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": name},
        "spec": {
            "refreshInterval": "1h0m0s", "secretStoreRef": {"kind": "SecretStore", "name": "vault-kv"},
            "data": [{"secretKey": "value", "remoteRef": {"key": key, "property": property}}],
        },
    })
}

#[test]
fn a_fleet_is_an_output_that_changes_only_with_the_cluster() {
    let mut case = Case::new(&Cli::terraform().unwrap(), "fleet");
    if !operator::operator(&case) {
        return;
    }
    let namespace = case.namespace.clone();
    let vault = Vault::root(&case.env).unwrap();
    vault.put(&namespace, &json!({"a": "s3cret-canary"})).unwrap();
    for (name, property) in [("good", "a"), ("dead", "b")] {
        let body = external_secret(name, &namespace, property);
        case.api.create(&case.at("externalsecrets"), &body).unwrap().expect(name, &[201]).unwrap();
    }
    for (name, status) in [("good", "True"), ("dead", "False")] {
        let says = |seen: &Value| seen["status"]["conditions"][0]["status"] == status;
        case.api.until(&case.at(&format!("externalsecrets/{name}")), says).unwrap();
    }
    // The words of a failure come with its event.
    let about = format!("{}?fieldSelector=involvedObject.name%3Ddead", case.at("events"));
    case.api.until(&about, |seen| seen["items"].as_array().is_some_and(|items| !items.is_empty())).unwrap();
    let (address, token) = (case.env.vault_addr.clone(), case.env.vault_token.clone());
    case.env("VAULT_ADDR", &address).env("VAULT_TOKEN", &token);
    case.write("main.tf", FLEET);
    case.ok(["apply", "-auto-approve"]);
    let outputs: Value = serde_json::from_str(&case.ok(["output", "-json"]).stdout).unwrap();
    let value = |name: &str| outputs[name]["value"].clone();
    assert_eq!(value("complete"), true, "{outputs:#}");
    assert_eq!(value("not_ready"), json!([format!("{namespace}/dead")]));
    let findings = value("findings");
    let findings: Vec<&str> = findings.as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    for code in ["HL2402", "HL2501"] {
        let wanted = format!("{code} ExternalSecret {namespace}/dead");
        assert!(findings.contains(&wanted.as_str()), "{wanted} is not in {findings:#?}");
    }
    let members = value("members");
    let dead = members.as_array().unwrap().iter().find(|one| one["name"] == "dead").unwrap();
    assert!(dead["message"].as_str().unwrap().contains("cannot find secret data for key: \"b\""), "{dead:#}");
    // As time goes by nothing of it changes.
    for _ in 0..2 {
        let again = case.run(["plan", "-detailed-exitcode"]);
        assert_eq!(again.code, 0, "{}", again.stdout);
    }
    let state = case.state().to_string();
    assert!(!state.contains("s3cret-canary"), "no value is ever read");

    case.write("main.tf", &FLEET.replace("namespaces =", "on_findings = \"error\"\n  namespaces ="));
    let refused = case.run(["plan"]);
    assert_eq!(refused.code, 1, "{}", refused.stdout);
    assert!(refused.stderr.contains("HL2402") && refused.stderr.contains("on_findings"), "{}", refused.stderr);
}
