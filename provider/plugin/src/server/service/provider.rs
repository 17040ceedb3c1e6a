//! What the provider is, its own block, and its functions.

use std::collections::BTreeMap;

use homelab_cty::{Schema, Value, json, msgpack};

use super::{known, said};
use crate::proto::tfplugin5 as wire;
use crate::server::lint::{self, Kind};
use crate::server::planned::{Unanswered, planned};
use crate::server::wire::decode;
use crate::server::{Callable, Server, schema};
use crate::{ConfigureRequest, Diagnostics, FunctionError};

impl Server {
    pub(super) fn metadata(&self) -> wire::get_metadata::Response {
        use wire::get_metadata::{DataSourceMetadata, EphemeralMetadata, FunctionMetadata, ResourceMetadata};
        wire::get_metadata::Response {
            server_capabilities: Some(schema::capabilities()),
            diagnostics: Vec::new(),
            data_sources: names(&self.data_sources).map(|type_name| DataSourceMetadata { type_name }).collect(),
            resources: names(&self.resources).map(|type_name| ResourceMetadata { type_name }).collect(),
            functions: names(&self.functions).map(|name| FunctionMetadata { name }).collect(),
            ephemeral_resources: names(&self.ephemerals).map(|type_name| EphemeralMetadata { type_name }).collect(),
        }
    }

    pub(super) fn schemas(&self) -> wire::get_provider_schema::Response {
        let mut diagnostics = Diagnostics::new();
        if cfg!(debug_assertions) {
            self.lint(&mut diagnostics);
        }
        let resources = self.resources.iter().map(|(name, it)| (name, &it.derived().schema));
        let data_sources = self.data_sources.iter().map(|(name, it)| (name, it.schema()));
        let ephemerals = self.ephemerals.iter().map(|(name, it)| (name, it.schema()));
        wire::get_provider_schema::Response {
            provider: Some(schema::schema(self.provider.schema())),
            resource_schemas: all(resources),
            data_source_schemas: all(data_sources),
            ephemeral_resource_schemas: all(ephemerals),
            functions: self.all_functions(),
            provider_meta: None,
            server_capabilities: Some(schema::capabilities()),
            diagnostics: said(&diagnostics, None),
        }
    }

    fn lint(&self, diagnostics: &mut Diagnostics) {
        lint::schema("the provider", Kind::Provider, &self.provider.schema().block, diagnostics);
        for (name, it) in &self.resources {
            lint::schema(name, Kind::Resource, it.block(), diagnostics);
            lint::identity(name, &it.derived().identity, diagnostics);
        }
        for (name, it) in &self.data_sources {
            lint::schema(name, Kind::DataSource, &it.schema().block, diagnostics);
        }
        for (name, it) in &self.ephemerals {
            lint::schema(name, Kind::Ephemeral, &it.schema().block, diagnostics);
        }
    }

    pub(super) fn identity_schemas(&self) -> wire::get_resource_identity_schemas::Response {
        let with_identity = self.resources.iter().filter(|(_, it)| !it.derived().identity.attributes.is_empty());
        let schemas = with_identity.map(|(name, it)| (name.clone(), schema::identity(&it.derived().identity)));
        wire::get_resource_identity_schemas::Response { identity_schemas: schemas.collect(), diagnostics: Vec::new() }
    }

    pub(super) fn function_schemas(&self) -> wire::get_functions::Response {
        wire::get_functions::Response { functions: self.all_functions(), diagnostics: Vec::new() }
    }

    fn all_functions(&self) -> BTreeMap<String, wire::Function> {
        self.functions.iter().map(|(name, it)| (name.clone(), schema::function(it.signature()))).collect()
    }

    pub(super) async fn validate_provider(
        &self,
        request: wire::prepare_provider_config::Request,
    ) -> wire::prepare_provider_config::Response {
        let mut diagnostics = Diagnostics::new();
        let config = decode(request.config.as_ref(), self.provider.ty(), "provider block", &mut diagnostics);
        if let Some(config) = config {
            self.provider.author.validate(&self.context(), &config, &mut diagnostics).await;
        }
        wire::prepare_provider_config::Response {
            diagnostics: said(&diagnostics, Some(&self.provider.schema().block)),
            // Defaults belong to Configure: core ignores all but what the user wrote.
            prepared_config: request.config,
        }
    }

