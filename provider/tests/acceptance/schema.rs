//! What the provider says of itself, as Terraform reads it.

use homelab_plane::terraform::platform;

use crate::support::{HEADER, folders, installed};

#[test]
fn providers_schema_lists_everything_there_is() {
    for work in folders() {
        let schemas = work.json(["providers", "schema", "-json"]);
        let ours = &schemas["provider_schemas"][format!("{}/example/homelab", work.cli().registry())];
        let names = |kind: &str| {
            let members = ours[kind].as_object().into_iter().flatten();
            members.map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
        };
        let resources = ["carveout_probe", "external_secret", "ingress", "kv_key", "secret_store", "upgrade_gate"];
        assert_eq!(names("resource_schemas"), resources.map(|name| format!("homelab_{name}")), "{ours:#}");
        assert_eq!(names("data_source_schemas"), ["homelab_external_secrets", "homelab_upgrade_gate"]);
        assert_eq!(names("ephemeral_resource_schemas"), ["homelab_kv_secret", "homelab_secret"]);
        assert_eq!(names("functions"), ["go_duration", "kubernetes_version", "route_priority"]);
        let blocks = ours["provider"]["block"]["block_types"].as_object().unwrap();
        assert_eq!(
            blocks.keys().collect::<Vec<_>>(),
            ["checks", "dns", "kubernetes", "probe", "prometheus", "site", "vault"]
        );
    }
}

#[test]
fn init_installs_from_a_mirror_and_validate_needs_no_cluster() {
    for work in installed() {
        work.write("header.tf", HEADER);
        work.write("main.tf", "resource \"homelab_upgrade_gate\" \"next\" {\n  target_version = \"1.36.2\"\n}\n");
        assert!(work.ok(["init"]).says("Installed example/homelab v0.1.0"));
        work.ok(["validate"]);
        assert!(work.read(".terraform.lock.hcl").contains("example/homelab"));
        // The lock holds: another program under that version is not started.
        let platform = format!("{}/example/homelab/0.1.0/{}", work.cli().registry(), platform());
        let program = format!(".terraform/providers/{platform}/terraform-provider-homelab_v0.1.0");
        work.remove(&program);
        assert!(!work.path().join(&program).exists(), "it is a link to the one that is tested");
        work.write(&program, "#!/bin/sh\n");
        let _ = work.run(["validate"]).fails_with("example/homelab");
    }
}

#[test]
fn functions_answer_without_a_configured_provider() {
    for work in folders() {
        work.write(
            "main.tf",
            r#"
            output "gate" {
              value = provider::homelab::route_priority("Host(`photos.example.net`) && PathPrefix(`/`)")
            }
            output "interval" {
              value = provider::homelab::go_duration("90m")
            }
            output "minor" {
              value = provider::homelab::kubernetes_version("v1.36.2+k3s1").minor
            }
            "#,
        );
        work.ok(["apply", "-auto-approve"]);
        let outputs = work.json(["output", "-json"]);
        assert_eq!(outputs["gate"]["value"], 45);
        assert_eq!(outputs["interval"]["value"], "1h30m0s");
        assert_eq!(outputs["minor"]["value"], 36);
        work.write("main.tf", "output \"x\" {\n  value = provider::homelab::go_duration(\"soon\")\n}\n");
        let _ = work.run(["plan"]).fails_with("soon");
    }
}

#[test]
fn an_unknown_argument_and_a_missing_one_are_named() {
    for work in folders() {
        work.write("main.tf", "resource \"homelab_upgrade_gate\" \"next\" {\n  version = \"1.36.2\"\n}\n");
        let refused = work.run(["validate"]).fails_with("Unsupported argument");
        assert!(refused.says("\"target_version\" is required"), "{refused}");
    }
}
