//! The kubelet that runs here, and what it was told.

use homelab_core::gate::{KubeletCommand, Measured};
use serde_norway::Value;

use super::files::{Root, unread};

/// Where kubeadm and packages have the kubelet's configuration.
const CONFIGURATION: &str = "/var/lib/kubelet/config.yaml";

/// Looks for the kubelet's process: only that tells the flags with which it really runs.
pub(super) fn running(root: &Root) -> Measured<KubeletCommand> {
    let names = match root.names("/proc") {
        Ok(names) => names,
        Err(error) => return unread("/proc", &error),
    };
    let processes = names.iter().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
    // One that ended meanwhile is no kubelet, and command lines may be read by everybody.
    let lines: Vec<Vec<u8>> =
        processes.filter_map(|process| root.bytes(format!("/proc/{process}/cmdline")).ok()).collect();
    let mut found: Vec<KubeletCommand> = lines.iter().filter_map(|line| KubeletCommand::of(line)).collect();
    match (found.pop(), found.len()) {
        (Some(kubelet), 0) => Measured::Seen(kubelet),
        (Some(_), more) => Measured::NotMeasured(format!(
            "{} processes are kubelets, and which of them is this node's cannot be told",
            more + 1
        )),
        (None, _) if lines.iter().any(|line| KubeletCommand::is_inside_of(line)) => {
            Measured::Omitted("k3s runs the kubelet inside of itself, and gives it its flags".to_owned())
        }
        (None, _) => Measured::Absent("no process that can be seen is a kubelet".to_owned()),
    }
}

/// Where it reads static pods from, by its configuration.
pub(super) enum Folder {
    /// From there.
    At(String),
    /// From nowhere.
    None,
    /// That cannot be told, for this reason.
    Unknown(Measured<()>),
}

/// The folder of static pods of a kubelet.
pub(super) fn static_pods(root: &Root, kubelet: &Measured<KubeletCommand>) -> Folder {
    let flag = |name: &str| kubelet.seen().and_then(|kubelet| kubelet.value(name));
    if let Some(folder) = flag("pod-manifest-path") {
        return Folder::At(folder.to_owned());
    }
    let path = flag("config").unwrap_or(CONFIGURATION);
    let text = match root.text(path) {
        Ok(text) => text,
        Err(error) => return Folder::Unknown(unread(path, &error)),
    };
    let Ok(configuration) = serde_norway::from_str::<Value>(&text) else {
        return Folder::Unknown(Measured::NotMeasured(format!("{path}: it is no configuration of a kubelet")));
    };
    match configuration.get("staticPodPath").and_then(Value::as_str).filter(|folder| !folder.is_empty()) {
        Some(folder) => Folder::At(folder.to_owned()),
        None => Folder::None,
    }
}

/// The folder in which it keeps its own certificates.
pub(super) fn certificates(kubelet: &Measured<KubeletCommand>) -> &str {
    kubelet.seen().and_then(|kubelet| kubelet.value("cert-dir")).unwrap_or("/var/lib/kubelet/pki")
}
