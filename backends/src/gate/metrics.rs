//! The few lines of an API server's metrics page that the gate needs, in the Prometheus text format.

use std::collections::BTreeMap;

use homelab_core::gate::ApiRequest;

/// When the process started, in seconds since 1970.
pub(super) fn process_start(page: &str) -> Option<u64> {
    let (_, value) = samples(page, "process_start_time_seconds").next()?;
    // Whole seconds are enough, and a negative or absurd value is none.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be in range just before")]
    (value.is_finite() && (0.0..1e12).contains(&value)).then_some(value as u64)
}

/// The requests of deprecated APIs that the process has seen.
pub(super) fn deprecated_requests(page: &str) -> Vec<ApiRequest> {
    let mut requests: Vec<ApiRequest> = samples(page, "apiserver_requested_deprecated_apis")
        .filter(|(_, value)| *value > 0.0)
        .map(|(mut labels, _)| {
            let mut take = |name: &str| labels.remove(name).unwrap_or_default();
            ApiRequest {
                group: take("group"),
                version: take("version"),
                resource: take("resource"),
                removed_release: take("removed_release"),
            }
        })
        .collect();
    requests.sort();
    requests.dedup();
    requests
}

/// How many objects of a resource are stored, by the server's own count of the last minute; `None` where it has none.
pub(super) fn stored_objects(page: &str, group: &str, resource: &str) -> Option<u64> {
    let by_name = |name: &'static str, wanted: &dyn Fn(&BTreeMap<String, String>) -> bool| {
        samples(page, name).find(|(labels, _)| wanted(labels)).map(|(_, value)| value)
    };
    let label = |labels: &BTreeMap<String, String>, name: &str| labels.get(name).cloned().unwrap_or_default();
    let count = by_name("apiserver_resource_objects", &|labels| {
        label(labels, "group") == group && label(labels, "resource") == resource
    })
    // Its name before 1.34.
    .or_else(|| {
        by_name("apiserver_storage_objects", &|labels| label(labels, "resource") == format!("{resource}.{group}"))
    })?;
    // The server writes -1 where it failed to count.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be in range just before")]
    (count.is_finite() && (0.0..1e15).contains(&count)).then_some(count as u64)
}

/// How large the database behind the API server is, in bytes; the largest, where it has several.
pub(super) fn storage_bytes(page: &str) -> Option<u64> {
    let largest = samples(page, "apiserver_storage_size_bytes").map(|(_, value)| value).reduce(f64::max)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be in range just before")]
    (largest.is_finite() && (0.0..1e15).contains(&largest)).then_some(largest as u64)
}

/// The samples of one metric: labels and value.
fn samples<'a>(page: &'a str, metric: &'a str) -> impl Iterator<Item = (BTreeMap<String, String>, f64)> + 'a {
    page.lines().filter_map(move |line| {
        let rest = line.strip_prefix(metric)?;
        let (labels, rest) = match rest.strip_prefix('{') {
            Some(inside) => labels(inside)?,
            // Another metric whose name starts with this one is none of ours.
            None if rest.starts_with(' ') => (BTreeMap::new(), rest),
            None => return None,
        };
        let value = rest.split_whitespace().next()?.parse().ok()?;
        Some((labels, value))
    })
}

/// Reads `a="b",c="d"} 1`: the labels, and what follows the brace.
fn labels(text: &str) -> Option<(BTreeMap<String, String>, &str)> {
    let mut labels = BTreeMap::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([',', ' ']);
        if let Some(after) = rest.strip_prefix('}') {
            return Some((labels, after));
        }
        let (name, after) = rest.split_once("=\"")?;
        let (value, after) = quoted(after)?;
        labels.insert(name.to_owned(), value);
        rest = after;
    }
}

/// The text up to the closing quote, unescaped, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"# HELP apiserver_requested_deprecated_apis [STABLE] Gauge of deprecated APIs
# TYPE apiserver_requested_deprecated_apis gauge
apiserver_requested_deprecated_apis{group="",removed_release="",resource="componentstatuses",subresource="",version="v1"} 1
apiserver_requested_deprecated_apis{group="networking.k8s.io",removed_release="1.37",resource="servicecidrs",subresource="",version="v1beta1"} 1
apiserver_requested_deprecated_apis{group="networking.k8s.io",removed_release="1.37",resource="servicecidrs",subresource="status",version="v1beta1"} 1
apiserver_requested_deprecated_apis{group="x",removed_release="1.37",resource="never",subresource="",version="v1"} 0
apiserver_requested_deprecated_apis_total{group="y"} 1
process_start_time_seconds 1.76371234567e+09
"#;

    #[test]
    fn reads_requests_once_per_resource() {
        let requests = deprecated_requests(PAGE);
        let shown: Vec<_> = requests.iter().map(|request| (&*request.resource, &*request.removed_release)).collect();
        assert_eq!(shown, [("componentstatuses", ""), ("servicecidrs", "1.37")]);
    }

    #[test]
    fn reads_the_start_of_the_process() {
        assert_eq!(process_start(PAGE), Some(1_763_712_345));
        assert_eq!(process_start("process_start_time_seconds NaN\n"), None);
        assert_eq!(process_start("process_start_time_seconds -5\n"), None);
        assert_eq!(process_start(""), None);
    }

    #[test]
    fn reads_how_many_objects_are_stored() {
        let page = "apiserver_resource_objects{group=\"scheduling.k8s.io\",resource=\"workloads\"} 3\n\
                    apiserver_resource_objects{group=\"batch\",resource=\"workloads\"} 7\n\
                    apiserver_storage_objects{resource=\"leases.coordination.k8s.io\"} 12\n\
                    apiserver_resource_objects{group=\"apps\",resource=\"deployments\"} -1\n";
        assert_eq!(stored_objects(page, "scheduling.k8s.io", "workloads"), Some(3));
        assert_eq!(stored_objects(page, "coordination.k8s.io", "leases"), Some(12));
        assert_eq!(stored_objects(page, "apps", "deployments"), None, "the server failed to count");
        assert_eq!(stored_objects(page, "apps", "daemonsets"), None);
    }

    #[test]
    fn reads_the_size_of_the_database() {
        let page = "apiserver_storage_size_bytes{storage_cluster_id=\"etcd-0\"} 2.4576e+07\n\
                    apiserver_storage_size_bytes{storage_cluster_id=\"etcd-1\"} 12\n";
        assert_eq!(storage_bytes(page), Some(24_576_000));
        assert_eq!(storage_bytes("apiserver_storage_size_bytes_total 5\n"), None);
    }

    #[test]
    fn broken_lines_are_no_samples() {
        for line in ["apiserver_requested_deprecated_apis{group=\"a", "apiserver_requested_deprecated_apis{group} 1"] {
            assert!(deprecated_requests(line).is_empty(), "{line}");
        }
        let escaped = r#"apiserver_requested_deprecated_apis{group="a\"b\\c",version="v"} 1"#;
        assert_eq!(deprecated_requests(escaped)[0].group, "a\"b\\c");
    }
}
