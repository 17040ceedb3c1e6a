//! Looking at all ExternalSecrets of a cluster, at what they fetch, and at who reads what they write; and waiting for them.
//!
//! # Forces
//!
//! - Never fails as a whole: what could not be looked at is in the evidence, with the words of whoever refused.
//! - A cluster has a thousand Pods, of which three matter here: objects are handed over one by one, and what is kept of a
//!   workload are the Secrets that it names.
//! - Secrets are not listed: their values would come with them.
//! - Many ExternalSecrets fetch from one document: it is asked for once.

mod answers;
mod keys;
mod lists;
mod wait;

use homelab_core::fleet::readers::Reader;
use homelab_core::fleet::versions::Definition;
use homelab_core::fleet::{Evidence, Keys, Seen};
use serde_json::Value;

pub use self::answers::answer;
use self::lists::Lister;
pub use self::wait::{Standing, Waiting, ask_for_refresh, everything, wait};
use crate::kube::Kube;
use crate::objects::{Kind, Live, Objects as _, kinds};
use crate::vault::Vault;

const fn namespaced(
    group: &'static str,
    kind: &'static str,
    plural: &'static str,
    version: &'static [&'static str],
) -> Kind {
    Kind { group, kind, plural, versions: version, namespaced: true }
}

/// Who may name a Secret, of those kinds that are looked at for that; stores do too, and are there already.
const READERS: [Kind; 9] = [
    namespaced("apps", "Deployment", "deployments", &["v1"]),
    namespaced("apps", "StatefulSet", "statefulsets", &["v1"]),
    namespaced("apps", "DaemonSet", "daemonsets", &["v1"]),
    namespaced("batch", "CronJob", "cronjobs", &["v1"]),
    namespaced("", "Pod", "pods", &["v1"]),
    namespaced("", "ServiceAccount", "serviceaccounts", &["v1"]),
    kinds::INGRESS,
    kinds::INGRESS_ROUTE,
    kinds::MIDDLEWARE,
];

const DEFINITION: Kind = Kind {
    group: "apiextensions.k8s.io",
    kind: "CustomResourceDefinition",
    plural: "customresourcedefinitions",
    versions: &["v1"],
    namespaced: false,
};

/// Definitions of the kinds that went from v1beta1 to v1.
const DEFINITIONS: [&str; 4] = ["externalsecrets", "clusterexternalsecrets", "secretstores", "clustersecretstores"];

/// What of the store of values is looked at.
#[derive(Clone, Copy, Debug)]
pub enum Values<'a> {
    /// Its names, with this identity.
    Names(&'a Vault),
    /// Nothing, for this reason: it is said as a gap.
    Unseen(&'a str),
    /// Nothing, because nobody wants it.
    Unwanted,
}

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// In these namespaces alone; everywhere where there are none.
    pub namespaces: &'a [String],
    /// And of the store of values.
    pub values: Values<'a>,
}

/// Looks at everything that a report of the fleet is made of.
pub async fn look(cluster: &Kube, what: Look<'_>) -> Evidence {
    let lister = Lister::new(cluster, what.namespaces);
    let all = |live: Live| Some(live.object);
    let of_group = async {
        tokio::join!(
            lister.list(kinds::EXTERNAL_SECRET, all),
            lister.list(kinds::SECRET_STORE, all),
            lister.list(kinds::CLUSTER_SECRET_STORE, all),
        )
    };
    let (of_group, definitions, events, readers) =
        tokio::join!(of_group, definitions(cluster), events(cluster, what.namespaces), readers(&lister));
    let (secrets, stores, cluster_stores) = of_group;
    let mut evidence = Evidence {
        secrets,
        stores,
        cluster_stores,
        events,
        definitions,
        readers,
        keys: Keys::default(),
        is_partial: !what.namespaces.is_empty(),
    };
    evidence.keys = match what.values {
        Values::Names(vault) => keys::ask(vault, &evidence).await,
        Values::Unseen(why) => Keys { gap: Some(why.to_owned()), ..Keys::default() },
        Values::Unwanted => Keys::default(),
    };
    evidence
}

/// Looks at what decides about the versions of the operator's API, and at nothing else.
pub async fn look_at_versions(cluster: &Kube) -> Evidence {
    let lister = Lister::new(cluster, &[]);
    let all = |live: Live| Some(live.object);
    let (secrets, stores, cluster_stores, definitions) = tokio::join!(
        lister.list(kinds::EXTERNAL_SECRET, all),
        lister.list(kinds::SECRET_STORE, all),
        lister.list(kinds::CLUSTER_SECRET_STORE, all),
        definitions(cluster),
    );
    Evidence {
        secrets,
        stores,
        cluster_stores,
        events: Seen::all(EVENTS, Vec::new()),
        definitions,
        readers: Vec::new(),
        keys: Keys::default(),
        is_partial: false,
    }
}

async fn readers(lister: &Lister<'_>) -> Vec<Seen<Reader>> {
    let mut seen = Vec::new();
    // One kind after the other: a list of all Pods is large enough by itself.
    for kind in READERS {
        seen.push(lister.list(kind, |live| Reader::of(&live.object)).await);
    }
    seen
}

async fn definitions(cluster: &Kube) -> Seen<Definition> {
    let mut seen = Seen::all(DEFINITION.kind, Vec::new());
    for plural in DEFINITIONS {
        let id = DEFINITION.object("", &format!("{plural}.{}", homelab_core::secret::GROUP));
        match cluster.get(&id).await {
            Ok(Some(live)) => seen.items.push(Definition::of(&live.object)),
            Ok(None) => {}
            Err(error) => seen.gaps.push(format!("failed to {error}")),
        }
    }
    // A reason for each of four definitions says no more than one.
    seen.gaps.truncate(1);
    seen.objects = Some(seen.items.len());
    seen
}

const EVENTS: &str = "Event";
/// Warnings about ExternalSecrets.
const ABOUT: &str = "fieldSelector=involvedObject.kind%3DExternalSecret%2Ctype%3DWarning";

async fn events(cluster: &Kube, namespaces: &[String]) -> Seen<Value> {
    let paths: Vec<String> = if namespaces.is_empty() {
        vec![format!("/api/v1/events?{ABOUT}")]
    } else {
        let of = |namespace: &String| format!("/api/v1/namespaces/{}/events?{ABOUT}", crate::kube::segment(namespace));
        namespaces.iter().map(of).collect()
    };
    let mut seen = Seen::all(EVENTS, Vec::new());
    for path in paths {
        match cluster.list_path(&path).await {
            Ok(items) => seen.items.extend(items.unwrap_or_default()),
            Err(error) => seen.gaps.push(format!("failed to {error}")),
        }
    }
    seen.objects = Some(seen.items.len());
    seen
}
