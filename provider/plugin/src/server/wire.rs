//! Values, paths and diagnostics on the wire.

use homelab_cty::{Block, Nesting, Path, Step, Type, Value, json, msgpack};

use super::managed::bug;
use crate::proto::tfplugin5 as wire;
use crate::{Diagnostic, Diagnostics, Severity};

/// Reads a value; absent is null. `None` with an error only, which names `what` was read.
pub(super) fn decode(
    value: Option<&wire::DynamicValue>,
    ty: &Type,
    what: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    let decoded = match value {
        Some(value) if !value.msgpack.is_empty() => msgpack::decode(&value.msgpack, ty),
        Some(value) if !value.json.is_empty() => json::decode(&value.json, ty),
        _ => Ok(Value::Null),
    };
    match decoded {
        Ok(value) => Some(value),
        Err(error) => {
            diagnostics.error(
                Path::root(),
                format!("The {what} cannot be read"),
                format!("What Terraform sent as {what} does not fit the schema: {error}."),
            );
            None
        }
    }
}

/// Writes a value; `None` with an error only.
pub(super) fn encode(
    value: &Value,
    ty: &Type,
    what: &str,
    diagnostics: &mut Diagnostics,
) -> Option<wire::DynamicValue> {
    match msgpack::encode(value, ty) {
        Ok(msgpack) => Some(wire::DynamicValue { msgpack, json: Vec::new() }),
        Err(error) => {
            bug(diagnostics, Path::root(), format!("The {what} does not fit the schema: {error}."));
            None
        }
    }
}

/// Writes what was read, as JSON; `None` with an error only.
///
/// A refresh-only plan decides by comparing its numbers in memory, with their precision: those that it decoded from its
/// state, which is JSON, have another than those of msgpack, and so every resource with a number would be a change
/// (`-refresh-only -detailed-exitcode` exits 2; seen with Terraform 1.11.4, and reported upstream).
pub(super) fn encode_as_stored(value: &Value, ty: &Type, diagnostics: &mut Diagnostics) -> Option<wire::DynamicValue> {
    match json::encode(value, ty) {
        Ok(json) => Some(wire::DynamicValue { msgpack: Vec::new(), json }),
        Err(error) => {
            bug(diagnostics, Path::root(), format!("What was read does not fit the schema: {error}."));
            None
        }
    }
}

/// Null of any type.
pub(super) fn null() -> wire::DynamicValue {
    const NIL: u8 = 0xc0;
    wire::DynamicValue { msgpack: vec![NIL], json: Vec::new() }
}

/// Diagnostics about a value of `block`.
pub(super) fn diagnostics(diagnostics: &Diagnostics, block: &Block) -> Vec<wire::Diagnostic> {
    diagnostics.iter().map(|diagnostic| diagnostic_of(diagnostic, block)).collect()
}

fn diagnostic_of(diagnostic: &Diagnostic, block: &Block) -> wire::Diagnostic {
    let severity = match diagnostic.severity {
        Severity::Error => wire::diagnostic::Severity::Error,
        Severity::Warning => wire::diagnostic::Severity::Warning,
    };
    let path = addressable(&diagnostic.path, block);
    wire::Diagnostic {
        severity: severity.into(),
        summary: diagnostic.summary.clone(),
        detail: diagnostic.detail.clone(),
        attribute: (!path.0.is_empty()).then(|| self::path(&path)),
    }
}

/// A path.
pub(super) fn path(path: &Path) -> wire::AttributePath {
    use wire::attribute_path::step::Selector;
    let steps = path.0.iter().map(|step| {
        let selector = match step {
            Step::Attribute(name) => Selector::AttributeName(name.clone()),
            Step::Key(key) => Selector::ElementKeyString(key.clone()),
            Step::Index(index) => Selector::ElementKeyInt(*index),
        };
        wire::attribute_path::Step { selector: Some(selector) }
    });
    wire::AttributePath { steps: steps.collect() }
}

