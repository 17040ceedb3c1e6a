//! The protocol's service.
//!
//! Nothing here fails as a gRPC call: what is wrong becomes a diagnostic, which Terraform shows at the right place. A
//! panic in an author's code is not caught: the process ends with it, and Terraform reports a crash.

mod managed;
mod others;
mod provider;

use homelab_cty::{Block, Path};
use tonic::{Request, Response, Status};

use super::Server;
use super::managed::Managed;
use crate::Diagnostics;
use crate::proto::tfplugin5::{self as wire, provider_server::Provider};

impl Server {
    fn managed(&self, name: &str, diagnostics: &mut Diagnostics) -> Option<&Managed> {
        known(self.resources.get(name), "resource", name, diagnostics)
    }

    /// Remembers what the client can do, and says it.
    fn write_only_allowed(&self, capabilities: Option<wire::ClientCapabilities>) -> bool {
        let allowed = capabilities.is_some_and(|capabilities| capabilities.write_only_attributes_allowed);
        if allowed {
            self.write_only_allowed.store(true, std::sync::atomic::Ordering::Relaxed);
        }
        allowed
    }
}

fn known<'a, T>(found: Option<&'a T>, kind: &str, name: &str, diagnostics: &mut Diagnostics) -> Option<&'a T> {
    if found.is_none() {
        diagnostics.error(
            Path::root(),
            format!("Unknown {kind}"),
            format!("This provider has no {kind} {name:?}. Another version of it may have."),
        );
    }
    found
}

/// The diagnostics of a call about `block`; of a call that never found its schema, without paths.
fn said(diagnostics: &Diagnostics, block: Option<&Block>) -> Vec<wire::Diagnostic> {
    match block {
        Some(block) => super::wire::diagnostics(diagnostics, block),
        None => super::wire::diagnostics(diagnostics, &Block::default()),
    }
}

/// One method of the service for each call of the server: those that ask nothing, those that wait for nothing, the others.
macro_rules! answer {
    (
        plain: { $($plain:ident, $plain_message:ident => $plain_answer:ident;)* }
        at once: { $($now:ident, $now_message:ident => $now_answer:ident;)* }
        $($method:ident, $message:ident => $answer:ident;)*
    ) => {
        #[tonic::async_trait]
        impl Provider for Server {
            $(
                async fn $plain(
                    &self,
                    _request: Request<wire::$plain_message::Request>,
                ) -> Result<Response<wire::$plain_message::Response>, Status> {
                    Ok(Response::new(self.$plain_answer()))
                }
            )*
            $(
                async fn $now(
                    &self,
                    request: Request<wire::$now_message::Request>,
                ) -> Result<Response<wire::$now_message::Response>, Status> {
                    Ok(Response::new(self.$now_answer(&request.into_inner())))
                }
            )*
            $(
                async fn $method(
                    &self,
                    request: Request<wire::$message::Request>,
                ) -> Result<Response<wire::$message::Response>, Status> {
                    Ok(Response::new(self.$answer(request.into_inner()).await))
                }
            )*
        }
    };
}

answer! {
    plain: {
        get_metadata, get_metadata => metadata;
        get_schema, get_provider_schema => schemas;
        get_resource_identity_schemas, get_resource_identity_schemas => identity_schemas;
        get_functions, get_functions => function_schemas;
        stop, stop => stopped;
    }
    at once: {
        call_function, call_function => call;
        upgrade_resource_identity, upgrade_resource_identity => upgrade_identity;
    }
    prepare_provider_config, prepare_provider_config => validate_provider;
    configure, configure => configured;
    validate_resource_type_config, validate_resource_type_config => validate_resource;
    upgrade_resource_state, upgrade_resource_state => upgrade;
    read_resource, read_resource => read;
    plan_resource_change, plan_resource_change => plan;
    apply_resource_change, apply_resource_change => apply;
    import_resource_state, import_resource_state => import;
    move_resource_state, move_resource_state => move_state;
    validate_data_source_config, validate_data_source_config => validate_data_source;
    read_data_source, read_data_source => read_data;
    validate_ephemeral_resource_config, validate_ephemeral_resource_config => validate_ephemeral;
    open_ephemeral_resource, open_ephemeral_resource => open;
    renew_ephemeral_resource, renew_ephemeral_resource => renew;
    close_ephemeral_resource, close_ephemeral_resource => close;
}
