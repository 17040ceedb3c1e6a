//! `notes_note`: a note in a file.

use std::collections::BTreeMap;

use async_trait::async_trait;
use homelab_cty::{Attr, Path, Value};
use homelab_plugin::{
    Context, Create, Delete, Diagnostics, Import, MoveFrom, Plan, PlanRequest, Read, ReadRequest, Resource, State,
    Update,
};
use homelab_schema_derive::Model;

use crate::folder::{File, Folder, failed};

/// A note.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub(crate) struct Note {
    /// Its name, for ever.
    #[model(required, replace)]
    pub(crate) name: Attr<String>,
    /// What it says.
    #[model(optional, default = "nothing")]
    pub(crate) text: Attr<String>,
    /// How long until it reminds, such as `1h` or `60m`.
    #[model(optional, same = same_time)]
    pub(crate) remind: Attr<String>,
    /// What it whispers; never stored.
    #[model(optional, write_only)]
    pub(crate) secret_wo: Attr<String>,
    /// Change it to whisper anew.
    #[model(optional)]
    pub(crate) secret_wo_version: Attr<i64>,
    /// Length of the text.
    #[model(computed)]
    pub(crate) length: Attr<i64>,
    /// How often the file was written.
    #[model(computed)]
    pub(crate) writes: Attr<i64>,
    /// Remarks, by label.
    #[model(block)]
    pub(crate) remark: Attr<BTreeMap<String, Remark>>,
    /// Further lines, in order.
    #[model(block)]
    pub(crate) line: Attr<Vec<Line>>,
}

/// A line.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub(crate) struct Line {
    /// What it says.
    #[model(required)]
    pub(crate) says: Attr<String>,
    /// What it says, reversed.
    #[model(computed)]
    pub(crate) back: Attr<String>,
}

/// A remark.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub(crate) struct Remark {
    /// Who makes it.
    #[model(required)]
    pub(crate) by: Attr<String>,
    /// Number of letters of `by`.
    #[model(computed)]
    pub(crate) letters: Attr<i64>,
}

/// What names a note for ever.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub(crate) struct NoteIdentity {
    /// Its name.
    #[model(required)]
    pub(crate) name: Attr<String>,
}

fn same_time(one: &Value, other: &Value) -> bool {
    let minutes = |value: &Value| {
        let text = value.as_str()?;
        let hours = text.strip_suffix('h').and_then(|hours| hours.parse::<u64>().ok()).map(|hours| hours * 60);
        hours.or_else(|| text.strip_suffix('m')?.parse().ok())
    };
    minutes(one).is_some_and(|one| Some(one) == minutes(other))
}

fn count(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}

/// The resource.
pub(crate) struct Notes(pub(crate) Folder);

impl Notes {
    fn write(&self, config: &Note, planned: &Note) -> Result<Note, String> {
        let text = |attr: &Attr<String>| attr.known().cloned().unwrap_or_default();
        let file = File {
            text: text(&planned.text),
            // Another spelling than the user's, as an API would answer.
            remind: text(&planned.remind).replace("1h", "60m"),
            writes: 0,
            secret_length: config.secret_wo.known().map(String::len),
        };
        let file = self.0.store(&text(&planned.name), file)?;
        Ok(Note { writes: Attr::Known(i64::try_from(file.writes).unwrap_or(i64::MAX)), ..planned.clone() })
    }
}

#[async_trait]
impl Resource for Notes {
    type Model = Note;
    type Identity = NoteIdentity;

