//! The folder of static pods, and what each of its files starts.

use std::collections::BTreeMap;
use std::{fs, io};

use homelab_core::gate::{Gathering, KubeletCommand, Measured, is_read, started_by};

use super::files::{Root, unread};
use super::kubelet::{self, Folder};

/// Folders in which static pods lie where the kubelet's configuration cannot be asked: kubeadm's, and those of distributions that
/// have the kubelet inside of a program of their own.
const USUAL: [&str; 3] = [
    "/etc/kubernetes/manifests",
    "/var/lib/rancher/k3s/agent/pod-manifests",
    "/var/lib/rancher/rke2/agent/pod-manifests",
];

/// The files from which the kubelet starts static pods, by name, with what each starts; empty where that cannot be told.
pub(super) fn manifests(root: &Root, kubelet: &Measured<KubeletCommand>) -> Measured<BTreeMap<String, String>> {
    match kubelet::static_pods(root, kubelet) {
        Folder::At(folder) => in_folder(root, &folder, Measured::Seen(())),
        Folder::None => Measured::Seen(BTreeMap::new()),
        Folder::Unknown(why) => {
            let there = |folder: &&&str| fs::metadata(root.at(folder)).is_ok();
            match USUAL.iter().find(there) {
                // Without any configuration these programs read their usual folder.
                Some(folder) if matches!(why, Measured::Absent(_)) => in_folder(root, folder, Measured::Seen(())),
                Some(folder) => in_folder(root, folder, why),
                None => why.map(|()| BTreeMap::new()),
            }
        }
    }
}

/// `so_far` is what could not be told about the folder itself.
fn in_folder(root: &Root, folder: &str, so_far: Measured<()>) -> Measured<BTreeMap<String, String>> {
    let names = match root.names(folder) {
        Ok(names) => names,
        // The kubelet takes a single file as well, and nothing at all.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => vec![String::new()],
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return unread(folder, &error),
    };
    let mut files = Gathering::default();
    files.missed(so_far);
    for name in names.iter().filter(|name| is_read(name)) {
        let path = format!("{}/{name}", folder.trim_end_matches('/'));
        let path = path.trim_end_matches('/');
        let shown = path.rsplit('/').next().unwrap_or_default().to_owned();
        match read(root, path) {
            Ok(None) => {}
            Ok(Some(text)) => match started_by(&text) {
                Ok(None) => {}
                Ok(Some(component)) => files.saw((shown, component)),
                Err(why) => {
                    files.missed(Measured::NotMeasured(format!("{path}: {why}")));
                    files.saw((shown, String::new()));
                }
            },
            Err(error) => {
                files.missed(unread(path, &error));
                files.saw((shown, String::new()));
            }
        }
    }
    files.finish().map(BTreeMap::from_iter)
}

/// The text of a file; nothing for a folder and the like, into which the kubelet does not go.
fn read(root: &Root, path: &str) -> io::Result<Option<String>> {
    let place = match root.followed(path.as_ref()) {
        Ok(place) => place,
        // A link that leads nowhere starts nothing, and so does a file that has gone meanwhile.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if !fs::metadata(place)?.is_file() {
        return Ok(None);
    }
    root.text(path).map(Some)
}
