//! Managed resources.

use homelab_cty::{Path, Value};

use super::said;
use crate::proto::tfplugin5 as wire;
use crate::server::apply::{ApplyCall, Kept};
use crate::server::managed::Managed;
use crate::server::planning::PlanCall;
use crate::server::read::{ReadAnswer, ReadCall};
use crate::server::wire::{decode, encode, encode_as_stored, null, path};
use crate::server::{Server, walk};
use crate::{Context, Diagnostics, Import, MoveFrom};

type Identity = Option<wire::ResourceIdentityData>;

impl Managed {
    fn state(&self, value: Option<&wire::DynamicValue>, what: &str, diagnostics: &mut Diagnostics) -> Option<Value> {
        decode(value, &self.derived().ty, what, diagnostics)
    }

    fn encoded(&self, value: &Value, what: &str, diagnostics: &mut Diagnostics) -> Option<wire::DynamicValue> {
        encode(value, &self.derived().ty, what, diagnostics)
    }

    /// A stored identity; `None` where there is none. One that cannot be read is none: the next read fills it.
    fn identity_in(&self, data: Option<&wire::ResourceIdentityData>) -> Option<Value> {
        let mut unread = Diagnostics::new();
        let data = data?.identity_data.as_ref();
        decode(data, &self.derived().identity_ty, "identity", &mut unread).filter(|identity| !identity.is_null())
    }

    fn identity_out(&self, identity: Option<&Value>, diagnostics: &mut Diagnostics) -> Identity {
        let identity_data = encode(identity?, &self.derived().identity_ty, "identity", diagnostics)?;
        Some(wire::ResourceIdentityData { identity_data: Some(identity_data) })
    }
}

fn existing(value: &Value) -> Option<&Value> {
    (!value.is_null()).then_some(value)
}

impl Server {
    fn said_of(&self, name: &str, diagnostics: &Diagnostics) -> Vec<wire::Diagnostic> {
        said(diagnostics, self.resources.get(name).map(Managed::block))
    }

    pub(super) async fn validate_resource(
        &self,
        request: wire::validate_resource_type_config::Request,
    ) -> wire::validate_resource_type_config::Response {
        let mut diagnostics = Diagnostics::new();
        let write_only_allowed = self.write_only_allowed(request.client_capabilities);
        if let Some(it) = self.managed(&request.type_name, &mut diagnostics)
            && let Some(config) = it.state(request.config.as_ref(), "configuration", &mut diagnostics)
        {
            if !write_only_allowed {
                for path in walk::write_only(it.block(), &config) {
                    let detail = format!(
                        "{path} is write-only, and this client would store it in its state. Use Terraform or OpenTofu \
                         1.11 or newer, or leave it out."
                    );
                    diagnostics.error(path, "Write-only attributes are not supported by this client", detail);
                }
            }
            let cx = Context { write_only_allowed, ..self.context() };
            it.author.validate(&cx, &config, &mut diagnostics).await;
        }
        let diagnostics = self.said_of(&request.type_name, &diagnostics);
        wire::validate_resource_type_config::Response { diagnostics }
    }

    pub(super) async fn upgrade(
        &self,
        request: wire::upgrade_resource_state::Request,
    ) -> wire::upgrade_resource_state::Response {
        let mut diagnostics = Diagnostics::new();
        let upgraded_state = self.try_upgrade(&request, &mut diagnostics).await;
        let diagnostics = self.said_of(&request.type_name, &diagnostics);
        wire::upgrade_resource_state::Response { upgraded_state, diagnostics }
    }

    async fn try_upgrade(
        &self,
        request: &wire::upgrade_resource_state::Request,
        diagnostics: &mut Diagnostics,
    ) -> Option<wire::DynamicValue> {
        let it = self.managed(&request.type_name, diagnostics)?;
        let state = json_of(request.raw_state.as_ref(), diagnostics)?;
        let state = it.upgrade(&self.context(), request.version, state, diagnostics).await?;
        it.encoded(&state, "upgraded state", diagnostics)
    }

    pub(super) fn upgrade_identity(
        &self,
        request: &wire::upgrade_resource_identity::Request,
    ) -> wire::upgrade_resource_identity::Response {
        let mut diagnostics = Diagnostics::new();
        let upgraded_identity = self.managed(&request.type_name, &mut diagnostics).and_then(|it| {
            let identity =
                it.upgrade_identity(json_of(request.raw_identity.as_ref(), &mut diagnostics)?, &mut diagnostics)?;
            it.identity_out(Some(&identity), &mut diagnostics)
        });
        wire::upgrade_resource_identity::Response { upgraded_identity, diagnostics: said(&diagnostics, None) }
    }

