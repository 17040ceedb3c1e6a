//! Values of the provider block that are known only after apply.

use serde_json::json;

use crate::ingress::{PHOTOS, with_references};
use crate::secret::{PHOTOS_DB, operator_with_password};
use crate::support::cases;

/// The address of the cluster comes from a resource of the same run.
const LATER: &str = r#"
resource "terraform_data" "cluster" {
  input = {
    host  = "HOST"
    gate  = "${var.namespace}-gate"
  }
}

provider "homelab" {
  kubernetes {
    host                   = terraform_data.cluster.output.host
    cluster_ca_certificate = file("ca.pem")
    token                  = "TOKEN"
  }
  site {
    root_domain = "${var.namespace}.example.net"
    middlewares {
      gate = terraform_data.cluster.output.gate
    }
  }
}
"#;

#[test]
fn a_cluster_that_is_made_in_the_same_run() {
    for mut case in cases("unknown") {
        with_references(&case);
        if !operator_with_password(&case) {
            continue;
        }
        case.env("KUBECONFIG", "");
        case.write("ca.pem", &case.env.ca_pem);
        let provider = LATER.replace("TOKEN", &case.env.admin_token);
        case.write("provider.tf", &provider.replace("HOST", &case.env.api_server));
        case.write("main.tf", PHOTOS);
        case.write("secret.tf", PHOTOS_DB);
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("3 to add") && plan.says("kubernetes.host is not known yet"), "{plan}");
        let planned = case.json(["show", "-json", "p"]);
        let changes = planned["resource_changes"].as_array().unwrap();
        let change = &changes.iter().find(|one| one["type"] == "homelab_ingress").unwrap()["change"];
        // What does not depend on the cluster is known, what depends on an unknown convention is not.
        assert_eq!(change["after"]["url"], json!(format!("https://photos.{}.example.net", case.namespace)));
        assert_eq!(change["after_unknown"]["middlewares"], true);
        case.ok(["apply", "p"]);
        assert!(!case.live("ingresses/photos").is_null());
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);

        // It is unknown again while objects are in state: nothing can be compared, and the error says what is missing.
        let before = case.read("terraform.tfstate");
        case.write("provider.tf", &provider.replace("HOST", &format!("{}/", case.env.api_server)));
        let refused = case.run(["plan", "-detailed-exitcode"]);
        assert_eq!(refused.code, 1, "{refused}");
        assert!(refused.says("kubernetes.host is not known yet") && refused.says("Apply first what"), "{refused}");
        assert!(
            refused.says("homelab_ingress.photos") && refused.says("homelab_external_secret.photos_db"),
            "{refused}"
        );
        assert_eq!(case.read("terraform.tfstate"), before);
        // The way out that the error names.
        case.ok(["apply", "-auto-approve", "-target=terraform_data.cluster"]);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}
