//! What Terraform says, and how objects differ from those that were wanted.

use std::collections::{BTreeMap, BTreeSet};

use homelab_plane::terraform::Output;
use serde_json::Value;

use super::world::Objects;

/// A diagnostic of a `-json` output.
#[derive(Clone)]
pub(super) struct Said {
    pub(super) is_error: bool,
    /// Of the resource.
    pub(super) address: String,
    pub(super) words: String,
}

pub(super) fn diagnostics(output: &Output) -> Vec<Said> {
    lines(output)
        .iter()
        .filter(|line| line["type"] == "diagnostic")
        .map(|line| {
            let one = &line["diagnostic"];
            Said {
                is_error: one["severity"] == "error",
                address: text(&one["address"]),
                words: format!("{}: {}", text(&one["summary"]), text(&one["detail"])),
            }
        })
        .collect()
}

/// What a plan wants to do, by resource.
pub(super) fn changes(output: &Output) -> BTreeMap<String, String> {
    lines(output)
        .iter()
        .filter(|line| line["type"] == "planned_change" || line["type"] == "resource_drift")
        .map(|line| (text(&line["change"]["resource"]["addr"]), text(&line["change"]["action"])))
        .collect()
}

fn lines(output: &Output) -> Vec<Value> {
    output.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Objects that are missing, too many, or other than they should be.
pub(super) fn differences(wanted: &BTreeMap<String, Value>, found: &BTreeMap<String, Value>) -> Vec<String> {
    let names: BTreeSet<&String> = wanted.keys().chain(found.keys()).collect();
    let mut differences = Vec::new();
    for name in names {
        match (wanted.get(name), found.get(name)) {
            (Some(_), None) => differences.push(format!("{name} is missing")),
            (None, Some(_)) => differences.push(format!("{name} is an orphan")),
            (wanted, found) => {
                let (wanted, found) = (wanted.unwrap_or(&Value::Null), found.unwrap_or(&Value::Null));
                difference(name, wanted, found, &mut differences);
            }
        }
    }
    differences
}

/// The places below `at` where two values differ.
pub(super) fn difference(at: &str, wanted: &Value, found: &Value, differences: &mut Vec<String>) {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            for name in wanted.keys().chain(found.keys().filter(|name| !wanted.contains_key(*name))) {
                let of = |values: &serde_json::Map<String, Value>| values.get(name).cloned().unwrap_or_default();
                difference(&format!("{at}.{name}"), &of(wanted), &of(found), differences);
            }
        }
        (wanted, found) if wanted == found => {}
        (wanted, found) => differences.push(format!("{at} is {found} and not {wanted}")),
    }
}

/// Objects that are there before and after, and are not the same ones.
pub(super) fn replaced(before: &Objects, after: &Objects) -> Vec<String> {
    let both = before.iter().filter_map(|(name, object)| Some((name, object, after.get(name)?)));
    both.filter(|(_, before, after)| before["metadata"]["uid"] != after["metadata"]["uid"])
        .map(|(name, ..)| format!("{name} was deleted and made again"))
        .collect()
}
