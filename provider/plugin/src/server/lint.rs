//! What core refuses in a schema, found before core does.
//!
//! Core checks every schema when it loads the provider and then refuses the whole provider; some of it (a reserved name)
//! it only meets in a user's configuration. Debug builds and tests run this at the first `GetProviderSchema`.

use homelab_cty::{Attribute, Block, Mode, Nesting, Path};

use crate::Diagnostics;

/// Meta-arguments of `resource`, `data` and `ephemeral`: an attribute of that name could never be written.
const OF_RESOURCES: &[&str] =
    &["connection", "count", "depends_on", "for_each", "lifecycle", "locals", "provider", "provisioner"];
/// Meta-arguments of `provider`.
const OF_PROVIDERS: &[&str] = &["alias", "version", "count", "for_each", "depends_on", "source", "locals", "lifecycle"];

/// Whose schema it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Provider,
    Resource,
    DataSource,
    Ephemeral,
}

/// Where in a schema we are.
#[derive(Clone, Copy)]
struct Place {
    kind: Kind,
    /// Inside a set of blocks.
    in_set: bool,
    /// Inside any collection of blocks.
    in_collection: bool,
}

/// Reports every fault of the schema of `owner`.
pub(super) fn schema(owner: &str, kind: Kind, block: &Block, diagnostics: &mut Diagnostics) {
    let mut faults = Faults { owner, diagnostics };
    let reserved = if kind == Kind::Provider { OF_PROVIDERS } else { OF_RESOURCES };
    for name in block.attributes.keys().chain(block.blocks.keys()) {
        if reserved.contains(&name.as_str()) {
            faults.add(&Path::attr(name), "is a name that Terraform keeps for itself");
        }
    }
    walk(block, Place { kind, in_set: false, in_collection: false }, &Path::root(), &mut faults);
}

/// Reports every fault of the identity of `owner`.
pub(super) fn identity(owner: &str, block: &Block, diagnostics: &mut Diagnostics) {
    let mut faults = Faults { owner, diagnostics };
    for (name, attribute) in &block.attributes {
        let path = Path::attr(name);
        name_is_legal(name, &path, &mut faults);
        if attribute.ty.has_dynamic() || attribute.mode.is_computed() {
            faults.add(&path, "of the identity must be required or optional, and of a definite type");
        }
    }
    for name in block.blocks.keys() {
        faults.add(&Path::attr(name), "is a block, and an identity is flat");
    }
}

struct Faults<'a> {
    owner: &'a str,
    diagnostics: &'a mut Diagnostics,
}

impl Faults<'_> {
    fn add(&mut self, path: &Path, what: &str) {
        super::managed::bug(self.diagnostics, Path::root(), format!("{path} of the schema of {} {what}.", self.owner));
    }
}

fn walk(block: &Block, place: Place, path: &Path, faults: &mut Faults<'_>) {
    for (name, attribute) in &block.attributes {
        let path = path.then_attr(name);
        name_is_legal(name, &path, faults);
        if block.blocks.contains_key(name) {
            faults.add(&path, "is both an attribute and a block");
        }
        attribute_is_legal(attribute, place, &path, faults);
    }
    for (name, nested) in &block.blocks {
        let path = path.then_attr(name);
        name_is_legal(name, &path, faults);
        if nested.nesting == Nesting::Single && (nested.min_items > 1 || nested.max_items > 1) {
            faults.add(&path, "is a single block with a limit above one");
        }
        if nested.nesting == Nesting::Map && (nested.min_items, nested.max_items) != (0, 0) {
            faults.add(&path, "is a map of blocks with a limit, which the protocol does not have");
        }
        if nested.max_items != 0 && nested.min_items > nested.max_items {
            faults.add(&path, "has a lower limit above its upper one");
        }
        let in_set = place.in_set || nested.nesting == Nesting::Set;
        let in_collection = place.in_collection || nested.nesting != Nesting::Single;
        walk(&nested.block, Place { in_set, in_collection, ..place }, &path, faults);
    }
}

fn attribute_is_legal(attribute: &Attribute, place: Place, path: &Path, faults: &mut Faults<'_>) {
    let computed = attribute.mode.is_computed();
    if attribute.default.is_some() && attribute.mode != Mode::OptionalComputed {
        faults.add(path, "has a default, which needs an optional and computed attribute");
    }
    if computed && place.kind == Kind::Provider && attribute.default.is_none() {
        faults.add(path, "is computed, which a provider block cannot be");
    }
    if attribute.ty.has_dynamic() && place.in_collection {
        faults.add(path, "is of any type inside a repeated block");
    }
    if !attribute.write_only {
        return;
    }
    if place.kind != Kind::Resource {
        faults.add(path, "is write-only, which only a managed resource has");
    }
    if place.in_set {
        faults.add(path, "is write-only inside a set");
    }
    if computed || attribute.replace || attribute.same.is_some() {
        faults.add(path, "is write-only, and then neither computed, nor a cause to replace, nor comparable");
    }
}

