//! Tables of what the operator leaves behind.

use serde_json::json;

use super::*;

const GENERAL: &str = "could not get secret data from provider";
const TRUE_WORDS: &str = "error processing spec.data[0] (key: photos), err: Secret does not exist";

/// An ExternalSecret of generation 2.
fn object(status: &Value) -> Value {
    json!({
        "metadata": {"name": "photos-db", "uid": "u1", "generation": 2, "resourceVersion": "100", "finalizers": [FINALIZER]},
        "spec": {"refreshInterval": "15m0s", "target": {"creationPolicy": "Owner"}},
        "status": status,
    })
}

fn status(synced: Option<&str>, ready: &str, reason: &str, message: &str) -> Value {
    json!({
        "syncedResourceVersion": synced,
        "conditions": [{"type": "Ready", "status": ready, "reason": reason, "message": message}],
    })
}

fn good(synced: &str) -> Value {
    status(Some(synced), "True", "SecretSynced", "secret synced")
}

fn bad(synced: Option<&str>) -> Value {
    status(synced, "False", "SecretSyncedError", GENERAL)
}

fn event(name: &str, version: &str, saw: &str, count: i64, message: &str) -> Value {
    json!({
        "metadata": {"name": name, "resourceVersion": version}, "type": "Warning", "reason": "UpdateFailed",
        "involvedObject": {"kind": "ExternalSecret", "uid": "u1", "resourceVersion": saw},
        "count": count, "lastTimestamp": format!("2026-01-01T00:00:{:0>2}Z", count), "message": message,
    })
}

fn secret(keys: &[&str]) -> Value {
    json!({"data": keys.iter().map(|key| ((*key).to_owned(), json!("eA=="))).collect::<serde_json::Map<_, _>>()})
}

fn written() -> Written {
    Written { generation: 2, resource_version: Some(100), ..Written::default() }
}

fn look(object: &Value, secret: Option<&Value>, events: &[Value], written: &Written) -> Readiness {
    let keys = ["A".to_owned()];
    let secret = secret.map_or(SecretSeen::Absent, SecretSeen::There);
    judge(&Seen { external_secret: object, secret, events, keys: &keys, written })
}

#[track_caller]
fn pending(found: Readiness, words: &str) {
    match found {
        Readiness::Pending(why) if why.contains(words) => {}
        other => panic!("{other:?} and not pending: {words}"),
    }
}

#[track_caller]
fn failed(found: Readiness, words: &str) {
    match found {
        Readiness::Failed(why) if why.sentence().contains(words) => {}
        other => panic!("{other:?} and not failed: {words}"),
    }
}

#[test]
fn only_this_generation_with_every_key_is_a_success() {
    let full = secret(&["A", "B"]);
    assert_eq!(look(&object(&good("2-ab")), Some(&full), &[], &written()), Readiness::Synced);
    assert_eq!(look(&object(&good("3-ab")), Some(&full), &[], &written()), Readiness::Synced, "somebody wrote since");
    pending(look(&object(&good("1-ab")), Some(&full), &[], &written()), "generation 1");
    pending(look(&object(&good("20")), None, &[], &written()), "not there any more");
    failed(look(&object(&good("2-ab")), Some(&secret(&["B"])), &[], &written()), "has no A");
    let mut immutable = secret(&["B"]);
    immutable["immutable"] = json!(true);
    failed(look(&object(&good("2-ab")), Some(&immutable), &[], &written()), "immutable");
    assert_eq!(look(&object(&good("2-ab")), Some(&full), &[], &Written::default()), Readiness::Synced);
    let keys = ["A".to_owned()];
    let (object, written) = (object(&good("2-ab")), written());
    let blind =
        Seen { external_secret: &object, secret: SecretSeen::Unseen, events: &[], keys: &keys, written: &written };
    assert_eq!(judge(&blind), Readiness::Synced);
}

#[test]
fn a_success_of_every_creation_policy_is_known() {
    let mut none = object(&good("2-ab"));
    none["spec"]["target"]["creationPolicy"] = json!("None");
    assert_eq!(look(&none, None, &[], &written()), Readiness::Synced);
    let missing =
        status(Some("2-ab"), "True", "SecretMissing", "secret will not be created due to CreationPolicy=Merge");
    pending(look(&object(&missing), None, &[], &written()), "Merge");
    let deleted = status(Some("2-ab"), "True", "SecretDeleted", "secret deleted due to DeletionPolicy=Delete");
    failed(look(&object(&deleted), None, &[], &written()), "deletion_policy Delete");
    let retained = status(Some("2-ab"), "True", "SecretSynced", "secret retained due to DeletionPolicy=Retain");
    failed(look(&object(&retained), None, &[], &written()), "nothing that is declared");
    failed(look(&object(&retained), Some(&secret(&[])), &[], &written()), "stays as it was");
}

