use serde_json::json;

use super::*;

fn object(name: &str, annotations: &Value, spec: &Value) -> Value {
    json!({
        "kind": "Ingress", "spec": spec,
        "metadata": {"namespace": "photos", "name": name, "annotations": annotations},
    })
}

fn spec(hosts: &[&str], paths: &[(&str, &str)]) -> Value {
    let paths: Vec<Value> = paths.iter().map(|(path, kind)| json!({"path": path, "pathType": kind})).collect();
    let rules: Vec<Value> = hosts.iter().map(|host| json!({"host": host, "http": {"paths": paths}})).collect();
    json!({"rules": rules})
}

fn annotations(auth: &str, more: &[(&str, &str)]) -> Value {
    let all = [(AUTH_ANNOTATION, auth)].into_iter().chain(more.iter().copied());
    Value::Object(all.map(|(name, text)| (name.to_owned(), json!(text))).collect())
}

const HOST: &[&str] = &["photos.example.net"];

#[test]
fn what_an_object_was_declared_with_counts_and_not_its_chain() {
    // No middleware at all: what says that it is gated is the object.
    let root = object(
        "photos",
        &annotations("required", &[("terraform-provider-homelab/carve-outs", "api,share")]),
        &spec(&["photos.example.net", "albums.example.net"], &[("/", "Prefix")]),
    );
    let share = object(
        "photos-share",
        &annotations("none", &[(CARVE_OUT_ANNOTATION, "share")]),
        &spec(HOST, &[("/share", "Exact"), ("/share/", "Prefix"), ("/s/", "Prefix")]),
    );
    let guests =
        object("photos-g", &annotations("public", &[(CARVE_OUT_ANNOTATION, "g")]), &spec(HOST, &[("/g", "Exact")]));
    let found = declared([&share, &guests, &root]);
    let [one] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!((one.namespace.as_str(), one.name.as_str()), ("photos", "photos"));
    assert_eq!(one.gone, ["photos-api"], "its paths are nowhere");
    let doors: Vec<(&str, &str, Expect)> =
        one.doors.iter().map(|door| (door.label.as_str(), door.url.as_str(), door.expect)).collect();
    assert_eq!(
        doors,
        [
            ("/", "https://photos.example.net/", Expect::Gated),
            ("g", "https://photos.example.net/g", Expect::Public),
            ("share:/share", "https://photos.example.net/share", Expect::Public),
            ("share:/s/", "https://photos.example.net/s/", Expect::Public),
            ("/@albums.example.net", "https://albums.example.net/", Expect::Gated),
        ]
    );
    let guests: Vec<Option<String>> =
        one.doors.iter().map(|door| door.target("photos", "guests").unwrap().guest_client_id).collect();
    assert_eq!(guests, [None, Some("guests".to_owned()), None, None, None]);
}

#[test]
fn a_root_that_is_gone_is_named_and_what_is_not_ours_is_left_out() {
    let share = object(
        "photos-share",
        &annotations("app", &[(CARVE_OUT_ANNOTATION, "share")]),
        &spec(HOST, &[("/s", "Prefix")]),
    );
    let foreign = object("other", &json!({"a": "b"}), &spec(HOST, &[("/", "Prefix")]));
    let mut middleware = object("photos-rate-limit", &annotations("none", &[]), &json!({}));
    middleware["kind"] = json!("Middleware");
    let found = declared([&share, &foreign, &middleware]);
    let [one] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!((one.name.as_str(), one.gone.as_slice()), ("photos", ["photos".to_owned()].as_slice()));
    assert_eq!(
        one.doors[0].path_type,
        PathType::ImplementationSpecific,
        "a prefix that is no pair is one by characters"
    );
    assert!(declared([&foreign]).is_empty());
}

#[test]
fn how_a_door_is_asked_is_on_its_object() {
    let words = r#"{"probe":{"statuses":[204],"body_contains":"album"}}"#;
    let plain = [(ENTRYPOINTS_ANNOTATION, "web"), ("terraform-provider-homelab/declared", words)];
    let root = object("photos", &annotations("none", &plain), &spec(HOST, &[("/", "Prefix")]));
    let target = declared([&root])[0].doors[0].target("photos", "").unwrap();
    assert_eq!(target.url, "http://photos.example.net/", "the plain entry point and no certificate");
    assert_eq!((target.statuses.as_slice(), target.body_contains.as_deref()), ([204].as_slice(), Some("album")));
    assert_eq!(target.ingress, "photos/photos");
    let skipped = [("terraform-provider-homelab/declared", r#"{"probe":{"skip":true}}"#)];
    let root = object("photos", &annotations("none", &skipped), &spec(HOST, &[("/", "Prefix")]));
    assert_eq!(declared([&root])[0].doors[0].target("photos", ""), None);
}

#[test]
fn a_word_that_is_none_of_ours_opens_nothing() {
    let root = object("photos", &annotations("nobody", &[]), &spec(HOST, &[("/", "Prefix")]));
    assert_eq!(declared([&root])[0].doors[0].expect, Expect::Gated);
}
