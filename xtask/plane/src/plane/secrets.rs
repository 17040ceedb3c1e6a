//! The Vault of a plane.
//!
//! It is set up over its API alone, so that ours and an installed `vault` or `bao` end up alike.

use std::ffi::OsString;
use std::path::Path;

use serde_json::json;

use super::cluster::{READY, Secrets};
use super::{free_ports, random_hex};
use crate::process::{Launch, Process, wait_for};
use crate::{Api, Env, Error, Result, Vault};

/// A Vault that answers.
pub(super) struct Running {
    pub(super) process: Process,
    pub(super) address: String,
    pub(super) token: String,
}

/// Starts a Vault, waits for it and mounts what tests use.
pub(super) fn start(program: &Secrets, dir: &Path) -> Result<Running> {
    let port = free_ports(1)?.first().copied().ok_or_else(|| Error::Internal("one port was asked for".into()))?;
    let token = format!("plane-{}", random_hex(16)?);
    let listen = format!("127.0.0.1:{port}");
    let (program, args, follows) = match program {
        Secrets::Ours(path) => (path, vec![format!("--listen={listen}")], true),
        Secrets::Installed(path) => {
            let flags = ["server", "-dev", "-dev-no-store-token"].map(String::from);
            let listen = format!("-dev-listen-address={listen}");
            (path, flags.into_iter().chain([listen]).collect(), false)
        }
    };
    // Each make reads its own name.
    let names = ["VAULT_DEV_ROOT_TOKEN_ID", "BAO_DEV_ROOT_TOKEN_ID"];
    let env = names.map(|name| (OsString::from(name), OsString::from(&token))).to_vec();
    let launch = Launch {
        name: "vault".into(),
        program: vec![program.clone().into_os_string()],
        args: args.into_iter().map(OsString::from).collect(),
        env,
        follows,
    };
    let mut process = Process::start(&launch, dir)?;
    let address = format!("http://{listen}");
    let vault = Vault::new(&address, &token)?;
    wait_for("Vault's readiness", READY, || {
        process.alive()?;
        Ok(match vault.read("sys/mounts/secret") {
            Ok(answer) if answer.status == 200 => Ok(()),
            Ok(answer) => Err(format!("it answered {}: {}", answer.status, answer.body)),
            Err(error) => Err(error.to_string()),
        })
    })?;
    for (path, body) in [
        ("sys/mounts/kv1", json!({"type": "kv", "options": {"version": "1"}})),
        ("sys/mounts/database", json!({"type": "database"})),
        ("sys/auth/approle", json!({"type": "approle"})),
        ("sys/auth/userpass", json!({"type": "userpass"})),
        ("sys/auth/kubernetes", json!({"type": "kubernetes"})),
    ] {
        vault.write(path, &body)?.expect(path, &[200, 204])?;
    }
    // A store that was just mounted as versioned is upgraded in the background, and refuses until then.
    wait_for("the upgrade of secret/", READY, || {
        let answer = vault.read("secret/config")?;
        Ok(if answer.status == 200 { Ok(()) } else { Err(answer.body.to_string()) })
    })?;
    Ok(Running { process, address, token })
}

/// Lets Vault's `kubernetes/` sign-in ask the cluster whose a token is.
pub(super) fn trust_cluster(env: &Env) -> Result<()> {
    let api = Api::admin(env)?;
    let account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": "plane-token-reviewer", "namespace": "kube-system"},
    });
    let accounts = "/api/v1/namespaces/kube-system/serviceaccounts";
    api.create(accounts, &account)?.expect(accounts, &[201])?;
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": "plane-token-reviewer"},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:auth-delegator",
        },
        "subjects": [{
            "kind": "ServiceAccount", "name": "plane-token-reviewer", "namespace": "kube-system",
        }],
    });
    let bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
    api.create(bindings, &binding)?.expect(bindings, &[201])?;
    let wish = json!({
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
        // A plane that was left running for a developer lives for days.
        "spec": {"expirationSeconds": 60 * 60 * 24 * 7},
    });
    let path = format!("{accounts}/plane-token-reviewer/token");
    let token = api.create(&path, &wish)?.expect(&path, &[201])?;
    let config = json!({
        "kubernetes_host": env.api_server,
        "kubernetes_ca_cert": env.ca_pem,
        "token_reviewer_jwt": token["status"]["token"],
        "disable_local_ca_jwt": true,
    });
    let path = "auth/kubernetes/config";
    Vault::root(env)?.write(path, &config)?.expect(path, &[200, 204]).map(|_| ())
}
