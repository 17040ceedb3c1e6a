//! What only machines tell, through Terraform: host evidence, and settings of before. The machines are folders as kubeadm
//! leaves them, and what they tell is captured from there as `homelab gate capture --host` does.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use homelab_backends::gate_host;
use homelab_core::gate::{Evidence, Measured, Record};
use homelab_plane::machine::{MANIFESTS, Machine, certificate, static_pod};
use homelab_plane::programs::Program;
use homelab_plane::skip;
use homelab_plane::terraform::Workspace;
use serde_json::{Value, json};

use crate::support::folders;

/// What the API shows of a healthy cluster of `cp-1` and `worker-1`.
fn cluster() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/evidence/scenarios/healthy.json");
    let mut evidence: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    for of_hosts in ["hosts", "certificates", "settings_before"] {
        evidence.as_object_mut().unwrap().remove(of_hosts);
    }
    evidence["manifest_folders"] = json!({"omitted": "only the hosts tell, and no host evidence is declared"});
    evidence
}

/// Writes what a machine tells of itself into the folder, as `cp-1.json`.
fn tell(work: &Workspace, machine: &Machine) {
    let options = gate_host::Options { root: machine.path().to_owned(), node: None, snapshots: None };
    let mut host = gate_host::capture(&options).unwrap();
    // File systems are those of the machine that this test runs on.
    host.disk_used_percent = Measured::Seen(41);
    work.write(&format!("{}.json", host.node), &serde_json::to_string_pretty(&host).unwrap());
}

/// A folder with a gate for the cluster, and its two machines, which have told of themselves.
fn house(work: &Workspace) -> (Machine, Machine) {
    let (control_plane, worker) = (Machine::control_plane("cp-1").unwrap(), Machine::worker("worker-1").unwrap());
    tell(work, &control_plane);
    tell(work, &worker);
    work.write("evidence.json", &cluster().to_string());
    work.write(
        "main.tf",
        r#"
        resource "homelab_upgrade_gate" "next" {
          target_version = "1.36.2"
          evidence       = "evidence.json"
          host_evidence  = ["cp-1.json", "worker-1.json"]
        }
        "#,
    );
    (control_plane, worker)
}

fn gate(work: &Workspace) -> Value {
    work.state()["values"]["root_module"]["resources"][0]["values"].clone()
}

fn coverage(gate: &Value, check: &str) -> String {
    let checks = gate["coverage"].as_array().unwrap();
    checks.iter().find(|seen| seen["check"] == check).unwrap()["state"].as_str().unwrap().to_owned()
}

