//! `notes_text`: the older type that a note takes over.

use async_trait::async_trait;
use homelab_cty::Attr;
use homelab_plugin::{
    Context, Create, Delete, Diagnostics, Import, NoIdentity, Plan, PlanRequest, Read, ReadRequest, Resource, State,
    Update,
};
use homelab_schema_derive::Model;

use crate::folder::{File, Folder, failed};

/// A bare text.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(deprecated = "use `notes_note`")]
pub(crate) struct Text {
    /// Its name.
    #[model(required, replace)]
    pub(crate) name: Attr<String>,
    /// What it says.
    #[model(required)]
    pub(crate) text: Attr<String>,
}

/// The resource.
pub(crate) struct Texts(pub(crate) Folder);

impl Texts {
    fn write(&self, planned: &Text) -> Result<(), String> {
        let file = File { text: planned.text.known().cloned().unwrap_or_default(), ..File::default() };
        self.0.store(planned.name.known().map_or("", String::as_str), file).map(drop)
    }
}

#[async_trait]
impl Resource for Texts {
    type Model = Text;
    type Identity = NoIdentity;

    fn name(&self) -> &'static str {
        "notes_text"
    }

    fn identity(&self, _state: &Text) -> NoIdentity {
        NoIdentity
    }

    async fn plan(&self, _cx: &Context, request: PlanRequest<'_, Text>, _: &mut Diagnostics) -> Plan<Text> {
        Plan::new(request.planned, request.private)
    }

    async fn create(
        &self,
        _cx: &Context,
        request: Create<'_, Text>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Text>> {
        if let Err(error) = self.write(request.planned) {
            failed(diagnostics, "write", &error);
        }
        Some(State { model: request.planned.clone(), private: request.private.clone() })
    }

    async fn read(&self, _cx: &Context, request: ReadRequest<'_, Text>, diagnostics: &mut Diagnostics) -> Read<Text> {
        match self.0.load(request.state.name.known().map_or("", String::as_str)) {
            Ok(Some(_)) => Read::Unchanged,
            Ok(None) => Read::Gone,
            Err(error) => {
                failed(diagnostics, "read", &error);
                Read::Unchanged
            }
        }
    }

    async fn update(&self, _cx: &Context, request: Update<'_, Text>, diagnostics: &mut Diagnostics) -> State<Text> {
        if let Err(error) = self.write(request.planned) {
            failed(diagnostics, "write", &error);
        }
        State { model: request.planned.clone(), private: request.private.clone() }
    }

    async fn delete(
        &self,
        _cx: &Context,
        request: Delete<'_, Text>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Text>> {
        if let Err(error) = self.0.remove(request.prior.name.known().map_or("", String::as_str)) {
            failed(diagnostics, "remove", &error);
        }
        None
    }

    async fn import(
        &self,
        _cx: &Context,
        request: Import<NoIdentity>,
        _diagnostics: &mut Diagnostics,
    ) -> Option<State<Text>> {
        let name = match request {
            Import::Id(id) => Attr::Known(id),
            Import::Identity(NoIdentity) => Attr::Null,
        };
        Some(State { model: Text { name, text: Attr::Null }, private: homelab_plugin::Private::new() })
    }
}