/// The part of `path` that the wire can say: an element of a set has no key but its value, so the path ends at the set.
/// What the schema does not have is cut off too: core would point nowhere.
fn addressable(path: &Path, block: &Block) -> Path {
    let mut block = block;
    let mut kept = 0;
    while let Some(Step::Attribute(name)) = path.0.get(kept) {
        if let Some(attribute) = block.attributes.get(name) {
            kept += 1 + within(&attribute.ty, path.0.get(kept + 1..).unwrap_or(&[]));
            break;
        }
        let Some(nested) = block.blocks.get(name) else {
            break;
        };
        kept += 1;
        match (nested.nesting, path.0.get(kept)) {
            (Nesting::Single, _) => {}
            (Nesting::List, Some(Step::Index(_))) | (Nesting::Map, Some(Step::Key(_))) => kept += 1,
            _ => break,
        }
        block = &nested.block;
    }
    Path(path.0.get(..kept).unwrap_or(&[]).to_vec())
}

fn within(ty: &Type, steps: &[Step]) -> usize {
    let Some((step, rest)) = steps.split_first() else {
        return 0;
    };
    let inner = match (ty, step) {
        (Type::List(element), Step::Index(_)) | (Type::Map(element), Step::Key(_)) => Some(&**element),
        (Type::Tuple(elements), Step::Index(index)) => usize::try_from(*index).ok().and_then(|at| elements.get(at)),
        (Type::Object(attributes), Step::Attribute(name)) => attributes.get(name),
        _ => None,
    };
    inner.map_or(0, |inner| 1 + within(inner, rest))
}

#[cfg(test)]
mod tests {
    use homelab_cty::{Attribute, Mode, NestedBlock};

    use super::*;

    fn block() -> Block {
        let mut inner = Block::default();
        let targets = Type::list(Type::object([("labels", Type::set(Type::String))]));
        inner.attributes.insert("targets".into(), Attribute::new(targets, Mode::Optional));
        let nested = |nesting| NestedBlock { nesting, block: inner.clone(), min_items: 0, max_items: 0 };
        let mut block = Block::default();
        block.blocks.insert("one".into(), nested(Nesting::Single));
        block.blocks.insert("listed".into(), nested(Nesting::List));
        block.blocks.insert("labelled".into(), nested(Nesting::Map));
        block.blocks.insert("any".into(), nested(Nesting::Set));
        block
    }

    #[test]
    fn paths_end_where_the_wire_cannot_follow() {
        let block = block();
        let kept = |path: &Path| addressable(path, &block).to_string();
        let whole = |path: Path| assert_eq!(kept(&path), path.to_string());
        whole(Path::root());
        whole(Path::attr("one").then_attr("targets").then_index(0).then_attr("labels"));
        whole(Path::attr("listed").then_index(1).then_attr("targets").then_index(0));
        whole(Path::attr("labelled").then_key("share").then_attr("targets"));
        assert_eq!(kept(&Path::attr("any").then_index(0).then_attr("targets")), "any");
        assert_eq!(kept(&Path::attr("one").then_attr("gone")), "one");
        assert_eq!(kept(&Path::attr("gone")), "");
        let in_set = Path::attr("one").then_attr("targets").then_index(0).then_attr("labels");
        assert_eq!(kept(&in_set.then_index(0)), in_set.to_string());
    }

    #[test]
    fn labels_are_string_keys_and_positions_are_integers() {
        use wire::attribute_path::step::Selector;
        let steps = path(&Path::attr("labelled").then_key("share").then_attr("targets").then_index(2)).steps;
        let selectors: Vec<_> = steps.into_iter().filter_map(|step| step.selector).collect();
        assert_eq!(
            selectors,
            [
                Selector::AttributeName("labelled".into()),
                Selector::ElementKeyString("share".into()),
                Selector::AttributeName("targets".into()),
                Selector::ElementKeyInt(2),
            ]
        );
    }

    #[test]
    fn an_absent_value_is_null_and_json_is_read_where_there_is_no_msgpack() {
        let mut diagnostics = Diagnostics::new();
        let mut read =
            |value: Option<wire::DynamicValue>| decode(value.as_ref(), &Type::String, "it", &mut diagnostics);
        assert_eq!(read(None), Some(Value::Null));
        assert_eq!(read(Some(null())), Some(Value::Null));
        assert_eq!(read(Some(wire::DynamicValue::default())), Some(Value::Null));
        let json = wire::DynamicValue { msgpack: Vec::new(), json: br#""a""#.to_vec() };
        assert_eq!(read(Some(json)), Some(Value::from("a")));
        assert_eq!(read(Some(wire::DynamicValue { msgpack: vec![0x81], json: Vec::new() })), None);
        assert!(diagnostics.has_errors());
    }
}
