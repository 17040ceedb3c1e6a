//! `homelab gate facts`, and the table of removed APIs beside the sources that it was read from.

use std::collections::BTreeMap;
use std::path::Path;

use homelab_core::gate::{REMOVED_APIS, RemovedApi};
use homelab_plane::programs::Program;
use homelab_plane::skip;

use crate::support::{homelab, repository};

#[test]
fn facts_are_listed_with_source_and_day() {
    let document = homelab("gate facts list --output json").run().code(0).document("gate facts list");
    assert_eq!(document["reviewed_through"], "1.37");
    for row in document["rows"].as_array().unwrap() {
        assert!(!row["source"].as_str().unwrap().is_empty() && row["checked_on"].is_string(), "{row:#}");
    }
    for api in document["removed_apis"].as_array().unwrap() {
        assert!(!api["source"]["what"].as_str().unwrap().is_empty(), "{api:#}");
        assert_eq!(api["source"]["checked_on"].as_str().unwrap().len(), 10, "{api:#}");
    }
    let text = homelab("gate facts list kyverno").run().code(0).out;
    assert!(text.starts_with("kyverno\n") && text.contains("  1.18     tested with Kubernetes 1.33 to 1.35"), "{text}");
    assert!(!text.contains("calico"), "{text}");
    let text = homelab("gate facts list apis").run().code(0).out;
    assert!(text.contains("  1.25     policy/v1beta1 evictions, poddisruptionbudgets  (k8s.io/api, "), "{text}");
    let message = homelab("gate facts list kyberno").run().error(true);
    assert!(message.contains("nothing is known about \"kyberno\"") && message.contains("kyverno"), "{message}");
}

#[test]
fn facts_are_verified_as_of_a_day() {
    let fresh = homelab("gate facts verify --as-of 2026-11-21 --output json").run().code(0);
    let document = fresh.document("gate facts verify");
    assert!(document["rows"].as_u64().unwrap() > 50, "{document:#}");
    // Half a year later nothing of it can be relied on, which is neither right nor wrong.
    let ran = homelab("gate facts verify --as-of 2027-12-31").run().code(3);
    assert!(
        ran.out.contains("aged kyverno 1.18 (Untested): it was last checked on 2026-11-20, more than 180 days before"),
        "{}",
        ran.out
    );
    let ran = homelab("gate facts verify --as-of 2027-12-31 --output json").run().code(3);
    assert_eq!(ran.document("gate facts verify")["wrong"], serde_json::json!([]));
}

#[test]
fn a_matrix_is_verified_too() {
    let matrix = r#"{"_comment": "by hand", "addons": [{"name": "kyverno", "image_re": "kyverno:v?([0-9.]+)", "kind": "deployment",
        "resource": "kyverno", "namespace": "kyverno", "max_k8s": {"1.18": "1.35"}}]}"#;
    let run = homelab("gate facts verify --as-of 2026-11-21 --matrix m.json").file("m.json", matrix).run().code(2);
    assert!(run.out.contains("wrong kyverno 1.18 (Untested): it has no checked_on"), "{}", run.out);
    let dated = matrix.replace("by hand", "Last refreshed 2026-11-20");
    let run = homelab("gate facts verify --as-of 2026-11-21 --matrix m.json").file("m.json", &dated);
    assert!(run.run().code(0).out.ends_with(" rows: 0 wrong, 0 too old\n"));
    let message = homelab("gate facts verify --matrix absent.json").run().error(false);
    assert!(message.contains("failed to read the matrix absent.json"), "{message}");
}

/// Types that are no resources: they are posted to a webhook, or are a subresource of something that is in the table.
const NO_RESOURCES: [(&str, &str); 3] =
    [("admission.k8s.io", "AdmissionReview"), ("extensions", "DeploymentRollback"), ("extensions", "Scale")];

/// Rows that do not come from the lifecycle markers say so.
fn is_from_markers(row: &RemovedApi) -> bool {
    row.source.what.starts_with("k8s.io/api,")
}