#[test]
fn a_failure_is_the_operators_own_and_newer_than_our_write() {
    let new = event("e1", "105", "101", 1, TRUE_WORDS);
    failed(look(&object(&bad(None)), None, std::slice::from_ref(&new), &written()), TRUE_WORDS);
    // The Event comes before the condition.
    failed(look(&object(&good("1-ab")), None, std::slice::from_ref(&new), &written()), TRUE_WORDS);
    // Without an Event, the condition that was not so before.
    failed(look(&object(&bad(None)), None, &[], &written()), GENERAL);
    // An attempt of before our write ended after it.
    let of_before = event("e1", "105", "90", 1, TRUE_WORDS);
    pending(look(&object(&good("1-ab")), None, &[of_before], &written()), "generation 1");
    // Somebody else's.
    let mut others = new.clone();
    others["involvedObject"]["uid"] = json!("u2");
    pending(look(&object(&good("1-ab")), None, &[others], &written()), "generation 1");
    let mut normal = new;
    normal["type"] = json!("Normal");
    pending(look(&object(&good("1-ab")), None, &[normal], &written()), "generation 1");
}

#[test]
fn a_failure_of_before_is_none_until_it_happens_again() {
    let old = event("e1", "95", "80", 7, TRUE_WORDS);
    let before = Written { failures: Failures::of(std::slice::from_ref(&old), "u1"), was_failing: true, ..written() };
    pending(look(&object(&bad(Some("1-ab"))), None, &[old], &before), &format!("as before: {TRUE_WORDS}"));
    let again = event("e1", "110", "80", 8, TRUE_WORDS);
    failed(look(&object(&bad(Some("1-ab"))), None, std::slice::from_ref(&again), &before), TRUE_WORDS);
    // In the form of the newer API.
    let mut series = again;
    series["series"] = json!({"count": 9, "lastObservedTime": "2026-01-01T00:00:09.000000Z"});
    series["count"] = Value::Null;
    series["lastTimestamp"] = Value::Null;
    failed(look(&object(&bad(Some("1-ab"))), None, std::slice::from_ref(&series), &before), TRUE_WORDS);
    let other = event("e2", "111", "101", 1, "other words");
    failed(look(&object(&bad(Some("1-ab"))), None, &[series, other], &before), TRUE_WORDS);
}

#[test]
fn what_is_fetched_once_is_not_waited_for() {
    for (interval, policy, frozen) in [
        ("0s", None, true),
        ("0", None, true),
        ("1h", None, false),
        ("1h", Some("CreatedOnce"), true),
        ("0s", Some("OnChange"), false),
        ("0s", Some("Periodic"), true),
    ] {
        let mut object = object(&good("1-ab"));
        object["spec"]["refreshInterval"] = json!(interval);
        object["spec"]["refreshPolicy"] = json!(policy);
        let found = look(&object, Some(&secret(&["A"])), &[], &written());
        assert_eq!(matches!(found, Readiness::Frozen(_)), frozen, "{interval} {policy:?}: {found:?}");
        // Without the Secret it is fetched again.
        assert!(matches!(look(&object, None, &[], &written()), Readiness::Pending(_)));
        let mut first = object;
        first["status"] = Value::Null;
        assert!(matches!(look(&first, None, &[], &written()), Readiness::Pending(_)), "the first one is fetched");
    }
}

#[test]
fn a_controller_that_is_away_is_told_from_one_that_does_nothing() {
    let mut object = object(&Value::Null);
    pending(look(&object, None, &[], &written()), "`controller` of the store");
    object["metadata"]["finalizers"] = json!([]);
    pending(look(&object, None, &[], &written()), "is External Secrets running");
    object["status"] = status(None, "True", "SecretSynced", "secret synced");
    pending(look(&object, Some(&secret(&["A"])), &[], &written()), "does not say which generation");
}

#[test]
fn trouble_is_told_whenever_it_began() {
    let old = event("e1", "95", "80", 7, TRUE_WORDS);
    assert_eq!(trouble(&object(&bad(None)), std::slice::from_ref(&old)).as_deref(), Some(TRUE_WORDS));
    assert_eq!(trouble(&object(&bad(None)), &[]).as_deref(), Some(GENERAL));
    assert_eq!(trouble(&object(&good("2-ab")), &[old]), None);
    assert!(says_ready(&object(&good("1-ab"))) && !says_ready(&object(&Value::Null)));
    assert_eq!(store_trouble(&object(&bad(None))).as_deref(), Some(GENERAL));
    assert_eq!(store_trouble(&object(&Value::Null)), None);
}

#[test]
fn only_who_is_about_to_fetch_is_waited_for_before_a_delete() {
    assert!(is_behind(&object(&good("1-abc"))));
    assert!(!is_behind(&object(&good("2-abc"))));
    assert!(!is_behind(&object(&bad(Some("1-abc")))), "a failing one");
    assert!(!is_behind(&object(&json!({}))), "nobody is there");
    let mut once = object(&good("1-abc"));
    once["spec"]["refreshInterval"] = json!("0s");
    assert!(!is_behind(&once));
}
