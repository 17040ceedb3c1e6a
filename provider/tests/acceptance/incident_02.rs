//! Incident 2: a new version of the API in a manifest forced a replacement, and the Secrets that ExternalSecrets own were
//! collected with them.

use std::time::Duration;

use homelab_plane::process::wait_for;
use homelab_plane::terraform::Cli;
use serde_json::{Value, json};

use crate::ingress::uid;
use crate::operator::{Cluster, in_version, store};
use crate::secret::{PHOTOS_DB, put};
use crate::support::{Case, clis};

/// As somebody had written it, in whatever version.
fn manifest(version: &str, namespace: &str) -> Value {
    json!({
        "apiVersion": format!("external-secrets.io/{version}"), "kind": "ExternalSecret",
        "metadata": {"name": "plain"},
        "spec": {
            "refreshInterval": "1h0m0s", "secretStoreRef": {"name": "vault-kv", "kind": "SecretStore"},
            "data": [{"secretKey": "DB_PASSWORD", "remoteRef": {"key": namespace, "property": "db_password"}}],
        },
    })
}

/// The Secret once the controller has made it, which owns it through the ExternalSecret.
fn until_owned(case: &Case, name: &str, other_than: &str) -> Value {
    let path = case.at(&format!("secrets/{name}"));
    case.api
        .until(&path, |seen| {
            seen["metadata"]["uid"] != other_than && seen["metadata"]["ownerReferences"][0]["kind"] == "ExternalSecret"
        })
        .unwrap()
}

/// Waits until that Secret is collected; what was asked for to that end. A kind that is new in the cluster is one that the
/// collector learns of within a minute, and a request is in the log a moment after what it did is seen.
pub(crate) fn until_collected(cluster: &Cluster, case: &Case, name: &str) -> Vec<Value> {
    wait_for("the collector", Duration::from_mins(3), || {
        let deletes = cluster.requests("delete", "secrets", &case.namespace);
        let live = case.live(&format!("secrets/{name}"));
        Ok(if live.is_null() && !deletes.is_empty() { Ok(deletes) } else { Err(format!("{live} {deletes:#?}")) })
    })
    .unwrap()
}

/// Plainly: what is replaced is deleted and made anew. Its Secret is collected: for a moment every pod that starts has none.
fn replaced_by_hand(cluster: &Cluster, case: &Case) {
    let path = in_version(case, "v1beta1", "externalsecrets/plain");
    let first = manifest("v1beta1", &case.namespace);
    case.api.apply(&path, "Terraform", false, &first).unwrap().expect("apply", &[201]).unwrap();
    let secret = until_owned(case, "plain", "");
    case.api.delete(&path).unwrap().expect("delete", &[200]).unwrap();
    case.api.until_gone(&path).unwrap();
    // The collector's work, and nobody else's: the controller deletes no Secret here.
    let collected = until_collected(cluster, case, "plain");
    assert_eq!(collected.len(), 1, "{collected:#?}");
    assert!(collected[0]["userAgent"].as_str().unwrap().contains("garbage-collector"), "{collected:#?}");

    let second = manifest("v1", &case.namespace);
    let path = in_version(case, "v1", "externalsecrets/plain");
    case.api.apply(&path, "Terraform", false, &second).unwrap().expect("apply", &[201]).unwrap();
    let again = until_owned(case, "plain", uid(&secret));
    assert_eq!(again["data"], secret["data"], "the same bytes, in another Secret");
}

/// Ours: the version comes and goes, the objects stay.
fn upgraded_in_place(cluster: &mut Cluster, case: &Case) {
    // The years of v1beta1 alone; the controller that is built here needs v1, so it is not there yet.
    cluster.serve(&["v1beta1"], "v1beta1");
    case.write("main.tf", &PHOTOS_DB.replacen("  store {", "  wait = false\n  store {", 1));
    case.ok(["apply", "-auto-approve"]);
    let version = || {
        let state = case.state();
        state["values"]["root_module"]["resources"][0]["values"]["api_version"].as_str().unwrap().to_owned()
    };
    assert_eq!(version(), "external-secrets.io/v1beta1");
    let path = in_version(case, "v1beta1", "externalsecrets/photos-db");
    let made = case.api.get(&path).unwrap().expect("live", &[200]).unwrap();

    // 0.16: both are served, and a controller of that line makes the Secret.
    cluster.serve(&["v1beta1", "v1"], "v1beta1");
    assert!(cluster.run("incident_02"));
    let secret = until_owned(case, "photos-db", "");
    assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);

    // 0.17: v1 alone.
    cluster.serve(&["v1"], "v1");
    let plan = case.run(["plan", "-detailed-exitcode"]);
    assert_eq!(plan.code, 0, "an upgrade of the operator is nothing to do\n{plan}");
    case.ok(["apply", "-auto-approve"]);
    assert_eq!(version(), "external-secrets.io/v1");

    // And a change after it is one in place.
    case.write("main.tf", &PHOTOS_DB.replace("\"15m\"", "\"30m\""));
    let plan = case.ok(["plan", "-out=p"]);
    assert!(plan.says("0 to add, 1 to change, 0 to destroy"), "{plan}");
    case.ok(["apply", "p"]);
    let live = case.live("externalsecrets/photos-db");
    assert_eq!(live["spec"]["refreshInterval"], "30m0s");
    assert_eq!(uid(&live), uid(&made));
    wait_for("the controller's look at the change", Duration::from_mins(1), || {
        let synced = case.live("externalsecrets/photos-db")["status"]["syncedResourceVersion"].clone();
        let generation = format!("{}-", live["metadata"]["generation"]);
        Ok(if synced.as_str().is_some_and(|synced| synced.starts_with(&generation)) {
            Ok(())
        } else {
            Err(synced.to_string())
        })
    })
    .unwrap();
    let after = case.live("secrets/photos-db");
    assert_eq!((uid(&after), &after["data"]), (uid(&secret), &secret["data"]));
    for resource in ["externalsecrets", "secrets"] {
        let deletes = cluster.requests("delete", resource, &case.namespace);
        assert!(deletes.is_empty(), "{deletes:#?}");
    }
    assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
}

fn case(cluster: &Cluster, cli: &Cli, name: &str) -> Case {
    let case = Case::on(cli, name, cluster.env());
    put(&case, "from-the-store");
    case
}

#[test]
fn incident_02_a_new_version_of_the_api_collects_no_secret() {
    const TEST: &str = "incident_02";
    let Some(mut cluster) = Cluster::start(TEST) else { return };
    if !cluster.run(TEST) {
        return;
    }
    for cli in clis() {
        cluster.serve(&["v1beta1", "v1"], "v1beta1");
        let plain = case(&cluster, &cli, "replaced");
        store(&plain, "v1beta1");
        replaced_by_hand(&cluster, &plain);

        cluster.stop();
        let ours = case(&cluster, &cli, "upgraded");
        store(&ours, "v1beta1");
        upgraded_in_place(&mut cluster, &ours);
    }
}
