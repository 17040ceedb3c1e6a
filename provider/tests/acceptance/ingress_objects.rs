//! Resources of several objects: middlewares and a Service of their own, a field of somebody else's.

use homelab_plane::terraform::Output;
use serde_json::{Value, json};

use crate::ingress::uid;
use crate::support::{Case, cases};

/// Everything that a resource can make for itself.
pub(crate) const ALL: &str = r#"
resource "homelab_ingress" "photos" {
  name          = "photos"
  namespace     = var.namespace
  external_name = "photos.home.example.net"
  service {
    port = "8443"
  }
  rate_limit {
    average = 100
    burst   = 200
  }
  max_body_size           = "5g"
  content_security_policy = "default-src 'self'"
  carve_out "share" {
    paths  = ["/share"]
    auth   = "none"
    reason = "share links carry their own token"
    rate_limit {
      average = 5
      burst   = 10
    }
  }
}
"#;

const MIDDLEWARES: [&str; 4] =
    ["buffering-photos", "custom-csp-photos", "rate-limit-photos", "rate-limit-photos-share"];

/// A smaller one: a gated app with a limit of its own.
const LIMITED: &str = r#"
resource "homelab_ingress" "photos" {
  name      = "photos"
  namespace = var.namespace
  service {
    port = "http"
  }
  rate_limit {
    average = 100
    burst   = 200
  }
}
"#;

const LIMIT: &str = "  rate_limit {\n    average = 100\n    burst   = 200\n  }\n";

