//! etcd as the API side shows it: versions out of images, health and size out of the API server's own view.
//!
//! The API server speaks to the member beside it. With one member that is etcd; with several the rest is told by their own
//! metrics alone, as are latencies, and by the hosts the snapshots. What nobody declared a source for is left out, and said.

use homelab_core::gate::{Etcd, EtcdMember, Evidence, Image, Measured};
use serde_json::Value;

use super::{metrics, requests, static_pods, text};
use crate::kube::Kube;
use crate::objects::Cause;

/// Quota of etcd where nobody sets one.
const DEFAULT_QUOTA: u64 = 2 * 1024 * 1024 * 1024;

/// What can be seen of it.
pub(super) async fn etcd(cluster: &Kube, pods: &Measured<Vec<Value>>, evidence: &Evidence) -> Measured<Etcd> {
    let Measured::Seen(pods) = pods else { return super::failed_again(pods) };
    let members: Vec<&Value> = pods.iter().filter(|pod| pod["metadata"]["labels"]["component"] == "etcd").collect();
    if members.is_empty() {
        return elsewhere(pods, evidence);
    }
    let mut members: Vec<EtcdMember> = members.into_iter().map(member).collect();
    if let [only] = members.as_mut_slice() {
        only.healthy = health(cluster).await;
        only.used_percent = used(cluster, pods).await;
    }
    members.sort_by(|left, right| left.name.cmp(&right.name));
    let monitoring = || "only the monitoring tells, and none is declared (prometheus)".to_owned();
    Measured::Seen(Etcd {
        members,
        apply_p99_ms: Measured::Omitted(monitoring()),
        fsync_p99_ms: Measured::Omitted(monitoring()),
        snapshot: Measured::Omitted("only the hosts tell, and no host evidence is declared".to_owned()),
    })
}

/// Without a pod of it, only a control plane that is known to keep its data otherwise has no gap here.
fn elsewhere(pods: &[Value], evidence: &Evidence) -> Measured<Etcd> {
    if pods.is_empty()
        && let Some(why) = super::without_static_pods(evidence)
    {
        return Measured::Omitted(why);
    }
    let servers = static_pods::flag_of(pods, "kube-apiserver", "etcd-servers");
    match servers.filter(|servers| !servers.contains("127.0.0.1") && !servers.contains("localhost")) {
        Some(servers) => Measured::Omitted(format!("etcd runs outside of the cluster, at {servers}")),
        None => Measured::Absent("no pod of etcd is visible".to_owned()),
    }
}

