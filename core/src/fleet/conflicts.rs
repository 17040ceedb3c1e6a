//! Conflicts that wait for the next apply.
//!
//! The operator writes an ExternalSecret back in its own spelling. An interval that was applied as `15m` becomes `15m0s`, and
//! with the text the field goes over to the operator: whoever applies it server-side again, with any other text, is refused.
//! That bites one stack after the other, at the next change of each, and looks like their fault.

use homelab_schema::duration::GoDuration;
use serde_json::Value;

use super::versions::operators;

/// A conflict to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The field manager whose apply will be refused.
    pub manager: String,
    /// The interval, as it stands there now.
    pub interval: String,
    /// How it has to be written.
    pub canonical: String,
    /// The operator's field manager, where the field has gone over already.
    pub taken_by: Option<String>,
    /// Whether it may also be that the manager never declared an interval: then there is no conflict.
    pub is_guess: bool,
}

/// What the API server fills in, as the operator writes it.
const DEFAULT: &str = "1h0m0s";

/// The conflict that the next server-side apply of `object` meets, if any. `ours` is the manager that settles it by itself.
pub fn to_come(object: &Value, ours: &str) -> Option<Conflict> {
    let interval = object["spec"]["refreshInterval"].as_str()?;
    let canonical = interval.parse::<GoDuration>().ok()?.to_string();
    let entries: Vec<&Value> = object["metadata"]["managedFields"].as_array().into_iter().flatten().collect();
    let has = |entry: &Value| !entry["fieldsV1"]["f:spec"]["f:refreshInterval"].is_null();
    let operators = operators(object);
    let manager = |entry: &Value| entry["manager"].as_str().unwrap_or_default().to_owned();
    // Only an apply is refused for a field of another; whoever writes by update takes it without a word.
    let applier = entries.iter().find(|entry| {
        let of_spec = entry["fieldsV1"]["f:spec"].is_object() && entry["subresource"].is_null();
        entry["operation"] == "Apply" && of_spec && entry["manager"] != ours && !operators.contains(&manager(entry))
    })?;
    let conflict = |taken_by: Option<String>| Conflict {
        manager: manager(applier),
        interval: interval.to_owned(),
        canonical: canonical.clone(),
        is_guess: taken_by.is_some() && canonical == DEFAULT,
        taken_by,
    };
    if has(applier) {
        // As long as the operator has not written, the field is still theirs.
        return (interval != canonical).then(|| conflict(None));
    }
    let taken = entries.iter().find(|entry| has(entry) && operators.contains(&manager(entry)))?;
    Some(conflict(Some(manager(taken))))
}
