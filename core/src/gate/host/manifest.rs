//! What a file in the folder of static pods starts.
//!
//! Told as the kubelet takes it (kubernetes, pkg/kubelet/config/file.go): every file counts whatever its ending, but for those
//! whose names begin with a dot; of a file the first document; and what is no Pod is passed over.

use serde::Deserialize as _;
use serde_norway::Value;

use crate::gate::image::Image;

/// Programs that are there once on a node, whatever their pod is called: a copy under another name is a second one.
const PROGRAMS: [&str; 5] = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "etcd"];

/// Whether the kubelet reads a file of that name.
pub fn is_read(name: &str) -> bool {
    !name.starts_with('.')
}

/// The component that a file starts: the program, where it is one of the control plane, else its pod. Nothing where it starts
/// none. An error is a fragment that quotes nothing of the file.
pub fn started_by(text: &str) -> Result<Option<String>, String> {
    let unread = "what it says cannot be read";
    // Editors of some systems put a mark before the first byte, which the kubelet passes over.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some(first) = serde_norway::Deserializer::from_str(text).next() else { return Ok(None) };
    let pod = Value::deserialize(first).map_err(|_| unread.to_owned())?;
    if text_of(&pod, "kind") != "Pod" {
        return Ok(None);
    }
    let containers = pod.get("spec").and_then(|spec| spec.get("containers")?.as_sequence());
    let programs = containers.into_iter().flatten().flat_map(programs);
    if let Some(known) = programs.into_iter().find(|program| PROGRAMS.contains(&program.as_str())) {
        return Ok(Some(known));
    }
    let named = |key: &str| pod.get("metadata").map(|metadata| text_of(metadata, key)).unwrap_or_default();
    match (named("namespace"), named("name")) {
        (_, "") => Err("its pod has no name".to_owned()),
        ("", name) => Ok(Some(format!("pod default/{name}"))),
        (namespace, name) => Ok(Some(format!("pod {namespace}/{name}"))),
    }
}

/// What a container may be running: the program of its command, and the name of its image.
fn programs(container: &Value) -> Vec<String> {
    let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let command = container.get("command").and_then(|command| command.get(0)?.as_str()).unwrap_or_default();
    vec![last(command), last(Image::of(text_of(container, "image")).name)]
}

fn text_of<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(container: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: any, namespace: kube-system}}\nspec:\n  containers: [{container}]\n"
        )
    }

    #[test]
    fn a_manifest_is_told_by_its_program_whatever_its_name() {
        for (text, starts) in [
            (pod("{command: [kube-apiserver, --v=2]}"), Some("kube-apiserver")),
            (pod("{command: [/usr/local/bin/etcd]}"), Some("etcd")),
            (pod("{image: 'registry.example.net/kube-scheduler:v1.36.2'}"), Some("kube-scheduler")),
            (pod("{image: sidecar}, {command: [kube-controller-manager]}"), Some("kube-controller-manager")),
            (pod("{image: 'registry.example.net/vip:v1'}"), Some("pod kube-system/any")),
            (pod("{image: 'a:1'}").replace(", namespace: kube-system", ""), Some("pod default/any")),
            (format!("---\n{}---\nkind: Secret\n", pod("{command: [etcd]}")), Some("etcd")),
            (format!("\u{feff}{}", pod("{command: [etcd]}")), Some("etcd")),
            (format!("kind: ConfigMap\n---\n{}", pod("{command: [etcd]}")), None),
            ("kind: PodList\n".to_owned(), None),
            ("do not touch\n".to_owned(), None),
            (String::new(), None),
            ("{\"kind\":\"Pod\",\"spec\":{\"containers\":[{\"command\":[\"etcd\"]}]}}".to_owned(), Some("etcd")),
        ] {
            assert_eq!(started_by(&text).unwrap().as_deref(), starts, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_file_is_too_odd(text in ".{0,80}", bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80)) {
            let _ = started_by(&text);
            let odd = started_by(&format!("kind: Pod\nmetadata: {text}\n"));
            proptest::prop_assert!(odd != Ok(None) || text.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']), "{text:?}: {odd:?}");
            let _ = super::super::last_day(&bytes);
            let _ = super::super::last_day_of_kubeconfig(&text);
        }
    }

    #[test]
    fn what_cannot_be_told_is_no_answer_and_quotes_nothing() {
        for text in ["kind: Pod\nspec: [hunter2", "kind: Pod\nspec: {}\n", "kind: Pod\nkind: hunter2\n"] {
            let error = started_by(text).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
        assert!(is_read("kube-apiserver.yaml.bak") && is_read("notes") && !is_read(".kube-apiserver.yaml.swp"));
    }
}
