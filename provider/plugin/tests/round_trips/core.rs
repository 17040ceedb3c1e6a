//! The part of core that calls the provider: messages in, values out, every answer before the oracle.

use homelab_cty::{Block, Path, Step, Type, Value, json, msgpack};
use homelab_plugin::Server;
use homelab_plugin::oracle::{self, Action, Violation};
use homelab_plugin::proto::tfplugin5::attribute_path::step::Selector;
use homelab_plugin::proto::tfplugin5::{self as wire, diagnostic::Severity, provider_server::Provider as _};
use tonic::Request;

use crate::author::NAME;
use crate::life::{Counts, Tamper, What};

/// Why a life ended early.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The provider answered an error, as it may.
    Refused(String),
    /// It must not have answered this.
    Illegal(String),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Refused(what) | Self::Illegal(what)) = self;
        f.write_str(what)
    }
}

/// A plan that was answered.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) value: Value,
    pub(crate) private: Vec<u8>,
    pub(crate) action: Action,
    identity: Option<wire::ResourceIdentityData>,
}

/// An object in state.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) value: Value,
    pub(crate) private: Vec<u8>,
    identity: Option<wire::ResourceIdentityData>,
}

/// Terraform, as far as one object is concerned.
pub(crate) struct Core<'a> {
    pub(crate) server: &'a Server,
    pub(crate) block: &'a Block,
    pub(crate) ty: Type,
    pub(crate) tamper: &'a mut dyn Tamper,
    pub(crate) counts: Counts,
}

