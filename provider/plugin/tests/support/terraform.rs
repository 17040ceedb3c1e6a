//! A folder with a configuration of the example provider, and the real Terraform in it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

use tempfile::TempDir;

/// A configuration, a state and the provider's own store, gone when dropped.
pub(crate) struct Folder {
    dir: TempDir,
}

impl Folder {
    /// A folder with this `main.tf`; `None` where no Terraform is on the PATH.
    pub(crate) fn new(main: &str) -> Option<Self> {
        if Command::new("terraform").arg("version").output().is_err() {
            static SAID: Once = Once::new();
            SAID.call_once(|| eprintln!("terraform is not on the PATH: the example provider is not judged by it"));
            return None;
        }
        let folder = Self { dir: tempfile::tempdir().unwrap() };
        std::fs::create_dir(folder.path("store")).unwrap();
        std::fs::create_dir(folder.path("bin")).unwrap();
        std::fs::hard_link(binary(), folder.path("bin/terraform-provider-notes"))
            .or_else(|_| std::fs::copy(binary(), folder.path("bin/terraform-provider-notes")).map(drop))
            .unwrap();
        let bin = folder.path("bin");
        folder.write(
            "cli.tfrc",
            &format!(
                "provider_installation {{\n  dev_overrides {{\n    \"example/notes\" = \"{}\"\n  }}\n}}\n",
                bin.display()
            ),
        );
        let store = folder.path("store");
        folder.write(
            "provider.tf",
            &format!(
                "terraform {{\n  required_providers {{\n    notes = {{\n      source = \"example/notes\"\n    }}\n  }}\n}}\n\
                 provider \"notes\" {{\n  folder = \"{}\"\n}}\n", store.display()
            ),
        );
        folder.write("main.tf", main);
        Some(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Reads a file.
    pub(crate) fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The state file.
    pub(crate) fn state(&self) -> String {
        self.file("terraform.tfstate")
    }

    /// Runs Terraform with these words: its exit code, and what it printed, without colours.
    pub(crate) fn run(&self, words: &str) -> (i32, String) {
        let output = Command::new("terraform")
            .args(words.split_whitespace())
            .current_dir(self.dir.path())
            .env("TF_CLI_CONFIG_FILE", self.path("cli.tfrc"))
            .env("CHECKPOINT_DISABLE", "1")
            .env("TF_IN_AUTOMATION", "1")
            .env("TF_INPUT", "0")
            .env("TF_CLI_ARGS", "")
            .env_remove("TF_LOG")
            .env_remove("TF_REATTACH_PROVIDERS")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap_or(-1), without_colours(&text))
    }

    /// Runs Terraform, which must succeed; what it printed to standard output and error.
    #[track_caller]
    pub(crate) fn ok(&self, words: &str) -> String {
        let (code, text) = self.run(words);
        assert_eq!(code, 0, "terraform {words}\n{text}");
        text
    }

    /// Plans with these options, which must find nothing to do.
    #[track_caller]
    pub(crate) fn unchanged(&self, options: &str) {
        let (code, text) = self.run(&format!("plan -detailed-exitcode {options}"));
        assert_eq!(code, 0, "terraform plan {options}\n{text}");
    }
}

/// `text` without escape sequences: `-no-color` has its place after some commands' names and before others'.
fn without_colours(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').map_or(part, |(_, rest)| rest))
}

/// The example's binary: Cargo builds it beside the tests.
fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let binary = test.parent().and_then(Path::parent).unwrap().join("examples").join("notes");
    let built = |path: &Path| std::fs::metadata(path).and_then(|data| data.modified()).ok();
    // A run of chosen tests alone does not build examples, and an old one would be judged in the place of this source.
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/server/mod.rs");
    assert!(
        built(&binary).is_some_and(|binary| built(&source).is_none_or(|source| binary >= source)),
        "build the example first: `cargo build -p homelab-plugin --example notes`"
    );
    binary
}