/// Names of the objects of a kind in the namespace of the case that are ours, sorted.
fn ours(case: &Case, plural: &str) -> Vec<String> {
    let all = case.api.list(&case.at(plural)).unwrap();
    let marked = |object: &&Value| !object["metadata"]["annotations"]["terraform-provider-homelab/owner"].is_null();
    let mut names: Vec<String> =
        all.iter().filter(marked).map(|object| object["metadata"]["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[track_caller]
fn nothing_is_left(case: &Case) {
    for plural in ["ingresses", "middlewares", "services"] {
        assert_eq!(ours(case, plural), Vec::<String>::new(), "{plural}");
    }
}

#[track_caller]
fn settled(case: &Case) {
    let plan = case.run(["plan", "-detailed-exitcode"]);
    assert_eq!(plan.code, 0, "{plan}");
}

#[test]
fn every_kind_of_object_lives_from_plan_to_destroy() {
    for case in cases("objects") {
        case.middleware("gate");
        case.write("main.tf", ALL);
        case.ok(["apply", "-auto-approve"]);
        settled(&case);
        assert_eq!(ours(&case, "middlewares"), MIDDLEWARES);
        assert_eq!(ours(&case, "services"), ["photos"]);
        assert_eq!(ours(&case, "ingresses"), ["photos", "photos-share"]);
        let service = case.live("services/photos");
        assert_eq!(service["spec"]["externalName"], "photos.home.example.net", "{service:#}");
        let body = case.live("middlewares/buffering-photos");
        assert_eq!(body["spec"]["buffering"]["maxRequestBodyBytes"], 5_368_709_120_u64, "{body:#}");

        // A change of an object is a change in place, of that object alone.
        let limit = case.live("middlewares/rate-limit-photos");
        case.write("main.tf", &ALL.replace("average = 100", "average = 50"));
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("0 to add, 1 to change, 0 to destroy"), "{plan}");
        case.ok(["apply", "p"]);
        let changed = case.live("middlewares/rate-limit-photos");
        assert_eq!((uid(&changed), &changed["spec"]["rateLimit"]["average"]), (uid(&limit), &json!(50)));
        let body_now = case.live("middlewares/buffering-photos");
        assert_eq!(body_now["metadata"]["resourceVersion"], body["metadata"]["resourceVersion"]);
        settled(&case);

        // What is not declared any more goes, with what only it referred to.
        let (before, after) = ALL.split_once("  carve_out").unwrap();
        let without_door = format!("{before}{}", after.split_once("    }\n  }\n").unwrap().1);
        case.write("main.tf", &without_door.replace("  max_body_size           = \"5g\"\n", ""));
        case.ok(["apply", "-auto-approve"]);
        settled(&case);
        assert_eq!(ours(&case, "middlewares"), ["custom-csp-photos", "rate-limit-photos"]);
        assert_eq!(ours(&case, "ingresses"), ["photos"]);

        case.ok(["destroy", "-auto-approve"]);
        nothing_is_left(&case);
    }
}

#[test]
fn drift_of_every_kind_is_seen_and_repaired() {
    for case in cases("objectdrift") {
        case.middleware("gate");
        case.write("main.tf", ALL);
        case.ok(["apply", "-auto-approve"]);
        let label = json!({"metadata": {"labels": {"team": "media"}}});
        for path in ["middlewares/rate-limit-photos", "services/photos"] {
            case.api.merge(&case.at(path), &label).unwrap().expect("merge", &[200]).unwrap();
        }
        settled(&case);
        let edits = [
            ("middlewares/rate-limit-photos", json!({"spec": {"rateLimit": {"average": 100_000}}})),
            ("middlewares/custom-csp-photos", json!({"spec": {"headers": {"contentSecurityPolicy": "default-src *"}}})),
            ("services/photos", json!({"spec": {"externalName": "elsewhere.example.net"}})),
        ];
        for (path, edit) in edits {
            let before = case.live(path)["spec"].clone();
            let by_hand = format!("{}?fieldManager=kubectl-edit", case.at(path));
            case.api.merge(&by_hand, &edit).unwrap().expect("merge", &[200]).unwrap();
            let plan = case.run(["plan", "-detailed-exitcode"]);
            assert_eq!(plan.code, 2, "{path}: {plan}");
            case.ok(["apply", "-auto-approve"]);
            assert_eq!(case.live(path)["spec"], before, "{path}");
            settled(&case);
        }
        for path in ["middlewares/buffering-photos", "services/photos", "middlewares/rate-limit-photos-share"] {
            case.api.delete(&case.at(path)).unwrap().expect("delete", &[200]).unwrap();
            assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 2, "{path}");
            case.ok(["apply", "-auto-approve"]);
            assert!(!case.live(path).is_null(), "{path}");
            settled(&case);
        }
    }
}

#[test]
fn an_import_finds_every_object_and_changes_none() {
    for case in cases("objectimport") {
        case.middleware("gate");
        case.write("main.tf", ALL);
        case.ok(["apply", "-auto-approve"]);
        let versions = || {
            let all = ["ingresses", "middlewares", "services"].map(|plural| case.api.list(&case.at(plural)).unwrap());
            all.concat().iter().map(|object| object["metadata"]["resourceVersion"].clone()).collect::<Vec<_>>()
        };
        let before = versions();
        case.ok(["state", "rm", "homelab_ingress.photos"]);
        case.ok(["import", "homelab_ingress.photos", &format!("{}/photos", case.namespace)]);
        settled(&case);
        assert_eq!(case.run(["plan", "-refresh-only", "-detailed-exitcode"]).code, 0);
        assert_eq!(versions(), before);
        // It is all there for the destroy.
        case.ok(["destroy", "-auto-approve"]);
        nothing_is_left(&case);
    }
}

/// A replacement takes over what is there: nothing is interrupted, and nothing is left behind.
#[test]
fn a_replacement_and_a_tainted_resource_keep_every_object() {
    for case in cases("objectreplace") {
        case.middleware("gate");
        let cbd =
            ALL.replace("  max_body_size", "  lifecycle {\n    create_before_destroy = true\n  }\n  max_body_size");
        for config in [ALL, &cbd] {
            case.write("main.tf", config);
            case.ok(["apply", "-auto-approve"]);
            let uids = || {
                let all =
                    ["ingresses", "middlewares", "services"].map(|plural| case.api.list(&case.at(plural)).unwrap());
                all.concat().iter().map(|object| uid(object).to_owned()).collect::<Vec<_>>()
            };
            let before = uids();
            case.ok(["apply", "-auto-approve", "-replace=homelab_ingress.photos"]);
            assert_eq!(uids(), before);
            settled(&case);
            case.ok(["taint", "homelab_ingress.photos"]);
            case.ok(["apply", "-auto-approve"]);
            assert_eq!(uids(), before);
            settled(&case);
        }
        case.ok(["destroy", "-auto-approve"]);
        nothing_is_left(&case);
    }
}

#[test]
fn a_failed_create_names_what_it_made_and_the_next_one_goes_on() {
    for case in cases("objectfail") {
        case.service("photos");
        case.middleware("gate");
        case.write("main.tf", LIMITED);
        // Not seen by any dry run: so that the failure is in the middle of the writes.
        let dry = "(has(request.dryRun) && request.dryRun)";
        case.admit_only(&format!("{dry} || object.metadata.name != 'photos'"), "no photos today");
        let failed = case.run(["apply", "-auto-approve"]);
        assert_ne!(failed.code, 0, "{failed}");
        assert!(failed.says("no photos today") && failed.says("Middleware rate-limit-photos"), "{failed}");
        assert_eq!(ours(&case, "middlewares"), ["rate-limit-photos"]);
        assert!(case.ok(["state", "list"]).stdout.trim().is_empty());
        case.admit_all();
        case.ok(["apply", "-auto-approve"]);
        settled(&case);
        assert_eq!(ours(&case, "middlewares"), ["rate-limit-photos"]);
        case.ok(["destroy", "-auto-approve"]);
        nothing_is_left(&case);
    }
}

/// What a create made that failed half-way, and that the next one does not declare any more.
#[test]
fn what_a_failed_create_left_and_nobody_declares_any_more_goes() {
    for case in cases("objectstray") {
        case.service("photos");
        case.middleware("gate");
        case.write("main.tf", LIMITED);
        case.ok(["apply", "-auto-approve"]);
        // As after a create whose answer was lost: the objects are there, the state is not.
        case.api.delete(&case.at("ingresses/photos")).unwrap().expect("delete", &[200]).unwrap();
        case.ok(["state", "rm", "homelab_ingress.photos"]);
        case.write("main.tf", &LIMITED.replace(LIMIT, ""));
        case.ok(["apply", "-auto-approve"]);
        settled(&case);
        assert_eq!(ours(&case, "middlewares"), Vec::<String>::new());
        assert_eq!(ours(&case, "ingresses"), ["photos"]);
    }
}

#[test]
fn a_failed_update_leaves_a_state_that_says_what_is_there() {
    for case in cases("objectupdate") {
        case.service("photos");
        case.middleware("gate");
        case.write("main.tf", &LIMITED.replace(LIMIT, ""));
        case.ok(["apply", "-auto-approve"]);
        case.write("main.tf", LIMITED);
        case.ok(["plan", "-out=p"]);
        // Not seen by any dry run: so that the failure is in the middle of the writes.
        let dry = "(has(request.dryRun) && request.dryRun)";
        case.admit_only(&format!("{dry} || object.metadata.name != 'photos'"), "no photos today");
        let failed = case.run(["apply", "p"]);
        assert_ne!(failed.code, 0, "{failed}");
        assert!(failed.says("no photos today"), "{failed}");
        // The middleware was written first, and the state knows of it.
        assert!(!case.live("middlewares/rate-limit-photos").is_null());
        let shown = case.ok(["state", "show", "-no-color", "homelab_ingress.photos"]);
        assert!(shown.says("rate-limit-photos"), "{shown}");
        case.admit_all();
        // Given up: what was made for it goes.
        case.write("main.tf", &LIMITED.replace(LIMIT, ""));
        case.ok(["apply", "-auto-approve"]);
        settled(&case);
        assert_eq!(ours(&case, "middlewares"), Vec::<String>::new());
    }
}

#[test]
fn a_scheme_is_one_field_of_somebody_elses_service() {
    const SCHEME: &str = "traefik.ingress.kubernetes.io/service.serversscheme";
    let config = LIMITED.replace("port = \"http\"", "name = \"photos\"\n    port   = \"http\"\n    scheme = \"h2c\"");
    let second = config.replace("\"photos\" {", "\"second\" {").replacen("= \"photos\"", "= \"second\"", 1);
    for case in cases("scheme") {
        case.service("photos");
        case.middleware("gate");
        let scheme = || case.live("services/photos")["metadata"]["annotations"][SCHEME].clone();
        case.write("main.tf", &config);
        case.write("second.tf", &second);
        case.ok(["apply", "-auto-approve"]);
        settled(&case);
        assert_eq!(scheme(), "h2c");
        assert_eq!(ours(&case, "services"), Vec::<String>::new(), "it is not ours");

        // Held by two: it stays until both let go.
        case.write("second.tf", "");
        case.ok(["apply", "-auto-approve"]);
        settled(&case);
        assert_eq!(scheme(), "h2c");

        // Drift of the one field.
        let gone = json!({"metadata": {"annotations": {SCHEME: null}}});
        case.api.merge(&case.at("services/photos"), &gone).unwrap().expect("merge", &[200]).unwrap();
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 2);
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(scheme(), "h2c");
        settled(&case);

        case.ok(["destroy", "-auto-approve"]);
        assert_eq!(scheme(), Value::Null);
        assert!(!case.live("services/photos").is_null());

        // Somebody else means something else: said at plan, with the manager, and nothing is written.
        let theirs = json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "photos", "annotations": {SCHEME: "https"}},
        });
        case.api
            .apply(&case.at("services/photos"), "chart-operator", false, &theirs)
            .unwrap()
            .expect("apply", &[200])
            .unwrap();
        let refused = case.run(["plan"]);
        assert_ne!(refused.code, 0, "{refused}");
        assert!(refused.says("chart-operator") && refused.says("scheme = \"h2c\""), "{refused}");
        assert_eq!(scheme(), "https");
    }
}

