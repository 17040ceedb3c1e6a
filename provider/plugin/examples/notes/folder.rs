//! The provider block, and the folder that it names.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Arc, RwLock};

use async_trait::async_trait;
use homelab_cty::{Attr, Path};
use homelab_plugin::{ConfigureRequest, Context, Diagnostics, Provider};
use homelab_schema_derive::Model;
use serde::{Deserialize, Serialize};

/// Keeps notes in a folder.
#[derive(Clone, Debug, Default, Model)]
pub(crate) struct Settings {
    /// The folder.
    #[model(optional)]
    pub(crate) folder: Attr<String>,
}

/// The folder, once it is configured.
#[derive(Clone, Default)]
pub(crate) struct Folder(Arc<RwLock<Option<PathBuf>>>);

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct File {
    pub(crate) text: String,
    pub(crate) remind: String,
    pub(crate) writes: u64,
    #[serde(default)]
    pub(crate) secret_length: Option<usize>,
}

#[async_trait]
impl Provider for Folder {
    type Config = Settings;

    async fn configure(&self, _cx: &Context, request: ConfigureRequest<Settings>, _diagnostics: &mut Diagnostics) {
        if let Ok(mut folder) = self.0.write() {
            *folder = request.config.folder.into_known().map(PathBuf::from);
        }
    }
}

impl Folder {
    fn path(&self, name: &str) -> Result<PathBuf, String> {
        let folder = self.0.read().map_err(|error| error.to_string())?;
        let folder = folder.as_ref().ok_or("the provider's `folder` is not known yet")?;
        Ok(folder.join(format!("{name}.json")))
    }

    /// The note of that name, where there is one.
    pub(crate) fn load(&self, name: &str) -> Result<Option<File>, String> {
        match std::fs::read(self.path(name)?) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| error.to_string()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Writes it, and counts that.
    pub(crate) fn store(&self, name: &str, file: File) -> Result<File, String> {
        let writes = self.load(name)?.map_or(0, |file| file.writes) + 1;
        let file = File { writes, ..file };
        let bytes = serde_json::to_vec_pretty(&file).map_err(|error| error.to_string())?;
        std::fs::write(self.path(name)?, bytes).map_err(|error| error.to_string())?;
        Ok(file)
    }

    /// Removes it, if it is there.
    pub(crate) fn remove(&self, name: &str) -> Result<(), String> {
        match std::fs::remove_file(self.path(name)?) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.to_string()),
            _ => Ok(()),
        }
    }

    /// All names.
    pub(crate) fn names(&self) -> Result<Vec<String>, String> {
        let folder = self.path("x")?;
        let entries = folder.parent().map(std::fs::read_dir).transpose().map_err(|error| error.to_string())?;
        let mut names: Vec<String> = entries
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.path().file_stem()?.to_str().map(str::to_owned))
            .collect();
        names.sort();
        Ok(names)
    }
}

/// Reports what the folder did not do.
pub(crate) fn failed(diagnostics: &mut Diagnostics, doing: &str, error: &str) {
    diagnostics.error(Path::attr("name"), format!("Failed to {doing} the note"), format!("{error}."));
}
