//! Failures half-way through an update, a destroy or a plan: the state says what is there, and the next run goes on.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use homelab_plane::{Options, Plane};

use crate::ingress::{PHOTOS, uid, with_references};
use crate::operator::define;
use crate::secret::{PHOTOS_DB, operator_with_password};
use crate::support::{Case, cases, clis};

#[test]
fn a_failed_update_is_shown_by_the_next_plan_and_goes_on() {
    for case in cases("halfupdate") {
        with_references(&case);
        case.write("main.tf", PHOTOS);
        case.ok(["apply", "-auto-approve"]);
        let before = case.live("ingresses/photos");

        // The update changes the app's own object and adds a door, which is refused when it is written.
        let door = "object.metadata.name != 'photos-api' || (has(request.dryRun) && request.dryRun)";
        case.admit_only(door, "no more doors");
        let api = "  labels = { team = \"media\" }\n  carve_out \"api\" {\n    paths = [\"/api\"]\n    auth = \"app\"\n    reason = \"signs in by itself\"\n  }\n";
        case.write("main.tf", &PHOTOS.replacen("  carve_out \"share\"", &format!("{api}  carve_out \"share\""), 1));
        let _ = case.run(["apply", "-auto-approve"]).fails_with("no more doors");
        let state = case.state();
        assert_eq!(state["values"]["root_module"]["resources"][0]["address"], "homelab_ingress.photos");
        assert!(state["values"]["root_module"]["resources"][0].get("tainted").is_none(), "{state:#}");
        let plan = case.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 2, "{plan}");
        assert!(plan.says("0 to add, 1 to change, 0 to destroy"), "{plan}");

        case.admit_all();
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        assert_eq!(uid(&case.live("ingresses/photos")), uid(&before));
        assert!(!case.live("ingresses/photos-api").is_null());
    }
}

#[test]
fn a_destroy_that_is_refused_keeps_the_state() {
    for mut case in cases("halfdestroy") {
        with_references(&case);
        if !operator_with_password(&case) {
            continue;
        }
        case.write("main.tf", PHOTOS);
        case.write("secret.tf", PHOTOS_DB);
        case.ok(["apply", "-auto-approve"]);
        case.write("nobody.kubeconfig", &case.env.kubeconfig_for("nobody", &case.env.nobody_token));
        case.env("KUBECONFIG", "nobody.kubeconfig");
        let refused = case.run(["destroy", "-auto-approve", "-refresh=false"]).fails_with("HL5103");
        assert!(refused.says("cannot"), "{refused}");
        let listed = case.ok(["state", "list"]);
        assert!(listed.says("homelab_ingress.photos") && listed.says("homelab_external_secret.photos_db"), "{listed}");
        let back = case.env.kubeconfig.clone();
        case.env("KUBECONFIG", back);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

#[test]
fn a_namespace_that_was_deleted_is_drift_and_not_an_error() {
    for case in cases("nsgone") {
        with_references(&case);
        case.write("main.tf", PHOTOS);
        case.ok(["apply", "-auto-approve"]);
        let namespace = format!("/api/v1/namespaces/{}", case.namespace);
        case.api.delete(&namespace).unwrap();
        case.api.until_gone(&namespace).unwrap();
        let plan = case.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 2, "{plan}");
        assert!(plan.says("1 to add, 0 to change, 0 to destroy"), "{plan}");
        // What is gone is destroyed already.
        case.ok(["destroy", "-auto-approve"]);
        assert!(case.state()["values"].is_null());
    }
}

#[test]
fn a_definition_that_is_gone_is_an_error_and_no_drift() {
    // The definition is the whole cluster's, so this is one of its own.
    let plane = Plane::start(&Options { without_vault: true, ..Options::default() }).unwrap();
    for cli in clis() {
        let case = Case::on(&cli, "crdgone", plane.env());
        define(&case);
        case.write("provider.tf", "provider \"homelab\" {\n  checks {\n    references = \"warn\"\n  }\n}\n");
        // Nobody is there to fetch it.
        case.write("main.tf", &PHOTOS_DB.replacen("  store {", "  wait = false\n  store {", 1));
        case.ok(["apply", "-auto-approve"]);
        let before = case.read("terraform.tfstate");
        let definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/externalsecrets.external-secrets.io";
        case.api.delete(definition).unwrap().expect("delete", &[200]).unwrap();
        case.api.until_gone(definition).unwrap();
        case.api.until("/apis/external-secrets.io/v1/externalsecrets", serde_json::Value::is_null).unwrap();
        let plan = case.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 1, "{plan}");
        assert!(plan.says("Install the CRD of ExternalSecret"), "{plan}");
        assert_eq!(case.read("terraform.tfstate"), before);
        // For a create it may still come in the same run.
        case.ok(["state", "rm", "homelab_external_secret.photos_db"]);
        let plan = case.ok(["plan"]);
        assert!(plan.says("HL2101") && plan.says("The cluster serves no ExternalSecret"), "{plan}");
    }
}

#[test]
fn a_plan_that_waits_for_a_silent_server_can_be_interrupted() {
    for mut case in cases("silent") {
        // One for each: a connection that nobody has taken yet would be taken for that of the next.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let kubeconfig = case.env.kubeconfig_for("admin", "x");
        let address = format!("https://{}", silent.local_addr().unwrap());
        case.write("silent.kubeconfig", &kubeconfig.replace(&case.env.api_server, &address));
        case.env("KUBECONFIG", "silent.kubeconfig");
        case.write("main.tf", PHOTOS);
        let plan = case.spawn(["plan"]).unwrap();
        // It has connected, and waits for an answer.
        let (connection, _) = silent.accept().unwrap();
        let before = Instant::now();
        plan.interrupt().unwrap();
        let stopped = plan.wait().unwrap();
        assert!(before.elapsed() < Duration::from_secs(20), "{stopped}");
        assert!(!stopped.says("panicked") && !stopped.says("crashed"), "{stopped}");
        drop(connection);
    }
}

#[test]
fn what_is_not_there_cannot_be_imported() {
    for mut case in cases("noimport") {
        case.write("main.tf", PHOTOS);
        let id = format!("{}/photos", case.namespace);
        let refused = case.run(["import", "homelab_ingress.photos", &id]).fails_with("non-existent");
        assert!(refused.says("homelab_ingress.photos"), "{refused}");
        let refused = case.run(["import", "homelab_ingress.photos", "photos"]).fails_with("no slash");
        assert!(refused.says("<namespace>/<name>"), "{refused}");
        // Without a cluster it is not known whether it is there.
        let kubeconfig = case.env.kubeconfig_for("admin", "x");
        case.write("gone.kubeconfig", &kubeconfig.replace(&case.env.api_server, "https://127.0.0.1:9"));
        case.env("KUBECONFIG", "gone.kubeconfig");
        let _ = case.run(["import", "homelab_ingress.photos", &id]).fails_with("No connection");
        assert!(!case.path().join("terraform.tfstate").exists() || case.state()["values"].is_null());
    }
}
