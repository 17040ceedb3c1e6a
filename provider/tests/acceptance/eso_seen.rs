//! What was seen of External Secrets, line by line, with the real controller: the specification's own list, so that a release
//! that behaves otherwise is noticed here and not in somebody's cluster. "Plain" is server-side apply by a tool that knows
//! nothing of the operator; beside it stands what ours makes of the same. Everything is held
//! against two lines of the controller: the one before 0.20 adds no finalizer and so writes to no ExternalSecret at all.

use homelab_plane::programs::Program;
use serde_json::{Value, json};

use crate::ingress::uid;
use crate::operator::{Cluster, condition, is_ready, manager, older, operator, owners, store};
use crate::secret::{PHOTOS_DB, put};
use crate::support::{Case, cases, clis};

const INTERVAL: [&str; 2] = ["f:spec", "f:refreshInterval"];
const FIELD: &str = ".spec.refreshInterval";

/// An ExternalSecret as a manifest has it, with nothing that need not be said.
fn manifest(case: &Case, name: &str, interval: &str) -> Value {
    json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": name},
        "spec": {
            "refreshInterval": interval, "secretStoreRef": {"name": "vault-kv", "kind": "SecretStore"},
            "data": [{"secretKey": "DB_PASSWORD", "remoteRef": {"key": case.namespace, "property": "db_password"}}],
        },
    })
}

/// A plain apply, as Terraform's kubernetes provider does it; its status, and the field that it conflicts about.
fn apply(case: &Case, name: &str, interval: &str) -> (u16, Value) {
    let path = case.at(&format!("externalsecrets/{name}"));
    let answer = case.api.apply(&path, "Terraform", false, &manifest(case, name, interval)).unwrap();
    (answer.status, answer.body["details"]["causes"][0]["field"].clone())
}

/// The object once the controller is done with it.
fn until_ready(case: &Case, name: &str) -> Value {
    case.api.until(&case.at(&format!("externalsecrets/{name}")), is_ready).unwrap()
}

/// A case with a controller that runs, and the password in its store.
struct Stage {
    case: Case,
    /// The name of the controller's process.
    manager: String,
    /// Whether it writes to the ExternalSecret itself: from 0.20 on.
    writes: bool,
}

/// Each command line with the controller of all other tests, and one of them with the line before it.
fn stages(name: &'static str) -> Vec<Stage> {
    let present = cases(name).filter(operator).map(|case| Stage { case, manager: manager().unwrap(), writes: true });
    let mut stages: Vec<Stage> = present.collect();
    if let Some((env, manager)) = older() {
        let case = Case::on(&clis().remove(0), name, env);
        store(&case, "v1");
        stages.push(Stage { case, manager: manager.to_owned(), writes: false });
    }
    for stage in &stages {
        put(&stage.case, "from-the-store");
    }
    stages
}

#[test]
fn an_interval_that_is_not_canonical_goes_over_to_the_controller_and_conflicts_from_then_on() {
    for Stage { case, manager, writes } in stages("respelled") {
        for (name, written, respelled) in [("quarter", "15m", "15m0s"), ("hour", "1h", "1h0m0s")] {
            assert_eq!(apply(&case, name, written).0, 201);
            let live = until_ready(&case, name);
            if !writes {
                assert_eq!(live["spec"]["refreshInterval"], written);
                assert_eq!(owners(&live, &INTERVAL), ["Terraform"]);
                continue;
            }
            assert_eq!(live["spec"]["refreshInterval"], respelled);
            assert_eq!(owners(&live, &INTERVAL), [manager.as_str()]);
            // Of any other value, and of the same one in the words in which it was applied before.
            for interval in ["20m", written] {
                assert_eq!(apply(&case, name, interval), (409, json!(FIELD)), "{name}: {interval}");
            }
            assert_eq!(apply(&case, name, respelled).0, 200, "the very same text is no conflict, but shared");
        }
    }
}

#[test]
fn an_interval_in_canonical_form_stays_with_whoever_applied_it() {
    for Stage { case, .. } in stages("canonical") {
        for (name, written, next) in [("quarter", "15m0s", "20m0s"), ("hour", "1h0m0s", "2h0m0s")] {
            assert_eq!(apply(&case, name, written).0, 201);
            let live = until_ready(&case, name);
            assert_eq!(
                (&live["spec"]["refreshInterval"], owners(&live, &INTERVAL)),
                (&json!(written), vec!["Terraform".into()])
            );
            assert_eq!(apply(&case, name, next).0, 200);
        }
    }
}

