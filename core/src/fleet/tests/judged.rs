//! Which findings a fleet has.

use serde_json::json;

use super::*;
use crate::exit::Exit;

#[test]
fn a_fleet_that_is_well_has_nothing_to_say_and_says_what_it_looked_at() {
    let evidence = cluster(vec![secret("a", "photos")], &[deployment("app", json!({}), env_from("other"))]);
    let report = report(&Evidence { readers: vec![Seen::all("Pod", vec![])], ..evidence });
    // Nobody reads it, which is worth a note and no more.
    assert_eq!(found(&report), [("HL2511", "ExternalSecret apps/a")]);
    assert_eq!(report.exit(), Exit::Clean);
    assert!(report.is_complete());
    let kinds: Vec<(&str, Option<usize>)> = report.seen.iter().map(|seen| (seen.kind.as_str(), seen.objects)).collect();
    assert_eq!(
        kinds,
        [
            ("ExternalSecret", Some(1)),
            ("SecretStore", Some(0)),
            ("ClusterSecretStore", Some(2)),
            ("CustomResourceDefinition", Some(1)),
            ("Event", Some(0)),
            ("Pod", Some(0)),
            ("keys of the store", Some(0)),
        ]
    );
    let member = &report.secrets[0];
    assert_eq!((member.state, member.rotates, member.readers.as_deref()), ("ready", false, Some(&[][..])));
    assert_eq!(member.stores, ["ClusterSecretStore vault"]);
}

#[test]
fn a_dead_secret_is_said_with_the_stores_own_words_and_since_when() {
    let mut dead = secret("dead", "photos");
    dead["status"]["conditions"] = json!([{"type": "Ready", "status": "False", "reason": "SecretSyncedError",
        "message": "could not get secret data from provider", "lastTransitionTime": "2026-05-10T03:00:00Z"}]);
    let mut evidence = cluster(vec![dead], &[deployment("app", json!({}), env_from("dead"))]);
    let event = |uid: &str, time: &str, message: &str| {
        json!({"type": "Warning", "involvedObject": {"kind": "ExternalSecret", "uid": uid}, "lastTimestamp": time,
            "message": message})
    };
    evidence.events.items = vec![
        event("uid-dead", "2026-11-21T10:00:00Z", "an older one"),
        event("uid-dead", "2026-11-21T11:00:00Z", "cannot find secret data for key: \"ig_token\""),
        event("uid-other", "2026-11-21T11:30:00Z", "of somebody else"),
    ];
    let report = report(&evidence);
    let finding = &report.findings[0];
    assert_eq!((finding.code.id, finding.object.as_str()), ("HL2501", "ExternalSecret apps/dead"));
    assert_eq!(
        finding.observed,
        "Not ready since 2026-05-10T03:00:00Z: SecretSyncedError: could not get secret data from provider: cannot find \
         secret data for key: \"ig_token\""
    );
    let member = &report.secrets[0];
    assert_eq!((member.state, member.since.as_str()), ("not_ready", "2026-05-10T03:00:00Z"));
    assert_eq!(report.exit(), Exit::Act);
}

#[test]
fn an_operator_that_says_nothing_or_has_stopped_is_not_taken_for_success() {
    let mut silent = secret("silent", "photos");
    silent["status"] = json!(null);
    let mut stale = secret("stale", "photos");
    stale["status"]["refreshTime"] = json!("2026-11-21T11:15:00Z");
    let mut behind = secret("behind", "photos");
    behind["metadata"]["generation"] = json!(2);
    let mut late = secret("late", "photos");
    // Late by less than an interval and ten minutes.
    late["status"]["refreshTime"] = json!("2026-11-21T11:25:00Z");
    let mut once = secret("once", "photos");
    once["spec"]["refreshInterval"] = json!("0s");
    once["status"]["refreshTime"] = json!("2020-01-01T00:00:00Z");
    once["metadata"]["generation"] = json!(9);
    let mut partial = cluster(vec![silent, stale, behind, late, once], &[]);
    partial.readers = vec![Seen::unseen("Deployment", "forbidden")];
    let report = report(&partial);
    assert_eq!(
        found(&report),
        [
            ("HL2501", "ExternalSecret apps/silent"),
            ("HL2502", "ExternalSecret apps/behind"),
            ("HL2502", "ExternalSecret apps/stale"),
        ]
    );
    assert!(report.findings[2].observed.contains("2026-11-21T11:15:00Z, and should be every 15m0s"));
    assert_eq!(report.secrets.iter().find(|one| one.name == "silent").map(|one| one.state), Some("unsaid"));
}

#[test]
fn ready_is_not_believed_where_nothing_was_fetched() {
    let called = |reason: &str, message: &str| {
        let mut one = secret("a", "photos");
        one["status"]["conditions"][0]["reason"] = json!(reason);
        one["status"]["conditions"][0]["message"] = json!(message);
        one
    };
    for (reason, message, expected) in [
        ("SecretSynced", "secret synced", "ready"),
        ("SecretSynced", "secret retained due to DeletionPolicy=Retain", "not_ready"),
        ("SecretDeleted", "secret deleted due to DeletionPolicy=Delete", "not_ready"),
        ("SecretMissing", "secret will not be created due to CreationPolicy=Merge", "not_ready"),
    ] {
        let mut evidence = cluster(vec![called(reason, message)], &[]);
        evidence.readers = vec![Seen::unseen("Deployment", "forbidden")];
        let report = report(&evidence);
        assert_eq!(report.secrets[0].state, expected, "{message}");
        assert_eq!(report.findings.is_empty(), expected == "ready", "{message}");
    }
    // An operator that does not say what it has fetched has not said that it is behind.
    let mut silent = secret("a", "photos");
    silent["status"]["syncedResourceVersion"] = json!(null);
    let mut evidence = cluster(vec![silent], &[]);
    evidence.readers = vec![Seen::unseen("Deployment", "forbidden")];
    assert_eq!(found(&report(&evidence)), []);
}

