//! What all resources share: the configured provider block and the clients that it names.
//!
//! Configure connects to nothing and fails on nothing that is only unknown: a plan from configuration alone has to work
//! without a cluster, and a cluster that is made in the same run is not there yet. Whoever needs a service asks here, and
//! gets it or an error that names the argument that is missing.

use std::sync::{Arc, PoisonError, RwLock};

use homelab_backends::dns::{Dns, DnsError};
use homelab_backends::gitops::Folder;
use homelab_backends::kube::{Kube, Place};
use homelab_backends::objects::{Cancellable, Cause, Mark, NotConfigured, ObjectError, Objects, Service};
use homelab_backends::vault::Vault;
use homelab_cty::{Attr, Model, Path, Value};
use homelab_plugin::Context;
use homelab_schema::provider::{Checks, Dns as DnsBlock, Probe, Prometheus as PrometheusBlock, ProviderConfig, Site};

use crate::claims::Claims;
use crate::external_secret::Seen as SecretsSeen;
use crate::ingress::Seen;
use crate::survey::Survey;

/// Names the stack in the marks of objects, so that another stack which declares the same object is refused.
pub const STACK: &str = "HOMELAB_STACK";

/// The provider's runtime, shared by all resources. Cloning shares it.
#[derive(Clone, Default)]
pub struct Runtime {
    // Replaced as a whole by each Configure: with `--debug` one process serves many runs, and none may see the caches of
    // the one before.
    configured: Arc<RwLock<Option<Arc<Configured>>>>,
}

/// One configuration, and the clients of it.
struct Configured {
    config: ProviderConfig,
    stack: Option<String>,
    place: Result<Reached, Cause>,
    vault: Result<Arc<Vault>, Cause>,
    dns: Result<Arc<Dns>, Cause>,
    claims: Claims,
    survey: Survey,
    seen: Seen,
    secrets: SecretsSeen,
}

#[derive(Clone)]
enum Reached {
    Cluster(Arc<Kube>),
    Folder(Arc<Folder>),
}

impl Runtime {
    /// Nothing is configured yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a provider block to which the environment was applied. Clients are made at first use.
    pub fn configure(&self, config: ProviderConfig) {
        let place = match Place::of(&config.kubernetes) {
            Ok(Place::Cluster(settings)) => Ok(Reached::Cluster(Arc::new(Kube::new(*settings)))),
            Ok(Place::Folder(folder)) => Ok(Reached::Folder(Arc::new(Folder::new(&folder)))),
            Ok(Place::None) => Err(Cause::NotConfigured(NotConfigured::Absent(Service::Kubernetes))),
            Ok(Place::Unknown(arguments)) => Err(Cause::NotConfigured(NotConfigured::Unknown(arguments))),
            Err(cause) => Err(cause),
        };
        let vault = Vault::of(&config.vault).map(Arc::new);
        let dns = Dns::of(&config.dns).map(Arc::new);
        let stack = std::env::var(STACK).ok().filter(|stack| !stack.is_empty());
        let configured = Configured {
            config,
            stack,
            place,
            vault,
            dns,
            claims: Claims::default(),
            survey: Survey::default(),
            seen: Seen::default(),
            secrets: SecretsSeen::default(),
        };
        *self.configured.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(configured));
    }

    fn configured(&self) -> Option<Arc<Configured>> {
        self.configured.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn reached(&self) -> Result<Reached, ObjectError> {
        let absent = || Err(Cause::NotConfigured(NotConfigured::Absent(Service::Kubernetes)));
        let place = self.configured().map_or_else(absent, |configured| configured.place.clone());
        place.map_err(|cause| ObjectError::new("reach the cluster or folder for objects", cause))
    }

    /// Where objects go; cancelled with the call.
    ///
    /// Fails with [`Cause::NotConfigured`] where the block is absent or names values that are known only after apply.
    pub fn objects(&self, cx: &Context) -> Result<Arc<dyn Objects>, ObjectError> {
        let objects: Arc<dyn Objects> = match self.reached()? {
            Reached::Cluster(kube) => kube,
            Reached::Folder(folder) => folder,
        };
        Ok(Arc::new(Cancellable::new(objects, cx.cancelled.clone())))
    }

    /// The cluster itself, for what is not about objects; `None` where a folder stands for it.
    pub fn cluster(&self) -> Result<Option<Arc<Kube>>, ObjectError> {
        Ok(match self.reached()? {
            Reached::Cluster(kube) => Some(kube),
            Reached::Folder(_) => None,
        })
    }

    /// The store of secrets.
    pub fn vault(&self) -> Result<Arc<Vault>, ObjectError> {
        let absent = || Err(Cause::NotConfigured(NotConfigured::Absent(Service::Vault)));
        let vault = self.configured().map_or_else(absent, |configured| configured.vault.clone());
        vault.map_err(|cause| ObjectError::new("reach the store of secrets", cause))
    }

    /// Namespace of the store of secrets, where one is configured.
    pub(crate) fn vault_namespace(&self) -> Option<String> {
        self.configured().and_then(|configured| configured.config.vault.known()?.namespace.known().cloned())
    }

    /// The DNS zone, which all resources share.
    pub fn dns(&self) -> Result<Arc<Dns>, DnsError> {
        let absent = || Err(Cause::NotConfigured(NotConfigured::Absent(Service::Dns)));
        let dns = self.configured().map_or_else(absent, |configured| configured.dns.clone());
        dns.map_err(|cause| DnsError::new("reach the DNS zone", cause))
    }

    /// The block of the DNS zone: what records point to.
    pub fn dns_block(&self) -> Attr<DnsBlock> {
        self.configured().map_or(Attr::Null, |configured| configured.config.dns.clone())
    }

    /// The block of Prometheus, which the upgrade gate asks.
    pub fn prometheus(&self) -> Attr<PrometheusBlock> {
        self.configured().map_or(Attr::Null, |configured| configured.config.prometheus.clone())
    }

    /// The conventions of the house. All null where there is no `site` block, all unknown while the block is.
    pub fn site(&self) -> Site {
        self.block(|config| &config.site)
    }

    /// What a plan may refuse, with its defaults.
    pub fn checks(&self) -> Checks {
        self.block(|config| &config.checks)
    }

    /// Defaults of all probes.
    pub fn probe_defaults(&self) -> Probe {
        self.block(|config| &config.probe)
    }

    /// A mark for a new creation by the resource `type_name` with this namespace and name.
    pub fn mark(&self, type_name: &str, namespace: &str, name: &str) -> Mark {
        Mark::new(self.owner(type_name, namespace, name))
    }

    /// The owner in the marks of that resource: equal for every creation of it.
    pub fn owner(&self, type_name: &str, namespace: &str, name: &str) -> String {
        match self.configured().and_then(|configured| configured.stack.clone()) {
            Some(stack) => format!("{stack}: {type_name} {namespace}/{name}"),
            None => format!("{type_name} {namespace}/{name}"),
        }
    }

    /// What this process has planned and made, to see two resources that declare one object.
    pub fn claims(&self) -> Claims {
        self.configured().map(|configured| configured.claims.clone()).unwrap_or_default()
    }

    /// What this process has seen of the cluster as a whole.
    pub(crate) fn survey(&self) -> Survey {
        self.configured().map(|configured| configured.survey.clone()).unwrap_or_default()
    }

    /// What applies of ingresses have seen of the cluster.
    pub(crate) fn seen(&self) -> Seen {
        self.configured().map(|configured| configured.seen.clone()).unwrap_or_default()
    }

    /// What plans and applies of external secrets have seen.
    pub(crate) fn secrets(&self) -> SecretsSeen {
        self.configured().map(|configured| configured.secrets.clone()).unwrap_or_default()
    }

    fn block<M: Model + Default>(&self, of: impl Fn(&ProviderConfig) -> &Attr<M>) -> M {
        match self.configured().as_ref().map(|configured| of(&configured.config)) {
            None | Some(Attr::Null) => M::default(),
            Some(Attr::Known(block)) => block.clone(),
            Some(Attr::Unknown) => all_unknown(),
        }
    }
}

