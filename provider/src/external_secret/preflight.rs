//! Is it in the store? Asked before the operator has to say that it is not.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use homelab_backends::objects::{Cause, NotConfigured, ObjectError, ObjectId, Objects, Service, kinds};
use homelab_core::finding::{Finding, Severity, secret as codes};
use homelab_core::secret::preflight::{Answer, Part, Store, StoreName, Wanted, judge, wanted};
use homelab_core::secret::{references, render};
use homelab_cty::Path;
use homelab_plugin::Diagnostics;
use homelab_schema::external_secret::{CheckLevel, ExternalSecret as Declared};

use super::ExternalSecret;
use super::seen::WHILE;
use crate::Report;
use crate::findings::{Findings, Planning};

/// Documents that are asked for at once, for one resource.
const AT_ONCE: usize = 4;

impl ExternalSecret {
    /// Looks for every key and property in the store. `insist` asks again before it refuses: in an apply, what was not there
    /// a moment ago may have been made by now.
    pub(super) async fn look_at_store_keys(
        &self,
        objects: &dyn Objects,
        model: &Declared,
        planning: Planning,
        insist: bool,
        diagnostics: &mut Diagnostics,
    ) {
        let Some(severity) = self.severity_of_preflight(model, planning) else { return };
        let vault = match self.runtime.vault() {
            Ok(vault) => vault,
            // Without a `vault` block nobody wants to know.
            Err(ObjectError { cause: Cause::NotConfigured(NotConfigured::Absent(Service::Vault)), .. }) => return,
            Err(error) => return diagnostics.not_checked(Path::root(), "the keys in the store", &error),
        };
        let stores = self.stores(objects, model).await;
        let all = wanted(&render::known_sources(model), |name| stores.get(name).cloned());
        let seen = self.runtime.secrets();
        let ask = |max_age: Duration| {
            let (seen, vault) = (&seen, &vault);
            move |wanted: Wanted| async move {
                let search = wanted.part == Part::Search;
                let answer = seen.answer(vault, &wanted.document, search, max_age).await;
                let answer = match judge(&wanted, &answer) {
                    Some(finding) if insist && finding.severity == Severity::Error => {
                        seen.answer(vault, &wanted.document, search, Duration::ZERO).await
                    }
                    _ => answer,
                };
                (wanted, answer)
            }
        };
        let answers: Vec<(Wanted, Arc<Answer>)> =
            futures::stream::iter(all).map(ask(WHILE)).buffered(AT_ONCE).collect().await;
        let mut unasked = Vec::new();
        for (wanted, answer) in answers {
            let Some(finding) = judge(&wanted, &answer) else { continue };
            if finding.code != codes::PREFLIGHT_UNSEEN {
                diagnostics.finding(&finding.severity(self.downgraded(severity, &wanted)));
            } else if matches!(*answer, Answer::NotAsked(_)) {
                unasked.push(finding);
            } else if planning != Planning::Nothing {
                // An identity that must not see everything is not told so with every plan.
                diagnostics.finding(&finding);
            }
        }
        // A store that does not answer is one matter, however many keys are fetched from it.
        let more = unasked.len().saturating_sub(1);
        if let Some(first) = unasked.into_iter().next() {
            diagnostics.finding(&with_others(first, more));
        }
    }

    /// How bad it is that a key is not there; `None` where it is not looked for.
    fn severity_of_preflight(&self, model: &Declared, planning: Planning) -> Option<Severity> {
        match (model.preflight.known(), planning) {
            (Some(CheckLevel::Off), _) => None,
            (Some(CheckLevel::Warn), _) | (Some(CheckLevel::Error), Planning::Nothing) => Some(Severity::Warning),
            (Some(CheckLevel::Error), _) => Some(Severity::Error),
            (None, _) => planning.severity(self.runtime.checks().preflight.into_known()),
        }
    }

    /// What this run is about to put into the store is no reason to refuse.
    fn downgraded(&self, severity: Severity, wanted: &Wanted) -> Severity {
        let document = &wanted.document;
        let claims = self.runtime.claims();
        let is_planned =
            !claims.is_applying() && claims.is_key_planned(&document.mount, &document.key, wanted.property.as_deref());
        if is_planned { Severity::Warning } else { severity }
    }

    /// What the stores are that the declaration names. One that cannot be read is said elsewhere.
    async fn stores(&self, objects: &dyn Objects, model: &Declared) -> HashMap<StoreName, Store> {
        let mut stores = HashMap::new();
        let namespace = model.namespace.known().map(String::as_str).unwrap_or_default();
        for name in references::stores(model).into_keys() {
            let found = self.runtime.secrets().store(objects, &id_of(&name, namespace)).await;
            if let Some(object) = found.ok().as_deref().and_then(Option::as_ref) {
                stores.insert(name, Store::of(object));
            }
        }
        stores
    }
}

/// The object of a store.
pub(super) fn id_of(store: &StoreName, namespace: &str) -> ObjectId {
    if store.is_cluster_wide() {
        kinds::CLUSTER_SECRET_STORE.object("", &store.name)
    } else {
        kinds::SECRET_STORE.object(namespace, &store.name)
    }
}

fn with_others(finding: Finding, more: usize) -> Finding {
    if more == 0 {
        return finding;
    }
    let expected = format!("Nor were {more} more.");
    finding.expected(expected)
}
