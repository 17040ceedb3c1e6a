//! Certificates that lie on this machine: of the control plane, of the kubelet, and inside of kubeconfigs.

use std::io;
use std::path::Path;

use homelab_core::gate::{Certificate, Day, Gathering, KubeletCommand, Measured, last_day, last_day_of_kubeconfig};

use super::files::{Root, said};
use super::kubelet;

/// Folders of certificates, with what their names begin with in evidence.
const FOLDERS: [(&str, &str); 6] = [
    ("/etc/kubernetes/pki", ""),
    ("/etc/kubernetes/pki/etcd", "etcd/"),
    ("/var/lib/rancher/k3s/server/tls", "k3s/"),
    ("/var/lib/rancher/k3s/agent", "k3s/agent/"),
    ("/var/lib/rancher/rke2/server/tls", "rke2/"),
    ("/var/lib/rancher/rke2/agent", "rke2/agent/"),
];

/// What kubelets keep by these names is renewed by them, and asked for. `kubelet.crt` is not among them: they sign it
/// themselves, for a year, and nobody looks at it.
const KUBELET: [(&str, &str); 2] =
    [("kubelet-client-current.pem", "kubelet-client"), ("kubelet-server-current.pem", "kubelet-server")];

/// Certificates by name and last day. Absent where the machine has none at all.
pub(super) fn certificates(root: &Root, kubelet: &Measured<KubeletCommand>, node: &str) -> Measured<Vec<Certificate>> {
    let mut list = Gathering::default();
    let mut any = false;
    let mut add = |name: &str, path: &str, found: Result<Option<Day>, Measured<()>>| match found {
        Ok(None) => {}
        Ok(Some(ends)) => {
            any = true;
            list.saw(Certificate { name: format!("{name} on {node}"), ends });
        }
        Err(gap) => {
            any = true;
            list.missed(gap.on(path));
        }
    };
    for (folder, prefix) in FOLDERS {
        let names = listed(root, folder, ".crt", |gap| add("", folder, Err(gap)));
        for name in names {
            let path = format!("{folder}/{name}");
            add(&format!("{prefix}{}", name.trim_end_matches(".crt")), &path, pem(root, &path));
        }
    }
    let folder = kubelet::certificates(kubelet);
    for (file, name) in KUBELET {
        let path = format!("{folder}/{file}");
        add(name, &path, pem(root, &path));
    }
    let folder = "/etc/kubernetes";
    let names = listed(root, folder, ".conf", |gap| add("", folder, Err(gap)));
    for name in names {
        let path = format!("{folder}/{name}");
        let found = read(root, &path, |content| {
            let text = std::str::from_utf8(content).map_err(|_| "it is no text".to_owned())?;
            last_day_of_kubeconfig(text)
        });
        add(&name, &path, found);
    }
    if !any {
        return Measured::Absent("no certificate of a cluster lies on this machine".to_owned());
    }
    list.finish()
}

/// Names in a folder with that ending; none where there is no such folder.
fn listed(root: &Root, folder: &str, ending: &str, missed: impl FnOnce(Measured<()>)) -> Vec<String> {
    match root.names(folder) {
        Ok(names) => names.into_iter().filter(|name| name.ends_with(ending)).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            missed(said(&error));
            Vec::new()
        }
    }
}

fn pem(root: &Root, path: &str) -> Result<Option<Day>, Measured<()>> {
    read(root, path, |content| last_day(content).map(Some))
}

/// What is made of the content of a file; nothing where there is no such file.
fn read(
    root: &Root,
    path: &str,
    make: impl FnOnce(&[u8]) -> Result<Option<Day>, String>,
) -> Result<Option<Day>, Measured<()>> {
    match root.bytes(Path::new(path)) {
        Ok(content) => make(&content).map_err(Measured::NotMeasured),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(said(&error)),
    }
}