    pub(super) async fn read(&self, request: wire::read_resource::Request) -> wire::read_resource::Response {
        let mut diagnostics = Diagnostics::new();
        self.write_only_allowed(request.client_capabilities);
        let answer = self.try_read(&request, &mut diagnostics).await;
        // With an error core takes nothing of an answer, but another client might: so it is what is there.
        let mut answer = answer.filter(|_| !diagnostics.has_errors()).unwrap_or(wire::read_resource::Response {
            new_state: request.current_state,
            private: request.private,
            new_identity: request.current_identity,
            ..Default::default()
        });
        answer.diagnostics = self.said_of(&request.type_name, &diagnostics);
        answer
    }

    async fn try_read(
        &self,
        request: &wire::read_resource::Request,
        diagnostics: &mut Diagnostics,
    ) -> Option<wire::read_resource::Response> {
        let it = self.managed(&request.type_name, diagnostics)?;
        let state = it.state(request.current_state.as_ref(), "state", diagnostics)?;
        existing(&state)?;
        let identity = it.identity_in(request.current_identity.as_ref());
        let call = ReadCall { state: &state, private: &request.private, identity };
        let (new_state, private, identity) = match it.read(&self.context(), call, diagnostics).await {
            ReadAnswer::Gone => {
                return Some(wire::read_resource::Response { new_state: Some(null()), ..Default::default() });
            }
            ReadAnswer::Unchanged(identity) => (None, request.private.clone(), identity),
            ReadAnswer::Changed(state, private, identity) => (state, private, identity),
        };
        let new_state = new_state.as_ref().unwrap_or(&state);
        Some(wire::read_resource::Response {
            new_state: Some(encode_as_stored(new_state, &it.derived().ty, diagnostics)?),
            private,
            new_identity: it.identity_out(identity.as_ref(), diagnostics),
            ..Default::default()
        })
    }

    pub(super) async fn plan(
        &self,
        request: wire::plan_resource_change::Request,
    ) -> wire::plan_resource_change::Response {
        let mut diagnostics = Diagnostics::new();
        self.write_only_allowed(request.client_capabilities);
        let answer = self.try_plan(&request, &mut diagnostics).await;
        let answer = answer.filter(|_| !diagnostics.has_errors()).unwrap_or_default();
        let diagnostics = self.said_of(&request.type_name, &diagnostics);
        wire::plan_resource_change::Response { diagnostics, ..answer }
    }

    async fn try_plan(
        &self,
        request: &wire::plan_resource_change::Request,
        diagnostics: &mut Diagnostics,
    ) -> Option<wire::plan_resource_change::Response> {
        let it = self.managed(&request.type_name, diagnostics)?;
        let prior = it.state(request.prior_state.as_ref(), "prior state", diagnostics)?;
        // The only thing that is asked of core's proposal: whether there is one.
        let proposed = it.state(request.proposed_new_state.as_ref(), "proposed state", diagnostics)?;
        let identity = it.identity_in(request.prior_identity.as_ref());
        if proposed.is_null() {
            let private =
                it.plan_destroy(&self.context(), existing(&prior)?, &request.prior_private, diagnostics).await;
            return Some(wire::plan_resource_change::Response {
                planned_state: Some(null()),
                planned_private: private,
                planned_identity: it.identity_out(identity.as_ref(), diagnostics),
                ..Default::default()
            });
        }
        let config = it.state(request.config.as_ref(), "configuration", diagnostics)?;
        let call = PlanCall { config: &config, prior: existing(&prior), private: &request.prior_private, identity };
        let plan = it.plan(&self.context(), call, diagnostics).await?;
        Some(wire::plan_resource_change::Response {
            planned_state: Some(it.encoded(&plan.planned, "plan", diagnostics)?),
            requires_replace: plan.replace.iter().map(path).collect(),
            planned_private: plan.private,
            planned_identity: it.identity_out(plan.identity.as_ref(), diagnostics),
            ..Default::default()
        })
    }

    pub(super) async fn apply(
        &self,
        request: wire::apply_resource_change::Request,
    ) -> wire::apply_resource_change::Response {
        let mut diagnostics = Diagnostics::new();
        let answer = self.try_apply(&request, &mut diagnostics).await;
        // Nothing new to keep: core keeps what it has, which after a failed create is nothing.
        let mut answer =
            answer.unwrap_or(wire::apply_resource_change::Response { new_state: Some(null()), ..Default::default() });
        answer.diagnostics = self.said_of(&request.type_name, &diagnostics);
        answer
    }

