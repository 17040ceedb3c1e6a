//! Writing to the store, and taking back.

use homelab_backends::vault::KvValues;
use homelab_core::finding::{Finding, secret as codes};
use homelab_core::kv::address::Address;
use homelab_cty::Path;
use homelab_plugin::{Context, Diagnostics, State};
use homelab_schema::Sensitive;
use homelab_schema::kv_key::KvKey as Declared;

use super::{KvKey, id_of, told, written};
use crate::Phase;
use crate::findings::Findings;

impl KvKey {
    /// Gives the key the declared value; `None` with an error.
    pub(super) async fn write(
        &self,
        cx: &Context,
        address: &Address,
        config: &Declared,
        planned: &Declared,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        let value = value(config, diagnostics)?;
        let vault = self.reach(diagnostics)?;
        if cx.cancelled.is_cancelled() {
            told::stopped("the key was written", diagnostics);
            return None;
        }
        self.runtime.claims().note_write();
        // Not raced against a stop: whether a write that was begun was done has to be known.
        match vault.merge_kv_key(&address.mount, &address.path, &address.key, value).await {
            Ok(_) => Some(written(planned, address)),
            Err(error) => {
                told::failed(&error, told::attribute(&error.cause), diagnostics);
                None
            }
        }
    }

    /// Takes over an imported key as it is; `None` with an error.
    pub(super) async fn compare(
        &self,
        cx: &Context,
        address: &Address,
        config: &Declared,
        planned: &Declared,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Declared>> {
        let value = value(config, diagnostics)?;
        let vault = self.reach(diagnostics)?;
        let read = tokio::select! {
            () = cx.cancelled.cancelled() => {
                told::stopped("the key was looked at", diagnostics);
                return None;
            }
            read = vault.read_kv_values(&address.mount, &address.path, None) => read,
        };
        let is_same = match read {
            Ok(KvValues::Document(document)) => document.holds(&address.key, value),
            Ok(_) => false,
            Err(error) => {
                told::failed(&error, Path::root(), diagnostics);
                return None;
            }
        };
        if !is_same {
            let observed =
                format!("{address} does not have the value of `value_wo`. It was imported, so nothing was written.");
            diagnostics.finding(
                &Finding::new(codes::KV_DIFFERS, address.to_string(), observed).at(Path::attr("value_wo_version")),
            );
        }
        Some(written(planned, address))
    }

    /// Removes the key; false with an error.
    pub(super) async fn remove(&self, cx: &Context, address: &Address, diagnostics: &mut Diagnostics) -> bool {
        let (claims, id) = (self.runtime.claims(), id_of(address));
        if claims.claim(Phase::Create, &id, &self.owner(address)).is_err() {
            // Made by this very run: what is destroyed here is what a replacement left behind, or a resource of another name.
            return true;
        }
        let removed = self.take_back(cx, address, diagnostics).await;
        claims.release(&id);
        removed
    }

    async fn take_back(&self, cx: &Context, address: &Address, diagnostics: &mut Diagnostics) -> bool {
        let Some(vault) = self.reach(diagnostics) else { return false };
        if cx.cancelled.is_cancelled() {
            told::stopped("the key was removed", diagnostics);
            return false;
        }
        self.runtime.claims().note_write();
        match vault.remove_kv_key(&address.mount, &address.path, &address.key).await {
            Ok(_) => true,
            Err(error) => {
                told::failed(&error, Path::root(), diagnostics);
                false
            }
        }
    }
}

fn value<'a>(config: &'a Declared, diagnostics: &mut Diagnostics) -> Option<&'a Sensitive<String>> {
    let value = config.value_wo.known();
    if value.is_none() {
        let detail = "The value is not there in apply. It is write-only: its source has to have a value then.";
        diagnostics.error(Path::attr("value_wo"), "No value to write", detail);
    }
    value
}