/// The block with every attribute unknown, as while a `dynamic` block is.
fn all_unknown<M: Model + Default>() -> M {
    let schema = M::block();
    let names = schema.attributes.keys().chain(schema.blocks.keys());
    let value = Value::map(names.map(|name| (name.clone(), Value::UNKNOWN)));
    M::from_value(&value, &Path::root()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use homelab_schema::provider::Kubernetes;

    use super::*;

    fn configured(kubernetes: Attr<Kubernetes>) -> Runtime {
        let runtime = Runtime::new();
        runtime.configure(ProviderConfig { kubernetes, ..ProviderConfig::default() });
        runtime
    }

    fn cause(runtime: &Runtime) -> Cause {
        runtime.objects(&Context::default()).err().expect("nothing to reach").cause
    }

    #[test]
    fn without_a_block_the_error_says_which_to_write() {
        let absent = Cause::NotConfigured(NotConfigured::Absent(Service::Kubernetes));
        assert_eq!(cause(&Runtime::new()), absent);
        assert_eq!(cause(&configured(Attr::Null)), absent);
    }

    #[test]
    fn unknown_arguments_are_named_and_no_error_of_configure() {
        let block = Kubernetes { host: Attr::Unknown, token: Attr::Unknown, ..Kubernetes::default() };
        let arguments = vec!["kubernetes.host".to_owned(), "kubernetes.token".to_owned()];
        assert_eq!(cause(&configured(Attr::Known(block))), Cause::NotConfigured(NotConfigured::Unknown(arguments)));
    }

    #[test]
    fn a_folder_is_reached_without_touching_it() {
        let block = Kubernetes { gitops_dir: "no/such/folder".to_owned().into(), ..Kubernetes::default() };
        let objects = configured(Attr::Known(block)).objects(&Context::default()).expect("a folder");
        assert_eq!(objects.place(), "folder no/such/folder");
        assert!(!std::path::Path::new("no").exists());
    }

    #[test]
    fn an_unknown_block_has_unknown_arguments_and_an_absent_one_none() {
        let runtime = Runtime::new();
        runtime.configure(ProviderConfig { site: Attr::Unknown, ..ProviderConfig::default() });
        assert!(runtime.site().root_domain.is_unknown());
        runtime.configure(ProviderConfig::default());
        assert!(runtime.site().root_domain.is_null());
    }

    #[test]
    fn a_second_configure_forgets_the_first() {
        let runtime =
            configured(Attr::Known(Kubernetes { gitops_dir: "a".to_owned().into(), ..Kubernetes::default() }));
        runtime.configure(ProviderConfig::default());
        assert!(runtime.objects(&Context::default()).is_err());
    }
}
