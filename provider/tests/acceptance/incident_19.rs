//! Incident 19: secrets were arguments of commands, which every user of the machine can read while they run.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use homelab_plane::process::wait_for;
use homelab_plane::relay::{Relay, Reply};

use crate::kv_support::{SMTP, document, through};
use crate::support::{Case, cases};

/// Arguments and environment of a process, as `/proc` shows them; `None` once it is gone.
fn told(process: u32) -> Option<(String, String)> {
    let read = |what: &str| fs::read(format!("/proc/{process}/{what}")).ok();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).replace('\0', " ");
    Some((text(read("cmdline")?), text(read("environ").unwrap_or_default())))
}

/// A relay that holds every write until it is let go, and says when one has come.
fn holding(case: &mut Case) -> (Relay, Receiver<()>, Sender<()>) {
    let (tell, told_of) = channel();
    let (let_go, held) = channel();
    let (tell, held) = (Mutex::new(tell), Arc::new(Mutex::new(held)));
    let relay = through(case, move |request| {
        if request.is("POST", "/v1/secret/data/") {
            let _ = tell.lock().unwrap().send(());
            let _ = held.lock().unwrap().recv_timeout(Duration::from_mins(1));
        }
        Reply::Pass
    });
    (relay, told_of, let_go)
}

#[test]
fn incident_19_no_argument_of_any_process_is_a_secret() {
    for mut case in cases("incident19") {
        let secret = format!("canary-{}", case.namespace);
        // Plainly: a line of a script, as it was in the set-up. It runs until its input ends.
        let mut plain = Command::new("sh")
            .args(["-c", "cat >/dev/null", "vault", "kv", "put", "secret/photos", &format!("smtp_password={secret}")])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let (arguments, _) = wait_for("the arguments", Duration::from_mins(1), || {
            Ok(told(plain.id()).filter(|(arguments, _)| arguments.contains("kv put")).ok_or_else(|| "none".to_owned()))
        })
        .unwrap();
        assert!(arguments.contains(&secret), "whoever looks sees it: {arguments}");
        drop(plain.stdin.take());
        plain.wait().unwrap();

        // Ours: while the value is on its way to the store, nobody who looks sees it.
        case.write("main.tf", SMTP);
        case.write("values/secret.tfvars", &format!("password = {secret:?}\n"));
        let (relay, coming, let_go) = holding(&mut case);
        let token = case.env.vault_token.clone();
        case.write("values/token", &token);
        case.env("VAULT_TOKEN", "").env("HOMELAB_VAULT_TOKEN_FILE", "values/token");
        let apply = case.spawn(["apply", "-auto-approve", "-var-file=values/secret.tfvars"]).unwrap();
        coming.recv_timeout(Duration::from_mins(1)).expect("a write");
        let mut seen = 0;
        for process in apply.descendants().into_iter().chain([apply.id()]) {
            let Some((arguments, environment)) = told(process) else { continue };
            for (text, place) in [(arguments.clone(), "arguments"), (environment, "environment")] {
                for one in [&secret, &token] {
                    assert!(!text.contains(one), "it is in the {place} of {arguments}");
                }
            }
            seen += usize::from(arguments.contains("terraform-provider-homelab"));
        }
        assert!(seen > 0, "the provider was looked at while it wrote");
        let_go.send(()).unwrap();
        let _ = apply.wait().unwrap().success();
        assert_eq!(document(&case).1["smtp_password"], secret);
        assert!(relay.seen().iter().any(|request| request.body.contains(&secret)), "it went over the wire");
        assert!(relay.seen().iter().all(|request| !request.path.contains(&secret)));
    }
}