    pub(super) async fn configured(&self, request: wire::configure::Request) -> wire::configure::Response {
        let mut diagnostics = Diagnostics::new();
        self.write_only_allowed(request.client_capabilities);
        let block = &self.provider.schema().block;
        let config = decode(request.config.as_ref(), self.provider.ty(), "provider block", &mut diagnostics);
        if let Some(config) = config {
            // No block at all is an empty one.
            let config = if config.is_null() { block.empty_value() } else { config };
            let config = planned(block, &config, &Value::Null, &Value::Null, Unanswered::Null);
            let request = ConfigureRequest { config, terraform_version: request.terraform_version };
            self.provider.author.configure(&self.context(), request, &mut diagnostics).await;
        }
        wire::configure::Response { diagnostics: said(&diagnostics, Some(block)) }
    }

    pub(super) fn stopped(&self) -> wire::stop::Response {
        self.stopped.cancel();
        wire::stop::Response { error: String::new() }
    }

    pub(super) fn call(&self, request: &wire::call_function::Request) -> wire::call_function::Response {
        let mut diagnostics = Diagnostics::new();
        let answer = match known(self.functions.get(&request.name), "function", &request.name, &mut diagnostics) {
            Some(function) => call(function, &request.arguments),
            None => Err(FunctionError { text: format!("no function {:?}", request.name), argument: None }),
        };
        match answer {
            Ok(result) => wire::call_function::Response { result: Some(result), error: None },
            Err(error) => {
                let error = wire::FunctionError { text: error.text, function_argument: error.argument };
                wire::call_function::Response { result: None, error: Some(error) }
            }
        }
    }
}

fn names<T>(registered: &BTreeMap<String, T>) -> impl Iterator<Item = String> {
    registered.keys().cloned()
}

fn all<'a>(schemas: impl Iterator<Item = (&'a String, &'a Schema)>) -> BTreeMap<String, wire::Schema> {
    schemas.map(|(name, of)| (name.clone(), schema::schema(of))).collect()
}

fn call(function: &Callable, arguments: &[wire::DynamicValue]) -> Result<wire::DynamicValue, FunctionError> {
    let signature = function.signature();
    let takes = signature.parameters.len();
    if arguments.len() < takes || (arguments.len() > takes && signature.variadic.is_none()) {
        return Err(FunctionError {
            text: format!("takes {takes} arguments, not {}", arguments.len()),
            argument: None,
        });
    }
    let parameters = signature.parameters.iter().chain(signature.variadic.iter().cycle());
    let mut values = Vec::with_capacity(arguments.len());
    for (index, (argument, parameter)) in arguments.iter().zip(parameters).enumerate() {
        let blame = |text: String| FunctionError { text, argument: i64::try_from(index).ok() };
        let decoded = if argument.msgpack.is_empty() {
            json::decode(&argument.json, &parameter.ty)
        } else {
            msgpack::decode(&argument.msgpack, &parameter.ty)
        };
        let value = decoded.map_err(|error| blame(format!("{} does not fit: {error}", parameter.name)))?;
        // Core keeps both away from a function that does not say it takes them; another client may not.
        if value.is_null() {
            return Err(blame(format!("{} must not be null", parameter.name)));
        }
        if !value.is_wholly_known() {
            return unknown(&signature.returns);
        }
        values.push(value);
    }
    let result = function.author.call(&values)?;
    // As JSON, for the reason that reads are: a number in an output would else be a change of every refresh-only plan.
    json::encode(&result, &signature.returns)
        .map(|json| wire::DynamicValue { msgpack: Vec::new(), json })
        .map_err(|error| FunctionError { text: format!("bug in the provider: the result {error}"), argument: None })
}

fn unknown(ty: &homelab_cty::Type) -> Result<wire::DynamicValue, FunctionError> {
    msgpack::encode(&Value::UNKNOWN, ty)
        .map(|msgpack| wire::DynamicValue { msgpack, json: Vec::new() })
        .map_err(|error| FunctionError { text: error.to_string(), argument: None })
}
