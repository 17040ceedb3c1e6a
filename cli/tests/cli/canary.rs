//! No secret byte where it does not belong: random secrets go through every verb of `homelab kv` and `homelab secrets`. What the
//! runs say, their arguments and environments while they run, and what they leave behind is searched for them, in each form in
//! which they could appear. Only what `kv get` is asked for is on its standard output.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use homelab_plane::canary::{Canary, Sampler, Search};
use serde_json::json;
use tempfile::TempDir;

use crate::secrets::stage::{Stage, external_secret};

/// A home in which the program runs as its owner does: identities lie in files, so that no variable holds one.
struct Home<'a> {
    stage: &'a Stage,
    folder: TempDir,
    /// Where the identities are: outside of what is searched, but for the token that has to be at home.
    keys: TempDir,
}

/// What a run said.
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl<'a> Home<'a> {
    fn of(stage: &'a Stage, vault_token: &str, cluster_token: &str) -> Self {
        let (folder, keys) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(folder.path().join(".vault-token"), vault_token).unwrap();
        let kubeconfig = stage.env().kubeconfig_for("canary", cluster_token);
        std::fs::write(keys.path().join("kubeconfig"), kubeconfig).unwrap();
        Self { stage, folder, keys }
    }

    /// Runs it watched. All that it says goes into the search; standard output of `asked` alone is what was asked for.
    fn run(&self, search: &mut Search, arguments: &[&str], stdin: &str, asked: bool) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_homelab"));
        command.args(arguments).env_clear().env("HOME", self.folder.path()).current_dir(self.folder.path());
        command.env("KUBECONFIG", self.keys.path().join("kubeconfig")).env("VAULT_ADDR", &self.stage.env().vault_addr);
        // Whoever debugs sets what he knows from elsewhere.
        for name in ["RUST_LOG", "TF_LOG", "HOMELAB_LOG"] {
            command.env(name, "trace");
        }
        command.env("RUST_BACKTRACE", "full").env("HOMELAB_REQUEST_LOG", self.folder.path().join("requests.log"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let sampler = Sampler::start(child.id());
        if !asked && stdin.is_empty() {
            // Nobody types anything; what waits for a value is what is looked at for longest.
            drop(child.stdin.take());
        } else {
            sampler.until_seen(child.id()).unwrap();
            // Whoever refuses does not read.
            let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        }
        let output = child.wait_with_output().unwrap();
        let seen = sampler.stop();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let said = Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) };
        let name = arguments.join(" ");
        search.text("output", &name, &said.err);
        if !asked {
            search.text("output", &name, &said.out);
        }
        seen.command_lines.iter().for_each(|text| search.text("argv", "a command line", text));
        seen.environments.iter().for_each(|text| search.text("environment", "an environment", text));
        said
    }

    /// Everything that the runs left at home.
    fn left_behind(&self, search: &mut Search) {
        std::fs::remove_file(self.folder.path().join(".vault-token")).unwrap();
        search.folder(self.folder.path()).unwrap();
    }
}

/// A namespace with a secret that is synced and one that is dead, of that document.
fn furnish(stage: &Stage, document: &str) {
    stage.namespace("canary");
    for (name, property, ready) in [("good", "password", "True"), ("dead", "passwort", "False")] {
        let body = external_secret(name, "vault-kv", document, property);
        stage.make("apis/external-secrets.io/v1", "canary", "externalsecrets", &body);
        stage.ready(&Stage::path("canary", name), ready);
    }
}

