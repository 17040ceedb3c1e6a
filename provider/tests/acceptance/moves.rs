//! `moved` from the resources of other providers: nothing is replaced, the next plan is empty.
//!
//! Terraform starts the source's provider for its schema, but asks it nothing: any provider will do in its place. So the
//! state is written by hand, as the real one has it, and our own program stands in the mirror under the other name.

use std::path::Path;

use homelab_plane::terraform::{Cli, Provider, Workspace};
use homelab_plane::{Env, shared};
use serde_json::{Value, json};

use crate::ingress::{PHOTOS, plain_ingress, uid, with_references};
use crate::operator::operator;
use crate::secret::{PHOTOS_DB, put, until_synced};
use crate::support::{Case, HEADER, PROVIDER, SITE, clis};

/// The cases on the shared plane whose mirror also has a `hashicorp/kubernetes` and a `gavinbunney/kubectl`.
pub(crate) fn cases(name: &'static str) -> impl Iterator<Item = Case> {
    clis().into_iter().map(move |cli| with_peers(&cli, name, shared().unwrap()))
}

/// A case on that plane whose mirror also has a `hashicorp/kubernetes` and a `gavinbunney/kubectl`.
pub(crate) fn with_peers(cli: &Cli, name: &str, env: &Env) -> Case {
    let ours = Provider::ours(Path::new(PROVIDER));
    let theirs =
        |source: &str, version: &str| Provider { source: source.into(), version: version.into(), ..ours.clone() };
    let all = [ours.clone(), theirs("hashicorp/kubernetes", "2.38.0"), theirs("gavinbunney/kubectl", "1.19.0")];
    Case::of(Workspace::with_providers(cli, &all).unwrap(), name, env)
}

/// Writes a state with one resource of `hashicorp/kubernetes` or `gavinbunney/kubectl`, which moves to `to`.
pub(crate) fn state(case: &Case, from: &str, attributes: &Value, to: &str) {
    let source = if from.starts_with("kubectl_") { "gavinbunney/kubectl" } else { "hashicorp/kubernetes" };
    let provider = format!("provider[\"{}/{source}\"]", case.cli().registry());
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
    assert!(plan.says("(moved from kube"), "{plan}");
    case.ok(["apply", "p"]);
    let plan = case.run(["plan", "-detailed-exitcode"]);
    assert_eq!(plan.code, 0, "{plan}");
    let after = case.live("ingresses/photos");
    assert_eq!(uid(&after), uid(&before));
    assert_eq!(after["metadata"]["labels"]["team"], "media");
    // Nothing of the predecessor is left: neither a manager nor its notes.
    let text = after["metadata"].to_string();
    assert!(!text.contains("HashiCorp") && !text.contains("\"Terraform\"") && !text.contains("kubectl"), "{text}");
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
fn moved_from_kubernetes_ingress() {
    for case in cases("movedold") {
        with_references(&case);
        let object = plain_ingress(&case, "photos");
        let created = format!("{}?fieldManager=HashiCorp", case.at("ingresses"));
        case.api.create(&created, &object).unwrap().expect("create", &[201]).unwrap();
        let live = case.live("ingresses/photos");
        // As it was before networking.k8s.io/v1: the backend is flat, and the class an annotation or left out.
        let rule = json!({
            "host": live["spec"]["rules"][0]["host"],
            "http": [{"path": [{"path": "/", "backend": [{"service_name": "photos", "service_port": "http"}]}]}],
        });
        state(
            &case,
            "kubernetes_ingress",
            &json!({
                "id": format!("{}/photos", case.namespace),
                "metadata": [{
                    "name": "photos", "namespace": case.namespace, "annotations": null, "labels": {"team": "media"},
                    "generate_name": "", "generation": 1, "resource_version": live["metadata"]["resourceVersion"],
                    "self_link": "", "uid": live["metadata"]["uid"],
                }],
                "spec": [{"backend": [], "ingress_class_name": "traefik", "rule": [rule], "tls": []}],
                "status": [{"load_balancer": [{"ingress": []}]}],
                "wait_for_load_balancer": false,
            }),
            "homelab_ingress.photos",
        );
        moves(&case);
    }
}

#[test]
fn moved_from_kubectl_manifest() {
    const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
    for case in cases("movedctl") {
        with_references(&case);
        let declared = plain_ingress(&case, "photos");
        let yaml = format!(
            r"
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: photos
  namespace: {namespace}
  labels:
    team: media
spec:
  ingressClassName: traefik
  rules:
    - host: photos.{namespace}.example.net
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: photos
                port:
                  name: http
",
            namespace = case.namespace
        );
        // Applied as kubectl does it on the client: the declaration is kept in an annotation.
        let mut object = declared.clone();
        object["metadata"]["annotations"] = json!({ LAST_APPLIED: declared.to_string() });
        let created = format!("{}?fieldManager=kubectl-client-side-apply", case.at("ingresses"));
        case.api.create(&created, &object).unwrap().expect("create", &[201]).unwrap();
        let live = case.live("ingresses/photos");
        let link = format!("/apis/networking.k8s.io/v1/namespaces/{}/ingresses/photos", case.namespace);
        state(
            &case,
            "kubectl_manifest",
            &json!({
                "id": link, "api_version": "networking.k8s.io/v1", "kind": "Ingress", "name": "photos",
                "namespace": case.namespace, "uid": live["metadata"]["uid"], "live_uid": live["metadata"]["uid"],
                "yaml_body": yaml, "yaml_body_parsed": yaml, "yaml_incluster": "", "live_manifest_incluster": "",
                "apply_only": false, "server_side_apply": false, "field_manager": "kubectl",
                "force_conflicts": false, "force_new": false, "ignore_fields": null, "override_namespace": null,
                "sensitive_fields": null, "validate_schema": true, "wait": null, "wait_for": [],
                "wait_for_rollout": true, "timeouts": null,
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
