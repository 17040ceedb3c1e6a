use super::*;
use crate::gate::{CheckName, Evidence, KubeVersion, Measured, Owner, Pod, Verdict, Weights, judge};
use homelab_schema::upgrade_gate::Weight;

/// The form as it is in use, with what it may hold.
const MATRIX: &str = r#"{
  "_comment": "Add-on -> highest minor (last refreshed 2026-06-19 for the catch-up).",
  "addons": [
    {"name": "calico", "namespace": "calico-system", "kind": "daemonset", "resource": "calico-node",
     "image_re": "node:v?([0-9]+\\.[0-9]+)", "max_k8s": {"3.30": "1.35", "3.31": "1.35", "3.32": "1.36"}},
    {"name": "gpu-operator", "namespace": "nvidia", "kind": "deployment", "resource": "gpu-operator",
     "image_re": "gpu-operator:v?([0-9]+\\.[0-9]+)", "max_k8s": {"25.10": "1.35", "26.3": "1.36"},
     "pinned": true, "pin_reason": "26.3 needs a newer driver"}
  ],
  "containerd_min": {"1.37": "2.0"}
}"#;

fn pod(namespace: &str, owner: (&str, &str), image: &str) -> Pod {
    Pod {
        namespace: namespace.to_owned(),
        name: format!("{}-x", owner.1),
        node: "worker-1".to_owned(),
        owner: Some(Owner { kind: owner.0.to_owned(), name: owner.1.to_owned() }),
        images: [("main".to_owned(), image.to_owned())].into(),
        ..Pod::default()
    }
}

fn ask(pods: Vec<Pod>, target: &str) -> Vec<(String, String)> {
    let request = Request::new(target.parse::<KubeVersion>().unwrap());
    let mut request = Compat::from_json(MATRIX).unwrap().apply(request);
    request.weights = Weights::all(Weight::Off);
    request.weights.set(CheckName::Addons, Weight::Error);
    let evidence = Evidence {
        captured_on: Some("2026-07-01".parse().unwrap()),
        pods: Measured::Seen(pods),
        ..Evidence::blind("not looked at")
    };
    let report = judge(&evidence, &request);
    assert_ne!(report.verdict, Verdict::NoKnownBlockers);
    report.findings.iter().map(|found| (found.finding.code.id.to_owned(), found.finding.object.clone())).collect()
}

#[test]
fn a_matrix_is_read_as_it_is() {
    let compat = Compat::from_json(MATRIX).unwrap();
    assert_eq!(compat.addons.iter().map(|addon| addon.name.as_str()).collect::<Vec<_>>(), ["calico", "gpu-operator"]);
    assert_eq!(compat.pins[0].reason, "26.3 needs a newer driver");
    let rows: Vec<String> = compat
        .rows
        .iter()
        .map(|row| format!("{} {} {:?}", row.subject, row.floor, row.kubernetes_max.map(|max| max.minor)))
        .collect();
    assert_eq!(
        rows,
        [
            "calico 3.30 Some(35)",
            "calico 3.31 Some(35)",
            "calico 3.32 Some(36)",
            "gpu-operator 25.10 Some(35)",
            "gpu-operator 26.3 Some(36)",
            "containerd 0 Some(36)",
            "containerd 2.0 None",
        ]
    );
    assert!(compat.rows.iter().all(|row| row.checked_on.as_deref() == Some("2026-06-19")));
}

#[test]
fn workload_and_namespace_tell_the_pods() {
    let gpu = pod("nvidia", ("ReplicaSet", "gpu-operator-7d9"), "registry.example.net/nvidia/gpu-operator:v25.10.1");
    let calico = |namespace, image| pod(namespace, ("DaemonSet", "calico-node"), image);
    let found = ask(vec![gpu.clone(), calico("calico-system", "mirror.example.net/calico/node:v3.30.7")], "1.36.2");
    assert_eq!(
        found,
        [
            ("HL4101".to_owned(), "add-on calico in calico-system".to_owned()),
            ("HL4105".to_owned(), "add-on gpu-operator in nvidia".to_owned()),
        ]
    );
    // Another workload whose image happens to fit the expression is none of it; then the add-on itself was not found.
    let other = pod("calico-system", ("DaemonSet", "csi-driver"), "registry.example.net/csi-node:v1.0.0");
    let found = ask(vec![gpu, other, calico("elsewhere", "calico/node:v3.32.0")], "1.36.2");
    assert_eq!(found[0], ("HL4901".to_owned(), "add-on calico".to_owned()), "{found:?}");
}

#[test]
fn what_is_wrong_with_a_matrix_is_named() {
    let addon = |fields: &str| format!("{{\"addons\": [{{\"name\": \"kyverno\", \"image_re\": \"k:v\", {fields}}}]}}");
    for (text, said) in [
        ("[".to_owned(), "it is no JSON"),
        ("{}".to_owned(), "it has no list `addons`"),
        ("{\"addons\": [{}]}".to_owned(), "addons[0]: it has no `name`"),
        ("{\"addons\": [{\"name\": \"x\"}]}".to_owned(), "addons[0] (x): it has no `image_re`"),
        ("{\"addons\": [{\"name\": \"x\", \"image_re\": \"(\"}]}".to_owned(), "addons[0] (x), image_re"),
        (addon("\"note\": 1"), "addons[0] (kyverno): it has no `max_k8s`"),
        (addon("\"max_k8s\": {}"), "it has no row"),
        (addon("\"max_k8s\": {\"1.16.x\": \"1.34\"}"), "max_k8s \"1.16.x\": it is no version"),
        (addon("\"max_k8s\": {\"1.16\": \"latest\"}"), "max_k8s \"1.16\": its value is no release line"),
        (addon("\"max_k8s\": {\"1.16\": 1.34}"), "its value is no release line"),
        (addon("\"max_k8s\": {\"1.16\": \"1.34\", \"1.16.0\": \"1.35\"}"), "overlaps with \"1.16\""),
        (addon("\"max_k8s\": {\"1.16\": \"1.34\", \"1.16\": \"1.35\"}"), "\"1.16\" is there twice"),
        (addon("\"max_k8s\": {\"1.16\": \"1.34\"}, \"pinned\": \"yes\""), "pinned: it is neither true nor false"),
        ("{\"addons\": [], \"containerd_min\": {\"1.37\": \"two\"}}".to_owned(), "containerd_min \"1.37\""),
        ("{\"addons\": [], \"containerd_min\": []}".to_owned(), "containerd_min: it is no object"),
        (
            "{\"addons\": [], \"containerd_min\": {\"1.36\": \"2.0\", \"1.37\": \"1.7\"}}".to_owned(),
            "it is not above 2.0",
        ),
    ] {
        let error = Compat::from_json(&text).unwrap_err().to_string();
        assert!(error.contains(said), "{text}: {error}");
    }
    let twice = MATRIX.replace("gpu-operator\", \"namespace", "calico\", \"namespace");
    assert!(Compat::from_json(&twice).unwrap_err().to_string().contains("there already"));
}

#[test]
fn a_day_is_found_in_the_comment_or_there_is_none() {
    for (comment, day) in [
        ("sources are the matrices (last refreshed 2026-06-19 for 1.36)", Some("2026-06-19")),
        ("Last Refreshed: 2026-06-19.", Some("2026-06-19")),
        ("written 2026-06-19", None),
        ("refreshed yesterday", None),
        ("", None),
    ] {
        assert_eq!(refreshed(comment).map(|day| day.to_string()).as_deref(), day, "{comment}");
    }
}
