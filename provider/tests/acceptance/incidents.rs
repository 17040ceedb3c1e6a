//! Replays of incidents: first the failure with plain tools, so that the test proves that it can see it, then that ours
//! cannot do it. The table is in `docs/incidents.md`.

use std::collections::BTreeSet;

use serde_json::json;

use crate::ingress::{PHOTOS, plain_ingress, uid, with_references};
use crate::killed::{COUNT, MANY, until_made, with_service};
use crate::support::cases;

/// An apply was killed half-way. The next one met "already exists" at what was made and not written down.
#[test]
fn incident_14_a_killed_apply_converges_on_the_next_run() {
    for case in cases("incident14") {
        // Plainly: a script makes one object of two and is killed; run again, it never gets past the first.
        let names = ["plain-0", "plain-1"];
        let create = |name: &str| case.api.create(&case.at("ingresses"), &plain_ingress(&case, name)).unwrap().status;
        assert_eq!(create(names[0]), 201);
        let rerun: Vec<u16> = names.iter().map(|name| create(name)).take_while(|status| *status != 409).collect();
        assert!(rerun.is_empty(), "{rerun:?}");
        assert!(case.live("ingresses/plain-1").is_null());

        with_service(&case);
        case.write("main.tf", MANY);
        let mut apply = case.spawn(["apply", "-auto-approve", "-parallelism=1"]).unwrap();
        until_made(&case, 3);
        apply.kill().unwrap();
        assert_eq!(apply.wait().unwrap().code, 137);
        let ids = || {
            let all = case.api.list(&case.at("ingresses")).unwrap();
            let ours = all.iter().filter(|one| one["metadata"]["name"].as_str().unwrap().starts_with("app-"));
            ours.map(|one| uid(one).to_owned()).collect::<BTreeSet<_>>()
        };
        let made = ids();
        assert!((3..COUNT).contains(&made.len()), "{} of {COUNT} were made", made.len());

        // The state lags behind what was made; the next apply takes it over, and is complete.
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        assert!(ids().is_superset(&made) && ids().len() == COUNT);
        case.ok(["destroy", "-auto-approve"]);
        let left = case.api.list(&case.at("ingresses")).unwrap();
        assert_eq!(left.len(), 1, "only the script's own is left: {left:#?}");
    }
}

/// An object that no state knew broke every later apply.
#[test]
fn incident_15_an_orphan_is_adopted() {
    for case in cases("incident15") {
        with_references(&case);
        let orphan = plain_ingress(&case, "photos");
        let path = format!("{}?fieldManager=HashiCorp", case.at("ingresses"));
        case.api.create(&path, &orphan).unwrap().expect("orphan", &[201]).unwrap();
        // Plainly: whoever creates it is refused, today and for ever.
        let refused = case.api.create(&path, &orphan).unwrap();
        assert_eq!((refused.status, &refused.body["reason"]), (409, &json!("AlreadyExists")));

        let before = case.live("ingresses/photos");
        case.write("main.tf", PHOTOS);
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("1 to add, 0 to change, 0 to destroy"), "{plan}");
        case.ok(["apply", "p"]);
        assert_eq!(uid(&case.live("ingresses/photos")), uid(&before));
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

/// A wrapper swallowed the real error: for weeks all that anybody saw was "apply failed".
#[test]
fn incident_23_the_real_error_is_shown() {
    const WORDS: &str = "photos are closed on Sundays: ask media@example.net";
    for case in cases("incident23") {
        with_references(&case);
        case.admit_only("object.metadata.name != 'photos'", WORDS);
        // Plainly: the server says why, and the script around it says something else.
        let refused = case.api.create(&case.at("ingresses"), &plain_ingress(&case, "photos")).unwrap();
        assert!(refused.body["message"].as_str().unwrap().contains(WORDS), "{:#}", refused.body);
        case.write("answer.json", &refused.body.to_string());
        case.write(
            "wrapper.tf",
            r#"
            resource "terraform_data" "wrapper" {
              provisioner "local-exec" {
                command = "grep -q Failure answer.json && { echo apply failed; exit 1; }"
              }
            }
            "#,
        );
        let wrapped = case.run(["apply", "-auto-approve"]).fails_with("apply failed");
        assert!(!wrapped.says(WORDS), "{wrapped}");
        case.remove("wrapper.tf");

        // Ours says it at plan already, in the server's own words, and names the object.
        case.write("main.tf", PHOTOS);
        let plan = case.run(["plan"]).fails_with(WORDS);
        assert!(plan.says("homelab_ingress.photos") && plan.says(&format!("{}/photos", case.namespace)), "{plan}");
        // And once more where it only meets it in apply.
        case.write(
            "checks.tf",
            "provider \"homelab\" {\n  alias = \"late\"\n  checks {\n    admission = \"off\"\n  }\n  site {\n    \
               root_domain = \"example.net\"\n    middlewares {\n      gate = \"${var.namespace}-gate\"\n    }\n  }\n}\n",
        );
        case.write("main.tf", &PHOTOS.replacen("  name ", "  provider = homelab.late\n  name ", 1));
        case.ok(["plan", "-out=p"]);
        let failed = case.run(["apply", "p"]).fails_with(WORDS);
        assert!(failed.says("homelab_ingress.photos"), "{failed}");
        assert!(case.live("ingresses/photos").is_null());
    }
}

/// The table names the replays of this suite, and no other.
#[test]
fn the_table_of_incidents_is_true() {
    let names = |text: &str, before: &str, after: char| {
        let found = text.split(before).skip(1).filter_map(|rest| rest.split(after).next());
        let mut names: Vec<String> = found.map(|rest| format!("incident_{rest}")).collect();
        names.sort();
        names
    };
    let table = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/incidents.md");
    let listed = names(&std::fs::read_to_string(table).unwrap(), "| `incident_", '`');
    let files = [
        include_str!("gate_hosts.rs"),
        include_str!("gate_prometheus.rs"),
        include_str!("incident_01.rs"),
        include_str!("incident_02.rs"),
        include_str!("incident_03.rs"),
        include_str!("incident_04.rs"),
        include_str!("incident_05.rs"),
        include_str!("incident_06.rs"),
        include_str!("incident_07.rs"),
        include_str!("incident_08.rs"),
        include_str!("incident_09.rs"),
        include_str!("incident_11.rs"),
        include_str!("incident_18.rs"),
        include_str!("incident_19.rs"),
        include_str!("incident_22.rs"),
        include_str!("incident_24.rs"),
        include_str!("incident_25.rs"),
        include_str!("incidents.rs"),
        include_str!("dns/incident_17.rs"),
        include_str!("probe/incident_05.rs"),
    ];
    let mut tests: Vec<String> = files.iter().flat_map(|file| names(file, "\nfn incident_", '(')).collect();
    tests.sort();
    assert_eq!(listed, tests);
    assert_eq!(tests.len(), 23);
}
