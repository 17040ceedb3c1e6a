//! etcd, kube-apiserver and kube-controller-manager.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::env::kubeconfig_text;
use super::identity::Identity;
use super::{Options, free_ports, write_private};
use crate::http::Client;
use crate::process::{Launch, Process, wait_for};
use crate::programs::{Cluster, Program, on_path};
use crate::{Error, Result};

/// How long a server may take to get ready; on an idle machine it takes seconds.
pub(super) const READY: Duration = Duration::from_mins(3);

/// Name of the file with the rules of the audit log.
const AUDIT_POLICY: &str = "audit-policy.json";

/// The controllers that the promises of this project meet: collection of owned objects, deletion of
/// namespaces, the service account that a token is asked for, and the aggregation of roles, without
/// which `view`, `edit` and `admin` are empty.
const CONTROLLERS: &str = "garbage-collector-controller,namespace-controller,\
    serviceaccount-controller,clusterrole-aggregation-controller";

/// The files of all servers.
pub(super) struct Programs {
    pub(super) cluster: Cluster,
    pub(super) vault: Option<Secrets>,
}

/// A Vault of some make.
pub(super) enum Secrets {
    /// Our wrapper.
    Ours(PathBuf),
    /// `vault` or `bao` of the PATH, in its development mode.
    Installed(PathBuf),
}

impl Programs {
    /// Finds or builds what `options` ask for, one after the other: two builds at once would take
    /// longer than one after the other on a small machine, and report less clearly.
    pub(super) fn locate(options: &Options) -> Result<Self> {
        let cluster = Cluster::locate()?;
        let vault = match on_path("vault").or_else(|| on_path("bao")) {
            _ if options.without_vault => None,
            Some(path) => Some(Secrets::Installed(path)),
            None => Some(Secrets::Ours(Program::VAULT.locate()?)),
        };
        Ok(Self { cluster, vault })
    }
}

/// Starts the three servers and waits until the API server is ready and the controllers work.
/// Returns them, clients first, and the URL of the API server.
pub(super) fn start(
    programs: &Cluster,
    identity: &Identity,
    options: &Options,
    dir: &Path,
) -> Result<(Vec<Process>, String)> {
    let ports = free_ports(3)?;
    let [client, peer, secure] = ports[..] else {
        return Err(Error::Internal("three ports were asked for".into()));
    };
    let (store, peer) = (format!("http://127.0.0.1:{client}"), format!("http://127.0.0.1:{peer}"));
    let api_server = format!("https://127.0.0.1:{secure}");
    let launch = |name: &str, program: &[OsString], args: Vec<String>| {
        let args = args.into_iter().map(OsString::from).collect();
        let launch = Launch { name: name.into(), program: program.to_vec(), args, env: vec![], follows: programs.ours };
        Process::start(&launch, dir)
    };

    let mut etcd = launch("etcd", &programs.etcd, etcd_args(dir, &store, &peer))?;
    // It retries its store for a while, so both may start at once.
    if options.audit {
        let policy = json!({
            "apiVersion": "audit.k8s.io/v1", "kind": "Policy",
            "omitStages": ["RequestReceived"], "rules": [{"level": "Metadata"}],
        });
        write_private(&dir.join(AUDIT_POLICY), &policy.to_string())?;
    }
    let flags = apiserver_args(identity, options, dir, &store, secure);
    let mut api = launch("apiserver", &programs.apiserver, flags)?;

    let client = Client::new(&api_server, Some(&identity.ca_pem))?
        .with_header("Authorization", &format!("Bearer {}", identity.token("admin")));
    wait_for("the API server's readiness", READY, || {
        etcd.alive()?;
        api.alive()?;
        Ok(match client.send("GET", "/readyz", "", None) {
            Ok(answer) if answer.status == 200 => Ok(()),
            Ok(answer) => Err(format!("it answered {}: {}", answer.status, answer.body)),
            Err(error) => Err(format!("{error}; the end of its log:\n{}", api.log_tail(10))),
        })
    })?;

    let token = identity.token("admin");
    let kubeconfig = dir.join("kubeconfig");
    write_private(&kubeconfig, &kubeconfig_text(&api_server, &identity.ca_pem, "admin", &token))?;
    let flags = controller_args(identity, &kubeconfig);
    let mut controllers = launch("controller-manager", &programs.controller_manager, flags)?;
    let role = viewer_binding();
    let path = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
    client.send("POST", path, "application/json", Some(&role))?.expect(path, &[201, 409])?;
    let viewer = Client::new(&api_server, Some(&identity.ca_pem))?
        .with_header("Authorization", &format!("Bearer {}", identity.token("viewer")));
    // Two things that only controllers make: when they are there, the controllers work. That a role is written does not
    // say that the API server goes by it yet.
    wait_for("the first work of the controllers", READY, || {
        api.alive()?;
        controllers.alive()?;
        let account = client.send("GET", "/api/v1/namespaces/default/serviceaccounts/default", "", None)?;
        let role = "/apis/rbac.authorization.k8s.io/v1/clusterroles/view";
        let role = client.send("GET", role, "", None)?.body;
        let filled = role["rules"].as_array().is_some_and(|rules| !rules.is_empty());
        let seen = viewer.send("GET", "/api/v1/namespaces/default/configmaps", "", None)?;
        let works = account.status == 200 && filled && seen.status == 200;
        Ok(if works { Ok(()) } else { Err(controllers.log_tail(10)) })
    })?;
    Ok((vec![controllers, api, etcd], api_server))
}

