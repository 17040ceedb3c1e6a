//! Who wrote objects in an API version that a later release removes.
//!
//! The field managers of an object keep the version in which each of them wrote. Objects are listed through another
//! version that is served, since a list in the old one would mark the metric of deprecated requests. Where no other is
//! served, the server's own count of stored objects can at least say that there are none.

use homelab_core::gate::{REMOVED_APIS, RemovedApi, StoredUse};
use serde_json::Value;

use super::{list, metrics, requests, text};
use crate::kube::Kube;

/// The uses of every served API that some release removes; an error is a fragment that says why they are not known.
pub(super) async fn uses(cluster: &Kube) -> Result<Vec<StoredUse>, String> {
    let groups = json(cluster, "/apis").await?;
    let mut uses = Vec::new();
    // What the server does not serve any more cannot have been missed: the way to the target only removes.
    for row in REMOVED_APIS.iter().filter(|row| versions(&groups, row.group).any(|version| version == row.version)) {
        for resource in listable(cluster, row.group, row.version).await? {
            if row.resources.is_empty() || row.resources.contains(&resource.as_str()) {
                uses.extend(uses_of_resource(cluster, &groups, row, &resource).await?);
            }
        }
    }
    uses.sort();
    uses.dedup();
    Ok(uses)
}

async fn uses_of_resource(
    cluster: &Kube,
    groups: &Value,
    row: &RemovedApi,
    resource: &str,
) -> Result<Vec<StoredUse>, String> {
    for version in versions(groups, row.group).filter(|version| *version != row.version) {
        if listable(cluster, row.group, version).await?.iter().any(|name| name == resource) {
            let objects = list(cluster, &format!("/apis/{}/{version}/{resource}", row.group)).await?;
            return Ok(objects.iter().flat_map(|object| uses_of(object, row, resource)).collect());
        }
    }
    match metrics::stored_objects(&requests::page(cluster).await?, row.group, resource) {
        Some(0) => Ok(Vec::new()),
        _ => Err(format!(
            "{resource} are served as {} alone, so that looking at who wrote them would itself be a request that {} refuses",
            row.api_version(),
            row.removed_in
        )),
    }
}

/// The versions of a group that are served, the preferred one first.
fn versions<'a>(groups: &'a Value, group: &'a str) -> impl Iterator<Item = &'a str> {
    let groups = groups["groups"].as_array().into_iter().flatten();
    groups
        .filter(move |found| found["name"] == group)
        .flat_map(|found| found["versions"].as_array().into_iter().flatten())
        .filter_map(|version| version["version"].as_str())
}

/// The resources of a version that can be listed.
async fn listable(cluster: &Kube, group: &str, version: &str) -> Result<Vec<String>, String> {
    Ok(listable_of(&json(cluster, &format!("/apis/{group}/{version}")).await?))
}

fn listable_of(discovered: &Value) -> Vec<String> {
    let resources = discovered["resources"].as_array().into_iter().flatten();
    resources
        .filter(|resource| resource["verbs"].as_array().is_some_and(|verbs| verbs.iter().any(|verb| verb == "list")))
        .map(|resource| text(&resource["name"]))
        .filter(|name| !name.contains('/'))
        .collect()
}

async fn json(cluster: &Kube, path: &str) -> Result<Value, String> {
    match cluster.get_json(path).await {
        Ok(Some(document)) => Ok(document),
        Ok(None) => Err(format!("the server serves no {path}")),
        Err(error) => Err(format!("failed to {error}")),
    }
}

fn uses_of(object: &Value, row: &RemovedApi, resource: &str) -> Vec<StoredUse> {
    let api_version = row.api_version();
    let metadata = &object["metadata"];
    let entries = metadata["managedFields"].as_array().into_iter().flatten();
    entries
        .filter(|entry| entry["apiVersion"] == api_version.as_str())
        .map(|entry| StoredUse {
            api_version: api_version.clone(),
            resource: resource.to_owned(),
            namespace: text(&metadata["namespace"]),
            name: text(&metadata["name"]),
            manager: text(&entry["manager"]),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn versions_and_resources_are_read_off_discovery() {
        let groups = json!({"groups": [
            {"name": "other.example.net", "versions": [{"version": "v9"}]},
            {"name": "networking.k8s.io", "versions": [{"version": "v1"}, {"version": "v1beta1"}]},
        ]});
        assert_eq!(versions(&groups, "networking.k8s.io").collect::<Vec<_>>(), ["v1", "v1beta1"]);
        assert_eq!(versions(&groups, "batch").count(), 0);
        let discovered = json!({"resources": [
            {"name": "servicecidrs", "verbs": ["get", "list"]},
            {"name": "servicecidrs/status", "verbs": ["get", "list"]},
            {"name": "selfsubjectreviews", "verbs": ["create"]},
        ]});
        assert_eq!(listable_of(&discovered), ["servicecidrs"]);
    }

    #[test]
    fn only_managers_of_the_old_version_are_named() {
        let row = REMOVED_APIS.iter().find(|row| row.covers("networking.k8s.io", "v1beta1", "servicecidrs")).unwrap();
        let object = json!({"metadata": {"name": "extra", "managedFields": [
            {"manager": "new", "apiVersion": "networking.k8s.io/v1"},
            {"manager": "old", "apiVersion": "networking.k8s.io/v1beta1"},
        ]}});
        let managers: Vec<String> =
            uses_of(&object, row, "servicecidrs").into_iter().map(|used| used.manager).collect();
        assert_eq!(managers, ["old"]);
    }
}
