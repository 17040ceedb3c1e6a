//! `homelab gate capture --host` on folders that are a machine's, `gate record`, and what `gate check` makes of both.

use homelab_plane::machine::{MANIFESTS, Machine};
use serde_json::{Value, json};

use crate::support::{Homelab, homelab, repository};

fn capture(machine: &Machine) -> Homelab {
    homelab("gate capture --host --root").arg(machine.path())
}

/// What it tells, with a disk that is not that of the machine that this test runs on.
fn told(machine: &Machine) -> String {
    let ran = capture(machine).run().code(0);
    let mut host = ran.document("gate capture --host");
    host["disk_used_percent"] = json!({"seen": 41});
    host.to_string()
}

/// Evidence of a healthy cluster as its API shows it.
fn cluster() -> String {
    let file = std::fs::read_to_string(repository("testdata/evidence/scenarios/healthy.json")).unwrap();
    let mut evidence: Value = serde_json::from_str(&file).unwrap();
    for of_hosts in ["hosts", "certificates", "settings_before"] {
        evidence.as_object_mut().unwrap().remove(of_hosts);
    }
    evidence["manifest_folders"] = json!({"omitted": "only the hosts tell, and no host evidence is declared"});
    evidence.to_string()
}

#[test]
fn a_machine_tells_of_itself_without_a_cluster_and_without_a_secret() {
    let machine = Machine::control_plane("CP-1").unwrap();
    let ran = capture(&machine).run().code(0);
    assert_eq!(ran.err, "");
    let host = ran.document("gate capture --host");
    assert_eq!(host["node"], "cp-1", "as the kubelet registers");
    assert_eq!(host["cgroup"], json!({"seen": 2}));
    assert_eq!(host["reboot_pending"], json!({"seen": false}));
    assert_eq!(host["kubelet_flags"], json!({"seen": ["config", "kubeconfig"]}));
    let files = host["manifests"]["seen"].as_object().unwrap();
    assert_eq!(files.len(), 4);
    assert_eq!(files["kube-apiserver.yaml"], "kube-apiserver");
    let certificates: Vec<&str> =
        host["certificates"]["seen"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    for name in ["apiserver on cp-1", "etcd/server on cp-1", "admin.conf on cp-1", "kubelet-client on cp-1"] {
        assert!(certificates.contains(&name), "{name} is not in {certificates:?}");
    }
    for secret in ["hunter2", "BEGIN", "auth/config.yaml", "/var/lib/kubelet/config.yaml"] {
        assert!(!ran.out.contains(secret), "{secret} in {}", ran.out);
    }
}

#[cfg(unix)]
#[test]
fn whoever_may_not_read_a_file_says_so_and_tells_the_rest() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;

    let machine = Machine::control_plane("cp-1").unwrap();
    set_permissions(machine.path(), Permissions::from_mode(0o755)).unwrap();
    for (path, mode) in [
        ("/etc/kubernetes/admin.conf", 0o000),
        (&format!("{MANIFESTS}/kube-apiserver.yaml"), 0o000),
        ("/var/lib/kubelet/pki", 0o000),
    ] {
        set_permissions(machine.at(path), Permissions::from_mode(mode)).unwrap();
    }
    let mut run = capture(&machine);
    if rustix::process::geteuid().is_root() {
        // Root may read everything, so this is for somebody else.
        run.command.uid(65_534).gid(65_534);
    }
    let ran = run.run().code(3);
    let host = ran.document("gate capture --host");
    set_permissions(machine.at("/var/lib/kubelet/pki"), Permissions::from_mode(0o755)).unwrap();
    assert_eq!(host["manifests"]["partial"]["seen"]["kube-apiserver.yaml"], "", "{host:#}");
    assert_eq!(host["manifests"]["partial"]["seen"]["etcd.yaml"], "etcd");
    let why = host["certificates"]["partial"]["why"].as_str().unwrap();
    assert!(why.contains("/etc/kubernetes/admin.conf: Permission denied"), "{why}");
    assert!(why.contains("/var/lib/kubelet/pki/kubelet-client-current.pem: Permission denied"), "{why}");
    assert!(ran.err.contains("not measured: certificates: only a part was seen"), "{}", ran.err);
    assert_eq!(host["cgroup"], json!({"seen": 2}), "the rest counts");
}

#[test]
fn what_machines_tell_is_judged_with_the_cluster() {
    let (control_plane, worker) = (Machine::control_plane("cp-1").unwrap(), Machine::worker("worker-1").unwrap());
    let check = |control_plane: &Machine| {
        homelab("gate check --target 1.36.2 --evidence evidence.json --host-evidence cp-1.json worker-1.json")
            .file("evidence.json", &cluster())
            .file("cp-1.json", &told(control_plane))
            .file("worker-1.json", &told(&worker))
    };
    let healthy = check(&control_plane).args("--output json").run().code(0).document("gate check");
    let coverage = healthy["report"]["coverage"].as_array().unwrap();
    for name in ["hosts", "certificates"] {
        let seen = coverage.iter().find(|seen| seen["check"] == name).unwrap();
        assert_eq!(seen["state"], "measured", "{name} is made where somebody named host evidence");
    }

    let backup = std::fs::read_to_string(control_plane.at(&format!("{MANIFESTS}/etcd.yaml"))).unwrap();
    control_plane.write(&format!("{MANIFESTS}/etcd.yaml.2026-11-20"), &backup).unwrap();
    let text = check(&control_plane).args("--check control_plane").run().code(2).out;
    assert!(text.contains("HL4304") && text.contains("etcd.yaml and etcd.yaml.2026-11-20"), "{text}");

    // One file of evidence for somebody else, with what the machines told in it.
    let bundle = homelab("gate capture --evidence evidence.json --host-evidence cp-1.json worker-1.json")
        .file("evidence.json", &cluster())
        .file("cp-1.json", &told(&control_plane))
        .file("worker-1.json", &told(&worker))
        .run();
    let again =
        homelab("gate check --target 1.36.2 --check all --evidence bundle.json").file("bundle.json", &bundle.out);
    assert!(again.run().out.contains("etcd.yaml and etcd.yaml.2026-11-20"), "{}", bundle.err);
}

