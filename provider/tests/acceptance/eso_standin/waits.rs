//! What an apply waits for, and for what it does not wait for ever.

use homelab_plane::terraform::Output;
use serde_json::{Value, json};

use super::controller::Behaviour;
use super::stores::say;
use super::{declared, stage};
use crate::support::Case;

/// Longer than anything here takes, on whatever machine.
const PATIENT: &str = "90s";
/// For what never comes.
const IMPATIENT: &str = "3s";

fn apply(case: &Case, patience: &str, interval: &str) -> Output {
    case.write("main.tf", &declared(patience, interval));
    case.run(["apply", "-auto-approve"])
}

/// The moment the apply is over, the controller has synced this generation.
#[track_caller]
fn assert_synced(case: &Case, generation: u32) {
    let live = case.live("externalsecrets/photos-db");
    assert_eq!(live["metadata"]["generation"], generation);
    let synced = live["status"]["syncedResourceVersion"].as_str().unwrap_or_default();
    assert!(synced.starts_with(&format!("{generation}-")), "{:#}", live["status"]);
    assert_eq!(case.live("secrets/photos-db")["data"], json!({"DB_PASSWORD": "ZnJvbS10aGUtc3RvcmU="}));
    assert_eq!(attribute(case, "ready"), true);
    assert_eq!(attribute(case, "revision"), generation);
}

fn attribute(case: &Case, name: &str) -> Value {
    case.state()["values"]["root_module"]["resources"][0]["values"][name].clone()
}

#[test]
fn an_apply_waits_for_the_sync_of_this_very_declaration() {
    let Some((case, controller)) = stage("slow") else { return };
    controller.behave(Behaviour::Syncs { after: 20 });
    let made = apply(&case, PATIENT, "15m");
    assert_eq!(made.code, 0, "{made}");
    assert_synced(&case, 1);
    assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
    // The success of the last generation is still up while the controller thinks about this one.
    let changed = apply(&case, PATIENT, "30m");
    assert_eq!(changed.code, 0, "{changed}");
    assert_synced(&case, 2);
    assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
    // What changes no generation has nothing to wait for but the keys.
    controller.behave(Behaviour::Absent);
    case.write("main.tf", &declared(PATIENT, "30m").replace("  store {", "  labels = { team = \"media\" }\n  store {"));
    case.ok(["apply", "-auto-approve"]);
    assert_synced(&case, 2);
}

#[test]
fn a_controller_whose_clock_is_wrong_is_believed_all_the_same() {
    for skew in [-600, 600] {
        let Some((case, controller)) = stage("clock") else { return };
        controller.skew(skew);
        controller.behave(Behaviour::Syncs { after: 2 });
        assert_eq!(apply(&case, PATIENT, "15m").code, 0);
        assert_synced(&case, 1);
        assert_eq!(apply(&case, PATIENT, "30m").code, 0);
        assert_synced(&case, 2);
    }
}

#[test]
fn a_success_that_names_no_generation_is_none() {
    let Some((case, controller)) = stage("unversioned") else { return };
    controller.behave(Behaviour::SyncsUnversioned { after: 2 });
    let failed = apply(&case, IMPATIENT, "15m").fails_with("Error: HL2408");
    assert!(failed.says("photos-db"), "{failed}");
    // The same controller, upgraded: the apply takes over what is there.
    controller.behave(Behaviour::Syncs { after: 2 });
    assert_eq!(apply(&case, PATIENT, "15m").code, 0);
    assert_synced(&case, 1);
}

#[test]
fn a_success_without_the_declared_keys_is_none() {
    let Some((case, controller)) = stage("nokeys") else { return };
    controller.behave(Behaviour::SyncsNothing);
    // The stand-in has to come to it first.
    let failed = apply(&case, PATIENT, "15m").fails_with("Error: HL2407");
    assert!(failed.says("DB_PASSWORD"), "the missing key is named: {failed}");
}

/// A create that fails leaves no state, so that the next apply adopts what was made instead of replacing it.
#[track_caller]
fn is_adopted_next_time(case: &Case) {
    assert!(!case.ok(["state", "list"]).says("homelab_external_secret"));
    assert!(!case.live("externalsecrets/photos-db").is_null());
}

#[test]
fn a_controller_that_is_not_there_is_told_from_one_that_looks_away() {
    let Some((case, controller)) = stage("absent") else { return };
    let failed = apply(&case, IMPATIENT, "15m").fails_with("Error: HL2408");
    is_adopted_next_time(&case);
    let before = case.live("externalsecrets/photos-db");
    controller.behave(Behaviour::OtherClass);
    case.api.until(&case.at("externalsecrets/photos-db"), |seen| seen["metadata"]["finalizers"].is_array()).unwrap();
    let other = apply(&case, IMPATIENT, "15m").fails_with("Error: HL2408");
    assert_ne!(failed.flowed(), other.flowed(), "the two have different causes, and are told apart");
    is_adopted_next_time(&case);
    controller.behave(Behaviour::Syncs { after: 0 });
    assert_eq!(apply(&case, PATIENT, "15m").code, 0);
    assert_eq!(case.live("externalsecrets/photos-db")["metadata"]["uid"], before["metadata"]["uid"]);
    assert_synced(&case, 1);
}

#[test]
fn a_store_that_is_not_valid_is_found_at_plan() {
    let Some((case, controller)) = stage("invalid") else { return };
    controller.behave(Behaviour::Absent);
    assert!(say(&case.api, &case.namespace, "vault-kv", false));
    case.write("main.tf", &declared(IMPATIENT, "15m"));
    let plan = case.run(["plan"]);
    assert!(plan.says("HL2406") && plan.says("unable to validate store"), "{plan}");
    let failed = apply(&case, IMPATIENT, "15m").fails_with("HL2406");
    assert!(failed.says("vault-kv") && failed.says("unable to validate store"), "{failed}");

    assert!(say(&case.api, &case.namespace, "vault-kv", true));
    controller.behave(Behaviour::Syncs { after: 0 });
    assert_eq!(apply(&case, PATIENT, "15m").code, 0);
    assert_synced(&case, 1);
}

#[test]
fn what_is_fetched_once_is_not_waited_for_a_second_time() {
    let Some((case, controller)) = stage("once") else { return };
    controller.behave(Behaviour::Syncs { after: 0 });
    assert_eq!(apply(&case, PATIENT, "0s").code, 0);
    assert_synced(&case, 1);
    // As the real one: with `0s` it never looks at a later generation.
    controller.behave(Behaviour::Absent);
    case.write("main.tf", &declared(IMPATIENT, "0s").replace("\"photos\"\n", "\"photos\"\n    version  = \"2\"\n"));
    case.ok(["plan", "-out=p"]);
    let applied = case.ok(["apply", "p"]);
    assert!(applied.says("Warning: HL2414"), "{applied}");
    assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
}
