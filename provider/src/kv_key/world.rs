//! Looking at the store: for a plan, a refresh, an import.

use std::sync::Arc;

use homelab_backends::vault::{KvKeys, MountKind, Vault, VaultCause, VaultError};
use homelab_core::finding::{Finding, Severity, secret as codes};
use homelab_core::kv::address::{self, Address};
use homelab_core::kv::checks;
use homelab_cty::{Attr, Path};
use homelab_plugin::{Context, Diagnostics, Private, Read, State};
use homelab_schema::kv_key::KvKey as Declared;

use super::{KvKey, id_of, notes, told};
use crate::Report;
use crate::findings::{Findings, Planning};

impl KvKey {
    /// Notes that the key is declared, and refuses it where another resource of the run declares it too.
    pub(super) fn claim(&self, address: &Address, is_create: bool, is_new: bool, diagnostics: &mut Diagnostics) {
        let (claims, id, owner) = (self.runtime.claims(), id_of(address), self.owner(address));
        claims.plan_key(&address.mount, &address.path, &address.key);
        let claimed = match (is_create, is_new) {
            (true, true) => claims.claim_new(&id, &owner),
            (true, false) => claims.claim(crate::Phase::Plan, &id, &owner),
            (false, _) => claims.keep(&id, &owner),
        };
        if let Err(first) = claimed {
            diagnostics.claimed_twice(Path::attr("key"), &id, &first, &owner);
        }
    }

    /// The store, or the error.
    pub(super) fn reach(&self, diagnostics: &mut Diagnostics) -> Option<Arc<Vault>> {
        let reached = self.runtime.vault();
        reached.map_err(|error| diagnostics.object_error(Path::root(), &error)).ok()
    }

    /// Looks at what a create will meet. Engine and document may be made in the same run.
    pub(super) async fn look(&self, cx: &Context, address: &Address, is_new: bool, diagnostics: &mut Diagnostics) {
        let vault = match self.runtime.vault() {
            Ok(vault) => vault,
            Err(error) => return diagnostics.not_checked(Path::root(), "the document in the store", &error),
        };
        let looked = tokio::select! {
            () = cx.cancelled.cancelled() => return,
            looked = keys(&vault, address) => looked,
        };
        let level = self.runtime.checks().references.into_known();
        let Some(missing) = Planning::Create.severity(level) else { return };
        let finding = match looked {
            Ok(KvKeys::Keys(keys)) if is_new && keys.contains(&address.key) => {
                let observed =
                    format!("{address} has a value. Whether it is the declared one shows when it is applied.");
                Finding::new(codes::KV_TAKEN_OVER, address.to_string(), observed).at(Path::attr("key"))
            }
            Ok(KvKeys::Deleted) => {
                let document = format!("{}/{}", address.mount, address.path);
                let observed =
                    format!("The newest version of {document} was deleted, and may be restored with all of its keys.");
                let finding = Finding::new(codes::KV_DELETED, document, observed).severity(missing);
                finding.expected("While it is so, an apply will refuse to write on top of it.").at(Path::attr("path"))
            }
            Ok(KvKeys::Keys(_) | KvKeys::Absent | KvKeys::Destroyed) => return,
            Err(error) if error.is_blind() => {
                return told::not_checked("the document in the store", &error, Path::root(), diagnostics);
            }
            Err(error) if matches!(error.cause, VaultCause::NoMount { .. }) && missing == Severity::Warning => {
                let observed = format!("{}.", error.cause);
                let finding = Finding::new(codes::KV_NO_ENGINE, &address.mount, observed).severity(missing);
                finding
                    .expected("If no other resource of this run mounts one, the apply will fail.")
                    .at(Path::attr("mount"))
            }
            Err(error) => return told::failed(&error, told::attribute(&error.cause), diagnostics),
        };
        diagnostics.finding(&finding);
    }

    /// Compares the state with the store: whether the key is there, and nothing else.
    pub(super) async fn refresh(
        &self,
        cx: &Context,
        state: &Declared,
        private: &Private,
        diagnostics: &mut Diagnostics,
    ) -> Read<Declared> {
        let Some(address) = checks::address(state) else { return Read::Unchanged };
        let Some(vault) = self.reach(diagnostics) else { return Read::Unchanged };
        let looked = tokio::select! {
            () = cx.cancelled.cancelled() => {
                told::stopped("the key was looked at", diagnostics);
                return Read::Unchanged;
            }
            looked = keys(&vault, &address) => looked,
        };
        match looked {
            Ok(KvKeys::Keys(keys)) if keys.contains(&address.key) => {}
            // Also where the newest version was deleted: the create that is planned then is refused, with the way to restore it.
            Ok(KvKeys::Keys(_) | KvKeys::Absent | KvKeys::Deleted | KvKeys::Destroyed) => return Read::Gone,
            Err(error) => {
                told::failed(&error, Path::root(), diagnostics);
                return Read::Unchanged;
            }
        }
        let handle = Attr::Known(address.to_string());
        if state.handle == handle && *private == notes(&address) {
            return Read::Unchanged;
        }
        Read::State(State { model: Declared { handle, ..state.clone() }, private: notes(&address) })
    }

    /// The address that an import id stands for: the store says where its engine ends.
    pub(super) async fn resolve(&self, id: &str, diagnostics: &mut Diagnostics) -> Option<Address> {
        let Ok((document, key)) = address::parse(id) else {
            told::no_address(id, diagnostics);
            return None;
        };
        let vault = self.reach(diagnostics)?;
        match vault.split(&document).await {
            Ok((mount, path)) => Some(Address { mount, path, key }),
            Err(error) => {
                told::failed(&error, Path::root(), diagnostics);
                None
            }
        }
    }
}

/// The keys of the document, of an engine that can be written safely.
async fn keys(vault: &Vault, address: &Address) -> Result<KvKeys, VaultError> {
    let keys = vault.read_kv_keys(&address.mount, &address.path).await?;
    // Asked already, by the read.
    match vault.mount(&address.mount).await {
        Ok(Some(MountKind::KvV1)) => Err(VaultError {
            tried: format!("use {} at {}", address.mount, vault.address()),
            cause: VaultCause::NotVersioned { mount: address.mount.clone() },
        }),
        _ => Ok(keys),
    }
}
