//! A machine's files, as kubeadm and a distribution leave them: whatever looks at hosts is pointed at this folder in place
//! of `/`.
//!
//! Nothing in it runs. Sizes of file systems are those of the machine that the test runs on.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tempfile::TempDir;

use crate::{Error, Result};

/// The kernel that runs, and is installed.
pub const KERNEL: &str = "6.12.48+deb13-amd64";
/// The folder of static pods.
pub const MANIFESTS: &str = "/etc/kubernetes/manifests";

/// The files of one machine. Removed when it is dropped.
#[derive(Debug)]
pub struct Machine {
    folder: TempDir,
}

impl Machine {
    /// A node that runs nothing but a kubelet. Its certificate ends in 2090.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn worker(name: &str) -> Result<Self> {
        let folder = tempfile::tempdir().map_err(Error::io("a temporary folder"))?;
        let machine = Self { folder };
        machine.write("/etc/hostname", &format!("{name}\n"))?;
        machine.write("/proc/sys/kernel/osrelease", &format!("{KERNEL}\n"))?;
        machine.write(&format!("/lib/modules/{KERNEL}/modules.dep"), "")?;
        machine.write("/sys/fs/cgroup/cgroup.controllers", "cpu io memory pids\n")?;
        machine.write("/proc/1/cmdline", "/sbin/init\0")?;
        machine.write(
            "/proc/812/cmdline",
            "/usr/bin/kubelet\0--kubeconfig=/etc/kubernetes/kubelet.conf\0--config=/var/lib/kubelet/config.yaml\0",
        )?;
        let configuration = format!(
            "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nstaticPodPath: {MANIFESTS}\n"
        );
        machine.write("/var/lib/kubelet/config.yaml", &configuration)?;
        let path = machine.at(MANIFESTS);
        fs::create_dir_all(&path).map_err(Error::file(&path))?;
        let pem = "/var/lib/kubelet/pki/kubelet-client-2026-11-01-00-00-00.pem";
        machine.write(pem, &certificate(2090, 5, 1)?)?;
        machine.link("/var/lib/kubelet/pki/kubelet-client-current.pem", pem)?;
        Ok(machine)
    }

    /// A node that runs a control plane and etcd from files, with the certificates that kubeadm makes. They end in 2090.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn control_plane(name: &str) -> Result<Self> {
        let machine = Self::worker(name)?;
        for (component, flags) in [
            ("etcd", "--data-dir=/var/lib/etcd"),
            ("kube-apiserver", "--authentication-config=/etc/kubernetes/auth/config.yaml"),
            ("kube-controller-manager", "--leader-elect=true"),
            ("kube-scheduler", "--leader-elect=true"),
        ] {
            machine.write(&format!("{MANIFESTS}/{component}.yaml"), &static_pod(component, flags))?;
        }
        let pem = certificate(2090, 5, 1)?;
        for file in ["ca", "apiserver", "apiserver-kubelet-client", "front-proxy-client", "etcd/ca", "etcd/server"] {
            machine.write(&format!("/etc/kubernetes/pki/{file}.crt"), &pem)?;
        }
        for file in ["admin", "controller-manager", "scheduler"] {
            machine.write(&format!("/etc/kubernetes/{file}.conf"), &kubeconfig(&pem))?;
        }
        Ok(machine)
    }

    /// The folder that stands for `/`.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where an absolute path of the machine is.
    pub fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path.trim_start_matches('/'))
    }

    /// Writes a file of the machine by its absolute path, and the folders that lead to it.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn write(&self, path: &str, content: &str) -> Result<()> {
        let path = self.at(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(Error::file(folder))?;
        }
        fs::write(&path, content).map_err(Error::file(&path))
    }

    /// Makes `path` a link to the absolute path `target`, as programs on the machine itself see it.
    fn link(&self, path: &str, target: &str) -> Result<()> {
        let path = self.at(path);
        std::os::unix::fs::symlink(target, &path).map_err(Error::file(&path))
    }
}

/// The manifest of a component as kubeadm writes it, with one flag.
pub fn static_pod(component: &str, flag: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  labels:\n    component: {component}\n    tier: control-plane\n  \
         name: {component}\n  namespace: kube-system\nspec:\n  containers:\n  - command:\n    - {component}\n    \
         - {flag}\n    image: registry.example.net/{component}:v1.35.4\n    name: {component}\n  hostNetwork: true\n"
    )
}

/// A certificate that signs itself and ends on that day, as PEM.
///
/// # Errors
///
/// Those of the library that makes it.
pub fn certificate(year: i32, month: u8, day: u8) -> Result<String> {
    let made = || {
        let mut params = CertificateParams::new(vec!["kubernetes.default".to_owned()])?;
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(year, month, day);
        Ok::<_, rcgen::Error>(params.self_signed(&KeyPair::generate()?)?.pem())
    };
    made().map_err(|error| Error::io("a certificate")(std::io::Error::other(error)))
}

/// A kubeconfig with that client certificate, and a key that must be nowhere else.
pub fn kubeconfig(pem: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\nusers:\n- name: admin\n  user:\n    client-certificate-data: {}\n    \
         client-key-data: {}\n",
        STANDARD.encode(pem),
        STANDARD.encode("hunter2-key")
    )
}
