//! What holds for everything that is declared.

use std::collections::BTreeSet;

use homelab_cty::{Attribute, Block, Mode, Nesting, Type, json};
use homelab_schema::registry::{self, ITEMS, Kind};
use homelab_schema::{json_schema, terraform};
use serde_json::Value as Json;

/// Every block that is declared, with its name: the provider's, those of items, identities, and those nested in them.
fn blocks() -> Vec<(String, Block)> {
    fn below(name: &str, block: Block, found: &mut Vec<(String, Block)>) {
        for (label, nested) in &block.blocks {
            below(&format!("{name}.{label}"), nested.block.clone(), found);
        }
        found.push((name.to_owned(), block));
    }
    let mut found = Vec::new();
    below("provider", registry::provider(), &mut found);
    for item in ITEMS {
        let name = format!("{}.{}", item.kind.keyword(), item.name);
        below(&name, (item.block)(), &mut found);
        if let Some(identity) = item.import.and_then(|import| import.identity) {
            below(&format!("identity.{name}"), identity(), &mut found);
        }
    }
    found
}

fn attributes() -> impl Iterator<Item = (String, Attribute)> {
    blocks().into_iter().flat_map(|(name, block)| {
        block.attributes.into_iter().map(move |(attribute, value)| (format!("{name}.{attribute}"), value))
    })
}

fn is_description(text: &str) -> bool {
    let last = text.lines().last().unwrap_or_default();
    // A list or a code block may end without a full stop.
    let ends = last.ends_with('.') || last.ends_with("…`.") || last.trim_start().starts_with("- ") || last == "```";
    !text.is_empty() && ends && !text.contains("  ") && !text.contains("[`")
}

