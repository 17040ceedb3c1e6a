//! A provider that does nothing, for `cargo xtask bench`: `homelab_ingress` and `homelab_external_secret` with the schema, the
//! plan and the state of the real ones, and nobody behind them.
//!
//! What Terraform takes with it is what a resource of this shape costs over the protocol; what the real one takes longer is
//! the work that we do.

use std::process::ExitCode;

use async_trait::async_trait;
use homelab_core::ingress::fill;
use homelab_core::secret::outputs::{self, Place};
use homelab_cty::{Attr, Path};
use homelab_plugin::serve::{self, ServeOptions, Transport};
use homelab_plugin::{
    Context, Create, Delete, Diagnostics, Import, Plan, PlanRequest, Private, Read, ReadRequest, Resource, Server,
    State, Update,
};
use homelab_schema::external_secret::ExternalSecret;
use homelab_schema::identity::ObjectIdentity;
use homelab_schema::ingress::Ingress;
use terraform_provider_homelab::{Homelab, Runtime};

struct Still(Runtime);

impl Still {
    fn filled(&self, config: &Ingress, planned: &Ingress) -> Ingress {
        let mut filled = planned.clone();
        fill::fill(config, &mut filled, &self.0.site());
        filled
    }
}

#[async_trait]
impl Resource for Still {
    type Model = Ingress;
    type Identity = ObjectIdentity;

    fn name(&self) -> &'static str {
        "homelab_ingress"
    }

    fn identity(&self, state: &Ingress) -> ObjectIdentity {
        ObjectIdentity {
            kind: Attr::Known("Ingress".to_owned()),
            namespace: state.namespace.clone(),
            name: state.name.clone(),
        }
    }

    async fn plan(
        &self,
        _cx: &Context,
        request: PlanRequest<'_, Ingress>,
        _diagnostics: &mut Diagnostics,
    ) -> Plan<Ingress> {
        Plan::new(self.filled(request.config, &request.planned), request.private)
    }

    async fn create(
        &self,
        _cx: &Context,
        request: Create<'_, Ingress>,
        _diagnostics: &mut Diagnostics,
    ) -> Option<State<Ingress>> {
        Some(State { model: self.filled(request.config, request.planned), private: Private::new() })
    }

    async fn read(
        &self,
        _cx: &Context,
        _request: ReadRequest<'_, Ingress>,
        _diagnostics: &mut Diagnostics,
    ) -> Read<Ingress> {
        Read::Unchanged
    }

    async fn update(
        &self,
        _cx: &Context,
        request: Update<'_, Ingress>,
        _diagnostics: &mut Diagnostics,
    ) -> State<Ingress> {
        State { model: self.filled(request.config, request.planned), private: Private::new() }
    }

    async fn delete(
        &self,
        _cx: &Context,
        _request: Delete<'_, Ingress>,
        _diagnostics: &mut Diagnostics,
    ) -> Option<State<Ingress>> {
        None
    }

    async fn import(
        &self,
        _cx: &Context,
        _request: Import<ObjectIdentity>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Ingress>> {
        nothing_to_import(diagnostics)
    }
}

fn nothing_to_import<T>(diagnostics: &mut Diagnostics) -> Option<T> {
    diagnostics.error(Path::root(), "Nothing to import", "This provider has nothing behind it.");
    None
}

struct StillSecret;

/// As if the cluster had answered and the operator had synced.
fn synced(planned: &ExternalSecret) -> State<ExternalSecret> {
    let mut model = planned.clone();
    model.api_version = Attr::Known("external-secrets.io/v1".to_owned());
    model.revision = Attr::Known(1);
    model.ready = Attr::Known(true);
    model.handle = outputs::handle(&model).map(|handle| handle.to_string()).into();
    State { model, private: Private::new() }
}

#[async_trait]
impl Resource for StillSecret {
    type Model = ExternalSecret;
    type Identity = ObjectIdentity;

    fn name(&self) -> &'static str {
        "homelab_external_secret"
    }

    fn identity(&self, state: &ExternalSecret) -> ObjectIdentity {
        ObjectIdentity {
            kind: Attr::Known("ExternalSecret".to_owned()),
            namespace: state.namespace.clone(),
            name: state.name.clone(),
        }
    }

    async fn plan(
        &self,
        _cx: &Context,
        request: PlanRequest<'_, ExternalSecret>,
        _diagnostics: &mut Diagnostics,
    ) -> Plan<ExternalSecret> {
        let mut planned = request.planned;
        outputs::fill(&mut planned, request.prior, &Place { api_version: None, counts_generations: true });
        Plan::new(planned, request.private)
    }

    async fn create(
        &self,
        _cx: &Context,
        request: Create<'_, ExternalSecret>,
        _diagnostics: &mut Diagnostics,
    ) -> Option<State<ExternalSecret>> {
        Some(synced(request.planned))
    }

    async fn read(
        &self,
        _cx: &Context,
        _request: ReadRequest<'_, ExternalSecret>,
        _diagnostics: &mut Diagnostics,
    ) -> Read<ExternalSecret> {
        Read::Unchanged
    }

    async fn update(
        &self,
        _cx: &Context,
        request: Update<'_, ExternalSecret>,
        _diagnostics: &mut Diagnostics,
    ) -> State<ExternalSecret> {
        synced(request.planned)
    }

    async fn delete(
        &self,
        _cx: &Context,
        _request: Delete<'_, ExternalSecret>,
        _diagnostics: &mut Diagnostics,
    ) -> Option<State<ExternalSecret>> {
        None
    }

    async fn import(
        &self,
        _cx: &Context,
        _request: Import<ObjectIdentity>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<ExternalSecret>> {
        nothing_to_import(diagnostics)
    }
}

fn main() -> ExitCode {
    let options = ServeOptions {
        name: "homelab",
        address: "registry.terraform.io/example/homelab",
        log_targets: &["homelab"],
        transport: Transport::default(),
        debug: false,
    };
    serve::main(options, || {
        let runtime = Runtime::new();
        Server::new(Homelab::new(runtime.clone())).resource(Still(runtime)).resource(StillSecret)
    })
}
