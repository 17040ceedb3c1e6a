//! The manifests of Helm's releases, out of the Secrets in which Helm keeps them.

use std::collections::BTreeMap;
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use homelab_core::gate::{ManifestUse, Measured};
use serde::Deserialize;
use serde_json::Value;

use super::{documents, together};
use crate::gate::{failed, text};
use crate::kube::Kube;

/// Revisions that may be the one from which Helm goes on. Superseded ones are most of the bytes.
const RELEASES: &str = "/api/v1/secrets?fieldSelector=type%3Dhelm.sh%2Frelease.v1&labelSelector=owner%3Dhelm\
                        %2Cstatus%20notin%20%28superseded%2Cuninstalled%2Cuninstalling%29";
/// A Secret has up to 1 MiB, so that pages are small.
const PAGE: usize = 20;
/// Unpacked; what is larger was made to fill the memory.
const MOST_BYTES: u64 = 128 * 1024 * 1024;

/// What one revision of a release uses, or why that cannot be told; with what decides between revisions.
struct Revision {
    deployed: bool,
    number: u64,
    uses: Result<Vec<ManifestUse>, String>,
}

/// What is read of a release.
#[derive(Deserialize)]
struct Stored {
    #[serde(default)]
    manifest: String,
    #[serde(default)]
    hooks: Option<Vec<Hook>>,
}

#[derive(Deserialize)]
struct Hook {
    #[serde(default)]
    manifest: String,
}

/// The APIs that each release's newest deployed revision uses; its newest one, where none is deployed.
pub(in crate::gate) async fn uses(cluster: &Kube) -> Measured<Vec<ManifestUse>> {
    let mut releases: BTreeMap<String, Revision> = BTreeMap::new();
    let page = |secrets: Vec<Value>| {
        for secret in &secrets {
            add(secret, &mut releases);
        }
    };
    match cluster.each_page(RELEASES, PAGE, page).await {
        Ok(true) => {}
        Ok(false) => return Measured::Absent("the server serves no Secrets".to_owned()),
        Err(error) => return failed(&error),
    }
    let (mut seen, mut unread) = (Vec::new(), Vec::new());
    for (place, revision) in releases {
        match revision.uses {
            Ok(uses) => seen.extend(uses),
            Err(why) => unread.push(format!("{place}: {why}")),
        }
    }
    seen.sort();
    seen.dedup();
    together(seen, &unread)
}

fn add(secret: &Value, releases: &mut BTreeMap<String, Revision>) {
    let labels = &secret["metadata"]["labels"];
    let (deployed, number) = (labels["status"] == "deployed", labels["version"].as_str());
    let number = number.and_then(|number| number.parse().ok()).unwrap_or_default();
    let place = format!("Helm release {}/{}", text(&secret["metadata"]["namespace"]), text(&labels["name"]));
    let newer = |before: &Revision| (deployed, number) > (before.deployed, before.number);
    if releases.get(&place).is_none_or(newer) {
        let uses = stored(secret).and_then(|stored| uses_of(&place, &stored));
        releases.insert(place, Revision { deployed, number, uses });
    }
}

/// Base64 by the API, base64 by Helm, gzip, JSON. An error says at which of them it ended, and nothing of what is in it.
fn stored(secret: &Value) -> Result<Stored, String> {
    let outer = secret["data"]["release"].as_str().ok_or("it has no key release")?;
    let inner = STANDARD.decode(outer).map_err(|_| "its key release is not base64")?;
    let packed = STANDARD.decode(inner.trim_ascii()).map_err(|_| "its release is not base64")?;
    let mut unpacked = Vec::new();
    // Helm reads releases that were never packed, too.
    if packed.starts_with(&[0x1f, 0x8b]) {
        let mut reader = GzDecoder::new(packed.as_slice()).take(MOST_BYTES + 1);
        reader.read_to_end(&mut unpacked).map_err(|_| "its release cannot be unpacked")?;
        if unpacked.len() as u64 > MOST_BYTES {
            return Err(format!("its release has more than {MOST_BYTES} bytes"));
        }
    } else {
        unpacked = packed;
    }
    serde_json::from_slice(&unpacked).map_err(|_| "its release is not what Helm writes".to_owned())
}

fn uses_of(place: &str, stored: &Stored) -> Result<Vec<ManifestUse>, String> {
    let mut uses = documents::uses(place, &stored.manifest)?;
    for hook in stored.hooks.iter().flatten() {
        uses.extend(documents::uses(place, &hook.manifest)?);
    }
    Ok(uses)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use serde_json::json;

    use super::*;

    fn secret(revision: &str, status: &str, manifest: &str) -> Value {
        let release = json!({"name": "ranges", "manifest": manifest, "hooks": [
            {"manifest": "apiVersion: batch/v1\nkind: Job\nmetadata: {name: before}\n"}], "config": {"password": "hunter2"}});
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(release.to_string().as_bytes()).unwrap();
        let inner = STANDARD.encode(gzip.finish().unwrap());
        json!({
            "metadata": {"namespace": "net", "name": format!("sh.helm.release.v1.ranges.v{revision}"),
                "labels": {"name": "ranges", "owner": "helm", "status": status, "version": revision}},
            "data": {"release": STANDARD.encode(inner)},
        })
    }

    fn range(version: &str) -> String {
        format!(
            "---\n# Source: ranges/templates/range.yaml\napiVersion: networking.k8s.io/{version}\nkind: ServiceCIDR\nmetadata:\n  name: extra\n"
        )
    }

    fn versions(secrets: &[Value]) -> Vec<String> {
        let mut releases = BTreeMap::new();
        for secret in secrets {
            add(secret, &mut releases);
        }
        assert_eq!(releases.len(), 1);
        let revision = releases.remove("Helm release net/ranges").unwrap();
        revision.uses.unwrap().into_iter().map(|used| used.api_version).collect()
    }

    #[test]
    fn the_newest_deployed_revision_counts() {
        let old = secret("9", "deployed", &range("v1beta1"));
        let new = secret("10", "deployed", &range("v1"));
        let failed = secret("11", "failed", &range("v2"));
        for secrets in [vec![old.clone(), new.clone(), failed.clone()], vec![failed.clone(), new, old]] {
            assert_eq!(versions(&secrets), ["networking.k8s.io/v1", "batch/v1"]);
        }
        assert_eq!(
            versions(&[failed])[0],
            "networking.k8s.io/v2",
            "where none is deployed Helm goes on from the newest"
        );
    }

    #[test]
    fn what_is_no_release_says_where_it_ended_and_nothing_of_it() {
        for (release, said) in [
            (Value::Null, "no key release"),
            (json!("%"), "not base64"),
            (json!(STANDARD.encode("%hunter2")), "not base64"),
            (json!(STANDARD.encode(STANDARD.encode([0x1f, 0x8b, 1, 2]))), "cannot be unpacked"),
            (json!(STANDARD.encode(STANDARD.encode("hunter2"))), "not what Helm writes"),
        ] {
            let why = stored(&json!({"data": {"release": release}})).err().unwrap();
            assert!(why.contains(said) && !why.contains("hunter2"), "{why}");
        }
    }
}
