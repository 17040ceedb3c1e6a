//! The real Terraform and `OpenTofu`, driven as a person drives them.
//!
//! # Forces
//!
//! What counts is what the command line says and does, so a test reads as the commands that a user
//! types. What must not count is the machine: the environment is emptied, the provider comes from a
//! mirror in the workspace, nothing asks the network.
//!
//! ```no_run
//! # use homelab_plane::terraform::{Cli, Workspace};
//! # fn main() -> Result<(), homelab_plane::Error> {
//! # let provider = std::path::Path::new("x");
//! let work = Workspace::new(&Cli::tofu()?, provider)?;
//! work.write("main.tf", r#"output "answer" { value = 42 }"#);
//! work.ok(["init"]);
//! work.ok(["plan", "-out=p"]);
//! work.ok(["apply", "p"]);
//! assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
//! # Ok(())
//! # }
//! ```

mod output;
mod running;
mod workspace;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub use output::Output;
pub use running::Running;
pub use workspace::Workspace;

use crate::programs::{Program, on_path};
use crate::{Error, Result};

/// Environment variable that names a `terraform` to use in place of the one on the PATH.
pub const TERRAFORM: &str = "HOMELAB_TERRAFORM";

/// Which of the two command lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The original.
    Terraform,
    /// `OpenTofu`.
    OpenTofu,
}

/// A command line that can be run.
#[derive(Debug, Clone)]
pub struct Cli {
    kind: Kind,
    path: PathBuf,
}

impl Cli {
    /// The `terraform` that `HOMELAB_TERRAFORM` names, or the first on the PATH. It is never built:
    /// its licence and its size are not ours to hand around.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`].
    pub fn terraform() -> Result<Self> {
        let named = std::env::var_os(TERRAFORM).map(PathBuf::from);
        named.or_else(|| on_path("terraform")).map(|path| Self { kind: Kind::Terraform, path }).ok_or_else(|| {
            Error::Missing {
                program: "terraform".into(),
                reason: format!("it is not on the PATH and {TERRAFORM} is not set"),
            }
        })
    }

    /// `tofu` from the PATH or the cache, else built now.
    pub fn tofu() -> Result<Self> {
        Ok(Self { kind: Kind::OpenTofu, path: Program::TOFU.locate()? })
    }

    /// `tofu` from the PATH or the cache.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] when it would have to be built.
    pub fn tofu_if_built() -> Result<Self> {
        match Program::TOFU.locate_only()? {
            Some(path) => Ok(Self { kind: Kind::OpenTofu, path }),
            None => Err(Error::Missing { program: "tofu".into(), reason: Program::TOFU.skip_reason() }),
        }
    }

    /// Whatever is there without a build: terraform first, then `OpenTofu`; else `OpenTofu` is built.
    /// For the quick start.
    pub fn any() -> Result<Self> {
        Self::terraform().or_else(|_| Self::tofu())
    }

    /// Everything that is there without a build; for a test that runs the same case with each.
    pub fn all_present() -> Vec<Self> {
        [Self::terraform(), Self::tofu_if_built()].into_iter().flatten().collect()
    }

    /// Which of the two it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The program file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// "terraform" or "tofu", for messages.
    pub fn name(&self) -> &'static str {
        match self.kind {
            Kind::Terraform => "terraform",
            Kind::OpenTofu => "tofu",
        }
    }

    /// The registry that a provider's short source (`example/homelab`) means.
    pub fn registry(&self) -> &'static str {
        match self.kind {
            Kind::Terraform => "registry.terraform.io",
            Kind::OpenTofu => "registry.opentofu.org",
        }
    }

    /// The version, as `1.11.4`.
    pub fn version(&self) -> Result<String> {
        let output = std::process::Command::new(&self.path)
            .args(["version", "-json"])
            .env("CHECKPOINT_DISABLE", "1")
            .output()
            .map_err(Error::io(self.name()))?;
        let json: serde_json::Value = serde_json::from_slice(&output.stdout)
            .map_err(|error| Error::Internal(format!("{} version -json: {error}", self.name())))?;
        Ok(json["terraform_version"].as_str().unwrap_or_default().to_owned())
    }
}

/// A provider for the mirror of a workspace.
#[derive(Debug, Clone)]
pub struct Provider {
    /// Namespace and type, as in a `source`: `example/homelab`.
    pub source: String,
    /// Version, as `0.1.0`.
    pub version: String,
    /// The program.
    pub binary: PathBuf,
}

impl Provider {
    /// Ours, from a built program.
    pub fn ours(binary: &Path) -> Self {
        Self { source: "example/homelab".into(), version: "0.1.0".into(), binary: binary.to_owned() }
    }

    /// Where it belongs under a mirror, in the unpacked layout, for `registry`.
    fn place(&self, registry: &str) -> Result<PathBuf> {
        let (_, name) = self
            .source
            .split_once('/')
            .ok_or_else(|| Error::Internal(format!("`{}` is not namespace/type", self.source)))?;
        let file = format!("terraform-provider-{name}_v{}", self.version);
        Ok([registry, &self.source, &self.version, &platform(), &file].iter().collect())
    }
}

/// Terraform's name of this platform, as `linux_amd64`.
pub fn platform() -> String {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let machine = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    };
    format!("{system}_{machine}")
}

fn strings<I>(args: I) -> Vec<OsString>
where
    I: IntoIterator,
    I::Item: Into<OsString>,
{
    args.into_iter().map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_has_the_place_that_a_mirror_is_searched_for() {
        let place = Provider::ours(Path::new("built")).place("registry.terraform.io").unwrap();
        let wanted =
            format!("registry.terraform.io/example/homelab/0.1.0/{}/terraform-provider-homelab_v0.1.0", platform());
        assert_eq!(place, Path::new(&wanted));
    }
}
