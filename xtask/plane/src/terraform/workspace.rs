//! A folder with a configuration, a mirror of providers and a clean environment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::{Cli, Output, Provider, Running, strings};
use crate::{Error, Result};

/// How long one command may take, unless [`Workspace::limit`] says otherwise.
const LIMIT: Duration = Duration::from_mins(5);

/// A root module in a temporary folder. The folder is removed with it, but kept (and named on
/// standard error) when the test panics.
#[derive(Debug)]
pub struct Workspace {
    cli: Cli,
    dir: TempDir,
    env: BTreeMap<OsString, OsString>,
    limit: Duration,
}

impl Workspace {
    /// A workspace whose mirror holds our provider, built at `provider_binary`.
    pub fn new(cli: &Cli, provider_binary: &Path) -> Result<Self> {
        Self::with_providers(cli, &[Provider::ours(provider_binary)])
    }

    /// A workspace with any providers in its mirror, also none.
    pub fn with_providers(cli: &Cli, providers: &[Provider]) -> Result<Self> {
        let dir =
            tempfile::Builder::new().prefix("homelab-work-").tempdir().map_err(Error::io("a temporary folder"))?;
        let root = dir.path();
        for sub in ["work", "home", "mirror"] {
            fs::create_dir(root.join(sub)).map_err(Error::file(root.join(sub)))?;
        }
        for provider in providers {
            let place = root.join("mirror").join(provider.place(cli.registry())?);
            put_program(&provider.binary, &place)?;
        }
        let config = root.join("cli.tfrc");
        // Without a `direct` block nothing is asked of a registry, whatever a configuration needs.
        let text = format!(
            "disable_checkpoint = true\n\nprovider_installation {{\n  filesystem_mirror {{\n    path = {:?}\n  }}\n}}\n",
            root.join("mirror").display().to_string()
        );
        fs::write(&config, text).map_err(Error::file(&config))?;
        let mut env = BTreeMap::new();
        for (name, value) in [
            ("TF_CLI_CONFIG_FILE", config.as_os_str()),
            ("CHECKPOINT_DISABLE", "1".as_ref()),
            ("TF_INPUT", "0".as_ref()),
            ("HOME", root.join("home").as_os_str()),
        ] {
            env.insert(OsString::from(name), value.to_owned());
        }
        // Terraform starts providers, and those start credential helpers: both need a PATH and a
        // place for temporary files, and nothing else of the developer's.
        for name in ["PATH", "TMPDIR"] {
            if let Some(value) = std::env::var_os(name) {
                env.insert(OsString::from(name), value);
            }
        }
        Ok(Self { cli: cli.clone(), dir, env, limit: LIMIT })
    }

    /// Sets a variable for all later commands, such as `KUBECONFIG` or `TF_LOG`.
    pub fn env(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> &mut Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Leads the provider to a plane: `KUBECONFIG`, `VAULT_ADDR`, `VAULT_TOKEN`.
    pub fn plane(&mut self, plane: &crate::Env) -> &mut Self {
        for (name, value) in plane.variables() {
            self.env(name, value);
        }
        self
    }

    /// How long each later command may take.
    pub fn limit(&mut self, limit: Duration) -> &mut Self {
        self.limit = limit;
        self
    }

    /// The folder that the commands run in.
    pub fn path(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    /// The CLI configuration with the mirror.
    pub fn cli_config(&self) -> PathBuf {
        self.dir.path().join("cli.tfrc")
    }

    /// The command line of this workspace.
    pub fn cli(&self) -> &Cli {
        &self.cli
    }

    /// Writes a file of the configuration; folders in `name` are made.
    ///
    /// # Panics
    ///
    /// When the file cannot be written.
    #[track_caller]
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        let parent = path.parent().unwrap_or(&path);
        if let Err(error) = fs::create_dir_all(parent).and_then(|()| fs::write(&path, text)) {
            panic!("{}: {error}", path.display());
        }
    }

    /// Removes a file of the configuration, if it is there.
    pub fn remove(&self, name: &str) {
        let _ = fs::remove_file(self.path().join(name));
    }

    /// Reads a file of the folder.
    ///
    /// # Panics
    ///
    /// When the file cannot be read.
    #[track_caller]
    pub fn read(&self, name: &str) -> String {
        let path = self.path().join(name);
        match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => panic!("{}: {error}", path.display()),
        }
    }

