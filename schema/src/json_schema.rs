//! JSON Schema (draft 2020-12) of the models, for editors, CI and other languages.
//!
//! schemars reads the Rust types; what Terraform knows beyond them (who gives a value, defaults, the texts of an enum) is
//! laid over it from the same type's block. A document describes values as Terraform's own JSON shows them, with absent and
//! null meaning the same.

use std::collections::BTreeSet;

use homelab_cty::{Attribute, Block, Mode, NestedBlock, Nesting, json};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value as Json, json};

use crate::registry::{self, Item, Kind};

/// What every document says it is.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// All models in one document: `provider`, and by type name `resource`, `data` and `ephemeral`.
pub fn document() -> Json {
    let mut document = Document::default();
    let provider = document.add(registry::provider_json_schema, &registry::provider());
    let mut properties = Map::new();
    properties.insert("provider".to_owned(), provider);
    for kind in Kind::ALL {
        let models: Map<String, Json> = registry::items(kind)
            .map(|item| (item.name.to_owned(), document.add(item.json_schema, &(item.block)())))
            .collect();
        properties.insert(
            kind.keyword().to_owned(),
            json!({ "type": "object", "properties": models, "additionalProperties": false }),
        );
    }
    document.finish(json!({
        "$schema": DIALECT,
        "title": registry::PROVIDER,
        "description": "Values of the provider's block, resources, data sources and ephemeral resources.",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    }))
}

/// The document of one item.
pub fn of_item(item: &Item) -> Json {
    let mut document = Document::default();
    let reference = document.add(item.json_schema, &(item.block)());
    let mut root = json!({ "$schema": DIALECT, "title": item.name });
    if let (Some(root), Json::Object(reference)) = (root.as_object_mut(), reference) {
        root.extend(reference);
    }
    document.finish(root)
}

/// The document of the provider block.
pub fn of_provider() -> Json {
    let mut document = Document::default();
    let reference = document.add(registry::provider_json_schema, &registry::provider());
    let mut root = json!({ "$schema": DIALECT, "title": registry::PROVIDER });
    if let (Some(root), Json::Object(reference)) = (root.as_object_mut(), reference) {
        root.extend(reference);
    }
    document.finish(root)
}

struct Document {
    generator: SchemaGenerator,
    definitions: Map<String, Json>,
}

impl Default for Document {
    fn default() -> Self {
        Self { generator: SchemaSettings::draft2020_12().into_generator(), definitions: Map::new() }
    }
}

impl Document {
    /// Adds a model with all that Terraform knows of it; answers the reference to it.
    fn add(&mut self, model: fn(&mut SchemaGenerator) -> schemars::Schema, block: &Block) -> Json {
        let reference = model(&mut self.generator).to_value();
        for (name, definition) in self.generator.definitions() {
            self.definitions.entry(name.clone()).or_insert_with(|| definition.clone());
        }
        self.lay_over(&reference, block);
        // schemars keeps the line breaks of the source. A nested block's own words are where it is used.
        if let Some(Json::Object(object)) = definition_name(&reference).and_then(|name| self.definitions.get_mut(&name))
        {
            object.insert("description".to_owned(), block.description.as_str().into());
        }
        reference
    }

    /// Lays a block over the object that `schema` is or refers to.
    fn lay_over(&mut self, schema: &Json, block: &Block) {
        let Some(name) = definition_name(schema) else { return };
        let Some(Json::Object(mut object)) = self.definitions.get(&name).cloned() else { return };
        let mut properties = match object.remove("properties") {
            Some(Json::Object(properties)) => properties,
            _ => Map::new(),
        };
        let mut required = Vec::new();
        for (name, attribute) in &block.attributes {
            if let Some(property) = properties.get_mut(name) {
                attribute_over(property, attribute);
            }
            if attribute.mode == Mode::Required {
                required.push(Json::from(name.as_str()));
            }
        }
        for (name, nested) in &block.blocks {
            if let Some(property) = properties.get_mut(name) {
                self.lay_over(&inner(property, nested.nesting), &nested.block);
                block_over(property, nested);
            }
            if nested.min_items > 0 {
                required.push(Json::from(name.as_str()));
            }
        }
        object.insert("properties".to_owned(), properties.into());
        object.remove("required");
        if !required.is_empty() {
            object.insert("required".to_owned(), required.into());
        }
        object.insert("additionalProperties".to_owned(), false.into());
        if block.deprecated.is_some() {
            object.insert("deprecated".to_owned(), true.into());
        }
        self.definitions.insert(name, object.into());
    }

    /// The whole, without definitions that nothing refers to any more.
    fn finish(self, mut root: Json) -> Json {
        let mut used = BTreeSet::new();
        let mut open = references(&root);
        while let Some(name) = open.pop() {
            if used.insert(name.clone())
                && let Some(definition) = self.definitions.get(&name)
            {
                open.extend(references(definition));
            }
        }
        let definitions: Map<String, Json> =
            self.definitions.into_iter().filter(|(name, _)| used.contains(name)).collect();
        if let Some(root) = root.as_object_mut() {
            root.insert("$defs".to_owned(), definitions.into());
        }
        root
    }
}

fn attribute_over(property: &mut Json, attribute: &Attribute) {
    if !attribute.one_of.is_empty() {
        *property = json!({ "type": "string", "enum": attribute.one_of });
    }
    let Some(object) = property.as_object_mut() else { return };
    object.insert("description".to_owned(), attribute.description.as_str().into());
    if let Some(default) = attribute.default.as_ref().and_then(|value| json::to_json(value, &attribute.ty).ok()) {
        object.insert("default".to_owned(), default);
    }
    let flags = [
        ("readOnly", attribute.mode == Mode::Computed),
        ("writeOnly", attribute.write_only),
        ("deprecated", attribute.deprecated.is_some()),
    ];
    for (name, _) in flags.into_iter().filter(|(_, set)| *set) {
        object.insert(name.to_owned(), true.into());
    }
}

fn block_over(property: &mut Json, nested: &NestedBlock) {
    let Some(object) = property.as_object_mut() else { return };
    object.insert("description".to_owned(), nested.block.description.as_str().into());
    if nested.nesting == Nesting::List {
        for (name, items) in [("minItems", nested.min_items), ("maxItems", nested.max_items)] {
            if items > 0 {
                object.insert(name.to_owned(), items.into());
            }
        }
    }
}

/// The schema of one block, inside that of the collection.
fn inner(property: &Json, nesting: Nesting) -> Json {
    let key = match nesting {
        Nesting::Single => return property.clone(),
        Nesting::List | Nesting::Set => "items",
        Nesting::Map => "additionalProperties",
    };
    property.get(key).cloned().unwrap_or_default()
}

/// The definition that a schema refers to.
pub(crate) fn definition_name(schema: &Json) -> Option<String> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/").map(str::to_owned)
}

fn references(schema: &Json) -> Vec<String> {
    match schema {
        Json::Object(members) => {
            definition_name(schema).into_iter().chain(members.values().flat_map(references)).collect()
        }
        Json::Array(elements) => elements.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}