fn member(pod: &Value) -> EtcdMember {
    let others =
        || "the API server speaks to one member alone; only the monitoring tells of all (prometheus)".to_owned();
    let containers = pod["spec"]["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let container = containers.iter().find(|container| container["name"] == "etcd").or(containers.first());
    let image = container.map(|container| text(&container["image"])).unwrap_or_default();
    let version = match Image::of(&image).version() {
        Ok(version) => Measured::Seen(version.to_string()),
        Err(why) => Measured::NotMeasured(format!("image {image:?}: {why}")),
    };
    let name = static_pods::flag_of(std::slice::from_ref(pod), "etcd", "name");
    EtcdMember {
        name: name.unwrap_or_else(|| text(&pod["spec"]["nodeName"])),
        version,
        healthy: Measured::Omitted(others()),
        used_percent: Measured::Omitted(others()),
    }
}

/// What the API server says of it in the answer that everybody may read.
async fn health(cluster: &Kube) -> Measured<bool> {
    let said = match cluster.get_path_once("/readyz?verbose").await {
        Ok(Some(answer)) => String::from_utf8_lossy(&answer).into_owned(),
        Ok(None) => return Measured::Absent("the API server serves no /readyz".to_owned()),
        Err(error) => match &error.cause {
            // Not ready, which it says with a list of why.
            Cause::Server { words, .. } | Cause::Throttled { words, .. } => words.clone(),
            _ => return super::failed(&error),
        },
    };
    health_of(&said)
}

fn health_of(said: &str) -> Measured<bool> {
    if said.contains("[-]etcd ") {
        Measured::Seen(false)
    } else if said.contains("[+]etcd ok") {
        Measured::Seen(true)
    } else {
        Measured::NotMeasured("the API server's /readyz says nothing of etcd".to_owned())
    }
}

async fn used(cluster: &Kube, pods: &[Value]) -> Measured<u8> {
    let page = match requests::page(cluster).await {
        Ok(page) => page,
        Err(why) => return Measured::NotMeasured(why),
    };
    let Some(bytes) = metrics::storage_bytes(&page) else {
        return Measured::Absent("the API server's metrics have no apiserver_storage_size_bytes".to_owned());
    };
    let quota = static_pods::flag_of(pods, "etcd", "quota-backend-bytes");
    share(bytes, quota.as_deref())
}

/// Share of the quota in percent; 0 stands for the default, as etcd has it.
fn share(bytes: u64, quota: Option<&str>) -> Measured<u8> {
    let quota = match quota.map(str::parse::<u64>) {
        None | Some(Ok(0)) => DEFAULT_QUOTA,
        Some(Ok(quota)) => quota,
        Some(Err(_)) => return Measured::NotMeasured("its --quota-backend-bytes is no number".to_owned()),
    };
    Measured::Seen(u8::try_from(bytes.saturating_mul(100) / quota).unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(image: &str, arguments: &[&str]) -> Value {
        json!({
            "metadata": {"name": "etcd-cp-1", "labels": {"component": "etcd"}},
            "spec": {"nodeName": "cp-1", "containers": [{"name": "etcd", "image": image, "command": arguments}]},
        })
    }

    #[test]
    fn a_member_tells_its_name_and_version() {
        let seen = member(&pod("registry.example.net/etcd:3.6.8-0", &["etcd", "--name=one"]));
        assert_eq!((seen.name.as_str(), seen.version), ("one", Measured::Seen("3.6.8".to_owned())));
        let seen = member(&pod("registry.example.net/etcd@sha256:00ff", &["etcd"]));
        assert_eq!(seen.name, "cp-1");
        assert!(seen.version.seen().is_none());
    }

    #[test]
    fn health_is_what_the_server_says() {
        assert_eq!(health_of("[+]ping ok\n[+]log ok\n[+]etcd ok\n"), Measured::Seen(true));
        assert_eq!(health_of("[+]ping ok\n[-]etcd failed: reason withheld\n"), Measured::Seen(false));
        assert!(health_of("ok").seen().is_none());
    }

    #[test]
    fn the_share_is_of_the_quota_that_is_set() {
        assert_eq!(share(1024 * 1024 * 1024, None), Measured::Seen(50));
        assert_eq!(share(1024 * 1024 * 1024, Some("0")), Measured::Seen(50));
        assert_eq!(share(50, Some("100")), Measured::Seen(50));
        assert_eq!(share(5000, Some("100")), Measured::Seen(u8::MAX), "far beyond is beyond");
        assert!(share(1, Some("8GiB")).seen().is_none());
    }

    #[test]
    fn only_a_known_other_place_is_no_gap() {
        let server = |etcd: &str| {
            json!({"metadata": {"labels": {"component": "kube-apiserver"}}, "spec": {"nodeName": "cp", "containers": [
                {"name": "kube-apiserver", "command": ["kube-apiserver", format!("--etcd-servers={etcd}")]}]}})
        };
        let evidence = Evidence::blind("");
        let outside = elsewhere(&[server("https://etcd.example.net:2379")], &evidence);
        assert!(matches!(&outside, Measured::Omitted(why) if why.contains("etcd.example.net")), "{outside:?}");
        assert!(matches!(elsewhere(&[server("https://127.0.0.1:2379")], &evidence), Measured::Absent(_)));
        assert!(matches!(elsewhere(&[], &evidence), Measured::Absent(_)));
    }
}
