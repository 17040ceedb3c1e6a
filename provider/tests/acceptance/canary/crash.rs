//! A provider that crashes while it holds a secret leaves no memory behind, also where the user's limits allow a core file.

use std::ffi::OsString;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use homelab_plane::canary::{Canary, Search, is_below, parents};
use homelab_plane::process::wait_for;
use homelab_plane::skip;
use serde_json::json;

use crate::support::cases;

/// Somebody uses the secret to sign in at a server that takes the connection and never answers.
const HANGING: &str = r#"
ephemeral "homelab_secret" "canary" {
  namespace = var.namespace
  name      = "canary"
}
provider "homelab" {
  alias = "hanging"
  kubernetes {
    host  = "http://127.0.0.1:PORT"
    token = ephemeral.homelab_secret.canary.data["TOKEN"]
  }
  site {
    root_domain = "example.net"
  }
}
resource "homelab_ingress" "hanging" {
  provider  = homelab.hanging
  name      = "hanging"
  namespace = var.namespace
  host      = "hanging.${var.namespace}.example.net"
  auth      = "none"
  reason    = "a test page"
  service {
    name = "photos"
    port = "80"
  }
}
"#;

/// Runs "$@" with no limit on core files.
const UNLIMITED: &str = "ulimit -c unlimited && exec \"$@\"";

/// Whether a process that crashes leaves a core file in its folder on this machine; what was in its memory is in it.
fn machine_dumps(folder: &Path, canary: &Canary) -> bool {
    fs::create_dir(folder).unwrap();
    let mut child = Command::new("sh")
        .args(["-c", UNLIMITED, "sh", "sh", "-c", "secret=$(cat); kill -ABRT $$"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // A shell that may not raise its limit has ended by now, or is about to.
    let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), canary.plain().as_bytes());
    child.wait().unwrap();
    let canaries = std::slice::from_ref(canary);
    let mut search = Search::new(canaries);
    search.folder(folder).unwrap();
    !search.hits().is_empty()
}

/// Core files of a folder.
fn cores(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("core")).collect()
}

/// The processes of providers below that one.
fn providers(root: u32) -> Vec<u32> {
    let parents = parents();
    let is_provider = |id: &u32| {
        let program = fs::read_link(format!("/proc/{id}/exe")).unwrap_or_default();
        program.file_name().is_some_and(|name| name.to_string_lossy().starts_with("terraform-provider-"))
    };
    parents.keys().copied().filter(|id| is_below(*id, root, &parents)).filter(is_provider).collect()
}

#[test]
fn a_crash_leaves_no_memory_behind() {
    for case in cases("crash").take(1) {
        let canary = Canary::new("the secret in memory").unwrap();
        if !machine_dumps(&case.path().join("proof"), &canary) {
            return skip(
                "a_crash_leaves_no_memory_behind",
                "a process that crashes leaves no core file on this machine",
            );
        }
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "canary"}, "stringData": {"TOKEN": canary.plain()},
        });
        case.api.create(&case.at("secrets"), &secret).unwrap().expect("secret", &[201]).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, was_asked) = mpsc::channel();
        std::thread::spawn(move || {
            // The connection stays open as long as nobody takes it.
            for stream in listener.incoming().flatten() {
                if asked.send(stream).is_err() {
                    return;
                }
            }
        });
        case.write("main.tf", &HANGING.replace("PORT", &port.to_string()));
        let mut plain = case.command(&["plan"].map(OsString::from));
        let program = plain.get_program().to_owned();
        let mut child = Command::new("sh")
            .args(["-c", UNLIMITED, "sh"])
            .arg(program)
            .arg("plan")
            .current_dir(case.path())
            .env_clear()
            .envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        plain.stdin(Stdio::null());
        // The token is in its memory now: it has just made a request with it.
        let _open = was_asked.recv_timeout(Duration::from_mins(1)).unwrap();
        let ids = providers(child.id());
        assert!(!ids.is_empty(), "no provider runs");
        for id in &ids {
            // The shell's own: the program of that name is not on every machine.
            Command::new("sh").args(["-c", "kill -ABRT \"$1\"", "kill", &id.to_string()]).status().unwrap();
        }
        wait_for("the end of the providers", Duration::from_mins(1), || {
            let left = providers(child.id());
            Ok(if left.is_empty() { Ok(()) } else { Err(format!("{left:?} are there")) })
        })
        .unwrap();
        assert!(!child.wait().unwrap().success());
        assert_eq!(cores(&case.path()), Vec::<PathBuf>::new());
        let canaries = [canary];
        let mut search = Search::new(&canaries);
        fs::remove_dir_all(case.path().join("proof")).unwrap();
        search.folder(&case.path()).unwrap();
        assert_eq!(search.hits(), Vec::<String>::new());
    }
}