    /// The names of what is in a folder of it, sorted; none where the folder is not there.
    pub fn files(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path().join(folder)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// Runs a command to its end, whatever its exit code.
    ///
    /// # Panics
    ///
    /// When it cannot be started, or takes longer than the limit.
    #[track_caller]
    pub fn run<I>(&self, args: I) -> Output
    where
        I: IntoIterator,
        I::Item: Into<OsString>,
    {
        match self.spawn(args).and_then(Running::wait) {
            Ok(output) => output,
            Err(error) => panic!("{error}"),
        }
    }

    /// Runs a command that has to succeed.
    ///
    /// # Panics
    ///
    /// With everything that it said, if its exit code is not 0.
    #[track_caller]
    pub fn ok<I>(&self, args: I) -> Output
    where
        I: IntoIterator,
        I::Item: Into<OsString>,
    {
        self.run(args).success()
    }

    /// Runs a command that has to succeed and answers JSON, as `show -json p`.
    ///
    /// # Panics
    ///
    /// With everything that it said, otherwise.
    #[track_caller]
    pub fn json<I>(&self, args: I) -> Value
    where
        I: IntoIterator,
        I::Item: Into<OsString>,
    {
        self.ok(args).json()
    }

    /// The state, as `show -json` tells it.
    ///
    /// # Panics
    ///
    /// When it cannot be shown.
    #[track_caller]
    pub fn state(&self) -> Value {
        self.json(["show", "-json"])
    }

    /// Starts a command and returns at once.
    pub fn spawn<I>(&self, args: I) -> Result<Running>
    where
        I: IntoIterator,
        I::Item: Into<OsString>,
    {
        let args = strings(args);
        let mut shown = self.cli.name().to_owned();
        for arg in &args {
            shown.push(' ');
            shown.push_str(&arg.to_string_lossy());
        }
        Running::start(&mut self.command(&args), shown, self.limit)
    }

    /// The command as it would be run, for who wants to run it otherwise.
    pub fn command(&self, args: &[OsString]) -> Command {
        let mut command = Command::new(self.cli.path());
        command.args(args).current_dir(self.path()).env_clear().envs(&self.env);
        command
    }

    /// Keeps the folder beyond this workspace and returns it: the quick start leaves one to go on
    /// from.
    pub fn keep(mut self) -> PathBuf {
        self.dir.disable_cleanup(true);
        self.dir.path().to_owned()
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.dir.disable_cleanup(true);
            eprintln!("the workspace of the failed test is kept: {}", self.path().display());
        }
    }
}

/// A hard link where possible: a provider with debug information is large, and each test has a
/// mirror of its own.
fn put_program(from: &Path, to: &Path) -> Result<()> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).map_err(Error::file(parent))?;
    }
    if fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    fs::copy(from, to).map(|_| ()).map_err(Error::file(from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspaces() -> Vec<Workspace> {
        Cli::all_present().iter().map(|cli| Workspace::with_providers(cli, &[]).unwrap()).collect()
    }

    #[test]
    fn a_configuration_without_providers_runs_from_init_to_destroy() {
        for work in workspaces() {
            work.write("main.tf", "resource \"terraform_data\" \"a\" {\n  input = \"x\"\n}\n");
            work.ok(["init"]);
            work.ok(["plan", "-out=p"]);
            let plan = work.json(["show", "-json", "p"]);
            assert_eq!(plan["resource_changes"][0]["change"]["actions"][0], "create");
            work.ok(["apply", "p"]);
            assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
            assert_eq!(work.state()["values"]["root_module"]["resources"][0]["address"], "terraform_data.a");
            work.ok(["destroy", "-auto-approve"]);
        }
    }

    #[test]
    fn the_developers_environment_does_not_count() {
        for work in workspaces() {
            work.write("main.tf", "variable \"x\" {\n  default = \"ours\"\n}\noutput \"x\" {\n  value = var.x\n}\n");
            let inherited = work.command(&[]);
            let names: Vec<_> = inherited.get_envs().map(|(name, _)| name.to_owned()).collect();
            assert!(!names.iter().any(|name| name == "TF_LOG" || name == "HTTPS_PROXY"), "{names:?}");
            work.ok(["init"]);
            work.ok(["apply", "-auto-approve"]);
            assert_eq!(work.ok(["output", "-raw", "x"]).stdout, "ours");
        }
    }

    #[test]
    fn a_provider_of_the_mirror_is_installed() {
        // `init` does not start a provider, so anything will do for one.
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        for cli in Cli::all_present() {
            let work = Workspace::new(&cli, &program).unwrap();
            work.write(
                "main.tf",
                "terraform {\n  required_providers {\n    homelab = { source = \"example/homelab\" }\n  }\n}\n",
            );
            assert!(work.ok(["init"]).says("example/homelab v0.1.0"));
            assert!(work.read(".terraform.lock.hcl").contains(cli.registry()));
        }
    }

    #[test]
    fn a_provider_that_the_mirror_lacks_is_not_fetched() {
        for work in workspaces() {
            work.write(
                "main.tf",
                "terraform {\n  required_providers {\n    x = { source = \"example/nothing\" }\n  }\n}\n",
            );
            let _ = work.run(["init"]).fails_with("example/nothing");
        }
    }
}
