//! `## Schema`: arguments and results by who gives them, and a section per nested block or object.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use homelab_cty::{Attribute, Block, Mode, NestedBlock, Nesting, Type, json};
use serde_json::Value as Json;

use super::text::type_name;
use crate::json_schema::definition_name;

const WRITE_ONLY: &str =
    "[Write-only](https://developer.hashicorp.com/terraform/language/resources/ephemeral#write-only-arguments)";

/// Which group of the registry an attribute or block is listed in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Required,
    Optional,
    ReadOnly,
}

impl Group {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Required, "Required"), (Self::Optional, "Optional"), (Self::ReadOnly, "Read-Only")];

    fn of_attribute(attribute: &Attribute) -> Self {
        match attribute.mode {
            Mode::Required => Self::Required,
            Mode::Optional | Mode::OptionalComputed => Self::Optional,
            Mode::Computed => Self::ReadOnly,
        }
    }

    fn of_block(nested: &NestedBlock) -> Self {
        if nested.min_items > 0 { Self::Required } else { Self::Optional }
    }
}

/// Where on the page something is: its anchor (`nestedblock--carve_out--service`) and its path (`carve_out.service`).
#[derive(Clone, Default)]
struct Place {
    anchor: String,
    path: String,
}

impl Place {
    /// The place of something below this one. The outermost step names what it is.
    fn below(&self, kind: &str, name: &str) -> Self {
        if self.path.is_empty() {
            Self { anchor: format!("{kind}--{name}"), path: name.to_owned() }
        } else {
            Self { anchor: format!("{}--{name}", self.anchor), path: format!("{}.{name}", self.path) }
        }
    }
}

/// Something with a section of its own. What the JSON Schema says of it comes along, since the descriptions of the members
/// of objects are in there alone.
enum Content<'a> {
    Block(&'a Block, Option<&'a Json>),
    Object(&'a BTreeMap<String, Type>, Group, Option<&'a Json>),
}

/// The section of a block; `document` is the JSON Schema document of the same type.
pub(super) fn render(block: &Block, document: &Json) -> String {
    let mut writer = Writer { document, text: "## Schema\n".to_owned() };
    let mut open = writer.block(block, Some(document), &Place::default(), "### ", "");
    // Depth first, so that a section stands below the one that leads to it.
    open.reverse();
    while let Some((place, content)) = open.pop() {
        let _ = write!(writer.text, "\n<a id=\"{}\"></a>\n### Nested Schema for `{}`\n", place.anchor, place.path);
        let mut below = match content {
            Content::Block(block, schema) => writer.block(block, schema, &place, "", ":"),
            Content::Object(members, group, schema) => writer.object(members, group, schema, &place),
        };
        below.reverse();
        open.append(&mut below);
    }
    writer.text
}

struct Writer<'a> {
    document: &'a Json,
    text: String,
}

impl<'a> Writer<'a> {
    /// Writes the groups of a block; answers what needs a section of its own.
    fn block(
        &mut self,
        block: &'a Block,
        schema: Option<&'a Json>,
        place: &Place,
        before: &str,
        after: &str,
    ) -> Vec<(Place, Content<'a>)> {
        let mut sections = Vec::new();
        for (group, heading) in Group::ALL {
            let attributes = block.attributes.iter().filter(|(_, value)| Group::of_attribute(value) == group);
            let blocks = block.blocks.iter().filter(|(_, value)| Group::of_block(value) == group);
            let mut lines = BTreeMap::new();
            for (name, attribute) in attributes {
                let mut line = attribute_line(attribute);
                if let Some(members) = object_of(&attribute.ty) {
                    let place = place.below("nestedatt", name);
                    see(&mut line, &place);
                    sections.push((place, Content::Object(members, group, self.property(schema, name))));
                }
                lines.insert(name, line);
            }
            for (name, nested) in blocks {
                let mut line = block_line(nested);
                let place = place.below("nestedblock", name);
                see(&mut line, &place);
                sections.push((place, Content::Block(&nested.block, self.property(schema, name))));
                lines.insert(name, line);
            }
            if !lines.is_empty() {
                let _ = writeln!(self.text, "\n{before}{heading}{after}\n");
                for (name, line) in lines {
                    let _ = writeln!(self.text, "- `{name}` {line}");
                }
            }
        }
        sections
    }