fn name_is_legal(name: &str, path: &Path, faults: &mut Faults<'_>) {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    // Core allows a leading digit, but nobody could write it in a configuration.
    if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) || !name.bytes().all(legal) {
        faults.add(path, "is no name: only a-z, 0-9 and _ are, and no digit first");
    }
}

#[cfg(test)]
mod tests {
    use homelab_cty::{NestedBlock, Type};

    use super::*;

    fn faults(kind: Kind, block: &Block) -> Vec<String> {
        let mut diagnostics = Diagnostics::new();
        schema("thing", kind, block, &mut diagnostics);
        diagnostics.iter().map(|diagnostic| diagnostic.detail.clone()).collect()
    }

    fn with(name: &str, change: impl FnOnce(&mut Attribute)) -> Block {
        let mut attribute = Attribute::new(Type::String, Mode::Optional);
        change(&mut attribute);
        let mut block = Block::default();
        block.attributes.insert(name.to_owned(), attribute);
        block
    }

    fn inside(nesting: Nesting, block: Block) -> Block {
        let mut outer = Block::default();
        outer.blocks.insert("rule".into(), NestedBlock { nesting, block, min_items: 0, max_items: 0 });
        outer
    }

    #[track_caller]
    fn refused(kind: Kind, block: &Block, expected: &str) {
        let faults = faults(kind, block);
        assert!(faults.len() == 1 && faults[0].contains(expected), "{faults:?}");
    }

    #[test]
    fn what_core_accepts_is_accepted() {
        assert_eq!(faults(Kind::Resource, &with("name_2", |_| {})), [""; 0]);
        assert_eq!(faults(Kind::Resource, &with("secret_wo", |attribute| attribute.write_only = true)), [""; 0]);
        assert_eq!(faults(Kind::Resource, &inside(Nesting::Single, with("any", |it| it.ty = Type::Dynamic))), [""; 0]);
        assert_eq!(faults(Kind::Resource, &inside(Nesting::Map, with("count", |_| {}))), [""; 0]);
        assert_eq!(faults(Kind::Provider, &with("provider", |_| {})), [""; 0]);
    }

    #[test]
    fn what_core_refuses_is_refused() {
        for name in ["Name", "a-b", "", "1a", "ä"] {
            refused(Kind::Resource, &with(name, |_| {}), "is no name");
        }
        for name in OF_RESOURCES {
            refused(Kind::Resource, &with(name, |_| {}), "keeps for itself");
            refused(Kind::DataSource, &with(name, |_| {}), "keeps for itself");
        }
        refused(Kind::Provider, &with("alias", |_| {}), "keeps for itself");
        refused(Kind::Provider, &with("id", |it| it.mode = Mode::Computed), "cannot be");
        refused(Kind::Resource, &with("a", |it| it.default = Some("x".into())), "needs an optional and computed");
        refused(Kind::DataSource, &with("a", |it| it.write_only = true), "only a managed resource");
        refused(Kind::Resource, &inside(Nesting::Set, with("a", |it| it.write_only = true)), "inside a set");
        refused(Kind::Resource, &inside(Nesting::Set, with("a", |it| it.ty = Type::Dynamic)), "inside a repeated");
        let computed = |it: &mut Attribute| {
            it.mode = Mode::OptionalComputed;
            it.write_only = true;
        };
        refused(Kind::Resource, &with("a", computed), "neither computed");
    }

    #[test]
    fn limits_and_double_names_are_refused() {
        let mut block = inside(Nesting::Map, Block::default());
        block.blocks.get_mut("rule").unwrap().min_items = 1;
        refused(Kind::Resource, &block, "does not have");
        let mut block = inside(Nesting::List, Block::default());
        block.blocks.get_mut("rule").unwrap().min_items = 3;
        block.blocks.get_mut("rule").unwrap().max_items = 2;
        refused(Kind::Resource, &block, "above its upper");
        let mut block = inside(Nesting::List, Block::default());
        block.attributes.insert("rule".into(), Attribute::new(Type::String, Mode::Optional));
        refused(Kind::Resource, &block, "both");
    }

    #[test]
    fn an_identity_is_flat_and_definite() {
        let mut diagnostics = Diagnostics::new();
        identity("thing", &with("name", |_| {}), &mut diagnostics);
        assert!(diagnostics.is_empty());
        identity("thing", &with("name", |it| it.mode = Mode::Computed), &mut diagnostics);
        identity("thing", &inside(Nesting::Single, Block::default()), &mut diagnostics);
        assert_eq!(diagnostics.iter().count(), 2);
    }
}
