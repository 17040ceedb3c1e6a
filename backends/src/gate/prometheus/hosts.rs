//! What exporters tell of the nodes' hosts: disks, pending reboots, control groups.

use std::collections::{BTreeMap, BTreeSet};

use homelab_core::gate::{HostState, Measured};

use super::answer::Sample;
use super::etcd::{or_else, percent};
use super::link::Link;
use super::{Found, failed, find, host};

/// The root file system, by `node_exporter`.
const DISK: &str = r#"{__name__=~"node_filesystem_(avail|size)_bytes",mountpoint="/"}"#;
/// Names of hosts by where they are collected, by `node_exporter`.
const NAMES: &str = "node_uname_info";
/// That a reboot is wanted: by kured, or by the text file that Debian's packages of `node_exporter` keep.
const REBOOT: &str = r#"{__name__=~"kured_reboot_required|node_reboot_required"}"#;
/// By the kubelet.
const CGROUP: &str = "kubelet_cgroup_version";
/// Labels that hold the name of a node, the surest first.
const NODE_LABELS: [&str; 5] = ["node", "nodename", "kubernetes_node", "kubernetes_io_hostname", "instance"];

/// What Prometheus tells of the hosts of `nodes`, which are all that the cluster lists.
pub(super) async fn hosts(link: &Link, nodes: &[String]) -> Measured<Vec<HostState>> {
    let asked = tokio::try_join!(find(link, DISK), find(link, NAMES), find(link, REBOOT), find(link, CGROUP));
    let (disk, names, reboot, cgroup) = match asked {
        Ok(found) => found,
        Err(cause) => return failed(link, &cause),
    };
    let names = Names::new(nodes, names.as_ref());
    let (disk, reboot, cgroup) = (names.by_node(disk), names.by_node(reboot), names.by_node(cgroup));
    let known: BTreeSet<&String> = disk.keys().chain(reboot.keys()).chain(cgroup.keys()).collect();
    if known.is_empty() {
        let why = "Prometheus has no series of node_filesystem_avail_bytes, kured_reboot_required or \
                   kubelet_cgroup_version that is of a node of this cluster";
        return Measured::Absent(why.to_owned());
    }
    let state = |node: &String| HostState {
        node: node.clone(),
        cgroup: of(&cgroup, node, CGROUP, version),
        disk_used_percent: of(&disk, node, "node_filesystem_avail_bytes", used),
        reboot_pending: of(&reboot, node, "kured_reboot_required", |samples| {
            // Whoever of them says so knows of a reason.
            Some(samples.iter().any(|sample| sample.value > 0.0))
        }),
    };
    Measured::Seen(known.into_iter().map(state).collect())
}

fn of<T>(
    found: &BTreeMap<String, Found>,
    node: &str,
    metric: &str,
    read: impl Fn(&[Sample]) -> Option<T>,
) -> Measured<T> {
    let absent = || format!("Prometheus has no series of {metric} for it");
    match found.get(node) {
        None => Measured::Absent(absent()),
        Some(found) => found.measured(read(&found.samples).ok_or_else(absent)),
    }
}

/// The fullest of what is mounted there: a host may be collected twice.
fn used(samples: &[Sample]) -> Option<u8> {
    let by = |metric: &'static str| samples.iter().filter(move |sample| sample.metric() == metric);
    let share = |size: &Sample| {
        let of_same = |avail: &&Sample| {
            avail.labels.iter().filter(|(name, _)| *name != "__name__").all(|(name, value)| size.label(name) == value)
        };
        let avail = by("node_filesystem_avail_bytes").find(of_same)?;
        percent(size.value - avail.value, size.value)
    };
    by("node_filesystem_size_bytes").filter_map(share).max()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "only 1 and 2 pass")]
fn version(samples: &[Sample]) -> Option<u8> {
    samples.iter().map(|sample| sample.value).find(|value| [1.0, 2.0].contains(value)).map(|value| value as u8)
}

/// Which node a series is of.
struct Names<'a> {
    nodes: BTreeSet<&'a str>,
    /// Names of hosts by `instance`.
    hosts: BTreeMap<String, String>,
}

impl<'a> Names<'a> {
    fn new(nodes: &'a [String], found: Option<&Found>) -> Self {
        let samples = found.into_iter().flat_map(|found| &found.samples);
        let hosts = samples.map(|sample| (sample.label("instance").to_owned(), sample.label("nodename").to_owned()));
        Self { nodes: nodes.iter().map(String::as_str).collect(), hosts: hosts.collect() }
    }

    /// The node of that series, where the cluster lists it.
    fn node(&self, sample: &Sample) -> Option<String> {
        let by_host = self.hosts.get(sample.label("instance")).map(String::as_str);
        let by_label = NODE_LABELS.iter().flat_map(|name| {
            let value = sample.label(name);
            [value, host(value)]
        });
        by_label.chain(by_host).find(|name| self.nodes.contains(name)).map(str::to_owned)
    }

