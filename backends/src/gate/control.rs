//! What the control plane runs with, as far as the API shows it.

use homelab_core::gate::{CheckName, Evidence, Measured, Weights};
use homelab_schema::upgrade_gate::Weight;

use super::{certificates, etcd, kubeadm, kubelets, static_pods};
use crate::kube::Kube;

/// Adds to evidence what those checks need of it.
pub(super) async fn add(cluster: &Kube, weights: &Weights, evidence: &mut Evidence) {
    let on = |checks: &[CheckName]| checks.iter().any(|check| weights.of(*check) != Weight::Off);
    // Where nobody asks, what the API shows of them would be a part that nobody judges.
    if on(&[CheckName::Certificates]) {
        evidence.certificates = certificates::certificates(cluster).await;
    }
    let settings = on(&[CheckName::ControlPlane, CheckName::Survival]);
    if !settings && !on(&[CheckName::Etcd, CheckName::Hosts]) {
        return;
    }
    let pods = static_pods::mirror_pods(cluster).await;
    if settings {
        evidence.static_pods = static_pods::components(&pods, evidence);
        evidence.kubeadm = kubeadm::config(cluster, &pods, evidence).await;
        let hosts = "only the hosts tell, and no host evidence is declared";
        evidence.manifest_folders = Measured::Omitted(hosts.to_owned());
    }
    // The check of hosts asks a kubelet whether it was told to go on with control groups of version 1.
    if settings || on(&[CheckName::Hosts]) {
        evidence.kubelets = kubelets::settings(cluster, &evidence.nodes).await;
    }
    if on(&[CheckName::Etcd]) {
        evidence.etcd = etcd::etcd(cluster, &pods, evidence).await;
    }
}
