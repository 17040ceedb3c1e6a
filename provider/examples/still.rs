//! A provider that does nothing, for `cargo xtask bench`: `homelab_ingress` with the schema, the plan and the state of the
//! real one, and nobody behind it.
//!
//! What Terraform takes with it is what a resource of this shape costs over the protocol; what the real one takes longer is
//! the work that we do.

use std::process::ExitCode;

use async_trait::async_trait;
use homelab_core::ingress::fill;
use homelab_cty::{Attr, Path};
use homelab_plugin::serve::{self, ServeOptions, Transport};
use homelab_plugin::{
    Context, Create, Delete, Diagnostics, Import, Plan, PlanRequest, Private, Read, ReadRequest, Resource, Server,
    State, Update,
};
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
        diagnostics.error(Path::root(), "Nothing to import", "This provider has nothing behind it.");
        None
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
        Server::new(Homelab::new(runtime.clone())).resource(Still(runtime))
    })
}