#[test]
fn two_resources_for_one_service_are_refused() {
    let second = ALL
        .replace("\"photos\" {", "\"second\" {")
        .replacen("= \"photos\"", "= \"second\"", 1)
        .replace("    port = \"8443\"", "    name = \"photos\"\n    port = \"8443\"");
    for case in cases("objecttwice") {
        case.middleware("gate");
        case.write("main.tf", ALL);
        case.write("second.tf", &second);
        let plan = case.run(["plan"]);
        assert_ne!(plan.code, 0, "{plan}");
        assert!(plan.says("HL5203") && plan.says(&format!("Service {}/photos", case.namespace)), "{plan}");
    }
}

/// How many requests a command may make beyond its usual number on a slow machine: what a list has shown is believed
/// for ten seconds, and then six kinds may be listed again.
pub(crate) fn listed_again(output: &Output) -> usize {
    6 * usize::try_from(output.elapsed.as_secs() / 10).unwrap()
}

/// A create is one dry run at plan and one write at apply, and what they share of lists.
#[test]
fn an_apply_of_many_costs_little_more_than_a_request_each() {
    const COUNT: usize = 60;
    let many = format!(
        r#"
        resource "homelab_ingress" "app" {{
          count     = {COUNT}
          name      = "app-${{count.index}}"
          namespace = var.namespace
          service {{
            name = "app"
            port = "http"
          }}
        }}
        "#
    );
    for mut case in cases("objectcount") {
        case.service("app");
        case.middleware("gate");
        let log = case.path().join("requests.log");
        case.env("HOMELAB_REQUEST_LOG", &log);
        let mut seen = 0;
        let mut requests = || {
            let all = std::fs::read_to_string(&log).unwrap().lines().count();
            std::mem::replace(&mut seen, all).abs_diff(all)
        };
        case.write("main.tf", &many);
        let again = listed_again(&case.ok(["plan", "-out=p"]));
        let planned = requests();
        assert!(planned <= COUNT + 20 + again, "{planned} requests for a plan of {COUNT} new ones");
        let again = listed_again(&case.ok(["apply", "p"]));
        let applied = requests();
        // Until the first of ten at a time is written, nothing says that this is an apply: these are tried out again.
        assert!(applied <= COUNT + 40 + again, "{applied} requests for an apply of {COUNT}");
        let same = case.run(["plan", "-detailed-exitcode"]);
        assert_eq!(same.code, 0, "{same}");
        let unchanged = requests();
        assert!(unchanged <= 12 + listed_again(&same), "{unchanged} requests for a plan without a change");
        let again = listed_again(&case.ok(["destroy", "-auto-approve"]));
        let destroyed = requests();
        assert!(destroyed <= COUNT + 20 + again, "{destroyed} requests for a destroy of {COUNT}");
    }
}
