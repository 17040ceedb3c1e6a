//! From the declared `kubernetes` block to a client configuration.
//!
//! Nothing is inferred: no in-cluster fallback, no `~/.kube/config` that nobody named, no `localhost:8080`. A provider that
//! guesses has applied a homelab to the CI's own cluster before.

use std::path::PathBuf;

use homelab_schema::Attr;
use homelab_schema::provider::{Exec, Kubernetes};
use secrecy::SecretString;

use crate::objects::Cause;

/// Which cluster, and as whom: the `kubernetes` block with everything known, without `gitops_dir`.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Kubeconfig files, in the form of `KUBECONFIG`; a leading `~/` is the home folder.
    pub config_path: Option<String>,
    /// Context of the kubeconfig; else its current one.
    pub config_context: Option<String>,
    /// Address of the API server.
    pub host: Option<String>,
    /// PEM text.
    pub cluster_ca_certificate: Option<String>,
    /// PEM text.
    pub client_certificate: Option<String>,
    /// PEM text.
    pub client_key: Option<SecretString>,
    /// Bearer token.
    pub token: Option<SecretString>,
    /// File with a bearer token.
    pub token_file: Option<String>,
    /// Name in the server's certificate.
    pub tls_server_name: Option<String>,
    /// Proxy.
    pub proxy_url: Option<String>,
    /// Do not verify the server's certificate.
    pub insecure: bool,
    /// The pod's service account.
    pub in_cluster: bool,
    /// A program that gives credentials.
    pub exec: Option<ExecSettings>,
}

/// A program that gives credentials.
#[derive(Clone, Debug)]
pub struct ExecSettings {
    /// Version of the exchange.
    pub api_version: String,
    /// The program.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Further environment variables; the values may be secrets.
    pub env: Vec<(String, SecretString)>,
}

/// What the `kubernetes` block asks for.
#[derive(Clone, Debug)]
pub enum Place {
    /// A cluster.
    Cluster(Box<Settings>),
    /// A folder.
    Folder(PathBuf),
    /// Neither.
    None,
    /// Not known yet; these arguments are to come.
    Unknown(Vec<String>),
}

impl Place {
    /// Reads the block, to which the environment has been applied already. `Err` is a contradiction in it.
    pub fn of(block: &Attr<Kubernetes>) -> Result<Self, Cause> {
        let block = match block {
            Attr::Null => return Ok(Self::None),
            Attr::Unknown => return Ok(Self::Unknown(vec!["kubernetes".to_owned()])),
            Attr::Known(block) => block,
        };
        let unknown = unknown_arguments(block);
        let cluster = cluster_arguments(block);
        if !block.gitops_dir.is_null() && !cluster.is_empty() {
            return Err(Cause::Configuration {
                argument: "kubernetes".to_owned(),
                words: format!("gitops_dir and {} exclude each other", cluster.join(", ")),
                hint: "Give either a cluster or a folder. Two provider blocks with aliases can serve both.".to_owned(),
            });
        }
        if !unknown.is_empty() {
            return Ok(Self::Unknown(unknown));
        }
        if let Some(folder) = filled(&block.gitops_dir) {
            return Ok(Self::Folder(expand_home(&folder)));
        }
        if cluster.is_empty() {
            return Ok(Self::None);
        }
        Ok(Self::Cluster(Box::new(Settings {
            config_path: filled(&block.config_path),
            config_context: filled(&block.config_context),
            host: filled(&block.host),
            cluster_ca_certificate: filled(&block.cluster_ca_certificate),
            client_certificate: filled(&block.client_certificate),
            client_key: block.client_key.known().map(|key| SecretString::from(key.expose().as_str())),
            token: block.token.known().map(|token| SecretString::from(token.expose().as_str())),
            token_file: filled(&block.token_file),
            tls_server_name: filled(&block.tls_server_name),
            proxy_url: filled(&block.proxy_url),
            insecure: block.insecure.known().copied().unwrap_or_default(),
            in_cluster: block.in_cluster.known().copied().unwrap_or_default(),
            exec: block.exec.known().map(ExecSettings::of),
        })))
    }
}

