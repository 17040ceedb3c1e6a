//! A registered managed resource: its author, and what the server derives from its schema, once.

use std::sync::OnceLock;

use homelab_cty::{Block, Path, Schema, Type, Value};

use super::erased::DynResource;
use super::judge::judge;
use crate::{Diagnostics, Private, oracle};

/// A managed resource and what was derived from it.
pub(super) struct Managed {
    pub(super) author: Box<dyn DynResource>,
    derived: OnceLock<Derived>,
}

/// What follows from a schema. Derived at the first call that needs it: most processes need few of them.
pub(super) struct Derived {
    pub(super) schema: Schema,
    pub(super) ty: Type,
    /// Without attributes where the resource has no identity.
    pub(super) identity: Block,
    pub(super) identity_ty: Type,
}

impl Managed {
    pub(super) fn new(author: Box<dyn DynResource>) -> Self {
        Self { author, derived: OnceLock::new() }
    }

    pub(super) fn derived(&self) -> &Derived {
        self.derived.get_or_init(|| {
            let schema = self.author.schema();
            let identity = self.author.identity_block();
            Derived { ty: schema.block.ty(), identity_ty: identity.ty(), schema, identity }
        })
    }

    pub(super) fn block(&self) -> &Block {
        &self.derived().schema.block
    }

    /// The identity of an object with this state: `None` where the resource has none, or where the state does not say
    /// it yet. An identity of nulls must never be stored: clients take a later, true one for a change of identity.
    pub(super) fn identity(&self, state: &Value, diagnostics: &mut Diagnostics) -> Option<Value> {
        let block = &self.derived().identity;
        if block.attributes.is_empty() || state.is_null() {
            return None;
        }
        match self.author.identity(state) {
            Ok(identity) if is_complete(block, &identity) => {
                judge(diagnostics, || oracle::check_identity(block, &identity));
                Some(identity)
            }
            Ok(_) => None,
            Err(error) => {
                diagnostics.push(error.into());
                None
            }
        }
    }
}

/// Whether an identity names an object: wholly known, with every required part.
pub(super) fn is_complete(block: &Block, identity: &Value) -> bool {
    identity.as_map().is_some_and(|members| members.values().any(|member| !member.is_null()))
        && identity.is_wholly_known()
        && block
            .attributes
            .iter()
            .all(|(name, attribute)| attribute.mode != homelab_cty::Mode::Required || !identity.member(name).is_null())
}

/// What the server notes in the private of a destroy plan, beside the author's notes.
///
/// Core plans the destroy half of a replacement with the create half: its private is that of the create plan. So a delete
/// without this mark belongs to a replacement, which nothing else tells.
const DESTROY: &str = "$destroy";

/// A resource's notes from the wire, without the server's own.
pub(super) fn notes(bytes: &[u8]) -> Private {
    let mut notes = Private::from_bytes(bytes);
    notes.remove(DESTROY);
    notes
}

/// The bytes of `after`: the very bytes that came in, where the notes are still the same.
pub(super) fn note_bytes(came_in: &[u8], after: &Private) -> Vec<u8> {
    let before = Private::from_bytes(came_in);
    if before == *after { came_in.to_vec() } else { after.to_bytes() }
}

/// The bytes of a destroy plan.
pub(super) fn destroy_bytes(mut notes: Private) -> Vec<u8> {
    notes.set(DESTROY, &true);
    notes.to_bytes()
}

/// Whether these are the bytes of a destroy plan.
pub(super) fn is_destroy(bytes: &[u8]) -> bool {
    Private::from_bytes(bytes).get::<bool>(DESTROY).unwrap_or(false)
}

/// Reports what only a wrong provider can cause.
pub(super) fn bug(diagnostics: &mut Diagnostics, path: Path, what: impl std::fmt::Display) {
    diagnostics.error(path, "Bug in the provider", format!("{what} Please report this to the provider's developers."));
}
