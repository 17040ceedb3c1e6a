//! The traits of authors without their Rust types: raw [`Value`]s by a schema that may be known only at run time.
//!
//! The server works on these alone, so that its rules (planning, spelling, private, identity) are written once and not
//! once per resource. Every [`crate::Resource`] becomes one of these through an adapter; a program that learns its
//! schema at run time (a property test, a bridge) implements them directly.

use async_trait::async_trait;
use homelab_cty::{Block, ModelError, Schema, Value};
use serde_json::Value as Json;

use crate::{
    ConfigureRequest, Context, Create, Delete, Diagnostics, Import, MoveFrom, Opened, Plan, PlanRequest, Private, Read,
    ReadRequest, Renewed, State, Update,
};

/// A managed resource of a schema known at run time. See [`crate::Resource`] for what each method owes.
#[async_trait]
pub trait DynResource: Send + Sync + 'static {
    /// The type name in configurations.
    fn name(&self) -> &str;

    /// Its schema. Asked once.
    fn schema(&self) -> Schema;

    /// The flat block of its identity; without attributes where it has none. Asked once.
    fn identity_block(&self) -> Block {
        Block::default()
    }

    /// The identity of an object with this state, of [`DynResource::identity_block`].
    fn identity(&self, _state: &Value) -> Result<Value, ModelError> {
        Ok(Value::Null)
    }

    /// Checks a configuration, of which parts may be unknown.
    async fn validate(&self, _cx: &Context, _config: &Value, _diagnostics: &mut Diagnostics) {}

    /// Plans a create or an update; `None` with an error only.
    async fn plan(
        &self,
        cx: &Context,
        request: PlanRequest<'_, Value>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Plan<Value>>;

    /// Looks at a destroy before it happens.
    async fn plan_destroy(
        &self,
        _cx: &Context,
        _prior: &Value,
        private: &Private,
        _diagnostics: &mut Diagnostics,
    ) -> Private {
        private.clone()
    }

    /// Makes the object.
    async fn create(
        &self,
        cx: &Context,
        request: Create<'_, Value>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Value>>;

    /// Compares the state with the world.
    async fn read(&self, cx: &Context, request: ReadRequest<'_, Value>, diagnostics: &mut Diagnostics) -> Read<Value>;

    /// Changes the object in place; `None` with an error means that nothing was changed.
    async fn update(
        &self,
        cx: &Context,
        request: Update<'_, Value>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Value>>;

    /// Removes the object. `None` without an error: it is gone. `None` with one: it is as it was.
    async fn delete(
        &self,
        cx: &Context,
        request: Delete<'_, Value>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Value>>;

    /// Turns an import id or an identity into a state.
    async fn import(
        &self,
        _cx: &Context,
        _request: Import<Value>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Value>> {
        diagnostics.error(
            homelab_cty::Path::root(),
            "Import is not supported",
            format!("{} cannot be imported.", self.name()),
        );
        None
    }

    /// Takes over the state of another resource type; `None` without an error means that it cannot.
    async fn move_from(
        &self,
        _cx: &Context,
        _request: MoveFrom<'_>,
        _diagnostics: &mut Diagnostics,
    ) -> Option<State<Value>> {
        None
    }

    /// Brings a stored state of an older version to the present one.
    async fn upgrade(&self, _cx: &Context, _version: i64, state: Json, _diagnostics: &mut Diagnostics) -> Option<Json> {
        Some(state)
    }
}

/// A data source of a schema known at run time. See [`crate::DataSource`].
#[async_trait]
pub trait DynDataSource: Send + Sync + 'static {
    /// The type name in configurations.
    fn name(&self) -> &str;

    /// Its schema. Asked once.
    fn schema(&self) -> Schema;

    /// Checks a configuration, of which parts may be unknown.
    async fn validate(&self, _cx: &Context, _config: &Value, _diagnostics: &mut Diagnostics) {}

    /// Reads it; `None` with an error only.
    async fn read(&self, cx: &Context, config: Value, diagnostics: &mut Diagnostics) -> Option<Value>;
}

/// An ephemeral resource of a schema known at run time. See [`crate::Ephemeral`].
#[async_trait]
pub trait DynEphemeral: Send + Sync + 'static {
    /// The type name in configurations.
    fn name(&self) -> &str;

    /// Its schema. Asked once.
    fn schema(&self) -> Schema;

    /// Checks a configuration, of which parts may be unknown.
    async fn validate(&self, _cx: &Context, _config: &Value, _diagnostics: &mut Diagnostics) {}

    /// Opens it; `None` with an error only.
    async fn open(&self, cx: &Context, config: Value, diagnostics: &mut Diagnostics) -> Option<Opened<Value>>;

    /// Renews it.
    async fn renew(&self, _cx: &Context, private: &Private, _diagnostics: &mut Diagnostics) -> Renewed {
        Renewed { private: private.clone(), renew_at: None }
    }

    /// Gives back what was taken.
    async fn close(&self, _cx: &Context, _private: &Private, _diagnostics: &mut Diagnostics) {}
}

/// The provider's own block, of a schema known at run time. See [`crate::Provider`].
#[async_trait]
pub trait DynProvider: Send + Sync + 'static {
    /// Its schema. Asked once.
    fn schema(&self) -> Schema;

    /// Checks the block, of which parts may be unknown.
    async fn validate(&self, _cx: &Context, _config: &Value, _diagnostics: &mut Diagnostics) {}

    /// Takes the block.
    async fn configure(&self, cx: &Context, request: ConfigureRequest<Value>, diagnostics: &mut Diagnostics);
}
