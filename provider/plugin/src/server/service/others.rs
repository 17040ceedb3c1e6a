//! Data sources and ephemeral resources.

use homelab_cty::{Path, Value};

use super::{known, said};
use crate::proto::tfplugin5 as wire;
use crate::server::planned::{Unanswered, planned};
use crate::server::wire::{decode, encode};
use crate::server::{Server, WithSchema};
use crate::server::{erased, judge::judge, managed::bug, walk};
use crate::{Diagnostics, Private, oracle};

impl Server {
    fn data(&self, name: &str, diagnostics: &mut Diagnostics) -> Option<&WithSchema<dyn erased::DynDataSource>> {
        known(self.data_sources.get(name), "data source", name, diagnostics)
    }

    fn ephemeral_resource(
        &self,
        name: &str,
        diagnostics: &mut Diagnostics,
    ) -> Option<&WithSchema<dyn erased::DynEphemeral>> {
        known(self.ephemerals.get(name), "ephemeral resource", name, diagnostics)
    }

    pub(super) async fn validate_data_source(
        &self,
        request: wire::validate_data_source_config::Request,
    ) -> wire::validate_data_source_config::Response {
        let mut diagnostics = Diagnostics::new();
        let found = self.data(&request.type_name, &mut diagnostics);
        if let Some(it) = found
            && let Some(config) = decode(request.config.as_ref(), it.ty(), "configuration", &mut diagnostics)
        {
            it.author.validate(&self.context(), &config, &mut diagnostics).await;
        }
        let block = found.map(|it| &it.schema().block);
        wire::validate_data_source_config::Response { diagnostics: said(&diagnostics, block) }
    }

    pub(super) async fn read_data(&self, request: wire::read_data_source::Request) -> wire::read_data_source::Response {
        let mut diagnostics = Diagnostics::new();
        self.write_only_allowed(request.client_capabilities);
        let state = self.try_read_data(&request, &mut diagnostics).await;
        let block = self.data_sources.get(&request.type_name).map(|it| &it.schema().block);
        wire::read_data_source::Response { state, diagnostics: said(&diagnostics, block), deferred: None }
    }

    async fn try_read_data(
        &self,
        request: &wire::read_data_source::Request,
        diagnostics: &mut Diagnostics,
    ) -> Option<wire::DynamicValue> {
        let it = self.data(&request.type_name, diagnostics)?;
        let block = &it.schema().block;
        let config = decode(request.config.as_ref(), it.ty(), "configuration", diagnostics)?;
        let base = planned(block, &config, &Value::Null, &Value::Null, Unanswered::Null);
        let answer = it.author.read(&self.context(), base, diagnostics).await;
        if diagnostics.has_errors() {
            return None;
        }
        let Some(answer) = answer else {
            bug(diagnostics, Path::root(), "The read is neither an answer nor an error.");
            return None;
        };
        let state = planned(block, &config, &Value::Null, &answer, Unanswered::Null);
        for path in walk::unknown(block, &state) {
            let what = format!("{path} is unknown in what was read.");
            bug(diagnostics, path, what);
        }
        judge(diagnostics, || oracle::check_data(block, &state));
        encode(&state, it.ty(), "data", diagnostics).filter(|_| !diagnostics.has_errors())
    }

    pub(super) async fn validate_ephemeral(
        &self,
        request: wire::validate_ephemeral_resource_config::Request,
    ) -> wire::validate_ephemeral_resource_config::Response {
        let mut diagnostics = Diagnostics::new();
        let found = self.ephemeral_resource(&request.type_name, &mut diagnostics);
        if let Some(it) = found
            && let Some(config) = decode(request.config.as_ref(), it.ty(), "configuration", &mut diagnostics)
        {
            it.author.validate(&self.context(), &config, &mut diagnostics).await;
        }
        let block = found.map(|it| &it.schema().block);
        wire::validate_ephemeral_resource_config::Response { diagnostics: said(&diagnostics, block) }
    }

    pub(super) async fn open(
        &self,
        request: wire::open_ephemeral_resource::Request,
    ) -> wire::open_ephemeral_resource::Response {
        let mut diagnostics = Diagnostics::new();
        self.write_only_allowed(request.client_capabilities);
        let opened = self.try_open(&request, &mut diagnostics).await.unwrap_or_default();
        let block = self.ephemerals.get(&request.type_name).map(|it| &it.schema().block);
        wire::open_ephemeral_resource::Response { diagnostics: said(&diagnostics, block), ..opened }
    }

    async fn try_open(
        &self,
        request: &wire::open_ephemeral_resource::Request,
        diagnostics: &mut Diagnostics,
    ) -> Option<wire::open_ephemeral_resource::Response> {
        let it = self.ephemeral_resource(&request.type_name, diagnostics)?;
        let block = &it.schema().block;
        let config = decode(request.config.as_ref(), it.ty(), "configuration", diagnostics)?;
        let base = planned(block, &config, &Value::Null, &Value::Null, Unanswered::Null);
        let opened = it.author.open(&self.context(), base, diagnostics).await;
        let Some(opened) = opened else {
            if !diagnostics.has_errors() {
                bug(diagnostics, Path::root(), "The open is neither an answer nor an error.");
            }
            return None;
        };
        // Opened with an error still has to be closed, and only its private says what.
        let result = planned(block, &config, &Value::Null, &opened.model, Unanswered::Null);
        Some(wire::open_ephemeral_resource::Response {
            result: encode(&result, it.ty(), "result", diagnostics),
            renew_at: opened.renew_at.map(Into::into),
            private: Some(opened.private.to_bytes()),
            ..Default::default()
        })
    }

    pub(super) async fn renew(
        &self,
        request: wire::renew_ephemeral_resource::Request,
    ) -> wire::renew_ephemeral_resource::Response {
        let mut diagnostics = Diagnostics::new();
        let Some(it) = self.ephemeral_resource(&request.type_name, &mut diagnostics) else {
            return wire::renew_ephemeral_resource::Response {
                diagnostics: said(&diagnostics, None),
                ..Default::default()
            };
        };
        let private = Private::from_bytes(request.private.as_deref().unwrap_or_default());
        let renewed = it.author.renew(&self.context(), &private, &mut diagnostics).await;
        wire::renew_ephemeral_resource::Response {
            diagnostics: said(&diagnostics, Some(&it.schema().block)),
            renew_at: renewed.renew_at.map(Into::into),
            private: Some(renewed.private.to_bytes()),
        }
    }

    pub(super) async fn close(
        &self,
        request: wire::close_ephemeral_resource::Request,
    ) -> wire::close_ephemeral_resource::Response {
        let mut diagnostics = Diagnostics::new();
        let found = self.ephemeral_resource(&request.type_name, &mut diagnostics);
        if let Some(it) = found {
            let private = Private::from_bytes(request.private.as_deref().unwrap_or_default());
            it.author.close(&self.context(), &private, &mut diagnostics).await;
        }
        let block = found.map(|it| &it.schema().block);
        wire::close_ephemeral_resource::Response { diagnostics: said(&diagnostics, block) }
    }
}
