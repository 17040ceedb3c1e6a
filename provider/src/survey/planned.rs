//! What the routers of this stack will be when this run is done.
//!
//! Two resources of one configuration may move routes between them: then what the cluster has is not what there will be.
//! So each resource notes what it plans, and whoever is planned later compares with that instead of with the cluster. A
//! conflict of two is found by the one that is planned last, whichever it is.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use homelab_core::route::Router;

/// What one resource will have.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Planned {
    /// Its routers; none where it is destroyed.
    pub(crate) routers: Vec<Router>,
    /// Whether that is another state than before: a conflict with it is of this run's making.
    pub(crate) changes: bool,
}

/// What the resources of this run will have, by their owners as in marks.
#[derive(Debug, Default)]
pub(crate) struct Plans(Mutex<HashMap<String, Planned>>);

impl Plans {
    /// Notes what `owner` will have. Core plans some resources more than once; the last plan counts, and one that was a
    /// change stays one.
    pub(crate) fn note(&self, owner: &str, routers: Vec<Router>, changes: bool) {
        let mut plans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let changes = changes || plans.get(owner).is_some_and(|before| before.changes);
        plans.insert(owner.to_owned(), Planned { routers, changes });
    }

    /// Whether the resource of that mark was planned in this run.
    pub(crate) fn knows(&self, owner: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(owner)
    }

    /// What the resources other than `owner` will have, as far as `keep` wants it.
    pub(crate) fn others(&self, owner: &str, keep: impl Fn(&Router) -> bool) -> Vec<Planned> {
        let plans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let theirs = plans.iter().filter(|(other, _)| *other != owner);
        theirs
            .map(|(_, planned)| Planned {
                routers: planned.routers.iter().filter(|router| keep(router)).cloned().collect(),
                changes: planned.changes,
            })
            .filter(|planned| !planned.routers.is_empty())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use homelab_core::route::{Settings, routers_of};
    use serde_json::json;

    use super::*;

    fn routers(host: &str) -> Vec<Router> {
        let object = json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "a", "namespace": "b"},
            "spec": {"rules": [{"host": host, "http": {"paths": [{
                "path": "/", "pathType": "Prefix", "backend": {"service": {"name": "a", "port": {"number": 80}}},
            }]}}]},
        });
        routers_of(&object, &Settings::default())
    }

    #[test]
    fn others_are_seen_as_they_will_be_and_a_change_stays_one() {
        let plans = Plans::default();
        plans.note("a", routers("a.example.net"), true);
        plans.note("a", routers("a.example.net"), false);
        plans.note("b", routers("b.example.net"), false);
        let seen = |owner: &str| {
            let mut all: Vec<(String, bool)> = plans
                .others(owner, |_| true)
                .into_iter()
                .map(|planned| (planned.routers[0].rule_text.clone(), planned.changes))
                .collect();
            all.sort();
            all
        };
        assert_eq!(seen("b").len(), 1);
        assert!(seen("b")[0].0.contains("a.example.net") && seen("b")[0].1, "{:?}", seen("b"));
        assert!(!seen("a")[0].1);
        plans.note("a", Vec::new(), true);
        assert_eq!(seen("b"), [], "what is destroyed has no routers");
        assert!(plans.knows("a") && !plans.knows("c"));
        assert!(plans.others("c", |router| router.rule_text.contains("a.example")).is_empty());
    }
}
