//! The API server's metric of deprecated requests, and the proof that it would show one.
//!
//! An empty metric has several meanings: nobody asked, or the metric is switched off. So where the page shows no series at
//! all, one deprecated request is made on purpose (a component status of a name that does not exist, which is deprecated
//! for ever and removed in no release); only a page that shows that one can be believed when it shows no other.

use std::time::{SystemTime, UNIX_EPOCH};

use homelab_core::gate::{Measured, Metric};

use super::{lists, measured, metrics};
use crate::kube::Kube;

/// Deprecated for ever, removed never, and cheap: no component is asked for its health.
const CANARY: &str = "/api/v1/componentstatuses/homelab-gate-canary";

/// What the metric shows, once it is proved that it shows something.
pub(super) async fn requests(cluster: &Kube) -> Measured<Metric> {
    measured(metric(cluster).await)
}

async fn metric(cluster: &Kube) -> Result<Metric, String> {
    let page = believable_page(cluster).await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let Some(started) = metrics::process_start(&page) else {
        return Err("the API server's metrics do not say when its process started".to_owned());
    };
    Ok(Metric {
        youngest_process_seconds: now.saturating_sub(started),
        all_servers: matches!(lists::server_count(cluster, now).await, Ok(Some(1))),
        requests: metrics::deprecated_requests(&page),
    })
}

/// The metrics page, with at least one series of the metric on it.
async fn believable_page(cluster: &Kube) -> Result<String, String> {
    let page = page(cluster).await?;
    if !metrics::deprecated_requests(&page).is_empty() {
        return Ok(page);
    }
    // It answers "not found", which is all that is wanted of it.
    cluster.get_path(CANARY).await.map_err(|error| {
        format!(
            "the metric is empty, and whether it would show a request could not be proved: the identity must be allowed to \
             get componentstatuses (failed to {error})"
        )
    })?;
    let page = self::page(cluster).await?;
    if metrics::deprecated_requests(&page).is_empty() {
        return Err(
            "the API server does not publish the metric: a deprecated request that was just made on purpose is not \
                    in it"
                .to_owned(),
        );
    }
    Ok(page)
}

/// The metrics of the API server that answers.
pub(super) async fn page(cluster: &Kube) -> Result<String, String> {
    match cluster.get_path("/metrics").await {
        Ok(Some(page)) => Ok(String::from_utf8_lossy(&page).into_owned()),
        Ok(None) => Err("the API server serves no metrics".to_owned()),
        Err(error) => Err(format!("failed to {error}")),
    }
}
