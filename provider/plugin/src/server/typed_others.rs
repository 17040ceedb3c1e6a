//! Typed data sources, ephemeral resources and providers behind the untyped traits.

use async_trait::async_trait;
use homelab_cty::{Model, Schema, Value};

use super::erased::{DynDataSource, DynEphemeral, DynProvider};
use super::typed::{Typed, model};
use crate::{ConfigureRequest, Context, DataSource, Diagnostics, Ephemeral, Opened, Private, Provider, Renewed};

#[async_trait]
impl<D: DataSource> DynDataSource for Typed<D> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn schema(&self) -> Schema {
        Schema { version: 0, block: D::Model::block() }
    }

    async fn validate(&self, cx: &Context, config: &Value, diagnostics: &mut Diagnostics) {
        if let Some(config) = model::<D::Model>(config, diagnostics) {
            self.0.validate(cx, &config, diagnostics).await;
        }
    }

    async fn read(&self, cx: &Context, config: Value, diagnostics: &mut Diagnostics) -> Option<Value> {
        let config = model(&config, diagnostics)?;
        self.0.read(cx, config, diagnostics).await.map(|model| model.to_value())
    }
}

#[async_trait]
impl<E: Ephemeral> DynEphemeral for Typed<E> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn schema(&self) -> Schema {
        Schema { version: 0, block: E::Model::block() }
    }

    async fn validate(&self, cx: &Context, config: &Value, diagnostics: &mut Diagnostics) {
        if let Some(config) = model::<E::Model>(config, diagnostics) {
            self.0.validate(cx, &config, diagnostics).await;
        }
    }

    async fn open(&self, cx: &Context, config: Value, diagnostics: &mut Diagnostics) -> Option<Opened<Value>> {
        let config = model(&config, diagnostics)?;
        let opened = self.0.open(cx, config, diagnostics).await?;
        Some(Opened { model: opened.model.to_value(), private: opened.private, renew_at: opened.renew_at })
    }

    async fn renew(&self, cx: &Context, private: &Private, diagnostics: &mut Diagnostics) -> Renewed {
        self.0.renew(cx, private, diagnostics).await
    }

    async fn close(&self, cx: &Context, private: &Private, diagnostics: &mut Diagnostics) {
        self.0.close(cx, private, diagnostics).await;
    }
}

#[async_trait]
impl<P: Provider> DynProvider for Typed<P> {
    fn schema(&self) -> Schema {
        Schema { version: 0, block: P::Config::block() }
    }

    async fn validate(&self, cx: &Context, config: &Value, diagnostics: &mut Diagnostics) {
        if let Some(config) = model::<P::Config>(config, diagnostics) {
            self.0.validate(cx, &config, diagnostics).await;
        }
    }

    async fn configure(&self, cx: &Context, request: ConfigureRequest<Value>, diagnostics: &mut Diagnostics) {
        if let Some(config) = model(&request.config, diagnostics) {
            let request = ConfigureRequest { config, terraform_version: request.terraform_version };
            self.0.configure(cx, request, diagnostics).await;
        }
    }
}
