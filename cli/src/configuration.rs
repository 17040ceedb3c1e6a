//! The provider block that a verb works with: from a folder, completed by the environment; or the environment alone.

use std::path::Path;

use homelab_backends::kube::{Kube, Place};
use homelab_schema::provider::{ProviderConfig, contradictions, gaps, with_environment};

use crate::folder::Folder;
use crate::output::Failure;

/// What is configured, and the folder that it was read from.
pub(crate) struct Configuration {
    /// The effective provider block, by the same rules as the provider's.
    pub(crate) provider: ProviderConfig,
    /// The folder of `--dir`.
    pub(crate) folder: Option<Folder>,
}

impl Configuration {
    /// From the provider block of a folder, which must have one; or from the environment alone.
    pub(crate) fn of(dir: Option<&Path>) -> Result<Self, Failure> {
        let Some(dir) = dir else { return Self::with(&ProviderConfig::default(), None) };
        let folder = Folder::read(dir)?;
        match folder.provider()? {
            Some(declared) => Self::with(&declared, Some(folder)),
            None => Err(Failure::new(format!("{} has no provider \"homelab\" block", folder.dir().display()))
                .hint("leave --dir out to use the environment alone")),
        }
    }

    /// As [`Configuration::of`], where a folder without a provider block is as good as one with an empty block.
    pub(crate) fn of_resources(dir: Option<&Path>) -> Result<Self, Failure> {
        let Some(dir) = dir else { return Self::of(None) };
        let folder = Folder::read(dir)?;
        let declared = folder.provider()?.unwrap_or_default();
        Self::with(&declared, Some(folder))
    }

    fn with(declared: &ProviderConfig, folder: Option<Folder>) -> Result<Self, Failure> {
        let refused = |lines: Vec<String>| {
            let from = match &folder {
                Some(folder) => {
                    format!("the provider block of {}, completed by the environment", folder.dir().display())
                }
                None => "the configuration by the environment".to_owned(),
            };
            Failure::new(format!("{from}, cannot be used:\n  {}", lines.join("\n  ")))
                .hint("the provider refuses it in the same way; its documentation names the variable of each argument")
        };
        let provider = with_environment(declared, |name| std::env::var(name).ok())
            .map_err(|errors| refused(errors.iter().map(ToString::to_string).collect()))?;
        let mut problems = contradictions(&provider);
        problems.extend(gaps(&provider));
        if problems.is_empty() {
            Ok(Self { provider, folder })
        } else {
            Err(refused(problems.iter().map(ToString::to_string).collect()))
        }
    }

    /// The cluster that is configured. What is missing is said in terms of what can be done about it.
    pub(crate) fn cluster(&self) -> Result<Kube, Failure> {
        let place = Place::of(&self.provider.kubernetes).map_err(|cause| Failure::new(cause.to_string()))?;
        match place {
            Place::Cluster(settings) => Ok(Kube::new(*settings)),
            Place::Folder(folder) => {
                Err(Failure::new(format!("the configuration names the folder {}, and no cluster", folder.display()))
                    .hint("this verb needs a cluster: name one with KUBE_CONFIG_PATH"))
            }
            Place::None => Err(Failure::new("no cluster is configured").hint(
                "name one with KUBE_CONFIG_PATH or KUBECONFIG (and KUBE_CTX), or with --dir and a provider block; \
                 a kubeconfig that was not named is not used",
            )),
            Place::Unknown(arguments) => {
                Err(Failure::new(format!("{} can only be known in a Terraform run", arguments.join(", ")))
                    .hint("give it by its environment variable, or by a variable (TF_VAR_… or terraform.tfvars)"))
            }
        }
    }
}

/// A runtime for one verb.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("failed to start: {error}")))
}
