//! Our schemas as the protocol's.

use homelab_cty::{Attribute, Block, Mode, NestedBlock, Nesting, Schema, Type};

use crate::function::{Parameter, Signature};
use crate::proto::tfplugin5 as wire;

/// A schema.
pub(super) fn schema(schema: &Schema) -> wire::Schema {
    wire::Schema { version: schema.version, block: Some(block(&schema.block, schema.version)) }
}

fn block(block_: &Block, version: i64) -> wire::schema::Block {
    wire::schema::Block {
        version,
        attributes: block_.attributes.iter().map(|(name, value)| attribute(name, value)).collect(),
        block_types: block_.blocks.iter().map(|(name, value)| nested(name, value)).collect(),
        description: described(&block_.description, block_.deprecated.as_deref()),
        description_kind: wire::StringKind::Markdown.into(),
        deprecated: block_.deprecated.is_some(),
    }
}

fn attribute(name: &str, attribute: &Attribute) -> wire::schema::Attribute {
    wire::schema::Attribute {
        name: name.to_owned(),
        r#type: type_bytes(&attribute.ty),
        description: described(&attribute.description, attribute.deprecated.as_deref()),
        required: attribute.mode == Mode::Required,
        optional: matches!(attribute.mode, Mode::Optional | Mode::OptionalComputed),
        computed: attribute.mode.is_computed(),
        sensitive: attribute.sensitive,
        description_kind: wire::StringKind::Markdown.into(),
        deprecated: attribute.deprecated.is_some(),
        write_only: attribute.write_only,
    }
}

fn nested(name: &str, nested: &NestedBlock) -> wire::schema::NestedBlock {
    use wire::schema::nested_block::NestingMode;
    let nesting = match nested.nesting {
        Nesting::Single => NestingMode::Single,
        Nesting::List => NestingMode::List,
        Nesting::Set => NestingMode::Set,
        Nesting::Map => NestingMode::Map,
    };
    let (min_items, max_items) = match nested.nesting {
        // Core refuses a single block with another limit than none at all.
        Nesting::Single => (nested.min_items.min(1), nested.min_items.min(1)),
        Nesting::Map => (0, 0),
        Nesting::List | Nesting::Set => (nested.min_items, nested.max_items),
    };
    wire::schema::NestedBlock {
        type_name: name.to_owned(),
        block: Some(block(&nested.block, 0)),
        nesting: nesting.into(),
        min_items: i64::try_from(min_items).unwrap_or(i64::MAX),
        max_items: i64::try_from(max_items).unwrap_or(i64::MAX),
    }
}

/// A description, and why the thing is deprecated: the protocol has a flag for that and no place for the reason.
fn described(description: &str, deprecated: Option<&str>) -> String {
    match deprecated {
        Some(reason) if description.is_empty() => format!("**Deprecated**: {reason}"),
        Some(reason) => format!("{description}\n\n**Deprecated**: {reason}"),
        None => description.to_owned(),
    }
}

fn type_bytes(ty: &Type) -> Vec<u8> {
    ty.to_json().to_string().into_bytes()
}

/// An identity.
pub(super) fn identity(block: &Block) -> wire::ResourceIdentitySchema {
    let attributes = block.attributes.iter().map(|(name, attribute)| {
        let required = attribute.mode == Mode::Required;
        wire::resource_identity_schema::IdentityAttribute {
            name: name.clone(),
            r#type: type_bytes(&attribute.ty),
            required_for_import: required,
            optional_for_import: !required,
            description: attribute.description.clone(),
        }
    });
    wire::ResourceIdentitySchema { version: 0, identity_attributes: attributes.collect() }
}

/// A function.
pub(super) fn function(signature: &Signature) -> wire::Function {
    wire::Function {
        parameters: signature.parameters.iter().map(parameter).collect(),
        variadic_parameter: signature.variadic.as_ref().map(parameter),
        r#return: Some(wire::function::Return { r#type: type_bytes(&signature.returns) }),
        summary: signature.summary.to_owned(),
        description: signature.description.to_owned(),
        description_kind: wire::StringKind::Markdown.into(),
        deprecation_message: String::new(),
    }
}

fn parameter(parameter: &Parameter) -> wire::function::Parameter {
    wire::function::Parameter {
        name: parameter.name.to_owned(),
        r#type: type_bytes(&parameter.ty),
        // Core then answers null with an error and unknown with unknown, and an author sees neither.
        allow_null_value: false,
        allow_unknown_values: false,
        description: parameter.description.to_owned(),
        description_kind: wire::StringKind::Markdown.into(),
    }
}

/// What this server can do beyond the first version of the protocol.
pub(super) fn capabilities() -> wire::ServerCapabilities {
    wire::ServerCapabilities { plan_destroy: true, get_provider_schema_optional: true, move_resource_state: true }
}
