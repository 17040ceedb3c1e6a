//! Failures of the controller: which are about this apply and which are history, and whose words the user sees.

use homelab_plane::terraform::Output;

use super::controller::{Behaviour, Failure, Recorder};
use super::{declared, stage};
use crate::support::Case;

const PATIENT: &str = "90s";
const IMPATIENT: &str = "4s";
/// What the condition says, which helps nobody.
const GENERAL: &str = "could not get secret data from provider";
/// What the Event says, as the real controller has it.
const WORDS: &str =
    "error retrieving secret at .data[0], key: photos, err: cannot find secret data for key: \"db_password\"";

fn missing(after: u32, recorder: Recorder) -> Behaviour {
    Behaviour::Fails { after, failure: Failure { condition: GENERAL, event: WORDS, recorder } }
}

fn apply(case: &Case, patience: &str, interval: &str) -> Output {
    case.write("main.tf", &declared(patience, interval));
    case.run(["apply", "-auto-approve"])
}

/// The apply ended by the failure, in the controller's words, and not by running out of patience.
#[track_caller]
fn assert_failed(output: Output) {
    let failed = output.fails_with("Error: HL2407");
    assert!(failed.says("cannot find secret data for key:") && failed.says("db_password"), "{failed}");
    assert!(!failed.says("HL2408"), "{failed}");
}

#[test]
fn a_failure_newer_than_the_write_fails_in_the_controllers_own_words() {
    for recorder in [Recorder::Core, Recorder::Series] {
        let Some((case, controller)) = stage("newer") else { return };
        controller.behave(missing(2, recorder));
        assert_failed(apply(&case, PATIENT, "15m"));
        assert!(!case.ok(["state", "list"]).says("homelab_external_secret"), "what failed to be made is not tainted");
        let before = case.live("externalsecrets/photos-db");

        // Once more, with the same Event counted up: its name, and what it is about, are those of the first time.
        assert_failed(apply(&case, PATIENT, "15m"));
        assert_eq!(case.live("externalsecrets/photos-db")["metadata"]["uid"], before["metadata"]["uid"]);

        // The key comes, and for a while everything that is up says otherwise: condition and Event are of before.
        controller.behave(Behaviour::Syncs { after: 20 });
        let good = apply(&case, PATIENT, "15m");
        assert_eq!(good.code, 0, "{good}");
        assert_eq!(case.live("externalsecrets/photos-db")["metadata"]["uid"], before["metadata"]["uid"]);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);

        // And it goes again: an update fails as well, and leaves a plan that tries again.
        controller.behave(missing(10, recorder));
        assert_failed(apply(&case, PATIENT, "30m"));
        assert!(case.ok(["state", "list"]).says("homelab_external_secret.photos_db"));
        let plan = case.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 2, "{plan}");
        controller.behave(Behaviour::Syncs { after: 10 });
        let good = apply(&case, PATIENT, "30m");
        assert_eq!(good.code, 0, "{good}");
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        let live = case.live("externalsecrets/photos-db");
        assert_eq!(
            (&live["metadata"]["uid"], &live["spec"]["refreshInterval"]),
            (&before["metadata"]["uid"], &"30m0s".into())
        );
    }
}

#[test]
fn a_failure_is_seen_whatever_the_controllers_clock_says() {
    for skew in [-600, 600] {
        let Some((case, controller)) = stage("skewed") else { return };
        controller.skew(skew);
        controller.behave(missing(2, Recorder::Core));
        assert_failed(apply(&case, PATIENT, "15m"));
        // An old failure is no new one either, with a time in the future that is newer than any write.
        controller.behave(Behaviour::Syncs { after: 20 });
        let good = apply(&case, PATIENT, "15m");
        assert_eq!(good.code, 0, "{good}");
    }
}

#[test]
fn a_failure_that_is_only_standing_there_is_quoted_when_patience_ends() {
    let Some((case, controller)) = stage("standing") else { return };
    controller.behave(missing(2, Recorder::Core));
    assert_failed(apply(&case, PATIENT, "15m"));
    // The recorder has told enough and is silent, and the condition says the same and is not written again.
    controller.behave(missing(0, Recorder::Dropped));
    let failed = apply(&case, IMPATIENT, "30m").fails_with("Error: HL2408");
    assert!(failed.says("cannot find secret data for key:"), "the last true words are still to be had: {failed}");
}

/// Failures that no retry of the controller cures, each with what it says.
#[test]
fn terminal_failures_are_shown_as_they_are() {
    let table = [
        ("target is owned by another ExternalSecret", "secret is owned by another ExternalSecret: photos-old"),
        ("could not update secret, target is immutable", "unable to update secret photos-db: secret is immutable"),
        (
            "failed to take ownership of target secret",
            "could not set controller reference on secret: Object is already owned by another Deployment controller",
        ),
    ];
    let Some((case, controller)) = stage("terminal") else { return };
    for (condition, event) in table {
        controller
            .behave(Behaviour::Fails { after: 2, failure: Failure { condition, event, recorder: Recorder::Core } });
        let failed = apply(&case, PATIENT, "15m").fails_with("Error: HL2407");
        assert!(failed.says(event), "{failed}");
    }
}
