//! Machines that are a folder: what is told of them, and what is said of what is not there.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use homelab_plane::machine::{KERNEL, MANIFESTS, Machine, certificate, static_pod};

use super::*;

fn told(machine: &Machine) -> HostEvidence {
    capture(&Options { root: machine.path().to_owned(), node: None, snapshots: None }).unwrap()
}

fn files(host: &HostEvidence) -> Vec<(&str, &str)> {
    let files = host.manifests.seen().unwrap().iter();
    files.map(|(name, starts)| (name.as_str(), starts.as_str())).collect()
}

#[test]
fn a_worker_that_is_well_has_no_gap() {
    let host = told(&Machine::worker("worker-1").unwrap());
    assert_eq!(host.gaps(), Vec::<String>::new());
    assert_eq!(host.node, "worker-1");
    assert_eq!(host.manifests, Measured::Seen(BTreeMap::new()), "its folder is empty, and was looked at");
    let certificates = host.certificates.seen().unwrap();
    assert_eq!(certificates.len(), 1, "the link names an absolute path of the machine");
    assert_eq!(certificates[0].name, "kubelet-client on worker-1");
    assert_eq!(certificates[0].ends.to_string(), "2090-05-01");
}

#[test]
fn a_machine_that_is_no_node_is_no_quiet_node() {
    let machine = tempfile::tempdir().unwrap();
    let nameless = Options { root: machine.path().to_owned(), node: None, snapshots: None };
    let why = capture(&nameless).unwrap_err();
    assert!(why.contains("/etc/hostname"), "{why}");
    let host = capture(&Options { node: Some("cp-1".to_owned()), ..nameless }).unwrap();
    for (what, absent) in [
        ("cgroup", matches!(host.cgroup, Measured::Absent(_))),
        ("reboot", matches!(host.reboot_pending, Measured::Absent(_))),
        ("manifests", matches!(host.manifests, Measured::Absent(_))),
        ("flags", matches!(host.kubelet_flags, Measured::Absent(_))),
        ("certificates", matches!(host.certificates, Measured::Absent(_))),
    ] {
        assert!(absent, "{what}: {host:#?}");
    }
}

#[test]
fn the_folder_of_static_pods_is_that_of_the_kubelet_and_every_file_in_it_counts() {
    let machine = Machine::control_plane("cp-1").unwrap();
    let pod = static_pod("kube-apiserver", "--v=2");
    let write = |name: &str, content: &str| machine.write(&format!("{MANIFESTS}/{name}"), content).unwrap();
    write("kube-apiserver.yaml.bak", &pod);
    write(".kube-apiserver.yaml.swp", &pod);
    write("README", "do not touch\n");
    write("old/kube-apiserver.yaml", &pod);
    let host = told(&machine);
    let servers: Vec<&str> =
        files(&host).iter().filter(|(_, starts)| *starts == "kube-apiserver").map(|(name, _)| *name).collect();
    assert_eq!(servers, ["kube-apiserver.yaml", "kube-apiserver.yaml.bak"], "not hidden ones, nor those of folders");
    assert_eq!(files(&host).len(), 5, "what is no pod is not started");
    write("broken.yaml", "kind: Pod\nspec: [");
    let host = told(&machine);
    assert!(files(&host).contains(&("broken.yaml", "")));
    assert!(host.manifests.gap().unwrap().contains("broken.yaml: what it says cannot be read"), "{host:#?}");

    machine.write("/etc/pods/one.yaml", &pod).unwrap();
    for (configuration, wanted) in [
        ("staticPodPath: /etc/pods\n", vec![("one.yaml", "kube-apiserver")]),
        ("staticPodPath: /etc/pods/one.yaml\n", vec![("one.yaml", "kube-apiserver")]),
        ("staticPodPath: /etc/none\n", vec![]),
        ("maxPods: 250\n", vec![]),
    ] {
        machine.write("/var/lib/kubelet/config.yaml", configuration).unwrap();
        let host = told(&machine);
        assert_eq!((files(&host), host.manifests.gap()), (wanted, None), "{configuration}");
    }
    machine.write("/var/lib/kubelet/config.yaml", "[hunter2").unwrap();
    let gap = told(&machine).manifests.gap().unwrap();
    assert!(gap.contains("it is no configuration of a kubelet") && !gap.contains("hunter2"), "{gap}");
    fs::remove_file(machine.at("/var/lib/kubelet/config.yaml")).unwrap();
    assert_eq!(files(&told(&machine)).len(), 6, "the usual folder");
}

