//! The registry's pages, from the declared model and the examples.
//!
//! # Forces
//!
//! The registry shows Markdown of a fixed layout (front matter, `## Example Usage`, `## Schema` with its headings and anchors,
//! `## Import`), and `tfplugindocs` writes that layout from a running provider. We write it ourselves, from the types: the
//! running provider no longer knows defaults, allowed values, what replaces, or the members of objects, and readers need
//! those most. Layout and headings stay the registry's, and `tfplugindocs validate` is the judge.
//!
//! Guides and other hand-written pages stand beside these in the same folder and are not touched.

mod folder;
mod function;
mod import;
mod page;
mod schema;
mod text;

pub use folder::{DocsError, Stale, check, write};
pub use text::{plain, summary};

use crate::registry::{self, Item, Kind};

/// One page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Path below the folder of documentation, with `/`: `resources/ingress.md`.
    pub path: String,
    /// Its text, which ends with a line break.
    pub text: String,
}

/// Every generated page, in a fixed order. `example` gives the text of an example by its path below the folder of examples
/// (see [`Item::example`], [`registry::PROVIDER_EXAMPLE`], [`registry::function_example`]); a page without one has no example.
pub fn pages(example: &dyn Fn(&str) -> Option<String>) -> Vec<Page> {
    let mut pages = vec![Page { path: "index.md".to_owned(), text: page::provider(example) }];
    for kind in Kind::ALL {
        pages.extend(registry::items(kind).map(|item| Page { path: path(item), text: page::item(item, example) }));
    }
    pages.extend(registry::functions().iter().map(|function| Page {
        path: format!("functions/{}.md", function.name),
        text: function::page(function, example(&registry::function_example(function.name))),
    }));
    pages
}

/// Path of an item's page below the folder of documentation.
pub fn path(item: &Item) -> String {
    format!("{}/{}.md", item.kind.folder(), item.short_name())
}

#[cfg(test)]
mod tests;
