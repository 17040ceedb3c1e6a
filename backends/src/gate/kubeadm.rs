//! kubeadm's own configuration, out of the ConfigMap from which it writes the static pods anew.

use std::collections::BTreeMap;

use homelab_core::gate::{Evidence, KubeadmConfig, Measured};
use serde_json::Value;

use super::{failed, redact, text};
use crate::kube::Kube;

const CONFIG: &str = "/api/v1/namespaces/kube-system/configmaps/kubeadm-config";

/// Where each component's extra arguments stand.
const COMPONENTS: [(&str, &str); 4] = [
    ("/apiServer/extraArgs", "kube-apiserver"),
    ("/controllerManager/extraArgs", "kube-controller-manager"),
    ("/scheduler/extraArgs", "kube-scheduler"),
    ("/etcd/local/extraArgs", "etcd"),
];

/// The configuration. A cluster that something else made has none, which is no gap where that can be told.
pub(super) async fn config(
    cluster: &Kube,
    pods: &Measured<Vec<Value>>,
    evidence: &Evidence,
) -> Measured<KubeadmConfig> {
    match cluster.get_json(CONFIG).await {
        Ok(Some(map)) => super::measured(read(&map)),
        Ok(None) => match made_by_something_else(pods, evidence) {
            Some(why) => Measured::Omitted(why),
            None => Measured::Absent("there is no ConfigMap kube-system/kubeadm-config".to_owned()),
        },
        Err(error) => failed(&error),
    }
}

fn read(map: &Value) -> Result<KubeadmConfig, String> {
    let Some(written) = map["data"]["ClusterConfiguration"].as_str() else {
        return Err("ConfigMap kube-system/kubeadm-config has no ClusterConfiguration".to_owned());
    };
    parse(written).map_err(|why| format!("the ClusterConfiguration in ConfigMap kube-system/kubeadm-config {why}"))
}

fn parse(written: &str) -> Result<KubeadmConfig, String> {
    let config: Value = serde_norway::from_str(written).map_err(|error| format!("cannot be read: {error}"))?;
    let api_version = text(&config["apiVersion"]);
    if api_version.is_empty() {
        return Err("names no apiVersion".to_owned());
    }
    let mut extra_args = BTreeMap::new();
    for (pointer, component) in COMPONENTS {
        let args = arguments(config.pointer(pointer).unwrap_or(&Value::Null))
            .ok_or_else(|| format!("has extraArgs of {component} in a form that is not known"))?;
        if !args.is_empty() {
            extra_args.insert(component.to_owned(), args);
        }
    }
    Ok(KubeadmConfig { api_version, extra_args })
}

/// Arguments by name: a map up to `v1beta3`, a list of names and values from `v1beta4` on.
fn arguments(written: &Value) -> Option<BTreeMap<String, String>> {
    let mut arguments: BTreeMap<String, String> = BTreeMap::new();
    let mut add = |name: &str, value: &Value, merge: Option<&str>| {
        let name = name.trim_start_matches('-');
        let value = redact::value(name, &scalar(value)?);
        // What it is put after or before is kubeadm's own, and is not written here.
        let value = match merge {
            None | Some("") => value,
            Some("append") => format!("…{value}"),
            Some("prepend") => format!("{value}…"),
            Some(_) => return None,
        };
        arguments
            .entry(name.to_owned())
            .and_modify(|before| {
                before.push(' ');
                before.push_str(&value);
            })
            .or_insert(value);
        Some(())
    };
    match written {
        Value::Null => {}
        Value::Object(map) => map.iter().try_for_each(|(name, value)| add(name, value, None))?,
        Value::Array(list) => {
            list.iter()
                .try_for_each(|item| add(item["name"].as_str()?, &item["value"], item["mergeMethod"].as_str()))?;
        }
        _ => return None,
    }
    Some(arguments)
}

