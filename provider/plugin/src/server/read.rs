//! `ReadResource`.
//!
//! What is not changed in meaning is answered as it came, private to the byte: a refresh-only plan takes every other
//! value, and every other byte of private, for a change made outside of Terraform.

use homelab_cty::{Path, Value};

use super::filled::respelled;
use super::judge::judge;
use super::managed::{self, Managed, bug};
use super::walk;
use crate::{Context, Diagnostics, Read, ReadRequest, oracle};

/// What core asks.
pub(super) struct ReadCall<'a> {
    pub(super) state: &'a Value,
    pub(super) private: &'a [u8],
    pub(super) identity: Option<Value>,
}

/// What core gets.
#[derive(Debug)]
pub(super) enum ReadAnswer {
    /// State as it came, private to the byte, and the identity.
    Unchanged(Option<Value>),
    /// The object is gone.
    Gone,
    /// This, with private and identity. The state is `None` where only the private changed.
    Changed(Option<Value>, Vec<u8>, Option<Value>),
}

impl Managed {
    /// Compares the state with the world.
    pub(super) async fn read(&self, cx: &Context, call: ReadCall<'_>, diagnostics: &mut Diagnostics) -> ReadAnswer {
        let block = self.block();
        let private = managed::notes(call.private);
        let request = ReadRequest { state: call.state, private: &private };
        let found = match self.author.read(cx, request, diagnostics).await {
            _ if diagnostics.has_errors() => return ReadAnswer::Unchanged(call.identity),
            Read::Gone => return ReadAnswer::Gone,
            Read::Unchanged => return ReadAnswer::Unchanged(self.identity_after(&call, call.state, diagnostics)),
            Read::State(found) => found,
        };
        let state = respelled(block, &walk::without_write_only(block, &found.model), call.state);
        for path in walk::unknown(block, &state) {
            let what = format!("{path} is unknown in what was read.");
            bug(diagnostics, path, what);
        }
        judge(diagnostics, || oracle::check_read(block, &state));
        let identity = self.identity_after(&call, &state, diagnostics);
        if diagnostics.has_errors() {
            return ReadAnswer::Unchanged(identity);
        }
        let private = managed::note_bytes(call.private, &found.private);
        let state = (state != *call.state).then_some(state);
        if state.is_none() && private == call.private {
            ReadAnswer::Unchanged(identity)
        } else {
            ReadAnswer::Changed(state, private, identity)
        }
    }

    /// The identity after a read: the stored one, which can never change, or, where an older state has none, the one that
    /// the object has.
    fn identity_after(&self, call: &ReadCall<'_>, state: &Value, diagnostics: &mut Diagnostics) -> Option<Value> {
        let found = self.identity(state, diagnostics);
        let stored = call.identity.clone().filter(|identity| managed::is_complete(&self.derived().identity, identity));
        let (Some(stored), Some(found)) = (&stored, &found) else {
            return stored.or(found);
        };
        if stored != found {
            let what = "The read found an object of another identity than the one in state.";
            bug(diagnostics, Path::root(), what);
        }
        Some(stored.clone())
    }
}