#[test]
fn a_missing_or_unreadable_file_of_a_machine_is_unknown_and_named() {
    let control_plane = Machine::control_plane("cp-1").unwrap();
    for (content, said) in [
        (None, "failed to read it: No such file"),
        (Some("{}"), "is no host evidence"),
        (Some("{\"form\": \"homelab/evidence/v1\"}"), "host evidence is \"homelab/host/v1\""),
    ] {
        let mut run =
            homelab("gate check --target 1.36.2 --evidence evidence.json --host-evidence cp-1.json worker-1.json")
                .file("evidence.json", &cluster())
                .file("cp-1.json", &told(&control_plane));
        if let Some(content) = content {
            run = run.file("worker-1.json", content);
        }
        let text = run.run().code(3).out;
        assert!(text.contains("worker-1.json") && text.contains(said), "{said}: {text}");
    }
}

#[test]
fn settings_are_recorded_before_and_compared_after() {
    let recorded = homelab("gate record --evidence evidence.json").file("evidence.json", &cluster()).run().code(0);
    let record = recorded.document("gate record");
    assert_eq!(record["settings"]["kubelet on cp-1"]["maxPods"], "110");
    let after = |evidence: &str, before: &str| {
        homelab("gate check --target 1.35.4 --evidence evidence.json --settings-before before.json")
            .file("evidence.json", evidence)
            .file("before.json", before)
    };
    after(&cluster(), &recorded.out).run().code(0);
    after(&cluster(), &cluster()).run().code(0);
    let lost = cluster().replace("\"maxPods\":\"110\",", "");
    assert_ne!(lost, cluster());
    let text = after(&lost, &recorded.out).run().code(2).out;
    assert!(text.contains("HL4306") && text.contains("maxPods is gone"), "{text}");

    // A record of little proves little.
    let mut blind: Value = serde_json::from_str(&cluster()).unwrap();
    blind["kubelets"] = json!({"forbidden": "nodes/proxy is forbidden"});
    let partial =
        homelab("gate record --evidence evidence.json").file("evidence.json", &blind.to_string()).run().code(3);
    assert!(partial.err.contains("not measured: the kubelets' settings: forbidden"), "{}", partial.err);
    let text = after(&lost, &partial.out).run().code(3).out;
    assert!(text.contains("settings of before") && text.contains("nodes/proxy is forbidden"), "{text}");

    let message = after(&cluster(), "{}").run().error(true);
    assert!(message.contains("before.json is no record of settings"), "{message}");
    let gone = homelab("gate check --target 1.35.4 --evidence evidence.json --settings-before none.json");
    assert!(gone.file("evidence.json", &cluster()).run().error(true).contains("failed to read the settings of before"));
}

#[test]
fn snapshots_are_told_by_age_and_size_where_somebody_names_their_folder() {
    let machine = Machine::control_plane("cp-1").unwrap();
    let mut database = vec![0; 4096];
    database[16..20].copy_from_slice(&0xED0C_DAED_u32.to_le_bytes());
    let write = |name: &str, content: &[u8]| {
        machine.write(&format!("/backup/{name}"), "").unwrap();
        std::fs::write(machine.at(&format!("/backup/{name}")), content).unwrap();
    };
    let run = || capture(&machine).arg("--snapshots").arg(machine.at("/backup")).run();
    write("snapshot-1.db", &database);
    write("snapshot-1.db.sha256", b"beside it");
    let host = run().code(0).document("gate capture --host");
    let snapshot = &host["snapshot"]["seen"];
    assert_eq!((&snapshot["bytes"], &snapshot["bytes_before"]), (&json!(4096), &Value::Null), "{host:#}");
    assert!(snapshot["age_seconds"].as_u64().unwrap() < 600, "{host:#}");

    let check = |host: &Value| {
        let run = homelab("gate check --target 1.36.2 --evidence evidence.json --host-evidence cp-1.json");
        run.file("evidence.json", &cluster()).file("cp-1.json", &host.to_string()).run().out
    };
    assert!(!check(&host).contains("HL4404"), "it is fresh and large enough");
    write("snapshot-2.db", b"");
    let text = check(&run().code(0).document("gate capture --host"));
    assert!(text.contains("HL4404") && text.contains("next to empty"), "{text}");

    std::fs::remove_file(machine.at("/backup/snapshot-1.db")).unwrap();
    write("snapshot-2.db", &[b'x'; 4096]);
    let ran = run().code(3);
    assert!(ran.err.contains("the newest file is no database of etcd"), "{}", ran.err);
}

#[test]
fn flags_of_a_machine_go_with_host_alone() {
    for arguments in ["gate capture --root /", "gate capture --host --evidence x.json", "gate capture --node a"] {
        let message = homelab(arguments).run().error(false);
        assert!(message.contains("--"), "{message}");
    }
    let nameless = tempfile::tempdir().unwrap();
    let message = homelab("gate capture --host --root").arg(nameless.path()).run().error(true);
    assert!(message.contains("name it with --node"), "{message}");
}
