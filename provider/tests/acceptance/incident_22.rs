//! Incident 22: a rotating password was resolved while planning and written into a configuration. It was right until the next
//! rotation; then every dashboard behind it was dead, and every plan was empty.

use homelab_plane::Vault;
use serde_json::{Value, json};

use crate::incident_03::SECRET;
use crate::store_life::{OWN, with_vault};
use crate::support::{Case, cases};

/// As the stack had it: the value is read at plan, and baked into what is made.
const BAKED: &str = r#"
data "terraform_remote_state" "database" {
  backend = "local"
  config = {
    path = "database.json"
  }
}

resource "terraform_data" "datasource" {
  input = "postgres://grafana:${data.terraform_remote_state.database.outputs.password}@db.example.net"
  lifecycle {
    # Grafana reads its configuration when it starts; nobody applies on the day of a rotation.
    ignore_changes = [input]
  }
}
"#;

/// The same with our ephemeral: in an argument that is stored, which is not allowed.
const BAKED_BY_US: &str = r#"
resource "terraform_data" "datasource" {
  input = "postgres://grafana:${ephemeral.homelab_secret.photos_db.data["DB_PASSWORD"]}@db.example.net"
}
"#;

fn rotate(case: &Case, value: &str) {
    Vault::root(&case.env).unwrap().put(&case.namespace, &json!({"db_password": value})).unwrap();
    let outputs = json!({"password": {"value": value, "type": "string"}});
    let state = json!({
        "version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "", "outputs": outputs, "resources": [],
    });
    case.write("database.json", &state.to_string());
}

fn baked(case: &Case) -> Value {
    let shown = case.json(["show", "-json"]);
    let resources = shown["values"]["root_module"]["resources"].as_array().unwrap().clone();
    let made = resources.iter().find(|one| one["address"] == "terraform_data.datasource").unwrap();
    made["values"]["output"].clone()
}

/// What the pods of the cluster read.
fn in_cluster(case: &Case, wanted: &str) {
    // The API has it in Base64; it says itself what that is.
    let body = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "encoded"}, "stringData": {"wanted": wanted},
    });
    let path = format!("{}?dryRun=All", case.at("secrets"));
    let encoded = case.api.create(&path, &body).unwrap().expect("secret", &[201]).unwrap()["data"]["wanted"].clone();
    case.api.until(&case.at("secrets/photos-db"), |seen| seen["data"]["DB_PASSWORD"] == encoded).unwrap();
}

#[test]
fn incident_22_a_rotating_password_cannot_be_baked() {
    for mut case in cases("incident22") {
        let (first, second) = (format!("first-{}", case.namespace), format!("second-{}", case.namespace));
        // Plainly: it is in the state, and it is the old one for ever, while every plan is empty.
        rotate(&case, &first);
        case.write("main.tf", BAKED);
        case.ok(["apply", "-auto-approve"]);
        assert!(case.read("terraform.tfstate").contains(&first));
        rotate(&case, &second);
        assert_eq!(case.run(["plan", "-detailed-exitcode", "-refresh=false"]).code, 0);
        case.ok(["apply", "-auto-approve"]);
        assert!(baked(&case).as_str().unwrap().contains(&first), "the consumer goes on with what is gone");
        case.ok(["destroy", "-auto-approve"]);
        for file in ["terraform.tfstate", "terraform.tfstate.backup", "main.tf"] {
            case.remove(file);
        }

        // Ours: no attribute has the value, and the ephemeral cannot be put where it would be kept.
        if !with_vault(&mut case) {
            return;
        }
        rotate(&case, &first);
        case.write("main.tf", OWN);
        let secret = SECRET.replacen("  store {", "  refresh_interval = \"1s\"\n  store {", 1);
        case.write("secret.tf", &secret);
        case.write("baked.tf", BAKED_BY_US);
        let refused = case.run(["plan"]);
        assert_ne!(refused.code, 0, "{refused}");
        assert!(refused.says("phemeral value"), "{refused}");
        case.remove("baked.tf");
        case.ok(["apply", "-auto-approve"]);
        in_cluster(&case, &first);

        // A rotation needs no apply, and leaves nothing to plan.
        rotate(&case, &second);
        in_cluster(&case, &second);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        let state = case.read("terraform.tfstate");
        assert!(!state.contains(&first) && !state.contains(&second));
        case.ok(["destroy", "-auto-approve"]);
        assert!(!case.live("secrets/photos-db").is_null(), "it stays with whoever uses it");
    }
}
