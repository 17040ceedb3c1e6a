//! Where Kubernetes objects go.

use crate::prelude::*;

/// How to reach a cluster, or the folder that stands for one; [`with_environment`](super::with_environment) tells how the
/// environment adds to it.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct Kubernetes {
    /// Path of a kubeconfig file, or several in the form of `KUBECONFIG`. A leading `~/` is the home folder. Environment:
    /// `KUBE_CONFIG_PATH`, else `KUBECONFIG`. There is no default: a kubeconfig that was not named is not used.
    #[model(optional)]
    pub config_path: Attr<String>,
    /// Context of the kubeconfig; else its current one. Environment: `KUBE_CTX`.
    #[model(optional)]
    pub config_context: Attr<String>,
    /// Address of the API server, such as `https://192.0.2.10:6443`; wins over that of a kubeconfig. Environment: `KUBE_HOST`.
    #[model(optional)]
    pub host: Attr<String>,
    /// Certificate authorities of the API server, as PEM text. Environment: `KUBE_CLUSTER_CA_CERT_DATA`.
    #[model(optional)]
    pub cluster_ca_certificate: Attr<String>,
    /// Client certificate, as PEM text; with `client_key`. Environment: `KUBE_CLIENT_CERT_DATA`.
    #[model(optional)]
    pub client_certificate: Attr<String>,
    /// Key of the client certificate, as PEM text. Environment: `KUBE_CLIENT_KEY_DATA`.
    #[model(optional, sensitive)]
    pub client_key: Attr<Sensitive<String>>,
    /// Bearer token. Environment: `KUBE_TOKEN`.
    #[model(optional, sensitive)]
    pub token: Attr<Sensitive<String>>,
    /// File that holds a bearer token; read again when it may have changed. Environment: `HOMELAB_KUBE_TOKEN_FILE`.
    #[model(optional)]
    pub token_file: Attr<String>,
    /// Name that the API server's certificate must carry, where it differs from that of `host`. Environment:
    /// `KUBE_TLS_SERVER_NAME`.
    #[model(optional)]
    pub tls_server_name: Attr<String>,
    /// Proxy to reach the API server through. Environment: `KUBE_PROXY_URL`.
    #[model(optional)]
    pub proxy_url: Attr<String>,
    /// Do not verify the API server's certificate. Every plan warns while this is on. Environment: `KUBE_INSECURE`.
    #[model(optional)]
    pub insecure: Attr<bool>,
    /// Use the service account of the pod that Terraform runs in. Never assumed. Environment: `HOMELAB_KUBE_IN_CLUSTER`.
    #[model(optional)]
    pub in_cluster: Attr<bool>,
    /// Folder to render objects into, one file each, instead of a cluster: for Argo CD or Flux, or to begin without a
    /// cluster. Excludes every other argument of this block. Environment: `HOMELAB_GITOPS_DIR`.
    #[model(optional)]
    pub gitops_dir: Attr<String>,
    /// Program that gives credentials, as in a kubeconfig.
    #[model(block)]
    pub exec: Attr<Exec>,
}

/// Program that gives credentials, as in a kubeconfig.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct Exec {
    /// Version of the exchange, such as `client.authentication.k8s.io/v1`. Environment: `HOMELAB_KUBE_EXEC_API_VERSION`.
    /// Default: `client.authentication.k8s.io/v1`.
    #[model(optional)]
    pub api_version: Attr<String>,
    /// The program: a name on the `PATH`, or a path. Environment: `HOMELAB_KUBE_EXEC_COMMAND`.
    #[model(optional)]
    pub command: Attr<String>,
    /// Its arguments. Environment: `HOMELAB_KUBE_EXEC_ARGS`, as a JSON list or separated by commas.
    #[model(optional)]
    pub args: Attr<Vec<String>>,
    /// Further environment variables of the program. Environment: `HOMELAB_KUBE_EXEC_ENV`, as a JSON object or as
    /// `NAME=value` pairs separated by commas.
    #[model(optional, sensitive)]
    pub env: Attr<Sensitive<BTreeMap<String, String>>>,
}
