//! What the store of values says about every key that a fleet wants.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt as _;
use homelab_core::finding::Finding;
use homelab_core::fleet::declared::{Declared, StoreRef};
use homelab_core::fleet::stores::Stores;
use homelab_core::fleet::{Evidence, Keys};
use homelab_core::secret::preflight::{self, Document, Part, Store, StoreName, Wanted};

use super::answers::answer;
use crate::vault::Vault;

/// Documents that are asked for at the same time.
const AT_A_TIME: usize = 8;

pub(super) async fn ask(vault: &Vault, evidence: &Evidence) -> Keys {
    let stores = Stores::of(evidence);
    let mut wanted: Vec<((String, String), String, Vec<Wanted>)> = Vec::new();
    for object in &evidence.secrets.items {
        let declared = Declared::new(object);
        let (namespace, name) = declared.place();
        let store_of = |store: &StoreName| {
            let store = StoreRef { kind: store.kind.to_owned(), name: store.name.clone() };
            stores.get(&namespace, &store).map(Store::of)
        };
        let of_this = preflight::wanted(&object["spec"], store_of);
        wanted.push(((namespace, name), declared.subject(), of_this));
    }
    let all = || wanted.iter().flat_map(|(_, _, wanted)| wanted);
    let documents: BTreeSet<(&Document, bool)> =
        all().map(|wanted| (&wanted.document, wanted.part == Part::Search)).collect();
    let asked = documents.len();
    let questions = documents
        .into_iter()
        .map(|(document, search)| async move { ((document, search), answer(vault, document, search).await) });
    // Collected first: a closure that stays in the stream would not be `Send` for every lifetime.
    let answers = futures::stream::iter(questions.collect::<Vec<_>>()).buffered(AT_A_TIME);
    let answers: BTreeMap<_, _> = answers.collect().await;
    let mut findings: BTreeMap<(String, String), Vec<Finding>> = BTreeMap::new();
    for (place, subject, wanted) in &wanted {
        for one in wanted {
            let Some(answer) = answers.get(&(&one.document, one.part == Part::Search)) else { continue };
            if let Some(mut finding) = preflight::judge(one, answer) {
                // Who wants it is what a reader of the whole fleet looks for; what is missing is in the words.
                finding.object.clone_from(subject);
                findings.entry(place.clone()).or_default().push(finding);
            }
        }
    }
    Keys { findings, asked, gap: None }
}
