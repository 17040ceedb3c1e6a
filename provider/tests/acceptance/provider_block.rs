//! The provider block: environment, precedence, aliases; and that nothing is inferred.

use homelab_plane::terraform::Workspace;

use crate::ingress::PHOTOS;
use crate::support::{cases, folders};

const SITE: &str =
    "  site {\n    root_domain = \"example.net\"\n    middlewares {\n      gate = \"traefik-gate\"\n    }\n  }\n";

fn exists(work: &Workspace, file: &str) -> bool {
    work.path().join(file).exists()
}

#[test]
fn the_block_wins_over_the_environment_and_that_over_the_default() {
    for mut work in folders() {
        work.write("main.tf", PHOTOS);
        for (name, value) in [
            ("HOMELAB_GITOPS_DIR", "from-the-environment"),
            ("HOMELAB_ROOT_DOMAIN", "example.org"),
            ("HOMELAB_MIDDLEWARE_GATE", "traefik-gate"),
            ("HOMELAB_INGRESS_CLASS", "nginx"),
            // Often set for other tools: the folder is ours alone, and wins.
            ("KUBECONFIG", "not-there"),
        ] {
            work.env(name, value);
        }
        work.ok(["apply", "-auto-approve"]);
        let written = work.read("from-the-environment/photos/ingress-photos.yaml");
        assert!(written.contains("photos.example.org") && written.contains("ingressClassName: nginx"), "{written}");
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);

        // The block names another domain: an update in place, shown in the plan.
        work.write("provider.tf", "provider \"homelab\" {\n  site {\n    root_domain = \"example.net\"\n  }\n}\n");
        let plan = work.ok(["plan", "-out=p"]);
        assert!(plan.says("0 to add, 1 to change, 0 to destroy"), "{plan}");
        work.ok(["apply", "p"]);
        let written = work.read("from-the-environment/photos/ingress-photos.yaml");
        assert!(written.contains("photos.example.net") && written.contains("ingressClassName: nginx"), "{written}");

        work.env("HOMELAB_PROBE_SAMPLES", "many");
        let refused = work.run(["plan"]).fails_with("HOMELAB_PROBE_SAMPLES");
        assert!(refused.says("must be a number") && !refused.says("many"), "{refused}");
    }
}

#[test]
fn two_provider_blocks_serve_two_sites_in_one_run() {
    for work in folders() {
        let block = |alias: &str| {
            format!("provider \"homelab\" {{\n  alias = \"{alias}\"\n  kubernetes {{\n    gitops_dir = \"{alias}\"\n  }}\n{SITE}}}\n")
                .replace("example.net", &format!("{alias}.example.net"))
        };
        work.write("provider.tf", &(block("home") + &block("away")));
        let at = |alias: &str| {
            PHOTOS.replace("\"homelab_ingress\" \"photos\"", &format!("\"homelab_ingress\" \"{alias}\"")).replacen(
                "  name ",
                &format!("  provider = homelab.{alias}\n  name "),
                1,
            )
        };
        work.write("main.tf", &(at("home") + &at("away")));
        work.ok(["apply", "-auto-approve"]);
        for alias in ["home", "away"] {
            let written = work.read(&format!("{alias}/photos/ingress-photos.yaml"));
            assert!(written.contains(&format!("photos.{alias}.example.net")), "{written}");
        }
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

#[test]
fn a_kubeconfig_that_nobody_named_is_not_used() {
    for work in folders() {
        // Where kubectl would look: the home folder of a workspace is beside its configuration.
        work.write(
            "../home/.kube/config",
            "apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: \"https://127.0.0.1:9\"}}]\n",
        );
        work.write("provider.tf", &format!("provider \"homelab\" {{\n{SITE}}}\n"));
        work.write("main.tf", PHOTOS);
        let failed = work.run(["apply", "-auto-approve"]).fails_with("HL5001");
        assert!(failed.says("Add a kubernetes block to the provider configuration"), "{failed}");
        assert!(!failed.says("127.0.0.1"), "{failed}");
        assert!(!exists(&work, "manifests") && work.state()["values"].is_null());
    }
}

#[test]
fn references_are_as_strict_as_the_block_says() {
    for case in cases("strict") {
        case.write("main.tf", PHOTOS);
        // Left out: a create may refer to what comes in the same run, an apply may not.
        let plan = case.ok(["plan"]);
        assert!(plan.says("Warning: HL1101") && plan.says("Warning: HL1102"), "{plan}");
        let _ = case.run(["apply", "-auto-approve"]).fails_with("Error: HL1101");
        assert!(case.live("ingresses/photos").is_null());

        let checks = |level: &str| {
            case.write(
                "provider.tf",
                &format!(
                    "provider \"homelab\" {{\n  checks {{\n    references = \"{level}\"\n  }}\n  site {{\n    root_domain = \
                     \"${{var.namespace}}.example.net\"\n    middlewares {{\n      gate = \"${{var.namespace}}-gate\"\n    }}\n  }}\n}}\n"
                ),
            );
        };
        checks("error");
        let _ = case.run(["plan"]).fails_with("Error: HL1102");
        // A gate that is missing is never silent: its router would be dropped.
        checks("off");
        let plan = case.ok(["plan"]);
        assert!(plan.says("Warning: HL1101") && !plan.says("HL1102"), "{plan}");
    }
}