/// What a shell says to a line, in that folder.
fn shell(folder: &Path, line: &str) -> String {
    let ran = Command::new("sh").args(["-euc", line]).current_dir(folder).output().unwrap();
    assert!(ran.status.success(), "{line}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

/// What a kubelet's own code makes of a folder of static pods, where that can be built.
fn kubelet_runs(folder: &Path) -> Option<String> {
    let program = Program::STATIC_PODS;
    match program.locate() {
        Ok(path) => {
            let ran = Command::new(path).arg(folder).output().unwrap();
            assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
            Some(String::from_utf8(ran.stdout).unwrap())
        }
        Err(error) => {
            skip("what the kubelet's own code makes of a backup in its folder", &error.to_string());
            None
        }
    }
}

#[test]
fn incident_10_a_backup_in_the_folder_of_static_pods_is_refused() {
    for work in folders() {
        let (control_plane, _worker) = house(&work);
        work.ok(["apply", "-auto-approve"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);

        // Somebody changes the API server, carefully: with a copy of the manifest beside it.
        let folder = control_plane.at(MANIFESTS);
        shell(&folder, "cp -p kube-apiserver.yaml kube-apiserver.yaml.bak");
        let changed = static_pod("kube-apiserver", "--authentication-config=/etc/kubernetes/auth/new.yaml");
        control_plane.write(&format!("{MANIFESTS}/kube-apiserver.yaml"), &changed).unwrap();
        // Two files start an API server now, whatever their endings say.
        assert_eq!(shell(&folder, "grep -l -x '    - kube-apiserver' * | wc -l").trim(), "2");
        // And the kubelet takes the copy: the change never comes into force, and nothing says so.
        if let Some(runs) = kubelet_runs(&folder) {
            let servers: Vec<&str> = runs.lines().filter(|line| line.contains(": kube-apiserver ")).collect();
            assert_eq!(servers.len(), 1, "{runs}");
            assert!(servers[0].ends_with("--authentication-config=/etc/kubernetes/auth/config.yaml"), "{runs}");
            assert!(!runs.contains("new.yaml"), "{runs}");
        }

        tell(&work, &control_plane);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 2, "the plan shows that the verdict turned");
        let refused = work.run(["apply", "-auto-approve"]).fails_with("HL4304");
        assert!(refused.says("kube-apiserver on cp-1"), "{refused}");
        assert!(refused.says("kube-apiserver.yaml and kube-apiserver.yaml.bak"), "{refused}");
        assert!(refused.says("backups in another folder"), "what to do about it: {refused}");

        shell(&folder, "mkdir ../backups && mv kube-apiserver.yaml.bak ../backups/");
        if let Some(runs) = kubelet_runs(&folder) {
            assert!(runs.contains("new.yaml"), "now the change is in force: {runs}");
        }
        tell(&work, &control_plane);
        work.ok(["apply", "-auto-approve"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

/// Files as people and programs leave them, each named after the pod that it may start.
fn odd_files() -> Vec<(&'static str, String)> {
    let pod = |name: &str| static_pod(name, "--v=2");
    let json = |name: &str| {
        json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "kube-system"},
            "spec": {"containers": [{"name": name, "image": "a:1", "command": [name]}]},
        })
        .to_string()
    };
    vec![
        ("plain.yaml", pod("plain")),
        ("ending.yaml.bak-2026-11-20", pod("ending")),
        ("noending", pod("noending")),
        ("tilde.yaml~", pod("tilde")),
        (".hidden.yaml", pod("hidden")),
        ("folder/inside.yaml", pod("inside")),
        ("json.txt", json("json")),
        ("first.yaml", format!("{}---\n{}", pod("first"), pod("second-in-first"))),
        ("second.yaml", format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\n---\n{}", pod("second"))),
        ("marked.yaml", format!("---\n{}", pod("marked"))),
        ("commented.yaml", format!("# by hand\n---\n{}", pod("commented"))),
        ("twice-marked.yaml", format!("---\n---\n{}", pod("twice-marked"))),
        ("windows.yaml", pod("windows").replace('\n', "\r\n")),
        ("bom.yaml", format!("\u{feff}{}", pod("bom"))),
        ("listed.yaml", format!("apiVersion: v1\nkind: List\nitems: [{}]\n", json("listed"))),
        ("podlist.yaml", format!("apiVersion: v1\nkind: PodList\nitems: [{}]\n", json("podlist"))),
        ("deployed.yaml", pod("deployed").replace("kind: Pod", "kind: Deployment")),
        ("doubled.yaml", format!("kind: Pod\n{}", pod("doubled"))),
        ("cut.yaml", pod("cut")[..60].to_owned()),
        ("words.txt", "do not touch\n".to_owned()),
        ("empty.yaml", String::new()),
    ]
}

#[test]
fn whatever_the_kubelet_would_start_is_told() {
    let machine = Machine::worker("worker-1").unwrap();
    for (name, content) in odd_files() {
        machine.write(&format!("{MANIFESTS}/{name}"), &content).unwrap();
    }
    let Some(runs) = kubelet_runs(&machine.at(MANIFESTS)) else { return };
    let options = gate_host::Options { root: machine.path().to_owned(), node: None, snapshots: None };
    let host = gate_host::capture(&options).unwrap();
    let told = host.manifests.seen().unwrap();
    // Each line begins with the pod's name, to which a kubelet adds the node's.
    let runs: BTreeSet<&str> = runs.lines().map(|line| line.split("-cp-1: ").next().unwrap()).collect();
    assert_eq!(runs.len(), 11, "{runs:?}");
    for (name, _) in odd_files() {
        let pod = name.split('.').next().unwrap().trim_end_matches('~');
        // What cannot be told is said so, and is never left out where the kubelet would start something.
        match told.get(name).map(String::as_str) {
            None => assert!(!runs.contains(pod), "{name} starts a pod, and nobody said so"),
            Some("") => {}
            Some(component) => {
                assert!(runs.contains(pod) && component == format!("pod kube-system/{pod}"), "{name}: {component}");
            }
        }
    }
}

#[test]
fn a_named_host_evidence_turns_its_checks_on_and_nodes_without_any_are_unknown() {
    for work in folders() {
        let (control_plane, worker) = house(&work);
        work.ok(["apply", "-auto-approve"]);
        let healthy = gate(&work);
        assert_eq!(healthy["verdict"], "no_known_blockers", "{healthy:#}");
        for check in ["hosts", "certificates", "control_plane"] {
            assert_eq!(coverage(&healthy, check), "measured", "{check}: {healthy:#}");
        }

        let main = work.read("main.tf");
        work.write("main.tf", &main.replace(", \"worker-1.json\"", ""));
        let refused = work.run(["apply", "-auto-approve"]).fails_with("HL4901");
        assert!(refused.says("host worker-1: It could not be seen: nobody looked at it"), "{refused}");
        work.write("main.tf", &main);

        work.write("worker-1.json", "{\"form\": \"homelab/host/v1\", \"node\": \"worker");
        let refused = work.run(["apply", "-auto-approve"]).fails_with("worker-1.json");
        assert!(refused.says("is no host evidence"), "{refused}");

        tell(&work, &worker);
        let mut old: Value = serde_json::from_str(&work.read("worker-1.json")).unwrap();
        old["captured_at"] = json!(1_790_000_000);
        work.write("worker-1.json", &old.to_string());
        let refused = work.run(["apply", "-auto-approve"]).fails_with("more than 24 hours before");
        assert!(refused.says("HL4901"), "{refused}");

        tell(&work, &worker);
        control_plane.write("/etc/kubernetes/pki/apiserver.crt", &certificate(2026, 11, 20).unwrap()).unwrap();
        control_plane.write("/run/reboot-required", "").unwrap();
        tell(&work, &control_plane);
        let refused = work.run(["apply", "-auto-approve"]).fails_with("HL4305");
        assert!(refused.says("certificate of apiserver on cp-1: It ended on 2026-11-20."), "{refused}");
        assert!(refused.says("HL4222"), "{refused}");
    }
}

#[test]
fn settings_that_an_upgrade_took_away_are_named_and_never_shown() {
    for work in folders() {
        let before = cluster();
        let record = Record::of(&Evidence::from_json(&before.to_string()).unwrap());
        work.write("before.json", &serde_json::to_string(&record).unwrap());
        let mut after = before.clone();
        after["kubelets"]["seen"][1]["settings"].as_object_mut().unwrap().remove("maxPods");
        after["static_pods"]["seen"][0]["flags"]["authentication-config"] = json!("/etc/kubernetes/auth/another.yaml");
        after["kubeadm"]["seen"]["extra_args"]["kube-apiserver"]["authentication-config"] =
            json!("/etc/kubernetes/auth/another.yaml");
        work.write("evidence.json", &after.to_string());
        work.write(
            "main.tf",
            r#"
            resource "homelab_upgrade_gate" "after" {
              target_version  = "1.35.4"
              evidence        = "evidence.json"
              settings_before = "before.json"
            }
            "#,
        );
        let refused = work.run(["apply", "-auto-approve"]).fails_with("HL4306");
        for said in
            ["kubelet on worker-1: maxPods is gone", "kube-apiserver on cp-1: authentication-config has another"]
        {
            assert!(refused.says(said), "{said}: {refused}");
        }
        assert!(!refused.says("auth/another.yaml") && !refused.says("auth/config.yaml"), "{refused}");

        // What cannot be seen now is not there, as far as anybody knows.
        let mut blind = before.clone();
        blind["kubelets"] = json!({"forbidden": "nodes/proxy is forbidden"});
        work.write("evidence.json", &blind.to_string());
        let refused = work.run(["apply", "-auto-approve"]).fails_with("nodes/proxy is forbidden");
        assert!(refused.says("HL4901") && !refused.says("HL4306"), "{refused}");

        work.write("evidence.json", &before.to_string());
        work.ok(["apply", "-auto-approve"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
        assert_eq!(coverage(&gate(&work), "survival"), "measured");

        work.remove("before.json");
        let _ = work.run(["apply", "-auto-approve"]).fails_with("failed to read the settings of before");
    }
}