/// A value as kubeadm would write it; people leave the quotes out.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// Why there is none: only where that can be told. A control plane whose pods bear no mark of kubeadm was not made by it;
/// where no such pod is to be seen, nothing says that its ConfigMap is not just gone.
fn made_by_something_else(pods: &Measured<Vec<Value>>, evidence: &Evidence) -> Option<String> {
    let Measured::Seen(pods) = pods else { return None };
    if pods.is_empty() {
        return super::without_static_pods(evidence);
    }
    let is_server = |pod: &&Value| pod["metadata"]["labels"]["component"] == "kube-apiserver";
    let marked = |pod: &Value| {
        let marks = pod["metadata"]["annotations"].as_object();
        marks.into_iter().flatten().any(|(key, _)| key.starts_with("kubeadm."))
    };
    let server = pods.iter().any(|pod| is_server(&pod));
    (server && !pods.iter().any(marked)).then(|| "kubeadm did not make this cluster".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const OLD: &str = "apiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\napiServer:\n  extraArgs:\n    \
                       oidc-issuer-url: https://sso.example.net\n    authorization-mode: Node,RBAC\n  timeoutForControlPlane: \
                       4m0s\ncontrollerManager: {}\netcd:\n  local:\n    dataDir: /var/lib/etcd\n    extraArgs:\n      \
                       quota-backend-bytes: 8589934592\n";
    const NEW: &str = "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\napiServer:\n  extraArgs:\n  - name: \
                       authentication-config\n    value: /etc/kubernetes/auth.yaml\n  - name: --tls-sni-cert-key\n    \
                       value: a\n  - name: tls-sni-cert-key\n    value: b\nscheduler:\n  extraArgs: []\n";

    #[test]
    fn both_forms_of_extra_arguments_are_read() {
        let old = parse(OLD).unwrap();
        assert_eq!(old.api_version, "kubeadm.k8s.io/v1beta3");
        assert_eq!(old.extra_args["kube-apiserver"]["oidc-issuer-url"], "https://sso.example.net");
        assert_eq!(old.extra_args["etcd"]["quota-backend-bytes"], "8589934592");
        assert_eq!(old.extra_args.len(), 2, "what has none is not in it");
        let new = parse(NEW).unwrap();
        assert_eq!(new.extra_args["kube-apiserver"]["authentication-config"], "/etc/kubernetes/auth.yaml");
        assert_eq!(new.extra_args["kube-apiserver"]["tls-sni-cert-key"], "a b");
        assert_eq!(new.extra_args.len(), 1);
        let merged = |how: &str| {
            let args = format!("apiServer: {{extraArgs: [{{name: a, value: x, mergeMethod: {how}}}]}}");
            parse(&format!("apiVersion: kubeadm.k8s.io/v1\n{args}\n"))
                .map(|config| config.extra_args["kube-apiserver"]["a"].clone())
        };
        assert_eq!((merged("append").as_deref(), merged("prepend").as_deref()), (Ok("…x"), Ok("x…")));
        assert!(merged("shuffle").is_err());
    }

    #[test]
    fn what_cannot_be_read_is_not_taken_for_nothing() {
        for text in [
            "",
            "apiServer: {}",
            "apiVersion: v1\napiServer: {extraArgs: word}",
            "a: [",
            "apiVersion: v1\napiServer: {extraArgs: {a: [b]}}",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        assert!(read(&json!({"data": {"Other": ""}})).unwrap_err().contains("no ClusterConfiguration"));
    }

    #[test]
    fn only_a_control_plane_without_its_marks_is_not_of_kubeadm() {
        let server = |annotations: Value| json!({"metadata": {"labels": {"component": "kube-apiserver"}, "annotations": annotations}});
        let evidence = Evidence::blind("");
        let kubeadm =
            server(json!({"kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint": "192.0.2.10:6443"}));
        let talos = server(json!({"kubernetes.io/config.mirror": "x"}));
        let other = |pods: Vec<Value>| made_by_something_else(&Measured::Seen(pods), &evidence).is_some();
        assert!(other(vec![talos.clone()]));
        assert!(!other(vec![talos, kubeadm]));
        assert!(!other(Vec::new()), "a control plane that nobody sees tells nothing");
        assert!(made_by_something_else(&Measured::Forbidden("no".to_owned()), &evidence).is_none());
    }
}
