//! A plane that stays (`up`, `status`, `env`, `down`), and one whose holder is killed.
//!
//! This program is its own supervisor and its own victim, so it has a `main` in place of a harness.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use homelab_plane::process::wait_for;
use homelab_plane::programs::{ASSETS, Program, cache_dir};
use homelab_plane::{Env, Options, Plane, resident};

/// Tells this program to start a plane, print where its folder is, and wait to be killed.
const VICTIM: &str = "HOMELAB_PLANE_TEST_VICTIM";

fn main() -> ExitCode {
    if let Some(code) = resident::supervise() {
        return code;
    }
    if std::env::var_os(VICTIM).is_some() {
        victim();
        return ExitCode::SUCCESS;
    }
    let tests = [
        ("a_plane_stays_until_it_is_taken_down", stays as fn()),
        ("a_killed_holder_leaves_nothing", killed),
        ("a_killed_holder_of_foreign_servers_leaves_nothing", killed_with_foreign_servers),
    ];
    for (name, test) in tests {
        test();
        println!("test {name} ... ok");
    }
    ExitCode::SUCCESS
}

fn stays() {
    let name = format!("test-{}", std::process::id());
    assert!(resident::env(&name).is_err(), "nothing runs yet");
    let first = resident::up(&name).unwrap();
    let again = resident::up(&name).unwrap();
    assert_eq!(first.api_server, again.api_server, "a second `up` finds the first");
    assert!(resident::status(&name).unwrap().contains(&first.api_server));
    let lines = resident::env(&name).unwrap();
    assert!(lines.contains("export KUBECONFIG=") && lines.contains("export HOMELAB_PLANE="), "{lines}");
    assert!(resident::down(&name).unwrap());
    assert!(!first.is_alive());
    assert!(!first.dir.exists());
    assert!(!resident::down(&name).unwrap(), "there was one no more");
    assert!(resident::status(&name).unwrap().contains("not running"));
    // The lock and the log stay for the next `up` of the name; this name has none.
    for extension in ["lock", "log"] {
        let _ = std::fs::remove_file(cache_dir().unwrap().join(format!("up-{name}.{extension}")));
    }
}

fn victim() {
    let plane = Plane::start(&Options::default()).unwrap();
    let file = plane.env().dir.join("env.json");
    plane.env().save(&file).unwrap();
    println!("{}", file.display());
    loop {
        std::thread::park();
    }
}

fn killed() {
    kill_and_look(Command::new(std::env::current_exe().unwrap()));
}

/// Servers that somebody else installed do not watch their standard input.
fn killed_with_foreign_servers() {
    let ours = Program::KUBE.locate().unwrap();
    let assets = tempfile::tempdir().unwrap();
    for (name, role) in
        [("etcd", "etcd"), ("kube-apiserver", "apiserver"), ("kube-controller-manager", "controller-manager")]
    {
        let script = format!("#!/bin/sh\nexec {} {role} \"$@\"\n", ours.display());
        let file = assets.path().join(name);
        std::fs::write(&file, script).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.env(ASSETS, assets.path());
    kill_and_look(program);
}

fn kill_and_look(mut program: Command) {
    let mut child = program.env(VICTIM, "1").stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let env = Env::load(&PathBuf::from(line.trim())).unwrap();
    wait_for("its answer", Duration::from_mins(1), || {
        Ok(if env.is_alive() { Ok(()) } else { Err("it is silent, or says that it is not ready".to_owned()) })
    })
    .unwrap();
    // SIGKILL: no handler, no `Drop`.
    child.kill().unwrap();
    child.wait().unwrap();
    wait_for("the end of everything", Duration::from_mins(1), || {
        let left = (env.is_alive(), env.dir.exists());
        Ok(if left == (false, false) { Ok(()) } else { Err(format!("alive, folder: {left:?}")) })
    })
    .unwrap();
}