#[test]
fn stores_that_are_missing_or_not_ready_are_named() {
    let mut broken = store("broken", "v2");
    broken["status"]["conditions"][0] = json!({"type": "Ready", "status": "False", "reason": "InvalidProviderConfig",
        "message": "unable to log in", "lastTransitionTime": "2026-11-20T00:00:00Z"});
    let mut lost = secret("lost", "photos");
    lost["spec"]["secretStoreRef"]["name"] = json!("gone");
    let mut evidence = cluster(vec![lost], &[]);
    evidence.cluster_stores.items.push(broken);
    evidence.readers.clear();
    let first = report(&evidence);
    assert_eq!(
        found(&first),
        [
            ("HL2102", "ExternalSecret apps/lost"),
            ("HL2503", "ClusterSecretStore broken"),
            ("HL2511", "ExternalSecret apps/lost"),
        ]
    );
    assert_eq!(first.findings[0].summary, "ClusterSecretStore gone does not exist");
    // Who may not list stores cannot say that one is missing.
    evidence.cluster_stores = Seen::unseen("ClusterSecretStore", "forbidden");
    let blind = report(&evidence);
    assert_eq!(found(&blind), [] as [(&str, &str); 0], "nor that nobody reads a Secret");
    assert_eq!(blind.exit(), Exit::Incomplete);
    assert!(!blind.is_complete());
}

#[test]
fn what_could_not_be_looked_at_is_said_and_counts_as_nothing() {
    let mut evidence = cluster(vec![secret("a", "photos")], &[]);
    evidence.readers = vec![Seen::unseen("Deployment", "failed to list all Deployment: forbidden")];
    evidence.keys.gap = Some("the provider has no vault block".to_owned());
    let report = report(&evidence);
    assert_eq!(found(&report), [] as [(&str, &str); 0], "nobody is said not to read it");
    assert_eq!(report.secrets[0].readers, None);
    let unseen: Vec<&str> = report.unseen.iter().map(|unseen| unseen.kind.as_str()).collect();
    assert_eq!(unseen, ["keys of the store", "Deployment"].map(|kind| kind).into_iter().rev().collect::<Vec<_>>());
    assert_eq!(report.exit(), Exit::Incomplete);
    assert!(!report.seen.iter().any(|seen| seen.kind == "Deployment"));
    // A kind that the cluster does not know has no objects, and is seen.
    evidence.readers = vec![Seen::not_served("Middleware.traefik.io")];
    let report = super::report(&evidence);
    assert!(report.seen.iter().any(|seen| seen.kind == "Middleware.traefik.io" && seen.objects.is_none()));
}

#[test]
fn two_owners_of_one_secret_write_over_each_other() {
    let named = |name: &str, policy: Option<&str>| {
        let mut one = secret(name, "photos");
        one["spec"]["target"] = json!({"name": "shared", "creationPolicy": policy});
        one
    };
    let evidence = cluster(vec![named("a", None), named("b", Some("Owner")), named("c", Some("Merge"))], &[]);
    let report = report(&evidence);
    assert_eq!(found(&report)[0], ("HL2513", "Secret apps/shared"));
    assert!(report.findings[0].observed.contains("a, b of"), "{}", report.findings[0].observed);
}

#[test]
fn findings_of_the_store_are_among_all_and_the_worst_comes_first() {
    let mut evidence = cluster(vec![secret("a", "photos")], &[deployment("app", json!({}), env_from("a"))]);
    let finding = Finding::new(crate::finding::secret::DANGLING_STORE, "ExternalSecret apps/a", "x");
    evidence.keys.findings.insert(("apps".to_owned(), "a".to_owned()), vec![finding]);
    evidence.keys.asked = 1;
    let report = report(&evidence);
    assert_eq!(found(&report), [("HL2102", "ExternalSecret apps/a"), ("HL2509", "ExternalSecret apps/a")]);
}

#[test]
fn the_credentials_of_a_store_are_read_by_it() {
    let mut in_namespace = store("own", "v2");
    in_namespace["kind"] = json!("SecretStore");
    in_namespace["metadata"]["namespace"] = json!("apps");
    in_namespace["spec"]["provider"]["vault"]["auth"] = json!({"tokenSecretRef": {"name": "a", "key": "token"}});
    let mut of_cluster = store("global", "v2");
    of_cluster["spec"]["provider"]["vault"]["auth"] =
        json!({"appRole": {"secretRef": {"name": "b", "namespace": "apps", "key": "id"}}});
    let mut evidence = cluster(vec![secret("a", "photos"), secret("b", "photos")], &[]);
    evidence.stores.items.push(in_namespace);
    evidence.cluster_stores.items.push(of_cluster);
    let report = report(&evidence);
    assert_eq!(found(&report), []);
    let readers: Vec<Option<&[String]>> = report.secrets.iter().map(|one| one.readers.as_deref()).collect();
    assert_eq!(
        readers,
        [Some(&["SecretStore apps/own".to_owned()][..]), Some(&["ClusterSecretStore global".to_owned()][..])]
    );
}
