//! `moved` from the resources of other providers: nothing is replaced, the next plan is empty.
//!
//! Terraform starts the source's provider for its schema, but asks it nothing: any provider will do in its place. So the
//! state is written by hand, as the real one has it, and our own program stands in the mirror under the other name.

use std::path::Path;

use homelab_plane::terraform::{Provider, Workspace};
use serde_json::{Value, json};

use crate::ingress::{PHOTOS, plain_ingress, uid, with_references};
use crate::operator::operator;
use crate::secret::{PHOTOS_DB, put, until_synced};
use crate::support::{Case, HEADER, PROVIDER, SITE, clis};

/// A case whose mirror also has a `hashicorp/kubernetes`.
fn cases(name: &'static str) -> impl Iterator<Item = Case> {
    clis().into_iter().map(move |cli| {
        let ours = Provider::ours(Path::new(PROVIDER));
        let theirs = Provider { source: "hashicorp/kubernetes".into(), version: "2.38.0".into(), ..ours.clone() };
        Case::with(Workspace::with_providers(&cli, &[ours, theirs]).unwrap(), name)
    })
}

/// Writes a state with one resource of `hashicorp/kubernetes`, which moves to `to`.
fn state(case: &Case, from: &str, attributes: &Value, to: &str) {
    let provider = format!("provider[\"{}/hashicorp/kubernetes\"]", case.cli().registry());
    let state = json!({
        "version": 4, "terraform_version": "1.11.4", "serial": 1,
        "lineage": "3b1a5c9e-6d0f-4c0e-9a54-0d9d1c3f1c11", "outputs": {}, "check_results": null,
        "resources": [{
            "mode": "managed", "type": from, "name": "photos", "provider": provider,
            "instances": [{"schema_version": 1, "attributes": attributes, "sensitive_attributes": []}],
        }],
    });
    case.write("terraform.tfstate", &state.to_string());
    case.write("header.tf", HEADER);
    case.write("provider.tf", SITE);
    case.write("moved.tf", &format!("moved {{\n  from = {from}.photos\n  to   = {to}\n}}\n"));
    case.ok(["init"]);
}

/// Applies the move; the object stays the same one, and then there is nothing more to do.
fn moves(case: &Case) {
    let before = case.live("ingresses/photos");
    case.write("main.tf", &PHOTOS.replace("  service {", "  labels = { team = \"media\" }\n  service {"));
    let plan = case.ok(["plan", "-out=p"]);
    assert!(plan.says("0 to add, 1 to change, 0 to destroy"), "{plan}");
    assert!(plan.says("(moved from kubernetes_"), "{plan}");
    case.ok(["apply", "p"]);
    let plan = case.run(["plan", "-detailed-exitcode"]);
    assert_eq!(plan.code, 0, "{plan}");
    let after = case.live("ingresses/photos");
    assert_eq!(uid(&after), uid(&before));
    assert_eq!(after["metadata"]["labels"]["team"], "media");
    case.ok(["destroy", "-auto-approve"]);
    assert!(case.live("ingresses/photos").is_null());
}

#[test]
fn moved_from_kubernetes_ingress_v1() {
    for case in cases("moved") {
        with_references(&case);
        let object = plain_ingress(&case, "photos");
        let created = format!("{}?fieldManager=HashiCorp", case.at("ingresses"));
        case.api.create(&created, &object).unwrap().expect("create", &[201]).unwrap();
        let live = case.live("ingresses/photos");
        let meta = &live["metadata"];
        let rule = json!({
            "host": live["spec"]["rules"][0]["host"],
            "http": [{"path": [{
                "path": "/", "path_type": "Prefix",
                "backend": [{"resource": [], "service": [{"name": "photos", "port": [{"name": "http", "number": null}]}]}],
            }]}],
        });
        state(
            &case,
            "kubernetes_ingress_v1",
            &json!({
                "id": format!("{}/photos", case.namespace),
                "metadata": [{
                    "name": "photos", "namespace": case.namespace, "annotations": null, "labels": {"team": "media"},
                    "generate_name": "", "generation": 1,
                    "resource_version": meta["resourceVersion"], "uid": meta["uid"],
                }],
                "spec": [{"default_backend": [], "ingress_class_name": "traefik", "rule": [rule], "tls": []}],
                "status": [{"load_balancer": [{"ingress": []}]}],
                "timeouts": null, "wait_for_load_balancer": null,
            }),
            "homelab_ingress.photos",
        );
        moves(&case);
    }
}