    fn object(
        &mut self,
        members: &'a BTreeMap<String, Type>,
        group: Group,
        schema: Option<&'a Json>,
        place: &Place,
    ) -> Vec<(Place, Content<'a>)> {
        // Whoever writes an object writes all of its members.
        let (group, heading) =
            if group == Group::ReadOnly { (group, "Read-Only") } else { (Group::Required, "Required") };
        let mut sections = Vec::new();
        let _ = writeln!(self.text, "\n{heading}:\n");
        for (name, ty) in members {
            let property = self.property(schema, name);
            let mut line = format!("({})", type_name(ty));
            if let Some(description) = property.and_then(|property| property.get("description")?.as_str()) {
                let _ = write!(line, " {}", indented(&description.replace('\n', " ")));
            }
            if let Some(members) = object_of(ty) {
                let place = place.below("nestedobjatt", name);
                see(&mut line, &place);
                sections.push((place, Content::Object(members, group, property)));
            }
            let _ = writeln!(self.text, "- `{name}` {line}");
        }
        sections
    }

    /// What the JSON Schema says of a member of the object that is, or is inside, `schema`.
    fn property(&self, schema: Option<&'a Json>, name: &str) -> Option<&'a Json> {
        let mut schema = schema?;
        loop {
            if let Some(definition) = definition_name(schema) {
                schema = self.document.get("$defs")?.get(definition)?;
            } else if let Some(properties) = schema.get("properties") {
                return properties.get(name);
            } else {
                schema = schema.get("items").or_else(|| schema.get("additionalProperties"))?;
            }
        }
    }
}

/// The members of the object that a type is, or is a collection of.
fn object_of(ty: &Type) -> Option<&BTreeMap<String, Type>> {
    match ty {
        Type::Object(members) => Some(members),
        Type::List(element) | Type::Set(element) | Type::Map(element) => object_of(element),
        _ => None,
    }
}

fn attribute_line(attribute: &Attribute) -> String {
    let mut line = format!("({}", type_name(&attribute.ty));
    let marks = [
        (attribute.sensitive, "Sensitive"),
        (attribute.deprecated.is_some(), "Deprecated"),
        (attribute.write_only, WRITE_ONLY),
    ];
    for (_, mark) in marks.iter().filter(|(set, _)| *set) {
        let _ = write!(line, ", {mark}");
    }
    let _ = write!(line, ") {}", indented(&attribute.description));
    // What the description says already is not said again.
    let unsaid = |text: &str| !attribute.description.contains(text);
    let values: Vec<String> = attribute.one_of.iter().map(|value| format!("`{value}`")).collect();
    if attribute.mode.is_configurable() && values.iter().any(|value| unsaid(value)) {
        let _ = write!(line, " One of {}.", values.join(", "));
    }
    if attribute.replace && unsaid("eplace") {
        line.push_str(" A change replaces the object.");
    }
    if let Some(default) = attribute.default.as_ref().and_then(|value| json::to_json(value, &attribute.ty).ok())
        && unsaid("efault")
    {
        let default = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
        let _ = write!(line, " Default: `{default}`.");
    }
    if let Some(deprecated) = &attribute.deprecated {
        let _ = write!(line, " Deprecated: {deprecated}");
    }
    line
}

fn block_line(nested: &NestedBlock) -> String {
    let mut line = "(Block".to_owned();
    match nested.nesting {
        Nesting::Single if nested.min_items > 0 => line.push_str(", Required"),
        Nesting::Single => line.push_str(", Optional"),
        Nesting::List => line.push_str(" List"),
        Nesting::Set => line.push_str(" Set"),
        Nesting::Map => line.push_str(" Map"),
    }
    if nested.nesting != Nesting::Single {
        for (name, items) in [("Min", nested.min_items), ("Max", nested.max_items)] {
            if items > 0 {
                let _ = write!(line, ", {name}: {items}");
            }
        }
    }
    if nested.block.deprecated.is_some() {
        line.push_str(", Deprecated");
    }
    let _ = write!(line, ") {}", indented(&nested.block.description));
    if let Some(deprecated) = &nested.block.deprecated {
        let _ = write!(line, " Deprecated: {deprecated}");
    }
    line
}

fn see(line: &mut String, place: &Place) {
    let _ = write!(line, " (see [below for nested schema](#{}))", place.anchor);
}

/// A description as part of an item of a list: further paragraphs belong to the item.
fn indented(description: &str) -> String {
    description.replace("\n\n", "\n\n  ").replace("\n- ", "\n  - ")
}
