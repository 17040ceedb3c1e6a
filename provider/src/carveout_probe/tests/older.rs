//! What a plan says of stored results, also of those that an older version has stored.

use homelab_cty::{Leaf, json};

use super::super::told::warn_of;
use super::*;

fn result(url: &str, expect: &str, verdict: Verdict, observed: &str) -> ProbeResult {
    ProbeResult {
        label: "/".to_owned(),
        method: "GET".to_owned(),
        url: format!("https://{url}"),
        with: String::new(),
        expect: expect.to_owned(),
        verdict,
        observed: observed.to_owned(),
        system: String::new(),
        share: "3/3".to_owned(),
        evidence: "0123456789ab".to_owned(),
    }
}

fn said(results: &[ProbeResult]) -> Vec<(String, String)> {
    let mut diagnostics = Diagnostics::new();
    warn_of(&CarveoutProbe::default(), results, true, &mut diagnostics);
    diagnostics.iter().map(|found| (found.summary.clone(), found.detail.clone())).collect()
}

#[test]
fn the_plan_names_door_path_and_evidence() {
    let share = ProbeResult {
        label: "share".to_owned(),
        system: "authentik".to_owned(),
        ..result("photos.example.net/share", "public", Verdict::Walled, "gated")
    };
    let below = ProbeResult { url: "https://photos.example.net/share/x".to_owned(), ..share.clone() };
    let said = said(&[result("photos.example.net/", "gated", Verdict::Ok, "gated"), share, below]);
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(said[0].0, "HL3002: a public path is walled off: https://photos.example.net/share");
    let told = "Door `share`: GET https://photos.example.net/share is declared as public and was seen as gated by authentik \
                (3/3 samples, evidence 0123456789ab). The same is true of https://photos.example.net/share/x.";
    assert!(said[0].1.starts_with(told), "{said:?}");
}

#[test]
fn one_cause_in_front_of_several_hosts_is_one_finding() {
    let down =
        |host: &str, observed: &str| result(&format!("{host}.example.net/"), "gated", Verdict::Unknown, observed);
    for observed in ["origin_error", "ambiguous"] {
        let found = said(&[down("photos", observed), down("notes", observed), down("wiki", observed)]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, "HL3007: the gate does not answer: 3 hosts");
        assert!(found[0].1.contains("https://notes.example.net/") && found[0].1.contains("https://wiki.example.net/"));
    }
    let found = said(&[down("photos", "dns_absent"), down("notes", "dns_absent")]);
    assert_eq!(found[0].0, "HL3004: a path could not be judged: 2 hosts");
    assert_eq!(found.len(), 1, "{found:?}");

    // Where the gate answers for somebody, or one host alone is concerned, it is the app's matter.
    let fine = result("git.example.net/", "gated", Verdict::Ok, "gated");
    let found = said(&[down("photos", "origin_error"), down("notes", "origin_error"), fine]);
    let codes: Vec<_> = found.iter().map(|(summary, _)| &summary[..6]).collect();
    assert_eq!(codes, ["HL3005", "HL3005"], "two doors with one label are still two hosts: {found:?}");
    assert!(said(&[down("photos", "origin_error")])[0].0.starts_with("HL3005"));
}

#[tokio::test]
async fn a_state_of_version_0_is_read_and_looked_at_again() {
    let origin = Origin::start().await;
    let resource = resource();
    let config = config(&origin.place);
    let good = create(&resource, &config).await.0.unwrap();
    let results = Vec::<ProbeResult>::ty();
    let value = good.model.results.known().unwrap().to_value();
    let mut old = serde_json::json!({"results": json::to_json(&value, &results).unwrap()});
    for result in old["results"].as_array_mut().unwrap() {
        result.as_object_mut().unwrap().remove("evidence").unwrap();
    }
    assert_eq!(resource.version(), 1);
    let mut diagnostics = Diagnostics::new();
    let new = resource.upgrade(&Context::default(), 0, old, &mut diagnostics).await.unwrap();
    assert!(diagnostics.is_empty());
    let value = json::from_json(&new["results"], &results).unwrap();
    let results = Vec::<ProbeResult>::from_value(&value, &Path::root()).unwrap();
    assert!(results.iter().all(|result| result.evidence.is_empty()));
    // The state alone changes, and no apply is needed.
    let state =
        State { model: CarveoutProbe { results: results.into(), ..good.model.clone() }, private: good.private.clone() };
    assert_eq!(plan(&resource, &config, &state).await, (false, vec![]));
    let seen = refresh(&resource, &state).await.expect("evidence");
    assert_eq!(seen.model, good.model);
}
