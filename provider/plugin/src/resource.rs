//! Managed resources.

use async_trait::async_trait;
use homelab_cty::{Block, Model, ModelError, Path, Value};
use serde_json::Value as Json;

use crate::{Context, Diagnostics, Private};

/// A managed resource, as its author writes it.
///
/// Every method answers through its return value and `diagnostics`; the paths on diagnostics start at the root of the
/// resource's configuration. The server guarantees:
///
/// - [`Resource::plan`] sees the configuration with defaults, never the state that core proposes: what the user removed
///   is gone. Of the result only attributes that the user left out are taken; what is configured stays as configured
///   (or as in the prior state, where [`homelab_cty::Attribute::same`] says that it means the same).
/// - Computed attributes that the author leaves [`homelab_cty::Attr::Unknown`] keep their prior value when nothing else
///   of the plan differs from the prior state and [`Plan::update`] is false.
/// - A change of an attribute marked `replace` replaces the object.
/// - After apply, everything known in the plan stands as planned; the author's model fills what was unknown.
/// - After read, a value that means the same as the prior one keeps the prior spelling.
#[async_trait]
pub trait Resource: Send + Sync + 'static {
    /// Its declared model.
    type Model: Model;
    /// What names the object for ever, as a flat block of strings: required attributes are required for an import.
    type Identity: Model;

    /// The type name in configurations, such as `homelab_ingress`.
    fn name(&self) -> &'static str;

    /// Version of the stored state.
    fn version(&self) -> i64 {
        0
    }

    /// The identity of an object with this state.
    fn identity(&self, state: &Self::Model) -> Self::Identity;

    /// Checks a configuration, of which parts may be unknown; without I/O. Never fails on an unknown value.
    async fn validate(&self, _cx: &Context, _config: &Self::Model, _diagnostics: &mut Diagnostics) {}

    /// Plans a create (`prior` is `None`) or an update.
    ///
    /// The planned values follow from configuration, prior, private and the provider's configuration alone; what the
    /// world says may only become diagnostics.
    async fn plan(
        &self,
        cx: &Context,
        request: PlanRequest<'_, Self::Model>,
        diagnostics: &mut Diagnostics,
    ) -> Plan<Self::Model>;

    /// Looks at a destroy before it happens; the answer is the private that [`Resource::delete`] will get.
    async fn plan_destroy(
        &self,
        _cx: &Context,
        _prior: &Self::Model,
        private: &Private,
        _diagnostics: &mut Diagnostics,
    ) -> Private {
        private.clone()
    }

    /// Makes the object. With an error the answer must be `None` and the diagnostic names what was made: a state with an
    /// error would be tainted, and the next plan would destroy it.
    async fn create(
        &self,
        cx: &Context,
        request: Create<'_, Self::Model>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Self::Model>>;

    /// Compares the state with the world. What cannot be measured is an error, never the prior state.
    async fn read(
        &self,
        cx: &Context,
        request: ReadRequest<'_, Self::Model>,
        diagnostics: &mut Diagnostics,
    ) -> Read<Self::Model>;

    /// Changes the object in place. With an error the answer is the state that is really there.
    async fn update(
        &self,
        cx: &Context,
        request: Update<'_, Self::Model>,
        diagnostics: &mut Diagnostics,
    ) -> State<Self::Model>;

    /// Removes the object: `None` when it is gone, else what is left of it (with an error).
    async fn delete(
        &self,
        cx: &Context,
        request: Delete<'_, Self::Model>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Self::Model>>;

    /// Turns an import id or an identity into a state good enough for [`Resource::read`], which is called next.
    async fn import(
        &self,
        cx: &Context,
        request: Import<Self::Identity>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Self::Model>>;

    /// Takes over the state of another resource type. The provider may not be configured yet. `None` without an error
    /// means that this source is not supported.
    async fn move_from(
        &self,
        _cx: &Context,
        _request: MoveFrom<'_>,
        _diagnostics: &mut Diagnostics,
    ) -> Option<State<Self::Model>> {
        None
    }

    /// Brings a stored state of an older version to the present one, as JSON.
    async fn upgrade(&self, _cx: &Context, _version: i64, state: Json, _diagnostics: &mut Diagnostics) -> Option<Json> {
        Some(state)
    }
}

/// What a plan is made from.
#[derive(Debug)]
pub struct PlanRequest<'a, M> {
    /// What the user wrote. Write-only values are here and nowhere else.
    pub config: &'a M,
    /// The state, on an update.
    pub prior: Option<&'a M>,
    /// Notes of the state. On a create there are none, also in a replacement.
    pub private: &'a Private,
    /// The configuration with defaults, in the prior spelling where that means the same; computed attributes without a default are unknown. Fill and return it.
    pub planned: M,
}

/// A plan.
#[derive(Debug)]
pub struct Plan<M> {
    /// The planned state.
    pub planned: M,
    /// The notes that create or update will get.
    pub private: Private,
    /// Plan an update even when no value differs; unknown computed attributes stay unknown. At least one must be: a plan
    /// whose values are all those of the state is no update to core, and would never be applied.
    pub update: bool,
    /// Further attributes whose change replaces the object. Core looks again whether they differ.
    pub replace: Vec<Path>,
}

impl<M> Plan<M> {
    /// A plan of these values, with unchanged notes.
    pub fn new(planned: M, private: &Private) -> Self {
        Self { planned, private: private.clone(), update: false, replace: Vec::new() }
    }
}

/// A state and its notes.
#[derive(Clone, Debug)]
pub struct State<M> {
    /// The state.
    pub model: M,
    /// Its notes.
    pub private: Private,
}

/// What a create is made from.
#[derive(Debug)]
pub struct Create<'a, M> {
    /// What the user wrote, wholly known now.
    pub config: &'a M,
    /// What was planned.
    pub planned: &'a M,
    /// The plan's notes.
    pub private: &'a Private,
}

