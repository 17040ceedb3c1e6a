//! What follows from the declaration of a store, and what only the cluster knows.

use homelab_schema::Attr;
use homelab_schema::secret_store::SecretStore;
use serde_json::Value;

use super::render;
use crate::secret::outputs::Place;

/// Fills the computed attributes of a plan. What only the cluster knows stays unknown, or as it was where nothing that changes
/// it is planned.
///
/// Answers whether the controller has yet to accept what is in state: then the plan is an update even where nothing differs.
pub fn fill(planned: &mut SecretStore, prior: Option<&SecretStore>, place: &Place) -> bool {
    let spec = |model: &SecretStore| render::render(model).map(|object| object["spec"].clone());
    let same_spec = prior.is_some_and(|prior| spec(prior).is_some() && spec(prior) == spec(planned));
    planned.api_version = match (&place.api_version, prior) {
        (Some(version), _) => Attr::Known(version.clone()),
        // Discovered in the refresh: a change of it alone is nothing to apply.
        (None, Some(prior)) => prior.api_version.clone().or(Attr::Unknown),
        (None, None) => Attr::Unknown,
    };
    planned.revision = match prior {
        _ if !place.counts_generations => Attr::Null,
        Some(prior) if same_spec => prior.revision.or(Attr::Unknown),
        _ => Attr::Unknown,
    };
    let waits = match planned.wait {
        _ if !place.counts_generations => false,
        Attr::Unknown => {
            planned.ready = Attr::Unknown;
            return false;
        }
        Attr::Known(wait) => wait,
        Attr::Null => true,
    };
    let is_accepted = same_spec && prior.is_some_and(|prior| prior.ready == Attr::Known(true));
    planned.ready = match waits {
        false => Attr::Null,
        true if is_accepted => Attr::Known(true),
        true => Attr::Unknown,
    };
    waits && prior.is_some() && !is_accepted
}

/// Fills what only the written or read object tells.
pub fn as_written(model: &mut SecretStore, live: &Value, counts_generations: bool) {
    model.api_version = live.get("apiVersion").and_then(Value::as_str).map(str::to_owned).into();
    let generation = live.pointer("/metadata/generation").and_then(Value::as_i64);
    model.revision = if counts_generations { generation.into() } else { Attr::Null };
}
