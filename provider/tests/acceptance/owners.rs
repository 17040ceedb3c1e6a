//! Ours is ours, theirs is theirs: objects and fields of somebody else are refused at plan, by name, and never forced.

use serde_json::{Value, json};

use crate::ingress::{PHOTOS, plain_ingress, with_references};
use crate::support::{Case, cases};

fn create(case: &Case, object: &Value) {
    case.api.create(&case.at("ingresses"), object).unwrap().expect("ingress", &[201]).unwrap();
}

#[test]
fn a_field_of_another_manager_is_refused_with_its_name_and_the_attribute() {
    for case in cases("fields") {
        with_references(&case);
        case.write("main.tf", PHOTOS);
        case.ok(["apply", "-auto-approve"]);
        // Somebody's operator forces the class, and goes on to own it.
        let theirs = json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "spec": {"ingressClassName": "theirs"},
        });
        let path = case.at("ingresses/photos");
        case.api.apply(&path, "class-operator", true, &theirs).unwrap().expect("force", &[200]).unwrap();
        let before = case.live("ingresses/photos");

        let refused = case.run(["plan"]).fails_with("class-operator");
        assert!(refused.says("HL5201") && refused.says(".spec.ingressClassName"), "{refused}");
        let _ = case.run(["apply", "-auto-approve"]).fails_with("class-operator");
        assert_eq!(case.live("ingresses/photos"), before);

        // The way out that the message names: they give it up.
        let released = json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress"});
        case.api.apply(&path, "class-operator", false, &released).unwrap().expect("release", &[200]).unwrap();
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(case.live("ingresses/photos")["spec"]["ingressClassName"], "traefik");
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

#[test]
fn an_object_of_somebody_else_is_refused_at_plan_and_left_alone() {
    for case in cases("owners") {
        with_references(&case);
        case.write("main.tf", PHOTOS);
        for (change, name) in [
            (
                json!({"labels": {"app.kubernetes.io/managed-by": "Helm"},
                       "annotations": {"meta.helm.sh/release-name": "gallery", "meta.helm.sh/release-namespace": "apps"}}),
                "apps/gallery",
            ),
            (
                json!({"annotations": {"argocd.argoproj.io/tracking-id": "gallery:networking.k8s.io/Ingress:x/photos"}}),
                "gallery",
            ),
            (
                json!({"labels": {"kustomize.toolkit.fluxcd.io/name": "gallery",
                                  "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}}),
                "flux-system/gallery",
            ),
        ] {
            let mut object = plain_ingress(&case, "photos");
            for (member, value) in change.as_object().unwrap() {
                object["metadata"][member] = value.clone();
            }
            create(&case, &object);
            let before = case.live("ingresses/photos");
            let refused = case.run(["plan"]).fails_with("HL5202");
            assert!(refused.says(name) && refused.says("name      = \"photos\""), "{refused}");
            assert_eq!(case.live("ingresses/photos"), before);
            case.api.delete(&case.at("ingresses/photos")).unwrap().expect("delete", &[200]).unwrap();
        }
        case.ok(["apply", "-auto-approve"]);
    }
}

#[test]
fn two_stacks_do_not_share_an_object() {
    for mut case in cases("stacks") {
        with_references(&case);
        case.write("main.tf", PHOTOS);
        case.env("HOMELAB_STACK", "media");
        case.ok(["apply", "-auto-approve"]);
        let before = case.live("ingresses/photos");

        // The other stack: a state of its own, the same declaration.
        case.env("HOMELAB_STACK", "gallery");
        let refused = case.run(["plan", "-state=other.tfstate"]).fails_with("HL5202");
        assert!(refused.says("media: homelab_ingress"), "{refused}");
        assert_eq!(case.live("ingresses/photos"), before);

        case.env("HOMELAB_STACK", "media");
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

#[test]
fn what_another_creation_took_over_is_released_and_not_destroyed() {
    for case in cases("released") {
        with_references(&case);
        case.write("main.tf", PHOTOS);
        case.ok(["apply", "-auto-approve"]);
        let old = case.read("terraform.tfstate");
        // A restored backup of the state: the object was made anew since, and the old state's destroy must not take it.
        case.ok(["apply", "-auto-approve", "-replace=homelab_ingress.photos"]);
        let live = case.live("ingresses/photos");
        case.write("terraform.tfstate", &old);
        let destroyed = case.ok(["destroy", "-auto-approve", "-refresh=false"]);
        assert!(!case.live("ingresses/photos").is_null(), "{destroyed}");
        assert_eq!(case.live("ingresses/photos")["metadata"]["uid"], live["metadata"]["uid"]);
    }
}
