//! Which version of a kind a cluster serves.
//!
//! Only kinds that we can render in more than one version need to be looked up: one call, kept for the client's life. No
//! `OpenAPI` document and no list of all groups is ever fetched; that is what makes other providers slow.

use std::collections::HashMap;

use http::Method;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::api::{Api, settle};
use super::paths;
use super::status::refusal;
use super::transport::Call;
use crate::objects::{Cause, Kind};

#[derive(Default)]
pub(super) struct Versions {
    // Held during the lookup, so that a plan of many objects asks once.
    served: Mutex<HashMap<Kind, String>>,
}

#[derive(Deserialize)]
struct Resources {
    resources: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Group {
    versions: Vec<GroupVersion>,
}

#[derive(Deserialize)]
struct GroupVersion {
    version: String,
}

impl Versions {
    /// The version to use, without a call where there is only one.
    pub(super) async fn of(&self, api: &Api, kind: Kind) -> Result<String, Cause> {
        match kind.versions {
            [only] => Ok((*only).to_owned()),
            _ => self.discovered(api, kind).await,
        }
    }

    /// The first of our versions that the server serves.
    pub(super) async fn discovered(&self, api: &Api, kind: Kind) -> Result<String, Cause> {
        let mut served = self.served.lock().await;
        if let Some(version) = served.get(&kind) {
            return Ok(version.clone());
        }
        for version in kind.versions {
            if serves(api, kind, version).await? {
                served.insert(kind, (*version).to_owned());
                return Ok((*version).to_owned());
            }
        }
        // Not kept: the CRD may be installed by the same run.
        Err(Cause::NoSuchKind { kind, served: group_versions(api, kind).await.unwrap_or_default() })
    }

    /// Forgets a looked-up version; whether there was one.
    pub(super) async fn forget(&self, kind: Kind) -> bool {
        self.served.lock().await.remove(&kind).is_some()
    }
}

async fn serves(api: &Api, kind: Kind, version: &str) -> Result<bool, Cause> {
    let path = paths::version(kind, version);
    let answer = api.send(&Call { method: Method::GET, path: &path, body: None }).await?;
    if answer.is_success() {
        let list: Resources = answer.json()?;
        return Ok(list.resources.iter().any(|resource| resource.name == kind.plural));
    }
    match settle(refusal(answer.status, &answer.body, kind, None)) {
        Cause::NoSuchKind { .. } => Ok(false),
        cause => Err(cause),
    }
}

/// For the message only.
async fn group_versions(api: &Api, kind: Kind) -> Option<Vec<String>> {
    let path = format!("/apis/{}", kind.group);
    let answer = api.send(&Call { method: Method::GET, path: &path, body: None }).await.ok()?;
    let group: Group = answer.json().ok()?;
    Some(group.versions.into_iter().map(|version| version.version).collect())
}
