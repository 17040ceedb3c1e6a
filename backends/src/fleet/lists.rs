//! Lists of a whole cluster, or of as much of it as we may see.

use futures::StreamExt as _;
use homelab_core::fleet::Seen;
use tokio::sync::OnceCell;

use crate::kube::Kube;
use crate::objects::{Cause, Kind, Live, ObjectError, Objects as _, Scope, kinds};

/// Namespaces that are listed at the same time.
const AT_A_TIME: usize = 8;

/// Lists kinds of one cluster.
pub(super) struct Lister<'a> {
    cluster: &'a Kube,
    only: &'a [String],
    /// All namespaces, once somebody had to know them.
    spaces: OnceCell<Result<Vec<String>, ObjectError>>,
}

impl<'a> Lister<'a> {
    /// In these namespaces; everywhere where there are none.
    pub(super) fn new(cluster: &'a Kube, only: &'a [String]) -> Self {
        Self { cluster, only, spaces: OnceCell::new() }
    }

    /// What `keep` keeps of every object of a kind. Where the whole cluster may not be listed, that of every namespace that may
    /// be, and a word about the others.
    pub(super) async fn list<T: Send>(&self, kind: Kind, keep: impl Fn(Live) -> Option<T> + Send + Sync) -> Seen<T> {
        if kind.namespaced && !self.only.is_empty() {
            return self.in_namespaces(kind, self.only, &keep, None).await;
        }
        let mut seen = Seen::all(kind.to_string(), Vec::new());
        match self.take(kind, Scope::All, &keep, &mut seen).await {
            Ok(()) => seen,
            Err(ObjectError { cause: Cause::NoSuchKind { .. }, .. }) => Seen::not_served(kind.to_string()),
            Err(error) if kind.namespaced && matches!(error.cause, Cause::Forbidden { .. }) => {
                match self.spaces().await {
                    Ok(spaces) => self.in_namespaces(kind, spaces, &keep, Some(&error)).await,
                    Err(_) => Seen::unseen(kind.to_string(), format!("failed to {error}")),
                }
            }
            Err(error) => Seen::unseen(kind.to_string(), format!("failed to {error}")),
        }
    }

    async fn take<T: Send>(
        &self,
        kind: Kind,
        scope: Scope<'_>,
        keep: &(impl Fn(Live) -> Option<T> + Send + Sync),
        seen: &mut Seen<T>,
    ) -> Result<(), ObjectError> {
        let (mut count, mut kept) = (0, Vec::new());
        let mut take = |live: Live| {
            count += 1;
            kept.extend(keep(live));
        };
        self.cluster.each(kind, scope, &mut take).await?;
        seen.items.extend(kept);
        seen.objects = Some(seen.objects.unwrap_or_default() + count);
        Ok(())
    }

    /// `refused` is what was said of the whole cluster.
    async fn in_namespaces<T: Send>(
        &self,
        kind: Kind,
        spaces: &[String],
        keep: &(impl Fn(Live) -> Option<T> + Send + Sync),
        refused: Option<&ObjectError>,
    ) -> Seen<T> {
        let lists = spaces.iter().map(|space| async move {
            let mut part = Seen::all(kind.to_string(), Vec::new());
            let listed = self.take(kind, Scope::Namespace(space), keep, &mut part).await;
            (space, listed.map(|()| part))
        });
        // Collected first: a closure that stays in the stream would not be `Send` for every lifetime.
        let lists = futures::stream::iter(lists.collect::<Vec<_>>()).buffered(AT_A_TIME);
        let lists: Vec<(&String, Result<Seen<T>, ObjectError>)> = lists.collect().await;
        let mut seen = Seen::all(kind.to_string(), Vec::new());
        let (mut hidden, mut any) = (Vec::new(), false);
        for (space, list) in lists {
            match list {
                Ok(part) => {
                    any = true;
                    seen.objects = Some(seen.objects.unwrap_or_default() + part.objects.unwrap_or_default());
                    seen.items.extend(part.items);
                }
                Err(ObjectError { cause: Cause::NoSuchKind { .. }, .. }) => return Seen::not_served(kind.to_string()),
                Err(error) => hidden.push((space.as_str(), error)),
            }
        }
        let Some((_, first)) = hidden.first() else { return seen };
        if !any {
            // As it is said of the whole: a list of all namespaces says no more.
            return Seen::unseen(kind.to_string(), format!("failed to {}", refused.unwrap_or(first)));
        }
        let names: Vec<&str> = hidden.iter().map(|(space, _)| *space).collect();
        let why =
            format!("it may not be listed in {} of {} namespaces: {}", names.len(), spaces.len(), names.join(", "));
        seen.gaps.push(why);
        seen
    }

    async fn spaces(&self) -> &Result<Vec<String>, ObjectError> {
        let list = || async {
            let spaces = self.cluster.list(kinds::NAMESPACE, Scope::All).await?;
            Ok(spaces.iter().map(|live| live.name().to_owned()).collect())
        };
        self.spaces.get_or_init(list).await
    }
}
