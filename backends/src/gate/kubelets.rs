//! What each kubelet says it runs with: `configz`, through the API server's proxy to its node.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use homelab_core::gate::{KubeletConfig, Measured, Node};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::{failed, failed_again, redact};
use crate::kube::Kube;

/// How many kubelets are asked at once.
const AT_ONCE: usize = 8;
/// For how long, in all: a plan must not hang on nodes that are away.
const PATIENCE: Duration = Duration::from_mins(1);
/// How many of those that did not answer are named.
const NAMED: usize = 3;

/// The settings of every kubelet, one after another asked at its node.
pub(super) async fn settings(cluster: &Kube, nodes: &Measured<Vec<Node>>) -> Measured<Vec<KubeletConfig>> {
    let Some(nodes) = nodes.seen() else { return failed_again(nodes) };
    let deadline = Instant::now() + PATIENCE;
    let mut waiting: VecDeque<String> = nodes.iter().map(|node| node.name.clone()).collect();
    let mut answers = Vec::new();
    // Whoever may not ask one may ask none, which need not be said thousands of times.
    if let Some(first) = waiting.pop_front() {
        match within(deadline, cluster, first).await {
            (_, forbidden @ Measured::Forbidden(_)) => return failed_again(&forbidden),
            answer => answers.push(answer),
        }
    }
    let mut asked = FuturesUnordered::new();
    loop {
        while asked.len() < AT_ONCE
            && let Some(next) = waiting.pop_front()
        {
            asked.push(within(deadline, cluster, next));
        }
        let Some(answer) = asked.next().await else { break };
        answers.push(answer);
    }
    answers.sort_by(|(left, _), (right, _)| left.cmp(right));
    together(answers)
}

async fn within(deadline: Instant, cluster: &Kube, node: String) -> (String, Measured<KubeletConfig>) {
    let late = || Measured::Unreachable(format!("there was no answer within {} s for all nodes", PATIENCE.as_secs()));
    let answer = timeout_at(deadline, ask(cluster, &node)).await.unwrap_or_else(|_| late());
    (node, answer)
}

async fn ask(cluster: &Kube, node: &str) -> Measured<KubeletConfig> {
    // Once: the API server's word for a kubelet that it cannot reach is the same as for being overloaded.
    match cluster.get_json_once(&format!("/api/v1/nodes/{node}/proxy/configz")).await {
        Ok(Some(answer)) => match answer.get("kubeletconfig") {
            Some(config @ Value::Object(_)) => {
                let mut settings = BTreeMap::new();
                flatten("", config, &mut settings);
                let flags = Measured::Omitted("only the host tells them (homelab gate capture --host)".to_owned());
                Measured::Seen(KubeletConfig { node: node.to_owned(), settings, flags })
            }
            _ => Measured::NotMeasured("its answer holds no kubeletconfig".to_owned()),
        },
        Ok(None) => Measured::Absent("it serves no configz".to_owned()),
        Err(error) => failed(&error),
    }
}

/// All of them, or those that answered and who did not.
fn together(answers: Vec<(String, Measured<KubeletConfig>)>) -> Measured<Vec<KubeletConfig>> {
    let (all, mut seen, mut silent) = (answers.len(), Vec::new(), Vec::new());
    for (node, answer) in answers {
        match answer {
            Measured::Seen(config) => seen.push(config),
            other => silent.push(format!("{node}: {}", other.gap().unwrap_or_default())),
        }
    }
    if silent.is_empty() {
        return Measured::Seen(seen);
    }
    let more = if silent.len() > NAMED { format!("; and {} more", silent.len() - NAMED) } else { String::new() };
    let why = format!(
        "{} of {all} kubelets did not tell their settings: {}{more}",
        silent.len(),
        silent.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join("; ")
    );
    if seen.is_empty() { Measured::Unreachable(why) } else { Measured::Partial { seen, why } }
}

/// Settings by path: `featureGates.Foo` to `true`; a list of plain values is one setting.
fn flatten(path: &str, value: &Value, settings: &mut BTreeMap<String, String>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| flatten(&below(key), value, settings)),
        Value::Array(list) if list.iter().any(|item| item.is_object() || item.is_array()) => {
            list.iter().enumerate().for_each(|(index, item)| flatten(&below(&index.to_string()), item, settings));
        }
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(plain).collect();
            settings.insert(path.to_owned(), redact::value(path, &items.join(",")));
        }
        plain_value => {
            settings.insert(path.to_owned(), redact::value(path, &plain(plain_value)));
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_are_flat_and_without_secrets() {
        let mut settings = BTreeMap::new();
        let config = json!({
            "maxPods": 110, "failCgroupV1": false, "clusterDNS": ["10.96.0.10", "10.96.0.11"],
            "featureGates": {"KubeletPSI": true}, "staticPodURLHeader": {"Authorization": ["Bearer 1"]},
            "reservedMemory": [{"numaNode": 0, "limits": {"memory": "1Gi"}}], "allowedUnsafeSysctls": [],
        });
        flatten("", &config, &mut settings);
        let shown: Vec<_> = settings.iter().map(|(path, value)| (path.as_str(), value.as_str())).collect();
        assert_eq!(
            shown,
            [
                ("allowedUnsafeSysctls", ""),
                ("clusterDNS", "10.96.0.10,10.96.0.11"),
                ("failCgroupV1", "false"),
                ("featureGates.KubeletPSI", "true"),
                ("maxPods", "110"),
                ("reservedMemory.0.limits.memory", "1Gi"),
                ("reservedMemory.0.numaNode", "0"),
                ("staticPodURLHeader.Authorization", "(left out)"),
            ]
        );
    }

    #[test]
    fn one_that_is_silent_makes_it_a_part() {
        let config = |node: &str| KubeletConfig {
            node: node.to_owned(),
            settings: BTreeMap::new(),
            flags: Measured::Omitted(String::new()),
        };
        let seen = || Measured::Seen(config("a"));
        let away = || Measured::Unreachable("no route to host".to_owned());
        let answer = |node: &str, told| (node.to_owned(), told);
        assert_eq!(together(vec![answer("a", seen())]), Measured::Seen(vec![config("a")]));
        let part = together(vec![answer("a", seen()), answer("b", away())]);
        let Measured::Partial { seen: one, why } = part else { panic!("{part:?}") };
        assert_eq!(
            (one.len(), why.as_str()),
            (1, "1 of 2 kubelets did not tell their settings: b: nobody answered: no route to host")
        );
        let none = together(vec![answer("a", away()), answer("b", away()), answer("c", away()), answer("d", away())]);
        assert!(matches!(&none, Measured::Unreachable(why) if why.ends_with("; and 1 more")), "{none:?}");
        assert_eq!(together(Vec::new()), Measured::Seen(Vec::new()), "an empty list is for the judge to wonder about");
    }
}
