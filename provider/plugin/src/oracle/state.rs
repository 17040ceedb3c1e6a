//! Objects that are kept: what every answer but a plan must be.

use homelab_cty::{Block, Nesting, Path, Value};

use super::rules::{IDENTITY, IDENTITY_KEPT, KNOWN, PRESENT, READ_BLOCK_NULL, TYPE, WRITE_ONLY};
use super::{Found, Violation, bare, elements, member, members};

/// Judges what a read found; null means that the object is gone.
pub fn check_read(schema: &Block, value: &Value) -> Vec<Violation> {
    kept(schema, value, true)
}

/// Judges an imported object, before it is read.
pub fn check_import(schema: &Block, value: &Value) -> Vec<Violation> {
    kept(schema, value, false)
}

/// Judges an object taken over from another resource type.
pub fn check_move(schema: &Block, value: &Value) -> Vec<Violation> {
    kept(schema, value, false)
}

/// Judges a stored object brought to the present version.
pub fn check_upgrade(schema: &Block, value: &Value) -> Vec<Violation> {
    kept(schema, value, false)
}

/// Judges what a data source or an ephemeral resource answers.
pub fn check_data(schema: &Block, value: &Value) -> Vec<Violation> {
    kept(schema, value, false)
}

/// Judges an identity beside a kept object.
pub fn check_identity(schema: &Block, value: &Value) -> Vec<Violation> {
    let mut found = Found::new();
    if conforms(&mut found, schema, value) {
        if members(value).all(|(_, member)| member.is_null()) {
            found.add(&IDENTITY, &Path::root(), "is an identity that names nothing");
        }
        known(&mut found, value);
    }
    found.violations
}

/// Judges an identity against the one before. One that was null in part may be completed.
pub fn check_identity_kept(before: &Value, after: &Value) -> Vec<Violation> {
    let mut found = Found::new();
    for (name, before) in members(before) {
        if !before.is_null() && before != member(after, name) {
            found.add(&IDENTITY_KEPT, &Path::attr(name), "changed");
        }
    }
    found.violations
}

fn kept(schema: &Block, value: &Value, may_be_null: bool) -> Vec<Violation> {
    let mut found = Found::new();
    if !conforms(&mut found, schema, value) {
        return found.violations;
    }
    if value.is_null() {
        if !may_be_null {
            found.add(&PRESENT, &Path::root(), "is null");
        }
        return found.violations;
    }
    known(&mut found, value);
    write_only(&mut found, schema, value, &Path::root());
    null_blocks(&mut found, schema, value, &Path::root());
    found.violations
}

/// Whether `value` is of the schema's type.
pub(super) fn conforms(found: &mut Found, schema: &Block, value: &Value) -> bool {
    match value.conforms_to(schema) {
        Ok(()) => true,
        Err(error) => {
            found.add(&TYPE, &error.path, error.message);
            false
        }
    }
}

/// Finds everything unknown.
pub(super) fn known(found: &mut Found, value: &Value) {
    for path in value.unknown_paths() {
        found.add(&KNOWN, &path, "is unknown");
    }
}

/// Finds write-only attributes with a value.
pub(super) fn write_only(found: &mut Found, schema: &Block, value: &Value, path: &Path) {
    if value.is_null() || value.is_unknown() {
        return;
    }
    for (name, attribute) in &schema.attributes {
        if attribute.write_only && !member(value, name).is_null() {
            found.add(&WRITE_ONLY, &path.then_attr(name), "is write-only and not null");
        }
    }
    each_block(schema, value, path, &mut |schema, value, path| write_only(found, schema, value, path));
}

fn null_blocks(found: &mut Found, schema: &Block, value: &Value, path: &Path) {
    for (name, nested) in &schema.blocks {
        if nested.nesting != Nesting::Single && member(value, name).is_null() {
            found.add(&READ_BLOCK_NULL, &path.then_attr(name), "is null");
        }
    }
    each_block(schema, value, path, &mut |schema, value, path| null_blocks(found, schema, value, path));
}

/// Calls `visit` for every nested block that is there.
fn each_block(schema: &Block, value: &Value, path: &Path, visit: &mut dyn FnMut(&Block, &Value, &Path)) {
    for (name, nested) in &schema.blocks {
        let (blocks, path) = (member(value, name), path.then_attr(name));
        match nested.nesting {
            Nesting::Single if bare(blocks).as_map().is_some() => visit(&nested.block, blocks, &path),
            Nesting::Single => {}
            Nesting::List | Nesting::Set => {
                for (index, block) in elements(blocks).iter().enumerate() {
                    visit(&nested.block, block, &path.then_index(index));
                }
            }
            Nesting::Map => {
                for (label, block) in members(blocks) {
                    visit(&nested.block, block, &path.then_key(label));
                }
            }
        }
    }
}
