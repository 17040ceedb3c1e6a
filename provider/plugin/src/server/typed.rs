//! Every typed resource of an author as a [`DynResource`].
//!
//! A value that the schema allows and the Rust type does not (a port of 70000) becomes an error at its attribute, here
//! and nowhere else, so that an author never meets it.

use async_trait::async_trait;
use homelab_cty::{Block, Model, ModelError, Path, Schema, Value};
use serde_json::Value as Json;

use super::erased::DynResource;
use crate::{
    Context, Create, Delete, Diagnostics, Import, MoveFrom, Plan, PlanRequest, Private, Read, ReadRequest, Resource,
    State, Update,
};

/// A typed author behind an untyped trait.
pub(super) struct Typed<T>(pub(super) T);

/// Reads a model, or says at which attribute it cannot.
pub(super) fn model<M: Model>(value: &Value, diagnostics: &mut Diagnostics) -> Option<M> {
    match M::from_value(value, &Path::root()) {
        Ok(model) => Some(model),
        Err(error) => {
            diagnostics.push(error.into());
            None
        }
    }
}

fn raw<M: Model>(state: State<M>) -> State<Value> {
    State { model: state.model.to_value(), private: state.private }
}

#[async_trait]
impl<R: Resource> DynResource for Typed<R> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn schema(&self) -> Schema {
        Schema { version: self.0.version(), block: R::Model::block() }
    }

    fn identity_block(&self) -> Block {
        R::Identity::block()
    }

    fn identity(&self, state: &Value) -> Result<Value, ModelError> {
        let state = R::Model::from_value(state, &Path::root())?;
        Ok(self.0.identity(&state).to_value())
    }

    async fn validate(&self, cx: &Context, config: &Value, diagnostics: &mut Diagnostics) {
        if let Some(config) = model::<R::Model>(config, diagnostics) {
            self.0.validate(cx, &config, diagnostics).await;
        }
    }

    async fn plan(
        &self,
        cx: &Context,
        request: PlanRequest<'_, Value>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Plan<Value>> {
        let config = model::<R::Model>(request.config, diagnostics)?;
        let prior = match request.prior {
            Some(prior) => Some(model::<R::Model>(prior, diagnostics)?),
            None => None,
        };
        let planned = model(&request.planned, diagnostics)?;
        let request = PlanRequest { config: &config, prior: prior.as_ref(), private: request.private, planned };
        let plan = self.0.plan(cx, request, diagnostics).await;
        Some(Plan {
            planned: plan.planned.to_value(),
            private: plan.private,
            update: plan.update,
            replace: plan.replace,
        })
    }

    async fn plan_destroy(
        &self,
        cx: &Context,
        prior: &Value,
        private: &Private,
        diagnostics: &mut Diagnostics,
    ) -> Private {
        match model(prior, diagnostics) {
            Some(prior) => self.0.plan_destroy(cx, &prior, private, diagnostics).await,
            None => private.clone(),
        }
    }

    async fn create(
        &self,
        cx: &Context,
        request: Create<'_, Value>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Value>> {
        let config = model(request.config, diagnostics)?;
        let planned = model(request.planned, diagnostics)?;
        let request = Create { config: &config, planned: &planned, private: request.private };
        self.0.create(cx, request, diagnostics).await.map(raw)
    }

    async fn read(&self, cx: &Context, request: ReadRequest<'_, Value>, diagnostics: &mut Diagnostics) -> Read<Value> {
        let Some(state) = model(request.state, diagnostics) else {
            return Read::Unchanged;
        };
        match self.0.read(cx, ReadRequest { state: &state, private: request.private }, diagnostics).await {
            Read::Unchanged => Read::Unchanged,
            Read::Gone => Read::Gone,
            Read::State(state) => Read::State(raw(state)),
        }
    }

    async fn update(
        &self,
        cx: &Context,
        request: Update<'_, Value>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Value>> {
        let config = model(request.config, diagnostics)?;
        let prior = model(request.prior, diagnostics)?;
        let planned = model(request.planned, diagnostics)?;
        let request = Update { config: &config, prior: &prior, planned: &planned, private: request.private };
        Some(raw(self.0.update(cx, request, diagnostics).await))
    }

    async fn delete(
        &self,
        cx: &Context,
        request: Delete<'_, Value>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Value>> {
        let prior = model(request.prior, diagnostics)?;
        self.0.delete(cx, Delete { prior: &prior, private: request.private }, diagnostics).await.map(raw)
    }

    async fn import(
        &self,
        cx: &Context,
        request: Import<Value>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Value>> {
        let request = match request {
            Import::Id(id) => Import::Id(id),
            Import::Identity(identity) => Import::Identity(model(&identity, diagnostics)?),
        };
        self.0.import(cx, request, diagnostics).await.map(raw)
    }

    async fn move_from(
        &self,
        cx: &Context,
        request: MoveFrom<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Value>> {
        self.0.move_from(cx, request, diagnostics).await.map(raw)
    }

    async fn upgrade(&self, cx: &Context, version: i64, state: Json, diagnostics: &mut Diagnostics) -> Option<Json> {
        self.0.upgrade(cx, version, state, diagnostics).await
    }
}
