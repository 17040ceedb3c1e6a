//! Data sources.

use async_trait::async_trait;
use homelab_cty::Model;

use crate::{Context, Diagnostics};

/// A data source, as its author writes it.
#[async_trait]
pub trait DataSource: Send + Sync + 'static {
    /// Its declared model: arguments and results.
    type Model: Model;

    /// The type name in configurations.
    fn name(&self) -> &'static str;

    /// Checks a configuration, of which parts may be unknown; without I/O.
    async fn validate(&self, _cx: &Context, _config: &Self::Model, _diagnostics: &mut Diagnostics) {}

    /// Reads it. `config` has its defaults and is wholly known but for computed attributes, which are null. The answer is
    /// `None` with an error only, and wholly known.
    async fn read(&self, cx: &Context, config: Self::Model, diagnostics: &mut Diagnostics) -> Option<Self::Model>;
}
