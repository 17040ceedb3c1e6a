//! Ways between releases, and what stands in them.

use serde_json::json;

use super::*;
use crate::fleet::blockers;
use crate::fleet::hops::{Hop, NoWay, ROWS, Version, one, rows};

fn way(from: &str, to: &str) -> String {
    match rows(from, to) {
        Ok(rows) => rows.iter().map(|row| row.version.to_string()).collect::<Vec<_>>().join(" "),
        Err(error) => format!("! {error}"),
    }
}

#[test]
fn a_way_goes_through_every_minor_version_and_never_back() {
    for (from, to, expected) in [
        ("0.12.1", "0.16.2", "0.13.0 0.14.4 0.15.1 0.16.2"),
        ("0.16.2", "0.17.0", "0.17.0"),
        ("v0.16.0", "0.18.2", "0.17.0 0.18.2"),
        ("0.20.4", "1.1.1", "1.0.0 1.1.1"),
        ("0.14.2", "0.14.4", "0.14.4"),
        ("0.14.4", "0.14.4", ""),
        ("2.6.0", "2.6.0", ""),
        ("0.16.9", "0.16.2", "! 0.16.2 is older than 0.16.9: the operator has no way back"),
        ("1.0.0", "0.20.4", "! 0.20.4 is older than 1.0.0: the operator has no way back"),
        (
            "0.11.0",
            "0.17.0",
            "! nothing is known here about 0.11.0: the versions that are known go from 0.12.1 to 2.6.0",
        ),
        ("0.16.2", "3.0.0", "! nothing is known here about 3.0.0: the versions that are known go from 0.12.1 to 2.6.0"),
        ("0.16.2", "0.18.1", "! of the line 0.18 this program knows 0.18.2, and not 0.18.1"),
        ("0.16", "0.17.0", "! \"0.16\" is no version of the chart: one looks like 0.16.2"),
        ("0.16.2", "latest", "! \"latest\" is no version of the chart: one looks like 0.16.2"),
        ("0.16.2.1", "0.17.0", "! \"0.16.2.1\" is no version of the chart: one looks like 0.16.2"),
        ("0.16.+2", "0.17.0", "! \"0.16.+2\" is no version of the chart: one looks like 0.16.2"),
    ] {
        assert_eq!(way(from, to), expected, "{from} {to}");
    }
    let whole = rows("0.12.1", "2.6.0").unwrap();
    assert_eq!(whole.len(), ROWS.len() - 1);
    assert_eq!(
        whole.iter().filter(|row| row.is_point_of_no_return).map(|row| row.version.to_string()).collect::<Vec<_>>(),
        ["0.17.0"]
    );
}

#[test]
fn rows_are_in_order_without_a_gap_in_a_line_and_say_where_they_are_from() {
    for pair in ROWS.windows(2) {
        let (before, after) = (pair[0].version, pair[1].version);
        assert!(before < after && pair[0].released < pair[1].released, "{before} {after}");
        let follows = (after.major == before.major && after.minor == before.minor + 1)
            || (after.major == before.major + 1 && after.minor == 0);
        assert!(follows, "{before} {after}");
    }
    for row in ROWS {
        assert!(
            row.source.starts_with("https://") && row.seen.len() == 10 && row.released.len() == 10,
            "{}",
            row.version
        );
        let hop = Hop::from(row);
        assert!(hop.before.iter().all(|text| text.ends_with('.')) && (hop.note.is_empty() || hop.note.ends_with('.')));
    }
}

#[test]
fn one_hop_is_refused_where_several_are_needed() {
    assert_eq!(one("0.16.2", "0.17.0").unwrap().len(), 1);
    assert_eq!(one("0.16.2", "0.16.2").unwrap().len(), 0);
    let next = Version { major: 0, minor: 16, patch: 2 };
    assert!(matches!(one("0.15.1", "0.17.0"), Err(NoWay::Skips { next: found, .. }) if found == next));
}

#[test]
fn what_stands_in_the_way_of_a_hop_is_listed_and_nothing_else() {
    let mut old = secret("old", "photos");
    old["metadata"]["managedFields"] = json!([{"manager": "Terraform", "operation": "Apply",
        "apiVersion": "external-secrets.io/v1beta1", "fieldsV1": {"f:spec": {}}}]);
    let mut odd = store("odd", "v2");
    odd["spec"]["provider"] = json!({"device42": {}});
    let mut evidence = cluster(vec![old, secret("new", "photos")], &[]);
    evidence.cluster_stores.items.push(odd);
    evidence.definitions.items = vec![definition(&["v1", "v1beta1"], &["v1alpha1", "v1beta1", "v1"])];
    let blocked = |from: &str, to: &str| {
        let (findings, unseen) = blockers::of(&rows(from, to).unwrap(), &evidence);
        assert_eq!(unseen, []);
        findings
            .into_iter()
            .map(|finding| format!("{} {} | {}", finding.code, finding.object, finding.observed))
            .collect::<Vec<_>>()
    };
    let crd = "CustomResourceDefinition externalsecrets.external-secrets.io";
    assert_eq!(blocked("0.15.1", "0.16.2"), [format!("HL2504 {crd} | status.storedVersions lists v1alpha1.")]);
    assert_eq!(
        blocked("0.16.2", "0.18.2"),
        [
            format!("HL2504 {crd} | status.storedVersions lists v1beta1."),
            "HL2505 ExternalSecret apps/old | It was written last as v1beta1 by field manager \"Terraform\"."
                .to_owned(),
        ]
    );
    assert_eq!(blocked("1.3.2", "2.0.1"), ["HL2514 ClusterSecretStore odd | Its provider is device42."]);
    assert_eq!(blocked("2.0.1", "2.6.0"), [] as [&str; 0]);
    let (findings, _) = blockers::of(&rows("0.16.2", "0.17.0").unwrap(), &evidence);
    assert!(findings[0].expected.starts_with("0.17.0 must not be installed"), "{}", findings[0].expected);
    // What could not be looked at stands in the way of saying that nothing does.
    evidence.definitions = Seen::unseen("CustomResourceDefinition", "forbidden");
    let (_, unseen) = blockers::of(&rows("0.16.2", "0.17.0").unwrap(), &evidence);
    assert_eq!(unseen.len(), 1);
    let (_, unseen) = blockers::of(&rows("2.0.1", "2.6.0").unwrap(), &evidence);
    assert_eq!(unseen, []);
}
