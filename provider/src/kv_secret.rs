//! Ephemeral `homelab_kv_secret`: a document of the store of secrets, for one run.
//!
//! As for [`crate::Secret`], nothing says whether Terraform plans or applies: a run that has begun to write is an apply. What is
//! absent is an error then, and unknown before.

use async_trait::async_trait;
use homelab_backends::vault::{KvValues, Vault, VaultError};
use homelab_core::finding::{Finding, secret as codes};
use homelab_core::kv::address;
use homelab_core::kv::checks;
use homelab_cty::{Attr, Path};
use homelab_plugin::{Context, Diagnostics, Ephemeral, Opened, Private};
use homelab_schema::kv_secret::KvSecret as Declared;

use crate::findings::Findings;
use crate::kv_key::told;
use crate::{Report, Runtime};

/// The ephemeral resource.
pub struct KvSecret {
    runtime: Runtime,
}

/// Which document, and a key that it must have.
struct Wanted {
    mount: String,
    path: String,
    key: Option<String>,
    version: Option<u64>,
}

impl KvSecret {
    /// The ephemeral resource on that runtime.
    pub fn new(runtime: Runtime) -> Self {
        Self { runtime }
    }
}

/// Which document is meant; `None` while that is unknown.
async fn wanted(config: &Declared, vault: &Vault) -> Result<Option<Wanted>, VaultError> {
    let version = match config.document_version {
        Attr::Unknown => return Ok(None),
        Attr::Null => None,
        Attr::Known(version) => u64::try_from(version).ok(),
    };
    if let Attr::Known(handle) = &config.handle {
        // It was looked at before.
        let Ok((document, key)) = address::parse(handle) else { return Ok(None) };
        let (mount, path) = vault.split(&document).await?;
        return Ok(Some(Wanted { mount, path, key: Some(key), version }));
    }
    let mount = match &config.mount {
        Attr::Unknown => return Ok(None),
        Attr::Null => vault.default_mount().to_owned(),
        Attr::Known(mount) => mount.clone(),
    };
    Ok(config.path.known().map(|path| Wanted { mount, path: path.clone(), key: None, version }))
}

async fn read(config: &Declared, vault: &Vault) -> Result<Option<(Wanted, KvValues)>, VaultError> {
    let Some(wanted) = wanted(config, vault).await? else { return Ok(None) };
    let values = vault.read_kv_values(&wanted.mount, &wanted.path, wanted.version).await?;
    Ok(Some((wanted, values)))
}

#[async_trait]
impl Ephemeral for KvSecret {
    type Model = Declared;

    fn name(&self) -> &'static str {
        "homelab_kv_secret"
    }

    async fn validate(&self, _cx: &Context, config: &Declared, diagnostics: &mut Diagnostics) {
        diagnostics.findings(&checks::secret(config));
    }

    async fn open(&self, cx: &Context, config: Declared, diagnostics: &mut Diagnostics) -> Option<Opened<Declared>> {
        diagnostics.findings(&checks::secret(&config));
        if diagnostics.has_errors() {
            return None;
        }
        let vault = match self.runtime.vault() {
            Ok(vault) => vault,
            Err(error) => {
                diagnostics.object_error(Path::root(), &error);
                return None;
            }
        };
        let read = tokio::select! {
            () = cx.cancelled.cancelled() => {
                told::stopped("the document was read", diagnostics);
                return None;
            }
            read = read(&config, &vault) => read,
        };
        let (wanted, values) = match read {
            Ok(read) => read?,
            Err(error) => {
                let path = if config.handle.is_null() { told::attribute(&error.cause) } else { Path::attr("handle") };
                told::failed(&error, path, diagnostics);
                return None;
            }
        };
        let mut model = config;
        let place = if model.handle.is_null() { Path::attr("path") } else { Path::attr("handle") };
        let document = format!("{}/{}", wanted.mount, wanted.path);
        model.mount = Attr::Known(wanted.mount);
        model.path = Attr::Known(wanted.path);
        let of_version = wanted.version.map(|version| format!("version {version} of ")).unwrap_or_default();
        let observed = match values {
            KvValues::Document(found) => match wanted.key.filter(|key| found.keys().all(|other| other != key)) {
                None => {
                    model.data = Attr::Known(found.texts());
                    model.data_json = Attr::Known(found.json());
                    return Some(opened(model));
                }
                Some(key) => format!("{document} is there, but has no {key}."),
            },
            KvValues::Absent => format!("There is no {of_version}{document}."),
            KvValues::Deleted { version } => {
                format!("Version {version} of {document} was deleted. `vault kv undelete` restores it.")
            }
            KvValues::Destroyed { version } => format!("Nothing is left of version {version} of {document}."),
        };
        if self.runtime.claims().is_applying() {
            diagnostics.finding(&Finding::new(codes::KV_MISSING, document, observed).at(place));
            return None;
        }
        let finding = Finding::new(codes::KV_ABSENT, document, observed);
        diagnostics.finding(&finding.expected("Its values are unknown until it is.").at(place));
        model.data = Attr::Unknown;
        model.data_json = Attr::Unknown;
        Some(opened(model))
    }
}

fn opened(model: Declared) -> Opened<Declared> {
    Opened { model, private: Private::new(), renew_at: None }
}
