//! From settings to a client configuration.
//!
//! A kubeconfig and explicit arguments end in the same form, a kubeconfig in memory with one context, so that there is
//! one way to a client and not four.

use std::path::PathBuf;

use base64::Engine as _;
use kube::config::{
    AuthInfo, Cluster, Context, ExecConfig, ExecInteractiveMode, KubeConfigOptions, Kubeconfig, KubeconfigError,
    NamedAuthInfo, NamedCluster, NamedContext,
};
use secrecy::ExposeSecret;

use super::failure::shorten;
use super::settings::{ExecSettings, Settings, expand_home};
use crate::objects::Cause;

/// What a client is made of.
pub(super) struct Resolved {
    pub(super) config: kube::Config,
    /// File with a bearer token that goes with every request.
    pub(super) token_file: Option<PathBuf>,
}

impl Settings {
    /// The client configuration. Reads the files that it names, and nothing else; connects to nothing.
    pub(super) fn resolve(&self) -> Result<Resolved, Cause> {
        let mut config = if self.in_cluster { in_cluster()? } else { from_kubeconfig(self.kubeconfig()?)? };
        if config.cluster_url.host().is_none() {
            return Err(argument_error("host", "names no host", "Give an address such as https://192.0.2.10:6443."));
        }
        config.default_retry = false;
        config.connect_timeout = Some(super::CONNECT_TIMEOUT);
        config.read_timeout = Some(super::READ_TIMEOUT);
        config.reset_reader_on_write = true;
        Ok(Resolved { config, token_file: self.token_file.as_deref().map(expand_home) })
    }

    /// What is certainly wrong with the settings, as far as files that are there tell: an unknown context, a certificate
    /// that is none. A file that is not there is no problem yet, since the same run may write it.
    pub fn problem(&self) -> Option<Cause> {
        let there = |paths: &String| split(paths).iter().all(|path| path.exists());
        let decided = !self.in_cluster && self.config_path.as_ref().is_none_or(there);
        if decided { self.resolve().err() } else { None }
    }

    /// The kubeconfig that was named, or an empty one, with the explicit arguments on top of the chosen context.
    fn kubeconfig(&self) -> Result<Kubeconfig, Cause> {
        let (cluster, user) = match &self.config_path {
            Some(path) => chosen(read_kubeconfigs(path)?, self.config_context.as_ref(), path)?,
            None if self.host.is_some() => (Cluster::default(), AuthInfo::default()),
            None => {
                return Err(argument_error(
                    "kubernetes",
                    "names no cluster: neither config_path, host nor in_cluster is set",
                    "Set config_path (and config_context), or host with credentials, or in_cluster, or gitops_dir.",
                ));
            }
        };
        let cluster = self.cluster(cluster);
        let user = self.user(user)?;
        let name = "homelab".to_owned();
        let context = Context { cluster: name.clone(), user: Some(name.clone()), ..Context::default() };
        Ok(Kubeconfig {
            clusters: vec![NamedCluster { name: name.clone(), cluster: Some(cluster), ..NamedCluster::default() }],
            auth_infos: vec![NamedAuthInfo { name: name.clone(), auth_info: Some(user), ..NamedAuthInfo::default() }],
            contexts: vec![NamedContext { name: name.clone(), context: Some(context), ..NamedContext::default() }],
            current_context: Some(name),
            ..Kubeconfig::default()
        })
    }

    fn cluster(&self, mut cluster: Cluster) -> Cluster {
        if let Some(host) = &self.host {
            // As in hashicorp/kubernetes, a bare host name means HTTPS.
            cluster.server = Some(if host.contains("://") { host.clone() } else { format!("https://{host}") });
        }
        if let Some(pem) = &self.cluster_ca_certificate {
            cluster.certificate_authority = None;
            cluster.certificate_authority_data = Some(base64(pem.as_bytes()));
        }
        if let Some(name) = &self.tls_server_name {
            cluster.tls_server_name = Some(name.clone());
        }
        if let Some(proxy) = &self.proxy_url {
            cluster.proxy_url = Some(proxy.clone());
        }
        if self.insecure {
            cluster.insecure_skip_tls_verify = Some(true);
            cluster.certificate_authority = None;
            cluster.certificate_authority_data = None;
        }
        cluster
    }

    /// Explicit credentials replace those of the kubeconfig; a mixture would log in as somebody that nobody meant.
    fn user(&self, from_file: AuthInfo) -> Result<AuthInfo, Cause> {
        let explicit = self.token.is_some()
            || self.token_file.is_some()
            || self.client_certificate.is_some()
            || self.client_key.is_some()
            || self.exec.is_some();
        if !explicit {
            return Ok(from_file);
        }
        if self.client_certificate.is_some() != self.client_key.is_some() {
            let (missing, given) = if self.client_key.is_some() {
                ("client_certificate", "client_key")
            } else {
                ("client_key", "client_certificate")
            };
            return Err(argument_error(missing, &format!("is missing beside {given}"), "Give both or neither."));
        }
        Ok(AuthInfo {
            token: self.token.clone(),
            client_certificate_data: self.client_certificate.as_ref().map(|pem| base64(pem.as_bytes())),
            client_key_data: self.client_key.as_ref().map(|key| base64(key.expose_secret().as_bytes()).into()),
            exec: self.exec.as_ref().map(exec_config).transpose()?,
            ..AuthInfo::default()
        })
    }
}