#[test]
fn moved_from_kubernetes_manifest() {
    for case in cases("manifest") {
        with_references(&case);
        let object = plain_ingress(&case, "photos");
        let path = case.at("ingresses/photos");
        case.api.apply(&path, "Terraform", false, &object).unwrap().expect("apply", &[201]).unwrap();
        let live = case.live("ingresses/photos");
        state(
            &case,
            "kubernetes_manifest",
            &json!({
                "manifest": {"value": object, "type": ["object", {}]},
                "object": {"value": live, "type": ["object", {}]},
                "computed_fields": null, "field_manager": [], "timeouts": [], "wait": [], "wait_for": null,
            }),
            "homelab_ingress.photos",
        );
        moves(&case);
    }
}

#[test]
fn an_external_secret_moves_from_kubernetes_manifest() {
    for case in cases("movedsecret") {
        put(&case, "from-the-store");
        let runs = operator(&case);
        let object = json!({
            "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
            "metadata": {"name": "photos-db", "namespace": case.namespace},
            "spec": {
                "refreshInterval": "15m", "secretStoreRef": {"name": "vault-kv", "kind": "SecretStore"},
                "data": [{"secretKey": "DB_PASSWORD", "remoteRef": {"key": case.namespace, "property": "db_password"}}],
            },
        });
        let path = case.at("externalsecrets/photos-db");
        case.api.apply(&path, "Terraform", false, &object).unwrap().expect("apply", &[201]).unwrap();
        // By now the controller has written to it, and owns its own spelling of the interval.
        until_synced(&case, runs, "from-the-store");
        let before = case.live("externalsecrets/photos-db");
        let secret = case.live("secrets/photos-db");
        let attributes = json!({
            // The state knows it in the version that it was declared in, which the cluster may serve no more.
            "manifest": {"value": {"apiVersion": "external-secrets.io/v1beta1", "kind": "ExternalSecret",
                                   "metadata": object["metadata"], "spec": object["spec"]}, "type": ["object", {}]},
            "object": {"value": before, "type": ["object", {}]},
            "computed_fields": null, "field_manager": [], "timeouts": [], "wait": [], "wait_for": null,
        });
        state(&case, "kubernetes_manifest", &attributes, "homelab_external_secret.photos_db");
        case.write("main.tf", PHOTOS_DB);
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("0 to add") && plan.says("0 to destroy") || plan.says("has moved to"), "{plan}");
        case.ok(["apply", "p"]);
        let plan = case.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 0, "{plan}");
        assert_eq!(uid(&case.live("externalsecrets/photos-db")), uid(&before));
        assert_eq!(uid(&case.live("secrets/photos-db")), uid(&secret));
        // A change of what the controller had taken over is no conflict.
        case.write("main.tf", &PHOTOS_DB.replace("\"15m\"", "\"30m\""));
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(case.live("externalsecrets/photos-db")["spec"]["refreshInterval"], "30m0s");
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

#[test]
fn a_manifest_of_another_kind_is_refused_and_stays_in_state() {
    for case in cases("otherkind") {
        let object = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "photos", "namespace": case.namespace},
        });
        let attributes = json!({"manifest": {"value": object, "type": ["object", {}]}});
        state(&case, "kubernetes_manifest", &attributes, "homelab_ingress.photos");
        case.write("main.tf", PHOTOS);
        let before = case.read("terraform.tfstate");
        let refused = case.run(["plan"]).fails_with("it holds a ConfigMap of v1");
        assert!(refused.says("State cannot be taken over"), "{refused}");
        assert_eq!(case.read("terraform.tfstate"), before);
    }
}
