//! The schema as `terraform providers schema -json` prints it: what tools of Terraform's world read.
//!
//! Made from the same blocks as the answer of the running provider, so that what documentation tools check is what
//! Terraform gets, without starting it.

use homelab_cty::{Attribute, Block, Mode, NestedBlock, Nesting};
use serde_json::{Map, Value as Json, json};

use crate::function::{Function, Parameter};
use crate::registry::{self, Item, Kind};

/// The document of `terraform providers schema -json` for this provider under `address`: as Terraform prints it, a source
/// address in full; for tools that want the short name, [`registry::PROVIDER`].
pub fn document(address: &str) -> Json {
    let mut schemas = Map::new();
    schemas.insert(address.to_owned(), provider());
    json!({ "format_version": "1.0", "provider_schemas": schemas })
}

/// The provider's own part of [`document`].
pub fn provider() -> Json {
    let of_kind = |kind| -> Map<String, Json> {
        registry::items(kind)
            .map(|item| (item.name.to_owned(), json!({ "version": item.version, "block": block(&(item.block)()) })))
            .collect()
    };
    let functions: Map<String, Json> =
        registry::functions().iter().map(|function| (function.name.to_owned(), signature(function))).collect();
    let identities: Map<String, Json> =
        registry::items(Kind::Resource).filter_map(|item| Some((item.name.to_owned(), identity(item)?))).collect();
    json!({
        "provider": { "version": 0, "block": block(&registry::provider()) },
        "resource_schemas": of_kind(Kind::Resource),
        "data_source_schemas": of_kind(Kind::DataSource),
        "ephemeral_resource_schemas": of_kind(Kind::Ephemeral),
        "functions": functions,
        "resource_identity_schemas": identities,
    })
}

/// A block in Terraform's JSON form.
pub fn block(block: &Block) -> Json {
    let mut json = Map::new();
    if !block.attributes.is_empty() {
        let attributes: Map<String, Json> =
            block.attributes.iter().map(|(name, value)| (name.clone(), attribute(value))).collect();
        json.insert("attributes".to_owned(), attributes.into());
    }
    if !block.blocks.is_empty() {
        let blocks: Map<String, Json> =
            block.blocks.iter().map(|(name, value)| (name.clone(), nested(value))).collect();
        json.insert("block_types".to_owned(), blocks.into());
    }
    describe(&mut json, &block.description, block.deprecated.as_deref());
    if block.deprecated.is_some() {
        json.insert("deprecated".to_owned(), true.into());
    }
    json.into()
}

fn attribute(attribute: &Attribute) -> Json {
    let mut json = Map::new();
    json.insert("type".to_owned(), attribute.ty.to_json());
    describe(&mut json, &attribute.description, attribute.deprecated.as_deref());
    let flags = [
        ("deprecated", attribute.deprecated.is_some()),
        ("required", attribute.mode == Mode::Required),
        ("optional", matches!(attribute.mode, Mode::Optional | Mode::OptionalComputed)),
        ("computed", attribute.mode.is_computed()),
        ("sensitive", attribute.sensitive),
        ("write_only", attribute.write_only),
    ];
    for (name, _) in flags.into_iter().filter(|(_, set)| *set) {
        json.insert(name.to_owned(), true.into());
    }
    json.into()
}

fn nested(nested: &NestedBlock) -> Json {
    let mode = match nested.nesting {
        Nesting::Single => "single",
        Nesting::List => "list",
        Nesting::Set => "set",
        Nesting::Map => "map",
    };
    let mut json = Map::new();
    json.insert("nesting_mode".to_owned(), mode.into());
    json.insert("block".to_owned(), block(&nested.block));
    for (name, items) in [("min_items", nested.min_items), ("max_items", nested.max_items)] {
        if items > 0 {
            json.insert(name.to_owned(), items.into());
        }
    }
    json.into()
}

fn identity(item: &Item) -> Option<Json> {
    let block = (item.import?.identity?)();
    let attributes: Map<String, Json> = block
        .attributes
        .iter()
        .map(|(name, attribute)| {
            let needed = if attribute.mode == Mode::Required { "required_for_import" } else { "optional_for_import" };
            let json = json!({
                "type": attribute.ty.to_json(),
                "description": attribute.description,
                needed: true,
            });
            (name.clone(), json)
        })
        .collect();
    Some(json!({ "version": 0, "attributes": attributes }))
}

fn signature(function: &Function) -> Json {
    let parameter = |parameter: &Parameter| {
        json!({
            "name": parameter.name,
            "description": parameter.description,
            "type": parameter.ty.to_json(),
        })
    };
    let mut json = Map::new();
    json.insert("description".to_owned(), function.description.into());
    json.insert("summary".to_owned(), function.summary.into());
    json.insert("return_type".to_owned(), function.returns.to_json());
    if !function.parameters.is_empty() {
        json.insert("parameters".to_owned(), function.parameters.iter().map(parameter).collect());
    }
    if let Some(variadic) = &function.variadic {
        json.insert("variadic_parameter".to_owned(), parameter(variadic));
    }
    json.into()
}

/// The protocol has a flag for what is deprecated and no place for the reason: it stands at the end of the description.
fn describe(json: &mut Map<String, Json>, description: &str, deprecated: Option<&str>) {
    let reason = deprecated.map(|reason| format!("**Deprecated**: {reason}"));
    let text = [Some(description.to_owned()).filter(|text| !text.is_empty()), reason];
    let text = text.into_iter().flatten().collect::<Vec<_>>().join("\n\n");
    if !text.is_empty() {
        json.insert("description".to_owned(), text.into());
    }
    json.insert("description_kind".to_owned(), "markdown".into());
}