fn exec_config(exec: &ExecSettings) -> Result<ExecConfig, Cause> {
    if exec.command.is_empty() {
        return Err(argument_error("exec.command", "is missing", "Name the program that prints the credentials."));
    }
    let pair = |name: &str, value: &str| [("name", name), ("value", value)].map(|(k, v)| (k.to_owned(), v.to_owned()));
    Ok(ExecConfig {
        api_version: Some(exec.api_version.clone()),
        command: Some(expand_home(&exec.command).display().to_string()),
        args: Some(exec.args.clone()),
        env: Some(exec.env.iter().map(|(name, value)| pair(name, value.expose_secret()).into()).collect()),
        drop_env: None,
        install_hint: None,
        // Terraform owns the terminal: a plugin that asks questions would hang unseen.
        interactive_mode: Some(ExecInteractiveMode::Never),
        provide_cluster_info: false,
        cluster: None,
        other: std::collections::BTreeMap::default(),
    })
}

/// Cluster and user of the chosen context.
fn chosen(kubeconfig: Kubeconfig, context: Option<&String>, path: &str) -> Result<(Cluster, AuthInfo), Cause> {
    let names: Vec<&str> = kubeconfig.contexts.iter().map(|named| named.name.as_str()).collect();
    let known = if names.is_empty() { "It has none.".to_owned() } else { format!("It has: {}.", names.join(", ")) };
    let Some(wanted) = context.or(kubeconfig.current_context.as_ref()).filter(|name| !name.is_empty()) else {
        return Err(argument_error(
            "config_context",
            &format!("is not set, and {path} has no current context"),
            &known,
        ));
    };
    let found = kubeconfig.contexts.iter().find(|named| named.name == *wanted).and_then(|named| named.context.clone());
    let Some(context) = found else {
        return Err(argument_error("config_context", &format!("{path} has no context {wanted:?}"), &known));
    };
    let Some(cluster) =
        kubeconfig.clusters.into_iter().find(|named| named.name == context.cluster).and_then(|named| named.cluster)
    else {
        let words = format!("context {wanted:?} of {path} names cluster {:?}, which is not in it", context.cluster);
        return Err(argument_error("config_path", &words, "Repair the kubeconfig."));
    };
    let user = context.user.and_then(|user| {
        kubeconfig.auth_infos.into_iter().find(|named| named.name == user).and_then(|named| named.auth_info)
    });
    Ok((cluster, user.unwrap_or_default()))
}

/// The files of a list in the form of `KUBECONFIG`.
fn split(paths: &str) -> Vec<PathBuf> {
    let given = std::env::split_paths(paths).filter(|path| !path.as_os_str().is_empty());
    given.map(|path| expand_home(&path.to_string_lossy())).collect()
}

fn read_kubeconfigs(paths: &str) -> Result<Kubeconfig, Cause> {
    let mut merged = Kubeconfig::default();
    for path in split(paths) {
        let next =
            Kubeconfig::read_from(&path).map_err(|error| kubeconfig_error(&path.display().to_string(), error))?;
        merged = merged.merge(next).map_err(|error| kubeconfig_error(paths, error))?;
    }
    Ok(merged)
}

fn from_kubeconfig(kubeconfig: Kubeconfig) -> Result<kube::Config, Cause> {
    // Loading is async in form only: it awaits nothing.
    let options = KubeConfigOptions::default();
    let loading = kube::Config::from_custom_kubeconfig(kubeconfig, &options);
    futures::executor::block_on(loading).map_err(|error| kubeconfig_error("the kubeconfig", error))
}

fn in_cluster() -> Result<kube::Config, Cause> {
    kube::Config::incluster_env().map_err(|error| {
        argument_error(
            "in_cluster",
            &format!("there is no service account here: {error}"),
            "Run in a pod whose service account token is mounted, or name a cluster by config_path or host.",
        )
    })
}

/// The library's message for a malformed file quotes the file, tokens included; so that one is not repeated.
fn kubeconfig_error(path: &str, error: KubeconfigError) -> Cause {
    match error {
        KubeconfigError::ReadConfig(error, path) => {
            let words = format!("{} cannot be read: {error}", path.display());
            argument_error("config_path", &words, "Is the path right? It is relative to where Terraform runs.")
        }
        KubeconfigError::Parse(_) => argument_error(
            "config_path",
            &format!("{path} is not a kubeconfig: its YAML cannot be read"),
            "`kubectl config view --kubeconfig` shows where.",
        ),
        KubeconfigError::LoadCertificateAuthority(error) => {
            argument_error("cluster_ca_certificate", &format!("cannot be loaded: {error}"), "It has to be PEM text.")
        }
        KubeconfigError::ParseCertificates(error) => {
            argument_error("cluster_ca_certificate", &format!("is not PEM: {error}"), "It has to be PEM text.")
        }
        KubeconfigError::LoadClientCertificate(error) => {
            argument_error("client_certificate", &format!("cannot be loaded: {error}"), "It has to be PEM text.")
        }
        KubeconfigError::LoadClientKey(error) => {
            argument_error("client_key", &format!("cannot be loaded: {error}"), "It has to be PEM text.")
        }
        KubeconfigError::MissingClusterUrl => argument_error("host", "the cluster has no server address", "Set host."),
        KubeconfigError::ParseClusterUrl(error) => argument_error(
            "host",
            &format!("is no address: {error}"),
            "Give an address such as https://192.0.2.10:6443.",
        ),
        KubeconfigError::ParseProxyUrl(error) => argument_error(
            "proxy_url",
            &format!("is no address: {error}"),
            "Give an address such as http://192.0.2.1:3128.",
        ),
        other => argument_error("config_path", &shorten(&other.to_string()), ""),
    }
}

fn argument_error(argument: &str, words: &str, hint: &str) -> Cause {
    let argument = if argument == "kubernetes" { argument.to_owned() } else { format!("kubernetes.{argument}") };
    Cause::Configuration { argument, words: words.to_owned(), hint: hint.to_owned() }
}

fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
