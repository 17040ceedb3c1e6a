//! Who in the whole cluster names a middleware.
//!
//! To remove a Middleware that something still names is to drop routers, and with them gates. So before one goes, every kind
//! of object that can name one is listed in all namespaces. "Nobody names it" may be said only where every kind was seen: a kind
//! that may not be listed is not checked, never empty. A kind that the cluster does not know at all has no objects, and is
//! seen.
//!
//! Over a folder the files of this provider are all there is to see.

use futures::future::join_all;
use homelab_core::ingress::references::joined;

pub use homelab_core::ingress::references::Referrer;

use crate::objects::{Cause, Kind, Live, ObjectError, Objects, Owner, Scope, kinds};

/// The kinds whose objects can name a middleware.
pub const KINDS: [Kind; 6] = [
    kinds::INGRESS,
    kinds::INGRESS_ROUTE,
    kinds::MIDDLEWARE,
    kinds::INGRESS_ROUTE_TCP,
    kinds::HTTP_ROUTE,
    kinds::GRPC_ROUTE,
];

/// What was found, and what was seen for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// The Middlewares that the name stands for, as namespace and name: usually one.
    pub named: Vec<(String, String)>,
    /// Who names it, sorted by kind, namespace, name and place.
    pub referrers: Vec<Referrer>,
    /// The kinds that were seen, and how many objects of them there are; `None` where the cluster does not know the kind.
    pub seen: Vec<(Kind, Option<usize>)>,
    /// The kinds that could not be seen, and why.
    pub unseen: Vec<(Kind, ObjectError)>,
}

/// Looks at every object of these kinds, now, for references to the middleware that Traefik knows as `wanted`
/// ([`joined`]).
pub async fn scan(objects: &dyn Objects, looked_at: &[Kind], wanted: &str) -> Scan {
    let lists = looked_at.iter().map(|kind| async { (*kind, objects.list(*kind, Scope::All).await) });
    let mut scan = Scan::default();
    for (kind, list) in join_all(lists).await {
        match list {
            Ok(list) => {
                scan.seen.push((kind, Some(list.len())));
                let named = list.iter().flat_map(named_in).filter(|(joined, _)| joined == wanted);
                scan.referrers.extend(named.map(|(_, referrer)| referrer));
                if kind == kinds::MIDDLEWARE {
                    let places = list.iter().map(|live| (live.namespace().unwrap_or_default(), live.name()));
                    let named = places.filter(|(namespace, name)| joined(namespace, name) == wanted);
                    scan.named.extend(named.map(|(namespace, name)| (namespace.to_owned(), name.to_owned())));
                }
            }
            Err(ObjectError { cause: Cause::NoSuchKind { .. }, .. }) => scan.seen.push((kind, None)),
            Err(error) => scan.unseen.push((kind, error)),
        }
    }
    scan.referrers.sort();
    scan
}

/// Every middleware that an object names, by the name that Traefik knows it by, with the place and with whose object it is.
pub fn named_in(live: &Live) -> Vec<(String, Referrer)> {
    let mut named = homelab_core::ingress::references::named_in(&live.object);
    if !named.is_empty() {
        let ours = live.mark().map(|mark| Owner::Resource { owner: mark.owner });
        let owner = ours.or_else(|| live.owner()).map(|owner| owner.to_string());
        for (_, referrer) in &mut named {
            referrer.owner.clone_from(&owner);
        }
    }
    named
}
