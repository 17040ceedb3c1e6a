//! Whether the controller has looked at a store, as tables of what it wrote and when.

use serde_json::{Value, json};

use crate::store::ready::{Baseline, Verdict, is_accepted};

const OLD: &str = "2026-11-20T08:00:00Z";
const WRITTEN: &str = "2026-11-21T08:00:00Z";
const NEW: &str = "2026-11-21T08:00:01Z";

fn store(condition: Option<(&str, &str, &str)>) -> Value {
    let conditions = condition.map(|(status, reason, since)| {
        json!([
            {"type": "Other", "status": "False"},
            {"type": "Ready", "status": status, "reason": reason, "message": "unable to validate store", "lastTransitionTime": since},
        ])
    });
    json!({
        "metadata": {"uid": "1", "managedFields": [
            {"manager": "homelab", "operation": "Apply", "time": WRITTEN},
            {"manager": "eso", "operation": "Update", "time": NEW, "subresource": "status"},
        ]},
        "status": {"conditions": conditions},
    })
}

fn event(version: u32, kind: &str, reason: &str, message: &str, time: &str) -> Value {
    json!({
        "metadata": {"name": format!("e-{reason}"), "resourceVersion": version.to_string()},
        "involvedObject": {"uid": "1"}, "type": kind, "reason": reason, "message": message, "lastTimestamp": time,
    })
}

fn baseline(at_write: &Value, changed: bool, events: &[Value]) -> Baseline {
    Baseline::of(at_write, "homelab", changed, events)
}

fn silent(before: Option<Result<(), String>>) -> Verdict {
    Verdict::Silent { before }
}

#[test]
fn a_new_store_waits_for_its_first_condition() {
    let made = store(None);
    let baseline = baseline(&made, true, &[]);
    assert_eq!(baseline.judge(&made, &[]), silent(None));
    assert_eq!(baseline.judge(&store(Some(("True", "Valid", NEW))), &[]), Verdict::Accepted);
    let refused = store(Some(("False", "InvalidProviderConfig", NEW)));
    assert_eq!(
        baseline.judge(&refused, &[]),
        Verdict::Refused("InvalidProviderConfig: unable to validate store".to_owned())
    );
    let words = event(9, "Warning", "InvalidProviderConfig", "invalid role name \"esoo\"", NEW);
    assert_eq!(baseline.judge(&refused, &[words]), Verdict::Refused("invalid role name \"esoo\"".to_owned()));
}

#[test]
fn after_a_change_only_news_counts() {
    let valid = store(Some(("True", "Valid", OLD)));
    let before = event(5, "Normal", "Valid", "store validated", OLD);
    let changed = baseline(&valid, true, std::slice::from_ref(&before));
    // The condition is not touched while it stays the same.
    assert_eq!(changed.judge(&valid, std::slice::from_ref(&before)), silent(Some(Ok(()))));
    let again = event(8, "Normal", "Valid", "store validated", NEW);
    assert_eq!(changed.judge(&valid, &[again]), Verdict::Accepted);
    let other = event(8, "Warning", "InvalidProviderConfig", "sealed", NEW);
    assert_eq!(changed.judge(&valid, &[before.clone(), other]), Verdict::Refused("sealed".to_owned()));
    let refused = store(Some(("False", "InvalidProviderConfig", NEW)));
    assert!(matches!(changed.judge(&refused, &[before]), Verdict::Refused(_)));
}

#[test]
fn what_was_refused_before_is_not_refused_for_ever() {
    let invalid = store(Some(("False", "InvalidProviderConfig", OLD)));
    let before = event(5, "Warning", "InvalidProviderConfig", "no such role", OLD);
    let changed = baseline(&invalid, true, std::slice::from_ref(&before));
    let old_words = Err("no such role".to_owned());
    assert_eq!(changed.judge(&invalid, std::slice::from_ref(&before)), silent(Some(old_words)));
    // The same words once more are the same Event in another version.
    let again = event(9, "Warning", "InvalidProviderConfig", "no such role", NEW);
    assert_eq!(changed.judge(&invalid, &[again]), Verdict::Refused("no such role".to_owned()));
    assert_eq!(changed.judge(&store(Some(("True", "Valid", NEW))), &[before]), Verdict::Accepted);
}

#[test]
fn an_event_from_before_the_write_that_came_late_is_no_news() {
    let valid = store(Some(("True", "Valid", OLD)));
    let changed = baseline(&valid, true, &[]);
    let late = event(8, "Warning", "InvalidProviderConfig", "old words", "2026-11-21T07:59:59Z");
    assert_eq!(changed.judge(&valid, &[late]), silent(Some(Ok(()))));
    // Within the second of the write it may be either; the server numbered it after what was seen.
    let same_second = event(8, "Normal", "Valid", "store validated", WRITTEN);
    assert_eq!(changed.judge(&valid, &[same_second]), Verdict::Accepted);
}

#[test]
fn without_a_change_what_was_said_stands() {
    let valid = store(Some(("True", "Valid", OLD)));
    assert_eq!(baseline(&valid, false, &[]).judge(&valid, &[]), Verdict::Accepted);
    let invalid = store(Some(("False", "InvalidProviderConfig", OLD)));
    let words = event(5, "Warning", "InvalidProviderConfig", "no such role", OLD);
    let seen = baseline(&invalid, false, std::slice::from_ref(&words));
    assert_eq!(seen.judge(&invalid, &[words]), Verdict::Refused("no such role".to_owned()));
    assert_eq!(baseline(&store(None), false, &[]).judge(&store(None), &[]), silent(None));
}

#[test]
fn events_of_others_and_about_other_things_say_nothing() {
    let valid = store(Some(("True", "Valid", OLD)));
    let changed = baseline(&valid, true, &[]);
    let mut other = event(8, "Warning", "InvalidProviderConfig", "x", NEW);
    other["involvedObject"]["uid"] = json!("2");
    let maintenance = event(9, "Warning", "StoreUnmaintained", "x", NEW);
    assert_eq!(changed.judge(&valid, &[other, maintenance]), silent(Some(Ok(()))));
    let unknown = event(9, "Warning", "ValidationUnknown", "could not tell", NEW);
    assert_eq!(changed.judge(&valid, &[unknown]), Verdict::Accepted);
}

#[test]
fn the_newest_event_counts_whichever_form_its_time_has() {
    let valid = store(Some(("True", "Valid", OLD)));
    let changed = baseline(&valid, true, &[]);
    let mut series = event(9, "Normal", "Valid", "store validated", OLD);
    series["series"] = json!({"count": 2, "lastObservedTime": "2026-11-21T08:00:05.123456Z"});
    let warned = event(8, "Warning", "InvalidProviderConfig", "x", NEW);
    assert_eq!(changed.judge(&valid, &[series, warned]), Verdict::Accepted);
}

#[test]
fn whether_it_was_accepted_last() {
    assert_eq!(is_accepted(&store(Some(("True", "Valid", OLD)))), Some(true));
    assert_eq!(is_accepted(&store(Some(("False", "x", OLD)))), Some(false));
    assert_eq!(is_accepted(&store(None)), None);
}