/// What an update is made from.
#[derive(Debug)]
pub struct Update<'a, M> {
    /// What the user wrote, wholly known now.
    pub config: &'a M,
    /// The state.
    pub prior: &'a M,
    /// What was planned.
    pub planned: &'a M,
    /// The plan's notes.
    pub private: &'a Private,
}

/// What a delete is made from.
#[derive(Debug)]
pub struct Delete<'a, M> {
    /// The state.
    pub prior: &'a M,
    /// The notes of [`Resource::plan_destroy`]; in the first half of a replacement ([`Context::replacement`]) those of
    /// the plan of the create that follows, because core keeps no others.
    pub private: &'a Private,
}

/// What a read is made from.
#[derive(Debug)]
pub struct ReadRequest<'a, M> {
    /// The state; after an import only what [`Resource::import`] filled.
    pub state: &'a M,
    /// Its notes.
    pub private: &'a Private,
}

/// What a read found.
#[derive(Debug)]
pub enum Read<M> {
    /// State and notes as they were, byte for byte. Also the answer with an error.
    Unchanged,
    /// The object is not there any more, for certain.
    Gone,
    /// This.
    State(State<M>),
}

/// What is to be imported.
#[derive(Debug)]
pub enum Import<I> {
    /// By a text.
    Id(String),
    /// By identity.
    Identity(I),
}

/// The state of another resource type that is to be taken over.
#[derive(Debug)]
pub struct MoveFrom<'a> {
    /// The source provider's address, such as `registry.terraform.io/hashicorp/kubernetes`.
    pub provider: &'a str,
    /// The source type, such as `kubernetes_manifest`.
    pub type_name: &'a str,
    /// Its schema version.
    pub version: i64,
    /// Its state.
    pub state: &'a Json,
}

/// The identity of a resource that has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoIdentity;

impl Model for NoIdentity {
    fn block() -> Block {
        Block::default()
    }

    fn from_value(_value: &Value, _path: &Path) -> Result<Self, ModelError> {
        Ok(Self)
    }

    fn to_value(&self) -> Value {
        Value::Map(std::collections::BTreeMap::new())
    }
}