#[test]
fn a_secret_of_any_verb_appears_nowhere() {
    let Some(stage) = Stage::own() else { return };
    let canaries = [
        Canary::new("the value in the store").unwrap(),
        Canary::new("the value that is typed in").unwrap(),
        Canary::new("a token that the store does not know").unwrap(),
        Canary::of("the token of the store", &stage.env().vault_token),
        Canary::of("the token of the cluster", &stage.env().admin_token),
    ];
    let [value, typed, stranger, vault_token, cluster_token] = canaries.each_ref().map(Canary::plain);
    stage.vault().put("canary/doc", &json!({"password": value, "deep": {"list": [value]}})).unwrap();
    furnish(&stage, "canary/doc");
    let mut search = Search::new(&canaries);
    let home = Home::of(&stage, vault_token, cluster_token);

    // The values arrive, byte for byte, where they are asked for, and nowhere else.
    let document = "secret/canary/doc";
    let put = home.run(&mut search, &["kv", "put", document, "token"], typed, false);
    assert_eq!(put.code, 0, "{}", put.err);
    for (arguments, wanted) in [
        (&["kv", "get", document, "--field", "token"][..], typed),
        (&["kv", "get", document, "--field", "deep"], value),
        (&["kv", "get", document], value),
        (&["kv", "get", document, "--output", "json"], value),
    ] {
        let got = home.run(&mut search, arguments, "", true);
        assert!(got.code == 0 && got.out.contains(wanted) && got.err.is_empty(), "{arguments:?}: {}", got.err);
    }

    let quiet: [(&[&str], &str, i32); 14] = [
        (&["kv", "list", "secret/canary"], "", 0),
        (&["kv", "put", document, "token", "--output", "json"], typed, 0),
        (&["kv", "get", document, "--field", "passwort"], "", 2),
        (&["kv", "get", "secret/canary/nothing"], "", 2),
        (&["kv", "get", "nowhere/doc"], "", 2),
        (&["kv", "put", "database/doc", "token"], typed, 2),
        (&["kv", "put", "nowhere/doc", "token"], typed, 2),
        (&["secrets", "audit", "--notes"], "", 2),
        (&["secrets", "audit", "--output", "json"], "", 2),
        (&["secrets", "wait", "canary/good", "canary/dead", "--timeout", "2s"], "", 2),
        (&["secrets", "wait", "canary/dead", "--fail-fast", "--output", "json"], "", 2),
        (&["secrets", "sync", "canary/good", "--timeout", "2m"], "", 0),
        (&["secrets", "sync", "--all", "--output", "json", "--timeout", "2m"], "", 2),
        (&["secrets", "hops", "--from", "0.19.2", "--to", "0.20.4", "--live"], "", 0),
    ];
    let mut others = Vec::new();
    for (arguments, stdin, code) in quiet {
        let said = home.run(&mut search, arguments, stdin, false);
        if said.code != code {
            others.push(format!("{arguments:?} ended with {}: {}{}", said.code, said.out, said.err));
        }
    }
    home.left_behind(&mut search);

    // Whoever is refused is not told with what: neither server knows this token.
    let home = Home::of(&stage, stranger, stranger);
    for arguments in [
        &["kv", "get", document][..],
        &["kv", "list", "secret/canary"],
        &["kv", "put", document, "token"],
        &["secrets", "audit"],
        &["secrets", "wait", "canary/good", "--timeout", "2s"],
        &["secrets", "sync", "canary/good", "--timeout", "2s"],
        &["secrets", "hops", "--from", "0.16.2", "--to", "0.17.0", "--live"],
    ] {
        let refused = home.run(&mut search, arguments, typed, false);
        if refused.code != 3 {
            others.push(format!("{arguments:?} ended with {}: {}{}", refused.code, refused.out, refused.err));
        }
    }
    home.left_behind(&mut search);
    assert_eq!(others, Vec::<String>::new());
    assert_eq!(search.hits(), Vec::<String>::new());
    eprintln!("canary of the command line: {}", search.report());
    search.assert_saw(&["output", "argv", "environment", "log"]);
}

#[test]
fn what_is_asked_for_would_be_found() {
    let canaries = [Canary::new("a value").unwrap()];
    let mut search = Search::new(&canaries);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("left.log"), canaries[0].plain()).unwrap();
    search.folder(Path::new(folder.path())).unwrap();
    assert_eq!(search.hits().len(), 1, "{:?}", search.hits());
}