#[test]
fn ours_leaves_in_canonical_form_is_compared_by_value_and_is_never_taken() {
    for Stage { case, .. } in stages("byvalue") {
        case.write("main.tf", PHOTOS_DB);
        case.ok(["apply", "-auto-approve"]);
        let live = until_ready(&case, "photos-db");
        assert_eq!(live["spec"]["refreshInterval"], "15m0s");
        assert_eq!(owners(&live, &INTERVAL), ["homelab"]);
        for same in ["15m0s", "900s", "0.25h", "15m"] {
            case.write("main.tf", &PHOTOS_DB.replace("\"15m\"", &format!("{same:?}")));
            let plan = case.run(["plan", "-detailed-exitcode"]);
            assert_eq!(plan.code, 0, "{same}: {plan}");
        }
        case.write("main.tf", &PHOTOS_DB.replace("\"15m\"", "\"1h\""));
        case.ok(["apply", "-auto-approve"]);
        case.write("main.tf", &PHOTOS_DB.replace("\"15m\"", "\"1h0m0s\""));
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        let live = case.live("externalsecrets/photos-db");
        assert_eq!(
            (&live["spec"]["refreshInterval"], owners(&live, &INTERVAL)),
            (&json!("1h0m0s"), vec!["homelab".into()])
        );
    }
}

