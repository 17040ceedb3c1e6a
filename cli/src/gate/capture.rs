//! `homelab gate capture`: looks, and prints what was seen, to be judged elsewhere.
//!
//! With `--host` it looks at the machine that it runs on, and at no cluster.

use std::path::PathBuf;

use clap::Args;
use homelab_backends::gate_host;
use homelab_core::exit::Exit;
use homelab_core::gate::{Evidence, Weights};
use homelab_schema::upgrade_gate::Weight;

use super::sources::Sources;
use crate::output::{Failure, Printer};

/// The window of a gate that names none, in seconds.
const WINDOW: u64 = 86_400;

#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    sources: Sources,
    /// Look at this machine instead of a cluster; root sees more, and nothing needs it
    #[arg(long, conflicts_with_all = ["evidence", "dir", "host_evidence", "settings_before", "prometheus", "helm", "manifests"])]
    host: bool,
    /// The folder in which the machine's files are, in a container that has them elsewhere
    #[arg(long, value_name = "DIR", default_value = "/", requires = "host")]
    root: PathBuf,
    /// Name of the node that this machine is; read off the kubelet or the machine when left out
    #[arg(long, value_name = "NAME", requires = "host")]
    node: Option<String>,
    /// The folder of etcd's snapshots on this machine
    #[arg(long, value_name = "DIR", requires = "host")]
    snapshots: Option<PathBuf>,
}

pub(crate) fn run(options: &Options, printer: &Printer) -> Result<Exit, Failure> {
    if options.host {
        return this_machine(options, printer);
    }
    // Evidence is judged elsewhere, for whatever is asked there.
    let evidence = options.sources.evidence(&Weights::all(Weight::Error), WINDOW, printer)?;
    printer.json(&evidence)?;
    Ok(told(&gaps(&evidence), printer))
}

fn this_machine(options: &Options, printer: &Printer) -> Result<Exit, Failure> {
    let Options { root, node, snapshots, .. } = options;
    let look = gate_host::Options { root: root.clone(), node: node.clone(), snapshots: snapshots.clone() };
    let host = gate_host::capture(&look).map_err(|why| {
        Failure::new(format!("failed to tell which node this machine is: {why}")).hint("name it with --node")
    })?;
    printer.json(&host)?;
    Ok(told(&host.gaps(), printer))
}

/// Says each gap, and answers with the exit code of what has some.
pub(super) fn told(gaps: &[String], printer: &Printer) -> Exit {
    for gap in gaps {
        printer.talk(&format!("not measured: {gap}"));
    }
    if gaps.is_empty() { Exit::Clean } else { Exit::Incomplete }
}

/// What could not be seen at all, or not completely. Single components without a version are in the evidence; a check names
/// them. What capture does not look at yet is no gap of this cluster's.
fn gaps(evidence: &Evidence) -> Vec<String> {
    let Evidence { control_plane, nodes, proxies, deprecated_requests, stored_uses, pods, node_states, .. } = evidence;
    let Evidence { workloads, budgets, custom_resources, webhooks, aggregated_apis, kill_switch, alerts, .. } =
        evidence;
    let Evidence { static_pods, kubeadm, kubelets, etcd, hosts, certificates, settings_before, .. } = evidence;
    let gap = |what: &str, why: Option<String>| why.map(|why| format!("{what}: {why}"));
    [
        gap("control plane", control_plane.gap()),
        gap("nodes", nodes.gap()),
        gap("kube-proxies", proxies.gap()),
        gap("requests of deprecated APIs", deprecated_requests.gap()),
        gap("writers of old API versions", stored_uses.gap()),
        gap("pods", pods.gap()),
        gap("the state of the nodes", node_states.gap()),
        gap("workloads", workloads.gap()),
        gap("disruption budgets", budgets.gap()),
        gap("custom resources", custom_resources.gap()),
        gap("webhooks", webhooks.gap()),
        gap("aggregated APIs", aggregated_apis.gap()),
        gap("the kill switch", kill_switch.gap()),
        gap("alerts", alerts.gap().filter(|_| alerts.was_looked_for())),
        gap("static pods", static_pods.gap()),
        gap("kubeadm's configuration", kubeadm.gap()),
        gap("the kubelets' settings", kubelets.gap()),
        gap("etcd", etcd.gap()),
        gap("hosts", hosts.gap().filter(|_| hosts.was_looked_for())),
        gap("folders of static pods", evidence.manifest_folders.gap()),
        // Those that the API shows are one of many, and the rest is for the machines to tell.
        gap("certificates", certificates.gap().filter(|_| evidence.manifest_folders.was_looked_for())),
        gap("settings of before", settings_before.gap().filter(|_| settings_before.was_looked_for())),
        gap("manifests of Helm", evidence.helm_uses.gap().filter(|_| evidence.helm_uses.was_looked_for())),
        gap("the folder of manifests", evidence.folder_uses.gap().filter(|_| evidence.folder_uses.was_looked_for())),
    ]
    .into_iter()
    .flatten()
    .collect()
}
