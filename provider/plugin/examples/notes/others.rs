//! The data source `notes_names` and the ephemeral resource `notes_whisper`.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use homelab_cty::Attr;
use homelab_plugin::{Context, DataSource, Diagnostics, Ephemeral, Opened, Private, Renewed};
use homelab_schema_derive::Model;

use crate::folder::{Folder, failed};

/// The names of all notes.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub(crate) struct Names {
    /// Only those that begin so.
    #[model(optional, default = "")]
    pub(crate) prefix: Attr<String>,
    /// The names, in order.
    #[model(computed)]
    pub(crate) names: Attr<Vec<String>>,
}

/// The data source.
pub(crate) struct Listing(pub(crate) Folder);

#[async_trait]
impl DataSource for Listing {
    type Model = Names;

    fn name(&self) -> &'static str {
        "notes_names"
    }

    async fn read(&self, _cx: &Context, mut config: Names, diagnostics: &mut Diagnostics) -> Option<Names> {
        match self.0.names() {
            Ok(mut names) => {
                let prefix = config.prefix.known().cloned().unwrap_or_default();
                names.retain(|name| name.starts_with(&prefix));
                config.names = Attr::Known(names);
                Some(config)
            }
            Err(error) => {
                failed(diagnostics, "list", &error);
                None
            }
        }
    }
}

/// What a note says, for one run.
#[derive(Clone, Default, Model)]
pub(crate) struct Whisper {
    /// The note.
    #[model(required)]
    pub(crate) name: Attr<String>,
    /// What it says; unknown while the note is not there.
    #[model(computed, sensitive)]
    pub(crate) text: Attr<String>,
}

/// The ephemeral resource.
pub(crate) struct Whispers(pub(crate) Folder);

#[async_trait]
impl Ephemeral for Whispers {
    type Model = Whisper;

    fn name(&self) -> &'static str {
        "notes_whisper"
    }

    async fn open(&self, _cx: &Context, mut config: Whisper, diagnostics: &mut Diagnostics) -> Option<Opened<Whisper>> {
        let name = config.name.known().cloned().unwrap_or_default();
        match self.0.load(&name) {
            Ok(file) => config.text = file.map_or(Attr::Unknown, |file| Attr::Known(file.text)),
            Err(error) => {
                failed(diagnostics, "hear", &error);
                return None;
            }
        }
        let mut private = Private::new();
        private.set("name", &name);
        Some(Opened { model: config, private, renew_at: Some(SystemTime::now() + Duration::from_hours(1)) })
    }

    async fn renew(&self, _cx: &Context, private: &Private, _diagnostics: &mut Diagnostics) -> Renewed {
        Renewed { private: private.clone(), renew_at: None }
    }

    async fn close(&self, _cx: &Context, private: &Private, diagnostics: &mut Diagnostics) {
        if private.get::<String>("name").is_none() {
            failed(diagnostics, "close", "its private notes are lost");
        }
    }
}
