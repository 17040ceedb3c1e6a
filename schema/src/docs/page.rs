//! Pages of the provider block and of its resources.

use std::fmt::Write as _;

use super::text::{code, front_matter};
use super::{import, schema};
use crate::json_schema;
use crate::registry::{self, Item, PROVIDER};

/// `index.md`.
pub(super) fn provider(example: &dyn Fn(&str) -> Option<String>) -> String {
    let block = registry::provider();
    let mut text = front_matter(&format!("{PROVIDER} Provider"), None, &block.description);
    let _ = write!(text, "\n# {PROVIDER} Provider\n\n{}\n", block.description);
    usage(&mut text, example(registry::PROVIDER_EXAMPLE));
    let _ = write!(text, "\n{}", schema::render(&block, &json_schema::of_provider()));
    text
}

/// The page of a resource, data source or ephemeral resource.
pub(super) fn item(item: &Item, example: &dyn Fn(&str) -> Option<String>) -> String {
    let block = (item.block)();
    let title = item.kind.title();
    let mut text =
        front_matter(&format!("{} {title} - {PROVIDER}", item.name), Some(item.subcategory), &block.description);
    let _ = write!(text, "\n# {} ({title})\n\n{}\n", item.name, block.description);
    if let Some(deprecated) = &block.deprecated {
        let _ = write!(text, "\n~> **Deprecated** {deprecated}\n");
    }
    usage(&mut text, example(&item.example()));
    let _ = write!(text, "\n{}", schema::render(&block, &json_schema::of_item(item)));
    if let Some(how) = &item.import {
        import::write(&mut text, item, how, example);
    }
    text
}

/// `## Example Usage`, where there is an example.
pub(super) fn usage(text: &mut String, example: Option<String>) {
    if let Some(example) = example {
        let _ = write!(text, "\n## Example Usage\n\n{}\n", code("terraform", &example));
    }
}