fn etcd_args(dir: &Path, client: &str, peer: &str) -> Vec<String> {
    vec![
        "--name=plane".into(),
        format!("--data-dir={}", dir.join("etcd").display()),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=plane={peer}"),
        "--unsafe-no-fsync=true".into(),
        "--log-level=warn".into(),
    ]
}

fn apiserver_args(identity: &Identity, options: &Options, dir: &Path, store: &str, port: u16) -> Vec<String> {
    let mut args = vec![
        format!("--etcd-servers={store}"),
        format!("--secure-port={port}"),
        "--bind-address=127.0.0.1".into(),
        "--advertise-address=127.0.0.1".into(),
        // The endpoints of the API server itself may not be loopback; nobody asks for them here.
        "--endpoint-reconciler-type=none".into(),
        "--service-cluster-ip-range=10.96.0.0/16".into(),
        format!("--cert-dir={}", dir.join("certificates").display()),
        format!("--tls-cert-file={}", identity.tls_certificate.display()),
        format!("--tls-private-key-file={}", identity.tls_key.display()),
        format!("--token-auth-file={}", identity.token_file.display()),
        "--authorization-mode=RBAC".into(),
        "--service-account-issuer=https://kubernetes.default.svc".into(),
        format!("--service-account-key-file={}", identity.account_public_key.display()),
        format!("--service-account-signing-key-file={}", identity.account_private_key.display()),
        "--allow-privileged=true".into(),
        "--profiling=false".into(),
    ];
    if options.audit {
        args.push(format!("--audit-policy-file={}", dir.join(AUDIT_POLICY).display()));
        args.push(format!("--audit-log-path={}", dir.join("audit.log").display()));
        // What was answered is in the log: a count needs no wait.
        args.push("--audit-log-mode=blocking".into());
    }
    args.extend(options.apiserver_args.iter().cloned());
    args
}

fn controller_args(identity: &Identity, kubeconfig: &Path) -> Vec<String> {
    vec![
        format!("--kubeconfig={}", kubeconfig.display()),
        "--leader-elect=false".into(),
        // Nobody looks at its metrics, and a port less is a conflict less.
        "--secure-port=0".into(),
        format!("--controllers={CONTROLLERS}"),
        format!("--root-ca-file={}", identity.ca_file.display()),
        format!("--service-account-private-key-file={}", identity.account_private_key.display()),
        // The default of 20 requests a second is made for a cluster that others work in, too.
        "--kube-api-qps=500".into(),
        "--kube-api-burst=500".into(),
    ]
}

fn viewer_binding() -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "plane-viewer"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "viewer"}],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_flags_come_last_so_that_they_win() {
        let dir = tempfile::tempdir().unwrap();
        let identity = Identity::create(dir.path(), &[]).unwrap();
        let options = Options { apiserver_args: vec!["--v=4".into()], ..Options::default() };
        let args = apiserver_args(&identity, &options, dir.path(), "http://127.0.0.1:1", 2);
        assert_eq!(args.last().map(String::as_str), Some("--v=4"));
        let tokens = std::fs::read_to_string(&identity.token_file).unwrap();
        let token = tokens.split(',').next().unwrap();
        assert!(!args.iter().any(|arg| arg.contains(token)), "a token is in argv");
    }
}