impl Core<'_> {
    fn sent(&self, value: &Value) -> wire::DynamicValue {
        let msgpack = msgpack::encode(value, &self.ty).unwrap_or_else(|error| panic!("{value:?}: {error}"));
        wire::DynamicValue { msgpack, json: Vec::new() }
    }

    fn received(&mut self, what: What, value: Option<&wire::DynamicValue>) -> Result<Value, Trouble> {
        let value = value.ok_or_else(|| Trouble::Illegal(format!("{what:?} has no value")))?;
        let decoded = if value.msgpack.is_empty() {
            json::decode(&value.json, &self.ty)
        } else {
            msgpack::decode(&value.msgpack, &self.ty)
        };
        let mut decoded = decoded.map_err(|error| Trouble::Illegal(format!("{what:?}: {error}")))?;
        self.tamper.value(what, self.block, &mut decoded);
        Ok(decoded)
    }

    /// An error is a refusal, but not one that is about the server's own answer.
    fn said(&mut self, what: What, diagnostics: &[wire::Diagnostic]) -> Result<(), Trouble> {
        self.counts.calls += 1;
        let Some(error) = diagnostics.iter().find(|it| it.severity() == Severity::Error) else { return Ok(()) };
        let text = format!("{what:?}: {}: {}", error.summary, error.detail);
        Err(if text.contains("breaks a rule") { Trouble::Illegal(text) } else { Trouble::Refused(text) })
    }

    pub(crate) async fn validate(&mut self, config: &Value) -> Result<(), Trouble> {
        let request = wire::validate_resource_type_config::Request {
            type_name: NAME.into(),
            config: Some(self.sent(config)),
            client_capabilities: Some(capabilities()),
        };
        let answer = self.server.validate_resource_type_config(Request::new(request)).await;
        self.said(What::Validate, &answer.map_err(|error| status(&error))?.into_inner().diagnostics)
    }

    /// `config` is null for a destroy.
    pub(crate) async fn plan(&mut self, prior: Option<&Stored>, config: &Value) -> Result<Planned, Trouble> {
        let nothing = Value::Null;
        let prior_value = prior.map_or(&nothing, |prior| &prior.value);
        let request = wire::plan_resource_change::Request {
            type_name: NAME.into(),
            prior_state: Some(self.sent(prior_value)),
            proposed_new_state: Some(self.sent(config)),
            config: Some(self.sent(config)),
            prior_private: prior.map(|prior| prior.private.clone()).unwrap_or_default(),
            client_capabilities: Some(capabilities()),
            prior_identity: prior.and_then(|prior| prior.identity.clone()),
            ..Default::default()
        };
        let answer =
            self.server.plan_resource_change(Request::new(request)).await.map_err(|error| status(&error))?.into_inner();
        self.said(What::Plan, &answer.diagnostics)?;
        if answer.legacy_type_system || answer.deferred.is_some() {
            return Err(Trouble::Illegal("a plan evades the rules".into()));
        }
        let what = if config.is_null() { What::DestroyPlan } else { What::Plan };
        let value = self.received(what, answer.planned_state.as_ref())?;
        let mut replace: Vec<Path> = answer.requires_replace.iter().map(path).collect();
        self.tamper.replace(prior.is_some(), &mut replace);
        if config.is_null() {
            judged(what, &oracle::check_destroy_plan(&value))?;
        } else {
            judged(what, &oracle::check_plan(self.block, prior_value, config, &value))?;
            judged(what, &oracle::check_replace(prior_value, &value, &replace))?;
        }
        let action = Action::of(self.block, prior_value, &value, &replace);
        Ok(Planned { value, private: answer.planned_private, action, identity: answer.planned_identity })
    }

    /// The plan again, when more is known.
    pub(crate) async fn replan(
        &mut self,
        first: &Planned,
        prior: Option<&Stored>,
        config: &Value,
    ) -> Result<Planned, Trouble> {
        let mut second = self.plan(prior, config).await?;
        self.tamper.value(What::Replan, self.block, &mut second.value);
        self.tamper.action(&mut second.action);
        let (before, after) = ((first.action, &first.value), (second.action, &second.value));
        judged(What::Replan, &oracle::check_replan(self.block, before, after))?;
        Ok(second)
    }

    pub(crate) async fn apply(
        &mut self,
        prior: Option<&Stored>,
        planned: &Planned,
        config: &Value,
    ) -> Result<Option<Stored>, Trouble> {
        let request = wire::apply_resource_change::Request {
            type_name: NAME.into(),
            prior_state: Some(self.sent(prior.map_or(&Value::Null, |prior| &prior.value))),
            planned_state: Some(self.sent(&planned.value)),
            config: Some(self.sent(config)),
            planned_private: planned.private.clone(),
            planned_identity: planned.identity.clone(),
            ..Default::default()
        };
        let answer = self
            .server
            .apply_resource_change(Request::new(request))
            .await
            .map_err(|error| status(&error))?
            .into_inner();
        let what = if planned.value.is_null() { What::Delete } else { What::Apply };
        if answer.legacy_type_system {
            return Err(Trouble::Illegal("an apply evades the rules".into()));
        }
        let refused = self.said(what, &answer.diagnostics);
        let value = self.received(what, answer.new_state.as_ref())?;
        if let Err(refused) = refused {
            // What is left behind by a failure is kept too, so it must be something to keep.
            let left = oracle::check_read(self.block, &value);
            judged(what, &left)?;
            return match (prior, value.is_null()) {
                (None, false) => Err(Trouble::Illegal("a failed create is tainted".into())),
                _ => Err(refused),
            };
        }
        judged(what, &oracle::check_apply(self.block, &planned.value, &value))?;
        if value.is_null() {
            return Ok(None);
        }
        self.identity(prior, answer.new_identity.as_ref())?;
        Ok(Some(Stored { value, private: answer.private, identity: answer.new_identity }))
    }

    fn identity(
        &mut self,
        before: Option<&Stored>,
        identity: Option<&wire::ResourceIdentityData>,
    ) -> Result<(), Trouble> {
        let mut block = Block::default();
        block.attributes.insert("name".into(), homelab_cty::Attribute::new(Type::String, homelab_cty::Mode::Required));
        let read = |data: Option<&wire::ResourceIdentityData>| {
            let value = data.and_then(|data| data.identity_data.as_ref());
            value.and_then(|value| msgpack::decode(&value.msgpack, &block.ty()).ok()).unwrap_or(Value::Null)
        };
        let mut identity = read(identity);
        self.tamper.identity(before.is_some(), &mut identity);
        judged(What::Identity, &oracle::check_identity(&block, &identity))?;
        let before = read(before.and_then(|before| before.identity.as_ref()));
        judged(What::Identity, &oracle::check_identity_kept(&before, &identity))
    }

    /// Writes the object to the state file and brings it back as core does at the start of a run.
    pub(crate) async fn reloaded(&mut self, stored: &Stored) -> Result<Stored, Trouble> {
        let json = json::encode(&stored.value, &self.ty).map_err(|error| Trouble::Illegal(error.to_string()))?;
        let request = wire::upgrade_resource_state::Request {
            type_name: NAME.into(),
            version: 0,
            raw_state: Some(wire::RawState { json, ..Default::default() }),
        };
        let answer = self
            .server
            .upgrade_resource_state(Request::new(request))
            .await
            .map_err(|error| status(&error))?
            .into_inner();
        self.said(What::Upgrade, &answer.diagnostics)?;
        let value = self.received(What::Upgrade, answer.upgraded_state.as_ref())?;
        judged(What::Upgrade, &oracle::check_upgrade(self.block, &value))?;
        if value != stored.value {
            return Err(Trouble::Illegal(format!("stored {:?} and found {value:?}", stored.value)));
        }
        Ok(Stored { value, ..stored.clone() })
    }

    pub(crate) async fn read(&mut self, stored: &Stored) -> Result<Option<Stored>, Trouble> {
        let request = wire::read_resource::Request {
            type_name: NAME.into(),
            current_state: Some(self.sent(&stored.value)),
            private: stored.private.clone(),
            client_capabilities: Some(capabilities()),
            current_identity: stored.identity.clone(),
            ..Default::default()
        };
        let answer =
            self.server.read_resource(Request::new(request)).await.map_err(|error| status(&error))?.into_inner();
        self.said(What::Read, &answer.diagnostics)?;
        let value = self.received(What::Read, answer.new_state.as_ref())?;
        judged(What::Read, &oracle::check_read(self.block, &value))?;
        if value.is_null() {
            return Ok(None);
        }
        self.identity(Some(stored), answer.new_identity.as_ref())?;
        Ok(Some(Stored { value, private: answer.private, identity: answer.new_identity }))
    }

    pub(crate) async fn import(&mut self) -> Result<Stored, Trouble> {
        let request = wire::import_resource_state::Request {
            type_name: NAME.into(),
            id: "it".into(),
            client_capabilities: Some(capabilities()),
            ..Default::default()
        };
        let answer = self
            .server
            .import_resource_state(Request::new(request))
            .await
            .map_err(|error| status(&error))?
            .into_inner();
        self.said(What::Import, &answer.diagnostics)?;
        let [imported] = &answer.imported_resources[..] else {
            return Err(Trouble::Illegal(format!("{} objects were imported", answer.imported_resources.len())));
        };
        let value = self.received(What::Import, imported.state.as_ref())?;
        judged(What::Import, &oracle::check_import(self.block, &value))?;
        Ok(Stored { value, private: imported.private.clone(), identity: imported.identity.clone() })
    }
}

fn status(status: &tonic::Status) -> Trouble {
    Trouble::Illegal(format!("a call failed: {status}"))
}

fn judged(what: What, violations: &[Violation]) -> Result<(), Trouble> {
    if violations.is_empty() {
        return Ok(());
    }
    let violations: Vec<_> = violations.iter().map(ToString::to_string).collect();
    Err(Trouble::Illegal(format!("{what:?}: {}", violations.join("; "))))
}

fn capabilities() -> wire::ClientCapabilities {
    wire::ClientCapabilities { write_only_attributes_allowed: true, ..Default::default() }
}

fn path(path: &wire::AttributePath) -> Path {
    let step = |step: &wire::attribute_path::Step| match step.selector.clone()? {
        Selector::AttributeName(name) => Some(Step::Attribute(name)),
        Selector::ElementKeyString(key) => Some(Step::Key(key)),
        Selector::ElementKeyInt(index) => Some(Step::Index(index)),
    };
    Path(path.steps.iter().filter_map(step).collect())
}
