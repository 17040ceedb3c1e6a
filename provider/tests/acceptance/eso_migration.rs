//! The migration that people fear: a hundred ExternalSecrets of other tools, written in v1beta1, in a cluster that stops to
//! serve it. The real controller has made their Secrets and owns them, and the real garbage collector is waiting: whoever
//! replaces an ExternalSecret loses its Secret (`incident_02` shows it). Every request of everybody is in the API server's
//! audit log, so "nothing was deleted" is counted and not believed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use homelab_plane::Vault;
use homelab_plane::process::wait_for;
use homelab_plane::terraform::Cli;
use serde_json::{Value, json};

use crate::incident_02::until_collected;
use crate::ingress::uid;
use crate::moves::with_peers;
use crate::operator::{Cluster, in_version, is_ready, store};
use crate::support::{Case, HEADER, SITE, clis};

/// Of each of the two tools.
const EACH: usize = 50;

/// What is declared in their place.
const DECLARED: &str = r#"
resource "homelab_external_secret" "manifest" {
  count            = 50
  name             = "app-${count.index}"
  namespace        = var.namespace
  refresh_interval = "15m"
  store {
    name = "vault-kv"
  }
  target {
    name = "app-${count.index}"
  }
  data "PASSWORD" {
    key      = var.namespace
    property = "key_${count.index}"
  }
}

resource "homelab_external_secret" "kubectl" {
  count            = 50
  name             = "tool-${count.index}"
  namespace        = var.namespace
  refresh_interval = "1h"
  store {
    name = "vault-kv"
  }
  target {
    name = "tool-${count.index}-credentials"
    template {
      labels = { app = "tool-${count.index}" }
      data = {
        "config.ini" = "password = {{ .PASSWORD }}"
      }
    }
  }
  data "PASSWORD" {
    key      = var.namespace
    property = "key_${count.index}"
  }
}

moved {
  from = kubernetes_manifest.app
  to   = homelab_external_secret.manifest
}

moved {
  from = kubectl_manifest.tool
  to   = homelab_external_secret.kubectl
}
"#;

/// As people had written it for Terraform's kubernetes provider.
fn manifest(namespace: &str, index: usize) -> Value {
    json!({
        "apiVersion": "external-secrets.io/v1beta1", "kind": "ExternalSecret",
        "metadata": {"name": format!("app-{index}"), "namespace": namespace},
        "spec": {
            "refreshInterval": "15m", "secretStoreRef": {"name": "vault-kv", "kind": "SecretStore"},
            "target": {"name": format!("app-{index}")},
            "data": [{"secretKey": "PASSWORD", "remoteRef": {"key": namespace, "property": format!("key_{index}")}}],
        },
    })
}

/// As people had written it for kubectl, with a Secret of another name and a template.
fn tool(namespace: &str, index: usize) -> Value {
    json!({
        "apiVersion": "external-secrets.io/v1beta1", "kind": "ExternalSecret",
        "metadata": {"name": format!("tool-{index}"), "namespace": namespace},
        "spec": {
            "refreshInterval": "1h", "secretStoreRef": {"name": "vault-kv", "kind": "SecretStore"},
            "target": {"name": format!("tool-{index}-credentials"), "template": {
                "metadata": {"labels": {"app": format!("tool-{index}")}},
                "data": {"config.ini": "password = {{ .PASSWORD }}"},
            }},
            "data": [{"secretKey": "PASSWORD", "remoteRef": {"key": namespace, "property": format!("key_{index}")}}],
        },
    })
}

