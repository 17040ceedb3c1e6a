//! What kubelets run from files, as their mirror pods show it: components with their arguments.
//!
//! A kubelet copies the pod that it runs from a file into the API, so that the arguments are there to be read without a look
//! at the host. What the copy does not show are files beside it: two of one component share a name, and one copy.

use std::collections::BTreeMap;

use homelab_core::gate::{Evidence, Measured, StaticPod};
use serde_json::Value;

use super::{failed, redact, text};
use crate::kube::Kube;

/// Everything in the namespace of the control plane: it holds few pods, and mirror pods have no label in common.
const PODS: &str = "/api/v1/namespaces/kube-system/pods";
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Mirror pods as the API lists them.
pub(super) async fn mirror_pods(cluster: &Kube) -> Measured<Vec<Value>> {
    match cluster.list_path(PODS).await {
        Ok(Some(mut pods)) => {
            pods.retain(|pod| pod["metadata"]["annotations"][MIRROR].is_string());
            Measured::Seen(pods)
        }
        Ok(None) => Measured::Absent(format!("the server serves no {PODS}")),
        Err(error) => failed(&error),
    }
}

/// The components among them.
pub(super) fn components(pods: &Measured<Vec<Value>>, evidence: &Evidence) -> Measured<Vec<StaticPod>> {
    let Measured::Seen(pods) = pods else { return super::failed_again(pods) };
    if pods.is_empty()
        && let Some(why) = super::without_static_pods(evidence)
    {
        return Measured::Omitted(why);
    }
    let (mut seen, mut unread) = (Vec::new(), Vec::new());
    for pod in pods {
        match component(pod) {
            Ok(pod) => seen.push(pod),
            Err(why) => unread.push(why),
        }
    }
    seen.sort_by(|left, right| (&left.node, &left.component).cmp(&(&right.node, &right.component)));
    if unread.is_empty() { Measured::Seen(seen) } else { Measured::Partial { seen, why: unread.join("; ") } }
}

/// The value of a flag of the first pod of that component, as it may be shown.
pub(super) fn flag_of(pods: &[Value], component: &str, flag: &str) -> Option<String> {
    let pods = pods.iter().filter_map(|pod| self::component(pod).ok());
    pods.filter(|pod| pod.component == component).find_map(|mut pod| pod.flags.remove(flag))
}

/// One component; an error is a fragment that says why its arguments are not known.
fn component(pod: &Value) -> Result<StaticPod, String> {
    let (metadata, spec) = (&pod["metadata"], &pod["spec"]);
    let label = &metadata["labels"]["component"];
    let containers = spec["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let named = containers.iter().find(|container| container["name"] == *label);
    let container = named.or(containers.first()).unwrap_or(&Value::Null);
    let words = |key: &str| container[key].as_array().into_iter().flatten().filter_map(Value::as_str);
    let command: Vec<&str> = words("command").collect();
    let program = command.first().map(|program| program.rsplit('/').next().unwrap_or(program));
    if matches!(program, Some("sh" | "bash" | "ash" | "dash" | "env" | "busybox")) {
        return Err(format!(
            "pod {} starts its program by way of a shell, which hides its arguments",
            metadata["name"]
        ));
    }
    let arguments: Vec<&str> = command.iter().skip(1).copied().chain(words("args")).collect();
    Ok(StaticPod {
        node: text(&spec["nodeName"]),
        component: program.map_or_else(|| text(&container["name"]), str::to_owned),
        flags: flags(&arguments),
    })
}

/// Arguments by name without the leading dashes; one that is given twice is joined by spaces.
fn flags(arguments: &[&str]) -> BTreeMap<String, String> {
    let mut flags: BTreeMap<String, String> = BTreeMap::new();
    let mut rest = arguments.iter().peekable();
    while let Some(argument) = rest.next() {
        if !argument.starts_with('-') {
            continue;
        }
        let bare = argument.trim_start_matches('-');
        let (name, value) = match bare.split_once('=') {
            Some((name, value)) => (name, value),
            // `--flag value`, else a switch.
            None => (bare, rest.next_if(|next| !next.starts_with('-')).copied().unwrap_or("true")),
        };
        if name.is_empty() {
            continue;
        }
        let value = redact::value(name, value);
        flags
            .entry(name.to_owned())
            .and_modify(|before| {
                before.push(' ');
                before.push_str(&value);
            })
            .or_insert(value);
    }
    flags
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(containers: &Value) -> Value {
        json!({
            "metadata": {"name": "kube-apiserver-cp-1", "labels": {"component": "kube-apiserver"},
                "annotations": {MIRROR: "abc"}},
            "spec": {"nodeName": "cp-1", "containers": containers},
        })
    }

    #[test]
    fn arguments_are_read_as_the_programs_read_them() {
        let given =
            ["--a=1", "--b", "2", "--c", "-d=x=y", "--e=", "word", "--a=3", "--storage_driver_password=hunter2", "--"];
        let flags = flags(&given);
        let shown: Vec<_> = flags.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            shown,
            [
                ("a", "1 3"),
                ("b", "2"),
                ("c", "true"),
                ("d", "x=y"),
                ("e", ""),
                ("storage_driver_password", "(left out)")
            ]
        );
    }

    #[test]
    fn the_program_is_told_from_what_surrounds_it() {
        let seen = component(&pod(&json!([
            {"name": "konnectivity", "command": ["agent"]},
            {"name": "kube-apiserver", "command": ["/usr/local/bin/kube-apiserver", "--allow-privileged=true"], "args": ["--v=2"]},
        ])));
        let seen = seen.unwrap();
        assert_eq!((seen.node.as_str(), seen.component.as_str(), seen.flags.len()), ("cp-1", "kube-apiserver", 2));
        // An image with an entry point of its own.
        let seen = component(&pod(&json!([{"name": "kube-vip", "args": ["manager"]}]))).unwrap();
        assert_eq!((seen.component.as_str(), seen.flags.len()), ("kube-vip", 0));
        let hidden =
            pod(&json!([{"name": "kube-apiserver", "command": ["/bin/sh", "-c", "exec kube-apiserver --v=2"]}]));
        assert!(component(&hidden).unwrap_err().contains("by way of a shell"));
        let both =
            Measured::Seen(vec![hidden, pod(&json!([{"name": "kube-apiserver", "command": ["kube-apiserver"]}]))]);
        let seen = components(&both, &Evidence::blind(""));
        assert!(matches!(&seen, Measured::Partial { seen, .. } if seen.len() == 1), "{seen:?}");
    }
}
