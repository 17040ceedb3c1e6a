//! The provider block: where the cluster and the store are, and the conventions of the house.
//!
//! # Forces
//!
//! All of it is optional, since a folder of manifests needs no cluster and a cluster needs no Vault. Every argument may
//! come from the environment instead, so that a stack carries no addresses and no secrets; what a user wrote in the block
//! always wins, then the environment, then the default. Terraform has no notion of that order, so it is applied here, by
//! [`with_environment`], to the block's value; therefore no attribute of the block has a default in its schema: the defaults
//! stand in [`ARGUMENTS`] beside the variables. A test holds that table, the types and the doc comments together.

mod arguments;
mod checks;
mod dns;
mod environment;
mod kubernetes;
mod probe;
mod problems;
mod prometheus;
mod site;
mod vault;

#[cfg(test)]
mod tests;

pub use checks::{CheckLevel, Checks};
pub use dns::{Dns, DnsProvider};
pub use environment::{ARGUMENTS, Argument, EnvironmentError, with_environment};
pub use kubernetes::{Exec, Kubernetes};
pub use probe::Probe;
pub use problems::{contradictions, gaps};
pub use prometheus::Prometheus;
pub use site::{Middlewares, Site, Wall, WallSystem};
pub use vault::{Vault, VaultKubernetes};

use crate::prelude::*;

/// The `homelab` provider runs a homelab from Terraform or OpenTofu: it exposes apps, keeps secrets in step with the
/// store, proves over the network that public is public and gated is gated, and judges whether a cluster may be upgraded.
///
/// Every argument of its block is optional and may come from the environment; what stands in the block wins over the
/// environment, and the environment over the default.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct ProviderConfig {
    /// Where objects go: a cluster, in the terms of the `hashicorp/kubernetes` provider, or a folder of manifests for Argo CD or
    /// Flux. Never both, and never guessed: without this block and its environment, what needs a cluster says so.
    ///
    /// The environment never names a second place. Where the block says `gitops_dir`, `in_cluster`, or anything else of a
    /// cluster, the variables of the other two are ignored; where it says nothing, `HOMELAB_GITOPS_DIR` wins over
    /// `HOMELAB_KUBE_IN_CLUSTER`, and that over the `KUBE_*` variables, which are often set for other tools. The same holds
    /// for the identity, in the order `token_file`, `token`, client certificate, `exec`.
    #[model(block)]
    pub kubernetes: Attr<Kubernetes>,
    /// The store of secrets, Vault or OpenBao. Logs in when it is first needed.
    ///
    /// The identity is the first of: `token`, `token_file` or `kubernetes` in the block; `HOMELAB_VAULT_TOKEN_FILE`;
    /// `HOMELAB_VAULT_KUBERNETES_ROLE`; `VAULT_TOKEN`; the token file in the home folder that `vault login` writes.
    #[model(block)]
    pub vault: Attr<Vault>,
    /// Where the DNS records of the house are kept, and what proxied ones point to.
    #[model(block)]
    pub dns: Attr<Dns>,
    /// Prometheus, which the upgrade gate asks besides the cluster.
    #[model(block)]
    pub prometheus: Attr<Prometheus>,
    /// The conventions of the house, in one place. Each resource can override what concerns it.
    #[model(block)]
    pub site: Attr<Site>,
    /// What a plan may refuse.
    #[model(block)]
    pub checks: Attr<Checks>,
    /// Defaults of all probes.
    #[model(block)]
    pub probe: Attr<Probe>,
}