/// Applies all of them under v1beta1, as their tools do it, and answers their state: one resource each, with its instances.
fn applied_by_others(case: &Case) -> Value {
    const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
    let (mut manifests, mut tools) = (Vec::new(), Vec::new());
    for index in 0..EACH {
        let object = manifest(&case.namespace, index);
        let path = in_version(case, "v1beta1", &format!("externalsecrets/app-{index}"));
        let live = case.api.apply(&path, "Terraform", false, &object).unwrap().expect("apply", &[201]).unwrap();
        manifests.push(json!({
            "index_key": index, "schema_version": 1, "sensitive_attributes": [],
            "attributes": {
                "manifest": {"value": object, "type": ["object", {}]}, "object": {"value": live, "type": ["object", {}]},
                "computed_fields": null, "field_manager": [], "timeouts": [], "wait": [], "wait_for": null,
            },
        }));

        // JSON is YAML.
        let yaml = tool(&case.namespace, index);
        let mut object = yaml.clone();
        object["metadata"]["annotations"] = json!({ LAST_APPLIED: yaml.to_string() });
        let path = format!("{}?fieldManager=kubectl-client-side-apply", in_version(case, "v1beta1", "externalsecrets"));
        let live = case.api.create(&path, &object).unwrap().expect("create", &[201]).unwrap();
        let name = format!("tool-{index}");
        tools.push(json!({
            "index_key": index, "schema_version": 1, "sensitive_attributes": [],
            "attributes": {
                "id": in_version(case, "v1beta1", &format!("externalsecrets/{name}")),
                "api_version": "external-secrets.io/v1beta1", "kind": "ExternalSecret", "name": name,
                "namespace": case.namespace, "uid": live["metadata"]["uid"], "live_uid": live["metadata"]["uid"],
                "yaml_body": yaml.to_string(), "yaml_body_parsed": yaml.to_string(),
                "yaml_incluster": "", "live_manifest_incluster": "",
                "apply_only": false, "server_side_apply": false, "field_manager": "kubectl",
                "force_conflicts": false, "force_new": false, "ignore_fields": null, "override_namespace": null,
                "sensitive_fields": null, "validate_schema": true, "wait": null, "wait_for": [],
                "wait_for_rollout": true, "timeouts": null,
            },
        }));
    }
    let registry = case.cli().registry();
    let resource = |kind: &str, name: &str, source: &str, instances: Vec<Value>| {
        json!({
            "mode": "managed", "type": kind, "name": name, "provider": format!("provider[\"{registry}/{source}\"]"),
            "instances": instances,
        })
    };
    json!({
        "version": 4, "terraform_version": "1.11.4", "serial": 1,
        "lineage": "3b1a5c9e-6d0f-4c0e-9a54-0d9d1c3f1c12", "outputs": {}, "check_results": null,
        "resources": [
            resource("kubernetes_manifest", "app", "hashicorp/kubernetes", manifests),
            resource("kubectl_manifest", "tool", "gavinbunney/kubectl", tools),
        ],
    })
}

/// Everything that matters of a namespace, by kind and name.
fn world(case: &Case) -> BTreeMap<String, Value> {
    let mut world = BTreeMap::new();
    for (kind, path) in [("ExternalSecret", "externalsecrets"), ("Secret", "secrets")] {
        for object in case.api.list(&case.at(path)).unwrap() {
            let name = object["metadata"]["name"].as_str().unwrap().to_owned();
            if name != "vault-token" {
                world.insert(format!("{kind}/{name}"), object);
            }
        }
    }
    world
}

/// Waits until the controller has synced all of them.
fn until_synced(case: &Case) -> BTreeMap<String, Value> {
    wait_for("the controller", Duration::from_mins(5), || {
        let world = world(case);
        let (mut ready, mut secrets) = (0, 0);
        for (name, object) in &world {
            if name.starts_with("ExternalSecret/") && is_ready(object) {
                ready += 1;
            } else if object["metadata"]["ownerReferences"].is_array() {
                secrets += 1;
            }
        }
        let all = 2 * EACH;
        Ok(if (ready, secrets) == (all, all) { Ok(world) } else { Err(format!("{ready} ready, {secrets} Secrets")) })
    })
    .unwrap()
}

/// How often each kind of action is in a plan.
fn actions(plan: &Value) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for change in plan["resource_changes"].as_array().into_iter().flatten() {
        let actions = change["change"]["actions"].as_array().into_iter().flatten();
        let actions: Vec<&str> = actions.filter_map(Value::as_str).collect();
        *counts.entry(actions.join("+")).or_default() += 1;
    }
    counts
}

/// The part of an object that its readers see: the declaration of an ExternalSecret, the contents of a Secret.
fn content(object: &Value) -> (&Value, &Value, &Value) {
    (&object["spec"], &object["data"], &object["type"])
}

