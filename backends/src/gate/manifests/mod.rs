//! APIs in manifests that are not in the cluster itself: of Helm's releases, and of a folder.
//!
//! Of everything that is read here, API version, kind and name alone leave the memory: manifests hold secrets.

mod documents;
mod folder;
mod helm;

use homelab_core::gate::{Evidence, ManifestSources, Measured};

use crate::kube::Kube;

/// Adds the uses in those manifests; what is not wanted is left out on purpose. `cluster` is asked for Helm's releases.
pub async fn add_manifests(cluster: Option<&Kube>, wanted: &ManifestSources, evidence: &mut Evidence) {
    evidence.helm_uses = match (wanted.helm, cluster) {
        (false, _) => Measured::Omitted("nobody asked for the releases of Helm (helm = true)".to_owned()),
        (true, Some(cluster)) => helm::uses(cluster).await,
        (true, None) => Measured::Unreachable("there is no cluster to look at for releases of Helm".to_owned()),
    };
    evidence.folder_uses = match wanted.folder.clone() {
        None => Measured::Omitted("nobody named a folder".to_owned()),
        Some(folder) => {
            let looked = tokio::task::spawn_blocking(move || folder::uses(folder.as_ref())).await;
            looked.unwrap_or_else(|_| Measured::NotMeasured("the look into the folder ended early".to_owned()))
        }
    };
}

/// What was found, and what could not be read of it.
fn together<T>(seen: Vec<T>, unread: &[String]) -> Measured<Vec<T>> {
    const NAMED: usize = 5;
    if unread.is_empty() {
        return Measured::Seen(seen);
    }
    let more = if unread.len() > NAMED { format!("; and {} more", unread.len() - NAMED) } else { String::new() };
    let named = unread.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join("; ");
    Measured::Partial { seen, why: format!("{named}{more}") }
}
