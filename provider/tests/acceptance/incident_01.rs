//! Incident 1: the controller came to own `refreshInterval`, and every plain apply of every stack conflicted.

use homelab_plane::Vault;
use serde_json::{Value, json};

use crate::ingress::uid;
use crate::operator::{manager, operator, owners};
use crate::support::{Case, cases};

/// A small fleet.
const FLEET: usize = 10;
const INTERVAL: [&str; 2] = ["f:spec", "f:refreshInterval"];

/// The same fleet, declared.
const DECLARED: &str = r#"
resource "homelab_external_secret" "app" {
  count            = 10
  name             = "app-${count.index}"
  namespace        = var.namespace
  refresh_interval = "15m"
  store {
    name = "vault-kv"
  }
  data "PASSWORD" {
    key      = var.namespace
    property = "key_${count.index}"
  }
}
"#;

/// One of them, as it stands in the manifests of people.
fn manifest(namespace: &str, index: usize, interval: &str) -> Value {
    json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": format!("app-{index}")},
        "spec": {
            "refreshInterval": interval, "secretStoreRef": {"name": "vault-kv", "kind": "SecretStore"},
            "data": [{"secretKey": "PASSWORD", "remoteRef": {"key": namespace, "property": format!("key_{index}")}}],
        },
    })
}

fn path(case: &Case, index: usize) -> String {
    case.at(&format!("externalsecrets/app-{index}"))
}

/// Applies the whole fleet as Terraform's kubernetes provider does it, and answers how many conflict about the interval.
fn conflicts(case: &Case, interval: &str) -> usize {
    let conflicts = |index: &usize| {
        let object = manifest(&case.namespace, *index, interval);
        let answer = case.api.apply(&path(case, *index), "Terraform", false, &object).unwrap();
        assert!([200, 201, 409].contains(&answer.status), "{}", answer.body);
        let field = &answer.body["details"]["causes"][0]["field"];
        assert!(answer.status != 409 || field == ".spec.refreshInterval", "{}", answer.body);
        answer.status == 409
    };
    (0..FLEET).filter(conflicts).count()
}

/// The fleet once the controller has written to each of them.
fn until_handled(case: &Case) -> Vec<Value> {
    let handled = |index| case.api.until(&path(case, index), |seen| seen["metadata"]["finalizers"].is_array()).unwrap();
    (0..FLEET).map(handled).collect()
}

#[test]
fn incident_01_no_apply_conflicts_with_the_operator() {
    for case in cases("incident01") {
        let properties: serde_json::Map<String, Value> =
            (0..FLEET).map(|index| (format!("key_{index}"), json!("from-the-store"))).collect();
        Vault::root(&case.env).unwrap().put(&case.namespace, &Value::Object(properties)).unwrap();
        if !operator(&case) {
            return;
        }
        // Plainly: it works once. Then the controller has written its finalizer, and with it the interval in its own
        // spelling: from now on no apply gets through, not even of what was applied before.
        assert_eq!(conflicts(&case, "15m"), 0);
        let before = until_handled(&case);
        for object in &before {
            assert_eq!(object["spec"]["refreshInterval"], "15m0s");
            assert_eq!(owners(object, &INTERVAL), [manager().unwrap()]);
        }
        assert_eq!(conflicts(&case, "15m"), FLEET);
        assert_eq!(conflicts(&case, "30m"), FLEET);

        // Ours: the same objects are taken over, and neither that nor any change after it conflicts.
        case.write("main.tf", DECLARED);
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        for interval in ["30m", "1h", "90m"] {
            case.write("main.tf", &DECLARED.replace("15m", interval));
            let plan = case.ok(["plan", "-out=p"]);
            assert!(plan.says("0 to add, 10 to change, 0 to destroy"), "{plan}");
            case.ok(["apply", "p"]);
            assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        }
        // Another spelling of the same is no change at all.
        case.write("main.tf", &DECLARED.replace("15m", "1h30m"));
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        for (index, before) in before.iter().enumerate() {
            let live = case.api.get(&path(&case, index)).unwrap().body;
            assert_eq!((uid(&live), &live["spec"]["refreshInterval"]), (uid(before), &json!("1h30m0s")));
            assert_eq!(owners(&live, &INTERVAL), ["homelab"]);
        }
    }
}
