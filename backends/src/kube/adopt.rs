//! Moving the fields of predecessors to us.
//!
//! Terraform's other providers and kubectl leave field managers behind. As long as they own fields, every later apply of
//! ours conflicts with a tool that is gone, and a field that nobody declares any more stays for ever. So their entries in
//! `managedFields` are merged into ours once, with the resourceVersion pinned: the object itself does not change in that
//! write, and the apply that follows removes what we do not declare, as the predecessor would have done.

use serde_json::{Map, Value, json};

use crate::objects::{FieldConflict, MANAGER, is_predecessor};

/// The rewritten `managedFields` of an object, and the predecessors whose fields became ours (sorted).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Takeover {
    pub(super) from: Vec<String>,
    pub(super) managed_fields: Value,
}

/// What it takes to move the predecessors' fields of `live` to us; `None` where no predecessor owns any.
pub(super) fn takeover(live: &Value) -> Option<Takeover> {
    let entries = live.get("metadata")?.get("managedFields")?.as_array()?;
    let text = |entry: &Value, name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    // The status is a controller's, whoever wrote it last.
    let of_object = |entry: &&Value| text(entry, "subresource").is_empty();
    let theirs: Vec<&Value> =
        entries.iter().filter(of_object).filter(|entry| is_predecessor(&text(entry, "manager"))).collect();
    let newest = theirs.iter().max_by_key(|entry| text(entry, "time"))?;
    let is_ours = |entry: &Value| text(entry, "manager") == MANAGER && text(entry, "operation") == "Apply";
    let ours = entries.iter().filter(of_object).find(|entry| is_ours(entry));

    let mut fields = ours.and_then(|entry| entry.get("fieldsV1")).cloned().unwrap_or_else(|| json!({}));
    for entry in &theirs {
        if let Some(more) = entry.get("fieldsV1") {
            merge(&mut fields, more);
        }
    }
    let basis = ours.unwrap_or(newest);
    let mut merged = Map::new();
    merged.insert("manager".to_owned(), json!(MANAGER));
    merged.insert("operation".to_owned(), json!("Apply"));
    merged.insert("apiVersion".to_owned(), json!(text(basis, "apiVersion")));
    merged.insert("time".to_owned(), json!(text(newest, "time")));
    merged.insert("fieldsType".to_owned(), json!("FieldsV1"));
    merged.insert("fieldsV1".to_owned(), fields);

    let kept = entries.iter().filter(|entry| {
        let gone = of_object(entry) && (is_predecessor(&text(entry, "manager")) || is_ours(entry));
        !gone
    });
    let managed_fields = kept.cloned().chain([Value::Object(merged)]).collect();
    let mut from: Vec<String> = theirs.iter().map(|entry| text(entry, "manager")).collect();
    from.sort();
    from.dedup();
    Some(Takeover { from, managed_fields })
}

/// The JSON patch of a takeover; it fails where the object is not at `resource_version` any more.
pub(super) fn patch(takeover: &Takeover, resource_version: &str) -> Value {
    json!([
        {"op": "replace", "path": "/metadata/managedFields", "value": takeover.managed_fields},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": resource_version},
    ])
}

/// Whether every conflict may be settled by force: with a predecessor, or about a field that a controller only respells.
pub(super) fn may_force(conflicts: &[FieldConflict], respelled: &[String]) -> bool {
    conflicts.iter().all(|conflict| is_predecessor(&conflict.manager) || respelled.contains(&conflict.field))
}

/// The conflicts that may not be settled.
pub(super) fn unsettled(conflicts: Vec<FieldConflict>, respelled: &[String]) -> Vec<FieldConflict> {
    conflicts.into_iter().filter(|conflict| !may_force(std::slice::from_ref(conflict), respelled)).collect()
}

/// The union of two sets of fields.
fn merge(fields: &mut Value, more: &Value) {
    let (Value::Object(fields), Value::Object(more)) = (fields, more) else { return };
    for (name, more) in more {
        merge(fields.entry(name).or_insert_with(|| json!({})), more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(manager: &str, operation: &str, fields: &Value) -> Value {
        json!({
            "manager": manager, "operation": operation, "apiVersion": "v1", "time": "2026-01-02T03:04:05Z",
            "fieldsType": "FieldsV1", "fieldsV1": fields,
        })
    }

    fn object(entries: &[Value]) -> Value {
        json!({"metadata": {"managedFields": entries}})
    }

    #[test]
    fn predecessors_become_one_entry_of_ours_and_controllers_stay() {
        let controller = entry("external-secrets", "Update", &json!({"f:metadata": {"f:finalizers": {}}}));
        let live = object(&[
            entry("kubectl-client-side-apply", "Update", &json!({"f:spec": {"f:a": {}}})),
            controller.clone(),
            entry("Terraform", "Apply", &json!({"f:spec": {"f:a": {}, "f:b": {"f:c": {}}}})),
        ]);
        let takeover = takeover(&live).expect("a takeover");
        assert_eq!(takeover.from, ["Terraform", "kubectl-client-side-apply"]);
        let ours = entry(MANAGER, "Apply", &json!({"f:spec": {"f:a": {}, "f:b": {"f:c": {}}}}));
        assert_eq!(takeover.managed_fields, json!([controller, ours]));
    }

    #[test]
    fn our_own_entry_is_extended_not_doubled() {
        let live = object(&[
            entry(MANAGER, "Apply", &json!({"f:spec": {"f:a": {}}})),
            entry("kubectl-edit", "Update", &json!({"f:spec": {"f:b": {}}})),
        ]);
        let takeover = takeover(&live).expect("a takeover");
        let ours = entry(MANAGER, "Apply", &json!({"f:spec": {"f:a": {}, "f:b": {}}}));
        assert_eq!(takeover.managed_fields, json!([ours]));
    }

    #[test]
    fn nothing_is_taken_from_controllers_nor_from_the_status() {
        let mut status = entry("kubectl-edit", "Update", &json!({"f:status": {}}));
        status["subresource"] = json!("status");
        assert_eq!(takeover(&object(&[entry("keel", "Update", &json!({})), status])), None);
        assert_eq!(takeover(&json!({"metadata": {}})), None);
    }

    #[test]
    fn force_is_for_predecessors_and_respelled_fields_alone() {
        let conflict = |manager: &str, field: &str| FieldConflict { manager: manager.into(), field: field.into() };
        let respelled = [".spec.refreshInterval".to_owned()];
        let kubectl = conflict("kubectl-edit", ".spec.rules");
        let spelling = conflict("external-secrets", ".spec.refreshInterval");
        let foreign = conflict("external-secrets", ".spec.data");
        assert!(may_force(&[kubectl.clone(), spelling.clone()], &respelled));
        assert!(!may_force(&[kubectl.clone(), foreign.clone()], &respelled));
        assert_eq!(unsettled(vec![kubectl, spelling, foreign.clone()], &respelled), [foreign]);
    }
}
