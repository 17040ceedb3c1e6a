//! The provider itself.

use async_trait::async_trait;
use homelab_cty::Model;

use crate::{Context, Diagnostics};

/// The provider's own block, as its author writes it. Its resources are registered on the server beside it.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// The declared provider block.
    type Config: Model;

    /// Checks the block, of which parts may be unknown; without I/O.
    async fn validate(&self, _cx: &Context, _config: &Self::Config, _diagnostics: &mut Diagnostics) {}

    /// Takes the block. At plan, parts may be unknown: that is no error here, what needs them says so. Connects to
    /// nothing: clients are made at first use.
    async fn configure(&self, cx: &Context, request: ConfigureRequest<Self::Config>, diagnostics: &mut Diagnostics);
}

/// A configured provider block.
#[derive(Debug)]
pub struct ConfigureRequest<C> {
    /// The block, with defaults.
    pub config: C,
    /// Version of the client, as it gave it: not necessarily a semantic version.
    pub terraform_version: String,
}
