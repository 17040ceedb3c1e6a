//! Writes the store.
//!
//! Only what is declared is written, in the form that v1beta1 and v1 share. The declaration's own defaults (the version of the
//! engine, where a method is mounted) are those of the operator in all its releases, and are written out: so a release that
//! changes one of them changes nothing here.

use std::collections::BTreeMap;

use homelab_cty::Model;
use homelab_schema::Attr;
use homelab_schema::duration::GoDuration;
use homelab_schema::secret_store::SecretStore;
use serde_json::{Map, Value, json};

use super::wire;

const SECOND: i64 = 1_000_000_000;

/// The fields that we declare: annotations, labels and spec. `None` while anything in them is unknown.
pub fn render(model: &SecretStore) -> Option<Value> {
    let mut metadata = Map::new();
    put(&mut metadata, "annotations", texts(&model.annotations)?);
    put(&mut metadata, "labels", texts(&model.labels)?);

    let mut spec = Map::new();
    put(&mut spec, "controller", given(&model.controller)?.filter(|text| !text.is_empty()).map(|text| json!(text)));
    let seconds = given(&model.refresh_interval)?.and_then(|text| seconds(text)).filter(|seconds| *seconds > 0);
    put(&mut spec, "refreshInterval", seconds.map(Value::from));
    if let Some(settings) = given(&model.retry_settings)? {
        spec.insert("retrySettings".to_owned(), Value::Object(block(settings)?));
    }
    let conditions = given(&model.conditions)?.into_iter().flatten();
    let conditions: Vec<Value> = conditions.map(|one| block(one).map(Value::Object)).collect::<Option<_>>()?;
    put(&mut spec, "conditions", (!conditions.is_empty()).then_some(Value::Array(conditions)));
    let vault = model.vault.known()?;
    spec.insert("provider".to_owned(), json!({"vault": block(vault)?}));
    Some(json!({"metadata": metadata, "spec": spec}))
}

/// Whole seconds of a duration; `None` where it is no duration or has a part of a second.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let nanos = text.parse::<GoDuration>().ok()?.as_nanos();
    (nanos >= 0 && nanos % SECOND == 0).then_some(nanos / SECOND)
}

fn block<M: Model>(model: &M) -> Option<Map<String, Value>> {
    wire::to_json(&M::block(), &model.to_value())
}

fn put(out: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        out.insert(name.to_owned(), value);
    }
}

#[expect(clippy::option_option, reason = "three states: not known yet, left out, given")]
fn texts(attribute: &Attr<BTreeMap<String, String>>) -> Option<Option<Value>> {
    given(attribute).map(|given| given.filter(|texts| !texts.is_empty()).map(|texts| json!(texts)))
}

#[expect(clippy::option_option, reason = "three states: not known yet, left out, given")]
fn given<T>(attribute: &Attr<T>) -> Option<Option<&T>> {
    match attribute {
        Attr::Unknown => None,
        Attr::Null => Some(None),
        Attr::Known(value) => Some(Some(value)),
    }
}
