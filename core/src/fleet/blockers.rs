//! What of a live cluster stands in the way of a hop.

use serde_json::Value;

use super::evidence::{Evidence, Seen};
use super::hops::{Need, Row};
use super::report::Unseen;
use super::versions::{self, CURRENT};
use crate::finding::{Finding, secret as codes};

/// What stands in the way, and what could not be looked at for that.
pub fn of(rows: &[Row], evidence: &Evidence) -> (Vec<Finding>, Vec<Unseen>) {
    let needs: Vec<(&Row, Need)> = rows.iter().flat_map(|row| row.needs.iter().map(move |need| (row, *need))).collect();
    let findings = needs.iter().flat_map(|(row, need)| {
        let before = format!("{} must not be installed while it is so.", row.version);
        of_need(*need, evidence).into_iter().map(move |finding| finding.expected(before.clone()).source(row.source))
    });
    let mut unseen = Vec::new();
    for (_, need) in &needs {
        match need {
            Need::NoV1Alpha1 | Need::NoneDeclaredV1Beta1 => {
                gaps(&evidence.secrets, &mut unseen);
                gaps(&evidence.stores, &mut unseen);
                gaps(&evidence.cluster_stores, &mut unseen);
                gaps(&evidence.definitions, &mut unseen);
            }
            Need::NoneStoredV1Beta1 => gaps(&evidence.definitions, &mut unseen),
            Need::NoProvider(_) => {
                gaps(&evidence.stores, &mut unseen);
                gaps(&evidence.cluster_stores, &mut unseen);
            }
        }
    }
    let mut findings: Vec<Finding> = findings.collect();
    findings.sort_by(|left, right| (left.code.id, &left.object).cmp(&(right.code.id, &right.object)));
    unseen.sort_by(|left, right| (&left.kind, &left.why).cmp(&(&right.kind, &right.why)));
    unseen.dedup();
    (findings, unseen)
}

fn gaps<T>(seen: &Seen<T>, unseen: &mut Vec<Unseen>) {
    unseen.extend(seen.gaps.iter().map(|why| Unseen { kind: seen.kind.clone(), why: why.clone() }));
}

/// The objects of the operator's group, as messages name them.
fn objects(evidence: &Evidence) -> impl Iterator<Item = (String, &Value)> {
    let all = [&evidence.secrets, &evidence.stores, &evidence.cluster_stores];
    all.into_iter().flat_map(|seen| &seen.items).map(|object| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (kind, metadata) = (text(&object["kind"]), &object["metadata"]);
        let name = match text(&metadata["namespace"]).as_str() {
            "" => text(&metadata["name"]),
            namespace => format!("{namespace}/{}", text(&metadata["name"])),
        };
        (format!("{kind} {name}"), object)
    })
}

fn of_need(need: Need, evidence: &Evidence) -> Vec<Finding> {
    match need {
        Need::NoV1Alpha1 => {
            let mut found = declared(evidence, "v1beta1");
            found.extend(stored(evidence, "v1alpha1"));
            found
        }
        Need::NoneDeclaredV1Beta1 => declared(evidence, CURRENT),
        Need::NoneStoredV1Beta1 => stored(evidence, "v1beta1"),
        Need::NoProvider(names) => providers(evidence, names),
    }
}

fn declared(evidence: &Evidence, newest: &str) -> Vec<Finding> {
    let found = objects(evidence).filter_map(|(subject, object)| {
        let uses = versions::old_uses(object, newest);
        let words: Vec<String> = uses.iter().map(|old| format!("{} by {}", old.version, old.by)).collect();
        let observed = format!("It was written last as {}.", words.join(", "));
        (!uses.is_empty()).then(|| Finding::new(codes::OLD_DECLARED, subject, observed))
    });
    found.collect()
}

fn stored(evidence: &Evidence, version: &str) -> Vec<Finding> {
    let definitions = evidence.definitions.items.iter();
    let found =
        definitions.filter(|definition| definition.stored.iter().any(|stored| stored == version)).map(|definition| {
            let observed = format!("status.storedVersions lists {version}.");
            Finding::new(codes::OLD_STORED, format!("CustomResourceDefinition {}", definition.name), observed)
        });
    found.collect()
}

fn providers(evidence: &Evidence, names: &[&str]) -> Vec<Finding> {
    let found = objects(evidence).filter_map(|(subject, object)| {
        let name = names.iter().find(|name| !object["spec"]["provider"][**name].is_null())?;
        Some(Finding::new(codes::REMOVED_PROVIDER, subject, format!("Its provider is {name}.")))
    });
    found.collect()
}
