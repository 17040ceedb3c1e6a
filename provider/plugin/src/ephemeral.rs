//! Ephemeral resources: values that live for one run and are never stored.

use std::time::SystemTime;

use async_trait::async_trait;
use homelab_cty::Model;

use crate::{Context, Diagnostics, Private};

/// An ephemeral resource, as its author writes it. Its values never reach a log.
#[async_trait]
pub trait Ephemeral: Send + Sync + 'static {
    /// Its declared model: arguments and results.
    type Model: Model;

    /// The type name in configurations.
    fn name(&self) -> &'static str;

    /// Checks a configuration, of which parts may be unknown; without I/O.
    async fn validate(&self, _cx: &Context, _config: &Self::Model, _diagnostics: &mut Diagnostics) {}

    /// Opens it; called at plan and at apply, when the configuration is known. Computed attributes of the answer may be
    /// unknown where Terraform is only planning and the value is not there yet.
    async fn open(
        &self,
        cx: &Context,
        config: Self::Model,
        diagnostics: &mut Diagnostics,
    ) -> Option<Opened<Self::Model>>;

    /// Renews what `open` gave. Only called when it asked for that.
    async fn renew(&self, _cx: &Context, private: &Private, _diagnostics: &mut Diagnostics) -> Renewed {
        Renewed { private: private.clone(), renew_at: None }
    }

    /// Gives back what `open` took.
    async fn close(&self, _cx: &Context, _private: &Private, _diagnostics: &mut Diagnostics) {}
}

/// An opened ephemeral resource.
pub struct Opened<M> {
    /// Its values.
    pub model: M,
    /// Notes for renew and close.
    pub private: Private,
    /// When to renew, if ever.
    pub renew_at: Option<SystemTime>,
}

/// A renewed ephemeral resource.
pub struct Renewed {
    /// Notes for the next renew and close.
    pub private: Private,
    /// When to renew again, if ever.
    pub renew_at: Option<SystemTime>,
}
