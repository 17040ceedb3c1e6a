//! What only the hosts tell: control groups, disks, pending reboots.

use std::collections::BTreeSet;

use super::checks::CheckName;
use super::evidence::HostState;
use super::image::AppVersion;
use super::judge::{Case, Check};
use super::runtime;
use crate::finding::Finding;
use crate::finding::gate::{DISK_FULL, REBOOT_PENDING};

/// The check. Every node that the cluster lists must have been looked at.
pub(super) fn check(case: &Case<'_>) -> Check {
    let mut check = Check::new(CheckName::Hosts);
    let Some(hosts) = check.look_at_some(&case.evidence.hosts, "the hosts") else { return check };
    let seen: BTreeSet<&str> = hosts.iter().map(|host| host.node.as_str()).collect();
    for node in check.look_at_some(&case.evidence.nodes, "the list of nodes").into_iter().flatten() {
        if !seen.contains(node.name.as_str()) {
            check.not_seen(&format!("host {}", node.name), "nobody looked at it");
        }
    }
    for host in hosts {
        judge(&mut check, case, host);
    }
    check
}

fn judge(check: &mut Check, case: &Case<'_>, host: &HostState) {
    let object = format!("host {}", host.node);
    if let Some(cgroup) = check.look(&host.cgroup, &format!("control groups of {}", host.node)) {
        // The kubelet can be told to go on with version 1, as long as it still knows it.
        let kubelets = case.evidence.kubelets.seen().into_iter().flatten();
        let told = kubelets
            .filter(|kubelet| kubelet.node == host.node)
            .any(|kubelet| kubelet.settings.get("failCgroupV1").is_some_and(|value| value == "false"));
        match AppVersion::floor(&cgroup.to_string()) {
            Some(_) if *cgroup == 1 && told => {}
            Some(version) => runtime::judge(check, case, &format!("cgroup on {}", host.node), "cgroup", &version),
            None => check.not_seen(&object, "its version of control groups is none"),
        }
    }
    let most = case.request.thresholds.disk_percent;
    if check.look(&host.disk_used_percent, &format!("disk of {}", host.node)).is_some_and(|used| *used > most) {
        let finding = Finding::new(DISK_FULL, &object, "Its root file system is nearly full.");
        check.found(finding.expected(format!("At most {most} % of it are in use.")));
    }
    if check.look(&host.reboot_pending, &format!("pending reboot of {}", host.node)).is_some_and(|pending| *pending) {
        check.found(Finding::new(REBOOT_PENDING, &object, "It says that it wants to be rebooted."));
    }
}
