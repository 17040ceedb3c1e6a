//! From changes to the batches that make them.

use std::collections::BTreeMap;

use homelab_core::dns::Record;
use homelab_core::dns::changes::Changes;
use serde_json::{Value, json};

/// Operations in one batch: the smallest plan allows 200.
const IN_BATCH: usize = 150;

/// The batches that make up the changes, in order: what names need becomes one operation each, and names that go do so
/// after all others are there.
pub(super) fn steps(changes: &Changes) -> Vec<Changes> {
    let mut by_name: BTreeMap<&str, Changes> = BTreeMap::new();
    for record in &changes.posts {
        by_name.entry(&record.name).or_default().posts.push(record.clone());
    }
    for (id, record) in &changes.patches {
        by_name.entry(&record.name).or_default().patches.push((id.clone(), record.clone()));
    }
    for record in &changes.deletes {
        by_name.entry(&record.name).or_default().deletes.push(record.clone());
    }
    let (gone, kept): (Vec<Changes>, Vec<Changes>) =
        by_name.into_values().partition(|one| one.posts.is_empty() && one.patches.is_empty());
    let mut steps: Vec<Changes> = Vec::new();
    for group in [kept, gone] {
        let first = steps.len();
        for one in group {
            let size = |changes: &Changes| changes.posts.len() + changes.patches.len() + changes.deletes.len();
            match steps.get_mut(first..).and_then(<[Changes]>::last_mut) {
                Some(last) if size(last) + size(&one) <= IN_BATCH => {
                    last.posts.extend(one.posts);
                    last.patches.extend(one.patches);
                    last.deletes.extend(one.deletes);
                }
                _ => steps.push(one),
            }
        }
    }
    steps
}

/// The body of a batch; records carry `comment`.
pub(super) fn batch(changes: &Changes, comment: &str) -> Value {
    let fields = |record: &Record| {
        json!({
            "name": record.name, "type": record.kind.as_str(), "content": record.content,
            "proxied": record.proxied, "ttl": 1, "comment": comment,
        })
    };
    let mut body = json!({});
    if !changes.deletes.is_empty() {
        body["deletes"] = changes.deletes.iter().map(|gone| json!({"id": gone.id})).collect();
    }
    if !changes.patches.is_empty() {
        let patch = |(id, record): &(String, Record)| {
            let mut patch = fields(record);
            patch["id"] = Value::from(id.as_str());
            patch
        };
        body["patches"] = changes.patches.iter().map(patch).collect();
    }
    if !changes.posts.is_empty() {
        body["posts"] = changes.posts.iter().map(fields).collect();
    }
    body
}

#[cfg(test)]
mod tests {
    use homelab_core::dns::{Found, Kind};

    use super::*;

    fn record(name: &str) -> Record {
        Record { name: name.to_owned(), kind: Kind::A, content: "192.0.2.1".to_owned(), proxied: false }
    }

    fn found(name: &str) -> Found {
        Found {
            id: format!("id-{name}"),
            name: name.to_owned(),
            kind: "CNAME".to_owned(),
            content: "x.example.net".to_owned(),
            proxied: true,
            ttl: 1,
            comment: String::new(),
        }
    }

    #[test]
    fn a_name_changes_in_one_step_and_names_that_go_do_so_last() {
        let changes = Changes {
            deletes: vec![found("a.example.net"), found("b.example.net")],
            patches: Vec::new(),
            posts: vec![record("b.example.net"), record("c.example.net")],
        };
        let steps = steps(&changes);
        assert_eq!(steps.len(), 2);
        assert_eq!((steps[0].posts.len(), &steps[0].deletes[0].name), (2, &"b.example.net".to_owned()));
        assert_eq!((steps[1].posts.len(), &steps[1].deletes[0].name), (0, &"a.example.net".to_owned()));
        assert_eq!(
            batch(&steps[0], "mark")["posts"][0],
            json!({"name": "b.example.net", "type": "A", "content": "192.0.2.1", "proxied": false, "ttl": 1, "comment": "mark"})
        );
    }

    #[test]
    fn no_batch_is_longer_than_the_smallest_plan_allows() {
        let posts: Vec<Record> = (0..400).map(|index| record(&format!("h{index:03}.example.net"))).collect();
        let changes = Changes { posts, ..Changes::default() };
        let sizes: Vec<usize> = steps(&changes).iter().map(|step| step.posts.len()).collect();
        assert_eq!(sizes, [150, 150, 100]);
        assert!(steps(&Changes::default()).is_empty());
    }
}