    fn name(&self) -> &'static str {
        "notes_note"
    }

    fn version(&self) -> i64 {
        1
    }

    fn identity(&self, state: &Note) -> NoteIdentity {
        NoteIdentity { name: state.name.clone() }
    }

    async fn validate(&self, _cx: &Context, config: &Note, diagnostics: &mut Diagnostics) {
        if config.name.known().is_some_and(String::is_empty) {
            diagnostics.error(Path::attr("name"), "A note needs a name", "An empty name names no file.");
        }
        for (label, remark) in config.remark.known().into_iter().flatten() {
            if remark.by.known().is_some_and(String::is_empty) {
                let path = Path::attr("remark").then_key(label).then_attr("by");
                diagnostics.error(path, "A remark needs somebody", "Say who makes it.");
            }
        }
    }

    async fn plan(&self, _cx: &Context, request: PlanRequest<'_, Note>, _diagnostics: &mut Diagnostics) -> Plan<Note> {
        let mut planned = request.planned;
        planned.length = planned.text.as_ref().map(|text| count(text));
        if let Attr::Known(remarks) = &mut planned.remark {
            for remark in remarks.values_mut() {
                remark.letters = remark.by.as_ref().map(|by| count(by));
            }
        }
        if let Attr::Known(lines) = &mut planned.line {
            for line in lines {
                line.back = line.says.as_ref().map(|says| says.chars().rev().collect());
            }
        }
        Plan::new(planned, request.private)
    }

    async fn create(
        &self,
        _cx: &Context,
        request: Create<'_, Note>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Note>> {
        match self.write(request.config, request.planned) {
            Ok(model) => Some(State { model, private: request.private.clone() }),
            Err(error) => {
                failed(diagnostics, "write", &error);
                None
            }
        }
    }

    async fn read(&self, _cx: &Context, request: ReadRequest<'_, Note>, diagnostics: &mut Diagnostics) -> Read<Note> {
        let Some(name) = request.state.name.known() else {
            return Read::Gone;
        };
        match self.0.load(name) {
            Ok(Some(file)) => Read::State(State {
                model: Note {
                    length: Attr::Known(count(&file.text)),
                    text: Attr::Known(file.text),
                    remind: Some(file.remind).filter(|remind| !remind.is_empty()).into(),
                    writes: Attr::Known(i64::try_from(file.writes).unwrap_or(i64::MAX)),
                    ..request.state.clone()
                },
                private: request.private.clone(),
            }),
            Ok(None) => Read::Gone,
            Err(error) => {
                failed(diagnostics, "read", &error);
                Read::Unchanged
            }
        }
    }

    async fn update(&self, _cx: &Context, request: Update<'_, Note>, diagnostics: &mut Diagnostics) -> State<Note> {
        let model = self.write(request.config, request.planned).unwrap_or_else(|error| {
            failed(diagnostics, "write", &error);
            request.prior.clone()
        });
        State { model, private: request.private.clone() }
    }

    async fn delete(
        &self,
        cx: &Context,
        request: Delete<'_, Note>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Note>> {
        if cx.replacement {
            diagnostics.warning(Path::attr("name"), "The note makes room", "Another one takes its place.");
        }
        let name = request.prior.name.known().cloned().unwrap_or_default();
        let error = self.0.remove(&name).err()?;
        failed(diagnostics, "remove", &error);
        Some(State { model: request.prior.clone(), private: request.private.clone() })
    }

    async fn import(
        &self,
        _cx: &Context,
        request: Import<NoteIdentity>,
        _diagnostics: &mut Diagnostics,
    ) -> Option<State<Note>> {
        let name = match request {
            Import::Id(id) => Attr::Known(id),
            Import::Identity(identity) => identity.name,
        };
        Some(State { model: Note { name, ..Note::default() }, private: homelab_plugin::Private::new() })
    }

    async fn move_from(
        &self,
        _cx: &Context,
        request: MoveFrom<'_>,
        _diagnostics: &mut Diagnostics,
    ) -> Option<State<Note>> {
        if request.type_name != "notes_text" {
            return None;
        }
        let name = request.state.get("name")?.as_str()?;
        let model = Note { name: Attr::Known(name.to_owned()), ..Note::default() };
        Some(State { model, private: homelab_plugin::Private::new() })
    }

    /// Version 0 called the text `body`.
    async fn upgrade(
        &self,
        _cx: &Context,
        _version: i64,
        mut state: serde_json::Value,
        _diagnostics: &mut Diagnostics,
    ) -> Option<serde_json::Value> {
        if let Some(body) = state.as_object_mut().and_then(|state| state.remove("body")) {
            state["text"] = body;
        }
        Some(state)
    }
}