#[test]
fn everything_has_a_description_that_is_a_sentence() {
    let mut wrong = Vec::new();
    for (name, block) in blocks() {
        if !is_description(&block.description) {
            wrong.push(format!("{name}: {:?}", block.description));
        }
    }
    for (name, attribute) in attributes() {
        if !is_description(&attribute.description) {
            wrong.push(format!("{name}: {:?}", attribute.description));
        }
    }
    for function in registry::functions() {
        let parameters = function.parameters.iter().chain(&function.variadic).map(|parameter| parameter.description);
        for text in [function.summary, function.description, function.result].into_iter().chain(parameters) {
            if !is_description(text) {
                wrong.push(format!("{}: {text:?}", function.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn members_of_objects_are_described_too() {
    let mut wrong = Vec::new();
    for item in ITEMS {
        let document = json_schema::of_item(item);
        let Some(Json::Object(definitions)) = document.get("$defs") else { panic!("{}: no definitions", item.name) };
        for (name, definition) in definitions {
            let properties = definition.get("properties").and_then(Json::as_object);
            for (member, property) in properties.into_iter().flatten() {
                let text = property.get("description").and_then(Json::as_str).unwrap_or_default();
                if !is_description(&text.replace('\n', " ")) {
                    wrong.push(format!("{} {name}.{member}: {text:?}", item.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn names_are_terraforms_and_none_is_reserved() {
    let reserved: BTreeSet<&str> =
        ["count", "for_each", "depends_on", "lifecycle", "provider", "provisioner", "connection", "version", "alias"]
            .into();
    for (block_name, block) in blocks() {
        let names: Vec<&String> = block.attributes.keys().chain(block.blocks.keys()).collect();
        let unique: BTreeSet<&&String> = names.iter().collect();
        assert_eq!(unique.len(), names.len(), "{block_name}: an attribute and a block of one name");
        // Blocks within the provider block are nested ones, in which no name is Terraform's.
        let is_root = block_name.matches('.').count() <= 1 && !block_name.starts_with("provider.");
        for name in names {
            assert!(
                name.starts_with(|first: char| first.is_ascii_lowercase())
                    && name.chars().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '_'),
                "{block_name}.{name}"
            );
            assert!(!(is_root && reserved.contains(name.as_str())), "{block_name}.{name} is Terraform's own");
        }
    }
    for item in ITEMS {
        assert!(item.name.starts_with("homelab_"), "{}", item.name);
        assert!(!item.subcategory.is_empty());
    }
    let unique: BTreeSet<_> = ITEMS.iter().map(|item| (item.kind, item.name)).collect();
    assert_eq!(unique.len(), ITEMS.len());
}

/// The rules that Terraform checks when it loads a schema: one wrong attribute makes the whole provider unusable.
#[test]
fn terraform_accepts_the_schema() {
    for (name, attribute) in attributes() {
        if attribute.write_only {
            assert!(!attribute.mode.is_computed(), "{name}: write-only and computed");
            assert!(name.starts_with("resource."), "{name}: write-only is for managed resources");
        }
        if attribute.default.is_some() {
            assert_eq!(attribute.mode, Mode::OptionalComputed, "{name}: a default needs an attribute that we may fill");
        }
        assert!(!attribute.replace || attribute.mode.is_configurable(), "{name}: replace without a user");
    }
    for (name, block) in blocks() {
        for (label, nested) in &block.blocks {
            let counted = nested.min_items > 0 || nested.max_items > 0;
            match nested.nesting {
                Nesting::Map => assert!(!counted, "{name}.{label}: a map of blocks is not counted"),
                Nesting::Single => {
                    assert!(nested.min_items <= 1 && nested.min_items == nested.max_items, "{name}.{label}");
                }
                Nesting::List | Nesting::Set => {
                    assert!(nested.max_items == 0 || nested.min_items <= nested.max_items, "{name}.{label}");
                }
            }
            if nested.nesting == Nesting::Set {
                assert!(!nested.block.ty().has_dynamic(), "{name}.{label}: dynamic values in a set of blocks");
            }
        }
    }
}

/// The provider applies its defaults after the environment, so its schema must not have any: see `provider::ARGUMENTS`.
#[test]
fn the_provider_block_has_no_defaults_and_needs_nothing() {
    let of_provider = attributes().filter(|(name, _)| name.starts_with("provider."));
    for (name, attribute) in of_provider {
        assert_eq!(attribute.mode, Mode::Optional, "{name}");
        assert!(attribute.default.is_none(), "{name}");
    }
}

#[test]
fn an_identity_is_flat_text() {
    for item in ITEMS {
        let Some(identity) = item.import.and_then(|import| import.identity).map(|block| block()) else { continue };
        assert!(identity.blocks.is_empty(), "{}", item.name);
        assert!(identity.attributes.values().any(|attribute| attribute.mode == Mode::Required), "{}", item.name);
        for (name, attribute) in &identity.attributes {
            assert_eq!(attribute.ty, Type::String, "{}: {name}", item.name);
            assert!(matches!(attribute.mode, Mode::Required | Mode::Optional), "{}: {name}", item.name);
        }
    }
}

#[test]
fn defaults_fit_their_attributes() {
    for (name, attribute) in attributes() {
        let Some(default) = &attribute.default else { continue };
        assert!(default.is_wholly_known() && !default.is_null(), "{name}");
        let json = json::to_json(default, &attribute.ty).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(json::from_json(&json, &attribute.ty).as_ref(), Ok(default), "{name}");
        if !attribute.one_of.is_empty() {
            let text = default.as_str().unwrap_or_else(|| panic!("{name}: the default is no text"));
            assert!(attribute.one_of.iter().any(|value| value == text), "{name}: {text} is not one of the values");
        }
    }
}

/// The definition that a schema refers to, if it does.
fn resolved<'a>(schema: &'a Json, document: &'a Json) -> &'a Json {
    match schema.get("$ref").and_then(Json::as_str).and_then(|path| path.strip_prefix("#/$defs/")) {
        Some(name) => &document["$defs"][name],
        None => schema,
    }
}

/// The JSON Schema's own view of the texts of an enum.
fn texts(schema: &Json) -> Option<Vec<&str>> {
    match (schema.get("enum"), schema.get("oneOf")) {
        (Some(Json::Array(texts)), _) => texts.iter().map(Json::as_str).collect(),
        (_, Some(Json::Array(variants))) => variants
            .iter()
            .map(|variant| variant.get("const").map_or_else(|| variant["enum"][0].as_str(), Json::as_str))
            .collect(),
        _ => None,
    }
}

/// schemars reads its own attributes for the names of fields and variants; ours read ours. They must say the same.
#[test]
fn json_schema_and_terraform_schema_have_the_same_names() {
    fn compare(name: &str, block: &Block, schema: &Json, document: &Json) {
        let schema = resolved(schema, document);
        let properties = schema["properties"].as_object().unwrap_or_else(|| panic!("{name}: no properties: {schema}"));
        let of_json: BTreeSet<&String> = properties.keys().collect();
        let of_block: BTreeSet<&String> = block.attributes.keys().chain(block.blocks.keys()).collect();
        assert_eq!(of_json, of_block, "{name}");
        for (label, nested) in &block.blocks {
            let property = &properties[label];
            let inner = match nested.nesting {
                Nesting::Single => property,
                Nesting::List | Nesting::Set => &property["items"],
                Nesting::Map => &property["additionalProperties"],
            };
            compare(&format!("{name}.{label}"), &nested.block, inner, document);
        }
    }
    let document = json_schema::document();
    compare("provider", &registry::provider(), &document["properties"]["provider"], &document);
    for item in ITEMS {
        let schema = &document["properties"][item.kind.keyword()]["properties"][item.name];
        compare(item.name, &(item.block)(), schema, &document);
    }
}

#[test]
fn enums_in_objects_are_spelled_as_terraform_spells_them() {
    // Attributes take their texts from the block, so only what is left to schemars can differ: enums inside objects and
    // lists. Texts of ours never look like names of Rust unless Kubernetes itself spells them so.
    let kubernetes: BTreeSet<&str> = ["Prefix", "Exact", "ImplementationSpecific"].into();
    for item in ITEMS {
        let document = json_schema::of_item(item);
        let definitions = document["$defs"].as_object().unwrap_or_else(|| panic!("{}", item.name));
        for (name, definition) in definitions {
            for text in texts(definition).into_iter().flatten() {
                let ours = !text.contains(|one: char| one.is_ascii_uppercase());
                assert!(ours || kubernetes.contains(text), "{} {name}: {text}", item.name);
            }
        }
    }
}

#[test]
fn the_json_schema_refers_to_nothing_that_is_not_there_and_defines_nothing_unused() {
    fn references(schema: &Json, found: &mut BTreeSet<String>) {
        match schema {
            Json::Object(members) => {
                if let Some(Json::String(path)) = members.get("$ref") {
                    found.insert(path.clone());
                }
                members.values().for_each(|member| references(member, found));
            }
            Json::Array(elements) => elements.iter().for_each(|element| references(element, found)),
            _ => {}
        }
    }
    let documents = ITEMS.iter().map(json_schema::of_item).chain([json_schema::document(), json_schema::of_provider()]);
    for document in documents {
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        let definitions = document["$defs"].as_object().unwrap();
        let defined: BTreeSet<String> = definitions.keys().map(|name| format!("#/$defs/{name}")).collect();
        assert_eq!(found, defined);
        let text = serde_json::to_string(&document).unwrap();
        assert_eq!(serde_json::from_str::<Json>(&text).unwrap(), document);
    }
}

#[test]
fn the_json_schema_knows_what_terraform_knows() {
    let document = json_schema::document();
    let ingress = resolved(&document["properties"]["resource"]["properties"]["homelab_ingress"], &document);
    assert_eq!(ingress["additionalProperties"], false);
    let required: BTreeSet<&str> = ingress["required"].as_array().unwrap().iter().filter_map(Json::as_str).collect();
    assert_eq!(required, BTreeSet::from(["name", "namespace"]));
    let auth = &ingress["properties"]["auth"];
    assert_eq!(auth["default"], "required");
    assert_eq!(texts(auth).unwrap(), ["required", "app", "public", "none"]);
    assert_eq!(ingress["properties"]["url"]["readOnly"], true);
    assert_eq!(ingress["properties"]["name"].get("readOnly"), None);
}

#[test]
fn the_terraform_schema_has_terraforms_shape() {
    let document = terraform::document("registry.example.net/example/homelab");
    assert_eq!(document["format_version"], "1.0");
    let provider = &document["provider_schemas"]["registry.example.net/example/homelab"];
    for (part, kind) in [
        ("resource_schemas", Kind::Resource),
        ("data_source_schemas", Kind::DataSource),
        ("ephemeral_resource_schemas", Kind::Ephemeral),
    ] {
        let names: Vec<&String> = provider[part].as_object().unwrap().keys().collect();
        assert_eq!(names, registry::items(kind).map(|item| item.name).collect::<Vec<_>>());
    }
    let ingress = &provider["resource_schemas"]["homelab_ingress"]["block"];
    let name = &ingress["attributes"]["name"];
    assert_eq!((&name["type"], &name["required"], name.get("optional")), (&"string".into(), &true.into(), None));
    let auth = &ingress["attributes"]["auth"];
    assert_eq!(
        (&auth["optional"], &auth["computed"], &auth["description_kind"]),
        (&true.into(), &true.into(), &"markdown".into())
    );
    assert_eq!(ingress["attributes"]["hosts"]["type"], serde_json::json!(["list", "string"]));
    assert_eq!(ingress["block_types"]["carve_out"]["nesting_mode"], "map");
    let store = &provider["resource_schemas"]["homelab_secret_store"]["block"]["block_types"]["vault"];
    assert_eq!(
        (&store["nesting_mode"], &store["min_items"], &store["max_items"]),
        (&"single".into(), &1.into(), &1.into())
    );
    let service = &ingress["block_types"]["service"];
    assert_eq!((&service["nesting_mode"], service.get("min_items")), (&"single".into(), None));
    let identity = &provider["resource_identity_schemas"]["homelab_ingress"]["attributes"];
    assert_eq!(identity["name"]["required_for_import"], true);
    assert_eq!(provider["functions"]["route_priority"]["return_type"], "number");
    let token = &provider["provider"]["block"]["block_types"]["vault"]["block"]["attributes"]["token"];
    assert_eq!(token["sensitive"], true);
}