    fn by_node(&self, found: Option<Found>) -> BTreeMap<String, Found> {
        let mut by_node: BTreeMap<String, Found> = BTreeMap::new();
        let Some(found) = found else { return by_node };
        for sample in found.samples {
            if let Some(node) = self.node(&sample) {
                let of = by_node.entry(node).or_insert_with(|| Found { samples: Vec::new(), gap: found.gap.clone() });
                of.samples.push(sample);
            }
        }
        by_node
    }
}

/// What was known, with what Prometheus tells in its gaps.
pub(super) fn joined(own: Measured<Vec<HostState>>, told: Measured<Vec<HostState>>) -> Measured<Vec<HostState>> {
    let Some(more) = told.seen().cloned() else { return or_else(own, || told) };
    let both = |own: Vec<HostState>| {
        let mut of: BTreeMap<String, HostState> = more.into_iter().map(|host| (host.node.clone(), host)).collect();
        for host in own {
            let HostState { node, cgroup, disk_used_percent, reboot_pending } = host;
            let host = match of.remove(&node) {
                None => HostState { node, cgroup, disk_used_percent, reboot_pending },
                Some(told) => HostState {
                    node,
                    cgroup: or_else(cgroup, || told.cgroup),
                    disk_used_percent: or_else(disk_used_percent, || told.disk_used_percent),
                    reboot_pending: or_else(reboot_pending, || told.reboot_pending),
                },
            };
            of.insert(host.node.clone(), host);
        }
        of.into_values().collect()
    };
    if own.seen().is_some() { own.map(both) } else { told }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(metric: &str, labels: &[(&str, &str)], value: f64) -> Sample {
        let all = labels.iter().copied().chain([("__name__", metric)]);
        Sample { labels: all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(), value }
    }

    fn found(samples: Vec<Sample>) -> Found {
        Found { samples, gap: None }
    }

    #[test]
    fn a_series_is_of_the_node_that_one_of_its_labels_names() {
        let nodes = ["cp-1".to_owned(), "worker-1".to_owned()];
        let uname = found(vec![sample(NAMES, &[("instance", "192.0.2.11:9100"), ("nodename", "worker-1")], 1.0)]);
        let names = Names::new(&nodes, Some(&uname));
        for (labels, node) in [
            (vec![("node", "cp-1"), ("instance", "192.0.2.11:9100")], Some("cp-1")),
            (vec![("instance", "192.0.2.11:9100")], Some("worker-1")),
            (vec![("instance", "cp-1:9100")], Some("cp-1")),
            (vec![("instance", "cp-1")], Some("cp-1")),
            (vec![("instance", "192.0.2.12:9100"), ("node", "another")], None),
            (vec![], None),
        ] {
            assert_eq!(names.node(&sample("x", &labels, 1.0)).as_deref(), node, "{labels:?}");
        }
    }

    #[test]
    fn shares_are_of_one_file_system() {
        let disk = |metric: &str, device: &str, value| {
            sample(metric, &[("device", device), ("mountpoint", "/"), ("instance", "a")], value)
        };
        let samples = [
            disk("node_filesystem_size_bytes", "rootfs", 100.0),
            disk("node_filesystem_size_bytes", "/dev/sda1", 1000.0),
            disk("node_filesystem_avail_bytes", "/dev/sda1", 90.0),
        ];
        assert_eq!(used(&samples), Some(91));
        assert_eq!(used(&samples[..2]), None);
        assert_eq!((version(&samples), version(&[sample(CGROUP, &[], 2.0)])), (None, Some(2)));
    }

    #[test]
    fn what_a_host_says_itself_comes_first() {
        let state = |node: &str, disk: Measured<u8>, reboot: Measured<bool>| HostState {
            node: node.to_owned(),
            cgroup: Measured::default(),
            disk_used_percent: disk,
            reboot_pending: reboot,
        };
        let own = vec![state("a", Measured::Seen(10), Measured::default())];
        let told = vec![
            state("a", Measured::Seen(90), Measured::Seen(true)),
            state("b", Measured::Seen(20), Measured::default()),
        ];
        let both = joined(Measured::Seen(own.clone()), Measured::Seen(told.clone()));
        let expected = vec![
            state("a", Measured::Seen(10), Measured::Seen(true)),
            state("b", Measured::Seen(20), Measured::default()),
        ];
        assert_eq!(both, Measured::Seen(expected));
        assert_eq!(joined(Measured::default(), Measured::Seen(told.clone())), Measured::Seen(told));
        assert_eq!(joined(Measured::Seen(own.clone()), Measured::Absent("none".to_owned())), Measured::Seen(own));
        let dead = Measured::Unreachable("refused".to_owned());
        assert_eq!(joined(Measured::default(), dead.clone()), dead);
    }
}
