//! `## Import`: by identity, by id, and by the command.

use std::fmt::Write as _;

use homelab_cty::{Block, Mode};

use super::text::{code, type_name};
use crate::registry::{Import, Item};

const BLOCK: &str =
    "the [`import` block](https://developer.hashicorp.com/terraform/language/import) can be used with the";

/// Writes the section. What has no example of its own is shown from the shape of the id.
pub(super) fn write(text: &mut String, item: &Item, import: &Import, example: &dyn Fn(&str) -> Option<String>) {
    let shown =
        |file: &str, otherwise: &dyn Fn() -> String| example(&item.example_file(file)).unwrap_or_else(otherwise);
    let _ = writeln!(text, "\n## Import\n\nImport is supported using the following syntax:");
    if let Some(identity) = import.identity.map(|block| block()) {
        let by_identity = shown("import-by-identity.tf", &|| identity_block(item, &identity));
        let _ = write!(
            text,
            "\nIn Terraform v1.12.0 and later, {BLOCK} `identity` attribute, for example:\n\n{}\n",
            code("terraform", &by_identity)
        );
        identity_schema(text, &identity);
    }
    let id = import.id;
    let by_id =
        shown("import-by-string-id.tf", &|| format!("import {{\n  to = {}.example\n  id = \"{id}\"\n}}", item.name));
    let by_command = shown("import.sh", &|| format!("terraform import {}.example '{id}'", item.name));
    let _ = write!(
        text,
        "\nIn Terraform v1.5.0 and later, {BLOCK} `id` attribute, which is `{id}`, for example:\n\n{}\n\n\
         The [`terraform import` command](https://developer.hashicorp.com/terraform/cli/commands/import) can be used, for \
         example:\n\n{}\n",
        code("terraform", &by_id),
        code("shell", &by_command)
    );
}

fn identity_block(item: &Item, identity: &Block) -> String {
    let mut text = format!("import {{\n  to = {}.example\n  identity = {{\n", item.name);
    let names: Vec<&String> =
        identity.attributes.iter().filter(|(_, value)| value.mode == Mode::Required).map(|(name, _)| name).collect();
    // Aligned as `terraform fmt` would.
    let width = names.iter().map(|name| name.len()).max().unwrap_or_default();
    for name in names {
        let _ = writeln!(text, "    {name:width$} = \"<{name}>\"");
    }
    text.push_str("  }\n}");
    text
}

fn identity_schema(text: &mut String, identity: &Block) {
    text.push_str("\n### Identity Schema\n");
    for (heading, mode) in [("Required", Mode::Required), ("Optional", Mode::Optional)] {
        let mut members = identity.attributes.iter().filter(|(_, attribute)| attribute.mode == mode).peekable();
        if members.peek().is_some() {
            let _ = writeln!(text, "\n#### {heading}\n");
        }
        for (name, attribute) in members {
            let _ = writeln!(text, "- `{name}` ({}) {}", type_name(&attribute.ty), attribute.description);
        }
    }
}
