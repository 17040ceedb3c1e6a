//! `homelab_ingress` on the plane: its life, drift, adoption and import.

use serde_json::{Value, json};

use crate::support::{Case, cases};

/// A gated app with one open door.
pub(crate) const PHOTOS: &str = r#"
resource "homelab_ingress" "photos" {
  name      = "photos"
  namespace = var.namespace
  service {
    port = "http"
  }
  carve_out "share" {
    paths  = ["/share"]
    auth   = "none"
    reason = "share links carry their own token"
  }
}
"#;

/// Makes what [`PHOTOS`] refers to.
pub(crate) fn with_references(case: &Case) {
    case.service("photos");
    case.middleware("gate");
}

pub(crate) fn uid(object: &Value) -> &str {
    object["metadata"]["uid"].as_str().unwrap()
}

const CHAIN: &str = "traefik.ingress.kubernetes.io/router.middlewares";

#[test]
fn an_ingress_lives_from_plan_to_destroy() {
    for case in cases("ingress") {
        with_references(&case);
        case.write("main.tf", PHOTOS);
        case.ok(["validate"]);
        case.ok(["plan", "-out=p"]);
        case.ok(["apply", "p"]);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        let root = case.live("ingresses/photos");
        let door = case.live("ingresses/photos-share");
        assert_eq!(root["metadata"]["annotations"][CHAIN], format!("{}-gate@kubernetescrd", case.namespace));
        assert!(door["metadata"]["annotations"][CHAIN].is_null(), "{door:#}");
        let managers = root["metadata"]["managedFields"].as_array().unwrap();
        assert_eq!(managers.len(), 1, "{managers:#?}");
        assert_eq!((&managers[0]["manager"], &managers[0]["operation"]), (&json!("homelab"), &json!("Apply")));

        case.write("main.tf", &PHOTOS.replace("[\"/share\"]", "[\"/share\", \"/s\"]"));
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("0 to add, 1 to change, 0 to destroy"), "{plan}");
        case.ok(["apply", "p"]);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        let changed = case.live("ingresses/photos-share");
        assert_eq!(uid(&changed), uid(&door));
        assert!(changed.to_string().contains("\"/s/\""), "{changed:#}");

        case.ok(["destroy", "-auto-approve"]);
        assert!(case.live("ingresses/photos").is_null() && case.live("ingresses/photos-share").is_null());
    }
}

#[test]
fn drift_is_shown_and_repaired_and_what_others_add_is_theirs() {
    for case in cases("drift") {
        with_references(&case);
        case.write("main.tf", PHOTOS);
        case.ok(["apply", "-auto-approve"]);
        let path = case.at("ingresses/photos");
        let gate = case.live("ingresses/photos")["metadata"]["annotations"][CHAIN].clone();

        // Somebody's label and a controller's status are no drift.
        let theirs = json!({"metadata": {"labels": {"team": "media"}, "annotations": {"example.net/seen": "yes"}}});
        case.api.merge(&path, &theirs).unwrap().expect("merge", &[200]).unwrap();
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);

        // Somebody takes the gate away.
        let open = json!({"metadata": {"annotations": {CHAIN: null}}});
        case.api.merge(&path, &open).unwrap().expect("merge", &[200]).unwrap();
        let plan = case.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 2, "{plan}");
        case.ok(["apply", "-auto-approve"]);
        let repaired = case.live("ingresses/photos");
        assert_eq!(repaired["metadata"]["annotations"][CHAIN], gate);
        assert_eq!(repaired["metadata"]["labels"]["team"], "media");
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);

        // Somebody deletes a door.
        case.api.delete(&case.at("ingresses/photos-share")).unwrap().expect("delete", &[200]).unwrap();
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 2);
        case.ok(["apply", "-auto-approve"]);
        assert!(!case.live("ingresses/photos-share").is_null());
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

#[test]
fn a_new_name_is_a_replacement_and_the_old_objects_go() {
    for case in cases("renamed") {
        with_references(&case);
        case.write("main.tf", PHOTOS);
        case.ok(["apply", "-auto-approve"]);
        let renamed = PHOTOS.replacen("\"photos\"\n  namespace", "\"gallery\"\n  host = \"photos\"\n  namespace", 1);
        case.write("main.tf", &renamed.replace("    port = \"http\"", "    name = \"photos\"\n    port = \"http\""));
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("1 to add, 0 to change, 1 to destroy") && plan.says("# forces replacement"), "{plan}");
        case.ok(["apply", "p"]);
        assert!(case.live("ingresses/photos").is_null() && case.live("ingresses/photos-share").is_null());
        assert!(!case.live("ingresses/gallery").is_null() && !case.live("ingresses/gallery-share").is_null());
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

#[test]
fn import_by_command_and_by_block_changes_nothing_in_the_cluster() {
    for case in cases("import") {
        with_references(&case);
        case.write("main.tf", PHOTOS);
        case.ok(["apply", "-auto-approve"]);
        let before = case.live("ingresses/photos");

        case.ok(["state", "rm", "homelab_ingress.photos"]);
        case.ok(["import", "homelab_ingress.photos", &format!("{}/photos", case.namespace)]);
        let plan = case.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 0, "{plan}");

        case.ok(["state", "rm", "homelab_ingress.photos"]);
        case.write("import.tf", "import {\n  to = homelab_ingress.photos\n  id = \"${var.namespace}/photos\"\n}\n");
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("1 to import, 0 to add, 0 to change, 0 to destroy"), "{plan}");
        case.ok(["apply", "p"]);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        let after = case.live("ingresses/photos");
        assert_eq!(after["metadata"]["resourceVersion"], before["metadata"]["resourceVersion"]);

        let refused = case.run(["import", "homelab_ingress.other", "photos"]);
        assert_ne!(refused.code, 0, "{refused}");
    }
}

#[test]
fn an_ingress_that_somebody_applied_by_hand_is_imported_and_taken_over_in_place() {
    for case in cases("foreign") {
        with_references(&case);
        let by_hand = plain_ingress(&case, "photos");
        let path = case.at("ingresses/photos");
        case.api.apply(&path, "kubectl", false, &by_hand).unwrap().expect("apply", &[201]).unwrap();
        let before = case.live("ingresses/photos");
        case.write("main.tf", &PHOTOS.replace("  carve_out", "  labels = { team = \"media\" }\n  carve_out"));
        case.ok(["import", "homelab_ingress.photos", &format!("{}/photos", case.namespace)]);
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("0 to add, 1 to change, 0 to destroy"), "{plan}");
        case.ok(["apply", "p"]);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        let after = case.live("ingresses/photos");
        assert_eq!(uid(&after), uid(&before));
        // Taken over, not shared: another apply of the predecessor would conflict from now on.
        let managers = after["metadata"]["managedFields"].to_string();
        assert!(!managers.contains("kubectl"), "{managers}");
    }
}

/// An Ingress as it is without us: the whole host, no gate.
pub(crate) fn plain_ingress(case: &Case, name: &str) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": name, "namespace": case.namespace, "labels": {"team": "media"}},
        "spec": {
            "ingressClassName": "traefik",
            "rules": [{"host": format!("photos.{}.example.net", case.namespace), "http": {"paths": [{
                "path": "/", "pathType": "Prefix",
                "backend": {"service": {"name": "photos", "port": {"name": "http"}}},
            }]}}],
        },
    })
}