#[test]
fn only_a_kubelet_that_runs_tells_its_flags() {
    let machine = Machine::worker("worker-1").unwrap();
    let kubelet = "/usr/bin/kubelet\0--hostname-override=Node-7\0--container_hints=/etc/hints\0";
    machine.write("/proc/812/cmdline", kubelet).unwrap();
    let host = told(&machine);
    assert_eq!(host.node, "node-7");
    assert_eq!(host.kubelet_flags, Measured::Seen(vec!["container_hints".to_owned(), "hostname-override".to_owned()]));
    machine.write("/proc/813/cmdline", kubelet).unwrap();
    assert!(matches!(told(&machine).kubelet_flags, Measured::NotMeasured(why) if why.starts_with("2 processes")));
    for process in ["812", "813"] {
        fs::remove_dir_all(machine.at(&format!("/proc/{process}"))).unwrap();
    }
    assert!(matches!(told(&machine).kubelet_flags, Measured::Absent(_)));
}

#[test]
fn a_node_of_k3s_has_no_kubelet_of_its_own_and_no_gap_for_that() {
    let machine = Machine::worker("worker-1").unwrap();
    for kubeadm in ["/etc/kubernetes", "/var/lib/kubelet", "/proc/812"] {
        fs::remove_dir_all(machine.at(kubeadm)).unwrap();
    }
    machine.write("/proc/900/cmdline", "/usr/local/bin/k3s agent").unwrap();
    machine.write("/var/lib/rancher/k3s/agent/pod-manifests/vip.yaml", &static_pod("vip", "--v=2")).unwrap();
    machine.write("/var/lib/rancher/k3s/agent/client-kubelet.crt", &certificate(2027, 5, 1).unwrap()).unwrap();
    let host = told(&machine);
    assert_eq!(host.gaps(), Vec::<String>::new());
    assert!(host.kubelet_flags.omitted().is_some());
    assert_eq!(files(&host), [("vip.yaml", "pod kube-system/vip")]);
    assert_eq!(host.certificates.seen().unwrap()[0].name, "k3s/agent/client-kubelet on worker-1");
}

#[test]
fn control_groups_are_told_apart() {
    let machine = Machine::worker("worker-1").unwrap();
    fs::remove_file(machine.at("/sys/fs/cgroup/cgroup.controllers")).unwrap();
    assert!(matches!(told(&machine).cgroup, Measured::NotMeasured(_)), "nothing is mounted");
    machine.write("/sys/fs/cgroup/memory/tasks", "").unwrap();
    machine.write("/sys/fs/cgroup/unified/cgroup.controllers", "").unwrap();
    assert_eq!(told(&machine).cgroup, Measured::Seen(1), "both at once count as the old ones");
}

#[test]
fn a_newer_kernel_waits_for_a_reboot_and_silence_alone_proves_nothing() {
    let machine = Machine::worker("worker-1").unwrap();
    let pending = || told(&machine).reboot_pending;
    assert_eq!(pending(), Measured::Seen(false));
    machine.write("/lib/modules/6.12.57+deb13-amd64/kernel/left.ko", "").unwrap();
    assert_eq!(pending(), Measured::Seen(false), "what is left of a removed kernel");
    machine.write("/lib/modules/6.12.57+deb13-amd64/modules.dep", "").unwrap();
    assert_eq!(pending(), Measured::Seen(true));
    fs::remove_dir_all(machine.at("/lib/modules/6.12.57+deb13-amd64")).unwrap();
    machine.write("/run/reboot-required", "").unwrap();
    assert_eq!(pending(), Measured::Seen(true));
    fs::remove_file(machine.at("/run/reboot-required")).unwrap();
    fs::remove_dir_all(machine.at(&format!("/lib/modules/{KERNEL}"))).unwrap();
    assert!(matches!(pending(), Measured::NotMeasured(_)), "no kernel is installed that could be compared");
}

