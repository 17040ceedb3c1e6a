//! What one machine tells of itself: the half of the upgrade gate's evidence that no API shows.
//!
//! # Forces
//!
//! - It runs on the machine, by hand or by a timer, as whoever may: nothing here needs root, a cluster or a network. What may
//!   not be read becomes [`Measured::Forbidden`] with the system's own words, and the rest still counts.
//! - Secrets are beside everything that is of interest here (kubeconfigs, keys, arguments). They are read into memory where
//!   there is no other way, and of each file only a name and a day, or what it starts, goes on.
//! - A pod that looks after the nodes sees the machine's files below a folder of its own. So everything is looked for below a
//!   root, also where a link names an absolute path.
//! - What was looked for and does not exist is `Absent`, never an empty list: a machine without a kubelet has not been seen to
//!   have a quiet one.

mod certificates;
mod files;
mod kubelet;
mod machine;
mod manifests;
mod snapshots;

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use homelab_core::gate::{HostEvidence, HostFile, KubeletCommand, Measured};

use self::files::Root;

/// Where to look, beside what is always looked at.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder in which the machine's files are: `/`, or where a container has them.
    pub root: PathBuf,
    /// Name of the node; read off the machine where it is left out.
    pub node: Option<String>,
    /// The folder of etcd's snapshots, where this machine has one.
    pub snapshots: Option<PathBuf>,
}

/// Looks at this machine. Fails only where it cannot be told which node it is; the error is a fragment.
pub fn capture(options: &Options) -> Result<HostEvidence, String> {
    let root = Root::new(&options.root);
    let kubelet = kubelet::running(&root);
    let node = match &options.node {
        Some(node) => node.clone(),
        None => node_name(&root, &kubelet)?,
    };
    let now = now();
    let mut host = HostEvidence::new(node.as_str(), now);
    host.cgroup = machine::cgroup(&root);
    host.disk_used_percent = machine::disk_used_percent(&root);
    host.reboot_pending = machine::reboot_pending(&root);
    host.manifests = manifests::manifests(&root, &kubelet);
    host.certificates = certificates::certificates(&root, &kubelet, &node);
    host.kubelet_flags = kubelet.map(|kubelet| kubelet.names());
    host.snapshot = options.snapshots.as_deref().map(|folder| snapshots::newest(folder, now));
    Ok(host)
}

/// The name under which a kubelet registers: what it was told, else the machine's own in lower case.
fn node_name(root: &Root, kubelet: &Measured<KubeletCommand>) -> Result<String, String> {
    if let Some(name) = kubelet.seen().and_then(|kubelet| kubelet.value("hostname-override")) {
        return Ok(name.to_lowercase());
    }
    // Below a root of its own the kernel answers for whoever asks it, so the file comes first there.
    let mut places = ["/proc/sys/kernel/hostname", "/etc/hostname"];
    if !root.is_whole_machine() {
        places.reverse();
    }
    let name = |place: &&str| {
        let text = root.text(place).ok()?;
        Some(text.trim().to_lowercase()).filter(|name| !name.is_empty())
    };
    places.iter().find_map(name).ok_or_else(|| format!("neither {} nor {} names this machine", places[0], places[1]))
}

/// Reads the files of machines that were named, as they are: what cannot be read is said by the evidence.
pub fn read(paths: &[PathBuf]) -> Vec<HostFile> {
    let read = |path: &Path| {
        let text = files::bounded_text(path).map_err(|error| format!("failed to read it: {error}"))?;
        HostEvidence::from_json(&text).map_err(|error| format!("it {error}"))
    };
    paths.iter().map(|path| HostFile { place: path.display().to_string(), host: read(path) }).collect()
}

/// The time in seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests;
