//! What applies of many ingresses ask of the cluster as a whole, listed once for all who wait.
//!
//! Who names a middleware has to be known for each one that goes, and asking means to list every kind that can name one in
//! all namespaces; which objects carry a resource's mark has to be known for each create and means to list a namespace. A
//! thousand resources ask ten at a time, so the lists are shared, and an answer is as fresh as the question needs it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::try_join_all;
use homelab_backends::objects::{Cause, Live, Mark, ObjectError, Objects, Scope, kinds};
use homelab_backends::references::{KINDS, Referrer, named_in};
use homelab_backends::shared::Shared;
use homelab_core::ingress::references::{MiddlewareKind, joined};
use homelab_core::ingress::render::RenderedKind;

use super::parts::{OBJECTS, Part, kind};

/// What one configuration has seen. Cloning shares it.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Lists>);

#[derive(Default)]
struct Lists {
    referrers: Shared<HashMap<String, Vec<Referrer>>, ObjectError>,
    /// By kind and namespace.
    marked: Mutex<HashMap<(RenderedKind, String), MarkedList>>,
}

type MarkedList = Arc<Shared<Vec<Marked>, ObjectError>>;

/// An object with a mark of ours.
#[derive(Clone, Debug)]
pub(super) struct Marked {
    pub(super) part: Part,
    pub(super) mark: Mark,
}

impl Seen {
    /// Who in the cluster names the Middleware, as far as that was so `max_age` ago; zero for now.
    ///
    /// Fails where a kind that can name one may not be listed: then nobody knows whether it can go.
    pub(super) async fn referrers(
        &self,
        objects: &dyn Objects,
        namespace: &str,
        name: &str,
        max_age: Duration,
    ) -> Result<Vec<Referrer>, ObjectError> {
        let index = self.0.referrers.get(max_age, || index(objects)).await?;
        Ok(index.get(&joined(namespace, name)).cloned().unwrap_or_default())
    }

    /// The objects in the namespace that carry the mark of `owner`, as far as they were made before this run. What may not
    /// be listed is left out: it is only about what an earlier run left behind.
    pub(super) async fn marked(
        &self,
        objects: &dyn Objects,
        namespace: &str,
        owner: &str,
    ) -> Result<Vec<Marked>, ObjectError> {
        let mut found = Vec::new();
        for rendered in OBJECTS {
            let shared = {
                let mut all = self.0.marked.lock().unwrap_or_else(PoisonError::into_inner);
                all.entry((rendered, namespace.to_owned())).or_default().clone()
            };
            match shared.get(Duration::MAX, || marked(objects, rendered, namespace)).await {
                Ok(all) => found.extend(all.iter().filter(|marked| marked.mark.owner == owner).cloned()),
                Err(ObjectError { cause: Cause::Forbidden { .. } | Cause::NoSuchKind { .. }, .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}

async fn marked(objects: &dyn Objects, rendered: RenderedKind, namespace: &str) -> Result<Vec<Marked>, ObjectError> {
    let all = objects.list(kind(rendered), Scope::Namespace(namespace)).await?;
    let marked = |live: &Live| {
        let part = Part { kind: rendered, name: live.name().to_owned() };
        Some(Marked { part, mark: live.mark()? })
    };
    Ok(all.iter().filter_map(marked).collect())
}

/// Every object that names a middleware for HTTP, by the joined name.
async fn index(objects: &dyn Objects) -> Result<HashMap<String, Vec<Referrer>>, ObjectError> {
    let lists = KINDS.into_iter().filter(|kind| *kind != kinds::INGRESS_ROUTE_TCP).map(|kind| async move {
        match objects.list(kind, Scope::All).await {
            Err(ObjectError { cause: Cause::NoSuchKind { .. }, .. }) => Ok(Vec::new()),
            listed => listed,
        }
    });
    let mut index: HashMap<String, Vec<Referrer>> = HashMap::new();
    for live in try_join_all(lists).await?.iter().flatten() {
        for (joined, referrer) in named_in(live) {
            if referrer.means == MiddlewareKind::Middleware {
                index.entry(joined).or_default().push(referrer);
            }
        }
    }
    Ok(index)
}
