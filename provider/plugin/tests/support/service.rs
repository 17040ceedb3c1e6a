//! A provider that is only as large as tests of the transport need: its data sources echo, wait and panic.

use std::collections::BTreeMap;

use homelab_plugin::proto::tfplugin5::provider_server::Provider;
use homelab_plugin::proto::tfplugin5::schema::{Attribute, Block};
use homelab_plugin::proto::tfplugin5::{
    Schema, apply_resource_change, call_function, close_ephemeral_resource, configure, get_functions, get_metadata,
    get_provider_schema, get_resource_identity_schemas, import_resource_state, move_resource_state,
    open_ephemeral_resource, plan_resource_change, prepare_provider_config, read_data_source, read_resource,
    renew_ephemeral_resource, stop, upgrade_resource_identity, upgrade_resource_state, validate_data_source_config,
    validate_ephemeral_resource_config, validate_resource_type_config,
};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

/// Gives its configuration back.
pub(crate) const ECHO: &str = "minimal_echo";
/// Answers when it is told to stop.
pub(crate) const WAIT: &str = "minimal_wait";
/// Never answers.
pub(crate) const HANG: &str = "minimal_hang";
/// Breaks.
pub(crate) const PANIC: &str = "minimal_panic";

/// The provider.
#[derive(Clone, Debug, Default)]
pub(crate) struct Minimal {
    /// Cancelled by `Stop`.
    pub(crate) stopped: CancellationToken,
    /// Cancelled when a waiting or hanging call has begun.
    pub(crate) waiting: CancellationToken,
}

/// A schema with one optional text.
fn schema() -> Schema {
    let text = Attribute { name: "text".into(), r#type: br#""string""#.to_vec(), optional: true, ..Default::default() };
    Schema { version: 0, block: Some(Block { attributes: vec![text], ..Default::default() }) }
}

#[expect(clippy::unused_async, reason = "all calls have one form")]
impl Minimal {
    async fn schemas(&self, _: get_provider_schema::Request) -> Result<get_provider_schema::Response, Status> {
        Ok(get_provider_schema::Response {
            provider: Some(Schema { version: 0, block: Some(Block::default()) }),
            data_source_schemas: BTreeMap::from([ECHO, WAIT, HANG, PANIC].map(|name| (name.to_owned(), schema()))),
            ..Default::default()
        })
    }

    async fn prepare(
        &self,
        request: prepare_provider_config::Request,
    ) -> Result<prepare_provider_config::Response, Status> {
        Ok(prepare_provider_config::Response { prepared_config: request.config, diagnostics: Vec::new() })
    }

    async fn valid(
        &self,
        _: validate_data_source_config::Request,
    ) -> Result<validate_data_source_config::Response, Status> {
        Ok(validate_data_source_config::Response::default())
    }

    async fn configured(&self, _: configure::Request) -> Result<configure::Response, Status> {
        tracing::info!(own = true, "configured");
        Ok(configure::Response::default())
    }

    async fn read(&self, request: read_data_source::Request) -> Result<read_data_source::Response, Status> {
        match request.type_name.as_str() {
            ECHO => {}
            WAIT => {
                self.waiting.cancel();
                self.stopped.cancelled().await;
            }
            HANG => {
                self.waiting.cancel();
                std::future::pending::<()>().await;
            }
            PANIC => panic!("minimal_panic was read"),
            other => return Err(Status::not_found(other.to_owned())),
        }
        Ok(read_data_source::Response { state: request.config, ..Default::default() })
    }

    async fn stop_all(&self, _: stop::Request) -> Result<stop::Response, Status> {
        self.stopped.cancel();
        Ok(stop::Response::default())
    }

    async fn no_functions(&self, _: get_functions::Request) -> Result<get_functions::Response, Status> {
        Ok(get_functions::Response::default())
    }
}

macro_rules! provider {
    (answered: $($rpc:ident($module:ident) = $method:ident),+; unimplemented: $($other:ident($other_module:ident)),+ $(,)?) => {
        #[tonic::async_trait]
        impl Provider for Minimal {
            $(async fn $rpc(
                &self,
                request: Request<$module::Request>,
            ) -> Result<Response<$module::Response>, Status> {
                self.$method(request.into_inner()).await.map(Response::new)
            })+
            $(async fn $other(
                &self,
                _: Request<$other_module::Request>,
            ) -> Result<Response<$other_module::Response>, Status> {
                Err(Status::unimplemented(stringify!($other)))
            })+
        }
    };
}

provider! {
    answered:
        get_schema(get_provider_schema) = schemas,
        prepare_provider_config(prepare_provider_config) = prepare,
        validate_data_source_config(validate_data_source_config) = valid,
        configure(configure) = configured,
        read_data_source(read_data_source) = read,
        get_functions(get_functions) = no_functions,
        stop(stop) = stop_all;
    unimplemented:
        get_metadata(get_metadata),
        get_resource_identity_schemas(get_resource_identity_schemas),
        validate_resource_type_config(validate_resource_type_config),
        validate_ephemeral_resource_config(validate_ephemeral_resource_config),
        upgrade_resource_state(upgrade_resource_state),
        upgrade_resource_identity(upgrade_resource_identity),
        read_resource(read_resource),
        plan_resource_change(plan_resource_change),
        apply_resource_change(apply_resource_change),
        import_resource_state(import_resource_state),
        move_resource_state(move_resource_state),
        open_ephemeral_resource(open_ephemeral_resource),
        renew_ephemeral_resource(renew_ephemeral_resource),
        close_ephemeral_resource(close_ephemeral_resource),
        call_function(call_function),
}
