//! `UpgradeResourceState` and `UpgradeResourceIdentity`.
//!
//! Core sends every stored state through here, also one of the present version, as JSON that no schema has checked. What
//! the schema has no place for is dropped, and what the state lacks is null: so a new attribute needs no new version.

use homelab_cty::{Block, Nesting, Path, Type, Value, json};
use serde_json::{Map, Value as Json};

use super::judge::judge;
use super::managed::{Managed, bug};
use crate::{Context, Diagnostics, oracle};

impl Managed {
    /// The present form of a stored state; `None` with an error only.
    pub(super) async fn upgrade(
        &self,
        cx: &Context,
        version: i64,
        state: &[u8],
        diagnostics: &mut Diagnostics,
    ) -> Option<Value> {
        let ours = self.derived().schema.version;
        if version > ours {
            diagnostics.error(
                Path::root(),
                "The state is of a newer version",
                format!(
                    "The state of this {} has version {version}; this version of the provider knows {ours} and older. \
                     Use the version of the provider that wrote it, or a newer one.",
                    self.author.name(),
                ),
            );
            return None;
        }
        let mut state = parse(state, diagnostics)?;
        if version < ours {
            let upgraded = self.author.upgrade(cx, version, state, diagnostics).await;
            if upgraded.is_none() && !diagnostics.has_errors() {
                bug(diagnostics, Path::root(), "The upgrade is neither an answer nor an error.");
            }
            state = upgraded.filter(|_| !diagnostics.has_errors())?;
        }
        let value = decode(&fitted(self.block(), &state), &self.derived().ty, "state", diagnostics)?;
        judge(diagnostics, || oracle::check_upgrade(self.block(), &value));
        (!diagnostics.has_errors()).then_some(value)
    }

    /// The present form of a stored identity; `None` with an error only.
    pub(super) fn upgrade_identity(&self, identity: &[u8], diagnostics: &mut Diagnostics) -> Option<Value> {
        let identity = parse(identity, diagnostics)?;
        decode(&fitted(&self.derived().identity, &identity), &self.derived().identity_ty, "identity", diagnostics)
    }
}

pub(super) fn parse(bytes: &[u8], diagnostics: &mut Diagnostics) -> Option<Json> {
    match serde_json::from_slice(bytes) {
        Ok(json) => Some(json),
        Err(error) => {
            // The place, not the text: what stands there may be a secret.
            let detail = format!("Line {}, column {} of it is no JSON.", error.line(), error.column());
            diagnostics.error(Path::root(), "The stored data cannot be read", detail);
            None
        }
    }
}

fn decode(json: &Json, ty: &Type, what: &str, diagnostics: &mut Diagnostics) -> Option<Value> {
    match json::decode_dropping_extra(json.to_string().as_bytes(), ty) {
        Ok(value) => Some(value),
        Err(error) => {
            diagnostics.error(
                Path::root(),
                format!("The stored {what} does not fit"),
                format!("It is no {what} of this version of the provider: {error}."),
            );
            None
        }
    }
}

/// `json` with exactly the attributes and blocks that the block has. (Inside an attribute the decoder does the same.)
pub(super) fn fitted(block: &Block, json: &Json) -> Json {
    let Json::Object(members) = json else {
        return json.clone();
    };
    let mut fit = Map::new();
    for (name, attribute) in &block.attributes {
        let value = match members.get(name) {
            Some(_) if attribute.write_only => Json::Null,
            Some(value) => value.clone(),
            None => Json::Null,
        };
        fit.insert(name.clone(), value);
    }
    for (name, nested) in &block.blocks {
        let element = |json: &Json| fitted(&nested.block, json);
        let value = match (nested.nesting, members.get(name)) {
            (Nesting::Single, value) => value.map_or(Json::Null, element),
            (Nesting::List | Nesting::Set, Some(Json::Array(values))) => values.iter().map(element).collect(),
            (Nesting::Map, Some(Json::Object(values))) => {
                values.iter().map(|(key, value)| (key.clone(), element(value))).collect()
            }
            (Nesting::List | Nesting::Set, None | Some(Json::Null)) => Json::Array(Vec::new()),
            (Nesting::Map, None | Some(Json::Null)) => Json::Object(Map::new()),
            // Of another shape: the decoder says so.
            (_, Some(value)) => value.clone(),
        };
        fit.insert(name.clone(), value);
    }
    Json::Object(fit)
}

#[cfg(test)]
mod tests {
    use homelab_cty::{Attribute, Mode, NestedBlock};
    use serde_json::json;

    use super::*;

    fn block() -> Block {
        let target = Type::object([("label", Type::String), ("port", Type::Number)]);
        let mut inner = Block::default();
        inner.attributes.insert("path".into(), Attribute::new(Type::String, Mode::Required));
        let nested = |nesting| NestedBlock { nesting, block: inner.clone(), min_items: 0, max_items: 0 };
        let mut block = Block::default();
        block.attributes.insert("name".into(), Attribute::new(Type::String, Mode::Required));
        block.attributes.insert("targets".into(), Attribute::new(Type::list(target), Mode::Computed));
        block.blocks.insert("one".into(), nested(Nesting::Single));
        block.blocks.insert("several".into(), nested(Nesting::List));
        block.blocks.insert("labelled".into(), nested(Nesting::Map));
        block
    }

    #[test]
    fn what_the_schema_does_not_know_is_dropped_at_every_depth() {
        let stored = json!({
            "name": "a", "gone": true,
            "targets": [{"label": "x", "port": 1}],
            "one": {"path": "/", "gone": 1},
            "several": [{"path": "/", "gone": 1}],
            "labelled": {"share": {"path": "/", "gone": 1}},
            "gone_block": [],
        });
        let expected = json!({
            "name": "a",
            "targets": [{"label": "x", "port": 1}],
            "one": {"path": "/"},
            "several": [{"path": "/"}],
            "labelled": {"share": {"path": "/"}},
        });
        assert_eq!(fitted(&block(), &stored), expected);
    }

    #[test]
    fn what_an_older_state_lacks_is_null_or_no_block() {
        let expected = json!({"name": "a", "targets": null, "one": null, "several": [], "labelled": {}});
        assert_eq!(fitted(&block(), &json!({"name": "a"})), expected);
        assert_eq!(fitted(&block(), &json!({"name": "a", "several": null, "labelled": null})), expected);
        assert_eq!(fitted(&block(), &json!({"name": "a", "several": [{}]}))["several"], json!([{"path": null}]));
    }

    #[test]
    fn inside_an_attribute_the_decoder_drops_and_completes() {
        let stored = json!({"name": "a", "targets": [{"label": "x", "gone": 1}]});
        let mut diagnostics = Diagnostics::new();
        let value = decode(&fitted(&block(), &stored), &block().ty(), "state", &mut diagnostics).unwrap();
        assert_eq!(
            *value.member("targets"),
            Value::List(vec![Value::map([("label", Value::from("x")), ("port", Value::Null)])])
        );
        assert!(diagnostics.is_empty());
    }

    #[test]
    fn another_shape_is_left_for_the_decoder_to_refuse() {
        assert_eq!(fitted(&block(), &json!([1])), json!([1]));
        assert_eq!(fitted(&block(), &json!({"labelled": 1}))["labelled"], json!(1));
    }
}