#[test]
fn an_interval_that_the_controller_owns_is_taken_back_once() {
    for Stage { case, manager, .. } in stages("takenback").into_iter().filter(|stage| stage.writes) {
        assert_eq!(apply(&case, "photos-db", "15m").0, 201);
        let before = until_ready(&case, "photos-db");
        assert_eq!(owners(&before, &INTERVAL), [manager.as_str()]);
        case.write("main.tf", &PHOTOS_DB.replace("\"15m\"", "\"30m\""));
        case.ok(["apply", "-auto-approve"]);
        let live = case.live("externalsecrets/photos-db");
        assert_eq!(
            (&live["spec"]["refreshInterval"], owners(&live, &INTERVAL)),
            (&json!("30m0s"), vec!["homelab".into()])
        );
        assert_eq!(live["metadata"]["uid"], before["metadata"]["uid"]);
        // From now on it stays with us whatever the controller writes.
        case.write("main.tf", &PHOTOS_DB.replace("\"15m\"", "\"45m\""));
        case.ok(["apply", "-auto-approve"]);
        let synced = |seen: &Value| {
            let generation = format!("{}-", seen["metadata"]["generation"]);
            seen["status"]["syncedResourceVersion"].as_str().is_some_and(|synced| synced.starts_with(&generation))
        };
        let live = case.api.until(&case.at("externalsecrets/photos-db"), synced).unwrap();
        assert_eq!(
            (&live["spec"]["refreshInterval"], owners(&live, &INTERVAL)),
            (&json!("45m0s"), vec!["homelab".into()])
        );
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

#[test]
fn the_controller_shows_by_its_names_its_finalizer_and_its_ownership() {
    for Stage { case, manager, writes } in stages("names") {
        case.write("main.tf", PHOTOS_DB);
        case.ok(["apply", "-auto-approve"]);
        let live = until_ready(&case, "photos-db");
        // On the ExternalSecret it goes by the name of its process.
        let finalizer = "externalsecrets.external-secrets.io/externalsecret-cleanup";
        if writes {
            assert_eq!(owners(&live, &["f:metadata", "f:finalizers"]), [manager.as_str()]);
            assert_eq!(live["metadata"]["finalizers"], json!([finalizer]));
        } else {
            assert!(live["metadata"]["finalizers"].is_null());
        }
        let entries = live["metadata"]["managedFields"].as_array().unwrap();
        let status = entries.iter().find(|entry| entry["subresource"] == "status").unwrap();
        assert_eq!(status["manager"], manager.as_str());
        let ready = condition(&live);
        assert_eq!((&ready["reason"], &ready["message"]), (&json!("SecretSynced"), &json!("secret synced")));
        let synced = live["status"]["syncedResourceVersion"].as_str().unwrap();
        assert!(synced.starts_with(&format!("{}-", live["metadata"]["generation"])), "{synced}");

        // On the Secret it goes by a name that says for which ExternalSecret it writes.
        let secret = case.live("secrets/photos-db");
        assert_eq!(owners(&secret, &["f:data", "f:DB_PASSWORD"]), ["externalsecrets.external-secrets.io/photos-db"]);
        let owner = &secret["metadata"]["ownerReferences"][0];
        assert_eq!(
            (&owner["kind"], &owner["name"], &owner["controller"]),
            (&json!("ExternalSecret"), &json!("photos-db"), &json!(true))
        );
        assert_eq!(owner["uid"], live["metadata"]["uid"]);
        assert_eq!(secret["metadata"]["labels"]["reconcile.external-secrets.io/managed"], "true");
        // Nobody but the controller has written to the Secret.
        let writers: Vec<&Value> =
            secret["metadata"]["managedFields"].as_array().unwrap().iter().map(|entry| &entry["manager"]).collect();
        assert_eq!(writers, ["externalsecrets.external-secrets.io/photos-db"]);
    }
}

#[test]
fn what_the_server_fills_in_unasked_is_no_drift_and_not_ours() {
    for Stage { case, .. } in stages("defaults") {
        case.write("main.tf", PHOTOS_DB);
        case.ok(["apply", "-auto-approve"]);
        let live = until_ready(&case, "photos-db");
        let target = &live["spec"]["target"];
        assert_eq!((&target["creationPolicy"], &target["deletionPolicy"]), (&json!("Owner"), &json!("Retain")));
        let reference = &live["spec"]["data"][0]["remoteRef"];
        for (field, default) in
            [("conversionStrategy", "Default"), ("decodingStrategy", "None"), ("metadataPolicy", "None")]
        {
            assert_eq!(reference[field], default, "{field}");
        }
        let plan = case.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 0, "{plan}");
        assert_eq!(case.run(["plan", "-refresh-only", "-detailed-exitcode"]).code, 0);
        // An import of it says no more than what was declared.
        case.ok(["state", "rm", "homelab_external_secret.photos_db"]);
        case.ok(["import", "homelab_external_secret.photos_db", &format!("{}/photos-db", case.namespace)]);
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        // Taken away, a default does not come back as ours: the next change applies as before.
        case.write("main.tf", &PHOTOS_DB.replace("\"15m\"", "\"30m\""));
        case.ok(["apply", "-auto-approve"]);
        let live = case.live("externalsecrets/photos-db");
        assert!(
            !owners(&live, &["f:spec", "f:target", "f:deletionPolicy"]).contains(&"homelab".to_owned()),
            "{live:#}"
        );
    }
}

/// The upgrade that brings the finalizer: from one day to the next, every interval that was not canonical is gone.
#[test]
fn an_upgrade_of_the_operator_takes_from_others_and_not_from_ours() {
    const TEST: &str = "an upgrade of External Secrets from 0.19 to 0.20";
    let Some(mut cluster) = Cluster::start(TEST) else { return };
    for cli in clis() {
        if !cluster.install(Program::ESO_0_19, TEST) {
            return;
        }
        let case = Case::on(&cli, "upgraded", cluster.env());
        put(&case, "from-the-store");
        store(&case, "v1");
        case.write("main.tf", PHOTOS_DB);
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(apply(&case, "theirs", "15m").0, 201);
        let names = ["photos-db", "theirs"];
        let before = names.map(|name| (until_ready(&case, name), case.live(&format!("secrets/{name}"))));
        assert_eq!(apply(&case, "theirs", "15m").0, 200, "until now every apply went through");

        assert!(cluster.install(Program::ESO, TEST));
        for name in names {
            let path = case.at(&format!("externalsecrets/{name}"));
            case.api.until(&path, |seen| seen["metadata"]["finalizers"].is_array()).unwrap();
        }
        assert_eq!(apply(&case, "theirs", "15m"), (409, json!(FIELD)));
        let plan = case.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 0, "{plan}");
        case.write("main.tf", &PHOTOS_DB.replace("\"15m\"", "\"30m\""));
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        assert_eq!(owners(&case.live("externalsecrets/photos-db"), &INTERVAL), ["homelab"]);
        for (name, (object, secret)) in names.into_iter().zip(before) {
            assert_eq!(uid(&case.live(&format!("externalsecrets/{name}"))), uid(&object));
            let now = case.live(&format!("secrets/{name}"));
            assert_eq!((uid(&now), &now["data"]), (uid(&secret), &secret["data"]));
        }
    }
}