impl ExecSettings {
    fn of(block: &Exec) -> Self {
        Self {
            api_version: filled(&block.api_version).unwrap_or_else(|| "client.authentication.k8s.io/v1".to_owned()),
            command: filled(&block.command).unwrap_or_default(),
            args: block.args.known().cloned().unwrap_or_default(),
            env: block.env.known().map_or_else(Vec::new, |env| {
                env.expose().iter().map(|(name, value)| (name.clone(), SecretString::from(value.as_str()))).collect()
            }),
        }
    }
}

/// The home folder is the user's idea, not Terraform's: HCL's `pathexpand` is easily forgotten.
pub(super) fn expand_home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// A text that is known and not empty; an empty one is how a module says "not set".
fn filled(text: &Attr<String>) -> Option<String> {
    text.known().filter(|text| !text.is_empty()).cloned()
}

fn unknown_arguments(block: &Kubernetes) -> Vec<String> {
    let mut unknown = homelab_schema::Model::to_value(block).unknown_paths();
    unknown.sort();
    unknown.iter().map(|path| format!("kubernetes.{path}")).collect()
}

/// The arguments that speak of a cluster, by name.
fn cluster_arguments(block: &Kubernetes) -> Vec<&'static str> {
    let text = |text: &Attr<String>| text.known().map_or(text.is_unknown(), |text| !text.is_empty());
    let yes = |flag: &Attr<bool>| flag.known().map_or(flag.is_unknown(), |flag| *flag);
    [
        ("config_path", text(&block.config_path)),
        ("config_context", text(&block.config_context)),
        ("host", text(&block.host)),
        ("cluster_ca_certificate", text(&block.cluster_ca_certificate)),
        ("client_certificate", text(&block.client_certificate)),
        ("client_key", !block.client_key.is_null()),
        ("token", !block.token.is_null()),
        ("token_file", text(&block.token_file)),
        ("tls_server_name", text(&block.tls_server_name)),
        ("proxy_url", text(&block.proxy_url)),
        ("insecure", yes(&block.insecure)),
        ("in_cluster", yes(&block.in_cluster)),
        ("exec", !block.exec.is_null()),
    ]
    .into_iter()
    .filter_map(|(name, given)| given.then_some(name))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Attr<String> {
        Attr::Known(text.to_owned())
    }

    #[test]
    fn nothing_is_guessed() {
        assert!(matches!(Place::of(&Attr::Null), Ok(Place::None)));
        assert!(matches!(Place::of(&Attr::Known(Kubernetes::default())), Ok(Place::None)));
        let empty = Kubernetes { host: text(""), config_path: text(""), ..Kubernetes::default() };
        assert!(matches!(Place::of(&Attr::Known(empty)), Ok(Place::None)));
    }

    #[test]
    fn a_cluster_and_a_folder_exclude_each_other_also_while_one_is_unknown() {
        for host in [text("https://192.0.2.1"), Attr::Unknown] {
            let both = Kubernetes { gitops_dir: text("out"), host, ..Kubernetes::default() };
            let Err(Cause::Configuration { argument, words, .. }) = Place::of(&Attr::Known(both)) else {
                panic!("accepted")
            };
            assert_eq!((argument.as_str(), words.contains("host")), ("kubernetes", true));
        }
    }

    #[test]
    fn what_is_unknown_is_named() {
        let block = Kubernetes { host: text("https://192.0.2.1"), token: Attr::Unknown, ..Kubernetes::default() };
        let Ok(Place::Unknown(arguments)) = Place::of(&Attr::Known(block)) else { panic!("known") };
        assert_eq!(arguments, ["kubernetes.token"]);
    }

    #[test]
    fn secrets_are_not_in_debug_output() {
        let token = Attr::Known("hunter2".to_owned().into());
        let block = Kubernetes { host: text("https://192.0.2.1"), token, ..Kubernetes::default() };
        let place = Place::of(&Attr::Known(block));
        assert!(matches!(place, Ok(Place::Cluster(_))));
        assert!(!format!("{place:?}").contains("hunter2"));
    }
}
