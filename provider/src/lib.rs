//! The homelab provider: each resource a thin bridge from Terraform ([`homelab_plugin`]) to what the project knows
//! (`homelab-core`) and to the outside world ([`homelab_backends`]).
//!
//! A resource is one file here. It keeps a [`Runtime`], from which it gets clients when it needs them.

mod adoption;
mod carveout_probe;
mod claims;
mod deletion;
mod external_secret;
mod external_secrets;
mod findings;
mod functions;
mod identity;
mod ingress;
mod kv_key;
mod kv_secret;
mod moving;
mod provider;
mod report;
mod runtime;
mod secret;
mod secret_store;
mod survey;
#[cfg(test)]
mod testing;
mod upgrade_gate;

pub use carveout_probe::CarveoutProbeResource;
pub use claims::{Claims, Phase};
pub use external_secret::ExternalSecret;
pub use external_secrets::ExternalSecretsData;
pub use findings::{Findings, Planning};
pub use functions::{GoDurationText, KubernetesVersion, RoutePriority};
pub use ingress::Ingress;
pub use kv_key::KvKey;
pub use kv_secret::KvSecret;
pub use provider::Homelab;
pub use report::Report;
pub use runtime::{Runtime, STACK};
pub use secret::Secret;
pub use secret_store::SecretStore;
pub use upgrade_gate::{UpgradeGate, UpgradeGateData};

use homelab_plugin::Server;

/// The provider with all that it has.
pub fn server() -> Server {
    let runtime = Runtime::new();
    Server::new(Homelab::new(runtime.clone()))
        .resource(CarveoutProbeResource::new(runtime.clone()))
        .resource(UpgradeGate::new(runtime.clone()))
        .resource(Ingress::new(runtime.clone()))
        .resource(KvKey::new(runtime.clone()))
        .resource(ExternalSecret::new(runtime.clone()))
        .resource(SecretStore::new(runtime.clone()))
        .data_source(UpgradeGateData::new(runtime.clone()))
        .data_source(ExternalSecretsData::new(runtime.clone()))
        .ephemeral(KvSecret::new(runtime.clone()))
        .ephemeral(Secret::new(runtime))
        .function(RoutePriority)
        .function(GoDurationText)
        .function(KubernetesVersion)
}
