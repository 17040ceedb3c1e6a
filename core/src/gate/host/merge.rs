//! From the files of machines to evidence about the cluster whose nodes they are.

use std::collections::{BTreeMap, BTreeSet};

use super::gathering::Gathering;
use super::{HostEvidence, Measured};
use crate::gate::day::Day;
use crate::gate::evidence::{Etcd, Evidence, HostState, KubeletConfig, ManifestFolder, Snapshot};

const DAY: u64 = 86_400;
/// How far ahead the clock of a machine may be before the age of its file says nothing.
const AHEAD: u64 = 300;

/// A file that was named, and what is in it or why that could not be read.
#[derive(Clone, Debug)]
pub struct HostFile {
    /// Its path, as somebody wrote it.
    pub place: String,
    /// Its content; an error is a fragment.
    pub host: Result<HostEvidence, String>,
}

/// Adds to evidence what machines tell of themselves. `now` is the time in seconds since 1970.
///
/// A node that has no file among several is missing, and what rests on all of them was seen in part; a file that is older
/// than a day, seen from the day of the evidence, is stale. Of several files of one node the newest counts, and a file of
/// something that is no node of the cluster says nothing about it.
pub fn merge_hosts(evidence: &mut Evidence, files: &[HostFile], now: u64) {
    if files.is_empty() {
        return;
    }
    let scene = Scene::of(evidence, files, now);
    hosts(evidence, &scene);
    folders(evidence, &scene);
    certificates(evidence, &scene);
    kubelets(evidence, &scene);
    snapshot(evidence, &scene);
}

/// The machines, and what is missing among them.
struct Scene<'f> {
    /// The newest file of each node, with why it is old, where it is.
    machines: BTreeMap<&'f str, (&'f HostEvidence, Option<String>)>,
    /// Files that could not be read.
    unread: Vec<Measured<()>>,
    /// Nodes without a file.
    missing: Vec<String>,
    /// Why others may be missing too, where the list of nodes was not seen completely.
    unlisted: Measured<()>,
    /// Until when a file's age is counted.
    until: u64,
}

impl<'f> Scene<'f> {
    fn of(evidence: &Evidence, files: &'f [HostFile], now: u64) -> Self {
        let until = evidence.captured_on.map_or(now, |day| now.min((u64::from(day.unix()) + 1) * DAY));
        let mut machines: BTreeMap<&str, (&HostEvidence, Option<String>)> = BTreeMap::new();
        let mut unread = Vec::new();
        for file in files {
            match &file.host {
                Ok(host) => {
                    let before = machines.get(host.node.as_str());
                    if before.is_none_or(|(before, _)| before.captured_at <= host.captured_at) {
                        machines.insert(&host.node, (host, old(host, until, now)));
                    }
                }
                Err(why) => unread.push(Measured::NotMeasured(format!("the host evidence {}: {why}", file.place))),
            }
        }
        let mut missing = Vec::new();
        if let Some(nodes) = evidence.nodes.seen() {
            let nodes: BTreeSet<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
            missing =
                nodes.iter().filter(|node| !machines.contains_key(**node)).map(|node| (*node).to_owned()).collect();
            if evidence.nodes.gap().is_none() {
                machines.retain(|node, _| nodes.contains(node));
            }
        }
        let unlisted = match evidence.nodes.gap() {
            Some(why) => Measured::NotMeasured(format!("which nodes there are is not known ({why})")),
            None => Measured::Seen(()),
        };
        Self { machines, unread, missing, unlisted, until }
    }

    /// A list of which only the files that could not be read are known yet.
    fn begin<T>(&self) -> Gathering<T> {
        let mut list = Gathering::default();
        for gap in &self.unread {
            list.missed(gap.clone());
        }
        list
    }
}

/// Why a file is too old, without its age, which changes from look to look.
fn old(host: &HostEvidence, until: u64, now: u64) -> Option<String> {
    let day = Day::of_unix(0).plus(u32::try_from(host.captured_at / DAY).unwrap_or(u32::MAX));
    if host.captured_at > now + AHEAD {
        return Some(format!("the host evidence of {} is dated {day}, which is yet to come", host.node));
    }
    let age = until.saturating_sub(host.captured_at);
    (age > DAY).then(|| format!("the host evidence of {} is of {day}, more than 24 hours before", host.node))
}

fn stale(old: Option<&String>) -> Measured<()> {
    old.map_or(Measured::Seen(()), |why| Measured::Stale { seen: (), why: why.clone() })
}

/// A measurement as a gap of a list: without what was seen.
fn gap<T>(measured: &Measured<T>, node: &str) -> Measured<()> {
    measured.as_ref().map(|_| ()).on(node)
}

/// Disks, control groups and reboots. Where monitoring has told some of it already, that stands in for what a machine could not
/// tell. Nodes that are missing are named by the check itself.
fn hosts(evidence: &mut Evidence, scene: &Scene<'_>) {
    let before: BTreeMap<&str, &HostState> =
        evidence.hosts.seen().into_iter().flatten().map(|host| (host.node.as_str(), host)).collect();
    let mut list = scene.begin();
    for (node, (host, old)) in &scene.machines {
        let before = before.get(node);
        list.saw(HostState {
            node: (*node).to_owned(),
            cgroup: better(&host.cgroup, before.map(|before| &before.cgroup)),
            disk_used_percent: better(&host.disk_used_percent, before.map(|before| &before.disk_used_percent)),
            reboot_pending: better(&host.reboot_pending, before.map(|before| &before.reboot_pending)),
        });
        list.missed(stale(old.as_ref()));
    }
    for (_, host) in before.iter().filter(|(node, _)| !scene.machines.contains_key(**node)) {
        list.saw((*host).clone());
    }
    if scene.machines.is_empty() && before.is_empty() {
        for node in &scene.missing {
            list.missed(unseen(node));
        }
    }
    evidence.hosts = list.finish();
}