/// Compares the table with the markers in Kubernetes' own types, of the last release that was reviewed: a row that somebody
/// mistyped, and a removal that nobody entered.
#[test]
fn the_table_of_removed_apis_is_that_of_the_sources() {
    let folder = match Program::KUBE.module_dir("k8s.io/api@v0.37.0") {
        Ok(folder) => folder,
        Err(error) => return skip("the_table_of_removed_apis_is_that_of_the_sources", &error.to_string()),
    };
    let removed = removals(&folder);
    assert!(removed.len() > 80, "{}", removed.len());
    let mut wrong = Vec::new();
    for ((group, version, kind), minor) in &removed {
        if NO_RESOURCES.contains(&(group.as_str(), kind.as_str())) {
            continue;
        }
        let resource = plural(kind);
        match REMOVED_APIS.iter().find(|row| row.covers(group, version, &resource)) {
            None => wrong.push(format!("{group}/{version} {resource} is removed in 1.{minor} and not in the table")),
            Some(row) if row.removed_in.minor != *minor => {
                wrong.push(format!("{group}/{version} {resource}: 1.{minor}, not {}", row.removed_in));
            }
            Some(_) => {}
        }
    }
    for row in REMOVED_APIS.iter().filter(|row| is_from_markers(row)) {
        let is_there = |resource: &str| {
            removed.iter().any(|((group, version, kind), minor)| {
                let same = group == row.group && version == row.version && *minor == row.removed_in.minor;
                same && (resource.is_empty() || plural(kind) == resource)
            })
        };
        let resources = if row.resources.is_empty() { &[""] } else { row.resources };
        for resource in resources.iter().filter(|resource| !is_there(resource)) {
            wrong.push(format!("{} {resource} is in the table, and not in the sources", row.api_version()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Every kind with the minor version that no longer serves it, by group and version.
fn removals(folder: &Path) -> BTreeMap<(String, String, String), u32> {
    let mut removed = BTreeMap::new();
    let folders = |folder: &Path| {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.is_dir()).collect::<Vec<_>>()
    };
    for package in folders(folder).iter().flat_map(|group| folders(group)) {
        let Ok(markers) = std::fs::read_to_string(package.join("zz_generated.prerelease-lifecycle.go")) else {
            continue;
        };
        let register = std::fs::read_to_string(package.join("register.go")).unwrap();
        let group = register.split("GroupName = \"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let version = package.file_name().unwrap().to_str().unwrap().to_owned();
        for function in markers.split("\nfunc (in *").skip(1) {
            let (kind, rest) = function.split_once(") ").unwrap();
            let Some(body) = rest.strip_prefix("APILifecycleRemoved() (major, minor int) {") else { continue };
            let minor = body.trim().strip_prefix("return 1, ").unwrap().split('\n').next().unwrap();
            if !kind.ends_with("List") {
                removed.insert((group.clone(), version.clone(), kind.to_owned()), minor.trim().parse().unwrap());
            }
        }
    }
    removed
}

/// The resource of a kind, by the rule that the generator of Kubernetes' own clients has.
fn plural(kind: &str) -> String {
    let name = kind.to_lowercase();
    let vowel = |character: char| "aeiou".contains(character);
    match name.strip_suffix('y') {
        Some(stem) if !stem.ends_with(vowel) => format!("{stem}ies"),
        _ if ["s", "x", "ch"].iter().any(|end| name.ends_with(end)) => format!("{name}es"),
        _ => format!("{name}s"),
    }
}

#[test]
fn recorded_clusters_hold_no_name_of_a_real_host() {
    for entry in std::fs::read_dir(repository("testdata/evidence/clusters")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let hosts = text.split(['"', ' ', '/', ',']).filter(|word| word.contains(".com") || word.contains(".local"));
        assert_eq!(hosts.collect::<Vec<_>>(), Vec::<&str>::new(), "{}", path.display());
    }
}
