//! The folder that the quick start leaves: configuration, mirror, CLI configuration, state and rendered objects.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use homelab_plane::terraform::{Cli, platform};

use crate::steps::{Done, Failure, fail};

/// Files that only a quick start leaves; a folder without any of them and with something else is somebody's.
const MARK: &str = "quickstart.tfrc";
const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(super) struct Folder {
    dir: PathBuf,
    cli: PathBuf,
    name: &'static str,
}

impl Folder {
    /// Makes the folder, or clears what an earlier quick start left in it.
    pub(super) fn prepare(dir: &Path, cli: &Cli, provider: &Path, port: u16) -> Done<Self> {
        if dir.join(MARK).exists() {
            fs::remove_dir_all(dir)?;
        } else if dir.exists() && fs::read_dir(dir)?.next().is_some() {
            return fail(format!(
                "{} holds something that is not a quick start's; name another with --dir",
                dir.display()
            ));
        }
        let place: PathBuf = [cli.registry(), "example", "homelab", VERSION, &platform()].iter().collect();
        let mirror = dir.join("mirror").join(place);
        fs::create_dir_all(&mirror)?;
        fs::copy(provider, mirror.join(format!("terraform-provider-homelab_v{VERSION}")))?;
        fs::write(dir.join(MARK), cli_configuration(&dir.join("mirror")))?;
        fs::write(dir.join("main.tf"), CONFIGURATION.replace("PORT", &port.to_string()))?;
        Ok(Self { dir: dir.to_owned(), cli: cli.path().to_owned(), name: cli.name() })
    }

    /// Runs Terraform here, visibly, and checks how it ends.
    pub(super) fn terraform(&self, arguments: &[&str], expected: i32) -> Done {
        let mut command = Command::new(&self.cli);
        command.env("TF_CLI_CONFIG_FILE", self.dir.join(MARK)).env("CHECKPOINT_DISABLE", "1");
        self.run(self.name, command.args(arguments), expected)
    }

    /// Like [`Folder::terraform`], but shows the output only from the line on that starts with `mark`.
    pub(super) fn terraform_from(&self, mark: &str, arguments: &[&str], expected: i32) -> Done {
        let mut command = Command::new(&self.cli);
        command.env("TF_CLI_CONFIG_FILE", self.dir.join(MARK)).env("CHECKPOINT_DISABLE", "1");
        let line = typed(self.name, command.args(arguments));
        eprintln!("$ {line}");
        let output = command.current_dir(&self.dir).stdin(Stdio::null()).output();
        let output = output.map_err(|error| Failure(format!("failed to run {line}: {error}")))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let from = text.find(&format!("\n{mark}")).map_or(0, |at| at + 1);
        println!("[...]\n{}{}", &text[from..], String::from_utf8_lossy(&output.stderr));
        if output.status.code() == Some(expected) {
            return Ok(());
        }
        fail(format!("{line} ended with {} instead of exit code {expected}", output.status))
    }

    /// Runs our own CLI here.
    pub(super) fn homelab(&self, program: &Path, arguments: &[&str], expected: i32) -> Done {
        self.run("homelab", Command::new(program).args(arguments), expected)
    }

    fn run(&self, name: &str, command: &mut Command, expected: i32) -> Done {
        let line = typed(name, command);
        eprintln!("$ {line}");
        let status = command.current_dir(&self.dir).stdin(Stdio::null()).status();
        let status = status.map_err(|error| Failure(format!("failed to run {line}: {error}")))?;
        if status.code() == Some(expected) {
            return Ok(());
        }
        fail(format!("{line} ended with {status} instead of exit code {expected}"))
    }

    /// How to go on.
    pub(super) fn farewell(&self, is_terraform: bool) -> String {
        let name = self.name;
        // One that was built into the cache is on no PATH.
        let alias = if homelab_plane::programs::on_path(name).is_some() {
            String::new()
        } else {
            format!("  alias {name}={}\n", self.cli.display())
        };
        let note = if is_terraform { "" } else { "\n(There is no terraform on the PATH; OpenTofu did the work.)" };
        format!(
            "  cd {}\n  export TF_CLI_CONFIG_FILE=$PWD/{MARK}\n{alias}  {name} plan\n\n\
             main.tf holds the configuration and manifests/ what it renders. The origin that the probe looked at ends with\n\
             this command, so a plan from now on says that the doors cannot be measured: name your own host, or remove\n\
             the probe. To use a cluster, replace gitops_dir by config_path and config_context.{note}",
            self.dir.display()
        )
    }
}

/// The command as a person would type it: by its name, wherever the program is.
fn typed(name: &str, command: &Command) -> String {
    command.get_args().fold(name.to_owned(), |line, argument| format!("{line} {}", argument.to_string_lossy()))
}

/// Providers come from the mirror and from nowhere else.
fn cli_configuration(mirror: &Path) -> String {
    format!(
        "disable_checkpoint = true\n\nprovider_installation {{\n  filesystem_mirror {{\n    path = {:?}\n  }}\n}}\n",
        mirror.display().to_string()
    )
}

const CONFIGURATION: &str = include_str!("../../../examples/quickstart/main.tf");