fn better<T: Clone>(told: &Measured<T>, before: Option<&Measured<T>>) -> Measured<T> {
    match before {
        Some(before) if told.gap().is_some() && before.gap().is_none() => before.clone(),
        _ => told.clone(),
    }
}

fn unseen(node: &str) -> Measured<()> {
    Measured::NotMeasured(format!("nobody looked at {node}"))
}

/// The folders of static pods. What evidence had of nodes without a file stays.
fn folders(evidence: &mut Evidence, scene: &Scene<'_>) {
    let mut list = scene.begin();
    let before = evidence.manifest_folders.seen().map(Vec::as_slice).unwrap_or_default();
    for folder in before.iter().filter(|folder| !scene.machines.contains_key(folder.node.as_str())) {
        list.saw(folder.clone());
    }
    list.missed(scene.unlisted.clone());
    for node in scene.missing.iter().filter(|node| before.iter().all(|folder| folder.node != **node)) {
        list.missed(unseen(node));
    }
    for (node, (host, old)) in &scene.machines {
        if let Some(files) = host.manifests.seen() {
            list.saw(ManifestFolder { node: (*node).to_owned(), files: files.clone() });
        }
        list.missed(gap(&host.manifests, node));
        list.missed(stale(old.as_ref()));
    }
    evidence.manifest_folders = list.finish();
}

/// Certificates: those of the machines, and those that the cluster itself showed.
fn certificates(evidence: &mut Evidence, scene: &Scene<'_>) {
    let mut list = scene.begin();
    list.missed(scene.unlisted.clone());
    for node in &scene.missing {
        list.missed(unseen(node));
    }
    let mut names = BTreeSet::new();
    for (node, (host, old)) in &scene.machines {
        for certificate in host.certificates.seen().into_iter().flatten() {
            names.insert(&certificate.name);
            list.saw(certificate.clone());
        }
        list.missed(gap(&host.certificates, node));
        list.missed(stale(old.as_ref()));
    }
    let before = evidence.certificates.seen().into_iter().flatten();
    for certificate in before.filter(|certificate| !names.contains(&certificate.name)) {
        list.saw(certificate.clone());
    }
    evidence.certificates = list.finish();
}

/// Flags of the kubelets, beside the settings that they tell over their API.
fn kubelets(evidence: &mut Evidence, scene: &Scene<'_>) {
    let flags = |node: &str| {
        let (host, old) = scene.machines.get(node)?;
        Some(match (host.kubelet_flags.seen(), old) {
            (Some(seen), Some(why)) => Measured::Stale { seen: seen.clone(), why: why.clone() },
            _ => host.kubelet_flags.clone(),
        })
    };
    let before = std::mem::take(&mut evidence.kubelets);
    evidence.kubelets = if before.seen().is_some() {
        before.map(|list| {
            let with_flags = |kubelet: KubeletConfig| match flags(&kubelet.node) {
                Some(flags) => KubeletConfig { flags, ..kubelet },
                None => kubelet,
            };
            list.into_iter().map(with_flags).collect()
        })
    } else {
        // A flag that is gone keeps a kubelet from starting, whether or not its settings could be seen.
        let alone = |node: &&str| {
            let flags = flags(node)?;
            Some(KubeletConfig { node: (*node).to_owned(), settings: BTreeMap::new(), flags })
        };
        let seen: Vec<KubeletConfig> = scene.machines.keys().filter_map(alone).collect();
        match before.gap() {
            Some(why) if !seen.is_empty() => Measured::Partial { seen, why },
            _ => before,
        }
    };
}

/// The newest snapshot of etcd among those of the machines, where one of them was asked for any.
fn snapshot(evidence: &mut Evidence, scene: &Scene<'_>) {
    let mut best: Option<Measured<Snapshot>> = None;
    for (node, (host, old)) in &scene.machines {
        let Some(told) = &host.snapshot else { continue };
        let elapsed = scene.until.saturating_sub(host.captured_at);
        let later =
            |snapshot: Snapshot| Snapshot { age_seconds: snapshot.age_seconds.saturating_add(elapsed), ..snapshot };
        let told = match (told.clone().map(later).on(node), old) {
            (Measured::Seen(seen), Some(why)) => Measured::Stale { seen, why: why.clone() },
            (told, _) => told,
        };
        if best.as_ref().is_none_or(|best| rank(&told) < rank(best)) {
            best = Some(told);
        }
    }
    let Some(snapshot) = best else { return };
    let before = std::mem::take(&mut evidence.etcd);
    evidence.etcd = if before.seen().is_some() {
        before.map(|etcd| Etcd { snapshot, ..etcd })
    } else {
        let why = before.gap().or_else(|| before.omitted().map(str::to_owned)).unwrap_or_default();
        let (members, apply_p99_ms, fsync_p99_ms) = (Vec::new(), Measured::default(), Measured::default());
        Measured::Partial { seen: Etcd { members, apply_p99_ms, fsync_p99_ms, snapshot }, why }
    };
}

/// What is surely a snapshot before what may be one, and the newest first.
fn rank(told: &Measured<Snapshot>) -> (bool, u64) {
    (told.gap().is_some(), told.seen().map_or(u64::MAX, |snapshot| snapshot.age_seconds))
}