#[test]
fn snapshots_are_databases_and_the_newest_counts() {
    let folder = tempfile::tempdir().unwrap();
    let mut database = vec![0; 8192];
    database[16..20].copy_from_slice(&0xED0C_DAED_u32.to_le_bytes());
    let write = |name: &str, age: u64, content: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        let written = SystemTime::now() - Duration::from_secs(age);
        fs::File::options().append(true).open(path).unwrap().set_modified(written).unwrap();
    };
    let newest = || snapshots::newest(folder.path(), now());
    assert!(matches!(newest(), Measured::Absent(_)), "an empty folder");
    write("monday.db", 90_000, &database[..4096]);
    write("tuesday.db", 3_600, &database);
    write("tuesday.db.sha256", 60, b"sum");
    write(".hidden", 60, &database);
    let seen = newest();
    let seen = seen.seen().unwrap();
    assert_eq!((seen.bytes, seen.bytes_before), (8192, Some(4096)));
    assert!((3_600..3_700).contains(&seen.age_seconds), "{seen:?}");
    write("wednesday.db", 60, b"");
    assert_eq!(newest().seen().unwrap().bytes, 0, "an empty one is for the judge to see");
    write("wednesday.db", 60, &[b'x'; 4096]);
    assert!(matches!(newest(), Measured::NotMeasured(why) if why.contains("no database of etcd")));
    write("wednesday.db", 50, &database);
    write("wednesday.db.gz", 10, &[b'x'; 2048]);
    assert_eq!(newest().seen().unwrap().bytes, 2048, "packed ones are taken by their names");
    assert!(matches!(snapshots::newest(&folder.path().join("none"), 0), Measured::Absent(_)));
}

#[test]
fn what_the_system_refuses_is_told_in_its_words() {
    use std::io::{Error, ErrorKind};
    let unread = |kind| files::unread::<()>("/etc/x", &Error::from(kind));
    assert_eq!(unread(ErrorKind::PermissionDenied), Measured::Forbidden("/etc/x: permission denied".to_owned()));
    assert_eq!(unread(ErrorKind::NotFound), Measured::Absent("/etc/x: entity not found".to_owned()));
    assert!(matches!(unread(ErrorKind::TimedOut), Measured::NotMeasured(_)));
}

#[cfg(unix)]
#[test]
fn links_stay_below_the_root_and_circles_end() {
    let machine = Machine::worker("worker-1").unwrap();
    let link = |from: &str, to: &str| std::os::unix::fs::symlink(to, machine.at(from)).unwrap();
    link("/etc/kubernetes/manifests/a.yaml", "/etc/pods/a.yaml");
    link("/etc/kubernetes/manifests/gone.yaml", "/etc/pods/gone.yaml");
    machine.write("/etc/pods/a.yaml", &static_pod("etcd", "--v=2")).unwrap();
    assert_eq!(files(&told(&machine)), [("a.yaml", "etcd")]);
    link("/etc/kubernetes/manifests/circle.yaml", "circle.yaml");
    assert!(told(&machine).manifests.gap().unwrap().contains("in a circle"));
}

#[test]
fn files_that_were_named_are_read_or_say_why_not() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let host = told(&Machine::worker("worker-1").unwrap());
    fs::write(at("good.json"), serde_json::to_string(&host).unwrap()).unwrap();
    fs::write(at("cut.json"), "{\"form\": ").unwrap();
    let files = read(&[at("good.json"), at("cut.json"), at("none.json")]);
    assert_eq!(files[0].host, Ok(host));
    assert!(files[1].host.as_ref().unwrap_err().starts_with("it is no host evidence"), "{files:?}");
    assert!(files[2].host.as_ref().unwrap_err().starts_with("failed to read it"), "{files:?}");
}