    async fn try_apply(
        &self,
        request: &wire::apply_resource_change::Request,
        diagnostics: &mut Diagnostics,
    ) -> Option<wire::apply_resource_change::Response> {
        let it = self.managed(&request.type_name, diagnostics)?;
        let prior = it.state(request.prior_state.as_ref(), "prior state", diagnostics)?;
        let planned = it.state(request.planned_state.as_ref(), "planned state", diagnostics)?;
        let config = it.state(request.config.as_ref(), "configuration", diagnostics)?;
        let call = ApplyCall {
            config: &config,
            prior: existing(&prior),
            planned: existing(&planned),
            private: &request.planned_private,
            identity: it.identity_in(request.planned_identity.as_ref()),
        };
        let Kept { state, private, identity } = it.apply(&self.context(), call, diagnostics).await;
        Some(wire::apply_resource_change::Response {
            new_state: Some(it.encoded(&state?, "new state", diagnostics)?),
            private,
            new_identity: it.identity_out(identity.as_ref(), diagnostics),
            ..Default::default()
        })
    }

    pub(super) async fn import(
        &self,
        request: wire::import_resource_state::Request,
    ) -> wire::import_resource_state::Response {
        let mut diagnostics = Diagnostics::new();
        self.write_only_allowed(request.client_capabilities);
        let imported = self.try_import(&request, &mut diagnostics).await;
        wire::import_resource_state::Response {
            imported_resources: imported.into_iter().filter(|_| !diagnostics.has_errors()).collect(),
            diagnostics: self.said_of(&request.type_name, &diagnostics),
            deferred: None,
        }
    }

    async fn try_import(
        &self,
        request: &wire::import_resource_state::Request,
        diagnostics: &mut Diagnostics,
    ) -> Option<wire::import_resource_state::ImportedResource> {
        let it = self.managed(&request.type_name, diagnostics)?;
        let asked = match request.identity.as_ref().and_then(|identity| identity.identity_data.as_ref()) {
            Some(data) => decode(Some(data), &it.derived().identity_ty, "identity", diagnostics)?,
            None => Value::Null,
        };
        let asked = if asked.is_null() { Import::Id(request.id.clone()) } else { Import::Identity(asked) };
        let Kept { state, private, identity } = it.import(&self.context(), asked, diagnostics).await?;
        Some(wire::import_resource_state::ImportedResource {
            type_name: request.type_name.clone(),
            state: Some(it.encoded(&state?, "imported state", diagnostics)?),
            private,
            identity: it.identity_out(identity.as_ref(), diagnostics),
        })
    }

    pub(super) async fn move_state(
        &self,
        request: wire::move_resource_state::Request,
    ) -> wire::move_resource_state::Response {
        let mut diagnostics = Diagnostics::new();
        let moved = self.try_move(&request, &mut diagnostics).await;
        let moved = moved.filter(|_| !diagnostics.has_errors()).unwrap_or_default();
        let diagnostics = self.said_of(&request.target_type_name, &diagnostics);
        wire::move_resource_state::Response { diagnostics, ..moved }
    }

    async fn try_move(
        &self,
        request: &wire::move_resource_state::Request,
        diagnostics: &mut Diagnostics,
    ) -> Option<wire::move_resource_state::Response> {
        let it = self.managed(&request.target_type_name, diagnostics)?;
        let state = json_of(request.source_state.as_ref(), diagnostics)?;
        let state = crate::server::upgrade::parse(state, diagnostics)?;
        let from = MoveFrom {
            provider: &request.source_provider_address,
            type_name: &request.source_type_name,
            version: request.source_schema_version,
            state: &state,
        };
        let Kept { state, private, identity } = it.move_from(&self.context(), from, diagnostics).await?;
        Some(wire::move_resource_state::Response {
            target_state: Some(it.encoded(&state?, "moved state", diagnostics)?),
            target_private: private,
            target_identity: it.identity_out(identity.as_ref(), diagnostics),
            ..Default::default()
        })
    }
}

/// The JSON of a stored state. Terraform before 0.12 stored a flat map instead, which no version of this provider wrote.
fn json_of<'a>(state: Option<&'a wire::RawState>, diagnostics: &mut Diagnostics) -> Option<&'a [u8]> {
    match state {
        Some(state) if !state.json.is_empty() => Some(&state.json),
        Some(state) if !state.flatmap.is_empty() => {
            diagnostics.error(
                Path::root(),
                "The state is of an older form than this provider reads",
                "It was written by Terraform 0.11 or older. Apply it once with a newer version of its provider, or \
                 import the object.",
            );
            None
        }
        _ => {
            diagnostics.error(Path::root(), "The state is empty", "Terraform sent a stored state without content.");
            None
        }
    }
}