fn migrate(cluster: &Cluster, cli: &Cli) {
    // As with 0.16: both versions are served, and objects are stored in the old one.
    cluster.serve(&["v1beta1", "v1"], "v1beta1");
    let mut case = with_peers(cli, "migration", cluster.env());
    // A hundred syncs of a controller that does one after the other.
    case.limit(Duration::from_mins(10));
    let values: BTreeMap<String, String> =
        (0..EACH).map(|index| (format!("key_{index}"), format!("value-{index}"))).collect();
    Vault::root(&case.env).unwrap().put(&case.namespace, &json!(values)).unwrap();
    store(&case, "v1beta1");
    let state = applied_by_others(&case);
    let before = until_synced(&case);
    assert_eq!(before.len(), 4 * EACH);

    // As from 0.17 on: the old version is gone for whoever asks for it.
    cluster.serve(&["v1"], "v1");
    assert_eq!(case.api.get(&in_version(&case, "v1beta1", "externalsecrets")).unwrap().status, 404);

    case.write("terraform.tfstate", &state.to_string());
    case.write("header.tf", HEADER);
    case.write("provider.tf", SITE);
    case.write("main.tf", DECLARED);
    case.ok(["init"]);
    let began = Instant::now();
    case.ok(["plan", "-out=p"]);
    let planned = began.elapsed();
    let plan = case.json(["show", "-json", "p"]);
    let planned_actions = actions(&plan);
    let moved = plan["resource_changes"].as_array().unwrap();
    let moved =
        moved.iter().filter(|change| change["previous_address"].as_str().is_some_and(|from| from.starts_with("kube")));
    assert_eq!(moved.count(), 2 * EACH, "{planned_actions:?}");
    assert!(planned_actions.keys().all(|action| ["no-op", "update"].contains(&&**action)), "{planned_actions:?}");

    let began = Instant::now();
    case.ok(["apply", "p"]);
    let took = began.elapsed();
    let second = case.run(["plan", "-detailed-exitcode"]);
    assert_eq!(second.code, 0, "{second}");
    let after = until_synced(&case);

    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    let mut untouched = 0;
    for (name, before) in &before {
        let after = &after[name];
        assert_eq!(uid(before), uid(after), "{name}");
        assert_eq!(content(before), content(after), "{name}");
        assert_eq!(before["metadata"]["generation"], after["metadata"]["generation"], "{name}");
        assert_eq!(
            before["metadata"]["ownerReferences"][0]["uid"], after["metadata"]["ownerReferences"][0]["uid"],
            "{name}"
        );
        untouched += usize::from(before["metadata"]["resourceVersion"] == after["metadata"]["resourceVersion"]);
    }
    let deletes = |resource: &str| {
        ["delete", "deletecollection"]
            .map(|verb| cluster.requests(verb, resource, &case.namespace).len())
            .iter()
            .sum::<usize>()
    };
    let counted = ["externalsecrets", "secrets"].map(deletes);
    assert_eq!(counted, [0, 0]);
    eprintln!(
        "migration with {}: {} ExternalSecrets and {} Secrets, planned {planned_actions:?} in {:.1} s, applied in {:.1} s, \
         deletes of ExternalSecrets {}, of Secrets {}, same UID and bytes {}/{}, objects not even written to {untouched}, \
         second plan empty",
        cli.name(),
        2 * EACH,
        2 * EACH,
        planned.as_secs_f64(),
        took.as_secs_f64(),
        counted[0],
        counted[1],
        before.len(),
        after.len(),
    );

    // The first change after it is one in place as well, and then nothing of the predecessors is left.
    case.write("main.tf", &DECLARED.replace("\"15m\"", "\"30m\"").replace("\"1h\"", "\"30m\""));
    let plan = case.ok(["plan", "-out=p"]);
    assert!(plan.says("0 to add, 100 to change, 0 to destroy"), "{plan}");
    case.ok(["apply", "p"]);
    assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
    for (name, after) in until_synced(&case) {
        assert_eq!(uid(&before[&name]), uid(&after), "{name}");
        let metadata = after["metadata"].to_string();
        if name.starts_with("ExternalSecret/") {
            assert_eq!(after["spec"]["refreshInterval"], "30m0s", "{name}");
            let traces = ["last-applied", "\"Terraform\"", "kubectl", "v1beta1"];
            assert!(traces.iter().all(|trace| !metadata.contains(trace)), "{metadata}");
        }
    }
    assert_eq!(["externalsecrets", "secrets"].map(deletes), [0, 0]);

    // The count can see a delete, and the collector was there all the time.
    case.api.delete(&case.at("externalsecrets/app-0")).unwrap().expect("delete", &[200]).unwrap();
    until_collected(cluster, &case, "app-0");
    assert_eq!(["externalsecrets", "secrets"].map(deletes), [1, 1]);
}

#[test]
fn a_hundred_secrets_of_other_tools_move_over_while_their_version_goes_away() {
    const TEST: &str = "the migration of a hundred ExternalSecrets";
    let Some(mut cluster) = Cluster::start(TEST) else { return };
    if !cluster.run(TEST) {
        return;
    }
    for cli in clis() {
        migrate(&cluster, &cli);
    }
}
